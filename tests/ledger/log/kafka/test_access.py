"""A broker with authorisation on: what a user may not do is a sentence, and nothing of it is done."""

from types import SimpleNamespace

import pytest
from kafka.admin import ACL, ACLOperation, ACLPermissionType, ResourcePattern, ResourceType

from ledger.application import Ledger
from ledger.errors import UnusableLedgerError
from ledger.log.interface import NewRound
from ledger.log.kafka import topics
from ledger.log.kafka.address import PASSWORD, parse
from ledger.rounds import chained
from tests import brokers
from tests.ledger.log.processes import AGENT, a_round, update

LISTENER = "SASL_PLAINTEXT"
SETTINGS = {
    "KAFKA_LISTENERS": f"{LISTENER}://:9092,BROKER://:9093,CONTROLLER://:9094",
    "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": f"{LISTENER}:{LISTENER},BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "KAFKA_SASL_ENABLED_MECHANISMS": "SCRAM-SHA-512",
    "KAFKA_LISTENER_NAME_SASL__PLAINTEXT_SCRAM___SHA___512_SASL_JAAS_CONFIG": (
        "org.apache.kafka.common.security.scram.ScramLoginModule required;"
    ),
    "KAFKA_AUTHORIZER_CLASS_NAME": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "KAFKA_SUPER_USERS": "User:ANONYMOUS;User:admin",
}
# The second form is for an image whose own tool does not find its class.
ADD_USERS = """
for user in admin agent reader; do
  set -- --bootstrap-server localhost:9093 --alter --add-config "SCRAM-SHA-512=[password=of-$user]" \
    --entity-type users --entity-name $user
  /opt/kafka/bin/kafka-configs.sh "$@" || java -cp '/opt/kafka/libs/*' kafka.admin.ConfigCommand "$@" || exit 1
done
"""
RIGHTS = {
    "agent": {"decisions": ("READ", "DESCRIBE_CONFIGS"), "probes": ("READ", "WRITE", "DESCRIBE_CONFIGS")},
    "reader": {"decisions": ("READ",), "probes": ("READ",)},
}


@pytest.fixture(scope="module")
def guarded():
    """A broker that asks who is there, with the ledger `constat` that only `admin` may do everything with."""
    brokers.require()
    broker = brokers.Broker(SETTINGS, LISTENER).start()
    try:
        code, said = broker.get_wrapped_container().exec_run(["sh", "-c", ADD_USERS])
        assert code == 0, said
        yield broker.address
    finally:
        broker.stop()


@pytest.fixture
def ledger(guarded, tmp_path, monkeypatch):
    """The URL of the ledger for a user, whose password is in the environment."""

    def url_of(user, password=None):
        monkeypatch.setenv(PASSWORD, password or f"of-{user}")
        return f"kafka://{guarded}?user={user}&mirrors={tmp_path}"

    topics.create(parse(url_of("admin")))
    allow(parse(url_of("admin")))
    return SimpleNamespace(url_of=url_of)


def allow(address):
    """Give each user the rights of the table."""
    rules = [
        ACL(
            principal=f"User:{user}",
            host="*",
            operation=ACLOperation[operation],
            permission_type=ACLPermissionType.ALLOW,
            resource_pattern=ResourcePattern(ResourceType.TOPIC, f"constat.{topic}"),
        )
        for user, rights in RIGHTS.items()
        for topic, operations in rights.items()
        for operation in operations
    ]
    with topics.administrator(address) as client:
        assert not client.create_acls(rules)["failed"]


def refusal_of(action, *arguments):
    with pytest.raises(UnusableLedgerError) as refused:
        action(*arguments)
    return str(refused.value)


def test_an_agent_writes_its_rounds_and_its_decision_is_refused(ledger):
    with Ledger.open(ledger.url_of("agent")) as agent:
        head = agent.engine.round_head(AGENT)
        (value,) = chained([a_round(head.number + 1)], head.hash)
        agent.engine.append_rounds(AGENT, [NewRound(head.number + 1, 0, value)])

        refused = refusal_of(agent.append, update("i-1", "x"))

        assert "the facts were not appended to kafka://" in refused
        assert "ask the broker's administrator for the rights" in refused
        assert refused.endswith("nothing was written")
        assert agent.engine.head().position == 0
        assert agent.engine.head().round_offset > 0


def test_a_user_who_may_not_make_topics_is_told_so(ledger):
    address = parse(ledger.url_of("agent").replace("?", "/another?"))

    assert "topic another.decisions of kafka://" in refusal_of(topics.create, address)
    assert "another.decisions of" in (refused := refusal_of(topics.look, address))
    assert "is closed to you; ask the broker's administrator for the rights" in refused


def test_a_user_who_may_not_see_the_settings_is_told_so_and_not_that_they_are_wrong(ledger):
    refused = refusal_of(topics.check, parse(ledger.url_of("reader")))

    assert "the settings of constat.decisions and constat.probes are closed to you; ask " in refused


def test_a_wrong_password_is_among_what_to_look_at(ledger, monkeypatch):
    monkeypatch.setattr(topics, "PATIENCE_MS", 2_000)

    refused = refusal_of(topics.look, parse(ledger.url_of("agent", "wrong")))

    assert refused.endswith("whether the URL must say ?tls=yes or ?user=NAME, and the password")
    assert "wrong" not in refused
