"""One commitment asked for in a word; unless said otherwise of October 2026 in Paris."""

from datetime import date

from ledger.contracts import ContractAmended
from ledger.terms import Terms
from projections.figures import CommitmentEntry
from projections.statement import statement
from tests.spec import LATER, Story, span

PROD = "acme-prod"
OVH, SCALEWAY, OUTSCALE = "OVHcloud", "SCALEWAY", "3DS OUTSCALE"


def october(time: str) -> str:
    """`6 03:00` as local time in October 2026, before the clocks are set back."""
    day, hour = time.split()
    return f"2026-10-{int(day):02}T{hour}:00+02:00"


def acme(**contract) -> Story:
    return Story().contract(**contract)


def amended(story: Story, from_day: date, **terms) -> Story:
    fact = ContractAmended(
        contract="acme", terms_version=2, from_day=from_day, terms=Terms(**terms), reason="agreed"
    )
    return story.fact("contract:acme", fact)


def of(story: Story, commitment: str, period: str = "1", as_of: str = LATER) -> CommitmentEntry:
    """One commitment in a period, by name or as an interval `from/to`, as known at a moment."""
    asked = span(period).interval if "/" in period else period
    entries = statement(story.known(as_of), "acme", asked).commitments
    return next(each for each in entries if each.commitment == commitment)


def whats(entry: CommitmentEntry) -> list[tuple[str, str]]:
    return [(each.subject, each.what) for each in entry.findings]
