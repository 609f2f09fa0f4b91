"""The results that a ledger already has of one agent, laid out to be compared with those of a source."""

from array import array
from collections.abc import Iterable, Mapping

import polars as pl

from ledger.errors import ConflictError
from ledger.log.interface import Engine, KeptRound
from ledger.plans import Plans, PlanSet
from ledger.rounds import OUTCOMES, Round, decode

STORED: dict[str, pl.DataType] = {
    "platform": pl.Categorical(),
    "observed_ms": pl.Int64(),
    "outcome": pl.UInt8(),
}
_MISSING = 255
"""Stands for an outcome where a round has no result."""


def stored_results(engine: Engine, agent: str, plans: Plans, from_ms: int, until_ms: int) -> pl.DataFrame:
    """What an agent saw in rounds that may hold an instant of `[from_ms, until_ms]` (`STORED`).

    The instants of a round reach from one period before its start to two behind it.

    Raises:
        ConflictError: a round names a plan that was recorded only after the plans were read.
    """
    if not plans.history:
        return pl.DataFrame(schema=STORED)
    period_ms = max(plan.period_ms for plan in plans.history)
    rounds = engine.rounds(
        agents=[agent],
        start_from_ms=from_ms - 2 * period_ms,
        start_until_ms=until_ms + period_ms + 1,
    )
    columns = {plan.reference: _Columns(plan) for plan in plans.history}
    _fill(columns, rounds)
    return pl.concat([pl.DataFrame(schema=STORED), *(each.frame() for each in columns.values())])


def _fill(columns: Mapping[str, "_Columns"], rounds: Iterable[KeptRound]) -> None:
    for kept in rounds:
        found, _ = decode(kept.value, with_latencies=False)
        if found.plan not in columns:
            raise ConflictError(
                f"agent {kept.agent} was given plan {found.plan} meanwhile; nothing was stored for it, so "
                "import again"
            )
        columns[found.plan].add(found)


class _Columns:
    """All rounds of one plan, as columns: platform after platform within round after round."""

    def __init__(self, plan: PlanSet) -> None:
        self._plan = plan
        self._starts_ms = array("q")
        self._outcomes = bytearray()
        self._deviations = bytearray()
        self._late: dict[int, int] = {}

    def add(self, found: Round) -> None:
        """One more round."""
        first = len(self._outcomes)
        outcomes = bytearray(found.n)
        for index, (outcome, _, _) in found.not_up.items():
            outcomes[index] = OUTCOMES.index(outcome)
        for index in found.missing:
            outcomes[index] = _MISSING
        self._starts_ms.append(found.start_ms)
        self._outcomes += outcomes
        self._deviations += found.jitter
        self._late.update({first + index: late_ms for index, late_ms in found.late_ms.items()})

    def frame(self) -> pl.DataFrame:
        """Every result, as `STORED`."""
        n = len(self._plan.platforms)
        names = pl.Series([planned.platform for planned in self._plan.platforms], dtype=pl.Categorical)
        offsets_ms = pl.Series([planned.offset_ms for planned in self._plan.platforms], dtype=pl.Int64)
        starts_ms = pl.Series(self._starts_ms.tolist(), dtype=pl.Int64)
        place = pl.int_range(len(self._outcomes), eager=True)
        deviations_ms = self._deviations_ms()
        return pl.DataFrame(
            {
                "platform": names.gather(place % n),
                "observed_ms": starts_ms.gather(place // n) + offsets_ms.gather(place % n) + deviations_ms,
                "outcome": pl.Series(list(self._outcomes), dtype=pl.UInt8),
            },
            schema=STORED,
        ).filter(pl.col("outcome") != _MISSING)

    def _deviations_ms(self) -> pl.Series:
        deviations_ms = pl.Series(list(self._deviations), dtype=pl.Int64)
        if not self._late:
            return deviations_ms
        return deviations_ms.scatter(list(self._late), list(self._late.values()))
