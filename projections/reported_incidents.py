"""What incidents say of two promises: the supported browsers, and the alert after a loss of data.

[Architecture du service], [Règlement général sur la protection des données (RGPD)]
"""

from collections.abc import Iterator
from typing import NamedTuple

from ledger.incidents import Browser, Incident
from projections.clauses import ARCHITECTURE, PERSONAL_DATA
from projections.figures import CommitmentEntry, Finding
from projections.finding import finding, judged
from projections.scope import Scope


class _Opened(NamedTuple):
    """An incident, with the platforms of the contract that it concerned when it was opened."""

    incident: Incident
    platforms: tuple[str, ...]


def _opened(scope: Scope) -> list[_Opened]:
    """In order of time, then of name."""
    incidents = sorted(scope.known.incidents.values(), key=lambda each: (each.opened_ms, each.name))
    found = [_Opened(incident, _concerned(incident, scope)) for incident in incidents]
    return [each for each in found if each.platforms]


def _concerned(incident: Incident, scope: Scope) -> tuple[str, ...]:
    return tuple(
        platform
        for platform in dict.fromkeys(incident.platforms)
        if any(interval.holds(incident.opened_ms) for interval in scope.ever.get(platform, []))
    )


def _in_period(scope: Scope, opened: list[_Opened]) -> list[_Opened]:
    return [each for each in opened if scope.period.interval.holds(each.incident.opened_ms)]


# ---------------------------------------------------------------- browsers


class _Met(NamedTuple):
    """An incident met with a browser: as it was opened, or on a platform of the contract later on."""

    incident: Incident
    browser: Browser
    met_ms: int
    position: int


def browsers(scope: Scope) -> CommitmentEntry:
    """Incidents that were met with a browser in the period; one that is not supported is no breach."""
    ever = [*_met_at_first(scope), *_met_since(scope)]
    here = [each for each in ever if scope.period.interval.holds(each.met_ms)]
    here.sort(key=lambda each: (each.met_ms, each.incident.name, each.position))
    return judged(
        "browsers",
        ARCHITECTURE,
        recorded=bool(ever),
        examined=len(here),
        findings=(found for each in here for found in _unsupported(each, scope)),
    )


def _met_at_first(scope: Scope) -> Iterator[_Met]:
    for incident, _ in _opened(scope):
        if incident.browser:
            yield _Met(incident, incident.browser, incident.opened_ms, incident.story[0].position)


def _met_since(scope: Scope) -> Iterator[_Met]:
    for incident in scope.known.incidents.values():
        for report in incident.reports:
            belongs = scope.ever.get(report.platform, [])
            if any(interval.holds(report.reported_ms) for interval in belongs):
                yield _Met(incident, report.browser, report.reported_ms, report.position)


def _unsupported(met: _Met, scope: Scope) -> Iterator[Finding]:
    supported = _supported(met.browser, scope.terms_at(met.met_ms).browsers)
    resolved_ms = met.incident.resolved_ms
    if supported is None or met.browser.major_version < supported.major_version:
        yield finding(
            scope,
            met.incident.name,
            "unsupported-browser",
            met.met_ms,
            None if resolved_ms is None else max(resolved_ms, met.met_ms),
            measured=met.browser.text,
            promised=None if supported is None else supported.text,
            positions=[met.position],
        )


def _supported(browser: Browser, oldest: dict[str, int]) -> Browser | None:
    """The oldest supported version of a browser; however its name is written, large or small."""
    for name, major_version in oldest.items():
        if name.casefold() == browser.name.casefold():
            return Browser(name=name, major_version=major_version)
    return None


# ---------------------------------------------------------------- loss of data


def data_loss_alert(scope: Scope) -> CommitmentEntry:
    """After a loss of data the administrators of every platform that it concerns are told."""
    ever = [each for each in _opened(scope) if each.incident.data_loss]
    here = _in_period(scope, ever)
    return judged(
        "data-loss-alert",
        PERSONAL_DATA,
        recorded=bool(ever),
        examined=len(here),
        findings=(found for each in here for found in _not_alerted(each, scope)),
    )


def _not_alerted(opened: _Opened, scope: Scope) -> Iterator[Finding]:
    incident = opened.incident
    alerted = {platform for platform, _ in incident.alerted}
    for platform in opened.platforms:
        if platform not in alerted:
            yield finding(
                scope,
                f"{incident.name}/{platform}",
                "not-alerted",
                incident.opened_ms,
                None,
                positions=[step.position for step in incident.story if platform in step.platforms],
            )
