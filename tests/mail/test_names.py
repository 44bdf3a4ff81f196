"""Whatever the company and the subscriber are called, the mail is theirs."""

from email.utils import parseaddr

import pytest

from portal.domain.addresses import Email
from portal.mail.smtp import Letter, Mailer, MailRefused, Relay
from tests.servers.mail import MailServer, StartMailServer

SENDER = "service@example.com"


def mailer(server: MailServer, sender_name: str = "Example") -> Mailer:
    relay = Relay(
        server=server.host,
        port=server.port,
        security="none",
        sender=SENDER,
        sender_name=sender_name,
    )
    return Mailer(relay)


def letter(to: str = "wilma@example.org") -> Letter:
    return Letter(
        to=Email.parse(to), subject="Uw code: één", text="Dag Zoë\n", html="<p>Dag Zoë</p>"
    )


@pytest.mark.parametrize(
    "name",
    [
        "Kwekerij De Late Merel",
        "Smit, Jansen & Zonen",
        "Example B.V.",
        "Example (Nederland) BV",
        'De "Gouden" Leeuw',
        "info@example.com",
        "Bäckerei Müller, Söhne; GmbH",
        "a <b> c",
    ],
)
def test_a_company_of_any_name_is_the_sender_with_its_own_address(
    smtp_server: MailServer, name: str
) -> None:
    """A comma in a name once made a list of two senders of it."""
    mailer(smtp_server, name).send(letter())

    (mail,) = smtp_server.messages
    assert mail.sender == SENDER
    (sender,) = mail.message["From"].addresses
    assert (sender.display_name, sender.addr_spec) == (name, SENDER)


@pytest.mark.parametrize("address", ["josé@example.org", "ζωή@example.org"])
def test_an_address_with_letters_outside_ascii_gets_its_mail(
    smtp_server: MailServer, address: str
) -> None:
    mailer(smtp_server).send(letter(address))

    (mail,) = smtp_server.messages
    assert mail.recipients == (address,)
    assert parseaddr(str(mail.message["To"]))[1] == address
    assert mail.message["Subject"] == "Uw code: één"
    body = mail.message.get_body(("plain",))
    assert body is not None
    assert body.get_content().strip() == "Dag Zoë"


def test_a_server_that_knows_ascii_only_refuses_other_addresses_and_they_are_not_tried_again(
    start_mail_server: StartMailServer,
) -> None:
    """To send it to something that looks like the address would be to send it to somebody else."""
    server = start_mail_server(international=False)

    with pytest.raises(MailRefused) as refused:
        mailer(server).send(letter("josé@example.org"))

    assert "jos" not in str(refused.value)
    assert server.messages == []
    mailer(server).send(letter())
    assert len(server.messages) == 1
