"""`constat correct`: annul or restate an interval of an agent's results. The originals stay."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from consumers.cli import common, opening, printing, recording, times

if TYPE_CHECKING:
    from ledger.interval import Interval
    from projections.asof import Known

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
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Annul an interval of an agent's results (nobody observed), or restate it with an outcome.

    Only what the agent said can be corrected: where it has no result, the interval stays unknown.
    """
    from ledger import corrections as subject

    now_ms = times.now_ms()
    documents = recording.attached(evidence)

    def decide(state: subject.Correction) -> subject.ResultsCorrected:
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
        return subject.correct(state, corrected, now_ms)

    with opening.open_known(ledger, None) as known:
        recording.require_agent(known, agent, platform)
        asked = times.span_between(start, end)
        silent_ms = _silent_ms(known, agent, platform, asked.interval)
        shown = recording.shown_back(known, [platform], [asked])
    recording.take_down(
        ledger, subject, correction, decide, at=None, as_json=as_json, evidence=documents, shown=shown
    )
    if silent_ms:
        printing.warn(
            f"{times.duration(silent_ms)} of the interval had no result of {agent} on {platform}; that part "
            "is not corrected"
        )


def _silent_ms(known: "Known", agent: str, platform: str, interval: "Interval") -> int:
    """How much of an interval the agent said nothing in; refused if that is all of it."""
    from ledger.errors import BadInputError
    from ledger.interval import total_ms
    from projections.changes import observed_within

    stale_after_ms = _stale_after_ms(known, platform)
    heard_ms = total_ms(observed_within(known, agent, platform, stale_after_ms, interval))
    if not heard_ms:
        raise BadInputError(
            f"{agent} has no result on {platform} in that interval, and silence cannot be corrected; name an "
            "interval, or an agent, that has results (`constat explain --platform … --at …` shows them)"
        )
    return interval.length_ms - heard_ms


def _stale_after_ms(known: "Known", platform: str) -> int:
    """The longest that a result holds under the contracts that have the platform."""
    from ledger.terms import Terms

    agreed = [
        version.terms.stale_after_ms
        for contract in known.contracts.values()
        if any(member.platform == platform for member in contract.platforms)
        for version in contract.versions
    ]
    return max(agreed, default=Terms().stale_after_ms)
