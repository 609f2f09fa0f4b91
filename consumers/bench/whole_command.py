"""What a whole command takes, measured by a process that starts nothing else."""

import os
import subprocess
import sys
from typing import NamedTuple

_MEASURE = """\
import resource, subprocess, sys, time
before = time.perf_counter()
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
wall_s, used = time.perf_counter() - before, resource.getrusage(resource.RUSAGE_CHILDREN)
print(wall_s, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)
"""


class Cost(NamedTuple):
    """What a command took: seconds of the clock and of the processors, megabytes of its largest process."""

    wall_s: float
    cpu_s: float
    peak_mb: float


def cost_of(*command: object, **environment: str) -> Cost:
    """What a command takes, with some variables of the environment set."""
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-c", _MEASURE, *map(str, command)],
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | environment,
    )
    return Cost(*map(float, done.stdout.split()))
