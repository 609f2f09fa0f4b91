"""Every colour of a page can be read on its ground: on a screen, in the dark, on paper."""

import re
from importlib import resources

import pytest

STYLE = resources.files("consumers.pages").joinpath("templates", "statement.css").read_text()

TEXT = 4.5
"""The ratio that WCAG 2.2 asks of a text (1.4.3, level AA)."""
GRAPHIC = 3.0
"""The ratio that it asks of what must be seen to understand a drawing (1.4.11)."""

PAIRS = [
    *((ink, ground, TEXT) for ink in ("ink", "soft") for ground in ("paper", "wash")),
    *((ink, "paper", TEXT) for ink in ("up", "down", "unknown", "excluded", "degraded")),
    *((ink, "wash", TEXT) for ink in ("up", "down")),
    ("ink", "unknown-pale", TEXT),
    ("paper", "excluded", TEXT),
    ("up", "up-pale", GRAPHIC),
    ("down", "down-pale", GRAPHIC),
    ("soft", "faint", GRAPHIC),
    ("unknown", "unknown-pale", GRAPHIC),
]


def schemes():
    """The colours by name of each `:root`: the first, then what another medium puts in their place."""
    first, *others = (
        dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6})", body))
        for body in re.findall(r":root \{([^}]*)\}", STYLE)
    )
    return [first, *(first | other for other in others)]


def luminance(colour):
    digits = colour[1:] if len(colour) == 7 else "".join(2 * each for each in colour[1:])
    red, green, blue = (_linear(int(digits[at : at + 2], 16) / 255) for at in (0, 2, 4))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel):
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def ratio(one, other):
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_a_page_has_colours_for_screen_dark_and_paper():
    assert len(schemes()) == 3


@pytest.mark.parametrize("scheme", schemes(), ids=["light", "dark", "paper"])
@pytest.mark.parametrize(("ink", "ground", "least"), PAIRS)
def test_what_is_written_can_be_read(scheme, ink, ground, least):
    assert ratio(scheme[ink], scheme[ground]) >= least
