"""Copies: closed once, and from then on the ledger is its own."""

import pytest

from ledger import copies
from ledger.copies import CopiedRounds, LedgerCopied
from ledger.errors import RefusedError
from tests.subjects import after

HASH = "sha256:" + "a" * 64


def copied() -> LedgerCopied:
    rounds = (CopiedRounds(agent="paris", number=9, records=8, running_hash=HASH),)
    return LedgerCopied(source="sqlite:///old.db", position=7, running_hash=HASH, rounds=rounds)


def test_before_it_is_closed_a_copy_is_not_known():
    assert copies.INITIAL.closed is None


def test_a_copy_says_from_where_and_how_far():
    assert after(copies, copied()).closed == copied()


def test_a_copy_is_closed_only_once():
    assert copies.close(copies.INITIAL, copied()) == copied()
    with pytest.raises(RefusedError, match="what follows is this ledger's own"):
        copies.close(after(copies, copied()), copied())


def test_the_stream_of_a_copy_is_named_after_the_position_that_it_goes_up_to():
    assert copies.stream_of(7) == "copy:7"
