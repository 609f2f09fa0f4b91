"""`constat outbox`: the rounds that an agent keeps while its ledger is away."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from consumers.cli import bars, common, opening, printing, times

if TYPE_CHECKING:
    from ledger.application import Ledger
    from ledger.outbox.chain import Renumbered
    from ledger.outbox.outbox import Outbox
    from ledger.outbox.pending import Kept, Pending
    from ledger.outbox.sending import Sent

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Show and send what an agent keeps while its ledger is away.",
)

File = Annotated[Path, typer.Argument(metavar="FILE", help="The outbox of an agent.")]


@app.command()
def show(file: File, *, as_json: common.JsonOption = False) -> None:
    """Say how many rounds wait, from when to when, and how full it is; the agent may run meanwhile.

    Exit 1 if somebody has to do something: it is nearly full, in conflict or damaged.
    """
    from ledger.outbox.pending import look

    found = look(str(file))
    worries = _worries(found)
    if as_json:
        printing.print_json(_as_json(found, worries))
    else:
        _show(found, file)
        for worry in worries:
            print(f"  {worry}")
    if worries:
        raise typer.Exit(1)


@app.command()
def send(
    file: File,
    *,
    renumber: Annotated[
        bool,
        typer.Option("--renumber", help="First put what is in conflict behind the agent's last round."),
    ] = False,
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Send what waits to the ledger, in order, each round once; run it again if it broke off.

    An agent that runs does this itself, and has its outbox for itself. With --renumber it is refused while
    the ledger shows that another process runs under the agent's name.
    """
    from ledger.outbox.outbox import Outbox

    with Outbox.open(str(file)) as outbox, opening.open_ledger(ledger) as opened:
        renumbered = outbox.renumber(opened, now_ms=times.now_ms()) if renumber else None
        sent = _sent(outbox, opened)
        left = outbox.pending()
    if as_json:
        numbered, aside = renumbered or (0, 0)
        printing.print_json({**sent._asdict(), "renumbered": numbered, "aside": aside, "left": left.rounds})
        return
    if renumbered:
        print(_anew(renumbered))
    print(_line(sent, left))


def _sent(outbox: "Outbox", ledger: "Ledger") -> "Sent":
    """Send with a bar; if it breaks off, say how far it came before its error says why."""
    from ledger.errors import ConstatError, counted

    arrived = 0
    try:
        with bars.progress_bar("sending", outbox.pending().rounds) as advance:

            def heard(more: int) -> None:
                nonlocal arrived
                arrived += more
                advance(more)

            return outbox.send(ledger, heard)
    except ConstatError:
        if arrived:
            typer.echo(f"{counted(arrived, 'round')} arrived, and then it broke off", err=True)
        raise


def _anew(renumbered: "Renumbered") -> str:
    from ledger.errors import counted

    aside = f", {counted(renumbered.aside, 'damaged round')} put aside" if renumbered.aside else ""
    return f"{counted(renumbered.rounds, 'round')} numbered anew{aside}"


def _line(sent: "Sent", left: "Pending") -> str:
    from ledger.errors import counted

    there = f"; {counted(sent.already_there, 'round')} had arrived before" if sent.already_there else ""
    more = f"; {counted(left.rounds, 'round')} came in meanwhile" if left.rounds else ""
    return f"agent {left.agent}: {counted(sent.rounds, 'round')} sent{there}{more}"


# ---------------------------------------------------------------- what is said of it


def _show(found: "Pending", file: Path) -> None:
    if found.known is None:
        stands = "this agent has never reached its ledger"
    else:
        stands = f"the ledger has the agent's rounds up to {found.known.number}, as far as is known here"
    waits = "wait" if found.rounds > 1 else "waits"
    print(f"{file}: agent {found.agent}, {found.span} {waits}")
    print(f"  {stands}")
    print(f"  {found.bytes:,} of {found.bytes_max:,} bytes, {found.used_percent} %")
    if found.refused:
        print(f"  {_refused(found)}")


def _refused(found: "Pending") -> str:
    from ledger.errors import counted
    from ledger.instants import format_instant

    assert found.refused
    rounds, from_ms, to_ms = found.refused
    return (
        f"there was no room for {counted(rounds, 'round')} between {format_instant(from_ms)} and "
        f"{format_instant(to_ms)}: the ledger will never have {'it' if rounds == 1 else 'them'}"
    )


def _worries(found: "Pending") -> list[str]:
    from ledger.errors import counted

    worries = []
    if found.is_nearly_full:
        worries.append("nearly full: send what waits, or raise its limit, before rounds are refused")
    if found.conflict:
        worries.append(found.conflict)
    if found.aside:
        worries.append(
            f"{counted(found.aside, 'damaged round')} put aside: kept in this file, and never sent"
        )
    return worries


def _as_json(found: "Pending", worries: list[str]) -> dict[str, Any]:
    refused = found.refused
    return {
        "agent": found.agent,
        "rounds": found.rounds,
        "first": _round(found.first),
        "last": _round(found.last),
        "bytes": found.bytes,
        "bytes_max": found.bytes_max,
        "used_percent": found.used_percent,
        "known": found.known._asdict() if found.known else None,
        "refused": _between(refused.rounds, refused.from_ms, refused.to_ms) if refused else None,
        "conflict": found.conflict,
        "aside": found.aside,
        "worries": worries,
    }


def _round(kept: "Kept | None") -> dict[str, object] | None:
    from ledger.instants import format_instant

    if kept is None:
        return None
    return {"number": kept.number, "started_at": format_instant(kept.start_ms), "hash": kept.hash}


def _between(rounds: int, from_ms: int, to_ms: int) -> dict[str, object]:
    from ledger.instants import format_instant

    return {"rounds": rounds, "from": format_instant(from_ms), "to": format_instant(to_ms)}
