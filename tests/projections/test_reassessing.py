"""Which assessed periods may come to something else by what was recorded since, and what that costs to find."""

from collections import Counter

import pytest

from consumers.inbox import told
from projections.asof import Known
from projections.inbox import inbox
from projections.moment import at_head
from tests.consumers.assessed import ALWAYS, assessed, down, two_months
from tests.projections.attending import TUESDAY, bounced, look
from tests.projections.promised import PROD
from tests.spec import Story, ms

ASSESSED_AT = "2026-12-02T09:00:00Z"
LATER = "2026-12-05T09:00:00Z"
NIGHT = "2026-10-06T08:00Z/2026-10-06T12:00Z"


def revisions_due(story: Story, at: str = LATER, **options):
    """(period, what, overdue) of every assessment that the inbox has."""
    found = look(story, at, "assessment-due", **options)
    return [(each.subject, each.what, each.overdue) for each in found]


def running() -> Story:
    """Two months that were assessed, of a contract that goes on."""
    story = two_months(last_day=None)
    assessed(story, ASSESSED_AT)
    return story.at("2026-12-04T10:00:00Z")


# ---------------------------------------------------------------- rounds


def test_rounds_that_came_after_an_assessment_and_started_in_its_period_may_move_it():
    story = running().observed("paris", PROD, down(2, 20))

    (found,) = look(story, LATER, "assessment-due")

    assert (found.subject, found.what, found.about) == ("acme/1", "perhaps", ("paris",))
    assert (found.since, found.overdue) == ("2026-12-04T11:00:00+01:00", False)
    assert found.due == "2027-01-02T00:00:00+01:00", "with the next period it is looked at anyway"


def test_that_a_period_may_come_to_something_else_is_said_with_the_agents_and_what_to_do():
    story = running().observed("paris", PROD, down(2, 20)).observed("lyon", PROD, down(2, 21))

    (found,) = told(inbox(story.known("2026-12-04T10:01:00Z"))).items

    assert found.sentence == (
        "period 1 of acme may come to something else, because rounds of lyon, paris that started in it came in "
        "after it was assessed; `constat assess` looks at it again: 28 days 12 h left"
    )


def test_rounds_that_came_since_and_started_after_every_assessed_period_move_none():
    story = running().observed("paris", PROD, "2026-12-04T09:59Z up")

    assert revisions_due(story) == []


def test_late_rounds_of_an_agent_that_the_seal_did_not_know_may_move_a_period_too():
    story = running().observed("lyon", PROD, down(2, 20, month="2026-11"))

    assert revisions_due(story) == [("acme/2", "perhaps", False)]


def test_late_rounds_of_an_agent_that_probes_none_of_the_platforms_move_nothing():
    story = running().observed("lyon", "zenith-prod", down(2, 20))

    assert revisions_due(story) == []


def test_late_rounds_are_looked_at_by_the_next_assessment_of_the_contract_whatever_they_come_to():
    story = running().observed("lyon", PROD, "2026-10-20T08:00Z up")
    assert revisions_due(story) == [("acme/1", "perhaps", False)]

    story.observed("paris", PROD, down(2, 21, month="2026-11"))
    assessed(story, "2026-12-04T11:00:00Z")

    assert revisions_due(story) == []


def test_of_a_contract_that_is_over_it_is_judged_whether_late_rounds_move_anything():
    """No later assessment would look at it, so it would stay in the inbox for ever."""
    story = two_months()
    assessed(story, ASSESSED_AT)
    story.at("2026-12-04T10:00:00Z").observed("paris", PROD, "2026-10-20T08:00Z up")
    assert revisions_due(story) == []

    story.observed("paris", PROD, down(2, 21))

    assert ("acme/1", "again", True) in revisions_due(story)


def test_what_was_not_known_yet_moves_nothing():
    story = running().observed("paris", PROD, down(2, 20))
    before, after = story.known("2026-12-04T09:59:59Z"), story.known("2026-12-04T10:00:00Z")

    assert (len(inbox(before).items), len(inbox(after).items)) == (0, 1)


# ---------------------------------------------------------------- notices


def test_a_notice_that_is_back_dated_after_an_assessment_makes_a_revision_due():
    story = running().notice("m1", [PROD], TUESDAY, given_at="2026-10-01T08:00Z")

    assert revisions_due(story)[0] == ("acme/1", "again", True)


def test_a_notice_that_comes_too_late_to_exclude_anything_makes_no_revision_due():
    assert revisions_due(running().notice("m1", [PROD], TUESDAY)) == []


def test_a_mail_that_comes_back_after_an_assessment_makes_a_revision_due_where_its_notice_counted():
    story = two_months(last_day=None).notice("m1", [PROD], TUESDAY, given_at="2026-10-01T08:00Z")
    assessed(story, ASSESSED_AT)
    assert revisions_due(story) == []

    bounced(story.at("2026-12-04T10:00:00Z"))

    assert revisions_due(story)[0] == ("acme/1", "again", True)


# ---------------------------------------------------------------- what it costs


class Counting:
    """Facts of which it is counted how often each is looked at."""

    def __init__(self, known: Known) -> None:
        self.known, self.looks = known, Counter()

    def __call__(self, subject: str):
        for recorded in Known.facts_about(self.known, subject):
            self.looks[recorded.position] += 1
            yield recorded


@pytest.mark.parametrize("contracts", [1, 8])
def test_facts_are_looked_at_once_for_all_contracts_and_not_once_for_each(contracts, monkeypatch):
    story = Story()
    for number in range(contracts):
        story.contract(f"c{number}", platforms=[f"p{number}"], readings=ALWAYS)
    story.at("2026-12-01T00:00:00Z").observed("paris", "p0", "2026-09-30T22:00Z up")
    assessed(story, ASSESSED_AT)
    story.at("2026-12-04T10:00:00Z").corrected("c-1", "paris", "p0", NIGHT, "up")
    known = Known.at(story.engine, at_head(story.engine, ms(LATER)))
    counted = Counting(known)
    monkeypatch.setattr(type(known.facts), "__iter__", lambda _: pytest.fail("all facts were looked at"))
    object.__setattr__(known, "facts_about", counted)

    inbox(known)

    of_the_correction = known.as_of.position
    assert counted.looks[of_the_correction] <= 2, "by its own state, and to find what it may move"
