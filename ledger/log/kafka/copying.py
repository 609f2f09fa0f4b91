"""What a ledger on Kafka offers to a copy: its rows, and a way in that keeps their recorded clocks.

Many records are on their way at once; what became of them is read from the log, as always. A record that was
sent twice counts once, so a copy that broke off goes on behind the last one that is there.
"""

from array import array
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from eventsourcing.persistence import IntegrityError, StoredEvent
from kafka import KafkaProducer
from kafka.errors import KafkaError

from ledger.errors import BadInputError, ConflictError, UnusableLedgerError
from ledger.log import tables
from ledger.log.interface import Ends, RoundsEnd
from ledger.log.kafka import record as records
from ledger.log.kafka.address import Address
from ledger.log.kafka.clients import give_back, producer
from ledger.log.kafka.mirror import Mirror
from ledger.log.kafka.outcomes import advice_on, shown
from ledger.log.kafka.places import Placed, Probed, partition_of
from ledger.log.kafka.probes import ProbeLog
from ledger.log.kafka.record import Part, Record
from ledger.log.kafka.sender import headers_of
from ledger.log.kafka.tail import Tail
from ledger.log.kafka.writer import Writer
from ledger.log.recorder import UNBOUNDED
from ledger.log.rows import FactRow, RoundRow
from ledger.log.stamp import GENESIS_RUNNING_HASH, intact

PAGE = 1000
IN_FLIGHT = 5_000
"""Records on their way at once."""
BULK: dict[str, Any] = {
    "linger_ms": 20,
    "batch_size": 524_288,
    "delivery_timeout_ms": 120_000,
    "max_in_flight_requests_per_connection": 1,
}
"""Large batches, and brokers that fail for a while do not end a long copy.

One request at a time: where the producer must begin afresh with several on their way, a later one may come
before an earlier one that is sent again, and what is out of order does not count. Measured on 3,000 facts and
30,000 rounds it costs nothing.
"""


_Wanted = Callable[[str, int], bool]
"""Whether a round is wanted: asked with its agent and its number."""


class KafkaCopying:
    """See `ledger.log.interface.Copying`."""

    def __init__(  # noqa: PLR0913 - both logs, the mirror that reads them, and the right to write
        self,
        address: Address,
        mirror: Mirror,
        tail: Tail,
        writer: Writer,
        probes: ProbeLog,
        *,
        require_right_to_rounds: Callable[[], None],
    ) -> None:
        self._address = address
        self._mirror = mirror
        self._tail = tail
        self._writer = writer
        self._probes = probes
        self._require_right_to_rounds = require_right_to_rounds

    # ------------------------------------------------------------ how far it goes

    def ends(self) -> Ends:
        """How far the logs go, read to their ends."""
        self._probes.catch_up()  # before the decisions, which then hold all their plans
        rounds = tables.rounds_ends(self._mirror, "places")
        self._tail.catch_up(self._address.timeout_s)
        (position,) = self._one("SELECT coalesce(max(position), 0) FROM decisions") or (0,)
        return Ends(position, self.running_hash_at(position) or GENESIS_RUNNING_HASH, rounds)

    def running_hash_at(self, position: int) -> bytes | None:
        """The running hash of the decisions up to a position."""
        return tables.running_hash_at(self._mirror, position)

    def rounds_end_at(self, agent: str, number: int) -> RoundsEnd | None:
        """The rounds of an agent up to a number."""
        return tables.rounds_end_at(self._mirror, "places", agent, number)

    def _one(self, query: str, *bounds: int | str) -> tuple[Any, ...] | None:
        with self._mirror.reading() as connection:
            row: tuple[Any, ...] | None = connection.execute(query, bounds).fetchone()
        return row

    # ------------------------------------------------------------ from here

    def facts(self, *, after: int, until: int) -> Iterator[FactRow]:
        """The rows of the decisions that count, as they were judged."""
        return tables.decisions(self._mirror, after=after, until=until)

    def rounds(self, *, after: Mapping[str, int], until: Mapping[str, int]) -> Iterator[RoundRow]:
        """The rows of the rounds that count, by their recorded clock, from all partitions side by side."""
        wanted = _between(after, until)
        order = self._order(wanted)
        partitions = {partition_of(agent, self._probes.partitions) for agent in until}
        readers = {partition: _Ahead(self._from(partition, order, wanted)) for partition in partitions}
        try:
            for first in range(0, len(order), PAGE):
                for placed in self._placed(order[first : first + PAGE]):
                    yield placed.row(readers[placed.partition].value(placed))
        finally:
            for reader in readers.values():
                reader.close()

    def _order(self, wanted: _Wanted) -> "array[int]":
        """The rounds that are wanted, by when the mirror met them; eight bytes each."""
        query = "SELECT met, agent, number FROM places ORDER BY recorded_ms, met"
        with self._mirror.reading() as connection:
            return array(
                "q",
                (met for met, agent, number in connection.execute(query) if wanted(agent, number)),
            )

    def _from(self, partition: int, order: "array[int]", wanted: _Wanted) -> Iterator[Probed]:
        """The records of a partition that are wanted."""
        query = "SELECT min(place), max(place) FROM places WHERE partition = ? AND met >= ?"
        first, last = self._one(query, partition, min(order, default=UNBOUNDED)) or (None, None)
        if first is not None:
            for batch in self._probes.records(partition, first, last + 1):
                places = self._wanted_places(batch, wanted)
                yield from (each for each in batch if each.place in places)

    def _wanted_places(self, batch: Sequence[Probed], wanted: _Wanted) -> set[int]:
        query = "SELECT place, agent, number FROM places WHERE partition = ? AND place BETWEEN ? AND ?"
        with self._mirror.reading() as connection:
            rows = connection.execute(query, (batch[0].partition, batch[0].place, batch[-1].place)).fetchall()
        return {place for place, agent, number in rows if wanted(agent, number)}

    def _placed(self, order: Sequence[int]) -> list[Placed]:
        query = f"SELECT * FROM places WHERE met IN ({','.join('?' * len(order))})"
        with self._mirror.reading() as connection:
            found = {row[0]: Placed(*row) for row in connection.execute(query, list(order))}
        return [found[met] for met in order]

    # ------------------------------------------------------------ into here

    @property
    def is_unfinished(self) -> bool:
        """Whether a copy into these topics has begun and not ended."""
        return self._mirror.state().is_unfinished_copy

    def begin(self) -> None:
        """Nothing is marked: records that call themselves copied mark the topics by being there."""
        self._writer.require_right()
        self._require_right_to_rounds()
        if self._mirror.state().own:
            raise ConflictError(
                f"{self._address} holds facts of its own, and a copy keeps every position; copy into new "
                "topics"
            )

    def restore_facts(self, rows: Iterable[FactRow]) -> None:
        """Send rows, each append as one record again, and wait until they have been read back."""
        appends = (list(same) for _, same in groupby(rows, key=lambda row: row.record))
        topic = self._address.decisions
        self._send((topic, _encoded(append), None, 0, []) for append in appends)
        self._tail.catch_up(self._address.timeout_s)

    def restore_rounds(self, rows: Iterable[RoundRow]) -> None:
        """Send rows, each as one record, and place them."""
        topic, partitions = self._address.probes, self._probes.partitions
        self._send(
            (
                topic,
                row.value,
                row.agent.encode(),
                partition_of(row.agent, partitions),
                headers_of(_recorded_at(row)),
            )
            for row in rows
        )
        self._probes.catch_up()

    def _send(
        self, sendings: Iterable[tuple[str, bytes, bytes | None, int, list[tuple[str, bytes]]]]
    ) -> None:
        sending = producer(self._address, **BULK)
        close_s = 0.0
        try:
            self._send_all(sending, sendings)
            close_s = 5.0
        except KafkaError as error:
            raise UnusableLedgerError(
                f"the copy into {self._address} broke off ({shown(error)}; {advice_on(type(error))}); run "
                "the same `constat copy` again, it goes on where this one stopped"
            ) from error
        finally:
            give_back(sending, timeout_s=close_s)

    def _send_all(
        self,
        sending: KafkaProducer,
        sendings: Iterable[tuple[str, bytes, bytes | None, int, list[tuple[str, bytes]]]],
    ) -> None:
        on_their_way: deque[Any] = deque()
        for topic, value, key, partition, headers in sendings:
            on_their_way.append(sending.send(topic, value, key, headers, partition))
            if len(on_their_way) > IN_FLIGHT:
                on_their_way.popleft().get()
        for sent in on_their_way:
            sent.get()

    def end(self, closing: StoredEvent) -> None:
        """Append the closing fact; it is the first record of the ledger's own."""
        try:
            self._writer.append([closing])
        except IntegrityError as error:
            raise ConflictError(
                f"somebody else has written to {self._address} during the copy; copy into a new one"
            ) from error


def _between(after: Mapping[str, int], until: Mapping[str, int]) -> _Wanted:
    return lambda agent, number: after.get(agent, 0) < number <= until.get(agent, 0)


class _Ahead:
    """The values of a partition by place, read ahead where they are asked for in nearly their order.

    Only what is asked for some time may be found: it is kept until then.
    """

    def __init__(self, found: Iterator[Probed]) -> None:
        self._found = found
        self._passed: dict[int, bytes] = {}

    def value(self, sought: Placed) -> bytes:
        while sought.place not in self._passed:
            probed = next(self._found)
            self._passed[probed.place] = probed.value
        what = f"round {sought.number} of agent {sought.agent}"
        return intact(self._passed.pop(sought.place), sought.hash, what)

    def close(self) -> None:
        if hasattr(self._found, "close"):
            self._found.close()


def _recorded_at(row: RoundRow) -> int:
    try:
        return records.recorded_at(row.recorded_ms)
    except BadInputError as error:
        raise BadInputError(
            f"round {row.number} of agent {row.agent} cannot be kept on Kafka: {error}"
        ) from error


def _encoded(append: Sequence[FactRow]) -> bytes:
    parts = [Part(row.stream, row.sequence, row.type, row.value) for row in append]
    try:
        return records.encode(Record(records.fresh_nonce(), parts, append[0].recorded_ms))
    except BadInputError as error:
        raise BadInputError(
            f"the append at position {append[0].record} cannot be kept on Kafka: {error}"
        ) from error
