"""From two tries to an outcome: what an agent may say, and when it must say that it does not know. Spec 12."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumers.agent import sentences
from consumers.agent.failures import of_proxy
from consumers.agent.judging import (
    OF_NAMES,
    OWN,
    STANDSTILL_MS,
    WAITED,
    Attempt,
    Check,
    Self,
    Standstill,
    is_excused,
    judged,
)
from consumers.agent.sentences import is_of_the_list, sentence, without_original

REFUSED = sentence("refused")
TIMEOUT = sentence("connect-timeout", "10")
UNKNOWN_NAME = sentence("name-unknown")

moments = st.integers(0, 60_000)
_values = st.sampled_from(["10", "0.5", "503", "2026-11-20", "NXDOMAIN", "-3.5", "17"])


@st.composite
def said(draw):
    kind = draw(st.sampled_from(sorted(sentences.SENTENCES.keys() - {"own-proxy-away"})))
    values = [draw(_values) for _ in range(sentences.SENTENCES[kind].count("{}"))]
    found = sentence(kind, *values)
    return of_proxy("proxy.example", 3128, (found, ""))[0] if draw(st.booleans()) else found


@st.composite
def spans(draw, kind):
    start_ms, length_ms = draw(moments), draw(st.integers(0, 20_000))
    return kind(start_ms, start_ms + length_ms)


@st.composite
def checks(draw):
    start_ms, length_ms = draw(moments), draw(st.integers(0, 3_000))
    return Check(start_ms, start_ms + length_ms, draw(st.booleans()), draw(st.booleans()))


@st.composite
def two_tries(draw):
    start_ms, first_ms, second_ms = draw(moments), draw(st.integers(0, 10_000)), draw(st.integers(0, 10_000))
    original = sentences.harmless(draw(st.text(max_size=200)))
    middle_ms = start_ms + first_ms
    first = Attempt(start_ms, middle_ms, draw(said()), original, draw(st.sampled_from([0, 503])))
    second = Attempt(middle_ms, middle_ms + second_ms, draw(st.none() | said()), original, 200)
    return first, second


knowing = st.builds(Self, st.lists(checks(), max_size=6), st.lists(spans(Standstill), max_size=3))


# ---------------------------------------------------------------- laws


@given(two_tries(), knowing)
def test_down_is_said_only_by_an_agent_that_could_have_seen_up(tries, known):
    first, second = tries

    if judged(first, second, known).outcome == "down":
        meanwhile = [each for each in known.checks if each.ended_ms >= first.started_ms]
        assert all(each.answered for each in meanwhile)
        assert any(each.started_ms >= second.ended_ms for each in meanwhile)
        if {first.failure.kind, second.failure.kind} & WAITED:
            assert known.stood_still_ms(first.started_ms, second.ended_ms) <= STANDSTILL_MS
        if second.failure.kind in OF_NAMES:
            assert any(each.resolved for each in meanwhile)


@given(two_tries(), knowing, checks(), spans(Standstill))
def test_knowing_more_that_speaks_against_the_agent_never_makes_a_platform_down(tries, known, check, still):
    worse = Self([*known.checks, check._replace(answered=False)], [*known.standstills, still])

    if judged(*tries, known).outcome != "down":
        assert judged(*tries, worse).outcome != "down"


@given(two_tries(), knowing)
def test_every_error_is_of_the_closed_list_and_tells_what_the_tries_found(tries, known):
    first, second = tries
    found = judged(first, second, known)

    if found.outcome == "up":
        assert found.error == ""
        return
    assert is_of_the_list(found.error)
    assert is_of_the_list(without_original(found.error))
    assert first.failure.text in found.error
    assert second.failure is None or second.failure.text in found.error


@given(two_tries(), knowing)
def test_who_answers_the_second_time_is_never_down_nor_unknown(tries, known):
    first, second = tries

    outcome = judged(first, second._replace(failure=None), known).outcome

    assert outcome == ("up" if is_excused(first, known) else "degraded")


@given(two_tries(), knowing)
def test_a_first_try_is_excused_only_by_what_the_agent_knows_of_itself(tries, known):
    first, _ = tries

    if is_excused(first, Self()):
        assert first.failure.kind in OWN
    if first.failure.kind in OWN:
        assert is_excused(first, known)


@given(moments, st.integers(0, 100_000), knowing, st.none() | st.integers(1, 10_000))
def test_who_answers_the_first_time_is_up_or_slow(start_ms, length_ms, known, degraded_after_ms):
    attempt = Attempt(start_ms, start_ms + length_ms, status=200)

    found = judged(attempt, None, known, degraded_after_ms)

    own_ms = known.stood_still_ms(attempt.started_ms, attempt.ended_ms)
    is_slow = degraded_after_ms is not None and length_ms - own_ms > degraded_after_ms
    assert found.outcome == ("degraded" if is_slow else "up")
    assert 0 <= found.latency_ms <= 65_535


# ---------------------------------------------------------------- the example of the specification


def example(*, answered_at_25):
    first = Attempt(15_622, 25_622, TIMEOUT)
    second = Attempt(25_622, 35_622, TIMEOUT)
    checks = [
        Check(20_000, 20_030, answered=True, resolved=True),
        Check(25_000, 28_000, answered=answered_at_25, resolved=False),
        Check(33_000, 33_030, answered=True, resolved=True),
        Check(35_622, 35_650, answered=True, resolved=True),
    ]
    return judged(first, second, Self(checks))


def test_whose_own_network_was_away_for_a_while_does_not_know():
    found = example(answered_at_25=False)

    assert (found.outcome, found.error) == (
        "unknown",
        "the agent's own network: no reference answered for a while [connect timeout after 10 s, twice]",
    )


def test_whose_own_network_was_there_all_the_time_says_down():
    found = example(answered_at_25=True)

    assert (found.outcome, found.error) == ("down", "connect timeout after 10 s, twice")


# ---------------------------------------------------------------- one by one

WELL = Check(2_000, 2_010, answered=True, resolved=True)


def after(failure, *, checks=(WELL,), standstills=()):
    first, second = Attempt(0, 1_000, failure), Attempt(1_000, 2_000, failure)
    return judged(first, second, Self(list(checks), list(standstills)))


def test_a_look_at_the_references_before_the_second_try_ended_is_not_enough():
    early = Check(1_999, 2_010, answered=True, resolved=True)

    assert after(REFUSED, checks=[early]).error == (
        "the agent's own network: no reference answered [connection refused, twice]"
    )


def test_a_timeout_while_the_agent_stood_still_is_unknown_and_a_refusal_is_not():
    still = [Standstill(500, 1_001)]

    assert after(TIMEOUT, standstills=still).error == (
        "the agent itself stood still for 0.501 s [connect timeout after 10 s, twice]"
    )
    assert after(REFUSED, standstills=still).outcome == "down"
    assert after(TIMEOUT, standstills=[Standstill(500, 1_000)]).outcome == "down"


def test_a_name_is_unknown_to_the_platform_only_if_another_one_is_resolved():
    assert after(UNKNOWN_NAME).outcome == "down"
    assert after(UNKNOWN_NAME, checks=[WELL._replace(resolved=False)]).error == (
        "the agent's own DNS: no name of a reference was resolved [the name does not exist, twice]"
    )


@pytest.mark.parametrize("kind", sorted(OWN))
def test_the_agents_own_mistake_is_unknown_and_excuses_a_first_try(kind):
    own = sentence(kind, 407, "connection refused")
    judgement = after(own)
    assert (judgement.outcome, judgement.error) == ("unknown", f"{own.text} [{own.text}, twice]")
    first, second = Attempt(0, 10, own), Attempt(10, 30, status=200)
    assert judged(first, second, Self()) == ("up", 200, "", 20)


def test_a_first_try_during_which_the_network_was_away_is_excused():
    first, second = Attempt(0, 1_000, TIMEOUT), Attempt(1_000, 1_020, status=200)
    away = Check(900, 1_010, answered=False, resolved=False)

    assert judged(first, second, Self([away])).outcome == "up"
    assert judged(first, second, Self([away._replace(started_ms=1_001)])).outcome == "degraded"


def test_a_slow_answer_is_not_slow_by_the_time_in_which_the_agent_stood_still():
    attempt = Attempt(0, 3_000, status=200)

    assert judged(attempt, None, Self([], [Standstill(0, 1_500)]), 2_000).outcome == "up"
    assert judged(attempt, None, Self([], [Standstill(0, 900)]), 2_000).error == (
        "answer after 2100 ms, later than 2000 ms"
    )


def test_standing_still_excuses_a_first_try_that_waited_and_none_that_was_answered():
    still = Self([], [Standstill(0, 600)])
    second = Attempt(1_000, 1_020, status=200)

    assert judged(Attempt(0, 1_000, TIMEOUT), second, still).outcome == "up"
    assert judged(Attempt(0, 1_000, sentence("status", 503)), second, still).outcome == "degraded"
