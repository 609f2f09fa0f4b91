"""One POST until it is answered: tried again with growing delay while the answer is lost or "later".

What was sent may have been taken although no answer came, so whoever calls gives each request a key under
which the other side knows it again.
"""

import threading
from collections.abc import Mapping

import urllib3
from urllib3.exceptions import HTTPError

from ledger.errors import UnreachableLedgerError, UnusableLedgerError

DELAYS_S = (0.1, 0.2, 0.5, 1.0, 2.0)
"""Before each further try; after the last one whoever calls is told."""
TIMEOUT_S = 10.0
LATER = (408, 409, 425, 429)
"""Refusals that may be otherwise a moment later, as 409 of a key in use; so may everything from 500 on."""
SHOWN = 300


class UnansweredError(UnreachableLedgerError):
    """Nobody said yes or no in time; it may have been taken. The same under the same key may go through."""


class RefusedRequestError(UnusableLedgerError):
    """The other side said no; it says so again until somebody has looked."""

    def __init__(self, text: str, status: int = 0, body: bytes = b"") -> None:
        super().__init__(text)
        self.status = status
        self.body = body


class Endpoint:
    """Sends requests; the connections are kept."""

    def __init__(self, pool: urllib3.PoolManager, delays_s: tuple[float, ...] = DELAYS_S) -> None:
        self._pool = pool
        self._delays_s = delays_s
        self._pause = threading.Event()

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> bytes:
        """Send until there is an answer; its body.

        Raises:
            UnansweredError: there was none, as often as it was tried.
            RefusedRequestError: the answer is no.
        """
        why = ""
        for delay_s in (*self._delays_s, None):
            try:
                answer = self._pool.request(
                    "POST", url, body=body, headers=dict(headers), retries=False, timeout=TIMEOUT_S
                )
            except HTTPError as error:
                why = " ".join(str(error).split())[:SHOWN]
            else:
                if answer.status // 100 == 2:  # noqa: PLR2004 - every answer of success
                    return answer.data
                why = f"{answer.status} {answer.data[:SHOWN].decode(errors='replace')}".strip()
                if not _is_later(answer.status):
                    refusal = f"{url} refuses ({why}); look there, then run the same again"
                    raise RefusedRequestError(refusal, answer.status, answer.data)
            if delay_s is not None:
                self._pause.wait(delay_s)
        raise UnansweredError(f"{url} does not answer ({why}); what it may have taken it knows by its key")

    def close(self) -> None:
        """Close the connections."""
        self._pool.clear()


def _is_later(status: int) -> bool:
    return status in LATER or status >= 500  # noqa: PLR2004 - the server's own failures
