"""How many bytes a result takes in the log, raw and compressed: rounds alone, and rounds together."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import zstandard

from consumers.bench.part import Part
from consumers.bench.table import Line
from ledger.rounds import decode

LEVEL = 3
BATCH_BYTES = 1_000_000
"""What a producer sends together at most by default."""
SAMPLE = 3_000
"""Rounds that are compressed; a month's others are like them."""


def lines(part: Part) -> Iterator[Line]:
    """The sizes of an agent's first rounds of the part, with their whole envelopes."""
    with part.known() as known:
        kept = islice(known.rounds(agents=known.agents()[:1]), SAMPLE)
        values = [each.value for each in kept]
    results = results_in(values)
    yield _line("bytes a result in the log, raw", values, results)
    yield _line("… each round compressed alone with zstd", _compressed(values), results)
    together = _compressed(list(_batches(values)))
    yield _line("… in batches of a megabyte with zstd", together, results)


def results_in(values: Iterable[bytes]) -> int:
    """How many results stored rounds hold."""
    rounds = (decode(value, with_latencies=False)[0] for value in values)
    return sum(found.n - len(found.missing) for found in rounds)


def _line(what: str, values: Sequence[bytes], results: int) -> Line:
    return Line(what, figure=f"{sum(map(len, values)) / results:.2f} B")


def _compressed(values: Sequence[bytes]) -> list[bytes]:
    return [zstandard.ZstdCompressor(level=LEVEL).compress(value) for value in values]


def _batches(values: Sequence[bytes]) -> Iterator[bytes]:
    batch = b""
    for value in values:
        if len(batch) + len(value) > BATCH_BYTES:
            yield batch
            batch = b""
        batch += value
    yield batch
