"""What several tests of an agent share."""

import os

import pytest

from consumers.agent.checking import check
from consumers.agent.sentences import is_of_the_list
from tests import certificates
from tests.certificates import Authority
from tests.consumers.agent.places import Place
from tests.consumers.agent.services import SESAME, loaded, serving


@pytest.fixture
def service():
    with serving() as server:
        yield server


@pytest.fixture(scope="module")
def reference():
    with serving() as server:
        yield server


@pytest.fixture
def said(reference):
    """What is said of one target, with everything that is to be so of every error."""

    def ask(target, **more):
        (tried,) = check(loaded(reference.url(), target, **more)).tried
        assert not tried.judged.error or is_of_the_list(tried.judged.error)
        assert SESAME not in tried.judged.error
        return tried.judged

    return ask


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """Whoever signs the certificates of a module."""
    if not certificates.can_be_made():
        why = "there is no openssl to make certificates with"
        if os.environ.get("CONSTAT_REQUIRE_KAFKA"):  # so CI says what it has
            pytest.fail(why)
        pytest.skip(why)
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def place(tmp_path):
    found = Place(tmp_path, f"sqlite:///{tmp_path}/ledger.db")
    found.sign()
    return found
