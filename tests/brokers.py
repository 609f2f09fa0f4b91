"""Real brokers for the tests: one for the whole run, shared by its workers, each test with a ledger of its own.

The image is pinned once, in compose.yaml. Where no Docker engine answers, or the image is not there and cannot
be fetched, the tests that need a broker are skipped with the reason; `CONSTAT_REQUIRE_KAFKA=1` makes that a
failure.
"""

import fcntl
import io
import json
import os
import re
import tarfile
import time
from contextlib import contextmanager
from pathlib import Path

import docker
from docker.errors import DockerException, ImageNotFound
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import LogMessageWaitStrategy

from tests.required import lacking

ROOT = Path(__file__).parent.parent
IMAGE = re.search(r"image: (apache/kafka:\S+)", (ROOT / "compose.yaml").read_text()).group(1)
READY_S = 90
STORAGE_IS_FORMATTED = "s,--final-configs-dir /opt/kafka/config$,& || true,"
RUN = ["bash", "-c", f"exec bash <(sed '{STORAGE_IS_FORMATTED}' /etc/kafka/docker/run)"]
"""As in compose.yaml: a broker that starts again finds its storage formatted, which some images take amiss."""

SETTINGS = {
    "CLUSTER_ID": "5L6g3nShT-eMCtK--X86sw",
    "KAFKA_NODE_ID": "1",
    "KAFKA_PROCESS_ROLES": "broker,controller",
    "KAFKA_LISTENERS": "PLAINTEXT://:9092,BROKER://:9093,CONTROLLER://:9094",
    "KAFKA_INTER_BROKER_LISTENER_NAME": "BROKER",
    "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "PLAINTEXT:PLAINTEXT,BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
    "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9094",
    "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
    "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
    "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
    "KAFKA_TRANSACTION_STATE_LOG_NUM_PARTITIONS": "1",
    "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
    "KAFKA_HEAP_OPTS": "-Xms256m -Xmx512m",
}


class Broker(DockerContainer):
    """One broker, reached on ports of this machine that are known only once it runs: one for each door.

    `doors` are listeners with their ports in the container; `inside` are those that only the container reaches.
    """

    def __init__(
        self,
        settings: dict[str, str] | None = None,
        doors: dict[str, int] | None = None,
        inside: str = "BROKER://localhost:9093",
    ) -> None:
        super().__init__(IMAGE)
        self._doors = doors or {"PLAINTEXT": 9092}
        self._inside = inside
        self.files: dict[str, bytes] = {}
        """What is laid into /tmp before it starts."""
        self.with_exposed_ports(*self._doors.values())
        for name, value in (SETTINGS | (settings or {})).items():
            self.with_env(name, value)
        wait = "until [ -s /tmp/start.sh ]; do sleep 0.1; done; sleep 0.1; exec bash /tmp/start.sh"
        self.with_command(["bash", "-c", wait])

    def start(self) -> "Broker":
        """Start it, tell it the ports under which it is reached, and wait until it serves."""
        super().start()
        listeners = ",".join([*(f"{door}://{self.address_of(door)}" for door in self._doors), self._inside])
        script = f"export KAFKA_ADVERTISED_LISTENERS={listeners}\n{RUN[-1]}\n"
        self.put(self.files)
        self.put({"start.sh": script.encode()})
        LogMessageWaitStrategy("Kafka Server started").with_startup_timeout(READY_S).wait_until_ready(self)
        return self

    @property
    def address(self) -> str:
        """`host:port` of the first door, from this machine."""
        return self.address_of(next(iter(self._doors)))

    def address_of(self, door: str) -> str:
        """`host:port` of a door, from this machine."""
        return f"127.0.0.1:{self.get_exposed_port(self._doors[door])}"

    def put(self, files: dict[str, bytes], folder: str = "/tmp") -> None:
        """Lay files into the container."""
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            for name, content in files.items():
                entry = tarfile.TarInfo(name)
                entry.size = len(content)
                entry.mode = 0o644
                tar.addfile(entry, io.BytesIO(content))
        self.get_wrapped_container().put_archive(folder, archive.getvalue())


def absence() -> str | None:
    """Why there can be no broker here; None if there can."""
    try:
        engine = docker.from_env(timeout=10)
        engine.ping()
    except (DockerException, OSError) as error:
        return f"no Docker engine answers ({type(error).__name__})"
    try:
        engine.images.get(IMAGE)
    except ImageNotFound:
        try:
            engine.images.pull(IMAGE)
        except (DockerException, OSError) as error:
            return f"the image {IMAGE} cannot be fetched ({type(error).__name__})"
    _do_without_reaper(engine)
    return None


def _do_without_reaper(engine: docker.DockerClient) -> None:
    # Its image may be missing where images cannot be fetched; then we stop what we start ourselves.
    try:
        engine.images.get(testcontainers_config.ryuk_image)
    except ImageNotFound:
        testcontainers_config.ryuk_disabled = True


def require() -> None:
    """Skip the test that asks, or fail it where brokers are required, if there can be no broker."""
    if why := absence():
        lacking("CONSTAT_REQUIRE_KAFKA", why)


@contextmanager
def _locked(path: Path):
    with path.open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def shared_address(folder: Path) -> str:
    """The broker of this run, started by the first worker that asks."""
    require()
    note = folder / "broker.json"
    with _locked(folder / "broker.lock"):
        if not note.exists():
            broker = Broker().start()
            # The run, not this worker, ends it.
            note.write_text(json.dumps({"id": broker.get_wrapped_container().id, "address": broker.address}))
    return json.loads(note.read_text())["address"]


def stop_shared(note: Path) -> None:
    """Remove the broker of a run, which this file names."""
    docker.from_env().containers.get(json.loads(note.read_text())["id"]).remove(force=True, v=True)
    note.unlink()


def fresh_name(prefix: str = "t") -> str:
    """A name for a ledger that nobody else has."""
    return f"{prefix}{os.getpid()}-{time.time_ns()}"
