"""What of a source is new: each result once, none that the ledger has, and none that contradicts another.

Two outcomes of one agent on one platform at one instant contradict each other; a status, a latency or an
error that differs does not. Of several results that agree, the one with the lowest status, latency and
error is kept, so that the order of records never matters.
"""

from typing import Any

import polars as pl

from ledger.instants import format_instant
from ledger.intake.rejects import Rejects
from ledger.rounds import OUTCOMES

_INSTANT = ["platform", "observed_ms"]
_INSTANT_CODE = pl.col("platform").to_physical().cast(pl.Int64) * 2**42 + pl.col("observed_ms")
"""The same as one number, which is quicker to compare; 2**42 ms is the year 2109."""


def each_once(results: pl.DataFrame, rejects: Rejects) -> pl.DataFrame:
    """One agent's results, repeated ones once; all that disagree with one another are rejected."""
    if results.select(_INSTANT_CODE.n_unique()).item() == results.height:
        return results
    repeated = results.filter(_INSTANT_CODE.is_duplicated()).select(_INSTANT).unique()
    groups = results.join(repeated, on=_INSTANT, how="semi")
    disagree = groups.filter(pl.col("outcome").n_unique().over(_INSTANT) > 1)
    _reject_disagreeing(disagree, rejects)
    agreeing = groups.join(disagree, on=_INSTANT, how="anti")
    kept = agreeing.sort(*_INSTANT, "status", "latency_ms", "error", "line").unique(
        _INSTANT, keep="first", maintain_order=True
    )
    return pl.concat([results.join(repeated, on=_INSTANT, how="anti"), kept])


def _reject_disagreeing(results: pl.DataFrame, rejects: Rejects) -> None:
    lines: dict[tuple[str, int], list[tuple[int, str]]] = {}
    for line, platform, observed_ms, outcome in _readable(results):
        lines.setdefault((platform, observed_ms), []).append((line, outcome))
    for (platform, observed_ms), found in lines.items():
        for line, outcome in found:
            other_line, other = next(each for each in sorted(found) if each[1] != outcome)
            rejects.add(
                line,
                f"says {outcome} of {platform} at {format_instant(observed_ms)}, where "
                f"{rejects.source.place(other_line)} says {other} for the same agent; only one can be so",
            )


def only_new(results: pl.DataFrame, stored: pl.DataFrame, rejects: Rejects) -> pl.DataFrame:
    """The results that the ledger does not have; those that contradict it are rejected."""
    if stored.is_empty():
        return results
    known = stored.rename({"outcome": "known"})
    compared = results.join(known, on=_INSTANT, how="left", maintain_order="left")
    for line, platform, observed_ms, outcome, known_outcome in _readable(
        compared.filter(pl.col("known") != pl.col("outcome")), "known"
    ):
        rejects.add(
            line,
            f"says {outcome} of {platform} at {format_instant(observed_ms)}, where the ledger already has "
            f"{known_outcome}; if the ledger is wrong, say so with `constat correct`",
        )
    return compared.filter(pl.col("known").is_null()).drop("known")


def none_left_out(results: pl.DataFrame, stored: pl.DataFrame, rejects: Rejects) -> None:
    """Reject rows of a source of changes that say an outcome held where the ledger has a change from it.

    Only rows that the ledger has, too, are held against it: then it is the same source, with less in it.
    """
    if stored.is_empty():
        return
    by_instant = results.select("line", "platform", "outcome", at_ms="observed_ms").sort("at_ms")
    said = stored.sort("observed_ms").rename({"outcome": "known"})
    # Both are sorted; Polars does not check that within each platform, and would warn of it.
    by, on = "platform", "observed_ms"
    before = said.join_asof(by_instant, left_on=on, right_on="at_ms", by=by, check_sortedness=False)
    behind = by_instant.select("platform", until_ms="at_ms")
    around = before.join_asof(
        behind, left_on=on, right_on="until_ms", by=by, strategy="forward", check_sortedness=False
    )
    is_between = (pl.col("at_ms") < pl.col("observed_ms")) & pl.col("until_ms").is_not_null()
    own = stored.select("platform", at_ms="observed_ms", outcome="outcome")
    left_out = around.filter(is_between & (pl.col("known") != pl.col("outcome"))).join(
        own, on=["platform", "at_ms", "outcome"], how="semi"
    )
    for line, platform, changed_ms, outcome, known_outcome in _readable(left_out, "known"):
        rejects.add(
            line,
            f"says {outcome} of {platform} until the source's next row, where the ledger already has "
            f"{known_outcome} at {format_instant(changed_ms)}; a row that was imported before is left out: "
            "put it back, or if the ledger is wrong, say so with `constat correct`",
        )


def _readable(results: pl.DataFrame, *more_outcomes: str) -> list[tuple[Any, ...]]:
    """Line, platform, instant and outcomes as a message says them, by line."""
    columns = [
        "line",
        pl.col("platform").cast(pl.String),
        "observed_ms",
        pl.col("outcome", *more_outcomes).replace_strict(_SAID, return_dtype=pl.String),
    ]
    return results.select(columns).sort("line").rows()


_SAID = dict(enumerate(OUTCOMES))
