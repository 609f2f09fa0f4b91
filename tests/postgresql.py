"""A PostgreSQL of the distribution's package, started by a test on loopback and ended by it.

Where it is not installed the test is skipped with the reason; `CONSTAT_REQUIRE_POSTGRESQL=1` makes that a
failure.
"""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from pwd import getpwall
from typing import Any

import psycopg

from tests.ports import free_port
from tests.programs import READY_S, wait_for
from tests.required import lacking

PASSWORD = "not to be told"
"""Of the superuser `postgres`."""


def _tool(name: str) -> str | None:
    """A program of the server: Debian keeps those of each version in a folder of its own."""
    kept = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda each: float(each.parts[-3]))
    return shutil.which(name) or (str(kept[-1]) if kept else None)


def _someone() -> Mapping[str, Any]:
    """Who runs the server, which refuses to be run by root."""
    if os.geteuid():
        return {}
    users = {each.pw_name: each for each in getpwall()}
    user = users.get("postgres") or users["nobody"]
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


class Server:
    """A server whose clock is in Tokyo, which started and stopped keeps what it holds."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._process: subprocess.Popen | None = None
        self._made = 0
        secret = folder / "password"
        secret.write_text(PASSWORD)
        someone = _someone()
        for each in (folder, secret):
            os.chown(each, someone.get("user", -1), someone.get("group", -1))
        options = (
            "--username=postgres",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--no-locale",
            "--no-sync",
        )
        made = subprocess.run(
            [_tool("initdb"), f"--pgdata={folder}/data", f"--pwfile={secret}", *options],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            **someone,
        )
        assert made.returncode == 0, made.stderr

    def start(self) -> None:
        """Returns when it answers."""
        settings = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": self.folder,
            "timezone": "Asia/Tokyo",
            "fsync": "off",
        }
        options = [each for name, value in settings.items() for each in ("-c", f"{name}={value}")]
        command = (_tool("postgres"), "-D", f"{self.folder}/data", "-p", str(self.port), *options)
        with (self.folder / "log").open("ab") as said:
            self._process = subprocess.Popen(command, cwd=self.folder, stdout=said, stderr=said, **_someone())
        wait_for(self._is_ready, "PostgreSQL answers")

    def _is_ready(self) -> bool:
        try:
            self.connection().close()
        except psycopg.OperationalError:
            return False
        return True

    def stop(self) -> None:
        """Whoever is connected is sent away."""
        if self._process:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(READY_S)
            finally:
                self._process.kill()
                self._process = None

    def url(self, database: str = "postgres", user: str = "postgres", password: str | None = None) -> str:
        """An address, with a password if one is given."""
        who = user if password is None else f"{user}:{password.replace(' ', '%20')}"
        return f"postgresql://{who}@127.0.0.1:{self.port}/{database}"

    def connection(self, database: str = "postgres") -> psycopg.Connection:
        """Of the superuser; what it says is done at once."""
        return psycopg.connect(self.url(database, password=PASSWORD), autocommit=True)

    def database(self) -> str:
        """A new one, empty."""
        self._made += 1
        name = f"gatus{self._made}"
        with self.connection() as asked:
            asked.execute(f"CREATE DATABASE {name}")
        return name


@contextmanager
def server() -> Iterator[Server]:
    """A server that runs, as long as the block lasts."""
    if not (_tool("initdb") and _tool("postgres")):
        lacking("CONSTAT_REQUIRE_POSTGRESQL", "not installed: PostgreSQL; apt-get install postgresql")
    # Not below a folder of pytest's: those are closed to whoever runs the server.
    with tempfile.TemporaryDirectory(prefix="constat-postgresql-") as folder:
        made = Server(Path(folder))
        try:
            made.start()
            yield made
        finally:
            made.stop()
