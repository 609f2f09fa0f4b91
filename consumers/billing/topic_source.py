"""A feed in a Kafka topic; a place is an offset, and stands in the store: group offsets take no part."""

from collections.abc import Iterator

from consumers.billing.source import Entry, lost
from consumers.relay.topic import FeedTopic
from ledger.log.kafka.address import Address


class TopicSource:
    """The records of the topic of a ledger's feed."""

    def __init__(self, address: Address) -> None:
        self._topic = FeedTopic(address)
        self.name = f"kafka topic {address.penalties}"

    def entries(self, place: int) -> Iterator[list[Entry]]:
        """The records from an offset on, up to the end as it is now."""
        begins, ends = self._topic.bounds()
        if begins:
            raise lost(self.name, f"begins at offset {begins}, and must begin at 0")
        if ends < place:
            raise lost(self.name, f"ends at offset {ends}, and was read up to {place}")
        for batch in self._topic.records(place, ends):
            yield [Entry(each.offset, each.offset + 1, each.value, each.key) for each in batch]

    def close(self) -> None:
        """Give back the connection."""
        self._topic.close()
