"""Ledgers with penalties for the tests of the feed, and the naive oracle that says what is owed."""

from collections import Counter

from ledger import assessments
from ledger.application import Ledger
from ledger.assessments import AssessedPlatform, AssessmentMade, PenaltyGranted, PenaltyReversed
from ledger.fact import Draft, Span

DAY_MS = 86_400_000
DIGEST = "sha256:" + "0" * 64
CLAUSE = "5.1"
START_MS = 1_790_805_600_000
"""2026-10-01T00:00:00+02:00."""


def made(contract="acme", number=1, revision=1, **days):
    """An assessment of a period: the days of each platform, `acme_prod=3` for acme-prod."""
    platforms = {name.replace("_", "-"): value for name, value in days.items()}
    total = sum(platforms.values())
    from_ms = START_MS + (number - 1) * 30 * DAY_MS
    return AssessmentMade(
        contract=contract,
        period=Span.of(from_ms, from_ms + 30 * DAY_MS),
        period_number=number,
        revision=revision,
        seal=f"seal-{number}",
        terms_version=1,
        platforms=tuple(
            AssessedPlatform(platform=name, days_accrued=value, days_granted=value)
            for name, value in sorted(platforms.items())
        ),
        days_accrued=total,
        days_granted=total,
        days_left_under_cap=max(365 - total, 0),
        figures_digest=f"sha256:{revision:032x}{number:032x}",
        statement_digest=DIGEST,
    )


def assess(ledger, contract="acme", number=1, revision=1, **days):
    """Append an assessment and the penalties that follow from it."""
    return ledger.record(
        assessments.stream_of(contract),
        assessments.INITIAL,
        assessments.evolve,
        lambda state: assessments.assess(state, made(contract, number, revision, **days), CLAUSE),
        occurred_ms=START_MS + number * 30 * DAY_MS,
    )


def grant(ledger, contract, days, times=1, platform="prod"):
    """Append many penalties at once, each for a period of its own; quick, for load."""
    stream = assessments.stream_of(contract)
    taken = sum(1 for _ in ledger.stream(stream))
    facts = [_granted(contract, platform, taken + each, days) for each in range(1, times + 1)]
    return ledger.append(*(Draft(stream, fact, START_MS) for fact in facts))


def _granted(contract, platform, number, days):
    from_ms = START_MS + number * DAY_MS
    return PenaltyGranted(
        contract=contract,
        platform=platform,
        period=Span.of(from_ms, from_ms + DAY_MS),
        period_number=number,
        revision=1,
        clause=CLAUSE,
        days=days,
        seal="seal",
        statement_digest=DIGEST,
    )


def ledger_at(where, *, create=True):
    """The ledger at a URL, or in the file of a path."""
    return Ledger.open(where if "://" in str(where) else f"sqlite:///{where}", create=create)


def owed(where):
    """The naive oracle: (contract, platform, period) -> days, summed over the facts as they stand."""
    days = Counter()
    with ledger_at(where, create=False) as ledger:
        ledger.engine.head()
        for kept in list(ledger.engine.facts()):
            _count(days, kept)
    return {key: value for key, value in days.items() if value}


def _count(days, kept):
    from ledger.log import codec  # noqa: PLC0415

    fact = codec.decode(kept.value).fact
    if isinstance(fact, PenaltyGranted | PenaltyReversed):
        sign = 1 if isinstance(fact, PenaltyGranted) else -1
        days[fact.contract, fact.platform, fact.period_number] += sign * fact.days
