"""A round that closes: what was found goes into the record as it was, and what was not is missing."""

from hypothesis import given
from hypothesis import strategies as st

from consumers.agent.clock import Distrust
from consumers.agent.in_flight import ERRORS_BYTES_MAX, Begun, InFlight
from consumers.agent.judging import Judged
from consumers.agent.sentences import sentence
from ledger import rounds
from ledger.fact import GENESIS_HASH
from ledger.log.interface import RECORD_BYTES_MAX
from ledger.plans import Planned, PlanSet

START_MS = 1_800_000_000_000
PERIOD_MS = 60_000

judgements = st.builds(
    Judged,
    st.sampled_from(rounds.OUTCOMES),
    st.sampled_from([0, 200, 302, 503]),
    st.sampled_from(["", "HTTP 503, twice"]),
    st.integers(0, 65_535),
)
found = st.lists(st.none() | st.tuples(judgements, st.integers(0, 5_000)), min_size=1, max_size=12)


def in_flight(results):
    """A round in which the platforms have these results; None is one that has none."""
    platforms = tuple(
        Planned(platform=f"acme-{number}", offset_ms=10 * number) for number in range(len(results))
    )
    plan = PlanSet(agent="paris", plan_version=7, period_ms=PERIOD_MS, platforms=platforms)
    found = InFlight(plan, Begun(3, START_MS, 500_000))
    for index, result in enumerate(results):
        if result:
            judged, deviation_ms = result
            found.take(index, judged, found.due_ms(index) + deviation_ms)
    return found


@given(found)
def test_a_round_says_of_each_platform_what_was_found(results):
    goes_on = in_flight(results)
    closed = goes_on.closed()

    if not any(results):
        assert closed is None
        return
    rounds.check(closed, goes_on.plan)
    read, _ = rounds.decode(rounds.encode(closed, GENESIS_HASH))
    for index, result in enumerate(results):
        assert read.outcome(index) == (result[0].outcome if result else None)
        if result:
            judged, deviation_ms = result
            assert read.deviation_ms(index) == deviation_ms
            assert read.latency_ms(index) == judged.latency_ms
            if judged.outcome != "up":
                assert read.not_up[index] == judged[:3]
            elif judged.status != 200:
                assert read.odd_status[index] == judged.status


@given(found.filter(any), st.integers(-PERIOD_MS + 1, PERIOD_MS - 1))
def test_with_a_clock_that_is_not_trusted_nothing_is_known(results, by_ms):
    closed = in_flight(results).closed(Distrust(sentence("own-step", 7), by_ms))

    assert {index for index, result in enumerate(results) if result} == set(closed.not_up)
    assert set(closed.not_up.values()) <= {("unknown", 0, "the agent's clock stepped by 7 s")}


def test_a_round_at_another_time_is_none():
    results = [(Judged("up", 200), 0)]

    assert in_flight(results).closed(Distrust(sentence("own-step", 60), -PERIOD_MS)) is None


def test_when_everything_is_down_with_long_errors_the_round_still_fits_into_a_record():
    error = "connection refused; again: connect timeout after 10 s [" + "é" * 100 + "]"
    closed = in_flight([(Judged("down", 0, error), 0)] * 5_000).closed()

    assert len(rounds.encode(closed, GENESIS_HASH)) < RECORD_BYTES_MAX
    assert closed.not_up[4_999][2] == "connection refused; again: connect timeout after 10 s"
    assert 5_000 * len(error.encode()) > ERRORS_BYTES_MAX
