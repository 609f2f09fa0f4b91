"""Maintenances: announced by notices, moved, withdrawn, started, finished.

A notice's `occurred` clock is when it was published or, told in another way than by mail, when the client had
it. When its mails gave it to a contract is the projections' (`projections/given.py`).
"""

from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

from pydantic import Field

from ledger.errors import RefusedError
from ledger.fact import Fact, Name, Person, RecordedFact, Span, Text
from ledger.instants import format_instant
from ledger.interval import Interval

# ---------------------------------------------------------------- facts


class NoticePublished(Fact):
    """Work on these platforms was announced for an interval."""

    TYPE: ClassVar[str] = "constat.maintenance.notice-published.v1"

    maintenance: Name
    platforms: Annotated[tuple[Name, ...], Field(min_length=1)]
    announced: Span
    summary: Text
    by: Person = "ops"


class NoticeMoved(Fact):
    """The announced work was put at another interval."""

    TYPE: ClassVar[str] = "constat.maintenance.notice-moved.v1"

    maintenance: Name
    announced: Span
    reason: Text
    by: Person = "ops"


class NoticeWithdrawn(Fact):
    """The announced work will not take place; from now on nothing is announced."""

    TYPE: ClassVar[str] = "constat.maintenance.notice-withdrawn.v1"

    maintenance: Name
    reason: Text
    by: Person = "ops"


class MaintenanceStarted(Fact):
    """The work began; `occurred` says when."""

    TYPE: ClassVar[str] = "constat.maintenance.started.v1"

    maintenance: Name


class MaintenanceFinished(Fact):
    """The work was over; `occurred` says when."""

    TYPE: ClassVar[str] = "constat.maintenance.finished.v1"

    maintenance: Name


NoticeFact = NoticePublished | NoticeMoved | NoticeWithdrawn

# ---------------------------------------------------------------- state


@dataclass(frozen=True, slots=True)
class Notice:
    """One announcement: what it announced (nothing, if withdrawn), and both clocks of when it was given."""

    kind: str
    announced: Interval | None
    given_ms: int
    recorded_ms: int
    position: int
    text: str
    by: str


@dataclass(frozen=True, slots=True)
class Maintenance:
    """A maintenance as its facts leave it. No notices: it does not exist."""

    name: str = ""
    platforms: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()
    started_ms: int | None = None
    finished_ms: int | None = None
    work_positions: tuple[int, ...] = ()

    @property
    def withdrawn_ms(self) -> int | None:
        """When the last notice took the announcement back; None if it stands or never was."""
        return self.notices[-1].given_ms if self.notices and self.announced is None else None

    @property
    def announced(self) -> Interval | None:
        """What the last notice announces; None if it was withdrawn or never published."""
        return self.notices[-1].announced if self.notices else None


INITIAL = Maintenance()


def stream_of(maintenance: str) -> str:
    """The stream that holds a maintenance's facts."""
    return f"maintenance:{maintenance}"


# ---------------------------------------------------------------- evolve


def evolve(state: Maintenance, recorded: RecordedFact) -> Maintenance:
    """The maintenance after one more of its facts."""
    match recorded.fact:
        case NoticePublished() as fact:
            published = _notice("published", fact.announced.interval, recorded, fact.summary, fact.by)
            return replace(state, name=fact.maintenance, platforms=fact.platforms, notices=(published,))
        case NoticeMoved() as fact:
            moved = _notice("moved", fact.announced.interval, recorded, fact.reason, fact.by)
            return replace(state, notices=(*state.notices, moved))
        case NoticeWithdrawn() as fact:
            withdrawn = _notice("withdrawn", None, recorded, fact.reason, fact.by)
            return replace(state, notices=(*state.notices, withdrawn))
        case MaintenanceStarted():
            work = (*state.work_positions, recorded.position)
            return replace(state, started_ms=recorded.occurred_ms, work_positions=work)
        case MaintenanceFinished():
            work = (*state.work_positions, recorded.position)
            return replace(state, finished_ms=recorded.occurred_ms, work_positions=work)
    return state


def _notice(kind: str, announced: Interval | None, recorded: RecordedFact, text: str, by: str) -> Notice:
    return Notice(kind, announced, recorded.occurred_ms, recorded.recorded_ms, recorded.position, text, by)


# ---------------------------------------------------------------- decide


def publish(state: Maintenance, notice: NoticePublished) -> NoticePublished:
    """Announce work under a name that no maintenance has yet."""
    require_not_published(state, notice.maintenance)
    return notice


def require_not_published(state: Maintenance, maintenance: str) -> None:
    """Refuse a name under which work was announced.

    Raises:
        RefusedError: says what to do instead.
    """
    if state.notices:
        raise RefusedError(
            f"maintenance {maintenance} was already announced; change its time with `constat notice "
            "move`, or announce other work under another name"
        )


def move(state: Maintenance, given_ms: int, moved: NoticeMoved) -> NoticeMoved:
    """Put announced work at another interval, before it is over."""
    _require_announced(state, moved.maintenance, "moved")
    _require_later(state, given_ms)
    _require_not_over(state, given_ms, "moved")
    _require_elsewhere(state, moved.announced.interval)
    return moved


def withdraw(state: Maintenance, given_ms: int, withdrawn: NoticeWithdrawn) -> NoticeWithdrawn:
    """Take an announcement back, before its work is over."""
    _require_announced(state, withdrawn.maintenance, "withdrawn")
    _require_later(state, given_ms)
    _require_not_over(state, given_ms, "taken back")
    return withdrawn


def start(state: Maintenance, maintenance: str) -> MaintenanceStarted:
    """Say that the work began; it may have been done although its notice was withdrawn."""
    require_published(state, maintenance)
    if state.started_ms is not None:
        raise RefusedError(
            f"maintenance {maintenance} already started at {format_instant(state.started_ms)}; announce "
            "other work under another name"
        )
    return MaintenanceStarted(maintenance=maintenance)


def finish(state: Maintenance, maintenance: str, finished_ms: int) -> MaintenanceFinished:
    """Say that the work is over."""
    if state.started_ms is None:
        raise RefusedError(
            f"maintenance {maintenance} has not started; record `constat maintenance start` first"
        )
    if state.finished_ms is not None:
        raise RefusedError(
            f"maintenance {maintenance} already finished at {format_instant(state.finished_ms)}; announce "
            "other work under another name"
        )
    if finished_ms < state.started_ms:
        raise RefusedError("the work would end before it started; correct the time")
    return MaintenanceFinished(maintenance=maintenance)


def require_published(state: Maintenance, maintenance: str) -> None:
    """Refuse what only work can be that was announced once.

    Raises:
        RefusedError: it never was.
    """
    if not state.notices:
        raise RefusedError(f"maintenance {maintenance} was never announced; publish its notice first")


def _require_announced(state: Maintenance, maintenance: str, what: str) -> None:
    require_published(state, maintenance)
    if state.announced is None:
        raise RefusedError(
            f"the notice of {maintenance} has been withdrawn, so there is nothing to be {what}; publish a "
            "new notice under another name"
        )


def _require_later(state: Maintenance, given_ms: int) -> None:
    before_ms = state.notices[-1].given_ms
    if given_ms < before_ms:
        raise RefusedError(
            f"the notice before this one was given at {format_instant(before_ms)}; a later notice cannot be "
            "given before it: correct the time"
        )


def _require_not_over(state: Maintenance, given_ms: int, what: str) -> None:
    if state.finished_ms is not None and given_ms >= state.finished_ms:
        raise RefusedError(
            f"the work of {state.name} was over at {format_instant(state.finished_ms)}; what was announced "
            f"and done cannot be {what}: if the notice was given earlier, say when; other work needs another "
            "name"
        )


def _require_elsewhere(state: Maintenance, announced: Interval) -> None:
    """A move to where the work is announced moves nothing, and every administrator would be told of it."""
    if announced == state.announced:
        raise RefusedError(
            f"maintenance {state.name} is announced from {format_instant(announced.start_ms)} to "
            f"{format_instant(announced.end_ms)} already, so nothing would move; if another time was meant, "
            "name that one"
        )
