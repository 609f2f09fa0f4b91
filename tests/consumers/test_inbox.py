"""What the inbox says of a mail is what the mail server, or whoever looked for it, had said."""

import pytest

from consumers.inbox import sentence
from tests.consumers.notices.postoffice import PROD, PUBLISHED, TUESDAY, ZOE, Office, listening
from tests.ports import free_port
from tests.projections.attending import look
from tests.spec import ms


def sentences(office):
    found = look(office.story, PUBLISHED, "notice-not-given", "mail-failed")
    return [sentence(each, ms(PUBLISHED)) for each in found]


def test_a_server_that_answers_and_offers_no_encryption_is_not_said_to_be_silent(tmp_path, mailroom):
    with listening(mailroom) as port:
        office = Office(tmp_path, port, ZOE, smtp_security="starttls")
        office.story.notice("m1", [PROD], TUESDAY)
        office.notify()

    (said,) = sentences(office)
    assert said == (
        "no administrator of acme has the notice of m1 (the mail server has not confirmed the mail about it: "
        "SMTPNotSupportedError: STARTTLS extension not supported by server): 3 days 14 h left"
    )
    office.store.close()


@pytest.mark.parametrize("drops", [0, 1])
def test_a_server_that_is_away_and_one_that_hung_up_are_told_from_each_other(tmp_path, mailroom, drops):
    mailroom.drops = drops
    with listening(mailroom) as port:
        office = Office(tmp_path, port if drops else free_port(), ZOE)
        office.story.notice("m1", [PROD], TUESDAY)
        office.notify()

    (said,) = sentences(office)
    assert ("ConnectionRefusedError" in said, "SMTPServerDisconnected" in said) == (not drops, bool(drops))
    office.store.close()


def test_a_refusal_is_told_in_the_words_of_the_server_without_the_address(tmp_path, mailroom):
    mailroom.to_recipient["zoe@acme.example"] = "550 5.1.1 <zoe@acme.example>: unknown"
    with listening(mailroom) as port:
        office = Office(tmp_path, port, ZOE)
        office.story.notice("m1", [PROD], TUESDAY)
        office.notify()

    words = "550 5.1.1 <address>: unknown"
    failed, not_given = sentences(office)
    assert failed.startswith(
        f"the mail about m1 to p-1 of acme was refused ({words}); reach them another way"
    )
    assert f"has the notice of m1 (the mail about it was refused: {words}): " in not_given
    office.store.close()
