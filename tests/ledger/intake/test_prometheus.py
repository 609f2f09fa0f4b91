"""A real Prometheus and a real blackbox exporter: what they saw, and what they did not see."""

import time
from types import SimpleNamespace

import pytest
import urllib3

from ledger.errors import BadInputError, UnreachableSourceError
from ledger.intake.prometheus import LATE_MS, PrometheusSource
from ledger.intake.prometheus_api import Prometheus, Selector
from ledger.intake.prometheus_import import first_instant, import_prometheus
from ledger.intake.resuming import last_round_ms
from ledger.intake.web import Address, Web
from ledger.rounds import decode
from projections.changes import DOWN, outcome_changes
from tests import programs
from tests.ports import free_port
from tests.spec import Story

pytestmark = pytest.mark.slow
UP, UNKNOWN = 1, 0
STALE_MS = 150_000
MAX_SAMPLES = 15
"""Of two targets it has as many in eight seconds, so that a query of all of them is too much for it."""


@pytest.fixture(scope="module")
def history(tmp_path_factory):
    """Some seconds of a site that was up, down and up, whose exporter was gone for a while, and came back."""
    programs.require("prometheus", "prometheus-blackbox-exporter")
    folder = tmp_path_factory.mktemp("prometheus")
    port = free_port()
    with programs.Site() as site, programs.Site() as other:
        job = programs.blackbox_job(port, site.url, other.url)
        limit = f"--query.max-samples={MAX_SAMPLES}"
        with programs.prometheus(folder, free_port(), job, limit) as url:
            seen = SimpleNamespace(url=url, site=site.url, other=other.url, from_ms=now_ms())
            with programs.exporter(folder, port):
                programs.wait_for(lambda: says(url, site, "probe_success") == "1", "a probe succeeded")
                programs.wait_for(lambda: says(url, other, "probe_success") == "1", "another one did")
                site.is_up, seen.down_ms = False, now_ms()
                programs.wait_for(lambda: says(url, site, "probe_success") == "0", "a probe failed")
                time.sleep(2)
                site.is_up, seen.up_ms = True, now_ms()
                programs.wait_for(lambda: says(url, site, "probe_success") == "1", "it is up again")
                time.sleep(1)
                seen.gone_ms = now_ms()
            programs.wait_for(lambda: says(url, site, "up") == "0", "the exporter is missed")
            time.sleep(3)
            seen.back_ms = now_ms()
            with programs.exporter(folder, port):
                programs.wait_for(lambda: says(url, site, "up") == "1", "the exporter is back")
                time.sleep(2)
                seen.until_ms = now_ms()
                yield seen


def now_ms():
    return time.time_ns() // 1_000_000


def says(url, site, metric):
    query = f'{metric}{{instance="{site.url}"}}'
    found = urllib3.request("GET", f"{url}/api/v1/query", fields={"query": query}).json()["data"]["result"]
    return found[0]["value"][1] if found else None


def source(history, query='probe_success{job="blackbox"}', **more):
    names = {history.site: "acme-prod", history.other: "acme-test"}
    server = Prometheus(Web(Address.parse(history.url), delays_s=()))
    return PrometheusSource(server, Selector.parse(query), "paris", **{"names": names} | more)


def imported(story, history, until_ms=None, **more):
    read = source(history, **more)
    until_ms = until_ms or history.until_ms
    first_ms = first_instant(story.ledger, read, history.from_ms, until_ms, again=False)
    return import_prometheus(story.ledger, read, first_ms, until_ms)


def changes(story, platform, history):
    found = outcome_changes(story.known(), [platform], STALE_MS, history.until_ms)
    return found.select("at_ms", "outcome").rows()


def test_an_outage_is_found_where_it_was_and_a_scrape_that_failed_is_unknown_and_not_down(history):
    story = Story()

    taken = imported(story, history)

    seen = changes(story, "acme-prod", history)
    assert [outcome for _, outcome in seen[:5]] == [UP, DOWN, UP, UNKNOWN, UP]
    _, down_ms, up_ms, unknown_ms, back_ms = [at_ms for at_ms, _ in seen[:5]]
    assert history.down_ms <= down_ms <= history.up_ms <= up_ms <= history.gone_ms
    assert history.gone_ms - 1000 <= unknown_ms <= history.back_ms <= back_ms + 1000
    assert [outcome for _, outcome in changes(story, "acme-test", history)[:3]] == [UP, UNKNOWN, UP]
    assert taken.renamed == {history.site: "acme-prod", history.other: "acme-test"}
    assert any("the exporter could not be scraped: unknown, and not down" in note for note in taken.notes)
    assert any(note.startswith("acme-prod: a result every 1 s") for note in taken.notes)


def test_what_was_down_has_the_status_that_the_exporter_saw(history):
    story = Story()

    imported(story, history)

    rounds = [decode(kept.value)[0] for kept in story.engine.rounds()]
    faults = {not_up for found in rounds for not_up in found.not_up.values()}
    assert ("down", 503, "probe_success 0") in faults
    assert ("unknown", 0, "the exporter could not be scraped (up 0)") in faults


def test_a_second_run_reads_only_what_is_new_and_stores_nothing_twice(history):
    story = Story()
    half_ms = (history.from_ms + history.until_ms) // 2
    first = imported(story, history, until_ms=half_ms)

    second = imported(story, history)
    third = imported(story, history)
    whole = Story()
    all_at_once = imported(whole, history)

    assert 0 < first.stored < all_at_once.stored
    assert first.stored + second.stored == all_at_once.stored
    assert third.stored == 0
    assert changes(story, "acme-prod", history) == changes(whole, "acme-prod", history)


def test_a_platform_that_is_new_to_the_agent_is_read_from_the_beginning(history):
    story = Story()
    imported(story, history, query=f'probe_success{{instance="{history.site}"}}')

    imported(story, history)

    assert changes(story, "acme-test", history)[0][0] < history.down_ms


def test_a_later_run_begins_where_the_last_round_did_and_the_first_has_to_be_told(history):
    story = Story()

    with pytest.raises(BadInputError, match="say with --from TIME"):
        first_instant(story.ledger, source(history), None, history.until_ms, again=False)
    imported(story, history)

    resumed_ms = first_instant(story.ledger, source(history), None, history.until_ms, again=False)
    assert last_round_ms(story.ledger, "paris") - resumed_ms == 300_000


def test_what_is_too_much_for_the_server_is_asked_for_in_halves(history):
    server = Prometheus(Web(Address.parse(history.url), delays_s=()))
    up = Selector("up")

    whole = server.samples(up, history.from_ms, history.until_ms)

    starts_ms = range(history.from_ms, history.until_ms, 1000)
    parts = [server.samples(up, start_ms, min(start_ms + 1000, history.until_ms)) for start_ms in starts_ms]
    assert sum(each.samples.height for each in whole) > MAX_SAMPLES
    assert samples(whole) == sorted(each for part in parts for each in samples(part))


def samples(found):
    return sorted((each.labels, *row) for each in found for row in each.samples.rows())


def test_a_scrape_that_failed_is_told_of_in_one_reading_and_not_in_the_next_that_reads_it_again(history):
    read, story = source(history), Story()
    first = import_prometheus(story.ledger, read, history.from_ms, history.until_ms)

    read.look_up(history.from_ms, history.until_ms)
    again = import_prometheus(story.ledger, read, history.from_ms, history.until_ms)

    assert sum("could not be scraped" in note for note in first.notes) == 1
    assert not any("could not be scraped" in note for note in (*again.notes, *again.news))


def test_of_several_targets_an_exporter_that_is_away_is_missed_as_often_as_of_one(history):
    both, one = source(history), source(history, query=f'probe_success{{instance="{history.site}"}}')
    told = [
        import_prometheus(Story().ledger, each, history.from_ms, history.until_ms) for each in (both, one)
    ]

    of_both, of_one = (int(each.news[0].split(" time")[0]) for each in told)
    assert of_one >= 3
    assert of_one <= of_both <= of_one + 1


def test_a_platform_of_which_there_is_no_sample_is_looked_for_only_once_by_who_follows(history):
    """A server names the series of a whole block, also those that ended before the reading begins."""
    read, story = source(history), Story()
    known = source(history, query=f'probe_success{{instance="{history.site}"}}')
    import_prometheus(story.ledger, known, history.from_ms, history.until_ms)
    begin_ms, nothing_ms = history.from_ms - 2 * LATE_MS, history.from_ms - LATE_MS

    before_ms = first_instant(story.ledger, read, begin_ms, history.until_ms, again=False)
    import_prometheus(story.ledger, read, begin_ms, nothing_ms)
    after_ms = first_instant(story.ledger, read, begin_ms, history.until_ms, again=False)

    assert before_ms == begin_ms
    assert after_ms == last_round_ms(story.ledger, "paris") - LATE_MS


@pytest.mark.parametrize(("probes", "hours"), [(0, 24), (1, 24), (50, 24), (2000, 1.04), (10_000, 0.2)])
def test_of_many_probes_less_time_is_asked_for_at_once(probes, hours):
    server = Prometheus(Web(Address.parse("http://prometheus.example")))
    known = {(("instance", str(number)),) for number in range(probes)}
    read = PrometheusSource(server, Selector("probe_success"), "paris", probes=known)

    parts = list(read.parts(0, 10 * 24 * 3_600_000))

    assert parts[0][1] / 3_600_000 == pytest.approx(hours, abs=0.05)
    assert [start for start, _ in parts[1:]] == [end for _, end in parts[:-1]]
    assert parts[-1][1] == 10 * 24 * 3_600_000


def test_a_name_for_what_no_series_is_called_is_said_beside_what_there_is(history):
    typo = history.site.replace("127", "172")

    taken = imported(Story(), history, names={typo: "acme-prod", history.other: "acme-test"})

    assert taken.notes[0].startswith(
        f"nothing in the source is called {typo!r}, so nothing is named acme-prod"
    )
    assert repr(history.site) in taken.notes[0]
    assert sum("nothing in the source" in note for note in taken.notes) == 1


def test_two_series_of_one_platform_are_refused(history):
    with pytest.raises(BadInputError, match="has two series at"):
        source(history, label="job", names={}).read(history.from_ms, history.until_ms)


def test_a_label_that_is_not_there_is_asked_for(history):
    with pytest.raises(BadInputError, match="say with --label"):
        source(history, label="platform").read(history.from_ms, history.until_ms)


def test_a_metric_that_is_no_verdict_is_refused(history):
    with pytest.raises(BadInputError, match="name a metric that is 0 or 1"):
        source(history, query="probe_duration_seconds").read(history.from_ms, history.until_ms)


@pytest.mark.parametrize(
    "text", ["avg(probe_success)", "probe_success[5m]", "probe_success == 1", "{job='b'}"]
)
def test_an_expression_is_no_selector(text):
    with pytest.raises(BadInputError, match="is no plain selector"):
        Selector.parse(text)


@pytest.mark.parametrize(
    ("text", "within"),
    [
        ("up", 'up{job=~"a\\\\.b|c"}'),
        ('up{instance="x"}', 'up{instance="x", job=~"a\\\\.b|c"}'),
        ('up{instance="x",}', 'up{instance="x", job=~"a\\\\.b|c"}'),
        ("up{}", 'up{job=~"a\\\\.b|c"}'),
    ],
)
def test_a_selector_is_narrowed_to_the_jobs_of_the_probes(text, within):
    assert str(Selector.parse(text).within("job", {"c", "a.b"})) == within


def test_of_a_selector_without_matchers_only_the_exporter_is_missed(history):
    story = Story()

    imported(story, history, query="probe_success")

    assert {UNKNOWN} < {outcome for _, outcome in changes(story, "acme-prod", history)}


def test_a_server_that_is_not_there_is_said_to_be_and_its_password_is_not_shown():
    address = Address.parse(f"http://ops:secret@127.0.0.1:{free_port()}/")
    server = Prometheus(Web(address, delays_s=()))

    with pytest.raises(UnreachableSourceError, match="does not answer") as refused:
        server.samples(Selector("probe_success"), 0, 1000)

    assert "secret" not in str(refused.value)
    assert "ops" not in server.name
