"""The cap: penalties never exceed the value of a year of service (spec 5.9) [Qualité de Services].

Days are granted in order of period until the cap is reached; the rest is accrued and not granted. Nothing
that was granted is kept anywhere: if an earlier period changes, the later ones are granted anew.
"""

from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from ledger.terms import Terms


@dataclass(frozen=True, slots=True)
class Accrued:
    """The days that a period accrued, its first local day and the terms in force on that day."""

    first_day: date
    terms: Terms
    days: int


@dataclass(frozen=True, slots=True)
class Grant:
    """What the cap leaves of the days that a period accrued, and what is left under it afterwards."""

    accrued: int
    granted: int
    left: int


def granted(signed_from: date, periods: Iterable[Accrued]) -> list[Grant]:
    """Grant the days of consecutive periods of a contract, under the cap of each one's terms.

    `signed_from` is the contract's first day. Under `cap: contract-year` a period belongs to the year of the
    contract in which it begins; whatever earlier periods of that year were granted counts, under whichever
    reading that was.
    """
    grants = []
    by_year: defaultdict[int, int] = defaultdict(int)
    for period in periods:
        year = contract_year(signed_from, period.first_day)
        yearly = period.terms.readings.cap == "contract-year"
        before = by_year[year] if yearly else sum(by_year.values())
        left = max(0, period.terms.cap_days - before)
        days = min(period.days, left)
        by_year[year] += days
        grants.append(Grant(period.days, days, left - days))
    return grants


def contract_year(signed_from: date, day: date) -> int:
    """Which year of the contract a day lies in, from 1.

    A contract that began on 29 February has its anniversaries on the 28th in common years: where a year has
    no such day, its month's last one stands for it.
    """
    years = day.year - signed_from.year
    return years + 1 if day >= _anniversary(signed_from, day.year) else years


def _anniversary(signed_from: date, year: int) -> date:
    _, last = monthrange(year, signed_from.month)
    return date(year, signed_from.month, min(signed_from.day, last))
