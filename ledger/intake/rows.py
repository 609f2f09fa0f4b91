"""One record, cell by cell: the slow way that knows everything a cell may hold and names what it may not.

What is accepted here is what a result may be. The fast way reads cells with the same functions.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from ledger.instants import SECOND_MS, format_instant, parse_instant
from ledger.intake.columns import TimeForm
from ledger.rounds import LATENCY_MS_MAX, OUTCOMES

EARLIEST_MS = 946_684_800_000
"""2000-01-01. No platform was probed before; a time that lies there is seconds read as milliseconds."""
ERROR_CHARACTERS_MAX = 500
"""An error is kept for people; what is longer is cut."""
BLANKS = " \t"
"""What may stand around a cell."""

_STATUS = re.compile("[0-9]{0,3}")
_LATENCY = re.compile(r"([0-9]{1,9})?(\.[0-9]*)?")
_SECONDS = re.compile(r"[0-9]{1,11}(\.[0-9]*)?")
_MILLISECONDS = re.compile("[0-9]{1,14}")
_EPOCH = re.compile(r"([0-9]{9,14})(\.[0-9]*)?")
_SECONDS_DIGITS = 11
"""A number of more digits counts milliseconds: as seconds it would lie beyond the year 5000."""


class Row(NamedTuple):
    """A result as it is stored, but for the names, which may still need a slug."""

    agent: str
    platform: str
    observed_ms: int
    outcome: int
    """Its place in `ledger.rounds.OUTCOMES`."""
    status: int
    """0 if there was none."""
    latency_ms: int
    """0 if it was not measured."""
    error: str
    """Empty if there was none."""


def read_row(cells: Mapping[str, str], time: TimeForm, default_agent: str, now_ms: int) -> Row:
    """The result that a record's cells hold; the default agent saw it if the record does not say who.

    Raises:
        ValueError: a cell holds something else; the text says which, what, and what to write.
    """
    return Row(
        agent=agent(cells.get("agent", ""), default_agent),
        platform=platform(cells["platform"]),
        observed_ms=instant_ms(cells["observed_at"], time, now_ms, "observed_at"),
        outcome=outcome(cells["outcome"]),
        status=status(cells.get("status", "")),
        latency_ms=latency_ms(cells.get("latency_ms", "")),
        error=error(cells.get("error", "")),
    )


def missing(column: str) -> str:
    """What is said of an empty cell that must hold something."""
    return f"{column} is missing; write it, or name the file's own column with --map {column}=NAME"


def instant_ms(cell: str, time: TimeForm, now_ms: int, column: str) -> int:
    """A moment that has been, as its column writes it. ValueError if it is none; the text says what to do."""
    text = cell.strip(BLANKS)
    if not text:
        raise ValueError(missing(column))
    observed_ms = _PARSERS[time](text)
    if observed_ms > now_ms:
        raise ValueError(
            f"{text} ({format_instant(observed_ms)}) lies in the future; only what was seen "
            "can be imported: correct the time, or say its form with --time"
        )
    if observed_ms < EARLIEST_MS:
        raise ValueError(
            f"{text} ({format_instant(observed_ms)}) lies before 2000; correct the time, or say its form "
            "with --time"
        )
    return observed_ms


def _iso(text: str) -> int:
    if matched := _EPOCH.fullmatch(text):
        form = "epoch-ms" if len(matched[1]) > _SECONDS_DIGITS else "epoch-s"
        raise ValueError(f"{text} is a number and no date; if it counts from 1970, say --time {form}")
    return parse_instant(text)


def _epoch_seconds(text: str) -> int:
    if not _SECONDS.fullmatch(text):
        raise ValueError(f"{text!r} is no time in seconds since 1970; say the form of the times with --time")
    return int(Decimal(text) * SECOND_MS)


def _epoch_milliseconds(text: str) -> int:
    if not _MILLISECONDS.fullmatch(text):
        raise ValueError(
            f"{text!r} is no time in whole milliseconds since 1970; say the form of the times with --time"
        )
    return int(text)


_PARSERS = {"iso": _iso, "epoch-s": _epoch_seconds, "epoch-ms": _epoch_milliseconds}


def agent(cell: str, default: str) -> str:
    """The agent's name as written, or the default one. ValueError if there is neither."""
    name = cell.strip(BLANKS) or default
    if not name:
        raise ValueError("names no agent; say who probed with --agent NAME")
    return name


def platform(cell: str) -> str:
    """The platform's name as written. ValueError if there is none."""
    name = cell.strip(BLANKS)
    if not name:
        raise ValueError("names no platform")
    return name


def outcome(cell: str) -> int:
    """The place of an outcome in `OUTCOMES`. ValueError if it is none."""
    text = cell.strip(BLANKS)
    if not text:
        raise ValueError(missing("outcome"))
    if text not in OUTCOMES:
        raise ValueError(f"{text!r} is no outcome; write {', '.join(OUTCOMES[:-1])} or {OUTCOMES[-1]}")
    return OUTCOMES.index(text)


def status(cell: str) -> int:
    """A status, 0 for none. ValueError if it is no number of three digits."""
    text = cell.strip(BLANKS)
    if not _STATUS.fullmatch(text):
        raise ValueError(f"{text!r} is no status; write a number from 0 to 999, or nothing")
    return int(text or 0)


def latency_ms(cell: str) -> int:
    """A latency in whole milliseconds, 0 for none, at most what a round can hold. ValueError if no number."""
    text = cell.strip(BLANKS)
    matched = _LATENCY.fullmatch(text)
    if not matched:
        raise ValueError(f"{text!r} is no latency; write milliseconds as a number, or nothing")
    return min(int(matched[1] or 0), LATENCY_MS_MAX)


def error(cell: str) -> str:
    """What went wrong, as far as it is kept."""
    return cell.strip(BLANKS)[:ERROR_CHARACTERS_MAX]
