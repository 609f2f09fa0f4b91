"""Runs of an agent's process: begun and ended, each said until it is heard and taken down once."""

import pytest

from ledger import runs
from ledger.errors import RefusedError
from ledger.runs import AgentStarted, AgentStopped
from tests.subjects import after

FIRST = AgentStarted(agent="paris", run="r1", version="0.1.0", place="Paris")
SECOND = AgentStarted(agent="paris", run="r2", version="0.2.0", place="Paris")
ENDED = AgentStopped(agent="paris", run="r1", why="asked")


def test_a_run_is_begun_once_however_often_it_is_said():
    assert runs.start(runs.INITIAL, FIRST) == (FIRST,)
    assert runs.start(after(runs, FIRST), FIRST) == ()


def test_a_run_is_ended_once_however_often_it_is_said():
    assert runs.stop(after(runs, FIRST), ENDED) == (ENDED,)
    assert runs.stop(after(runs, FIRST, ENDED), ENDED) == ()


def test_a_run_that_was_never_begun_is_not_ended():
    with pytest.raises(
        RefusedError, match="agent paris was never started as run r1; take its start down first"
    ):
        runs.stop(runs.INITIAL, ENDED)


def test_a_run_that_was_killed_has_no_end():
    state = after(runs, FIRST, SECOND)

    assert state.last.started == SECOND
    assert state.named("r1").stopped_ms is None


def test_an_end_is_that_of_its_own_run():
    state = after(runs, (FIRST, "2026-10-01T00:00:00Z"), SECOND, (ENDED, "2026-10-02T00:00:00Z"))

    assert state.named("r1").stopped == ENDED
    assert state.named("r1").stopped_ms - state.named("r1").started_ms == 86_400_000
    assert state.named("r2").stopped is None
