"""A list of administrators as another program writes it: CSV with contract, person, name, email, language.

A file is taken as a whole or not at all: what is wrong in it is named by file, line and reason, without the
name or address that stands there.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from email.errors import MessageError
from email.headerregistry import Address
from itertools import chain
from pathlib import Path

from consumers.directory.store import Entry
from ledger.errors import BadInputError, counted
from ledger.intake.names import is_name

COLUMNS = ("contract", "person", "name", "email", "language")
OPTIONAL = ("role",)
ADMINISTRATOR = "administrator"
LANGUAGES = ("fr", "en")
SHOWN_MAX = 20

_ADDRESS = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?"
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")


def read_lists(path: Path, also: Iterable[str] = ()) -> Mapping[str, list[Entry]]:
    """Contract -> everybody whom the file names for it, in order of their ids.

    The contracts in `also` have an empty list, if the file names nobody for them.

    Raises:
        BadInputError: the file cannot be read, or a line of it cannot be taken; names every such line.
    """
    by_person: dict[str, list[Entry]] = {}
    wrong: list[str] = []
    for line, row in _rows(path):
        why = _fault(row) or _twice(row, by_person.get(row["person"], ()))
        if why:
            wrong.append(f"{path}:{line}: {why}")
        else:
            by_person.setdefault(row["person"], []).append(_entry(row))
    if wrong:
        raise BadInputError(_told(wrong))
    lists: dict[str, list[Entry]] = {contract: [] for contract in also}
    if not by_person and not lists:
        raise BadInputError(f"{path}: names nobody; a list has one line for each person after its heading")
    for entry in sorted(chain.from_iterable(by_person.values())):
        lists.setdefault(entry.contract, []).append(entry)
    return lists


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            _require_columns(path, reader.fieldnames or ())
            for row in reader:
                yield reader.line_num, {key: (value or "") for key, value in row.items() if key in _KNOWN}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise BadInputError(f"{path}: cannot be read ({why}); it is to be CSV in UTF-8") from None


_KNOWN = {*COLUMNS, *OPTIONAL}


def _require_columns(path: Path, there: Sequence[str]) -> None:
    missing = [name for name in COLUMNS if name not in there]
    strangers = [name for name in there if name not in _KNOWN]
    if missing or strangers:
        what = f"lacks {', '.join(missing)}" if missing else f"has unknown {', '.join(strangers)}"
        raise BadInputError(
            f"{path}:1: the heading {what}; the columns are {','.join(COLUMNS)}[,{','.join(OPTIONAL)}]"
        )


def _fault(row: Mapping[str, str]) -> str | None:
    """Why a line cannot be taken, without what it says of the person."""
    name, language, role = row["name"], row["language"], row.get("role")
    is_opaque = is_name(row["person"]) and "@" not in row["person"]
    faults = {
        "contract: is no name of a contract": not is_name(row["contract"]),
        "person: is no opaque id; take letters, digits and hyphens that tell nothing": not is_opaque,
        "name: is empty or has characters that no name has": not name.strip() or bool(_CONTROL.search(name)),
        "email: is no address, as one@example.com": not _ADDRESS.fullmatch(row["email"])
        or not is_writable(name, row["email"]),
        "language: must be fr or en, or empty for the contract's own": language not in ("", *LANGUAGES),
        "role: is no name of a role": bool(role) and not is_name(role or ""),
    }
    return next((why for why, is_so in faults.items() if is_so), None)


def is_writable(name: str, email: str) -> bool:
    """Whether a name and an address can stand in the head of a mail; `a..b@example.com` cannot."""
    try:
        Address(name, addr_spec=email)
    except (ValueError, LookupError, MessageError):
        return False
    return True


def _twice(row: Mapping[str, str], before: Iterable[Entry]) -> str | None:
    """Why a line cannot be taken after those of the same person that came before."""
    for each in before:
        if each.contract == row["contract"]:
            return f"person: {each.person} stands twice for {each.contract}"
        if (each.name, each.email) != (row["name"].strip(), row["email"]):
            return f"person: {each.person} has another name or address on an earlier line"
    return None


def _entry(row: Mapping[str, str]) -> Entry:
    language = row["language"] or None
    role = row.get("role") or ADMINISTRATOR
    return Entry(row["contract"], row["person"], row["name"].strip(), row["email"], language, role)


def _told(wrong: list[str]) -> str:
    more = len(wrong) - SHOWN_MAX
    shown = [*wrong[:SHOWN_MAX], *([f"and {counted(more, 'line')} more"] if more > 0 else [])]
    return "nothing of the list was taken, and the lists before it stay in force:\n  " + "\n  ".join(shown)
