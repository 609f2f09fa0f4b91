"""Who else processes the data of that month's platforms, and what two clients chose to switch on."""

from collections.abc import Iterator
from typing import NamedTuple

from consumers.demo.clients import FIRST_DAY
from ledger import components, processors
from ledger.components import ComponentEnabled, Kind
from ledger.fact import Draft
from ledger.instants import parse_instant
from ledger.processors import ProcessorEngaged

ENGAGED_AT = "2026-09-01T09:00:00+02:00"
"""Before any contract was signed: each client found the three in the register, and was told of no change."""


class Company(NamedTuple):
    """A sub-processor as the service level agreement names it, and what it does."""

    processor: str
    name: str
    address: str
    registration: str
    role: str


COMPANIES = (
    Company(
        "ovhcloud",
        "OVHcloud",
        "2 rue Kellermann, 59100 Roubaix",
        "SIRET 42476141900045",
        "héberge le centre de données principal",
    ),
    Company(
        "scaleway",
        "SCALEWAY",
        "8 rue de la Ville L'Évêque, 75008 Paris",
        "SIRET 43311590400057",
        "garde les copies des sauvegardes",
    ),
    Company(
        "outscale",
        "3DS OUTSCALE",
        "1 rue Royale, 92210 Saint-Cloud",
        "SIRET 52759449300027",
        "tient la redondance en réserve",
    ),
)


class Chosen(NamedTuple):
    """A component that a client switched on."""

    at: str
    platform: str
    component: str
    name: str
    kind: Kind
    outside_eu: bool


CHOSEN = (
    Chosen(
        "2026-10-02T11:00:00+02:00",
        "atelier-nord-prod",
        "google-analytics",
        "Google Analytics",
        "analytics",
        outside_eu=True,
    ),
    Chosen(
        "2026-10-12T09:30:00+02:00",
        "coop-sud-prod",
        "linkedin-sign-on",
        "LinkedIn",
        "sign-on",
        outside_eu=True,
    ),
)


def engaged() -> Iterator[tuple[int, Draft]]:
    """Each fact with the moment at which it occurred."""
    for company in COMPANIES:
        fact = ProcessorEngaged(from_day=FIRST_DAY, **company._asdict())
        at_ms = parse_instant(ENGAGED_AT)
        yield at_ms, Draft(processors.stream_of(company.processor), fact, at_ms)
    for chosen in CHOSEN:
        switched_on = ComponentEnabled(
            platform=chosen.platform,
            component=chosen.component,
            name=chosen.name,
            kind=chosen.kind,
            transfers_outside_eu=chosen.outside_eu,
            by="admin-7",
        )
        at_ms = parse_instant(chosen.at)
        yield at_ms, Draft(components.stream_of(chosen.platform), switched_on, at_ms)
