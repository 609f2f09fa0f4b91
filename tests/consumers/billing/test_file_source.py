"""A feed in a file that somebody writes while it is read."""

import io
from pathlib import Path

import pytest

from consumers.billing.file_source import FileSource
from consumers.relay.event import BEGINNING, EVENT_BYTES_MAX
from ledger.errors import BadInputError

ONE = BEGINNING + b"one"


def values_in(path):
    return [entry.value for batch in FileSource(str(path)).entries(0) for entry in batch]


@pytest.mark.parametrize("begun", [b"th", b""])
def test_a_line_of_which_the_end_arrives_while_it_is_read_is_read_whole_and_later(
    tmp_path, monkeypatch, begun
):
    """Seen to fail, with the entry `th`, where the end of the file was taken for that of a long piece."""
    feed = tmp_path / "feed.jsonl"
    feed.write_bytes(ONE + b"\ntwo\n" + begun)

    writer = io.FileIO(feed, "a")

    class Overtaken(io.BufferedReader):
        def readline(self, size=-1):
            line = super().readline(size)
            if not line.endswith(b"\n") and not writer.closed:
                writer.write(b"three\n".removeprefix(begun))
                writer.close()
            return line

    monkeypatch.setattr(Path, "open", lambda path, _: Overtaken(io.FileIO(path)))
    during = values_in(feed)

    assert during == [ONE, b"two"]
    assert values_in(feed) == [ONE, b"two", b"three"]


@pytest.mark.parametrize("more", [1, 2, 3, EVENT_BYTES_MAX + 5])
def test_a_line_that_is_longer_than_any_event_is_one_entry_up_to_its_end(tmp_path, more):
    feed = tmp_path / "feed.jsonl"
    feed.write_bytes(BEGINNING.ljust(EVENT_BYTES_MAX + more, b"x") + b"\ntwo\n")

    first, second = values_in(feed)

    assert EVENT_BYTES_MAX < len(first) <= EVENT_BYTES_MAX + 2
    assert second == b"two"


def test_a_file_that_is_awaited_has_nothing_until_it_is_there(tmp_path):
    feed = tmp_path / "feed.jsonl"
    awaited = FileSource(str(feed), is_awaited=True)

    assert list(awaited.entries(0)) == []
    feed.write_bytes(ONE + b"\n")
    assert [entry.value for batch in awaited.entries(0) for entry in batch] == [ONE]


def test_a_file_that_is_awaited_and_turns_out_to_be_something_else_is_refused(tmp_path):
    feed = tmp_path / "feed.jsonl"
    awaited = FileSource(str(feed), is_awaited=True)
    feed.write_bytes(b"dear diary\n")

    with pytest.raises(BadInputError, match="no event of a feed"):
        list(awaited.entries(0))
