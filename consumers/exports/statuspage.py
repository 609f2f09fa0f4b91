"""The register of a contract in the form of Statuspage's API, version 2, which many readers know.

Only this contract's platforms are in it, while they belong to it. An update has both clocks: `created_at` is
when the ledger took it down, `display_at` when it was so. A component's state is what the register says of it
now, an open incident or work that is going on; it is no measurement. Work whose notice was withdrawn is left
out: the form has no word for it.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from ledger.contracts import Contract, ContractSigned, require_signed
from ledger.incidents import Incident, Update
from ledger.instants import format_instant
from ledger.interval import Interval
from ledger.maintenance import Maintenance, Notice
from ledger.terms import zone_of
from projections.asof import Known
from projections.attention import concerned
from projections.register import open_span

LATEST = 50
"""A page shows no more of its incidents, and of its works; but all that are open or to come."""
_TOLD = ("opened", "updated", "resolved")
"""The steps of an incident's story that hold no other client's platforms."""
_INDICATORS = {
    "en": {
        "none": "All Systems Operational",
        "maintenance": "Service Under Maintenance",
        "major": "Partial System Outage",
        "critical": "Major Service Outage",
    },
    "fr": {
        "none": "Tous les systèmes sont opérationnels",
        "maintenance": "Maintenance en cours",
        "major": "Panne partielle",
        "critical": "Panne majeure",
    },
}
"""Of all that the form has only this sentence is ours; the states are words that programs read."""

Page = Mapping[str, Any]


def files(known: Known, contract: Contract, url: str) -> Mapping[str, Page]:
    """Every answer of the API, by its path below `/api/v2/`."""
    page = _Written(known, contract, url)
    incidents, works = page.incidents(), page.maintenances()
    unresolved = [each for each in incidents if each["status"] != "resolved"]
    upcoming = [each for each in works if each["status"] == "scheduled"]
    active = [each for each in works if each["status"] == "in_progress"]
    status, components = {"status": page.status()}, {"components": page.components()}
    answers: dict[str, Page] = {
        "status.json": status,
        "components.json": components,
        "incidents.json": {"incidents": incidents[:LATEST]},
        "incidents/unresolved.json": {"incidents": unresolved},
        "scheduled-maintenances.json": {"scheduled_maintenances": works[:LATEST]},
        "scheduled-maintenances/upcoming.json": {"scheduled_maintenances": upcoming},
        "scheduled-maintenances/active.json": {"scheduled_maintenances": active},
        "summary.json": {
            **components,
            "incidents": unresolved,
            "scheduled_maintenances": [*active, *upcoming],
            **status,
        },
    }
    return {path: {"page": page.page(), **answer} for path, answer in answers.items()}


def whole(known: Known, contract: Contract, url: str) -> Page:
    """Everything in one object, past incidents and works as well."""
    page = _Written(known, contract, url)
    return {
        "page": page.page(),
        "components": page.components(),
        "incidents": page.incidents(),
        "scheduled_maintenances": page.maintenances(),
        "status": page.status(),
    }


class _Written:
    """What is known, as the form has it."""

    def __init__(self, known: Known, contract: Contract, url: str) -> None:
        self._known = known
        self._contract = contract
        self._url = url
        self._signed: ContractSigned = require_signed(contract)
        self._zone = zone_of(self._signed.zone)
        self._now = Interval.at(known.as_of.moment_ms)

    def page(self) -> Page:
        return {
            "id": self._signed.contract,
            "name": self._signed.client,
            "url": self._url,
            "time_zone": self._signed.zone,
            "updated_at": self._at(self._known.as_of.recorded_ms),
        }

    def status(self) -> Page:
        found = {each["status"] for each in self.components()}
        if "major_outage" in found:
            indicator = "critical" if found == {"major_outage"} else "major"
        else:
            indicator = "maintenance" if "under_maintenance" in found else "none"
        return {"indicator": indicator, "description": _INDICATORS[self._signed.language][indicator]}

    def components(self) -> list[Page]:
        names = {each.platform: None for each in self._contract.platforms}
        own = concerned(self._contract, names, self._now)
        return [self._component(name, position) for position, name in enumerate(own, 1)]

    def _component(self, name: str, position: int = 1) -> Page:
        return {
            "id": name,
            "name": name,
            "status": self._state(name),
            "position": position,
            "group": False,
            "group_id": None,
            "page_id": self._signed.contract,
        }

    def _state(self, platform: str) -> str:
        incidents = self._known.incidents.values()
        if any(platform in each.platforms and each.resolved_ms is None for each in incidents):
            return "major_outage"
        works = self._known.maintenances.values()
        if any(platform in each.platforms and self._work_state(each) == "in_progress" for each in works):
            return "under_maintenance"
        return "operational"

    # ------------------------------------------------------------ incidents

    def incidents(self) -> list[Page]:
        found = [
            (each.opened_ms, each, own)
            for each in self._known.incidents.values()
            if (own := concerned(self._contract, each.platforms, open_span(each)))
        ]
        found.sort(key=lambda each: (each[0], each[1].name), reverse=True)
        return [self._incident(incident, own) for _, incident, own in found]

    def _incident(self, incident: Incident, own: tuple[str, ...]) -> Page:
        updates = list(self._incident_updates(incident))
        return {
            "id": incident.name,
            "name": incident.summary,
            "status": updates[0]["status"],
            "impact": "critical" if incident.data_loss else "major",
            "created_at": self._at(incident.story[0].recorded_ms),
            "started_at": self._at(incident.opened_ms),
            "resolved_at": self._at(incident.resolved_ms),
            "updated_at": updates[0]["updated_at"],
            "page_id": self._signed.contract,
            "incident_updates": updates,
            "components": [self._component(name) for name in own],
        }

    def _incident_updates(self, incident: Incident) -> Iterator[Page]:
        """The newest first."""
        status, found = "investigating", []
        for each in incident.story:
            if each.kind not in _TOLD:
                continue
            if each.kind == "resolved" or status == "resolved":
                status = "resolved"
            elif each.kind == "updated":
                status = "identified"
            found.append(self._update(incident.name, status, each))
        yield from reversed(found)

    # ------------------------------------------------------------ works

    def maintenances(self) -> list[Page]:
        found = [
            (each.announced.start_ms, each, own)
            for each in self._known.maintenances.values()
            if each.announced and (own := concerned(self._contract, each.platforms, each.announced))
        ]
        found.sort(key=lambda each: (each[0], each[1].name), reverse=True)
        return [self._maintenance(work, own) for _, work, own in found]

    def _maintenance(self, work: Maintenance, own: tuple[str, ...]) -> Page:
        assert work.announced is not None
        updates = [self._update(work.name, "scheduled", each) for each in reversed(work.notices)]
        return {
            "id": work.name,
            "name": work.notices[0].text,
            "status": self._work_state(work),
            "impact": "maintenance",
            "scheduled_for": self._at(work.announced.start_ms),
            "scheduled_until": self._at(work.announced.end_ms),
            "created_at": self._at(work.notices[0].recorded_ms),
            "started_at": self._at(work.started_ms),
            "resolved_at": self._at(work.finished_ms),
            "updated_at": self._at(work.notices[-1].recorded_ms),
            "page_id": self._signed.contract,
            "incident_updates": updates,
            "components": [self._component(name) for name in own],
        }

    def _work_state(self, work: Maintenance) -> str:
        if work.announced is None:
            return "withdrawn"
        if work.finished_ms is not None:
            return "completed"
        if (
            work.started_ms is not None
            or work.announced.start_ms <= self._now.start_ms < work.announced.end_ms
        ):
            return "in_progress"
        return "scheduled" if self._now.start_ms < work.announced.start_ms else "completed"

    # ------------------------------------------------------------ both

    def _update(self, name: str, status: str, told: Update | Notice) -> Page:
        occurred_ms = told.occurred_ms if isinstance(told, Update) else told.given_ms
        return {
            "id": f"{name}.{told.position}",
            "incident_id": name,
            "status": status,
            "body": told.text,
            "created_at": self._at(told.recorded_ms),
            "display_at": self._at(occurred_ms),
            "updated_at": self._at(told.recorded_ms),
            "affected_components": None,
        }

    def _at(self, instant_ms: int | None) -> str | None:
        return None if instant_ms is None else format_instant(instant_ms, self._zone)
