"""What every engine promises, written once and held against each: `ledger.log.interface.Engine`.

A test that is only about one of them stands in test_sqlite.py or under kafka/.
"""

import random
from itertools import pairwise

import pytest
from eventsourcing.persistence import IntegrityError, StoredEvent
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.application import Ledger, open_engine
from ledger.errors import ConflictError, RefusedError
from ledger.fact import Draft, hash_of
from ledger.log.interface import KeptRound, LogHead, NewRound, RoundHead
from ledger.log.kafka import address, topics
from ledger.plans import AgentRetired, Planned, PlanSet
from ledger.rounds import Round, chained
from tests import brokers
from tests.ledger.log.processes import AGENT, PLAN, a_round, update

ENGINES = ("sqlite", "kafka")
AGENTS = ("lyon", "oslo", "paris")
NOWHERE = "sha256:" + "0" * 63 + "1"


@pytest.fixture
def ledger(each_url):
    with Ledger.open(each_url) as ledger:
        yield ledger


@pytest.fixture
def engine(ledger):
    return ledger.engine


def batch(engine, *numbers, previous=None, agent=AGENT):
    """Rounds of an agent as they are appended, chained to its head."""
    head = previous or engine.round_head(agent).hash
    values = chained([a_round(number, agent) for number in numbers], head)
    return [NewRound(number, number * 60_000, value) for number, value in zip(numbers, values, strict=True)]


def stored(stream, sequence, state=b"x", kind="t"):
    """A fact as the `eventsourcing` library hands it over; it names no predecessor."""
    return StoredEvent(stream, sequence, kind, state)


# ---------------------------------------------------------------- facts


def test_an_empty_ledger_has_an_empty_head_and_nothing_in_it(engine):
    assert engine.head() == LogHead(0, 0, 0)
    assert list(engine.facts()) == list(engine.rounds()) == engine.agents() == []
    assert engine.decisions.max_notification_id() is None
    assert engine.round_head(AGENT) == RoundHead(0, "sha256:" + "0" * 64)
    assert engine.position_at(2**60) == engine.round_offset_at(2**60) == 0


def test_positions_are_dense_from_one_whatever_was_refused_between_them(ledger):
    ledger.append(update("i-1", "a"))
    with pytest.raises(IntegrityError):
        ledger.engine.decisions.insert_events([stored("incident:i-1", 7)])
    with pytest.raises(IntegrityError):
        ledger.engine.decisions.insert_events([stored("incident:i-1", 1)])
    ledger.append(update("i-2", "b"), update("i-1", "c"))

    facts = list(ledger.engine.facts())

    assert [fact.position for fact in facts] == [1, 2, 3]
    assert ledger.engine.head() == LogHead(3, 0, facts[-1].recorded_ms)
    assert ledger.engine.decisions.max_notification_id() == 3


def test_what_is_read_is_the_bytes_that_were_written(engine):
    states = [bytes([n]) * n for n in range(1, 5)] + [b"\n\0\n", "é".encode()]

    engine.decisions.insert_events([stored("s", n, state) for n, state in enumerate(states, 1)])

    assert [fact.value for fact in engine.facts()] == states
    assert [event.state for event in engine.decisions.select_events("s")] == states


def test_facts_are_cut_after_a_position_and_until_one(ledger):
    ledger.append(*(update("i-1", str(n)) for n in range(5)))

    def cut(**bounds):
        return [fact.position for fact in ledger.engine.facts(**bounds)]

    assert cut() == [1, 2, 3, 4, 5]
    assert cut(after=2) == [3, 4, 5]
    assert cut(until=2) == [1, 2]
    assert cut(after=1, until=4) == [2, 3, 4]
    assert cut(after=5) == cut(until=0) == cut(after=4, until=3) == []
    assert cut(until=99) == [1, 2, 3, 4, 5]


def test_several_facts_are_one_append_with_one_recorded_clock(ledger):
    kept = ledger.append(update("i-1", "a"), update("i-2", "b"), update("i-1", "c"))

    assert [(fact.position, fact.stream, fact.sequence) for fact in kept] == [
        (1, "incident:i-1", 1),
        (2, "incident:i-2", 1),
        (3, "incident:i-1", 2),
    ]
    assert len({fact.recorded_ms for fact in kept}) == 1


def test_one_fact_that_does_not_extend_its_stream_refuses_all_that_came_with_it(engine):
    engine.decisions.insert_events([stored("s", 1)])

    with pytest.raises(IntegrityError):
        engine.decisions.insert_events([stored("other", 1), stored("s", 1)])

    assert [fact.position for fact in engine.facts()] == [1]
    assert engine.decisions.select_events("other") == []
    assert engine.decisions.insert_events([stored("other", 1), stored("s", 2)]) == [2, 3]


@pytest.mark.parametrize(
    "events",
    [
        [("s", 2)],
        [("s", 4)],
        [("s", 3), ("s", 3)],
        [("s", 3), ("s", 5)],
        [("new", 2)],
        [("new", -1)],
        [("s", 3), ("new", 1), ("new", 1)],
    ],
)
def test_a_number_that_does_not_follow_its_stream_is_refused_and_nothing_is_written(engine, events):
    engine.decisions.insert_events([stored("s", 1), stored("s", 2)])

    with pytest.raises(IntegrityError):
        engine.decisions.insert_events([stored(*event) for event in events])

    assert engine.head().position == 2


def test_a_fact_that_names_another_predecessor_than_the_head_is_refused(each_url):
    with Ledger.open(each_url) as one, Ledger.open(each_url) as two:
        one.append(update("i-1", "first"))
        seen = list(two.stream("incident:i-1"))

        def decide(_count):
            one.append(update("i-1", "faster"))
            return update("i-1", "slower").fact

        assert len(seen) <= 1  # the other one may not have read it yet
        with pytest.raises(ConflictError, match="nothing was written"):
            two.record("incident:i-1", 0, lambda count, _: count + 1, decide, occurred_ms=0)

        assert [fact.fact.note for fact in one.stream("incident:i-1")] == ["first", "faster"]
        assert one.engine.head().position == two.engine.head().position == 2


def test_the_heads_of_many_streams_are_read_together_and_a_stream_without_a_fact_has_none(ledger):
    ledger.append(*(update(f"i-{number}", "first") for number in range(600)))
    (last,) = ledger.append(update("i-7", "second"))

    heads = ledger.engine.heads([f"incident:i-{number}" for number in range(700)])

    assert len(heads) == 600
    assert heads["incident:i-7"] == (2, last.hash)
    assert {head.sequence for name, head in heads.items() if name != "incident:i-7"} == {1}
    assert ledger.engine.heads([]) == {}


def test_no_facts_are_no_append(engine):
    assert engine.decisions.insert_events([]) == []
    assert engine.head() == LogHead(0, 0, 0)


def test_the_recorded_clock_never_steps_back_and_leads_to_positions(ledger):
    for number in range(6):
        ledger.append(update("i-1", str(number)), update(f"i-{number}", "x"))
    engine = ledger.engine

    clocks = {fact.position: fact.recorded_ms for fact in engine.facts()}

    assert list(clocks.values()) == sorted(clocks.values())
    assert [engine.recorded_ms_of(position) for position in clocks] == list(clocks.values())
    for moment_ms in {clock + step for clock in clocks.values() for step in (-1, 0, 1)}:
        expected = max((position for position, clock in clocks.items() if clock <= moment_ms), default=0)
        assert engine.position_at(moment_ms) == expected


def test_before_the_first_fact_and_behind_the_last_nothing_is_known(ledger):
    ledger.append(update("i-1", "x"))
    engine = ledger.engine

    assert engine.position_at(-1) == 0
    assert engine.recorded_ms_of(0) == 0
    with pytest.raises(KeyError):
        engine.recorded_ms_of(2)


def test_everything_is_there_again_when_the_ledger_is_opened_again(each_url):
    with Ledger.open(each_url) as ledger:
        ledger.append(Draft(f"plan:{AGENT}", PLAN, 0), update("i-1", "x"))
        ledger.append_rounds(AGENT, [a_round(1), a_round(4)])
        before = (list(ledger.engine.facts()), list(ledger.engine.rounds()), ledger.engine.head())

    with Ledger.open(each_url) as again:
        assert (list(again.engine.facts()), list(again.engine.rounds()), again.engine.head()) == before


def test_what_one_opened_ledger_appends_another_one_reads(each_url):
    with Ledger.open(each_url) as one, Ledger.open(each_url) as two:
        one.append(Draft(f"plan:{AGENT}", PLAN, 0))
        one.append_rounds(AGENT, [a_round(1)])

        head = two.engine.head()

        assert (head.position, head.round_offset) == (1, 1)
        assert list(two.engine.facts()) == list(one.engine.facts())
        assert list(two.engine.rounds()) == list(one.engine.rounds())


# ---------------------------------------------------------------- rounds


def test_rounds_may_skip_numbers_because_a_lost_round_stays_visible(engine):
    engine.append_rounds(AGENT, batch(engine, 3, 7))
    engine.append_rounds(AGENT, batch(engine, 20))

    assert [found.number for found in engine.rounds()] == [3, 7, 20]
    assert engine.round_head(AGENT).number == 20


@pytest.mark.parametrize("numbers", [(5,), (3,), (6, 6), (7, 6), (0,)])
def test_a_number_that_does_not_rise_is_refused_and_so_is_its_whole_batch(engine, numbers):
    engine.append_rounds(AGENT, batch(engine, 5))

    with pytest.raises(ConflictError, match="stands at round"):
        engine.append_rounds(AGENT, batch(engine, *numbers))

    assert [found.number for found in engine.rounds()] == [5]


def test_a_round_that_names_another_predecessor_is_refused(engine):
    engine.append_rounds(AGENT, batch(engine, 1))

    with pytest.raises(ConflictError, match="read its head and send anew"):
        engine.append_rounds(AGENT, batch(engine, 2, previous=NOWHERE))

    assert engine.round_head(AGENT).number == 1


def test_no_round_of_a_retired_agent_is_taken_until_it_has_another_plan(each_url):
    """Nor by a writer that was open before; a round of an earlier plan is then taken, too: it was kept back."""
    retired = AgentRetired(agent=AGENT, reason="its machine is gone", by="sre-1")
    with Ledger.open(each_url) as agent, Ledger.open(each_url) as ops:
        ops.append(Draft(f"plan:{AGENT}", PLAN, 0))
        agent.append_rounds(AGENT, [a_round(1)])
        ops.append(Draft(f"plan:{AGENT}", retired, 0))
        late = chained([a_round(2)], agent.engine.round_head(AGENT).hash)

        for refused in (
            lambda: agent.append_rounds(AGENT, [a_round(2)]),
            lambda: agent.append_encoded_rounds(AGENT, late),
        ):
            with pytest.raises(
                RefusedError, match=r"agent paris was retired at .*; if it probes again, record"
            ):
                refused()
        assert [kept.number for kept in ops.engine.rounds()] == [1]

        ops.append(Draft(f"plan:{AGENT}", PLAN.model_copy(update={"plan_version": 2}), 0))
        agent.append_encoded_rounds(AGENT, late)
        assert [kept.number for kept in ops.engine.rounds()] == [1, 2]


def test_the_same_batch_twice_counts_once(each_url):
    one, two = open_engine(each_url), open_engine(each_url)
    rounds = batch(one, 1, 2)
    one.append_rounds(AGENT, rounds)

    with pytest.raises(ConflictError, match="read its head and send anew"):
        two.append_rounds(AGENT, rounds)

    assert [found.number for found in two.rounds()] == [1, 2]
    one.close()
    two.close()


def test_no_rounds_are_no_append(engine):
    engine.append_rounds(AGENT, [])

    assert engine.head() == LogHead(0, 0, 0)
    assert engine.agents() == []


def test_a_round_is_read_with_its_place_its_clock_and_its_hash(engine):
    rounds = batch(engine, 1, 2)
    engine.append_rounds(AGENT, rounds)

    found = list(engine.rounds())

    assert found == [
        KeptRound(offset, AGENT, new.number, new.start_ms, kept.recorded_ms, new.value, hash_of(new.value))
        for offset, new, kept in zip((1, 2), rounds, found, strict=True)
    ]
    assert 0 < found[0].recorded_ms <= found[1].recorded_ms
    assert engine.head() == LogHead(0, 2, found[1].recorded_ms)
    assert engine.round_head(AGENT) == RoundHead(2, hash_of(rounds[1].value))


def test_each_agent_has_a_head_of_its_own_and_agents_come_by_name(engine):
    for agent in ("paris", "lyon", "oslo"):
        engine.append_rounds(agent, batch(engine, 1, agent=agent))
    engine.append_rounds("oslo", batch(engine, 2, agent="oslo"))

    assert engine.agents() == ["lyon", "oslo", "paris"]
    assert [engine.round_head(agent).number for agent in ("lyon", "oslo", "paris", "rome")] == [1, 2, 1, 0]


def test_whoever_reads_rounds_may_ask_for_others_and_append_some_meanwhile(engine):
    engine.append_rounds(AGENT, batch(engine, *range(1, 6)))

    reading = engine.rounds(agents=[AGENT])
    first = next(reading)
    engine.append_rounds(AGENT, batch(engine, 6))
    engine.append_rounds("oslo", batch(engine, 1, agent="oslo"))

    assert engine.agents() == ["oslo", AGENT]
    assert [found.number for found in (first, *reading)] == [1, 2, 3, 4, 5]
    assert [found.number for found in engine.rounds(agents=[AGENT])] == [1, 2, 3, 4, 5, 6]


# ---------------------------------------------------------------- cuts of the probe log

SOME = {"sqlite": 100, "kafka": 12}
"""How many cuts are tried: each asks a broker anew."""


@pytest.fixture(scope="module", params=ENGINES)
def probed(request, tmp_path_factory):
    """A ledger with rounds of three agents, whose starts are in any order."""
    folder = tmp_path_factory.mktemp("probed")
    url = f"sqlite:///{folder}/ledger.db"
    if request.param == "kafka":
        url = kafka_ledger(request.getfixturevalue("broker"), folder)
    with Ledger.open(url) as ledger:
        append_some_rounds(ledger, random.Random(7))
        yield request.param, ledger.engine


def kafka_ledger(broker, folder):
    url = f"kafka://{broker}/{brokers.fresh_name()}?mirrors={folder}"
    topics.create(address.parse(url), probe_partitions=2)
    return url


def append_some_rounds(ledger, chance):
    for agent in AGENTS:
        plan = PlanSet(agent=agent, plan_version=1, platforms=(Planned(platform="acme-prod"),))
        ledger.append(Draft(f"plan:{agent}", plan, 0))
    for _ in range(12):
        agent = chance.choice(AGENTS)
        first = ledger.engine.round_head(agent).number + 1
        starts = [chance.randint(0, 100) for _ in range(chance.randint(1, 4))]
        rounds = [
            Round(agent, first + i, f"{agent}/1", start, 1, jitter=b"\0") for i, start in enumerate(starts)
        ]
        ledger.append_rounds(agent, rounds)


def places(rounds):
    return [(found.agent, found.number, found.offset) for found in rounds]


def by_agent(rounds):
    """Each agent's rounds in the order in which they came: what agents have among each other is the engine's."""
    found = {}
    for each in rounds:
        found.setdefault(each.agent, []).append(each)
    return found


LIMIT = st.none() | st.integers(-10, 110)


def test_a_cut_of_the_probe_log_is_the_whole_log_filtered(probed):
    kind, engine = probed
    whole = list(engine.rounds())
    clocks = sorted({found.recorded_ms + step for found in whole for step in (-1, 0, 1)})

    @settings(max_examples=SOME[kind])
    @given(
        recorded_until=st.none() | st.sampled_from(clocks),
        start=LIMIT,
        end=LIMIT,
        agents=st.none() | st.lists(st.sampled_from([*AGENTS, "rome"])),
        read=st.dictionaries(st.sampled_from([*AGENTS, "rome"]), st.integers(0, 12)),
    )
    def holds(recorded_until, start, end, agents, read):
        cut = engine.rounds(
            recorded_until_ms=recorded_until,
            start_from_ms=start,
            start_until_ms=end,
            agents=agents,
            after=read,
        )

        expected = [
            found
            for found in whole
            if (recorded_until is None or found.recorded_ms <= recorded_until)
            and (start is None or found.start_ms >= start)
            and (end is None or found.start_ms < end)
            and (agents is None or found.agent in agents)
            and found.number > read.get(found.agent, 0)
        ]
        assert by_agent(cut) == by_agent(expected)

    holds()


def test_offsets_are_dense_and_numbers_and_clocks_rise_with_each_agent(probed):
    _, engine = probed
    whole = list(engine.rounds())

    assert sorted(found.offset for found in whole) == list(range(1, engine.head().round_offset + 1))
    for rounds in by_agent(whole).values():
        for before, after in pairwise(rounds):
            assert before.offset < after.offset
            assert before.number < after.number
            assert before.recorded_ms <= after.recorded_ms


def test_the_rounds_recorded_by_a_moment_are_counted_by_it(probed):
    _, engine = probed
    clocks = [found.recorded_ms for found in engine.rounds()]

    for moment_ms in {clock + step for clock in clocks for step in (-1, 0)}:
        assert engine.round_offset_at(moment_ms) == sum(clock <= moment_ms for clock in clocks)
