"""Lines of the table for a month on a broker: cold, again, how far behind; and what it takes there."""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from statistics import median

from consumers.bench.measure import in_turns, require_equal
from consumers.bench.month import BEGIN_MS, DAY_MINUTES, agent_of
from consumers.bench.part import Part
from consumers.bench.sizes import results_in
from consumers.bench.table import Line
from ledger.application import Ledger, open_engine
from ledger.errors import UnreachableLedgerError
from ledger.fact import Draft, RecordedFact
from ledger.instants import MINUTE_MS
from ledger.log.kafka.settings import COMPRESSIONS
from ledger.rounds import Round

FACTS_TOGETHER = 10
"""A plan of a thousand platforms takes some 60 kB, and an append holds a megabyte."""
ROUNDS_TOGETHER = 2_000
APPENDS = 50
PARTITIONS = 2


def lines(part: Part, broker: str, turns: int, say: Callable[[str], None]) -> Iterator[Line]:
    """The month sent to a ledger of its own, which is deleted at the end; each round a record batch."""
    with tempfile.TemporaryDirectory(dir=part.folder) as mirrors, fresh(broker, Path(mirrors) / "m") as url:
        say("sending them to the broker")
        _send(part, url)
        say("reading them from there")
        yield from _read(part, url, turns)
        yield _tail(part, url)
    say("sending a day of them compressed")
    yield from _sizes(Part(part.month, part.minutes[:DAY_MINUTES], part.folder), broker)


@contextmanager
def fresh(broker: str, mirrors: Path, compression: str | None = None) -> Iterator[str]:
    """A new ledger on the broker, deleted afterwards."""
    from ledger.log.kafka import topics  # noqa: PLC0415 - who has no broker needs no client
    from ledger.log.kafka.address import parse  # noqa: PLC0415

    url = f"kafka://{broker}/bench-{time.time_ns()}?mirrors={mirrors}"
    address = parse(url)
    topics.create(address, replicas=1, probe_partitions=PARTITIONS, compression=compression)
    try:
        yield url
    finally:
        with topics.administrator(address) as client:
            client.delete_topics([address.decisions, address.probes, address.penalties, address.changes])


# ---------------------------------------------------------------- sent


def _send(part: Part, url: str, *, batched: bool = False) -> None:
    """Facts by the door for writing; rounds byte for byte, each alone as agents send them, or in batches."""
    from ledger.log.kafka import clients  # noqa: PLC0415 - as above
    from ledger.log.kafka.address import parse  # noqa: PLC0415
    from ledger.log.kafka.outcomes import shown  # noqa: PLC0415
    from ledger.log.kafka.places import partition_of  # noqa: PLC0415

    address = parse(url)
    producer = clients.producer(address, **(clients.BATCHING if batched else {"batch_size": 0}))
    with part.known() as known, Ledger.open(url) as ledger:
        facts = iter(known.facts)
        while together := list(islice(facts, FACTS_TOGETHER)):
            ledger.append(*map(_draft, together))
        rounds = iter(known.rounds())
        while answers := [
            producer.send(
                address.probes,
                kept.value,
                kept.agent.encode(),
                partition=partition_of(kept.agent, PARTITIONS),
            )
            for kept in islice(rounds, ROUNDS_TOGETHER)
        ]:
            if failed := clients.failures(answers):
                raise UnreachableLedgerError(
                    f"the broker did not take all rounds ({shown(failed[0])}); try again"
                )
    producer.close()


def _draft(recorded: RecordedFact) -> Draft:
    return Draft(recorded.stream, recorded.fact, recorded.occurred_ms, recorded.source)


# ---------------------------------------------------------------- kept


def _sizes(part: Part, broker: str) -> Iterator[Line]:
    """What a result takes on the disk of one broker, by its own account."""
    with part.known() as known:
        results = results_in(kept.value for kept in known.rounds())
    for compression in COMPRESSIONS:
        for together in (False, True):
            how = "many together, as an import is sent" if together else "each round a record batch"
            with (
                tempfile.TemporaryDirectory(dir=part.folder) as mirrors,
                fresh(broker, Path(mirrors) / "m", compression) as url,
            ):
                _send(part, url, batched=together)
                stored = _stored(url)
            yield Line(
                f"bytes a result on the broker's disk, {compression}; {how}",
                figure=f"{stored / results:.2f} B",
            )


def _stored(url: str) -> int:
    from ledger.log.kafka import topics  # noqa: PLC0415 - as above
    from ledger.log.kafka.address import parse  # noqa: PLC0415

    address = parse(url)
    with topics.administrator(address) as client:
        brokers = client.describe_log_dirs([address.probes])
    folders = [folder for broker in brokers for folder in broker["log_dirs"]]
    found = [topic for folder in folders for topic in folder["topics"]]
    return sum(each["partition_size"] for topic in found for each in topic["partitions"])


# ---------------------------------------------------------------- read


def _read(part: Part, url: str, turns: int) -> Iterator[Line]:
    mirrors = iter(range(turns + 1))
    again = partial(part.replay, f"{url}-checked")
    require_equal(part.replay(), {"the broker": again})
    found = in_turns(part.replay, [lambda: part.replay(f"{url}-{next(mirrors)}"), again], turns)
    told = "for the first time on a machine", "again, its mirror there"
    for what, ratios in zip(told, found, strict=True):
        yield Line(f"from the broker, {what}", "that replay", ratios)


def _tail(part: Part, url: str) -> Line:
    """How long after its acknowledgement a round is seen by another reader, who asks without a pause."""
    reader, agent = open_engine(url), agent_of(0, 0)
    with Ledger.open(f"{url}-writer") as writer:
        number, behind = writer.engine.round_head(agent).number, []
        reader.round_head(agent)
        for found in islice(_more(part, agent, number), APPENDS):
            writer.append_rounds(agent, [found])
            acknowledged = time.perf_counter()
            while reader.round_head(agent).number < found.number:
                pass
            behind.append(1000 * (time.perf_counter() - acknowledged))
    reader.close()
    return Line(
        f"a round on the broker, from its acknowledgement until another reader has it ({APPENDS})",
        figure=f"median {median(behind):.1f} ms, longest {max(behind):.1f} ms",
    )


def _more(part: Part, agent: str, number: int) -> Iterator[Round]:
    """Rounds behind the month, all up."""
    n = part.month.platforms
    while True:
        number += 1
        start_ms = BEGIN_MS + (number - 1) * MINUTE_MS
        yield Round(agent, number, f"{agent}/1", start_ms, n, jitter=bytes(n))
