"""The options with which a person asks for figures: contract, period, moment of knowledge, readings."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from consumers.cli import common, opening, times

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

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
        help="Its month, if that is one period's, a day in it, or its number.",
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
_FIRST_YEAR = 1970


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
    at: str | None = None,
    *,
    no_cache: bool = False,
) -> Iterator[Question]:
    """The question that the options ask; with `at`, of the period that holds this instant.

    Raises:
        BadInputError: an option cannot be understood, or leaves open what is asked.
    """
    with opening.open_known(ledger, as_of, cached=not no_cache) as known:
        name = contract or only_contract(known)
        chosen = _period(known, name, period, start, end) if at is None else _day_of(known, name, at)
        yield Question(known, name, chosen, common.pairs(reading, "--reading"))


def only_contract(known: "Known") -> str:
    """The contract that is meant where none is named: the only one.

    Raises:
        BadInputError: there is none, or more than one.
    """
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
        raise BadInputError(
            "say which period: --period 1 (its number), 2026-10-15 (a day of it) or 2026-10 (its month), or "
            "both --from and --to"
        )
    if period is not None:
        return period
    assert start is not None
    assert end is not None
    return _between(known, contract, start, end)


def _day_of(known: "Known", contract: str, at: str) -> str:
    """The day on which an instant lies by the contract's own calendar, whatever offset it is written with.

    Raises:
        BadInputError: it is no time, or nothing could be known of it.
    """
    from ledger.errors import BadInputError
    from projections.calendar import local_date

    zone = _zone(known, contract)
    at_ms = times.instant(at, zone)
    if at_ms > times.now_ms():
        raise BadInputError(f"--at {at} is yet to come; name a time that has been")
    if at_ms >= known.as_of.moment_ms:
        raise BadInputError(
            f"--at {at} comes after the moment of --as-of; name an earlier time, or leave it out"
        )
    return local_date(zone, at_ms).isoformat()


def _zone(known: "Known", contract: str) -> "ZoneInfo":
    from ledger.contracts import require_signed
    from ledger.terms import zone_of

    return zone_of(require_signed(known.contract(contract)).zone)


def _between(known: "Known", contract: str, start: str, end: str) -> "Interval":
    from ledger.errors import BadInputError
    from ledger.interval import Interval

    zone = _zone(known, contract)
    interval = Interval(*(_edge(text, zone) for text in (start, end)))
    if not interval.length_ms:
        raise BadInputError(f"--to {end} does not come after --from {start}")
    return interval


def midnight(text: str) -> str:
    """A day's first instant; any other text as it is, for the message to name what was written."""
    from datetime import date

    try:
        return f"{date.fromisoformat(text)}T00:00:00"
    except ValueError:
        return text


def _edge(text: str, zone: "ZoneInfo") -> int:
    """A time, or the beginning of a local day, which need not be at midnight."""
    from datetime import date

    from projections.calendar import day_start_ms

    try:
        day = date.fromisoformat(text)
    except ValueError:
        return times.instant(text, zone)
    return day_start_ms(zone, day) if day.year >= _FIRST_YEAR else times.instant(f"{text}T00:00Z")
