"""Rolling windows (5.6 of the rules): every local day ends one of 30 local days.

What a run of days in breach penalises never becomes less as the run goes on, and only whole days end a window.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from itertools import groupby

from tests.oracle.penalty import count_tranches, is_missed, penalised_time
from tests.oracle.pieces import Piece, pieces_of
from tests.oracle.wall_clock import midnight_ms
from tests.oracle.world import World

WINDOW_DAYS = 30


@dataclass(frozen=True)
class ComeTo:
    """What all runs of days in breach came to until some moment, and which days were in breach."""

    penalised_ms: Fraction
    tranches: int
    days: int
    in_breach: frozenset[date]


def come_to(world: World, platform: str, until_ms: int) -> ComeTo:
    """From the contract's first day on, over the local days that had ended at a moment."""
    days = ended_days(world, until_ms)
    pieces = pieces_of(world, platform, world.start_ms, until_ms)
    breaches = [is_in_breach(world, pieces, day) for day in days]
    penalised, tranches, free_days, taken = Fraction(0), 0, 0, world.signed.first_day
    for breach, numbers in groupby(range(len(days)), key=lambda n: breaches[n]):
        if not breach:
            continue
        run = [days[n] for n in numbers]
        opened = window_start(world, run[0])
        terms = world.terms_at(midnight_ms(world.zone, opened))
        most_penalised, most_tranches = Fraction(0), 0
        for last in run:
            own = [piece for piece in pieces if max(taken, opened) <= piece.day <= last]
            time = penalised_time(terms, own)
            most_penalised = max(most_penalised, time)
            most_tranches = max(most_tranches, count_tranches(terms, own, time))
        penalised, tranches = penalised + most_penalised, tranches + most_tranches
        free_days += most_tranches * terms.days_per_tranche
        taken = run[-1] + timedelta(days=1)
    return ComeTo(
        penalised, tranches, free_days, frozenset(d for d, b in zip(days, breaches, strict=True) if b)
    )


def ended_days(world: World, until_ms: int) -> list[date]:
    days: list[date] = []
    day = world.signed.first_day
    while midnight_ms(world.zone, day + timedelta(days=1)) <= until_ms:
        days.append(day)
        day += timedelta(days=1)
    return days


def window_start(world: World, day: date) -> date:
    """The first windows begin with the contract."""
    return max(world.signed.first_day, day - timedelta(days=WINDOW_DAYS - 1))


def is_in_breach(world: World, pieces: Sequence[Piece], day: date) -> bool:
    opened = window_start(world, day)
    terms = world.terms_at(midnight_ms(world.zone, opened))
    return is_missed(terms, [piece for piece in pieces if opened <= piece.day <= day])
