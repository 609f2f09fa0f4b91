"""A member of the group that folds: the brokers say which partitions of the probes are whose.

Only that is asked of them. What a member reads it finds out from the topics, and what it has done stands in
the topic of changes, so nothing is committed.
"""

from collections.abc import Collection

from kafka import ConsumerRebalanceListener, KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from ledger.errors import UnusableLedgerError
from ledger.log.kafka.address import Address
from ledger.log.kafka.clients import FETCH
from ledger.log.kafka.connecting import connected
from ledger.log.kafka.outcomes import advice_on, shown

SESSION_MS = 10_000
"""Who is not heard of for so long is taken for dead, and others get its partitions."""
BETWEEN_MS_MAX = 600_000
"""The same of one whose connection lives, but that folds on and on without a look at the group."""
MEMBER = FETCH | {
    "auto_offset_reset": "latest",
    "session_timeout_ms": SESSION_MS,
    "heartbeat_interval_ms": SESSION_MS // 4,
    "max_poll_interval_ms": BETWEEN_MS_MAX,
}


class Group:
    """A member; it is in no group before the first look."""

    def __init__(self, address: Address) -> None:
        """Connect.

        Raises:
            UnreachableLedgerError: no broker answers.
        """
        self._address = address
        self._client = connected(KafkaConsumer, address, **MEMBER, group_id=name_of(address))
        self._listener = _Pausing(self._client)
        self._client.subscribe([address.probes], listener=self._listener)

    @property
    def is_in(self) -> bool:
        """Whether the group has taken us in, and has said what is ours."""
        return self._listener.was_heard

    def look(self, within_s: float = 0.0) -> frozenset[int]:
        """The partitions that are ours now; joins the group, and waits so long for news of it.

        Raises:
            UnusableLedgerError: this user may not be of the group, or the brokers refuse otherwise.
        """
        try:
            self._client.poll(timeout_ms=int(within_s * 1_000))
            return frozenset(each.partition for each in self._client.assignment())
        except KafkaError as error:
            raise UnusableLedgerError(
                f"the group {name_of(self._address)} of {self._address} cannot be joined ({shown(error)}); "
                f"{advice_on(type(error))}"
            ) from error

    def close(self) -> None:
        """Leave the group: others get the partitions at once."""
        self._client.close()


class _Pausing(ConsumerRebalanceListener):  # type: ignore[misc] # the library ships no types
    """Has nothing fetched of what is assigned: it is read elsewhere."""

    def __init__(self, client: KafkaConsumer) -> None:
        self._client = client
        self.was_heard = False

    def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        self.was_heard = True
        self._client.pause(*assigned)

    def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        """What is under way is told all the same: everybody tells the same."""


def name_of(address: Address) -> str:
    """The name of the group."""
    return f"{address.ledger}.fold"
