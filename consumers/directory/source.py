"""A list of administrators as another program writes it: CSV with contract, person, name, email, language.

A file is taken as a whole or not at all: everything that is wrong in it is named at once, by file, line and
reason, without the name or address that stands there.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from email.errors import MessageError
from email.headerregistry import Address
from pathlib import Path
from typing import NamedTuple

from consumers.directory.standing import Standing
from consumers.directory.store import Entry
from ledger.errors import BadInputError, counted
from ledger.intake.names import is_name

COLUMNS = ("contract", "person", "name", "email", "language")
OPTIONAL = ("role",)
ADMINISTRATOR = "administrator"
LANGUAGES = ("fr", "en")
SHOWN_MAX = 100

_ADDRESS = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?"
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")

Row = Mapping[str, str]
"""A line: what stands in each column."""


class Lists(NamedTuple):
    """What a file says of the contracts that it names."""

    by_contract: Mapping[str, list[Entry]]
    """Everybody, in order of their ids."""
    shared: tuple[str, ...]
    """A sentence for each line that gives the address of an earlier line to another id."""


def read_lists(path: Path, also: Iterable[str], standing: Standing) -> Lists:
    """What the file says; the contracts in `also` have an empty list, if it names nobody for them.

    Raises:
        BadInputError: the file cannot be read, or a line of it cannot be taken; names every such line.
    """
    rows, wrong = _read(path)
    wrong = [*_faults(path, rows, standing), *wrong]
    entries = [_entry(row) for _, row in rows]
    contracts = dict.fromkeys((*also, *(each.contract for each in entries)))
    wrong += [
        f"--also {name}: {why}" for name in also if (why := standing.against_contract(name)) is not None
    ]
    wrong += [f"{path}: {why}" for name in contracts if (why := standing.against_age(name)) is not None]
    if not wrong and not contracts:
        wrong.append(f"{path}: names nobody; a list has one line for each person after its heading")
    if wrong:
        raise BadInputError(_told(wrong))
    lists: dict[str, list[Entry]] = {name: [] for name in contracts}
    for entry in sorted(entries, key=lambda each: each.person):
        lists[entry.contract].append(entry)
    return Lists(lists, tuple(_shared(path, rows)))


def _read(path: Path) -> tuple[list[tuple[int, Row]], list[str]]:
    """Every line that can be read, with its number, and why no more can be."""
    rows: list[tuple[int, Row]] = []
    try:
        rows.extend(_rows(path))
    except BadInputError as error:
        return rows, [str(error)]
    return rows, []


def _rows(path: Path) -> Iterator[tuple[int, Row]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            _require_columns(path, reader.fieldnames or ())
            try:
                for row in reader:
                    yield reader.line_num, {key: (row[key] or "") for key in row if key in _KNOWN}
            except csv.Error as error:
                raise BadInputError(
                    f"{path}:{reader.line_num + 1}: cannot be read ({error}); nor was what comes after it"
                ) from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise BadInputError(f"{path}: cannot be read ({why}); it is to be CSV in UTF-8") from None


_KNOWN = {*COLUMNS, *OPTIONAL}


def _require_columns(path: Path, there: Sequence[str]) -> None:
    missing = [name for name in COLUMNS if name not in there]
    strangers = [name for name in there if name not in _KNOWN]
    if missing or strangers:
        wrong = {"lacks": missing, "has unknown": strangers}
        what = " and ".join(f"{how} {', '.join(names)}" for how, names in wrong.items() if names)
        raise BadInputError(
            f"{path}:1: the heading {what}; the columns are {','.join(COLUMNS)}[,{','.join(OPTIONAL)}]"
        )


def _faults(path: Path, rows: Iterable[tuple[int, Row]], standing: Standing) -> Iterator[str]:
    before: dict[str, list[tuple[int, Row]]] = {}
    for line, row in rows:
        wrong = _wrong_columns(row)
        whys = list(wrong.values())
        if not {"contract", "person"} & wrong.keys():
            whys += _against(row, standing)
        if "person" not in wrong:
            whys += _twice(row, before.get(row["person"], ()))
            before.setdefault(row["person"], []).append((line, row))
        if whys:
            yield f"{path}:{line}: {'; '.join(whys)}"


def _wrong_columns(row: Row) -> dict[str, str]:
    """Column -> why what stands there cannot be taken, without what it says of the person."""
    name, email, language, role = row["name"], row["email"], row["language"], row.get("role")
    is_opaque = is_name(row["person"]) and "@" not in row["person"]
    has_name = bool(name.strip()) and not _CONTROL.search(name)
    is_address = bool(_ADDRESS.fullmatch(email)) and is_writable(name if has_name else "", email)
    columns = {
        "contract": (is_name(row["contract"]), "is no name of a contract"),
        "person": (is_opaque, "is no opaque id; take letters, digits and hyphens that tell nothing"),
        "name": (has_name, "is empty or has characters that no name has"),
        "email": (is_address, "is no address, as one@example.com"),
        "language": (language in ("", *LANGUAGES), "must be fr or en, or empty for the contract's own"),
        "role": (not role or is_name(role), "is no name of a role"),
    }
    return {column: f"{column}: {why}" for column, (is_good, why) in columns.items() if not is_good}


def is_writable(name: str, email: str) -> bool:
    """Whether a name and an address can stand in the head of a mail; `a..b@example.com` cannot."""
    try:
        Address(name, addr_spec=email)
    except (ValueError, LookupError, MessageError):
        return False
    return True


def _against(row: Row, standing: Standing) -> Iterator[str]:
    """Why the ledger does not take a line, whatever the other lines say."""
    if why := standing.against_contract(row["contract"]):
        yield f"contract: {why}"
    elif (row.get("role") or ADMINISTRATOR) == ADMINISTRATOR and (
        why := standing.against_person(row["contract"], row["person"])
    ):
        yield f"person: {why}"


def _twice(row: Row, before: Iterable[tuple[int, Row]]) -> Iterator[str]:
    """Why a line cannot be taken after an earlier one of the same person; of several the first is named."""
    for line, each in before:
        if each["contract"] == row["contract"]:
            yield f"person: {each['person']} stands twice for {each['contract']}, first on line {line}"
            return
        if (each["name"].strip(), each["email"]) != (row["name"].strip(), row["email"]):
            yield f"person: {each['person']} has another name or address on line {line}"
            return


def _shared(path: Path, rows: Iterable[tuple[int, Row]]) -> Iterator[str]:
    first: dict[str, tuple[int, str]] = {}
    for line, row in rows:
        earlier, person = first.setdefault(row["email"].casefold(), (line, row["person"]))
        if person != row["person"]:
            yield (
                f"{path}:{line}: email: {row['person']} has the address of {person} on line {earlier}; if "
                "they are one person, keep one id: who is erased under one id stays under the other, and has "
                "every mail twice"
            )


def _entry(row: Mapping[str, str]) -> Entry:
    language = row["language"] or None
    role = row.get("role") or ADMINISTRATOR
    return Entry(row["contract"], row["person"], row["name"].strip(), row["email"], language, role)


def _told(wrong: list[str]) -> str:
    more = len(wrong) - SHOWN_MAX
    shown = [*wrong[:SHOWN_MAX], *([f"and {counted(more, 'line')} more"] if more > 0 else [])]
    return "nothing of the list was taken, and the lists before it stay in force:\n  " + "\n  ".join(shown)
