"""A broker that asks who is there, by every door that a broker can have, with the rights that the page gives.

The users, their passwords and their rights are made by the commands of docs/howto/kafka-access.md, typed in the
broker's container: what the page says is what is tested.
"""

import re

from tests import brokers
from tests.certificates import Authority

PAGE = brokers.ROOT / "docs" / "howto" / "kafka-access.md"
BLOCK = re.compile(r"^```(\w+)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
USERS = ("paris", "billing", "ops", "importer", "folder")
DOORS = {"USERS": 9092, "CERTIFICATES": 9095, "PLAIN": 9096, "BARE": 9097}
INSIDE = "127.0.0.1:9098"
"""Where the container's own tools come in: as users, by TLS."""
PROTOCOLS = {
    "USERS": "SASL_SSL",
    "CERTIFICATES": "SSL",
    "PLAIN": "PLAINTEXT",
    "BARE": "SASL_PLAINTEXT",
    "TOOLS": "SASL_SSL",
    "BROKER": "PLAINTEXT",
    "CONTROLLER": "PLAINTEXT",
}
SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
SETTINGS_BY_HAND = {
    "KAFKA_LISTENERS": ",".join(
        [f"{door}://:{port}" for door, port in DOORS.items()]
        + ["TOOLS://:9098", "BROKER://:9093", "CONTROLLER://:9094"]
    ),
    "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": ",".join(f"{door}:{how}" for door, how in PROTOCOLS.items()),
    "KAFKA_SASL_ENABLED_MECHANISMS": "SCRAM-SHA-512",
    **{
        f"KAFKA_LISTENER_NAME_{door}_SCRAM___SHA___512_SASL_JAAS_CONFIG": SCRAM
        for door in ("USERS", "BARE", "TOOLS")
    },
    "KAFKA_SSL_KEYSTORE_TYPE": "PEM",
    "KAFKA_SSL_KEYSTORE_LOCATION": "/tmp/broker.pem",
    "KAFKA_SSL_TRUSTSTORE_TYPE": "PEM",
    "KAFKA_SSL_TRUSTSTORE_LOCATION": "/tmp/ca.pem",
    "KAFKA_LISTENER_NAME_CERTIFICATES_SSL_CLIENT_AUTH": "required",
}
INNER = "BROKER://localhost:9093"
FIRST_USER = """
kafka-configs.sh --bootstrap-server localhost:9093 --alter --entity-type users --entity-name admin --add-config-file admin.scram
"""
# Where an image has not all the tools of Kafka, or one that does not find its class, the class itself is called.
TOOLS = """
set -e
cd /tmp
PATH=$PATH:/opt/kafka/bin
JAVA="java -XX:TieredStopAtLevel=1 -cp /opt/kafka/libs/*"
kafka-configs.sh() { command kafka-configs.sh "$@" 2>/dev/null || $JAVA kafka.admin.ConfigCommand "$@"; }
kafka-acls.sh() { command kafka-acls.sh "$@" 2>/dev/null || $JAVA org.apache.kafka.tools.AclCommand "$@"; }
set -f
"""


def blocks(kind: str) -> list[str]:
    """The blocks of a kind on the page, as they stand there."""
    return [body for found, body in BLOCK.findall(PAGE.read_text()) if found == kind]


def start(authority: Authority) -> brokers.Broker:
    """A running broker whose certificate is for 127.0.0.1, and whose only user yet is `admin`."""
    certificate, key = authority.sign("broker", names="IP:127.0.0.1")
    of_broker, of_admin, of_user = blocks("properties")
    broker = brokers.Broker(SETTINGS_BY_HAND | settings_of(of_broker), DOORS, f"TOOLS://{INSIDE},{INNER}")
    broker.files = {
        "broker.pem": certificate.read_bytes() + key.read_bytes(),
        "ca.pem": authority.certificate.read_bytes(),
        "admin.properties": with_password(of_admin, "admin"),
        **{f"{user}.scram": with_password(of_user, user) for user in ("admin", *USERS)},
    }
    broker.start()
    try:
        run(broker, FIRST_USER)
    except BaseException:
        broker.stop()
        raise
    return broker


def give_rights(broker: brokers.Broker) -> None:
    """Type what the page says."""
    run(broker, blocks("sh")[-1].replace("host:9092", INSIDE))


def password_of(user: str) -> str:
    return f"sesame-of-{user}"


def with_password(block: str, user: str) -> bytes:
    assert "…" in block
    return block.replace("…", password_of(user)).encode()


def settings_of(block: str) -> dict[str, str]:
    """Settings of a broker, as its image takes them from the environment."""
    pairs = (line.partition("=")[::2] for line in block.splitlines())
    named = {"KAFKA_" + name.upper().replace(".", "_"): value for name, value in pairs}
    # The broker's own door is not guarded: it is nobody's but the container's.
    return named | {"KAFKA_SUPER_USERS": named["KAFKA_SUPER_USERS"] + ";User:ANONYMOUS"}


def run(broker: brokers.Broker, commands: str) -> None:
    """Type commands in the broker's container."""
    code, said = broker.get_wrapped_container().exec_run(["bash", "-c", TOOLS + commands])
    assert code == 0, said.decode()
