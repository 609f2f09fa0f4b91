"""Rounds that came in after a period was assessed, although they started in it.

They are found without reading what was known then: of each agent only what lies behind the number that the
seal of the assessment names, and of that only what started early enough.
"""

from collections import defaultdict
from collections.abc import Mapping

from ledger.contracts import Contract
from ledger.interval import Interval
from ledger.log.interface import KeptRound
from projections.asof import Known
from projections.attention import concerned

Late = list[KeptRound]
"""The first late round of each agent, by agent."""


class LateRounds:
    """The late rounds of one moment of knowledge; what one contract asked for is not looked for again."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._agents: defaultdict[str, set[str]] = defaultdict(set)
        for plan in known.plans.values():
            for planned in plan.platforms:
                self._agents[planned.platform].add(plan.agent)
        self._found: dict[tuple[str, int, Interval], KeptRound | None] = {}

    def of(self, contract: Contract, periods: list[Interval], sealed: Mapping[str, int]) -> list[Late]:
        """For each period, the first late round of each agent that probes a platform of the contract in it.

        `sealed` is the number up to which each agent's rounds were known.
        """
        whole = Interval(0, max(period.end_ms for period in periods))
        own = {each.platform for each in contract.platforms}
        suspects = {
            agent for each in own for agent in self._agents[each] if self._first(agent, sealed, whole)
        }
        return [self._in(contract, period, suspects, sealed) for period in periods]

    def _in(
        self, contract: Contract, period: Interval, suspects: set[str], sealed: Mapping[str, int]
    ) -> Late:
        if not suspects:
            return []
        platforms = concerned(contract, (each.platform for each in contract.platforms), period)
        agents = sorted(suspects & {agent for each in platforms for agent in self._agents[each]})
        return [found for agent in agents if (found := self._first(agent, sealed, period))]

    def _first(self, agent: str, sealed: Mapping[str, int], during: Interval) -> KeptRound | None:
        number = sealed.get(agent, 0)
        key = agent, number, during
        if key not in self._found:
            rounds = self._known.rounds(
                agents=[agent],
                start_from_ms=during.start_ms,
                start_until_ms=during.end_ms,
                after={agent: number},
            )
            self._found[key] = next(rounds, None)
        return self._found[key]
