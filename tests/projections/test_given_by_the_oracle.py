"""Product and oracle agree on what mailed notices exclude, in months made by chance."""

from datetime import date
from fractions import Fraction
from random import Random

import pytest

from ledger.instants import HOUR_MS, MINUTE_MS, parse_instant
from projections.statement import statement
from tests.disputes.loading import answer_of_oracle, answer_of_product
from tests.oracle import facts as told
from tests.oracle import judge
from tests.oracle.retelling import retell

FIRST_MS = parse_instant("2026-10-01T00:00:00+02:00")
PROD = "acme-prod"
HOURS = 10 * 24
READINGS = [
    {"notice": notice, "notice-clock": clock}
    for notice in ("binding", "best-effort")
    for clock in ("given", "recorded")
]


def a_month(chance: Random) -> list[told.Fact]:
    """Ten days of one platform that is down now and then, with notices and what became of their mails."""
    terms = told.Terms(
        target_percent=Fraction("99.5"),
        readings={"service-hours": "24/7", "maintenance-hours": "anywhere"},
    )
    facts: list[told.Fact] = [
        told.Signed(FIRST_MS, "acme", "Europe/Paris", date(2026, 10, 1), date(2026, 10, 10), terms),
        told.Joined(FIRST_MS, PROD, date(2026, 10, 1)),
    ]
    for hour in sorted(chance.sample(range(HOURS), 12)):
        at_ms = FIRST_MS + hour * HOUR_MS
        outcome = chance.choice(["up", "down"])
        facts.append(told.Result(at_ms, "paris", PROD, at_ms, outcome, logs_only_changes=True))
    for number in range(chance.randint(1, 3)):
        facts += _maintenance(chance, f"m{number}")
    return sorted(facts, key=lambda fact: fact.recorded_ms)


def _maintenance(chance: Random, name: str) -> list[told.Fact]:
    facts: list[told.Fact] = []
    hours = sorted(chance.sample(range(1, HOURS - 60), chance.randint(1, 3)))
    ends = [*hours[1:], HOURS]
    for place, (hour, end) in enumerate(zip(hours, ends, strict=True)):
        kind = "published" if place == 0 else chance.choice(["moved", "moved", "withdrawn"])
        given_ms = FIRST_MS + hour * HOUR_MS
        from_ms = given_ms + chance.randint(0, 60) * HOUR_MS
        span = (0, 0) if kind == "withdrawn" else (from_ms, from_ms + chance.randint(1, 12) * HOUR_MS)
        facts.append(told.Notice(given_ms, name, kind, given_ms, (PROD,) if place == 0 else (), *span))
        facts += _mails(chance, name, given_ms, (end - hour) * 60 - 1)
        if kind == "withdrawn":
            break
    return facts


def _mails(chance: Random, name: str, given_ms: int, minutes: int) -> list[told.Fact]:
    """What became of a mail to each of two people before the next notice."""
    facts: list[told.Fact] = []
    for person in ("p-1", "p-2"):
        at_ms = given_ms + chance.randint(1, minutes) * MINUTE_MS
        match chance.choice(["none", "accepted", "refused", "bounced"]):
            case "accepted":
                facts.append(told.Mailed(at_ms, name, "accepted", person, at_ms))
            case "refused":
                facts.append(told.Mailed(at_ms, name, "refused", person, at_ms))
            case "bounced":
                facts.append(told.Mailed(given_ms + 1, name, "accepted", person, given_ms + 1))
                facts.append(told.Mailed(at_ms, name, "bounced", person, at_ms))
    return facts


HOUR_BY_HOUR = [
    (11, "given"),  # the move was given first, so the notice announces nothing any more
    (12, "given"),  # at the same instant: what comes with the next notice is taken back with it
    (13, "given, in time"),
]


@pytest.mark.parametrize(("moved_at", "first"), HOUR_BY_HOUR)
@pytest.mark.parametrize("readings", READINGS)
def test_product_and_oracle_agree_on_a_move_that_says_it_was_given_before_the_mail_was(
    readings, moved_at, first
):
    """Published at 10:00 and accepted at 12:00; the move is taken down at 14:00 and says when it was given.

    Its own mail comes too late for what it adds. Seen to fail where the oracle asked only in which order the
    ledger took both down.
    """
    day_ms = FIRST_MS + 3 * 24 * HOUR_MS
    work_ms, later_ms = day_ms + 40 * HOUR_MS, day_ms + 41 * HOUR_MS
    facts = [
        *a_month(Random(0))[:2],
        told.Notice(
            day_ms + 10 * HOUR_MS,
            "m",
            "published",
            day_ms + 10 * HOUR_MS,
            (PROD,),
            work_ms,
            work_ms + 2 * HOUR_MS,
        ),
        told.Mailed(day_ms + 12 * HOUR_MS, "m", "accepted", "p-1", day_ms + 12 * HOUR_MS),
        told.Notice(
            day_ms + 14 * HOUR_MS,
            "m",
            "moved",
            day_ms + moved_at * HOUR_MS,
            (),
            later_ms,
            later_ms + 2 * HOUR_MS,
        ),
        told.Mailed(day_ms + 30 * HOUR_MS, "m", "accepted", "p-1", day_ms + 30 * HOUR_MS),
    ]
    known = retell(facts).known("2026-11-10T00:00:00Z")

    said = answer_of_product(statement(known, "acme", "1", readings))

    assert said == answer_of_oracle(judge(facts, FIRST_MS + 40 * 24 * HOUR_MS, 1, readings))
    if readings == {"notice": "binding", "notice-clock": "given"}:
        excluded_ms = said["platforms"][PROD]["classes_ms"]["excluded-maintenance"]
        assert excluded_ms == (HOUR_MS if first == "given, in time" else 0)


@pytest.mark.parametrize("seed", range(25))
def test_product_and_oracle_agree_on_what_mailed_notices_exclude(seed):
    facts = a_month(Random(seed))
    as_of_ms = FIRST_MS + 40 * 24 * HOUR_MS
    known = retell(facts).known("2026-11-10T00:00:00Z")

    for readings in READINGS:
        by_oracle = answer_of_oracle(judge(facts, as_of_ms, 1, readings))
        assert answer_of_product(statement(known, "acme", "1", readings)) == by_oracle, readings


def test_these_months_have_every_fate_and_exclude_something():
    """Otherwise the agreement above would show nothing."""
    months = [a_month(Random(seed)) for seed in range(25)]
    kinds = {fact.kind for facts in months for fact in facts if isinstance(fact, told.Mailed)}
    known = [retell(facts).known("2026-11-10T00:00:00Z") for facts in months]
    excluded = [
        statement(each, "acme", "1").availability.platforms[0].classes_ms.excluded_maintenance
        for each in known
    ]

    assert kinds == {"accepted", "refused", "bounced"}
    assert sum(each > 0 for each in excluded) >= 3
