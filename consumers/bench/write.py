"""The benchmark's month written to a ledger, through the one door for writing."""

from collections.abc import Iterator, Sequence
from datetime import date
from heapq import merge
from itertools import chain, groupby
from operator import itemgetter

from consumers.bench.month import BEGIN_MS, ZONE, Announced, Month, notices
from consumers.bench.rounds import plan_of, rounds_of
from ledger import contracts, maintenance, plans
from ledger.application import Ledger
from ledger.contracts import ContractSigned, PlatformAdded
from ledger.fact import Draft, Span
from ledger.instants import HOUR_MS
from ledger.log.sqlite import SQLiteEngine
from ledger.maintenance import NoticePublished
from ledger.readings import Readings
from ledger.rounds import Round
from ledger.terms import Terms

CONTRACT = "bench"
FIRST_DAY = date(2026, 10, 1)
SIGNED_MS = BEGIN_MS - 14 * 24 * HOUR_MS
"""Before the first notice was given."""
TOGETHER_MS = HOUR_MS
"""What came within this is recorded together."""
TERMS = Terms(readings=Readings(maintenance_hours="anywhere"))
"""Work may be announced for service hours, or none of it would be excluded time."""

Batch = tuple[int, Sequence[Round]]
"""Until when, and the rounds of one agent that started since the last time."""


class _Clock:
    """The recorded clock: it stands where the writer has come to."""

    now_ms = SIGNED_MS

    def __call__(self) -> int:
        return self.now_ms


def write(path: str, month: Month, minutes: range | None = None) -> None:
    """A ledger of the month, or with the rounds of some of its minutes; the same each time."""
    clock = _Clock()
    with Ledger(SQLiteEngine(path, clock=clock)) as ledger:
        ledger.append(*agreed(month))
        for agent in month.agents:
            plan = plan_of(month, *agent)
            ledger.append(Draft(plans.stream_of(plan.agent), plan, SIGNED_MS))
        given: Sequence[Announced] = notices(month)
        batches = (_batches(rounds_of(month, *agent, minutes)) for agent in month.agents)
        for clock.now_ms, rounds in merge(*batches, key=itemgetter(0)):
            given = _append_given(ledger, given, clock.now_ms)
            ledger.append_rounds(rounds[0].agent, rounds)


def _batches(rounds: Iterator[Round]) -> Iterator[Batch]:
    for number, together in groupby(rounds, lambda found: (found.start_ms - BEGIN_MS) // TOGETHER_MS):
        yield BEGIN_MS + (number + 1) * TOGETHER_MS, list(together)


def agreed(month: Month) -> Iterator[Draft]:
    """The contract and its platforms."""
    stream = contracts.stream_of(CONTRACT)
    signed = ContractSigned(
        contract=CONTRACT, client="Bench SA", language="en", zone=ZONE, first_day=FIRST_DAY, terms=TERMS
    )
    added = (PlatformAdded(contract=CONTRACT, platform=name, from_day=FIRST_DAY) for name in month.names)
    return (Draft(stream, fact, SIGNED_MS) for fact in chain([signed], added))


def _append_given(ledger: Ledger, given: Sequence[Announced], until_ms: int) -> Sequence[Announced]:
    """Append the notices that were given by now; the others are left."""
    now = [each for each in given if each.given_ms < until_ms]
    ledger.append(*(_notice(each) for each in now))
    return given[len(now) :]


def _notice(announced: Announced) -> Draft:
    fact = NoticePublished(
        maintenance=announced.name,
        platforms=announced.platforms,
        announced=Span.of(announced.start_ms, announced.end_ms),
        summary="work on the machines of one rack",
    )
    return Draft(maintenance.stream_of(announced.name), fact, announced.given_ms)
