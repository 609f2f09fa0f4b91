"""`constat relay`: the penalty feed, published for whoever bills."""

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from consumers.cli import common, opening

if TYPE_CHECKING:
    from consumers.relay.sink import Sink

app = typer.Typer(add_completion=False)

To = Annotated[
    str | None,
    typer.Option(
        "--to",
        metavar="FILE|URL|-",
        help="A file of JSON lines, http(s)://…, or - for the standard output; else the ledger's own topic.",
    ),
]
State = Annotated[
    Path | None,
    typer.Option("--state", help="Where to keep how far an HTTP endpoint has come."),
]


@app.command()
def relay(
    *,
    to: To = None,
    state: State = None,
    follow: common.FollowOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Publish all assessments and penalties in order, each at least once, as CloudEvents.

    It goes on where the file, the topic or the endpoint ends; run it again after whatever happened.
    """
    from consumers.relay.run import relay as run
    from consumers.stopping import until_told
    from ledger.errors import counted

    with (
        opening.open_ledger(ledger) as opened,
        closing(sink_of(to, state, ledger)) as sink,
        until_told() as stop,
    ):
        sent = run(opened.engine, sink, stop, follow=follow)
    typer.echo(f"{counted(sent, 'event')} relayed", err=True)


def sink_of(to: str | None, state: Path | None, ledger: str) -> "Sink":
    """The place that the feed goes to; without a name the ledger's own topic.

    Raises:
        BadInputError: nothing is named, and the ledger has no topic.
    """
    if to is None:
        return _topic(ledger)
    if to == "-":
        from consumers.relay.stdout import StdoutSink

        return StdoutSink()
    if to.startswith(("http://", "https://")):
        from consumers.relay.http import HttpSink

        return HttpSink(to, str(state) if state else None)
    from consumers.relay.file import FileSink

    return FileSink(to)


def _topic(ledger: str) -> "Sink":
    from ledger.application import KAFKA
    from ledger.errors import BadInputError

    if not ledger.startswith(KAFKA):
        raise BadInputError(
            f"{ledger} is not on Kafka and has no topic; name where the feed goes: --to FILE, "
            "--to http(s)://… or --to -"
        )
    from consumers.relay.topic import TopicSink
    from ledger.log.kafka.address import parse

    return TopicSink(parse(ledger))
