"""`constat correct`: annul or restate an interval of an agent's results. The originals stay."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from consumers.cli import common, opening, printing, recording, times

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.corrections import ResultsCorrected
    from projections.corrected import CorrectionPreview

app = typer.Typer(add_completion=False)


class Outcome(StrEnum):
    """What an interval can be restated as."""

    up = "up"
    degraded = "degraded"
    down = "down"


@app.command()
def correct(
    correction: Annotated[str, typer.Argument(metavar="CORRECTION", help="The name of the correction.")],
    *,
    agent: Annotated[str, typer.Option("--agent", help="Whose results.")],
    platform: Annotated[str, typer.Option("--platform", help="On which platform.")],
    start: Annotated[str, typer.Option("--from", metavar="TIME", help="From here, with its offset …")],
    end: Annotated[str, typer.Option("--to", metavar="TIME", help="… up to here, not included.")],
    reason: Annotated[str, typer.Option("--reason", help="Why the results were wrong.")],
    by: Annotated[str, common.person_option("--by", "Who corrects, by an opaque id.")],
    outcome: Annotated[
        Outcome | None, typer.Option("--outcome", help="What was true; without it the results are annulled.")
    ] = None,
    evidence: Annotated[
        list[Path], typer.Option("--evidence", help="A document that shows it; it is kept.")
    ] = [],  # noqa: B006 - typer copies it
    preview: Annotated[
        bool,
        typer.Option("--preview", help="Show what it would change of results and days; write nothing."),
    ] = False,
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Annul an interval of an agent's results (nobody observed), or restate it with an outcome.

    Only what the agent said can be corrected: where it has no result, the interval stays unknown.
    """
    from ledger import corrections as subject

    now_ms = times.now_ms()
    documents = recording.attached(evidence)
    with recording.understood():
        corrected = subject.ResultsCorrected(
            correction=correction,
            agent=agent,
            platform=platform,
            interval=times.span_between(start, end),
            action="restated" if outcome else "annulled",
            outcome=outcome.value if outcome else None,
            reason=reason,
            evidence=documents.named(),
            by=by,
        )
    found = _effect(ledger, corrected, now_ms)
    if preview:
        _show(found, as_json=as_json)
        return
    recording.take_down(
        ledger,
        subject,
        correction,
        lambda state: subject.correct(state, corrected, now_ms),
        at=None,
        as_json=as_json,
        evidence=documents,
        shown=_in_short(found),
        more={"effect": found.model_dump(mode="json", by_alias=True)},
    )
    if found.silent_ms:
        printing.warn(
            f"{times.duration(found.silent_ms)} of the interval had no result of {agent} on {platform}; that "
            "part is not corrected"
        )


def _effect(ledger: str, corrected: "ResultsCorrected", now_ms: int) -> "CorrectionPreview":
    """What a correction would change by all that is known now; refused if it cannot be made."""
    from ledger import corrections as subject

    with opening.open_known(ledger, None) as known:
        from projections.corrected import preview

        recording.require_agent(known, corrected.agent, corrected.platform)
        subject.correct(known.corrections.get(corrected.correction, subject.INITIAL), corrected, now_ms)
        return preview(known, corrected)


def _show(found: "CorrectionPreview", *, as_json: bool) -> None:
    from consumers.cli import correcting

    if as_json:
        printing.print_json(found.model_dump(mode="json", by_alias=True))
        return
    for line in correcting.lines(found):
        print(line)


def _in_short(found: "CorrectionPreview") -> "Iterator[str]":
    from consumers.cli import correcting

    return correcting.in_short(found)
