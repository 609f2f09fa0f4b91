"""An agent that runs: round after round into its outbox, until it is told to end."""

import asyncio
import resource
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple, TypeVar
from uuid import uuid4

import structlog

from consumers.agent.awareness import Awareness
from consumers.agent.clock import Clock, Distrust, SystemClock
from consumers.agent.delivery import Delivery
from consumers.agent.file import Loaded
from consumers.agent.in_flight import InFlight
from consumers.agent.notebook import Notebook
from consumers.agent.prober import Prober, cancelled
from consumers.agent.recorded import recorded_for
from consumers.agent.rounds import GLANCE_S, Ending, Rounds
from consumers.agent.sources import Source
from consumers.stopping import ENDING
from ledger.application import Ledger
from ledger.errors import (
    ConstatError,
    RefusedError,
    UnreachableLedgerError,
    UnusableOutboxError,
)
from ledger.intake.own_agents import require_not_imported
from ledger.outbox.outbox import Outbox
from ledger.plans import PlanSet
from ledger.rounds import Round
from ledger.runs import AgentStarted, AgentStopped, Why

PATIENCE_S = 5.0
"""So long an agent that knows its plan waits for its ledger before it begins without."""

Done = TypeVar("Done")

_LOG = structlog.stdlib.get_logger(__name__)


class InForce(NamedTuple):
    """What a round goes by: its plan, and how the platforms are probed."""

    plan: PlanSet
    loaded: Loaded


class Agent:
    """One agent with its outbox open; `run` it once."""

    def __init__(self, source: Source, url: str, outbox: Outbox, clock: Clock | None = None) -> None:
        """Open what it keeps beside its outbox.

        Raises:
            UnusableOutboxError: it cannot be read.
        """
        self._source, self._outbox = source, outbox
        self._clock: Clock = clock or SystemClock()
        self._notebook = Notebook(notebook_path(source.outbox_path), source.agent)
        self._delivery = Delivery(url, source, outbox, self._notebook, self._clock.wall_ms)
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="outbox")
        self._run = uuid4().hex
        self._number = 0
        self._start_ms = self._shown_ms = self._notebook.last.start_ms
        """When the last round began; and the last one of which a record may speak."""
        self._now: InForce | None = None
        self._is_started = False

    def run(self, *, again: bool = False) -> None:
        """Probe until SIGTERM or SIGINT.

        Raises:
            ConstatError: it cannot begin; the sentence says why.
        """
        began_ms = self._clock.wall_ms()
        self._meet(again=again)
        self._now = self._known()
        if self._now:
            self._note_start(began_ms)
        why: Why = "failed"
        try:
            asyncio.run(self._rounds())
            why = "asked"
        finally:
            self._disk.shutdown()
            self._end(why)

    def _note_start(self, started_ms: int) -> None:
        """Note it once the place is known, which may stand in the ledger."""
        assert self._now, "what is probed is known"
        agent, place = self._source.agent, self._now.loaded.file.place
        started = AgentStarted(agent=agent, run=self._run, version=version("constat"), place=place)
        self._notebook.note(started, started_ms)
        self._is_started = True
        self._delivery.wake()

    def _end(self, why: Why) -> None:
        if self._is_started:
            stopped = AgentStopped(agent=self._source.agent, run=self._run, why=why)
            self._notebook.note(stopped, self._clock.wall_ms())
        if not self._delivery.end() or self._outbox.pending().rounds:
            _LOG.warning("ended with rounds that wait", waiting=self._outbox.pending().rounds)
        else:
            _LOG.info("ended")

    def _meet(self, *, again: bool) -> None:
        """Learn from the ledger what is probed; without it go on with what is known of old."""
        knows_a_plan = self._known() is not None
        self._delivery.start(knows_a_plan=knows_a_plan, again=again)
        try:
            if not self._delivery.meet(PATIENCE_S if knows_a_plan else None):
                _LOG.warning("the ledger does not answer yet")
        except Exception as error:
            if self._delivery.forbids_to_begin(error):
                self._delivery.end()
                raise

    # ------------------------------------------------------------ within the loop

    async def _rounds(self) -> None:
        ending = Ending()
        loop = asyncio.get_running_loop()
        for number in ENDING:
            loop.add_signal_handler(number, ending.ask)
        # No round begins before this process did, and none at the time of one that was begun already.
        self._start_ms = max(self._shown_ms, self._clock.wall_ms())
        awareness = Awareness(self._clock)
        noticing = asyncio.create_task(awareness.keep_noticing())
        going = asyncio.create_task(self._one_plan_after_the_other(awareness, ending))
        await _until_one_ends(going, noticing)

    async def _one_plan_after_the_other(self, awareness: Awareness, ending: Ending) -> None:
        while now := await self._in_force(ending):
            loaded = now.loaded
            self._delivery.is_probing = True
            if not self._is_started:
                self._note_start(self._clock.wall_ms())
            _LOG.info(
                "running", agent=self._source.agent, plan=now.plan.reference, targets=len(loaded.file.target)
            )
            prober = Prober(loaded, awareness, self._clock)
            targets = {target.platform: target for target in loaded.file.target}
            rounds = Rounds(targets, prober, awareness, self._clock, ending)
            going = asyncio.create_task(self._one_after_the_other(rounds, loaded, ending))
            looking = asyncio.create_task(prober.keep_looking())
            try:
                await _until_one_ends(going, looking)
            finally:
                await prober.close()

    async def _one_after_the_other(self, rounds: Rounds, loaded: Loaded, ending: Ending) -> None:
        """Make rounds for as long as platforms are probed in this way."""
        while (now := await self._in_force(ending)) and now.loaded is loaded:
            start_ms = await rounds.next_start_ms(now.plan.period_ms, self._start_ms)
            if start_ms is None:
                return
            if self._delivery.learnt.is_set():  # while it waited: this round is the first one by another plan
                continue
            self._start_ms = start_ms
            self._number = await self._on_disk(self._begun, start_ms)
            in_flight, distrust = await rounds.made(now.plan, self._number, start_ms)
            if in_flight.is_of_another_time(distrust):
                self._start_ms = self._shown_ms  # none will speak of that time, so none is to be waited for
            self._shown_ms = self._start_ms
            self._disk.submit(self._keep, in_flight, distrust, self._shown_ms, is_ending=ending.is_asked)

    async def _on_disk(self, do: Callable[..., Done], *arguments: object) -> Done:
        return await asyncio.get_running_loop().run_in_executor(self._disk, do, *arguments)

    async def _in_force(self, ending: Ending) -> InForce | None:
        """What the next round goes by; waits until it is known. None if the end is asked for before."""
        if self._now is None:
            self._now = await self._on_disk(self._known)
        while not ending.is_asked:
            if self._delivery.learnt.is_set():
                self._delivery.learnt.clear()
                self._now = await self._on_disk(self._known)
            if self._now:
                return self._now
            await ending.within(GLANCE_S)
        return None

    # ------------------------------------------------------------ on the disk's thread

    def _known(self) -> InForce | None:
        try:
            plan = self._outbox.plan
        except RefusedError:
            return None
        loaded = self._source.of(plan)
        return InForce(plan, loaded) if loaded else None

    def _begun(self, start_ms: int) -> int:
        """Take the next number, and note that its round begins."""
        number = max(self._outbox.next_number, self._notebook.last.number + 1, self._number + 1)
        try:
            self._notebook.begin(number, start_ms)
        except UnusableOutboxError as error:  # then the round will not be kept, either, and says so
            _LOG.error("a round was begun without a note", number=number, why=str(error))
        return number

    def _keep(
        self, in_flight: InFlight, distrust: Distrust | None, shown_ms: int, *, is_ending: bool
    ) -> None:
        """Close a round and keep it; whatever becomes of it, the next one goes on."""
        try:
            found = in_flight.closed(distrust)
            if found is None:
                why = distrust.why.text if distrust else "nothing was seen"
                if is_ending and not in_flight.results:  # as whoever stops an agent expects
                    _LOG.info("stopped before the first probe of a round", number=in_flight.begun.number)
                else:
                    _LOG.warning("a round was dropped", number=in_flight.begun.number, why=why)
                self._notebook.begin(in_flight.begun.number, shown_ms)
                return
            self._outbox.put(found)
            self._tell(found, distrust)
        except ConstatError as error:
            _LOG.error("a round was not kept", number=in_flight.begun.number, why=str(error))
        except Exception as error:  # noqa: BLE001 - a thread's own error would be seen by nobody
            _LOG.error("a round was not kept", number=in_flight.begun.number, why=type(error).__name__)
        self._delivery.wake()

    def _tell(self, found: Round, distrust: Distrust | None) -> None:
        pending = self._outbox.pending()
        counts = Counter(outcome for outcome, _, _ in found.not_up.values())
        up = found.n - len(found.not_up) - len(found.missing)
        more = {"distrust": distrust.why.text} if distrust else {}
        missing = len(found.missing)
        before = max(pending.rounds - 1, 0)  # this one is not sent yet, and that is as it should be
        _LOG.info("round", number=found.number, up=up, missing=missing, waiting=before, **counts, **more)
        if pending.is_nearly_full:
            _LOG.error(
                "the outbox is nearly full: send what waits, or raise outbox_bytes_max",
                used_percent=pending.used_percent,
                waiting=pending.rounds,
            )


def notebook_path(outbox: Path) -> Path:
    """The notebook of the agent that an outbox is of."""
    return outbox.with_name(f"{outbox.name}.notes")


def run(source: Source, url: str, *, outbox_bytes_max: int | None = None, again: bool = False) -> None:
    """Run an agent until it is told to end.

    Raises:
        ConstatError: it cannot begin; the sentence says why.
    """
    _take_all_files()
    _require_ledger(source, url)
    with Outbox.open(str(source.outbox_path), source.agent, bytes_max=outbox_bytes_max) as outbox:
        Agent(source, url, outbox).run(again=again)


def _require_ledger(source: Source, url: str) -> None:
    """Refuse, before an outbox is made, what could not begin: a mistyped name leaves no files behind."""
    if source.outbox_path.exists():
        return
    try:
        with Ledger.open(url, create=False) as ledger:
            require_not_imported(ledger, source.agent, ledger.plans_of(source.agent))
            if source.follows:
                recorded_for(ledger, source.agent)
    except UnreachableLedgerError:
        return  # it is waited for


async def _until_one_ends(going: "asyncio.Task[None]", beside: "asyncio.Task[None]") -> None:
    """Wait for what comes to an end. What goes on beside it must not: it would say down unawares."""
    try:
        ended, _ = await asyncio.wait([going, beside], return_when=asyncio.FIRST_COMPLETED)
        for each in ended:
            each.result()
    finally:
        await cancelled(going, beside)


def _take_all_files() -> None:
    """Take as many files as the system gives: if all targets hang, each has a connection for some seconds."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
