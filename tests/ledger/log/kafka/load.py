"""Writers under load while brokers fail, every answer that they got, and how long they were kept waiting.

Each operation ends *ok* (acknowledged), *fail* (surely not written) or *unknown*. What must hold of the log
afterwards is in `oracles.py`.
"""

import os
import threading
import time
from collections import Counter
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from multiprocessing.connection import Connection

from ledger import contracts
from ledger.application import Ledger
from ledger.contracts import ContractSigned, PlatformAdded
from ledger.errors import ConflictError, UnknownOutcomeError, UnreachableLedgerError, UnusableLedgerError
from ledger.fact import Draft
from ledger.terms import Terms
from tests import counts
from tests.ledger.log.processes import AGENT, PLAN, PLATFORMS, a_round, started, update

SOAK = bool(os.environ.get("CONSTAT_SOAK"))
"""Whether the long form was asked for."""
PROGRESS_S = 60
"""How soon after healing writing must go on."""
BREATH_S = 0.01
"""Between two appends of one writer, so that brokers which start again find a processor."""
CONTRACT, PLATFORM = "acme", PLATFORMS[0]
ROUND_MS = 60_000
EVERY_HOUR = {"holiday_calendar": "", "maintenance_windows": "24/7", "readings": {"service-hours": "24/7"}}


# ---------------------------------------------------------------- what runs in processes of its own


def write_facts(connection: Connection, url: str, name: str) -> None:
    """Append facts for ever, every other one to a stream that all writers contend for."""
    with _patiently(url) as ledger:
        for number in _numbers():
            text = f"{name} {number}"
            _append(connection, ledger, text, update("contested" if number % 2 else name, text))


def write_pairs(connection: Connection, url: str, name: str) -> None:
    """Append two facts at once, to two streams, for ever; and say so before each."""
    with _patiently(url) as ledger:
        for number in _numbers():
            first, second = f"{name} {number} first", f"{name} {number} second"
            connection.send(("begun", first, None, time.monotonic(), time.monotonic()))
            _append(connection, ledger, first, update(name, first), update(f"{name}-too", second))


def write_rounds(connection: Connection, url: str, agent: str) -> None:
    """Append rounds for ever, each behind the agent's head."""
    with _patiently(url) as ledger:
        for _ in _numbers():
            began_s, number = time.monotonic(), None
            try:
                number = ledger.engine.round_head(agent).number + 1
                ledger.append_rounds(agent, [round_of(number, agent)])
                outcome = "ok"
            except UnknownOutcomeError:
                outcome = "unknown"
            except (ConflictError, UnusableLedgerError):
                outcome = "fail"
            connection.send((outcome, f"round {number}", number, began_s, time.monotonic()))
            time.sleep(BREATH_S)


def is_down(number: int) -> bool:
    """Whether the first platform is down in a round: ten minutes of each fifty."""
    return number % 50 >= 40


def round_of(number: int, agent: str):
    """The round that every run of a writer has under this number."""
    return a_round(number, agent, {0: ("down", 503, "refused")} if is_down(number) else None)


def _append(connection: Connection, ledger: Ledger, text: str, *drafts: Draft) -> None:
    began_s, position = time.monotonic(), None
    try:
        position, outcome = ledger.append(*drafts)[0].position, "ok"
    except UnknownOutcomeError:
        outcome = "unknown"
    except (ConflictError, UnreachableLedgerError):
        outcome = "fail"
    connection.send((outcome, text, position, began_s, time.monotonic()))
    time.sleep(BREATH_S)


def _patiently(url: str) -> Ledger:
    while True:
        try:
            return Ledger.open(url)
        except UnreachableLedgerError:
            time.sleep(0.5)


def _numbers():
    number = 0
    while True:
        yield (number := number + 1)


# ---------------------------------------------------------------- the load


@dataclass(frozen=True)
class Heard:
    """What a writer was told: outcome, text, position, and when it began and ended on our clock."""

    outcome: str
    text: str
    position: int | None
    began_s: float
    ended_s: float

    @property
    def is_round(self) -> bool:
        return self.text.startswith("round ")


@dataclass
class Load:
    """Writers that write until they are told to stop, and what they heard."""

    url: str
    heard: list[Heard] = field(default_factory=list)
    processes: dict[str, object] = field(default_factory=dict)
    began_s: float = field(default_factory=time.monotonic)
    found: Counter[str] | None = None
    """What the oracles counted when all had ended."""

    @contextmanager
    def running(self, target, *names: str):
        """These writers, while the block lasts."""
        with ExitStack() as until_the_end:
            for name in names:
                process, connection = until_the_end.enter_context(started(target, self.url, name))
                self.processes[name] = process
                threading.Thread(target=self._listen, args=(connection,), daemon=True).start()
            yield

    def _listen(self, connection: Connection) -> None:
        try:
            while True:
                self.heard.append(Heard(*connection.recv()))
        except (EOFError, OSError, TypeError):  # the last one where it was closed while somebody read
            return

    def of(self, outcome: str) -> list[Heard]:
        """What ended so."""
        return [each for each in list(self.heard) if each.outcome == outcome]

    def since(self, moment_s: float) -> list[Heard]:
        """Acknowledged operations that began after a moment."""
        return [each for each in self.of("ok") if each.began_s >= moment_s]

    def acknowledged_after(self, moment_s: float) -> list[Heard]:
        """What was acknowledged after a moment, whenever it began: a writer may have waited long for it."""
        return [each for each in self.of("ok") if each.ended_s >= moment_s]

    def wait_for(self, count: int, seconds: float = PROGRESS_S, since_s: float | None = None) -> float:
        """Wait for so many facts that were begun from now on (or since) and acknowledged; how long it took."""
        waiting_s = time.monotonic()
        start_s = waiting_s if since_s is None else since_s
        while sum(not each.is_round for each in self.since(start_s)) < count:
            assert time.monotonic() - waiting_s < seconds, f"no progress within {seconds} s: {self.tally()}"
            time.sleep(0.1)
        return time.monotonic() - waiting_s

    def tally(self) -> dict[str, object]:
        """The counts, and how long nobody was told anything good."""
        heard = list(self.heard)
        ends = sorted(each.ended_s for each in heard if each.outcome == "ok" and not each.is_round)
        gap_s = max((later - before for before, later in pairwise(ends)), default=0.0)
        return {
            "seconds": round(time.monotonic() - self.began_s),
            **{outcome: len(self.of(outcome)) for outcome in ("ok", "fail", "unknown")},
            "longest_append_s": round(max((each.ended_s - each.began_s for each in heard), default=0.0), 1),
            "longest_gap_s": round(gap_s, 1),
        }

    def write_down(self, case: str, found: Counter[str]) -> None:
        """Add what happened to the file that `CONSTAT_FAULTS` names, one JSON object a line."""
        counts.write_down(case, **self.tally(), **found)


def planned(url: str) -> None:
    """A ledger that knows the plan of the agent, and a contract on what it watches."""
    signed = ContractSigned(
        contract=CONTRACT,
        client="ACME SA",
        zone="UTC",
        first_day=date(1970, 1, 1),
        terms=Terms.model_validate(EVERY_HOUR),
    )
    added = PlatformAdded(contract=CONTRACT, platform=PLATFORM, from_day=date(1970, 1, 1))
    with Ledger.open(url) as ledger:
        ledger.append(Draft(f"plan:{AGENT}", PLAN, 0))
        ledger.append(*(Draft(contracts.stream_of(CONTRACT), fact, 0) for fact in (signed, added)))
