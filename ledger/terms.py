"""The terms of a contract as data: each clause with its number, and the reading in force of each doubt."""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, Field, PlainSerializer, field_validator

from ledger.fact import Name, Value
from ledger.instants import HOUR_MS, MINUTE_MS, SECOND_MS
from ledger.readings import Readings
from ledger.schedule import Schedule

Offer = Literal["fast-track", "professional", "enterprise", "vault"]
Operator = Annotated[str, Field(min_length=1, max_length=100)]
Percent = Annotated[
    Decimal,
    Field(ge=0, le=100, decimal_places=6),
    PlainSerializer(str, return_type=str, when_used="json"),
]


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())  # it looks through a folder each time


def _known_zone(name: str) -> str:
    if name not in _zones():
        raise ValueError(f"{name!r} is no IANA time zone; write one as Europe/Paris")
    return name


Zone = Annotated[str, AfterValidator(_known_zone)]

HOLIDAY_CALENDAR = r"^([A-Z]{2}(-[A-Z0-9]{1,3})?)?$"
"""How a calendar of public holidays is named: a country, a country and its part, or nothing."""
QUOTA_GB: dict[Offer, int] = {"fast-track": 100, "professional": 250, "enterprise": 1000, "vault": 1000}
BROWSERS: dict[str, int] = {"Firefox": 78, "Chrome": 92, "Edge": 91, "Safari": 14}


class Terms(Value):
    """One version of a contract's clauses. Defaults are those of the first contract served."""

    # [Qualité de Services]
    target_percent: Percent = Decimal("99.5")
    daily_allowance_minutes: int = Field(default=7, ge=0)
    tranche_minutes: int = Field(default=60, ge=1)
    days_per_tranche: int = Field(default=1, ge=1)
    cap_days: int = Field(default=365, ge=0)
    holiday_calendar: Annotated[str, Field(pattern=HOLIDAY_CALENDAR)] = "FR"
    extra_holidays: tuple[date, ...] = ()
    maintenance_days_per_quarter_min: int = Field(default=1, ge=0)

    # [Disponibilité du service]
    notice_hours: int = Field(default=24, ge=0)
    maintenance_windows: str = "Mo-Fr 00:00-07:00; Sa-Su 00:00-24:00"

    # How the probes are read; the contract is silent, so the terms say it.
    stale_after_seconds: int = Field(default=150, ge=1)
    agents_min: int = Field(default=1, ge=1)
    agent_weights: dict[Name, Annotated[int, Field(ge=0)]] = Field(default_factory=dict)

    # When an ended period is assessed; the contract is silent.
    assessment_grace_hours: int = Field(default=24, ge=0)

    # [Gestion d'incidents]
    support_answer_hours: int = Field(default=48, ge=1)

    # [Règlement général sur la protection des données (RGPD)]
    directory_sync_hours_max: int = Field(default=7 * 24, ge=1)

    # [Gestion des données et Backups]
    backup_kept_days: int = Field(default=7, ge=0)

    # [Architecture du service]
    operators: tuple[Operator, ...] = ("OVHcloud", "SCALEWAY", "3DS OUTSCALE")
    operators_min: int = Field(default=2, ge=1)
    browsers: dict[str, int] = BROWSERS

    # [Espace de stockage]
    storage_quota_gb: dict[Offer, Annotated[int, Field(ge=1)]] = QUOTA_GB

    readings: Readings = Readings()

    @field_validator("maintenance_windows")
    @classmethod
    def _is_a_weekly_schedule(cls, text: str) -> str:
        Schedule.parse(text)
        return text

    @property
    def target_share(self) -> Fraction:
        """The promised availability, between 0 and 1."""
        return Fraction(self.target_percent) / 100

    @property
    def daily_allowance_ms(self) -> int:
        """How long a platform may be down on one local day under the daily target."""
        return self.daily_allowance_minutes * MINUTE_MS

    @property
    def tranche_ms(self) -> int:
        """The length of one tranche of counted unavailability."""
        return self.tranche_minutes * MINUTE_MS

    @property
    def notice_ms(self) -> int:
        """How long before its start a maintenance must be announced."""
        return self.notice_hours * HOUR_MS

    @property
    def stale_after_ms(self) -> int:
        """How long an agent's outcome holds without a next one."""
        return self.stale_after_seconds * SECOND_MS

    @property
    def assessment_grace_ms(self) -> int:
        """How long after its end a period is left open for rounds that come late."""
        return self.assessment_grace_hours * HOUR_MS


def zone_of(name: str) -> ZoneInfo:
    """The zone in which a contract counts its days."""
    return ZoneInfo(name)
