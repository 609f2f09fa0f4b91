"""The `eventsourcing` library's own cases, unmodified, on the embedded engine."""

import tempfile
from uuid import UUID

from eventsourcing.tests.persistence import (
    ApplicationRecorderTestCase,
    NonInterleavingNotificationIDsBaseCase,
)

from ledger.log.database import Database
from ledger.log.sqlite import SQLiteRecorder


class Recorders:
    """Gives each case an empty recorder on a file of its own, and closes it afterwards."""

    def setUp(self):
        super().setUp()
        self.folder = tempfile.TemporaryDirectory()
        self.databases = []

    def create_recorder(self):
        database = Database(f"{self.folder.name}/ledger.db")
        self.databases.append(database)
        return SQLiteRecorder(database, stream_type=UUID)

    def tearDown(self):
        for database in self.databases:
            database.close()
        self.folder.cleanup()
        super().tearDown()


class TestTheApplicationRecorderCases(Recorders, ApplicationRecorderTestCase):
    # The library's own case, with its assertions; it is run only where somebody gives it the name of a test.
    test_insert_subscribe = ApplicationRecorderTestCase.optional_test_insert_subscribe


class TestTheNonInterleavingCase(Recorders, NonInterleavingNotificationIDsBaseCase):
    insert_num = 1000


del ApplicationRecorderTestCase, NonInterleavingNotificationIDsBaseCase
