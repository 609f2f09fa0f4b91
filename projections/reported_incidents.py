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


def browsers(scope: Scope) -> CommitmentEntry:
    """Incidents of the period that were reported from a browser; one that is not supported is no breach."""
    ever = [each for each in _opened(scope) if each.incident.browser]
    here = _in_period(scope, ever)
    return judged(
        "browsers",
        ARCHITECTURE,
        recorded=bool(ever),
        examined=len(here),
        findings=(found for each in here for found in _unsupported(each.incident, scope)),
    )


def _unsupported(incident: Incident, scope: Scope) -> Iterator[Finding]:
    browser = incident.browser
    assert browser is not None
    supported = _supported(browser, scope.terms_at(incident.opened_ms).browsers)
    if supported is None or browser.major_version < supported.major_version:
        yield finding(
            scope,
            incident.name,
            "unsupported-browser",
            incident.opened_ms,
            incident.resolved_ms,
            measured=_text(browser),
            promised=None if supported is None else _text(supported),
            positions=[incident.story[0].position],
        )


def _supported(browser: Browser, oldest: dict[str, int]) -> Browser | None:
    """The oldest supported version of a browser; however its name is written, large or small."""
    for name, major_version in oldest.items():
        if name.casefold() == browser.name.casefold():
            return Browser(name=name, major_version=major_version)
    return None


def _text(browser: Browser) -> str:
    return f"{browser.name} {browser.major_version}"


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
