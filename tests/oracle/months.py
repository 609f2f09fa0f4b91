"""Random months: contracts under random readings, and whatever can happen to them, on whole minutes."""

from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from random import Random

from ledger.instants import DAY_MS, HOUR_MS, MINUTE_MS, parse_instant
from ledger.readings import QUESTIONS
from tests.oracle import facts as told

SIGNED_MS = parse_instant("2026-09-01T00:00:00Z")
FIRST_MS = parse_instant("2026-10-01T00:00:00+02:00")
DAYS = 31
AGENTS = ("paris", "lyon", "nice")
PLATFORMS = ("prod", "test")
OUTCOMES = ("up", "up", "degraded", "down")


def random_month(chance: Random) -> list[told.Fact]:
    """A month's facts in the order in which they were recorded."""
    facts = [*_contract(chance), *_observed(chance), *_work(chance), *_claims(chance), *_corrected(chance)]
    return sorted(facts, key=lambda fact: fact.recorded_ms)


def _contract(chance: Random) -> Iterator[told.Fact]:
    yield told.Signed(
        SIGNED_MS, "contract", "Europe/Paris", date(2026, 10, 1), date(2026, 10, 31), _terms(chance)
    )
    for platform in PLATFORMS:
        yield told.Joined(SIGNED_MS, platform, date(2026, 10, chance.randint(1, 3)))
    if chance.random() < 0.3:
        yield told.Amended(SIGNED_MS + DAY_MS, date(2026, 10, chance.randint(5, 25)), _terms(chance))


def _terms(chance: Random) -> told.Terms:
    readings = {question.name: chance.choice(question.choices).value for question in QUESTIONS}
    return told.Terms(
        target_percent=Fraction(chance.choice(["99.5", "99.9", "98"])),
        tranche_minutes=chance.choice([15, 60]),
        cap_days=chance.choice([5, 365]),
        agent_weights={agent: chance.randint(1, 3) for agent in AGENTS},
        readings=readings | {"period": chance.choice(["30-days", "calendar-month"])},
    )


def _instant(chance: Random) -> int:
    return FIRST_MS + chance.randrange(DAYS * DAY_MS // MINUTE_MS) * MINUTE_MS


def _observed(chance: Random) -> Iterator[told.Fact]:
    for agent in AGENTS[: chance.randint(1, len(AGENTS))]:
        only_changes = chance.random() < 0.5
        instants = {_instant(chance) for _ in range(30)} if only_changes else set(_every_minute(chance))
        for at_ms in sorted(instants):
            for platform in PLATFORMS:
                yield told.Result(
                    at_ms + MINUTE_MS, agent, platform, at_ms, chance.choice(OUTCOMES), only_changes
                )


def _every_minute(chance: Random) -> Iterator[int]:
    for _ in range(3):
        first_ms = _instant(chance)
        yield from range(first_ms, first_ms + chance.randint(10, 60) * MINUTE_MS, MINUTE_MS)


def _work(chance: Random) -> Iterator[told.Fact]:
    for number in range(chance.randint(0, 3)):
        name, from_ms = f"m{number}", _instant(chance)
        given_ms = from_ms - chance.randint(1, 48) * HOUR_MS
        to_ms = from_ms + chance.randint(10, 300) * MINUTE_MS
        yield told.Notice(given_ms, name, "published", given_ms, PLATFORMS, from_ms, to_ms)
        if chance.random() < 0.3:
            yield told.Notice(
                given_ms + 1, name, "moved", given_ms + 1, (), from_ms + HOUR_MS, to_ms + HOUR_MS
            )
        if chance.random() < 0.7:
            yield told.Worked(from_ms + MINUTE_MS, name, "started", from_ms)
            yield told.Worked(to_ms + MINUTE_MS, name, "finished", to_ms)


def _claims(chance: Random) -> Iterator[told.Fact]:
    for number in range(chance.randint(0, 2)):
        from_ms = _instant(chance)
        to_ms = from_ms + chance.randint(30, 600) * MINUTE_MS
        yield told.Claimed(to_ms, f"c{number}", PLATFORMS[:1], from_ms, to_ms)
        if chance.random() < 0.7:
            accepted = ((from_ms, to_ms - 10 * MINUTE_MS),) if chance.random() < 0.6 else ()
            yield told.Ruled(to_ms + DAY_MS, f"c{number}", accepted)


def _corrected(chance: Random) -> Iterator[told.Fact]:
    for number in range(chance.randint(0, 2)):
        from_ms = _instant(chance)
        to_ms = from_ms + chance.randint(5, 120) * MINUTE_MS
        recorded_ms = FIRST_MS + (DAYS + number) * DAY_MS
        outcome = chance.choice([None, "up", "down"])
        yield told.Corrected(recorded_ms, AGENTS[0], chance.choice(PLATFORMS), from_ms, to_ms, outcome)
