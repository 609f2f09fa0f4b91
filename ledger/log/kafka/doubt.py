"""Doubt about a broker that says a log is shorter than what was read of it.

It may have been cut off from the others and think that it still leads: it answers on, and knows no better. So
it is believed only when brokers have said so again and again, each time over a new connection.
"""

import time
from dataclasses import dataclass, field

BELIEVED_AFTER_S = 8.0
BELIEVED_AFTER_TIMES = 8
"""Of three brokers each is met about as often: that it was the same one each time is one case of 6,561."""


@dataclass
class Doubt:
    """How often brokers have said so, and since when."""

    _times: int = field(default=0, init=False)
    _since_s: float = field(default=0.0, init=False)

    def grow(self) -> bool:
        """A broker said so once more; whether it is to be believed now."""
        self._since_s = self._since_s if self._times else time.monotonic()
        self._times += 1
        is_old = time.monotonic() >= self._since_s + BELIEVED_AFTER_S
        return is_old and self._times >= BELIEVED_AFTER_TIMES

    def end(self) -> None:
        """A broker knew all that was read: those before it did not."""
        self._times = 0
