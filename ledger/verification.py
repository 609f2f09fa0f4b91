"""What a check of a ledger finds: how far its logs go, and the first thing that does not fit."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ledger.log.stamp import GENESIS_RUNNING_HASH, shown

Log = Literal["decisions", "probes", "file"]

ADVICE = "take this ledger out of use, keep the file as evidence, and restore it from a copy that verifies"


@dataclass(frozen=True, slots=True)
class LogEnd:
    """How many records there are, and the hash of all of them."""

    records: int = 0
    running_hash: str = shown(GENESIS_RUNNING_HASH)


@dataclass(frozen=True, slots=True)
class Heads:
    """The ends of both logs, the probes by agent: what is worth keeping elsewhere."""

    decisions: LogEnd = LogEnd()
    probes: Mapping[str, LogEnd] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Misfit:
    """The first thing that does not fit. In the log `file` it is no record, and has no place."""

    log: Log
    place: int | None
    """Position or offset."""
    stream: str | None
    """The stream of a fact, the agent of a round; None if not even that can be read."""
    number: int | None
    what: str
    advice: str = ADVICE

    def __str__(self) -> str:
        """A sentence: where, what, and what to do."""
        where = {
            "decisions": f"decision log, position {self.place}",
            "probes": f"probe log, offset {self.place}",
            "file": "the storage itself",
        }[self.log]
        record = f" ({self.stream}, number {self.number})" if self.number else ""
        return f"{where}{record}: {self.what}; {self.advice}"


@dataclass(frozen=True, slots=True)
class Verification:
    """What was read and found to fit: everything, if there is no misfit, else what came before it."""

    heads: Heads
    streams: int
    void: int
    """Records that were read and take no effect: on Kafka everyone may send, and the log decides."""
    misfit: Misfit | None

    @property
    def rounds(self) -> int:
        """How many rounds there are of all agents."""
        return sum(end.records for end in self.heads.probes.values())
