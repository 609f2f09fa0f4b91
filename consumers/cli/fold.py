"""`constat fold`: one of the processes that fold the rounds of a ledger on Kafka, for everybody who asks."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from consumers.cli import bars, common, printing

if TYPE_CHECKING:
    from consumers.fold.run import Folder
    from consumers.stopping import Stop
    from ledger.log.kafka.address import Address

app = typer.Typer(add_completion=False)

LOOK_S = 1.0
"""How long the group is listened to before it is looked whether there is more to fold."""


@app.command()
def fold(
    *,
    once: Annotated[
        bool,
        typer.Option(
            "--once",
            help="End when everything that is there is folded and told. While others have partitions, this "
            "waits 15 seconds for more: what one had that was killed.",
        ),
    ] = False,
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Fold the rounds of a ledger on Kafka and tell its topic of changes, until SIGTERM or Ctrl-C.

    Any number of these may run, on any machines: the brokers share the partitions of the probes out among
    them. Whoever asks for figures takes from the topic what is folded and reads only the rounds behind it.
    Nothing depends on it: without it, everybody folds for himself.
    """
    from consumers.stopping import until_told

    with _folder(_address(ledger)) as folder, until_told() as stop:
        told = _fold(folder, stop, once=once)
    _print(folder.rounds, told, as_json=as_json)


def _address(url: str) -> "Address":
    from ledger.application import KAFKA
    from ledger.errors import BadInputError
    from ledger.log.kafka.address import parse

    if not url.startswith(KAFKA):
        raise BadInputError(
            f"{url} is one file, and whoever asks folds it himself, on all cores; only a ledger on Kafka is "
            "folded for others: --ledger kafka://host:9092"
        )
    return parse(url)


@contextmanager
def _folder(address: "Address") -> Iterator["Folder"]:
    """With files of its own: two on one machine would wait for each other's."""
    from consumers.fold.group import Group
    from consumers.fold.run import Folder
    from ledger.log.kafka.engine import KafkaEngine

    with ExitStack() as opened:
        here = Path(opened.enter_context(TemporaryDirectory(prefix="constat-fold-")))
        with bars.bar_while_reading() as heard:
            engine = KafkaEngine(replace(address, mirrors=here), heard=heard)
        opened.enter_context(closing(engine))
        engine.changes.require()
        group = opened.enter_context(closing(Group(address)))
        yield Folder(engine, group, here / "folds")


def _fold(folder: "Folder", stop: "Stop", *, once: bool) -> int:
    from functools import partial

    from consumers.fold.group import MISSED_S
    from consumers.fold.run import Ended
    from consumers.following import keep_on

    def step() -> Iterator[int]:
        try:
            yield from folder.until_done(LOOK_S, MISSED_S) if once else folder.turn(LOOK_S)
        except Ended:
            yield 0

    folder.is_ended = lambda: stop.is_asked
    with bars.progress_in_stages() as heard:
        folder.heard = partial(heard, "folding rounds")
        told = keep_on(step, stop, follow=not once)
    for damage in folder.damage.values() if once else ():
        raise damage
    return told


def _print(rounds: int, told: int, *, as_json: bool) -> None:
    from ledger.errors import counted

    if as_json:
        printing.print_json({"rounds": rounds, "tales": told})
    else:
        typer.echo(f"{counted(rounds, 'round')} folded, {counted(told, 'tale')} told", err=True)
