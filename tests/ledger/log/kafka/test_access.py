"""Each user with the rights that docs/howto/kafka-access.md gives it: what it may, and how the rest is refused.

The page's own commands made the users and their rights. What a user may not do is a sentence and exit code 2,
nothing of it is done, and nobody's password is ever said.
"""

import json

import pytest
from kafka.admin import ACL, ACLOperation, ACLPermissionType, ResourcePattern, ResourceType

from ledger.application import Ledger
from ledger.errors import UnusableLedgerError
from ledger.fact import Draft
from ledger.log.kafka import topics
from ledger.log.kafka.address import PASSWORD, parse
from tests import brokers, guarded
from tests.ledger.log.processes import AGENT, PLAN, a_round, update

RESULTS = "platform,observed_at,outcome\nacme-prod,2026-09-08T09:00:00+02:00,up\n"
NOTICE = (
    *("notice", "publish", "upgrade", "--platform", "acme-prod", "--summary", "upgrade"),
    *("--from", "2026-09-20T09:00+02:00", "--to", "2026-09-20T10:00+02:00"),
)
STATEMENT = ("statement", "--contract", "acme", "--period", "2026-09", "--json")
ASK = "ask the broker's administrator for the rights that docs/howto/kafka-access.md lists"
SECRET = "sesame"
"""Part of every password of these tests."""
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def broker(authority):
    """A broker with the users and the rights of the page."""
    brokers.require()
    running = guarded.start(authority)
    try:
        guarded.give_rights(running)
        yield running
    finally:
        running.stop()


@pytest.fixture
def url_of(broker, authority, tmp_path, monkeypatch):
    """The URL of a ledger for a user, whose password is from then on in the environment."""

    def url_of(user, ledger="constat"):
        monkeypatch.setenv(PASSWORD, guarded.password_of(user))
        place = f"kafka://{broker.address}/{ledger}"
        return f"{place}?user={user}&ca={authority.certificate}&mirrors={tmp_path}/{user}"

    topics.create(parse(url_of("admin")))
    return url_of


@pytest.fixture
def as_user(constat, url_of, tmp_path):
    """Run a command as a user, on a ledger that has a contract and an agent's plan; no password may be in what it says."""

    def run(user, *arguments):
        answer = constat("--ledger", url_of(user), *arguments)
        assert SECRET not in answer.out + answer.err
        assert "Traceback" not in answer.err
        return answer

    template = constat("contract", "template", "jamespot").out.replace("2026-10-01", "2026-09-01")
    (tmp_path / "acme.toml").write_text(template)
    (tmp_path / "results.csv").write_text(RESULTS)
    if run("ops", "contract", "show", "acme").code:
        assert run("ops", "contract", "sign", "acme.toml").code == 0
        with Ledger.open(url_of("ops")) as ledger:
            ledger.append(Draft(f"plan:{AGENT}", PLAN, 0))
    return run


@pytest.fixture
def head(url_of):
    """How far the ledger goes."""

    def head():
        with Ledger.open(url_of("admin")) as ledger:
            found = ledger.engine.head()
            return found.position, found.round_offset

    return head


def append_round(url):
    """The next round of the agent `paris`."""
    with Ledger.open(url) as ledger:
        ledger.append_rounds(AGENT, [a_round(ledger.engine.round_head(AGENT).number + 1)])


def refusal_of(action, *arguments):
    with pytest.raises(UnusableLedgerError) as refused:
        action(*arguments)
    assert SECRET not in str(refused.value)
    return str(refused.value)


def allow(address, user, *operations, of=None):
    """Give rights to both topics of a ledger, or to one."""
    rules = [
        ACL(
            principal=f"User:{user}",
            host="*",
            operation=ACLOperation[operation],
            permission_type=ACLPermissionType.ALLOW,
            resource_pattern=ResourcePattern(ResourceType.TOPIC, topic),
        )
        for topic in of or (address.decisions, address.probes)
        for operation in operations
    ]
    with topics.administrator(address) as client:
        assert not client.create_acls(rules)["failed"]


# ---------------------------------------------------------------- the users of the page


def test_an_agent_writes_its_rounds_and_its_decision_is_refused(as_user, url_of, head):
    before = head()
    append_round(url_of("paris"))

    refused = as_user("paris", *NOTICE)

    assert refused.code == 2
    assert "constat: you may not write to constat.decisions of kafka://" in refused.err
    assert f"{ASK}; nothing was written" in refused.err
    assert head() == (before[0], before[1] + 1)


def test_billing_reads_a_statement_and_checks_the_ledger(as_user):
    statement = as_user("billing", *STATEMENT)

    assert statement.code == 0
    assert json.loads(statement.out)
    assert as_user("billing", "verify").code == 0


def test_the_folder_folds_and_tells_and_writes_nothing_else(as_user, url_of, head):
    before = head()

    folded = as_user("folder", "fold", "--once")

    assert (folded.code, "folded" in folded.err) == (0, True), folded.err
    assert "you may not write to constat.decisions of" in as_user("folder", *NOTICE).err
    assert "you may not write to constat.probes of" in refusal_of(append_round, url_of("folder"))
    assert head() == before


def test_who_may_read_what_is_told_and_not_tell_is_refused_before_it_folds(as_user):
    refused = as_user("billing", "fold", "--once")

    assert refused.code == 2
    assert "constat: you may not write to constat.changes of kafka://" in refused.err
    assert ASK in refused.err


def test_who_may_not_even_read_what_is_told_is_told_to_ask_for_the_right(as_user):
    refused = as_user("paris", "fold", "--once")

    assert refused.code == 2
    assert "constat.changes is not there, or is closed to you" in refused.err
    assert ASK in refused.err


def test_who_may_not_join_the_group_is_refused_with_what_to_ask_for(as_user, url_of):
    address = parse(url_of("admin"))
    allow(address, "importer", "READ", "WRITE", "DESCRIBE_CONFIGS", of=[address.changes])

    refused = as_user("importer", "fold", "--once")

    assert refused.code == 2
    assert "constat: the group constat.fold of kafka://" in refused.err
    assert "cannot be joined" in refused.err
    assert ASK in refused.err


def test_billing_writes_neither_a_decision_nor_a_round(as_user, url_of, head):
    before = head()

    decision = as_user("billing", *NOTICE)
    imported = as_user("billing", "import", "results", "results.csv", "--agent", "billing")
    round_refused = refusal_of(append_round, url_of("billing"))

    assert decision.code == imported.code == 2
    assert "you may not write to constat.decisions of" in decision.err
    assert "you may not write to constat." in imported.err
    assert "you may not write to constat.probes of" in round_refused
    assert round_refused.endswith(f"{ASK}; no round was written")
    assert head() == before


def test_ops_write_decisions_and_no_round(as_user, url_of, head):
    position, rounds = head()

    announced = as_user("ops", *NOTICE[:2], brokers.fresh_name("upgrade"), *NOTICE[3:])
    refused = refusal_of(append_round, url_of("ops"))

    assert announced.code == 0
    assert "you may not write to constat.probes of" in refused
    assert head()[0] > position
    assert head()[1] == rounds


def test_ops_import_nothing_and_not_even_a_plan_is_written(as_user, head, tmp_path):
    before = head()
    (tmp_path / "some.csv").write_text(RESULTS + "acme-prod,never,up\n")

    refused = as_user("ops", "import", "results", "some.csv", "--agent", "ops", "--rejects", "aside.csv")

    assert refused.code == 2
    assert "you may not write to constat.probes of" in refused.err
    assert f"{ASK}; no round was written" in refused.err
    assert head() == before
    assert not (tmp_path / "aside.csv").exists()


def test_who_may_not_write_rounds_copies_no_fact(url_of, constat, tmp_path):
    Ledger.open(f"sqlite:///{tmp_path}/source.db").close()
    name = brokers.fresh_name("target")
    topics.create(address := parse(url_of("admin", name)))
    allow(address, "billing", "READ", "DESCRIBE_CONFIGS")
    allow(address, "billing", "WRITE", of=[address.decisions])

    refused = constat("copy", "source.db", url_of("billing", name))

    assert refused.code == 2
    assert f"you may not write to {address.probes} of" in refused.err
    with Ledger.open(url_of("admin", name)) as ledger:
        assert ledger.engine.head().position == 0


def test_who_imports_writes_both(as_user, head):
    _, rounds = head()

    imported = as_user(
        "importer", "import", "results", "results.csv", "--agent", brokers.fresh_name("imported")
    )

    assert imported.code == 0
    assert head()[1] == rounds + 1


def test_a_user_of_the_page_makes_no_topics_and_sees_no_other_ledger(url_of):
    address = parse(url_of("paris", "another"))

    assert "topic another.decisions of kafka://" in refusal_of(topics.create, address)
    assert f"is closed to you; {ASK}" in refusal_of(topics.look, address)


# ---------------------------------------------------------------- rights that are not whole


@pytest.fixture
def half(url_of):
    """A ledger that holds a fact, and to which nobody has rights yet; its address, and its URL for a user."""
    name = brokers.fresh_name("half")
    topics.create(parse(url_of("admin", name)))
    with Ledger.open(url_of("admin", name)) as ledger:
        ledger.append(update("i-1", "x"))
    return name


def test_who_may_not_see_the_settings_is_told_so_and_not_that_they_are_wrong(url_of, half):
    allow(parse(url_of("admin", half)), "billing", "READ")

    refused = refusal_of(topics.check, parse(url_of("billing", half)))

    assert f"the settings of {half}.decisions and {half}.probes are closed to you; {ASK}" in refused


def test_who_may_see_the_topics_and_not_read_them_is_told_so_at_once(url_of, half):
    allow(parse(url_of("admin", half)), "billing", "DESCRIBE", "DESCRIBE_CONFIGS")

    refused = refusal_of(Ledger.open, url_of("billing", half))

    assert refused.startswith(f"you may not read {half}.decisions of kafka://")
    assert refused.endswith(ASK)


def test_a_right_that_is_given_later_is_found_by_who_is_there_already(url_of, half):
    allow(parse(url_of("admin", half)), "billing", "READ", "DESCRIBE_CONFIGS")
    with Ledger.open(url_of("billing", half)) as ledger:
        assert "you may not write" in refusal_of(ledger.append, update("i-1", "y"))
        allow(parse(url_of("admin", half)), "billing", "WRITE")

        ledger.append(update("i-1", "y"))

        assert ledger.engine.head().position == 2
