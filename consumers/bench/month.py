"""What happens in a month of the benchmark: outages, flaps, slow hours, silences; and what was announced.

Everything follows from the shape of the month and the seed: no clock, no float, no library's dice, so the
same happens on every machine. Minutes are those of the month, from 0.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import NamedTuple

from consumers.bench.dice import about, below, spread, throws
from ledger.instants import HOUR_MS, MINUTE_MS, parse_instant
from ledger.rounds import NotUp

ZONE = "Europe/Paris"
BEGIN_MS = parse_instant("2026-10-01T00:00:00+02:00")
DAY_MINUTES = 1_440
MONTH_MINUTES = 30 * DAY_MINUTES + 60
"""Thirty local days, of which the 25th has 25 hours."""
GROUP = 50
"""Platforms for which work is announced together."""


class Month(NamedTuple):
    """The shape of what was probed."""

    name: str
    streams: int = 1
    """Sets of platforms; each is probed by two agents of its own."""
    platforms: int = 1_000
    """Of each stream."""
    minutes: int = MONTH_MINUTES
    not_up_tenths: int = 10
    """How much more often than in the reference month a platform is degraded or down."""
    silent_tenths: int = 10
    """How much more often an agent has no result of it, or one that says nothing."""
    notices: int = 50
    """For each platform."""

    @property
    def end_ms(self) -> int:
        """When it is over."""
        return BEGIN_MS + self.minutes * MINUTE_MS

    @property
    def slots(self) -> int:
        """How many results it would have if none were missing."""
        return self.streams * AGENTS * self.platforms * self.minutes

    @property
    def agents(self) -> list[tuple[int, int]]:
        """Every agent: its stream, and which of the agents of that one it is."""
        return list(product(range(self.streams), range(AGENTS)))

    @property
    def names(self) -> list[str]:
        """Every platform."""
        return [name for stream in range(self.streams) for name in platforms_of(self, stream)]


AGENTS = 2
"""Of each stream."""

REFERENCE = Month("reference")
TENFOLD = Month("tenfold", streams=10)
YEAR = Month("year", platforms=20, minutes=365 * DAY_MINUTES, notices=600)
BAD = Month("bad", not_up_tenths=75)
MONTHS: Mapping[str, Month] = {month.name: month for month in (REFERENCE, TENFOLD, YEAR, BAD)}


def agent_of(stream: int, witness: int) -> str:
    """The name of a stream's first or second agent."""
    return f"{('paris', 'lyon')[witness]}-{stream}"


def platforms_of(month: Month, stream: int) -> list[str]:
    """The names of a stream's platforms, in the order of its plans."""
    first = stream * month.platforms
    return [f"p{number:05}" for number in range(first, first + month.platforms)]


# ---------------------------------------------------------------- what is not up


MISSING: NotUp = ("missing", 0, "")
"""In the place of an outcome: there is no result."""


class Kind(NamedTuple):
    """One way not to be up."""

    seen: NotUp
    daily: int
    """How often a thousand platforms begin it in a day."""
    minutes: tuple[int, ...]
    """How long it lasts, for each byte."""
    is_shared: bool
    """Both agents see it; else each has its own."""


LONG = spread(3_000, 130, 140, 150, 160, 180, 200, 250, 300)
MIDDLE = spread(2_000, 120, 130, 130, 140, 150, 160, 200, 250)
SHORT = spread(1_000, 110, 110, 120, 120, 130, 140, 150, 160)
_TIMEOUT: NotUp = ("down", 0, "connect timeout after 10000 ms")
_SLOW: NotUp = ("degraded", 200, "slow response above 2000 ms")
KINDS: tuple[Kind, ...] = (
    Kind(_TIMEOUT, 125, LONG, is_shared=True),
    Kind(("down", 503, "503 Service Unavailable"), 1_000, SHORT, is_shared=False),
    Kind(_SLOW, 350, MIDDLE, is_shared=True),
    Kind(_SLOW, 500, MIDDLE, is_shared=False),
    Kind(("unknown", 0, "the agent could not resolve the name"), 70, SHORT, is_shared=False),
    Kind(MISSING, 250, SHORT, is_shared=False),
)
_SILENT = {"unknown", "missing"}
"""What a bad month has no more of."""


class Episode(NamedTuple):
    """A platform is seen so, over some minutes from one on."""

    minute: int
    at: int
    """The index of the platform in its plan."""
    minutes: int
    seen: NotUp


def episodes(month: Month, stream: int, witness: int, day: int) -> list[Episode]:
    """What begins in a day of the month for one agent, in order; what begins later holds instead."""
    found: list[Episode] = []
    for number, kind in enumerate(KINDS):
        name = number, stream, AGENTS if kind.is_shared else witness, day
        tenths = month.silent_tenths if kind.seen[0] in _SILENT else month.not_up_tenths
        (thrown,) = throws(1, 0, *name)
        count = about(month.platforms * kind.daily * tenths // 10, thrown)
        dice = iter(throws(3 * count, 1, *name))
        for when, which, length in zip(dice, dice, dice, strict=True):
            minute = day * DAY_MINUTES + below(DAY_MINUTES, when)
            found.append(
                Episode(minute, below(month.platforms, which), kind.minutes[length & 255], kind.seen)
            )
    return sorted(found)


def silences(month: Month, stream: int, witness: int) -> list[range]:
    """Three times in a month an agent is silent, each for up to a five-hundredth of it."""
    longest = max(4, month.minutes // 500)
    dice = iter(throws(6, 2, stream, witness))
    return [
        range(first, first + 2 + below(longest - 1, length))
        for first, length in (
            (below(month.minutes, when), length) for when, length in zip(dice, dice, strict=True)
        )
    ]


def not_up_by_minute(month: Month, stream: int, witness: int) -> Iterator[Mapping[int, NotUp]]:
    """What one agent sees in each minute of the month: how a platform is not up, by its index."""
    now: dict[int, NotUp] = {}
    until: dict[int, int] = {}
    ends: defaultdict[int, list[int]] = defaultdict(list)
    begins: dict[int, list[Episode]] = {}
    for minute in range(month.minutes):
        if minute % DAY_MINUTES == 0:
            begins = _by_minute(episodes(month, stream, witness, minute // DAY_MINUTES))
        for index in ends.pop(minute, ()):
            if until.get(index) == minute:
                del now[index], until[index]
        for _, index, minutes, seen in begins.get(minute, ()):
            now[index], until[index] = seen, minute + minutes
            ends[minute + minutes].append(index)
        yield now


def _by_minute(found: Sequence[Episode]) -> dict[int, list[Episode]]:
    grouped: dict[int, list[Episode]] = {}
    for episode in found:
        grouped.setdefault(episode.minute, []).append(episode)
    return grouped


# ---------------------------------------------------------------- what was announced


class Announced(NamedTuple):
    """A notice: when it was given, for which platforms, and for what time."""

    name: str
    given_ms: int
    platforms: tuple[str, ...]
    start_ms: int
    end_ms: int


def notices(month: Month) -> list[Announced]:
    """The notices of the month in the order in which they were given; one in eight comes too late."""
    names, found = month.names, []
    for group in range(0, len(names), GROUP):
        together = tuple(names[group : group + GROUP])
        dice = iter(throws(3 * month.notices, 3, group))
        for number, (when, length, early) in enumerate(zip(dice, dice, dice, strict=True)):
            start_ms = BEGIN_MS + below(month.minutes, when) * MINUTE_MS
            end_ms = start_ms + (10 + below(80, length)) * MINUTE_MS
            hours = 3 if early & 7 == 0 else 24 + (early & 127)
            name = f"w{group // GROUP:04}-{number:03}"
            found.append(Announced(name, start_ms - hours * HOUR_MS, together, start_ms, end_ms))
    return sorted(found, key=lambda each: (each.given_ms, each.name))
