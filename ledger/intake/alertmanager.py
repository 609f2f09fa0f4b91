"""Silences of an Alertmanager, as claims of planned work: somebody has to rule on each.

A silence says that somebody did not want to hear of something. It tells no client anything, so it is never
a notice, and excludes nothing until a ruling accepts it. It is filed once it has expired: until then its end
can still be moved, and a claim cannot.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ledger import claims
from ledger.application import Ledger
from ledger.claims import Claim, ClaimFiled
from ledger.errors import BadInputError, counted
from ledger.fact import Evidence, Fact, Span
from ledger.instants import parse_instant
from ledger.intake.names import slug
from ledger.intake.told import SOURCE, ImportedFacts, Keep, document_of, text
from ledger.intake.web import Web, listed

_PATH = "/api/v2/silences"
_BY = "alertmanager"
_EXPIRED = "expired"
_SIGNS = {(True, False): "=", (False, False): "!=", (True, True): "=~", (False, True): "!~"}
"""By whether it is to be equal, and whether it is a pattern."""


class Silence(NamedTuple):
    """One silence, and the platforms that its matchers name."""

    key: str
    called: tuple[str, ...]
    """The platforms as its matchers write them."""
    platforms: tuple[str, ...]
    state: str
    start_ms: int
    end_ms: int
    comment: str
    matchers: str
    document: bytes


def read(web: Web, label: str, names: Mapping[str, str]) -> list[Silence]:
    """Every silence that the Alertmanager still has.

    Raises:
        UnreachableSourceError: it does not answer.
        BadInputError: it does not answer as version 2 of its API.
    """
    said = web.json(_PATH)
    try:
        return sorted(_silences(said, label, names), key=lambda each: (each.start_ms, each.key))
    except (KeyError, TypeError, ValueError) as error:
        raise BadInputError(
            f"{web.address.shown}{_PATH} does not answer as Alertmanager does ({error!r}); name the "
            "address before /api/v2"
        ) from None


def _silences(said: Any, label: str, names: Mapping[str, str]) -> Iterator[Silence]:  # noqa: ANN401 - JSON
    for each in listed(said):
        called = tuple(_named(each["matchers"], label))
        yield Silence(
            each["id"],
            called,
            tuple(sorted({names.get(value, slug(value)) for value in called})),
            each["status"]["state"],
            parse_instant(each["startsAt"]),
            parse_instant(each["endsAt"]),
            each.get("comment") or "",
            ", ".join(sorted(map(_matcher, each["matchers"]))),
            document_of(each),
        )


def _named(matchers: list[dict[str, Any]], label: str) -> Iterator[str]:
    """The values that a label must have; a pattern may mean anything, and names none."""
    for each in matchers:
        if each["name"] == label and not each["isRegex"] and each.get("isEqual", True):
            yield each["value"]


def _matcher(each: Mapping[str, Any]) -> str:
    sign = _SIGNS[each.get("isEqual", True), each["isRegex"]]
    return f'{each["name"]}{sign}"{each["value"]}"'


def import_silences(  # noqa: PLR0913, PLR0917 - what, where to, of whom, when, and where documents go
    ledger: Ledger, name: str, silences: list[Silence], platforms: set[str], now_ms: int, keep: Keep
) -> ImportedFacts:
    """File a claim for each silence that has expired and names platforms of a contract.

    Raises:
        ConflictError: another writer was first; the same import again files what is still missing.
    """
    expired = [each for each in silences if each.state == _EXPIRED and each.start_ms < each.end_ms]
    waiting = sum(each.state != _EXPIRED for each in silences)
    known = [(each, tuple(p for p in each.platforms if p in platforms)) for each in expired]
    ours = [(each, some) for each, some in known if some]
    stored = sum(_file(ledger, each, some, now_ms, keep) for each, some in ours)
    notes = []
    if stored:
        notes.append("each excludes nothing until it is ruled on (`constat inbox`, `constat claim rule`)")
    if waiting:
        notes.append(
            f"{counted(waiting, 'silence')} not expired yet: the end may still be moved; import again later"
        )
    if len(ours) < len(expired):
        left = counted(len(expired) - len(ours), "silence")
        notes.append(
            f"{left} that name no platform of a contract: see --label and --name; a pattern names none"
        )
    return ImportedFacts(name, "silence", len(silences), stored, tuple(notes))


def _file(ledger: Ledger, silence: Silence, platforms: tuple[str, ...], now_ms: int, keep: Keep) -> bool:
    claim = slug(f"silence-{silence.key}")

    def decide(state: Claim) -> tuple[Fact, ...]:
        if state.filed:
            return ()
        evidence = Evidence(name=f"{claim}.json", sha256=keep(silence.document))
        filed = ClaimFiled(
            claim=claim,
            platforms=platforms,
            claimed=Span.of(silence.start_ms, silence.end_ms),
            event=text(
                f"planned work, as a silence of Alertmanager says it ({silence.matchers}): {silence.comment}"
            ),
            evidence=(evidence,),
            by=_BY,
        )
        return (claims.file(state, filed),)

    stream = claims.stream_of(claim)
    recorded = ledger.record(stream, claims.INITIAL, claims.evolve, decide, occurred_ms=now_ms, source=SOURCE)
    return bool(recorded)
