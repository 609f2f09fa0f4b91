"""`constat incident`: open, update and resolve incidents; record alerts of a loss of data."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from consumers.cli import common, opening, recording

if TYPE_CHECKING:
    from ledger.errors import RefusedError
    from projections.asof import Known

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Open, update and resolve incidents; record data-loss alerts.",
)

Incident = Annotated[str, typer.Argument(metavar="INCIDENT", help="The name of the incident.")]
Platforms = Annotated[list[str], typer.Option("--platform", help="A platform concerned; repeatable.")]


@app.command("open")
def open_(
    incident: Incident,
    *,
    platform: Platforms,
    summary: Annotated[str, typer.Option("--summary", help="What is wrong.")],
    data_loss: Annotated[bool, typer.Option("--data-loss", help="Data were lost.")] = False,
    browser: Annotated[
        str | None, typer.Option("--browser", metavar="NAME/MAJOR", help="Reported from, as Firefox/128.")
    ] = None,
    at: common.OccurredOption = None,
    by: common.ByOption = "ops",
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Say since when something is wrong with some platforms."""
    from ledger import incidents as subject

    def decide(state: subject.Incident) -> subject.IncidentOpened:
        opened = subject.IncidentOpened(
            incident=incident,
            platforms=tuple(platform),
            summary=summary,
            data_loss=data_loss,
            browser=recording.browser(browser) if browser else None,
            by=by,
        )
        return subject.open_incident(state, opened)

    recording.take_down(ledger, subject, incident, decide, at=at, as_json=as_json, platforms=platform)


@app.command()
def update(
    incident: Incident,
    *,
    note: Annotated[str, typer.Option("--note", help="What became known.")],
    cause: Annotated[str | None, typer.Option("--cause", help="The cause, if it is known now.")] = None,
    data_loss: Annotated[
        bool | None, typer.Option("--data-loss/--no-data-loss", help="Whether data were lost.")
    ] = None,
    at: common.OccurredOption = None,
    by: common.ByOption = "ops",
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Add to an incident's story, resolved or not."""
    from ledger import incidents as subject

    def decide(state: subject.Incident) -> subject.IncidentUpdated:
        updated = subject.IncidentUpdated(
            incident=incident, note=note, cause=cause, data_loss=data_loss, by=by
        )
        return subject.update(state, updated)

    recording.take_down(ledger, subject, incident, decide, at=at, as_json=as_json)


@app.command()
def resolve(
    incident: Incident,
    *,
    cause: Annotated[str, typer.Option("--cause", help="What it was.")],
    at: common.OccurredOption = None,
    by: common.ByOption = "ops",
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Say since when the incident is over."""
    from ledger import incidents as subject

    resolved_ms = recording.occurrence(at)

    def decide(state: subject.Incident) -> subject.IncidentResolved:
        resolved = subject.IncidentResolved(incident=incident, cause=cause, by=by)
        return subject.resolve(state, resolved, resolved_ms)

    recording.take_down(ledger, subject, incident, decide, at=at, as_json=as_json)


@app.command()
def alert(
    incident: Incident,
    *,
    platform: Platforms,
    administrator: Annotated[list[str], common.person_option("--administrator", "Told.")] = [],  # noqa: B006 - typer copies it
    evidence: Annotated[
        list[Path], typer.Option("--evidence", help="A document that shows it; it is kept.")
    ] = [],  # noqa: B006 - as above
    at: common.OccurredOption = None,
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Say that the administrators of some platforms were told of a loss of data, in another way than by mail.

    `constat notify` mails them, and records this by itself for each mail that was accepted.
    """
    from ledger import incidents as subject

    documents = recording.attached(evidence)
    if administrator:
        known, told_ms = opening.facts_now(ledger), recording.occurrence(at)
        _require_told(known, _clients(known, incident, platform), administrator, told_ms)

    def decide(state: subject.Incident) -> subject.DataLossAlertSent:
        sent = subject.DataLossAlertSent(
            incident=incident,
            platforms=tuple(platform),
            administrators=tuple(administrator),
            evidence=documents.named(),
        )
        return subject.alert(state, sent)

    recording.take_down(ledger, subject, incident, decide, at=at, as_json=as_json, evidence=documents)


# ---------------------------------------------------------------- who was told


def _clients(known: "Known", incident: str, platforms: Sequence[str]) -> list[str]:
    """The contracts to which these platforms belonged when the incident began."""
    from ledger.incidents import INITIAL
    from ledger.interval import Interval
    from projections.attention import concerned, signed

    began = Interval.at(known.incidents.get(incident, INITIAL).opened_ms)
    return [name for name, contract in signed(known) if concerned(contract, platforms, began)]


def _require_told(known: "Known", contracts: Sequence[str], people: Sequence[str], told_ms: int) -> None:
    """Refuse an alert by which a client would count as told of whose administrators none is named.

    Refuse as well whoever is an administrator of no client.

    Raises:
        RefusedError: names those who were.
    """
    of_clients = [[_refusal(known, name, person, told_ms) for person in people] for name in contracts]
    of_people = zip(*of_clients, strict=True)
    for refusals in (*of_clients, *of_people):
        found = [each for each in refusals if each]
        if found and len(found) == len(refusals):
            raise found[0]


def _refusal(known: "Known", contract: str, person: str, told_ms: int) -> "RefusedError | None":
    """Why somebody is no administrator of a contract; None if they are, or if it has no list."""
    from ledger.errors import RefusedError

    only = "are to be told of a loss of data"
    try:
        recording.require_administrator(known, contract, person, told_ms, only)
    except RefusedError as error:
        return error
    return None
