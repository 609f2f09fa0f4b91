"""What a ledger of a million platforms costs a month, from what a round and a change cost here.

    python -m benchmarks.scale HOST:PORT/LEDGER           measure, on a ledger whose rounds are told
    python -m benchmarks.scale --core 30 --gigabyte 0.09  the table again, with other prices

Figures are CPU seconds of this process. docs/scale.md says what they mean.
"""

import argparse
from contextlib import ExitStack, closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from consumers.bench.measure import cpu_seconds
from consumers.cache.files import CacheFile, plan_hashes
from consumers.cache.telling import take_over
from ledger.application import open_engine
from projections.asof import Known
from projections.moment import at_head
from projections.observed import fold_agents


class Cost(NamedTuple):
    """What was measured; of rounds of a thousand platforms, of which 13 are not up."""

    place_us: float = 115.0
    """CPU to read a round and place it, each a record batch of its own."""
    fold_us: float = 134.0
    """CPU to read it again and fold it."""
    adopt_us: float = 66.0
    """CPU to be told where it lies."""
    change_us: float = 3.9
    """CPU to take a change over that was told."""
    fact_us: float = 87.0
    """CPU to read and decode a fact of the decisions; every command does for every fact."""
    span_bytes: float = 39.5
    """Of the topic of changes, for a round."""
    change_bytes: float = 3.9
    """The same for a change."""
    mirror_bytes: float = 249.0
    """Of a machine's mirror, for a round."""
    changes_a_round: float = 3.4


def main() -> None:
    """Measure, or calculate."""
    asked = argparse.ArgumentParser()
    asked.add_argument("ledger", nargs="?")
    for name, value in (
        ("platforms", 1_000_000),
        ("agents", 3),
        ("plan", 1_000),
        ("notices", 1),
        ("result-bytes", 2.7),
        ("replicas", 3),
        ("core", 30.0),
        ("gigabyte", 0.094),
        ("months", 12),
        ("agents-a-partition", 20),
    ):
        asked.add_argument(f"--{name}", type=type(value), default=value)
    given = asked.parse_args()
    if given.ledger:
        measure(f"kafka://{given.ledger}")
    else:
        calculate(given, Cost())


# ---------------------------------------------------------------- measured

KINDS = (b"span/", b"fold/")


def measure(url: str) -> None:
    """Print what a round, a change and a fact cost on this machine."""
    with TemporaryDirectory() as name, ExitStack() as opened:
        read, told = (
            opened.enter_context(closing(open_engine(f"{url}?mirrors={name}/{mirror}", create=False)))
            for mirror in ("read", "told")
        )
        read.probes._changes._is_there = False  # noqa: SLF001 - nobody tells this one
        place_s = cpu_seconds(read.probes.catch_up)
        rounds = read.probes.count_behind(dict.fromkeys(read.agents(), 0))
        mirror = sum(path.stat().st_size for path in Path(name).glob("read/*.mirror"))
        known: list[Known] = []
        fact_s = cpu_seconds(lambda: known.append(Known.at(read, at_head(read, 0))))
        (now,) = known
        agents, facts = now.agents(), len(now.facts)
        stale_after_ms = next(iter(now.contracts.values())).versions[-1].terms.stale_after_ms
        fold_s = cpu_seconds(lambda: fold_agents(now, agents, frozenset(), stale_after_ms))
        adopt_s = cpu_seconds(told.probes.catch_up)
        tales = [tale for part in range(told.changes.partitions) for tale in told.changes.tales(part)[0]]
        cache = Path(name) / "cache"
        take_s = cpu_seconds(lambda: take_over(told.changes, cache, agents, stale_after_ms, plan_hashes(now)))
        found = [CacheFile(cache, agent, stale_after_ms).read(plan_hashes(now)).segments for agent in agents]
    changes = sum(len(each.table) for each in found)
    folded = sum(each.places[-1].rounds for each in found if each.places)
    spans, folds = (sum(len(each.value) for each in tales if each.key.startswith(kind)) for kind in KINDS)
    print(f"{rounds} rounds, {folded} of them told as {changes} changes; {facts} facts")
    print(f"us of CPU: place a round {place_s / rounds * 1e6:.1f}, fold it {fold_s / rounds * 1e6:.1f}")
    print(f"be told of a round {adopt_s / rounds * 1e6:.1f}, take a change over {take_s / changes * 1e6:.2f}")
    print(f"read a fact {fact_s / facts * 1e6:.1f}; {changes / folded:.2f} changes a round")
    print(f"bytes told: {spans / rounds:.1f} a round, {folds / changes:.2f} a change (of all codes)")
    print(f"bytes of the mirror: {mirror / rounds:.0f} a round, with its facts")


# ---------------------------------------------------------------- calculated

MINUTES = 30 * 1_440
GIGA = 1e9


def calculate(given: argparse.Namespace, cost: Cost) -> None:
    """Print the table of docs/scale.md."""
    agents = given.agents * -(-given.platforms // given.plan)
    rounds = agents * MINUTES
    results = given.agents * given.platforms * MINUTES
    log = results * given.result_bytes
    changes = rounds * cost.changes_a_round
    told = rounds * cost.span_bytes + changes * cost.change_bytes
    disk = given.replicas * (log + told) / GIGA
    fold_s = rounds * (cost.place_us + cost.fold_us) / 1e6
    whole_s = fold_s / (MINUTES * 60)
    facts = given.platforms * given.notices
    for what, value in (
        ("agents (one for each plan and place)", f"{agents:,}"),
        ("partitions", f"{max(agents // given.agents_a_partition, 1):,}"),
        ("rounds a second, a month", f"{agents / 60:,.0f}, {rounds / 1e6:,.0f} million"),
        (
            "results a second, a month",
            f"{results / MINUTES / 60:,.0f}, {results / GIGA:,.0f} billion",
        ),
        ("the log a month, one replica", f"{log / GIGA:,.0f} GB"),
        ("the topic of changes a month, one replica", f"{told / GIGA:,.1f} GB"),
        ("disk for a month, all replicas", f"{disk:,.0f} GB"),
        ("folding as it comes: of one core", f"{100 * whole_s:.1f} %"),
        ("folding a month from nothing, one core", f"{fold_s / 3600:.1f} h"),
        ("a new machine: the mirror, by spans, one core", f"{rounds * cost.adopt_us / 3.6e9:.1f} h"),
        ("the same, by reading", f"{rounds * cost.place_us / 3.6e9:.1f} h"),
        ("a new machine: all changes of the month, one core", f"{changes * cost.change_us / 3.6e9:.1f} h"),
        ("the mirror of each machine grows a month by", f"{rounds * cost.mirror_bytes / GIGA:,.0f} GB"),
        ("reading the facts of a month, each command", f"{facts * cost.fact_us / 1e6:,.0f} s"),
        ("euros a month: disk of the months that are kept", f"{disk * given.months * given.gigabyte:,.0f}"),
        ("euros a month: cores (3 brokers of 4, 2 folders)", f"{(3 * 4 + 2) * given.core:,.0f}"),
    ):
        print(f"| {what} | {value} |")


if __name__ == "__main__":
    main()
