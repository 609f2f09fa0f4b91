"""Names as other programs write them ("Manual (dev)"), made names of platforms and agents ("Manual-dev")."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches

from pydantic import TypeAdapter, ValidationError

from ledger.errors import BadInputError
from ledger.fact import Name

_NAME = TypeAdapter(Name)
_OUTSIDE = re.compile(r"[^A-Za-z0-9._@-]+")
_LENGTH_MAX = 100
_DIGEST_LENGTH = 8
_NAMED = 3
"""So many texts of a source are told where none is the one that was meant."""
ALIKE = 0.8
"""From here on, of 1 for the same, two names may be two spellings of one."""


def is_name(text: str) -> bool:
    """Whether a text is a name as it stands."""
    try:
        _NAME.validate_python(text)
    except ValidationError:
        return False
    return True


def slug(text: str) -> str:
    """A name that depends on the text alone; a text that is a name is its own.

    Accents are dropped, and what a name cannot hold becomes a hyphen. A text too long, or of which nothing
    would be left, is told from others by a part of its hash.
    """
    if is_name(text):
        return text
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    short = _OUTSIDE.sub("-", plain).strip("-._@")
    digest = hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_LENGTH]
    if not short:
        return f"name-{digest}"
    if len(short) > _LENGTH_MAX:
        return f"{short[: _LENGTH_MAX - _DIGEST_LENGTH - 1]}-{digest}"
    return short


def advice(text: str) -> str:
    """What is said of a text that is no name: how names are written, and the name that an import gives it."""
    return (
        "a name is at most 100 letters, digits, points, hyphens, underscores or @, and begins with a letter "
        f"or a digit; {text!r} is none: write {slug(text)}, as an import names it"
    )


def require_name(text: str) -> str:
    """A name that a person gave.

    Raises:
        BadInputError: it is none.
    """
    if not is_name(text):
        raise BadInputError(advice(text))
    return text


def slugs(texts: Iterable[str], given: Mapping[str, str] | None = None) -> dict[str, str]:
    """Each text and its name: the given one if there is one, else its slug.

    Raises:
        BadInputError: two texts would get the same name, or a given one is none.
    """
    named: dict[str, str] = {}
    origin: dict[str, str] = {}
    for text in sorted(set(texts)):
        named[text] = name = require_name((given or {}).get(text) or slug(text))
        if origin.setdefault(name, text) != text:
            raise BadInputError(
                f"{origin[name]!r} and {text!r} would both be named {name}; rename one of them in the file"
                if not given
                else f"{origin[name]!r} and {text!r} would both be named {name}; give each a name of its own"
            )
    return named


def unmatched(given: Mapping[str, str], texts: Iterable[str]) -> Iterator[str]:
    """A sentence for each text that was given a name and that a source does not write.

    It names those that the source has, the most alike if any is: whoever has mistyped one sees it beside its
    own spelling.
    """
    there = sorted(set(texts))
    for text in sorted(given.keys() - set(there)):
        shown = get_close_matches(text, there, n=_NAMED) or there[:_NAMED]
        has = f"it has {', '.join(map(repr, shown))}" if shown else "it names no platform at all"
        rest = f" and {len(there) - len(shown)} more" if len(there) > len(shown) else ""
        yield f"nothing in the source is called {text!r}, so nothing is named {given[text]}; {has}{rest}"


def likely(strangers: Iterable[str], have: Iterable[str]) -> dict[str, str]:
    """For each name that is like one of those there are, however its letters are cased, which one."""
    folded = {name.casefold(): name for name in sorted(have)}
    found = {name: get_close_matches(name.casefold(), folded, n=1, cutoff=ALIKE) for name in strangers}
    return {name: folded[nearest[0]] for name, nearest in found.items() if nearest}
