"""Interventions of staff: what the client reads of them, and the account under which they were made."""

from ledger.interventions import InterventionMade
from ledger.support import SupportRequested
from projections.statement import statement
from tests.projections.promised import PROD, acme, october, of, whats
from tests.spec import LATER, Story, span


def requested(story: Story, account: str | None = None, name="r1", contract="acme") -> Story:
    filed = SupportRequested(
        request=name, contract=contract, subject="it is slow", by="client-1", account=account
    )
    return story.fact(f"support:{name}", filed, october("6 09:00"))


def intervened(story: Story, account: str, name="iv1", platform=PROD, request="r1", day=6) -> Story:
    made = InterventionMade(
        intervention=name,
        request=request,
        platform=platform,
        during=span(f"{october(f'{day} 10:00')}/{october(f'{day} 10:20')}"),
        account=account,
        summary="cleared a queue",
        by="staff-2",
    )
    return story.fact(f"intervention:{name}", made, made.during.end_ms)


def said(story: Story, contract="acme", as_of=LATER):
    return statement(story.known(as_of), contract, "1")


def test_a_client_reads_who_worked_on_its_platform_from_when_to_when_for_what_and_under_which_account():
    (entry,) = said(intervened(requested(acme(), "member-7"), "member-7")).entries

    assert (entry.kind, entry.name, entry.platform, entry.request) == ("intervention", "iv1", PROD, "r1")
    assert (entry.by, entry.account, entry.account_named) == ("staff-2", "member-7", "member-7")
    assert (entry.interval.start, entry.interval.end) == (
        "2026-10-06T10:00:00+02:00",
        "2026-10-06T10:20:00+02:00",
    )
    assert (entry.text, entry.position) == ("cleared a queue", 4)


def test_another_account_than_the_one_that_was_named_breaks_the_commitment():
    story = intervened(requested(acme(), "member-7"), "staff-2")

    entry = of(story, "intervention-account")

    assert (entry.state, entry.examined, entry.clause) == ("broken", 1, "Gestion d'incidents")
    (found,) = entry.findings
    assert (found.subject, found.what) == ("iv1", "another-account")
    assert (found.measured, found.promised, found.positions) == ("staff-2", "member-7", (3, 4))
    assert (found.start[11:16], found.end[11:16]) == ("10:00", "10:20")


def test_under_the_named_account_or_where_none_was_named_the_commitment_is_kept():
    named = intervened(requested(acme(), "member-7"), "member-7")
    nobody = intervened(requested(acme()), "staff-2")

    assert of(named, "intervention-account").state == "kept"
    assert of(nobody, "intervention-account").state == "kept"


def test_a_statement_that_knows_of_no_intervention_says_nothing_of_accounts_and_keeps_its_digest():
    story = requested(acme(), "member-7")
    before = said(story, as_of="2026-11-04T00:00Z")

    after = said(intervened(story.at("2026-11-05T00:00Z"), "staff-2"), as_of="2026-11-04T00:00Z")

    assert "intervention-account" not in {each.commitment for each in before.commitments}
    assert after.digest == before.digest


def test_an_intervention_belongs_to_the_period_in_which_it_began():
    story = intervened(requested(acme(), "member-7"), "staff-2")

    second = of(story, "intervention-account", "2")

    assert (second.state, second.examined, second.findings) == ("nothing-recorded", 0, ())
    assert statement(story.known(), "acme", "2").entries == ()


def test_nobody_reads_of_another_clients_interventions():
    story = requested(acme(), "member-7").contract("rival", platforms=["rival-secret"])
    story = requested(story, "member-9", "r9", "rival")
    story = intervened(story, "staff-2", "iv9", "rival-secret", "r9")
    strange = intervened(story, "staff-2", "iv8", "rival-secret", "r1")

    assert said(strange).entries == ()
    assert "intervention-account" not in {each.commitment for each in said(strange).commitments}
    assert whats(next(e for e in said(strange, "rival").commitments if e.findings)) == [("r9", "unanswered")]
    assert [each.name for each in said(strange, "rival").entries] == ["iv9"]


def test_an_intervention_for_a_request_that_nobody_filed_is_no_clients():
    assert said(intervened(acme(), "staff-2")).entries == ()
