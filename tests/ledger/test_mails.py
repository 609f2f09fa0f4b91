"""What became of a mail, and what may be said of it next."""

import pytest

from ledger import mails
from ledger.errors import RefusedError
from ledger.mails import MailAccepted, MailAttempted, MailBounced, MailRefused, MailUnanswered
from tests.spec import Story, ms

AT = "2026-10-01T10:00:00Z"
LATER = "2026-10-01T11:00:00Z"
SAME = {"mail": "m", "contract": "acme", "person": "p-1", "cause": 3, "message_id": "<m@example.com>"}
REPORT = "sha256:" + "cd" * 32


def told(story: Story, at: str, fact) -> Story:
    return story.at(at).fact("mail:m", fact)


def attempted(attempt: int = 1) -> MailAttempted:
    return MailAttempted(**SAME, attempt=attempt, sender="s")


def accepted(attempt: int = 1) -> MailAccepted:
    return MailAccepted(**SAME, attempt=attempt, code=250, reply="OK")


def bounced(report: str = REPORT) -> MailBounced:
    return MailBounced(**SAME, attempt=1, status="5.1.1", diagnostic="unknown", report=report)


def state(story: Story) -> mails.Mail:
    return story.known().mails["m"]


def test_an_attempt_without_a_reply_is_of_unknown_fate():
    found = state(told(Story(), AT, attempted()))

    assert (found.fate, found.attempts, found.accepted_ms) == ("attempted", 1, None)


def test_the_first_acceptance_is_the_one_that_counts():
    story = told(told(told(Story(), AT, attempted()), AT, accepted()), LATER, attempted(2))

    assert state(told(story, LATER, accepted(2))).accepted_ms == ms(AT)


def test_a_bounce_takes_it_back():
    found = state(told(told(Story(), AT, accepted()), LATER, bounced()))

    assert (found.fate, found.accepted_ms, found.reports) == ("bounced", None, (REPORT,))


def test_two_who_saw_the_same_do_not_both_go_on():
    seen = mails.INITIAL
    found = state(told(Story(), AT, attempted()))

    assert mails.proceed(seen, seen, attempted()) == attempted()
    with pytest.raises(RefusedError, match="another process has gone on"):
        mails.proceed(found, seen, attempted())


def test_a_report_counts_once_and_only_on_what_may_have_arrived():
    story = told(Story(), AT, accepted())
    assert mails.bounce(state(story), bounced()) == bounced()

    with pytest.raises(RefusedError, match="already read"):
        mails.bounce(state(told(story, LATER, bounced())), bounced())
    lost = MailUnanswered(**SAME, attempt=1, trouble="gone", may_have_arrived=False)
    with pytest.raises(RefusedError, match="cannot have arrived"):
        mails.bounce(state(told(Story(), AT, lost)), bounced())


def lost() -> MailUnanswered:
    return MailUnanswered(**SAME, attempt=1, trouble="gone", may_have_arrived=True)


def refused() -> MailRefused:
    return MailRefused(**SAME, attempt=2, code=451, reply="later")


@pytest.mark.parametrize(
    "facts",
    [
        [attempted()],
        [attempted(), lost()],
        [attempted(), lost(), refused()],
        [attempted(), attempted(2), refused()],
    ],
)
def test_a_report_on_an_attempt_of_unknown_fate_says_nothing_of_a_later_acceptance(facts):
    story = Story()
    for fact in facts:
        told(story, AT, fact)
    assert mails.bounce(state(story), bounced()) == bounced()

    told(told(story, AT, bounced()), LATER, accepted(3))
    assert state(story).accepted_ms == ms(LATER)
    with pytest.raises(RefusedError, match="already read"):
        mails.bounce(state(story), bounced())


def test_an_attempt_that_came_back_before_its_reply_was_taken_down_is_not_accepted_by_it():
    found = state(told(told(told(Story(), AT, attempted()), AT, bounced()), LATER, accepted()))

    assert (found.fate, found.accepted_ms) == ("bounced", None)
