"""An outbox keeps rounds in their order, and says what it holds."""

import pytest
from msgspec.structs import replace

from ledger.errors import BadInputError, RefusedError, UnusableLedgerError
from ledger.fact import Draft
from ledger.log.interface import RECORD_BYTES_MAX, RoundHead
from ledger.outbox.outbox import Outbox
from ledger.outbox.pending import look
from ledger.plans import AgentRetired, Planned, PlanSet
from tests.ledger.log.processes import AGENT, PLAN, a_round, ledger_at
from tests.ledger.outbox.agents import put, stored, waiting


def test_rounds_wait_in_their_order_and_are_there_after_a_restart(path):
    with Outbox.open(path) as outbox:
        put(outbox, 2)
    with Outbox.open(path) as outbox:
        put(outbox, 1)

        found = outbox.pending()

    assert (found.agent, found.rounds, found.known) == (AGENT, 3, RoundHead(0, "sha256:" + "0" * 64))
    assert [(each.number, each.start_ms) for each in (found.first, found.last)] == [(1, 60_000), (3, 180_000)]
    assert found.span == "3 rounds (number 1 to 3, started 1970-01-01T00:01:00Z to 1970-01-01T00:03:00Z)"
    assert (found.refused, found.conflict, found.aside, found.is_nearly_full) == (None, None, 0, False)


def test_anybody_may_look_while_the_agent_has_its_outbox_open(path):
    with Outbox.open(path) as outbox:
        put(outbox, 2)

        assert look(path) == outbox.pending()


def test_an_agent_that_has_never_reached_its_ledger_cannot_put_and_is_told_why(tmp_path):
    with Outbox.open(str(tmp_path / "new.db"), AGENT) as outbox:
        with pytest.raises(RefusedError, match="start the agent once while its ledger can be reached"):
            outbox.put(a_round(1))
        with pytest.raises(RefusedError, match="has never known what agent paris probes"):
            _ = outbox.plan

        assert outbox.pending().known is None
        assert outbox.pending().rounds == 0


def test_an_agent_without_a_plan_in_the_ledger_has_nothing_to_learn(tmp_path, ledger):
    with Outbox.open(str(tmp_path / "oslo.db"), "oslo") as outbox:
        with pytest.raises(
            RefusedError, match="agent oslo has no plan in this ledger; record its plan first"
        ):
            outbox.learn(ledger)

        assert outbox.pending().known is None


def test_the_plan_and_the_head_are_known_while_the_ledger_is_away(tmp_path, path):
    (tmp_path / "ledger.db").rename(tmp_path / "away.db")

    with pytest.raises(UnusableLedgerError):
        ledger_at(tmp_path / "ledger.db", create=False)
    with Outbox.open(path) as outbox:
        assert outbox.plan == PLAN
        assert put(outbox, 2) == [1, 2]


def test_an_agent_begins_behind_the_round_at_which_the_ledger_has_it(path, ledger):
    ledger.append_rounds(AGENT, [a_round(7)])

    with Outbox.open(path) as outbox:
        outbox.learn(ledger)

        assert put(outbox, 2) == [8, 9]
        assert outbox.send(ledger).rounds == 2
    assert stored(ledger) == [7, 8, 9]


def test_what_is_learnt_while_rounds_wait_leaves_them_as_they_are(path, ledger):
    later = PLAN.model_copy(update={"plan_version": 2, "platforms": (*PLAN.platforms, Planned(platform="x"))})
    with Outbox.open(path) as outbox:
        put(outbox, 2)
        ledger.append(Draft(f"plan:{AGENT}", later, 0))

        outbox.learn(ledger)

        assert outbox.plan == later
        assert waiting(outbox) == (2, 1, 2)
        outbox.put(replace(a_round(3), plan="paris/2", n=4, jitter=bytes(4)))
        assert outbox.send(ledger).rounds == 3
    assert [found.value.count(b'"plan":"paris/2"') for found in ledger.engine.rounds()] == [0, 0, 1]


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (a_round(2), "does not come behind round 2, the last one of agent paris; number it 3"),
        (a_round(1), "does not come behind round 2"),
        (a_round(3, "oslo"), "is the outbox of agent paris; give agent oslo its own"),
        (replace(a_round(3), plan="paris/2"), "does not fit its plan: it names plan paris/2, not paris/1"),
        (replace(a_round(3), n=4), "does not fit its plan"),
        (a_round(3, not_up={0: ("down", 0, "x" * RECORD_BYTES_MAX)}), "a ledger takes at most 1,000,000"),
    ],
)
def test_a_round_that_the_ledger_would_not_take_is_not_put_in(path, found, why):
    with Outbox.open(path) as outbox:
        put(outbox, 2)

        with pytest.raises(BadInputError, match=why):
            outbox.put(found)

        assert waiting(outbox) == (2, 1, 2)


def test_numbers_may_be_skipped_and_the_gap_arrives(path, ledger):
    with Outbox.open(path) as outbox:
        for number in (2, 3, 9):
            outbox.put(a_round(number))

        outbox.send(ledger)

    assert stored(ledger) == [2, 3, 9]


def test_what_was_sent_gives_its_disk_back(tmp_path, path, ledger):
    with Outbox.open(path) as outbox:
        empty_bytes = outbox.pending().bytes
        put(outbox, 100, not_up={0: ("down", 503, "x" * 4000)})
        full_bytes = outbox.pending().bytes

        outbox.send(ledger)

        assert full_bytes > 400_000 > 2 * empty_bytes
        assert outbox.pending().bytes == empty_bytes == (tmp_path / "outbox.db").stat().st_size


def test_an_agent_may_have_many_platforms(tmp_path, ledger):
    platforms = tuple(Planned(platform=f"p{number}") for number in range(5000))
    ledger.append(Draft("plan:oslo", PlanSet(agent="oslo", plan_version=1, platforms=platforms), 0))
    found = replace(a_round(1, "oslo"), n=5000, jitter=bytes(5000), latencies=bytes(range(250)) * 40)

    with Outbox.open(str(tmp_path / "oslo.db"), "oslo") as outbox:
        outbox.learn(ledger)
        outbox.put(found)
        outbox.send(ledger)

    assert ledger.engine.round_head("oslo").number == 1


def test_what_waits_of_an_agent_that_was_retired_stays_and_arrives_once_it_has_another_plan(path, ledger):
    with Outbox.open(path) as outbox:
        put(outbox, 2)
        retired = AgentRetired(agent=AGENT, reason="its machine is gone", by="sre-1")
        ledger.append(Draft(f"plan:{AGENT}", retired, 0))

        with pytest.raises(RefusedError, match="what waits in its outbox can be sent then"):
            outbox.send(ledger)
        with pytest.raises(RefusedError, match="agent paris was retired"):
            outbox.learn(ledger)
        assert outbox.pending().rounds == 2

        ledger.append(Draft(f"plan:{AGENT}", PLAN.model_copy(update={"plan_version": 2}), 0))
        assert outbox.send(ledger).rounds == 2
    assert stored(ledger) == [1, 2]


def test_the_round_at_hand_is_kept_though_another_plan_was_learnt_meanwhile(path, ledger):
    """A plan holds from the next round on; the one that was begun before it is still one by the plan before."""
    with Outbox.open(path) as outbox:
        put(outbox, 1)
        platforms = (*PLAN.platforms, Planned(platform="acme-new"))
        ledger.append(
            Draft(f"plan:{AGENT}", PLAN.model_copy(update={"plan_version": 2, "platforms": platforms}), 0)
        )
        outbox.learn(ledger)
        outbox.learn(ledger)

        outbox.put(a_round(2))
        outbox.put(replace(a_round(3), plan="paris/2", n=len(platforms), jitter=bytes(len(platforms))))
        outbox.send(ledger)

    assert stored(ledger) == [1, 2, 3]
