"""`constat notice`: announce maintenance, move or withdraw an announcement; list what is announced."""

from typing import Annotated

import typer

from consumers.cli import common, dialogue, giving, opening, printing, recording

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Announce maintenance; move or withdraw an announcement; list what is announced.",
)

Maintenance = Annotated[
    str | None, typer.Argument(metavar="MAINTENANCE", help="The name of the work.", show_default=False)
]
Start = Annotated[
    str | None,
    typer.Option(
        "--from", metavar="TIME", help="Announced start; local time of the clients, or with its offset."
    ),
]
End = Annotated[str | None, typer.Option("--to", metavar="TIME", help="Announced end, not included.")]
GivenAt = Annotated[
    str | None,
    typer.Option("--given-at", metavar="TIME", help="When the client had it; now if not given."),
]
Reason = Annotated[str | None, typer.Option("--reason", help="Why; the client reads it.")]


@app.command()
def publish(
    maintenance: Maintenance = None,
    *,
    platform: Annotated[list[str], typer.Option("--platform", help="A platform concerned; repeatable.")] = [],  # noqa: B006 - typer copies it
    start: Start = None,
    end: End = None,
    summary: Annotated[
        str | None, typer.Option("--summary", help="What will be done; the client reads it.")
    ] = None,
    given_at: GivenAt = None,
    by: common.ByOption = "ops",
    preview: giving.PreviewOption = False,
    yes: giving.YesOption = False,
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Announce work on some platforms for an interval; on a terminal what is missing is asked for."""
    from ledger import maintenance as subject

    with giving.desk(ledger) as at:
        name = dialogue.told(maintenance, "MAINTENANCE", "a new name for the work", check=at.require_new)
        platforms = dialogue.told_several(
            platform,
            "--platform",
            "the platforms concerned",
            lambda names: recording.require_platforms(at.ledger, names),
        )
        recording.require_platforms(at.ledger, platforms)
        notice = subject.NoticePublished(
            maintenance=name,
            platforms=tuple(platforms),
            announced=at.span(start, end, platforms),
            summary=dialogue.told(summary, "--summary", "what will be done", check=dialogue.sentence),
            by=by,
        )
        how = giving.How(given_at, preview, yes, as_json, tuple(platforms))
        giving.give(at, name, lambda state, _: subject.publish(state, notice), how)


@app.command()
def move(
    maintenance: Maintenance = None,
    *,
    start: Start = None,
    end: End = None,
    reason: Reason = None,
    given_at: GivenAt = None,
    by: common.ByOption = "ops",
    preview: giving.PreviewOption = False,
    yes: giving.YesOption = False,
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Put announced work at another interval; the notices before stay in the register."""
    from ledger import maintenance as subject

    with giving.desk(ledger) as at:
        name = at.announced(maintenance)
        moved = subject.NoticeMoved(
            maintenance=name,
            announced=at.span(start, end, at.state(name).platforms),
            reason=dialogue.told(reason, "--reason", "why it moves", check=dialogue.sentence),
            by=by,
        )
        how = giving.How(given_at, preview, yes, as_json)
        giving.give(at, name, lambda state, ms: subject.move(state, ms, moved), how)


@app.command()
def withdraw(
    maintenance: Maintenance = None,
    *,
    reason: Reason = None,
    given_at: GivenAt = None,
    by: common.ByOption = "ops",
    preview: giving.PreviewOption = False,
    yes: giving.YesOption = False,
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Take an announcement back: from then on nothing is announced."""
    from ledger import maintenance as subject

    with giving.desk(ledger) as at:
        name = at.announced(maintenance)
        withdrawn = subject.NoticeWithdrawn(
            maintenance=name,
            reason=dialogue.told(reason, "--reason", "why it will not take place", check=dialogue.sentence),
            by=by,
        )
        how = giving.How(given_at, preview, yes, as_json)
        giving.give(at, name, lambda state, ms: subject.withdraw(state, ms, withdrawn), how)


@app.command("list")
def list_(
    *,
    contract: Annotated[
        str | None, typer.Option("--contract", "-c", metavar="NAME", help="Of this contract only.")
    ] = None,
    as_of: common.AsOfOption = None,
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """List announced work that is not over, first what begins first.

    For each client: its local times, its platforms, whether the notice was in time, and who has the mail.
    """
    with opening.open_known(ledger, as_of) as known:
        from projections.coming import coming

        found = coming(known, contract)
    if as_json:
        printing.print_json(found.model_dump(mode="json", by_alias=True))
        return
    from consumers.pages import announcing

    for line in announcing.lines(found):
        print(line)
