"""Which changes of sub-processors concern which contracts, for their administrators to be told [RGPD].

A change concerns a contract if the sub-processor processes its data, and the contract is not over before the
change takes effect. What was engaged before a contract was signed stands in its register and is no change.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from ledger import processors
from ledger.contracts import Contract
from ledger.fact import RecordedFact
from ledger.processors import (
    Engagement,
    Processor,
    ProcessorChanged,
    ProcessorDismissed,
    ProcessorEngaged,
)
from projections.asof import Known


@dataclass(frozen=True, slots=True)
class ProcessorChange:
    """One change that the administrators of one contract are to be told of."""

    contract: str
    processor: str
    what: Literal["engaged", "changed", "dismissed"]
    effective_day: date
    """From which day it is so; of a dismissal the last day on which it is not."""
    before: Engagement | None
    """As it was before the change; None if it was not engaged."""
    after: Engagement
    reason: str | None
    position: int
    recorded_ms: int


def processor_changes(known: Known) -> tuple[ProcessorChange, ...]:
    """Every change known, in the order of the ledger, then by contract."""
    return tuple(_changes(known))


def _changes(known: Known) -> Iterator[ProcessorChange]:
    states: dict[str, Processor] = {}
    for recorded in known.facts_about("processor"):
        fact = recorded.fact
        if not isinstance(fact, ProcessorEngaged | ProcessorChanged | ProcessorDismissed):
            continue
        before = states.get(fact.processor, processors.INITIAL)
        after = states[fact.processor] = processors.evolve(before, recorded)
        yield from _told(known, before, after, recorded, fact)


def _told(
    known: Known,
    before: Processor,
    after: Processor,
    recorded: RecordedFact,
    fact: ProcessorEngaged | ProcessorChanged | ProcessorDismissed,
) -> Iterator[ProcessorChange]:
    day = fact.last_day if isinstance(fact, ProcessorDismissed) else fact.from_day
    for name in sorted(known.contracts):
        assert after.current
        if not (after.current.concerns(name) and _holds(known.contracts[name], recorded.position, day)):
            continue
        yield ProcessorChange(
            contract=name,
            processor=fact.processor,
            what=_what(fact),
            effective_day=day,
            before=None if isinstance(fact, ProcessorEngaged) else before.current,
            after=after.current,
            reason=None if isinstance(fact, ProcessorEngaged) else fact.reason,
            position=recorded.position,
            recorded_ms=recorded.recorded_ms,
        )


def _what(
    fact: ProcessorEngaged | ProcessorChanged | ProcessorDismissed,
) -> Literal["engaged", "changed", "dismissed"]:
    match fact:
        case ProcessorEngaged():
            return "engaged"
        case ProcessorChanged():
            return "changed"
        case ProcessorDismissed():
            return "dismissed"


def _holds(contract: Contract, position: int, day: date) -> bool:
    """Whether it was signed when the change was recorded, and is not over when it takes effect."""
    if contract.signed is None or contract.position > position:
        return False
    return contract.last_day is None or contract.last_day >= day
