"""What is excluded, asked for in a word.

Unless said otherwise: Paris, always measured, work on Tuesday 6 October 2026 from 02:00 to 04:00.
"""

from ledger.interval import Interval
from projections.exclusions import exclusions
from projections.periods import period_named, with_readings
from tests.spec import Story, span

ALWAYS = {"service-hours": "24/7"}
PROD = "acme-prod"
TUESDAY = "2026-10-06T02:00:00+02:00/2026-10-06T04:00:00+02:00"
WEDNESDAY = "2026-10-07T02:00:00+02:00/2026-10-07T04:00:00+02:00"
IN_TIME = "2026-10-05T01:59:00+02:00"
LATE = "2026-10-05T12:00:00+02:00"
EARLY = "2026-09-20T00:00:00Z"
SATURDAY = "2026-10-03T00:00:00+02:00/2026-10-03T20:00:00+02:00"
SUNDAY = "2026-10-11T00:00:00+02:00/2026-10-11T10:00:00+02:00"
CEILING = {"maintenance-ceiling": "one-day-a-quarter"}
STORM = "2026-10-06T10:00:00+02:00/2026-10-06T14:00:00+02:00"


def tuesday(start: str, end: str) -> str:
    """From one local time of that Tuesday to another."""
    return f"2026-10-06T{start}:00+02:00/2026-10-06T{end}:00+02:00"


def acme(readings=None, **terms) -> Story:
    """A contract of one platform from 1 October 2026."""
    return Story().contract("acme", "2026-10-01", readings=ALWAYS | (readings or {}), **terms)


def judged(story: Story, period="1", platform=PROD, readings=None, as_of=None):
    """Everything that touches a period on a platform."""
    known = story.known(as_of) if as_of else story.known()
    contract = with_readings(known.contract("acme"), readings or {})
    return exclusions(known, contract, platform, period_named(contract, period, known.as_of.moment_ms))


def only(story: Story, **asked):
    """What the only maintenance or claim excludes, and what it does not and why."""
    (exclusion,) = judged(story, **asked)
    return exclusion.excluded, exclusion.not_excluded


def at(*texts: str) -> tuple[Interval, ...]:
    """What is excluded, each as `from/to`."""
    return tuple(span(text).interval for text in texts)


def why(**spans: str):
    """`too_late=TUESDAY` as what is not excluded, in order of time."""
    return tuple(sorted((span(text).interval, code.replace("_", "-")) for code, text in spans.items()))
