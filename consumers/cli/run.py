"""`constat run`: the consumers that a ledger needs, in one process."""

from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from consumers.cli import common, opening, times
from consumers.cli.directory import DirectoryOption, EvidenceOption
from consumers.cli.metrics import RelayState
from consumers.cli.relay import sink_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from consumers.service.works import Consumer, Setup

app = typer.Typer(add_completion=False)


@app.command()
def run(
    *,
    only: Annotated[
        str | None,
        typer.Option("--only", metavar="NAME,…", help="Of notify, assess, relay and bill only these."),
    ] = None,
    relay_to: Annotated[
        str | None,
        typer.Option("--relay-to", metavar="FILE|URL", help="Where the penalty feed goes; else its topic."),
    ] = None,
    relay_state: RelayState = None,
    bill_store: Annotated[
        Path | None, typer.Option("--bill-store", help="The file in which the days that are owed are kept.")
    ] = None,
    every: Annotated[
        float, typer.Option("--every", metavar="SECONDS", min=0.1, help="How often it is looked for work.")
    ] = 10.0,
    metrics_port: Annotated[
        int | None,
        typer.Option("--metrics-port", min=0, max=65_535, help="Answer scrapes there; 0 takes a free one."),
    ] = None,
    metrics_address: Annotated[
        str, typer.Option("--metrics-address", metavar="ADDRESS", help="Where to listen for scrapes.")
    ] = "127.0.0.1",
    directory: DirectoryOption = None,
    evidence: EvidenceOption = None,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Mail notices, assess what is due, relay the penalty feed and bill, until SIGTERM or Ctrl-C.

    One that fails is begun again with growing delay and stops no other. What happens is logged on the
    standard error, one JSON object a line. Without a place for the feed there is no relay, and without a
    store no billing. Exit 1 if somebody was still at work when it had to end.
    """
    from consumers import settings
    from consumers.service import logs
    from consumers.service.works import Setup

    names = _chosen(only, relay_to, bill_store, ledger)
    sink = partial(sink_of, relay_to, relay_state, ledger) if "relay" in names else None
    found = settings.read(directory=directory, evidence=evidence)
    setup = Setup(ledger, found, every, times.now_ms, sink, bill_store)
    _require_usable(ledger)
    logs.configure()
    _run(setup, names, metrics_port, metrics_address)


def _require_usable(ledger: str) -> None:
    """Refuse a ledger or an environment that no waiting makes usable; a ledger that is away is waited for."""
    from contextlib import suppress

    from consumers.workers import Workers
    from ledger.errors import UnreachableLedgerError

    Workers.of(ledger)
    with suppress(UnreachableLedgerError), opening.open_ledger(ledger):
        pass


# ---------------------------------------------------------------- which consumers


def _chosen(
    only: str | None, relay_to: str | None, bill_store: Path | None, ledger: str
) -> "Sequence[Consumer]":
    """The consumers that are meant and have what they need.

    Raises:
        BadInputError: one is named that there is not, or that lacks something.
    """
    from consumers.service.works import CONSUMERS
    from ledger.application import KAFKA
    from ledger.errors import BadInputError

    lacks = {
        "relay": None if relay_to or ledger.startswith(KAFKA) else "--relay-to FILE or URL",
        "bill": None if bill_store else "--bill-store FILE",
    }
    if only is None:
        return [name for name in CONSUMERS if not lacks.get(name)]
    named = [name.strip() for name in only.split(",")]
    if strangers := sorted(set(named) - set(CONSUMERS)):
        raise BadInputError(f"--only {', '.join(strangers)}: choose of {', '.join(CONSUMERS)}")
    for name in named:
        if lack := lacks.get(name):
            raise BadInputError(f"--only {name} needs {lack}")
    return [name for name in CONSUMERS if name in named]


# ---------------------------------------------------------------- run


def _run(setup: "Setup", names: "Sequence[Consumer]", port: int | None, address: str) -> None:
    from dataclasses import replace

    import structlog

    from consumers.metrics.collector import ProcessMetrics
    from consumers.metrics.serving import Watched, registry_of, serving
    from consumers.service.supervisor import Supervisor
    from consumers.stopping import Stop, end_awaited
    from consumers.workers import end_children

    log = structlog.stdlib.get_logger(__name__)
    watched = Watched(setup.url, setup.now_ms, lambda: process.relayed_position, setup.bill_store)
    registry = registry_of(watched.look)
    process = ProcessMetrics(registry)
    for name in names:
        process.expect(name)
    heard = replace(setup, appended=process.appended, relayed=process.relayed)
    supervisor = Supervisor(heard.works(names), process, Stop())
    with end_awaited() as wait, ExitStack() as stack:
        if port is not None:
            listening = stack.enter_context(serving(registry, address, port))
            log.info("metrics", address=address, port=listening)
        log.info("running", consumers=list(names))
        supervisor.start()
        wait()
        log.info("ending")
        left = supervisor.end()
        log.info("ended", left_at_work=left)
    if left:
        end_children()  # what an assessment has left there would keep this process
        raise typer.Exit(1)
