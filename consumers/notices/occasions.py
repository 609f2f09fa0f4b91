"""What is to be told to whom: each notice, loss of data and change of sub-processor, to whom it concerns.

Only what was recorded after the contract's first list of administrators: what came before was told otherwise.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from ledger.contracts import Contract, ContractSigned, require_signed
from ledger.directory import INITIAL
from ledger.fact import RecordedFact
from ledger.incidents import Incident, IncidentOpened, IncidentUpdated
from ledger.instants import END_OF_TIME_MS
from ledger.interval import Interval
from ledger.maintenance import Maintenance
from ledger.terms import zone_of
from projections.asof import Known
from projections.attention import concerned
from projections.calendar import day_start_ms
from projections.processor_changes import ProcessorChange, processor_changes
from projections.undelivered import deadline_ms

Kind = Literal["published", "moved", "withdrawn", "alert", "engaged", "changed", "dismissed"]
About = Literal["maintenance", "incident", "processor"]
ABOUT: Mapping[Kind, About] = {
    "published": "maintenance",
    "moved": "maintenance",
    "withdrawn": "maintenance",
    "alert": "incident",
    "engaged": "processor",
    "changed": "processor",
    "dismissed": "processor",
}
_FIRST_DAY = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Occasion:
    """One thing to be told to the administrators of one contract, with its own platforms only."""

    kind: Kind
    signed: ContractSigned
    name: str
    """Of the maintenance, the incident or the sub-processor."""
    cause: int
    """The position of the fact that it tells of."""
    fact_id: str
    occurred_ms: int
    recorded_ms: int
    platforms: tuple[str, ...]
    text: str
    announced: Interval | None = None
    """What is announced or, of a withdrawal, was."""
    before: Interval | None = None
    """What a move moves away from."""
    sequence: int = 0
    """How many notices of this maintenance came before."""
    deadline_ms: int | None = None
    """When it must have been given; of a change of sub-processor when that takes effect."""
    change: ProcessorChange | None = None
    """Of a sub-processor."""

    @property
    def contract(self) -> str:
        """Whose administrators are told."""
        return self.signed.contract

    @property
    def about(self) -> About:
        """What kind of thing its name is of."""
        return ABOUT[self.kind]

    @property
    def is_alert(self) -> bool:
        """Whether it tells of a loss of data."""
        return self.about == "incident"

    @property
    def is_notice(self) -> bool:
        """Whether it tells of maintenance, so that a later one takes its place and a calendar can read it."""
        return self.about == "maintenance"

    @property
    def over_ms(self) -> int:
        """From when on it tells nothing that anybody can still use."""
        return self.announced.end_ms if self.announced else END_OF_TIME_MS

    @property
    def escalation(self) -> str:
        """The name under which it is escalated."""
        return _digest("escalation", self.fact_id, self.contract)


def occasions(known: Known) -> Sequence[Occasion]:
    """Everything to be told to anybody, in the order in which it was recorded."""
    return known.latest("occasions", known.as_of.position, lambda: _occasions(known))


def _occasions(known: Known) -> Sequence[Occasion]:
    losses = list(_losses(known))
    by_position = {recorded.position: recorded for recorded in known.facts}
    told = [
        occasion
        for contract in known.contracts.values()
        if contract.signed
        for occasion in (*_notices(known, contract, by_position), *_alerts(contract, losses))
    ]
    found = [
        occasion
        for occasion in (*told, *_changes(known, by_position))
        if known.directories.get(occasion.contract, INITIAL).known_before(occasion.cause)
    ]
    return sorted(found, key=lambda each: (each.cause, each.contract))


# ---------------------------------------------------------------- notices


def last_notices(known: Known, contract: Contract) -> Sequence[Occasion]:
    """Of each work that was ever announced to a contract its last notice, in the order of the first ones."""
    facts = {recorded.position: recorded for recorded in known.facts}
    last = {each.name: each for each in _notices(known, contract, facts)}
    return list(last.values())


def _notices(known: Known, contract: Contract, facts: dict[int, RecordedFact]) -> Iterator[Occasion]:
    ever = {membership.platform for membership in contract.platforms}
    for maintenance in known.maintenances.values():
        if ever.isdisjoint(maintenance.platforms):  # most are about other contracts: seen without a calendar
            continue
        for index in range(len(maintenance.notices)):
            occasion = _notice(contract, maintenance, index, facts)
            if occasion.platforms:
                yield occasion


def _notice(
    contract: Contract, maintenance: Maintenance, index: int, facts: dict[int, RecordedFact]
) -> Occasion:
    notice = maintenance.notices[index]
    earlier = [each.announced for each in maintenance.notices[:index] if each.announced]
    before = earlier[-1] if earlier else None
    told = [each for each in (notice.announced, before) if each]
    kind: Kind = "published" if index == 0 else "moved" if notice.announced else "withdrawn"
    return Occasion(
        kind=kind,
        signed=require_signed(contract),
        name=maintenance.name,
        cause=notice.position,
        fact_id=facts[notice.position].fact_id,
        occurred_ms=notice.given_ms,
        recorded_ms=notice.recorded_ms,
        platforms=concerned(contract, maintenance.platforms, *told),
        text=notice.text,
        announced=notice.announced or before,
        before=before if notice.announced else None,
        sequence=index,
        deadline_ms=deadline_ms(contract, notice.announced) if notice.announced else None,
    )


# ---------------------------------------------------------------- losses of data


def _losses(known: Known) -> Iterator[tuple[Incident, RecordedFact]]:
    """Each incident in which data were lost, with the fact that first said so."""
    told_of: set[str] = set()
    for recorded in known.facts_about("incident"):
        fact = recorded.fact
        if isinstance(fact, IncidentOpened | IncidentUpdated) and fact.data_loss:
            incident = known.incidents[fact.incident]
            if incident.data_loss and fact.incident not in told_of:
                told_of.add(fact.incident)
                yield incident, recorded


def _alerts(contract: Contract, losses: Sequence[tuple[Incident, RecordedFact]]) -> Iterator[Occasion]:
    for incident, recorded in losses:
        platforms = concerned(contract, incident.platforms, Interval.at(incident.opened_ms))
        if platforms:
            yield Occasion(
                kind="alert",
                signed=require_signed(contract),
                name=incident.name,
                cause=recorded.position,
                fact_id=recorded.fact_id,
                occurred_ms=incident.opened_ms,
                recorded_ms=recorded.recorded_ms,
                platforms=platforms,
                text=incident.summary,
            )


# ---------------------------------------------------------------- changes of sub-processors


def _changes(known: Known, facts: dict[int, RecordedFact]) -> Iterator[Occasion]:
    """Each change is told by itself: a later one takes back nothing of what an earlier one said."""
    for change in processor_changes(known):
        signed = require_signed(known.contracts[change.contract])
        yield Occasion(
            kind=change.what,
            signed=signed,
            name=change.processor,
            cause=change.position,
            fact_id=facts[change.position].fact_id,
            occurred_ms=facts[change.position].occurred_ms,
            recorded_ms=change.recorded_ms,
            platforms=(),
            text=change.reason or change.after.role,
            deadline_ms=_effective_ms(change, signed),
            change=change,
        )


def _effective_ms(change: ProcessorChange, signed: ContractSigned) -> int:
    """The local midnight from which on it is so, or the instant of those that there are next to it."""
    day = change.effective_day
    if change.what == "dismissed" and day < date.max:
        day += timedelta(days=1)
    return min(day_start_ms(zone_of(signed.zone), day), END_OF_TIME_MS - 1) if day > _FIRST_DAY else 0


# ---------------------------------------------------------------- names


def ledger_id(known: Known) -> str:
    """What tells a ledger from any other: its first record. A copy is the same ledger."""
    return known.facts[0].hash


def mail_name(known: Known, occasion: Occasion, person: str) -> str:
    """The name of one message, always the same: of this ledger, about this fact, to this person."""
    return _digest(ledger_id(known), occasion.fact_id, occasion.contract, person)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]
