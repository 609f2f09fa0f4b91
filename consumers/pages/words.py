"""The words of a page in a language, set as that language is printed.

`words_fr` and `words_en` write with plain spaces and straight apostrophes; here they are set. The text of a
fact is evidence and is never set: it is shown as it was written.
"""

from collections.abc import Mapping
from dataclasses import fields, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from consumers.pages.typography import typeset
from consumers.pages.vocabulary import Words
from consumers.pages.words_en import ENGLISH
from consumers.pages.words_fr import FRENCH
from ledger.errors import BadInputError
from ledger.readings import QUESTIONS, Question
from projections.figures import Statement

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Worded = TypeVar("Worded", bound="DataclassInstance")

_KNOWN: Mapping[str, Words] = {"fr": FRENCH, "en": ENGLISH}
_QUESTIONS: Mapping[str, Question] = {question.name: question for question in QUESTIONS}


@lru_cache
def of(language: str) -> Words:
    """The words of a language.

    Raises:
        BadInputError: the pages do not speak it.
    """
    if language not in _KNOWN:
        raise BadInputError(f"no words in {language!r}; pages exist in: {', '.join(sorted(_KNOWN))}")
    return typeset_words(_KNOWN[language], language)


def typeset_words(plain: Worded, language: str) -> Worded:
    """The same words, each text set as the language is printed."""
    return replace(plain, **{each.name: _set(getattr(plain, each.name), language) for each in fields(plain)})


def spoken(statement: Statement, language: str | None) -> Words:
    """The words of the language asked for, or of the statement's own."""
    return of(language or statement.language)


def question(words: Words, reading: str) -> str:
    """What an ambiguous clause leaves open."""
    asked = _QUESTIONS[reading]
    return typeset(asked.fr if words.language == "fr" else asked.en, words.language)


def answer(words: Words, reading: str, value: str) -> str:
    """What a reading's value means; an open reading may have one that has no words but itself."""
    for choice in _QUESTIONS[reading].choices:
        if choice.value == value:
            return typeset(choice.fr if words.language == "fr" else choice.en, words.language)
    return value


def clause(reading: str) -> str:
    """The section of the contract that a reading reads."""
    return _QUESTIONS[reading].clause


def _set(worded: Any, language: str) -> Any:  # noqa: ANN401 - a field is a text, several or a mapping
    match worded:
        case str():
            return typeset(worded, language)
        case tuple():
            return tuple(typeset(each, language) for each in worded)
        case Mapping():
            return {code: typeset(each, language) for code, each in worded.items()}
    raise AssertionError(f"no words: {worded!r}")
