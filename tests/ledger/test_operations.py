"""Facts of daily operation: what they make of a platform, and what they refuse."""

import pytest

from ledger import operations
from ledger.errors import RefusedError
from ledger.operations import BackupExpired, BackupReplicated, BackupTaken, Copy, DataPlaced, StorageMeasured
from tests.spec import ms
from tests.subjects import after

NIGHT = "2026-10-06T03:00:00Z"
MORNING = "2026-10-06T04:00:00Z"
NEXT_WEEK = "2026-10-13T04:00:00Z"

taken = BackupTaken(platform="acme-prod", backup="b1", operator="OVHcloud", size_bytes=12)
other = BackupTaken(platform="acme-prod", backup="b2", operator="OVHcloud")
expired = BackupExpired(platform="acme-prod", backup="b1")


def replicated(operator: str) -> BackupReplicated:
    return BackupReplicated(platform="acme-prod", backup="b1", operator=operator)


TAKEN = after(operations, (taken, NIGHT))


# ---------------------------------------------------------------- what facts make of it


def test_nothing_is_known_at_first():
    assert operations.INITIAL.backup("b1") is None


def test_a_backup_has_a_life():
    state = after(operations, (taken, NIGHT), other, (replicated("SCALEWAY"), MORNING), (expired, NEXT_WEEK))

    backup = state.backup("b1")
    assert (backup.operator, backup.taken_ms) == ("OVHcloud", ms(NIGHT))
    assert backup.copies == (Copy("SCALEWAY", ms(MORNING)),)
    assert backup.expired_ms == ms(NEXT_WEEK)
    assert backup.positions == (10, 30, 40)


def test_what_happens_to_one_backup_leaves_the_others_alone():
    state = after(operations, taken, other, replicated("SCALEWAY"), expired)

    assert state.backup("b2") == after(operations, taken, other).backup("b2")


def test_placements_and_measurements_follow_each_other():
    state = after(
        operations,
        (DataPlaced(platform="acme-prod", operators=("OVHcloud", "SCALEWAY")), NIGHT),
        (StorageMeasured(platform="acme-prod", used_bytes=5), MORNING),
        (DataPlaced(platform="acme-prod", operators=("OVHcloud",)), NEXT_WEEK),
    )

    assert [(each.placed_ms, each.operators, each.position) for each in state.placements] == [
        (ms(NIGHT), ("OVHcloud", "SCALEWAY"), 10),
        (ms(NEXT_WEEK), ("OVHcloud",), 30),
    ]
    assert [(each.measured_ms, each.used_bytes, each.position) for each in state.storage] == [
        (ms(MORNING), 5, 20)
    ]


# ---------------------------------------------------------------- what it allows and refuses


def test_a_backup_is_taken_copied_and_deleted():
    assert operations.take_backup(operations.INITIAL, taken) == taken
    assert operations.replicate_backup(TAKEN, replicated("SCALEWAY")) == replicated("SCALEWAY")
    assert operations.expire_backup(TAKEN, expired) == expired


def test_a_copy_with_one_operator_leaves_room_for_one_with_another():
    state = after(operations, taken, replicated("OVHcloud"))

    assert operations.replicate_backup(state, replicated("SCALEWAY")) == replicated("SCALEWAY")


def test_a_backup_is_taken_once():
    with pytest.raises(RefusedError, match="b1 of acme-prod is already recorded; use another name"):
        operations.take_backup(TAKEN, taken)


def test_a_backup_is_copied_once_to_each_operator():
    with pytest.raises(RefusedError, match="already replicated to SCALEWAY; nothing is left to record"):
        operations.replicate_backup(after(operations, taken, replicated("SCALEWAY")), replicated("SCALEWAY"))


def test_a_backup_is_deleted_once():
    with pytest.raises(RefusedError, match="already deleted; nothing is left to record"):
        operations.expire_backup(after(operations, taken, expired), expired)


@pytest.mark.parametrize(
    "decide",
    [
        lambda state: operations.replicate_backup(state, replicated("SCALEWAY")),
        lambda state: operations.expire_backup(state, expired),
    ],
)
def test_a_backup_is_taken_before_anything_else_happens_to_it(decide):
    with pytest.raises(RefusedError, match="no backup b1 of acme-prod; record that it was taken first"):
        decide(operations.INITIAL)


def test_data_lie_somewhere():
    with pytest.raises(ValueError, match="operators"):
        DataPlaced(platform="acme-prod", operators=())
