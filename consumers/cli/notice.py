"""`constat notice`: announce maintenance, move or withdraw an announcement."""

from typing import Annotated

import typer

from consumers.cli import common, recording

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Announce maintenance; move or withdraw an announcement."
)

Maintenance = Annotated[str, typer.Argument(metavar="MAINTENANCE", help="The name of the work.")]
Start = Annotated[str, typer.Option("--from", metavar="TIME", help="Announced start, with its offset.")]
End = Annotated[str, typer.Option("--to", metavar="TIME", help="Announced end, not included.")]
GivenAt = Annotated[
    str | None,
    typer.Option("--given-at", metavar="TIME", help="When the client had it; now if not given."),
]


@app.command()
def publish(
    maintenance: Maintenance,
    *,
    platform: Annotated[list[str], typer.Option("--platform", help="A platform concerned; repeatable.")],
    start: Start,
    end: End,
    summary: Annotated[str, typer.Option("--summary", help="What will be done.")],
    given_at: GivenAt = None,
    by: common.ByOption = "ops",
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Announce work on some platforms for an interval."""
    from ledger import maintenance as subject

    def decide(state: subject.Maintenance) -> subject.NoticePublished:
        notice = subject.NoticePublished(
            maintenance=maintenance,
            platforms=tuple(platform),
            announced=common.span_between(start, end),
            summary=summary,
            by=by,
        )
        return subject.publish(state, notice)

    recording.take_down(
        ledger,
        subject,
        maintenance,
        decide,
        at=given_at,
        option="--given-at",
        as_json=as_json,
        platforms=platform,
    )


@app.command()
def move(
    maintenance: Maintenance,
    *,
    start: Start,
    end: End,
    reason: Annotated[str, typer.Option("--reason", help="Why it moves.")],
    given_at: GivenAt = None,
    by: common.ByOption = "ops",
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Put announced work at another interval; the notices before stay in the register."""
    from ledger import maintenance as subject

    given_ms = recording.occurrence(given_at, "--given-at")

    def decide(state: subject.Maintenance) -> subject.NoticeMoved:
        announced = common.span_between(start, end)
        moved = subject.NoticeMoved(maintenance=maintenance, announced=announced, reason=reason, by=by)
        return subject.move(state, given_ms, moved)

    recording.take_down(
        ledger, subject, maintenance, decide, at=given_at, option="--given-at", as_json=as_json
    )


@app.command()
def withdraw(
    maintenance: Maintenance,
    *,
    reason: Annotated[str, typer.Option("--reason", help="Why it will not take place.")],
    given_at: GivenAt = None,
    by: common.ByOption = "ops",
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Take an announcement back: from then on nothing is announced."""
    from ledger import maintenance as subject

    given_ms = recording.occurrence(given_at, "--given-at")

    def decide(state: subject.Maintenance) -> subject.NoticeWithdrawn:
        withdrawn = subject.NoticeWithdrawn(maintenance=maintenance, reason=reason, by=by)
        return subject.withdraw(state, given_ms, withdrawn)

    recording.take_down(
        ledger, subject, maintenance, decide, at=given_at, option="--given-at", as_json=as_json
    )
