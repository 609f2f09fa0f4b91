"""Optional components of a platform, which may transfer data outside the European Union [RGPD].

The client decides on them in conscience; the ledger says which were there, from when to when.
"""

from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from ledger.errors import RefusedError
from ledger.fact import Fact, Name, Person, RecordedFact, Text
from ledger.instants import format_instant

Kind = Literal["analytics", "sharing", "sign-on", "drive"]

# ---------------------------------------------------------------- facts


class ComponentEnabled(Fact):
    """An optional component of a platform was switched on; `occurred` is when."""

    TYPE: ClassVar[str] = "constat.component.enabled.v1"

    platform: Name
    component: Name
    name: Text
    kind: Kind
    transfers_outside_eu: bool
    by: Person = "ops"


class ComponentDisabled(Fact):
    """An optional component of a platform was switched off; `occurred` is when."""

    TYPE: ClassVar[str] = "constat.component.disabled.v1"

    platform: Name
    component: Name
    by: Person = "ops"


# ---------------------------------------------------------------- state


@dataclass(frozen=True, slots=True)
class Use:
    """A component that was on from a moment to another, or still is."""

    enabled: ComponentEnabled
    enabled_ms: int
    disabled_ms: int | None
    positions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Components:
    """The components of one platform, in the order in which they were switched on."""

    uses: tuple[Use, ...] = ()

    def on(self, component: str) -> Use | None:
        """Its use that lasts."""
        lasting = (use for use in self.uses if use.enabled.component == component)
        return next((use for use in lasting if use.disabled_ms is None), None)


INITIAL = Components()


def stream_of(platform: str) -> str:
    """The stream that holds the facts about a platform's components."""
    return f"components:{platform}"


# ---------------------------------------------------------------- evolve


def evolve(state: Components, recorded: RecordedFact) -> Components:
    """The platform's components after one more fact."""
    match recorded.fact:
        case ComponentEnabled() as fact:
            use = Use(fact, recorded.occurred_ms, None, (recorded.position,))
            return Components((*state.uses, use))
        case ComponentDisabled() as fact:
            return Components(tuple(_off(use, fact, recorded) for use in state.uses))
    return state


def _off(use: Use, fact: ComponentDisabled, recorded: RecordedFact) -> Use:
    if use.enabled.component != fact.component or use.disabled_ms is not None:
        return use
    return replace(use, disabled_ms=recorded.occurred_ms, positions=(*use.positions, recorded.position))


# ---------------------------------------------------------------- decide


def enable(state: Components, enabled: ComponentEnabled) -> ComponentEnabled:
    """Switch a component on that is off."""
    use = state.on(enabled.component)
    if use:
        raise RefusedError(
            f"{enabled.component} of {enabled.platform} is on since {format_instant(use.enabled_ms)}; if "
            "something of it is otherwise, disable it first"
        )
    return enabled


def disable(state: Components, disabled: ComponentDisabled, disabled_ms: int) -> ComponentDisabled:
    """Switch a component off that is on."""
    use = state.on(disabled.component)
    if use is None:
        raise RefusedError(
            f"{disabled.component} of {disabled.platform} is not on; enable it first with `constat component "
            "enable`"
        )
    if disabled_ms < use.enabled_ms:
        raise RefusedError(
            f"{disabled.component} was switched on at {format_instant(use.enabled_ms)} and cannot be off "
            "before; correct the time"
        )
    return disabled
