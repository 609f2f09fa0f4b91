"""The stream of one agent's rounds: each checked against its predecessor and its plan, then folded."""

from collections.abc import Iterator, Mapping
from itertools import islice

from ledger.errors import BadInputError, DamagedLedgerError
from ledger.fact import GENESIS_HASH
from ledger.log.interface import CLOCKS_DIFFER_MS, KeptRound
from ledger.plans import PlanSet
from ledger.rounds import Round, check, decode
from projections.asof import Known
from projections.checkpoint import Checkpoint, Place, Segment, Tracker, runs_at
from projections.disorder import batches, joined, sorted_out
from projections.fold import PlanInUse, Run
from projections.steps import Steps

_ADVICE = "run `constat verify`, then restore the ledger from a copy"


class Stream:
    """What an agent's rounds say of the platforms asked for."""

    def __init__(self, known: Known, agent: str, platforms: frozenset[str], stale_after_ms: int) -> None:
        self.agent = agent
        self._known = known
        self._platforms = platforms
        self._stale_after_ms = stale_after_ms
        self._plans = _in_use(known.plans, agent, platforms, stale_after_ms)
        self._runs = [Run()]
        self._rounds = 0
        self._head = GENESIS_HASH
        self._last: KeptRound | None = None
        self._named: dict[str, None] = {}
        """The plans that rounds have named, in order."""
        self._is_over = False
        self._tracker = Tracker(self._runs)

    def go_on(self, checkpoint: Checkpoint, kept: KeptRound) -> None:
        """Begin at a checkpoint of the same platforms, not at the first round; `kept` is the checkpoint's.

        Raises:
            DamagedLedgerError: the round cannot be read.
        """
        found, _ = decode(kept.value, with_latencies=False)
        self._runs = runs_at(checkpoint, found, self._plans[found.plan])
        self._tracker = Tracker(self._runs)
        self._rounds, self._head, self._last = checkpoint.place.rounds, kept.hash, kept
        self._named = dict.fromkeys(checkpoint.place.plans)

    @property
    def rounds(self) -> int:
        """How many rounds were folded."""
        return self._rounds

    def segment(self) -> Segment | None:
        """What was folded since this was last asked, to be asked before `steps`.

        None if nothing was ever, or if a round names a plan that was not known yet.
        """
        if self._is_over or self._last is None:
            return None
        last, reach_ms = self._last, self._runs[-1].reach_ms
        where = last.number, last.hash, last.recorded_ms, self._rounds, len(self._runs), reach_ms
        return self._tracker.segment(Place(*where, tuple(self._named)), self._runs)

    def take(self, kept: KeptRound) -> None:
        """Fold the next round of the agent.

        Raises:
            DamagedLedgerError: it is not the successor of the one before, or does not fit its plan.
        """
        found, previous_hash = decode(kept.value, with_latencies=False)
        if previous_hash != self._head or found.number != kept.number or found.agent != self.agent:
            raise DamagedLedgerError(
                f"round {kept.number} of agent {self.agent} does not name the round recorded before it "
                f"as its predecessor; {_ADVICE}"
            )
        self._head = kept.hash
        if not self._is_over:
            self._fold(found, kept)

    def _fold(self, found: Round, kept: KeptRound) -> None:
        plan = self._plans.get(found.plan)
        if plan is None:
            self._end(found, kept)
            return
        try:
            check(found, plan.plan)
        except BadInputError as error:
            raise DamagedLedgerError(f"{error}; {_ADVICE}") from error
        self._rounds += 1
        self._last = kept
        if found.plan not in self._named:
            self._named[found.plan] = None
        if not self._runs[-1].take(found, plan):
            self._runs.append(Run())
            self._runs[-1].take(found, plan)

    def _end(self, found: Round, kept: KeptRound) -> None:
        # Near the moment of knowledge a round may be stamped before the plan that it names, and then it came
        # behind that moment as well, and so did those behind it.
        if kept.recorded_ms < self._known.as_of.recorded_ms - CLOCKS_DIFFER_MS:
            raise DamagedLedgerError(
                f"round {found.number} of agent {self.agent} names plan {found.plan}, which is none of that "
                f"agent's; {_ADVICE}"
            )
        self._is_over = True

    def steps(self, platforms: frozenset[str] | None = None) -> dict[str, Steps]:
        """The steps of each platform that the agent has probed, or of those among some."""
        steps, tangled = joined(self._runs, platforms)
        for batch in batches(tangled, self._rounds):
            steps |= sorted_out(self._again(batch), self._stale_after_ms)
        return steps

    def _again(self, platforms: frozenset[str]) -> Iterator[tuple[Round, PlanInUse]]:
        """The rounds that were folded, once more, with their plans cut to some platforms."""
        plans = _in_use(self._known.plans, self.agent, platforms, self._stale_after_ms)
        for kept in islice(self._known.rounds(agents=[self.agent]), self._rounds):
            found, _ = decode(kept.value, with_latencies=False)
            yield found, plans[found.plan]


def _in_use(
    plans: Mapping[str, PlanSet], agent: str, platforms: frozenset[str], stale_after_ms: int
) -> dict[str, PlanInUse]:
    return {
        reference: PlanInUse.of(plan, platforms, stale_after_ms)
        for reference, plan in plans.items()
        if plan.agent == agent
    }
