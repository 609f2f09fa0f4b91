"""`constat bill`: the reference billing consumer."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from consumers.cli import common

if TYPE_CHECKING:
    from consumers.billing.account import Account, Balance
    from consumers.billing.source import Source

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Keep the days that are owed from the feed, each penalty once; export and push them.",
)

StoreOption = Annotated[
    Path,
    typer.Option("--store", envvar="CONSTAT_BILLING", metavar="FILE", help="The billing store, a file of its own."),
]
DEFAULT_STORE = Path("billing.db")
From = Annotated[
    str | None,
    typer.Option(
        "--from",
        metavar="FILE|URL",
        help="The feed: a file of JSON lines, or kafka://host:9092/ledger for its topic; else the --ledger itself.",
    ),
]


@app.command()
def run(
    *,
    feed: From = None,
    follow: Annotated[bool, typer.Option("--follow", help="Go on with what comes, until told.")] = False,
    store: StoreOption = DEFAULT_STORE,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Take in what the feed has: each penalty takes effect once. Exit 1 if a contract does not go on.

    Whoever starts this becomes the owner of the store; a process that was it before ends.
    """
    from consumers.billing.account import look
    from consumers.billing.run import Biller
    from consumers.billing.store import Store
    from consumers.stopping import until_told
    from ledger.errors import counted

    with (
        _source(feed, ledger) as source,
        closing(Store(str(store), create=True)) as opened,
        until_told() as stop,
    ):
        read = Biller(opened, source, common.now_ms).run(stop, follow=follow)
        account = look(opened)
    print(f"{counted(read, 'event')} read from {source.name}")
    _worry(account)


@contextmanager
def _source(feed: str | None, ledger: str) -> "Iterator[Source]":
    if feed is None:
        from consumers.billing.ledger_source import LedgerSource

        with common.open_ledger(ledger) as opened:
            yield LedgerSource(opened.engine)
    elif feed.startswith("kafka://"):
        from consumers.billing.topic_source import TopicSource
        from ledger.log.kafka.address import parse

        with closing(TopicSource(parse(feed))) as topic:
            yield topic
    else:
        from consumers.billing.file_source import FileSource

        yield FileSource(feed)


@app.command()
def show(*, as_json: common.JsonOption = False, store: StoreOption = DEFAULT_STORE) -> None:
    """The days that are owed, by contract, platform and period, and what waits for a decision (exit 1)."""
    from consumers.billing.account import look
    from consumers.billing.store import Store

    with closing(Store(str(store))) as opened:
        account = look(opened)
    if as_json:
        common.print_json(_as_json(account))
        raise typer.Exit(int(account.needs_somebody))
    for each in account.balances:
        print(_line(each))
    if not account.balances:
        print("no days are owed")
    _worry(account)


def _line(balance: "Balance") -> str:
    from ledger.errors import counted
    from ledger.instants import format_instant

    span = f"{format_instant(balance.period_from_ms)} to {format_instant(balance.period_to_ms)}"
    taken = f" ({balance.granted_days} granted, {balance.reversed_days} reversed)" if balance.reversed_days else ""
    days = counted(balance.days, "day")
    return f"{balance.contract} {balance.platform} period {balance.period_number} ({span}): {days}{taken}"


def _worry(account: "Account") -> None:
    for held in account.held:
        print(held)
    for aside in account.quarantine:
        if not aside.is_settled:
            whose = aside.contract or "no contract that it names"
            print(f"put aside: {aside.feed} at {aside.place}, of {whose}: {aside.reason}")
    for conflict in account.conflicts:
        if not conflict.is_settled:
            print(f"conflict: {conflict.event_id} again, with other bytes, {conflict.feed} at {conflict.place}")
    if account.needs_somebody:
        raise typer.Exit(1)


def _as_json(account: "Account") -> dict[str, Any]:
    from ledger.instants import format_instant

    return {
        "balances": [
            {
                "contract": each.contract,
                "platform": each.platform,
                "period_number": each.period_number,
                "period": {
                    "from": format_instant(each.period_from_ms),
                    "to": format_instant(each.period_to_ms),
                },
                "granted_days": each.granted_days,
                "reversed_days": each.reversed_days,
                "days": each.days,
            }
            for each in account.balances
        ],
        "held": [each._asdict() for each in account.held],
        "quarantine": [each._asdict() for each in account.quarantine],
        "conflicts": [each._asdict() for each in account.conflicts],
    }
