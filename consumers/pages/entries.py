"""Entries of the register told in sentences, the same on every page; their notices are in `telling`."""

from collections.abc import Iterator, Sequence

from consumers.pages.format import Format
from consumers.pages.telling import fact, outcome_of
from projections.figures import (
    ClaimEntry,
    CorrectionEntry,
    IncidentEntry,
    InterventionEntry,
    MaintenanceEntry,
    PlatformExclusion,
    RegisterEntry,
    RulingFigures,
    StoryFigures,
)


def heading(entry: RegisterEntry, form: Format) -> str:
    """What an entry is and what it is called."""
    return f"{form.words.entries[entry.kind]} {entry.name}"


def platforms_of(entry: RegisterEntry) -> tuple[str, ...]:
    """The platforms that an entry is about."""
    if isinstance(entry, CorrectionEntry | InterventionEntry):
        return (entry.platform,)
    return entry.platforms


def concerned(entry: RegisterEntry) -> str:
    """The same for people."""
    return ", ".join(platforms_of(entry))


def story(entry: RegisterEntry, form: Format) -> Iterator[str]:
    """An entry's own facts in order, one sentence each; notices are laid out by themselves."""
    match entry:
        case MaintenanceEntry():
            yield _work(entry, form)
        case IncidentEntry():
            yield from _incident(entry, form)
        case ClaimEntry():
            yield from _claim(entry, form)
        case CorrectionEntry():
            yield from _correction(entry, form)
        case InterventionEntry():
            yield from _intervention(entry, form)


def _work(entry: MaintenanceEntry, form: Format) -> str:
    words = form.words
    if entry.started_at is None:
        return words.work_never
    if entry.finished_at is None:
        return words.work_unfinished.format(start=form.instant(entry.started_at))
    return words.work_between.format(span=form.span(entry.started_at, entry.finished_at))


def _incident(entry: IncidentEntry, form: Format) -> Iterator[str]:
    words = form.words
    if entry.resolved_at is None:
        yield words.incident_open.format(start=form.instant(entry.opened_at))
    else:
        yield words.incident_between.format(span=form.span(entry.opened_at, entry.resolved_at))
    if entry.cause:
        yield words.incident_cause.format(cause=entry.cause)
    if entry.data_loss:
        yield words.data_loss
    for step in entry.story:
        yield _step(step, form)


def _step(step: StoryFigures, form: Format) -> str:
    words = form.words
    what = f"{form.instant(step.occurred_at)}, {words.steps[step.kind]} ({fact(step.position, form)})"
    return words.told.format(what=what, text=step.text)


def _claim(entry: ClaimEntry, form: Format) -> Iterator[str]:
    words = form.words
    yield words.claimed.format(span=form.span(entry.claimed.start, entry.claimed.end), event=entry.event)
    yield words.claim_filed.format(at=form.instant(entry.filed_at), fact=fact(entry.position, form))
    if not entry.rulings:
        yield words.claim_unruled
    for ruling in entry.rulings:
        yield _ruling(ruling, form)


def _ruling(ruling: RulingFigures, form: Format) -> str:
    words = form.words
    spans = ", ".join(form.span(each.start, each.end) for each in ruling.accepted)
    return words.ruled.format(
        at=form.instant(ruling.occurred_at),
        decision=words.decisions[ruling.decision],
        by=ruling.by,
        accepted=words.ruled_accepts.format(spans=spans) if spans else "",
        fact=fact(ruling.position, form),
        reason=ruling.reason,
    )


def _correction(entry: CorrectionEntry, form: Format) -> Iterator[str]:
    words = form.words
    yield words.corrected.format(
        agent=entry.agent,
        span=form.span(entry.interval.start, entry.interval.end),
        action=words.actions[entry.action],
    )
    if entry.outcome:
        yield words.corrected_to.format(outcome=outcome_of(entry.outcome, form))
    yield words.corrected_by.format(
        by=entry.by,
        at=form.instant(entry.recorded_at),
        fact=fact(entry.position, form),
        reason=entry.reason,
    )


def _intervention(entry: InterventionEntry, form: Format) -> Iterator[str]:
    words = form.words
    yield words.intervened.format(
        request=entry.request, span=form.span(entry.interval.start, entry.interval.end), text=entry.text
    )
    account = words.intervened_as.format(by=entry.by, account=entry.account)
    if entry.account_named is None:
        yield f"{account} {words.account_not_named}"
    else:
        yield f"{account} {words.account_named.format(account=entry.account_named)}"
    yield words.intervention_recorded.format(
        at=form.instant(entry.recorded_at), fact=fact(entry.position, form)
    )


def announced_later(entry: MaintenanceEntry, form: Format) -> str:
    """Which work is announced for after the moment known, and where."""
    return form.words.announced_later.format(entry=heading(entry, form), platforms=concerned(entry))


def exclusions(found: Sequence[PlatformExclusion], form: Format) -> Iterator[str]:
    """What an entry excluded and what it did not and why; platforms on which that is the same, together."""
    alike: dict[PlatformExclusion, list[str]] = {}
    for each in found:
        alike.setdefault(each.model_copy(update={"platform": ""}), []).append(each.platform)
    for exclusion, platforms in alike.items():
        yield from _exclusion(exclusion, ", ".join(platforms), form)


def _exclusion(found: PlatformExclusion, platforms: str, form: Format) -> Iterator[str]:
    words = form.words
    if found.excluded:
        spans = ", ".join(form.span(span.start, span.end) for span in found.excluded)
        length = form.duration(found.excluded_ms)
        yield words.excluded.format(platform=platforms, length=length, spans=spans)
    else:
        yield words.excluded_nothing.format(platform=platforms)
    for part in found.not_excluded:
        span, why = form.span(part.start, part.end), words.not_excluded[part.why]
        yield words.not_excluded_because.format(platform=platforms, span=span, why=why)
