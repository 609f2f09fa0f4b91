"""Opening a ledger, and what was known of it at the moment that a person asks for."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from consumers.cli import bars, times

if TYPE_CHECKING:
    from ledger.application import Ledger
    from ledger.errors import BadInputError
    from ledger.log.interface import Engine
    from projections.asof import Known
    from projections.moment import AsOf

_DIGITS = 19
"""A position has fewer."""
_SEAL = re.compile(r"s[0-9]+-[0-9a-f]{12}")
"""The name of a seal; no time is written so."""
_SEALS_SHOWN = 3


@contextmanager
def open_ledger(url: str, *, create: bool = False) -> Iterator["Ledger"]:
    """The ledger at a URL, closed afterwards; only `create` may make a new one."""
    from ledger.application import Ledger

    with bars.bar_while_reading() as heard:
        opened = Ledger.open(url, create=create, heard=heard)
    with opened as ledger:
        yield ledger


@contextmanager
def open_known(url: str, text: str | None, *, cached: bool = True) -> Iterator["Known"]:
    """What a ledger knew at the moment that a person asks for; many rounds are folded on all cores.

    Import what brings Polars only within: its threads keep this process from being split (`Workers`).
    """
    from consumers.workers import Workers
    from projections.asof import Known

    with Workers.of(url, cached=cached) as workers, open_ledger(url) as ledger:
        yield Known.at(ledger.engine, as_of(ledger.engine, text), workers.fold)


def known_now(ledger: "Ledger") -> "Known":
    """What an open ledger knows now; rounds are folded here."""
    from projections.asof import Known
    from projections.moment import at_head

    return Known.at(ledger.engine, at_head(ledger.engine, times.now_ms()))


def facts_now(url: str) -> "Known":
    """The facts that a ledger knows now, read once: it is closed again, and no round can be asked for."""
    with open_ledger(url) as ledger:
        return known_now(ledger)


def as_of(engine: "Engine", text: str | None) -> "AsOf":
    """The moment of knowledge that a person asks for: a position, a seal, a time, or now.

    `KNOWN/MOMENT` is what was known then, looked at later, when nothing more was known.

    Raises:
        BadInputError: it is none, or lies in the future, of which nothing can be known for ever.
    """
    from ledger.sealing import named
    from projections.moment import at_head, at_position, at_seal, at_time

    if text is None:
        return at_head(engine, times.now_ms())
    known, slash, moment = text.partition("/")
    if known.isdecimal():
        found = at_position(engine, int(known[:_DIGITS]))
    elif _SEAL.fullmatch(known):
        found = at_seal(engine, named(engine, known))
    elif known[:1].isdecimal():  # as every time begins
        found = at_time(engine, _past(engine, known))
    else:
        raise _no_moment(engine, known)
    return found.looked_at(_past(engine, moment)) if slash else found


def _no_moment(engine: "Engine", text: str) -> "BadInputError":
    """What is said of a text that is no moment of knowledge: how each kind is written, and seals like it."""
    from ledger.errors import BadInputError

    alike = _seals_like(engine, text)
    meant = f"; the seal may be {' or '.join(alike)}" if alike else ""
    return BadInputError(
        f"{text!r} is no date and time, no position and no seal's whole name; write a time as "
        f"2026-10-01T09:00:00+02:00, a position as 42, or a seal as `constat seal` named it{meant}"
    )


def _seals_like(engine: "Engine", text: str) -> list[str]:
    """The last seals whose name begins with a text; none where it begins as no seal does."""
    from projections.asof import Known
    from projections.moment import at_head

    if not re.match(r"s[0-9]", text):
        return []
    seals = Known.at(engine, at_head(engine, times.now_ms())).seals
    return [name for name in seals if name.startswith(text)][-_SEALS_SHOWN:]


def _past(engine: "Engine", text: str) -> int:
    from ledger.errors import BadInputError

    moment_ms = times.instant(text)
    if moment_ms > max(times.now_ms(), engine.head().recorded_ms):
        raise BadInputError(
            f"--as-of {text} is yet to come, and more may be recorded until then; leave it out for what is "
            "known now"
        )
    return moment_ms
