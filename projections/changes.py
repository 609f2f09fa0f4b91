"""Rounds to changes: when what an agent says of a platform changed, corrections included."""

from collections.abc import Collection, Iterable, Sequence
from itertools import chain

import polars as pl

from ledger.corrections import Correction
from ledger.interval import Interval, union
from projections.asof import Known
from projections.observed import fold_agents
from projections.steps import (
    CODES,
    DEGRADED,
    DOWN,
    OUTCOMES,
    UNKNOWN,
    UP,
    Steps,
    before,
    known_within,
    laid_over,
    pieces_within,
)

__all__ = [
    "DEGRADED",
    "DOWN",
    "SCHEMA",
    "UNKNOWN",
    "UP",
    "frame",
    "observed",
    "observed_within",
    "outcome_changes",
    "said_of",
    "said_within",
]

_NAMES = {"platform": pl.String(), "agent": pl.String()}
SCHEMA = _NAMES | {"at_ms": pl.Int64(), "outcome": pl.Int8()}

Said = dict[tuple[str, str], Steps]
"""What is said of each platform by each agent."""
Observed = dict[str, dict[str, Steps]]
"""The same by platform, and then by agent: whoever asks about a few of many looks at no others."""


def outcome_changes(
    known: Known, platforms: Collection[str], stale_after_ms: int, until_ms: int
) -> pl.DataFrame:
    """Every change, before `until_ms`, of what an agent says of one of the platforms (`SCHEMA`).

    Sorted by platform, agent and instant. Before its first row an agent says nothing of a platform
    (`unknown`); consecutive rows differ; an outcome that became stale is a row `unknown`.

    Raises:
        DamagedLedgerError: a round is not the successor of the one before, or does not fit its plan.
    """
    chosen = frozenset(platforms)
    said = said_of(known, chosen, stale_after_ms)
    _correct(said, known.corrections.values(), chosen)
    return frame(said, until_ms)


def said_of(known: Known, chosen: frozenset[str], stale_after_ms: int) -> Said:
    """What was observed of some platforms, corrections left out; folded with all that are asked about.

    Raises:
        DamagedLedgerError: as above.
    """
    found = observed(known, chosen, stale_after_ms)
    return {
        (platform, agent): steps for platform in chosen for agent, steps in found.get(platform, {}).items()
    }


def observed(known: Known, chosen: frozenset[str], stale_after_ms: int) -> Observed:
    """What was observed of some platforms, and of all that are asked about with them; folded once.

    Raises:
        DamagedLedgerError: as above.
    """
    folded = max(known.together, chosen)
    slot = "observed", folded, stale_after_ms
    return known.latest(slot, known.rounds_key, lambda: _observed(known, folded, stale_after_ms))


def frame(said: Said, until_ms: int) -> pl.DataFrame:
    """The changes before a moment of what was said, in order of platform, agent and instant (`SCHEMA`)."""
    ordered = sorted(said.items())
    cut = [before(steps, until_ms) for _, steps in ordered]
    names = pl.DataFrame([key for key, _ in ordered], schema=_NAMES, orient="row")
    return names[_repeated([len(steps) for steps in cut])].with_columns(
        *_taken_apart(pl.Series(chain.from_iterable(cut), dtype=pl.Int64))
    )


def _repeated(lengths: Sequence[int]) -> pl.Series:
    """The place of each length, as often as it says."""
    often = [place for place, length in enumerate(lengths) if length]
    places = pl.Series(often, dtype=pl.UInt32)
    return places.repeat_by(pl.Series([lengths[place] for place in often], dtype=pl.UInt32)).explode()


def _taken_apart(steps: pl.Series) -> tuple[pl.Series, pl.Series]:
    """The instants and the outcomes of steps."""
    at_ms = steps // OUTCOMES
    return at_ms.alias("at_ms"), (steps - at_ms * OUTCOMES).cast(pl.Int8).alias("outcome")


def _observed(known: Known, platforms: frozenset[str], stale_after_ms: int) -> Observed:
    fold = known.fold or fold_agents
    found: Observed = {}
    for agent, steps in fold(known, _agents(known, platforms), platforms, stale_after_ms).items():
        for platform, said in steps.items():
            found.setdefault(platform, {})[agent] = said
    return found


def _agents(known: Known, platforms: frozenset[str]) -> list[str]:
    """The agents that have rounds, without those whose every plan names none of the platforms."""
    here: set[str] = set()
    elsewhere: set[str] = set()
    for plan in known.plans.values():
        probes_one = any(planned.platform in platforms for planned in plan.platforms)
        (here if probes_one else elsewhere).add(plan.agent)
    return [agent for agent in known.agents() if agent not in elsewhere - here]


def _correct(said: Said, corrections: Iterable[Correction], platforms: frozenset[str]) -> None:
    """Lay the corrections over what was observed, in the order in which they were recorded."""
    observed = dict(said)
    for correction in corrections:
        corrected = correction.corrected
        if corrected is None or corrected.platform not in platforms:
            continue
        key, (start_ms, end_ms) = (corrected.platform, corrected.agent), corrected.interval.interval
        outcome = CODES[corrected.outcome] if corrected.outcome else UNKNOWN
        if key in said:
            said[key] = laid_over(said[key], observed[key], start_ms, end_ms, outcome)


# ---------------------------------------------------------------- what there is to correct


def observed_within(
    known: Known, agent: str, platform: str, stale_after_ms: int, within: Interval
) -> list[Interval]:
    """When within an interval an agent's own results, corrected or not, say something of a platform.

    Raises:
        DamagedLedgerError: as above.
    """
    said = said_of(known, frozenset({platform}), stale_after_ms)
    return union(known_within(said.get((platform, agent), []), *within))


def said_within(
    known: Known, agent: str, platform: str, stale_after_ms: int, within: Interval
) -> dict[int, list[Interval]]:
    """When within an interval an agent says which outcome of a platform, corrections included.

    Raises:
        DamagedLedgerError: as above.
    """
    chosen = frozenset({platform})
    said = said_of(known, chosen, stale_after_ms)
    _correct(said, known.corrections.values(), chosen)
    found: dict[int, list[Interval]] = {}
    for piece, outcome in pieces_within(said.get((platform, agent), []), *within):
        found.setdefault(outcome, []).append(piece)
    return found
