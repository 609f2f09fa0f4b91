"""How it is now: the verdict on each platform and since when, and the last rounds of each agent."""

from ledger.instants import MINUTE_MS
from ledger.plans import Planned
from ledger.runs import AgentStarted, AgentStopped
from projections.asof import Known
from projections.live import ROUNDS, live
from projections.moment import at_head
from tests.projections.promised import PROD, acme, october
from tests.spec import ms

NINE = october("6 09:00")
PLATFORMS = (Planned(platform=PROD, offset_ms=1_000), Planned(platform="spare", offset_ms=2_000))


def minute(number):
    return ms(NINE) + number * MINUTE_MS


def probing(*rounds, agent="paris", story=None):
    """An agent with a round each minute from nine on, in which these are not up."""
    found = (story or acme(stale_after_seconds=150)).at(october("1 00:00")).plan(agent, PLATFORMS)
    return found.at(minute(len(rounds))).rounds(
        agent, [(minute(number), outcomes) for number, outcomes in enumerate(rounds)]
    )


def look(story, at_ms):
    return live(Known.at(story.engine, at_head(story.engine, at_ms)))


def test_a_platform_is_down_since_the_instant_of_the_first_result_that_says_so():
    found = look(probing({}, {PROD: "down"}, {PROD: "down"}), minute(3))

    down, spare = found.platforms
    assert (down.platform, down.contracts, down.verdict) == (PROD, ("acme",), "down")
    assert down.since == "2026-10-06T07:01:01Z"
    assert [(said.agent, said.outcome, said.error, said.at) for said in down.said] == [
        ("paris", "down", "down seen", "2026-10-06T07:02:01Z")
    ]
    assert (spare.platform, spare.contracts, spare.verdict, spare.since) == (
        "spare",
        (),
        "up",
        "2026-10-06T07:00:02Z",
    )


def test_an_agent_that_fell_silent_leaves_its_platforms_unknown():
    found = look(probing({}, {}), minute(30))

    assert {(each.verdict, each.since) for each in found.platforms} == {
        ("unknown", "2026-10-06T07:03:31Z"),
        ("unknown", "2026-10-06T07:03:32Z"),
    }


def test_an_agent_that_fell_silent_is_told_as_silent_also_where_others_know_the_verdict():
    dead = probing({PROD: "down"}, {PROD: "down"}, agent="lyon")
    found = look(probing(*[{}] * 10, story=dead), minute(10))

    (prod,) = [each for each in found.platforms if each.platform == PROD]
    assert prod.verdict == "up"
    assert [(said.agent, said.silent_since) for said in prod.said] == [
        ("lyon", "2026-10-06T07:01:01Z"),
        ("paris", None),
    ]
    assert [(each.agent, each.silent_since) for each in found.agents] == [
        ("lyon", "2026-10-06T07:01:00Z"),
        ("paris", None),
    ]


def test_an_agent_is_silent_once_what_it_said_does_not_hold_any_more_by_the_terms():
    story = probing({}, story=acme(stale_after_seconds=600))
    said_ms = minute(0) + 1_000

    def silent_since(at_ms):
        return {each.platform: each.said[0].silent_since for each in look(story, at_ms).platforms}

    assert silent_since(said_ms + 600_000)[PROD] is None
    assert silent_since(said_ms + 600_001)[PROD] == "2026-10-06T07:00:01Z"
    assert silent_since(minute(3))["spare"] is not None  # no contract's: 150 s


def test_a_source_that_logs_only_changes_is_never_silent():
    story = acme().observed("history", PROD, "2026-09-01T00:00Z up")

    (prod,) = look(story, ms(NINE)).platforms
    assert prod.said[0].silent_since is None
    assert look(story, ms(NINE)).agents[0].silent_since is None


def test_what_has_no_status_has_none():
    found = look(probing({PROD: "down"}), minute(1))

    assert [each.said[0].status for each in found.platforms] == [None, 200]


def test_agents_that_disagree_are_judged_by_the_quorum_of_the_terms():
    story = probing({PROD: "down"}, agent="lyon", story=probing({}))

    (prod,) = [each for each in look(story, minute(1)).platforms if each.platform == PROD]
    assert (prod.verdict, [said.outcome for said in prod.said]) == ("up", ["down", "up"])


def test_what_was_so_for_longer_than_a_day_has_no_instant():
    story = probing(*[{}] * 3)
    story.observed("history", "old", "2026-09-01T00:00Z up, 2026-09-02T00:00Z down")

    (old,) = [each for each in look(story, minute(3)).platforms if each.platform == "old"]
    assert (old.verdict, old.since) == ("down", None)


def test_a_result_that_is_missing_in_the_last_round_is_that_of_the_round_before():
    found = look(probing({PROD: "down"}, {PROD: None}), minute(2))

    assert found.platforms[0].said[0].at == "2026-10-06T07:00:01Z"
    assert [(each.number, each.up, each.down, each.missing) for each in found.agents[0].rounds] == [
        (1, 1, 1, 0),
        (2, 1, 0, 1),
    ]


def test_no_more_than_the_last_rounds_of_an_agent_are_told():
    (agent,) = look(probing(*[{}] * (ROUNDS + 5)), minute(ROUNDS + 5)).agents

    assert [each.number for each in agent.rounds] == list(range(6, ROUNDS + 6))
    assert (agent.place, agent.started) == (None, None)


def test_the_last_run_of_an_agent_is_told_and_when_it_ended():
    story = probing({})
    started = AgentStarted(agent="paris", run="r1", version="0.1.0", place="Paris")
    story.fact("run:paris", started, NINE)
    (running,) = look(story, minute(2)).agents
    story.fact("run:paris", AgentStopped(agent="paris", run="r1", why="asked"), october("6 09:01"))
    (stopped,) = look(story, minute(2)).agents

    assert (running.place, running.version, running.started, running.stopped) == (
        "Paris",
        "0.1.0",
        "2026-10-06T07:00:00Z",
        None,
    )
    assert stopped.stopped == "2026-10-06T07:01:00Z"


def test_a_platform_of_a_contract_that_nobody_probes_is_unknown():
    (prod,) = look(acme(), ms(NINE)).platforms

    assert (prod.platform, prod.verdict, prod.said) == (PROD, "unknown", ())
