"""`constat assess`: judge the periods that have ended, and take down what they are worth."""

import sys
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from consumers.cli import bars, common, opening, printing, times

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from consumers.assess import AssessedPeriod, Outcome
    from ledger.assessments import AssessmentMade, PenaltyFact

app = typer.Typer(add_completion=False)

NAMED = 5
"""So many platforms are named in a warning; `--json` names all."""


@app.command()
def assess(
    *,
    contract: Annotated[
        list[str],
        typer.Option("--contract", "-c", metavar="NAME", help="Only this contract; repeatable."),
    ] = [],  # noqa: B006 - typer copies it
    seal: Annotated[
        str | None,
        typer.Option("--seal", metavar="SEAL", help="As known at this seal; at a new one if not given."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be assessed, and write nothing.")
    ] = False,
    as_json: common.JsonOption = False,
    no_cache: common.NoCacheOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Assess every period that has ended, its grace included, and take down the days that follow.

    Run it as often as you like: a period is assessed anew only where its figures differ from those that
    stand, and then the difference is granted or taken back. A contract that cannot be judged is told of and
    keeps no other one waiting; then exit 1.
    """
    from consumers.workers import Workers

    with Workers.of(ledger, cached=not no_cache) as workers, opening.open_ledger(ledger) as opened:
        from consumers.assess import Job
        from consumers.assess import assess as assessed
        from consumers.judges import hands_of

        with bars.progress_in_stages() as heard:
            workers.heard = partial(heard, "folding rounds")
            hands = hands_of(workers)
            job = Job(opened, times.now_ms(), contract, dry_run=dry_run, hands=hands, heard=heard)
            outcome = assessed(job, seal)
    if as_json:
        from consumers.assess_figures import figures

        printing.print_json(figures(outcome, dry_run=dry_run).model_dump(mode="json", by_alias=True))
    else:
        for line in _lines(outcome, dry_run=dry_run):
            print(line)
    for each in outcome.assessed:
        if each.unmeasured:
            printing.warn(_unmeasured(each))
    if outcome.problems:
        for problem in outcome.problems:
            print(f"constat: not assessed: {problem.contract}: {problem.why}", file=sys.stderr)
        raise typer.Exit(1)


# ---------------------------------------------------------------- told to a person


def _lines(outcome: "Outcome", *, dry_run: bool) -> "Iterator[str]":
    from ledger.errors import counted

    new = [each for each in outcome.assessed if each.is_new]
    for name in sorted({each.made.contract for each in outcome.assessed}):
        yield name
        here = [each for each in outcome.assessed if each.made.contract == name]
        yield from _table([_row(each, outcome) for each in here])
        for each in here:
            yield from _remarks(each)
        yield ""
    if not outcome.assessed:
        yield "no period is due: none has ended, its grace included"
        return
    stood = len(outcome.assessed) - len(new)
    would = "would be assessed" if dry_run else "assessed"
    parts = [f"{counted(len(new), 'period')} {would}"] if new else ["nothing new"]
    parts += [f"{counted(stood, 'period')} stood already"] if stood else []
    yield ", ".join(parts) + _days(new)
    assert outcome.seal.made
    if dry_run:
        yield "nothing was written"
    elif new:
        yield f"as known at seal {outcome.seal.made.seal}"


def _table(rows: list[tuple[str, ...]]) -> "Iterator[str]":
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        yield ("  " + "  ".join([*cells, row[-1]])).rstrip()


def _row(each: "AssessedPeriod", outcome: "Outcome") -> tuple[str, ...]:
    made = each.made
    sign = "+" if each.is_new else "="
    days = _counted_days(made.days_granted)
    if made.days_granted < made.days_accrued:
        days += f" of {made.days_accrued}, the cap is reached"
    return (
        f"{sign} period {made.period_number}",
        _days_of(made, outcome.zones[made.contract]),
        f"revision {made.revision}",
        days,
        "; ".join(_penalty(penalty) for penalty in each.penalties),
    )


def _remarks(each: "AssessedPeriod") -> "Iterator[str]":
    from projections.remarks import together

    for remark, platforms in together(each.remarks):
        yield (
            f"  period {each.made.period_number}, {platforms}: {times.duration(remark.counted_ms)} count as "
            f"{remark.outcome} by the last word of {remark.agent}, at {remark.since}; it logs only changes"
        )


def _unmeasured(each: "AssessedPeriod") -> str:
    names = each.unmeasured
    rest = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return (
        f"{each.made.contract}, period {each.made.period_number}: nothing was measured of "
        f"{', '.join(names[:NAMED])}{rest}, so nobody knows how it was; if somebody observed it, import that "
        "and assess again"
    )


def _penalty(penalty: "PenaltyFact") -> str:
    from ledger.assessments import signed_days

    return f"{penalty.platform} {signed_days(penalty):+}"


def _days_of(made: "AssessmentMade", zone: str) -> str:
    from ledger.terms import zone_of
    from projections.calendar import local_date

    first, last = (local_date(zone_of(zone), each) for each in (made.period.start_ms, made.period.end_ms - 1))
    return f"{first} to {last}"


def _counted_days(days: int) -> str:
    from ledger.errors import counted

    return counted(days, "day")


def _days(new: "Iterable[AssessedPeriod]") -> str:
    from ledger.assessments import signed_days

    days = [signed_days(penalty) for each in new for penalty in each.penalties]
    granted = sum(each for each in days if each > 0)
    reversed_ = granted - sum(days)
    parts = [f"{_counted_days(granted)} granted"] if granted else []
    parts += [f"{_counted_days(reversed_)} taken back"] if reversed_ else []
    return ": " + ", ".join(parts) if parts else ""
