"""What a Gatus keeps, taken into the ledger; and what it had forgotten before it was read again."""

from collections.abc import Mapping
from dataclasses import replace

import polars as pl

from ledger.application import Ledger
from ledger.instants import MINUTE_MS, format_instant
from ledger.intake.gatus import Gatus, results
from ledger.intake.importing import Imported, import_results
from ledger.intake.names import unmatched
from ledger.intake.own_agents import require_not_probing
from ledger.intake.results import named
from ledger.intake.resuming import last_results, last_round_ms
from ledger.intake.sampling import GAP, Sampling

ADVICE = "results do not change, so this agent was given those of another Gatus: name another --agent"


def import_gatus(ledger: Ledger, gatus: Gatus, agent: str, names: Mapping[str, str]) -> Imported:
    """Store what is new.

    Raises:
        BadInputError: it is no Gatus, or contradicts what is stored.
        RefusedError: the agent is one of our own that probes.
        UnreachableSourceError: it does not answer.
        ConflictError: see `import_source`.
    """
    require_not_probing(ledger, [agent])
    last_ms = last_round_ms(ledger, agent) or 0
    before = last_results(ledger, agent, last_ms + MINUTE_MS)
    kept = results(gatus.results(), agent)
    misnamed = unmatched(names, kept["platform"].unique().cast(pl.String))
    found = named(kept, names)
    told = found.frame.select(pl.col("platform").cast(pl.String), "observed_ms")
    sampling = Sampling()
    sampling.add(told)
    forgotten = _forgotten(before.select(pl.col("platform").cast(pl.String), "observed_ms"), told)
    imported = import_results(ledger, gatus, found, advice=ADVICE)
    nothing = () if imported.read else ("no endpoint has a result yet; if one should, look at the address",)
    notes = (*nothing, *misnamed, *sampling.notes(), *forgotten)
    return replace(imported, notes=notes, news=tuple(forgotten))


def _forgotten(before: pl.DataFrame, told: pl.DataFrame) -> list[str]:
    """Where more time than usual lies between what is stored and the oldest that is kept."""
    oldest = told.group_by("platform").agg(
        oldest_ms=pl.col("observed_ms").min(), usual_ms=pl.col("observed_ms").sort().diff().median()
    )
    holes = before.join(oldest, on="platform").filter(
        pl.col("oldest_ms") - pl.col("observed_ms") > GAP * pl.col("usual_ms")
    )
    return [
        f"{platform}: of the time from {format_instant(last_ms)} to {format_instant(oldest_ms)} it has kept "
        "nothing: unknown; read it more often, or with --follow"
        for platform, last_ms, oldest_ms, _ in holes.sort("platform").iter_rows()
    ]
