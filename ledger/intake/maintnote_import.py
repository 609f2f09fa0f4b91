"""Notices of maintenance taken into the ledger: an operator's as bulletins, our own earlier ones as notices.

Every event is kept as a bulletin. One of ours is a notice besides, appended with it, if it is the highest of
its sequence so far: one that comes late is kept and moves nothing.
"""

from collections.abc import Iterable

from ledger import bulletins, maintenance
from ledger.application import Ledger
from ledger.bulletins import Bulletin
from ledger.errors import BadInputError, RefusedError
from ledger.fact import Draft, Evidence, Fact, Span
from ledger.intake.maintnote import Notice
from ledger.intake.names import slug
from ledger.intake.told import SOURCE, ImportedFacts, Keep, import_bulletin
from ledger.maintenance import Maintenance, NoticeMoved, NoticePublished, NoticeWithdrawn

_BY = "import"
_CANCELLED = "CANCELLED"


def import_operators(ledger: Ledger, name: str, notices: Iterable[Notice], keep: Keep) -> ImportedFacts:
    """Store an operator's notices that are new or say something else.

    Raises:
        ConflictError: see `import_bulletin`.
    """
    found = sorted(notices, key=_rank)
    stored = sum(import_bulletin(ledger, each.read, keep) for each in found)
    return ImportedFacts(name, "notice", len(found), stored)


def import_own(ledger: Ledger, name: str, notices: Iterable[Notice], keep: Keep) -> ImportedFacts:
    """Store our own earlier notices, given when their DTSTAMP says, on the platforms that they name.

    Raises:
        BadInputError: a notice names no platform, two notices announce one work, or this ledger announced
            work of that name otherwise. Of the first two nothing is stored.
        ConflictError: another writer was first; the same import again stores what is still missing.
    """
    found, stored, notes = sorted(notices, key=_rank), 0, []
    _require_announceable(name, found)
    for each in found:
        was_stored, note = _import_one(ledger, each, keep)
        stored += was_stored
        notes += [note] if note else []
    begun = "when work began and ended no notice says: `constat maintenance start` and `finish` take it down"
    return ImportedFacts(name, "notice", len(found), stored, (*notes, *((begun,) if stored else ())))


def _rank(notice: Notice) -> tuple[int, int]:
    """The order in which their source changed notices, in whichever files and lines they stand."""
    return notice.read.fact.sequence or 0, notice.read.occurred_ms


def _require_announceable(name: str, notices: Iterable[Notice]) -> None:
    uids: dict[str, str] = {}
    for each in notices:
        fact, work = each.read.fact, maintenance_of(each)
        if not fact.concerned and fact.status != _CANCELLED:
            raise BadInputError(
                f"{name}: event {fact.key} names no platform; write each as X-MAINTNOTE-OBJECT-ID"
            )
        if uids.setdefault(work, fact.key) != fact.key:
            raise BadInputError(
                f"{name}: events {uids[work]} and {fact.key} would both announce maintenance {work}, and one "
                "work has one time; give each an X-MAINTNOTE-MAINTENANCE-ID of its own"
            )


def maintenance_of(notice: Notice) -> str:
    """What the work of a notice is called here: each account is told by itself, and has a maintenance."""
    return slug(f"{notice.work}.{notice.account}" if notice.account else notice.work)


def _import_one(ledger: Ledger, notice: Notice, keep: Keep) -> tuple[bool, str | None]:
    """Whether a notice was stored, and what there is to say of it."""
    read, name = notice.read, maintenance_of(notice)
    streams = bulletins.stream_of(read.fact.bulletin), maintenance.stream_of(name)
    before, bulletin_head = ledger.load(streams[0], bulletins.INITIAL, bulletins.evolve)
    work, work_head = ledger.load(streams[1], maintenance.INITIAL, maintenance.evolve)
    fact = bulletins.receive(before, read.fact)
    if fact is None and work.notices:
        return False, None
    if work.notices and not before.received:
        raise BadInputError(
            f"maintenance {name} was announced already, and not by event {read.fact.key}; if it is the same "
            "work, leave the file out, else give it an X-MAINTNOTE-MAINTENANCE-ID of its own"
        )
    note, drafts = None, []
    try:
        told = _notice(before, work, name, notice)
        drafts = [Draft(streams[1], told, read.occurred_ms, SOURCE)] if told else []
    except RefusedError as error:
        note = f"SEQUENCE {read.fact.sequence} of {name} is kept, and moves nothing: {error}"
    is_told = bool(drafts)
    if fact is not None:  # else it was kept as an operator's before somebody said that it is ours
        evidence = Evidence(name=read.document_name, sha256=keep(read.document))
        kept = fact.model_copy(update={"evidence": (evidence,)})
        drafts.insert(0, Draft(streams[0], kept, read.occurred_ms, SOURCE))
    if not drafts:
        return False, None
    ledger.append_behind(drafts, {streams[0]: bulletin_head, streams[1]: work_head})
    if not is_told and note is None and _is_late(before, notice):
        note = f"SEQUENCE {read.fact.sequence} of {name} came late: kept, and moves nothing"
    return True, note or _other_platforms(work, name, notice)


def _other_platforms(work: Maintenance, name: str, notice: Notice) -> str | None:
    """A notice can move the time of work, and not the platforms."""
    fact = notice.read.fact
    if work.announced is None or fact.status == _CANCELLED or set(fact.concerned) == set(work.platforms):
        return None
    return (
        f"SEQUENCE {fact.sequence} of {name} names other platforms than its first notice; it stays announced "
        f"on {', '.join(work.platforms)}"
    )


def _is_late(before: Bulletin, notice: Notice) -> bool:
    current = before.current
    if current is None:
        return False
    return _rank(notice) < (current.fact.sequence or 0, current.occurred_ms)


def _notice(before: Bulletin, work: Maintenance, name: str, notice: Notice) -> Fact | None:
    """What a notice changes in what is announced, if it is the highest of its sequence."""
    fact, given_ms = notice.read.fact, notice.read.occurred_ms
    assert fact.since_ms is not None
    assert fact.until_ms is not None
    span = Span.of(fact.since_ms, fact.until_ms)
    if _is_late(before, notice):
        return None
    if fact.status == _CANCELLED:
        withdrawn = NoticeWithdrawn(maintenance=name, reason=fact.title, by=_BY)
        return maintenance.withdraw(work, given_ms, withdrawn) if work.announced else None
    if not work.notices:
        published = NoticePublished(
            maintenance=name, platforms=fact.concerned, announced=span, summary=fact.title, by=_BY
        )
        return maintenance.publish(work, published)
    if work.announced == span.interval:
        return None
    moved = NoticeMoved(maintenance=name, announced=span, reason=fact.title, by=_BY)
    return maintenance.move(work, given_ms, moved)
