"""`constat directory`: the designated administrators of the contracts, and their addresses."""

from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from consumers.cli import common, opening, printing, recording, times

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from consumers.directory.keeping import Keeper
    from consumers.directory.store import Entry
    from projections.asof import Known

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Synchronise, show and erase the designated administrators.",
)

DirectoryOption = Annotated[
    Path | None,
    typer.Option(
        "--directory", metavar="PATH", help="The store of names and addresses; else CONSTAT_DIRECTORY."
    ),
]
EvidenceOption = Annotated[
    Path | None,
    typer.Option("--evidence", metavar="FOLDER", help="The store of documents; else CONSTAT_EVIDENCE."),
]


@app.command()
def sync(
    file: Annotated[
        Path, typer.Argument(metavar="FILE.csv", help="contract,person,name,email,language[,role]")
    ],
    *,
    made_at: Annotated[
        str | None,
        typer.Option("--made-at", metavar="TIME", help="When the list was made; the file's time otherwise."),
    ] = None,
    also: Annotated[
        list[str],
        typer.Option("--also", metavar="CONTRACT", help="Empty its list if the file names nobody for it."),
    ] = [],  # noqa: B006 - typer copies it
    by: common.ByOption = "ops",
    directory: DirectoryOption = None,
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Put these lists in the place of those of the same contracts; all of the file or nothing of it.

    A list that is in force already, made at the same time, is not recorded again.
    A person is an opaque id; name and address go to the store, never into the ledger. Role `administrator`,
    or none, makes a designated administrator; any other role is kept and gets no mail.
    """
    from consumers.directory.source import read_lists
    from consumers.directory.standing import Standing

    _require_there(file)
    made_ms = recording.occurrence(made_at or _written_at(file), "--made-at")
    lists, shared = read_lists(file, also, Standing(opening.facts_now(ledger), made_ms))
    with _keeper(ledger, directory, None) as keeper, recording.understood():
        recorded, changed, in_force, is_renewed = keeper.synchronise(lists, made_ms, by)
    more = {"changed": changed, "shared": shared, "in_force": in_force, "renewed": is_renewed}
    printing.print_recorded(recorded, as_json=as_json, more=more)
    if in_force and not as_json:
        print(_nothing_new(in_force, made_ms, is_renewed=is_renewed))
    for sentence in shared:
        printing.warn(sentence)
    for person in changed:
        printing.warn(
            f"{person} has another name and another address than in the list before: if that is another "
            "person, what is recorded under the id counts as theirs now; an id is never given to another "
            "person, so synchronise a list with a new id for them"
        )


@app.command()
def show(
    *,
    contract: Annotated[str | None, typer.Option("--contract", "-c", help="Only of this contract.")] = None,
    directory: DirectoryOption = None,
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Show the lists in force, with the names and addresses that the store has."""
    from consumers import settings
    from consumers.directory.store import open_store

    known = opening.facts_now(ledger)
    with closing(open_store(settings.read(directory=directory).directory, create=False)) as store:
        people = store.people()
    found = [
        _shown(name, known, people)
        for name in known.directories
        if contract in (None, name) and known.directories[name].lists
    ]
    if as_json:
        printing.print_json({"directories": found})
        return
    for each in found:
        _print(each)


@app.command()
def erase(
    person: Annotated[str, typer.Argument(metavar="PERSON", help="The opaque id.")],
    *,
    by: Annotated[str, common.person_option("--by", "Who erases, by an opaque id.")],
    reason: Annotated[str, typer.Option("--reason", help="Why, without personal data.")],
    directory: DirectoryOption = None,
    evidence: EvidenceOption = None,
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Erase a person's name, address and mails; what stays is the opaque id and what was done under it."""
    from ledger.errors import counted

    with _keeper(ledger, directory, evidence) as keeper, recording.understood():
        recorded, documents = keeper.erase(person, reason, by, times.now_ms())
    if not as_json:
        print(f"erased name and address of {person}, and {counted(documents, 'document')} with them")
    printing.print_recorded(recorded, as_json=as_json)


# ---------------------------------------------------------------- what is opened


@contextmanager
def _keeper(ledger: str, directory: Path | None, evidence: Path | None) -> "Iterator[Keeper]":
    from consumers import settings
    from consumers.directory.keeping import Keeper
    from consumers.directory.store import open_store
    from consumers.evidence import Evidence

    found = settings.read(directory=directory, evidence=evidence)
    with opening.open_ledger(ledger) as opened, closing(open_store(found.directory)) as store:
        yield Keeper(opened, partial(opening.known_now, opened), store, Evidence(found.evidence))


def _require_there(file: Path) -> None:
    from ledger.errors import BadInputError

    if not file.exists():
        raise BadInputError(f"{file}: there is no such file; check its name")


def _written_at(file: Path) -> str:
    from ledger.instants import format_instant

    return format_instant(int(file.stat().st_mtime * 1000))


# ---------------------------------------------------------------- what is shown


def _nothing_new(contracts: "Iterable[str]", made_ms: int, *, is_renewed: bool) -> str:
    from ledger.instants import format_instant

    kept = "the store has names and addresses as the file has them" if is_renewed else "nothing new"
    return (
        f"{kept}: {', '.join(contracts)} had this list of {format_instant(made_ms)} already; if it was made "
        "anew since, say when with --made-at"
    )


def _shown(contract: str, known: "Known", people: "Mapping[tuple[str, str], Entry]") -> dict[str, Any]:
    from ledger.instants import END_OF_TIME_MS, format_instant

    state = known.directories[contract]
    administrators = state.at(END_OF_TIME_MS) or ()
    return {
        "contract": contract,
        "made_at": format_instant(state.lists[-1].occurred_ms),
        "position": state.lists[-1].position,
        "administrators": [_person(people.get((contract, person)), person) for person in administrators],
    }


def _person(entry: "Entry | None", person: str) -> dict[str, str | None]:
    if entry is None:
        return {"person": person, "name": None, "email": None, "language": None}
    return {"person": person, "name": entry.name, "email": entry.email, "language": entry.language}


def _print(found: dict[str, Any]) -> None:
    print(f"{found['contract']}: list of {found['made_at']} (position {found['position']})")
    for each in found["administrators"]:
        known = f"{each['name']} <{each['email']}>" if each["email"] else "no address here"
        print(f"  {each['person']}  {known}{'  ' + each['language'] if each['language'] else ''}")
