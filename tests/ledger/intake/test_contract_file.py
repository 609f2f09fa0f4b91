"""Contract files and their template."""

import tomllib

import pytest

from ledger import contracts
from ledger.errors import BadInputError, RefusedError
from ledger.intake.contract_file import read_contract, require_only_terms, understood
from ledger.intake.contract_template import template
from ledger.readings import QUESTIONS
from ledger.terms import Terms
from tests.subjects import after


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
        ('platform = "acme-prod"', 'platform = "Acme (prod)"', "write Acme-prod, as an import names it"),
        ('contract = "acme"', 'contract = "ac me"', "'ac me' is none: write ac-me"),
        (
            'platform = "acme-prod"',
            'platform = "acme-prod"\n[[platforms]]\nplatform = "acme-prod"',
            "platforms.1: acme-prod is named twice",
        ),
        (
            'platform = "acme-prod"',
            'platform = "acme-prod"\nfrom_day = 2026-09-30',
            "cannot belong before the contract's first day, 2026-10-01",
        ),
    ],
)
def test_what_is_wrong_is_named_by_its_key(tmp_path, old, new, said):
    text = template("en")
    assert old in text
    (tmp_path / "c.toml").write_text(text.replace(old, new))

    with pytest.raises(BadInputError) as refused:
        read_contract(tmp_path / "c.toml")

    assert said in str(refused.value)


# ---------------------------------------------------------------- what an amendment cannot change


def amending(old: str, new: str) -> str:
    """What is said when the template was signed and its file is changed before an amendment."""
    stated = understood(tomllib.loads(template("en")), "template")
    contract = after(contracts, stated.signed, *stated.added)
    text = template("en")
    assert old in text
    with pytest.raises(RefusedError) as refused:
        require_only_terms(understood(tomllib.loads(text.replace(old, new)), "template"), contract)
    return str(refused.value)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('client = "Acme SAS"', 'client = "Acme SA"', "client is Acme SA in the file and Acme SAS"),
        ('zone = "Europe/Paris"', 'zone = "Europe/Berlin"', "zone is Europe/Berlin in the file"),
        ('language = "en"', 'language = "fr"', "language is fr in the file"),
        ("first_day = 2026-10-01", "first_day = 2026-09-01", "first_day is 2026-09-01 in the file"),
        ("# last_day = 2027-09-30", "last_day = 2027-09-30", "`constat contract end`"),
        ('platform = "acme-prod"', 'platform = "acme-test"', "`constat contract add-platform`"),
        (
            'offer = "enterprise"',
            'offer = "vault"',
            "acme-prod (vault) from 2026-10-01 is not in the contract",
        ),
        (
            'platform = "acme-prod"',
            'platform = "acme-test"',
            "write it there, or `constat contract remove-platform`",
        ),
    ],
)
def test_a_file_for_an_amendment_may_differ_only_in_its_terms(old, new, said):
    assert said in amending(old, new)


def test_a_file_for_an_amendment_need_not_name_the_platforms_nor_those_that_left():
    stated = understood(tomllib.loads(template("en")), "template")
    signed, (added,) = stated.signed, stated.added
    left = contracts.PlatformRemoved(contract="acme", platform="acme-prod", last_day="2026-12-31")

    silent = stated.model_copy(update={"platforms": ()})
    other = stated.model_copy(update={"client": "another client"})

    for platforms in ([added], [added, left]):
        state = after(contracts, signed, *platforms)
        for file in (silent, stated):
            require_only_terms(file, state)
        with pytest.raises(RefusedError, match="client is another client"):  # so it does look
            require_only_terms(other, state)
