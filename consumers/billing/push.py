"""Postings on their way to another billing system: put down in the store first, then sent, each as one line.

A request is put down once, with its bytes, and sent until there is an answer. What became of it after a lost
answer is told by its key, which is the event's id. A contract's requests go in order: none before the one in
front of it was taken.
"""

import sqlite3
from collections.abc import Callable
from typing import NamedTuple

from consumers.billing.inbox import head_of
from consumers.billing.posting import Posting, Settled, postings
from consumers.billing.pricing import settled_prices
from consumers.billing.release import Decision, note
from consumers.billing.run import this_process
from consumers.billing.store import Store
from consumers.billing.targets import Target
from consumers.sending import Endpoint, RefusedRequestError, UnansweredError
from consumers.stopping import Stop
from ledger.errors import BadInputError, RefusedError

BEFORE = "not sent: it is from before the position from which this store pushes"


class Pushed(NamedTuple):
    """What became of the requests."""

    sent: int
    problems: list[str]
    """Of each contract that does not go on: why."""


class _Due(NamedTuple):
    number: int
    event_id: str
    contract: str
    path: str
    body: bytes
    first_ms: int | None


class Pusher:
    """Pushes the postings of one store to one system, as the owner of that."""

    def __init__(self, store: Store, target: Target, endpoint: Endpoint, now_ms: Callable[[], int]) -> None:
        """Become the owner."""
        self._store = store
        self._target = target
        self._endpoint = endpoint
        self._now_ms = now_ms
        self._role = f"push to {target.name}"
        store.own(self._role, this_process(), now_ms())

    def put_down(self, behind: int = 0) -> list[str]:
        """Put down a request for each posting that has none yet; of each contract that waits: why.

        Those up to the position `behind` are noted as not to be sent: another store has pushed them. A
        contract of which the name there, or the price, was not told waits, and one that is frozen; the others
        go on.
        """
        waiting: dict[str, str] = {}
        with self._store.owning(self._role) as connection:
            known, settled = _known(connection, self._target.name), settled_prices(connection)
            for each in postings(connection):
                if (each.source, each.event_id) in known or each.contract in waiting:
                    continue
                if why := _frozen(connection, each.contract):
                    waiting[each.contract] = why
                    continue
                try:
                    self._put_down(connection, each, settled, is_before=each.position <= behind)
                except BadInputError as error:
                    waiting[each.contract] = f"{each.event_id}: {error}"
        return list(waiting.values())

    def _put_down(
        self, connection: sqlite3.Connection, posting: Posting, settled: Settled, *, is_before: bool
    ) -> None:
        path, body = "", b""
        if not is_before:
            request = self._target.request(posting, settled)
            path, body = request.path, request.body
        connection.execute(
            "INSERT INTO pushes (target, source, id, contract, path, body, answered_ms, problem) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                self._target.name,
                posting.source,
                posting.event_id,
                posting.contract,
                path,
                body,
                self._now_ms() if is_before else None,
                BEFORE if is_before else None,
            ),
        )

    def send(self, url: str, stop: Stop) -> Pushed:
        """Send what has no answer yet, in order; a contract that is frozen or refused waits.

        Whether it is frozen is asked before each request: another process may freeze it meanwhile.

        Raises:
            NoLongerOwnerError: another process has taken over.
        """
        sent, problems = 0, {}
        for each in self._due():
            if stop.is_asked:
                break
            if each.contract in problems:
                continue
            with self._store.reading() as connection:
                held_back = _frozen(connection, each.contract)
            if held_back:
                problems[each.contract] = held_back
            elif why := self._sent(url, each):
                problems[each.contract] = f"{each.event_id}: {why}"
            else:
                sent += 1
        return Pushed(sent, list(problems.values()))

    def taken(self, event_id: str, decision: Decision) -> None:
        """Note that somebody has found a request in the other system, so that it is not sent again.

        Raises:
            RefusedError: no such request waits for its answer.
        """
        with self._store.owning(self._role) as connection:
            due = self._waiting(connection, event_id)
            connection.execute(
                "UPDATE pushes SET answered_ms = ? WHERE number = ?", (decision.decided_ms, due.number)
            )
            note(connection, None, f"{event_id} was sent to {self._target.name}", decision)

    def again(self, event_id: str, decision: Decision) -> None:
        """Note that somebody has looked for a request in the other system in vain, so that it is sent anew.

        Raises:
            RefusedError: no such request waits for its answer, or it is sent again without a decision.
        """
        with self._store.owning(self._role) as connection:
            due = self._waiting(connection, event_id)
            if not self._may_be_forgotten(due):
                raise RefusedError(f"{event_id} is sent again by itself; push without --again")
            connection.execute("UPDATE pushes SET first_ms = NULL WHERE number = ?", (due.number,))
            note(connection, None, f"{event_id} was not found in {self._target.name}", decision)

    def _waiting(self, connection: sqlite3.Connection, event_id: str) -> _Due:
        for due in self._due_in(connection):
            if due.event_id == event_id:
                return due
        raise RefusedError(f"{event_id} waits for no answer of {self._target.name}")

    def _due(self) -> list[_Due]:
        with self._store.reading() as connection:
            return self._due_in(connection)

    def _due_in(self, connection: sqlite3.Connection) -> list[_Due]:
        query = (
            "SELECT number, id, contract, path, body, first_ms FROM pushes "
            "WHERE target = ? AND answered_ms IS NULL ORDER BY number"
        )
        return [_Due(*row) for row in connection.execute(query, (self._target.name,))]

    def _sent(self, url: str, due: _Due) -> str | None:
        """None if it was taken, else why not."""
        if self._may_be_forgotten(due):
            return (
                f"it was sent without an answer so long ago that {self._target.name} may no longer know its "
                f"key: look there whether it was taken. If so, push with --taken {due.event_id}, else with "
                f"--again {due.event_id}; say who looked, and what was found, with --by ID --reason TEXT"
            )
        self._note(due, "first_ms = coalesce(first_ms, ?), attempts = attempts + 1", self._now_ms())
        try:
            self._endpoint.post(url + due.path, due.body, self._target.headers(due.event_id))
        except RefusedRequestError as refused:
            if not self._target.has_it_already(refused):
                self._note(due, "problem = ?", str(refused))
                return str(refused)
        except UnansweredError as unanswered:
            self._note(due, "problem = ?", str(unanswered))
            return str(unanswered)
        self._note(due, "problem = NULL, answered_ms = ?", self._now_ms())
        return None

    def _may_be_forgotten(self, due: _Due) -> bool:
        keeps_ms = self._target.keeps_keys_ms
        return keeps_ms is not None and due.first_ms is not None and self._now_ms() - due.first_ms > keeps_ms

    def _note(self, due: _Due, what: str, value: int | str) -> None:
        with self._store.owning(self._role) as connection:
            connection.execute(f"UPDATE pushes SET {what} WHERE number = ?", (value, due.number))


def _frozen(connection: sqlite3.Connection, contract: str) -> str | None:
    """Why nothing of a contract leaves until somebody has decided; None if it is not frozen."""
    if head_of(connection, contract).frozen is None:
        return None
    return (
        f"{contract} is frozen: nothing more of it is pushed until it is released, and what was pushed "
        "stays; `constat bill show` says why, and what to do"
    )


def _known(connection: sqlite3.Connection, target: str) -> set[tuple[str, str]]:
    query = "SELECT source, id FROM pushes WHERE target = ?"
    return {(source, event_id) for source, event_id in connection.execute(query, (target,))}
