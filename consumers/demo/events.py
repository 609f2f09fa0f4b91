"""What people did in that month: notices, work, incidents, a claim, a correction, requests, backups."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from consumers.demo.clients import CLIENTS, DISPUTED, FIRST_DAY, SIGNED_AT, Client
from consumers.demo.observations import BEGIN_MS, END_MS
from consumers.demo.processors import engaged
from ledger import claims, contracts, corrections, incidents, maintenance, operations, support
from ledger.contracts import ContractAmended, ContractSigned, PlatformAdded
from ledger.corrections import ResultsCorrected
from ledger.fact import Draft, Fact, Span
from ledger.incidents import Browser, IncidentOpened, IncidentResolved, IncidentUpdated
from ledger.instants import DAY_MS, HOUR_MS, MINUTE_MS, from_ms, parse_instant
from ledger.maintenance import (
    MaintenanceFinished,
    MaintenanceStarted,
    NoticeMoved,
    NoticePublished,
    NoticeWithdrawn,
)
from ledger.operations import BackupExpired, BackupReplicated, BackupTaken, DataPlaced, StorageMeasured
from ledger.support import SupportAnswered, SupportRequested

PROD = "atelier-nord-prod"
MAIN, SECOND = "OVHcloud", "SCALEWAY"


@dataclass(frozen=True, slots=True)
class Taken:
    """Facts that the ledger takes down together, and its clock when it does."""

    recorded_ms: int
    drafts: tuple[Draft, ...]


def taken_down() -> list[Taken]:
    """Everything that people recorded, in the order in which the ledger took it down."""
    story = [*_contracts(), *_notices(), *_incidents(), *_claims(), *_support(), *_backups()]
    story += [Taken(at_ms + 20_000, (draft,)) for at_ms, draft in engaged()]
    return sorted(story, key=lambda taken: taken.recorded_ms)


def _at(text: str, stream: str, *facts: Fact, recorded_at: str | None = None) -> Taken:
    occurred_ms = parse_instant(text)
    recorded_ms = parse_instant(recorded_at) if recorded_at else occurred_ms + 20_000
    return Taken(recorded_ms, tuple(Draft(stream, fact, occurred_ms) for fact in facts))


def _span(start: str, end: str) -> Span:
    return Span.of(parse_instant(start), parse_instant(end))


def _contracts() -> Iterator[Taken]:
    for client in CLIENTS:
        yield _at(SIGNED_AT, contracts.stream_of(client.contract), *_signature(client))
    coop = CLIENTS[2]
    amended = ContractAmended(
        contract=coop.contract,
        terms_version=2,
        from_day=FIRST_DAY.replace(day=19),
        terms=coop.terms.model_copy(update={"notice_hours": 48}),
        reason="the client wants to be told two days ahead",
    )
    yield _at("2026-10-10T16:00:00+02:00", contracts.stream_of(coop.contract), amended)


def _signature(client: Client) -> Iterator[Fact]:
    yield ContractSigned(
        contract=client.contract,
        client=client.name,
        language="en" if client.language == "en" else "fr",
        first_day=FIRST_DAY,
        terms=client.terms,
    )
    for platform in client.platforms:
        joins = client.joins_later.get(platform, FIRST_DAY)
        yield PlatformAdded(contract=client.contract, platform=platform, from_day=joins, offer=client.offer)


class Work(NamedTuple):
    """A maintenance as it was announced and done."""

    name: str
    platforms: tuple[str, ...]
    summary: str
    given_at: str
    announced: tuple[str, str]
    done: tuple[str, str]


WORKS = (
    Work(
        "db-upgrade",
        (PROD,),
        "database upgrade",
        "2026-10-13T06:01:00+02:00",
        ("2026-10-14T06:00:00+02:00", "2026-10-14T07:00:00+02:00"),
        ("2026-10-14T06:02:00+02:00", "2026-10-14T09:20:00+02:00"),
    ),
    Work(
        "noon-tuesday",
        (PROD,),
        "replacement of a load balancer",
        "2026-10-16T09:00:00+02:00",
        ("2026-10-20T12:00:00+02:00", "2026-10-20T13:00:00+02:00"),
        ("2026-10-20T12:00:00+02:00", "2026-10-20T12:45:00+02:00"),
    ),
    Work(
        "noon-sunday",
        (PROD,),
        "move of the file store",
        "2026-10-16T09:05:00+02:00",
        ("2026-10-18T12:00:00+02:00", "2026-10-18T13:00:00+02:00"),
        ("2026-10-18T12:00:00+02:00", "2026-10-18T13:00:00+02:00"),
    ),
    Work(
        "clock-night",
        ("hanse-logistik-prod",),
        "kernel update",
        "2026-10-22T10:00:00+02:00",
        ("2026-10-25T02:00:00+02:00", "2026-10-25T03:00:00+01:00"),
        ("2026-10-25T02:00:00+02:00", "2026-10-25T03:10:00+01:00"),
    ),
    Work(
        "storage-a",
        ("coop-sud-prod", "coop-sud-02"),
        "storage move, first half",
        "2026-10-11T18:00:00+02:00",
        ("2026-10-13T01:00:00+02:00", "2026-10-13T03:30:00+02:00"),
        ("2026-10-13T01:00:00+02:00", "2026-10-13T03:20:00+02:00"),
    ),
    Work(
        "storage-b",
        ("coop-sud-prod", "coop-sud-02"),
        "storage move, second half",
        "2026-10-11T18:05:00+02:00",
        ("2026-10-13T03:00:00+02:00", "2026-10-13T05:00:00+02:00"),
        ("2026-10-13T03:20:00+02:00", "2026-10-13T05:30:00+02:00"),
    ),
)


def _notices() -> Iterator[Taken]:
    for work in WORKS:
        stream = maintenance.stream_of(work.name)
        published = NoticePublished(
            maintenance=work.name,
            platforms=work.platforms,
            announced=_span(*work.announced),
            summary=work.summary,
        )
        started, finished = work.done
        yield _at(work.given_at, stream, published)
        yield _at(started, stream, MaintenanceStarted(maintenance=work.name))
        yield _at(finished, stream, MaintenanceFinished(maintenance=work.name))
    yield from _wandering()


def _wandering() -> Iterator[Taken]:
    """Announced, moved, withdrawn in the end: it excludes nothing, and the register tells its story."""
    name, stream = "search-index", maintenance.stream_of("search-index")
    platforms = ("coop-sud-04", "coop-sud-05")
    first = _span("2026-10-21T01:00:00+02:00", "2026-10-21T03:00:00+02:00")
    second = _span("2026-10-23T01:00:00+02:00", "2026-10-23T03:00:00+02:00")
    yield _at(
        "2026-10-17T11:00:00+02:00",
        stream,
        NoticePublished(maintenance=name, platforms=platforms, announced=first, summary="new search index"),
    )
    yield _at(
        "2026-10-19T15:00:00+02:00",
        stream,
        NoticeMoved(maintenance=name, announced=second, reason="the supplier is late"),
    )
    yield _at(
        "2026-10-22T17:00:00+02:00",
        stream,
        NoticeWithdrawn(maintenance=name, reason="the supplier is still late"),
    )


def _incidents() -> Iterator[Taken]:
    stream = incidents.stream_of("inc-118")
    yield _at(
        "2026-10-06T09:12:00+02:00",
        stream,
        IncidentOpened(incident="inc-118", platforms=(PROD,), summary="the service answers 503"),
        recorded_at="2026-10-06T09:19:00+02:00",
    )
    yield _at(
        "2026-10-06T09:55:00+02:00",
        stream,
        IncidentUpdated(incident="inc-118", note="all backends of the pool were marked as failed"),
    )
    yield _at(
        "2026-10-06T10:47:00+02:00",
        stream,
        IncidentResolved(incident="inc-118", cause="a health check that could not succeed was deployed"),
        recorded_at="2026-10-06T11:30:00+02:00",
    )
    stream = incidents.stream_of("inc-124")
    yield _at(
        "2026-10-22T14:00:00+02:00",
        stream,
        IncidentOpened(
            incident="inc-124", platforms=(PROD,), summary="the main data centre cannot be reached"
        ),
        recorded_at="2026-10-22T14:06:00+02:00",
    )
    yield _at(
        "2026-10-22T17:00:00+02:00",
        stream,
        IncidentResolved(
            incident="inc-124", cause="flooded basement at the operator; then a fail-over done by hand"
        ),
        recorded_at="2026-10-22T18:00:00+02:00",
    )
    stream = incidents.stream_of("inc-130")
    old = Browser(name="Firefox", major_version=72)
    yield _at(
        "2026-10-28T11:00:00+01:00",
        stream,
        IncidentOpened(
            incident="inc-130", platforms=("coop-sud-07",), summary="buttons do not react", browser=old
        ),
    )
    yield _at(
        "2026-10-28T11:40:00+01:00",
        stream,
        IncidentResolved(incident="inc-130", cause="a browser that the contract does not support"),
    )


def _claims() -> Iterator[Taken]:
    stream = claims.stream_of("fm-1")
    claimed = _span("2026-10-22T14:00:00+02:00", "2026-10-22T17:00:00+02:00")
    half = _span("2026-10-22T14:00:00+02:00", "2026-10-22T15:30:00+02:00")
    yield _at(
        "2026-10-24T10:00:00+02:00",
        stream,
        claims.ClaimFiled(
            claim="fm-1",
            platforms=(PROD,),
            claimed=claimed,
            event="flood after a storm, basement of the main data centre",
        ),
    )
    ruled = claims.ClaimRuled(
        claim="fm-1",
        decision="in-part",
        accepted=(half,),
        by="jurist-2",
        reason="the flood explains the interruption until the fail-over was possible, at 15:30",
    )
    yield _at("2026-11-05T15:00:00+01:00", stream, ruled)
    false_alarm = ResultsCorrected(
        correction="certificate-store",
        agent="frankfurt-1",
        platform=PROD,
        interval=_span("2026-10-27T09:55:00+01:00", "2026-10-27T10:45:00+01:00"),
        action="annulled",
        reason="the agent's own certificate store had expired; the service answered the others",
        by="sre-4",
    )
    other = false_alarm.model_copy(update={"correction": "certificate-store-2", "agent": "lyon-1"})
    for corrected in (false_alarm, other):
        yield _at("2026-11-04T11:00:00+01:00", corrections.stream_of(corrected.correction), corrected)


def _support() -> Iterator[Taken]:
    asked = (
        ("r-501", "2026-10-06T09:30:00+02:00", 3),
        ("r-502", "2026-10-16T17:00:00+02:00", 66),
        ("r-503", "2026-10-27T10:20:00+01:00", 5),
    )
    for number, filed_at, hours in asked:
        requested = SupportRequested(
            request=number,
            contract=DISPUTED,
            platform=PROD,
            subject="the service cannot be used",
            by="admin-7",
        )
        yield _at(filed_at, support.stream_of(number), requested)
        answered_ms = parse_instant(filed_at) + hours * HOUR_MS
        answered = SupportAnswered(request=number, by="support-3")
        yield Taken(answered_ms + MINUTE_MS, (Draft(support.stream_of(number), answered, answered_ms),))


def _backups() -> Iterator[Taken]:
    placed = [
        Draft(operations.stream_of(p), DataPlaced(platform=p, operators=(MAIN, SECOND)), BEGIN_MS)
        for p in _platforms()
    ]
    yield Taken(BEGIN_MS + MINUTE_MS, tuple(placed))
    for day, night_ms in enumerate(range(BEGIN_MS + 3 * HOUR_MS, END_MS, DAY_MS), 1):
        yield Taken(night_ms + HOUR_MS, tuple(_night(day, night_ms)))
    full = StorageMeasured(platform="coop-sud-02", used_bytes=262_000_000_000)
    yield _at("2026-10-24T08:00:00+02:00", operations.stream_of("coop-sud-02"), full)


def _night(day: int, night_ms: int) -> Iterator[Draft]:
    for platform in _platforms():
        if (platform, day) == (PROD, 17):
            continue  # One night without a backup: the register of commitments finds it.
        stream, name = operations.stream_of(platform), f"night-{from_ms(night_ms):%Y-%m-%d}"
        yield Draft(stream, BackupTaken(platform=platform, backup=name, operator=MAIN), night_ms)
        yield Draft(
            stream, BackupReplicated(platform=platform, backup=name, operator=SECOND), night_ms + HOUR_MS // 2
        )
        old_ms = night_ms - 8 * DAY_MS
        if old_ms >= BEGIN_MS and (platform, day - 8) != (PROD, 17):
            expired = BackupExpired(platform=platform, backup=f"night-{from_ms(old_ms):%Y-%m-%d}")
            yield Draft(stream, expired, night_ms + HOUR_MS // 2)


def _platforms() -> list[str]:
    return [
        platform for client in CLIENTS for platform in client.platforms if platform not in client.joins_later
    ]
