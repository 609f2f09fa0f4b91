"""The one door for writing: load, decide, append; one append is one record."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ledger import facts, incidents, maintenance
from ledger.application import CloudEventsMapper, Ledger, open_engine
from ledger.errors import (
    BadInputError,
    ConflictError,
    DamagedLedgerError,
    RefusedError,
    UnusableLedgerError,
)
from ledger.fact import GENESIS_HASH, Draft, Span, hash_of
from ledger.incidents import IncidentOpened, IncidentUpdated
from ledger.log import codec
from ledger.log.sqlite import SQLiteEngine
from ledger.maintenance import NoticePublished
from ledger.rounds import chained, encode
from tests.ledger.log.processes import AGENT, PLAN, a_round, update
from tests.strategies import FACTS, instants

NOTICE = NoticePublished(
    maintenance="m-1", platforms=("acme-prod",), announced=Span.of(0, 3_600_000), summary="an upgrade"
)
STREAM = maintenance.stream_of("m-1")


@pytest.fixture
def ledger():
    with Ledger(SQLiteEngine(":memory:")) as ledger:
        yield ledger


def everything(ledger):
    return [codec.recorded(kept) for kept in ledger.engine.facts()]


def rows(ledger):
    return list(ledger.engine.fact_rows(until=ledger.engine.head().position))


# ---------------------------------------------------------------- append


def test_several_facts_on_several_streams_are_one_record(ledger):
    ledger.append(update("i-0", "before"))

    appended = ledger.append(update("i-1", "a"), update("i-2", "b"), update("i-1", "c"))

    assert appended == everything(ledger)[1:]
    assert [(f.position, f.stream, f.sequence) for f in appended] == [
        (2, "incident:i-1", 1),
        (3, "incident:i-2", 1),
        (4, "incident:i-1", 2),
    ]
    assert [row.record for row in rows(ledger)] == [1, 2, 2, 2]


@pytest.mark.parametrize("kind", facts.ALL_FACTS, ids=lambda kind: kind.TYPE)
@given(data=st.data(), occurred_ms=instants)
def test_what_an_append_returns_is_what_is_read(kind, data, occurred_ms):
    fact = data.draw(FACTS[kind])
    with Ledger(SQLiteEngine(":memory:")) as ledger:
        appended = ledger.append(Draft(facts.stream_of(fact), fact, occurred_ms))

        assert appended == everything(ledger)


def test_two_drafts_on_one_stream_chain(ledger):
    first, second = ledger.append(update("i-1", "a"), update("i-1", "b"))
    (third,) = ledger.append(update("i-1", "c"))

    assert first.previous_hash == GENESIS_HASH
    assert second.previous_hash == first.hash
    assert third.previous_hash == second.hash
    assert [first.sequence, second.sequence, third.sequence] == [1, 2, 3]


def test_if_one_stream_has_moved_on_nothing_of_the_append_is_written(ledger, monkeypatch):
    heads_of = ledger.engine.heads

    def overtaken(streams):
        heads = heads_of(streams)
        monkeypatch.setattr(ledger.engine, "heads", heads_of)
        ledger.append(update("i-2", "the other writer's"))
        return heads

    monkeypatch.setattr(ledger.engine, "heads", overtaken)

    with pytest.raises(ConflictError, match=r"another writer was first .* nothing was written"):
        ledger.append(update("i-1", "a"), update("i-2", "b"), update("i-3", "c"))

    assert [fact.stream for fact in everything(ledger)] == ["incident:i-2"]


def test_no_drafts_append_nothing(ledger):
    assert ledger.append() == []
    assert ledger.engine.head().position == 0


def test_what_is_appended_says_when_it_occurred_who_says_so_and_when_it_was_recorded():
    with Ledger(SQLiteEngine(":memory:", clock=lambda: 5000)) as ledger:
        (fact,) = ledger.append(Draft(STREAM, NOTICE, 1234, "/mail"))

    assert (fact.occurred_ms, fact.recorded_ms, fact.source) == (1234, 5000, "/mail")
    assert fact.fact == NOTICE
    assert fact.fact_id == "maintenance:m-1/1"


# ---------------------------------------------------------------- record


def publish(state):
    return maintenance.publish(state, NOTICE)


def test_a_decision_is_taken_on_the_state_of_its_stream(ledger):
    published = ledger.record(STREAM, maintenance.INITIAL, maintenance.evolve, publish, occurred_ms=0)

    assert [fact.fact for fact in published] == [NOTICE]
    with pytest.raises(RefusedError, match="already announced"):
        ledger.record(STREAM, maintenance.INITIAL, maintenance.evolve, publish, occurred_ms=0)
    assert ledger.engine.head().position == 1


def test_a_decision_on_a_state_that_is_no_longer_so_is_a_conflict(ledger):
    def decide_too_late(_state):
        ledger.append(update("i-1", "the other writer's"))
        return incidents.IncidentUpdated(incident="i-1", note="mine")

    with pytest.raises(ConflictError, match="another writer was first"):
        ledger.record("incident:i-1", None, lambda state, _: state, decide_too_late, occurred_ms=0)

    assert [fact.fact.note for fact in everything(ledger)] == ["the other writer's"]


def test_a_decision_may_be_several_facts_and_they_are_one_record(ledger):
    def open_and_tell(_state):
        return [
            IncidentOpened(incident="i-1", platforms=("acme-prod",), summary="it is slow"),
            IncidentUpdated(incident="i-1", note="we look at it"),
        ]

    ledger.record("incident:i-1", None, lambda state, _: state, open_and_tell, occurred_ms=0)

    assert [(row.sequence, row.record) for row in rows(ledger)] == [(1, 1), (2, 1)]


def test_a_decision_may_be_that_there_is_nothing_to_say(ledger):
    assert ledger.record("incident:i-1", None, lambda state, _: state, lambda _: [], occurred_ms=0) == []
    assert ledger.engine.head().position == 0


# ---------------------------------------------------------------- rounds


@pytest.fixture
def planned(ledger):
    """A ledger that knows the plans of two agents."""
    for agent in (AGENT, "lyon"):
        ledger.append(Draft(f"plan:{agent}", PLAN.model_copy(update={"agent": agent}), 0))
    return ledger


def test_rounds_chain_behind_the_agents_last_one(planned):
    ledger = planned
    ledger.append_rounds(AGENT, [a_round(1), a_round(2)])
    ledger.append_rounds(AGENT, [a_round(3)])
    ledger.append_rounds("lyon", [a_round(1, agent="lyon")])

    named = [codec.claimed_predecessor(found.value) for found in ledger.engine.rounds()]
    hashes = [row.hash for row in ledger.engine.round_rows(until=4)]

    assert named == [GENESIS_HASH, hashes[0], hashes[1], GENESIS_HASH]


def test_rounds_that_were_appended_already_are_a_conflict(planned):
    ledger = planned
    ledger.append_rounds(AGENT, [a_round(1), a_round(2)])

    with pytest.raises(ConflictError):
        ledger.append_rounds(AGENT, [a_round(2), a_round(3)])

    assert ledger.engine.round_head(AGENT).number == 2


def test_a_writer_with_a_stale_view_is_fenced_even_where_it_skips_a_number(planned):
    seen = planned.engine.round_head(AGENT)
    planned.append_rounds(AGENT, [a_round(1)])

    with pytest.raises(ConflictError):
        planned.append_rounds(AGENT, [a_round(2)], behind=seen)

    assert planned.engine.round_head(AGENT).number == 1


@pytest.mark.parametrize(
    ("found", "what"),
    [
        (a_round(1, agent="lyon"), "none of agent paris's"),
        (replace(a_round(1), plan="paris/2"), "record its plan first"),
        (replace(a_round(1), plan="lyon/1"), "record its plan first"),
        (replace(a_round(1), n=2, jitter=bytes(2)), "has 2 platforms, the plan 3"),
        (replace(a_round(1), start_ms=2**53 - 1), "starts before 1970 or after the year 9998"),
        (replace(a_round(1), not_up={1: ("down", 0, "")}, missing=[1]), "stands in two places"),
        (replace(a_round(1), not_up={}, missing=[1, 1]), "stands in two places"),
        (replace(a_round(1), not_up={}, missing=[1], odd_status={1: 301}), "stands in two places"),
        (replace(a_round(1), not_up={1: ("down", 0, "")}, odd_status={1: 301}), "stands in two places"),
    ],
)
def test_a_round_that_is_not_the_agents_or_does_not_fit_its_plan_is_refused_at_the_door(planned, found, what):
    with pytest.raises(BadInputError, match=what):
        planned.append_rounds(AGENT, [found])

    assert planned.engine.head().round_offset == 0


def test_rounds_that_were_encoded_before_are_appended_byte_for_byte(planned):
    values = [value + b" " for value in chained([a_round(1)], GENESIS_HASH)]
    values += chained([a_round(4)], hash_of(values[0]))

    planned.append_encoded_rounds(AGENT, values)

    assert [(kept.number, kept.start_ms, kept.value) for kept in planned.engine.rounds()] == [
        (1, 60_000, values[0]),
        (4, 240_000, values[1]),
    ]


def test_encoded_rounds_that_do_not_follow_the_agents_last_one_are_a_conflict(planned):
    planned.append_rounds(AGENT, [a_round(1)])

    with pytest.raises(ConflictError):
        planned.append_encoded_rounds(AGENT, chained([a_round(2)], GENESIS_HASH))

    assert planned.engine.round_head(AGENT).number == 1


@pytest.mark.parametrize(
    ("value", "error"),
    [
        (b"{}", DamagedLedgerError),
        (encode(a_round(1, "lyon"), GENESIS_HASH), BadInputError),
        (encode(replace(a_round(1), plan="paris/9"), GENESIS_HASH), BadInputError),
        (encode(replace(a_round(1), jitter=b""), GENESIS_HASH), BadInputError),
    ],
)
def test_encoded_rounds_pass_the_same_door_as_others(planned, value, error):
    with pytest.raises(error):
        planned.append_encoded_rounds(AGENT, [value])

    assert planned.engine.head().round_offset == 0


# ---------------------------------------------------------------- every fact on its stream


@pytest.mark.parametrize("stream", ["nonsense:x", "contract:i-1", "incident:i-2", "incident", ""])
def test_a_fact_on_a_stream_of_another_subject_is_refused_at_the_door(ledger, stream):
    fact = IncidentUpdated(incident="i-1", note="n")

    with pytest.raises(BadInputError, match="belongs on incident:i-1"):
        ledger.append(Draft(stream, fact, 0))
    with pytest.raises(BadInputError, match="belongs on incident:i-1"):
        ledger.record(stream, None, lambda state, _: state, lambda _: fact, occurred_ms=0)

    assert ledger.engine.head().position == 0


def test_a_stream_is_read_with_the_positions_and_clocks_of_its_facts(ledger):
    ledger.append(update("i-0", "before"))
    appended = [*ledger.append(update("i-1", "a")), *ledger.append(update("i-1", "b"))]

    assert list(ledger.stream("incident:i-1")) == appended
    assert [fact.position for fact in appended] == [2, 3]


# ---------------------------------------------------------------- opening


@pytest.mark.parametrize("url", ["", "sqlite:///", "postgres://host/db", "sqlite://ledger.db"])
def test_a_url_that_names_no_ledger_is_refused(url):
    with pytest.raises(BadInputError, match=r"sqlite:///constat\.db"):
        open_engine(url)


def test_a_relative_url_is_under_the_current_folder_and_an_absolute_one_is_not(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Ledger.open("sqlite:///relative.db").close()
    Ledger.open(f"sqlite:///{tmp_path}/absolute.db").close()

    assert sorted(file.name for file in tmp_path.iterdir()) == ["absolute.db", "relative.db"]


def test_a_ledger_that_was_closed_says_so(ledger):
    ledger.close()

    with pytest.raises(UnusableLedgerError, match="closed"):
        ledger.append(update("i-1", "too late"))


def test_nothing_in_the_environment_can_put_facts_elsewhere(tmp_path, monkeypatch):
    for name in ("PERSISTENCE_MODULE", "CONSTAT_PERSISTENCE_MODULE"):
        monkeypatch.setenv(name, "eventsourcing.popo:POPOFactory")
    monkeypatch.setenv("COMPRESSOR_TOPIC", "zlib")
    monkeypatch.setenv("MAPPER_TOPIC", "nowhere:Mapper")

    with Ledger.open(f"sqlite:///{tmp_path}/ledger.db") as ledger:
        (appended,) = ledger.append(update("i-1", "a"))
    with Ledger.open(f"sqlite:///{tmp_path}/ledger.db", create=False) as again:
        assert everything(again) == [appended]


def test_the_library_reads_what_it_wrote(ledger):
    ledger.append(update("i-1", "a"))
    (stored,) = ledger.recorder.select_events("incident:i-1")
    mapper = CloudEventsMapper.__new__(CloudEventsMapper)

    envelope = mapper.to_domain_event(stored)

    assert mapper.to_stored_event(envelope) == stored
    assert (envelope.originator_id, envelope.originator_version) == ("incident:i-1", 1)
