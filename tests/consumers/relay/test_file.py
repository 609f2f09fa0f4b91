"""A feed in a file: it goes on behind its last whole line, and nothing else is written to or cut off."""

import pytest

from consumers.relay.file import FileSink
from tests.consumers.billing.penalties import assess, ledger_at


@pytest.mark.parametrize("cut", [1, 2, 100, 10_000_000])
def test_a_torn_last_line_is_cut_off_and_written_anew(constat, ledger, tmp_path, cut):
    assess(ledger, acme_prod=3, acme_test=1)
    constat("relay", "--to", "feed.jsonl")
    feed = tmp_path / "feed.jsonl"
    whole = feed.read_bytes()

    feed.write_bytes(whole[:-cut])
    constat("relay", "--to", "feed.jsonl")

    assert feed.read_bytes() == whole


def test_a_file_of_another_ledger_is_refused_and_left_alone(constat, ledger, tmp_path):
    assess(ledger, acme_prod=3)
    with ledger_at(tmp_path / "other.db") as other:
        assess(other, acme_prod=7)
    constat("--ledger", tmp_path / "other.db", "relay", "--to", "feed.jsonl")
    before = (tmp_path / "feed.jsonl").read_bytes()

    refused = constat("--ledger", tmp_path / "constat.db", "relay", "--to", "feed.jsonl")

    assert refused.code == 2
    assert "it is the feed of another ledger" in refused.err
    assert "or its events were changed" in refused.err
    assert "name the right --ledger" in refused.err
    assert "Relay to another file" in refused.err
    assert (tmp_path / "feed.jsonl").read_bytes() == before


def test_a_feed_whose_first_and_last_events_were_changed_is_still_known_by_those_between(
    constat, ledger, tmp_path
):
    assess(ledger, acme_prod=3)
    assess(ledger, number=2, acme_prod=1)
    constat("relay", "--to", "feed.jsonl")
    first, *between, last = (tmp_path / "feed.jsonl").read_bytes().splitlines(keepends=True)
    first, last = first.replace(b"seal-1", b"seal-9"), last.replace(b'"days":1', b'"days":9')
    (tmp_path / "feed.jsonl").write_bytes(b"".join([first, *between, last]))

    refused = constat("relay", "--to", "feed.jsonl")

    assert "its line 1 is not the event that the ledger has there" in refused.err
    assert "another ledger" not in refused.err


def test_a_feed_whose_only_event_was_changed_may_be_that_or_another_ledgers_and_both_are_said(
    constat, ledger, tmp_path
):
    assess(ledger, acme_prod=3)
    constat("relay", "--to", "feed.jsonl")
    first = (tmp_path / "feed.jsonl").read_bytes().splitlines(keepends=True)[0]
    (tmp_path / "feed.jsonl").write_bytes(first.replace(b"seal-1", b"seal-9"))

    refused = constat("relay", "--to", "feed.jsonl")

    assert (
        "it is the feed of another ledger, or of this one before it was restored or begun anew" in refused.err
    )
    assert "or its events were changed" in refused.err


@pytest.mark.parametrize("tampered", ["changed", "added"])
def test_a_feed_that_somebody_changed_is_said_to_be_that_and_goes_on_in_another_file(
    constat, ledger, tmp_path, tampered
):
    assess(ledger, acme_prod=3)
    constat("relay", "--to", "feed.jsonl")
    constat("bill", "run", "--from", "feed.jsonl")
    first, last = (tmp_path / "feed.jsonl").read_bytes().splitlines(keepends=True)
    forged = last.replace(b'"days":3', b'"days":9')
    lines = [first, forged] if tampered == "changed" else [first, last, forged]
    (tmp_path / "feed.jsonl").write_bytes(b"".join(lines))

    refused = constat("relay", "--to", "feed.jsonl")

    assert refused.code == 2
    assert "began as the feed of this ledger" in refused.err
    assert "another ledger" not in refused.err
    assert "Relay to another file" in refused.err
    assert (tmp_path / "feed.jsonl").read_bytes() == b"".join(lines)
    assert constat("relay", "--to", "again.jsonl").code == 0
    assert constat("bill", "run", "--from", "again.jsonl").code == 0
    (tmp_path / "feed.jsonl").rename(tmp_path / "evidence.jsonl")
    assert constat("bill", "reconcile").code == 0


@pytest.mark.parametrize(
    ("tamper", "line"),
    [
        (lambda lines: [lines[0], lines[1].replace(b'"days":3', b'"days":9'), *lines[2:]], 2),
        (lambda lines: [lines[0].replace(b'"revision":1', b'"revision":2'), *lines[1:]], 1),
        (lambda lines: [lines[0], *lines[2:]], 2),
        (lambda lines: lines[1:], 1),
        (lambda lines: [*lines[:2], b"a note\n", *lines[2:]], 3),
        (lambda lines: [lines[0], lines[2], lines[1], lines[3]], 2),
        (lambda lines: [*lines, lines[1].replace(b'"days":3', b'"days":9'), lines[3]], 5),
    ],
    ids=["changed", "the first changed", "left out", "the first left out", "a note", "swapped", "added"],
)
def test_a_relay_does_not_go_on_behind_a_line_that_is_not_the_ledgers_and_names_it(
    constat, ledger, tmp_path, tamper, line
):
    assess(ledger, acme_prod=3)
    assess(ledger, number=2, acme_prod=1)
    constat("relay", "--to", "feed.jsonl")
    feed = tmp_path / "feed.jsonl"
    feed.write_bytes(altered := b"".join(tamper(feed.read_bytes().splitlines(keepends=True))))
    assess(ledger, number=3, acme_prod=1)

    refused = constat("relay", "--to", "feed.jsonl")

    assert (refused.code, f"its line {line} is" in refused.err) == (2, True), refused.err
    assert "Relay to another file" in refused.err
    assert feed.read_bytes() == altered


def test_a_file_in_which_events_are_repeated_is_gone_on_with(constat, ledger, tmp_path):
    """As the rules of the feed allow (10.4): another relay may have written it."""
    assess(ledger, acme_prod=3)
    assess(ledger, number=2, acme_prod=1)
    constat("relay", "--to", "feed.jsonl")
    feed = tmp_path / "feed.jsonl"
    first, second, third, last = feed.read_bytes().splitlines(keepends=True)
    feed.write_bytes(b"".join([first, second, first, second, third, last, third, last]))

    assert constat("relay", "--to", "feed.jsonl").err == "0 events relayed\n"


def test_a_file_of_something_else_is_refused_and_left_alone(constat, ledger, tmp_path):
    assess(ledger, acme_prod=3)
    (tmp_path / "notes.txt").write_text("dear diary\n")

    refused = constat("relay", "--to", "notes.txt")

    assert refused.code == 2
    assert "no event of a feed" in refused.err
    assert (tmp_path / "notes.txt").read_text() == "dear diary\n"


@pytest.mark.parametrize(
    "content",
    [
        b"one line without its end",
        b"a note\nand another",
        b'{"specversion":"0.3"}',
        b"SQLite format 3\0..\n..",
    ],
)
def test_a_file_that_is_no_feed_is_not_cut_by_a_byte(constat, ledger, tmp_path, content):
    assess(ledger, acme_prod=3)
    (tmp_path / "notes.txt").write_bytes(content)

    answer = constat("relay", "--to", "notes.txt")

    assert (answer.code, "name another file" in answer.err) == (2, True)
    assert (tmp_path / "notes.txt").read_bytes() == content


def test_the_ledger_itself_is_no_place_for_its_feed(constat, ledger, tmp_path):
    assess(ledger, acme_prod=3)
    ledger.close()
    before = (tmp_path / "constat.db").read_bytes()

    answer = constat("relay", "--to", "constat.db")

    assert (answer.code, "name another file" in answer.err) == (2, True), answer.err
    assert (tmp_path / "constat.db").read_bytes() == before
    assert constat("verify").code == 0


def test_what_somebody_wrote_behind_the_last_event_is_not_cut_off(constat, ledger, tmp_path):
    assess(ledger, acme_prod=3)
    constat("relay", "--to", "feed.jsonl")
    with (tmp_path / "feed.jsonl").open("ab") as file:
        file.write(b"a note of somebody")
    before = (tmp_path / "feed.jsonl").read_bytes()

    answer = constat("relay", "--to", "feed.jsonl")

    assert (answer.code, "does not end as a feed does" in answer.err) == (2, True), answer.err
    assert (tmp_path / "feed.jsonl").read_bytes() == before


def test_two_relays_do_not_write_to_one_file(constat, ledger, tmp_path):
    assess(ledger, acme_prod=3)
    first = FileSink(str(tmp_path / "feed.jsonl"))

    refused = constat("relay", "--to", "feed.jsonl")

    first.close()
    assert refused.code == 2
    assert "another process relays to feed.jsonl" in refused.err
