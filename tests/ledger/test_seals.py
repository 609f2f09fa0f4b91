"""Seals: named by what they fix, made once, and held against the logs."""

import sqlite3

import pytest

from ledger import sealing, seals
from ledger.application import Ledger, open_engine
from ledger.errors import BadInputError, DamagedLedgerError, RefusedError
from ledger.fact import Draft
from ledger.log.interface import Ends, RoundsEnd
from ledger.seals import SealMade
from ledger.verify import verify
from projections.moment import at_seal
from tests.ledger.log.processes import AGENT, a_round, new_ledger, update
from tests.ledger.test_verify import Forger
from tests.subjects import after

HASH, OTHER = bytes([7]) * 32, bytes([8]) * 32
ROUNDS = {"paris": RoundsEnd(9, 8, HASH, 0), "lyon": RoundsEnd(3, 3, OTHER, 0)}
ENDS = Ends(812, HASH, ROUNDS)


def test_what_a_seal_fixes_names_it():
    """Known answer: the name is part of the format."""
    made = sealing.fixed(ENDS)

    assert made.seal == "s812-bf05b6090dbd"
    assert [each.agent for each in made.rounds] == ["lyon", "paris"]
    assert sealing.fixed(Ends(812, HASH, dict(reversed(ROUNDS.items())))) == made
    others = [
        Ends(813, HASH, ROUNDS),
        Ends(812, OTHER, ROUNDS),
        Ends(812, HASH, ROUNDS | {"paris": RoundsEnd(10, 9, HASH, 0)}),
        Ends(812, HASH, ROUNDS | {"paris": RoundsEnd(9, 8, OTHER, 0)}),
    ]
    assert len({sealing.fixed(each).seal for each in others} | {made.seal}) == 5


def test_a_seal_is_made_once():
    made = sealing.fixed(ENDS)

    assert seals.make(seals.INITIAL, made) == made
    with pytest.raises(RefusedError, match="was already made"):
        seals.make(after(seals, made), made)


# ---------------------------------------------------------------- held against the logs


@pytest.fixture
def path(tmp_path):
    """A ledger with a seal, and more behind it."""
    path = tmp_path / "ledger.db"
    new_ledger(path)
    with Ledger.open(f"sqlite:///{path}") as ledger:
        ledger.append(*(update("i-1", f"step {number}") for number in range(5)))
        ledger.append_rounds(AGENT, [a_round(number) for number in range(1, 11)])
        append_seal(ledger, sealing.fixed(ledger.engine.copying.ends()))
        ledger.append(update("i-1", "the last"))
        ledger.append_rounds(AGENT, [a_round(number) for number in range(11, 21)])
    return path


def append_seal(ledger, made):
    ledger.append(Draft(f"seal:{made.seal}", made, 0))


def sealed(path):
    connection = sqlite3.connect(path)
    ((stream,),) = connection.execute("SELECT stream FROM decisions WHERE stream LIKE 'seal:%'").fetchall()
    connection.close()
    return stream.removeprefix("seal:")


def misfit(path):
    engine = open_engine(str(path), create=False)
    try:
        return verify(engine).misfit
    finally:
        engine.close()


def answer(path):
    engine = open_engine(str(path), create=False)
    try:
        return at_seal(engine, sealing.named(engine, sealed(path)))
    finally:
        engine.close()


def test_an_unbroken_seal_fits_and_says_what_was_known(path):
    assert misfit(path) is None
    assert (answer(path).position, answer(path).numbers) == (6, ((AGENT, 10),))


@pytest.mark.parametrize("table", ["decisions", "rounds"])
def test_what_was_written_anew_beneath_a_seal_is_found_though_every_hash_comes_out(path, table):
    """The clock of the first append is set back by a millisecond."""
    with Forger(path) as forger:
        (recorded_ms,) = forger.sql(f"SELECT recorded_ms FROM {table} ORDER BY 1 LIMIT 1")[0]
        forger.sql(f"UPDATE {table} SET recorded_ms = ? WHERE recorded_ms = ?", recorded_ms - 1, recorded_ms)
        forger.hash_anew()

    found = misfit(path)

    assert found
    assert "seal" in found.what
    with pytest.raises(DamagedLedgerError, match="is broken"):
        answer(path)


def test_a_seal_of_rounds_that_are_not_there_is_found(tmp_path):
    path = tmp_path / "ledger.db"
    new_ledger(path)
    with Ledger.open(f"sqlite:///{path}") as ledger:
        ends = ledger.engine.copying.ends()
        append_seal(ledger, sealing.fixed(ends._replace(rounds={AGENT: RoundsEnd(9, 8, HASH, 0)})))

    assert "there is no such round" in str(misfit(path))
    with pytest.raises(DamagedLedgerError, match="up to number 9"):
        answer(path)


def test_a_seal_of_decisions_that_come_after_it_is_found(tmp_path):
    path = tmp_path / "ledger.db"
    new_ledger(path)
    with Ledger.open(f"sqlite:///{path}") as ledger:
        append_seal(ledger, SealMade(seal="s9-000000000000", position=9, running_hash="sha256:" + "0" * 64))

    assert "come after it" in str(misfit(path))


def test_a_seal_that_was_never_made_says_how_to_make_one(path):
    engine = open_engine(str(path), create=False)
    with pytest.raises(BadInputError, match="`constat seal` makes one"):
        sealing.named(engine, "s1-000000000000")
    engine.close()
