"""What a test of any consumer may ask for."""

import pytest

from tests.consumers.notices.postoffice import Mailroom


@pytest.fixture
def mailroom():
    """What the mail server of a test has taken."""
    return Mailroom()
