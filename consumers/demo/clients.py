"""Who takes part in the demonstration: three clients with their platforms and terms, and three agents."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from ledger.terms import Offer, Terms

FIRST_DAY = date(2026, 10, 1)
SIGNED_AT = "2026-09-15T10:00:00+02:00"
AGENTS = ("paris-1", "frankfurt-1", "lyon-1")
DISPUTED = "atelier-nord"


@dataclass(frozen=True, slots=True)
class Client:
    """A contract to sign."""

    contract: str
    name: str
    language: str
    offer: Offer
    platform_count: int
    terms: Terms
    joins_later: dict[str, date] = field(default_factory=dict)

    @property
    def platforms(self) -> list[str]:
        """Its platforms by name; the first is the one that people use most."""
        numbered = [f"{self.contract}-{number:02}" for number in range(2, self.platform_count + 1)]
        return [f"{self.contract}-prod", *numbered]


def _terms(**changes: Any) -> Terms:  # noqa: ANN401 - whatever the terms hold
    return Terms(**changes)


CLIENTS = (
    Client(DISPUTED, "Atelier du Nord SAS", "fr", "enterprise", 12, _terms()),
    Client(
        "hanse-logistik",
        "Hanse Logistik GmbH",
        "en",
        "vault",
        8,
        _terms(
            target_percent=Decimal("99.9"),
            readings={"service-hours": "24/7", "degraded": "down", "maintenance-extent": "work"},
        ),
    ),
    Client(
        "coop-sud",
        "Coopérative du Sud SCA",
        "fr",
        "professional",
        20,
        _terms(readings={"several-platforms": "worst", "notice": "best-effort"}),
        joins_later={"coop-sud-20": date(2026, 10, 15)},
    ),
)


def all_platforms() -> list[str]:
    """Every platform of every client, in the order in which the agents probe them."""
    return [platform for client in CLIENTS for platform in client.platforms]
