"""What the oracle is told: plain facts, each with the moment at which the ledger took it down.

Instants are UTC milliseconds. A list of facts is in the order of the ledger.
"""

from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from pathlib import Path

DEFAULT_READINGS = {
    "period": "30-days",
    "service-hours": "Mo-Fr 09:00-18:00; PH off",
    "quorum": "majority",
    "degraded": "up",
    "notice": "binding",
    "notice-clock": "given",
    "maintenance-hours": "allowed-windows",
    "maintenance-extent": "announced",
    "maintenance-ceiling": "none",
    "force-majeure": "accepted",
    "excluded-time": "leaves-base",
    "unknown-time": "disputed",
    "target": "share",
    "penalised": "all",
    "tranche": "complete",
    "tranche-over": "period",
    "several-platforms": "each",
    "cap": "contract",
}


@dataclass(frozen=True)
class Terms:
    target_percent: Fraction = Fraction("99.5")
    daily_allowance_minutes: int = 7
    tranche_minutes: int = 60
    days_per_tranche: int = 1
    cap_days: int = 365
    holiday_calendar: str = "FR"
    extra_holidays: tuple[date, ...] = ()
    notice_hours: int = 24
    maintenance_windows: str = "Mo-Fr 00:00-07:00; Sa-Su 00:00-24:00"
    stale_after_seconds: int = 150
    agents_min: int = 1
    agent_weights: dict[str, int] = field(default_factory=dict)
    readings: dict[str, str] = field(default_factory=dict)

    def reading(self, name: str) -> str:
        return self.readings.get(name, DEFAULT_READINGS[name])


@dataclass(frozen=True)
class Signed:
    recorded_ms: int
    contract: str
    zone: str
    first_day: date
    last_day: date | None
    terms: Terms


@dataclass(frozen=True)
class Amended:
    recorded_ms: int
    from_day: date
    terms: Terms


@dataclass(frozen=True)
class Ended:
    recorded_ms: int
    last_day: date


@dataclass(frozen=True)
class Joined:
    recorded_ms: int
    platform: str
    from_day: date


@dataclass(frozen=True)
class Left:
    recorded_ms: int
    platform: str
    last_day: date


@dataclass(frozen=True)
class Result:
    """What an agent saw on a platform. One that `logs_only_changes` never grows stale; one may come from a file."""

    recorded_ms: int
    agent: str
    platform: str
    at_ms: int
    outcome: str
    logs_only_changes: bool = False
    file: Path | None = None


@dataclass(frozen=True)
class Corrected:
    """An interval of one agent's results on one platform: another outcome, or none if annulled."""

    recorded_ms: int
    agent: str
    platform: str
    from_ms: int
    to_ms: int
    outcome: str | None


@dataclass(frozen=True)
class Notice:
    """`kind` is published, moved or withdrawn; only the first names the platforms, the last no interval."""

    recorded_ms: int
    maintenance: str
    kind: str
    given_ms: int
    platforms: tuple[str, ...] = ()
    from_ms: int = 0
    to_ms: int = 0


@dataclass(frozen=True)
class Mailed:
    """`kind` is accepted, refused or bounced: of the mail to a person about the notice recorded before it."""

    recorded_ms: int
    maintenance: str
    kind: str
    person: str
    at_ms: int


@dataclass(frozen=True)
class Worked:
    """`kind` is started or finished."""

    recorded_ms: int
    maintenance: str
    kind: str
    at_ms: int


@dataclass(frozen=True)
class Claimed:
    recorded_ms: int
    claim: str
    platforms: tuple[str, ...]
    from_ms: int
    to_ms: int


@dataclass(frozen=True)
class Ruled:
    """A rejected claim accepts no interval."""

    recorded_ms: int
    claim: str
    accepted: tuple[tuple[int, int], ...]


Fact = (
    Signed | Amended | Ended | Joined | Left | Result | Corrected | Notice | Mailed | Worked | Claimed | Ruled
)
