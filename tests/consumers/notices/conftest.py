"""A mail server that keeps what it takes, and an office that sends through it."""

import pytest

from tests.consumers.notices.postoffice import Mailroom, Office, listening


@pytest.fixture
def mailroom():
    """What the server of a test has taken."""
    return Mailroom()


@pytest.fixture
def office(tmp_path, mailroom):
    """A ledger, a directory and a sender, with nothing announced yet."""
    with listening(mailroom) as port:
        office = Office(tmp_path, port)
        yield office
        office.store.close()
