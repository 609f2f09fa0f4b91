"""What it costs to take in a month of Prometheus: `python -m benchmarks.prometheus`.

Thirty days of 50 probes every 30 s (4,320,000 samples of `probe_success`, as many of the status, of the
duration and of `up`) are made blocks by promtool, served by a real Prometheus on this machine, and imported
into a fresh ledger; then once more, when there is nothing new. The target is 60 s.
"""

import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

from benchmarks.imports import CONSTAT
from consumers.bench.whole_command import cost_of

PROBES = 50
DAYS = 30
STEP_S = 30
FIRST_S = 1_790_805_600
SEED = 20261001
DOWN_SHARE = 0.002
CONTRACT = """\
contract = "acme"
client = "Acme SA"
first_day = 2026-10-01
""" + "".join(f'[[platforms]]\nplatform = "p{number:02}"\n' for number in range(PROBES))
METRICS = ("probe_success", "probe_http_status_code", "probe_duration_seconds", "up")


def write(path: Path) -> None:
    """The samples in the form of OpenMetrics."""
    dice = random.Random(SEED)
    with path.open("w") as file:
        for metric in METRICS:
            file.write(f"# TYPE {metric} gauge\n")
            for probe in range(PROBES):
                series = f'{metric}{{instance="p{probe:02}",job="blackbox"}}'
                for at_s in range(FIRST_S, FIRST_S + DAYS * 86_400, STEP_S):
                    up = dice.random() > DOWN_SHARE
                    value = {
                        "probe_success": int(up),
                        "probe_http_status_code": 200 if up else 503,
                        "probe_duration_seconds": round(dice.uniform(0.04, 0.9), 6),
                        "up": 1,
                    }[metric]
                    file.write(f"{series} {value} {at_s}\n")
        file.write("# EOF\n")


def main() -> None:
    """Print the table."""
    if not (shutil.which("prometheus") and shutil.which("promtool")):
        sys.exit("prometheus and promtool are not installed; apt-get install prometheus")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder / "samples.txt")
        making = (
            "promtool",
            "tsdb",
            "create-blocks-from",
            "openmetrics",
            "--max-block-duration=744h",
            "--quiet",
        )
        subprocess.run(
            [*making, folder / "samples.txt", folder / "tsdb"], check=True, stdout=subprocess.DEVNULL
        )
        (folder / "prometheus.yml").write_text("global: {}\n")
        (folder / "acme.toml").write_text(CONTRACT)
        url = f"sqlite:///{folder}/bench.db"
        sign = [CONSTAT, "contract", "sign", folder / "acme.toml", "--ledger", url]
        subprocess.run(sign, check=True, stdout=subprocess.DEVNULL)
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            port = found.getsockname()[1]
        serve = (
            "prometheus",
            f"--config.file={folder}/prometheus.yml",
            f"--storage.tsdb.path={folder}/tsdb",
            "--storage.tsdb.retention.time=100y",
            f"--web.listen-address=127.0.0.1:{port}",
        )
        with subprocess.Popen(serve, stderr=subprocess.DEVNULL) as server:
            try:
                wait(f"http://127.0.0.1:{port}/-/ready")
                moments = [
                    time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at_s))
                    for at_s in (FIRST_S, FIRST_S + DAYS * 86_400)
                ]
                command = (CONSTAT, "import", "prometheus", f"http://127.0.0.1:{port}")
                whole = (*command, "--from", moments[0], "--to", moments[1], "--ledger", url)
                rows = [
                    ("import", cost_of(*whole)),
                    ("again: nothing new", cost_of(*whole)),
                    ("again from the beginning", cost_of(*whole, "--again")),
                ]
            finally:
                server.terminate()
        print(f"{PROBES * DAYS * 86_400 // STEP_S:,} results of {PROBES} probes, {DAYS} days")
        for what, cost in rows:
            print(f"{what:28} {cost.wall_s:7.2f} s  {cost.cpu_s:7.2f} s CPU  {cost.peak_mb:6.0f} MB")


def wait(url: str) -> None:
    """Ask until the server answers."""
    for _ in range(600):
        with suppress(OSError), urllib.request.urlopen(url, timeout=1):
            return
        time.sleep(0.1)
    sys.exit("Prometheus does not answer")


if __name__ == "__main__":
    main()
