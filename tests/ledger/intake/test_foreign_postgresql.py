"""The address of a database: what is shown of it, what is refused, and which settings it has; no server is asked."""

import traceback

import psycopg
import pytest

from ledger.errors import BadInputError
from ledger.intake.foreign_postgresql import DatabaseAddress
from ledger.intake.gatus_postgresql import GatusDatabase


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgres://gatus:s3cret@db:5432/gatus?sslmode=disable", "postgresql://db:5432/gatus"),
        ("postgresql://gatus:p?x=s3cret@db/gatus", "postgresql://db/gatus"),
        ("postgresql://db/gatus?user=me&password=s3cret", "postgresql://db/gatus"),
        ("postgresql://a:1,b:2/gatus", "postgresql://a:1,b:2/gatus"),
        ("postgresql://a,b:2/gatus", "postgresql://a,b:2/gatus"),
        ("postgresql://[::1]:5432/gatus", "postgresql://[::1]:5432/gatus"),
        ("postgresql:///gatus?host=/run/postgresql", "postgresql://%2Frun%2Fpostgresql/gatus"),
        ("postgresql://", "postgresql://"),
    ],
)
def test_an_address_is_shown_without_who_asks(url, shown):
    address = DatabaseAddress(url)

    assert address.shown == GatusDatabase(url).name == shown
    assert "s3cret" not in repr(address)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://gatus:s3c/ret@db/gatus",
        "postgresql://gatus:12/s3cret@db/gatus",
        "postgresql://gatus:me@s3cret@db/gatus",
        "postgresql://gatus:s3cret%zz@db/gatus",
        "postgresql://gatus:s3cret@db/gatus?search_path=monitoring",
        "postgresql://gatus:s3cret@db/gatus?connect_timeout=soon",
        "postgresql://gatus:s3cret\udcff@db/gatus",
    ],
)
def test_an_address_that_cannot_be_read_is_refused_without_repeating_any_of_it(url):
    with pytest.raises(BadInputError, match=r"write it as postgresql://user@host:5432/database") as refused:
        DatabaseAddress(url)

    told = "".join(traceback.format_exception(refused.value))
    assert not any(part in told for part in ("s3c", "ret@", "%zz", "monitoring"))


def test_the_settings_of_an_address_go_before_ours(monkeypatch):
    own = psycopg.conninfo.conninfo_to_dict(DatabaseAddress("postgresql://db?connect_timeout=3").conninfo)
    usual = psycopg.conninfo.conninfo_to_dict(DatabaseAddress("postgresql://db").conninfo)
    monkeypatch.setenv("PGCONNECT_TIMEOUT", "7")
    set_outside = psycopg.conninfo.conninfo_to_dict(DatabaseAddress("postgresql://db").conninfo)

    assert [each["connect_timeout"] for each in (own, usual, set_outside)] == ["3", "10", "7"]
