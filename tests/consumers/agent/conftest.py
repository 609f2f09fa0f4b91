"""What several tests of an agent share."""

import pytest

from consumers.agent.checking import check
from consumers.agent.sentences import is_of_the_list
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


@pytest.fixture
def place(tmp_path):
    found = Place(tmp_path, f"sqlite:///{tmp_path}/ledger.db")
    found.sign()
    return found
