"""`constat copy`: move a ledger to another engine, and prove that it is the same."""

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from consumers.cli import bars, common, printing, times

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.copies import LedgerCopied
    from ledger.copy import Copied
    from ledger.log.interface import Engine
    from projections.digests import Digest

app = typer.Typer()


@dataclass(frozen=True, slots=True)
class Proof:
    """What was compared after a copy: the digests of the source, and everything that is not the same."""

    digests: "list[Digest]"
    differences: list[str]


@app.command()
def copy(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="The ledger to copy, as a URL.")],
    target: Annotated[
        str, typer.Argument(metavar="TARGET", help="An empty ledger, or the same copy broken off.")
    ],
    *,
    as_json: common.JsonOption = False,
) -> None:
    """Copy a ledger to another engine, byte for byte; run it again if it broke off.

    Every record keeps its position and its first recorded time. The copy closes with a fact that says from
    where and how far, and is then compared: counts, hashes, the digest of every ended period's statement.
    Exit 1 if something is not the same.
    """
    with both(source, target) as (from_engine, to_engine):
        copied = run(from_engine, to_engine, source)
        proof = compare(from_engine, to_engine, copied.closing)
    if as_json:
        printing.print_json(_as_json(copied, proof))
    else:
        show(copied, proof, source, target)
    if proof.differences:
        raise typer.Exit(1)


@contextmanager
def both(source: str, target: str) -> "Iterator[tuple[Engine, Engine]]":
    """Open the two ledgers, the source first, so that no target is made for nothing.

    Raises:
        BadInputError: both are the same ledger.
        MissingLedgerError: there is no source.
    """
    from ledger.application import open_engine
    from ledger.errors import BadInputError, MissingLedgerError

    if _is_same(source, target):
        raise BadInputError("source and target are the same ledger; name another target")
    try:
        with bars.bar_while_reading() as heard:
            from_engine = open_engine(source, create=False, heard=heard)
    except MissingLedgerError:
        raise MissingLedgerError(
            f"there is no ledger at {name_of(source)} to copy from; correct SOURCE, the first of the two"
        ) from None
    try:
        with bars.bar_while_reading() as heard:
            to_engine = open_engine(target, copying=True, heard=heard)
        try:
            yield from_engine, to_engine
        finally:
            to_engine.close()
    finally:
        from_engine.close()


def _is_same(source: str, target: str) -> bool:
    """Whether two names are one ledger: the same name, or one file whatever it is called."""
    from ledger.application import KAFKA, SQLITE

    files = [Path(url.removeprefix(SQLITE)) for url in (source, target) if not url.startswith(KAFKA)]
    if len(files) == 2 and all(file.exists() for file in files):  # noqa: PLR2004 - both
        return files[0].samefile(files[1])
    return name_of(source) == name_of(target)


def name_of(url: str) -> str:
    """A ledger's URL without its options, which may say how to get in."""
    return url.partition("?")[0]


def run(source: "Engine", target: "Engine", url: str) -> "Copied":
    """Copy, with a bar."""
    from ledger import copy as copying
    from ledger.copy import Plan

    planned = copying.plan(source, target)
    records = planned.records if isinstance(planned, Plan) else 0
    with bars.progress_bar("copying", records) as advance:
        return copying.copy(source, target, name=name_of(url), now_ms=times.now_ms(), progress=advance)


def compare(source: "Engine", target: "Engine", closing: "LedgerCopied") -> Proof:
    """Compare two ledgers up to where the copy went: counts, hashes, statements."""
    from ledger import copy as copying
    from projections.asof import Known
    from projections.digests import digests
    from projections.moment import AsOf

    until_ms = copying.known_until_ms(source, closing)
    numbers = tuple((each.agent, each.number) for each in closing.rounds)
    as_of = AsOf(closing.position, until_ms, until_ms, numbers)
    found: list[list[Digest]] = []
    with bars.progress_bar("comparing statements", None) as advance:
        for engine in (source, target):
            found.append([])
            for digest in digests(Known.at(engine, as_of)):
                found[-1].append(digest)
                advance(1)
    differences = list(copying.differences(source, target, closing))
    of_source, of_target = found
    if len(of_source) != len(of_target):
        differences.append("source and target do not have the same contracts and periods")
    for ours, theirs in zip(of_source, of_target, strict=False):
        if ours != theirs:
            differences.append(f"{ours.contract} {ours.period} is {ours.digest} and became {theirs.digest}")
    return Proof(of_source, differences)


def show(copied: "Copied", proof: Proof, source: str, target: str) -> None:
    """Say what was copied and what was compared."""
    closing = copied.closing
    rounds = sum(each.records for each in closing.rounds)
    print(f"{name_of(source)} -> {name_of(target)}: {closing.position} facts, {rounds} rounds")
    if copied.had_ended:
        print("This copy had ended before; it was compared again.")
    if copied.source_has_grown:
        print("The source has grown since the copy began; what is new there was not copied.")
    print(f"decisions  {closing.running_hash}")
    for each in closing.rounds:
        print(f"{each.agent:<10} {each.running_hash} ({each.records} rounds)")
    for digest in proof.digests:
        print(f"{digest.contract} {digest.period}  {digest.digest}")
    for difference in proof.differences:
        print(f"not the same: {difference}; do not use the copy, and run `constat verify` on both ledgers")
    if not proof.differences:
        print("counts, hashes and the digest of every ended period's statement are the same in both")
        print(same_digest_at(closing.position))


def same_digest_at(position: int) -> str:
    """How to ask a source and its copy for the same statement: as known now, the copy has one fact more."""
    return (
        "as known now the copy has one fact more, the mark of the copy; for the same digest ask both with "
        f"--as-of {position}"
    )


def _as_json(copied: "Copied", proof: Proof) -> dict[str, Any]:
    return {
        "same": not proof.differences,
        "copied": copied.closing.model_dump(mode="json"),
        "records_added": copied.added,
        "had_ended": copied.had_ended,
        "source_has_grown": copied.source_has_grown,
        "digests": [digest._asdict() for digest in proof.digests],
        "differences": proof.differences,
    }
