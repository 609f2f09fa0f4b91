"""The `eventsourcing` library's own cases, unmodified, on a real broker."""

from uuid import UUID

import pytest
from eventsourcing.tests.persistence import (
    ApplicationRecorderTestCase,
    NonInterleavingNotificationIDsBaseCase,
)

from ledger.log.kafka import topics
from ledger.log.kafka.address import parse
from ledger.log.kafka.engine import KafkaEngine
from tests import brokers


class Recorders:
    """Gives each case an empty recorder on topics of its own, and closes it afterwards."""

    @pytest.fixture(autouse=True)
    def _broker(self, broker, tmp_path):
        self.url = f"kafka://{broker}/{{}}?mirrors={tmp_path}"

    def setUp(self):
        super().setUp()
        self.engines = []

    def create_recorder(self):
        address = parse(self.url.format(brokers.fresh_name()))
        topics.create(address)
        self.engines.append(KafkaEngine(address, stream_type=UUID))
        return self.engines[-1].decisions

    def tearDown(self):
        for engine in self.engines:
            engine.close()
        super().tearDown()


class TestTheApplicationRecorderCases(Recorders, ApplicationRecorderTestCase):
    # The library's own case, with its assertions; it is run only where somebody gives it the name of a test.
    test_insert_subscribe = ApplicationRecorderTestCase.optional_test_insert_subscribe


class TestTheNonInterleavingCase(Recorders, NonInterleavingNotificationIDsBaseCase):
    insert_num = 1000


del ApplicationRecorderTestCase, NonInterleavingNotificationIDsBaseCase
