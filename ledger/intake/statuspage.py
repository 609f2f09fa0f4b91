"""A status page's incidents and scheduled maintenances, in the form of Atlassian's Statuspage, API version 2.

Many operators' pages have it, whoever made them. A page shows its fifty latest incidents, and all its texts
and dates can be edited later: when something was first seen here is what counts.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from pydantic import ValidationError

from ledger.application import Ledger
from ledger.bulletins import BulletinReceived, Statement
from ledger.errors import BadInputError
from ledger.instants import parse_instant
from ledger.intake.names import require_name, slug
from ledger.intake.told import ImportedFacts, Keep, ReadBulletin, document_of, import_bulletin, text
from ledger.intake.web import Web

SHOWN = 50
"""A page shows no more of its incidents."""
_PATHS = ("/api/v2/components.json", "/api/v2/incidents.json", "/api/v2/scheduled-maintenances.json")
_KINDS = {"incidents": "incident", "scheduled_maintenances": "maintenance"}


@dataclass(frozen=True, slots=True)
class Page:
    """What a page says at a moment, under the keys of its API."""

    name: str
    said: Mapping[str, Sequence[Mapping[str, Any]]]


def of_file(path: Path) -> Page:
    """A page that was saved: `summary.json`, `incidents.json` or `scheduled-maintenances.json`.

    Raises:
        BadInputError: it is none of these.
    """
    try:
        said = orjson.loads(path.read_bytes())
    except OSError as error:
        raise BadInputError(
            f"{path}: cannot be read ({error.strerror}); name a file, or the page's address with https://"
        ) from None
    except orjson.JSONDecodeError as error:
        raise BadInputError(f"{path}: is no JSON ({error}); save the page's /api/v2/summary.json") from None
    return _page(str(path), [said])


def of_web(web: Web) -> Page:
    """A page as it stands now.

    Raises:
        UnreachableSourceError: it does not answer.
        BadInputError: it has no such API.
    """
    return _page(web.address.shown, [web.json(path) for path in _PATHS])


def _page(name: str, answers: Sequence[Any]) -> Page:
    said: dict[str, Any] = {}
    for answer in answers:
        if isinstance(answer, dict):
            said |= {key: answer[key] for key in (*_KINDS, "components") if _is_list(answer.get(key))}
    if not any(key in said for key in _KINDS):
        raise BadInputError(
            f"{name}: has neither incidents nor scheduled_maintenances; name a page that has a "
            "/api/v2/summary.json with them"
        )
    return Page(name, said)


def _is_list(said: object) -> bool:
    """Whether it is a list of objects, as everything on a page is."""
    return isinstance(said, list) and all(isinstance(each, dict) for each in said)


def import_statuspage(ledger: Ledger, page: Page, operator: str, now_ms: int, keep: Keep) -> ImportedFacts:
    """Store what a page says that it did not say when it was read before.

    Raises:
        BadInputError: something on it is no incident and no maintenance.
        ConflictError: see `import_bulletin`.
    """
    require_name(operator)
    found = sorted(_bulletins(page, operator, now_ms), key=lambda read: read.occurred_ms)
    stored = sum(import_bulletin(ledger, each, keep) for each in found)
    notes: tuple[str, ...] = ()
    if len(page.said.get("incidents", ())) >= SHOWN:
        notes = (
            f"a page shows its {SHOWN} latest incidents: read it before more have come, or with --follow",
        )
    return ImportedFacts(page.name, "bulletin", len(found), stored, notes)


def _bulletins(page: Page, operator: str, now_ms: int) -> Iterator[ReadBulletin]:
    groups = {
        each.get("id"): each.get("name") for each in page.said.get("components", ()) if each.get("group")
    }
    for key, kind in _KINDS.items():
        for said in page.said.get(key, ()):
            try:
                yield _bulletin(said, kind, operator, groups, now_ms)
            except (KeyError, TypeError, AttributeError, ValueError) as error:
                raise BadInputError(
                    f"{page.name}: {said.get('id') or said} of {key} is not as version 2 has it "
                    f"({_why(error)}); nothing of the page was stored"
                ) from None


def _why(error: Exception) -> str:
    match error:
        case KeyError():
            return f"it has no {error.args[0]}"
        case ValidationError():
            return "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
    return str(error)


def _bulletin(
    said: Mapping[str, Any], kind: str, operator: str, groups: Mapping[Any, Any], now_ms: int
) -> ReadBulletin:
    is_work = kind == "maintenance"
    fact = BulletinReceived(
        bulletin=slug(f"{operator}.{said['id']}"),
        operator=operator,
        kind=kind,
        key=said["id"],
        title=text(said["name"]),
        status=said["status"],
        impact=said.get("impact") or "",
        concerned=tuple(_component(each, groups) for each in said.get("components") or ()),
        since_ms=_instant(said.get("scheduled_for" if is_work else "started_at")),
        until_ms=_instant(said.get("scheduled_until" if is_work else "resolved_at")),
        statements=tuple(_statement(each) for each in reversed(said.get("incident_updates") or ())),
    )
    changed_ms = _instant(said.get("updated_at") or said["created_at"]) or now_ms
    return ReadBulletin(fact, min(changed_ms, now_ms), f"{fact.bulletin}.json", document_of(said))


def _statement(said: Mapping[str, Any]) -> Statement:
    created_ms, displayed_ms = _instant(said["created_at"]), _instant(said.get("display_at"))
    assert created_ms is not None
    return Statement(
        key=said["id"],
        status=said["status"],
        body=text(said.get("body")),
        created_ms=created_ms,
        displayed_ms=None if displayed_ms == created_ms else displayed_ms,
    )


def _component(said: Mapping[str, Any], groups: Mapping[Any, Any]) -> str:
    """A component's name behind that of its group: names repeat across groups."""
    group = groups.get(said.get("group_id"))
    return text(f"{group} / {said['name']}" if group else said["name"])


def _instant(written: str | None) -> int | None:
    return parse_instant(written) if written else None
