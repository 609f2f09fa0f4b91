"""Gatus on a real PostgreSQL: the same tables, the same contents and the same facts as in its SQLite file."""

import socket
from contextlib import closing

import pytest

from ledger.errors import BadInputError, UnreachableSourceError
from ledger.intake.gatus_import import import_gatus
from ledger.intake.gatus_postgresql import GatusDatabase
from ledger.intake.gatus_tables import GatusFile
from ledger.rounds import decode
from tests import postgresql
from tests.ledger.intake.test_gatus import (
    NOON_MS,
    SQLiteFile,
    as_go_prints,
    conditions,
    errors,
    results,
    status,
)
from tests.ports import free_port
from tests.spec import Story

READER, SECRET = "reader", "s3cret word"
SCHEMA = """
CREATE TABLE endpoints (endpoint_id BIGSERIAL PRIMARY KEY, endpoint_key TEXT UNIQUE, endpoint_name TEXT NOT NULL,
  endpoint_group TEXT NOT NULL, UNIQUE(endpoint_name, endpoint_group));
CREATE TABLE endpoint_results (endpoint_result_id BIGSERIAL PRIMARY KEY,
  endpoint_id BIGINT NOT NULL REFERENCES endpoints ON DELETE CASCADE, success BOOLEAN NOT NULL,
  errors TEXT NOT NULL, connected BOOLEAN NOT NULL, status BIGINT NOT NULL, dns_rcode TEXT NOT NULL,
  certificate_expiration BIGINT NOT NULL, domain_expiration BIGINT NOT NULL, hostname TEXT NOT NULL,
  ip TEXT NOT NULL, duration BIGINT NOT NULL, timestamp TIMESTAMP NOT NULL, suite_result_id BIGINT);
CREATE TABLE endpoint_result_conditions (endpoint_result_condition_id BIGSERIAL PRIMARY KEY,
  endpoint_result_id BIGINT NOT NULL REFERENCES endpoint_results ON DELETE CASCADE, condition TEXT NOT NULL,
  success BOOLEAN NOT NULL);
"""


class Filled:
    """A database of a Gatus, to which endpoints and their results are added."""

    def __init__(self, server, schema="public"):
        self.server = server
        self.name = server.database()
        self.asked = server.connection(self.name)
        self.asked.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}; SET search_path TO {schema}")
        self.asked.execute(SCHEMA)
        self.asked.execute(f"GRANT USAGE ON SCHEMA {schema} TO {READER}")
        self.asked.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {READER}")

    @property
    def url(self):
        return self.server.url(self.name, READER, SECRET)

    def endpoint(self, number, group, name):
        self.asked.execute(
            "INSERT INTO endpoints VALUES (%s, %s, %s, %s)", (number, f"{group}_{name}", name, group)
        )

    def add(self, found, written=as_go_prints, endpoint=1):
        for at_ms, success in found:
            ((number,),) = self.asked.execute(
                "INSERT INTO endpoint_results (endpoint_id, success, errors, connected, status, dns_rcode, "
                "certificate_expiration, domain_expiration, hostname, ip, duration, timestamp) VALUES "
                "(%s, %s, %s, TRUE, %s, '', 0, 0, '', '', 80000000, %s) RETURNING endpoint_result_id",
                (endpoint, success, errors(success), status(success), as_its_driver_sends(written(at_ms))),
            )
            for condition, held in conditions(success):
                self.asked.execute(
                    "INSERT INTO endpoint_result_conditions (endpoint_result_id, condition, success) "
                    "VALUES (%s, %s, %s)",
                    (number, condition, held),
                )

    def forget(self, until):
        self.asked.execute("DELETE FROM endpoint_results WHERE endpoint_result_id <= %s", (until,))


def as_its_driver_sends(text):
    """In UTC, whatever the server's zone is; PostgreSQL rounds it to a microsecond."""
    return text.replace(" +0000 UTC", "Z")


@pytest.fixture(scope="module")
def server():
    with postgresql.server() as running:
        with running.connection() as asked:
            asked.execute(f"CREATE ROLE {READER} LOGIN PASSWORD '{SECRET}'")
        yield running


@pytest.fixture
def database(server):
    """A database of one endpoint, `core/acme prod`."""
    made = Filled(server)
    made.endpoint(1, "core", "acme prod")
    with closing(made.asked):
        yield made


@pytest.fixture
def both(database, tmp_path):
    """A file and a database that are told the same."""
    file = SQLiteFile(tmp_path / "gatus.db")
    file.endpoint(1, "core", "acme prod")
    for each in (file, database):
        each.endpoint(2, "", "à part")
    return file, database


def taken(gatus, story):
    return import_gatus(story.ledger, gatus, "gatus", {"à part": "apart"})


def kept(story):
    """All bytes of a ledger: its facts with their recorded clock, and its rounds."""
    return list(story.engine.facts()), [each.value for each in story.engine.rounds()]


def test_the_ledger_is_byte_for_byte_that_of_the_file(both):
    for each in both:
        each.add(results(True, True, False, False, True), as_go_prints)
        each.add(results(*[True] * 7, from_ms=NOON_MS + 30_000), as_go_prints, endpoint=2)
    of_file, of_database = Story(), Story()

    by_file = taken(GatusFile(both[0].path), of_file)
    by_database = taken(GatusDatabase(both[1].url), of_database)

    assert kept(of_database) == kept(of_file)
    faults = {each for kept in of_database.engine.rounds() for each in decode(kept.value)[0].not_up.values()}
    assert faults == {("down", 503, "EOF; reset; [STATUS] (503) == 200")}
    assert by_database.stored == by_file.stored == 12
    assert by_database.notes == by_file.notes
    assert by_database.renamed == by_file.renamed


def test_a_later_reading_stores_what_is_new_and_says_what_was_forgotten_as_of_the_file(both):
    of_file, of_database = Story(), Story()
    for each in both:
        each.add(results(*[True] * 5), as_go_prints)
    first = [
        taken(GatusDatabase(both[1].url), of_database).stored,
        taken(GatusFile(both[0].path), of_file).stored,
    ]
    for each in both:
        each.forget(5)
        each.add(results(True, False, True, from_ms=NOON_MS + 3_600_000), as_go_prints)

    by_file = taken(GatusFile(both[0].path), of_file)
    by_database = taken(GatusDatabase(both[1].url), of_database)
    again = taken(GatusDatabase(both[1].url), of_database)

    assert first == [5, 5]
    assert (by_database.stored, again.stored) == (3, 0)
    assert any("it has kept nothing: unknown" in note for note in by_database.notes)
    assert by_database.notes == by_file.notes
    assert kept(of_database) == kept(of_file)


def test_the_conditions_of_a_result_stay_in_the_order_in_which_they_were_written(database):
    database.add(results(False))
    database.asked.execute(
        "INSERT INTO endpoint_result_conditions (endpoint_result_id, condition, success) VALUES "
        "(1, '[BODY] == 1', FALSE), (1, '[IP] == 2', FALSE)"
    )
    (before,) = GatusDatabase(database.url).results()
    database.asked.execute(
        "UPDATE endpoint_result_conditions SET success = FALSE WHERE condition LIKE '[BODY]%'"
    )

    (after,) = GatusDatabase(database.url).results()

    assert after.reasons == ("EOF", "reset", "[STATUS] (503) == 200", "[BODY] == 1", "[IP] == 2")
    assert before == after


def test_every_query_sees_the_database_as_the_first_one_did_and_none_can_write(database):
    database.add(results(True, False))

    with GatusDatabase(database.url).opened() as asked:
        before = list(asked.execute("SELECT COUNT(*) FROM endpoint_results"))
        database.add(results(True, from_ms=NOON_MS + 120_000))
        assert list(asked.execute("SELECT COUNT(*) FROM endpoint_results")) == before == [(2,)]
        assert list(asked.execute("SHOW statement_timeout")) == [("2min",)]

    owner = database.server.url(database.name, password=postgresql.PASSWORD)
    with pytest.raises(BadInputError, match="read-only"), GatusDatabase(owner).opened() as asked:
        asked.execute("DELETE FROM endpoint_results")


def test_tables_in_a_schema_of_their_own_are_found_where_the_address_names_it(server):
    made = Filled(server, schema="monitoring")
    with closing(made.asked):
        made.endpoint(1, "core", "acme prod")
        made.add(results(True))

        with pytest.raises(BadInputError, match=r"name it with \?options=-csearch_path"):
            list(GatusDatabase(made.url).results())
        assert len(list(GatusDatabase(f"{made.url}?options=-csearch_path%3Dmonitoring").results())) == 1


# ---------------------------------------------------------------- who is let in


def test_a_password_comes_from_the_environment_or_from_a_passfile(database, monkeypatch, tmp_path):
    database.add(results(True))
    url = database.server.url(database.name, READER)
    monkeypatch.setenv("PGPASSFILE", str(tmp_path / "none"))
    with pytest.raises(BadInputError, match="give the password in PGPASSWORD or in a passfile"):
        list(GatusDatabase(url).results())

    passfile = tmp_path / "passfile"
    passfile.write_text(f"127.0.0.1:*:*:{READER}:{SECRET}\n")
    passfile.chmod(0o600)
    with monkeypatch.context() as patched:
        patched.setenv("PGPASSFILE", str(passfile))
        assert len(list(GatusDatabase(url).results())) == 1
    monkeypatch.setenv("PGPASSWORD", SECRET)
    assert len(list(GatusDatabase(url).results())) == 1


def test_who_is_not_let_in_is_told_why_and_what_to_do_and_no_password_is_repeated(database):
    at = database.server.url
    wrong = {
        at(database.name, READER, "guessed"): "password authentication failed",
        at(database.name, "nobody-here", SECRET): "lets nobody in with this address",
        at("no-such-database", READER, SECRET): "does not exist",
    }
    for url, said in wrong.items():
        with pytest.raises(BadInputError, match=said) as refused:
            list(GatusDatabase(url).results())
        assert "look at its user and database" in str(refused.value)
        assert SECRET not in str(refused.value)
        assert "guessed" not in str(refused.value)


def test_who_may_not_read_the_tables_is_told_what_to_grant(database):
    database.asked.execute(f"REVOKE SELECT ON endpoint_results FROM {READER}")

    with pytest.raises(BadInputError, match=r"GRANT SELECT ON endpoints, endpoint_results, .* TO"):
        list(GatusDatabase(database.url).results())


def test_a_database_without_the_tables_of_gatus_is_refused_with_advice(server):
    with pytest.raises(BadInputError, match="name the database that holds endpoints, endpoint_results"):
        list(GatusDatabase(server.url(server.database(), READER, SECRET)).results())


def test_tables_that_are_otherwise_are_of_another_version(database):
    database.asked.execute("ALTER TABLE endpoint_results RENAME COLUMN errors TO faults")

    with pytest.raises(BadInputError, match="are not those of this version"):
        list(GatusDatabase(database.url).results())


def test_a_time_that_is_none_is_refused(database):
    database.add(results(True))
    database.asked.execute("UPDATE endpoint_results SET timestamp = 'infinity'")

    with pytest.raises(BadInputError, match="cannot be read as a database of Gatus 5"):
        list(GatusDatabase(database.url).results())


# ---------------------------------------------------------------- what passes


def test_a_server_that_is_not_there_may_be_asked_again():
    with pytest.raises(UnreachableSourceError, match="run the same again"):
        list(GatusDatabase(f"postgresql://{READER}@127.0.0.1:{free_port()}/gatus").results())


def test_a_server_that_says_nothing_is_given_up():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://{READER}@127.0.0.1:{silent.getsockname()[1]}/gatus?connect_timeout=2"

        with pytest.raises(UnreachableSourceError, match=r"does not answer .*timeout"):
            list(GatusDatabase(url).results())


def test_a_server_that_is_full_may_be_asked_again(database):
    database.asked.execute(f"ALTER DATABASE {database.name} CONNECTION LIMIT 0")

    with pytest.raises(UnreachableSourceError, match="too many connections"):
        list(GatusDatabase(database.url).results())


def test_a_server_without_the_encryption_that_is_asked_for_gets_no_password(database):
    with pytest.raises(UnreachableSourceError, match="SSL was required"):
        list(GatusDatabase(f"{database.url}?sslmode=require").results())


def test_a_server_that_ends_the_connection_may_be_asked_again(database):
    own_end = "SELECT pg_terminate_backend(pg_backend_pid())"

    with (
        pytest.raises(UnreachableSourceError, match="terminating connection"),
        GatusDatabase(database.url).opened() as asked,
    ):
        asked.execute(own_end)
