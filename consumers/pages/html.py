"""A statement as one page that stands by itself: no script, nothing fetched, the same bytes each time."""

import base64
import hashlib
from functools import lru_cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from consumers.pages import (
    arithmetic,
    checking,
    drawing,
    entries,
    strip,
    summary,
    telling,
    time_table,
    words,
)
from consumers.pages.format import Format
from consumers.pages.harmless import harmless
from consumers.pages.vocabulary import Words
from projections.figures import Statement


def page(
    statement: Statement,
    language: str | None = None,
    asked: checking.Asked = checking.AS_AGREED,
) -> str:
    """The page in the statement's own language or in the one asked for; it names the readings asked for.

    Raises:
        BadInputError: there are no words in that language.
    """
    spoken = words.spoken(statement, language)
    quiet = harmless(statement)
    style = environment().get_template("statement.css").render()
    return (
        environment()
        .get_template("statement.html.jinja")
        .render(
            statement=quiet,
            asked=asked,
            words=spoken,
            form=Format.of(quiet, spoken),
            style_hash=style_hash(style),
            contents=_contents(spoken),
            closer=_closer(quiet),
        )
    )


def _contents(said: Words) -> list[tuple[str, str]]:
    return [
        ("days", said.days_title),
        ("availability", said.availability_title),
        ("penalties", said.penalties_title),
        ("reasons", said.reasons_title),
        ("register", said.register_title),
        ("commitments", said.commitments_title),
        ("readings", said.readings_title),
        ("check", said.check_title),
    ]


def _closer(statement: Statement) -> dict[str, list[strip.EventfulDay]]:
    """The eventful days of every platform that has any; what a penalty hangs on comes first."""
    met_last = sorted(statement.availability.platforms, key=lambda each: each.target_met)
    found = {each.platform: strip.eventful_days(statement, each) for each in met_last}
    return {name: days for name, days in found.items() if days}


@lru_cache
def environment() -> Environment:
    """The templates of all pages, and what they may call."""
    loaded = Environment(
        loader=PackageLoader("consumers.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    loaded.globals.update(
        arithmetic=arithmetic,
        checking=checking,
        drawing=drawing,
        entries=entries,
        speech=words,
        strip=strip,
        summary=summary,
        telling=telling,
        time_table=time_table,
    )
    return loaded


def style_hash(style: str) -> str:
    """What the page's own policy allows as style, and nothing else."""
    return "sha256-" + base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
