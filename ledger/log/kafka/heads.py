"""The heads of the streams that were extended last, beside the mirror.

Each append asks for the heads of its streams. Asked of the mirror, a writer waits for all others who ask it
and for the reader who writes to it. A stream that is extended was mostly extended a moment ago: those are
known here.
"""

from collections.abc import Collection, Iterable, Mapping

from ledger.log.arbitration import Head

STREAMS_MAX = 20_000
"""Their heads are some megabytes. Where there are more, all are forgotten, and the mirror is asked again."""


class RecentHeads:
    """What the reader of the log told of streams, in the log's order; any thread may ask of any."""

    def __init__(self, streams_max: int = STREAMS_MAX) -> None:
        self._streams_max = streams_max
        self._heads: dict[str, Head] = {}

    def move(self, heads: Mapping[str, Head]) -> None:
        """Streams were extended, and end there now."""
        if len(self._heads) + len(heads) > self._streams_max:
            self._heads = {}
        self._heads.update(heads)

    def forget(self, streams: Iterable[str]) -> None:
        """Streams may have been extended."""
        for stream in streams:
            self._heads.pop(stream, None)

    def of(self, streams: Collection[str]) -> dict[str, Head]:
        """The heads of those of these streams that are known here."""
        heads = self._heads
        return {stream: head for stream in streams if (head := heads.get(stream))}
