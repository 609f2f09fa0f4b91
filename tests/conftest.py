"""What every test may ask for."""

import os
import sys
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, settings

from consumers.cli.main import main
from tests import certificates
from tests.certificates import Authority

with warnings.catch_warnings():
    # It takes every warning filter away when it is imported first; here that does not outlast the line.
    import eventsourcing.tests  # noqa: F401

settings.register_profile(
    "constat",
    max_examples=int(os.environ.get("CONSTAT_EXAMPLES", "50")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("constat")


@pytest.fixture(autouse=True, scope="session")
def _cache_of_this_run(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Whatever is folded here, and by commands that are started from here, is kept with the run's files."""
    os.environ["CONSTAT_CACHE"] = str(tmp_path_factory.mktemp("cache"))


class Answer(NamedTuple):
    """What a command said and how it left."""

    code: int
    out: str
    err: str


@pytest.fixture
def constat(tmp_path, monkeypatch, capfdbinary) -> Callable[..., Answer]:
    """Run a command in this process, in an empty folder, on that folder's ledger."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONSTAT_LEDGER", f"sqlite:///{tmp_path}/constat.db")
    monkeypatch.setenv("COLUMNS", "120")

    def run(*arguments: object) -> Answer:
        monkeypatch.setattr(sys, "argv", ["constat", *map(str, arguments)])
        capfdbinary.readouterr()
        try:
            main()
            code = 0
        except SystemExit as left:
            code = int(left.code or 0)
        sys.stdout.flush()
        captured = capfdbinary.readouterr()
        return Answer(code, captured.out.decode(), captured.err.decode())

    return run


def _run_folder(config: pytest.Config) -> Path:
    """The folder that all workers of a run share."""
    base = config._tmp_path_factory.getbasetemp()
    return base.parent if hasattr(config, "workerinput") else base


@pytest.fixture(scope="session")
def broker(request) -> str:
    """The address of the run's broker; the test is skipped, with the reason, where there can be none."""
    from tests import brokers  # noqa: PLC0415 - only those who ask for a broker pay for the clients

    return brokers.shared_address(_run_folder(request.config))


@pytest.fixture
def own_broker():
    """A broker that a test may stop; nobody else uses it."""
    from tests import brokers  # noqa: PLC0415 - as above

    brokers.require()
    with brokers.Broker() as broker:
        yield broker


@pytest.fixture
def kafka_url(broker, tmp_path) -> str:
    """A ledger on the run's broker that nobody else uses; its topics are there and empty."""
    from ledger.log.kafka import address, topics  # noqa: PLC0415 - as above
    from tests import brokers  # noqa: PLC0415

    url = f"kafka://{broker}/{brokers.fresh_name()}?mirrors={tmp_path}/mirrors"
    topics.create(address.parse(url), probe_partitions=2)
    return url


@pytest.fixture(params=["sqlite", "kafka"])
def each_url(request, tmp_path) -> str:
    """A ledger of each kind with nothing in it."""
    if request.param == "kafka":
        return request.getfixturevalue("kafka_url")
    return f"sqlite:///{tmp_path}/constat.db"


@pytest.hookimpl(trylast=True)
@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """Whoever signs the certificates of a module."""
    certificates.require()
    return Authority(tmp_path_factory.mktemp("authority"))


def pytest_collection_modifyitems(items) -> None:
    """The faults of brokers come first, then all files with slow tests, so that no worker ends alone."""
    count = Counter(item.path for item in items)
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(
        key=lambda item: (item.path.name != "test_faults.py", item.path not in slow, -count[item.path])
    )


def pytest_sessionfinish(session) -> None:
    """The run ends what its workers started."""
    note = _run_folder(session.config) / "broker.json"
    if not hasattr(session.config, "workerinput") and note.exists():
        from tests import brokers  # noqa: PLC0415

        brokers.stop_shared(note)
