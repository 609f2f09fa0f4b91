"""The topics read again from their first record, and judged anew beside the mirror: for those who check.

Nothing that the mirror says is believed: what comes out is what the topics say, and where the mirror says
something else, it is at fault.
"""

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, NamedTuple

from kafka import TopicPartition
from kafka.errors import KafkaError

from ledger.errors import DamagedIndexError, DamagedLedgerError, UnusableLedgerError
from ledger.log.kafka.address import Address
from ledger.log.kafka.clients import patient_consumer
from ledger.log.kafka.copied import copied_rounds
from ledger.log.kafka.judge import Kept, judge
from ledger.log.kafka.mirror import Mirror
from ledger.log.kafka.outcomes import shown
from ledger.log.kafka.places import End, Placed, Places, Probed, end_of
from ledger.log.kafka.settings import Topics
from ledger.log.kafka.topics import look
from ledger.log.kafka.unreached import unreachable
from ledger.log.rows import FactRow, RoundRow, columns

POLL_MS = 500
_OF_PLACE = "place, agent, number, start_ms, recorded_ms, hash, running_hash"

Batches = Callable[[int, int, int], Iterator[list[Probed]]]
"""The records of a partition of the probes, from a place up to another."""


class _Span(NamedTuple):
    first: int
    last: int


class Reread:
    """A second mirror, in a temporary folder, made from the topics alone."""

    def __init__(self, address: Address, topics: Topics, mirror: Mirror, batches: Batches) -> None:
        self._address = address
        self._partitions = topics.probes.partitions
        self._mirror = mirror
        self._batches = batches
        with ExitStack() as opened:
            folder = opened.enter_context(tempfile.TemporaryDirectory(prefix="constat-"))
            self._fresh = opened.enter_context(closing(Mirror(str(Path(folder) / "reread.mirror"), topics)))
            self._opened = opened.pop_all()

    def close(self) -> None:
        """Remove it."""
        self._opened.close()

    # ------------------------------------------------------------ decisions

    def facts(self, until: int) -> Iterator[FactRow]:
        """The rows of the decisions up to a position, as the topic says.

        Raises:
            DamagedLedgerError: a record is missing.
            DamagedIndexError: the mirror says something else.
        """
        position, said = 0, self._mirror.state()
        for kept in self._decisions(said.next_offset):
            judge(self._fresh, kept)
            self._compare("records", "offset", _Span(kept[0].offset, kept[-1].offset))
            rows = self._rows_after(position)
            if rows:
                self._compare("decisions", "position", _Span(rows[0].position, rows[-1].position))
                position = rows[-1].position
            yield from (row for row in rows if row.position <= until)
        self._require_same(said, self._fresh.state(), "how far the decisions go")

    def _decisions(self, until: int) -> Iterator[list[Kept]]:
        topic, first = TopicPartition(self._address.decisions, 0), 0
        reading = patient_consumer(self._address)
        try:
            reading.assign([topic])
            reading.seek(topic, 0)
            heard_s = time.monotonic()
            while first < until:
                found = reading.poll(timeout_ms=POLL_MS).get(topic, ())
                heard_s = time.monotonic() if found else self._patient(heard_s)
                kept = [Kept(e.offset, e.timestamp, e.value or b"") for e in found if e.offset < until]
                if kept:
                    _require_next(kept[0].offset, first, "the decisions topic")
                    first = kept[-1].offset + 1
                    yield kept
        except KafkaError as error:
            raise DamagedLedgerError(
                f"record {first} of the decisions topic cannot be read ({shown(error)})"
            ) from error
        finally:
            reading.close()

    def _patient(self, heard_s: float) -> float:
        if time.monotonic() > heard_s + self._address.timeout_s:
            raise UnusableLedgerError(
                f"no broker of {self._address} gave its decisions within {self._address.timeout_s:.0f} s; "
                "check the brokers and try again"
            )
        return heard_s

    def _rows_after(self, position: int) -> list[FactRow]:
        query = f"SELECT {columns(FactRow)} FROM decisions WHERE position > ? ORDER BY position"
        with self._fresh.reading() as connection:
            return [FactRow.of(row) for row in connection.execute(query, (position,))]

    # ------------------------------------------------------------ probes

    def rounds(self, until: int) -> Iterator[RoundRow]:
        """The rows of the probes that the mirror met up to one of them, as the topic says.

        Raises:
            DamagedLedgerError: a record is missing.
            DamagedIndexError: the mirror says something else.
        """
        for partition, (end, said) in self._ends(until).items():
            first = 0
            for batch in self._batches(partition, 0, end):
                _require_next(batch[0].place, first, f"partition {partition} of the probes topic")
                first = batch[-1].place + 1
                found = self._judged(batch)
                self._compare_places(partition, _Span(batch[0].place, batch[-1].place))
                values = {probed.place: probed.value for probed in batch}
                yield from (placed.row(values[placed.place]) for placed in found)
            if end == said.next_place:
                self._compare_end(partition, said)

    def _ends(self, until: int) -> dict[int, tuple[int, End]]:
        """How far each partition is read again, and what the mirror says of its end.

        As far as the mirror has read it, whether it knows of a round there or not; but not up to a round that
        it met after the last one that is asked for.
        """
        query = (
            "SELECT partition, next_place, last_hash, void, (SELECT min(place) FROM places "
            "WHERE places.partition = ends.partition AND met > ?) FROM ends ORDER BY partition"
        )
        with self._mirror.reading() as connection:
            rows = connection.execute(query, (until,)).fetchall()
        return {
            partition: (said[0] if later is None else later, End(*said)) for partition, *said, later in rows
        }

    def _judged(self, batch: Sequence[Probed]) -> list[Placed]:
        with self._fresh.writing() as connection:
            placing = Places(connection, copied_rounds(connection), self._partitions)
            found = [placed for probed in batch if (placed := placing.take(probed))]
            placing.close()
        return found

    # ------------------------------------------------------------ what the mirror says

    def _compare(self, table: str, place: str, span: _Span) -> None:
        query = f"SELECT * FROM {table} WHERE {place} BETWEEN ? AND ? ORDER BY {place}"
        self._same(query, *span, what=f"{table} {span.first} to {span.last}")

    def _compare_places(self, partition: int, span: _Span) -> None:
        query = f"SELECT {_OF_PLACE} FROM places WHERE partition = ? AND place BETWEEN ? AND ? ORDER BY place"
        what = f"rounds {span.first} to {span.last} of partition {partition}"
        self._same(query, partition, *span, what=what)

    def _compare_end(self, partition: int, said: End) -> None:
        with self._fresh.reading() as connection:
            found = end_of(connection, partition)
        self._require_same(said, found, f"how far partition {partition} of the probes goes")

    def _same(self, query: str, *bounds: int, what: str) -> None:
        said: list[list[Any]] = []
        for mirror in (self._mirror, self._fresh):
            with mirror.reading() as connection:
                said.append(connection.execute(query, bounds).fetchall())
        self._require_same(said[0], said[1], what)

    def _require_same(self, said: object, found: object, what: str) -> None:
        if said != found:
            raise DamagedIndexError(
                f"the mirror {self._mirror.path} does not say of {what} what the topics say; delete it, it "
                "is made anew from the topics"
            )


def fault_of(address: Address) -> str | None:
    """What is wrong with the topics themselves: settings, or that their first records are gone."""
    topics = look(address)
    return "; ".join([*map(str, topics.faults()), *_cut(address, topics)]) or None


def _cut(address: Address, topics: Topics) -> Iterator[str]:
    places = [TopicPartition(topics.decisions.name, 0)]
    places += [TopicPartition(topics.probes.name, each) for each in range(topics.probes.partitions)]
    reading = patient_consumer(address)
    try:
        begins = reading.beginning_offsets(places)
    except KafkaError as error:
        raise unreachable(address, error) from error
    finally:
        reading.close()
    for place in places:
        if first := begins[place]:
            where = f"partition {place.partition} of {place.topic}"
            yield f"{where} begins at {first} and must begin at 0: records were deleted"


def _require_next(found: int, expected: int, topic: str) -> None:
    if found != expected:
        raise DamagedLedgerError(f"{topic} has no record {expected}, and goes on at {found}: it was deleted")
