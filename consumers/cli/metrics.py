"""`constat metrics`: an endpoint for Prometheus beside a ledger."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from consumers.cli import common, opening, times

app = typer.Typer(add_completion=False)

Address = Annotated[
    str, typer.Option("--address", metavar="ADDRESS", help="Where to listen; 0.0.0.0 is everywhere.")
]
RelayTo = Annotated[
    str | None, typer.Option("--relay-to", metavar="FILE|URL", help="Where the penalty feed goes.")
]
RelayState = Annotated[
    Path | None,
    typer.Option("--relay-state", help="The file that knows how far an HTTP endpoint has come."),
]


@app.command()
def metrics(
    *,
    port: Annotated[int, typer.Option("--port", min=0, max=65_535, help="0 takes a free one.")] = 9464,
    address: Address = "127.0.0.1",
    once: Annotated[bool, typer.Option("--once", help="Print the metrics and leave.")] = False,
    every: Annotated[
        float, typer.Option("--every", metavar="SECONDS", min=0, help="Look at the ledger at most so often.")
    ] = 15.0,
    relay_to: RelayTo = None,
    relay_state: RelayState = None,
    bill_store: Annotated[
        Path | None, typer.Option("--bill-store", help="The file of the billing consumer.")
    ] = None,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Answer scrapes of Prometheus at /metrics until SIGTERM or Ctrl-C. Nothing is written.

    How long appends take is known only to the process that makes them: `constat run --metrics-port`.
    """
    from prometheus_client import generate_latest

    from consumers.metrics.serving import Watched, registry_of, serving
    from consumers.relay.reached import reached
    from consumers.stopping import end_awaited

    found = partial(reached, relay_to, relay_state) if relay_to else lambda: None
    watched = Watched(ledger, times.now_ms, found, bill_store)
    if once:
        snapshot = watched.look()  # what cannot be read is told as a sentence
        print(generate_latest(registry_of(lambda: snapshot)).decode(), end="")
        return
    with opening.open_ledger(ledger):
        pass
    registry = registry_of(watched.look, every)
    with end_awaited() as wait, serving(registry, address, port) as listening:
        typer.echo(f"metrics at http://{address}:{listening}/metrics", err=True)
        wait()
