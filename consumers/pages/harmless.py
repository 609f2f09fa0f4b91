"""A statement whose texts cannot act: what people wrote is shown, never obeyed by a terminal or a browser.

Control characters move a terminal's cursor and change its colours; marks of direction make a line read
otherwise than it is. Both are shown as a replacement character. The figures and the digest stay as they are.
"""

import unicodedata
from typing import Any, TypeVar

from projections.figures import Figures

_ACTING = frozenset({"Cc", "Cs", "Zl", "Zp"})
_DIRECTION = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_BREAKS = frozenset("\t\n\r")


Shown = TypeVar("Shown", bound=Figures)


def harmless(figures: Shown) -> Shown:
    """The statement, or other figures, to lay out."""
    return type(figures).model_validate(_quiet(figures.model_dump(by_alias=True)))


def harmless_text(text: str) -> str:
    """One text, to be printed by itself."""
    return "".join(_character(each) for each in text)


def _quiet(value: Any) -> Any:  # noqa: ANN401 - any part of a dumped model
    if isinstance(value, str):
        return harmless_text(value)
    if isinstance(value, dict):
        return {key: _quiet(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_quiet(each) for each in value]
    return value


def _character(character: str) -> str:
    if character in _BREAKS:
        return " "
    acts = unicodedata.category(character) in _ACTING or character in _DIRECTION
    return "\N{REPLACEMENT CHARACTER}" if acts else character
