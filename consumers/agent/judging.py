"""From two tries to an outcome, by what the agent knows of itself meanwhile. Pure; spec 12."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from consumers.agent.sentences import Sentence, of_two, only_later, seconds, sentence, with_original
from ledger.rounds import LATENCY_MS_MAX, Outcome

STANDSTILL_MS = 500
"""An agent that stood still for longer cannot say of an answer that did not come that it would not have."""
WAITED = frozenset(
    {"connect-timeout", "answer-timeout", "name-timeout", "dns-timeout", "closed", "tls-failed"}
)
"""What an agent that stands still may take for a fault of the other side."""
OWN = frozenset({"own-room", "own-forbidden", "own-proxy", "own-proxy-away", "own-mistake"})
"""What a try itself finds wrong with the agent."""
OF_NAMES = frozenset({"name-timeout", "name-unknown", "name-unresolved"})


class Attempt(NamedTuple):
    """One try of one target; times are of the monotonic clock."""

    started_ms: int
    ended_ms: int
    failure: Sentence | None = None
    """Why it is no answer as expected; None if it is one."""
    original: str = ""
    """What the system or a library said of the failure."""
    status: int = 0
    worry: Sentence | None = None
    """Why an answer as expected is not good all the same: its certificate ends soon."""

    @property
    def length_ms(self) -> int:
        """How long it took."""
        return self.ended_ms - self.started_ms


class Check(NamedTuple):
    """One look at the references: whether any answered, and whether any name of one was resolved."""

    started_ms: int
    ended_ms: int
    answered: bool
    resolved: bool


class Standstill(NamedTuple):
    """A while in which the agent did nothing at all, though it had to."""

    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Self:
    """What an agent knows of itself during the tries of one target, and after them."""

    checks: Sequence[Check] = ()
    standstills: Sequence[Standstill] = ()

    def stood_still_ms(self, start_ms: int, end_ms: int) -> int:
        """How long it stood still within a span, together."""
        common = (min(each.end_ms, end_ms) - max(each.start_ms, start_ms) for each in self.standstills)
        return sum(length for length in common if length > 0)


class Judged(NamedTuple):
    """What a round says of one platform."""

    outcome: Outcome
    status: int = 0
    error: str = ""
    latency_ms: int = 0


def judged(
    first: Attempt, second: Attempt | None, known: Self, degraded_after_ms: int | None = None
) -> Judged:
    """The outcome of a target after its tries; there is a second one if and only if the first one failed."""
    if first.failure is None:
        return _answered(first, known, degraded_after_ms)
    assert second, "who failed is tried again"
    if second.failure is None and is_excused(first, known):
        return _answered(second, known, degraded_after_ms)
    latency_ms = min(second.length_ms, LATENCY_MS_MAX)
    if second.failure is None:
        error = with_original(only_later(first.failure), first.original)
        return Judged("degraded", second.status, error, latency_ms)
    if trouble := own_trouble(first, second, known):
        said = with_original(trouble.text, of_two(first.failure, second.failure))
        return Judged("unknown", second.status, said, latency_ms)
    said = with_original(of_two(first.failure, second.failure), second.original or first.original)
    return Judged("down", second.status, said, latency_ms)


def _answered(attempt: Attempt, known: Self, degraded_after_ms: int | None) -> Judged:
    latency_ms = min(attempt.length_ms, LATENCY_MS_MAX)
    of_the_other_ms = attempt.length_ms - known.stood_still_ms(attempt.started_ms, attempt.ended_ms)
    worry = attempt.worry
    if degraded_after_ms is not None and of_the_other_ms > degraded_after_ms:
        worry = sentence("slow", of_the_other_ms, degraded_after_ms)
    if worry:
        return Judged("degraded", attempt.status, worry.text, latency_ms)
    return Judged("up", attempt.status, "", latency_ms)


def is_excused(first: Attempt, known: Self) -> bool:
    """Whether a first try may have failed by the agent's own trouble; then only the second one counts."""
    assert first.failure
    kind, (start_ms, end_ms) = first.failure.kind, first[:2]
    stood_still = kind in WAITED and known.stood_still_ms(start_ms, end_ms) > STANDSTILL_MS
    meanwhile = (each for each in known.checks if each.started_ms <= end_ms and each.ended_ms >= start_ms)
    return kind in OWN or stood_still or not all(each.answered for each in meanwhile)


def own_trouble(first: Attempt, second: Attempt, known: Self) -> Sentence | None:
    """Why an agent cannot know whether a target that failed twice was down; None if it can."""
    assert first.failure
    assert second.failure
    kinds = {first.failure.kind, second.failure.kind}
    if own := kinds & OWN:
        return next(
            each.failure for each in (first, second) if each.failure and each.failure.kind == min(own)
        )
    stood_still_ms = known.stood_still_ms(first.started_ms, second.ended_ms)
    if stood_still_ms > STANDSTILL_MS and kinds & WAITED:
        return sentence("own-overload", seconds(stood_still_ms))
    meanwhile = [each for each in known.checks if each.ended_ms >= first.started_ms]
    if not any(each.answered and each.started_ms >= second.ended_ms for each in meanwhile):
        return sentence("own-network")
    if not all(each.answered for each in meanwhile):
        return sentence("own-flapping")
    if second.failure.kind in OF_NAMES and not any(
        each.resolved and each.started_ms >= second.ended_ms for each in meanwhile
    ):
        return sentence("own-names")
    return None
