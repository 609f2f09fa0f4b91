"""`constat verify`: read everything again, check every hash, and print what is worth keeping elsewhere."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from consumers.cli import common

if TYPE_CHECKING:
    from ledger.log.interface import Engine
    from ledger.verify import Heads, Verification

app = typer.Typer(add_completion=False)

SavedOption = Annotated[
    Path | None,
    typer.Option("--saved", metavar="FILE", help="What --json printed earlier; the ledger must extend it."),
]


@app.command()
def verify(
    *,
    saved: SavedOption = None,
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Read everything again and check every hash, chain, clock and plan; exit 1 if something does not fit.

    Keep what --json prints elsewhere: with --saved it also shows whether the newest records were cut off or
    the whole was written anew, which no ledger can show from within.
    """
    from ledger import verify as checking

    expected = _read_heads(saved) if saved else None
    with (
        common.open_ledger(ledger) as opened,
        common.progress_bar("checking", _records(opened.engine)) as advance,
    ):
        verification = checking.verify(opened.engine, expected, advance)
    if as_json:
        common.print_json(_as_json(verification))
    else:
        _show(verification)
    if verification.misfit:
        raise typer.Exit(1)


def _records(engine: "Engine") -> int | None:
    from ledger.errors import DamagedLedgerError

    try:
        head = engine.head()
    except DamagedLedgerError:
        return None  # the check itself will say what is wrong with it
    return head.position + head.round_offset


def _show(verification: "Verification") -> None:
    from ledger.errors import counted

    heads = verification.heads
    print(
        f"{counted(heads.decisions.records, 'fact')} in {counted(verification.streams, 'stream')}, "
        f"{counted(heads.probes.records, 'round')} of {counted(verification.agents, 'agent')}"
    )
    print(f"decisions  {heads.decisions.running_hash}")
    print(f"probes     {heads.probes.running_hash}")
    print(f"does not fit: {verification.misfit}" if verification.misfit else "every record fits")


def _as_json(verification: "Verification") -> dict[str, Any]:
    from dataclasses import asdict

    return {"fits": verification.misfit is None, **asdict(verification)}


def _read_heads(path: Path) -> "Heads":
    import orjson

    from ledger.errors import BadInputError
    from ledger.verify import Heads, LogEnd

    try:
        kept = path.read_bytes()
    except OSError as error:
        raise BadInputError(f"{path} cannot be read ({error.strerror}); check the name at --saved") from None
    try:
        ends = orjson.loads(kept)["heads"]
        saved = [ends[log] for log in ("decisions", "probes")]
        return Heads(*(LogEnd(int(end["records"]), str(end["running_hash"])) for end in saved))
    except (ValueError, KeyError, TypeError) as error:
        raise BadInputError(
            f"{path} does not hold what `constat verify --json` prints ({error}); name that file with --saved"
        ) from error
