"""One byte of the file changes, as on a failing disk: it is found, or it changes nothing that anybody reads."""

import random

import pytest

from ledger.application import Ledger
from ledger.errors import ConstatError
from ledger.log.sqlite import SQLiteEngine
from ledger.verify import verify
from tests.ledger.log.processes import AGENT, a_round, new_ledger, update
from tests.ledger.pages import parts

FLIPS = 200
ROWS = 20
SEED = 20261001


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A ledger of some two hundred facts and three hundred rounds."""
    path = tmp_path_factory.mktemp("whole") / "ledger.db"
    new_ledger(path)
    with Ledger.open(f"sqlite:///{path}") as ledger:
        for number in range(70):
            ledger.append(*(update(f"i-{number % 5}", f"step {number}.{part}") for part in range(3)))
        for first in range(1, 300, 15):
            batch = [a_round(n, not_up={n % 3: ("down", 503, "no")}) for n in range(first, first + 15)]
            ledger.append_rounds(AGENT, batch)
    return path


@pytest.fixture
def flipped(whole, tmp_path):
    """Make a copy in which one bit of a byte is the other way round."""
    data, path = bytearray(whole.read_bytes()), tmp_path / "flipped.db"

    def flip(place, bit):
        data[place] ^= 1 << bit
        path.write_bytes(data)
        data[place] ^= 1 << bit
        return path

    return flip


def everything(path):
    """Every record of both logs as its readers see it, in every way in which it can be asked for."""
    engine = SQLiteEngine(str(path), create=False)
    try:
        facts, rounds = list(engine.facts()), list(engine.rounds())
        clocks = sorted({kept.recorded_ms for kept in (*facts, *rounds)})
        return (
            facts,
            rounds,
            engine.head(),
            engine.agents(),
            [engine.round_head(agent) for agent in engine.agents()],
            [engine.position_at(recorded_ms) for recorded_ms in clocks],
            [engine.decisions.select_events(f"incident:i-{number}") for number in range(5)],
            list(engine.rounds(agents=[AGENT], start_from_ms=100 * 60_000, start_until_ms=200 * 60_000)),
        )
    finally:
        engine.close()


def is_found(path):
    """Whether opening or verifying a ledger says that something is wrong with it."""
    try:
        engine = SQLiteEngine(str(path), create=False)
    except ConstatError:
        return True
    try:
        return verify(engine).misfit is not None
    finally:
        engine.close()


def test_the_untouched_ledger_fits(whole):
    assert not is_found(whole)


def test_a_byte_flipped_anywhere_is_found_or_changes_nothing_that_is_read(whole, flipped):
    """Unused space and a few counters of the file's header may change unseen: nothing is read from them."""
    before, length = everything(whole), whole.stat().st_size
    chance = random.Random(SEED)
    found = 0

    for _ in range(FLIPS):
        place = chance.randrange(length)
        path = flipped(place, chance.randrange(8))
        if is_found(path):
            found += 1
        else:
            assert everything(path) == before, f"byte {place}"

    assert found > FLIPS // 2


def test_a_byte_flipped_in_what_the_tables_are_called_and_made_of_is_found(whole, flipped):
    data = whole.read_bytes()
    chance = random.Random(SEED)
    definition = b"CREATE TABLE rounds"
    start = data.index(definition)

    for place in range(start, start + 300, 3):
        assert is_found(flipped(place, chance.randrange(8))), f"byte {place}"


@pytest.mark.parametrize("table", ["decisions", "rounds"])
def test_a_byte_flipped_in_any_column_of_any_record_is_found(whole, flipped, table):
    chance = random.Random(SEED)
    stored = [part for part in parts(whole, table) if part.start < part.end]
    chosen = set(chance.sample(sorted({part.rowid for part in stored}), ROWS))
    columns = {"rowid", "header", "value", "hash", "recorded_ms", "running_hash"}
    assert columns <= {part.name for part in stored}

    for part in (part for part in stored if part.rowid in chosen):
        place = chance.randrange(part.start, part.end)
        path = flipped(place, chance.randrange(8))
        assert is_found(path), f"{part.name} of {table} {part.rowid}, byte {place}"


def test_a_byte_flipped_in_a_stored_value_names_the_record(whole, flipped):
    (value,) = [part for part in parts(whole, "rounds") if (part.rowid, part.name) == (150, "value")]

    engine = SQLiteEngine(str(flipped(value.start + 200, 0)), create=False)
    misfit = verify(engine).misfit
    engine.close()

    assert (misfit.log, misfit.place, misfit.stream, misfit.number) == ("probes", 150, AGENT, 150)
    assert misfit.what == "its bytes do not have the hash that was recorded"
