"""The commands of daily operation: interventions, support's clock, lists, sub-processors and components."""

import json

import pytest

NAMED = ("--contract", "acme", "--subject", "slow", "--by", "admin-1")
WORK = (
    *("support", "intervene", "iv1", "--request", "r1", "--platform", "acme-prod", "--by", "staff-2"),
    *("--summary", "cleared a queue", "--from", "2026-10-06T10:00+02:00", "--to", "2026-10-06T10:20+02:00"),
)
ENGAGE = (
    *("processor", "engage", "ovh", "--name", "OVHcloud", "--address", "Roubaix", "--role", "hosts"),
    *("--registration", "SIRET 1", "--from-day", "2026-10-01"),
)


@pytest.fixture
def signed(constat, tmp_path):
    (tmp_path / "acme.toml").write_text(constat("contract", "template", "jamespot", "-l", "en").out)
    assert constat("contract", "sign", "acme.toml").code == 0
    return constat


@pytest.fixture
def asked(signed):
    filed = ("support", "file", "r1", *NAMED, "--account", "member-7", "--at", "2026-10-06T09:00+02:00")
    assert signed(*filed).code == 0
    return signed


# ---------------------------------------------------------------- interventions


def test_an_intervention_under_the_named_account_is_recorded_without_a_word_of_warning(asked):
    answer = asked(*WORK, "--account", "member-7", "--json")

    assert (answer.code, answer.err) == (0, "")
    assert json.loads(answer.out)["type"] == "constat.support.intervention-made.v1"


def test_one_under_another_account_is_recorded_with_a_warning_and_the_client_reads_it(asked):
    answer = asked(*WORK, "--account", "staff-2")
    register = asked("register", "--period", "2026-10")
    broken = json.loads(asked("commitments", "--period", "2026-10", "--json").out)["commitments"][-1]

    assert answer.code == 0
    assert "named account member-7, and staff-2 was used" in answer.err
    assert "By staff-2, under account staff-2. The client had named account member-7." in register.out
    assert (broken["commitment"], broken["state"]) == ("intervention-account", "broken")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("--request", "r9"), "file it first"),
        (("--platform", "other"), "which has no platform other; its platforms: acme-prod"),
        (("--to", "2126-10-06T10:20+02:00"), "--to 2126-10-06T10:20+02:00 is yet to come"),
        (("--to", "2026-10-06T09:00+02:00"), "exchange the two times"),
        (("--account", "not a name"), "account:"),
    ],
)
def test_an_intervention_that_cannot_be_is_refused_with_a_sentence(asked, change, sentence):
    answer = asked(*WORK, "--account", "member-7", *change)

    assert answer.code == 2
    assert sentence in answer.err


# ---------------------------------------------------------------- support's clock


def test_an_open_request_that_is_lost_makes_the_command_leave_with_one(asked):
    lost = asked("support", "open")
    asked("support", "answer", "r1")
    none = asked("support", "open")

    assert lost.code == 1
    assert "to be answered within 48 h: overdue by " in lost.out
    assert "an answer is in time until 2026-10-08T09:00:00+02:00" in lost.out
    assert (none.code, none.out) == (0, "no request is open\n")


def test_the_clock_is_one_object_for_machines(asked):
    found = json.loads(asked("support", "open", "--contract", "acme", "--json").out)

    (request,) = found["requests"]
    assert (request["request"], request["clock"], request["promised_hours"]) == ("r1", "lost", 48)


# ---------------------------------------------------------------- browsers


def test_a_browser_is_reported_of_an_incident_and_of_its_platform_only(signed):
    signed("incident", "open", "i1", "--platform", "acme-prod", "--summary", "slow")

    good = signed("record", "browser", "acme-prod", "i1", "Firefox/72")
    bad = signed("record", "browser", "acme-prod", "i1", "Firefox")
    missing = signed("record", "browser", "acme-prod", "i9", "Firefox/72")

    assert (good.code, bad.code, missing.code) == (0, 2, 2)
    assert "write its name and major version, as Firefox/128" in bad.err
    assert "open it first" in missing.err


# ---------------------------------------------------------------- lists


def test_a_list_is_imported_under_the_files_own_names_and_with_its_own_times(signed, tmp_path):
    (tmp_path / "jobs.csv").write_text("site,job,when,where\nacme-prod,n1,1791255600,OVHcloud\n")
    mapped = [f"--map={each}" for each in ("platform=site", "backup=job", "taken_at=when", "operator=where")]

    first = signed("import", "backups", "jobs.csv", *mapped, "--time", "epoch-s")
    again = signed("import", "backups", "jobs.csv", *mapped, "--time", "epoch-s", "--json")

    assert (first.code, first.out) == (0, "jobs.csv: 1 row read, 1 stored\n")
    assert json.loads(again.out)[0] | {"file": ""} == {
        "file": "",
        "read": 1,
        "stored": 0,
        "rejected": 0,
        "renamed": {},
        "columns_not_read": [],
        "platforms_without_contract": [],
        "perhaps_another_spelling_of": {},
        "error": None,
    }


def test_of_several_lists_the_good_ones_are_stored_and_bad_ones_cost_nothing(signed, tmp_path):
    header = "platform,measured_at,used_bytes\n"
    (tmp_path / "good.csv").write_text(
        f"{header}acme-prod,2026-10-06T05:00Z,1\nstranger,2026-10-06T05:00Z,1\n"
    )
    (tmp_path / "bad.csv").write_text(f"{header}acme-prod,2026-10-07T05:00Z,1\nacme-prod,yesterday,1\n")

    answer = signed("import", "storage", "bad.csv", "good.csv")
    aside = signed("import", "storage", "bad.csv", "--rejects", "aside.csv")

    assert (answer.code, aside.code) == (2, 1)
    assert "good.csv: 2 rows read, 2 stored" in answer.out
    assert "line 3: 'yesterday' is no date and time" in answer.err
    assert "no contract has stranger" in answer.err
    assert "bad.csv: 1 row read, 1 stored, 1 put aside" in aside.out


def test_a_file_that_lacks_a_column_is_told_which_and_how_to_name_its_own(signed, tmp_path):
    (tmp_path / "b.csv").write_text("platform,backup,operator\nacme-prod,n1,OVHcloud\n")

    answer = signed("import", "backups", "b.csv")

    assert answer.code == 2
    assert "--map taken_at=NAME" in answer.err
    assert "ours are platform, backup" in signed("import", "backups", "b.csv", "--map", "x=y").err


# ---------------------------------------------------------------- personal data


def test_the_register_of_personal_data_is_laid_out_as_text_json_and_a_page(signed, tmp_path):
    signed(*ENGAGE)
    signed(
        *("component", "enable", "acme-prod", "ga", "--name", "Google Analytics", "--kind", "analytics"),
        "--outside-eu",
    )

    text = signed("personal-data", "--contract", "acme", "--language", "fr")
    found = json.loads(signed("personal-data", "--json").out)
    page = signed("personal-data", "--format", "html", "--output", "register.html")

    assert "OVHcloud, hosts (en cours)" in text.out
    assert [each["registration"] for each in found["processors"]] == ["SIRET 1"]
    assert found["transfers_outside_eu"] is True
    assert page.code == 0
    assert "Google Analytics" in (tmp_path / "register.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (ENGAGE, "constat processor change"),
        ((*ENGAGE[:2], "other", *ENGAGE[3:], "--contract", "nobody"), "no contract 'nobody'"),
        (("processor", "dismiss", "other", "--last-day", "2027-01-01", "--reason", "x"), "engage it first"),
        (("processor", "change", "ovh", "--from-day", "2027-01-01", "--reason", "x"), "nothing would change"),
        (("processor", "dismiss", "ovh", "--last-day", "soon", "--reason", "x"), "'soon' is no day"),
        (("component", "disable", "acme-prod", "ga"), "is not on"),
        (("component", "disable", "other", "ga"), "no contract has other"),
        (("personal-data", "--contract", "nobody"), "no contract 'nobody'"),
    ],
)  # fmt: skip
def test_what_cannot_be_of_personal_data_is_refused_with_a_sentence(signed, arguments, sentence):
    signed(*ENGAGE)

    answer = signed(*arguments)

    assert answer.code == 2
    assert sentence in answer.err
    assert "Traceback" not in answer.err
