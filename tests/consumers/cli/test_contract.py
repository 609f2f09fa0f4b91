"""`constat contract`: what is signed, what an amendment can repair, and how a contract is shown."""

import json
import tomllib
from datetime import date

import pytest

from ledger.application import Ledger
from ledger.contracts import ContractSigned, PlatformAdded
from ledger.fact import Draft
from ledger.terms import Terms

SEPTEMBER = ("statement", "--from", "2026-09-01", "--to", "2026-09-02")


@pytest.fixture
def file(constat, tmp_path):
    """The template's contract, from 1 September 2026, as a file that a test may change."""
    path = tmp_path / "acme.toml"
    text = constat("contract", "template", "jamespot", "--language", "en").out
    path.write_text(text.replace("2026-10-01", "2026-09-01"))
    return path


def changed(file, old, new):
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))


def test_a_calendar_that_nobody_knows_is_not_signed_and_makes_no_ledger(constat, file, tmp_path):
    changed(file, 'holiday_calendar = "FR"', 'holiday_calendar = "DE-XX"')

    signed = constat("contract", "sign", file)
    changed(file, "DE-XX", "DE-BY")

    assert signed.code == 2
    assert not (tmp_path / "constat.db").exists()
    assert "there is no holiday calendar 'DE-XX'" in signed.err
    assert constat("contract", "sign", file).code == 0
    assert constat(*SEPTEMBER).code == 0


def test_every_fault_of_a_contract_file_is_named_at_once(constat, file):
    changed(file, "notice_hours = 24", "notice_hour = 24")
    changed(file, 'holiday_calendar = "FR"', 'holiday_calendar = "XX"')

    signed = constat("contract", "sign", file)

    assert signed.code == 2
    assert "terms.notice_hour: is no key of a contract" in signed.err
    assert "terms.holiday_calendar: there is no holiday calendar 'XX'" in signed.err


def test_a_ledger_whose_terms_name_no_known_calendar_is_repaired_by_an_amendment_from_their_day(
    constat, file, tmp_path
):
    with Ledger.open(f"sqlite:///{tmp_path}/constat.db") as ledger:
        first_day = date(2026, 9, 1)
        contract = ContractSigned(
            contract="acme",
            client="Acme SAS",
            language="en",
            first_day=first_day,
            terms=Terms(holiday_calendar="XX"),
        )
        added = PlatformAdded(contract="acme", platform="acme-prod", from_day=first_day)
        ledger.append(Draft("contract:acme", contract, 0), Draft("contract:acme", added, 0))

    before = constat(*SEPTEMBER)
    amended = constat("contract", "amend", file, "--from-day", "2026-09-01", "--reason", "a slip")

    assert before.code == 2
    assert "`constat contract amend FILE --from-day DAY`" in before.err
    assert amended.code == 0
    assert constat(*SEPTEMBER).code == 0


def test_an_amendment_of_anything_but_terms_is_refused_and_names_the_command_that_can(constat, file):
    constat("contract", "sign", file)
    changed(file, 'client = "Acme SAS"', 'client = "Acme SA"')
    changed(file, 'platform = "acme-prod"', 'platform = "acme-test"')

    answer = constat("contract", "amend", file, "--from-day", "2026-12-01", "--reason", "annex 2")

    assert answer.code == 2
    assert "client is Acme SA in the file" in answer.err
    assert "constat contract add-platform" in answer.err


def test_a_contract_is_shown_as_its_file_is_written(constat, file):
    constat("contract", "sign", file)
    stated = tomllib.loads(file.read_text())["terms"]

    shown = constat("contract", "show", "acme").out
    lines = [line.strip() for line in shown.splitlines() if line.startswith("    ")]
    readings = stated.pop("readings")

    assert tomllib.loads("\n".join(lines)) == stated | readings
    assert json.loads(constat("contract", "show", "acme", "--json").out)["client"] == "Acme SAS"
