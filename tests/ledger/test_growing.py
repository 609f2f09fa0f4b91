"""A sequence that grows is as its items are, and no longer one changes it."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.growing import BLOCK, Growing

LENGTHS = st.one_of(st.integers(0, 3), st.integers(BLOCK - 1, BLOCK + 1), st.integers(0, 3 * BLOCK))


def grown(length):
    found = Growing()
    for number in range(length):
        found = found.with_one_more(number)
    return found


@given(LENGTHS)
def test_it_holds_what_was_added_in_this_order_however_it_was_made(length):
    found = grown(length)

    assert list(found) == list(range(length))
    assert len(found) == length
    assert [found[place] for place in range(-length, length)] == 2 * list(range(length))
    assert found[1:-1] == tuple(range(length))[1:-1]
    assert found == Growing(range(length)) == pickle.loads(pickle.dumps(found))
    assert hash(found) == hash(Growing(range(length)))


@given(LENGTHS, LENGTHS)
def test_a_longer_one_leaves_the_shorter_one_as_it_was_and_two_may_grow_from_one(length, more):
    short = grown(length)
    longer, other = short, short
    for number in range(more):
        longer, other = longer.with_one_more(number), other.with_one_more(-number)

    assert list(short) == list(range(length))
    assert list(longer)[length:] == list(range(more))
    assert list(other)[length:] == [-number for number in range(more)]
    assert (longer == short) == (more == 0)


def test_where_nothing_is_nothing_is_found():
    assert not Growing()
    assert Growing([1]) != (1,)
    with pytest.raises(IndexError):
        grown(BLOCK)[BLOCK]
