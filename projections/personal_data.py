"""The register of personal data of one contract: who processes them, and what may carry them away [RGPD].

Laid out as known at a moment, with what was, what is and what will be; each says from when to when. Whether a
sub-processor is engaged is said of the day of that moment, so that the digest is the same all that day; a
component is there until it is known to be switched off.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any, Literal
from zoneinfo import ZoneInfo

from ledger.components import INITIAL, Kind, Use
from ledger.contracts import Contract, ContractSigned, require_signed
from ledger.instants import format_instant
from ledger.interval import Interval, intersect
from ledger.processors import Engagement
from ledger.terms import zone_of
from projections.asof import Known
from projections.calendar import END_OF_TIME_MS, local_date
from projections.canonical import digest
from projections.clauses import PERSONAL_DATA
from projections.figures import AsOfFigures, Figures, Instant
from projections.moment import as_of_figures
from projections.periods import memberships

When = Literal["past", "present", "future"]


class ProcessorFigures(Figures):
    """A sub-processor as it is engaged between two days, both of which it is."""

    processor: str
    name: str
    address: str
    registration: str
    role: str
    from_day: str
    last_day: str | None
    when: When
    positions: tuple[int, ...]


class ComponentFigures(Figures):
    """An optional component of a platform, from when to when it was on."""

    platform: str
    component: str
    name: str
    kind: Kind
    transfers_outside_eu: bool
    enabled_at: Instant
    disabled_at: Instant | None
    when: When
    positions: tuple[int, ...]

    @property
    def transfers_now(self) -> bool:
        """Whether it is on and may transfer data outside the European Union."""
        return self.transfers_outside_eu and self.when == "present"


class PersonalData(Figures):
    """Everything that `personal-data --json` prints."""

    contract: str
    client: str
    language: Literal["fr", "en"]
    zone: str
    clause: str
    day: str
    """The local day of the moment asked about, by which `when` is said."""
    as_of: AsOfFigures
    processors: tuple[ProcessorFigures, ...]
    components: tuple[ComponentFigures, ...]
    transfers_outside_eu: bool
    """Whether any component that may transfer data outside the European Union is on."""
    digest: str = ""


def personal_data(known: Known, contract_name: str) -> PersonalData:
    """The register of a contract as known at a moment.

    Raises:
        BadInputError: no contract of that name was known.
    """
    contract = known.contract(contract_name)
    signed = require_signed(contract)
    zone = zone_of(signed.zone)
    today = local_date(zone, known.as_of.moment_ms)
    components = tuple(_components(known, contract, zone))
    laid_out = PersonalData(
        contract=signed.contract,
        client=signed.client,
        language=signed.language,
        zone=signed.zone,
        clause=PERSONAL_DATA,
        day=today.isoformat(),
        as_of=as_of_figures(known.as_of, zone),
        processors=tuple(_processors(known, signed, today)),
        components=components,
        transfers_outside_eu=any(each.transfers_now for each in components),
    )
    return laid_out.model_copy(update={"digest": digest(as_json(laid_out))})


def as_json(register: PersonalData) -> dict[str, Any]:
    """The object that `--json` prints."""
    return register.model_dump(mode="json", by_alias=True)


# ---------------------------------------------------------------- sub-processors


def _processors(known: Known, signed: ContractSigned, today: date) -> Iterator[ProcessorFigures]:
    found = [
        _processor(name, engagement, today)
        for name, processor in known.processors.items()
        for engagement in processor.engagements
        if engagement.concerns(signed.contract)
    ]
    yield from sorted(found, key=lambda each: (each.processor, each.from_day))


def _processor(processor: str, engagement: Engagement, today: date) -> ProcessorFigures:
    last_day = engagement.last_day
    return ProcessorFigures(
        processor=processor,
        name=engagement.name,
        address=engagement.address,
        registration=engagement.registration,
        role=engagement.role,
        from_day=engagement.from_day.isoformat(),
        last_day=None if last_day is None else last_day.isoformat(),
        when=_when(engagement.from_day, last_day, today),
        positions=engagement.positions,
    )


def _when(from_day: date, last_day: date | None, today: date) -> When:
    if today < from_day:
        return "future"
    return "past" if last_day is not None and last_day < today else "present"


# ---------------------------------------------------------------- components


def _components(known: Known, contract: Contract, zone: ZoneInfo) -> Iterator[ComponentFigures]:
    """Those that were on at some time while their platform belonged to the contract."""
    for platform, belongs in sorted(memberships(contract).items()):
        uses = known.components.get(platform, INITIAL).uses
        for use in sorted(uses, key=lambda use: (use.enabled.component, use.enabled_ms)):
            if intersect([_on(use)], belongs):
                yield _component(use, zone)


def _on(use: Use) -> Interval:
    disabled_ms = END_OF_TIME_MS if use.disabled_ms is None else use.disabled_ms
    return Interval(use.enabled_ms, max(disabled_ms, use.enabled_ms + 1))


def _component(use: Use, zone: ZoneInfo) -> ComponentFigures:
    fact, disabled_ms = use.enabled, use.disabled_ms
    return ComponentFigures(
        platform=fact.platform,
        component=fact.component,
        name=fact.name,
        kind=fact.kind,
        transfers_outside_eu=fact.transfers_outside_eu,
        enabled_at=format_instant(use.enabled_ms, zone),
        disabled_at=None if disabled_ms is None else format_instant(disabled_ms, zone),
        when="present" if disabled_ms is None else "past",
        positions=use.positions,
    )
