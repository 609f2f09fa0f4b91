"""Given, when, then: a story told to an in-memory ledger whose recorded clock the story sets.

story = Story().contract("acme", "2026-10-01", platforms=["acme-prod"])
story.observed("paris", "acme-prod", "2026-10-01T00:00+02:00 up, 2026-10-06T08:30+02:00 down")
story.at("2026-10-05T12:00+02:00").notice("m1", ["acme-prod"], "2026-10-06T02:00+02:00/2026-10-06T04:00+02:00")
known = story.known()
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Literal, Self

from ledger import claims, contracts, corrections, maintenance, plans
from ledger.application import Ledger
from ledger.fact import Draft, Fact, Span
from ledger.instants import read_instant
from ledger.log.sqlite import SQLiteEngine
from ledger.plans import Planned, PlanSet
from ledger.rounds import Round
from ledger.terms import Terms
from projections.asof import Known
from projections.moment import AsOf, at_position, at_time

LATER = "2027-12-31T00:00:00Z"


def ms(text: str | int) -> int:
    """An instant as milliseconds."""
    return text if isinstance(text, int) else read_instant(text)


def span(text: str) -> Span:
    """`from/to` as a span."""
    start, end = text.split("/")
    return Span.of(ms(start), ms(end))


class Story:
    """A ledger, in memory unless a file is named; every append happens at the story's recorded clock."""

    def __init__(self, recorded_at: str = "2026-09-01T00:00:00Z", path: str = ":memory:") -> None:
        self.now_ms = ms(recorded_at)
        self.engine = SQLiteEngine(path, clock=lambda: self.now_ms)
        self.ledger = Ledger(self.engine)
        self._plans: dict[str, PlanSet] = {}
        self._numbers: dict[str, int] = {}

    def at(self, recorded_at: str | int) -> Self:
        """From here on the ledger's clock says this."""
        self.now_ms = ms(recorded_at)
        return self

    def fact(self, stream: str, fact: Fact, occurred_at: str | int | None = None) -> Self:
        """Append a fact as it is, without asking its subject's `decide`."""
        occurred_ms = self.now_ms if occurred_at is None else ms(occurred_at)
        self.ledger.append(Draft(stream, fact, occurred_ms))
        return self

    def contract(
        self,
        name: str = "acme",
        first_day: str = "2026-10-01",
        last_day: str | None = None,
        platforms: Iterable[str] = ("acme-prod",),
        zone: str = "Europe/Paris",
        readings: Mapping[str, str] | None = None,
        language: Literal["fr", "en"] = "fr",
        **terms: Any,
    ) -> Self:
        """Sign a contract; readings by their hyphenated names, other terms by keyword."""
        signed = contracts.ContractSigned(
            contract=name,
            client=f"{name} SA",
            zone=zone,
            language=language,
            first_day=date.fromisoformat(first_day),
            last_day=date.fromisoformat(last_day) if last_day else None,
            terms=Terms(**terms, readings=dict(readings or {})),
        )
        self.fact(contracts.stream_of(name), signed)
        for platform in platforms:
            added = contracts.PlatformAdded(contract=name, platform=platform, from_day=signed.first_day)
            self.fact(contracts.stream_of(name), added)
        return self

    def plan(
        self,
        agent: str,
        platforms: Sequence[str | Planned],
        *,
        transitions: bool = False,
        period_ms: int = 60_000,
    ) -> Self:
        """Give an agent its next plan."""
        planned = tuple(p if isinstance(p, Planned) else Planned(platform=p) for p in platforms)
        version = self._plans[agent].plan_version + 1 if agent in self._plans else 1
        plan = PlanSet(
            agent=agent, plan_version=version, period_ms=period_ms, transitions=transitions, platforms=planned
        )
        self._plans[agent] = plan
        return self.fact(plans.stream_of(agent), plan)

    def round(
        self, agent: str, start_at: str | int, outcomes: Mapping[str, str | None] | None = None
    ) -> Self:
        """One round of an agent: platforms not named were up, those with None have no result."""
        return self.rounds(agent, [(start_at, outcomes or {})])

    def rounds(self, agent: str, rounds: Iterable[tuple[str | int, Mapping[str, str | None]]]) -> Self:
        """Rounds of an agent, appended together."""
        plan = self._plans[agent]
        index = {planned.platform: i for i, planned in enumerate(plan.platforms)}
        made = []
        for start_at, outcomes in rounds:
            self._numbers[agent] = self._numbers.get(agent, 0) + 1
            named = {index[platform]: outcome for platform, outcome in outcomes.items()}
            made.append(
                Round(
                    agent=agent,
                    number=self._numbers[agent],
                    plan=plan.reference,
                    start_ms=ms(start_at),
                    n=len(index),
                    not_up={i: (o, 0, f"{o} seen") for i, o in named.items() if o not in (None, "up")},
                    missing=[i for i, outcome in named.items() if outcome is None],
                    jitter=bytes(len(index)),
                )
            )
        self.ledger.append_rounds(agent, made)
        return self

    def observed(self, agent: str, platform: str, changes: str) -> Self:
        """What an agent that logs only changes says of one platform: `instant outcome, instant outcome`.

        Each call adds rounds behind the ones before; a new platform makes a new plan.
        """
        before = self._plans.get(agent)
        names = [planned.platform for planned in before.platforms] if before else []
        if platform not in names:
            self.plan(agent, [*names, platform], transitions=True)
            names = [*names, platform]
        absent: dict[str, str | None] = {name: None for name in names if name != platform}
        steps = [change.split() for change in changes.split(",")]
        return self.rounds(agent, [(instant, absent | {platform: outcome}) for instant, outcome in steps])

    def every_minute(
        self, agent: str, platforms: Sequence[str], during: str, outcome: str | None = "up"
    ) -> Self:
        """A round each minute of `from/to`, all platforms with one outcome; None for silence."""
        if agent not in self._plans:
            self.plan(agent, platforms)
        if outcome is None:
            return self
        whole = span(during)
        starts = range(whole.start_ms, whole.end_ms, 60_000)
        return self.rounds(agent, [(start, dict.fromkeys(platforms, outcome)) for start in starts])

    def notice(
        self, name: str, platforms: Sequence[str], announced: str, given_at: str | int | None = None
    ) -> Self:
        """Announce work; given when it is recorded unless said otherwise."""
        published = maintenance.NoticePublished(
            maintenance=name, platforms=tuple(platforms), announced=span(announced), summary=f"work {name}"
        )
        return self.fact(maintenance.stream_of(name), published, given_at)

    def moved(self, name: str, announced: str, given_at: str | int | None = None) -> Self:
        """Move announced work."""
        moved = maintenance.NoticeMoved(maintenance=name, announced=span(announced), reason="moved")
        return self.fact(maintenance.stream_of(name), moved, given_at)

    def withdrawn(self, name: str, given_at: str | int | None = None) -> Self:
        """Withdraw announced work."""
        withdrawn = maintenance.NoticeWithdrawn(maintenance=name, reason="withdrawn")
        return self.fact(maintenance.stream_of(name), withdrawn, given_at)

    def worked(self, name: str, started_at: str, finished_at: str | None = None) -> Self:
        """Say when the work was really done."""
        stream = maintenance.stream_of(name)
        self.fact(stream, maintenance.MaintenanceStarted(maintenance=name), started_at)
        if finished_at:
            self.fact(stream, maintenance.MaintenanceFinished(maintenance=name), finished_at)
        return self

    def claim(self, name: str, platforms: Sequence[str], claimed: str) -> Self:
        """File a claim of force majeure."""
        filed = claims.ClaimFiled(
            claim=name, platforms=tuple(platforms), claimed=span(claimed), event="a storm"
        )
        return self.fact(claims.stream_of(name), filed)

    def ruling(self, name: str, decision: str, *accepted: str, revises: int | None = None) -> Self:
        """Rule on a claim."""
        ruled = claims.ClaimRuled(
            claim=name,
            decision=decision,
            accepted=tuple(span(each) for each in accepted),
            reason="as shown",
            by="judge-1",
            revises=revises,
        )
        return self.fact(claims.stream_of(name), ruled)

    def corrected(
        self, name: str, agent: str, platform: str, interval: str, outcome: str | None = None
    ) -> Self:
        """Annul an interval of an agent's results, or restate it with an outcome."""
        fact = corrections.ResultsCorrected(
            correction=name,
            agent=agent,
            platform=platform,
            interval=span(interval),
            action="restated" if outcome else "annulled",
            outcome=outcome,
            reason="the probe was wrong",
            by="sre-1",
        )
        return self.fact(corrections.stream_of(name), fact)

    def known(self, as_of: str | int = LATER) -> Known:
        """What was known at a recorded time (text) or a position (number)."""
        moment: AsOf = (
            at_position(self.engine, as_of) if isinstance(as_of, int) else at_time(self.engine, ms(as_of))
        )
        return Known.at(self.engine, moment)
