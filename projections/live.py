"""How it is now, as the ledger sees it: the verdict on each platform, since when, each agent's last rounds.

A verdict is the one of a statement (2.4), by the terms in force and with corrections. It looks back a day:
what was so before that is told as "for longer".
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from ledger.instants import DAY_MS, format_instant
from ledger.interval import Interval
from ledger.plans import PlanSet
from ledger.rounds import Round, decode
from ledger.terms import Terms
from projections.asof import Known
from projections.attention import concerned, signed
from projections.classes import VERDICTS
from projections.figures import AsOfFigures, Figures, Instant, Verdict
from projections.last_rounds import Heard, last_rounds
from projections.moment import as_of_figures
from projections.periods import Part, parts_between, terms_at
from projections.verdicts import verdicts_over

ROUNDS = 10
"""So many of an agent's last rounds are told."""


class SaidLive(Figures):
    """What an agent said last of a platform.

    `status` is None where there was none. `silent_since` is None as long as what it said holds.
    """

    agent: str
    outcome: Verdict
    status: int | None
    error: str
    at: Instant
    silent_since: Instant | None


class PlatformLive(Figures):
    """A platform now. `since` is None if it was so for longer than a day."""

    platform: str
    contracts: tuple[str, ...]
    verdict: Verdict
    since: Instant | None
    said: tuple[SaidLive, ...]


class RoundLive(Figures):
    """A round, and how many platforms of its plan had which outcome."""

    number: int
    at: Instant
    up: int
    degraded: int
    down: int
    unknown: int
    missing: int


class AgentLive(Figures):
    """An agent in service, and its last rounds, oldest first.

    `started` and `stopped` are those of its last run, if it takes them down; `version` and `place` too.
    `silent_since` is when its last round began, if nothing that it said there holds any more.
    """

    agent: str
    plan: str
    platforms: int
    place: str | None
    version: str | None
    started: Instant | None
    stopped: Instant | None
    silent_since: Instant | None
    rounds: tuple[RoundLive, ...]


class Live(Figures):
    """Everything now: what is down before what is not."""

    as_of: AsOfFigures
    at: Instant
    platforms: tuple[PlatformLive, ...]
    agents: tuple[AgentLive, ...]


def live(known: Known) -> Live:
    """How it is at the moment known."""
    heard = last_rounds(known)
    rounds = {each.plan.agent: list(_rounds(known, each)) for each in heard}
    holding = _holding(known, heard)
    platforms = _platforms(known, heard, _said(known, rounds, holding))
    return Live(
        as_of=as_of_figures(known.as_of),
        at=format_instant(known.as_of.moment_ms),
        platforms=tuple(sorted(platforms, key=_urgency)),
        agents=tuple(_agent(known, each, rounds[each.plan.agent], holding) for each in heard),
    )


def _urgency(found: PlatformLive) -> tuple[int, str]:
    return ("down", "unknown", "degraded", "up").index(found.verdict), found.platform


# ---------------------------------------------------------------- silence


_NOBODYS_MS = Terms().stale_after_ms
"""So long it holds of a platform that no contract has."""


class _Holding(NamedTuple):
    """How long what an agent says of a platform holds, at a moment."""

    moment_ms: int
    by_platform_ms: Mapping[str, int]

    def silent_since(self, plan: PlanSet, platforms: Iterable[str], said_ms: int) -> Instant | None:
        """When an agent said last what holds of none of some platforms any more; None if it holds of one.

        What a source says that logs only changes holds until it says something else.
        """
        holds_ms = max(self.by_platform_ms.get(platform, _NOBODYS_MS) for platform in platforms)
        is_silent = not plan.transitions and said_ms + holds_ms < self.moment_ms
        return format_instant(said_ms) if is_silent else None


def _holding(known: Known, heard: Sequence[Heard]) -> _Holding:
    """By the terms in force; where a platform has several contracts, as long as under one of them."""
    moment_ms = known.as_of.moment_ms
    probed = {planned.platform for each in heard for planned in each.plan.platforms}
    holds: dict[str, int] = {}
    for _, contract in signed(known):
        if terms := terms_at(contract, moment_ms):
            for platform in concerned(contract, sorted(probed), Interval.at(moment_ms)):
                holds[platform] = max(holds.get(platform, 0), terms.stale_after_ms)
    return _Holding(moment_ms, holds)


# ---------------------------------------------------------------- agents


def _rounds(known: Known, heard: Heard) -> Iterator[Round]:
    """An agent's last rounds by start."""
    from_ms = heard.last.start_ms - ROUNDS * heard.plan.period_ms
    found = known.rounds(agents=[heard.plan.agent], start_from_ms=from_ms)
    last = sorted(found, key=lambda kept: (kept.start_ms, kept.number))[-ROUNDS:]
    return (decode(kept.value, with_latencies=False)[0] for kept in last)


def _agent(known: Known, heard: Heard, rounds: Sequence[Round], holding: _Holding) -> AgentLive:
    runs = known.runs.get(heard.plan.agent)
    run = runs.last if runs else None
    return AgentLive(
        agent=heard.plan.agent,
        plan=heard.plan.reference,
        platforms=len(heard.plan.platforms),
        place=run.started.place if run else None,
        version=run.started.version if run else None,
        started=format_instant(run.started_ms) if run else None,
        stopped=format_instant(run.stopped_ms) if run and run.stopped_ms is not None else None,
        silent_since=holding.silent_since(
            heard.plan, [each.platform for each in heard.plan.platforms], heard.last.start_ms
        ),
        rounds=tuple(map(_round, rounds)),
    )


def _round(found: Round) -> RoundLive:
    counts = Counter(outcome for outcome, _, _ in found.not_up.values())
    return RoundLive(
        number=found.number,
        at=format_instant(found.start_ms),
        up=found.n - len(found.not_up) - len(found.missing),
        degraded=counts["degraded"],
        down=counts["down"],
        unknown=counts["unknown"],
        missing=len(found.missing),
    )


# ---------------------------------------------------------------- platforms


def _said(
    known: Known, rounds: Mapping[str, Sequence[Round]], holding: _Holding
) -> Mapping[str, list[SaidLive]]:
    """Of each platform what each agent said last, by agent."""
    found: dict[str, list[SaidLive]] = {}
    for agent, several in sorted(rounds.items()):
        last: dict[str, SaidLive] = {}
        for each in several:
            if plan := known.plans.get(each.plan):  # a round may be known before its plan is
                last |= _in_round(agent, each, plan, holding)
        for platform, said in last.items():
            found.setdefault(platform, []).append(said)
    return found


def _in_round(agent: str, found: Round, plan: PlanSet, holding: _Holding) -> dict[str, SaidLive]:
    missing = frozenset(found.missing)
    said = {}
    for index, planned in enumerate(plan.platforms):
        if index in missing:
            continue
        usual = "up", found.odd_status.get(index, planned.usual_status), ""
        outcome, status, error = found.not_up.get(index, usual)
        at_ms = found.start_ms + planned.offset_ms + found.deviation_ms(index)
        said[planned.platform] = SaidLive.model_validate(
            {
                "agent": agent,
                "outcome": outcome,
                "status": status or None,
                "error": error,
                "at": format_instant(at_ms),
                "silent_since": holding.silent_since(plan, [planned.platform], at_ms),
            }
        )
    return said


def _platforms(
    known: Known, heard: Sequence[Heard], said: Mapping[str, list[SaidLive]]
) -> Iterator[PlatformLive]:
    moment_ms = known.as_of.moment_ms
    day = Interval(max(0, moment_ms - DAY_MS), moment_ms)
    probed = {planned.platform for each in heard for planned in each.plan.platforms}
    whose: dict[str, list[str]] = {platform: [] for platform in sorted(probed)}
    verdicts: dict[str, tuple[Verdict, int]] = {}
    for name, contract in signed(known):
        own = concerned(contract, [each.platform for each in contract.platforms], Interval.at(moment_ms))
        for platform in own:
            whose.setdefault(platform, []).append(name)
        verdicts |= _now(known, own, parts_between(contract, day))
    nobodys = [platform for platform, contracts in whose.items() if not contracts]
    verdicts |= _now(known, nobodys, (Part(day, Terms(), 0),))
    for platform, contracts in whose.items():
        verdict, since_ms = verdicts.get(platform, ("unknown", day.start_ms))
        yield PlatformLive(
            platform=platform,
            contracts=tuple(contracts),
            verdict=verdict,
            since=format_instant(since_ms) if since_ms > day.start_ms else None,
            said=tuple(said.get(platform, ())),
        )


def _now(known: Known, platforms: Sequence[str], parts: Sequence[Part]) -> dict[str, tuple[Verdict, int]]:
    """The verdict on each platform at the end of the parts, and since when."""
    if not platforms or not parts:
        return {}
    rows = verdicts_over(known, platforms, parts).sort("platform", "start_ms").iter_rows(named=True)
    return {row["platform"]: (VERDICTS[row["verdict"]], row["start_ms"]) for row in rows}
