"""Whatever order puts, sendings, lost answers, crashes and other writers come in: nothing is lost, nothing comes twice."""

import tempfile
from contextlib import suppress
from itertools import count
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ledger.application import Ledger
from ledger.errors import ConflictError, UnknownOutcomeError
from ledger.fact import Draft
from ledger.log.sqlite import SQLiteEngine
from ledger.outbox import chain
from ledger.outbox.outbox import Outbox
from ledger.rounds import decode
from tests.ledger.log.processes import AGENT, PLAN, a_round

PAGE = 3


class Agent(RuleBasedStateMachine):
    """An agent with its outbox, and beside it two lists: what its ledger must hold, and what must wait."""

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = str(Path(self.folder.name) / "outbox.db")
        self.names = count()
        self.there, self.waits = [], []
        """Rounds in the ledger, and rounds that it does not have, by the name that each has in its text."""
        self.is_ours = True
        """Whether what waits follows the ledger's last round."""

    @initialize()
    def begin(self):
        self.ledger = Ledger(SQLiteEngine(":memory:"))
        self.ledger.append(Draft(f"plan:{AGENT}", PLAN, 0))
        self.outbox = Outbox.open(self.path, AGENT)
        self.outbox.learn(self.ledger)
        self.page, chain.PAGE = chain.PAGE, PAGE

    def teardown(self):
        chain.PAGE = self.page
        self.outbox.close()
        self.ledger.close()
        self.folder.cleanup()

    def a_round(self, number):
        name = f"round {next(self.names)}"
        return a_round(number, not_up={0: ("down", 503, name)}), name

    @rule(skipped=st.integers(0, 2))
    def put(self, skipped):
        found, name = self.a_round(self.outbox.next_number + skipped)
        self.outbox.put(found)
        self.waits.append(name)

    @rule()
    def crash(self):
        self.outbox.close()
        self.outbox = Outbox.open(self.path)

    @rule()
    def restart(self):
        self.crash()
        self.outbox.learn(self.ledger)
        self.is_ours = self.is_ours or not self.waits

    @rule()
    def another_writer(self):
        found, name = self.a_round(self.ledger.engine.round_head(AGENT).number + 1)
        self.ledger.append_rounds(AGENT, [found])
        self.there.append(name)
        self.is_ours = False

    @rule()
    def send(self):
        try:
            self.outbox.send(self.ledger)
        except ConflictError:
            assert not self.is_ours
            assert self.waits
        else:
            assert self.is_ours or not self.waits
            self.arrive(len(self.waits))

    @precondition(lambda self: self.is_ours and self.waits)
    @rule(pages=st.integers(0, 2), arrives=st.booleans())
    def lose_the_answer(self, pages, arrives):
        """A sending breaks off at some page, before or after it arrived."""
        append, left = self.ledger.append_encoded_rounds, [pages]

        def append_some(agent, values):
            if left[0]:
                left[0] -= 1
                return append(agent, values)
            if arrives:
                append(agent, values)
            raise UnknownOutcomeError("no answer")

        self.ledger.append_encoded_rounds = append_some
        with suppress(UnknownOutcomeError):
            self.outbox.send(self.ledger)
        self.ledger.append_encoded_rounds = append
        self.arrive((pages + arrives) * PAGE)

    def arrive(self, number):
        self.there += self.waits[:number]
        self.waits = self.waits[number:]

    @precondition(lambda self: not self.is_ours)
    @rule()
    def renumber(self):
        self.outbox.renumber(self.ledger, now_ms=0)
        self.is_ours = self.is_ours or bool(self.waits)

    @invariant()
    def every_round_is_in_one_place(self):
        stored = [name_of(kept.value) for kept in self.ledger.engine.rounds(agents=[AGENT])]
        waits = [name_of(value) for _, value in chain.walk(self.outbox._file)]

        assert stored == self.there
        assert [name for name in waits if name not in stored] == self.waits
        assert len(set(stored)) == len(stored)


def name_of(value):
    return decode(value)[0].not_up[0][2]


Agent.TestCase.settings = settings(stateful_step_count=25)
TestEveryOrder = Agent.TestCase
