"""Neither takes the name of the other: not a source that of an agent that probes, nor such an agent a source's."""

import pytest

from ledger import plans, runs, targets
from ledger.errors import RefusedError
from ledger.intake.columns import Columns
from ledger.intake.files import open_source
from ledger.intake.gatus_import import import_gatus
from ledger.intake.gatus_tables import GatusFile
from ledger.intake.importing import import_source
from ledger.intake.kuma import KumaFile
from ledger.intake.kuma_import import KumaSource, import_kuma
from ledger.intake.own_agents import require_not_imported
from ledger.intake.prometheus import PrometheusSource
from ledger.intake.prometheus_api import Prometheus, Selector
from ledger.intake.prometheus_import import first_instant
from ledger.intake.web import Address, Web
from ledger.plans import AgentRetired, Planned
from ledger.runs import AgentStarted, AgentStopped
from ledger.targets import HttpDefined, TargetsDefined
from tests.ledger.intake.test_gatus import SQLiteFile, results
from tests.ledger.intake.test_kuma import NOON_MS, Kuma
from tests.ports import free_port
from tests.spec import Story, ms

STARTED = AgentStarted(agent="paris-1", run="r1", version="0.1.0", place="Paris")
STOPPED = AgentStopped(agent="paris-1", run="r1", why="asked")
DEFINED = TargetsDefined(
    agent="paris-1",
    plan_version=1,
    place="Paris",
    references=("https://www.example.org/",),
    targets=(HttpDefined(kind="http", platform="acme-prod", url="https://acme.example/"),),
)
ADVICE = "agent paris-1 is an agent that probes .* give the import a name of its own: --agent"


@pytest.fixture
def story():
    """An agent that probes, with a round."""
    probing = Story().plan("paris-1", ["acme-prod"]).round("paris-1", "2026-10-06T10:00:00Z")
    return probing.fact(runs.stream_of("paris-1"), STARTED)


def take_results(story, tmp_path):
    path = tmp_path / "results.csv"
    path.write_text(
        "platform,observed_at,outcome,agent\n"
        "acme-prod,2026-10-06T12:00:00Z,up,lyon\n"
        "acme-test,2026-10-06T12:00:00Z,up,paris-1\n"
    )
    import_source(story.ledger, open_source(path, Columns()), now_ms=ms("2026-11-01T00:00:00Z"))


def take_gatus(story, tmp_path):
    gatus = SQLiteFile(tmp_path / "gatus.db")
    gatus.endpoint(1, "", "acme-test")
    gatus.add(results(True), str)
    import_gatus(story.ledger, GatusFile(gatus.path), "paris-1", {})


def take_kuma(story, tmp_path):
    """Its changes would be stored first, under another name."""
    kuma = Kuma(tmp_path / "kuma.db")
    end_ms = kuma.beats(kuma.monitor("acme-test"), NOON_MS, (1, 3000), (0, 200))
    kuma.night(end_ms)
    import_kuma(story.ledger, KumaSource(KumaFile(kuma.path), "paris-1"))


def take_prometheus(story, _):
    """No server is there: it is not even asked."""
    server = Prometheus(Web(Address.parse(f"http://127.0.0.1:{free_port()}"), delays_s=()))
    source = PrometheusSource(server, Selector("probe_success"), "paris-1", names={})
    first_instant(story.ledger, source, 0, NOON_MS, again=False)


SOURCES = pytest.mark.parametrize("take", [take_results, take_gatus, take_kuma, take_prometheus])


@SOURCES
def test_a_source_under_the_name_of_an_agent_that_runs_is_refused_before_anything_is_stored(
    story, tmp_path, take
):
    before = story.engine.head()

    with pytest.raises(RefusedError, match=ADVICE):
        take(story, tmp_path)

    assert story.engine.head() == before


def test_an_agent_that_was_stopped_keeps_its_name(story, tmp_path):
    story.fact(runs.stream_of("paris-1"), STOPPED)

    with pytest.raises(RefusedError, match=ADVICE):
        take_results(story, tmp_path)


def test_an_agent_whose_targets_are_recorded_has_its_name_before_its_first_run(tmp_path):
    story = Story().plan("paris-1", ["acme-prod"]).fact(targets.stream_of("paris-1"), DEFINED)

    with pytest.raises(RefusedError, match=ADVICE):
        take_results(story, tmp_path)


def test_an_agent_that_was_killed_before_its_start_was_recorded_has_its_name_by_its_plan(tmp_path):
    story = Story()
    agent_plans(story)

    with pytest.raises(RefusedError, match=ADVICE.replace(r".*", r"\(its plan is that of its file\).*")):
        take_results(story, tmp_path)


def agent_plans(story):
    """What the process of an agent records of its file, behind whatever was there."""
    story.ledger.record(
        plans.stream_of("paris-1"),
        plans.INITIAL,
        plans.evolve,
        lambda found: plans.set_plan(found, "paris-1", (Planned(platform="acme-prod"),)),
        occurred_ms=story.now_ms,
        source="/agents/paris-1",
    )


def test_a_name_that_only_imports_had_is_theirs_still(tmp_path):
    story = Story()

    take_results(story, tmp_path)
    take_results(story, tmp_path)

    assert story.engine.round_head("paris-1").number == 1


# ---------------------------------------------------------------- the other way round


def require(story):
    require_not_imported(story.ledger, "paris-1", story.ledger.plans_of("paris-1"))


def is_refused(story):
    try:
        require(story)
    except RefusedError:
        return True
    return False


def test_an_agent_does_not_probe_under_the_name_of_an_import(tmp_path):
    story = Story()
    take_results(story, tmp_path)

    with pytest.raises(RefusedError, match=r'paris-1 has its plan from an import, .*agent = "paris-1-probe"'):
        require(story)


def test_a_name_that_logs_only_changes_is_none_of_an_agent_whatever_else_is_known_of_it():
    story = Story().plan("paris-1", ["acme-prod"], transitions=True)
    story.fact(runs.stream_of("paris-1"), STARTED)

    with pytest.raises(
        RefusedError, match=r"paris-1 logs only changes, .*give the agent that probes another"
    ):
        require(story)


def test_a_retired_import_keeps_its_name(tmp_path):
    story = Story()
    take_results(story, tmp_path)
    story.fact(plans.stream_of("paris-1"), AgentRetired(agent="paris-1", reason="moved", by="sre-1"))

    with pytest.raises(RefusedError, match="has its plan from an import"):
        require(story)


@pytest.mark.parametrize(
    "probe",
    [
        agent_plans,
        lambda story: story.fact(runs.stream_of("paris-1"), STARTED),
        lambda story: story.fact(targets.stream_of("paris-1"), DEFINED),
    ],
    ids=["planned", "started", "recorded"],
)
def test_an_agent_that_has_probed_under_the_name_of_an_import_goes_on_and_the_import_does_not(
    tmp_path, probe
):
    story = Story()
    take_results(story, tmp_path)
    probe(story)

    assert not is_refused(story)
    with pytest.raises(RefusedError, match=ADVICE):
        take_results(story, tmp_path)


def test_a_name_that_nobody_had_is_free():
    assert not is_refused(Story())
