"""The register and the commitments as sheets: a line for each fact told of an entry, a line for each finding.

Instants are those of `--json`, with the offset of the contract's zone. No cell can be taken for a formula.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from consumers.pages.csv_ import Cell, safe
from consumers.pages.entries import platforms_of
from consumers.pages.harmless import harmless
from projections.figures import (
    ClaimEntry,
    CommitmentEntry,
    CorrectionEntry,
    IncidentEntry,
    InterventionEntry,
    MaintenanceEntry,
    RegisterEntry,
    Statement,
)

REGISTER_COLUMNS = (
    "contract",
    "entry",
    "name",
    "platforms",
    "what",
    "occurred_at",
    "recorded_at",
    "from",
    "to",
    "by",
    "text",
    "request",
    "account",
    "account_named",
    "position",
)
COMMITMENT_COLUMNS = (
    "contract",
    "commitment",
    "clause",
    "state",
    "examined",
    "subject",
    "what",
    "from",
    "to",
    "measured",
    "promised",
    "positions",
)
Line = dict[str, Cell]


def register(statement: Statement) -> str:
    """A line for each fact of each entry, in the order of the register."""
    quiet = harmless(statement)
    lines = (_about(entry) | line for entry in quiet.entries for line in _lines(entry))
    return _sheet(REGISTER_COLUMNS, quiet.contract, lines)


def commitments(statement: Statement) -> str:
    """A line for each finding, and one for each commitment of which nothing was found."""
    quiet = harmless(statement)
    lines = (line for entry in quiet.commitments for line in _findings(entry))
    return _sheet(COMMITMENT_COLUMNS, quiet.contract, lines)


def _sheet(columns: Sequence[str], contract: str, lines: Iterable[Line]) -> str:
    sheet = io.StringIO()
    writer = csv.writer(sheet, lineterminator="\n")
    writer.writerow(columns)
    for line in lines:
        whole: Line = {"contract": contract, **line}
        writer.writerow([safe(whole.get(column)) for column in columns])
    return sheet.getvalue()


# ---------------------------------------------------------------- entries


def _about(entry: RegisterEntry) -> Line:
    return {"entry": entry.kind, "name": entry.name, "platforms": " ".join(platforms_of(entry))}


def _lines(entry: RegisterEntry) -> Iterator[Line]:
    match entry:
        case MaintenanceEntry():
            yield from _maintenance(entry)
        case IncidentEntry():
            yield from _incident(entry)
        case ClaimEntry():
            yield from _claim(entry)
        case CorrectionEntry():
            yield _correction(entry)
        case InterventionEntry():
            yield _intervention(entry)


def _maintenance(entry: MaintenanceEntry) -> Iterator[Line]:
    for notice in entry.notices:
        yield {
            "what": notice.kind,
            "occurred_at": notice.given_at,
            "recorded_at": notice.recorded_at,
            "from": notice.announced.start if notice.announced else None,
            "to": notice.announced.end if notice.announced else None,
            "text": notice.text,
            "position": notice.position,
        }
    if entry.started_at:
        yield {"what": "worked", "from": entry.started_at, "to": entry.finished_at}


def _incident(entry: IncidentEntry) -> Iterator[Line]:
    for step in entry.story:
        yield {
            "what": step.kind,
            "occurred_at": step.occurred_at,
            "recorded_at": step.recorded_at,
            "from": entry.opened_at,
            "to": entry.resolved_at,
            "text": step.text,
            "position": step.position,
        }


def _claim(entry: ClaimEntry) -> Iterator[Line]:
    claimed = entry.claimed
    yield {
        "what": "filed",
        "occurred_at": entry.filed_at,
        "from": claimed.start,
        "to": claimed.end,
        "text": entry.event,
        "position": entry.position,
    }
    for ruling in entry.rulings:
        told: Line = {
            "what": ruling.decision,
            "occurred_at": ruling.occurred_at,
            "recorded_at": ruling.recorded_at,
            "by": ruling.by,
            "text": ruling.reason,
            "position": ruling.position,
        }
        for accepted in ruling.accepted:
            yield told | {"from": accepted.start, "to": accepted.end}
        if not ruling.accepted:
            yield told


def _correction(entry: CorrectionEntry) -> Line:
    return {
        "what": entry.outcome or entry.action,
        "recorded_at": entry.recorded_at,
        "from": entry.interval.start,
        "to": entry.interval.end,
        "by": entry.by,
        "text": entry.reason,
        "position": entry.position,
    }


def _intervention(entry: InterventionEntry) -> Line:
    return {
        "what": "intervened",
        "occurred_at": entry.interval.end,
        "recorded_at": entry.recorded_at,
        "from": entry.interval.start,
        "to": entry.interval.end,
        "by": entry.by,
        "text": entry.text,
        "request": entry.request,
        "account": entry.account,
        "account_named": entry.account_named,
        "position": entry.position,
    }


# ---------------------------------------------------------------- commitments


def _findings(entry: CommitmentEntry) -> Iterator[Line]:
    about: Line = {
        "commitment": entry.commitment,
        "clause": entry.clause,
        "state": entry.state,
        "examined": entry.examined,
    }
    if not entry.findings:
        yield about
    for found in entry.findings:
        yield about | {
            "subject": found.subject,
            "what": found.what,
            "from": found.start,
            "to": found.end,
            "measured": found.measured,
            "promised": found.promised,
            "positions": " ".join(map(str, found.positions)),
        }
