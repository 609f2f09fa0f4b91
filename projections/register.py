"""The register of a period: what was done, what went wrong, what was claimed [Gestion d'incidents].

What concerns several clients is shown to each with its own platforms only (promise 8).
"""

from collections.abc import Iterator
from typing import NamedTuple

from ledger.contracts import Contract
from ledger.corrections import Correction
from ledger.incidents import Incident
from ledger.interval import Interval
from projections.asof import Known
from projections.attention import concerned
from projections.calendar import END_OF_TIME_MS
from projections.exclusions import exclusions_by_platform
from projections.figures import (
    CorrectionEntry,
    IncidentEntry,
    InterventionEntry,
    MaintenanceEntry,
    RegisterEntry,
    StoryFigures,
)
from projections.interventions import OwnIntervention, own_interventions
from projections.periods import Period
from projections.register_exclusions import (
    ByName,
    claim_entry,
    claimed_spans,
    coming_entry,
    maintenance_entry,
    work_spans,
)
from projections.scope import Scope


class _Found(NamedTuple):
    """An entry, and the first instant of the period at which it touches a platform of the contract."""

    first_ms: int
    entry: RegisterEntry


def register(known: Known, contract: Contract, period: Period) -> tuple[RegisterEntry, ...]:
    """The entries of a period, in order of the first instant that touches it, then of kind and name."""
    scope = Scope(known, contract, period)
    found = [*_maintenances_and_claims(scope), *_incidents(scope), *_corrections(scope)]
    found += _interventions(scope)
    found.sort(key=lambda each: (each.first_ms, each.entry.kind, each.entry.name))
    return tuple(each.entry for each in found)


def announced_later(known: Known, contract: Contract, period: Period) -> tuple[MaintenanceEntry, ...]:
    """Of a period that runs, work that is announced for after the moment known, what begins first first.

    The register of such a period ends at that moment, so nothing in it would say that something is to come.
    """
    if period.complete:
        return ()
    scope = Scope(known, contract, period)
    found = [
        (announced.start_ms, each.name, coming_entry(each, platforms, scope))
        for each in known.maintenances.values()
        if (announced := each.announced) and each.started_ms is None and each.finished_ms is None
        if announced.start_ms >= known.as_of.moment_ms
        if (platforms := concerned(contract, each.platforms, announced))
    ]
    return tuple(entry for *_, entry in sorted(found, key=lambda each: each[:2]))


# ---------------------------------------------------------------- maintenances and claims


def _maintenances_and_claims(scope: Scope) -> Iterator[_Found]:
    excluding = _by_name(scope)
    for maintenance in scope.known.maintenances.values():
        touched = scope.touched(maintenance.platforms, work_spans(maintenance))
        if touched:
            yield _Found(min(touched.values()), maintenance_entry(maintenance, touched, excluding, scope))
    for claim in scope.known.claims.values():
        if claim.filed is None:
            continue
        touched = scope.touched(claim.filed.platforms, claimed_spans(claim.filed))
        if touched:
            yield _Found(min(touched.values()), claim_entry(claim, claim.filed, touched, excluding, scope))


def _by_name(scope: Scope) -> ByName:
    found = exclusions_by_platform(scope.known, scope.contract, list(scope.own), scope.period)
    return {(each.kind, each.name, platform): each for platform, own in found.items() for each in own}


# ---------------------------------------------------------------- incidents


def _incidents(scope: Scope) -> Iterator[_Found]:
    for incident in scope.known.incidents.values():
        touched = scope.touched(incident.platforms, [open_span(incident)])
        if touched:
            yield _Found(min(touched.values()), _incident_entry(incident, touched, scope))


def open_span(incident: Incident) -> Interval:
    """From opened to resolved, for ever if it is not; one that was over at once still was for an instant."""
    resolved_ms = END_OF_TIME_MS if incident.resolved_ms is None else incident.resolved_ms
    return Interval(incident.opened_ms, max(resolved_ms, incident.opened_ms + 1))


def _incident_entry(incident: Incident, touched: dict[str, int], scope: Scope) -> IncidentEntry:
    return IncidentEntry(
        name=incident.name,
        platforms=tuple(touched),
        opened_at=scope.at(incident.opened_ms),
        resolved_at=None if incident.resolved_ms is None else scope.at(incident.resolved_ms),
        cause=incident.cause,
        data_loss=incident.data_loss,
        story=tuple(_story(incident, touched, scope)),
    )


def _story(incident: Incident, touched: dict[str, int], scope: Scope) -> Iterator[StoryFigures]:
    for step in incident.story:
        concerned = [platform for platform in step.platforms if platform in touched]
        if not concerned:
            continue
        yield StoryFigures(
            kind=step.kind,
            occurred_at=scope.at(step.occurred_ms),
            recorded_at=scope.at(step.recorded_ms),
            # An alert's text is the list of those who were told: here, of this client only.
            text=", ".join(concerned) if step.kind == "alerted" else step.text,
            position=step.position,
        )


# ---------------------------------------------------------------- corrections


def _corrections(scope: Scope) -> Iterator[_Found]:
    for correction in scope.known.corrections.values():
        fact = correction.corrected
        if fact is None:
            continue
        touched = scope.touched([fact.platform], [fact.interval.interval])
        if touched:
            yield _Found(touched[fact.platform], _correction_entry(correction, scope))


def _correction_entry(correction: Correction, scope: Scope) -> CorrectionEntry:
    fact = correction.corrected
    assert fact is not None
    return CorrectionEntry(
        name=fact.correction,
        agent=fact.agent,
        platform=fact.platform,
        interval=scope.span(fact.interval.interval),
        action=fact.action,
        outcome=fact.outcome,
        by=fact.by,
        reason=fact.reason,
        recorded_at=scope.at(correction.recorded_ms),
        position=correction.position,
    )


# ---------------------------------------------------------------- interventions


def _interventions(scope: Scope) -> Iterator[_Found]:
    for own in own_interventions(scope):
        touched = scope.touched([own.made.platform], [own.made.during.interval])
        if touched:
            yield _Found(touched[own.made.platform], _intervention_entry(own, scope))


def _intervention_entry(own: OwnIntervention, scope: Scope) -> InterventionEntry:
    made = own.made
    return InterventionEntry(
        name=made.intervention,
        platform=made.platform,
        request=made.request,
        interval=scope.span(made.during.interval),
        by=made.by,
        account=made.account,
        account_named=own.requested.account,
        text=made.summary,
        recorded_at=scope.at(own.recorded_ms),
        position=own.position,
    )
