"""F23: what cannot be read is put aside with its bytes, its place and the reason; others go on."""

import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumers.billing import release as decision
from consumers.billing.release import Decision
from consumers.billing.store import Store
from consumers.relay import feed
from consumers.relay.event import EVENT_BYTES_MAX, FeedEvent, UnreadableEventError, contract_told
from ledger.errors import RefusedError
from ledger.fact import hash_of
from tests.consumers.billing.feeds import NOW_MS, bill, days_of, three_contracts
from tests.consumers.billing.penalties import assess, ledger_at
from tests.consumers.billing.test_inbox import OWED, numbered

FEED = three_contracts()
GOOD = numbered("acme", 2)
DECIDED = Decision("a-person", "looked at it", NOW_MS)
FUZZ = 1_000_000 if os.environ.get("CONSTAT_SOAK") else 3_000


def changed(*changes):
    """A good event, with its JSON changed: `("data.days", "x")`."""
    event = json.loads(GOOD)
    for path, value in changes:
        *steps, last = path.split(".")
        place = event
        for step in steps:
            place = place[step]
        if value is None:
            del place[last]
        else:
            place[last] = value
    return json.dumps(event, separators=(",", ":")).encode()


ODD = ("", "x", -1, 0, 1.5, True, [], {}, "é" * 10, 2**53, 2**80, "assessment:", "a/b", "\u0000")
SAID = {
    f"{path}={str(value)[:20]!r}": changed((path, value))
    for path in (
        "specversion",
        "type",
        "source",
        "id",
        "subject",
        "time",
        "sequence",
        "previoushash",
        "recordedtime",
        "position",
        "data",
        "data.days",
        "data.contract",
        "data.period",
        "data.revision",
    )
    for value in ODD
    if changed((path, value)) != GOOD
    and not (path == "source" and isinstance(value, str))
    and (path, value) != ("data.days", 2**53)
}
MISSING = {f"no {path}": changed((path, None)) for path in json.loads(GOOD)}
RUBBISH = {
    "nothing": b"",
    "a brace": b"{",
    "an array": b"[]",
    "null": b"null",
    "not UTF-8": GOOD.replace(b"acme", b"ac\xffme"),
    "NaN": GOOD.replace(b'"days":3', b'"days":NaN'),
    "infinity": GOOD.replace(b'"days":3', b'"days":1e999'),
    "a fraction": GOOD.replace(b'"days":3', b'"days":3.0'),
    "digits": GOOD.replace(b'"days":3', b'"days":' + b"9" * 5000),
    "cut": GOOD[: len(GOOD) // 2],
    "two in one": GOOD + GOOD,
    "something behind": GOOD + b" ",
    "something in front": b" " + GOOD,
    "spaces": json.dumps(json.loads(GOOD)).encode(),
    "a key twice": GOOD.replace(b'"days":3', b'"days":3,"days":30'),
    "one more key": GOOD.replace(b'"days":3', b'"days":3,"more":1'),
    "deep": GOOD.replace(b'"days":3', b'"days":' + b"[" * 100_000 + b"]" * 100_000),
    "deep objects": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "huge": GOOD.replace(b"5.1", b"5" * EVENT_BYTES_MAX),
    "a newer type": GOOD.replace(b"granted.v1", b"granted.v2"),
    "another fact": GOOD.replace(b"constat.penalty.granted.v1", b"constat.incident.updated.v1"),
    "another contract in its data": GOOD.replace(b'"contract":"acme"', b'"contract":"zenith"'),
    "number 0": GOOD.replace(b"acme/2", b"acme/0").replace(b"000000000002", b"000000000000"),
}
CORPUS = SAID | MISSING | RUBBISH


def test_the_corpus_is_as_large_as_it_was_promised():
    assert len(CORPUS) >= 200
    assert GOOD not in CORPUS.values()


@pytest.mark.parametrize("name", CORPUS)
def test_no_poison_is_read(name):
    with pytest.raises(UnreadableEventError) as refused:
        FeedEvent.read(CORPUS[name])

    assert str(refused.value)


def test_poison_is_put_aside_with_its_bytes_and_freezes_only_the_contract_that_it_names(tmp_path):
    """All of the corpus in one feed, between the events of three contracts."""
    values = []
    for place, poison in enumerate(CORPUS.values()):
        values += [poison, FEED[place % len(FEED)]]

    account = bill(tmp_path / "billing.db", values + FEED, size=50)

    told = {contract_told(poison) for poison in CORPUS.values()}
    frozen = {held.contract for held in account.held if held.frozen}
    assert frozen == told - {None}
    assert "acme" in frozen
    assert {where for where in days_of(account) if where[0] == "umbra"} == {("umbra", "umbra-prod", 1)}
    assert len(account.quarantine) == len(CORPUS)
    with Store(str(tmp_path / "billing.db")).reading() as connection:
        kept = {
            row[0]: row[1:] for row in connection.execute("SELECT hash, value, place, reason FROM quarantine")
        }
    for poison in CORPUS.values():
        value, place, reason = kept[hash_of(poison)]
        assert poison.startswith(value)
        assert len(value) == min(len(poison), EVENT_BYTES_MAX + 1)
        assert values[place] == poison or values.index(poison) == place
        assert reason


def test_a_contract_that_poison_names_goes_on_after_a_decision_and_the_event_itself(tmp_path):
    poison = GOOD.replace(b'"days":3', b'"days":3.0')
    values = [FEED[0], poison, *FEED]
    account = bill(tmp_path / "billing.db", values)
    assert "acme" not in {where[0] for where in days_of(account)}

    store = Store(str(tmp_path / "billing.db"))
    assert decision.release(store, "acme", DECIDED) is None
    store.close()

    account = bill(tmp_path / "billing.db", [*values, poison])
    assert days_of(account) == OWED
    assert not account.needs_somebody, "the same bytes again were decided on"


def test_a_long_event_that_only_a_newer_version_reads_takes_effect_when_the_contract_is_released(
    tmp_path, monkeypatch
):
    """Fails where only the beginning of an entry is kept: it is settled, and never takes effect."""
    with ledger_at(tmp_path / "constat.db") as ledger:
        assess(ledger, **{f"acme_{number}": 1 for number in range(2_000)})
        values = [each.value for each in feed.events(ledger.engine, 0)]
    assert len(values[0]) > 100_000
    with monkeypatch.context() as older:
        older.setattr(FeedEvent, "read", _not_yet)
        bill(tmp_path / "billing.db", values[:1])
    assert bill(tmp_path / "billing.db", values).held[0].sequence == 0

    store = Store(str(tmp_path / "billing.db"))
    assert decision.release(store, "acme", DECIDED) is None
    store.close()

    assert len(days_of(bill(tmp_path / "billing.db", values))) == 2_000


def _not_yet(value):
    raise UnreadableEventError(f"its type is not known, in {len(value)} bytes")


def test_an_entry_that_names_nobody_is_settled_by_its_number(tmp_path):
    account = bill(tmp_path / "billing.db", [b"rubbish", *FEED])
    (aside,) = account.quarantine
    assert (aside.contract, account.held, account.needs_somebody) == (None, [], True)
    assert days_of(account) == OWED

    store = Store(str(tmp_path / "billing.db"))
    decision.settle(store, aside.number, DECIDED)
    with pytest.raises(RefusedError, match="no entry 1 waits"):
        decision.settle(store, aside.number, DECIDED)
    store.close()

    assert not bill(tmp_path / "billing.db", [b"rubbish", *FEED]).needs_somebody


@given(st.data())
def test_whatever_is_done_to_the_bytes_it_is_the_same_event_or_unreadable(data):
    """Fuzz: a few bytes of a good event are changed, cut or doubled; nothing but a clear refusal comes of it."""
    value = bytearray(data.draw(st.sampled_from(FEED)))
    for _ in range(data.draw(st.integers(1, 4))):
        first = data.draw(st.integers(0, len(value) - 1))
        value[first : first + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))

    assert read(bytes(value)) in (None, bytes(value))


def test_fuzz_in_quantity():
    """The same, quicker and more often: a million times with CONSTAT_SOAK=1."""
    import random  # noqa: PLC0415

    chance = random.Random(20261126)
    refused = 0
    for _ in range(FUZZ):
        value = bytearray(chance.choice(FEED))
        for _ in range(chance.randint(1, 4)):
            first = chance.randrange(len(value))
            value[first : first + chance.randint(0, 3)] = chance.randbytes(chance.randint(0, 3))
        found = read(bytes(value))
        assert found in (None, bytes(value))
        refused += found is None
    assert refused > FUZZ // 2


def read(value):
    """What is read of bytes, as the bytes that a ledger would write of it; None where they are refused."""
    try:
        return FeedEvent.read(value).value
    except UnreadableEventError:
        return None
