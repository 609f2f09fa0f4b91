"""The rounds of one agent of the benchmark's month, one a minute, with latencies, jitter and late probes."""

from collections.abc import Iterator, Mapping
from itertools import islice

from consumers.bench.dice import below, noise, spread, throws
from consumers.bench.month import BEGIN_MS, MISSING, Month, agent_of, not_up_by_minute, platforms_of, silences
from ledger.instants import MINUTE_MS
from ledger.plans import Planned, PlanSet
from ledger.rounds import LATE, NotUp, Round

_ANSWER_MS = spread(12_000, 105, 110, 120, 125, 130, 140, 150, 180)
"""How long an answer takes longer than the platform's own least, for each byte."""
_OWN_MS = spread(15_000, 110, 120, 130, 140, 150, 160, 180, 200)
"""The least of a platform."""
_JITTER_MS = spread(1_500, 115, 120, 130, 140, 150, 160, 180, 220)
_LATE_MS = spread(255_000, 110, 120, 130, 150, 170, 200, 220, 250)
_TAKES_MS = {"down": 10_000, "degraded": 2_000}

_JITTER = bytes(min(ms, LATE - 1) for ms in _JITTER_MS)
_LOW = bytes(ms & 255 for ms in _ANSWER_MS)
_HIGH = bytes(ms >> 8 for ms in _ANSWER_MS)


def plan_of(month: Month, stream: int, witness: int) -> PlanSet:
    """An agent's plan: its platforms spread over the minute, those of the second half a minute later."""
    n = month.platforms
    offsets_ms = [(i * MINUTE_MS // n + witness * MINUTE_MS // 2) % MINUTE_MS for i in range(n)]
    names = platforms_of(month, stream)
    planned = tuple(Planned(platform=name, offset_ms=ms) for name, ms in zip(names, offsets_ms, strict=True))
    return PlanSet(agent=agent_of(stream, witness), plan_version=1, platforms=planned)


def rounds_of(month: Month, stream: int, witness: int, minutes: range | None = None) -> Iterator[Round]:
    """An agent's rounds of the month, or of some of its minutes."""
    agent, columns = agent_of(stream, witness), _Columns(month, stream, witness)
    silent = {minute for each in silences(month, stream, witness) for minute in each}
    asked = range(month.minutes) if minutes is None else minutes
    for minute, now in enumerate(islice(not_up_by_minute(month, stream, witness), asked.stop)):
        if minute in asked and minute not in silent:
            missing = sorted(index for index, seen in now.items() if seen is MISSING)
            jitter, late_ms, latencies = columns.of(minute, now)
            yield Round(
                agent=agent,
                number=minute + 1,
                plan=f"{agent}/1",
                start_ms=BEGIN_MS + minute * MINUTE_MS,
                n=month.platforms,
                not_up={index: now[index] for index in sorted(now) if now[index] is not MISSING},
                missing=missing,
                jitter=jitter,
                late_ms=late_ms,
                latencies=latencies,
            )


class _Columns:
    """The columns of one agent's rounds: jitter, what is later than that, latencies."""

    def __init__(self, month: Month, stream: int, witness: int) -> None:
        self._n = month.platforms
        self._name = stream, witness
        own_ms = [_OWN_MS[byte] for byte in noise(self._n, 4, stream)]
        self._own = int.from_bytes(b"".join(ms.to_bytes(2, "little") for ms in own_ms), "little")

    def of(self, minute: int, now: Mapping[int, NotUp]) -> tuple[bytes, dict[int, int], bytes]:
        drawn = noise(2 * self._n, 5, *self._name, minute)
        jitter = bytearray(drawn[: self._n].translate(_JITTER))
        answers = self._answers(drawn[self._n :])
        late_ms = self._late(minute, now)
        for index in late_ms:
            jitter[index] = LATE
        for index, (outcome, *_) in now.items():
            if outcome == MISSING[0]:
                jitter[index] = 0
                answers[index] = answers[self._n + index] = 0
            elif outcome in _TAKES_MS:
                answers[index], answers[self._n + index] = _TAKES_MS[outcome] & 255, _TAKES_MS[outcome] >> 8
        return bytes(jitter), late_ms, bytes(answers)

    def _answers(self, drawn: bytes) -> bytearray:
        """The latency of each platform and what was drawn, added in one sum of integers, 16 bits a lane."""
        lanes = bytearray(2 * self._n)
        lanes[0::2], lanes[1::2] = drawn.translate(_LOW), drawn.translate(_HIGH)
        summed = (self._own + int.from_bytes(lanes, "little")).to_bytes(2 * self._n, "little")
        return bytearray(summed[0::2] + summed[1::2])

    def _late(self, minute: int, now: Mapping[int, NotUp]) -> dict[int, int]:
        """In every second round one platform is probed a quarter of a second to some seconds late."""
        whether, which, late = throws(3, 6, *self._name, minute)
        index = below(self._n, which)
        return {} if whether & 1 or now.get(index) is MISSING else {index: _LATE_MS[late & 255]}
