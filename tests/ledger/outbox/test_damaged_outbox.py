"""An outbox that changed behind its agent's back, or on a failing disk, is found out and never sent as if whole."""

import sqlite3

import pytest

from ledger.errors import DamagedOutboxError
from ledger.outbox.outbox import Outbox
from ledger.outbox.pending import look
from tests.ledger.outbox.agents import put, stored


@pytest.fixture
def outbox(path):
    with Outbox.open(path) as outbox:
        yield outbox


def edit(path, statement):
    """Change an outbox behind its back."""
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(statement)
    connection.close()


DAMAGE = [
    "UPDATE rounds SET value = CAST(value || ' ' AS BLOB) WHERE number = 3",
    "UPDATE rounds SET hash = 'sha256:' || substr(hash, 8, 63) || 'x' WHERE number = 3",
    "UPDATE rounds SET start_ms = 1 WHERE number = 3",
    "UPDATE rounds SET number = 9 WHERE number = 3",
    "UPDATE rounds SET number = -3 WHERE number = 3",
    "DELETE FROM rounds WHERE number = 3",
    "DELETE FROM rounds WHERE number = 4",
    "UPDATE state SET last_hash = 'x'",
    "UPDATE state SET last_number = 3",
    "UPDATE state SET known_hash = 'x'",
]


@pytest.mark.parametrize("statement", DAMAGE)
def test_what_is_not_as_it_was_put_in_is_found_and_not_sent(outbox, path, ledger, statement):
    put(outbox, 4)
    edit(path, statement)

    with pytest.raises(DamagedOutboxError, match="not as it was put in"):
        outbox.send(ledger)

    assert stored(ledger) == []


@pytest.mark.parametrize(
    ("statement", "arrived"), list(zip(DAMAGE, [3, 3, 4, 4, 4, 3, 3, 4, 4, 4], strict=True))
)
def test_what_is_damaged_is_put_aside_and_the_rest_arrives(outbox, path, ledger, statement, arrived):
    put(outbox, 4)
    edit(path, statement)

    outbox.renumber(ledger, now_ms=0)
    outbox.send(ledger)

    assert len(stored(ledger)) == arrived
    assert look(path).aside == (
        1 if statement.startswith(("UPDATE rounds SET value", "UPDATE rounds SET hash")) else 0
    )
    assert put(outbox) == [5 if "number = 4" not in statement[-12:] else 4]
    assert outbox.send(ledger).rounds == 1


def test_a_plan_that_is_not_as_it_was_learnt_is_found(outbox, path):
    edit(path, "UPDATE state SET plan = CAST(replace(plan, 'acme-prod', 'acme-prob') AS BLOB)")

    with pytest.raises(DamagedOutboxError, match="plan is not as it was learnt"):
        put(outbox)
