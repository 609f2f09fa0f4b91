"""How `constat` begins: a service can be ended from here on, before anything else is imported or opened.

The rest of the command takes half a second to be there. Whoever asks for the end in that time gets it:
nothing has begun, so nothing is to be finished, and it leaves with 0 as it does later.
"""

import os
import signal
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from types import FrameType

ENDING = frozenset((signal.SIGTERM, signal.SIGINT))
WITH_A_VALUE = frozenset(("--ledger", "--workers"))
"""The options before a command that have their value behind them."""


def main() -> None:
    """Run the command."""
    if is_run(sys.argv[1:]):
        for number in ENDING:
            signal.signal(number, _leave)
    from consumers.cli.main import main as command

    command()


def is_run(arguments: Iterable[str]) -> bool:
    """Whether the command is a service, which leaves with 0 at any moment: `run`, or `agent run`."""
    words = tuple(islice(_words(arguments), 2))
    return words[:1] == ("run",) or words == ("agent", "run")


def _words(arguments: Iterable[str]) -> Iterator[str]:
    """What is no option, and no value of one."""
    rest = iter(arguments)
    for each in rest:
        if each in WITH_A_VALUE:
            next(rest, None)
        elif not each.startswith("-"):
            yield each


def _leave(_number: int, _frame: FrameType | None) -> None:
    os._exit(0)  # an exception would be raised within an import, which may take it for an error of its own


if __name__ == "__main__":
    main()
