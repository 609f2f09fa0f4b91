"""Contract files and their template."""

import tomllib

import pytest

from ledger.errors import BadInputError
from ledger.intake.contract_file import read_contract, understood
from ledger.intake.contract_template import template
from ledger.readings import QUESTIONS
from ledger.terms import Terms


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_template_is_the_contract_with_every_default_spelled_out(language):
    stated = tomllib.loads(template(language))

    found = understood(stated, "template")

    assert found.terms == Terms()
    assert set(stated["terms"]) == set(Terms.model_fields)
    assert list(stated["terms"]["readings"]) == [question.name for question in QUESTIONS]


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_template_names_every_choice_of_every_reading(language):
    text = template(language)

    assert all(f'"{choice.value}":' in text for question in QUESTIONS for choice in question.choices)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('client = "Acme SAS"', "", "client: is missing"),
        ('zone = "Europe/Paris"', 'zone = "Paris"', "no IANA time zone"),
        ("notice_hours = 24", "notice_houers = 24", "terms.notice_houers: is no key"),
        ('notice = "binding"', 'notice = "sometimes"', "'sometimes'"),
        ('service-hours = "Mo-Fr 09:00-18:00; PH off"', 'service-hours = "office"', "no weekly schedule"),
        ("# last_day = 2027-09-30", "last_day = 2026-09-30", "last_day comes before first_day"),
    ],
)
def test_what_is_wrong_is_named_by_its_key(tmp_path, old, new, said):
    text = template("en")
    assert old in text
    (tmp_path / "c.toml").write_text(text.replace(old, new))

    with pytest.raises(BadInputError) as refused:
        read_contract(tmp_path / "c.toml")

    assert said in str(refused.value)
