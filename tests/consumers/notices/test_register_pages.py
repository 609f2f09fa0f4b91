"""What a client reads of the mails about a notice, in both languages, on a page and on a terminal."""

import io

import pytest
from rich.console import Console

from consumers.pages import html, lists, telling, words
from consumers.pages.format import Format
from projections.statement import statement
from tests.consumers.notices.postoffice import JOHN, PROD, TUESDAY, ZOE, Mailroom, Office, listening
from tests.projections.attending import announced
from tests.projections.promised import october


@pytest.fixture(scope="module")
def refused(tmp_path_factory):
    """A statement with a notice that one administrator's server refused and whose other one has no address."""
    mailroom = Mailroom()
    mailroom.to_message = "550 never"
    with listening(mailroom) as port:
        office = Office(tmp_path_factory.mktemp("office"), port, ZOE, JOHN)
        office.story.notice("m1", [PROD], TUESDAY)
        office.store.erase("p-2")
        office.notify()
        office.store.close()
    office.story.at("2026-10-10T00:00:00Z")
    return statement(office.story.known(), "acme", "1")


SENTENCES = {
    "fr": [
        "remise à personne",
        "e-mail à p-1 : refusé par le serveur de messagerie le jeu. 1 oct., 12 h 00, 1 tentative (550 never)",
        "e-mail à p-2 : abandonné le jeu. 1 oct., 12 h 00, 0 tentative (adresse inconnue)",
        "escalade consignée le jeu. 1 oct., 12 h 00 : aucun administrateur n'avait reçu cet avis",
    ],
    "en": [
        "given to nobody",
        "e-mail to p-1: refused by the mail server on Thu 1 Oct, 12:00, 1 attempt (550 never)",
        "e-mail to p-2: given up on Thu 1 Oct, 12:00, 0 attempts (no address is known)",
        "escalated on Thu 1 Oct, 12:00: no administrator had this notice",
    ],
}


@pytest.mark.parametrize("language", SENTENCES)
def test_a_client_reads_what_became_of_each_mail(refused, language):
    said = words.of(language)
    form = Format.of(refused, said)
    (notice,) = refused.entries[0].notices

    told = [telling.given(notice, form), *telling.mails(notice, form)]

    assert [plain(sentence) for sentence in told] == SENTENCES[language]
    page = plain(html.page(refused, language))
    assert all(
        plain(sentence).replace("'", "&#39;") in page.replace("'", "&#39;")
        for sentence in SENTENCES[language]
    )


@pytest.mark.parametrize("language", SENTENCES)
def test_a_register_in_which_only_later_work_stands_does_not_say_that_there_is_no_maintenance(language):
    ahead = announced().known(october("4 23:50"))
    found = statement(ahead, "acme", "1")
    said, none_later = words.of(language), found.model_copy(update={"announced_later": ()})

    is_said = [
        plain(said.register_none) in plain(page)
        for each in (found, none_later)
        for page in (html.page(each, language), on_a_terminal(each, language))
    ]

    assert is_said == [False, False, True, True]


@pytest.mark.parametrize("language", SENTENCES)
def test_a_notice_about_which_no_mail_was_tried_is_said_to_be_that_on_a_page_as_on_a_terminal(language):
    found = statement(announced().known(october("4 23:50")), "acme", "1")
    said = words.of(language)

    for shown in (html.page(found, language), on_a_terminal(found, language)):
        assert plain(said.not_mailed) in plain(shown)
        assert plain(said.not_given) not in plain(shown)


def on_a_terminal(found, language: str) -> str:
    text = io.StringIO()
    console = Console(file=text, width=200)
    for each in lists.register(found, Format.of(found, words.of(language))):
        console.print(each)
    return text.getvalue()


def plain(text: str) -> str:
    return text.replace("\xa0", " ").replace("\u202f", " ").replace("’", "'").replace("&#39;", "'")
