"""Mirrors without a broker: records as a topic would hold them, and what a reader makes of them."""

from ledger.fact import GENESIS_HASH, hash_of
from ledger.log import codec
from ledger.log.codec import Envelope
from ledger.log.kafka.judge import Kept, judge
from ledger.log.kafka.mirror import Mirror
from ledger.log.kafka.record import Part, Record, encode
from ledger.log.kafka.settings import SETTINGS, Topic, Topics
from tests.ledger.log.processes import update


def topics(cluster="c", decisions="d", probes="p", partitions=2):
    """Topics as their brokers would describe them."""
    settings = SETTINGS | {"min.insync.replicas": "1"}
    return Topics(
        cluster,
        Topic("acme.decisions", decisions, 1, 1, settings),
        Topic("acme.probes", probes, partitions, 1, settings),
    )


def mirror_at(path=":memory:", **of):
    """The mirror of such topics."""
    return Mirror(str(path), topics(**of))


def fact(stream, sequence, previous_hash, text="x"):
    """A fact as bytes, at a place in a stream."""
    envelope = Envelope.of(update(stream, text), sequence, previous_hash)
    return Part(envelope.stream, sequence, envelope.fact.TYPE, codec.encode(envelope))


def chain(stream, length, start=1, previous_hash=GENESIS_HASH):
    """The first facts of a stream, each on its predecessor."""
    parts = []
    for sequence in range(start, start + length):
        parts.append(fact(stream, sequence, previous_hash, f"{stream} {sequence}"))
        previous_hash = hash_of(parts[-1].value)
    return parts


def nonce(number):
    """The nonce of an attempt."""
    return f"{number:032x}"


def value(number, *parts, recorded_ms=None):
    """A record as bytes, under the nonce of that number."""
    return encode(Record(nonce(number), parts, recorded_ms))


def topic_of(*values, first=0, clock=lambda offset: 1_000 + offset):
    """Records as the topic would hold them."""
    return [Kept(offset, clock(offset), each) for offset, each in enumerate(values, first)]


def content(mirror):
    """Everything that a reader has made of the topic."""
    with mirror.reading() as connection:
        return [
            connection.execute(f"SELECT * FROM {table}").fetchall()
            for table in ("decisions", "records", "state")
        ]


def judged_in(path, kept):
    """What a process of its own makes of a topic; its verdicts, and all that is in the mirror then."""
    mirror = mirror_at(path)
    verdicts = {
        name: (list(said.positions), said.void) for name, said in judge(mirror, kept).verdicts.items()
    }
    found = content(mirror)
    mirror.close()
    return verdicts, found


def judge_until_killed(connection, path, kept):
    """Judge a topic record by record, and say after each how far it came."""
    mirror = mirror_at(path)
    for each in kept[mirror.state().next_offset :]:
        judge(mirror, [each])
        connection.send(each.offset)
