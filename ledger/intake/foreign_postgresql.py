"""The PostgreSQL database of another program, read while it is in use; nothing can be written to it.

Needs psycopg, the extra `postgresql` of this package: only who reads such a database imports this module.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any, ClassVar
from urllib.parse import quote

import psycopg
from psycopg import errors, pq
from psycopg.conninfo import conninfo_to_dict, make_conninfo, timeout_from_conninfo

from ledger.errors import BadInputError, UnreachableSourceError

CONNECT_S = 10
STATEMENT_S = 120
"""Of one query; a server that needs longer has another trouble."""
_DEFAULTS: Mapping[str, int | str] = {
    # Whoever is gone without a word is found out within a minute.
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
    "fallback_application_name": "constat",
}
_LATER = frozenset({"08", "40", "53", "57", "58"})
"""Classes of errors that pass: the connection, a conflict with what a standby replays, the server's state."""
_FULL = ("too many", "connection slots")
"""In a refusal that passes; a server that speaks another language than English is taken at its word."""
_HOW = (
    "write it as postgresql://user@host:5432/database, in a user or a password each of / ? # [ ] @ : as % "
    "and its number (%2F for a slash), and behind the question mark only options of libpq, such as "
    "sslmode=require or, for a schema, options=-csearch_path%3DNAME"
)


class DatabaseAddress:
    """Where a database is, and who asks; a password goes to the server and into no message."""

    def __init__(self, url: str) -> None:
        try:
            given = conninfo_to_dict(url)
            timeout_from_conninfo(given)
        except (psycopg.Error, UnicodeError):  # its text holds a part of the address
            raise BadInputError(f"the address of the database cannot be read; {_HOW}") from None
        ports = str(given.get("port", "")).split(",")
        if (
            not all(each.isdecimal() for each in ports if each)
            or "@" in f"{given.get('host')}{given.get('dbname')}"
        ):
            # It was cut elsewhere than was meant, and what is taken for a place may be a part of a password.
            raise BadInputError(f"the address of the database names no server as it is written; {_HOW}")
        self.shown = _shown(given, ports)
        self.conninfo = make_conninfo("", **{**_defaults(), **given, "client_encoding": "UTF8"})

    def __repr__(self) -> str:
        """Without who asks."""
        return f"DatabaseAddress({self.shown!r})"


def _defaults() -> Mapping[str, int | str]:
    return {**_DEFAULTS, "connect_timeout": os.environ.get("PGCONNECT_TIMEOUT", CONNECT_S)}


def _shown(given: Mapping[str, Any], ports: list[str]) -> str:
    """Servers and database, without a user, a password or options."""
    hosts = [f"[{each}]" if ":" in each else quote(each, safe="") for each in _hosts(given)]
    every = ports * len(hosts) if len(ports) == 1 else ports
    servers = ",".join(host + (port and f":{port}") for host, port in zip(hosts, every, strict=False))
    database = given.get("dbname")
    return f"postgresql://{servers}" + (f"/{quote(database)}" if database else "")


def _hosts(given: Mapping[str, Any]) -> list[str]:
    return str(given.get("host") or given.get("hostaddr") or "").split(",")


class ForeignDatabase:
    """A database that another program fills; who inherits says which one, and what there is to read."""

    PROGRAM: ClassVar[str]
    TABLES: ClassVar[tuple[str, ...]]
    """Those that are read."""
    RECORD: ClassVar[str]
    """What they hold many of."""

    def __init__(self, url: str) -> None:
        self._address = DatabaseAddress(url)

    @property
    def name(self) -> str:
        """Its address, without who asks."""
        return self._address.shown

    def place(self, line: int) -> str:
        """A record, by its number in what was read."""
        return f"{self.RECORD} {line}"

    @contextmanager
    def opened(self) -> Iterator[psycopg.Connection]:
        """A connection to ask, closed with the block; every query sees the database as the first one did.

        Raises:
            UnreachableSourceError: the server does not answer, or not now.
            BadInputError: it lets nobody in with this address, or the database is not that of the program.
        """
        try:
            with closing(self._connected()) as connection:
                connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
                connection.read_only = True
                connection.execute(f"SET LOCAL statement_timeout = '{STATEMENT_S}s'")
                yield connection
        except (psycopg.Error, UnicodeDecodeError) as error:
            raise self._told(error) from error

    def _connected(self) -> psycopg.Connection:
        try:
            return psycopg.connect(self._address.conninfo)
        except psycopg.OperationalError as error:
            said = _one_line(error)
            if self._is_refused(said):
                raise BadInputError(
                    f"{self.name} lets nobody in with this address ({said}); look at its user and "
                    "database, and give the password in PGPASSWORD or in a passfile (~/.pgpass)"
                ) from None
            raise self._away(said) from None

    def _is_refused(self, said: str) -> bool:
        """Whether a server answers there, and said no: which of both an error of connecting does not say."""
        if any(each in said for each in _FULL):
            return False
        return pq.PGconn.ping(self._address.conninfo.encode()) == pq.Ping.OK

    def _away(self, said: str) -> UnreachableSourceError:
        return UnreachableSourceError(
            f"{self.name} does not answer ({said}); what was stored stays, so run the same again"
        )

    def _told(self, error: Exception) -> BadInputError | UnreachableSourceError:
        said, state = _one_line(error), getattr(error, "sqlstate", None)
        if isinstance(error, psycopg.OperationalError) and (state is None or state[:2] in _LATER):
            return self._away(said)
        return BadInputError(
            f"{self.name} cannot be read as a database of {self.PROGRAM} ({said}); {self._advice(error)}"
        )

    def _advice(self, error: Exception) -> str:
        tables = ", ".join(self.TABLES)
        if isinstance(error, errors.UndefinedTable):
            return (
                f"name the database that holds {tables}; if they are in a schema of their own, name it with "
                "?options=-csearch_path%3DNAME"
            )
        if isinstance(error, errors.InsufficientPrivilege):
            return f"let its user read them: GRANT SELECT ON {tables} TO its name"
        return f"its tables {tables} are not those of this version"


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
