"""What is told of a source that samples: how often it looked, and where it did not.

Read part by part, in order of time; nothing of the results themselves is kept.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import polars as pl

from ledger.errors import counted
from ledger.instants import SECOND_MS, format_instant

GAP = 2.5
"""From so many of its usual intervals on, time between two samples is a gap: one lost sample is not yet."""
STALE_AFTER_MS = 150_000
"""How long an outcome holds by the terms of the template."""
NAMED = 10
"""How many platforms are told of one by one."""


@dataclass
class _Seen:
    first_ms: int
    last_ms: int
    steps_ms: Counter[int] = field(default_factory=Counter)
    """How often two samples lay so far apart, in whole seconds."""

    @property
    def usual_ms(self) -> int:
        """The distance that most samples have."""
        return self.steps_ms.most_common(1)[0][0] if self.steps_ms else 0

    def gaps(self) -> Iterator[int]:
        """Each gap's length."""
        for step_ms, count in self.steps_ms.items():
            if step_ms > GAP * self.usual_ms:
                yield from [step_ms] * count


class Sampling:
    """When each platform was looked at."""

    def __init__(self) -> None:
        self._seen: dict[str, _Seen] = {}

    def add(self, results: pl.DataFrame) -> None:
        """Some more results: `platform` as text and `observed_ms`.

        Those of a platform that are not later than what was added before are read once more, and not counted.
        """
        for (platform,), some in results.sort("observed_ms").group_by("platform"):
            first_ms = int(some["observed_ms"][0])
            seen = self._seen.setdefault(str(platform), _Seen(first_ms, first_ms))
            moments_ms = some["observed_ms"].filter(some["observed_ms"] > seen.last_ms)
            if moments_ms.is_empty():
                continue
            steps = pl.concat([pl.Series([seen.last_ms], dtype=pl.Int64), moments_ms]).diff().drop_nulls()
            whole = (steps / SECOND_MS).round().cast(pl.Int64) * SECOND_MS
            counts = whole.filter(whole > 0).alias("step").value_counts()
            seen.steps_ms.update(dict(counts.iter_rows()))
            seen.last_ms = int(moments_ms[-1])

    @property
    def usual_ms(self) -> int:
        """How far apart samples usually are, of the platform that is looked at least; 0 if unknown."""
        return max((seen.usual_ms for seen in self._seen.values()), default=0)

    def notes(self) -> tuple[str, ...]:
        """What a reader must know of them, a sentence a platform."""
        found = [_note(platform, seen) for platform, seen in sorted(self._seen.items())]
        rest = [f"and {counted(len(found) - NAMED, 'more platform')}"] if len(found) > NAMED else []
        return (*found[:NAMED], *rest)


def _note(platform: str, seen: _Seen) -> str:
    if not seen.usual_ms:
        return f"{platform}: one result, of {format_instant(seen.first_ms)}"
    gaps_ms = list(seen.gaps())
    text = (
        f"{platform}: a result every {seen.usual_ms // SECOND_MS} s from {format_instant(seen.first_ms)} to "
        f"{format_instant(seen.last_ms)}; what was between two of them nobody saw"
    )
    if gaps_ms:
        text += (
            f"; {counted(len(gaps_ms), 'gap')}, the longest of {max(gaps_ms) // SECOND_MS} s: unknown there"
        )
    if seen.usual_ms > STALE_AFTER_MS:
        text += (
            f"; a contract whose stale_after_seconds is below {seen.usual_ms // SECOND_MS} counts the rest "
            "of each interval as unknown"
        )
    return text
