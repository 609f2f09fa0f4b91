"""A month of three hours that is small enough to be judged by hand, instant by instant."""

from consumers.bench.month import BEGIN_MS, Month, notices
from consumers.bench.rounds import plan_of, rounds_of
from consumers.bench.write import CONTRACT, FIRST_DAY, SIGNED_MS, ZONE
from ledger.instants import HOUR_MS
from ledger.interval import Interval
from tests.oracle.facts import Joined, Notice, Result, Signed, Terms

SMALL = Month("small", platforms=50, minutes=180, not_up_tenths=60, notices=4)
BOUNDS = Interval(BEGIN_MS, BEGIN_MS + 4 * HOUR_MS)
"""An hour longer than it was probed."""
ALWAYS = {"service-hours": "24/7"}
"""The month begins at midnight."""


def results_of(month=SMALL):
    """Every result of the month, as the oracle is told them; by platform."""
    by_platform = {name: [] for name in month.names}
    for witness in range(2):
        plan = plan_of(month, 0, witness)
        for found in rounds_of(month, 0, witness):
            for index, planned in enumerate(plan.platforms):
                outcome = found.outcome(index)
                if outcome is not None:
                    at_ms = found.start_ms + planned.offset_ms + found.deviation_ms(index)
                    by_platform[planned.platform].append(
                        Result(SIGNED_MS, plan.agent, planned.platform, at_ms, outcome)
                    )
    return by_platform


def facts_of(platform, results, month=SMALL):
    """All that the oracle must know of a platform."""
    terms = Terms(readings={"maintenance-hours": "anywhere", **ALWAYS})
    return [
        Signed(SIGNED_MS, CONTRACT, ZONE, FIRST_DAY, None, terms),
        Joined(SIGNED_MS, platform, FIRST_DAY),
        *(
            Notice(
                SIGNED_MS, each.name, "published", each.given_ms, each.platforms, each.start_ms, each.end_ms
            )
            for each in notices(month)
        ),
        *results,
    ]
