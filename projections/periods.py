"""Periods: the stretches of a contract that are judged, each in parts that one version of the terms rules.

How a contract is cut into periods is the reading `period` of its first version, for its whole life
(decision record 0010).
"""

import re
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from ledger.contracts import Contract, TermsVersion, require_signed
from ledger.errors import BadInputError
from ledger.interval import Interval, clip, total_ms
from ledger.readings import QUESTIONS
from ledger.terms import Terms, zone_of
from projections.calendar import END_OF_TIME_MS, day_start_ms, local_date

PERIOD_DAYS = 30
PERIOD_DAYS_MAX = 31
"""No period is longer: one may be a month."""
_ONE_DAY = timedelta(days=1)
_NUMBER = re.compile(r"[0-9]{1,6}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Part:
    """An interval of a period and the terms by which it is judged."""

    interval: Interval
    terms: Terms
    terms_version: int


@dataclass(frozen=True, slots=True)
class Period:
    """What is judged: `interval` is cut to the contract's term and to the moment of knowledge.

    The parts cover the interval in order. `terms` are those in force where it begins. `number` counts the
    contract's periods from 1; it is None for another interval that was asked for. `complete` is false while
    the period had not ended at the moment of knowledge.
    """

    interval: Interval
    number: int | None
    complete: bool
    parts: tuple[Part, ...]
    terms: Terms
    terms_version: int
    zone: ZoneInfo

    @property
    def due_ms(self) -> int:
        """When it is to be assessed: at its end, and the grace of its terms after it."""
        return self.interval.end_ms + self.terms.assessment_grace_ms


# ---------------------------------------------------------------- the term, and who belongs to it


def term_of(contract: Contract) -> Interval:
    """From local midnight of the first day to local midnight after the last; without a last day, for ever."""
    signed = require_signed(contract)
    zone = zone_of(signed.zone)
    last_day = contract.last_day
    end_ms = END_OF_TIME_MS if last_day is None else end_of_day_ms(zone, last_day)
    return Interval(day_start_ms(zone, signed.first_day), end_ms)


def membership_intervals(contract: Contract, platform: str) -> list[Interval]:
    """When a platform belongs to the contract, in normal form, cut to the term; nothing if it never does."""
    return memberships(contract, {platform}).get(platform, [])


def memberships(contract: Contract, platforms: Container[str] | None = None) -> dict[str, list[Interval]]:
    """The same of every platform that ever belonged to the contract, or of those asked for, by its name."""
    zone, term = zone_of(require_signed(contract).zone), term_of(contract)
    days: dict[str, list[Interval]] = {}
    for membership in contract.platforms:
        if platforms is not None and membership.platform not in platforms:
            continue
        last_day = membership.last_day
        end_ms = END_OF_TIME_MS if last_day is None else end_of_day_ms(zone, last_day)
        belongs = Interval(day_start_ms(zone, membership.from_day), end_ms)
        days.setdefault(membership.platform, []).append(belongs)
    return {platform: clip(belongs, term) for platform, belongs in sorted(days.items())}


def end_of_day_ms(zone: ZoneInfo, day: date) -> int:
    """Local midnight after a day; the last day that there is never ends."""
    return END_OF_TIME_MS if day == date.max else day_start_ms(zone, day + _ONE_DAY)


# ---------------------------------------------------------------- readings to try


def with_readings(contract: Contract, changes: Mapping[str, str]) -> Contract:
    """The contract as if every version of its terms had these readings, by their hyphenated names.

    Raises:
        BadInputError: no such reading, or no such value of it; the message names the valid ones.
    """
    for name, value in changes.items():
        _require_reading(name, value)
    versions = [replace(version, terms=_changed(version.terms, changes)) for version in contract.versions]
    return replace(contract, versions=tuple(versions))


def _require_reading(name: str, value: str) -> None:
    questions = {question.name: question for question in QUESTIONS}
    if name not in questions:
        raise BadInputError(f"no reading {name!r}; the readings are {', '.join(questions)}")
    question = questions[name]
    values = [choice.value for choice in question.choices]
    if value not in values and not question.is_open:
        raise BadInputError(f"{name} cannot be read as {value!r}; choose one of {', '.join(values)}")


def _changed(terms: Terms, changes: Mapping[str, str]) -> Terms:
    try:
        return terms.model_copy(update={"readings": terms.readings.changed(changes)})
    except ValueError:
        # Only an open reading gets here: all others were looked up.
        raise BadInputError(
            f"{changes.get('service-hours')!r} is no weekly schedule; write service-hours as "
            "'Mo-Fr 09:00-18:00; PH off', 'Mo-Fr 09:00-18:00' or '24/7'"
        ) from None


# ---------------------------------------------------------------- periods


def periods_of(contract: Contract, known_ms: int) -> list[Period]:
    """Every period that began before the moment of knowledge, in order, numbered from 1."""
    return [
        _period(contract, block, number, known_ms)
        for number, block in enumerate(_blocks(contract, known_ms), start=1)
    ]


def period_named(contract: Contract, text: str, known_ms: int) -> Period:
    """The period that a text means.

    `3` is the third, `2026-10-15` the one that holds that local day, `2026-10` the one that holds more than
    half of that month, or alone has days of it.

    Raises:
        BadInputError: no period that had begun is meant, or no period holds more than half of a month that
            several have days of; the message says which exist.
    """
    blocks = list(_blocks(contract, known_ms))
    number = _number_meant(contract, text, blocks)
    if number is None:
        raise BadInputError(
            f"no period {text!r} was known then; {_which_exist(contract, blocks)}; "
            "write one as 2026-10, 2026-10-15 or 1"
        )
    return _period(contract, blocks[number - 1], number, known_ms)


def period_between(contract: Contract, interval: Interval, known_ms: int) -> Period:
    """An interval that was asked for, judged as a period, cut to the term and to the moment of knowledge.

    Raises:
        BadInputError: nothing of it lies in the term, or it begins at or after the moment of knowledge.
    """
    within = clip([interval], term_of(contract))
    if not within or within[0].start_ms >= known_ms:
        blocks = list(_blocks(contract, known_ms))
        raise BadInputError(
            "nothing of the interval from --from to --to lies in the contract before the moment known; "
            + _which_exist(contract, blocks)
        )
    return _period(contract, within[0], None, known_ms)


def _blocks(contract: Contract, known_ms: int) -> Iterator[Interval]:
    """The periods, cut to the term, whole even where they had not ended at the moment of knowledge."""
    term = term_of(contract)
    zone = zone_of(require_signed(contract).zone)
    for first, after in pairwise(_first_days(contract)):
        block = clip([Interval(day_start_ms(zone, first), day_start_ms(zone, after))], term)
        if not block or block[0].start_ms >= known_ms:
            return
        yield block[0]


def _first_days(contract: Contract) -> Iterator[date]:
    day = require_signed(contract).first_day
    monthly = contract.versions[0].terms.readings.period == "calendar-month"
    while True:
        yield day
        day = _next_month(day) if monthly else day + timedelta(days=PERIOD_DAYS)


def _next_month(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)


def _period(contract: Contract, whole: Interval, number: int | None, known_ms: int) -> Period:
    interval = Interval(whole.start_ms, min(whole.end_ms, known_ms))
    parts = parts_between(contract, interval)
    return Period(
        interval=interval,
        number=number,
        complete=whole.end_ms <= known_ms,
        parts=parts,
        terms=parts[0].terms,
        terms_version=parts[0].terms_version,
        zone=zone_of(require_signed(contract).zone),
    )


def parts_between(contract: Contract, interval: Interval) -> tuple[Part, ...]:
    """What of an interval lies within the versions of the terms, in order, each piece with its version."""
    return tuple(
        Part(within, version.terms, version.terms_version)
        for version, in_force in _versions_in_force(contract)
        for within in clip([in_force], interval)
    )


def terms_at(contract: Contract, instant_ms: int) -> Terms | None:
    """The terms in force at an instant; None before the contract's first day."""
    parts = parts_between(contract, Interval.at(instant_ms))
    return parts[0].terms if parts else None


def _versions_in_force(contract: Contract) -> Iterator[tuple[TermsVersion, Interval]]:
    zone = zone_of(require_signed(contract).zone)
    starts = [day_start_ms(zone, version.from_day) for version in contract.versions]
    for version, (start_ms, end_ms) in zip(
        contract.versions, pairwise([*starts, END_OF_TIME_MS]), strict=True
    ):
        yield version, Interval(start_ms, end_ms)


# ---------------------------------------------------------------- which period is meant


def _number_meant(contract: Contract, text: str, blocks: list[Interval]) -> int | None:
    zone = zone_of(require_signed(contract).zone)
    if _NUMBER.fullmatch(text):
        return int(text) if 1 <= int(text) <= len(blocks) else None
    if month := _month_meant(zone, text):
        return _number_of_month(zone, text, month, blocks)
    day = _day_meant(text)
    holding = (n for n, block in enumerate(blocks, start=1) if day and block.holds(day_start_ms(zone, day)))
    return next(holding, None)


def _number_of_month(zone: ZoneInfo, text: str, month: Interval, blocks: list[Interval]) -> int | None:
    touching = [number for number, block in enumerate(blocks, start=1) if block.overlaps(month)]
    if len(touching) <= 1:
        return touching[0] if touching else None
    held_ms = {number: total_ms(clip([blocks[number - 1]], month)) for number in touching}
    most = max(touching, key=lambda number: held_ms[number])
    if 2 * held_ms[most] > month.length_ms:
        return most
    those = ", ".join(f"{number} ({_days(zone, blocks[number - 1])})" for number in touching)
    raise BadInputError(
        f"{text} is not the month of one period; it has days of {those}: ask for one by its number or by a "
        "day of it"
    )


def _days(zone: ZoneInfo, block: Interval) -> str:
    return f"{local_date(zone, block.start_ms)} to {local_date(zone, block.end_ms - 1)}"


def _month_meant(zone: ZoneInfo, text: str) -> Interval | None:
    first = _day_meant(f"{text}-01")
    if first is None or first.year == date.max.year:
        return None
    return Interval(day_start_ms(zone, first), day_start_ms(zone, _next_month(first)))


def _day_meant(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None


def _which_exist(contract: Contract, blocks: list[Interval]) -> str:
    if not blocks:
        return f"the contract begins on {require_signed(contract).first_day}"
    zone = zone_of(require_signed(contract).zone)
    first, last = (local_date(zone, block.start_ms) for block in (blocks[0], blocks[-1]))
    if len(blocks) == 1:
        return f"only period 1 exists, from {first}"
    return f"periods 1 (from {first}) to {len(blocks)} (from {last}) exist"
