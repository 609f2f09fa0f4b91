"""What all imports of running programs share: who asks, read once or for ever, what is said of it."""

import logging
import os
from typing import TYPE_CHECKING, Annotated

import typer

from consumers.cli import common, importing

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.application import Ledger
    from ledger.intake.importing import Imported
    from ledger.intake.told import ImportedFacts
    from ledger.intake.web import Web

TOKEN = "CONSTAT_SOURCE_TOKEN"  # noqa: S105 - the name of a variable
"""In the environment, goes to the server that is asked as its bearer token."""

EveryOption = Annotated[
    float, typer.Option("--every", metavar="SECONDS", min=1, help="With --follow, ask again so often.")
]
NamesOption = Annotated[
    list[str],
    typer.Option("--name", metavar="THEIRS=PLATFORM", help="What the source calls a platform; repeatable."),
]

_LOG = logging.getLogger(__name__)


def web(url: str) -> "Web":
    """The server at a URL, asked with the token of the environment if there is one."""
    from ledger.intake.web import Address, Web

    return Web(Address.parse(url, os.environ.get(TOKEN)))


def names(texts: list[str]) -> dict[str, str]:
    """`--name THEIRS=PLATFORM`, by the last `=`: an address may hold others.

    Raises:
        BadInputError: one has none, or stands twice.
    """
    from ledger.errors import BadInputError

    found: dict[str, str] = {}
    for text in texts:
        theirs, _, platform = text.rpartition("=")
        if not theirs or not platform or theirs in found:
            raise BadInputError(f"--name {text!r}: write each once, as THEIRS=PLATFORM")
        found[theirs] = platform
    return found


def read(
    ledger: str,
    name: str,
    take: "Callable[[Ledger], Imported | ImportedFacts]",
    *,
    follow: bool,
    every_s: float,
    as_json: bool,
) -> None:
    """Take in what is new; if asked, go on until SIGTERM or Ctrl-C, and tell of what was stored each time.

    A source that does not answer is asked again while somebody follows it; anything else ends the command.
    """
    from consumers.stopping import PAUSES_S, until_told
    from ledger.errors import UnreachableSourceError

    with common.open_ledger(ledger) as to:
        if not follow:
            importing.tell_one(to, name, take, as_json=as_json)
            return
        with until_told() as stop:
            failures = 0
            is_first = True
            while not stop.is_asked:
                try:
                    importing.tell_one(to, name, take, as_json=as_json, quiet=not is_first)
                    failures, is_first, pause_s = 0, False, every_s
                except UnreachableSourceError as error:
                    _LOG.warning("constat: %s; trying again", error)
                    pause_s = PAUSES_S[min(failures, len(PAUSES_S) - 1)]
                    failures += 1
                stop.wait(pause_s)
