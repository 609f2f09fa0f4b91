"""What the process of an agent must not forget when it is killed: the round it began, and facts of its runs.

A file of JSON beside the outbox, exchanged whole. The number of a round is written before its first probe, so
that a round which was begun and lost is a gap in the numbers; facts wait in it until the ledger has them.
"""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError

from ledger.errors import UnusableOutboxError
from ledger.files import written_whole
from ledger.runs import AgentStarted, AgentStopped


class Noted(BaseModel):
    """One fact that waits, and when it occurred."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    occurred_ms: int
    started: AgentStarted | None = None
    stopped: AgentStopped | None = None

    @property
    def fact(self) -> AgentStarted | AgentStopped:
        """The fact."""
        found = self.started or self.stopped
        assert found, "a note holds one of the two"
        return found


class _Page(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    agent: str
    number: int = 0
    start_ms: int = 0
    facts: tuple[Noted, ...] = ()


class Last(NamedTuple):
    """The round that was begun last: its number, and when it started; zeros if none was."""

    number: int
    start_ms: int


class Notebook:
    """The notebook of one agent. Whoever has the agent's outbox open has it for himself."""

    def __init__(self, path: Path, agent: str) -> None:
        """Open it, or begin with an empty one.

        Raises:
            UnusableOutboxError: it cannot be read, or is another agent's.
        """
        self._path = path
        self._writing = threading.Lock()
        self._page = _read(path) or _Page(agent=agent)
        if self._page.agent != agent:
            raise UnusableOutboxError(
                f"{path} is of agent {self._page.agent}; give agent {agent} an outbox of its own"
            )

    @property
    def last(self) -> Last:
        """The round that was begun last."""
        return Last(self._page.number, self._page.start_ms)

    @property
    def waiting(self) -> Sequence[Noted]:
        """The facts that wait, in order."""
        return self._page.facts

    def begin(self, number: int, start_ms: int) -> None:
        """Note that a round begins. It is on the disk when this returns.

        Raises:
            UnusableOutboxError: it cannot be written.
        """
        with self._writing:
            self._write(self._page.model_copy(update={"number": number, "start_ms": start_ms}))

    def note(self, fact: AgentStarted | AgentStopped, occurred_ms: int) -> None:
        """Keep a fact until the ledger has it. Raises as `begin` does."""
        noted = (
            Noted(occurred_ms=occurred_ms, started=fact)
            if isinstance(fact, AgentStarted)
            else Noted(occurred_ms=occurred_ms, stopped=fact)
        )
        with self._writing:
            self._write(self._page.model_copy(update={"facts": (*self._page.facts, noted)}))

    def arrived(self, noted: Noted) -> None:
        """Take out a fact that the ledger has. Raises as `begin` does."""
        with self._writing:
            left = tuple(each for each in self._page.facts if each != noted)
            self._write(self._page.model_copy(update={"facts": left}))

    def _write(self, page: _Page) -> None:
        try:
            written_whole(self._path, page.model_dump_json(exclude_none=True).encode(), durable=True)
        except OSError as error:
            raise UnusableOutboxError(
                f"{self._path} cannot be written ({error.strerror}); free some space, or let the agent write"
            ) from error
        self._page = page


def _read(path: Path) -> _Page | None:
    try:
        return _Page.model_validate_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValidationError, UnicodeDecodeError):
        raise UnusableOutboxError(
            f"{path} cannot be read; move it away: the agent begins another one, and what waited in it "
            "(facts of its starts and stops) is lost"
        ) from None
