"""What several tests of a guarded broker share."""

import os

import pytest

from tests import certificates
from tests.certificates import Authority


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """Whoever signs the certificates of a module."""
    if not certificates.can_be_made():
        why = "there is no openssl to make certificates with"
        if os.environ.get("CONSTAT_REQUIRE_KAFKA"):
            pytest.fail(why)
        pytest.skip(why)
    return Authority(tmp_path_factory.mktemp("authority"))
