"""`constat agent` under a name that imports have is refused before anything is written."""

import pytest

from consumers.agent.planning import planned
from consumers.agent.sources import FromFile
from ledger import plans
from ledger.errors import RefusedError
from ledger.intake.columns import Columns
from ledger.intake.files import open_source
from ledger.intake.importing import import_source
from tests.consumers.agent.places import now_ms
from tests.consumers.agent.services import loaded
from tests.consumers.agent.test_from_ledger import answer

ADVICE = 'give the agent that probes another one: agent = "paris-probe" in its file'
WHY = {False: "agent paris has its plan from an import, ", True: "agent paris logs only changes, "}


@pytest.fixture(params=[False, True], ids=["every result", "only changes"])
def kind(request):
    return request.param


@pytest.fixture
def imported(place, kind):
    """A ledger in which a source has the name that the agent's file says."""
    path = place.folder / "results.csv"
    path.write_text("platform,observed_at,outcome,agent\nacme-prod,2026-10-06T12:00:00Z,up,paris\n")
    with place.ledger() as ledger:
        import_source(ledger, open_source(path, Columns()), now_ms=now_ms(), transitions=kind)
    return place


def kept(place):
    """The bytes of every file of a folder, and so of the ledger."""
    return {path.name: path.read_bytes() for path in place.folder.iterdir()}


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "agent.toml"),
        ("run", "agent.toml", "--again"),
        ("run", "--from-ledger", "paris"),
        ("plan", "agent.toml"),
    ],
    ids=" ".join,
)
def test_an_agent_under_the_name_of_an_import_is_told_what_to_do_and_leaves_nothing(
    imported, kind, service, arguments
):
    imported.write(service, acme_prod=service.url())
    before = kept(imported)

    done = answer(imported.folder, "agent", *arguments, "--ledger", imported.url)

    assert done.returncode == 2
    assert WHY[kind] in done.stderr
    assert ADVICE in done.stderr
    assert kept(imported) == before
    assert not [path for path, _ in service.asked if path != "/reference"]


def test_a_check_warns_that_a_run_would_be_refused(imported, kind, service):
    imported.write(service, acme_prod=service.url())

    done = answer(imported.folder, "agent", "check", "agent.toml", "--ledger", imported.url)

    assert done.returncode == 0
    assert f"`constat agent run` would be refused: {WHY[kind]}" in done.stderr


def test_an_import_that_comes_between_is_seen_though_its_plan_is_that_of_the_file(place, service):
    source = FromFile(loaded(service.url(), {"url": service.url()}))
    file = source.of(None).file
    with place.ledger() as ledger:
        ledger.record(
            plans.stream_of(file.agent),
            plans.INITIAL,
            plans.evolve,
            lambda state: plans.set_plan(state, file.agent, planned(file), period_ms=file.period_ms),
            occurred_ms=now_ms(),
            source=plans.IMPORTS,
        )
        before = ledger.engine.head()

        with pytest.raises(RefusedError, match="has its plan from an import"):
            source.settle(ledger, now_ms())

        assert ledger.engine.head() == before
