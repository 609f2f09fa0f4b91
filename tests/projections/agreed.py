"""Contracts without a ledger, amended and ended by hand."""

from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from ledger.contracts import (
    Contract,
    ContractSigned,
    Membership,
    TermsVersion,
)
from ledger.growing import Growing
from ledger.interval import Interval
from ledger.terms import Terms
from tests.spec import ms, span

PARIS = ZoneInfo("Europe/Paris")
LONG_AFTER = ms("2040-01-01T00:00:00Z")

DAYS = st.dates(date(2015, 1, 1), date(2030, 12, 31))
ZONES = st.sampled_from(["Europe/Paris", "America/Sao_Paulo", "Australia/Lord_Howe", "Pacific/Apia", "UTC"])
CUTS = st.sampled_from(["30-days", "calendar-month", "rolling-30-days"])


def signed(
    first_day="2026-10-01", last_day=None, zone="Europe/Paris", cut="30-days", amended=(), ended=None
) -> Contract:
    """A contract without a ledger; `amended` are days on which other terms come into force."""
    first = date.fromisoformat(first_day)
    terms = Terms(readings={"period": cut})
    versions = [TermsVersion(1, first, terms, 1)]
    for number, day in enumerate(amended, start=2):
        other = terms.model_copy(update={"target_percent": Decimal(99) - number})
        versions.append(TermsVersion(number, date.fromisoformat(day), other, number))
    return Contract(
        signed=ContractSigned(
            contract="acme",
            client="Acme SA",
            zone=zone,
            first_day=first,
            last_day=date.fromisoformat(last_day) if last_day else None,
            terms=terms,
        ),
        versions=tuple(versions),
        platforms=Growing([Membership("acme-prod", "enterprise", first, None, 1)]),
        ended=ended,
    )


def between(start: str, end: str) -> Interval:
    return span(f"{start}/{end}").interval


OCTOBER = between("2026-10-01T00:00:00+02:00", "2026-10-31T00:00:00+01:00")
