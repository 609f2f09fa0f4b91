"""An agent's outbox: each round is on its own disk before it is sent, and stays until the ledger has it.

A round's bytes name its number and the hash of its predecessor, so an agent whose ledger is away goes on
behind its own last round. One that has never reached its ledger knows neither its plan nor where it stands,
and cannot put anything (decision record 0053).
"""

import sqlite3
import threading
from collections.abc import Sequence
from functools import reduce
from types import TracebackType
from typing import Self

from ledger import plans, rounds
from ledger.application import Ledger
from ledger.errors import BadInputError, DamagedOutboxError, RefusedError, UnusableOutboxError
from ledger.fact import hash_of
from ledger.log import codec
from ledger.log.interface import RECORD_BYTES_MAX
from ledger.outbox import chain, pending, sending
from ledger.outbox.chain import Renumbered
from ledger.outbox.file import OutboxFile
from ledger.outbox.pending import Pending
from ledger.outbox.sending import Progress, Sent
from ledger.plans import PlanSet
from ledger.rounds import Round


class Outbox:
    """The outbox of one agent, open for writing. One thread may put while another one sends."""

    def __init__(self, file: OutboxFile) -> None:
        self._file = file
        self._sending = threading.Lock()
        self._unnoted: list[Round] = []
        """Rounds that were refused, while there was no room even to note that."""
        self._earlier: dict[str, PlanSet] = {}
        """The plan that was known before another one was learnt: the round at hand is still one by it."""
        self.agent = file.agent

    @classmethod
    def open(cls, path: str, agent: str | None = None, *, bytes_max: int | None = None) -> Self:
        """The outbox in a file; it is made if it is not there and `agent` says whose it is.

        `bytes_max` limits the length of the file from now on. If it is left out, the limit stays what it was,
        at first `ledger.outbox.file.BYTES_MAX`.

        Raises:
            UnusableOutboxError: it is not there, no outbox, another agent's, or another process has it open.
            BadInputError: the limit leaves no room for rounds.
        """
        return cls(OutboxFile(path, agent=agent, bytes_max=bytes_max))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file and let another process have it."""
        self._file.close()

    def pending(self) -> Pending:
        """What it holds, and how full it is."""
        return pending.pending(self._file)

    # ------------------------------------------------------------ what the ledger says

    def learn(self, ledger: Ledger) -> None:
        """Take from the ledger the agent's plan and, if nothing waits that it does not have, its last round.

        An agent calls this when it starts, and when it has set another plan. While the ledger cannot be
        reached, it goes on with what was learnt before. The ledger is one that was opened just now: one that
        is open for long need not have seen a plan that another process recorded.

        Raises:
            RefusedError: the ledger has no plan of the agent, or none since it was retired.
            UnusableLedgerError: the ledger cannot be reached.
            FullOutboxError: there is something new to learn, and no room for it.
        """
        kept = list(ledger.engine.facts_of(plans.stream_of(self.agent)))
        if not kept:
            raise RefusedError(f"agent {self.agent} has no plan in this ledger; record its plan first")
        plans.require_in_service(reduce(plans.evolve, map(codec.recorded, kept), plans.INITIAL), self.agent)
        head, plan = ledger.engine.round_head(self.agent), kept[-1].value  # in service: a plan is the last
        with self._sending:
            sending.take_out_arrived(self._file, ledger, head)
        with self._file.writing() as connection:
            # Only what is new: an agent must be able to start on a full disk, and send.
            self._remember(connection, hash_of(plan))
            row = (plan, hash_of(plan), hash_of(plan))
            connection.execute("UPDATE state SET plan = ?, plan_hash = ? WHERE plan_hash IS NOT ?", row)
            connection.execute(
                "UPDATE state SET known_number = ?, known_hash = ?, last_number = ?, last_hash = ? "
                "WHERE known_hash IS NOT ? AND NOT EXISTS (SELECT 1 FROM rounds)",
                (*head, *head, head.hash),
            )

    def _remember(self, connection: sqlite3.Connection, later_hash: str) -> None:
        (known_hash,) = connection.execute("SELECT plan_hash FROM state").fetchone()
        if known_hash not in (None, later_hash):
            plan = self._plan(connection)
            self._earlier = {plan.reference: plan}

    @property
    def plan(self) -> PlanSet:
        """The agent's plan as it was last learnt.

        Raises:
            RefusedError: the ledger was never reached.
        """
        with self._file.reading() as connection:
            return self._plan(connection)

    def _plan(self, connection: sqlite3.Connection) -> PlanSet:
        value, kept_hash = connection.execute("SELECT plan, plan_hash FROM state").fetchone()
        if value is None:
            raise RefusedError(
                f"{self._file.path} has never known what agent {self.agent} probes and at which round it "
                "stands, so no round can be kept; start the agent once while its ledger can be reached"
            )
        if hash_of(value) != kept_hash:
            raise self._file.damaged("the agent's plan is not as it was learnt")
        fact = codec.decode(value).fact
        assert isinstance(fact, PlanSet), "what is learnt is a plan"
        return fact

    @property
    def next_number(self) -> int:
        """The number of the agent's next round: behind its last one, and all that were refused."""
        refused = max((found.number for found in self._unnoted), default=0)
        with self._file.reading() as connection:
            query = "SELECT max(coalesce(last_number, 0), refused_number, ?) FROM state"
            (number,) = connection.execute(query, (refused,)).fetchone()
        return int(number) + 1

    # ------------------------------------------------------------ put

    def put(self, found: Round) -> None:
        """Keep a round behind those that wait; it is on the disk when this returns.

        Raises:
            FullOutboxError: the outbox is at its limit, or the disk has no room. The round was not kept, and
                no later one takes its number (see `next_number`), so that it is seen to be missing.
            UnusableOutboxError: the file cannot be written for another reason; the same holds.
            BadInputError: it is another agent's, does not fit the agent's plan, is longer than a ledger
                takes, or its number does not come behind the last one.
            RefusedError: the ledger was never reached (see `learn`).
        """
        try:
            with self._file.writing() as connection:
                self._insert(connection, found)
                _note(connection, self._unnoted)
        except DamagedOutboxError:
            raise
        except UnusableOutboxError as error:
            raise self._refusal(found, error) from error
        self._unnoted = []

    def _insert(self, connection: sqlite3.Connection, found: Round) -> None:
        plan = self._earlier.get(found.plan) or self._plan(connection)
        last = chain.last(self._file, connection)
        self._require_next(found, last.number)
        rounds.check(found, plan)
        value = rounds.encode(found, last.hash)
        if len(value) > RECORD_BYTES_MAX:  # it would be refused later, and hold up all behind it
            raise BadInputError(
                f"round {found.number} of agent {self.agent} has {len(value):,} bytes and a ledger takes at "
                f"most {RECORD_BYTES_MAX:,}; give the agent fewer platforms, or shorten its texts of errors"
            )
        row = (found.number, found.start_ms, hash_of(value), value)
        connection.execute("INSERT INTO rounds VALUES (?,?,?,?)", row)
        connection.execute("UPDATE state SET last_number = ?, last_hash = ?", (row[0], row[2]))
        self._file.require_room()

    def _require_next(self, found: Round, last_number: int) -> None:
        if found.agent != self.agent:
            raise BadInputError(
                f"{self._file.path} is the outbox of agent {self.agent}; give agent {found.agent} its own"
            )
        if found.number <= last_number:
            raise BadInputError(
                f"round {found.number} does not come behind round {last_number}, the last one of agent "
                f"{self.agent}; number it {self.next_number}"
            )

    def _refusal(self, found: Round, why: UnusableOutboxError) -> UnusableOutboxError:
        self._unnoted.append(found)
        try:
            with self._file.writing() as connection:
                _note(connection, self._unnoted)
            self._unnoted = []
        except UnusableOutboxError:
            pass  # not even that can be written: it is noted with the next round that can
        return type(why)(
            f"round {found.number} of agent {self.agent} was not kept, so its time will be unknown: {why}. "
            f"{self._file.path} keeps {self.pending().span}; send them with `constat outbox send "
            f"{self._file.path}`"
        )

    # ------------------------------------------------------------ send

    def send(self, ledger: Ledger, progress: Progress = lambda _: None) -> Sent:
        """Send everything that waits, in order; a round is taken out when the ledger has acknowledged it.

        Whatever is raised, what was not acknowledged stays, and the next call finds out what arrived.
        `progress` hears the rounds that the ledger has, as they become known.

        Raises:
            ConflictError: the agent stands at a round that is none of ours: another process goes under its
                name, or it is another ledger. All that waits stays; see `renumber`.
            UnusableLedgerError, UnknownOutcomeError: the ledger cannot be written now; try again later.
            BadInputError: the ledger does not have the plan that a round names.
            DamagedOutboxError: the next round is not as it was put in; see `renumber`.
        """
        with self._sending:
            return sending.send(self._file, ledger, progress)

    def renumber(self, ledger: Ledger, *, now_ms: int) -> Renumbered:
        """Number what is in conflict anew, behind the agent's last round in the ledger; put damage aside.

        Nothing is sent by it, and nothing changes if nothing is in conflict or damaged. A person decides
        this: the other writer may have recorded the same minutes.

        Raises:
            RefusedError: another process runs under the agent's name, as far as the ledger tells at `now_ms`.
            UnusableLedgerError: the ledger cannot be reached.
            DamagedOutboxError: the file itself is damaged, not only some of its rounds.
        """
        with self._sending:
            return sending.renumber(self._file, ledger, now_ms)


def _note(connection: sqlite3.Connection, refused: Sequence[Round]) -> None:
    for found in refused:
        connection.execute(
            "UPDATE state SET refused = refused + 1, refused_number = max(refused_number, ?), "
            "refused_from_ms = coalesce(refused_from_ms, ?), refused_to_ms = ?",
            (found.number, found.start_ms, found.start_ms),
        )
