"""What a penalty is in another billing system: the request for Stripe, and the one for Lago.

Both take the event's id as the key of the request, so that the same one, sent again, is one line. Written
from their public references: Stripe's "create a customer balance transaction" and "idempotent requests",
Lago's "send usage events".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import parse_qs, quote, urlencode

import orjson

from consumers.billing.posting import Posting, Prices, Settled
from consumers.sending import RefusedRequestError
from ledger.errors import BadInputError
from ledger.instants import HOUR_MS, SECOND_MS

STRIPE = "stripe"
STRIPE_KEEPS_KEYS_MS = 23 * HOUR_MS
"""Stripe may forget a key when it is a day old, and would then take the same request as a new one."""
LAGO_CODE = "sla_free_days"
"""The code of the billable metric that counts the days."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent for one posting: settled when it is put down, so that a repeat is the same."""

    path: str
    body: bytes


class Target(Protocol):
    """A billing system to which penalties are pushed."""

    @property
    def name(self) -> str:
        """How the command calls it."""

    @property
    def keeps_keys_ms(self) -> int | None:
        """For how long it surely knows a request again by its key; None if for ever."""

    def request(self, posting: Posting, settled: Settled) -> Request:
        """The request for a posting, at the price that is settled for its period if there is one.

        Raises:
            BadInputError: the contract's name there, or its price, was not told.
        """

    def headers(self, event_id: str) -> dict[str, str]:
        """The headers of the request for an event."""

    def has_it_already(self, refused: RefusedRequestError) -> bool:
        """Whether a refusal says no more than that the same was taken before."""


@dataclass(frozen=True, slots=True)
class Stripe:
    """A credit on the customer's balance, in cents: negative where the customer is owed."""

    customers: Mapping[str, str]
    """Contract -> `cus_…`."""
    prices: Prices
    secret: str
    name: str = STRIPE
    keeps_keys_ms: int | None = STRIPE_KEEPS_KEYS_MS

    def request(self, posting: Posting, settled: Settled) -> Request:
        """`POST /v1/customers/{customer}/balance_transactions`, as a form."""
        customer = _of(self.customers, posting.contract, "--customer", "cus_…")
        cents_per_day = settled.get(posting.period, self.prices.get(posting.contract))
        if cents_per_day is None:
            raise BadInputError(
                f"a day of {posting.contract} has no price; add --price {posting.contract}=EUR"
            )
        form = {
            "amount": -posting.days * cents_per_day,
            "currency": "eur",
            "description": f"SLA {posting.clause}: {posting.days} days, {posting.platform}"[:350],
            "metadata[constat_event]": posting.event_id,
            "metadata[contract]": posting.contract,
            "metadata[platform]": posting.platform,
            "metadata[period]": posting.period_number,
            "metadata[days]": posting.days,
        }
        path = f"/v1/customers/{quote(customer, safe='')}/balance_transactions"
        return Request(path, urlencode(form).encode())

    def headers(self, event_id: str) -> dict[str, str]:
        """Who we are, and the key."""
        return {
            "Authorization": f"Bearer {self.secret}",
            "Content-Type": "application/x-www-form-urlencoded",
            "Idempotency-Key": event_id,
        }

    def has_it_already(self, refused: RefusedRequestError) -> bool:  # noqa: ARG002 - the protocol's signature
        """Never: Stripe answers a repeat with what it answered first."""
        return False


@dataclass(frozen=True, slots=True)
class Lago:
    """A usage event of the metric `sla_free_days`: negative days take back."""

    subscriptions: Mapping[str, str]
    """Contract -> Lago's `external_subscription_id`."""
    secret: str
    name: str = "lago"
    keeps_keys_ms: int | None = None

    def request(self, posting: Posting, settled: Settled) -> Request:  # noqa: ARG002 - days have no price
        """`POST /api/v1/events`. The time is the event's own: some Lago keep one event a key *and* time."""
        subscription = _of(self.subscriptions, posting.contract, "--subscription", "ID")
        event = {
            "transaction_id": posting.event_id,
            "external_subscription_id": subscription,
            "code": LAGO_CODE,
            "timestamp": posting.occurred_ms // SECOND_MS,
            "properties": {
                "days": posting.days,
                "contract": posting.contract,
                "platform": posting.platform,
                "period": posting.period_number,
            },
        }
        return Request("/api/v1/events", orjson.dumps({"event": event}))

    def headers(self, event_id: str) -> dict[str, str]:
        """Who we are; the key stands in the body, too."""
        return {
            "Authorization": f"Bearer {self.secret}",
            "Content-Type": "application/json",
            "Idempotency-Key": event_id,
        }

    def has_it_already(self, refused: RefusedRequestError) -> bool:
        """Lago refuses a key that it has with 422 and `value_already_exist`."""
        return refused.status == 422 and b'"value_already_exist"' in refused.body  # noqa: PLR2004 - as said


def price_in(body: bytes) -> int:
    """What a day costs, in cents, in a request for Stripe that was put down."""
    form = parse_qs(body.decode())
    (cents,), (days,) = form["amount"], form["metadata[days]"]
    return -int(cents) // int(days)


def _of(names: Mapping[str, str], contract: str, option: str, form: str) -> str:
    if contract not in names:
        raise BadInputError(f"what {contract} is called there was not told; add {option} {contract}={form}")
    return names[contract]
