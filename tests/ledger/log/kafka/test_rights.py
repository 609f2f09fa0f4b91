"""What a user may write, as brokers say it: asked again only by who was refused."""

import pytest

from ledger.errors import UnusableLedgerError
from ledger.log.kafka import topics as topics_
from ledger.log.kafka.address import parse
from ledger.log.kafka.rights import Rights
from tests.ledger.log.kafka.mirrors import topics

ADDRESS = parse("kafka://host:9092/acme", {})
ALL = topics()
NONE = ALL._replace(
    decisions=ALL.decisions._replace(may_write=False), probes=ALL.probes._replace(may_write=False)
)


@pytest.fixture
def asked(monkeypatch):
    """How often the brokers were asked; they answer with what is put in front."""
    answers, questions = [], []

    def look(address):
        questions.append(address)
        return answers[0]

    monkeypatch.setattr(topics_, "look", look)
    return answers, questions


def test_who_may_write_is_not_asked_again(asked):
    rights = Rights(ADDRESS, ALL)

    rights.require_decisions()
    rights.require_probes()

    assert asked[1] == []


def test_who_may_not_is_refused_by_the_name_of_the_topic(asked):
    asked[0].append(NONE)
    rights = Rights(ADDRESS, NONE)

    with pytest.raises(UnusableLedgerError, match=r"may not write to acme\.decisions .* nothing was written"):
        rights.require_decisions()
    with pytest.raises(UnusableLedgerError, match=r"may not write to acme\.probes .* no round was written"):
        rights.require_probes()


def test_a_right_that_was_given_meanwhile_counts(asked):
    asked[0].append(ALL)
    rights = Rights(ADDRESS, NONE)

    rights.require_decisions()
    rights.require_probes()

    assert len(asked[1]) == 1


@pytest.mark.parametrize(
    ("said", "may_write"), [(None, True), ([], True), (["READ"], False), (["READ", "WRITE"], True)]
)
def test_brokers_that_do_not_say_what_a_user_may_are_taken_to_allow_it(said, may_write):
    described = {"name": "t", "topic_id": "i", "partitions": [], "authorized_operations": said}

    assert topics_.topic_of(described, {}).may_write is may_write
