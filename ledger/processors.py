"""Sub-processors: who else processes the personal data of the platforms [RGPD].

From and to are days, which may lie ahead: a client is told of a change before it takes effect.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import ClassVar, Self

from pydantic import model_validator

from ledger.errors import RefusedError
from ledger.fact import Fact, Name, Person, RecordedFact, Text

# ---------------------------------------------------------------- facts


class ProcessorEngaged(Fact):
    """A company was engaged that processes personal data of platforms from a day on."""

    TYPE: ClassVar[str] = "constat.processor.engaged.v1"

    processor: Name
    name: Text
    address: Text
    registration: Text
    """Its number in the register of companies, as `SIRET 424 761 419 00045`."""
    role: Text
    from_day: date
    contracts: tuple[Name, ...] = ()
    """Those whose data it processes; all, if none is named."""
    by: Person = "ops"


class ProcessorChanged(Fact):
    """Something of an engaged company is otherwise from a day on; what is not named stays."""

    TYPE: ClassVar[str] = "constat.processor.changed.v1"

    processor: Name
    name: Text | None = None
    address: Text | None = None
    registration: Text | None = None
    role: Text | None = None
    from_day: date
    reason: Text
    by: Person = "ops"

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if not (self.name or self.address or self.registration or self.role):
            raise ValueError("nothing would change; give another name, address, registration or role")
        return self


class ProcessorDismissed(Fact):
    """A company processes no personal data of platforms any more after a day."""

    TYPE: ClassVar[str] = "constat.processor.dismissed.v1"

    processor: Name
    last_day: date
    reason: Text
    by: Person = "ops"


# ---------------------------------------------------------------- state


@dataclass(frozen=True, slots=True)
class Engagement:
    """A company as it is engaged from a day to another; no last day while that lasts."""

    name: str
    address: str
    registration: str
    role: str
    from_day: date
    last_day: date | None
    contracts: tuple[str, ...]
    """Those whose data it processes; all, if none is named."""
    positions: tuple[int, ...]

    def concerns(self, contract: str) -> bool:
        """Whether it processes the data of a contract."""
        return not self.contracts or contract in self.contracts


@dataclass(frozen=True, slots=True)
class Processor:
    """A company's engagements, one behind the other. Without any it does not exist."""

    engagements: tuple[Engagement, ...] = ()

    @property
    def current(self) -> Engagement | None:
        """The last one."""
        return self.engagements[-1] if self.engagements else None


INITIAL = Processor()


def stream_of(processor: str) -> str:
    """The stream that holds a company's facts."""
    return f"processor:{processor}"


# ---------------------------------------------------------------- evolve


def evolve(state: Processor, recorded: RecordedFact) -> Processor:
    """The company after one more of its facts."""
    match recorded.fact:
        case ProcessorEngaged() as fact:
            details = fact.name, fact.address, fact.registration, fact.role
            engaged = Engagement(*details, fact.from_day, None, fact.contracts, (recorded.position,))
            return Processor((*state.engagements, engaged))
        case ProcessorChanged() as fact if state.current:
            before = _until(state.current, fact.from_day - timedelta(days=1), recorded)
            after = _changed(state.current, fact, recorded)
            return Processor((*state.engagements[:-1], before, after))
        case ProcessorDismissed() as fact if state.current:
            dismissed = _until(state.current, fact.last_day, recorded)
            return Processor((*state.engagements[:-1], dismissed))
    return state


def _until(current: Engagement, last_day: date, recorded: RecordedFact) -> Engagement:
    return replace(current, last_day=last_day, positions=(*current.positions, recorded.position))


def _changed(current: Engagement, fact: ProcessorChanged, recorded: RecordedFact) -> Engagement:
    return replace(
        current,
        name=fact.name or current.name,
        address=fact.address or current.address,
        registration=fact.registration or current.registration,
        role=fact.role or current.role,
        from_day=fact.from_day,
        positions=(recorded.position,),
    )


# ---------------------------------------------------------------- decide


def engage(state: Processor, engaged: ProcessorEngaged) -> ProcessorEngaged:
    """Engage a company that is not engaged on that day."""
    current = state.current
    if current and (current.last_day is None or current.last_day >= engaged.from_day):
        until = f"until {current.last_day}" if current.last_day else "and not dismissed"
        raise RefusedError(
            f"{engaged.processor} is already engaged from {current.from_day} {until}; say what is otherwise "
            "with `constat processor change`, or dismiss it first"
        )
    return engaged


def change(state: Processor, changed: ProcessorChanged) -> ProcessorChanged:
    """Say what is otherwise of a company from a later day on."""
    current = _require_engaged(state, changed.processor)
    if changed.from_day <= current.from_day:
        raise RefusedError(
            f"what is known of {changed.processor} holds from {current.from_day}; change it from a later day "
            "(what was told to clients stays as it was told)"
        )
    return changed


def dismiss(state: Processor, dismissed: ProcessorDismissed) -> ProcessorDismissed:
    """Dismiss a company after a day."""
    current = _require_engaged(state, dismissed.processor)
    if dismissed.last_day < current.from_day:
        raise RefusedError(
            f"{dismissed.processor} is engaged from {current.from_day}; dismiss it on that day or later"
        )
    return dismissed


def _require_engaged(state: Processor, processor: str) -> Engagement:
    current = state.current
    if current is None:
        raise RefusedError(f"no processor {processor}; engage it first with `constat processor engage`")
    if current.last_day is not None:
        raise RefusedError(
            f"{processor} is dismissed after {current.last_day}; engage it anew from a later day"
        )
    return current
