"""The feed as JSON lines: the position is the file's own last whole line."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from consumers.relay import feed
from consumers.relay.event import BEGINNING, EVENT_BYTES_MAX, FeedEvent, UnreadableEventError
from ledger.errors import BadInputError, UnusableLedgerError
from ledger.fact import hash_of
from ledger.files import flush_folder, locked
from ledger.log.interface import Engine

_GO_ON = (
    "Relay to another file: it gets the whole feed, and `constat bill run --from` that one takes nothing "
    "twice. Keep this one for whoever asks what was changed"
)


class FileSink:
    """A file to whose end events are added; one process at a time adds to it."""

    batch_size = feed.BATCH

    def __init__(self, path: str) -> None:
        """Open a file, or make it.

        Raises:
            UnusableLedgerError: it cannot be opened, or another process adds to it.
        """
        self.path = path
        try:
            file = locked(path)
        except OSError as error:
            raise UnusableLedgerError(
                f"{path} cannot be opened ({error.strerror}); check that its folder exists and may be written"
            ) from error
        if file is None:
            raise UnusableLedgerError(
                f"another process relays to {path}; let that one go on, or end it first"
            )
        self._file = file
        flush_folder(Path(path).absolute().parent)

    def position(self, engine: Engine) -> int:
        """That of the last whole line; what is torn behind it is cut off, of a file that is a feed.

        Every line is held against the ledger, once each time a relay begins.

        Raises:
            BadInputError: the file is something else, the feed of another ledger, or was changed; it stays
                as it is.
        """
        end, line = last_line(self._file)
        position = self._position_of(line, engine) if end else 0
        if end < os.fstat(self._file).st_size:
            self._require_torn_event(end)
            os.ftruncate(self._file, end)
            os.fsync(self._file)
        return position

    def _position_of(self, line: bytes, engine: Engine) -> int:
        try:
            event = FeedEvent.read(line)
        except UnreadableEventError as error:
            raise BadInputError(
                f"{self.path} ends with a line that is no event of a feed ({error}); name another file"
            ) from error
        self._require_unchanged(engine, event.position)
        return event.position

    def _require_unchanged(self, engine: Engine, until: int) -> None:
        """Refuse a file of which a line is not the event that the ledger has there, and name the line.

        Where no line is the ledger's, nothing says whose feed the file was.
        """
        if what := feed.first_other(engine, until, self._lines()):
            if not feed.has_any(engine, map(hash_of, self._lines())):
                raise feed.not_held(self.path, until, _GO_ON)
            raise feed.changed(self.path, what, _GO_ON)

    def _lines(self) -> Iterator[bytes]:
        with open(self._file, "rb", closefd=False) as file:
            file.seek(0)
            yield from (line[:-1] for line in file if line.endswith(b"\n"))

    def _require_torn_event(self, begin: int) -> None:
        """Behind the last line feed may stand only what a relay left that was killed while it wrote."""
        torn = os.pread(self._file, len(BEGINNING), begin)
        if not BEGINNING.startswith(torn):
            raise BadInputError(
                f"{self.path} does not end as a feed does, and its end would be cut off; name another file"
            )

    def send(self, events: Sequence[FeedEvent]) -> None:
        """Add lines, and return when they are on disk."""
        os.lseek(self._file, 0, os.SEEK_END)
        left = memoryview(b"".join(event.value + b"\n" for event in events))
        while left:
            left = left[os.write(self._file, left) :]
        os.fsync(self._file)

    def close(self) -> None:
        """Close the file and let another process have it."""
        os.close(self._file)


def last_line(file: int) -> tuple[int, bytes]:
    """Where the last whole line of an open file ends, and the line; nothing at 0 if there is none.

    Of a line that is longer than any event, only its end is given.
    """
    end = _behind_last_line_feed(file)
    begin = max(0, end - EVENT_BYTES_MAX - 2)
    return end, os.pread(file, end - begin, begin)[:-1].rpartition(b"\n")[2]


def _behind_last_line_feed(file: int) -> int:
    end = os.fstat(file).st_size
    while end > 0:
        begin = max(0, end - EVENT_BYTES_MAX)
        if (found := os.pread(file, end - begin, begin).rfind(b"\n")) >= 0:
            return begin + found + 1
        end = begin
    return 0
