"""Chance that is the same everywhere: bytes of SHAKE-128, and integers made of them. No float takes part."""

import struct
from hashlib import shake_128

SEED = "20261001"
_ONE = 1 << 32


def throws(count: int, *name: int) -> tuple[int, ...]:
    """So many numbers below 2^32; always the same for the same name."""
    return struct.unpack(f"<{count}I", noise(4 * count, *name))


def noise(length: int, *name: int) -> bytes:
    """So many bytes; always the same for the same name."""
    return shake_128("/".join([SEED, *map(str, name)]).encode()).digest(length)


def below(limit: int, thrown: int) -> int:
    """A throw as a number from 0 to below the limit."""
    return thrown * limit // _ONE


def about(thousandths: int, thrown: int) -> int:
    """A count that is so many thousandths on average: one of the two integers beside it."""
    return thousandths // 1000 + (below(1000, thrown) < thousandths % 1000)


def spread(least_thousandths: int, *ratios_percent: int) -> tuple[int, ...]:
    """A value for each byte, skewed as a lognormal one is: each bit that is set multiplies by its ratio."""
    values = []
    for byte in range(256):
        value = least_thousandths
        for bit, ratio_percent in enumerate(ratios_percent):
            if byte >> bit & 1:
                value = value * ratio_percent // 100
        values.append(value // 1000)
    return tuple(values)
