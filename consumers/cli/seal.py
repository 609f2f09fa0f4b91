"""`constat seal`: take down how far both logs have come, so that figures can name what they rest on."""

from typing import TYPE_CHECKING, Annotated

import typer

from consumers.cli import common, opening, printing, times

if TYPE_CHECKING:
    from ledger.seals import Seal

app = typer.Typer(add_completion=False)


@app.command()
def seal(
    *,
    only_name: Annotated[bool, typer.Option("--quiet", "-q", help="Print only its name.")] = False,
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Fix what the ledger holds now under a name: every figure can be asked for as known at it, for ever.

    Where nothing came since the last seal, that one is printed again.
    """
    from consumers.seal import seal as sealed

    with opening.open_ledger(ledger) as opened:
        found = sealed(opened, times.now_ms())
    if as_json:
        printing.print_json(_as_json(found))
    elif only_name:
        print(found.made.seal if found.made else "")
    else:
        _show(found)


def _show(found: "Seal") -> None:
    from ledger.errors import counted
    from ledger.instants import format_instant

    made = found.made
    assert made
    print(f"seal {made.seal}, made {format_instant(found.occurred_ms)} at position {found.position}")
    print(f"  {counted(made.position, 'fact')}  {made.running_hash}")
    for each in made.rounds:
        print(f"  {counted(each.records, 'round')} of {each.agent}  {each.running_hash}")
    print(f"ask for figures as known at it with --as-of {made.seal}")


def _as_json(found: "Seal") -> dict[str, object]:
    from ledger.instants import format_instant

    assert found.made
    return {
        **found.made.model_dump(mode="json"),
        "recorded_position": found.position,
        "occurred_at": format_instant(found.occurred_ms),
    }
