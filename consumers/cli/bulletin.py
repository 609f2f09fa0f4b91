"""`constat bulletin`: what operators published, as it was read, and when it was first seen."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from consumers.cli import common, opening, printing

if TYPE_CHECKING:
    from ledger.bulletins import Bulletin, Received

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Show what operators published of their incidents and works, and when it was seen.",
)


@app.command("list")
def list_(
    *,
    operator: Annotated[
        str | None, typer.Option("--operator", metavar="NAME", help="Of this operator only.")
    ] = None,
    as_of: common.AsOfOption = None,
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Every bulletin in the order in which they were first seen, as it is in force."""
    with opening.open_known(ledger, as_of) as known:
        found = {
            name: each
            for name, each in known.bulletins.items()
            if each.current and operator in (None, each.current.fact.operator)
        }
    if as_json:
        printing.print_json([_object(name, each) for name, each in found.items()])
        return
    if not found:
        print("no bulletin was read; `constat import statuspage` and `import maintnote` read some")
    for name, each in found.items():
        _print(name, each)


@app.command()
def show(
    bulletin: Annotated[str, typer.Argument(metavar="BULLETIN", help="Its name.")],
    *,
    as_of: common.AsOfOption = None,
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Every reading of a bulletin, with both clocks, its texts and the hash of its document.

    `constat evidence show` writes the document, which a claim of force majeure can name.
    """
    from ledger.errors import BadInputError

    with opening.open_known(ledger, as_of) as known:
        found = known.bulletins.get(bulletin)
    if found is None:
        raise BadInputError(f"no bulletin {bulletin} was known then; `constat bulletin list` lists them")
    if as_json:
        printing.print_json(
            _object(bulletin, found) | {"received": [_reading(each) for each in found.received]}
        )
        return
    _print(bulletin, found)
    for each in found.received:
        _print_reading(each)


def _print(name: str, bulletin: "Bulletin") -> None:
    said = _object(name, bulletin)
    print(f"{name}: {said['title']}")
    print(f"    {said['kind']} of {said['operator']}, {said['status']}, first seen {said['first_seen_at']}")
    if said["since"]:
        print(f"    from {said['since']}" + (f" to {said['until']}" if said["until"] else ""))
    if said["concerned"]:
        print(f"    {', '.join(said['concerned'])}")


def _print_reading(received: "Received") -> None:
    said = _reading(received)
    number = "" if said["sequence"] is None else f", SEQUENCE {said['sequence']}"
    clocks = f"of {said['occurred_at']}, read {said['recorded_at']}"
    print(f"  position {said['position']}: {said['status']}{number}, {clocks}")
    for each in said["statements"]:
        shown = f" (shown as of {each['displayed']})" if each["displayed"] else ""
        print(f"    {each['created']}{shown} {each['status']}: {each['body']}")
    for each in said["evidence"]:
        print(f"    {each['sha256']} {each['name']}")


def _object(name: str, bulletin: "Bulletin") -> dict[str, Any]:
    from ledger.instants import format_instant

    current, first_seen_ms = bulletin.current, bulletin.first_seen_ms
    assert current is not None
    assert first_seen_ms is not None
    fact = current.fact.model_dump(mode="json", by_alias=True)
    kept = ("operator", "kind", "key", "title", "status", "impact", "concerned", "since", "until", "sequence")
    return {
        "bulletin": name,
        **{key: fact[key] for key in kept},
        "first_seen_at": format_instant(first_seen_ms),
        "readings": len(bulletin.received),
    }


def _reading(received: "Received") -> dict[str, Any]:
    from ledger.instants import format_instant

    fact = received.fact.model_dump(mode="json", by_alias=True)
    return {
        "position": received.position,
        "occurred_at": format_instant(received.occurred_ms),
        "recorded_at": format_instant(received.recorded_ms),
        **{key: fact[key] for key in ("title", "status", "sequence", "statements", "evidence")},
    }
