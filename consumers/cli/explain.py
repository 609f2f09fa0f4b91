"""`constat explain`: why a second, an interval or a tranche counts as it does."""

from typing import TYPE_CHECKING, Annotated

import typer

from consumers.cli import asking, common, printing, times

if TYPE_CHECKING:
    from projections.figures import Stretch

app = typer.Typer(add_completion=False)


@app.command()
def explain(
    *,
    platform: Annotated[str, typer.Option("--platform", help="On which platform.")],
    contract: asking.ContractOption = None,
    at: Annotated[
        str | None, typer.Option("--at", metavar="TIME", help="An instant: the stretch in which it lies.")
    ] = None,
    start: asking.FromOption = None,
    end: asking.ToOption = None,
    period: asking.PeriodOption = None,
    tranche: Annotated[
        int | None, typer.Option("--tranche", metavar="N", help="The n-th tranche of the --period.")
    ] = None,
    as_of: common.AsOfOption = None,
    reading: asking.ReadingOption = [],  # noqa: B006 - typer copies it
    as_json: common.JsonOption = False,
    no_cache: common.NoCacheOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Go back from time that counts to the rounds, the notice, the ruling and the clause."""
    from ledger.errors import BadInputError

    if [at is not None, start is not None, tranche is not None].count(True) != 1 or (
        (tranche is None) != (period is None)
    ):
        raise BadInputError(
            "say what to explain: --at TIME, or --from and --to, or --period with --tranche N"
        )
    with asking.asked(
        ledger, contract, period, start, end, as_of, reading, at, no_cache=no_cache
    ) as question:
        found = _found(question, platform, at, tranche)
    if as_json:
        stretches = [each.model_dump(mode="json", by_alias=True) for each in found]
        printing.print_json({"contract": question.contract, "platform": platform, "stretches": stretches})
    else:
        _show(found)


def _found(
    question: asking.Question, platform: str, at: str | None, tranche: int | None
) -> "tuple[Stretch, ...]":
    from projections import explain as why
    from projections.selection import select

    known = question.known
    chosen, period = select(known, question.contract, question.period, question.readings)
    if at is not None:
        return why.at_instant(
            known, chosen, period, platform, times.instant(asking.midnight(at), period.zone)
        )
    if tranche is not None:
        return why.of_tranche(known, chosen, period, platform, tranche)
    return why.within(known, chosen, period, platform, period.interval)


def _show(found: "tuple[Stretch, ...]") -> None:
    from consumers.pages.harmless import harmless_text

    for stretch in found:
        print(f"{stretch.platform}  {stretch.start} to {stretch.end}  ({stretch.length_ms} ms)")
        print(f"  counts as {stretch.class_}; the agents together said {stretch.verdict}  [{stretch.clause}]")
        for because in stretch.because:
            print("  - " + harmless_text(" ".join(_words(because.model_dump(exclude_none=True)))))


def _words(because: dict[str, object]) -> list[str]:
    words = [f"{because['kind']} {because['name']}"]
    if "outcome" in because:
        words.append(f"said {because['outcome']}")
    if "detail" in because:
        words.append(f"({because['detail']})")
    if "first_round" in because:
        first, last = because["first_round"], because["last_round"]
        words.append(f"in round {first}" if first == last else f"in rounds {first} to {last}")
    if "position" in because:
        words.append(f"at position {because['position']}")
    return words
