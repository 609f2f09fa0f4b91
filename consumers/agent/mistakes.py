"""What is wrong in the file of an agent, key by key, in words for whoever wrote it.

What stands in the file is not quoted: it may be a secret that somebody wrote there by mistake.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from ledger.errors import in_our_words
from ledger.intake.names import advice

KINDS = "http, tcp, tls or dns"
_OF_SEVERAL_TYPES = {
    "proxy": "is to be an address in quotes, as http://host:port, or false",
    "json_equals": "is to be a text in quotes, a whole number, true or false",
}
"""Keys that take several types of values: pydantic tells what each of them lacks."""
_WORDS = {
    "missing": "is missing; write it",
    "extra_forbidden": "is no key of this part of an agent's file; see docs/howto/agent.md",
    "string_type": "is to be a text; write it in quotes",
    "path_type": "is to be the name of a file; write it in quotes",
    "int_type": "is to be a whole number, without quotes",
    "tuple_type": "is to be a list; write it in brackets, as [1, 2]",
    "dict_type": 'is to be a table; write it as {{Name = "value"}}',
    "too_short": "is empty; write at least one",
    "too_long": "holds more than {max_length:,}; spread them over several agents",
    "string_too_long": "is too long; write at most {max_length:,} letters",
    "greater_than_equal": "is too little; write {ge:,} or more",
    "less_than_equal": "is too much; write {le:,} or less",
    "literal_error": "is none that is known; write {expected}",
    "string_too_short": "is empty; write something, or leave it out",
    "string_pattern_mismatch": "holds what it cannot; write a name or an address, without blanks, / and @",
    "ip_any_address": "is no address; write one of numbers, as 192.0.2.53",
    "union_tag_invalid": f"is none that is known; write {KINDS}",
    "model_attributes_type": "is to be a table; write [[target]] above its keys",
}
"""What pydantic calls a mistake -> what we say of it, with the limits that it names."""
_IN_TARGET = 3
"""Behind `target`, which of them and its kind, which pydantic puts there, comes the key."""


def mistakes(error: ValidationError, stated: Mapping[str, Any]) -> Iterator[str]:
    """A line for each key that is wrong, and for what is wrong of all of them together."""
    told = set()
    for each in error.errors(include_input=False):
        key = _key(each, stated)
        if key not in told and not _is_of_its_items(each, stated):
            told.add(key)
            yield f"  {key}: {_sentence(each, stated)}" if key else f"  {_sentence(each, stated)}"


def _is_of_its_items(each: ErrorDetails, stated: Mapping[str, Any]) -> bool:
    """Whether a list is too short only because nothing in it could be read, which is told by itself."""
    return each["type"] == "too_short" and bool(_at(stated, each["loc"]))


def _sentence(each: ErrorDetails, stated: Mapping[str, Any]) -> str:
    kind, place = each["type"], each["loc"]
    if len(place) > _IN_TARGET and place[_IN_TARGET] in _OF_SEVERAL_TYPES and kind != "value_error":
        return _OF_SEVERAL_TYPES[str(place[_IN_TARGET])]
    if kind == "string_pattern_mismatch" and place[-1] in ("agent", "platform"):
        return advice(str(_at(stated, place)))
    if kind == "tuple_type" and place == ("target",):
        return "is to be a list of tables; write [[target]] above the keys of each"
    if kind in _WORDS:
        return _WORDS[kind].format(**each.get("ctx", {}))
    return in_our_words(each["msg"])


def _key(each: ErrorDetails, stated: Mapping[str, Any]) -> str:
    """Which key it is; empty if it is of none."""
    place = each["loc"]
    if len(place) < 2 or place[0] != "target":  # noqa: PLR2004 - `target`, and which of them
        return ".".join(map(str, place))
    number = int(place[1])
    found = stated["target"][number]
    whose = found.get("platform") if isinstance(found, dict) else None
    keys: list[object] = list(place[_IN_TARGET:])
    if keys and keys[0] in _OF_SEVERAL_TYPES:
        keys = keys[:1]
    if each["type"] == "union_tag_invalid":
        keys = ["kind"]
    return ".".join([f"target {number + 1}{f' ({whose})' if whose else ''}", *map(str, keys)])


def _at(stated: Any, place: tuple[int | str, ...]) -> Any:  # noqa: ANN401 - whatever TOML can hold
    found = stated
    for part in place:
        is_there = isinstance(found, dict) and part in found  # pydantic names kinds, which no file does
        if is_there or (isinstance(found, list) and isinstance(part, int)):
            found = found[part]
    return found
