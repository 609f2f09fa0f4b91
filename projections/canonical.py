"""The canonical JSON of a statement (RFC 8785) and its digest.

The digest is over everything in the object less `digest` itself and `as_of.recorded_at`: the same facts known
give the same bytes, whenever the question was asked. Only a period that had not ended runs to the moment of
the question, and has it in the digest as its end.
"""

from typing import Any

import orjson

from ledger.fact import hash_of
from projections.figures import Statement


def as_json(statement: Statement) -> dict[str, Any]:
    """The object that `--json` prints, keys as the design names them."""
    return statement.model_dump(mode="json", by_alias=True)


def canonical(figures: dict[str, Any]) -> bytes:
    """Figures in the form of RFC 8785.

    That form sorts keys by UTF-16 units and orjson by UTF-8 bytes: the same for keys of ASCII, which all of
    ours are. Figures have no float, in which the two would differ.

    Raises:
        orjson.JSONEncodeError: a number beyond 2^53.
    """
    return orjson.dumps(figures, option=orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER)


def canonical_bytes(figures: dict[str, Any]) -> bytes:
    """What the digest is over.

    Raises:
        orjson.JSONEncodeError: a number beyond 2^53; a figure has none.
    """
    kept = {name: value for name, value in figures.items() if name != "digest"}
    kept["as_of"] = {name: value for name, value in kept["as_of"].items() if name != "recorded_at"}
    return canonical(kept)


def digest(figures: dict[str, Any]) -> str:
    """`sha256:` and the hash of the canonical bytes, in hex."""
    return hash_of(canonical_bytes(figures))


def sealed(statement: Statement) -> Statement:
    """The statement with its digest."""
    return statement.model_copy(update={"digest": digest(as_json(statement))})
