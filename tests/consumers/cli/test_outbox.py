"""`constat outbox`, as somebody calls it who looks what an agent holds back, or brings it to the ledger by hand."""

import json
import time

import pytest
from msgspec.structs import replace

from ledger.application import Ledger
from ledger.errors import UnreachableLedgerError
from ledger.fact import Draft
from ledger.outbox import chain
from ledger.outbox.file import BYTES_MIN
from ledger.outbox.outbox import Outbox
from ledger.runs import AgentStarted
from tests.ledger.log.processes import AGENT, a_round, ledger_at, new_ledger
from tests.ledger.outbox.agents import LONG, begun, put, put_until_refused, stored

OTHER = {1: ("down", 503, "seen by another")}


@pytest.fixture
def path(tmp_path):
    """The outbox of an agent whose ledger is the default one of the folder."""
    new_ledger(tmp_path / "constat.db")
    return begun(tmp_path / "outbox.db", tmp_path / "constat.db")


def holding(path, count):
    with Outbox.open(str(path)) as outbox:
        return put(outbox, count)


def in_conflict(path, tmp_path):
    holding(path, 2)
    with ledger_at(tmp_path / "constat.db") as ledger:
        ledger.append_rounds(AGENT, [a_round(1, not_up=OTHER)])


# ---------------------------------------------------------------- show


def test_show_says_what_waits_from_when_to_when_and_how_full_it_is(constat, path):
    holding(path, 3)

    answer = constat("outbox", "show", "outbox.db")

    assert (answer.code, answer.err) == (0, "")
    assert answer.out == (
        "outbox.db: agent paris, 3 rounds (number 1 to 3, started 1970-01-01T00:01:00Z to 1970-01-01T00:03:00Z) "
        "wait\n"
        "  the ledger has the agent's rounds up to 0, as far as is known here\n"
        f"  {path.stat().st_size:,} of 1,000,000,000 bytes, 0 %\n"
    )


def test_show_says_the_same_while_the_agent_runs(constat, path):
    with Outbox.open(str(path)) as outbox:
        put(outbox)

        answer = constat("outbox", "show", "outbox.db")

    assert answer.code == 0
    assert "1 round (number 1 to 1, " in answer.out


def test_show_of_an_empty_outbox_says_that_no_round_waits(constat, path):
    assert path.exists()
    assert "agent paris, no round waits\n" in constat("outbox", "show", "outbox.db").out


def test_show_says_that_an_agent_has_never_reached_its_ledger(constat, tmp_path):
    Outbox.open(str(tmp_path / "new.db"), AGENT).close()

    assert "this agent has never reached its ledger" in constat("outbox", "show", "new.db").out


def test_show_answers_no_when_it_is_full_and_says_what_was_refused(constat, path):
    Outbox.open(str(path), bytes_max=BYTES_MIN).close()
    kept, *_ = put_until_refused(path)

    answer = constat("outbox", "show", "outbox.db")

    assert answer.code == 1
    assert "there was no room for 1 round between 1970-01-01T00:" in answer.out
    assert "the ledger will never have it" in answer.out
    assert "nearly full: send what waits, or raise its limit, before rounds are refused" in answer.out
    assert kept > 0


def test_show_answers_no_after_a_conflict_and_says_what_to_do(constat, path, tmp_path):
    in_conflict(path, tmp_path)
    assert constat("outbox", "send", "outbox.db").code == 2

    answer = constat("outbox", "show", "outbox.db")

    assert answer.code == 1
    assert "agent paris stands at round 1, which another writer appended" in answer.out
    assert "`constat outbox send outbox.db --renumber` puts it behind that round" in answer.out


def test_show_as_json_holds_the_same_for_machines(constat, path):
    holding(path, 2)

    found = json.loads(constat("outbox", "show", "outbox.db", "--json").out)

    assert (found["agent"], found["rounds"], found["known"]["number"]) == (AGENT, 2, 0)
    assert [found[end]["number"] for end in ("first", "last")] == [1, 2]
    assert found["last"]["started_at"] == "1970-01-01T00:02:00Z"
    assert (found["bytes"], found["bytes_max"]) == (path.stat().st_size, 1_000_000_000)
    assert (found["refused"], found["conflict"], found["aside"], found["worries"]) == (None, None, 0, [])


def test_json_names_what_was_refused_and_every_worry(constat, path):
    Outbox.open(str(path), bytes_max=BYTES_MIN).close()
    kept, *_ = put_until_refused(path)

    answer = constat("outbox", "show", "outbox.db", "--json")

    found = json.loads(answer.out)
    assert (answer.code, found["refused"]["rounds"], len(found["worries"])) == (1, 1, 1)
    assert found["rounds"] == kept


@pytest.mark.parametrize("verb", ["show", "send"])
def test_what_is_no_outbox_is_said_and_nothing_is_made(constat, tmp_path, verb):
    answer = constat("outbox", verb, "nothing.db")

    assert answer.code == 2
    assert answer.err == "constat: there is no outbox at nothing.db; name the file that the agent writes\n"
    assert list(tmp_path.iterdir()) == []


# ---------------------------------------------------------------- send


def test_send_brings_what_waits_to_the_ledger(constat, path, tmp_path):
    holding(path, 3)

    answer = constat("outbox", "send", "outbox.db")

    assert (answer.code, answer.out, answer.err) == (0, "agent paris: 3 rounds sent\n", "")
    with ledger_at(tmp_path / "constat.db") as ledger:
        assert stored(ledger) == [1, 2, 3]
    assert constat("outbox", "send", "outbox.db").out == "agent paris: 0 rounds sent\n"
    assert constat("verify").code == 0


def test_send_brings_what_waits_to_a_ledger_on_kafka(constat, kafka_url, tmp_path):
    new_ledger(kafka_url)
    path = begun(tmp_path / "outbox.db", kafka_url)
    holding(path, 3)

    answer = constat("outbox", "send", "outbox.db", "--ledger", kafka_url, "--json")

    found = {"rounds": 3, "already_there": 0, "renumbered": 0, "aside": 0, "left": 0}
    assert (answer.code, json.loads(answer.out)) == (0, found)


def test_send_says_what_had_arrived_before(constat, path, tmp_path):
    holding(path, 3)
    before = path.read_bytes()
    constat("outbox", "send", "outbox.db")
    path.write_bytes(before)
    holding(path, 1)

    answer = constat("outbox", "send", "outbox.db")

    assert answer.out == "agent paris: 1 round sent; 3 rounds had arrived before\n"
    with ledger_at(tmp_path / "constat.db") as ledger:
        assert stored(ledger) == [1, 2, 3, 4]


def test_send_without_a_ledger_keeps_everything_and_says_why(constat, path, tmp_path):
    holding(path, 3)
    before = path.read_bytes()
    (tmp_path / "constat.db").rename(tmp_path / "away.db")

    on_file = constat("outbox", "send", "outbox.db")
    on_kafka = constat("outbox", "send", "outbox.db", "--ledger", "kafka://127.0.0.1:1/constat?timeout_s=1")

    assert (on_file.code, on_kafka.code) == (2, 2)
    assert "there is no ledger at" in on_file.err
    assert "no broker of kafka://127.0.0.1:1/constat answers" in on_kafka.err
    assert path.read_bytes() == before


def test_send_is_refused_while_the_agent_has_its_outbox_open(constat, path):
    with Outbox.open(str(path)):
        answer = constat("outbox", "send", "outbox.db")

    assert answer.code == 2
    assert "another process has outbox.db open, and only one at a time may put and send" in answer.err


def test_send_tells_a_conflict_and_renumbers_when_it_is_asked_to(constat, path, tmp_path):
    in_conflict(path, tmp_path)

    refused = constat("outbox", "send", "outbox.db")
    done = constat("outbox", "send", "outbox.db", "--renumber")

    assert (refused.code, refused.out) == (2, "")
    assert "constat: agent paris stands at round 1, which another writer appended" in refused.err
    assert (done.code, done.err) == (0, "")
    assert done.out == "2 rounds numbered anew\nagent paris: 2 rounds sent\n"
    with ledger_at(tmp_path / "constat.db") as ledger:
        assert stored(ledger) == [1, 2, 3]


def test_send_renumbers_nothing_while_the_ledger_shows_that_another_process_runs(constat, path, tmp_path):
    holding(path, 2)
    now_ms = time.time_ns() // 1_000_000
    started = AgentStarted(agent=AGENT, run="theirs", version="0.1.0", place="Lyon")
    with ledger_at(tmp_path / "constat.db") as ledger:
        ledger.append(Draft(f"run:{AGENT}", started, now_ms - 90_000))
        ledger.append_rounds(AGENT, [replace(a_round(1, not_up=OTHER), start_ms=now_ms - 60_000)])

    refused = constat("outbox", "send", "outbox.db", "--renumber")

    assert (refused.code, refused.out) == (2, "")
    assert "agent paris runs elsewhere" in refused.err
    with ledger_at(tmp_path / "constat.db") as ledger:
        assert stored(ledger) == [1]


def test_send_says_how_far_it_came_when_it_breaks_off(constat, path, monkeypatch):
    holding(path, 5)
    append = Ledger.append_encoded_rounds
    monkeypatch.setattr(chain, "PAGE", 2)

    def once(ledger, agent, values):
        append(ledger, agent, values)
        monkeypatch.setattr(Ledger, "append_encoded_rounds", never)

    def never(*_):
        raise UnreachableLedgerError("no broker answers")

    monkeypatch.setattr(Ledger, "append_encoded_rounds", once)

    answer = constat("outbox", "send", "outbox.db")

    assert (answer.code, answer.out) == (2, "")
    assert answer.err == "2 rounds arrived, and then it broke off\nconstat: no broker answers\n"


def test_what_is_damaged_is_put_aside_when_that_is_asked_and_show_says_so(constat, path):
    with Outbox.open(str(path)) as outbox:
        put(outbox, 3, not_up=LONG)
        with outbox._file.writing() as connection:
            connection.execute("UPDATE rounds SET value = CAST(value || ' ' AS BLOB) WHERE number = 2")

    refused = constat("outbox", "send", "outbox.db")
    done = constat("outbox", "send", "outbox.db", "--renumber")
    shown = constat("outbox", "show", "outbox.db")

    assert "outbox.db: round 2 is not as it was put in" in refused.err
    assert done.out == "2 rounds numbered anew, 1 damaged round put aside\nagent paris: 2 rounds sent\n"
    assert (shown.code, "1 damaged round put aside: kept in this file, and never sent" in shown.out) == (
        1,
        True,
    )
