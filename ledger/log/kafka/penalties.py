"""The topic of the penalty feed: made and checked beside the ledger's two, and needed by no other command.

A relay publishes to it what the decisions hold, so it can be made anew from them. It is held to the settings
of the decisions all the same: whoever bills from it reads it from its first record on.
"""

from ledger.log.kafka.address import Address
from ledger.log.kafka.settings import Fault, Topic, faults_of
from ledger.log.kafka.topics import seen


def look(address: Address) -> Topic | None:
    """The topic as it is; None if it is not there or closed to this user.

    Raises:
        UnusableLedgerError: no broker answers.
    """
    return seen(address, address.penalties)


def faults(topic: Topic) -> list[Fault]:
    """Every setting of it that could lose or reorder events."""
    return list(faults_of(topic, one_partition=True))
