"""Figures as people write them: durations, percents, days and instants, in a language and a zone.

Instants are already written with the contract's offset. The offset is repeated only where the wall clock
alone would be ambiguous: on a local day on which it is set forward or back. The year is left out where it
is the period's own, which the heading names.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from consumers.pages.typography import NARROW_NO_BREAK, NO_BREAK
from consumers.pages.vocabulary import Counted, Words
from ledger.instants import HOUR_MS, MINUTE_MS, SECOND_MS
from projections.figures import Percent, Statement

NOTHING = "–"
"""What stands where there is no figure."""

_MIDNIGHT = time()
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Format:
    """How one statement writes its figures in one language."""

    words: Words
    zone: ZoneInfo
    year: int | None
    """The year that goes without saying."""

    @classmethod
    def of(cls, statement: Statement, words: Words) -> "Format":
        """The format of a statement's pages."""
        first, last = _first_and_last(statement.period.start, statement.period.end)
        return cls(words, ZoneInfo(statement.zone), first.year if first.year == last.year else None)

    # ------------------------------------------------------------ numbers

    def number(self, count: int) -> str:
        """An integer in groups of three."""
        return f"{count:,}".replace(",", NARROW_NO_BREAK) if self._is_french else f"{count:,}"

    def decimal(self, text: str) -> str:
        """A decimal string with the language's own sign."""
        return text.replace(".", ",").replace("-", "−") if self._is_french else text.replace("-", "−")

    def counted(self, count: int, noun: Counted) -> str:
        """A number with its noun: in French the plural begins at two, in English everywhere but at one."""
        is_one = abs(count) < 2 if self._is_french else count == 1  # noqa: PLR2004 - that very two
        return f"{self.number(count)}{NO_BREAK}{noun[0] if is_one else noun[1]}"

    def percent(self, percent: Percent) -> str:
        """A percent: « 99,49 % », “99.49%”."""
        return self.decimal(percent) + (f"{NO_BREAK}%" if self._is_french else "%")

    def share(self, percent: Percent | None) -> str:
        """A percent, or a dash where there is no base."""
        return NOTHING if percent is None else self.percent(percent)

    def bounds(self, bounds: tuple[Percent, Percent] | None) -> str:
        """Two percents of which the sign stands once; one if they are equal."""
        if bounds is None:
            return NOTHING
        worst, best = bounds
        return self.percent(best) if worst == best else f"{self.decimal(worst)} – {self.percent(best)}"

    # ------------------------------------------------------------ durations

    def duration(self, length_ms: int) -> str:
        """Hours, minutes and seconds, the last ones left out where they are zero: “1 h 02 min 03 s”."""
        hours, rest_ms = divmod(length_ms, HOUR_MS)
        minutes, rest_ms = divmod(rest_ms, MINUTE_MS)
        parts = []
        if hours:
            parts.append(f"{self.number(hours)}{NO_BREAK}h")
        if hours or minutes:
            parts.append(f"{minutes:02}{NO_BREAK}min" if hours else f"{minutes}{NO_BREAK}min")
        if rest_ms or not parts:
            parts.append(f"{self._seconds(rest_ms, padded=bool(parts))}{NO_BREAK}s")
        return NO_BREAK.join(parts)

    def clock(self, length_ms: int) -> str:
        """A duration in a column: hours, minutes and seconds, as “197:58:30”."""
        hours, rest_ms = divmod(length_ms, HOUR_MS)
        minutes, rest_ms = divmod(rest_ms, MINUTE_MS)
        return f"{self.number(hours)}:{minutes:02}:{self._seconds(rest_ms, padded=True)}"

    def exact(self, fraction: str) -> str:
        """A duration that is an exact fraction of milliseconds (`n` or `n/d`), with nothing cut."""
        length = Fraction(fraction)
        whole_ms = length.numerator // length.denominator
        rest = length - whole_ms
        if not rest:
            return self.duration(whole_ms)
        return f"{self.duration(whole_ms)} + {rest.numerator}/{rest.denominator}{NO_BREAK}ms"

    def measure(self, text: str) -> str:
        """An amount with its unit, as findings give it (`"49.50 h"`, `"250 GB"`); any other text as it is."""
        amount, _, unit = text.partition(" ")
        if unit not in self.words.units or not _NUMBER.fullmatch(amount):
            return text
        return f"{self.decimal(amount)}{NO_BREAK}{self.words.units[unit]}"

    # ------------------------------------------------------------ days

    def day(self, day: date) -> str:
        """A day in full: « mardi 6 octobre 2026 » without the weekday."""
        return f"{self._ordinal(day)}{NO_BREAK}{self.words.months[day.month - 1]}{NO_BREAK}{day.year}"

    def short_day(self, day: date) -> str:
        """A day in a table: « mar. 6 oct. »."""
        weekday = self.words.weekdays_short[day.weekday()]
        month = self.words.months_short[day.month - 1]
        year = "" if day.year == self.year else f"{NO_BREAK}{day.year}"
        return f"{weekday}{NO_BREAK}{day.day}{NO_BREAK}{month}{year}"

    def days(self, start: str, end: str) -> str:
        """A period by its first and its last day, or by its instants if it does not run from midnight."""
        first, last = _first_and_last(start, end)
        if not (_at_midnight(start) and _at_midnight(end)):
            return self.words.instants_from_to.format(
                first=self.full_instant(start), last=self.full_instant(end)
            )
        if first == last:
            return self.words.days_one.format(day=self.day(first))
        return self.words.days_from_to.format(first=self._without_end_of(first, last), last=self.day(last))

    def _without_end_of(self, first: date, last: date) -> str:
        if first.year != last.year:
            return self.day(first)
        if first.month != last.month:
            return f"{self._ordinal(first)}{NO_BREAK}{self.words.months[first.month - 1]}"
        return self._ordinal(first)

    # ------------------------------------------------------------ instants

    def instant(self, text: str) -> str:
        """An instant in a table: « mar. 6 oct., 9 h 05 »."""
        moment = datetime.fromisoformat(text)
        return f"{self.short_day(moment.date())}, {self._clock(moment)}{self._offset(moment)}"

    def full_instant(self, text: str) -> str:
        """An instant in a sentence, with its year and offset."""
        moment = datetime.fromisoformat(text)
        return f"{self.day(moment.date())}, {self._clock(moment)} ({offset(moment)})"

    def span(self, start: str, end: str) -> str:
        """Two instants; the second without its day if that is the same, where midnight is 24 o'clock."""
        first, last = datetime.fromisoformat(start), datetime.fromisoformat(end)
        _, last_day = _first_and_last(start, end)
        if first.date() != last_day:
            return f"{self.instant(start)} – {self.instant(end)}"
        until = self._clock_of(24, 0) if last.date() != last_day else self._clock(last)
        return f"{self.instant(start)}{NO_BREAK}– {until}{self._offset(last, last_day)}"

    def hour(self, hour: int) -> str:
        """A full hour of the wall clock, as a scale shows it."""
        return f"{hour}{NO_BREAK}h" if self._is_french else f"{hour:02}:00"

    def _clock(self, moment: datetime) -> str:
        clock = self._clock_of(moment.hour, moment.minute)
        rest_ms = moment.second * SECOND_MS + moment.microsecond // 1000
        if not rest_ms:
            return clock
        seconds = self._seconds(rest_ms, padded=True)
        return (
            f"{clock}{NO_BREAK}min{NO_BREAK}{seconds}{NO_BREAK}s" if self._is_french else f"{clock}:{seconds}"
        )

    def _clock_of(self, hour: int, minute: int) -> str:
        return f"{hour}{NO_BREAK}h{NO_BREAK}{minute:02}" if self._is_french else f"{hour:02}:{minute:02}"

    def _offset(self, moment: datetime, day: date | None = None) -> str:
        return f" ({offset(moment)})" if self._clock_changes(day or moment.date()) else ""

    def _clock_changes(self, day: date) -> bool:
        today, tomorrow = (datetime.combine(each, _MIDNIGHT, self.zone) for each in (day, day + _ONE_DAY))
        return today.utcoffset() != tomorrow.utcoffset()

    def _seconds(self, rest_ms: int, *, padded: bool) -> str:
        seconds, ms = divmod(rest_ms, SECOND_MS)
        whole = f"{seconds:02}" if padded else str(seconds)
        return self.decimal(f"{whole}.{ms:03}") if ms else whole

    def _ordinal(self, day: date) -> str:
        return self.words.first_of_month if day.day == 1 else str(day.day)

    @property
    def _is_french(self) -> bool:
        return self.words.language == "fr"


def offset(moment: datetime) -> str:
    """An instant's offset: “UTC+2”, “UTC−3:30”, “UTC”."""
    shift = moment.utcoffset()
    assert shift is not None
    minutes = abs(shift) // timedelta(minutes=1)
    if not minutes:
        return "UTC"
    sign = "+" if shift > timedelta() else "−"
    return f"UTC{sign}{minutes // 60}" + (f":{minutes % 60:02}" if minutes % 60 else "")


def _first_and_last(start: str, end: str) -> tuple[date, date]:
    # The end is not in the interval, so an end at midnight belongs to the day before.
    last = datetime.fromisoformat(end) - timedelta(microseconds=1)
    return datetime.fromisoformat(start).date(), last.date()


def _at_midnight(text: str) -> bool:
    return datetime.fromisoformat(text).time() == _MIDNIGHT
