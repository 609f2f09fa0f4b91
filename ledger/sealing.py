"""How a seal is made of what the logs are, and how it is held against them again."""

import hashlib

from ledger import seals
from ledger.errors import BadInputError, DamagedLedgerError
from ledger.log import codec
from ledger.log.interface import Ends, Engine
from ledger.log.stamp import shown
from ledger.seals import Seal, SealedRounds, SealMade

_NAME_DIGITS = 12
"""Of the hash in a seal's name; whoever meets a name again compares everything else as well."""


def fixed(ends: Ends) -> SealMade:
    """The seal of both logs up to their ends. What it fixes names it: the same ends are the same seal."""
    rounds = tuple(
        SealedRounds(
            agent=agent, number=end.number, records=end.records, running_hash=shown(end.running_hash)
        )
        for agent, end in sorted(ends.rounds.items())
    )
    running_hash = shown(ends.running_hash)
    lines = [running_hash, *(f"{each.agent} {each.number} {each.running_hash}" for each in rounds)]
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    return SealMade(
        seal=f"s{ends.position}-{digest[:_NAME_DIGITS]}",
        position=ends.position,
        running_hash=running_hash,
        rounds=rounds,
    )


def named(engine: Engine, name: str) -> Seal:
    """The seal of that name.

    Raises:
        BadInputError: there is none.
    """
    state = seals.INITIAL
    for kept in engine.facts_of(seals.stream_of(name)):
        state = seals.evolve(state, codec.recorded(kept))
    if state.made is None:
        raise BadInputError(f"there is no seal {name!r}; `constat seal` makes one and prints its name")
    return state


def require_unbroken(engine: Engine, made: SealMade) -> int:
    """When the last record that a seal fixes was recorded, if the logs still are what it fixed.

    Raises:
        DamagedLedgerError: they are not.
    """
    engine.head()  # a mirror has read its topics to their ends
    log = engine.copying
    decisions = log.running_hash_at(made.position)
    if decisions is None or shown(decisions) != made.running_hash:
        raise _broken(made, f"the decisions up to position {made.position} are not those that it fixed")
    recorded_ms = [engine.recorded_ms_of(made.position)]
    for each in made.rounds:
        end = log.rounds_end_at(each.agent, each.number)
        if end is None or (end.records, shown(end.running_hash)) != (each.records, each.running_hash):
            what = f"the rounds of agent {each.agent} up to number {each.number} are not those that it fixed"
            raise _broken(made, what)
        recorded_ms.append(end.recorded_ms)
    return max(recorded_ms)


def is_behind(made: SealMade, other: SealMade) -> bool:
    """Whether a seal fixes fewer rounds of some agent than another one."""
    own = {each.agent: each.number for each in made.rounds}
    return any(own.get(each.agent, 0) < each.number for each in other.rounds)


def _broken(made: SealMade, what: str) -> DamagedLedgerError:
    return DamagedLedgerError(
        f"seal {made.seal} is broken: {what}; run `constat verify`, keep the file as evidence, and restore "
        "the ledger from a copy that verifies"
    )
