"""`constat run` as a real process: an append leads to a mail and a penalty, a failure stops nobody else, and it
ends when asked."""

import json
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from urllib.request import urlopen

import pytest
from aiosmtpd.smtp import AuthResult

from consumers.cli.__main__ import is_run
from ledger.assessments import PenaltyGranted
from tests.consumers.billing.penalties import assess, ledger_at
from tests.consumers.notices.postoffice import listening
from tests.consumers.relay.test_topic import events_in
from tests.consumers.services import many_rounds, notice, outage, prepared, relayed, running, sign, wait_until
from tests.ports import free_port

only_linux = pytest.mark.skipif(
    sys.platform != "linux", reason="it looks at processes in /proc, which only Linux has"
)


@pytest.fixture
def folder(tmp_path):
    return prepared(tmp_path)


@pytest.fixture
def smtp_port(mailroom):
    """Whoever has a password is let in."""
    opened = AuthResult(success=True, handled=False)
    with listening(mailroom, auth_require_tls=False, authenticator=lambda *_: opened) as port:
        yield port


@pytest.mark.slow
def test_an_append_leads_to_a_mail_and_a_relayed_and_billed_penalty_and_sigterm_ends_it_with_0(
    folder, mailroom, smtp_port
):
    feed, port = folder / "feed.jsonl", free_port()
    options = ("--relay-to", feed, "--bill-store", "billing.db", "--metrics-port", port)
    with running(folder, *options, smtp_port=smtp_port) as process:
        process.wait_for("running", consumers=["notify", "assess", "relay", "bill"])
        outage(folder / "constat.db")
        notice(folder / "constat.db")
        (penalty,) = wait_until(lambda: relayed(feed), "a penalty in the feed")
        wait_until(lambda: mailroom.arrived, "a mail")
        process.wait_for("mail", fate="accepted")
        balances = wait_until(lambda: billed(folder), "a balance")
        process.wait_for("billed")
        scraped = urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20).read().decode()
        code, seconds = process.end()

    assert (penalty.platform, penalty.days, penalty.period_number) == ("acme-prod", 5, 1)
    assert mailroom.people == ["zoe.martin@acme.example"]
    assert (code, seconds < 10, process.events[-1]["event"]) == (0, True, "ended")
    assert 'constat_consumer_running{consumer="relay"} 1.0' in scraped
    assert "constat_relay_lag_events " in scraped
    assert float(scraped.split("constat_append_seconds_count ")[1].split()[0]) > 0
    assert [each["days"] for each in balances] == [5]


def billed(folder):
    """The balances of the billing store, as its command shows them."""
    bill = [str(Path(sys.executable).parent / "constat"), "bill", "show", "--store", "billing.db", "--json"]
    shown = subprocess.run(bill, cwd=folder, capture_output=True, check=False)
    return json.loads(shown.stdout)["balances"] if shown.returncode == 0 else None


@pytest.mark.slow
def test_a_consumer_whose_target_is_broken_stops_no_other_and_goes_on_when_it_is_mended(folder, smtp_port):
    feed = folder / "not-there-yet" / "feed.jsonl"
    with running(folder, "--relay-to", feed, smtp_port=smtp_port) as process:
        process.wait_for("failed", consumer="relay")
        outage(folder / "constat.db")
        notice(folder / "constat.db")
        process.wait_for("mail", fate="accepted")
        process.wait_for("assessed", contract="acme", period=1)
        assert relayed(feed) == []
        feed.parent.mkdir()
        wait_until(lambda: relayed(feed), "a penalty in the feed")
        code, _ = process.end(signal.SIGINT)

    waits = [each["seconds"] for each in process.said("begins again later", consumer="relay")]
    assert waits[:2] == sorted(waits[:2])
    assert not process.said("failed", consumer="assess")
    assert code == 0


@pytest.mark.slow
def test_a_mail_server_that_is_away_holds_up_no_penalty_and_no_log_names_a_person_or_a_secret(folder):
    feed = folder / "feed.jsonl"
    url = "http://user:hunter2@127.0.0.1:9/hook?token=swordfish"
    with (
        running(folder, "--relay-to", feed) as process,
        running(folder, "--only", "relay", "--relay-to", url, "--relay-state", "state.db") as other,
    ):
        outage(folder / "constat.db")
        notice(folder / "constat.db")
        process.wait_for("mail", fate="unanswered")
        wait_until(lambda: relayed(feed), "a penalty in the feed")
        wait_until(lambda: [each for each in other.events if each["level"] == "warning"], "no answer")
        assert [process.end()[0], other.end()[0]] == [0, 0]

    logged = "".join(process.lines + other.lines)
    assert logged
    for secret in ("zoe", "Zoé", "Martin", "p-1", "sesame", "hunter2", "swordfish"):
        assert secret not in logged


@pytest.mark.slow
def test_only_some_are_run_and_who_mails_from_the_same_directory_waits_for_the_other(folder):
    with running(folder, "--only", "notify") as first, running(folder, "--only", "notify,assess") as second:
        wait_until(lambda: first.said("failed") or second.said("failed"), "one of them waits")
        second.wait_for("assessed", contract="acme")
        assert [first.end()[0], second.end()[0]] == [0, 0]

    assert first.said("running", consumers=["notify"])
    assert second.said("running", consumers=["notify", "assess"])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--only", "nobody"), "choose of notify, assess, relay, bill"),
        (("--only", "relay"), "--only relay needs --relay-to FILE or URL"),
        (("--only", "assess,bill"), "--only bill needs --bill-store FILE"),
        ((), "there is no ledger at"),
    ],
)
def test_what_cannot_work_is_said_at_once(constat, arguments, says):
    answer = constat("run", *arguments)

    assert (answer.code, says in answer.err) == (2, True), answer.err


@pytest.mark.slow
def test_who_waits_for_an_answer_that_never_comes_is_left_after_ten_seconds_and_that_is_exit_1(folder):
    with ledger_at(folder / "constat.db", create=False) as ledger:
        assess(ledger, "zenith", zenith_prod=1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/hook"
        with running(folder, "--only", "relay", "--relay-to", url, "--relay-state", "state.db") as process:
            connection, _ = silent.accept()
            connection.recv(1)
            code, seconds = process.end()
            connection.close()

    assert (code, 9 < seconds < 15) == (1, True)
    assert process.events[-1]["left_at_work"] == ["relay"]


AT_THE_FIRST_MOMENT = """\
import sys, time

class Waiting:
    def find_spec(name, *_):
        if name == "consumers.cli.main":
            type("Begun", (), {"field": Waiting()})

    def __set_name__(self, *_):
        print("pydantic" in sys.modules, flush=True)
        while True:
            time.sleep(0.05)

sys.meta_path.insert(0, Waiting)
sys.argv = ["constat", "run"]
from consumers.cli.__main__ import main
main()
"""
"""A command that comes no further than to a class within what is imported, and says what there is until then."""


def test_a_sigterm_before_anything_of_the_command_is_there_ends_it_with_0():
    """Seen to fail where that was left to the consumers' own handler, and where ours raised.

    A class that is being made, as this one is, takes whatever is raised for an error of a field's.
    """
    command = [sys.executable, "-c", AT_THE_FIRST_MOMENT]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        has_pydantic = process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=20)[1]

    assert (process.returncode, has_pydantic, said) == (0, "False\n", "")


def begun(folder, *arguments):
    """`constat run` from its very first line."""
    command = [sys.executable, "-m", "consumers.cli", "--ledger", "constat.db", "run", *arguments]
    return subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE)


def is_heard(process):
    """Whether a process would hear of a SIGTERM, by what the system says of it."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    (caught,) = [line.split()[1] for line in status.splitlines() if line.startswith("SigCgt:")]
    return bool(int(caught, 16) >> (signal.SIGTERM - 1) & 1)


@only_linux
@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_whenever_its_end_is_asked_for_it_leaves_with_0(folder, number):
    for after_s in (0.0, 0.1, 0.2, 0.35, 0.5, 0.7, 1.0, 1.5):
        with begun(folder, "--only", "assess") as process:
            wait_until(lambda: is_heard(process), "a handler")
            time.sleep(after_s)
            process.send_signal(number)
            said = process.communicate(timeout=20)[1]

        assert process.returncode == 0, (after_s, said)
        assert b"Traceback" not in said


def test_only_a_command_that_runs_until_it_is_told_to_stop_leaves_with_0_when_it_is():
    """Another one is ended by a signal as ever: half of what it should do is no answer of yes."""
    assert not is_run(["--ledger", "run", "bill", "run"])
    assert is_run(["--ledger=x", "run", "--every", "1"])
    assert is_run(["--ledger", "x", "agent", "run", "agent.toml"])
    assert not is_run(["agent", "retire", "run"])
    assert is_run(["--workers", "2", "run"])
    assert not is_run(["--workers", "run", "bill", "run"])
    assert not is_run(["--ledger"])


@only_linux
@pytest.mark.slow
def test_many_rounds_are_folded_by_several_processes_which_end_with_the_look(folder):
    many_rounds(folder / "constat.db", agents=("lyon", "paris"), each=16_000)
    with running(folder, "--only", "assess", CONSTAT_WORKERS="2") as process:
        wait_until(lambda: children_of(process.process), "another process")
        process.wait_for("assessed", period=2)
        wait_until(lambda: not children_of(process.process), "its end")
        code, _ = process.end()

    assert code == 0
    assert not process.said("failed")


def children_of(process):
    """Those that were started to fold; one more looks after what they share, and stays."""
    tasks = Path(f"/proc/{process.pid}/task").iterdir()
    children = [child for task in tasks for child in read(task / "children").split()]
    return [child for child in children if b"spawn_main" in read(Path("/proc", child.decode(), "cmdline"))]


def read(path):
    """What the system says of a thread or a process; nothing of one that has ended meanwhile."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return path.read_bytes()
    return b""


@pytest.mark.slow
def test_on_kafka_the_feed_goes_to_the_topic_of_the_ledger_and_its_lag_is_told(kafka_url, tmp_path):
    sign(kafka_url, create=False)
    port = free_port()
    options = ("--only", "assess,relay,bill", "--bill-store", "billing.db", "--metrics-port", port)
    with running(tmp_path, *options, CONSTAT_LEDGER=kafka_url) as process:
        process.wait_for("running")
        outage(kafka_url)
        process.wait_for("assessed", period=2)
        wait_until(lambda: len(penalties_in(kafka_url)) == 1, "a penalty in the topic")
        scraped = wait_until(lambda: with_lag(port), "a lag")
        code, seconds = process.end()

    assert [each.days for each in penalties_in(kafka_url)] == [5]
    assert "constat_ledger_readable 1.0" in scraped
    assert (code, seconds < 10) == (0, True)


def with_lag(port):
    text = urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30).read().decode()
    return text if "constat_relay_lag_events " in text else None


def penalties_in(url):
    return [each.envelope.fact for each in events_in(url) if isinstance(each.envelope.fact, PenaltyGranted)]
