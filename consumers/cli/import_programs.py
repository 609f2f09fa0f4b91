"""`constat import prometheus`: the history that a program that runs has kept."""

from typing import TYPE_CHECKING, Annotated

import typer

from consumers.cli import common, flowing, importing

if TYPE_CHECKING:
    from ledger.application import Ledger
    from ledger.intake.importing import Imported

FromOption = Annotated[
    str | None,
    typer.Option("--from", metavar="TIME", help="Where the history begins; needed the first time."),
]
ToOption = Annotated[
    str | None, typer.Option("--to", metavar="TIME", help="Where to stop reading; now if not given.")
]


def add_to(app: typer.Typer) -> None:
    """Add a command for each program."""
    app.command("prometheus")(prometheus)


def prometheus(
    url: Annotated[str, typer.Argument(metavar="URL", help="The server, before /api/v1.")],
    *,
    query: Annotated[
        str, typer.Option("--query", metavar="SELECTOR", help="Which series; a metric and its matchers.")
    ] = "probe_success",
    start: FromOption = None,
    end: ToOption = None,
    label: Annotated[
        str, typer.Option("--label", metavar="LABEL", help="The label that names the platform.")
    ] = "instance",
    name: flowing.NamesOption = [],  # noqa: B006 - typer copies it
    agent: Annotated[
        str, typer.Option("--agent", metavar="NAME", help="What this prober is called.")
    ] = "prometheus",
    again: Annotated[
        bool, typer.Option("--again", help="Read from --from once more, not from where it ended.")
    ] = False,
    follow: common.FollowOption = False,
    every: flowing.EveryOption = 60.0,
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Store what is new of a blackbox exporter's samples, raw and as they were scraped.

    Where the exporter itself could not be scraped the platforms are unknown, not down; without a sample there
    is no result. CONSTAT_SOURCE_TOKEN goes to the server as its bearer token.
    """
    from ledger.errors import BadInputError
    from ledger.intake.prometheus import PrometheusSource
    from ledger.intake.prometheus_api import Prometheus, Selector
    from ledger.intake.prometheus_import import first_instant, import_prometheus

    if follow and end is not None:
        raise BadInputError("--follow goes on with what comes, and --to stops; name one of them")
    from_ms = None if start is None else common.instant(start)
    to_ms = None if end is None else common.instant(end)
    server = Prometheus(flowing.web(url))
    source = PrometheusSource(server, Selector.parse(query), agent, label, flowing.names(name))

    def take(to: "Ledger") -> "Imported":
        now_ms = common.now_ms()
        until_ms = now_ms if to_ms is None else min(to_ms, now_ms)
        first_ms = first_instant(to, source, from_ms, until_ms, again=again)
        with importing.watched(f"reading {source.name}", max(until_ms - first_ms, 1)) as progress:
            return import_prometheus(to, source, first_ms, until_ms, progress=progress)

    flowing.read(ledger, source.name, take, follow=follow, every_s=every, as_json=as_json)
