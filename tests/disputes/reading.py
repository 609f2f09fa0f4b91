"""contract.toml and facts.csv of a dispute as the oracle's facts; README.md says what the columns mean."""

import csv
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

from ledger.instants import DAY_MS, MINUTE_MS, parse_instant
from tests.oracle.facts import (
    Amended,
    Claimed,
    Corrected,
    Ended,
    Fact,
    Joined,
    Left,
    Mailed,
    Notice,
    Result,
    Ruled,
    Signed,
    Terms,
    Worked,
)
from tests.oracle.promises import Answered, Asked, Backup, Intervened, Met, Placed, Stored


@dataclass(frozen=True)
class Row:
    """A line of facts.csv. Instants are 0 where a cell is empty."""

    recorded_ms: int
    occurred_ms: int
    what: str
    name: str
    platforms: tuple[str, ...]
    from_ms: int
    to_ms: int
    value: str
    folder: Path

    @classmethod
    def of(cls, folder: Path, cells: dict[str, str]) -> "Row":
        from_ms, to_ms = instant(cells["from"]), instant(cells["to"])
        occurred_ms = instant(cells["occurred_at"])
        recorded_ms = instant(cells["recorded_at"]) or occurred_ms or to_ms
        return cls(
            recorded_ms=recorded_ms,
            occurred_ms=occurred_ms or recorded_ms,
            what=cells["what"],
            name=cells["name"],
            platforms=tuple(cells["platforms"].split()),
            from_ms=from_ms,
            to_ms=to_ms,
            value=cells["value"],
            folder=folder,
        )

    @property
    def day(self) -> date:
        return date.fromisoformat(self.value)


def instant(text: str) -> int:
    return parse_instant(text) if text else 0


def facts_of(folder: Path) -> Iterator[Fact]:
    with (folder / "facts.csv").open(newline="") as file:
        rows = [Row.of(folder, cells) for cells in csv.DictReader(file)]
    recorded = [row.recorded_ms for row in rows]
    assert recorded == sorted(recorded), (
        f"{folder.name}: facts stand in the order in which they were recorded"
    )
    yield from _contract(folder, recorded[0] - DAY_MS)
    for row in rows:
        yield from KINDS[row.what](row)


def _contract(folder: Path, recorded_ms: int) -> Iterator[Fact]:
    contract = tomllib.loads((folder / "contract.toml").read_text())
    first_day, last_day = contract["first_day"], contract.get("last_day")
    terms = _terms(contract.get("terms", {}))
    yield Signed(recorded_ms, contract["contract"], contract["zone"], first_day, last_day, terms)
    for platform in contract["platforms"]:
        yield Joined(recorded_ms, platform["platform"], first_day)


def _terms(table: dict[str, Any]) -> Terms:
    percent = Fraction(str(table.get("target_percent", "99.5")))
    holidays = tuple(table.get("extra_holidays", ()))
    return Terms(**{**table, "target_percent": percent, "extra_holidays": holidays})


# ---------------------------------------------------------------- one function a kind of row


def _results(row: Row) -> Iterable[Fact]:
    if row.value == "silent":
        return []
    return [
        Result(row.recorded_ms, row.name, platform, at_ms, row.value)
        for at_ms in range(row.from_ms, row.to_ms, MINUTE_MS)
        for platform in row.platforms
    ]


def _changed(row: Row) -> Iterable[Fact]:
    return [
        Result(row.recorded_ms, row.name, platform, row.occurred_ms, row.value, logs_only_changes=True)
        for platform in row.platforms
    ]


def _imported(row: Row) -> Iterable[Fact]:
    file = row.folder / row.value
    with file.open(newline="") as lines:
        results = list(csv.DictReader(lines))
    return [
        Result(
            row.recorded_ms,
            row.name,
            cells["platform"],
            instant(cells["observed_at"]),
            cells["outcome"],
            logs_only_changes=True,
            file=file,
        )
        for cells in results
    ]


def _notice(row: Row) -> Iterable[Fact]:
    kind = "published" if row.what == "notice" else row.what
    return [Notice(row.recorded_ms, row.name, kind, row.occurred_ms, row.platforms, row.from_ms, row.to_ms)]


def _mailed(row: Row) -> Iterable[Fact]:
    return [Mailed(row.recorded_ms, row.name, row.what, row.value, row.occurred_ms)]


def _worked(row: Row) -> Iterable[Fact]:
    return [Worked(row.recorded_ms, row.name, row.what, row.occurred_ms)]


def _claim(row: Row) -> Iterable[Fact]:
    return [Claimed(row.recorded_ms, row.name, row.platforms, row.from_ms, row.to_ms)]


def _ruling(row: Row) -> Iterable[Fact]:
    intervals = [] if row.value == "rejected" else [each.split("/") for each in row.value.split()]
    accepted = tuple((instant(from_at), instant(to_at)) for from_at, to_at in intervals)
    return [Ruled(row.recorded_ms, row.name, accepted)]


def _correction(row: Row) -> Iterable[Fact]:
    outcome = None if row.value == "annulled" else row.value
    return [
        Corrected(row.recorded_ms, row.name, platform, row.from_ms, row.to_ms, outcome)
        for platform in row.platforms
    ]


def _joined(row: Row) -> Iterable[Fact]:
    return [Joined(row.recorded_ms, platform, row.day) for platform in row.platforms]


def _left(row: Row) -> Iterable[Fact]:
    return [Left(row.recorded_ms, platform, row.day) for platform in row.platforms]


def _amended(row: Row) -> Iterable[Fact]:
    terms = tomllib.loads((row.folder / row.name).read_text())["terms"]
    return [Amended(row.recorded_ms, row.day, _terms(terms))]


def _ended(row: Row) -> Iterable[Fact]:
    return [Ended(row.recorded_ms, row.day)]


# ---------------------------------------------------------------- the other promises


def _backup(row: Row) -> Iterable[Fact]:
    kind = {"backup": "taken"}.get(row.what, row.what)
    return [
        Backup(row.recorded_ms, kind, row.name, platform, row.occurred_ms, row.value)
        for platform in row.platforms
    ]


def _placed(row: Row) -> Iterable[Fact]:
    operators = tuple(row.value.split(";"))
    return [Placed(row.recorded_ms, platform, row.occurred_ms, operators) for platform in row.platforms]


def _stored(row: Row) -> Iterable[Fact]:
    return [Stored(row.recorded_ms, platform, row.occurred_ms, int(row.value)) for platform in row.platforms]


def _met(row: Row) -> Iterable[Fact]:
    browser, version = row.value.split("/")
    return [
        Met(row.recorded_ms, row.name, platform, row.occurred_ms, browser, int(version))
        for platform in row.platforms
    ]


def _asked(row: Row) -> Iterable[Fact]:
    return [Asked(row.recorded_ms, row.name, row.occurred_ms, row.value or None)]


def _answered(row: Row) -> Iterable[Fact]:
    return [Answered(row.recorded_ms, row.name, row.occurred_ms)]


def _intervened(row: Row) -> Iterable[Fact]:
    request, account = row.value.split("/")
    (platform,) = row.platforms
    return [Intervened(row.recorded_ms, row.name, request, platform, row.from_ms, row.to_ms, account)]


KINDS: dict[str, Callable[[Row], Iterable[Fact]]] = {
    "results": _results,
    "changed": _changed,
    "imported": _imported,
    "notice": _notice,
    "moved": _notice,
    "withdrawn": _notice,
    "accepted": _mailed,
    "refused": _mailed,
    "bounced": _mailed,
    "started": _worked,
    "finished": _worked,
    "claim": _claim,
    "ruling": _ruling,
    "correction": _correction,
    "joined": _joined,
    "left": _left,
    "amended": _amended,
    "ended": _ended,
    "backup": _backup,
    "copied": _backup,
    "deleted": _backup,
    "placed": _placed,
    "stored": _stored,
    "met": _met,
    "asked": _asked,
    "answered": _answered,
    "intervened": _intervened,
}
