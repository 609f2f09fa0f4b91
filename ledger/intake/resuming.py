"""Where a source that is read again and again was left: what the ledger has of its agent says it."""

import polars as pl

from ledger.application import Ledger
from ledger.instants import DAY_MS
from ledger.intake.stored import stored_results
from ledger.rounds import decode


def last_round_ms(ledger: Ledger, agent: str) -> int | None:
    """When the round of an agent began that was appended last; None if it has none."""
    number = ledger.engine.round_head(agent).number
    starts_ms = [
        decode(kept.value, with_latencies=False)[0].start_ms
        for kept in ledger.engine.rounds(agents=[agent], after={agent: number - 1})
    ]
    return starts_ms[-1] if starts_ms else None


def last_results(ledger: Ledger, agent: str, until_ms: int) -> pl.DataFrame:
    """What an agent said last of each platform in the day before an instant (`stored.STORED`)."""
    found = stored_results(ledger.engine, agent, ledger.plans_of(agent), until_ms - DAY_MS, until_ms)
    return found.sort("observed_ms").unique("platform", keep="last", maintain_order=True)
