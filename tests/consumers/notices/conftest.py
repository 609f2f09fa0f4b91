"""An office that sends its mail through a server that keeps it."""

import pytest

from tests.consumers.notices.postoffice import Office, listening


@pytest.fixture
def office(tmp_path, mailroom):
    """A ledger, a directory and a sender, with nothing announced yet."""
    with listening(mailroom) as port:
        office = Office(tmp_path, port)
        yield office
        office.store.close()
