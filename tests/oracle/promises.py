"""The other promises of the agreement, judged by its own words and figures: slow, and meant to be obviously right.

Only the terms of the agreement as it stands are known here; a contract that changes them is no case for this.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from ledger.instants import format_instant
from tests.oracle.facts import Joined
from tests.oracle.wall_clock import HOUR_MS, local_day, midnight_ms
from tests.oracle.world import World, every_change

ANSWERED_WITHIN_HOURS = 48
KEPT_DAYS = 7
OPERATORS = ("OVHcloud", "SCALEWAY", "3DS OUTSCALE")
QUOTA_GB = 1000
OLDEST_BROWSERS = {"Firefox": 78, "Chrome": 92, "Edge": 91, "Safari": 14}
INFORMS = {"unsupported-browser", "unknown-operator"}

# ---------------------------------------------------------------- what it is told


@dataclass(frozen=True)
class Backup:
    """`kind` is taken, copied or deleted."""

    recorded_ms: int
    kind: str
    name: str
    platform: str
    at_ms: int
    operator: str


@dataclass(frozen=True)
class Placed:
    recorded_ms: int
    platform: str
    at_ms: int
    operators: tuple[str, ...]


@dataclass(frozen=True)
class Stored:
    recorded_ms: int
    platform: str
    at_ms: int
    used_bytes: int


@dataclass(frozen=True)
class Met:
    """An incident, and the browser with which it was met."""

    recorded_ms: int
    incident: str
    platform: str
    at_ms: int
    browser: str
    major_version: int


@dataclass(frozen=True)
class Asked:
    recorded_ms: int
    request: str
    at_ms: int
    account: str | None


@dataclass(frozen=True)
class Answered:
    recorded_ms: int
    request: str
    at_ms: int


@dataclass(frozen=True)
class Intervened:
    recorded_ms: int
    intervention: str
    request: str
    platform: str
    from_ms: int
    to_ms: int
    account: str


Promised = Backup | Placed | Stored | Met | Asked | Answered | Intervened

# ---------------------------------------------------------------- what it answers

Finding = list[str | None]
"""Of what, what, from, to, found, promised."""


def promises(facts: Sequence[object], known_ms: int, start_ms: int, end_ms: int) -> dict[str, dict]:
    """Every promise that there is anything to say of, by its name: its state and what was found."""
    case = _Case(facts, known_ms, start_ms, end_ms)
    judged = {
        "support-answer": (case.of(Asked), case.answers),
        "backup-daily": (case.taken(), case.days_without_backup),
        "backup-off-site": (case.taken(), case.without_copy),
        "backup-kept": (case.deleted(), case.deleted_too_early),
        "operators": ([each for each, *_ in case.lasting(Placed)], case.too_few_operators),
        "storage": ([each for each, *_ in case.lasting(Stored)], case.beyond_the_quota),
        "browsers": (case.of(Met), case.old_browsers),
        "intervention-account": (case.of(Intervened), case.other_accounts),
    }
    found = {name: list(find()) for name, (told, find) in judged.items() if told}
    looked = {name for name, (told, _) in judged.items() if any(case.bears(each) for each in told)}
    return {name: _stated(each) for name, each in found.items() if each or name in looked}


def _stated(found: list[Finding]) -> dict:
    broken = any(what not in INFORMS for _, what, *_ in found)
    return {"state": "broken" if broken else "kept", "findings": found}


class _Case:
    def __init__(self, facts: Sequence[object], known_ms: int, start_ms: int, end_ms: int) -> None:
        self.world = World(facts, known_ms, {}, every_change)
        self.start_ms, self.end_ms = start_ms, end_ms
        self.judged_ms = max(end_ms, *(fact.recorded_ms for fact in self.world.facts))
        self.platforms = sorted({joined.platform for joined in self.world.of(Joined)})

    def of(self, kind: type) -> list:
        found = [fact for fact in self.world.facts if isinstance(fact, kind)]
        return sorted(found, key=lambda fact: getattr(fact, "at_ms", 0))

    def here(self, at_ms: int) -> bool:
        return self.start_ms <= at_ms < self.end_ms

    def bears(self, fact: object) -> bool:
        """Whether a fact is to be looked at in the period: what lasts, or what happened in it."""
        if isinstance(fact, Placed | Stored):
            return True
        return self.here(fact.from_ms if isinstance(fact, Intervened) else fact.at_ms)

    def at(self, at_ms: int) -> str:
        return format_instant(at_ms, ZoneInfo(self.world.zone))

    # ------------------------------------------------------------ support

    def answers(self) -> Iterator[Finding]:
        for asked in self.of(Asked):
            if not self.here(asked.at_ms):
                continue
            answers = [each.at_ms for each in self.of(Answered) if each.request == asked.request]
            promised = f"{ANSWERED_WITHIN_HOURS} h"
            if answers and answers[0] - asked.at_ms > ANSWERED_WITHIN_HOURS * HOUR_MS:
                took = f"{cut(Fraction(answers[0] - asked.at_ms, HOUR_MS))} h"
                yield [asked.request, "late", self.at(asked.at_ms), self.at(answers[0]), took, promised]
            if not answers and self.judged_ms - asked.at_ms > ANSWERED_WITHIN_HOURS * HOUR_MS:
                yield [asked.request, "unanswered", self.at(asked.at_ms), None, None, promised]

    # ------------------------------------------------------------ backups

    def taken(self) -> list[Backup]:
        return [each for each in self.of(Backup) if each.kind == "taken"]

    def deleted(self) -> list[Backup]:
        return [each for each in self.of(Backup) if each.kind == "deleted"]

    def days_without_backup(self) -> Iterator[Finding]:
        for platform in self.platforms:
            day = local_day(self.world.zone, self.start_ms)
            while (first_ms := midnight_ms(self.world.zone, day)) < self.end_ms:
                day += timedelta(days=1)
                next_ms = midnight_ms(self.world.zone, day)
                is_whole = self.start_ms <= first_ms and next_ms <= self.end_ms
                taken = [b for b in self.taken() if b.platform == platform and first_ms <= b.at_ms < next_ms]
                if is_whole and not taken:
                    yield [platform, "no-backup", self.at(first_ms), self.at(next_ms), None, None]

    def without_copy(self) -> Iterator[Finding]:
        for taken in self.taken():
            life = [b for b in self.of(Backup) if (b.platform, b.name) == (taken.platform, taken.name)]
            copied = any(b.kind == "copied" and b.operator != taken.operator for b in life)
            gone = [b.at_ms for b in life if b.kind == "deleted"]
            if (
                self.here(taken.at_ms)
                and not copied
                and (gone or self.judged_ms >= taken.at_ms + 24 * HOUR_MS)
            ):
                until = self.at(gone[0]) if gone else None
                subject = f"{taken.platform}/{taken.name}"
                yield [subject, "not-replicated", self.at(taken.at_ms), until, None, None]

    def deleted_too_early(self) -> Iterator[Finding]:
        for gone in self.deleted():
            (taken,) = [b for b in self.taken() if (b.platform, b.name) == (gone.platform, gone.name)]
            kept = Fraction(gone.at_ms - taken.at_ms, HOUR_MS)
            if self.here(gone.at_ms) and kept < KEPT_DAYS * 24:
                subject, promised = f"{gone.platform}/{gone.name}", f"{KEPT_DAYS * 24} h"
                when = self.at(taken.at_ms), self.at(gone.at_ms)
                yield [subject, "kept-too-short", *when, f"{cut(kept)} h", promised]

    # ------------------------------------------------------------ placement and storage

    def too_few_operators(self) -> Iterator[Finding]:
        for placed, from_ms, to_ms in self.lasting(Placed):
            named = {each for each in placed.operators if each in OPERATORS}
            if len(named) < 2:
                when = self.at(from_ms), self.at(to_ms)
                yield [placed.platform, "too-few-operators", *when, str(len(named)), "2"]

    def beyond_the_quota(self) -> Iterator[Finding]:
        for stored, from_ms, to_ms in self.lasting(Stored):
            if stored.used_bytes > QUOTA_GB * 1000**3:
                whole, rest = divmod(stored.used_bytes, 1000**3)
                used = f"{whole}.{rest:09}".rstrip("0").rstrip(".")
                when = self.at(from_ms), self.at(to_ms)
                yield [stored.platform, "quota-passed", *when, f"{used} GB", f"{QUOTA_GB} GB"]

    def lasting(self, kind: type) -> Iterator[tuple]:
        """What was said of a platform, from when to when within the period: until something else was said."""
        for platform in self.platforms:
            said = [each for each in self.of(kind) if each.platform == platform]
            for number, each in enumerate(said):
                next_ms = said[number + 1].at_ms if number + 1 < len(said) else self.end_ms
                from_ms, to_ms = max(each.at_ms, self.start_ms), min(next_ms, self.end_ms)
                if from_ms < to_ms:
                    yield each, from_ms, to_ms

    # ------------------------------------------------------------ browsers and accounts

    def old_browsers(self) -> Iterator[Finding]:
        for met in self.of(Met):
            oldest = OLDEST_BROWSERS.get(met.browser)
            if self.here(met.at_ms) and (oldest is None or met.major_version < oldest):
                promised = None if oldest is None else f"{met.browser} {oldest}"
                found = f"{met.browser} {met.major_version}"
                yield [met.incident, "unsupported-browser", self.at(met.at_ms), None, found, promised]

    def other_accounts(self) -> Iterator[Finding]:
        accounts = {asked.request: asked.account for asked in self.of(Asked)}
        for work in self.of(Intervened):
            named = accounts[work.request]
            if self.here(work.from_ms) and named is not None and work.account != named:
                when = self.at(work.from_ms), self.at(work.to_ms)
                yield [work.intervention, "another-account", *when, work.account, named]


def cut(number: Fraction) -> str:
    """Two decimals, the rest cut."""
    hundredths = number * 100 // 1
    return f"{hundredths // 100}.{hundredths % 100:02}"
