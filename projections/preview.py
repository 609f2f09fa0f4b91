"""What a notice would do, before anybody gives it: for each client, what would be excluded, and why no more.

The facts of the notice are laid behind those that are known, and judged as the real ones would be. Work that
is yet to come is taken to be done exactly as announced: only that can be known beforehand.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Literal

from ledger import maintenance as subject
from ledger.contracts import Contract
from ledger.fact import GENESIS_HASH, RecordedFact
from ledger.interval import Interval, clip, intersect, subtract, total_ms
from ledger.maintenance import Maintenance, MaintenanceFinished, MaintenanceStarted, NoticeFact
from projections.announced import given_in_time, given_ms
from projections.asof import Known
from projections.exclusions import Exclusion, exclusions_by_platform, hours_by_platform
from projections.figures import Figures, Instant, NotExcludedFigures, SpanFigures
from projections.periods import memberships, period_between
from projections.scope import Scope
from projections.units import hours


class OverlapFigures(SpanFigures):
    """A part that another maintenance excludes already, so that this one adds nothing there."""

    maintenance: str


class PlatformPreview(Figures):
    """What a notice would exclude on one platform.

    `excluded_ms` is what the terms exclude of what is announced; `counted_ms` is how much of it lies in
    service hours and is not excluded already: only that can change a figure.
    """

    platform: str
    announced_ms: int
    excluded_ms: int
    counted_ms: int
    excluded: tuple[SpanFigures, ...]
    not_excluded: tuple[NotExcludedFigures, ...]
    overlaps: tuple[OverlapFigures, ...]


class ContractPreview(Figures):
    """What a notice would do for one client."""

    contract: str
    client: str
    zone: str
    announced: SpanFigures
    given_at: Instant
    hours_before: str
    """How long before the announced start it would be given, in hours; negative if after."""
    in_time: bool
    latest_given_at: Instant
    """Given later than this, it comes too late for these terms, unless they ask for best effort only."""
    windows: str
    """The maintenance windows of the terms, local time; empty where work may be done at any time."""
    assumes_work: bool
    """Whether the terms exclude only work really done, which is taken here to be all that is announced."""
    started_at: Instant | None
    """When the work began, if it did: whoever moves or withdraws it changes what is excluded of work done."""
    finished_at: Instant | None
    platforms: tuple[PlatformPreview, ...]


class Preview(Figures):
    """What a notice would do, for each client whose platforms it concerns, by the contract's name."""

    maintenance: str
    kind: Literal["published", "moved", "withdrawn"]
    contracts: tuple[ContractPreview, ...]
    without_contract: tuple[str, ...]
    """Platforms of the work that belong to no contract then: nobody is told of them, nothing is excluded."""


def preview(known: Known, notice: NoticeFact, given_at_ms: int) -> Preview:
    """Judge a notice as if it were recorded now; that it may be given at all is the subject's `decide`."""
    before = known.maintenances.get(notice.maintenance, subject.INITIAL)
    facts = [_behind(known, notice, given_at_ms)]
    after = subject.evolve(before, facts[0])
    announced = after.announced or before.announced
    assert announced is not None
    if after.announced and after.started_ms is None:
        facts += _worked(known, after.name, after.announced)
    supposed = _supposing(known, facts, announced)
    concerned = list(_concerned(supposed, after, announced))
    told = {platform for _, platforms in concerned for platform in platforms}
    return Preview(
        maintenance=notice.maintenance,
        kind=after.notices[-1].kind,
        contracts=tuple(
            _contract(supposed, contract, platforms, after, announced) for contract, platforms in concerned
        ),
        without_contract=tuple(sorted(set(after.platforms) - told)),
    )


# ---------------------------------------------------------------- supposing it were so

_Supposed = NoticeFact | MaintenanceStarted | MaintenanceFinished


def _behind(known: Known, fact: _Supposed, occurred_ms: int, further: int = 1) -> RecordedFact:
    position = known.as_of.position + further
    return RecordedFact(
        position=position,
        stream=subject.stream_of(fact.maintenance),
        sequence=0,
        fact_id=f"supposed/{position}",
        occurred_ms=occurred_ms,
        recorded_ms=max(known.as_of.recorded_ms, known.as_of.moment_ms),
        source="/constat",
        previous_hash=GENESIS_HASH,
        hash=GENESIS_HASH,
        fact=fact,
    )


def _worked(known: Known, name: str, announced: Interval) -> list[RecordedFact]:
    return [
        _behind(known, MaintenanceStarted(maintenance=name), announced.start_ms, 2),
        _behind(known, MaintenanceFinished(maintenance=name), announced.end_ms, 3),
    ]


def _supposing(known: Known, facts: Sequence[RecordedFact], announced: Interval) -> Known:
    """Known with these facts as well, looked at when the work is over."""
    last = facts[-1]
    moment_ms = max(known.as_of.moment_ms, announced.end_ms)
    as_of = replace(known.as_of, position=last.position, recorded_ms=last.recorded_ms, moment_ms=moment_ms)
    return Known(as_of, [*known.facts, *facts], known.engine)


# ---------------------------------------------------------------- one client


def _concerned(
    known: Known, maintenance: Maintenance, announced: Interval
) -> Iterator[tuple[Contract, list[str]]]:
    for name in sorted(known.contracts):
        contract = known.contracts[name]
        if contract.signed is None:
            continue
        belonging = memberships(contract, set(maintenance.platforms))
        if platforms := [name for name, belongs in belonging.items() if clip(belongs, announced)]:
            yield contract, platforms


def _contract(
    known: Known, contract: Contract, platforms: list[str], maintenance: Maintenance, announced: Interval
) -> ContractPreview:
    assert contract.signed is not None
    period = period_between(contract, announced, known.as_of.moment_ms)
    scope = Scope(known, contract, period)
    terms = scope.terms_at(announced.start_ms)
    notice = maintenance.notices[-1]
    given_at_ms = given_ms(notice, terms)
    anywhere = terms.readings.maintenance_hours == "anywhere"
    excluding = exclusions_by_platform(known, contract, platforms, period)
    in_hours = hours_by_platform(contract, platforms, period)
    return ContractPreview(
        contract=contract.signed.contract,
        client=contract.signed.client,
        zone=contract.signed.zone,
        announced=scope.span(announced),
        given_at=scope.at(given_at_ms),
        hours_before=hours(announced.start_ms - given_at_ms),
        in_time=given_in_time(notice, terms),
        latest_given_at=scope.at(announced.start_ms - terms.notice_ms),
        windows="" if anywhere else terms.maintenance_windows,
        assumes_work=terms.readings.maintenance_extent == "work" and maintenance.started_ms is None,
        started_at=_at(scope, maintenance.started_ms),
        finished_at=_at(scope, maintenance.finished_ms),
        platforms=tuple(
            _platform(scope, name, maintenance.name, excluding[name], in_hours[name]) for name in platforms
        ),
    )


def _at(scope: Scope, instant_ms: int | None) -> str | None:
    return None if instant_ms is None else scope.at(instant_ms)


def _platform(
    scope: Scope, platform: str, maintenance: str, excluding: Sequence[Exclusion], in_hours: list[Interval]
) -> PlatformPreview:
    own = [each for each in excluding if (each.kind, each.name) == ("maintenance", maintenance)]
    others = [each for each in excluding if each.kind == "maintenance" and each.name != maintenance]
    excluded = [span for each in own for span in each.excluded]
    shared = [(each.name, span) for each in others for span in intersect(excluded, each.excluded)]
    already = [span for each in excluding if each not in own for span in each.excluded]
    announced_ms = total_ms(intersect([scope.period.interval], scope.own.get(platform, [])))
    return PlatformPreview(
        platform=platform,
        announced_ms=announced_ms,
        excluded_ms=total_ms(excluded),
        counted_ms=total_ms(subtract(intersect(excluded, in_hours), already)),
        excluded=tuple(scope.span(span) for span in excluded),
        not_excluded=tuple(
            NotExcludedFigures(start=scope.at(span.start_ms), end=scope.at(span.end_ms), why=why)
            for each in own
            for span, why in each.not_excluded
        ),
        overlaps=tuple(
            OverlapFigures(start=scope.at(span.start_ms), end=scope.at(span.end_ms), maintenance=name)
            for name, span in shared
        ),
    )
