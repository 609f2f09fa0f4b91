"""What commands share: the ledger's option, the clock at the edge, printing, times as people write them."""

import os
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from datetime import date
    from zoneinfo import ZoneInfo

    from rich.console import Console
    from rich.progress import Progress, TaskID

    from ledger.application import Ledger
    from ledger.fact import RecordedFact, Span
    from ledger.log.interface import Engine
    from ledger.progress import Stages
    from projections.asof import AsOf, Known

DEFAULT_LEDGER = "sqlite:///constat.db"
MANY_RECORDS = 2_000
"""Fewer are read before a bar could be seen."""

LedgerOption = Annotated[
    str,
    typer.Option(
        "--ledger",
        envvar="CONSTAT_LEDGER",
        metavar="PATH|URL",
        help="The ledger: its file, or sqlite:///relative.db, sqlite:////absolute.db, kafka://host:port/name.",
        show_default=True,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object for machines.")]
NoCacheOption = Annotated[
    bool,
    typer.Option("--no-cache", help="Fold every round anew, and keep nothing; the figures are the same."),
]
AsOfOption = Annotated[
    str | None,
    typer.Option("--as-of", metavar="TIME|POSITION|SEAL", help="As known then; now if not given."),
]
OccurredOption = Annotated[
    str | None,
    typer.Option("--at", metavar="TIME", help="When it happened, with its offset; now if not given."),
]


def opaque(option: typer.CallbackParam, value: Any) -> Any:  # noqa: ANN401 - one id, several or none
    """Ids of people as an option names them; every such option has this for its callback.

    Here and not in the facts, so that a ledger of before in which an address stands is read all the same.

    Raises:
        BadInputError: one is an address. It is not repeated: what is printed may be logged.
    """
    from ledger.errors import BadInputError

    if any("@" in each for each in ([value] if isinstance(value, str) else value or ())):
        raise BadInputError(
            f"{option.opts[0]}: an id of a person has no @; an address would stay in the ledger for ever, so "
            "write an id that tells nothing of the person, as p-4711"
        )
    return value


ByOption = Annotated[
    str, typer.Option("--by", metavar="ID", callback=opaque, help="Who says so, by an opaque id.")
]
FollowOption = Annotated[
    bool, typer.Option("--follow", help="Go on with what comes, until SIGTERM or Ctrl-C.")
]

_DIGITS = 19
"""A position has fewer."""
_SEAL = re.compile(r"s[0-9]+-[0-9a-f]{12}")
"""The name of a seal; no time is written so."""


def ledger_to_name(ledger: str, *, for_others: bool = False) -> str | None:
    """How a command that asks again names its ledger: not at all if it is the default one.

    What others are shown is without the options of the URL, which say who asks and how he gets in.
    """
    if ledger == DEFAULT_LEDGER:
        return None
    return ledger.partition("?")[0] if for_others else ledger


def now_ms() -> int:
    """The edge's clock, in UTC milliseconds."""
    return time.time_ns() // 1_000_000


@contextmanager
def open_ledger(url: str, *, create: bool = False) -> Iterator["Ledger"]:
    """The ledger at a URL, closed afterwards; only `create` may make a new one."""
    from ledger.application import Ledger

    with bar_while_reading() as heard:
        opened = Ledger.open(url, create=create, heard=heard)
    with opened as ledger:
        yield ledger


@contextmanager
def bar_while_reading() -> Iterator[Callable[[int, int], None]]:
    """A bar that appears only if much of a ledger has to be read before it can be used."""
    with ExitStack() as shown:
        bars: list[Callable[[int], None]] = []
        seen = 0

        def heard(done: int, of: int) -> None:
            nonlocal seen
            if not bars and of >= MANY_RECORDS:
                bars.append(shown.enter_context(progress_bar("reading the log, once on this machine", of)))
            for advance in bars:
                advance(done - seen)
            seen = done

        yield heard


def instant(text: str, zone: "ZoneInfo | None" = None) -> int:
    """A time as a person writes it; without an offset it is local time in the zone, if one is known.

    Raises:
        BadInputError: it is no time, it names no zone, no zone could show it, or it stands twice or never on
            a clock's change.
    """
    from ledger.errors import BadInputError
    from ledger.instants import NoZoneError, format_instant, parse_instant, parse_local

    try:
        return parse_instant(text)
    except NoZoneError as error:
        if zone is None:
            raise BadInputError(str(error)) from None
    except ValueError as error:
        raise BadInputError(str(error)) from None
    first, second = parse_local(text, zone)
    if first != second:
        raise BadInputError(
            f"{text} stands twice or never on the clock of {zone} that night; write its offset: "
            f"{format_instant(first, zone)} or {format_instant(second, zone)}"
        )
    return first


def day(text: str) -> "date":
    """A local day as a person writes it.

    Raises:
        BadInputError: it is none.
    """
    from datetime import date

    from ledger.errors import BadInputError

    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInputError(f"{text!r} is no day; write one as 2026-10-01") from None


def occurred(text: str | None, zone: "ZoneInfo | None" = None) -> int:
    """When something happened: as written, or now."""
    return now_ms() if text is None else instant(text, zone)


def span_between(start: str, end: str, zone: "ZoneInfo | None" = None) -> "Span":
    """The half-open span of two times as a person writes them; without an offset local times of the zone.

    Raises:
        BadInputError: it would end before it starts.
    """
    from ledger.errors import BadInputError
    from ledger.fact import Span

    start_ms, end_ms = instant(start, zone), instant(end, zone)
    if start_ms >= end_ms:
        raise BadInputError(f"{end} does not come after {start}; exchange the two times or correct one")
    return Span.of(start_ms, end_ms)


def as_of(engine: "Engine", text: str | None) -> "AsOf":
    """The moment of knowledge that a person asks for: a position, a seal, a time, or now.

    `KNOWN/MOMENT` is what was known then, looked at later, when nothing more was known.

    Raises:
        BadInputError: it is none, or lies in the future, of which nothing can be known for ever.
    """
    from ledger.sealing import named
    from projections.asof import at_head, at_position, at_seal, at_time

    if text is None:
        return at_head(engine, now_ms())
    known, slash, moment = text.partition("/")
    if known.isdecimal():
        found = at_position(engine, int(known[:_DIGITS]))
    elif _SEAL.fullmatch(known):
        found = at_seal(engine, named(engine, known))
    else:
        found = at_time(engine, _past(engine, known))
    return found.looked_at(_past(engine, moment)) if slash else found


def _past(engine: "Engine", text: str) -> int:
    from ledger.errors import BadInputError

    moment_ms = instant(text)
    if moment_ms > max(now_ms(), engine.head().recorded_ms):
        raise BadInputError(
            f"--as-of {text} is yet to come, and more may be recorded until then; leave it out for what is "
            "known now"
        )
    return moment_ms


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
    from projections.asof import Known, at_head

    return Known.at(ledger.engine, at_head(ledger.engine, now_ms()))


def facts_now(url: str) -> "Known":
    """The facts that a ledger knows now, read once: it is closed again, and no round can be asked for."""
    with open_ledger(url) as ledger:
        return known_now(ledger)


def console() -> "Console":
    """The standard output, laid out; a pipe that is closed is left to the group to understand."""
    from rich.console import Console

    class Output(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    return Output()


def print_json(value: Any) -> None:  # noqa: ANN401 - whatever JSON can hold
    """One JSON object on the standard output, keys as they stand."""
    import orjson

    sys.stdout.buffer.write(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    sys.stdout.flush()


def print_recorded(
    recorded: "Sequence[RecordedFact]", *, as_json: bool = False, more: Mapping[str, object] | None = None
) -> None:
    """Say what was taken down: position, both clocks, the fact's type and stream.

    As JSON one object: the fact itself where there is one, else all of them under `recorded`; and `more`.
    """
    found = [_recorded(fact) for fact in recorded]
    if as_json:
        print_json((found[0] if len(found) == 1 else {"recorded": found}) | dict(more or {}))
        return
    for each in found:
        print(
            f"recorded at position {each['position']}: {each['type']} on {each['stream']} "
            f"(occurred {each['occurred_at']}, recorded {each['recorded_at']})"
        )


def _recorded(fact: "RecordedFact") -> dict[str, object]:
    from ledger.instants import format_instant

    return {
        "position": fact.position,
        "stream": fact.stream,
        "sequence": fact.sequence,
        "type": fact.fact.TYPE,
        "occurred_at": format_instant(fact.occurred_ms),
        "recorded_at": format_instant(fact.recorded_ms),
        "hash": fact.hash,
    }


def warn(sentence: str) -> None:
    """Say on the standard error what was done all the same, and what it does not do."""
    print(f"constat: warning: {sentence}", file=sys.stderr)


def duration(length_ms: int) -> str:
    """A length of time as people say it: `1 h 30 min`, `2.5 s`."""
    seconds, rest_ms = divmod(length_ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    fraction = f".{rest_ms:03}".rstrip("0") if rest_ms else ""
    parts = (
        (hours, f"{hours} h"),
        (minutes, f"{minutes} min"),
        (seconds or rest_ms, f"{seconds}{fraction} s"),
    )
    return " ".join(text for value, text in parts if value) or "0 s"


def pairs(
    texts: list[str], option: str, form: str = "name=value", *, by_last: bool = False
) -> dict[str, str]:
    """Options written `name=value`, as a mapping: by their first `=`, or the last one if names hold others.

    Raises:
        BadInputError: one of them has no `=` or nothing beside it, or a name comes twice.
    """
    from ledger.errors import BadInputError

    found: dict[str, str] = {}
    for text in texts:
        name, _, value = text.rpartition("=") if by_last else text.partition("=")
        if not name or not value or name in found:
            raise BadInputError(f"{option} {text!r}: write each once, as {form}")
        found[name] = value
    return found


def is_terminal() -> bool:
    """Whether a person is looking at the standard output (bars and colours only then)."""
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


@contextmanager
def progress_bar(what: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """A bar on the standard error while a person looks at the terminal; the yielded call advances it."""
    if not is_terminal():
        yield lambda _: None
        return
    with _bars() as progress:
        task = progress.add_task(what, total=total)
        yield lambda steps: progress.advance(task, steps)


@contextmanager
def progress_in_stages() -> Iterator["Stages"]:
    """The same for work in several stages, each with a bar of its own once it begins."""
    from ledger.progress import untold

    if not is_terminal():
        yield untold
        return
    with _bars() as progress:
        tasks: dict[str, TaskID] = {}

        def heard(what: str, done: int, of: int) -> None:
            if what not in tasks:
                tasks[what] = progress.add_task(what, total=of)
            progress.update(tasks[what], completed=done, total=of)

        yield heard


def _bars() -> "Progress":
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)
