"""`constat correct`: annul or restate an interval of an agent's results. The originals stay."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from consumers.cli import common, recording

app = typer.Typer()


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
    by: Annotated[str, typer.Option("--by", metavar="ID", help="Who corrects, by an opaque id.")],
    outcome: Annotated[
        Outcome | None, typer.Option("--outcome", help="What was true; without it the results are annulled.")
    ] = None,
    evidence: Annotated[list[Path], typer.Option("--evidence", help="A document that shows it.")] = [],  # noqa: B006 - typer copies it
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Annul an interval of an agent's results (nobody observed), or restate it with an outcome."""
    from ledger import corrections as subject

    def decide(state: subject.Correction) -> subject.ResultsCorrected:
        corrected = subject.ResultsCorrected(
            correction=correction,
            agent=agent,
            platform=platform,
            interval=common.span_between(start, end),
            action="restated" if outcome else "annulled",
            outcome=outcome.value if outcome else None,
            reason=reason,
            evidence=recording.evidence(evidence),
            by=by,
        )
        return subject.correct(state, corrected)

    recording.require_agent(ledger, agent, platform)
    recording.take_down(ledger, subject, correction, decide, at=None, as_json=as_json)
