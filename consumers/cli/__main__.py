"""How `constat` begins: `constat run` can be ended from here on, before anything else is imported or opened.

The rest of the command takes half a second to be there. Whoever asks for the end in that time gets it:
nothing has begun, so nothing is to be finished, and it leaves with 0 as it does later.
"""

import signal
import sys
from collections.abc import Iterable
from types import FrameType

ENDING = frozenset((signal.SIGTERM, signal.SIGINT))
WITH_A_VALUE = "--ledger"
"""The one option before a command that has its value behind it."""


def main() -> None:
    """Run the command."""
    if _command(sys.argv[1:]) == "run":
        for number in ENDING:
            signal.signal(number, _leave)
    from consumers.cli.main import main as command

    command()


def _command(arguments: Iterable[str]) -> str | None:
    """The first argument that is no option, and no value of one."""
    rest = iter(arguments)
    for each in rest:
        if each == WITH_A_VALUE:
            next(rest, None)
        elif not each.startswith("-"):
            return each
    return None


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


if __name__ == "__main__":
    main()
