"""The decision log on Kafka, as a recorder of the `eventsourcing` library.

It is the embedded recorder whose only writer is the log's tail: read from the mirror, written to the topic.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from eventsourcing.persistence import IntegrityError, StoredEvent

from ledger.log.kafka.mirror import Mirror
from ledger.log.kafka.tail import Tail
from ledger.log.kafka.writer import Writer
from ledger.log.recorder import SQLiteRecorder, heads_in


class KafkaRecorder(SQLiteRecorder):
    """The decision log; positions are dense and the same for every reader, whatever was void between them."""

    def __init__(
        self, mirror: Mirror, tail: Tail, writer: Writer, stream_type: type[UUID | str] = str
    ) -> None:
        super().__init__(mirror, stream_type=stream_type)
        self._writer = writer
        tail.listen(self._wake)

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:  # noqa: ANN401, ARG002
        """Append events as one record: all of them or none. See `Writer.append` for what else is raised.

        Raises:
            IntegrityError: the record does not extend its streams; another writer was first.
        """
        if not stored_events:
            return []
        self._refuse_what_is_taken(stored_events)
        return self._writer.append(stored_events)

    def _refuse_what_is_taken(self, events: Sequence[StoredEvent]) -> None:
        # What the mirror has is in the log for ever; what it does not have yet proves nothing.
        with self._database.reading_at_once() as connection:
            heads = heads_in(connection, (str(event.originator_id) for event in events))
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
