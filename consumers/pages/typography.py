"""Sentences set as their language is printed: quotation marks, apostrophes, spaces that do not break."""

import re

NO_BREAK = "\u00a0"
NARROW_NO_BREAK = "\u202f"

_APOSTROPHE = re.compile(r"(?<=\w)'(?=\w)")
_QUOTED = re.compile(r"«\s*(.*?)\s*»")
_BEFORE_HIGH_MARKS = re.compile(r" (?=[;!?])")
_BEFORE_COLON = re.compile(r" (?=:)")
# A number stays with what it counts: « 24 heures », “7 minutes”, « 30 jours », « 99,5 % ».
_AFTER_NUMBER = re.compile(r"(?<=\d) (?=[^\W\d]|%)")


def typeset(text: str, language: str) -> str:
    """A sentence of ours with the quotation marks, apostrophes and no-break spaces of its language."""
    joined = _AFTER_NUMBER.sub(NO_BREAK, _APOSTROPHE.sub("’", text))
    return _french(joined) if language == "fr" else _english(joined)


def _french(text: str) -> str:
    quoted = _QUOTED.sub(rf"«{NO_BREAK}\1{NO_BREAK}»", text)
    return _BEFORE_COLON.sub(NO_BREAK, _BEFORE_HIGH_MARKS.sub(NARROW_NO_BREAK, quoted))


def _english(text: str) -> str:
    return _QUOTED.sub(r"“\1”", text)
