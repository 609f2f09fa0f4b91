"""The figures of a statement as data: what `--json` prints, and what every page is laid out from.

Durations are integer milliseconds (`…_ms`), shares decimal strings cut after two decimals, instants RFC 3339
with the contract's offset, days and tranches integers. Nothing is a float and nothing is a sentence: what
must be said in a language is said by a code, and laid out at the edge.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Class = Literal["outside", "excluded-maintenance", "excluded-force-majeure", "unknown", "down", "up"]
CLASSES: tuple[Class, ...] = (
    "outside",
    "excluded-maintenance",
    "excluded-force-majeure",
    "unknown",
    "down",
    "up",
)
Verdict = Literal["unknown", "up", "degraded", "down"]
Instant = str
"""RFC 3339 with the offset of the contract's zone."""
Percent = str
"""A decimal with two places, cut, not rounded: `"99.49"`."""


def hyphenated(name: str) -> str:
    """The key of a field: underscores become hyphens where the vocabulary has them."""
    return name.replace("_", "-")


class Figures(BaseModel):
    """A part of a statement: closed and frozen."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, defer_build=True)


def _is_missing(value: object) -> bool:
    """Whether a figure says nothing, and so leaves the digests of those without it as they were."""
    return not value


class PeriodFigures(Figures):
    """What was judged; `to` is not in it.

    `number` counts the contract's periods from 1, and is None for another interval that was asked for.
    `complete` is false while the period had not ended at the moment asked.
    """

    model_config = ConfigDict(alias_generator=lambda name: {"start": "from", "end": "to"}.get(name, name))

    start: Instant
    end: Instant
    number: int | None
    complete: bool


class AsOfFigures(Figures):
    """The moment of knowledge: the last fact known, and when the last fact or round known was recorded."""

    position: int
    recorded_at: Instant


class ClassesMs(Figures):
    """How long each class lasted; the six sum to the period (or the day) exactly."""

    model_config = ConfigDict(alias_generator=hyphenated)

    outside: int = 0
    excluded_maintenance: int = 0
    excluded_force_majeure: int = 0
    unknown: int = 0
    down: int = 0
    up: int = 0


class DayFigures(Figures):
    """One local day of one platform."""

    day: str
    classes_ms: ClassesMs


class PlatformAvailability(Figures):
    """One platform's period. Percent is None where there is no base: nothing was promised or observed."""

    platform: str
    classes_ms: ClassesMs
    percent: Percent | None
    percent_bounds: tuple[Percent, Percent] | None
    """With all unknown time down, and with all of it up."""
    coverage_percent: Percent | None
    """How much of the time that is neither outside nor excluded was observed."""
    target_met: bool
    days: tuple[DayFigures, ...]


class AgentAvailability(Figures):
    """A platform as one agent alone saw it; what is promised is judged by all agents together."""

    platform: str
    agent: str
    classes_ms: ClassesMs
    percent: Percent | None
    percent_bounds: tuple[Percent, Percent] | None
    coverage_percent: Percent | None


class Availability(Figures):
    """The measured availability."""

    target_percent: str
    platforms: tuple[PlatformAvailability, ...]


class PlatformPenalty(Figures):
    """What one platform's unavailability earns; `penalised_ms` is an exact fraction, as `n` or `n/d`."""

    platform: str
    counted_down_ms: int
    penalised_ms: str
    tranches: int
    days: int


class Penalties(Figures):
    """The free days of a period. Granted is what the cap leaves of what was accrued."""

    platforms: tuple[PlatformPenalty, ...]
    days_accrued: int
    days_granted: int
    days_left_under_cap: int
    """After this period's grant; of the contract, or of the contract year in which the period begins."""


class SpanFigures(Figures):
    """A half-open interval."""

    model_config = ConfigDict(alias_generator=lambda name: {"start": "from", "end": "to"}.get(name, name))

    start: Instant
    end: Instant


NotExcluded = Literal[
    "too-late",
    "outside-window",
    "withdrawn",
    "moved",
    "no-work",
    "over-ceiling",
    "overrun",
    "not-ruled",
    "rejected",
]
"""Why announced, worked or claimed time was not excluded."""


class NotExcludedFigures(SpanFigures):
    """A part that was not excluded, and why."""

    why: NotExcluded


class PlatformExclusion(Figures):
    """What a maintenance or a claim excluded on one platform within the period, and what it did not."""

    platform: str
    excluded_ms: int
    excluded: tuple[SpanFigures, ...]
    not_excluded: tuple[NotExcludedFigures, ...]


class MailFigures(Figures):
    """One administrator's mail about a notice: what became of it last, when, and what the server said."""

    person: str
    fate: Literal["attempted", "accepted", "refused", "unanswered", "bounced", "abandoned"]
    at: Instant
    attempts: int
    reply: str | None
    """The server's, the report's or the network's own words, without addresses."""
    message_id: str
    sha256: str | None
    position: int


class AwaitedFigures(Figures):
    """A notice that is to be given by mail, and that no mail server has accepted yet."""

    is_tried: bool
    """Whether any mail about it was tried."""
    too_late_from: Instant
    """Accepted later than this, it is too late."""
    left_ms: int
    """How long there is until then; negative if it is too late already."""


class NoticeFigures(Figures):
    """One notice; `announced` is None if it withdrew, and `given_at` while nobody was given it by mail.

    Where no mail was ever tried it says nothing of mails, and was given when it was published; before its
    work begins, and where mails are sent, it is awaited instead. Back-dated: recorded after the announced
    start, while it is said to have been given before it.
    """

    kind: Literal["published", "moved", "withdrawn"]
    announced: SpanFigures | None
    given_at: Instant | None
    recorded_at: Instant
    hours_before: str | None
    """How long before its start it was given, in hours cut after two decimals; negative if after."""
    in_time: bool
    back_dated: bool
    text: str
    position: int
    mails: tuple[MailFigures, ...] = Field(default=(), exclude_if=_is_missing)
    """To each administrator of the contract that mails were tried to, by opaque id."""
    escalated_at: Instant | None = Field(default=None, exclude_if=_is_missing)
    """When ops were told that nobody had it yet."""
    awaited: AwaitedFigures | None = Field(default=None, exclude_if=_is_missing)


class MaintenanceEntry(Figures):
    """A maintenance in the register."""

    kind: Literal["maintenance"] = "maintenance"
    name: str
    platforms: tuple[str, ...]
    notices: tuple[NoticeFigures, ...]
    started_at: Instant | None
    finished_at: Instant | None
    exclusions: tuple[PlatformExclusion, ...]


class StoryFigures(Figures):
    """One step of an incident's story."""

    kind: Literal["opened", "updated", "resolved", "alerted", "reported"]
    occurred_at: Instant
    recorded_at: Instant
    text: str
    position: int


class IncidentEntry(Figures):
    """An incident in the register."""

    kind: Literal["incident"] = "incident"
    name: str
    platforms: tuple[str, ...]
    opened_at: Instant
    resolved_at: Instant | None
    cause: str | None
    data_loss: bool
    story: tuple[StoryFigures, ...]


class RulingFigures(Figures):
    """One ruling of a claim."""

    decision: Literal["accepted", "rejected", "in-part"]
    accepted: tuple[SpanFigures, ...]
    by: str
    reason: str
    occurred_at: Instant
    recorded_at: Instant
    position: int


class ClaimEntry(Figures):
    """A claim of force majeure in the register."""

    kind: Literal["claim"] = "claim"
    name: str
    platforms: tuple[str, ...]
    claimed: SpanFigures
    event: str
    filed_at: Instant
    position: int
    rulings: tuple[RulingFigures, ...]
    exclusions: tuple[PlatformExclusion, ...]


class CorrectionEntry(Figures):
    """A correction of probe results in the register; the originals stay in the ledger."""

    kind: Literal["correction"] = "correction"
    name: str
    agent: str
    platform: str
    interval: SpanFigures
    action: Literal["annulled", "restated"]
    outcome: str | None
    by: str
    reason: str
    recorded_at: Instant
    position: int


class InterventionEntry(Figures):
    """What the provider's staff did on a platform, under which account, and which one the client named."""

    kind: Literal["intervention"] = "intervention"
    name: str
    platform: str
    request: str
    interval: SpanFigures
    by: str
    account: str
    account_named: str | None
    """By the client with its request; None if it named none."""
    text: str
    recorded_at: Instant
    position: int


RegisterEntry = MaintenanceEntry | IncidentEntry | ClaimEntry | CorrectionEntry | InterventionEntry


class Finding(Figures):
    """One thing that was not as promised: what it concerns, from when to when, and its measure if any."""

    subject: str
    what: str
    """A code: `late`, `unanswered`, `no-backup`, `not-replicated`, `kept-too-short`, `too-few-operators`,
    `unknown-operator`, `quota-passed`, `too-little-maintenance`, `unsupported-browser`, `not-alerted`,
    `another-account`, `not-synchronised` …"""
    start: Instant
    end: Instant | None
    measured: str | None = None
    promised: str | None = None
    positions: tuple[int, ...] = ()


Commitment = Literal[
    "support-answer",
    "backup-daily",
    "backup-off-site",
    "backup-kept",
    "operators",
    "storage",
    "maintenance-quarter",
    "browsers",
    "data-loss-alert",
    "intervention-account",
    "administrators-list",
]


class CommitmentEntry(Figures):
    """One promise of the contract beside availability: kept, broken, or nothing recorded to judge it by.

    It is kept only where something was examined.
    """

    commitment: Commitment
    clause: str
    state: Literal["kept", "broken", "nothing-recorded"]
    examined: int
    """How many facts were looked at."""
    findings: tuple[Finding, ...]


class Because(Figures):
    """One thing that makes a stretch what it is: a fact by its position, or an agent's rounds."""

    kind: Literal["maintenance", "claim", "correction", "agent", "incident"]
    name: str
    position: int | None = None
    first_round: int | None = None
    last_round: int | None = None
    outcome: str | None = None
    detail: str | None = None


class Stretch(Figures):
    """A maximal interval of one platform in one class and verdict that is not simply up or outside."""

    platform: str
    start: Instant
    end: Instant
    class_: Class
    verdict: Verdict
    length_ms: int
    because: tuple[Because, ...]
    clause: str

    model_config = ConfigDict(
        alias_generator=lambda name: {"start": "from", "end": "to", "class_": "class"}.get(name, name)
    )


class Remark(Figures):
    """Counted time of a platform that falls in the time of the last word of a source which logs only changes.

    That word holds until the next one (rule 2.1), so after the end of such a history it holds for ever.
    """

    kind: Literal["held-to-the-end", "held-so-far"] = "held-to-the-end"
    """Whether the period is over, or still runs: then it holds up to the moment of knowledge."""
    platform: str
    agent: str
    outcome: Verdict
    """What the agent is taken to say to the end of the period, or to the moment of knowledge."""
    since: Instant
    """When its last known round started: nothing was heard from it afterwards."""
    counted_ms: int
    """How much up or down time of the period lies behind that."""


class Statement(Figures):
    """A period laid out: everything that `statement --json` prints, in the design's keys."""

    contract: str
    client: str
    language: Literal["fr", "en"]
    zone: str
    terms_version: int
    """The version in force on the period's first day."""
    readings: dict[str, str]
    period: PeriodFigures
    as_of: AsOfFigures
    availability: Availability
    penalties: Penalties
    entries: tuple[RegisterEntry, ...] = Field(alias="register")
    announced_later: tuple[MaintenanceEntry, ...] = Field(default=(), exclude_if=_is_missing)
    """Of a period that runs: work that begins after the moment known, each with its last notice."""
    commitments: tuple[CommitmentEntry, ...]
    stretches: tuple[Stretch, ...]
    agents: tuple[AgentAvailability, ...] = Field(default=(), exclude_if=_is_missing)
    """What each agent alone saw; only where that was asked for."""
    remarks: tuple[Remark, ...] = Field(default=(), exclude_if=_is_missing)
    digest: str = ""
