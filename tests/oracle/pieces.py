"""A platform's time, in pieces within which nothing changes."""

from dataclasses import dataclass, replace
from datetime import date

from tests.oracle.wall_clock import local_day
from tests.oracle.world import World


@dataclass(frozen=True)
class Piece:
    """Some time in which nothing changes."""

    start_ms: int
    length_ms: int
    class_: str
    counts_as: str
    """The verdict, whether the time is excluded or not: unknown, down or up."""
    day: date


def pieces_of(world: World, platform: str, start_ms: int, end_ms: int) -> list[Piece]:
    """The time of a period in order, neighbours that are alike put together."""
    pieces: list[Piece] = []
    for t, until_ms in ceiling_steps(world, platform, start_ms, end_ms):
        like = (world.class_of(platform, t), world.counts_as(platform, t), local_day(world.zone, t))
        if pieces and like == (pieces[-1].class_, pieces[-1].counts_as, pieces[-1].day):
            pieces[-1] = replace(pieces[-1], length_ms=until_ms - pieces[-1].start_ms)
        else:
            pieces.append(Piece(t, until_ms - t, *like))
    return pieces


def ceiling_steps(world: World, platform: str, start_ms: int, end_ms: int) -> list[tuple[int, int]]:
    """The steps of a period, cut where a ceiling of excluded maintenance is reached."""
    steps: list[tuple[int, int]] = []
    for t, until_ms in world.steps(start_ms, end_ms):
        cut_ms = world.ceiling_cut_ms(platform, t)
        pieces = [(t, cut_ms), (cut_ms, until_ms)] if t < cut_ms < until_ms else [(t, until_ms)]
        steps += pieces
    return steps
