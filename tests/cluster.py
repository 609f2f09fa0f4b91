"""Three real brokers on a network of their own, and what can befall them."""

import socket
import time
from contextlib import contextmanager

import docker
from docker.models.containers import Container
from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from tests.brokers import IMAGE, SETTINGS

NODES = (1, 2, 3)
READY_S = 120
LOGS = "/var/lib/kafka/data"


class Cluster:
    """Brokers 1, 2 and 3; each is reached on a port of this machine that stays when it starts again.

    Clients come in through the engine's own bridge, brokers speak to each other through `inner`: so a broker
    can be cut off from the others while clients still reach it.
    """

    def __init__(self, tmpfs_mb: dict[int, int] | None = None) -> None:
        self._engine = docker.from_env()
        self.inner = self._engine.networks.create(f"constat-test-{time.time_ns()}", internal=True)
        self.ports = dict(zip(NODES, _free_ports(len(NODES)), strict=True))
        self._nodes = {node: self._container(node, (tmpfs_mb or {}).get(node)) for node in NODES}

    def _container(self, node: int, tmpfs_mb: int | None) -> Container:
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
        return self._engine.containers.create(
            IMAGE,
            ["bash", "-c", "until [ -s /tmp/go ]; do sleep 0.1; done; exec /etc/kafka/docker/run"],
            name=self._name(node),
            environment=settings,
            ports={f"{port}/tcp": ("127.0.0.1", port)},
            tmpfs={LOGS: f"size={tmpfs_mb}m,uid=1000,mode=0755"} if tmpfs_mb else {},
        )

    def _name(self, node: int) -> str:
        return f"{self.inner.name}-{node}"

    def start(self) -> "Cluster":
        """Start all, and wait until they serve."""
        for container in self._nodes.values():
            container.start()
            self.inner.connect(container)
        for container in self._nodes.values():
            container.exec_run(["bash", "-c", "echo go > /tmp/go"])
        self.wait_for(*NODES)
        return self

    def container(self, node: int) -> Container:
        """The Docker container of a broker."""
        return self._nodes[node]

    @property
    def addresses(self) -> str:
        """`host:port` of every broker, from this machine."""
        return ",".join(f"127.0.0.1:{port}" for port in self.ports.values())

    @contextmanager
    def administrator(self):
        """A client that asks the brokers about themselves."""
        client = KafkaAdminClient(
            bootstrap_servers=self.addresses.split(","), request_timeout_ms=5_000, bootstrap_timeout_ms=5_000
        )
        try:
            yield client
        finally:
            client.close()

    def wait_for(self, *nodes: int, seconds: float = READY_S) -> None:
        """Wait until these brokers are members of the cluster."""
        deadline_s = time.monotonic() + seconds
        while not set(nodes) <= self._members():
            assert time.monotonic() < deadline_s, f"brokers {nodes} did not come up: {self.logs()}"
            time.sleep(0.3)

    def _members(self) -> set[int]:
        try:
            with self.administrator() as client:
                return {broker["broker_id"] for broker in client.describe_cluster()["brokers"]}
        except (KafkaError, OSError):  # not there yet
            return set()

    def leader(self, topic: str, partition: int = 0) -> int:
        """The broker that leads a partition."""
        with self.administrator() as client:
            (described,) = client.describe_topics([topic])
        found = {each["partition_index"]: each["leader_id"] for each in described["partitions"]}
        return found[partition]

    def in_step(self, topic: str) -> set[int]:
        """The replicas of partition 0 that are in step."""
        with self.administrator() as client:
            (described,) = client.describe_topics([topic])
        return set(described["partitions"][0]["isr_nodes"])

    # ------------------------------------------------------------ faults

    def kill(self, node: int) -> None:
        """SIGKILL."""
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
        self.container(node).exec_run(
            [
                "bash",
                "-c",
                f"dd if=/dev/zero of={LOGS}/filler bs=64k; dd if=/dev/zero of={LOGS}/filler2 bs=512",
            ]
        )

    def empty_disk(self, node: int) -> None:
        """Give the space back."""
        self.container(node).exec_run(["bash", "-c", f"rm -f {LOGS}/filler*"])

    def logs(self) -> str:
        """The ends of the brokers' logs."""
        return "\n".join(f"{n}: {self.container(n).logs(tail=5).decode()}" for n in NODES)

    def close(self) -> None:
        """Remove everything."""
        for node in NODES:
            self.container(node).remove(force=True, v=True)
        self.inner.remove()


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports
