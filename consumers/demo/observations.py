"""What the three agents saw in October 2026: mostly nothing, which is the point of a round."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from consumers.demo.clients import AGENTS, all_platforms
from ledger.instants import HOUR_MS, MINUTE_MS, SECOND_MS, parse_instant
from ledger.interval import Interval
from ledger.plans import Planned
from ledger.rounds import NotUp, Round

SEED = 20261001
BEGIN_MS = parse_instant("2026-10-01T00:00:00+02:00")
END_MS = parse_instant("2026-10-31T00:00:00+01:00")
BATCH_MS = 6 * HOUR_MS
"""An agent's rounds are recorded together this often."""
FLAPS = 160
"""Short outages strewn over the month and the platforms, seen by one agent or by all."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Some agents saw some platforms not up for a while."""

    platforms: Sequence[str]
    start_ms: int
    end_ms: int
    not_up: NotUp
    agents: Sequence[str] = AGENTS


def _seen(
    platforms: Sequence[str], start: str, end: str, *not_up: object, agents: Sequence[str] = AGENTS
) -> Seen:
    outcome, status, error = not_up
    assert isinstance(outcome, str)
    assert isinstance(status, int)
    return Seen(platforms, parse_instant(start), parse_instant(end), (outcome, status, str(error)), agents)


NORD = ("atelier-nord-prod",)
PAGE = ("down", 503, "maintenance page")
SCRIPT = (
    # The outage that nobody disputes: 95 minutes of a Tuesday morning.
    _seen(NORD, "2026-10-06T09:12:00+02:00", "2026-10-06T10:47:00+02:00", "down", 503, "no backend"),
    # Work announced a minute too late, which moreover ran over into the office hours.
    _seen(NORD, "2026-10-14T06:00:00+02:00", "2026-10-14T09:20:00+02:00", *PAGE),
    # Work announced in time, on a Tuesday at noon, where no maintenance window is.
    _seen(NORD, "2026-10-20T12:00:00+02:00", "2026-10-20T12:45:00+02:00", *PAGE),
    # The same on a Sunday, where one is.
    _seen(NORD, "2026-10-18T12:00:00+02:00", "2026-10-18T13:00:00+02:00", *PAGE),
    # The flood of the operator's basement, claimed as force majeure and accepted for its first half.
    _seen(NORD, "2026-10-22T14:00:00+02:00", "2026-10-22T17:00:00+02:00", "down", 0, "connect timeout"),
    # A false alarm: two agents kept an expired certificate store. It was corrected in November.
    _seen(
        NORD,
        "2026-10-27T10:00:00+01:00",
        "2026-10-27T10:40:00+01:00",
        *("down", 0, "certificate verify failed"),
        agents=AGENTS[1:],
    ),
    # Work over the night in which the clocks go back: two to three o'clock is two hours long.
    _seen(["hanse-logistik-prod"], "2026-10-25T02:00:00+02:00", "2026-10-25T03:10:00+01:00", *PAGE),
    _seen(
        ["hanse-logistik-prod", "hanse-logistik-02"],
        "2026-10-08T15:00:00+02:00",
        "2026-10-08T16:25:00+02:00",
        *("degraded", 200, "slow response above 2000 ms"),
    ),
    _seen(["coop-sud-prod", "coop-sud-02"], "2026-10-13T01:00:00+02:00", "2026-10-13T05:30:00+02:00", *PAGE),
    _seen(
        ["coop-sud-03"], "2026-10-29T11:00:00+01:00", "2026-10-29T13:05:00+01:00", "down", 502, "bad gateway"
    ),
)

SILENT: Mapping[str, Sequence[Interval]] = {
    # Frankfurt was blind for a day: the two others decide alone.
    "frankfurt-1": [
        Interval(parse_instant("2026-10-12T00:00+02:00"), parse_instant("2026-10-13T00:00+02:00"))
    ],
}
NOBODY = Interval(parse_instant("2026-10-09T11:00:00+02:00"), parse_instant("2026-10-09T11:25:00+02:00"))
"""All three agents were being upgraded: nobody observed anything."""
LATE = Interval(parse_instant("2026-10-29T00:00:00+01:00"), parse_instant("2026-10-30T00:00:00+01:00"))
LATE_AGENT = "lyon-1"
LATE_RECORDED_MS = parse_instant("2026-11-02T09:00:00+01:00")
"""Lyon kept a day of rounds in its outbox and sent them after the period had ended."""


def plan_of(agent: str) -> tuple[Planned, ...]:
    """Forty platforms, spread over the minute; each agent begins elsewhere in it."""
    first_ms = AGENTS.index(agent) * 400
    names = all_platforms()
    return tuple(Planned(platform=name, offset_ms=first_ms + 1_200 * i) for i, name in enumerate(names))


def batches(agent: str) -> Iterator[tuple[int, list[Round]]]:
    """The rounds of an agent in order, as they were recorded together, each batch with its recorded clock."""
    minutes = _rounds(agent)
    batch: list[Round] = []
    recorded_ms = 0
    for found in minutes:
        due_ms = _recorded_ms(agent, found.start_ms)
        if batch and due_ms != recorded_ms:
            yield recorded_ms, batch
            batch = []
        recorded_ms = due_ms
        batch.append(found)
    yield recorded_ms, batch


def _recorded_ms(agent: str, start_ms: int) -> int:
    batch_end_ms = BEGIN_MS + ((start_ms - BEGIN_MS) // BATCH_MS + 1) * BATCH_MS + 2 * SECOND_MS
    held_back = agent == LATE_AGENT and start_ms >= LATE.start_ms
    return max(batch_end_ms, LATE_RECORDED_MS) if held_back else batch_end_ms


def _rounds(agent: str) -> Iterator[Round]:
    random = Random(f"{SEED}/{agent}")  # noqa: S311 - a story that is the same each time, no secret
    names = all_platforms()
    exceptions = _exceptions(agent, {name: i for i, name in enumerate(names)})
    not_up: dict[int, NotUp] = {}
    number = 0
    for start_ms in range(BEGIN_MS, END_MS, MINUTE_MS):
        for index, seen in exceptions.get(start_ms, ()):
            not_up = {i: was for i, was in not_up.items() if i != index} | ({index: seen} if seen else {})
        number += 1
        if _is_silent(agent, start_ms):
            continue
        yield Round(
            agent=agent,
            number=number,
            plan=f"{agent}/1",
            start_ms=start_ms,
            n=len(names),
            not_up=not_up,
            jitter=random.randbytes(len(names)).translate(_JITTER),
            latencies=random.randbytes(len(names)).translate(_LATENCY) + bytes(len(names)),
        )


def _is_silent(agent: str, start_ms: int) -> bool:
    return NOBODY.holds(start_ms) or any(gap.holds(start_ms) for gap in SILENT.get(agent, ()))


def _exceptions(agent: str, index: Mapping[str, int]) -> dict[int, list[tuple[int, NotUp | None]]]:
    """Round start -> what changes in it: a platform's index, and how it is not up (None: up again)."""
    found: dict[int, list[tuple[int, NotUp | None]]] = {}
    for seen in (*SCRIPT, *_flaps()):
        if agent not in seen.agents:
            continue
        for platform in seen.platforms:
            found.setdefault(_round_at(seen.start_ms), []).append((index[platform], seen.not_up))
            found.setdefault(_round_at(seen.end_ms), []).append((index[platform], None))
    return found


def _round_at(instant_ms: int) -> int:
    return BEGIN_MS + -(-(instant_ms - BEGIN_MS) // MINUTE_MS) * MINUTE_MS


def _flaps() -> Iterator[Seen]:
    random = Random(SEED)  # noqa: S311 - as above
    names = [name for name in all_platforms() if not name.endswith("-prod")]
    for _ in range(FLAPS):
        start_ms = random.randrange(BEGIN_MS, END_MS - HOUR_MS, MINUTE_MS)
        length_ms = random.choice((1, 1, 2, 3, 5, 9)) * MINUTE_MS
        agents = random.choice((AGENTS, AGENTS[:1], AGENTS[1:2], AGENTS[2:]))
        seen: NotUp = random.choice(
            (("down", 0, "connect timeout after 10000 ms"), ("degraded", 200, "slow response"))
        )
        yield Seen([random.choice(names)], start_ms, start_ms + length_ms, seen, agents)


_JITTER = bytes(byte % 40 for byte in range(256))
_LATENCY = bytes(60 + byte * byte // 512 for byte in range(256))
