"""When agents were last heard of. An agent is live if its last round was recorded soon after it started.

Of one that was retired nothing is told from then on, until it is given another plan.

An imported history was recorded long after it was seen, and a source that logs only changes may be silent
for months: neither is live, and from neither anything is missed.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from ledger.instants import HOUR_MS
from ledger.interval import Interval
from ledger.log.interface import KeptRound
from ledger.plans import AgentRetired, PlanSet
from ledger.rounds import decode
from projections.asof import Known
from projections.attention import Attention, concerned, signed
from projections.periods import terms_at


class Heard(NamedTuple):
    """An agent's plan in force, the position of that fact, and its round that started last."""

    plan: PlanSet
    position: int
    last: KeptRound


def last_rounds(known: Known) -> Sequence[Heard]:
    """Every agent in service of which a round is known, by name."""
    key = known.rounds_key, known.as_of.moment_ms, known.as_of.position
    return known.latest("last-rounds", key, lambda: list(_last_rounds(known)))


def _last_rounds(known: Known) -> Iterator[Heard]:
    plans = _plans(known)
    for agent in known.agents():
        last = last_round(known, agent)
        if last and agent in plans:
            position, plan = plans[agent]
            yield Heard(plan, position, last)


def _plans(known: Known) -> Mapping[str, tuple[int, PlanSet]]:
    found: dict[str, tuple[int, PlanSet]] = {}
    for recorded in known.facts_about("plan"):
        match recorded.fact:
            case PlanSet() as plan:
                found[plan.agent] = (recorded.position, plan)
            case AgentRetired() as retired if recorded.occurred_ms <= known.as_of.moment_ms:
                found.pop(retired.agent, None)
    return found


def last_round(known: Known, agent: str) -> KeptRound | None:
    """An agent's round that started last; None if none is known."""
    key = known.rounds_key, known.as_of.moment_ms
    return known.latest(("last-round", agent), key, lambda: _last_round(known, agent))


def _last_round(known: Known, agent: str) -> KeptRound | None:
    """Nearly always it is a recent one, so few others are read to find it."""
    from_ms = _within_an_hour_of_it(known, agent)
    if from_ms is None:
        return None
    return max(known.rounds(agents=[agent], start_from_ms=from_ms), key=lambda kept: kept.start_ms)


def last_result_ms(known: Known, agent: str) -> int | None:
    """When an agent's last result was seen, by its round that started last; None if none is known."""
    last = last_round(known, agent)
    if last is None:
        return None
    found, _ = decode(last.value)
    planned = enumerate(known.plans[found.plan].platforms)
    seen = (each.offset_ms + found.deviation_ms(i) for i, each in planned if i not in found.missing)
    return found.start_ms + max(seen, default=0)


def _within_an_hour_of_it(known: Known, agent: str) -> int | None:
    """A moment at most an hour before the last start: looked for ever further back, then halved."""
    moment_ms, back_ms = known.as_of.moment_ms, HOUR_MS
    while not _starts_from(known, agent, moment_ms - back_ms):
        if back_ms >= moment_ms:
            return None
        back_ms *= 2
    early_ms, late_ms = moment_ms - back_ms, moment_ms - back_ms // 2
    while late_ms - early_ms > HOUR_MS:
        middle_ms = (early_ms + late_ms) // 2
        is_later = _starts_from(known, agent, middle_ms)
        early_ms, late_ms = (middle_ms, late_ms) if is_later else (early_ms, middle_ms)
    return early_ms


def _starts_from(known: Known, agent: str, from_ms: int) -> bool:
    """Whether any round of an agent started at a moment or later."""
    return next(known.rounds(agents=[agent], start_from_ms=from_ms), None) is not None


# ---------------------------------------------------------------- silence


def silent_agents(known: Known) -> Iterator[Attention]:
    """Each live agent from which nothing has come for longer than its clients' terms let an outcome hold."""
    moment_ms = known.as_of.moment_ms
    for heard in last_rounds(known):
        watched = _watched(known, heard.plan)
        if heard.plan.transitions or not watched:
            continue
        stale_after_ms = min(watched.values())
        due_ms = heard.last.start_ms + stale_after_ms
        is_live = heard.last.recorded_ms - heard.last.start_ms <= stale_after_ms
        if is_live and due_ms < moment_ms:
            yield Attention(
                kind="agent-silent",
                subject=heard.plan.agent,
                contracts=tuple(watched),
                since_ms=heard.last.start_ms,
                due_ms=due_ms,
                positions=(heard.position,),
            )


def _watched(known: Known, plan: PlanSet) -> dict[str, int]:
    """The contracts that an agent probes for now, and how long its outcomes hold under the terms of each."""
    now = Interval.at(known.as_of.moment_ms)
    platforms = [planned.platform for planned in plan.platforms]
    return {
        name: terms.stale_after_ms
        for name, contract in signed(known)
        if concerned(contract, platforms, now) and (terms := terms_at(contract, now.start_ms))
    }
