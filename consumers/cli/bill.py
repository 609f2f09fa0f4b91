"""`constat bill`: the reference billing consumer."""

import itertools
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from consumers.cli import bill_out, common, opening, printing, times
from consumers.cli.bill_out import DEFAULT_STORE, StoreOption

if TYPE_CHECKING:
    from collections.abc import Iterator

    from consumers.billing.account import Account, Aside, Balance, Conflict, Push
    from consumers.billing.reconcile import Comparison
    from consumers.billing.source import Source

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Keep the days that are owed from the feed, each penalty once; export and push them.",
)

From = Annotated[
    str | None,
    typer.Option(
        "--from",
        metavar="FILE|URL",
        help="The feed: a file of JSON lines, or kafka://host:9092/ledger for its topic; else the ledger.",
    ),
]


LISTED_MAX = 10
"""So many things of a kind are named for a person; a machine is told of all."""


@app.command()
def run(
    *,
    feed: From = None,
    follow: common.FollowOption = False,
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
        _source(feed, ledger, store, follow=follow) as source,
        closing(Store(str(store), create=True)) as opened,
        until_told() as stop,
    ):
        read = Biller(opened, source, times.now_ms).run(stop, follow=follow)
        account = look(opened)
    print(f"{counted(read, 'event')} read from {source.name}")
    _worry(account)


@app.command()
def release(
    contract: Annotated[str | None, typer.Argument(help="The contract that is frozen.")] = None,
    *,
    entry: Annotated[
        int | None, typer.Option("--entry", help="Instead: an entry put aside that names no contract.")
    ] = None,
    by: common.ByOption,
    reason: Annotated[str, typer.Option("--reason", help="Why it may go on.")],
    store: StoreOption = DEFAULT_STORE,
) -> None:
    """Let a frozen contract go on after a person has decided; exit 1 if it still cannot."""
    from consumers.billing import release as decision
    from consumers.billing.store import Store
    from ledger.errors import BadInputError

    if (contract is None) == (entry is None):
        raise BadInputError("name a contract, or an entry with --entry NUMBER")
    decided = decision.Decision(by, reason, times.now_ms())
    with closing(Store(str(store))) as opened:
        if entry is not None:
            decision.settle(opened, entry, decided)
            print(f"entry {entry} is settled")
            return
        left = decision.release(opened, str(contract), decided)
    print(left or f"{contract} goes on")
    if left:
        raise typer.Exit(1)


@app.command()
def reconcile(
    *,
    as_json: common.JsonOption = False,
    store: StoreOption = DEFAULT_STORE,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Compare what was taken in with a fresh replay of the ledger, and files with what was read of them.

    Exit 1 and every difference if there is one.
    """
    from consumers.billing import reconcile as comparison
    from consumers.billing.store import Store

    with closing(Store(str(store))) as opened, opening.open_ledger(ledger) as replayed:
        found = comparison.reconcile(opened, replayed.engine)
    if as_json:
        compared = {name: [each._asdict() for each in some] for name, some in found._asdict().items()}
        printing.print_json({"fits": found.fits, **compared})
    else:
        _print_compared(found)
    if not found.fits:
        raise typer.Exit(1)


def _print_compared(found: "Comparison") -> None:
    for each in itertools.chain(*found):
        print(each)
    if not found.owes_the_same:
        print("billing and the ledger differ")
    elif found.fits:
        print("billing owes what the ledger says")
    else:
        print("billing owes what the ledger says, and its feed was changed")


app.command()(bill_out.export)
app.command()(bill_out.push)


@contextmanager
def _source(feed: str | None, ledger: str, store: Path, *, follow: bool) -> "Iterator[Source]":
    from ledger.application import KAFKA

    if feed is None:
        from consumers.billing.ledger_source import LedgerSource

        with opening.open_ledger(ledger) as opened:
            yield LedgerSource(opened.engine)
    elif feed.startswith(KAFKA):
        from consumers.billing.topic_source import TopicSource
        from ledger.log.kafka.address import parse

        with closing(TopicSource(parse(feed))) as topic:
            yield topic
    else:
        from consumers.billing.file_source import FileSource

        file = FileSource(feed, is_awaited=follow)
        if not store.exists():  # of a feed that was read before it is said otherwise that it is gone
            file.require_there()
            file.require_feed()
        yield file


@app.command()
def show(*, as_json: common.JsonOption = False, store: StoreOption = DEFAULT_STORE) -> None:
    """The days that are owed, by contract, platform and period, and what waits for a decision (exit 1)."""
    from consumers.billing.account import look
    from consumers.billing.store import Store

    with closing(Store(str(store))) as opened:
        account = look(opened)
    if as_json:
        printing.print_json(_as_json(account))
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
    taken = (
        f" ({balance.granted_days} granted, {balance.reversed_days} reversed)"
        if balance.reversed_days
        else ""
    )
    days = counted(balance.days, "day")
    return f"{balance.contract} {balance.platform} period {balance.period_number} ({span}): {days}{taken}"


def _worry(account: "Account") -> None:
    for held in account.held:
        print(held)
    _print_some("put aside", [_aside(each) for each in account.quarantine if not each.is_settled])
    _print_some("conflict", [_conflict(each) for each in account.conflicts if not each.is_settled])
    if account.needs_somebody:
        raise typer.Exit(1)


def _print_some(kind: str, lines: list[str]) -> None:
    for line in lines[:LISTED_MAX]:
        print(f"{kind}: {line}")
    if (more := len(lines) - LISTED_MAX) > 0:
        print(f"{kind}: {more:,} more; `constat bill show --json` names all")


def _aside(aside: "Aside") -> str:
    what = f"entry {aside.number}, {aside.feed} at {aside.place}"
    if aside.contract:
        return f"{what}, of {aside.contract}: {aside.reason}"
    return (
        f"{what}, of no contract that it names: {aside.reason}. When you have looked at it: `constat bill "
        f"release --entry {aside.number} --by ID --reason TEXT`"
    )


def _conflict(conflict: "Conflict") -> str:
    return f"{conflict.event_id} came again with other bytes, {conflict.feed} at {conflict.place}"


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
        "pushes": [_as_push(each) for each in account.pushes],
        "owners": [
            {"role": each.role, "who": each.who, "took_over_at": format_instant(each.since_ms)}
            for each in account.owners
        ],
    }


def _as_push(push: "Push") -> dict[str, Any]:
    from ledger.instants import format_instant

    first_ms, answered_ms = push.first_ms, push.answered_ms
    return {
        "number": push.number,
        "target": push.target,
        "contract": push.contract,
        "event_id": push.event_id,
        "attempts": push.attempts,
        "first_sent_at": None if first_ms is None else format_instant(first_ms),
        "answered_at": None if answered_ms is None else format_instant(answered_ms),
        "problem": push.problem,
    }
