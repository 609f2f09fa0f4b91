"""An outbox that has no room refuses the new round, says so, and keeps every old one."""

import tempfile
from pathlib import Path

import pytest

from ledger.errors import BadInputError, FullOutboxError
from ledger.outbox.file import BYTES_MAX, BYTES_MIN
from ledger.outbox.outbox import Outbox
from ledger.outbox.pending import NEARLY_FULL_PERCENT, look
from tests.ledger.log.processes import AGENT, a_round, as_nobody, ledger_at, limited, new_ledger, outcome_of
from tests.ledger.outbox.agents import (
    LONG,
    begun,
    put,
    put_some,
    put_until_refused,
    put_without_and_with_room,
    start_and_send,
    stored,
    waiting,
)


@pytest.fixture
def path(tmp_path):
    new_ledger(tmp_path / "ledger.db")
    return begun(tmp_path / "outbox.db", tmp_path / "ledger.db")


def filled(path):
    """An outbox at its limit; how many rounds it took, and what it said to the next one."""
    with Outbox.open(str(path), bytes_max=BYTES_MIN):
        pass
    kept, kind, text, next_number = put_until_refused(path)
    assert kind == "FullOutboxError"
    assert next_number == kept + 2
    return kept, text


def shares_until_full(outbox):
    """How full an outbox is after each round, and whether it says that it is nearly full."""
    try:
        while put(outbox):
            yield outbox.pending().used_percent, outbox.pending().is_nearly_full
    except FullOutboxError:
        return


def test_at_its_limit_it_says_what_it_holds_from_when_to_when_and_what_to_do(path):
    kept, text = filled(path)

    assert f"round {kept + 1} of agent paris was not kept, so its time will be unknown" in text
    assert "the outbox is at its limit of 65,536 bytes; raise the limit" in text
    assert f"keeps {kept} rounds (number 1 to {kept}, started 1970-01-01T00:01:00Z to " in text
    assert f"send them with `constat outbox send {path}`" in text


def test_at_its_limit_nothing_that_was_kept_is_dropped_and_the_file_is_no_longer_than_the_limit(path):
    kept, _ = filled(path)

    with Outbox.open(str(path)) as outbox:
        assert waiting(outbox) == (kept, 1, kept)
    assert path.stat().st_size <= BYTES_MIN


def test_what_was_refused_is_missing_in_the_ledger_and_is_counted_after_a_restart(path, tmp_path):
    kept, _ = filled(path)
    with Outbox.open(str(path)) as outbox, ledger_at(tmp_path / "ledger.db") as ledger:
        outbox.send(ledger)
        later = put(outbox, 2)
        outbox.send(ledger)

        assert later == [kept + 2, kept + 3]
        assert stored(ledger) == [*range(1, kept + 1), kept + 2, kept + 3]
    refused = look(str(path)).refused
    assert (refused.rounds, refused.from_ms, refused.to_ms) == (1, (kept + 1) * 60_000, (kept + 1) * 60_000)


def test_it_warns_before_it_is_full(path):
    with Outbox.open(str(path), bytes_max=BYTES_MIN) as outbox:
        shares = list(shares_until_full(outbox))

    assert shares == sorted(shares)
    assert [nearly for _, nearly in shares] == [share >= NEARLY_FULL_PERCENT for share, _ in shares]
    assert {nearly for _, nearly in shares} == {False, True}


def test_its_limit_can_be_raised_and_stays(path):
    kept, _ = filled(path)

    with Outbox.open(str(path), bytes_max=2 * BYTES_MIN) as outbox:
        put(outbox, kept // 2, not_up=LONG)
    assert look(str(path)).bytes_max == 2 * BYTES_MIN


def test_below_what_it_holds_a_limit_refuses_what_is_new_and_drops_nothing(path):
    with Outbox.open(str(path)) as outbox:
        put(outbox, 50, not_up=LONG)
    with Outbox.open(str(path), bytes_max=BYTES_MIN) as outbox:
        with pytest.raises(FullOutboxError):
            put(outbox)

        assert waiting(outbox) == (50, 1, 50)


def test_a_limit_without_room_for_rounds_is_refused(path):
    assert look(str(path)).bytes_max == BYTES_MAX
    with pytest.raises(BadInputError, match="has no room; give it 65,536 at least"):
        Outbox.open(str(path), bytes_max=BYTES_MIN - 1)


def test_a_refused_round_may_be_of_any_number_and_none_after_it_takes_it(path):
    filled(path)
    with Outbox.open(str(path)) as outbox:
        with pytest.raises(FullOutboxError):
            outbox.put(a_round(500, not_up=LONG))

        assert outbox.next_number == 501


# ---------------------------------------------------------------- the disk


def test_on_a_full_disk_the_new_round_is_refused_and_the_others_stay(path, tmp_path):
    put_some(path, 20)

    found, error = outcome_of(limited, put_until_refused, path.stat().st_size + 30_000, path)

    assert error is None
    kept, kind, text, next_number = found
    assert (kind, next_number) == ("FullOutboxError", 20 + kept + 2)
    assert kept > 0
    assert "the disk refused to read or write; check its space" in text
    assert f"keeps {20 + kept} rounds" in text
    with Outbox.open(str(path)) as outbox, ledger_at(tmp_path / "ledger.db") as ledger:
        assert outbox.send(ledger).rounds == 20 + kept
        assert stored(ledger) == list(range(1, 21 + kept))


def test_an_outbox_that_may_grow_no_further_says_that_the_disk_is_full(path):
    with Outbox.open(str(path)) as outbox:
        with outbox._file.reading() as connection:
            (pages,) = connection.execute("PRAGMA page_count").fetchone()
            connection.execute(f"PRAGMA max_page_count={pages}")

        with pytest.raises(FullOutboxError, match="the disk is full; free some space"):
            put(outbox, 50, not_up=LONG)

        assert outbox.pending().refused.rounds == 1


def test_an_agent_starts_on_a_full_disk_and_keeps_what_waits(path, tmp_path):
    put_some(path, 3)
    assert look(str(path)).bytes_max == BYTES_MAX

    found, error = outcome_of(limited, start_and_send, 0, path, tmp_path / "ledger.db", BYTES_MAX)

    assert error is None
    assert found == ("paris/1", "UnusableLedgerError", 3)
    assert len(put_some(path, 1)) == 1


def test_an_outbox_that_cannot_be_written_refuses_in_the_same_way(tmp_path):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        new_ledger(tmp_path / "ledger.db")
        path = begun(folder / "outbox.db", tmp_path / "ledger.db")
        for file in folder.iterdir():
            file.chmod(0o666)
        folder.chmod(0o555)

        found, error = outcome_of(as_nobody, put_until_refused, path)

        folder.chmod(0o755)
    assert error is None
    assert found[:2] == (0, "UnusableOutboxError")
    assert "round 1 of agent paris was not kept" in found[2]
    assert "read-only" in found[2]
    assert found[3] == 2


def test_a_round_that_was_refused_while_nothing_could_be_written_is_noted_with_the_next_one(path):
    found, error = outcome_of(put_without_and_with_room, path)

    assert error is None
    text, next_number, numbers, refused = found
    assert "round 1 of agent paris was not kept" in text
    assert "keeps no round" in text
    assert (next_number, numbers, refused.rounds) == (2, [2], 1)
    assert look(str(path)).agent == AGENT
