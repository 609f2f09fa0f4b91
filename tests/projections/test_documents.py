"""Which documents the facts name."""

from typing import get_args

import pytest

from ledger.bulletins import BulletinReceived
from ledger.claims import ClaimFiled, ClaimRuled
from ledger.corrections import ResultsCorrected
from ledger.directory import DirectorySynchronised, PersonErased
from ledger.fact import Evidence, Span, hash_of
from ledger.facts import ALL_FACTS
from ledger.incidents import DataLossAlertSent
from ledger.mails import MailAccepted, MailAttempted, MailBounced, MailFact
from projections.documents import documents
from tests.spec import Story

NAMED = (BulletinReceived, ClaimFiled, ClaimRuled, ResultsCorrected, DataLossAlertSent)


def about(person: str, document: bytes) -> dict:
    return {
        "mail": f"mail-{person}",
        "contract": "acme",
        "person": person,
        "cause": 1,
        "message_id": "<a@b>",
        "attempt": 1,
        "sha256": hash_of(document),
    }


def mailed(story: Story, person: str) -> Story:
    """A message to somebody that came back."""
    identity = about(person, person.encode())
    report = {"status": "5.1.1", "diagnostic": "nobody", "report": hash_of(b"back" + person.encode())}
    for fact in (
        MailAttempted(**identity, sender="s"),
        MailAccepted(**identity, code=250, reply="OK"),
        MailBounced(**identity, **report),
    ):
        story.fact(f"mail:mail-{person}", fact)
    return story


def test_a_document_has_every_name_and_every_fact_that_names_it():
    story, span = Story().contract(), Span.of(0, 1)
    for number, name in enumerate(("a.png", "b.png")):
        evidence = (Evidence(name=name, sha256=hash_of(b"x")),)
        filed = ClaimFiled(
            claim=f"c{number}", platforms=("acme-prod",), claimed=span, event="e", evidence=evidence
        )
        story.fact(f"claim:c{number}", filed)

    (found,) = documents(story.known())

    assert (found.sha256, found.names, found.positions) == (hash_of(b"x"), ("a.png", "b.png"), (3, 4))


def test_messages_and_reports_of_whom_was_erased_have_to_be_gone_and_no_others():
    story = Story().contract()
    listed = DirectorySynchronised(contract="acme", administrators=("p-1", "p-2"), count=2)
    story.fact("directory:acme", listed)
    mailed(mailed(story, "p-1"), "p-2")
    assert not any(each.is_erased for each in documents(story.known()))

    story.fact("directory:acme", PersonErased(contract="acme", person="p-1", reason="r", by="d-1"))

    erased = {each.names[0]: each.is_erased for each in documents(story.known())}
    assert erased == {
        "mail-p-1.eml": True,
        "mail-p-1.report.eml": True,
        "mail-p-2.eml": False,
        "mail-p-2.report.eml": False,
    }


@pytest.mark.parametrize("kind", ALL_FACTS, ids=lambda kind: kind.TYPE)
def test_no_kind_of_fact_names_a_document_that_is_overlooked(kind):
    """Whoever adds a fact with evidence is sent to `documents`."""
    has_evidence = any(
        Evidence in (field.annotation, *get_args(field.annotation)) for field in kind.model_fields.values()
    )

    assert has_evidence == (kind in NAMED)
    if "sha256" in kind.model_fields or "report" in kind.model_fields:
        assert issubclass(kind, MailFact)
