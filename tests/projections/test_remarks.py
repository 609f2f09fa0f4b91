"""Counted time that rests on the last word of a source that logs only changes is said to do so."""

import pytest

from consumers.pages import html, terminal
from projections.statement import statement
from tests.projections.promised import PROD, acme, october
from tests.spec import Story, span

DAY_MS = 86_400_000
HOUR_MS = 3_600_000
TWO_DAYS = span("2026-10-06T00:00:00+02:00/2026-10-08T00:00:00+02:00").interval
"""A Tuesday and a Wednesday."""
NIGHT_AND_DAY = {"service-hours": "24/7"}


def remarks(story: Story, period=TWO_DAYS, as_of: str = "2026-12-01T00:00:00Z"):
    return statement(story.known(as_of), "acme", period).remarks


def seen(changes: str, **contract) -> Story:
    return acme(**({"readings": NIGHT_AND_DAY} | contract)).observed("upptime", PROD, changes)


@pytest.mark.parametrize("outcome", ["up", "down"])
def test_what_a_history_that_ended_said_last_is_held_to_the_end_and_said_to_be(outcome):
    (found,) = remarks(seen(f"{october('5 09:00')} up, {october('7 06:00')} {outcome}"))

    assert (found.kind, found.agent, found.platform) == ("held-to-the-end", "upptime", PROD)
    assert (found.outcome, found.since) == (outcome, "2026-10-07T06:00:00+02:00")
    assert found.counted_ms == 18 * HOUR_MS


def test_where_it_ended_before_the_period_all_of_that_rests_on_it():
    (found,) = remarks(seen(f"{october('1 09:00')} up"))

    assert (found.since, found.counted_ms) == ("2026-10-01T09:00:00+02:00", 2 * DAY_MS)


def test_only_time_that_counts_is_said_to_rest_on_it():
    office, maintained = seen(f"{october('5 09:00')} up", readings={}), seen(f"{october('5 09:00')} up")
    maintained.at(october("1 12:00")).notice(
        "m1", [PROD], "2026-10-06T02:00:00+02:00/2026-10-06T04:00:00+02:00"
    )

    assert remarks(office)[0].counted_ms == 18 * HOUR_MS
    assert remarks(maintained)[0].counted_ms == 46 * HOUR_MS
    assert remarks(office, span("2026-10-10T00:00:00+02:00/2026-10-11T00:00:00+02:00").interval) == ()


def test_a_history_that_goes_on_behind_the_period_leaves_nothing_to_say():
    assert remarks(seen(f"{october('5 09:00')} up, {october('9 09:00')} down")) == ()


def test_another_platform_of_the_source_that_was_heard_of_later_shows_that_it_still_looked():
    story = acme(readings=NIGHT_AND_DAY, platforms=[PROD, "other"])
    story.observed("upptime", PROD, f"{october('5 09:00')} up")
    story.observed("upptime", "other", f"{october('9 09:00')} up")

    assert remarks(story) == ()


def test_a_source_that_ended_on_the_unknown_or_was_annulled_holds_nothing():
    unknown = seen(f"{october('5 09:00')} up, {october('6 00:00')} unknown")
    annulled = seen(f"{october('5 09:00')} up").at(october("9 00:00"))
    annulled.corrected("k1", "upptime", PROD, f"{october('5 09:00')}/{october('8 12:00')}")

    assert remarks(unknown) == ()
    assert remarks(annulled) == ()


def test_an_agent_that_logs_every_result_is_stale_soon_and_needs_no_remark():
    story = acme(readings=NIGHT_AND_DAY).plan("paris", [PROD])
    story.rounds("paris", [(october("6 09:00"), {})])

    found = statement(story.known("2026-12-01T00:00:00Z"), "acme", TWO_DAYS)

    assert found.remarks == ()
    assert "remarks" not in found.model_dump(by_alias=True)


def test_it_is_said_by_what_was_known_then():
    story = seen(f"{october('5 09:00')} up").at("2026-10-20T00:00:00Z")
    story.observed("upptime", PROD, f"{october('9 09:00')} down")

    assert remarks(story, as_of="2026-10-19T00:00:00Z")
    assert remarks(story, as_of="2026-10-21T00:00:00Z") == ()


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "en",
            (
                "acme-prod, other: agent upptime logs only changes, and nothing was heard from it after "
                "5 October 2026, 09:00 (UTC+2). What it said last (up) is taken to hold to the end of the period, "
                "over 48 h 00 min of counted time."
            ),
        ),
        (
            "fr",
            (
                "acme-prod, other : l’agent upptime ne consigne que les changements, et rien n’a été reçu de lui après le "
                "5 octobre 2026, 9 h 00 (UTC+2). Ce qu’il a dit en dernier (en service) est tenu pour vrai jusqu’à la "
                "fin de la période, soit sur 48 h 00 min de temps compté."
            ),
        ),
    ],
)
def test_page_and_text_say_it_once_for_platforms_alike(language, said):
    story = acme(readings=NIGHT_AND_DAY, platforms=[PROD, "other"]).plan(
        "upptime", ["other", PROD], transitions=True
    )
    story.rounds("upptime", [(october("5 09:00"), {})])
    found = statement(story.known("2026-12-01T00:00:00Z"), "acme", TWO_DAYS)

    page = " ".join(html.page(found, language).split())
    text = " ".join(terminal.plain(found, language).split())

    assert plain(page).count(said) == plain(text).count(said) == 1


def plain(text: str) -> str:
    return " ".join(text.replace("\u00a0", " ").replace("\u202f", " ").split())


def test_while_the_period_runs_what_was_said_last_holds_up_to_the_moment_of_knowledge_and_is_said_to():
    (found,) = remarks(seen(f"{october('5 09:00')} up"), as_of=october("7 12:00"))

    assert (found.kind, found.agent, found.outcome) == ("held-so-far", "upptime", "up")
    assert (found.since, found.counted_ms) == ("2026-10-05T09:00:00+02:00", 36 * HOUR_MS)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "What it said last (up) is taken to hold so far, over 36 h 00 min of counted time."),
        (
            "fr",
            (
                "Ce qu’il a dit en dernier (en service) est tenu pour vrai jusqu’ici, soit sur 36 h 00 min de "
                "temps compté."
            ),
        ),
    ],
)
def test_page_and_text_of_a_period_that_runs_say_that_it_holds_so_far(language, said):
    story = seen(f"{october('5 09:00')} up")
    found = statement(story.known(october("7 12:00")), "acme", TWO_DAYS)

    assert plain(html.page(found, language)).count(said) == 1
    assert plain(terminal.plain(found, language)).count(said) == 1


def test_what_a_correction_speaks_of_is_not_the_word_of_the_source():
    story = seen(f"{october('5 09:00')} up")
    story.at("2026-11-01T00:00:00Z").corrected(
        "k1", "upptime", PROD, "2026-10-07T00:00:00+02:00/2026-10-08T00:00:00+02:00", "down"
    )

    (found,) = remarks(story)

    assert (found.outcome, found.counted_ms) == ("up", DAY_MS)
