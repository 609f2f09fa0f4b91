"""The facts that make an interval of a platform what it is, or that could have and did not.

Excluded time names the notice or the ruling that excludes it. Counted time names what was announced, worked
or claimed over it and did not excuse it, with why not as `detail`; then the corrections and incidents. A
correction changes nothing where its agent was silent, and is no reason there.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ledger.corrections import ResultsCorrected
from ledger.incidents import Incident
from ledger.interval import Interval, clip
from ledger.maintenance import Maintenance
from projections.announced import in_force
from projections.classes import ClassSpan
from projections.exclusions import Exclusion, exclusions_by_platform
from projections.figures import Because, Class
from projections.heard import Heard
from projections.register import open_span
from projections.scope import Scope

_EXCLUDED_BY: Mapping[Class, str] = {
    "excluded-maintenance": "maintenance",
    "excluded-force-majeure": "claim",
}


@dataclass(frozen=True, slots=True)
class _OnPlatform:
    """Everything that may be a reason on one platform."""

    exclusions: Sequence[Exclusion]
    corrections: Sequence[tuple[ResultsCorrected, int]]
    incidents: Sequence[Incident]


class Reasons:
    """The facts behind the intervals of a contract's platforms."""

    def __init__(self, scope: Scope, heard: Heard) -> None:
        self._scope = scope
        self._heard = heard
        excluding = exclusions_by_platform(scope.known, scope.contract, list(scope.own), scope.period)
        self._on = {platform: _on_platform(platform, excluding[platform], scope) for platform in scope.own}

    def of(self, platform: str, span: ClassSpan) -> list[Because]:
        """Maintenances, claims, corrections, incidents, in this order."""
        on, interval = self._on[platform], Interval(span.start_ms, span.end_ms)
        excusing = [self._excusing(*each) for each in _excuses(on.exclusions, span.class_, interval)]
        ordered = sorted(dict.fromkeys(excusing), key=lambda each: each.kind == "claim")
        return [*ordered, *self._corrections(on, interval), *_incidents(on, interval)]

    def _corrections(self, on: _OnPlatform, interval: Interval) -> Iterator[Because]:
        """Each names the agent whose results it corrects, and what they are now, if anything."""
        for fact, position in on.corrections:
            both = clip([fact.interval.interval], interval)
            if any(self._heard.spoke(fact.agent, fact.platform, each) for each in both):
                yield Because(
                    kind="correction",
                    name=fact.correction,
                    position=position,
                    outcome=fact.outcome,
                    detail=fact.agent,
                )

    def _excusing(self, exclusion: Exclusion, start_ms: int, why: str | None) -> Because:
        position = self._position(exclusion, start_ms)
        return Because(kind=exclusion.kind, name=exclusion.name, position=position, detail=why)

    def _position(self, exclusion: Exclusion, instant_ms: int) -> int:
        if exclusion.kind == "maintenance":
            return self._notice_at(self._scope.told[exclusion.name], instant_ms)
        claim = self._scope.known.claims[exclusion.name]
        return claim.ruling.position if claim.ruling else claim.position

    def _notice_at(self, maintenance: Maintenance, instant_ms: int) -> int:
        """The notice in force, or the first one where none had been given yet."""
        terms = self._scope.terms_at(instant_ms)
        ordered = list(in_force(maintenance, terms))
        holding = [notice.position for notice, span in ordered if span.holds(instant_ms)]
        return holding[0] if holding else ordered[0][0].position


def _on_platform(platform: str, exclusions: Sequence[Exclusion], scope: Scope) -> _OnPlatform:
    known = scope.known
    corrected = [(each.corrected, each.position) for each in known.corrections.values() if each.corrected]
    return _OnPlatform(
        exclusions,
        [(fact, position) for fact, position in corrected if fact.platform == platform],
        [each for each in known.incidents.values() if platform in each.platforms],
    )


def _excuses(
    exclusions: Sequence[Exclusion], class_: Class, interval: Interval
) -> Iterator[tuple[Exclusion, int, str | None]]:
    """What excludes an interval; of counted time, what does not. Each from where it begins in it."""
    for exclusion in exclusions:
        if exclusion.kind == _EXCLUDED_BY.get(class_):
            for span in clip(exclusion.excluded, interval):
                yield exclusion, span.start_ms, None
        elif class_ not in _EXCLUDED_BY:
            for span, why in exclusion.not_excluded:
                if span.overlaps(interval):
                    yield exclusion, max(span.start_ms, interval.start_ms), why


def _incidents(on: _OnPlatform, interval: Interval) -> Iterator[Because]:
    for incident in on.incidents:
        if open_span(incident).overlaps(interval):
            yield Because(kind="incident", name=incident.name, position=incident.story[0].position)
