"""How a command of ops takes a fact down: load, decide, append, say what was recorded."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from consumers.cli import opening, printing, times

if TYPE_CHECKING:
    from pathlib import Path
    from zoneinfo import ZoneInfo

    from ledger.application import Ledger
    from ledger.fact import Fact, Span
    from ledger.incidents import Browser
    from projections.asof import Known

SKEW_MS = 5 * 60 * 1000
"""How far this machine's clock may be behind that by which an occurrence was written down. Beyond it what is
written is yet to come; facts that are copied or imported keep whatever occurred clock they have."""


PLAIN = {
    "string_too_short": "is empty; write it",
}
"""What a person is told in place of the words of the model."""


@contextmanager
def understood() -> Iterator[None]:
    """Turn what a fact's model refuses into a sentence that names the option.

    Raises:
        BadInputError: a value does not fit the fact.
    """
    from pydantic import ValidationError

    from ledger.errors import BadInputError, in_our_words
    from ledger.intake.names import advice

    try:
        yield
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        if first["type"] == "string_pattern_mismatch":  # of all texts only names have a pattern here
            raise BadInputError(f"{field}: {advice(first['input'])}") from None
        message = PLAIN.get(first["type"]) or in_our_words(first["msg"])
        if not first["loc"]:
            raise BadInputError(message) from None
        raise BadInputError(f"{field}: {message}; got {first['input']!r}") from None


def take_down(
    ledger: str,
    subject: Any,  # noqa: ANN401 - a module of the ledger: INITIAL, evolve, stream_of
    name: str,
    decide: Callable[[Any], "Fact"],
    *,
    at: str | None,
    as_json: bool,
    platforms: Iterable[str] = (),
    option: str = "--at",
    evidence: "Attached | None" = None,
    shown: Iterable[str] = (),
    more: Mapping[str, object] | None = None,
) -> None:
    """Record what a subject decides and print it; `platforms` must belong to some contract.

    What is `shown` stands below, for people only, and `more` is for machines only.

    Its evidence is on disk before the fact is appended, and only if the fact is not refused.
    """
    occurred_ms = occurrence(at, option)

    def decided(state: Any) -> "Fact":  # noqa: ANN401 - of whichever subject
        fact = decide(state)
        if evidence:
            evidence.keep()
        return fact

    with opening.open_ledger(ledger) as opened, understood():
        require_platforms(opened, platforms)
        recorded = opened.record(
            subject.stream_of(name), subject.INITIAL, subject.evolve, decided, occurred_ms=occurred_ms
        )
    printing.print_recorded(recorded, as_json=as_json, more=more)
    if not as_json:
        for line in shown:
            print(line)


def shown_back(known: "Known", platforms: Iterable[str], spans: "Iterable[Span]") -> list[str]:
    """Spans as the clock of each contract concerned shows them, a line each."""
    from consumers.pages import previewed
    from ledger.contracts import require_signed
    from ledger.instants import format_instant
    from ledger.terms import zone_of
    from projections.attention import concerned, signed
    from projections.figures import SpanFigures

    of_whom, lines = tuple(platforms), []
    for each in spans:
        for name, contract in signed(known):
            if concerned(contract, of_whom, each.interval):
                zone = zone_of(require_signed(contract).zone)
                start = format_instant(each.interval.start_ms, zone)
                end = format_instant(each.interval.end_ms, zone)
                lines.append(f"{name}: {previewed.span(SpanFigures(start=start, end=end))} {zone}")
    return lines


def occurrence(at: str | None, option: str = "--at", zone: "ZoneInfo | None" = None) -> int:
    """When something happened, by an option; what is yet to come is refused, because a fact is in the past.

    Every option by which a person says when something happened is read here. Without an offset it is local
    time of the zone, if one is known.

    Raises:
        BadInputError: the moment lies further ahead of the clock than two clocks may differ.
    """
    from ledger.errors import BadInputError
    from ledger.instants import format_instant

    occurred_ms, now_ms = times.occurred(at, zone), times.now_ms()
    if occurred_ms > now_ms + SKEW_MS:
        raise BadInputError(
            f"{option} {at} is yet to come, it is {format_instant(now_ms, zone)} now; a fact says what "
            "happened, so correct the time, or record it once it has happened"
        )
    return occurred_ms


def require_platforms(ledger: "Ledger", platforms: Iterable[str]) -> None:
    """Refuse a platform that no contract has: it is a slip of the pen.

    Raises:
        BadInputError: names the platforms that contracts have.
    """
    wanted = set(platforms)
    if not wanted:
        return
    from ledger.errors import BadInputError

    have = platforms_of_contracts(ledger)
    if strangers := sorted(wanted - have):
        raise BadInputError(
            f"no contract has {', '.join(strangers)}; platforms are: {', '.join(sorted(have)) or 'none yet'}"
        )


def platforms_of_contracts(ledger: "Ledger") -> set[str]:
    """Every platform that ever belonged to a contract; of other facts not even the bytes are laid out."""
    from ledger.contracts import PlatformAdded
    from ledger.log import codec

    named = PlatformAdded.TYPE.encode()
    kept = (each for each in ledger.engine.facts() if named in each.value)
    found = (codec.decode(each.value).fact for each in kept)
    return {fact.platform for fact in found if isinstance(fact, PlatformAdded)}


@dataclass(frozen=True)
class Attached:
    """The documents that a fact is to name, as they were when they were read."""

    documents: tuple[tuple[str, bytes], ...]
    """Each file's name and its bytes."""

    def named(self) -> tuple[Any, ...]:
        """As the fact names them: by the file's name and the hash of its bytes."""
        from ledger.fact import Evidence, hash_of

        return tuple(Evidence(name=name, sha256=hash_of(document)) for name, document in self.documents)

    def keep(self) -> None:
        """Copy them to the store of CONSTAT_EVIDENCE; one that is there already is not written again.

        Raises:
            EvidenceError: the disk does not take one, or another one lies there under its hash.
        """
        from consumers import settings
        from consumers.evidence import Evidence

        if self.documents:
            store = Evidence(settings.read().evidence)
            for _, document in self.documents:
                store.read(store.keep(document))


def attached(files: Iterable["Path"]) -> Attached:
    """The documents of some files, read once.

    Raises:
        BadInputError: a file cannot be read.
    """
    from ledger.errors import BadInputError

    found = []
    for file in files:
        try:
            found.append((file.name, file.read_bytes()))
        except OSError as error:
            raise BadInputError(f"evidence {file} cannot be read ({error.strerror})") from None
    return Attached(tuple(found))


def browser(text: str) -> "Browser":
    """A browser as an option or an argument names it, `Firefox/128`.

    Raises:
        BadInputError: it names none.
    """
    from pydantic import ValidationError

    from ledger.errors import BadInputError
    from ledger.incidents import Browser

    try:
        return Browser.parse(text)
    except ValidationError:
        raise BadInputError(f"{text!r}: a browser's name has at most 40 letters, as in Firefox/128") from None
    except ValueError as error:
        raise BadInputError(str(error)) from None


def require_administrator(known: "Known", contract: str, person: str, at_ms: int, only: str) -> None:
    """Refuse who was no designated administrator of a contract then, if it had a list of them.

    `only` is what is for administrators alone.

    Raises:
        RefusedError: names those who were.
    """
    from ledger import directory

    state = known.directories.get(contract, directory.INITIAL)
    directory.require_administrator(state, contract, person, at_ms, only)


def require_agent(known: "Known", agent: str, platform: str) -> None:
    """Refuse an agent that never probed the platform: there is nothing of its to correct.

    Raises:
        BadInputError: names the agents that did, or the platform that was probably meant.
    """
    from ledger.errors import BadInputError

    agents: dict[str, set[str]] = {}
    for plan in known.plans.values():
        for planned in plan.platforms:
            agents.setdefault(planned.platform, set()).add(plan.agent)
    if platform not in agents:
        advice = _probably(platform, agents) or "; correct its name (`constat contract show` has them)"
        raise BadInputError(f"no agent ever probed {platform}{advice}")
    if agent not in agents[platform]:
        raise BadInputError(
            f"agent {agent} never probed {platform}; those who did: {', '.join(sorted(agents[platform]))}"
        )


def _probably(name: str, have: Iterable[str]) -> str:
    """The end of a sentence about a name that there is not: the one that is like it, if one is."""
    from ledger.intake.names import likely

    meant = likely([name], have).get(name)
    return f"; it may be {meant}, and if it is, write it so" if meant else ""
