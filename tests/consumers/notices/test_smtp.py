"""The mail server itself: encrypted, let in or not, and what is said of one that cannot be used."""

import ssl

import pytest

from consumers.notices.smtp import NoReplyError, SmtpServer, redacted
from ledger.errors import BadInputError
from tests.consumers.notices.postoffice import Mailroom, lets_in, listening, settings

TO = "zoe@acme.example"
MESSAGE = b"Subject: x\r\n\r\n.leading point\r\n"


@pytest.fixture
def tls(authority):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*authority.sign("server", names="IP:127.0.0.1"))
    return context


def sent(found):
    server = SmtpServer(found)
    try:
        return server.send("from@provider.example", TO, MESSAGE)
    finally:
        server.close()


def test_a_message_arrives_byte_for_byte():
    mailroom = Mailroom()
    with listening(mailroom) as port:
        reply = sent(settings(port))

    assert (reply.is_taken, reply.code) == (True, 250)
    assert mailroom.raw == [MESSAGE]


def test_starttls_with_a_user(tls, authority):
    mailroom = Mailroom()
    options = {"require_starttls": True, "auth_required": True, "authenticator": lets_in}
    with listening(mailroom, tls_context=tls, **options) as port:
        found = settings(
            port,
            smtp_security="starttls",
            smtp_ca_file=authority.certificate,
            smtp_user="constat",
            smtp_password="secret",
        )
        assert sent(found).is_taken

        wrong = found.model_copy(update={"smtp_user": "somebody"})
        with pytest.raises(NoReplyError, match="535") as refused:
            sent(wrong)

    assert not refused.value.may_have_arrived
    assert len(mailroom.raw) == 1


def test_tls_from_the_first_byte_on(tls, authority):
    mailroom = Mailroom()
    with listening(mailroom, tls=tls) as port:
        assert sent(settings(port, smtp_security="tls", smtp_ca_file=authority.certificate)).is_taken

    assert len(mailroom.raw) == 1


def test_a_certificate_that_nobody_vouches_for_is_not_trusted(tls):
    with (
        listening(Mailroom(), tls_context=tls) as port,
        pytest.raises(NoReplyError, match="CERTIFICATE_VERIFY"),
    ):
        sent(settings(port, smtp_security="starttls"))


def test_no_mail_goes_unencrypted_to_a_server_that_offers_no_encryption():
    mailroom = Mailroom()
    with listening(mailroom) as port, pytest.raises(NoReplyError, match="STARTTLS"):
        sent(settings(port, smtp_security="starttls"))

    assert mailroom.raw == []


def test_a_file_without_certificates_is_named(tmp_path):
    (tmp_path / "ca.pem").write_text("nothing")
    with listening(Mailroom()) as port, pytest.raises(BadInputError, match="CONSTAT_SMTP_CA_FILE"):
        sent(settings(port, smtp_security="tls", smtp_ca_file=tmp_path / "ca.pem"))


def test_a_connection_that_was_lost_is_made_anew_for_the_next_message():
    mailroom = Mailroom()
    mailroom.drops = 1
    with listening(mailroom) as port:
        server = SmtpServer(settings(port))
        with pytest.raises(NoReplyError) as lost:
            server.send("from@provider.example", TO, MESSAGE)
        assert server.send("from@provider.example", TO, MESSAGE).is_taken
        server.close()

    assert lost.value.may_have_arrived
    assert len(mailroom.raw) == 2


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("5.1.1 <zoe@acme.example> unknown", "5.1.1 <address> unknown"),
        ("user zoe has moved to zoe.martin@other.example", "user <person> has moved to <address>"),
        ("mailbox of Zoé MARTIN is full", "mailbox of <person> <person> is full"),
        ("mailbox of Zoé Martinez is full", "mailbox of <person> Martinez is full"),
        ("queued as 4F2A", "queued as 4F2A"),
        ("", "-"),
    ],
)
def test_what_a_server_says_is_kept_without_address_and_name(said, kept):
    assert redacted(said, TO, "Zoé Martin") == kept


@pytest.mark.parametrize(
    ("name", "said", "kept"),
    [
        (
            "Li O'Neil",
            "user LI ONeil of O'Neil, O. Neil",
            "user <person> ONeil of <person>, <person>. <person>",
        ),
        ("Bo J. Xu-Ek", "Bo J Ek (Xu) in box", "<person> <person> <person> (<person>) in box"),
    ],
)
def test_a_word_of_a_name_is_not_kept_however_short(name, said, kept):
    assert redacted(said, "b@acme.example", name) == kept
