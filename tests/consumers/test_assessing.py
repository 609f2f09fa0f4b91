"""When a running assessor looks: not in the midst of an import, at once when a period becomes due, and rarely at a
large ledger."""

import pytest
from structlog.testing import capture_logs

from consumers.service import assessing
from consumers.service.assessing import PATIENCE_S, REST, Assessor
from tests.consumers.assessed import check, down, revisions, two_months
from tests.spec import Story, ms

DECEMBER_MS = ms("2026-12-02T09:00:00Z")


class Desk:
    """An assessor whose two clocks a test sets."""

    def __init__(self, story: Story, now_ms: int = DECEMBER_MS) -> None:
        self.story = story.at(now_ms)
        self.seconds = 0.0
        self.assessor = Assessor(story.ledger, lambda: story.now_ms, lambda: self.seconds)

    def look(self, after_s: float = 10) -> list[tuple[int, int]] | None:
        """The new revisions; None if there was no reason to assess."""
        self.seconds += after_s
        outcome = self.assessor.look()
        return outcome and [(e.made.period_number, e.made.revision) for e in outcome.assessed if e.is_new]

    def settle(self) -> None:
        """Look until it has seen what it appended itself, and has nothing more to do."""
        for _ in range(3):
            self.look()
        assert (self.look(), self.look()) == (None, None)


def test_what_is_due_is_assessed_at_the_first_look_and_then_nothing_is_done_while_nothing_comes():
    desk = Desk(two_months())

    assert desk.look() == [(1, 1), (2, 1)]
    desk.settle()

    check(desk.story.engine, DECEMBER_MS)


def test_a_ledger_that_moves_is_left_alone_until_it_stands_still():
    desk = Desk(two_months())
    desk.look()
    desk.settle()

    looks = []
    for day in (20, 21, 22):
        desk.story.observed("paris", "acme-prod", down(2, day))
        looks.append(desk.look())

    assert looks == [None, None, None]
    assert desk.look() == [(1, 2), (2, 2)]
    check(desk.story.engine, DECEMBER_MS)


def test_a_ledger_that_never_stands_still_is_assessed_all_the_same():
    desk = Desk(two_months())
    desk.look()
    desk.settle()

    found, steps = None, 0
    while found is None:
        steps += 1
        desk.story.observed("paris", "acme-prod", f"2026-12-02T08:{steps:02}Z up")
        found = desk.look()

    assert steps == PATIENCE_S / 10


def test_a_period_that_becomes_due_is_assessed_although_nothing_came():
    desk = Desk(two_months(last_day=None), ms("2026-12-01T22:59:00Z"))
    assert desk.look() == [(1, 1)]
    desk.settle()

    desk.story.at("2026-12-01T23:00:00Z")

    assert desk.look() == [(2, 1)]


def test_after_a_look_that_took_long_the_next_one_waits_longer(monkeypatch):
    desk = Desk(two_months())
    really = assessing.assess

    def slow(job):
        desk.seconds += 3
        return really(job)

    monkeypatch.setattr(assessing, "assess", slow)
    desk.look()
    desk.story.observed("paris", "acme-prod", down(2, 20))

    assert desk.look(after_s=1) is None
    assert desk.look(after_s=3 * REST - 2) is None
    assert desk.look(after_s=1) == [(1, 2), (2, 2)]


def test_somebody_elses_assessment_is_not_made_again():
    story = two_months()
    first, second = Desk(story), Desk(story)

    assert (first.look(), second.look()) == ([(1, 1), (2, 1)], [])
    first.settle()
    second.settle()

    assert len(revisions(story.engine)) == 2


def test_a_period_of_which_nothing_was_measured_is_warned_of_in_the_log_once():
    desk = Desk(two_months(platforms=("acme-prod", "acme-test")))

    with capture_logs() as logged:
        desk.look()
        desk.settle()

    warned = [each for each in logged if each["log_level"] == "warning"]
    assert [(each["event"], each["period"], each["platforms"]) for each in warned] == [
        ("nothing was measured", 1, ("acme-test",)),
        ("nothing was measured", 2, ("acme-test",)),
    ]


@pytest.mark.parametrize("looks", [1, 5])
def test_looking_more_often_appends_nothing_more(looks):
    desk = Desk(two_months())
    desk.settle()
    before = desk.story.engine.head()

    for _ in range(looks):
        desk.look()

    assert desk.story.engine.head() == before
