"""`constat copy`, as a person calls it: what it prints, and when the answer is no."""

import json
import sqlite3
from contextlib import closing

import pytest

from consumers.demo.clients import DISPUTED
from ledger.application import Ledger, open_engine
from projections.digests import Digest
from tests import brokers
from tests.disputes.loading import folders, load
from tests.ledger.log.processes import update
from tests.oracle.together import Clock, tell_together

(ENDED,) = (folder for folder in folders() if folder.name == "a-correction-over-silence")


@pytest.fixture
def source(tmp_path):
    """A ledger with a contract that has ended periods."""
    clock = Clock()
    with Ledger.open(f"sqlite:///{tmp_path}/constat.db", clock=clock) as ledger:
        tell_together(ledger, clock, [load(ENDED).facts])
    return "sqlite:///constat.db"


def test_what_was_copied_and_compared_is_printed(constat, source):
    answer = constat("copy", source, "sqlite:///target.db")

    assert (answer.code, answer.err) == (0, "")
    assert "sqlite:///constat.db -> sqlite:///target.db: " in answer.out
    assert "the digest of every ended period's statement are the same in both" in answer.out
    assert "w0-" in answer.out


def test_json_holds_the_same_for_machines(constat, source):
    found = json.loads(constat("copy", source, "sqlite:///target.db", "--json").out)
    again = json.loads(constat("copy", source, "sqlite:///target.db", "--json").out)

    assert (found["same"], found["had_ended"], again["had_ended"]) == (True, False, True)
    assert found["digests"] == again["digests"] != []
    assert found["copied"]["source"] == "sqlite:///constat.db"


def test_a_copy_says_where_it_is_from_without_the_options_of_the_url(constat, source, kafka_url):
    assert constat("copy", source, kafka_url).code == 0
    answer = constat("copy", kafka_url, "sqlite:///back.db", "--json")

    assert json.loads(answer.out)["copied"]["source"] == kafka_url.partition("?")[0]


def test_the_answer_is_no_if_a_statement_has_another_digest(constat, source, monkeypatch):
    told = iter(["sha256:1", "sha256:2"])
    monkeypatch.setattr("projections.digests.digests", lambda _: [Digest("acme", "October", next(told))])

    answer = constat("copy", source, "sqlite:///target.db")

    assert answer.code == 1
    assert "not the same: acme October is sha256:1 and became sha256:2; do not use the copy" in answer.out


def test_a_ledger_is_not_copied_onto_itself(constat, source):
    answer = constat("copy", source, source + "?timeout_s=3")

    assert answer.code == 2
    assert "are the same ledger; name another target" in answer.err


@pytest.mark.parametrize("alias", ["../{folder}/ledger.db", "{path}", "link.db", "hard.db"])
def test_a_file_is_not_copied_onto_itself_under_another_name(constat, tmp_path, alias):
    path = tmp_path / "ledger.db"
    Ledger.open(f"sqlite:///{path}").close()
    (tmp_path / "link.db").symlink_to(path)
    (tmp_path / "hard.db").hardlink_to(path)
    before = path.read_bytes()

    answer = constat("copy", "sqlite:///ledger.db", alias.format(folder=tmp_path.name, path=path))

    assert answer.code == 2
    assert "are the same ledger; name another target" in answer.err
    assert path.read_bytes() == before


@pytest.mark.parametrize("source", ["sqlite:///nowhere.db", "sqlite:///empty.db"])
def test_a_source_that_is_not_there_is_said_to_be_the_source_and_makes_no_target(constat, tmp_path, source):
    (tmp_path / "empty.db").touch()

    answer = constat("copy", source, "sqlite:///target.db")

    assert answer.code == 2
    assert answer.err == (
        f"constat: there is no ledger at {source} to copy from; correct SOURCE, the first of the two\n"
    )
    assert not (tmp_path / "target.db").exists()


def test_a_source_on_kafka_that_is_not_there_is_not_to_be_made(constat, tmp_path, broker):
    url = f"kafka://{broker}/{brokers.fresh_name()}"

    answer = constat("copy", f"{url}?mirrors={tmp_path}", "sqlite:///target.db")

    assert answer.code == 2
    assert f"there is no ledger at {url} to copy from; correct SOURCE" in answer.err
    assert "topics create" not in answer.err
    assert not (tmp_path / "target.db").exists()


def test_a_file_of_another_program_is_refused_as_source_and_as_target_without_an_option(constat, tmp_path):
    with closing(sqlite3.connect(tmp_path / "other.db")) as other:
        other.execute("CREATE TABLE mine (a)")
    Ledger.open(f"sqlite:///{tmp_path}/ledger.db").close()

    for arguments in (("other.db", "target.db"), ("ledger.db", "other.db")):
        answer = constat("copy", *arguments)
        assert answer.code == 2
        assert answer.err == "constat: other.db is a database of another program; name another file\n"


def test_a_copy_that_has_not_ended_is_refused_by_every_other_command(constat, tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path}/constat.db", copying=True)
    engine.copying.begin()
    engine.close()

    for arguments in (("verify",), ("statement", "--contract", "acme", "--period", "1")):
        answer = constat(*arguments)
        assert answer.code == 2
        assert "has begun and not ended; run the same `constat copy` again" in answer.err


def test_the_demonstration_writes_only_to_an_empty_ledger_on_kafka(constat, kafka_url, tmp_path):
    with Ledger.open(kafka_url) as ledger:
        ledger.append(update("i-1", "somebody's own"))

    answer = constat("--ledger", kafka_url, "demo")

    assert answer.code == 2
    assert "is not empty, and the demonstration writes only to an empty ledger" in answer.err
    assert not (tmp_path / "constat-demo").exists()


@pytest.mark.slow
def test_the_demonstration_is_played_onto_kafka(constat, kafka_url):
    answer = constat("--ledger", kafka_url, "demo")

    assert (answer.code, answer.err) == (0, "")
    assert f"into {kafka_url.partition('?')[0]}" in " ".join(answer.out.split())
    (advice,) = (line for line in answer.out.splitlines() if "It was copied there from" in line)
    assert advice.startswith("It was copied there from sqlite:///constat-demo/ledger.db: as known now ")
    position = advice.rpartition(" ")[2]
    in_file, on_kafka = (
        statement_of(constat, ledger, "--contract", DISPUTED, "--period", "1", "--as-of", position)
        for ledger in ("sqlite:///constat-demo/ledger.db", kafka_url)
    )
    assert in_file["as_of"]["position"] == int(position)
    assert in_file["digest"] == on_kafka["digest"]


def statement_of(constat, ledger, *asked):
    return json.loads(constat("--ledger", ledger, "statement", *asked, "--json").out)


def test_as_known_now_a_copy_has_another_digest_and_as_of_the_position_that_is_printed_the_same(
    constat, source
):
    copied = constat("copy", source, "sqlite:///target.db").out

    advice = copied.splitlines()[-1]
    assert advice.startswith("as known now the copy has one fact more, the mark of the copy; ")
    position = advice.rpartition(" ")[2]
    found = {
        asked: [statement_of(constat, ledger, "--period", "1", *asked) for ledger in (source, "target.db")]
        for asked in ((), ("--as-of", position))
    }
    now, then = found.values()
    assert now[0]["digest"] != now[1]["digest"]
    assert then[0]["digest"] == then[1]["digest"]
    at_the_moment = statement_of(
        constat, "target.db", "--period", "1", "--as-of", now[0]["as_of"]["recorded_at"]
    )
    assert at_the_moment["digest"] == now[0]["digest"]
