"""`constat bill export` and `constat bill push`: what is owed, for an accountant and for other systems."""

import os
from contextlib import closing
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from consumers.cli import common, printing, times

if TYPE_CHECKING:
    from consumers.billing.targets import Target

StoreOption = Annotated[
    Path,
    typer.Option("--store", envvar="CONSTAT_BILLING", help="The billing store, a file of its own."),
]
DEFAULT_STORE = Path("billing.db")
PriceOption = Annotated[
    list[str] | None,
    typer.Option("--price", metavar="CONTRACT=EUR", help="What a day of a contract costs; once for each."),
]


class Format(StrEnum):
    """The forms of an export."""

    BEANCOUNT = "beancount"
    CSV = "csv"


class System(StrEnum):
    """The systems to which penalties are pushed."""

    LAGO = "lago"
    STRIPE = "stripe"


KEYS = {System.LAGO: "CONSTAT_LAGO_KEY", System.STRIPE: "CONSTAT_STRIPE_KEY"}
"""The variables of the environment that hold the systems' API keys."""


def export(
    *,
    form: Annotated[Format, typer.Option("--format", help="A double-entry journal, or a sheet.")],
    price: PriceOption = None,
    everything: Annotated[
        bool, typer.Option("--all", help="With what took effect of contracts that are frozen.")
    ] = False,
    store: StoreOption = DEFAULT_STORE,
) -> None:
    """Print every posting for an accountant, in days, and in EUR where a day has a price.

    A price is for the periods of the contract that have none yet, and is theirs for good. It is refused if
    all of them have another one. A contract that is frozen is held back: exit 1, unless --all is given.
    """
    from consumers.billing import export as forms
    from consumers.billing.account import frozen
    from consumers.billing.posting import postings, prices_of
    from consumers.billing.pricing import settle, settled_prices, told
    from consumers.billing.store import Store

    prices = prices_of(common.pairs(price or [], "--price"))
    with (
        closing(Store(str(store))) as opened,
        opened.writing() if prices else opened.snapshot() as connection,
    ):
        doubtful = frozen(connection)
        held_back = set() if everything else set(doubtful)
        prices = {name: cents for name, cents in prices.items() if name not in held_back}
        settled, keep = (
            settle(connection, prices, times.now_ms()) if prices else (settled_prices(connection), {})
        )
        found = [each for each in postings(connection) if each.contract not in held_back]
    for contract, others in keep.items():
        printing.warn(f"{contract}: {told(others)}, and keeps it")
    write = forms.beancount if form is Format.BEANCOUNT else forms.sheet
    print(write(found, settled), end="")
    _warn_of_frozen(doubtful, everything=everything)
    if held_back:
        raise typer.Exit(1)


def _warn_of_frozen(contracts: list[str], *, everything: bool) -> None:
    what = "what took effect of it is exported" if everything else "it is left out, unless you say --all"
    for contract in contracts:
        printing.warn(f"{contract} is frozen; {what}. `constat bill show` says why, and what to do")


def push(
    *,
    to: Annotated[System, typer.Option("--to", help="Which system.")],
    url: Annotated[str, typer.Option("--url", metavar="URL", help="Where it is, as https://api.stripe.com.")],
    customer: Annotated[
        list[str] | None,
        typer.Option("--customer", metavar="CONTRACT=ID", help="Stripe's customer of a contract."),
    ] = None,
    subscription: Annotated[
        list[str] | None,
        typer.Option("--subscription", metavar="CONTRACT=ID", help="Lago's subscription of a contract."),
    ] = None,
    price: PriceOption = None,
    behind: Annotated[
        int, typer.Option("--behind", min=0, help="Leave out penalties up to this position: pushed before.")
    ] = 0,
    again: Annotated[
        str | None,
        typer.Option("--again", metavar="EVENT", help="This event is not there; send it anew; by, reason."),
    ] = None,
    taken: Annotated[
        str | None, typer.Option("--taken", metavar="EVENT", help="This event was found there; by, reason.")
    ] = None,
    by: Annotated[str | None, common.person_option("--by", "Who looked there.")] = None,
    reason: Annotated[str | None, typer.Option("--reason", help="What was found there.")] = None,
    store: StoreOption = DEFAULT_STORE,
) -> None:
    """Push each penalty to another billing system as one line; exit 1 if one was not taken.

    The API key is in the environment: CONSTAT_STRIPE_KEY, CONSTAT_LAGO_KEY.
    """
    import urllib3

    from consumers.billing.push import Pusher
    from consumers.billing.release import Decision
    from consumers.billing.store import Store
    from consumers.sending import Endpoint
    from consumers.stopping import until_told
    from ledger.errors import BadInputError, counted

    target = _target(to, customer or [], subscription or [], price or [])
    with closing(Store(str(store))) as opened, closing(Endpoint(urllib3.PoolManager())) as endpoint:
        pusher = Pusher(opened, target, endpoint, times.now_ms)
        for option, event_id, decide in (("--taken", taken, pusher.taken), ("--again", again, pusher.again)):
            if event_id is None:
                continue
            if by is None or reason is None:
                raise BadInputError(f"{option} is a decision: say who and why with --by ID --reason TEXT")
            decide(event_id, Decision(by, reason, times.now_ms()))
        with until_told() as stop:
            waiting = pusher.put_down(behind)
            done = pusher.send(url.rstrip("/"), stop)
    print(f"{target.name} took {counted(done.sent, 'posting')}")
    problems = list(dict.fromkeys([*done.problems, *waiting]))
    for problem in problems:
        print(problem)
    if problems:
        raise typer.Exit(1)


def _target(to: System, customers: list[str], subscriptions: list[str], prices: list[str]) -> "Target":
    from consumers.billing.posting import prices_of
    from consumers.billing.targets import Lago, Stripe
    from ledger.errors import BadInputError

    secret = os.environ.get(KEYS[to])
    if not secret:
        raise BadInputError(f"the API key of {to} is missing; put it into the environment as {KEYS[to]}")
    if to is System.STRIPE:
        named = common.pairs(customers, "--customer")
        return Stripe(named, prices_of(common.pairs(prices, "--price")), secret)
    return Lago(common.pairs(subscriptions, "--subscription"), secret)
