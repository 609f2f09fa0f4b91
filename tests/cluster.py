"""Three real brokers on a network of their own, and what can befall them."""

import time
from contextlib import contextmanager

import docker
from docker.models.containers import Container
from docker.models.volumes import Volume
from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from ledger.log.kafka.connecting import Net
from tests.brokers import IMAGE, RUN, SETTINGS
from tests.ports import free_ports

NODES = (1, 2, 3)
ASKED = 15
READY_S = 120
LOGS = "/var/lib/kafka/data"
DISK_MB = 512
"""How much a broker can keep: in memory, so that filling it takes a second and harms nobody else."""


class Cluster:
    """Brokers 1, 2 and 3; each is reached on a port of this machine that stays when it starts again.

    Clients come in through the engine's own bridge, where names mean nothing; brokers know each other by name
    alone, and names lead through `inner`. So a broker can be cut off from the others while clients reach it.
    """

    def __init__(self) -> None:
        self._engine = docker.from_env()
        name = f"constat-test-{time.time_ns()}"
        self.inner = self._engine.networks.create(name, internal=True)
        self._disks = {node: self._disk(f"{name}-{node}") for node in NODES}
        self._keeper = self._keeper_of_disks(f"{name}-disks")
        self.ports = dict(zip(NODES, free_ports(len(NODES)), strict=True))
        self._nodes = {node: self._container(node) for node in NODES}

    def _disk(self, name: str) -> Volume:
        in_memory = {"type": "tmpfs", "device": "tmpfs", "o": f"size={DISK_MB}m,mode=0777"}
        return self._engine.volumes.create(name, driver="local", driver_opts=in_memory)

    def _keeper_of_disks(self, name: str) -> Container:
        # What is in memory is gone when the last container that uses it stops, and brokers are to be killed.
        disks = [f"{disk.name}:/disks/{node}" for node, disk in self._disks.items()]
        forever = ["-c", "exec sleep infinity"]
        return self._engine.containers.run(
            IMAGE, forever, entrypoint="bash", name=name, volumes=disks, network_mode="none", detach=True
        )

    def _container(self, node: int) -> Container:
        port = self.ports[node]
        settings = SETTINGS | {
            "KAFKA_NODE_ID": str(node),
            "KAFKA_LISTENERS": f"PLAINTEXT://:{port},BROKER://:9093,CONTROLLER://:9094",
            "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://127.0.0.1:{port},BROKER://{self._name(node)}:9093",
            "KAFKA_CONTROLLER_QUORUM_VOTERS": ",".join(f"{n}@{self._name(n)}:9094" for n in NODES),
            "KAFKA_DEFAULT_REPLICATION_FACTOR": "3",
            "KAFKA_MIN_INSYNC_REPLICAS": "2",
            "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "3",
            "KAFKA_BROKER_SESSION_TIMEOUT_MS": "6000",
            "KAFKA_LOG_DIRS": LOGS,
        }
        container = self._engine.containers.create(
            IMAGE,
            RUN,
            name=self._name(node),
            environment=settings,
            ports={f"{port}/tcp": ("127.0.0.1", port)},
            volumes=[f"{self._disks[node].name}:{LOGS}"],
        )
        self.inner.connect(container)
        return container

    def _name(self, node: int) -> str:
        return f"{self.inner.name}-{node}"

    def start(self) -> "Cluster":
        """Start all, and wait until they serve."""
        try:
            for container in self._nodes.values():
                container.start()
            self.wait_for(*NODES)
        except BaseException:
            self.close()
            raise
        return self

    def container(self, node: int) -> Container:
        """The Docker container of a broker."""
        return self._nodes[node]

    @property
    def addresses(self) -> str:
        """`host:port` of every broker, from this machine."""
        return ",".join(f"127.0.0.1:{port}" for port in self.ports.values())

    @contextmanager
    def administrator(self, *nodes: int):
        """A client that asks the brokers about themselves; these brokers first."""
        asked = [f"127.0.0.1:{self.ports[node]}" for node in nodes or NODES]
        client = KafkaAdminClient(
            bootstrap_servers=asked,
            request_timeout_ms=5_000,
            bootstrap_timeout_ms=5_000,
            kafka_client=Net,  # the library's own leaves a socket open that no broker took
        )
        try:
            yield client
        finally:
            client.close()

    def wait_for(self, *nodes: int, seconds: float = READY_S) -> None:
        """Wait until each of these brokers answers for itself, and counts them all as members."""
        deadline_s = time.monotonic() + seconds
        for node in nodes:
            while not set(nodes) <= self._members_for(node):
                assert time.monotonic() < deadline_s, f"broker {node} did not come up: {self.logs()}"
                time.sleep(0.3)

    def _members_for(self, node: int) -> set[int]:
        try:
            with self.administrator(node) as client:
                return {broker["broker_id"] for broker in client.describe_cluster()["brokers"]}
        except (KafkaError, OSError):  # not there yet
            return set()

    def leader(self, topic: str) -> int:
        """The broker that leads partition 0."""
        return self._first_partition(topic)["leader_id"]

    def agree_on(self, topic: str) -> tuple[int, set[int]] | None:
        """Leader and replicas in step of partition 0, if whoever is asked says the same; None if not.

        A broker that was cut off says what was so before, and a client asks whichever it likes: so it is asked
        so often that one who is behind is surely among them.
        """
        answers = [self._first_partition(topic) for _ in range(ASKED)]
        said = {(each["leader_id"], frozenset(each["isr_nodes"])) for each in answers}
        return (answers[0]["leader_id"], set(answers[0]["isr_nodes"])) if len(said) == 1 else None

    def _first_partition(self, topic: str) -> dict:
        deadline_s = time.monotonic() + READY_S
        while True:
            try:
                with self.administrator() as client:
                    (described,) = client.describe_topics([topic])
                return next(each for each in described["partitions"] if each["partition_index"] == 0)
            except (KafkaError, OSError, StopIteration):  # it asked a broker that is not there yet
                assert time.monotonic() < deadline_s, self.logs()

    # ------------------------------------------------------------ faults

    def kill(self, node: int) -> None:
        """SIGKILL, unless it has ended by itself."""
        self.container(node).reload()
        if self.container(node).status == "running":
            self.container(node).kill()

    def stop(self, node: int) -> None:
        """SIGTERM, and wait until it has left in order."""
        self.container(node).stop(timeout=30)

    def begin(self, node: int) -> None:
        """Start it again."""
        self.container(node).start()

    def pause(self, node: int) -> None:
        """Freeze it."""
        self.container(node).pause()

    def resume(self, node: int) -> None:
        """Let it go on where it was."""
        self.container(node).unpause()

    def cut_off(self, node: int) -> None:
        """Take it from the others; clients still reach it."""
        self.inner.disconnect(self.container(node))

    def join(self, node: int) -> None:
        """Let it speak to the others again."""
        self.inner.connect(self.container(node))

    def fill_disk(self, node: int) -> None:
        """Leave no byte on the disk of its logs."""
        filler = f"/disks/{node}/filler"
        # The first ends where no block is left, the second where no byte is.
        self._on_disks(f"cat /dev/zero > {filler}; while echo >> {filler}2; do :; done 2>/dev/null; true")

    def empty_disk(self, node: int) -> None:
        """Give the space back."""
        self._on_disks(f"rm -f /disks/{node}/filler*")

    def _on_disks(self, script: str) -> None:
        code, said = self._keeper.exec_run(["bash", "-c", script], user="root")
        assert code == 0, said.decode()

    def logs(self) -> str:
        """The ends of the brokers' logs."""
        return "\n".join(f"{n}: {self.container(n).logs(tail=5).decode()}" for n in NODES)

    def close(self) -> None:
        """Remove everything."""
        for container in (*self._nodes.values(), self._keeper):
            container.remove(force=True, v=True)
        for disk in self._disks.values():
            disk.remove(force=True)
        self.inner.remove()
