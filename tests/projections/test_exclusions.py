"""What is excluded on a platform within a period, and which hours are measured there."""

from datetime import date
from decimal import Decimal

from ledger import contracts
from ledger.contracts import ContractAmended, PlatformAdded, PlatformRemoved
from ledger.instants import HOUR_MS, MINUTE_MS
from ledger.interval import total_ms
from ledger.terms import Terms
from projections.exclusions import (
    exclusions,
    exclusions_by_platform,
    hours_by_platform,
    hours_of,
)
from projections.periods import period_between, period_named
from tests.projections.excluded import (
    ALWAYS,
    CEILING,
    EARLY,
    IN_TIME,
    PROD,
    SATURDAY,
    STORM,
    SUNDAY,
    TUESDAY,
    WEDNESDAY,
    acme,
    at,
    judged,
    only,
    tuesday,
    why,
)
from tests.spec import Story, span

# ---------------------------------------------------------------- platforms, periods, amendments


def test_a_notice_for_another_clients_platform_never_appears():
    story = acme().contract("globex", platforms=["globex-prod"], readings=ALWAYS).at(IN_TIME)
    story.notice("theirs", ["globex-prod"], TUESDAY).notice("shared", [PROD, "globex-prod"], WEDNESDAY)

    assert [each.name for each in judged(story)] == ["shared"]
    assert judged(story, platform="globex-prod") == []


def test_nothing_is_excluded_on_days_on_which_the_platform_did_not_belong_to_the_contract():
    story = Story().contract("acme", platforms=["leaves"], readings=ALWAYS)
    stream = contracts.stream_of("acme")
    story.fact(stream, PlatformRemoved(contract="acme", platform="leaves", last_day=date(2026, 10, 5)))
    story.fact(stream, PlatformAdded(contract="acme", platform="joins", from_day=date(2026, 10, 7)))
    story.at(EARLY).notice("m1", ["leaves", "joins"], "2026-10-05T00:00:00+02:00/2026-10-08T00:00:00+02:00")
    anywhere = {"maintenance-hours": "anywhere"}

    assert only(story, platform="leaves", readings=anywhere) == (
        at("2026-10-05T00:00:00+02:00/2026-10-06T00:00:00+02:00"),
        (),
    )
    assert only(story, platform="joins", readings=anywhere) == (
        at("2026-10-07T00:00:00+02:00/2026-10-08T00:00:00+02:00"),
        (),
    )


def test_what_does_not_touch_the_period_does_not_appear_in_it():
    story = acme().at(IN_TIME).notice("m1", [PROD], TUESDAY)

    assert judged(story, period="2") == []


def test_a_maintenance_over_the_end_of_a_period_is_cut_there():
    over = "2026-10-30T23:00:00+01:00/2026-10-31T03:00:00+01:00"
    story = acme({"maintenance-hours": "anywhere"}).at(IN_TIME).notice("m1", [PROD], over)

    assert only(story) == (at("2026-10-30T23:00:00+01:00/2026-10-31T00:00:00+01:00"), ())
    assert only(story, period="2") == (at("2026-10-31T00:00:00+01:00/2026-10-31T03:00:00+01:00"), ())


def test_a_maintenance_is_judged_up_to_the_moment_known():
    story = acme().at(IN_TIME).notice("m1", [PROD], TUESDAY)

    assert judged(story, as_of="2026-10-06T00:00:00Z") == []
    assert only(story, as_of="2026-10-06T03:00:00+02:00") == (at(tuesday("02:00", "03:00")), ())


def test_each_part_of_a_period_is_judged_by_its_own_terms():
    story = acme()
    amended = Terms(readings=ALWAYS | {"notice": "best-effort", "force-majeure": "claimed"})
    fact = ContractAmended(
        contract="acme", terms_version=2, from_day=date(2026, 10, 7), terms=amended, reason="as agreed"
    )
    story.fact(contracts.stream_of("acme"), fact)
    both_nights = "2026-10-06T23:00:00+02:00/2026-10-07T02:00:00+02:00"
    story.at("2026-10-06T20:00:00+02:00").notice("m1", [PROD], both_nights).claim("c1", [PROD], both_nights)

    before = "2026-10-06T23:00:00+02:00/2026-10-07T00:00:00+02:00"
    after = "2026-10-07T00:00:00+02:00/2026-10-07T02:00:00+02:00"
    maintained, claimed = judged(story)
    assert (maintained.excluded, maintained.not_excluded) == (at(after), why(too_late=before))
    assert (claimed.excluded, claimed.not_excluded) == (at(after), why(not_ruled=before))


def test_what_two_versions_of_the_terms_exclude_alike_is_one_interval():
    story = acme({"maintenance-hours": "anywhere"})
    amended = Terms(target_percent=Decimal(99), readings=ALWAYS | {"maintenance-hours": "anywhere"})
    fact = ContractAmended(
        contract="acme", terms_version=2, from_day=date(2026, 10, 7), terms=amended, reason="as agreed"
    )
    story.fact(contracts.stream_of("acme"), fact)
    over_midnight = "2026-10-06T23:00:00+02:00/2026-10-07T02:00:00+02:00"
    in_time = story.at(EARLY).notice("m1", [PROD], over_midnight)

    assert only(in_time) == (at(over_midnight), ())


def test_any_asked_interval_is_judged_like_a_period():
    story = acme().at(IN_TIME).notice("m1", [PROD], TUESDAY)
    known = story.known()
    contract = known.contract("acme")
    period = period_between(contract, span(tuesday("03:00", "12:00")).interval, known.as_of.moment_ms)

    (exclusion,) = exclusions(known, contract, PROD, period)

    assert exclusion.excluded == at(tuesday("03:00", "04:00"))


def test_exclusions_come_in_the_order_of_their_first_facts_with_every_fact_behind_them():
    story = acme().at("2026-10-03T00:00:00Z").notice("zulu", [PROD], TUESDAY)
    story.claim("mike", [PROD], STORM).notice("alpha", [PROD], WEDNESDAY)
    story.moved("zulu", TUESDAY).worked("zulu", *TUESDAY.split("/"))

    found = judged(story)

    facts = story.known().facts
    behind = {
        name: tuple(f.position for f in facts if f.stream.endswith(f":{name}"))
        for name in ("zulu", "mike", "alpha")
    }
    assert [(each.kind, each.name) for each in found] == [
        ("maintenance", "zulu"),
        ("claim", "mike"),
        ("maintenance", "alpha"),
    ]
    assert {each.name: each.positions for each in found} == behind


def test_several_platforms_are_judged_together_as_each_alone():
    story = Story().contract("acme", platforms=["a", "b", "c"], readings=ALWAYS | CEILING).at(EARLY)
    story.notice("m1", ["a", "b"], SATURDAY).notice("m2", ["b"], SUNDAY).notice(
        "m3", ["b", "a", "a"], TUESDAY
    )
    known = story.known()
    contract = known.contract("acme")
    period = period_named(contract, "1", known.as_of.moment_ms)

    together = exclusions_by_platform(known, contract, ["a", "b", "c"], period)

    assert together == {name: exclusions(known, contract, name, period) for name in ("a", "b", "c")}
    assert {name: len(found) for name, found in together.items()} == {"a": 2, "b": 3, "c": 0}


# ---------------------------------------------------------------- service hours


def test_hours_are_those_of_the_terms_while_the_platform_belongs_to_the_contract():
    story = Story().contract("acme", platforms=["stays"])
    joins = PlatformAdded(contract="acme", platform="joins", from_day=date(2026, 10, 30))
    story.fact(contracts.stream_of("acme"), joins)
    known = story.known()
    contract = known.contract("acme")
    period = period_named(contract, "1", known.as_of.moment_ms)

    assert total_ms(hours_of(contract, "stays", period)) == 712_800_000
    assert hours_of(contract, "joins", period) == [*at("2026-10-30T09:00:00+01:00/2026-10-30T18:00:00+01:00")]
    assert hours_of(contract, "another-client", period) == []
    assert hours_by_platform(contract, ["stays", "joins"], period) == {
        name: hours_of(contract, name, period) for name in ("stays", "joins")
    }


def test_an_amendment_of_service_hours_holds_from_its_day():
    story = Story().contract("acme")
    terms = Terms(readings={"service-hours": "24/7"})
    fact = ContractAmended(
        contract="acme", terms_version=2, from_day=date(2026, 10, 30), terms=terms, reason="as agreed"
    )
    known = story.fact(contracts.stream_of("acme"), fact).known()
    contract = known.contract("acme")

    hours = hours_of(contract, PROD, period_named(contract, "1", known.as_of.moment_ms))

    assert total_ms(hours) == 712_800_000 - 9 * HOUR_MS + 24 * HOUR_MS
    assert hours[-1].length_ms == 24 * 60 * MINUTE_MS
