"""Whoever needs a broker tries until the time of its URL is over: a broker that restarts is away so long."""

import time
from collections.abc import Callable
from typing import TypeVar

from ledger.errors import UnreachableLedgerError
from ledger.log.kafka.address import Address
from ledger.log.kafka.unreached import NotConnectedError
from ledger.log.kafka.waiting import in_trouble, limit_of, waiting

PATIENCE_MS = 10_000
"""How long one attempt may take before the brokers are greeted anew."""
FIRST_MS = 4_000
"""The same of the first one: so that whoever is told that it waits is told why."""
ATTEMPT_S_MIN = 0.5
"""With less time than that an attempt would find out nothing, not even why there is no broker."""
PAUSE_S = 0.2
"""Before an attempt is made again."""

Found = TypeVar("Found")


def patiently(address: Address, attempt: Callable[[int], Found]) -> Found:
    """What an attempt gives, made again while no broker answers; it is told how many milliseconds it has.

    Raises:
        UnreachableLedgerError: none answered until `timeout_s` was over, or one will never let this user in.
    """
    latest_s, most_ms = time.monotonic() + address.timeout_s, FIRST_MS
    with waiting(address, limit_of(address)):
        while True:
            left_s = max(latest_s - time.monotonic(), ATTEMPT_S_MIN)
            try:
                return attempt(min(most_ms, int(left_s * 1000)))
            except UnreachableLedgerError as error:
                if _is_for_good(error) or time.monotonic() + PAUSE_S + ATTEMPT_S_MIN > latest_s:
                    raise
                in_trouble(error)
            most_ms = PATIENCE_MS
            time.sleep(PAUSE_S)


def _is_for_good(error: UnreachableLedgerError) -> bool:
    return isinstance(error.__cause__, NotConnectedError) and error.__cause__.is_for_good
