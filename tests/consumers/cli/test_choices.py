"""A command that copies the choices of a fact, so that help stays quick, copies all of them and no other."""

import enum
from typing import get_args

import pytest

from consumers.cli import claim, contract, correct, importing, statement
from ledger.claims import ClaimRuled
from ledger.corrections import ResultsCorrected
from ledger.intake.columns import TimeForm
from ledger.intake.contract_file import Language
from ledger.terms import Offer


def choices(kind):
    """The texts of a literal, or of a literal that may be left out."""
    return {text for part in (kind, *get_args(kind)) for text in get_args(part) if isinstance(text, str)}


@pytest.mark.parametrize(
    ("copied", "original"),
    [
        (claim.Decision, ClaimRuled.model_fields["decision"].annotation),
        (contract.Language, Language),
        (contract.Offer, Offer),
        (correct.Outcome, ResultsCorrected.model_fields["outcome"].annotation),
        (importing.TimeForm, TimeForm),
        (statement.Language, Language),
    ],
    ids=["decision", "language of a template", "offer", "outcome", "form of times", "language of a page"],
)
def test_the_choices_of_a_command_are_those_of_the_fact(copied, original):
    assert issubclass(copied, enum.StrEnum)
    assert {each.value for each in copied} == choices(original)
