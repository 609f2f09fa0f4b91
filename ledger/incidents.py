"""Incidents: opened, updated, resolved; and the alerts that tell clients of a loss of data."""

from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field

from ledger.errors import RefusedError
from ledger.fact import Evidence, Fact, Name, Person, RecordedFact, Text, Value

# ---------------------------------------------------------------- facts


class Browser(Value):
    """The browser from which an incident was reported."""

    name: Annotated[str, Field(min_length=1, max_length=40)]
    major_version: Annotated[int, Field(ge=0)]

    @property
    def text(self) -> str:
        """As people write it: `Firefox 128`."""
        return f"{self.name} {self.major_version}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """`Firefox/128` as a browser.

        Raises:
            ValueError: it is none; the text says how one is written.
        """
        name, _, version = text.partition("/")
        if not name or not (version.isascii() and version.isdecimal()):
            raise ValueError(f"{text!r} is no browser; write its name and major version, as Firefox/128")
        return cls(name=name, major_version=int(version))


class IncidentOpened(Fact):
    """Something was seen to be wrong with these platforms; `occurred` says since when."""

    TYPE: ClassVar[str] = "constat.incident.opened.v1"

    incident: Name
    platforms: Annotated[tuple[Name, ...], Field(min_length=1)]
    summary: Text
    data_loss: bool = False
    browser: Browser | None = None
    by: Person = "ops"


class IncidentUpdated(Fact):
    """More became known of an incident."""

    TYPE: ClassVar[str] = "constat.incident.updated.v1"

    incident: Name
    note: Text
    cause: Text | None = None
    data_loss: bool | None = None
    by: Person = "ops"


class IncidentResolved(Fact):
    """The incident is over; `occurred` says since when."""

    TYPE: ClassVar[str] = "constat.incident.resolved.v1"

    incident: Name
    cause: Text
    by: Person = "ops"


class DataLossAlertSent(Fact):
    """The administrators of these platforms were told of a loss of data [RGPD]; `occurred` says when."""

    TYPE: ClassVar[str] = "constat.incident.data-loss-alert-sent.v1"

    incident: Name
    platforms: Annotated[tuple[Name, ...], Field(min_length=1)]
    administrators: tuple[Person, ...] = ()
    evidence: tuple[Evidence, ...] = ()


class BrowserReported(Fact):
    """The incident was met on a platform with this browser [Architecture du service] when it `occurred`."""

    TYPE: ClassVar[str] = "constat.incident.browser-reported.v1"

    incident: Name
    platform: Name
    browser: Browser
    by: Person = "ops"


# ---------------------------------------------------------------- state


@dataclass(frozen=True, slots=True)
class Report:
    """With which browser the incident was met on a platform, and when."""

    platform: str
    browser: Browser
    reported_ms: int
    position: int


@dataclass(frozen=True, slots=True)
class Update:
    """One step of an incident's story."""

    kind: Literal["opened", "updated", "resolved", "alerted", "reported"]
    occurred_ms: int
    recorded_ms: int
    position: int
    text: str
    platforms: tuple[str, ...]
    """Those that this step concerns."""


@dataclass(frozen=True, slots=True)
class Incident:
    """An incident as its facts leave it. No story: it does not exist."""

    name: str = ""
    platforms: tuple[str, ...] = ()
    summary: str = ""
    opened_ms: int = 0
    resolved_ms: int | None = None
    cause: str | None = None
    data_loss: bool = False
    browser: Browser | None = None
    """The one named when it was opened."""
    reports: tuple[Report, ...] = ()
    """The browsers that were named since."""
    alerted: tuple[tuple[str, int], ...] = ()
    """Each platform whose administrators were told of a loss of data, and when."""
    story: tuple[Update, ...] = ()


INITIAL = Incident()


def stream_of(incident: str) -> str:
    """The stream that holds an incident's facts."""
    return f"incident:{incident}"


# ---------------------------------------------------------------- evolve


def evolve(state: Incident, recorded: RecordedFact) -> Incident:
    """The incident after one more of its facts."""
    match recorded.fact:
        case IncidentOpened() as fact:
            opened = Incident(
                name=fact.incident,
                platforms=fact.platforms,
                summary=fact.summary,
                opened_ms=recorded.occurred_ms,
                data_loss=fact.data_loss,
                browser=fact.browser,
            )
            return _told(opened, "opened", recorded, fact.summary)
        case IncidentUpdated() as fact:
            data_loss = state.data_loss if fact.data_loss is None else fact.data_loss
            updated = replace(state, cause=fact.cause or state.cause, data_loss=data_loss)
            return _told(updated, "updated", recorded, fact.note)
        case IncidentResolved() as fact:
            resolved = replace(state, cause=fact.cause, resolved_ms=recorded.occurred_ms)
            return _told(resolved, "resolved", recorded, fact.cause)
        case DataLossAlertSent() as fact:
            told = tuple((platform, recorded.occurred_ms) for platform in fact.platforms)
            alerted = replace(state, alerted=state.alerted + told)
            return _told(alerted, "alerted", recorded, ", ".join(fact.platforms), fact.platforms)
        case BrowserReported() as fact:
            report = Report(fact.platform, fact.browser, recorded.occurred_ms, recorded.position)
            reported = replace(state, reports=(*state.reports, report))
            return _told(reported, "reported", recorded, fact.browser.text, (fact.platform,))
    return state


def _told(
    state: Incident,
    kind: Literal["opened", "updated", "resolved", "alerted", "reported"],
    recorded: RecordedFact,
    text: str,
    platforms: tuple[str, ...] = (),
) -> Incident:
    clocks_ms = recorded.occurred_ms, recorded.recorded_ms
    update = Update(kind, *clocks_ms, recorded.position, text, platforms or state.platforms)
    return replace(state, story=(*state.story, update))


# ---------------------------------------------------------------- decide


def open_incident(state: Incident, opened: IncidentOpened) -> IncidentOpened:
    """Open an incident under a new name."""
    if state.story:
        raise RefusedError(
            f"incident {opened.incident} already exists; add to it with `constat incident update`, or open "
            "another name"
        )
    return opened


def update(state: Incident, updated: IncidentUpdated) -> IncidentUpdated:
    """Add to the story of an incident, resolved or not: causes are often known late."""
    _require_opened(state, updated.incident)
    return updated


def resolve(state: Incident, resolved: IncidentResolved, resolved_ms: int) -> IncidentResolved:
    """Say that an open incident is over."""
    _require_opened(state, resolved.incident)
    if state.resolved_ms is not None:
        raise RefusedError(
            f"incident {resolved.incident} is already resolved; add to its story with `constat incident "
            "update`, or open a new incident if it came back"
        )
    if resolved_ms < state.opened_ms:
        raise RefusedError("the incident would be over before it began; correct the time")
    return resolved


def alert(state: Incident, sent: DataLossAlertSent) -> DataLossAlertSent:
    """Say that administrators of some of the incident's platforms were told of a loss of data."""
    _require_opened(state, sent.incident)
    strangers = [platform for platform in sent.platforms if platform not in state.platforms]
    if strangers:
        raise RefusedError(
            f"incident {sent.incident} does not concern {', '.join(strangers)}; name only its platforms"
        )
    return sent


def report(state: Incident, reported: BrowserReported) -> BrowserReported:
    """Say with which browser an incident was met on one of its platforms."""
    _require_opened(state, reported.incident)
    if reported.platform not in state.platforms:
        raise RefusedError(
            f"incident {reported.incident} does not concern {reported.platform}; its platforms: "
            f"{', '.join(state.platforms)}"
        )
    return reported


def _require_opened(state: Incident, incident: str) -> None:
    if not state.story:
        raise RefusedError(f"no incident {incident}; open it first with `constat incident open`")
