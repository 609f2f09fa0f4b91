"""What is told of a ledger at one moment. It is only read: nothing here writes, locks or cuts anything."""

from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from consumers.billing.store import Store
from consumers.relay.event import PREFIX
from ledger.errors import BadInputError, RefusedError
from projections.asof import Known
from projections.attention import KINDS, Kind, signed
from projections.inbox import inbox
from projections.last_rounds import last_rounds
from projections.unknown import unknown_share


@dataclass(frozen=True)
class Snapshot:
    """A ledger at a moment. What could not be told is None, or is not there."""

    at_ms: int
    position: int
    rounds: int
    last_round_ms: Mapping[str, int]
    """When the last round of each agent started."""
    items: Mapping[tuple[Kind, bool], int]
    """How many items of each kind the inbox has, overdue or not."""
    unknown: Mapping[str, Fraction] = field(default_factory=dict)
    """The share of each contract's running period that nobody observed."""
    relay_lag: int | None = None
    billing_lag: int | None = None


def look(known: Known, reached: int | None = None, billing: Mapping[str, int] | None = None) -> Snapshot:
    """What is told of what is known now, with how far the feed has come and billing has.

    `billing` is the sequence up to which billing has applied the events of each contract.
    """
    feed = [recorded for recorded in known.facts if recorded.stream.startswith(PREFIX)]
    relay_lag = None if reached is None else sum(fact.position > reached for fact in feed)
    billing_lag = None
    if billing is not None:
        heads = {fact.stream.removeprefix(PREFIX): fact.sequence for fact in feed}
        billing_lag = sum(max(0, head - billing.get(contract, 0)) for contract, head in heads.items())
    return Snapshot(
        at_ms=known.as_of.moment_ms,
        position=known.as_of.position,
        rounds=known.round_offset,
        last_round_ms={heard.plan.agent: heard.last.start_ms for heard in last_rounds(known)},
        items=_items(known),
        unknown=_unknown(known),
        relay_lag=relay_lag,
        billing_lag=billing_lag,
    )


def _items(known: Known) -> Mapping[tuple[Kind, bool], int]:
    found = Counter((item.kind, item.overdue) for item in inbox(known).items)
    return {(kind, overdue): found[kind, overdue] for kind in KINDS for overdue in (False, True)}


def _unknown(known: Known) -> Mapping[str, Fraction]:
    contracts = signed(known)
    about = known.about(contract for _, contract in contracts)
    shares = {}
    for name, contract in contracts:
        try:
            shares[name] = unknown_share(about, contract)
        except (BadInputError, RefusedError):  # one contract that cannot be judged hides no other
            continue
    return {name: share for name, share in shares.items() if share is not None}


def billed(path: Path) -> Mapping[str, int] | None:
    """Up to which sequence a billing store has applied the events of each contract; None without a store."""
    if not path.exists():
        return None
    with closing(Store(str(path))) as store, store.reading() as connection:
        return dict(connection.execute("SELECT contract, head_sequence FROM contracts"))
