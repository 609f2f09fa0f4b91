"""As known at K: what is recorded after K changes nothing, and what a ledger holds can always be read."""

import pytest
from eventsourcing.persistence import StoredEvent
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import BadInputError
from ledger.fact import GENESIS_HASH, Draft
from ledger.log import codec
from ledger.log.codec import Envelope
from ledger.operations import BackupTaken
from ledger.support import SupportRequested
from projections.asof import Known
from projections.figures import Statement
from projections.moment import at_head, at_time
from projections.statement import statement
from tests.spec import Story, ms

OUTAGE = "2026-10-01T00:00+02:00 up, 2026-10-06T09:00+02:00 down, 2026-10-06T12:00+02:00 up"


def october(known) -> Statement:
    return statement(known, "acme", "2026-10")


@pytest.fixture
def story():
    """Three hours down in October, recorded in September as far as the ledger's clock says."""
    return Story().contract("acme", "2026-10-01").observed("paris", "acme-prod", OUTAGE)


# ---------------------------------------------------------------- nothing recorded after K changes K

CORRECTED = ("paris", "acme-prod", "2026-10-06T09:00+02:00/2026-10-06T10:00+02:00", "up")
LATER_ROUND = "2026-10-06T10:00+02:00 up"
appends = st.lists(
    st.tuples(st.sampled_from(["fact", "round"]), st.sampled_from([-86_400_000, -400, -1, 0, 0, 1, 60_000])),
    min_size=1,
    max_size=5,
)


def append(story, what, number):
    """A fact or a round that moves the figures of October."""
    if what == "fact":
        story.corrected(f"k{number}", *CORRECTED)
    else:
        story.observed("paris", "acme-prod", LATER_ROUND)


def as_known_at(story, recorded_ms):
    return Known.at(story.engine, at_time(story.engine, recorded_ms))


@given(before=appends, after=appends, waited_ms=st.sampled_from([0, 1, 500, 90 * 86_400_000]))
def test_what_is_appended_after_a_moment_changes_nothing_as_known_at_it(before, after, waited_ms):
    story = Story("2026-11-01T00:00:00Z").contract("acme", "2026-10-01")
    story.observed("paris", "acme-prod", OUTAGE)
    for number, (what, step_ms) in enumerate(before):
        story.at(story.now_ms + step_ms)
        append(story, what, number)
    now = at_head(story.engine, story.now_ms + waited_ms)
    head, then = story.engine.head(), Known.at(story.engine, now)
    by_time, by_position = as_known_at(story, now.recorded_ms), story.known(head.position)
    digests = [october(each).digest for each in (then, by_time, by_position)]

    for number, (what, step_ms) in enumerate(after, start=len(before)):
        story.at(story.now_ms + step_ms)
        append(story, what, number)

    again = [Known.at(story.engine, now), as_known_at(story, now.recorded_ms), story.known(head.position)]
    assert [october(each).digest for each in again] == digests
    assert [list(each.rounds()) for each in again] == [list(e.rounds()) for e in (then, by_time, by_position)]
    assert [each.facts for each in again] == [each.facts for each in (then, by_time, by_position)]
    assert digests[0] == digests[1]


def test_what_is_recorded_after_a_clock_was_set_back_is_not_known_at_what_was_printed_before(story):
    printed = at_head(story.engine, story.now_ms + 500)
    story.at(story.now_ms - 400).corrected("c1", *CORRECTED)

    again = at_time(story.engine, printed.recorded_ms)

    assert (again.position, again.recorded_ms) == (printed.position, printed.recorded_ms)


def test_as_known_at_a_position_the_rounds_are_those_recorded_by_then(story):
    position = story.engine.head().position
    story.observed("paris", "acme-prod", LATER_ROUND)
    last = story.engine.head().round_offset

    story.corrected("c1", *CORRECTED)

    assert list(story.known(position).rounds()) == []
    assert story.known(position + 1).round_offset == last
    assert len(list(story.known(position + 1).rounds())) == last


# ---------------------------------------------------------------- the moment that is asked about


def test_a_period_that_runs_runs_to_the_moment_asked_and_not_to_the_last_record(story):
    now_ms = ms("2026-10-20T12:00:00Z")

    running = october(Known.at(story.engine, at_head(story.engine, now_ms)))

    assert running.period.end == "2026-10-20T14:00:00+02:00"
    assert not running.period.complete
    assert running.as_of.recorded_at.startswith("2026-09-01T02:00:00")


def test_a_period_that_ran_is_laid_out_again_when_more_is_known(story):
    now = at_head(story.engine, ms("2026-10-20T12:00:00Z"))
    printed = october(Known.at(story.engine, now))
    story.at("2026-10-20T11:00:00Z").corrected("c1", *CORRECTED)

    again = at_time(story.engine, now.recorded_ms).looked_at(now.moment_ms)

    assert october(Known.at(story.engine, again)) == printed


def test_nothing_is_looked_at_before_it_was_recorded(story):
    with pytest.raises(BadInputError, match="give a later one"):
        at_head(story.engine, story.now_ms).looked_at(story.now_ms - 1)


def test_the_same_facts_have_the_same_digest_whatever_the_second_of_the_question(story):
    story.at("2026-10-30T10:00:00Z")
    filed = SupportRequested(request="r1", contract="acme", subject="slow", by="u1")
    taken = BackupTaken(platform="acme-prod", backup="b1", operator="OVHcloud")
    story.fact("support:r1", filed).fact("operations:acme-prod", taken)

    ended = [
        october(Known.at(story.engine, at_head(story.engine, ms(now))))
        for now in ("2026-10-31T08:00:00Z", "2026-11-01T10:00:00.001Z", "2027-12-31T00:00:00Z")
    ]

    assert len({each.digest for each in ended}) == 1
    assert len({each.as_of.recorded_at for each in ended}) == 1


def test_a_request_left_unanswered_is_found_once_anything_later_is_recorded(story):
    filed = SupportRequested(request="r1", contract="acme", subject="slow", by="u1")
    story.at("2026-10-30T10:00:00Z").fact("support:r1", filed)

    def answers(now):
        found = october(Known.at(story.engine, at_head(story.engine, ms(now))))
        return next(each.state for each in found.commitments if each.commitment == "support-answer")

    assert answers("2026-11-03T08:00:00Z") == "kept"
    story.at("2026-11-01T10:00:00.001Z").observed("paris", "acme-prod", "2026-11-01T10:00Z up")
    assert answers("2026-11-03T08:00:00Z") == "broken"


# ---------------------------------------------------------------- what a ledger may hold already


@pytest.mark.parametrize("end", ["9999-12-31T23:59:59Z", "9999-01-01T00:00:00Z"])
def test_a_ledger_that_holds_an_instant_no_zone_can_write_is_read_all_the_same(end):
    story = Story().contract("acme", "2026-10-01").observed("paris", "acme-prod", OUTAGE)
    story.claim("f1", ["acme-prod"], "2026-10-06T09:00+02:00/2026-10-06T10:00+02:00")
    claimed = story.known().claims["f1"].filed
    filed = Envelope.of(Draft("claim:f2", claimed.model_copy(update={"claim": "f2"}), 0), 1, GENESIS_HASH)
    beyond = codec.encode(filed).replace(b'"to":"2026-10-06T08:00:00Z"', f'"to":"{end}"'.encode())
    story.engine.decisions.insert_events([StoredEvent("claim:f2", 1, claimed.TYPE, beyond)])

    entries = {entry.name: entry for entry in october(story.known()).entries}

    assert entries["f1"].claimed.end == "2026-10-06T10:00:00+02:00"
    assert entries["f2"].claimed.end.startswith("9999-")
