"""Each event takes effect once: whatever order, repeats, gaps, conflicts and rubbish a feed brings."""

from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumers.billing import release as decision
from consumers.billing.account import look
from consumers.billing.release import Decision
from consumers.billing.store import Store
from consumers.relay.event import FeedEvent
from ledger.errors import RefusedError
from tests.consumers.billing.feeds import NOW_MS, bill, days_of, state_of, three_contracts

FEED = three_contracts()
OWED = {
    ("acme", "acme-prod", 1): 1,
    ("acme", "acme-test", 1): 2,
    ("acme", "acme-prod", 2): 1,
    ("zenith", "zenith-prod", 1): 4,
    ("umbra", "umbra-prod", 1): 5,
}
"""By hand, from `three_contracts`."""
DECIDED = Decision("a-person", "looked at the ledger", NOW_MS)


def contract_of(value):
    return FeedEvent.read(value).contract


def numbered(contract, sequence):
    """The event of a contract with a number."""
    return next(v for v in FEED if (contract_of(v), FeedEvent.read(v).sequence) == (contract, sequence))


@st.composite
def interleavings(draw):
    """The feed in any order that keeps each contract's own, with repeats of what came before."""
    left = defaultdict(list)
    for value in FEED:
        left[contract_of(value)].append(value)
    values = []
    while any(left.values()):
        contract = draw(st.sampled_from(sorted(name for name, rest in left.items() if rest)))
        values.append(left[contract].pop(0))
        if draw(st.booleans()):
            values.append(draw(st.sampled_from(values)))
    return values


@given(values=interleavings(), size=st.integers(1, 7))
def test_any_interleaving_with_repeats_comes_to_the_same(tmp_path_factory, values, size):
    """F22. Seen to fail where it was not looked up whether an event is known."""
    folder = tmp_path_factory.mktemp("inbox")
    bill(folder / "as-written.db", FEED)

    account = bill(folder / "otherwise.db", values, size)

    assert days_of(account) == OWED
    assert not account.needs_somebody
    assert state_of(folder / "otherwise.db") == state_of(folder / "as-written.db")


@given(values=st.permutations(FEED))
def test_even_a_feed_out_of_all_order_comes_to_the_same_once_it_is_whole(tmp_path_factory, values):
    assert days_of(bill(tmp_path_factory.mktemp("inbox") / "billing.db", values)) == OWED


def test_a_missing_event_holds_up_its_contract_and_no_other(tmp_path):
    missing = numbered("acme", 2)

    account = bill(tmp_path / "billing.db", [value for value in FEED if value != missing])

    assert days_of(account) == {where: days for where, days in OWED.items() if where[0] != "acme"}
    (held,) = account.held
    assert (held.contract, held.sequence, held.frozen) == ("acme", 1, None)
    assert "event 2 is missing" in str(held)
    assert account.needs_somebody


def test_what_waited_takes_effect_when_the_missing_event_comes(tmp_path):
    missing = numbered("acme", 2)

    account = bill(tmp_path / "billing.db", [*(value for value in FEED if value != missing), missing])

    assert days_of(account) == OWED
    assert not account.needs_somebody


# ---------------------------------------------------------------- F30: the same id, other bytes


def altered(value):
    """An event that says something else under the same name."""
    other = value.replace(b'"days":3', b'"days":9')
    assert other != value
    return other


def test_the_same_id_with_other_bytes_freezes_its_contract_and_both_are_kept(tmp_path):
    first = numbered("acme", 2)
    other = altered(first)

    account = bill(tmp_path / "billing.db", [FEED[0], first, other, *FEED])

    assert {where: days for where, days in days_of(account).items() if where[0] != "acme"} == {
        where: days for where, days in OWED.items() if where[0] != "acme"
    }
    assert days_of(account)["acme", "acme-prod", 1] == 3, "only the first took effect"
    (held,) = account.held
    assert "came again with other bytes" in held.frozen
    (conflict,) = account.conflicts
    assert (conflict.contract, conflict.event_id, conflict.feed, conflict.place) == (
        "acme",
        "assessment:acme/2",
        "list",
        2,
    )
    with Store(str(tmp_path / "billing.db")).reading() as connection:
        assert connection.execute("SELECT value FROM conflicts").fetchall() == [(other,)]
        kept = connection.execute("SELECT value FROM inbox WHERE id = 'assessment:acme/2'").fetchall()
        assert kept == [(first,)]


def test_a_frozen_contract_goes_on_after_a_person_has_decided_and_the_decision_is_kept(tmp_path):
    first = numbered("acme", 2)
    values = [FEED[0], first, altered(first), *FEED]
    bill(tmp_path / "billing.db", values)
    store = Store(str(tmp_path / "billing.db"))

    left = decision.release(store, "acme", DECIDED)

    assert left is None
    assert days_of(look(store)) == OWED
    with store.reading() as connection:
        ((contract, frozen, by, reason),) = connection.execute(
            "SELECT contract, frozen, decided_by, reason FROM releases"
        ).fetchall()
    assert (contract, by, reason) == ("acme", "a-person", "looked at the ledger")
    assert "came again with other bytes" in frozen
    store.close()
    assert not bill(tmp_path / "billing.db", [*values, altered(first)]).needs_somebody, "it was decided on"


def test_only_what_is_frozen_is_released(tmp_path):
    bill(tmp_path / "billing.db", FEED)

    with pytest.raises(RefusedError, match="acme is not frozen"):
        decision.release(Store(str(tmp_path / "billing.db")), "acme", DECIDED)


def test_an_event_that_does_not_follow_by_its_hash_freezes_its_contract(tmp_path):
    """The ledger was restored from an older copy and written anew: the same numbers, another history."""
    follower = numbered("zenith", 3)
    other = (
        follower[: follower.index(b'"previoushash"')]
        + b'"previoushash":"sha256:'
        + b"7" * 64
        + follower[follower.index(b'","data"') :]
    )

    account = bill(tmp_path / "billing.db", [other if value == follower else value for value in FEED])

    (held,) = account.held
    assert (held.contract, held.sequence) == ("zenith", 2)
    assert "does not follow zenith's event 2 by its hash" in held.frozen
    assert days_of(account)["zenith", "zenith-prod", 1] == 2


def test_more_days_than_stand_are_never_taken_back(tmp_path):
    reversal = numbered("zenith", 4)
    assert b"constat.penalty.reversed.v1" in reversal
    greedy = reversal.replace(b'"days":2', b'"days":3')

    account = bill(tmp_path / "billing.db", [greedy if value == reversal else value for value in FEED])

    assert "takes back 3 days of 2 that stand" in account.held[0].frozen
    assert days_of(account)["zenith", "zenith-prod", 1] == 2
