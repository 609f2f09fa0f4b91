"""Assess whenever there is reason to: a period became due, or something came and then nothing more.

An import appends for seconds, and what is assessed in its midst is revised at its end: revisions that nobody
needs. So a ledger that moves is left alone until it stood still between two looks, but no longer than
`PATIENCE_S`. A look at a large ledger costs more than one at a small one, so the next one waits for
`REST` times as long as the last one took.
"""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import structlog

from consumers.assess import ALONE, AssessedPeriod, Hands, Job, Outcome, assess
from consumers.stopping import Stop
from ledger.application import Ledger
from projections.asof import Known
from projections.assessment import due_count
from projections.moment import at_head

PATIENCE_S = 60.0
REST = 20
"""So a running assessment takes at most a twentieth of the time, of however many processors."""

_LOG = structlog.stdlib.get_logger(__name__)


def _alone() -> AbstractContextManager[Hands]:
    return nullcontext(ALONE)


class Assessor:
    """Assesses one ledger on and on."""

    def __init__(
        self,
        ledger: Ledger,
        now_ms: Callable[[], int],
        now_s: Callable[[], float] = time.monotonic,
        working: Callable[[], AbstractContextManager[Hands]] = _alone,
    ) -> None:
        self._ledger = ledger
        self._now_ms = now_ms
        self._now_s = now_s
        self._working = working
        """Gives for each look who does the long work; they need not wait for the next one."""
        self._before: tuple[int, int] | None = None
        """How far the logs had come at the last look."""
        self._assessed: tuple[int, int] | None = None
        """How far they had come when it was assessed last."""
        self._moving_since_s = 0.0
        self._rested_s = 0.0
        self._known: Known | None = None
        self._due = 0

    def run(self, stop: Stop, every_s: float) -> None:
        """Look again and again until told to stop."""
        while not stop.is_asked:
            self.look()
            stop.wait(every_s)

    def look(self) -> Outcome | None:
        """Assess if there is reason to; None if there is none."""
        head = self._ledger.engine.head()
        place = (head.position, head.round_offset)
        has_rested = self._now_s() >= self._rested_s
        is_wanted = self._is_settled(place) and has_rested
        if not is_wanted and not self._is_more_due():
            return None
        began_s = self._now_s()
        with self._working() as hands:
            outcome = assess(Job(self._ledger, self._now_ms(), hands=hands))
        self._assessed = place
        self._remember()
        self._rested_s = self._now_s() + REST * (self._now_s() - began_s)
        _tell(outcome)
        return outcome

    def _is_settled(self, place: tuple[int, int]) -> bool:
        """Whether something came since the last assessment, and nothing since the last look."""
        stood_still, self._before = place == self._before, place
        if place == self._assessed:
            self._moving_since_s = self._now_s()
            return False
        is_first = self._assessed is None
        return is_first or stood_still or self._now_s() - self._moving_since_s >= PATIENCE_S

    def _is_more_due(self) -> bool:
        return self._known is not None and due_count(self._known, self._now_ms()) > self._due

    def _remember(self) -> None:
        engine, now_ms = self._ledger.engine, self._now_ms()
        self._known = Known.at(engine, at_head(engine, now_ms))
        self._due = due_count(self._known, now_ms)
        self._moving_since_s = self._now_s()


def _tell(outcome: Outcome) -> None:
    for each in outcome.assessed:
        if each.is_new:
            _tell_of(each)
    for problem in outcome.problems:
        _LOG.warning("not assessed", contract=problem.contract, why=problem.why)


def _tell_of(assessed: AssessedPeriod) -> None:
    made = assessed.made
    _LOG.info(
        "assessed",
        contract=made.contract,
        period=made.period_number,
        revision=made.revision,
        days_granted=made.days_granted,
        seal=made.seal,
    )
    if assessed.unmeasured:
        _LOG.warning(
            "nothing was measured",
            contract=made.contract,
            period=made.period_number,
            platforms=assessed.unmeasured,
        )
