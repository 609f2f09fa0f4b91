"""What all imports of running programs share: who asks, read once or for ever, what is said of it."""

import logging
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from consumers.cli import common, importing, opening

if TYPE_CHECKING:
    from ledger.application import Ledger
    from ledger.intake.importing import Imported
    from ledger.intake.told import ImportedFacts
    from ledger.intake.web import Web

TOKEN = "CONSTAT_SOURCE_TOKEN"  # noqa: S105 - the name of a variable
"""In the environment, goes to the server that is asked as its bearer token."""

EveryOption = Annotated[
    float, typer.Option("--every", metavar="SECONDS", min=1, help="With --follow, ask again so often.")
]
AgentOption = Annotated[str, typer.Option("--agent", metavar="NAME", help="What this prober is called.")]
NamesOption = Annotated[
    list[str],
    typer.Option("--name", metavar="THEIRS=PLATFORM", help="What the source calls a platform; repeatable."),
]

_LOG = logging.getLogger(__name__)

Take = Callable[["Ledger", Callable[[], bool]], "Imported | ImportedFacts"]
"""Takes in what is new; the call says whether to end before everything is read."""


def web(url: str) -> "Web":
    """The server at a URL, asked with the token of the environment if there is one."""
    from ledger.intake.web import Address, Web

    return Web(Address.parse(url, os.environ.get(TOKEN)))


def names(texts: list[str]) -> dict[str, str]:
    """`--name THEIRS=PLATFORM`, by the last `=`: an address may hold others.

    Raises:
        BadInputError: see `common.pairs`.
    """
    return common.pairs(texts, "--name", "THEIRS=PLATFORM", by_last=True)


def read(
    ledger: str,
    name: str,
    take: "Take",
    *,
    follow: bool,
    every_s: float,
    as_json: bool,
) -> None:
    """Take in what is new; if asked, go on until SIGTERM or Ctrl-C, and tell of what was stored each time.

    A source or a ledger that does not answer is asked again while somebody follows; anything else ends the
    command. `take` hears whether the end is asked for, if it reads in parts.
    """
    from consumers.following import PAUSES_S
    from consumers.stopping import until_told
    from ledger.errors import ConflictError, UnreachableLedgerError, UnreachableSourceError

    with opening.open_ledger(ledger) as to:
        if not follow:
            importing.tell_one(to, name, lambda opened: take(opened, _never), as_json=as_json)
            return
        with until_told() as stop:
            failures, is_first = 0, True
            told: set[str] = set()
            while not stop.is_asked:
                try:
                    importing.tell_one(
                        to,
                        name,
                        lambda opened: take(opened, lambda: stop.is_asked),
                        as_json=as_json,
                        again=not is_first,
                        told=told,
                    )
                    failures, is_first, pause_s = 0, False, every_s
                except (ConflictError, UnreachableLedgerError, UnreachableSourceError) as error:
                    _LOG.warning("constat: %s; trying again", error)
                    pause_s = PAUSES_S[min(failures, len(PAUSES_S) - 1)]
                    failures += 1
                stop.wait(pause_s)


def _never() -> bool:
    """Nobody asks for the end but by interrupting."""
    return False
