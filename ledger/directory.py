"""Directories: who is a designated administrator of a contract, by opaque ids [Gestion d'incidents, RGPD].

Names and addresses stand in a store outside the ledger, where they can be erased. A list holds from the
moment at which its source was made until the next one was.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

from pydantic import Field

from ledger.errors import RefusedError
from ledger.fact import Fact, Name, Person, RecordedFact, Text
from ledger.instants import format_instant

# ---------------------------------------------------------------- facts


class DirectorySynchronised(Fact):
    """A contract's administrators are these from now on; `occurred` is when the source list was made."""

    TYPE: ClassVar[str] = "constat.directory.synchronised.v1"

    contract: Name
    administrators: tuple[Person, ...]
    """By id, each once, in order."""
    count: Annotated[int, Field(ge=0)]
    by: Person = "ops"


class PersonErased(Fact):
    """What the store held of a person was erased: the id no longer names anybody, and is not used again."""

    TYPE: ClassVar[str] = "constat.directory.person-erased.v1"

    contract: Name
    person: Person
    reason: Text
    by: Person


# ---------------------------------------------------------------- state


@dataclass(frozen=True, slots=True)
class Listed:
    """One list of administrators, and when it was made."""

    administrators: tuple[str, ...]
    occurred_ms: int
    position: int


@dataclass(frozen=True, slots=True)
class Directory:
    """The administrators of a contract as its facts leave them. No lists: nobody was ever named."""

    lists: tuple[Listed, ...] = ()
    erased: tuple[tuple[str, int], ...] = ()
    """Each person that was erased, and when."""

    def at(self, instant_ms: int) -> tuple[str, ...] | None:
        """The administrators at a moment; None before the first list."""
        made = [each for each in self.lists if each.occurred_ms <= instant_ms]
        if not made:
            return None
        gone = {person for person, erased_ms in self.erased if erased_ms <= instant_ms}
        return tuple(person for person in made[-1].administrators if person not in gone)

    def listed_since(self, person: str) -> int | None:
        """The position of the list from which on all lists until now name a person; None if none does."""
        since = None
        for each in reversed(self.lists):
            if person not in each.administrators:
                break
            since = each.position
        return since

    def known_before(self, position: int) -> bool:
        """Whether any list had been taken down before a fact."""
        return bool(self.lists) and self.lists[0].position < position


INITIAL = Directory()


def stream_of(contract: str) -> str:
    """The stream that holds the facts of a contract's directory."""
    return f"directory:{contract}"


# ---------------------------------------------------------------- evolve


def evolve(state: Directory, recorded: RecordedFact) -> Directory:
    """The directory after one more of its facts."""
    match recorded.fact:
        case DirectorySynchronised() as fact:
            listed = Listed(fact.administrators, recorded.occurred_ms, recorded.position)
            return replace(state, lists=(*state.lists, listed))
        case PersonErased() as fact:
            return replace(state, erased=(*state.erased, (fact.person, recorded.occurred_ms)))
    return state


# ---------------------------------------------------------------- decide


def synchronise(
    state: Directory, contract: str, administrators: Sequence[str], made_ms: int, by: str
) -> DirectorySynchronised:
    """Put another list in the place of the one before; nobody who was erased comes back under the old id."""
    against = refusal_of_age(state, contract, made_ms), refusal_of_erased(state, contract, administrators)
    if whys := [why for why in against if why]:
        raise RefusedError("; ".join(whys))
    people = tuple(sorted(set(administrators)))
    return DirectorySynchronised(contract=contract, administrators=people, count=len(people), by=by)


def is_in_force(state: Directory, listed: DirectorySynchronised, made_ms: int) -> bool:
    """Whether a list is the last one over again; made later, the same people are news: its age counts."""
    if not state.lists:
        return False
    last = state.lists[-1]
    return (last.administrators, last.occurred_ms) == (listed.administrators, made_ms)


def refusal_of_age(state: Directory, contract: str, made_ms: int) -> str | None:
    """Why a list that was made then is not put in force; None if nothing is against it."""
    if not state.lists or made_ms >= state.lists[-1].occurred_ms:
        return None
    return (
        f"the list of {contract} that is in force was made at "
        f"{format_instant(state.lists[-1].occurred_ms)}, after this one; synchronise a newer one, or say "
        "with --made-at when this one was made"
    )


def refusal_of_erased(state: Directory, contract: str, people: Iterable[str]) -> str | None:
    """Why some people are not named again; None if none of them was erased."""
    again = sorted({person for person, _ in state.erased} & set(people))
    if not again:
        return None
    return (
        f"{', '.join(again)} was erased from the directory of {contract}; take that line out of the "
        "list, or give the person another id if they are to be told again"
    )


def erase(state: Directory, erased: PersonErased) -> PersonErased:
    """Erase a person whom some list of this contract named."""
    if erased.person not in {person for each in state.lists for person in each.administrators}:
        raise RefusedError(f"no list of {erased.contract} ever named {erased.person}")
    if erased.person in {person for person, _ in state.erased}:
        raise RefusedError(f"{erased.person} was already erased from the directory of {erased.contract}")
    return erased


def require_administrator(
    state: Directory, contract: str, person: str, instant_ms: int, only: str = "may open a request"
) -> None:
    """Refuse who was not a designated administrator at a moment; before the first list everybody is let in.

    `only` is what is for administrators alone.

    Raises:
        RefusedError: says who was.
    """
    administrators = state.at(instant_ms)
    if administrators is not None and person not in administrators:
        raise RefusedError(
            f"{person} was no designated administrator of {contract} at {format_instant(instant_ms)}, and "
            f"only those {only}; they were: {', '.join(administrators) or 'nobody'}. If the "
            "list is out of date, `constat directory sync` a newer one"
        )


def doubt_of_stranger(state: Directory, contract: str, person: str, instant_ms: int) -> str | None:
    """What speaks against somebody who was let in because there was no list yet; None if nothing does."""
    if not state.lists or state.at(instant_ms) is not None:
        return None
    if any(person in each.administrators for each in state.lists):
        return None
    return (
        f"{person} is in no list of administrators of {contract}: the first one is of "
        f"{format_instant(state.lists[0].occurred_ms)}, so nobody could be asked for at "
        f"{format_instant(instant_ms)}"
    )
