"""`constat inbox`: what needs somebody of operations, what costs first before what costs later."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from consumers.cli import common, opening, printing

if TYPE_CHECKING:
    from consumers.inbox import ToldInbox

app = typer.Typer(add_completion=False)


@app.command()
def inbox(
    *,
    contract: Annotated[str | None, typer.Option("--contract", "-c", help="Of this contract only.")] = None,
    as_of: common.AsOfOption = None,
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Show what needs somebody: notices, mails, requests, claims, alerts, work, lists, agents, assessments.

    What costs first comes first. Exit 1 if anything is overdue.
    """
    with opening.open_known(ledger, as_of) as known:
        from consumers.inbox import told
        from projections.inbox import inbox as everything

        found = told(everything(known, contract))
    if as_json:
        printing.print_json(found.model_dump(mode="json", by_alias=True))
    else:
        _print(found)
    if found.overdue:
        raise typer.Exit(1)


def _print(found: "ToldInbox") -> None:
    if not found.items:
        print("nothing needs anybody")
    for each in found.items:
        print(f"{'✗' if each.overdue else ' '} {each.sentence}")
        print(f"    {each.kind}, since {each.since}, due {each.due} ({_behind(each.positions)})")


def _behind(positions: Sequence[int]) -> str:
    noun = "position" if len(positions) == 1 else "positions"
    return f"{noun} {', '.join(map(str, positions))} of the ledger"
