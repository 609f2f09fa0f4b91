"""The topic of the penalty feed: made and checked beside the ledger's two, and needed by no other command.

A relay publishes to it what the decisions hold, so it can be made anew from them. It is held to the settings
of the decisions all the same: whoever bills from it reads it from its first record on.
"""

from kafka.errors import NoError, for_code

from ledger.log.kafka.address import Address
from ledger.log.kafka.topics import Fault, Topic, administrator, faults_of, settings_of, topic_of


def look(address: Address) -> Topic | None:
    """The topic as it is; None if it is not there or closed to this user.

    Raises:
        UnusableLedgerError: no broker answers.
    """
    with administrator(address) as client:
        (described,) = client.describe_topics([address.penalties])
        if for_code(described["error_code"]) is not NoError:
            return None
        settings = settings_of(client, [address.penalties])
    found = settings.get(address.penalties)
    return topic_of(described, found) if found else None


def faults(topic: Topic) -> list[Fault]:
    """Every setting of it that could lose or reorder events."""
    return list(faults_of(topic, one_partition=True))
