"""The options with which a person asks for figures: contract, period, moment of knowledge, readings."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from consumers.cli import common

if TYPE_CHECKING:
    from ledger.interval import Interval
    from projections.asof import Known

ContractOption = Annotated[
    str | None,
    typer.Option("--contract", "-c", metavar="NAME", help="The contract; may be left out if there is one."),
]
PeriodOption = Annotated[
    str | None,
    typer.Option(
        "--period",
        "-p",
        metavar="2026-10|2026-10-15|3",
        help="Its month, a day in it, or its number.",
    ),
]
FromOption = Annotated[
    str | None, typer.Option("--from", metavar="DAY|TIME", help="Any other interval: from here …")
]
ToOption = Annotated[str | None, typer.Option("--to", metavar="DAY|TIME", help="… up to here, not included.")]
ReadingOption = Annotated[
    list[str],
    typer.Option("--reading", "-r", metavar="CLAUSE=VALUE", help="Another reading of a clause; repeatable."),
]


@dataclass(frozen=True)
class Question:
    """What a person asked, ready to be answered."""

    known: "Known"
    contract: str
    period: "str | Interval"
    readings: dict[str, str]


@contextmanager
def asked(  # noqa: PLR0917 - one argument for each option
    ledger: str,
    contract: str | None,
    period: str | None,
    start: str | None,
    end: str | None,
    as_of: str | None,
    reading: list[str],
) -> Iterator[Question]:
    """The question that the options ask.

    Raises:
        BadInputError: an option cannot be understood, or leaves open what is asked.
    """
    with common.open_known(ledger, as_of) as known:
        name = contract or _only_contract(known)
        yield Question(
            known, name, _period(known, name, period, start, end), common.pairs(reading, "--reading")
        )


def _only_contract(known: "Known") -> str:
    from ledger.errors import BadInputError

    names = sorted(known.contracts)
    if len(names) == 1:
        return names[0]
    if not names:
        raise BadInputError("no contract was signed then; sign one with `constat contract sign FILE`")
    raise BadInputError(f"say which contract with --contract: {', '.join(names)}")


def _period(
    known: "Known", contract: str, period: str | None, start: str | None, end: str | None
) -> "str | Interval":
    from ledger.errors import BadInputError

    if (start is None) != (end is None) or (period is not None) == (start is not None):
        raise BadInputError("say which period: --period 2026-10, or both --from and --to")
    if period is not None:
        return period
    assert start is not None
    assert end is not None
    return _between(known, contract, start, end)


def _between(known: "Known", contract: str, start: str, end: str) -> "Interval":
    from ledger.errors import BadInputError
    from ledger.interval import Interval
    from ledger.terms import zone_of

    signed = known.contract(contract).signed
    assert signed is not None
    zone = zone_of(signed.zone)
    interval = Interval(*(common.instant(_midnight(text), zone) for text in (start, end)))
    if not interval.length_ms:
        raise BadInputError(f"--to {end} does not come after --from {start}")
    return interval


def _midnight(text: str) -> str:
    """A day's first instant; any other text as it is, for the message to name what was written."""
    from datetime import date

    try:
        return f"{date.fromisoformat(text)}T00:00:00"
    except ValueError:
        return text
