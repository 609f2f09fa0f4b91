"""`constat claim`: file claims of force majeure and rule on them."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from consumers.cli import common, opening, recording, times

if TYPE_CHECKING:
    from ledger.fact import Span
    from projections.asof import Known

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="File claims of force majeure and rule on them."
)

Claim = Annotated[str, typer.Argument(metavar="CLAIM", help="The name of the claim.")]
EvidenceFiles = Annotated[
    list[Path], typer.Option("--evidence", help="A document; its bytes are kept, by their hash.")
]


class Decision(StrEnum):
    """What a ruling says."""

    accepted = "accepted"
    rejected = "rejected"
    in_part = "in-part"


@app.command()
def file(
    claim: Claim,
    *,
    platform: Annotated[list[str], typer.Option("--platform", help="A platform concerned; repeatable.")],
    start: Annotated[str, typer.Option("--from", metavar="TIME", help="Claimed start, with its offset.")],
    end: Annotated[str, typer.Option("--to", metavar="TIME", help="Claimed end, not included.")],
    event: Annotated[str, typer.Option("--event", help="What happened: a flood, a power cut …")],
    evidence: EvidenceFiles = [],  # noqa: B006 - typer copies it
    at: common.OccurredOption = None,
    by: common.ByOption = "ops",
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Claim that an interruption was force majeure. Nothing is excluded until it is ruled."""
    from ledger import claims as subject

    documents = recording.attached(evidence)
    claimed = times.span_between(start, end)
    recording.occurrence(end, "--to")

    def decide(state: subject.Claim) -> subject.ClaimFiled:
        filed = subject.ClaimFiled(
            claim=claim,
            platforms=tuple(platform),
            claimed=claimed,
            event=event,
            evidence=documents.named(),
            by=by,
        )
        return subject.file(state, filed)

    recording.take_down(
        ledger,
        subject,
        claim,
        decide,
        at=at,
        as_json=as_json,
        platforms=platform,
        evidence=documents,
        shown=recording.shown_back(opening.facts_now(ledger), platform, [claimed]),
    )


@app.command()
def rule(
    claim: Claim,
    decision: Annotated[Decision, typer.Argument(help="What is decided.")],
    *,
    reason: Annotated[str, typer.Option("--reason", help="Why.")],
    by: Annotated[str, common.person_option("--by", "Who decides, by an opaque id.")],
    accepted: Annotated[
        list[str],
        typer.Option("--accepted", metavar="FROM/TO", help="With in-part: what is accepted; repeatable."),
    ] = [],  # noqa: B006 - typer copies it
    revises: Annotated[
        int | None,
        typer.Option(
            "--revises",
            metavar="POSITION",
            help="The ruling that this one replaces, as the register shows it.",
        ),
    ] = None,
    evidence: EvidenceFiles = [],  # noqa: B006 - typer copies it
    at: common.OccurredOption = None,
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Decide on a claim; a second decision names with --revises the position of the one that it replaces."""
    from ledger import claims as subject
    from ledger.errors import BadInputError

    if bool(accepted) != (decision is Decision.in_part):
        raise BadInputError("--accepted FROM/TO goes with in-part, and only with it")

    documents = recording.attached(evidence)
    known = opening.facts_now(ledger)
    revised = _sequence_of(known, claim, revises)
    found = known.claims.get(claim, subject.INITIAL).filed
    parts = tuple(_span(text) for text in accepted)

    def accepted_of(filed: subject.ClaimFiled) -> tuple["Span", ...]:
        return (filed.claimed,) if decision is Decision.accepted else parts

    def decide(state: subject.Claim) -> subject.ClaimRuled:
        ruled = subject.ClaimRuled(
            claim=claim,
            decision=decision.value,
            accepted=accepted_of(subject.require_filed(state, claim)),
            reason=reason,
            evidence=documents.named(),
            by=by,
            revises=revised,
        )
        return subject.rule(state, ruled)

    recording.take_down(
        ledger,
        subject,
        claim,
        decide,
        at=at,
        as_json=as_json,
        evidence=documents,
        shown=recording.shown_back(known, found.platforms, accepted_of(found)) if found else (),
    )


def _sequence_of(known: "Known", claim: str, position: int | None) -> int | None:
    """The number, in the claim's stream, of the ruling in force, which a person names by its position.

    Raises:
        BadInputError: that position is not where the ruling in force stands.
    """
    from ledger.claims import INITIAL
    from ledger.errors import BadInputError

    in_force = known.claims.get(claim, INITIAL).ruling
    if in_force is None:
        return position  # there is nothing to revise: the subject says so
    if position != in_force.position:
        raise BadInputError(
            f"claim {claim} was already ruled ({in_force.decision}), at position {in_force.position}; to "
            f"change that, revise it with --revises {in_force.position}"
        )
    return in_force.sequence


def _span(text: str) -> "Span":
    from ledger.errors import BadInputError

    start, slash, end = text.partition("/")
    if not slash:
        raise BadInputError(f"--accepted {text!r}: write two times with their offsets, as FROM/TO")
    return times.span_between(start, end)
