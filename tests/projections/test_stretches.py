"""Every second that is not simply up or outside stands in one stretch, which names what makes it so."""

from itertools import pairwise

import pytest
from hypothesis import given, settings

from ledger.incidents import IncidentOpened, IncidentResolved
from ledger.instants import parse_instant
from ledger.rounds import decode
from projections.clauses import AVAILABILITY, QUALITY
from projections.figures import Because, Stretch
from projections.statement import statement
from tests.oracle.retelling import retell
from tests.projections.asked import asked, whole
from tests.projections.excluded import EARLY, IN_TIME, LATE, PROD, TUESDAY, acme, tuesday
from tests.projections.months import LATER_MS, months, readings
from tests.spec import Story

FEWER = settings(max_examples=max(1, settings().max_examples * 2 // 5))
MIDNIGHT = "2026-10-01T00:00+02:00"


def up_then_down(readings=None, **terms) -> Story:
    """Down on Tuesday from two to half past four, as one agent that logs only changes saw it."""
    down, up = "2026-10-06T02:00+02:00 down", "2026-10-06T04:30+02:00 up"
    return acme(readings, **terms).observed("paris", PROD, f"{MIDNIGHT} up, {down}, {up}")


def stretches_in(story: Story, during: str, changes=None) -> list[Stretch]:
    """The stretches of an interval `from/to`."""
    start, end = during.split("/")
    return list(asked(story, LATER_MS, (parse_instant(start), parse_instant(end)), changes).stretches)


def only(story: Story, during: str, changes=None) -> Stretch:
    (stretch,) = stretches_in(story, during, changes)
    return stretch


def named(stretch: Stretch, kind: str) -> list[Because]:
    return [each for each in stretch.because if each.kind == kind]


# ---------------------------------------------------------------- they tile the period


@given(months([1, 2, 3, 6]), readings)
@FEWER
def test_stretches_follow_each_other_and_hold_all_that_is_not_up_or_outside(month, changes):
    said = asked(retell(month.facts), LATER_MS, whole(month), changes)

    for platform in said.availability.platforms:
        own = [each for each in said.stretches if each.platform == platform.platform]
        classes = platform.classes_ms.model_dump(by_alias=True)
        for before, after in pairwise(own):
            assert parse_instant(before.end) <= parse_instant(after.start)
            alike = (before.class_, before.verdict) == (after.class_, after.verdict)
            assert before.end < after.start or not alike
        for each in own:
            assert each.length_ms == parse_instant(each.end) - parse_instant(each.start) > 0
            assert (each.class_, each.verdict) not in {("up", "up"), ("outside", each.verdict)}
        for name in classes.keys() - {"up", "outside"}:
            assert sum(each.length_ms for each in own if each.class_ == name) == classes[name]


@given(months([1, 2, 3, 6]), readings)
@FEWER
def test_every_stretch_names_what_makes_it_so(month, changes):
    story = retell(month.facts)
    watched = {(agent, p.platform) for agent, plan in story._plans.items() for p in plan.platforms}
    kinds = {"excluded-maintenance": "maintenance", "excluded-force-majeure": "claim"}

    for each in asked(story, LATER_MS, whole(month), changes).stretches:
        if each.class_ in kinds:
            (first, *_) = named(each, kinds[each.class_])
            assert first.detail is None
        if each.verdict in {"down", "degraded"}:
            outcomes = {because.outcome for because in each.because}
            assert each.verdict in outcomes
        if each.verdict == "unknown":
            agents = {because.name for because in each.because if because.kind == "agent"}
            corrected = {because.detail for because in named(each, "correction")}
            assert {agent for agent, platform in watched if platform == each.platform} <= agents | corrected


@given(months([1, 2, 3, 6]), readings)
@FEWER
def test_a_reason_is_a_fact_of_its_subject_or_rounds_that_said_so(month, changes):
    story = retell(month.facts)
    streams = {recorded.position: recorded.stream for recorded in story.known().facts}
    rounds = {(kept.agent, kept.number): decode(kept.value)[0] for kept in story.known().rounds()}

    for each in asked(story, LATER_MS, whole(month), changes).stretches:
        for because in each.because:
            if because.kind != "agent":
                assert streams[because.position] == f"{because.kind}:{because.name}"
            elif because.detail != "silent":
                names = [planned.platform for planned in story._plans[because.name].platforms]
                for number in (because.first_round, because.last_round):
                    said = rounds[because.name, number].outcome(names.index(each.platform))
                    assert said == because.outcome


def test_time_that_is_up_or_outside_is_no_stretch():
    office_hours = {"service-hours": "Mo-Fr 09:00-18:00; PH off"}

    assert stretches_in(up_then_down(), "2026-10-02T00:00+02:00/2026-10-03T00:00+02:00") == []
    assert stretches_in(up_then_down(), tuesday("02:00", "04:30"), office_hours) == []


def test_degraded_time_that_counts_as_up_is_a_stretch():
    story = acme().observed("paris", PROD, f"{MIDNIGHT} up, 2026-10-06T02:00+02:00 degraded")

    found = only(story, TUESDAY)

    assert (found.class_, found.verdict, found.length_ms) == ("up", "degraded", 7_200_000)


def test_stretches_come_by_platform_and_then_in_order_of_time():
    story = Story().contract(platforms=["b", "a"], readings={"service-hours": "24/7"})
    for platform in ("b", "a"):
        story.observed("paris", platform, f"{MIDNIGHT} up, 2026-10-06T02:00+02:00 down")
        story.observed("paris", platform, "2026-10-06T03:00+02:00 up, 2026-10-06T03:30+02:00 down")

    found = stretches_in(story, TUESDAY)

    assert [(each.platform, each.start[11:16]) for each in found] == [
        ("a", "02:00"),
        ("a", "03:30"),
        ("b", "02:00"),
        ("b", "03:30"),
    ]


# ---------------------------------------------------------------- notices and claims


def test_excluded_time_names_the_notice_in_force_where_it_begins():
    story = up_then_down().at(EARLY).notice("m1", [PROD], tuesday("01:00", "03:00"))
    first = story.ledger.engine.head().position
    story.at(IN_TIME).moved("m1", TUESDAY)

    found = only(story, TUESDAY)

    assert (found.class_, found.verdict) == ("excluded-maintenance", "down")
    assert found.clause == AVAILABILITY
    assert named(found, "maintenance") == [Because(kind="maintenance", name="m1", position=first + 1)]


def test_counted_time_names_the_work_that_did_not_excuse_it_and_why_not():
    story = up_then_down().at(LATE).notice("m1", [PROD], TUESDAY)
    position = story.ledger.engine.head().position

    found = only(story, TUESDAY)

    assert (found.class_, found.clause) == ("down", QUALITY)
    assert named(found, "maintenance") == [
        Because(kind="maintenance", name="m1", position=position, detail="too-late")
    ]


def test_an_overrun_names_the_work_that_overran():
    story = up_then_down().at(IN_TIME).notice("m1", [PROD], TUESDAY)
    story.worked("m1", "2026-10-06T02:00+02:00", "2026-10-06T04:30+02:00")

    excluded, overrun = stretches_in(story, tuesday("02:00", "04:30"))

    assert [each.detail for each in named(excluded, "maintenance")] == [None]
    assert [each.detail for each in named(overrun, "maintenance")] == ["overrun"]


def test_what_concerns_another_stretch_is_not_named():
    story = up_then_down().observed("paris", PROD, "2026-10-06T06:00+02:00 down, 2026-10-06T06:30+02:00 up")
    story.at(LATE).notice("m1", [PROD], TUESDAY).corrected("k1", "paris", PROD, TUESDAY, "down")

    first, second = stretches_in(story, tuesday("02:00", "07:00"))

    assert [each.kind for each in first.because] == ["maintenance", "correction", "agent"]
    assert [each.kind for each in second.because] == ["agent"]


def test_excluded_time_does_not_name_what_failed_to_exclude_it():
    story = up_then_down().at(IN_TIME).notice("m1", [PROD], TUESDAY)
    story.at(LATE).notice("m2", [PROD], TUESDAY).claim("c1", [PROD], TUESDAY)

    assert [each.name for each in only(story, TUESDAY).because] == ["m1", "paris"]


def test_two_works_that_exclude_the_same_time_are_both_named():
    story = up_then_down().at(IN_TIME).notice("m1", [PROD], TUESDAY).notice("m2", [PROD], TUESDAY)

    assert [each.name for each in named(only(story, TUESDAY), "maintenance")] == ["m1", "m2"]


def test_force_majeure_names_the_ruling_in_force_and_without_one_the_claim():
    story = up_then_down().claim("c1", [PROD], TUESDAY)
    filed = story.ledger.engine.head().position
    unruled = only(story, TUESDAY, {"force-majeure": "claimed"})

    ruled = only(story.ruling("c1", "accepted", TUESDAY), TUESDAY)

    assert unruled.class_ == ruled.class_ == "excluded-force-majeure"
    assert unruled.clause == ruled.clause == QUALITY
    assert named(unruled, "claim") == [Because(kind="claim", name="c1", position=filed)]
    assert named(ruled, "claim") == [Because(kind="claim", name="c1", position=filed + 1)]


def test_a_ruling_that_excludes_a_stretch_in_two_pieces_is_named_once():
    story = up_then_down().claim("c1", [PROD], TUESDAY).claim("c2", [PROD], TUESDAY)
    story.ruling("c1", "in-part", tuesday("02:00", "02:30"), tuesday("03:30", "04:00"))
    story.ruling("c2", "in-part", tuesday("02:30", "03:30"))

    assert [each.name for each in named(only(story, TUESDAY), "claim")] == ["c1", "c2"]


@pytest.mark.parametrize(("decision", "why"), [(None, "not-ruled"), ("rejected", "rejected")])
def test_counted_time_names_the_claim_that_did_not_excuse_it(decision, why):
    story = up_then_down().claim("c1", [PROD], TUESDAY)
    story = story.ruling("c1", decision) if decision else story

    assert [each.detail for each in named(only(story, TUESDAY), "claim")] == [why]


# ---------------------------------------------------------------- corrections and incidents


def test_a_correction_says_whose_results_it_corrects_and_to_what():
    story = up_then_down().corrected("k1", "paris", PROD, TUESDAY, "degraded")
    position = story.ledger.engine.head().position

    found = only(story, TUESDAY)

    assert found.verdict == "degraded"
    assert named(found, "correction") == [
        Because(kind="correction", name="k1", position=position, outcome="degraded", detail="paris")
    ]
    assert [each.outcome for each in named(found, "agent")] == ["down"]  # the original, as evidence


@pytest.mark.parametrize("outcome", ["up", None])
def test_a_correction_is_no_reason_of_a_silence_that_it_does_not_change(outcome):
    story = acme().every_minute("paris", [PROD], tuesday("02:00", "02:10"), "down")
    story.corrected("k1", "paris", PROD, tuesday("02:05", "03:00"), outcome)

    found = stretches_in(story, tuesday("02:00", "03:00"))

    # What was said last, at 02:09, holds until 02:11:30; a restatement to up leaves no stretch of it.
    spoken = [each for each in found if each.start[11:19] < "02:11:30"]
    silent = [each for each in found if each.start[11:19] >= "02:11:30"]
    assert found[-1].verdict == "unknown"
    assert [each.verdict for each in spoken] == (["down"] if outcome else ["down", "unknown"])
    assert [named(each, "correction") for each in silent] == [[]] * len(silent)
    if (
        not outcome
    ):  # what was annulled and what was never said are one stretch, and the correction made part of it
        assert [each.name for each in named(spoken[-1], "correction")] == ["k1"]


def test_a_correction_of_one_agent_is_no_reason_where_only_another_one_spoke():
    story = acme({"quorum": "any"}).every_minute("paris", [PROD], tuesday("02:00", "02:10"), "down")
    story.every_minute("lyon", [PROD], tuesday("02:30", "02:40"), "down")
    story.corrected("k1", "paris", PROD, tuesday("02:00", "03:00"), "down")

    corrected = {
        each.start[11:19]: [because.name for because in named(each, "correction")]
        for each in stretches_in(story, tuesday("02:00", "03:00"))
        if each.verdict == "down"
    }

    assert corrected == {"02:00:00": ["k1"], "02:30:00": []}


def test_an_agent_that_said_itself_that_it_did_not_know_is_not_corrected():
    story = acme().observed("paris", PROD, f"{MIDNIGHT} up, 2026-10-06T02:00+02:00 unknown")
    story.corrected("k1", "paris", PROD, TUESDAY, "up")

    found = only(story, TUESDAY)

    assert found.verdict == "unknown"
    assert [each.kind for each in found.because] == ["agent"]


def test_an_incident_is_named_in_what_it_overlaps():
    story = up_then_down()
    opened = IncidentOpened(incident="i1", platforms=(PROD,), summary="no answer")
    story.fact("incident:i1", opened, "2026-10-06T02:10+02:00")
    position = story.ledger.engine.head().position
    resolved = IncidentResolved(incident="i1", cause="a full disk")
    story.fact("incident:i1", resolved, "2026-10-06T04:00+02:00")

    within, later = only(story, TUESDAY), only(story, tuesday("04:00", "04:30"))

    assert named(within, "incident") == [Because(kind="incident", name="i1", position=position)]
    assert named(later, "incident") == []


# ---------------------------------------------------------------- rounds


def test_an_agent_that_logs_only_changes_names_the_round_that_still_held():
    found = only(up_then_down(), tuesday("03:00", "04:00"))

    assert found.because == (
        Because(kind="agent", name="paris", first_round=2, last_round=2, outcome="down", detail="down seen"),
    )


def test_an_agent_names_the_first_and_the_last_round_of_each_outcome():
    story = acme({"quorum": "any"})
    for agent, outcome in (("lyon", "up"), ("paris", "down")):
        story.every_minute(agent, [PROD], tuesday("02:00", "02:10"), outcome)

    found = only(story, tuesday("02:00", "02:10"))

    assert [(each.name, each.outcome, each.first_round, each.last_round) for each in found.because] == [
        ("lyon", "up", 1, 10),
        ("paris", "down", 1, 10),
    ]


def test_a_silent_agent_names_the_last_round_that_was_heard():
    story = acme().every_minute("paris", [PROD], tuesday("02:00", "02:10"))

    found = only(story, tuesday("02:15", "03:00"))

    assert (found.class_, found.verdict) == ("unknown", "unknown")
    assert [each.detail for each in found.because] == ["silent"]
    (before,) = stretches_in(story, tuesday("02:00", "03:00"))
    assert before.start[11:19] == "02:11:30"  # 150 seconds after the last result
    assert [(each.detail, each.first_round, each.last_round) for each in before.because] == [
        ("silent", 10, 10)
    ]


def test_an_agent_that_never_saw_the_platform_is_a_reason_only_of_what_is_unknown():
    story = acme().observed("paris", PROD, "2026-10-02T00:00+02:00 down").plan("lyon", [PROD])

    unknown, down = stretches_in(story, f"{MIDNIGHT}/2026-10-03T00:00+02:00")

    assert [each.name for each in named(down, "agent")] == ["paris"]
    assert [(each.name, each.detail) for each in named(unknown, "agent")] == [
        ("lyon", "silent"),
        ("paris", "silent"),
    ]


def test_what_was_recorded_later_is_no_reason_yet():
    story = up_then_down().at("2026-11-03T10:00+01:00").corrected("k1", "paris", PROD, TUESDAY, "degraded")

    before = statement(story.known("2026-11-02T00:00:00Z"), "acme", "1")

    assert [named(each, "correction") for each in before.stretches] == [[]]
