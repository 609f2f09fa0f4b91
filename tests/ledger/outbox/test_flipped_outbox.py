"""One bit of an outbox changes, as on a failing disk: no other round than those that were put reaches a ledger."""

import random

import pytest

from ledger.errors import ConstatError
from ledger.outbox.outbox import Outbox
from ledger.rounds import decode
from tests.ledger.log.processes import AGENT, ledger_at, new_ledger
from tests.ledger.outbox.agents import begun, put

FLIPS = 300
ROUNDS = 60
SEED = 20261125


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """An outbox and its ledger, of which some rounds have arrived and more wait."""
    folder = tmp_path_factory.mktemp("whole")
    new_ledger(folder / "ledger.db")
    path = begun(folder / "outbox.db", folder / "ledger.db")
    with Outbox.open(str(path)) as outbox, ledger_at(folder / "ledger.db") as ledger:
        put(outbox, 5)
        outbox.send(ledger)
        put(outbox, ROUNDS, not_up={0: ("down", 503, "it was late")})
    return folder


def put_down(folder, whole, place=None, bit=0):
    """A copy of the outbox, in which one bit of a byte may be the other way round, and one of the ledger."""
    outbox = bytearray((whole / "outbox.db").read_bytes())
    if place is not None:
        outbox[place] ^= 1 << bit
    (folder / "outbox.db").write_bytes(outbox)
    (folder / "ledger.db").write_bytes((whole / "ledger.db").read_bytes())


def arrived(folder, *, renumbering=False):
    """What an outbox brings into its ledger, as bytes, and whether it said that something is wrong."""
    said = False
    with ledger_at(folder / "ledger.db") as ledger:
        try:
            with Outbox.open(str(folder / "outbox.db")) as outbox:
                if renumbering:
                    outbox.renumber(ledger, now_ms=0)
                outbox.send(ledger)
        except ConstatError:
            said = True
        return [kept.value for kept in ledger.engine.rounds(agents=[AGENT])], said


def test_from_an_outbox_with_a_flipped_bit_comes_what_was_put_or_an_error(whole, tmp_path):
    put_down(tmp_path, whole)
    everything, _ = arrived(tmp_path)
    assert len(everything) == 5 + ROUNDS
    chance, found_out = random.Random(SEED), 0

    for _ in range(FLIPS):
        place, bit = chance.randrange((whole / "outbox.db").stat().st_size), chance.randrange(8)
        put_down(tmp_path, whole, place, bit)
        values, said = arrived(tmp_path)

        assert values == everything[: len(values)], f"seed {SEED}: byte {place}, bit {bit}"
        assert said or values == everything, f"seed {SEED}: byte {place}, bit {bit}"
        found_out += said
    assert found_out > FLIPS // 3


def test_from_an_outbox_with_a_flipped_bit_that_is_numbered_anew_comes_no_round_that_was_not_put(
    whole, tmp_path
):
    put_down(tmp_path, whole)
    everything, _ = arrived(tmp_path)
    contents = {as_seen(value) for value in everything}
    chance = random.Random(SEED)

    for _ in range(FLIPS):
        place, bit = chance.randrange((whole / "outbox.db").stat().st_size), chance.randrange(8)
        put_down(tmp_path, whole, place, bit)
        values, _ = arrived(tmp_path, renumbering=True)

        found = [as_seen(value) for value in values]
        assert set(found) <= contents, f"seed {SEED}: byte {place}, bit {bit}"
        assert len(found) == len(set(found)), f"seed {SEED}: byte {place}, bit {bit}"


def as_seen(value):
    """What a round says that was seen, whatever its number."""
    found, _ = decode(value)
    return found.start_ms, str(found.not_up)
