"""`constat verify`: read everything again, check every hash, and print what is worth keeping elsewhere."""

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from consumers.cli import bars, common, printing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.log.interface import Engine
    from ledger.verification import Heads, Verification

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
        _opened(ledger) as engine,
        bars.progress_bar("checking", _records(engine)) as advance,
    ):
        verification = checking.verify(engine, expected, advance)
    if as_json:
        printing.print_json(_as_json(verification))
    else:
        _show(verification)
    if verification.misfit:
        raise typer.Exit(1)


@contextmanager
def _opened(url: str) -> "Iterator[Engine]":
    from ledger.application import open_engine

    with bars.bar_while_reading() as heard:
        engine = open_engine(url, create=False, checking=True, heard=heard)
    try:
        yield engine
    finally:
        engine.close()


def _records(engine: "Engine") -> int | None:
    from ledger.errors import ConstatError

    try:
        head = engine.head()
    except ConstatError:
        return None  # the check itself will say what is wrong with it
    return head.position + head.round_offset


def _show(verification: "Verification") -> None:
    from ledger.errors import counted

    heads = verification.heads
    print(
        f"{counted(heads.decisions.records, 'fact')} in {counted(verification.streams, 'stream')}, "
        f"{counted(verification.rounds, 'round')} of {counted(len(heads.probes), 'agent')}"
        + (f"; void: {counted(verification.void, 'record')}" if verification.void else "")
    )
    print(f"decisions  {heads.decisions.running_hash}")
    for agent, end in heads.probes.items():
        print(f"{agent:<10} {end.running_hash} ({end.records} rounds)")
    print(f"does not fit: {verification.misfit}" if verification.misfit else "every record fits")


def _as_json(verification: "Verification") -> dict[str, Any]:
    from dataclasses import asdict

    counted = {"rounds": verification.rounds, "agents": len(verification.heads.probes)}
    return {"fits": verification.misfit is None, **asdict(verification), **counted}


def _read_heads(path: Path) -> "Heads":
    import orjson

    from ledger.errors import BadInputError
    from ledger.verification import Heads, LogEnd

    def end_of(saved: Any) -> LogEnd:  # noqa: ANN401 - whatever the file holds
        return LogEnd(int(saved["records"]), str(saved["running_hash"]))

    try:
        kept = path.read_bytes()
    except OSError as error:
        raise BadInputError(f"{path} cannot be read ({error.strerror}); check the name at --saved") from None
    try:
        saved = orjson.loads(kept)["heads"]
        probes = {agent: end_of(end) for agent, end in saved["probes"].items()}
        return Heads(end_of(saved["decisions"]), probes)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInputError(
            f"{path} does not hold what `constat verify --json` prints ({error}); name that file with --saved"
        ) from error
