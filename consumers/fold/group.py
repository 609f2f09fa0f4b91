"""A member of the group that folds: the brokers say which partitions of the probes are whose.

Only that is asked of them. What a member reads it finds out from the topics, and what it has done stands in
the topic of changes, so nothing is committed.
"""

import time
from collections.abc import Collection

from kafka import ConsumerRebalanceListener, KafkaConsumer, TopicPartition
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.errors import KafkaError

from ledger.errors import UnreachableLedgerError, UnusableLedgerError
from ledger.log.kafka.address import Address
from ledger.log.kafka.clients import FETCH
from ledger.log.kafka.connecting import connected
from ledger.log.kafka.outcomes import GIVEN_UP, Outcome, advice_on, meaning_of, shown

SESSION_MS = 10_000
"""Who is not heard of for so long is taken for dead, and others get its partitions."""
HEARTBEAT_MS = SESSION_MS // 4
"""How often each is heard of, and hears whether partitions are shared out anew."""
MISSED_S = (SESSION_MS + 2 * HEARTBEAT_MS) / 1_000
"""After so long everybody has heard that somebody is dead."""
BETWEEN_MS_MAX = 600_000
"""The same of one whose connection lives, but that folds on and on without a look at the group."""
MEMBER = FETCH | {
    "auto_offset_reset": "latest",
    "session_timeout_ms": SESSION_MS,
    "heartbeat_interval_ms": HEARTBEAT_MS,
    "max_poll_interval_ms": BETWEEN_MS_MAX,
    # One that tells every member what is its own at each change, also that nothing is.
    "partition_assignment_strategy": (RangePartitionAssignor,),
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
        self._since_s = time.monotonic()

    @property
    def is_in(self) -> bool:
        """Whether the group has taken us in, and has said what is ours; not while it shares out anew."""
        return self._listener.was_heard

    def look(self, within_s: float = 0.0) -> frozenset[int]:
        """The partitions that are ours now; joins the group, and waits so long for news of it.

        Raises:
            UnusableLedgerError: this user may not be of the group.
            UnreachableLedgerError: no broker took us in for as long as one may be waited for.
        """
        try:
            self._client.poll(timeout_ms=int(within_s * 1_000))
        except KafkaError as error:
            raise self._failed(error) from error
        if self.is_in:
            self._since_s = time.monotonic()
        elif time.monotonic() - self._since_s > BETWEEN_MS_MAX / 1_000 + self._address.timeout_s:
            raise UnreachableLedgerError(f"{self._cannot} (no broker took us in); {GIVEN_UP}")
        return frozenset(each.partition for each in self._client.assignment())

    @property
    def _cannot(self) -> str:
        return f"the group {name_of(self._address)} of {self._address} cannot be joined"

    def _failed(self, error: KafkaError) -> UnusableLedgerError:
        may_pass = meaning_of(error).outcome is Outcome.UNKNOWN
        kind = UnreachableLedgerError if may_pass else UnusableLedgerError
        return kind(f"{self._cannot} ({shown(error)}); {advice_on(type(error))}")

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

    def on_partitions_revoked(self, _revoked: Collection[TopicPartition]) -> None:
        """What is under way may be told all the same: everybody tells the same."""
        self.was_heard = False


def name_of(address: Address) -> str:
    """The name of the group."""
    return f"{address.ledger}.fold"
