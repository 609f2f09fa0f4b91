"""A notice that is to be given by mail, before a mail server has accepted any: how long there is left."""

import io

import pytest
from rich.console import Console

from consumers.pages import html, summary, telling, terminal, words
from consumers.pages.format import Format
from projections.asof import Known
from projections.moment import at_head
from projections.statement import statement
from tests.projections.attending import accepted, announced, refused
from tests.projections.promised import acme, october
from tests.spec import ms


def seen(story, at, language="en"):
    """The statement at a moment, the sentence of its only notice and the head of its register."""
    found = of_moment(story, at)
    form = Format.of(found, words.of(language))
    works = [*found.entries, *found.announced_later]
    (work,) = (each for each in works if each.kind == "maintenance")
    told = [telling.notice(work.notices[-1], form), *summary.register(found, form)]
    return work.notices[-1], *(line.replace("\u00a0", " ").replace("\u202f", " ") for line in told)


@pytest.mark.parametrize(
    ("language", "sentence", "head"),
    [
        (
            "en",
            "not given yet, no e-mail about it was tried, in time until Mon 5 Oct, 02:00, 2 h 10 min left",
            "not given yet: m1 (published)",
        ),
        (
            "fr",
            "pas encore remise, aucun courriel n’a été tenté, à temps jusqu’au lun. 5 oct., 2 h 00, encore 2 h 10 min",
            "pas encore remises : m1 (annoncée)",
        ),
    ],
)
def test_before_any_mail_was_tried_it_is_not_given_and_the_time_left_is_said(language, sentence, head):
    notice, told, *register = seen(announced(), october("4 23:50"), language)

    assert sentence in told
    assert head in register
    assert (notice.given_at, notice.in_time, notice.awaited.left_ms) == (None, False, 130 * 60_000)


def test_a_notice_that_waits_for_its_mail_too_long_is_too_late_from_the_deadline_on():
    notice, told, *_ = seen(announced(), october("5 03:00"))

    assert "not given yet, no e-mail about it was tried, too late since Mon 5 Oct, 02:00" in told
    assert notice.awaited.left_ms == -3_600_000


def test_a_notice_whose_mail_was_tried_is_given_to_nobody_with_the_time_left():
    story = refused(announced().at(october("1 13:00")))

    notice, told, *_ = seen(story, october("4 23:00"))

    assert "given to nobody, in time until Mon 5 Oct, 02:00, 3 h 00 min left" in told
    assert notice.awaited.is_tried


def test_an_accepted_notice_is_given_then_and_is_awaited_no_more():
    notice, told, *register = seen(accepted(announced().at(october("1 13:00"))), october("4 23:00"))

    assert notice.awaited is None
    assert "in time" in told
    assert "in time: m1 (published)" in register


def test_where_no_list_of_administrators_is_kept_a_notice_is_given_when_it_is_published():
    story = (
        acme()
        .at(october("1 12:00"))
        .notice("m1", ["acme-prod"], f"{october('6 02:00')}/{october('6 04:00')}")
    )

    notice, *_ = seen(story, october("4 23:00"))

    assert (notice.awaited, notice.in_time) == (None, True)


def test_figures_of_a_period_that_has_ended_wait_for_nothing():
    notice, *_ = seen(announced(), "2026-11-02T00:00:00+01:00")

    assert (notice.awaited, notice.in_time) == (None, True)


# ---------------------------------------------------------------- the register of a period that runs


@pytest.mark.parametrize(
    ("language", "heading"),
    [
        ("en", "Announced for later: Maintenance m1 on acme-prod"),
        ("fr", "Annoncée pour plus tard : Maintenance m1 sur acme-prod"),
    ],
)
def test_the_register_of_a_running_period_says_what_comes_later_on_every_page(language, heading):
    found = of_moment(announced(), october("4 23:50")).model_copy(update={"language": language})

    assert heading in plain(shown(found))
    assert heading in plain(html.page(found))
    assert found.entries == ()


def test_what_has_begun_or_ended_or_is_another_client_s_does_not_come_later():
    begun = of_moment(announced(), october("6 03:00"))
    ended = of_moment(announced(), "2026-11-02T00:00:00+01:00")
    others = announced().contract("rival", "2026-10-01", platforms=["rival-prod"])

    assert (begun.announced_later, ended.announced_later) == ((), ())
    assert len(begun.entries) == 1
    assert of_moment(others, october("4 23:50"), "rival").announced_later == ()


def of_moment(story, at, contract="acme"):
    known = Known.at(story.engine, at_head(story.engine, ms(at)))
    return statement(known, contract, "1")


def shown(found):
    text = io.StringIO()
    terminal.show_part(found, "register", Console(file=text, width=200))
    return text.getvalue()


def plain(text):
    return text.replace("\u00a0", " ").replace("\u202f", " ")
