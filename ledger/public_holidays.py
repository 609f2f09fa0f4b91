"""Public holidays by the name of a calendar: a country (`FR`), a country and its part (`FR-57`), or none.

A contract's calendar is looked up when it is signed or amended. What was signed before that rule stays
readable; only its hours cannot be laid out, until an amendment from the same day takes its place.
"""

from collections.abc import Iterable
from datetime import date

from ledger.errors import BadInputError


def public_holidays(calendar: str, years: Iterable[int]) -> frozenset[date]:
    """The public holidays of a calendar in these years; none of the empty calendar.

    Raises:
        BadInputError: there is no such calendar.
    """
    if not calendar:
        return frozenset()
    import holidays  # noqa: PLC0415 - slow to import, and a command that signs or measures nothing needs none

    country, _, part = calendar.partition("-")
    try:
        found = holidays.country_holidays(country, subdiv=part or None, years=tuple(years))
    except NotImplementedError:  # what the library raises for a country or a part that it does not have
        raise BadInputError(
            f"there is no holiday calendar {calendar!r}; write holiday_calendar as a country (FR), a country "
            "and its part (FR-57), or leave it empty and list the days in extra_holidays"
        ) from None
    return frozenset(found)


def is_calendar(name: str) -> bool:
    """Whether there is a calendar of that name; the empty one is one."""
    try:
        public_holidays(name, ())
    except BadInputError:
        return False
    return True
