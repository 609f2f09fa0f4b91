"""The feed to an HTTP endpoint, one event a request; how far it came stands in a small store beside.

The endpoint may get an event again after a lost answer: under the same `Idempotency-Key`, its id. The store
is moved only after it has said yes.
"""

from collections.abc import Sequence

import urllib3

from consumers.relay import feed
from consumers.relay.event import MEDIA_TYPE, FeedEvent
from consumers.relay.state import RelayState
from consumers.sending import Endpoint
from ledger.errors import BadInputError
from ledger.log.interface import Engine

_GO_ON = "Name another --state file: all is sent again from the beginning, each event under the same key"


class HttpSink:
    """An endpoint that takes structured CloudEvents, one a request."""

    batch_size = 1

    def __init__(self, url: str, state: str | None) -> None:
        """Open the store of the relay, or make it.

        Raises:
            BadInputError: no store is named, so nobody would know how far the endpoint has come.
        """
        if state is None:
            raise BadInputError(
                "an endpoint does not say how far it came; name a file for that with --state FILE"
            )
        self._url = url
        self._endpoint = Endpoint(urllib3.PoolManager())
        self._state = RelayState(state)

    def position(self, engine: Engine) -> int:
        """That of the last event to which the endpoint has said yes."""
        last = self._state.last(self._url)
        if last is None:
            return 0
        position, value = last
        if not feed.has(engine, position, value):
            raise feed.not_held(self._state.path, position, _GO_ON)
        return position

    def send(self, events: Sequence[FeedEvent]) -> None:
        """Send one event after the other; each until the endpoint has said yes."""
        for event in events:
            headers = {"Content-Type": MEDIA_TYPE, "Idempotency-Key": event.event_id}
            self._endpoint.post(self._url, event.value, headers)
            self._state.taken(self._url, event)

    def close(self) -> None:
        """Close the store and the connections."""
        self._state.close()
        self._endpoint.close()
