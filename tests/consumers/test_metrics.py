"""What Prometheus is told: what was measured and nothing else, by scrapes that write nothing."""

import hashlib
import re
import signal
import subprocess
import sys
import threading
from fractions import Fraction
from pathlib import Path
from urllib.request import urlopen

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from consumers.billing.ledger_source import LedgerSource
from consumers.billing.run import Biller
from consumers.billing.store import Store
from consumers.metrics.collector import LedgerCollector, ProcessMetrics
from consumers.metrics.serving import Watched, registry_of
from consumers.metrics.snapshot import look
from consumers.relay.event import FeedEvent
from consumers.relay.file import FileSink
from consumers.relay.reached import reached
from consumers.relay.state import RelayState
from consumers.service.appends import TimedLedger
from consumers.stopping import Stop
from ledger.errors import MissingLedgerError, RefusedError, UnusableLedgerError
from projections.asof import Known
from projections.attention import KINDS
from projections.moment import at_head
from projections.unknown import unknown_share
from tests.consumers.billing.penalties import assess, ledger_at
from tests.projections.promised import PROD
from tests.spec import Story, ms

NOON = "2026-10-06T12:00:00Z"


def known(story, at=NOON):
    return Known.at(story.engine, at_head(story.engine, ms(at)))


def six_events(ledger):
    """An assessment with two penalties, and its revision with two reversals."""
    assess(ledger, "acme", acme_prod=3, acme_test=2)
    assess(ledger, "acme", revision=2, acme_prod=1, acme_test=1)


def samples(text):
    """Each sample by its name and labels."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def scraped(registry):
    return samples(generate_latest(registry).decode())


def story():
    """An agent that saw half of the first six hours of a contract, always up."""
    told = Story().contract(first_day="2026-10-06", zone="UTC", readings={"service-hours": "24/7"})
    told.at("2026-10-06T00:00:00Z").plan("paris", [PROD])
    return told.every_minute("paris", [PROD], "2026-10-06T00:00:00Z/2026-10-06T03:00:00Z")


# ---------------------------------------------------------------- what is told of a ledger


def test_the_unknown_share_is_the_time_of_the_running_period_that_nobody_observed():
    """The last round, at 02:59, holds for 150 seconds."""
    found = known(story(), "2026-10-06T06:00:00Z")

    seen = Fraction(179 * 60 + 150, 6 * 3600)
    assert unknown_share(found, found.contract("acme")) == 1 - seen


def test_a_contract_of_which_no_period_runs_has_no_unknown_share():
    before, after = Story().contract(first_day="2026-12-01"), Story().contract(last_day="2026-10-02")

    for told in (before, after):
        assert unknown_share(known(told), known(told).contract("acme")) is None
        assert look(known(told)).unknown == {}


def test_positions_rounds_agents_and_the_inbox_are_told_as_they_are():
    told = story()
    told.at("2026-10-06T04:00:00Z").notice("m1", [PROD], "2026-10-07T00:00Z/2026-10-07T01:00Z")
    told.worked("m1", "2026-10-06T05:00Z")

    registry = CollectorRegistry()
    registry.register(LedgerCollector(lambda: look(known(told))))
    found = scraped(registry)

    assert found["constat_ledger_readable",] == 1
    assert found["constat_looked_at_timestamp_seconds",] == ms(NOON) / 1000
    assert (found["constat_recorded_position",], found["constat_recorded_rounds",]) == (5, 180)
    assert found["constat_agent_last_round_timestamp_seconds", "paris"] == ms("2026-10-06T02:59Z") / 1000
    assert found["constat_inbox_items", "maintenance-unfinished", "false"] == 1
    assert {key[1] for key in found if key[0] == "constat_inbox_items"} == set(KINDS)
    assert found["constat_unknown_share", "acme"] == pytest.approx(1 - (179 * 60 + 150) / (12 * 3600))


def test_what_nobody_measured_is_not_there(tmp_path):
    with ledger_at(tmp_path / "constat.db"):
        pass
    watched = Watched(
        f"sqlite:///{tmp_path}/constat.db", lambda: ms(NOON), bill_store=tmp_path / "billing.db"
    )

    text = generate_latest(registry_of(watched.look)).decode()

    for name in ("lag", "append", "consumer", "unknown_share{", "last_round_timestamp_seconds{"):
        assert name not in text


def test_a_ledger_that_cannot_be_read_is_told_and_found_again(tmp_path):
    watched = Watched(f"sqlite:///{tmp_path}/constat.db", lambda: ms(NOON))
    clock = [0.0]
    registry = CollectorRegistry(auto_describe=False)
    registry.register(LedgerCollector(watched.look, 15, lambda: clock[0]))

    away = scraped(registry)
    with ledger_at(tmp_path / "constat.db"):
        pass
    clock[0] = 15

    assert away == {("constat_ledger_readable",): 0}
    assert scraped(registry)["constat_ledger_readable",] == 1


def test_a_look_that_fails_of_something_that_nobody_expected_leaves_no_old_figure():
    answers = iter([look(known(story()))])
    collector = LedgerCollector(lambda: next(answers), every_s=0, now_s=lambda: 0.0)

    first, second = list(collector.collect()), list(collector.collect())

    assert len(first) > 1
    assert [family.name for family in second] == ["constat_ledger_readable"]


# ---------------------------------------------------------------- lag


def test_the_lag_of_a_relay_is_what_its_file_does_not_have(tmp_path):
    feed = tmp_path / "feed.jsonl"
    with ledger_at(tmp_path / "constat.db") as ledger:
        six_events(ledger)
        events = [FeedEvent.of(kept) for kept in ledger.engine.facts()]
        sink = FileSink(str(feed))
        assert look(known(ledger, NOON), reached(str(feed), None)).relay_lag == 6
        sink.send(events[:3])

        lag = look(known(ledger, NOON), reached(str(feed), None)).relay_lag
        torn = feed.read_bytes() + events[3].value[:50]
        feed.write_bytes(torn)

        assert (lag, reached(str(feed), None)) == (3, 3)
        assert feed.read_bytes() == torn, "who only looks cuts nothing"
        sink.close()


def test_how_far_a_place_has_come_is_told_only_where_it_can_be(tmp_path):
    (tmp_path / "notes.txt").write_text("dear diary\n")
    with ledger_at(tmp_path / "constat.db") as ledger:
        six_events(ledger)
        event = FeedEvent.of(next(iter(ledger.engine.facts(after=1))))
    state = RelayState(str(tmp_path / "state.db"))
    state.taken("http://host/hook", event)
    state.close()

    assert reached(str(tmp_path / "missing.jsonl"), None) == 0
    assert reached(str(tmp_path / "notes.txt"), None) is None
    assert reached("-", None) is None
    assert reached("http://host/hook", None) is None
    assert reached("http://host/hook", tmp_path / "state.db") == 2
    assert reached("http://host/other", tmp_path / "state.db") == 0
    (tmp_path / "empty.db").touch()
    with pytest.raises(UnusableLedgerError, match="is empty, not a relay's state"):
        reached("http://host/hook", tmp_path / "empty.db")
    assert (tmp_path / "empty.db").read_bytes() == b"", "who only looks makes no tables"
    assert reached("http://host/hook", tmp_path / "missing.db") == 0
    assert not (tmp_path / "missing.db").exists()


def test_the_lag_of_billing_is_what_it_has_not_applied_whatever_it_read(tmp_path):
    path = tmp_path / "billing.db"
    with ledger_at(tmp_path / "constat.db") as ledger:
        assess(ledger, "acme", acme_prod=3)
        store = Store(str(path), create=True)
        Biller(store, LedgerSource(ledger.engine), lambda: ms(NOON)).run(Stop(), follow=False)
        store.close()
        watched = Watched(f"sqlite:///{tmp_path}/constat.db", lambda: ms(NOON), bill_store=path)
        assert watched.look().billing_lag == 0

        assess(ledger, "zenith", zenith_prod=1, zenith_test=1)

        assert watched.look().billing_lag == 3


# ---------------------------------------------------------------- scrapes


def test_a_scrape_looks_at_most_every_so_many_seconds_and_rests_ten_times_as_long_as_a_look_took():
    clock, looks, found = [0.0], [], look(known(story()))

    def looking():
        looks.append(clock[0])
        clock[0] += took
        return found

    def scrape_at(*moments):
        for clock[0] in moments:
            list(collector.collect())

    collector = LedgerCollector(looking, every_s=15, now_s=lambda: clock[0])
    took = 0.5
    scrape_at(100.0, 101.0, 115.4, 115.5)
    assert looks == [100.0, 115.5]
    took = 4.0
    scrape_at(200.0, 243.9, 244.0)

    assert looks == [100.0, 115.5, 200.0, 244.0]


def test_a_look_that_outlasts_a_scrape_gives_what_was_found_before(monkeypatch):
    monkeypatch.setattr("consumers.metrics.collector.PATIENCE_S", 0.01)
    found, released, begun = look(known(story())), threading.Event(), threading.Event()
    slow = False

    def looking():
        if slow:
            begun.set()
            assert released.wait(20)
        return found

    collector = LedgerCollector(looking, every_s=0)
    assert len(list(collector.collect())) > 1
    slow = True

    during = {family.name for family in collector.collect()}
    again = {family.name for family in collector.collect()}

    assert begun.is_set()
    assert "constat_recorded_position" in during & again
    released.set()
    collector._looking.join(20)


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns


def test_scrapes_write_nothing(tmp_path):
    ledger_file, feed, store = (tmp_path / name for name in ("constat.db", "feed.jsonl", "billing.db"))
    with ledger_at(ledger_file) as ledger:
        six_events(ledger)
        sink = FileSink(str(feed))
        sink.send([FeedEvent.of(kept) for kept in ledger.engine.facts()])
        sink.close()
        Store(str(store), create=True).close()
    before = [digest(path) for path in (ledger_file, feed, store)]
    names = sorted(path.name for path in tmp_path.iterdir())
    watched = Watched(f"sqlite:///{ledger_file}", lambda: ms(NOON), lambda: reached(str(feed), None), store)

    for _ in range(3):
        assert scraped(registry_of(watched.look, 0))["constat_relay_lag_events",] == 0

    assert [digest(path) for path in (ledger_file, feed, store)] == before
    assert sorted(path.name for path in tmp_path.iterdir()) == names


# ---------------------------------------------------------------- appends


def test_only_appends_that_were_acknowledged_are_timed(tmp_path):
    registry = CollectorRegistry()
    process = ProcessMetrics(registry)
    with TimedLedger.open(f"sqlite:///{tmp_path}/constat.db") as ledger:
        ledger.heard = process.appended
        assess(ledger, "acme", acme_prod=3)
        with pytest.raises(RefusedError):
            assess(ledger, "acme", revision=3, acme_prod=1)

    found = scraped(registry)

    assert found["constat_append_seconds_count",] == 1
    assert 0 < found["constat_append_seconds_sum",] < 30


# ---------------------------------------------------------------- the command


def test_once_prints_what_would_be_scraped(constat, tmp_path):
    with ledger_at(tmp_path / "constat.db") as ledger:
        six_events(ledger)

    answer = constat("metrics", "--once", "--relay-to", "feed.jsonl")

    assert answer.code == 0
    assert samples(answer.out)["constat_relay_lag_events",] == 6
    assert not (tmp_path / "feed.jsonl").exists()


def test_a_ledger_that_is_not_there_is_a_sentence(constat):
    for arguments in (("--once",), ()):
        answer = constat("metrics", *arguments)
        assert (answer.code, "there is no ledger" in answer.err) == (2, True)
    with pytest.raises(MissingLedgerError):
        Watched("sqlite:///nowhere.db", lambda: 0).look()


@pytest.mark.slow
def test_the_endpoint_answers_until_it_is_ended_and_a_port_in_use_is_a_sentence(constat, tmp_path):
    with ledger_at(tmp_path / "constat.db"):
        pass
    command = [str(Path(sys.executable).parent / "constat"), "metrics", "--port", "0"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
        try:
            (url,) = re.findall(r"http://\S+", process.stderr.readline())
            text = urlopen(url, timeout=20).read().decode()
            taken = constat("metrics", "--port", url.split(":")[2].split("/")[0])
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
        finally:
            process.kill()

    assert samples(text)["constat_ledger_readable",] == 1
    assert (taken.code, "cannot be listened on" in taken.err) == (2, True)
