"""The commands of ops: what they take down, and what they refuse with a sentence."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from ledger.application import Ledger
from ledger.contracts import ContractSigned, PlatformAdded
from ledger.fact import Draft
from ledger.incidents import IncidentOpened
from ledger.instants import parse_instant
from ledger.plans import Planned, PlanSet
from ledger.terms import Terms

PUBLISH = (
    *("notice", "publish", "db", "--platform", "acme-prod", "--summary", "upgrade"),
    *("--from", "2026-10-06T02:00+02:00", "--to", "2026-10-06T04:00+02:00"),
)


@pytest.fixture
def signed(tmp_path, constat):
    """A ledger with one contract of one platform, which one agent probes."""
    with Ledger.open(f"sqlite:///{tmp_path}/constat.db") as ledger:
        contract = ContractSigned(contract="acme", client="Acme", first_day="2026-10-01", terms=Terms())
        added = PlatformAdded(contract="acme", platform="acme-prod", from_day="2026-10-01")
        plan = PlanSet(agent="paris", plan_version=1, platforms=(Planned(platform="acme-prod"),))
        ledger.append(
            Draft("contract:acme", contract, 0),
            Draft("contract:acme", added, 0),
            Draft("plan:paris", plan, 0),
        )
    return constat


def test_a_notice_is_taken_down_with_both_clocks(signed):
    answer = signed(*PUBLISH, "--given-at", "2026-10-04T10:00+02:00", "--json")

    recorded = json.loads(answer.out)
    assert answer.code == 0
    assert recorded["position"] == 4
    assert recorded["type"] == "constat.maintenance.notice-published.v1"
    assert recorded["occurred_at"] == "2026-10-04T08:00:00Z"


def test_a_withdrawn_notice_cannot_be_moved_and_the_answer_says_what_to_do(signed):
    signed(*PUBLISH)
    signed("notice", "withdraw", "db", "--reason", "not needed")

    times = ("--from", "2026-10-07T02:00+02:00", "--to", "2026-10-07T04:00+02:00")
    answer = signed("notice", "move", "db", *times, "--reason", "later")

    assert answer.code == 2
    assert "publish a new notice under another name" in answer.err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ("notice", "publish", "db", "--platform", "acme-prd", "--summary", "x", *PUBLISH[7:]),
            "no contract has acme-prd",
        ),
        ((*PUBLISH[:-1], "2026-10-06T01:00+02:00"), "exchange the two times"),
        ((*PUBLISH[:-1], "2026-10-25T02:30"), "stands twice or never on the clock of Europe/Paris"),
        (("maintenance", "start", "db", "--at", "2026-10-06T04:00"), "has no zone"),
        (
            ("maintenance", "start", "db", "--at", "2026-11-27T04:00"),
            "2026-11-27T04:00+01:00 in Europe/Paris",
        ),
        (("notice", "publish", "db", "--summary", "x"), "say --platform"),
        (("notice", "publish", "db", "--platform", "acme-prod", "--summary", "x"), "say --from"),
        (
            (*PUBLISH, "--given-at", "2126-10-06T02:00+02:00"),
            "--given-at 2126-10-06T02:00+02:00 is yet to come",
        ),
        ((*PUBLISH[:-1], "9999-12-31T23:59:59Z"), "after the year 9998"),
        (("notice", "publish", "d b", *PUBLISH[3:]), "maintenance:"),
        (("maintenance", "start", "db"), "publish its notice first"),
        (("incident", "resolve", "i1", "--cause", "x"), "open it first"),
        (
            (
                *("claim", "file", "c1", "--platform", "acme-prod", "--event", "a flood"),
                *("--from", "2126-10-06T02:00+02:00", "--to", "2126-10-06T04:00+02:00"),
            ),
            "--to 2126-10-06T04:00+02:00 is yet to come",
        ),
        (("claim", "rule", "c1", "accepted", "--reason", "x", "--by", "j"), "file it first"),
        (
            ("support", "file", "r1", "--contract", "nobody", "--subject", "x", "--by", "a"),
            "no contract 'nobody'",
        ),
        (("support", "answer", "r1"), "file it first"),
        (
            ("record", "backup-replicated", "acme-prod", "b1", "--operator", "SCALEWAY"),
            "record that it was taken first",
        ),
        (
            (
                *(
                    "correct",
                    "c1",
                    "--agent",
                    "lyon",
                    "--platform",
                    "acme-prod",
                    "--reason",
                    "x",
                    "--by",
                    "s",
                ),
                *("--from", "2026-10-06T02:00Z", "--to", "2026-10-06T03:00Z"),
            ),
            "those who did: paris",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence_and_nothing_is_written(
    signed, tmp_path, arguments, sentence
):
    before = (tmp_path / "constat.db").read_bytes()

    answer = signed(*arguments)

    assert answer.code == 2
    assert sentence in answer.err
    assert "Traceback" not in answer.err
    assert (tmp_path / "constat.db").read_bytes() == before


def _in_minutes(minutes: int) -> str:
    return (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat(timespec="seconds")


LISTED = ("directory", "sync", "list.csv")
FILED = ("support", "file", "r1", "--contract", "acme", "--subject", "slow", "--by", "p-1")
OPENED = ("incident", "open", "i1", "--platform", "acme-prod", "--summary", "slow")


@pytest.fixture
def working(signed, tmp_path):
    """The same with work that began, a request and an incident that are open, and a list of administrators."""
    (tmp_path / "list.csv").write_text("contract,person,name,email,language\nacme,p-1,P,p@acme.test,en\n")
    signed(*PUBLISH, "--given-at", "2026-10-04T10:00+02:00")
    signed("maintenance", "start", "db", "--at", "2026-10-06T02:00+02:00")
    signed(*FILED, "--at", "2026-10-06T02:00+02:00")
    signed(*OPENED, "--at", "2026-10-06T02:00+02:00")
    return signed


@pytest.mark.parametrize(
    ("command", "option"),
    [
        ((*PUBLISH[:2], "other", *PUBLISH[3:]), "--given-at"),
        (("notice", "withdraw", "db", "--reason", "no"), "--given-at"),
        (("maintenance", "finish", "db"), "--at"),
        ((*FILED[:2], "r2", *FILED[3:]), "--at"),
        (("support", "answer", "r1"), "--at"),
        ((*OPENED[:2], "i2", *OPENED[3:]), "--at"),
        (("incident", "resolve", "i1", "--cause", "a disk"), "--at"),
        (("record", "storage", "acme-prod", "1000"), "--at"),
        (LISTED, "--made-at"),
        (
            (
                *("support", "intervene", "v1", "--request", "r1", "--platform", "acme-prod"),
                *("--account", "m-1", "--by", "s-1", "--summary", "looked", "--from", "2026-10-06T03:00Z"),
            ),
            "--to",
        ),
        (
            (
                *("claim", "file", "c1", "--platform", "acme-prod", "--event", "a flood"),
                *("--from", "2026-10-06T03:00Z"),
            ),
            "--to",
        ),
    ],
)
def test_what_is_yet_to_come_has_not_happened_and_a_clock_may_differ_by_minutes(
    working, tmp_path, command, option
):
    before = (tmp_path / "constat.db").read_bytes()

    early = working(*command, option, _in_minutes(20))
    untouched = (tmp_path / "constat.db").read_bytes() == before
    skewed = working(*command, option, _in_minutes(3))

    assert (early.code, untouched, skewed.code) == (2, True, 0), (early.err, skewed.err)
    assert f"{option} " in early.err
    assert "is yet to come, it is " in early.err


def test_facts_that_were_recorded_with_a_later_time_are_still_read(signed, tmp_path):
    with Ledger.open(f"sqlite:///{tmp_path}/constat.db") as ledger:
        tomorrow_ms = parse_instant(_in_minutes(23 * 60))
        ledger.append(
            Draft(
                "incident:i1",
                IncidentOpened(incident="i1", platforms=("acme-prod",), summary="x"),
                tomorrow_ms,
            )
        )

    assert signed("verify").code == 0
    assert signed("incident", "resolve", "i1", "--cause", "x").code == 2


def test_a_name_is_no_id_of_a_person_and_is_not_turned_into_one(signed):
    answer = signed(*FILED[:-1], "Zoé Martin")

    assert answer.code == 2
    assert "--by: an id of a person has at most 100 letters without accents" in answer.err
    assert "as p-4711" in answer.err
    assert "Zo" not in answer.err
    assert "Martin" not in answer.err


@pytest.mark.parametrize(
    ("platform", "sentence"),
    [
        ("acme-pro", "no agent ever probed acme-pro; it may be acme-prod, and if it is, write it so"),
        ("globex", "no agent ever probed globex; correct its name"),
    ],
)
def test_a_correction_of_a_platform_that_nobody_probed_names_the_one_that_is_meant(
    signed, platform, sentence
):
    who = ("--agent", "paris", "--platform", platform, "--reason", "x", "--by", "s")

    answer = signed("correct", "c1", *who, "--from", "2026-10-06T02:00Z", "--to", "2026-10-06T03:00Z")

    assert answer.code == 2
    assert sentence in answer.err


def test_a_claim_is_ruled_once_and_a_second_ruling_names_the_first(signed):
    claimed = ("--from", "2026-10-06T09:00+02:00", "--to", "2026-10-06T12:00+02:00")
    signed("claim", "file", "flood", "--platform", "acme-prod", *claimed, "--event", "flood")
    rule = ("claim", "rule", "flood")
    assert signed(*rule, "accepted", "--reason", "seen", "--by", "judge").code == 0

    again = signed(*rule, "rejected", "--reason", "not seen", "--by", "judge")
    wrong = signed(*rule, "rejected", "--reason", "not seen", "--by", "judge", "--revises", 2)
    revised = signed(*rule, "rejected", "--reason", "not seen", "--by", "judge", "--revises", 5, "--json")

    assert (again.code, wrong.code) == (2, 2)
    assert "at position 5; to change that, revise it with --revises 5" in again.err
    assert wrong.err == again.err
    assert json.loads(revised.out)["position"] == 6


def test_a_first_ruling_revises_nothing(signed):
    claimed = ("--from", "2026-10-06T09:00+02:00", "--to", "2026-10-06T12:00+02:00")
    signed("claim", "file", "flood", "--platform", "acme-prod", *claimed, "--event", "flood")

    answer = signed("claim", "rule", "flood", "accepted", "--reason", "x", "--by", "judge", "--revises", 4)

    assert "never ruled; rule it without --revises" in answer.err


def test_work_whose_notice_was_withdrawn_is_recorded_with_a_warning(signed):
    signed(*PUBLISH, "--given-at", "2026-10-04T10:00+02:00")
    signed("notice", "withdraw", "db", "--reason", "not needed", "--given-at", "2026-10-05T10:00+02:00")

    started = signed("maintenance", "start", "db", "--at", "2026-10-06T02:00+02:00")
    finished = signed("maintenance", "finish", "db", "--at", "2026-10-06T03:00+02:00")

    assert started.code == 0
    assert "withdrawn at 2026-10-05T08:00:00Z; the work is recorded" in started.err
    assert (finished.code, finished.err) == (0, "")


def test_a_name_that_is_none_is_refused_with_the_one_to_write(signed):
    answer = signed(
        "notice", "publish", "db", "--platform", "acme prod (main)", "--summary", "x", *PUBLISH[7:]
    )
    renamed = signed("notice", "publish", "new db", *PUBLISH[3:])

    assert "no contract has acme prod (main)" in answer.err
    assert "write new-db, as an import names it" in renamed.err


def test_facts_of_operation_are_taken_down(signed):
    backup = ("record", "backup-taken", "acme-prod", "night-1", "--operator", "OVHcloud")
    assert signed(*backup).code == 0
    assert signed("record", "backup-replicated", "acme-prod", "night-1", "--operator", "SCALEWAY").code == 0
    assert signed("record", "backup-expired", "acme-prod", "night-1").code == 0
    assert (
        signed("record", "placement", "acme-prod", "--operator", "OVHcloud", "--operator", "SCALEWAY").code
        == 0
    )
    assert signed("record", "storage", "acme-prod", 12_000_000).code == 0

    assert "already recorded" in signed(*backup).err


def test_an_incident_tells_its_story(signed):
    opened = signed(
        "incident", "open", "i1", "--platform", "acme-prod", "--summary", "slow", "--browser", "Firefox/128"
    )
    updated = signed("incident", "update", "i1", "--note", "a disk", "--data-loss")
    alerted = signed("incident", "alert", "i1", "--platform", "acme-prod", "--administrator", "admin-1")
    resolved = signed("incident", "resolve", "i1", "--cause", "a disk")

    assert [opened.code, updated.code, alerted.code, resolved.code] == [0, 0, 0, 0]
    assert "constat incident update" in signed("incident", "resolve", "i1", "--cause", "again").err


def test_a_signature_is_one_object_for_machines_however_many_facts_it_is(constat, tmp_path):
    (tmp_path / "acme.toml").write_text(constat("contract", "template", "jamespot").out)

    signed = json.loads(constat("contract", "sign", "acme.toml", "--json").out)

    assert [each["position"] for each in signed["recorded"]] == [1, 2]


# ---------------------------------------------------------------- agents


@pytest.mark.usefixtures("signed")
def test_an_agent_that_is_retired_comes_back_with_more_of_its_results_and_an_old_file_changes_nothing(
    constat, tmp_path
):
    head = "platform,observed_at,outcome\n"
    (tmp_path / "old.csv").write_text(f"{head}acme-prod,2026-10-01T00:00:00Z,up\n")
    (tmp_path / "new.csv").write_text(f"{head}acme-prod,2026-10-02T00:00:00Z,up\n")
    take = ("import", "results", "--agent", "paris", "--json")
    constat(*take, "old.csv")

    answer = constat("agent", "retire", "paris", "--by", "sre-1", "--reason", "its machine is gone")
    twice = constat("agent", "retire", "paris", "--by", "sre-1", "--reason", "its machine is gone")
    unknown = constat("agent", "retire", "pairs", "--by", "sre-1", "--reason", "a slip")
    again, more = constat(*take, "old.csv"), constat(*take, "new.csv")
    told = [json.loads(each.out)[0]["taken_back"] for each in (again, more)]

    assert "constat.agent.retired.v1 on plan:paris" in answer.out
    assert (twice.code, unknown.code) == (2, 2)
    assert "agent paris was retired at" in twice.err
    assert "no agent pairs ever had a plan" in unknown.err
    assert (again.code, more.code, told) == (0, 0, [[], ["paris"]])
    with Ledger.open(f"sqlite:///{tmp_path}/constat.db", create=False) as ledger:
        kinds = [each.fact.TYPE for each in ledger.stream("plan:paris")]
        numbers = [kept.number for kept in ledger.engine.rounds()]
    assert kinds == ["constat.agent.plan-set.v1", "constat.agent.retired.v1", "constat.agent.plan-set.v1"]
    assert numbers == [1, 2]


@pytest.mark.usefixtures("signed")
def test_who_imports_results_of_a_retired_agent_is_warned_that_it_is_in_service_again(constat, tmp_path):
    head = "platform,observed_at,outcome\n"
    (tmp_path / "new.csv").write_text(f"{head}acme-prod,2026-10-02T00:00:00Z,up\n")
    (tmp_path / "old.csv").write_text(f"{head}acme-prod,2026-10-01T00:00:00Z,up\n")
    constat("import", "results", "--agent", "paris", "new.csv")
    retire = ("agent", "retire", "paris", "--by", "sre-1", "--reason", "gone", "--at", "2026-10-02T00:00:00Z")
    assert constat(*retire).code == 0

    first = constat("import", "results", "--agent", "paris", "old.csv")
    again = constat("import", "results", "--agent", "paris", "old.csv")

    assert "agent paris was retired at 2026-10-02T00:00:00Z and is in service again" in first.err
    assert (again.code, again.err) == (0, "")


@pytest.mark.usefixtures("signed")
def test_an_agent_is_not_retired_before_its_last_result(constat, tmp_path):
    rows = "acme-prod,2026-10-01T00:00:00Z,up\nacme-prod,2026-10-02T00:00:30Z,up\n"
    (tmp_path / "results.csv").write_text(f"platform,observed_at,outcome\n{rows}")
    constat("import", "results", "--agent", "paris", "results.csv")
    retire = ("agent", "retire", "paris", "--by", "sre-1", "--reason", "its machine is gone", "--at")

    early, late = constat(*retire, "2026-10-02T00:00:29Z"), constat(*retire, "2026-10-02T00:00:30Z")

    assert (early.code, late.code) == (2, 0)
    assert "agent paris still had a result at 2026-10-02T00:00:30Z; it was retired after that" in early.err


def test_a_claim_and_its_ruling_show_their_intervals_back_on_the_clock_of_the_contract(signed):
    claimed = ("--from", "2026-10-06T07:00Z", "--to", "2026-10-06T10:00Z")
    rule = ("claim", "rule", "flood", "--reason", "x", "--by", "judge")

    filed = signed("claim", "file", "flood", "--platform", "acme-prod", *claimed, "--event", "flood")
    part = signed(*rule, "in-part", "--accepted", "2026-10-06T07:30Z/2026-10-06T08:00Z")
    rejected = signed(*rule, "rejected", "--revises", "5")

    assert filed.out.splitlines()[1:] == ["acme: 2026-10-06 09:00+02:00 to 12:00+02:00 Europe/Paris"]
    assert part.out.splitlines()[1:] == ["acme: 2026-10-06 09:30+02:00 to 10:00+02:00 Europe/Paris"]
    assert (rejected.code, len(rejected.out.splitlines())) == (0, 1), rejected.err
