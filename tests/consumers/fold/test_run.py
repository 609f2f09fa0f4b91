"""What is folded before `constat fold --once` ends, whatever the group says is ours, and when."""

import pytest

from consumers.cache.folding import SPACING
from consumers.fold import run
from consumers.fold.run import Folder

BOTH = frozenset({0, 1})
OURS = frozenset({0})
SHARED_OUT_ANEW = None
LOOK_S = 1.0
OTHERS_S = 15.0


class Engine:
    """A ledger without a plan, of two partitions that have some records each; it notes which were read."""

    partitions = len(BOTH)

    def __init__(self):
        self.probes = self.changes = self
        self.read = []

    def end(self, _partition):
        return SPACING

    def catch_up(self, partitions):
        self.read += partitions

    def span(self, _partition, _first):
        return None

    def tales(self, _partition, first):
        return [], first

    def read_decisions(self):
        pass

    def facts(self, after):
        assert after == 0
        return []


class Group:
    """A member that is told at each look what is its own, the last of it again and again."""

    def __init__(self, clock, *told):
        self._clock, self._told = clock, [*told]
        self.is_in = False

    def look(self, within_s=0.0):
        self._clock.s += within_s
        own = self._told.pop(0) if within_s and self._told[1:] else self._told[0]
        self.is_in = own is not SHARED_OUT_ANEW
        return own or frozenset()


class Clock:
    """One that goes on while somebody looks at the group."""

    s = 100.0

    def monotonic(self):
        return self.s


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(run, "time", clock)
    return clock


def folded(clock, tmp_path, *told):
    """Which partitions were folded until the end, and after how many seconds that was."""
    engine, begun_s = Engine(), clock.s
    for _ in Folder(engine, Group(clock, *told), tmp_path).until_done(LOOK_S, OTHERS_S):
        assert clock.s < begun_s + 100, "no end"
    return engine.read, clock.s - begun_s


def test_what_one_had_that_was_killed_is_folded_before_the_end(clock, tmp_path):
    told = [OURS] * 12 + [SHARED_OUT_ANEW] * 2 + [BOTH]

    assert folded(clock, tmp_path, *told)[0] == [0, 1]


def test_what_others_have_who_live_is_left_to_them_when_a_dead_one_would_have_been_missed(clock, tmp_path):
    partitions, seconds = folded(clock, tmp_path, OURS)

    assert partitions == [0]
    assert OTHERS_S < seconds <= OTHERS_S + 3 * LOOK_S


def test_one_of_whom_nothing_is_its_own_comes_to_an_end_too(clock, tmp_path):
    partitions, seconds = folded(clock, tmp_path, frozenset())

    assert partitions == []
    assert OTHERS_S < seconds <= OTHERS_S + 3 * LOOK_S


def test_who_has_every_partition_waits_for_nobody(clock, tmp_path):
    partitions, seconds = folded(clock, tmp_path, BOTH)

    assert partitions == [0, 1]
    assert seconds <= 2 * LOOK_S


def test_there_is_no_end_before_the_group_has_said_what_is_ours(clock, tmp_path):
    told = [SHARED_OUT_ANEW] * 30 + [BOTH]

    assert folded(clock, tmp_path, *told)[0] == [0, 1]
