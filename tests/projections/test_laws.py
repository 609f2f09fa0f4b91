"""Laws that hold for every contract, whatever was recorded of it and however its clauses are read."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import pairwise

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ledger import sealing, seals
from ledger.contracts import PlatformRemoved
from ledger.instants import parse_instant
from ledger.interval import Interval
from projections.asof import Known
from projections.figures import Statement
from projections.moment import at_position, at_seal
from projections.statement import statement
from tests.disputes.loading import answer_of_oracle, answer_of_product
from tests.oracle import judge
from tests.oracle.facts import Claimed, Corrected, Joined, Left, Notice, Result, Ruled, Worked
from tests.oracle.judgement import periods
from tests.oracle.retelling import go_on, retell
from tests.oracle.world import World, every_change
from tests.projections.asked import asked, classes_of, in_another_order, stretches_of, whole
from tests.projections.months import (
    AGENTS,
    CEILING,
    DAY_MS,
    GENEROUS,
    LATER_MS,
    PLATFORMS,
    QUARTERS_MS,
    SIGNED_MS,
    instants,
    intervals,
    moments,
    months,
    readings,
)
from tests.spec import Story

SHORT = [1, 2, 3, 4, 6]
"""Days of a contract where nothing depends on thirty of them."""
WITNESSES = ("late-1", "late-2", "late-3")
"""Agents that are heard only afterwards: as many as any terms ask for."""
FEWER = settings(max_examples=max(1, settings().max_examples * 2 // 5))
"""Twenty of fifty: most laws tell two ledgers and ask each."""


# ---------------------------------------------------------------- two opinions


@given(months(), st.one_of(st.just({}), readings), st.data())
def test_a_statement_has_the_figures_of_a_naive_reading_of_the_rules(month, changes, data):
    known_ms = data.draw(moments(month))
    begun = len(periods(World(month.facts, known_ms, changes, every_change)))
    period = data.draw(st.one_of(st.integers(1, max(1, begun)), intervals(month.start_ms, month.end_ms)))
    assume(begun and (isinstance(period, int) or period[0] < known_ms))
    expected = judge(month.facts, known_ms, period, changes)
    assume(expected.start_ms < expected.end_ms)

    said = asked(retell(month.facts), known_ms, period, changes)

    assert answer_of_product(said) == answer_of_oracle(expected)
    for each in said.availability.platforms:
        days = {day.day: day.classes_ms.model_dump(by_alias=True) for day in each.days}
        assert days == expected.platforms[each.platform].days_ms


def test_a_correction_does_not_make_a_witness_of_an_agent_that_has_no_results():
    """Found by the law above; silence is not restated (2.6), so nobody saw it."""
    story = Story().contract(readings={"service-hours": "24/7"})
    story.corrected("k1", "paris", "acme-prod", "2026-10-06T09:00+02:00/2026-10-06T10:00+02:00", "down")

    (platform,) = asked(story, LATER_MS, 1).availability.platforms

    assert (platform.classes_ms.down, platform.coverage_percent) == (0, "0.00")


def test_a_platform_that_left_before_it_joined_never_belonged():
    """Found by the law above; nothing of it is measured (1.5), so it is not shown."""
    story = Story().contract(platforms=["acme-prod", "a-mistake"])
    removed = PlatformRemoved(contract="acme", platform="a-mistake", last_day=date(2026, 9, 30))
    story.fact("contract:acme", removed)

    said = asked(story, LATER_MS, 1)

    assert [each.platform for each in said.availability.platforms] == ["acme-prod"]


# ---------------------------------------------------------------- time is conserved


@given(months(SHORT), readings, st.data())
@FEWER
def test_the_classes_of_any_pieces_sum_to_those_of_the_whole(month, changes, data):
    cuts = data.draw(st.lists(instants(month.start_ms + 1, month.end_ms - 1), max_size=3, unique=True))
    story = retell(month.facts)
    assume(World(month.facts, LATER_MS, {}, every_change).end_ms >= month.end_ms)
    bounds = sorted({*whole(month), *cuts})

    sums = [classes_of(asked(story, LATER_MS, piece, changes)) for piece in pairwise(bounds)]

    for key, classes in classes_of(asked(story, LATER_MS, whole(month), changes)).items():
        of_pieces = [each[key] for each in sums if key in each]
        assert classes | {"outside": 0} == {
            name: sum(each[name] for each in of_pieces) if name != "outside" else 0 for name in classes
        }
        if key in PLATFORMS:
            assert sum(classes.values()) == month.end_ms - month.start_ms


@given(months(SHORT), readings, st.data())
@FEWER
def test_the_figures_of_a_platform_do_not_depend_on_the_others(month, changes, data):
    platform = data.draw(st.sampled_from(month.platforms))
    others = [f for f in month.facts if isinstance(f, Joined | Left) and f.platform != platform]
    alone = asked(retell([f for f in month.facts if f not in others]), LATER_MS, whole(month), changes)

    together = asked(retell(month.facts), LATER_MS, whole(month), changes)

    assert alone.availability.platforms == tuple(
        each for each in together.availability.platforms if each.platform == platform
    )
    assert alone.penalties.platforms == tuple(
        each for each in together.penalties.platforms if each.platform == platform
    )


# ---------------------------------------------------------------- exclusions and downtime


@st.composite
def excuses(draw, month) -> list:
    """Other work that was announced and done, or another claim that was accepted."""
    from_ms, to_ms = draw(intervals(month.start_ms, month.end_ms))
    recorded_ms = draw(instants(SIGNED_MS, from_ms))
    if draw(st.booleans()):
        return [
            Notice(recorded_ms, "other", "published", recorded_ms, PLATFORMS, from_ms, to_ms),
            Worked(recorded_ms, "other", "started", from_ms),
        ]
    claimed = Claimed(recorded_ms, "other", PLATFORMS, from_ms, to_ms)
    return [claimed, Ruled(recorded_ms, "other", ((from_ms, to_ms),))]


@given(months(SHORT), readings, st.data())
@FEWER
def test_without_a_ceiling_a_notice_or_an_accepted_claim_never_adds_downtime(month, changes, data):
    changes = changes | {"maintenance-ceiling": "none"}
    more = month.and_also(*data.draw(excuses(month)))

    before = classes_of(asked(retell(month.facts), LATER_MS, whole(month), changes))
    after = classes_of(asked(retell(more.facts), LATER_MS, whole(month), changes))

    for key, classes in after.items():
        assert classes["down"] <= before[key]["down"]
        assert classes["unknown"] <= before[key]["unknown"]


@given(months(SHORT), readings, st.data())
@FEWER
def test_under_a_ceiling_a_notice_never_takes_from_what_a_quarter_excludes(month, changes, data):
    """It may use up the day that later work needed, and so add downtime (3.5): never more than it excuses."""
    changes = changes | GENEROUS | CEILING
    more = month.and_also(*data.draw(excuses(month)))
    quarter = data.draw(st.sampled_from([q for q in pairwise(QUARTERS_MS) if _meets(q, whole(month))]))
    first, second = retell(month.facts), retell(more.facts)
    assume(_meets(quarter, _term(month)))

    before = classes_of(asked(first, LATER_MS, quarter, changes))
    after = classes_of(asked(second, LATER_MS, quarter, changes))

    for key, classes in after.items():
        if key in PLATFORMS:
            assert _excluded(classes) >= _excluded(before[key])
            assert classes["down"] + classes["unknown"] + classes["up"] <= _counted(before[key])


def _meets(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _term(month) -> tuple[int, int]:
    world = World(month.facts, LATER_MS, {}, every_change)
    return world.start_ms, world.end_ms


def _excluded(classes) -> int:
    return classes["excluded_maintenance"] + classes["excluded_force_majeure"]


def _counted(classes) -> int:
    return classes["down"] + classes["unknown"] + classes["up"]


# ---------------------------------------------------------------- two clocks


@given(months(SHORT), readings, st.data())
@FEWER
def test_what_is_recorded_after_the_moment_asked_never_changes_the_answer(month, changes, data):
    known_ms = data.draw(instants(month.start_ms + 1, month.end_ms + DAY_MS))
    now = [fact for fact in month.facts if fact.recorded_ms <= known_ms]
    story = go_on(Story(), now, month.facts)
    position = story.engine.head().position
    before = asked(story, known_ms, whole(month), changes)
    at_that_position = _at_position(story, position, month, changes)

    go_on(story, [fact for fact in month.facts if fact.recorded_ms > known_ms], month.facts)

    assert asked(story, known_ms, whole(month), changes).digest == before.digest
    assert _at_position(story, position, month, changes) == at_that_position


@given(months(SHORT), readings, st.data())
@FEWER
def test_what_is_appended_behind_a_seal_never_changes_the_answer(month, changes, data):
    """Not even where its recorded clock lies before the moment of the seal."""
    known_ms = data.draw(instants(month.start_ms + 1, month.end_ms + DAY_MS))
    story = go_on(Story(), [fact for fact in month.facts if fact.recorded_ms <= known_ms], month.facts)
    # Of facts drawn for one millisecond each is recorded one later than the one before.
    sealed_ms = max(known_ms, story.engine.head().recorded_ms)
    as_asked = asked(story, sealed_ms, whole(month), changes).digest
    made = sealing.fixed(story.engine.copying.ends())
    story.fact(seals.stream_of(made.seal), made, sealed_ms)
    before = _at_seal(story, made.seal, month, changes)
    assert before == as_asked

    go_on(story, [fact for fact in month.facts if fact.recorded_ms > known_ms], month.facts)

    assert _at_seal(story, made.seal, month, changes) == before


def _at_seal(story, name, month, changes) -> str:
    known = Known.at(story.engine, at_seal(story.engine, sealing.named(story.engine, name)))
    return statement(known, "acme", Interval(*whole(month)), changes).digest


def _at_position(story, position, month, changes) -> str | None:
    moment = at_position(story.engine, position)
    if moment.recorded_ms <= month.start_ms:
        return None
    return statement(Known.at(story.engine, moment), "acme", Interval(*whole(month)), changes).digest


# ---------------------------------------------------------------- order

STAMPED_APART = {"notice-clock": "given"}
"""Facts recorded at one instant are stamped one after the other, so by their recorded clock they are not."""


@given(months(SHORT), readings, st.integers(1, 3), st.randoms(use_true_random=False))
@FEWER
def test_the_order_of_facts_recorded_at_one_instant_does_not_matter(month, changes, days, random):
    """Facts are recorded at a few moments only, so that many are recorded together."""
    tick_ms = days * DAY_MS
    facts = [replace(f, recorded_ms=-(-f.recorded_ms // tick_ms) * tick_ms) for f in month.facts]
    changes = changes | STAMPED_APART
    before = asked(retell(facts), LATER_MS, whole(month), changes)
    after = asked(retell(in_another_order(facts, random)), LATER_MS, whole(month), changes)

    assert answer_of_product(after) == answer_of_product(before)
    assert stretches_of(after) == stretches_of(before)


@given(months(SHORT), readings, st.data())
@FEWER
def test_the_order_in_which_results_are_imported_does_not_matter(month, changes, data):
    results = data.draw(st.permutations(month.of(Result)))
    rest = [fact for fact in month.facts if not isinstance(fact, Result)]
    # Behind all other facts: two in one millisecond are stamped one after the other, and a notice that is
    # judged by its recorded clock would be given another one.
    free_ms = max([month.end_ms, *(fact.recorded_ms for fact in rest)]) + len(month.facts)
    imports_ms = data.draw(st.lists(instants(free_ms, free_ms + DAY_MS), min_size=1, max_size=4))
    late = [
        replace(result, recorded_ms=sorted(imports_ms)[n * len(imports_ms) // len(results)])
        for n, result in enumerate(results)
    ]
    at_once = [replace(result, recorded_ms=free_ms) for result in month.of(Result)]

    before = asked(retell([*rest, *at_once]), LATER_MS, whole(month), changes)
    after = asked(retell([*rest, *late]), LATER_MS, whole(month), changes)

    assert answer_of_product(after) == answer_of_product(before)
    assert stretches_of(after) == stretches_of(before)


# ---------------------------------------------------------------- unknown time

KNOWN_QUORUM = st.sampled_from(["majority", "any", "all"])
"""Agents that weigh nothing cannot say down, whatever they saw: `weighted` is left out."""


def _completed(said: Statement, outcome_of) -> list:
    """What everybody saw, after all, in each piece of the time of which nothing was known.

    Silence cannot be restated (2.6), so witnesses say it that had not been asked; agents that were heard
    there, and were too few, agree with them.
    """
    pieces = [
        (stretch.platform, piece, outcome_of())
        for stretch in said.stretches
        if stretch.class_ == "unknown"
        for piece in _halves(parse_instant(stretch.start), parse_instant(stretch.end))
    ]
    agreed = [
        Corrected(LATER_MS, agent, platform, *piece, outcome)
        for platform, piece, outcome in pieces
        for agent in AGENTS
    ]
    return agreed + [result for witness in WITNESSES for result in _witnessed(witness, pieces)]


def _witnessed(agent: str, pieces: list) -> list[Result]:
    seen = {(end_ms, platform): "unknown" for platform, (_, end_ms), _ in pieces}
    seen |= {(start_ms, platform): outcome for platform, (start_ms, _), outcome in pieces}
    return [
        Result(LATER_MS, agent, platform, at_ms, outcome, logs_only_changes=True)
        for (at_ms, platform), outcome in sorted(seen.items())
    ]


def _halves(start_ms: int, end_ms: int) -> list[tuple[int, int]]:
    middle_ms = (start_ms + end_ms) // 2
    return [each for each in [(start_ms, middle_ms), (middle_ms, end_ms)] if each[0] < each[1]]


@given(months(SHORT), readings, KNOWN_QUORUM, st.sampled_from([["up"], ["down"], ["up", "down"]]), st.data())
@FEWER
def test_the_bounds_are_the_least_and_the_most_that_unknown_time_can_come_to(
    month, changes, quorum, outcomes, data
):
    changes = changes | {"quorum": quorum}
    story = retell(month.facts)
    before = asked(story, LATER_MS, whole(month), changes)

    facts = _completed(before, lambda: data.draw(st.sampled_from(outcomes)))
    after = asked(go_on(story, facts, [*month.facts, *facts]), LATER_MS + DAY_MS, whole(month), changes)

    for was, became in zip(before.availability.platforms, after.availability.platforms, strict=True):
        assert became.classes_ms.unknown == 0
        assert (became.percent is None) == (was.percent_bounds is None)
        if became.percent is not None:
            worst, best = map(Decimal, was.percent_bounds)
            least = best if outcomes == ["up"] else worst
            most = worst if outcomes == ["down"] else best
            assert least <= Decimal(became.percent) <= most
