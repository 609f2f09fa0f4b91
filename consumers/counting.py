"""How much of some work is done, by one process or by several."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from multiprocessing.sharedctypes import Synchronized


class Done:
    """How much of some work is done; of several processes by all of them, in memory that they share."""

    def __init__(self) -> None:
        self.shared: Synchronized[int] | None = None
        self._own = 0

    @property
    def number(self) -> int:
        """How many so far."""
        return self._own if self.shared is None else self.shared.value

    def add(self, more: int) -> None:
        """Count some more."""
        if self.shared is None:
            self._own += more
            return
        with self.shared.get_lock():
            self.shared.value += more

    def begin(self) -> None:
        """Count from nothing on, while nobody else works."""
        self._own = 0
        if self.shared is not None:
            self.shared.value = 0


done_here = Done()
"""In a process of the pool, those of all of them."""
