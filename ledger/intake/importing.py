"""A source taken into the ledger: all of it, or nothing unless its rejects are put aside.

The rounds of one agent are one transaction. An import that is killed leaves every agent whole or untouched,
and the same import again completes it: what the ledger has by then is not stored twice.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import ClassVar

import polars as pl

from ledger import plans
from ledger.application import Ledger
from ledger.errors import BadInputError, ConflictError
from ledger.intake.assemble import PERIOD_MS, plan_for, rounds_of
from ledger.intake.merge import each_once, none_left_out, only_new
from ledger.intake.own_agents import require_not_probing
from ledger.intake.rejects import Origin, Rejects, RejectsFile
from ledger.intake.results import Progress, Results, read_results, silent
from ledger.intake.sources import Source
from ledger.intake.stored import stored_results
from ledger.log.interface import RoundHead
from ledger.plans import Plans, PlanSet

SOURCE = plans.IMPORTS


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a source."""

    name: str
    read: int
    """Results that the source holds, repeated ones included."""
    stored: int
    rejected: int
    """Records that were put aside."""
    rounds: Mapping[str, int]
    """Agent -> rounds that were appended."""
    renamed: Mapping[str, str]
    unused: tuple[str, ...]
    platforms: tuple[str, ...]
    """Those that results were read of, stored before or not."""
    taken_back: Mapping[str, int] = field(default_factory=dict)
    """Agent -> when it had been retired, of those that are in service again by their new plan."""
    notes: tuple[str, ...] = ()
    """What the source cannot say, in sentences."""
    news: tuple[str, ...] = ()
    """Those of them that tell of this reading alone; the others repeat what the one before told."""
    noun: ClassVar[str] = "result"

    def followed_by(self, later: "Imported") -> "Imported":
        """Two parts of one source as one; the notes are those of the later part."""
        agents = sorted({*self.rounds, *later.rounds})
        return replace(
            later,
            read=self.read + later.read,
            stored=self.stored + later.stored,
            rejected=self.rejected + later.rejected,
            rounds={agent: self.rounds.get(agent, 0) + later.rounds.get(agent, 0) for agent in agents},
            renamed={**self.renamed, **later.renamed},
            platforms=tuple(sorted({*self.platforms, *later.platforms})),
            taken_back={**self.taken_back, **later.taken_back},
        )


@dataclass(frozen=True, slots=True)
class Kind:
    """How a source logs."""

    transitions: bool = False
    """It logs only changes."""
    period_ms: int = PERIOD_MS
    """Of the rounds that its results become; what is rare is cheaper in long ones."""


EVERY_RESULT = Kind()


@dataclass(frozen=True, slots=True)
class _Pending:
    """What is new of one agent."""

    agent: str
    head: RoundHead
    """The round behind which the new ones are numbered."""
    plan: PlanSet
    is_new_plan: bool
    retired_ms: int | None
    """When the agent was retired, if its new plan takes it back."""
    results: pl.DataFrame


def import_source(  # noqa: PLR0913 - what, where to, how, and who watches
    ledger: Ledger,
    source: Source,
    *,
    now_ms: int,
    transitions: bool = False,
    aside: RejectsFile | None = None,
    progress: Progress = silent,
) -> Imported:
    """Store what of a source is new.

    Raises:
        BadInputError: the source cannot be read, it holds rejects and they are not put aside, or it writes
            a platform otherwise than the agent's earlier sources did.
        UnusableLedgerError: the ledger cannot be written, or takes no rounds from this user.
        RefusedError: an agent of it logs every result and this source only changes, or the reverse; or it is
            one of our own that probes.
        ConflictError: another writer was first; nothing was stored for the agent it wrote for, and the
            same import again stores what is still missing.
    """
    rejects = Rejects(source, keep_all=aside is not None)
    found = read_results(source, now_ms, rejects, progress)
    put_aside = partial(aside.put, source, rejects) if aside is not None else None
    taken = _take(ledger, found, rejects, Kind(transitions=transitions), put_aside=put_aside)
    return replace(taken, unused=source.unused)


def import_results(
    ledger: Ledger,
    origin: Origin,
    found: Results,
    *,
    advice: str,
    kind: Kind = EVERY_RESULT,
) -> Imported:
    """Store what of some results is new, of a source that was read in its own way.

    `advice` ends the refusal of results that contradict one another or the ledger. See `import_source` for
    what is raised.
    """
    return _take(ledger, found, Rejects(origin, advice=advice), kind, put_aside=None)


def _take(
    ledger: Ledger,
    found: Results,
    rejects: Rejects,
    kind: Kind,
    *,
    put_aside: Callable[[], None] | None,
) -> Imported:
    origin = rejects.source
    require_not_probing(ledger, sorted(found.frame["agent"].unique().cast(pl.String)))
    for agent, some in _by_agent(found.frame):
        _require_one_origin(origin, ledger.plans_of(agent), agent, some, found.written)
    new = [
        _only_new(ledger, agent, some, rejects, transitions=kind.transitions)
        for agent, some in _by_agent(found.frame)
    ]
    if rejects.count and put_aside is None:
        raise rejects.refusal()
    pending = [
        _pending(ledger, *each, kind=kind, written=found.written) for each in new if not each[2].is_empty()
    ]
    if pending:
        ledger.engine.require_right_to_rounds()
    if put_aside:
        put_aside()
    rounds = {each.agent: _store(ledger, each) for each in pending}
    return Imported(
        name=origin.name,
        read=found.frame.height,
        stored=sum(each.results.height for each in pending),
        rejected=rejects.count,
        rounds=rounds,
        renamed=found.renamed,
        unused=(),
        platforms=tuple(sorted(found.frame["platform"].unique().cast(pl.String))),
        taken_back={each.agent: each.retired_ms for each in pending if each.retired_ms is not None},
    )


def _by_agent(results: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
    for agent in sorted(results["agent"].unique().cast(pl.String)):
        yield agent, results.filter(pl.col("agent") == agent)


def _require_one_origin(
    source: Origin, state: Plans, agent: str, results: pl.DataFrame, written: Mapping[str, str]
) -> None:
    """Refuse a platform that an earlier source of the agent wrote otherwise: it may be another one."""
    planned = {each.platform: each for each in (state.last.platforms if state.last else ())}
    for name in sorted(planned.keys() & set(results["platform"].unique().cast(pl.String))):
        before, now = planned[name].written or name, written.get(name, name)
        if before != now:
            raise BadInputError(
                f"{source.name}: {now!r} would be named {name}, as {before!r} was in what agent {agent} "
                "imported before; rename one of them in its file, or name another --agent if both are one"
            )


def _only_new(
    ledger: Ledger, agent: str, results: pl.DataFrame, rejects: Rejects, *, transitions: bool
) -> tuple[str, RoundHead, pl.DataFrame]:
    # The head is read first: a writer who appends behind it makes our numbers void, so that what it stores
    # is not stored again by us.
    head = ledger.engine.round_head(agent)
    once = each_once(results, rejects)
    observed_ms = results["observed_ms"].sort()
    plans_then = ledger.plans_of(agent)
    stored = stored_results(ledger.engine, agent, plans_then, observed_ms[0], observed_ms[-1])
    if transitions:
        none_left_out(once, stored, rejects)
    return agent, head, only_new(once, stored, rejects)


def _pending(  # noqa: PLR0913 - what is new of one agent, and how its source says it
    ledger: Ledger,
    agent: str,
    head: RoundHead,
    results: pl.DataFrame,
    *,
    kind: Kind,
    written: Mapping[str, str],
) -> _Pending:
    state = ledger.plans_of(agent)
    extended = plan_for(
        state,
        agent,
        results,
        transitions=kind.transitions,
        written=written,
        first_period_ms=kind.period_ms,
    )
    plan = extended or state.current
    assert plan, "an agent without a plan has only new platforms"
    return _Pending(agent, head, plan, extended is not None, state.retired_ms, results)


def _store(ledger: Ledger, pending: _Pending) -> int:
    rounds = list(rounds_of(pending.plan, pending.results, pending.head.number))
    if pending.is_new_plan:
        _set_plan(ledger, pending.plan, occurred_ms=rounds[0].start_ms)
    ledger.append_rounds(pending.agent, rounds, behind=pending.head)
    return len(rounds)


def _set_plan(ledger: Ledger, plan: PlanSet, occurred_ms: int) -> None:
    def decide(state: Plans) -> PlanSet:
        if plan.plan_version != len(state.history) + 1:
            raise ConflictError(f"agent {plan.agent} was given another plan meanwhile; import again")
        return plan

    stream = plans.stream_of(plan.agent)
    ledger.record(stream, plans.INITIAL, plans.evolve, decide, occurred_ms=occurred_ms, source=SOURCE)
