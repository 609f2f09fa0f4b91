"""The decision log on Kafka, as a recorder of the `eventsourcing` library.

It is the embedded recorder whose only writer is the log's tail: read from the mirror, written to the topic.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from eventsourcing.persistence import IntegrityError, StoredEvent

from ledger.log.interface import Appended
from ledger.log.kafka.mirror import Mirror
from ledger.log.kafka.tail import Tail
from ledger.log.kafka.writer import Writer
from ledger.log.recorder import SQLiteRecorder


class KafkaRecorder(SQLiteRecorder):
    """The decision log; positions are dense and the same for every reader, whatever was void between them."""

    def __init__(
        self, mirror: Mirror, tail: Tail, writer: Writer, stream_type: type[UUID | str] = str
    ) -> None:
        super().__init__(mirror, stream_type=stream_type)
        self._writer = writer
        tail.listen(self._wake)

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:  # noqa: ANN401
        """Append events as one record: all of them or none. See `Writer.append` for what else is raised.

        Raises:
            IntegrityError: the record does not extend its streams; another writer was first.
        """
        self._refuse_what_is_taken(stored_events)
        return super().insert_events(stored_events, **kwargs)

    def append(self, events: Sequence[StoredEvent]) -> Appended:
        """The same of events whose writer has just read the heads of their streams."""
        return self._writer.append(events)

    def _refuse_what_is_taken(self, events: Sequence[StoredEvent]) -> None:
        # What the mirror has is in the log for ever; what it does not have yet proves nothing.
        heads = self.heads({str(event.originator_id) for event in events})
        for event in events:
            if event.originator_version < 0:
                raise IntegrityError(
                    f"{event.originator_id}: no stream has a number {event.originator_version}"
                )
            head = heads.get(str(event.originator_id))
            if head and event.originator_version <= head.sequence:
                raise IntegrityError(
                    f"{event.originator_id} stands at {head.sequence}; {event.originator_version} is taken"
                )

    def _wake(self) -> None:
        for wakeup in tuple(self.wakeups):
            wakeup.set()
