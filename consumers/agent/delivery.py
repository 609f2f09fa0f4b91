"""From an agent to its ledger, in a thread of its own: the plan, facts of its runs, rounds, in this order.

Whatever the ledger does, the agent probes on. What it does not take now waits on the agent's disk.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING

import structlog

from consumers.agent.contracted import misfits
from consumers.agent.notebook import Notebook, Noted
from consumers.agent.sources import Source, require_alone, require_in_service
from consumers.following import PAUSES_S
from ledger import plans, runs
from ledger.application import Ledger
from ledger.errors import (
    BadInputError,
    ConflictError,
    ConstatError,
    RefusedError,
    UnknownOutcomeError,
    UnreachableLedgerError,
    UnusableLedgerError,
    UnusableOutboxError,
)
from ledger.log.arbitration import Head
from ledger.outbox.outbox import Outbox
from ledger.runs import AgentStarted

if TYPE_CHECKING:
    from ledger.plans import PlanSet

END_S = 10.0
"""So long the last rounds may take to arrive once the end is asked for; else they wait for the next start."""

_LOG = structlog.stdlib.get_logger(__name__)


class Delivery:
    """Sends what waits whenever there is more, and tries again where the ledger does not answer."""

    def __init__(
        self, url: str, source: Source, outbox: Outbox, notebook: Notebook, now_ms: Callable[[], int]
    ) -> None:
        self._url = url
        self._source = source
        self._outbox = outbox
        self._notebook = notebook
        self._now_ms = now_ms
        self._more = threading.Event()
        self._is_ending = threading.Event()
        self._failures = 0
        self._again = False
        self._knows_a_plan = False
        self._seen: Head | None = None
        """The agent's last fact of plans that was looked at."""
        self._fitted: PlanSet | None = None
        """The plan that was held against the contracts."""
        self.is_probing = False
        """Whether the agent probes by a plan that it knows: one that it cannot take up then ends nothing."""
        self._met: Future[None] = Future()
        self.learnt = threading.Event()
        """Set whenever the outbox has learnt the plan; whoever reads the plan clears it before."""
        self._thread = threading.Thread(target=self._keep_sending, name="delivery", daemon=True)

    def start(self, *, knows_a_plan: bool, again: bool = False) -> None:
        """Begin to send; `again` takes the agent back into service, if it was retired.

        Who knows a plan can probe by it while the ledger cannot be used.
        """
        self._again, self._knows_a_plan = again, knows_a_plan
        self._more.set()
        self._thread.start()

    def wake(self) -> None:
        """There is more to send."""
        self._more.set()

    def end(self) -> bool:
        """Send what there is and end; whether it came to an end in time."""
        self._is_ending.set()
        self._more.set()
        self._thread.join(END_S)
        return not self._thread.is_alive()

    def meet(self, patience_s: float | None) -> bool:
        """Wait until the plan is set and known, but no longer than so many seconds; whether it is.

        Raises:
            RefusedError: the agent was retired, and is not meant to be in service again; or its name is that
                of an import; or another process seems to go under it; or the ledger does not say how its
                platforms are probed.
            BadInputError: the environment does not have what the plan of the ledger needs.
            UnusableLedgerError, UnknownOutcomeError: the ledger cannot be read or written now.
        """
        try:
            self._met.result(patience_s)
        except TimeoutError:
            if self._met.cancel():  # from now on nobody waits, and whatever is wrong is logged
                return False
            self._met.result()
        return True

    # ------------------------------------------------------------ the thread

    def _keep_sending(self) -> None:
        while self._wait():
            try:
                with Ledger.open(self._url, create=False) as ledger:
                    self._settle(ledger)
                    self._send_while_it_answers(ledger)
            except Exception as error:  # noqa: BLE001 - the agent probes on, whatever it is
                is_awaited = self._is_awaited()
                if is_awaited and self.forbids_to_begin(error):
                    self._met.set_exception(error)  # who waits says it; here it would be said twice
                    return
                self._told(error)
                if is_awaited:
                    self._met.set_exception(error)

    def _is_awaited(self) -> bool:
        """Whether somebody still waits to hear how the ledger was met; then he has to be told."""
        return not self._met.done() and self._met.set_running_or_notify_cancel()

    def forbids_to_begin(self, error: Exception) -> bool:
        """Whether an agent that meets its ledger so cannot begin; else it goes on as it knows, or waits."""
        if isinstance(error, UnreachableLedgerError):
            return False
        return not (self._knows_a_plan and isinstance(error, UnusableLedgerError | UnknownOutcomeError))

    def _wait(self) -> bool:
        """Wait until it is to be tried again, longer after each failure; whether it is."""
        if self._is_ending.is_set():
            return self._failures == 0 and self._more.is_set()
        if self._failures:
            self._is_ending.wait(PAUSES_S[min(self._failures, len(PAUSES_S)) - 1])
        else:
            self._more.wait()
        return True

    def _send_while_it_answers(self, ledger: Ledger) -> None:
        while True:
            self._more.clear()
            for noted in self._notebook.waiting:
                _append(ledger, noted)
                self._notebook.arrived(noted)
            self._outbox.send(ledger)
            if self._failures:
                _LOG.info("the ledger is back")
            self._failures = 0
            if self._is_ending.is_set():
                return
            self._more.wait()
            if self._source.follows:
                ledger.engine.read_decisions()
                self._take_up(ledger)

    def _settle(self, ledger: Ledger) -> None:
        if self.is_probing and self._source.follows:
            self._take_up(ledger)
        else:
            self._begin(ledger)
        self._again = False
        if self._is_awaited():
            self._met.set_result(None)

    def _begin(self, ledger: Ledger) -> None:
        if not self._again:
            require_in_service(ledger, self._source)
        if not self.is_probing:
            require_alone(ledger, self._source.agent, self._outbox, self._now_ms())
        self._seen = self._last_of_plans(ledger)
        self._source.settle(ledger, self._now_ms())
        self._learn(ledger)

    def _take_up(self, ledger: Ledger) -> None:
        """Take up the plan that the ledger has now, if it is another one; else go on with what is known."""
        last = self._last_of_plans(ledger)
        if last == self._seen:
            return
        try:
            if ledger.plans_of(self._source.agent).current != self._outbox.plan:
                self._source.settle(ledger, self._now_ms())
                self._learn(ledger)
        except (RefusedError, BadInputError) as error:
            _LOG.error("another plan was not taken up", why=str(error))
        self._seen = last

    def _learn(self, ledger: Ledger) -> None:
        self._outbox.learn(ledger)
        self.learnt.set()
        self._warn_of_misfits(ledger)

    def _warn_of_misfits(self, ledger: Ledger) -> None:
        """Say once of each plan where it does not fit the contracts."""
        plan = self._outbox.plan
        if plan == self._fitted:
            return
        platforms = [each.platform for each in plan.platforms]
        for why in misfits(ledger, platforms, plan.period_ms, self._now_ms()):
            _LOG.warning("the plan does not fit the contracts", why=why)
        self._fitted = plan

    def _last_of_plans(self, ledger: Ledger) -> Head | None:
        stream = plans.stream_of(self._source.agent)
        return ledger.engine.heads([stream]).get(stream)

    def _told(self, error: Exception) -> None:
        self._failures += 1
        if not isinstance(error, ConstatError):
            _LOG.error("not sent", why=f"nobody expected it: {type(error).__name__}")
            return
        match error:
            case UnusableLedgerError() | UnknownOutcomeError():
                _LOG.warning("the ledger is away", why=str(error), **self._waiting())
            case ConflictError() if not self._is_in_conflict():
                self._failures = 1  # somebody was first with a fact: it is decided anew at once
            case _:
                _LOG.error("not sent", why=str(error), **self._waiting())

    def _waiting(self) -> dict[str, int]:
        """How many rounds wait; nothing if the outbox cannot be read now, which ends no sending."""
        try:
            return {"waiting": self._outbox.pending().rounds}
        except UnusableOutboxError:
            return {}

    def _is_in_conflict(self) -> bool:
        try:
            return self._outbox.pending().conflict is not None
        except UnusableOutboxError:
            return True


def _append(ledger: Ledger, noted: Noted) -> None:
    """Record a fact that waited; one that the ledger will never take holds up no round.

    No figure rests on it. So it is with the end of a run in a ledger that was restored to before its start.
    """
    fact = noted.fact
    try:
        ledger.record(
            runs.stream_of(fact.agent),
            runs.INITIAL,
            runs.evolve,
            lambda state: (
                runs.start(state, fact) if isinstance(fact, AgentStarted) else runs.stop(state, fact)
            ),
            occurred_ms=noted.occurred_ms,
            source=f"{plans.AGENTS}{fact.agent}",
        )
    except (RefusedError, BadInputError) as error:
        _LOG.error("a start or a stop was not taken", run=fact.run, why=str(error))
