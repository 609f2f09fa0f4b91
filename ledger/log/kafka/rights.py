"""What the user of a ledger may write, asked before anything is sent.

A record that a broker refuses for want of a right is surely not written; but a user without any right to
write is not even given a writer's number, and the client then says only that something unexpected happened.
"""

from collections.abc import Callable

from ledger.errors import UnusableLedgerError
from ledger.log.kafka import topics as topics_
from ledger.log.kafka.address import Address
from ledger.log.kafka.outcomes import RIGHTS
from ledger.log.kafka.settings import Topic, Topics


class Rights:
    """What the brokers last said that this user may write; everything, where they ask nobody who is there."""

    def __init__(self, address: Address, topics: Topics) -> None:
        self._address = address
        self._topics = topics

    def require_decisions(self) -> None:
        """Refuse who may not write decisions.

        Raises:
            UnusableLedgerError: the right is not there, and was not given meanwhile.
        """
        self._require(lambda topics: topics.decisions, "nothing")

    def require_probes(self) -> None:
        """Refuse who may not write rounds; as above."""
        self._require(lambda topics: topics.probes, "no round")

    def _require(self, of: Callable[[Topics], Topic], written: str) -> None:
        if of(self._topics).may_write:
            return
        self._topics = topics_.look(self._address)
        if not (topic := of(self._topics)).may_write:
            raise UnusableLedgerError(
                f"you may not write to {topic.name} of {self._address}; {RIGHTS}; {written} was written"
            )
