"""Settings of the environment and of a `.env` file."""

from pathlib import Path

import pytest

from consumers import settings
from ledger.errors import BadInputError


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_environment_goes_before_the_file(in_a_folder, monkeypatch):
    (in_a_folder / ".env").write_text("CONSTAT_SMTP_HOST=file.example\nCONSTAT_SMTP_PORT=465\nOTHER=1\n")
    monkeypatch.setenv("CONSTAT_SMTP_HOST", "environment.example")

    found = settings.read()

    assert (found.smtp_host, found.smtp_port, found.smtp_security) == ("environment.example", 465, "starttls")


def test_what_is_given_goes_before_the_environment_and_what_is_not_does_not(monkeypatch):
    monkeypatch.setenv("CONSTAT_DIRECTORY", "there.db")
    monkeypatch.setenv("CONSTAT_EVIDENCE", "documents")

    found = settings.read(directory=Path("here.db"), evidence=None)

    assert (found.directory, found.evidence) == (Path("here.db"), Path("documents"))


def test_a_secret_is_never_shown(monkeypatch):
    monkeypatch.setenv("CONSTAT_SMTP_PASSWORD", "hunter2")

    assert "hunter2" not in repr(settings.read())


@pytest.mark.parametrize(
    ("name", "value"), [("CONSTAT_SMTP_PORT", "0"), ("CONSTAT_SMTP_SECURITY", "perhaps")]
)
def test_what_cannot_be_read_is_named(monkeypatch, name, value):
    monkeypatch.setenv(name, value)

    with pytest.raises(BadInputError, match=name):
        settings.read()
