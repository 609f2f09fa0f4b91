"""Records that wait are sent together.

The broker, the reader and the mirror take many records for little more than the price of one. So while a
group is on its way, whoever comes waits. When somebody of it has heard what became of his record, the next
group is to be as large as all who are there then, those who went and those who wait; it goes when so many
have come. So writers who go on writing all end in one group. Whoever waits for one who does not come back has
a limit (`hurry`), and then goes with those who did. Few are no group, and are sent at once.

A group says nothing of what becomes of its records. Each is judged, refused or sent again for itself.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

FEW = 4
"""Fewer records keep nobody waiting: what is saved by sending them together is less than the wait."""


class Turn:
    """A record that somebody sends, once."""

    def __init__(self, send: Callable[[], None]) -> None:
        self._send = send
        self._first = threading.Lock()

    def go(self) -> None:
        """Send it, if nobody has."""
        if self._first.acquire(blocking=False):
            self._send()

    def give_up(self) -> None:
        """Whoever has not sent it yet does not send it any more."""
        self._first.acquire(blocking=False)


class Groups:
    """Who waits to be sent, and who is on his way. For any number of threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Turn] = []
        self._under_way: list[Turn] = []
        """The last group, while nobody of it has heard."""
        self._expected_size = 0

    @contextmanager
    def turn_of(self, send: Callable[[], None]) -> Iterator[Turn]:
        """Have a record sent, now or with the next group; within the block its writer waits to hear of it.

        `send` raises nothing, and may be called by another thread.
        """
        turn = Turn(send)
        _go(self._after_entering(turn))
        try:
            yield turn
        finally:
            turn.give_up()
            _go(self._after_hearing(turn))

    def hurry(self, turn: Turn) -> None:
        """See that a record is sent that has waited for long enough, with all who wait beside it."""
        with self._lock:
            group = self._next() if turn in self._waiting else [turn]
        _go(group)

    def _after_entering(self, turn: Turn) -> Sequence[Turn]:
        with self._lock:
            self._waiting.append(turn)
            return self._next() if self._is_complete() else []

    def _after_hearing(self, turn: Turn) -> Sequence[Turn]:
        with self._lock:
            if turn in self._waiting:
                self._waiting.remove(turn)
            if turn not in self._under_way:  # another of his group was before him
                return []
            self._expected_size = len(self._under_way) + len(self._waiting)
            self._under_way = []
            return self._next() if self._waiting and self._is_complete() else []

    def _is_complete(self) -> bool:
        """Whether those who wait go now."""
        if self._expected_size < FEW:
            return True
        return not self._under_way and len(self._waiting) >= self._expected_size

    def _next(self) -> Sequence[Turn]:
        group, self._waiting = self._waiting, []
        self._under_way = [*self._under_way, *group] if len(self._under_way) < FEW else group
        self._expected_size = len(self._under_way)
        return group


def _go(group: Sequence[Turn]) -> None:
    for turn in group:
        turn.go()
