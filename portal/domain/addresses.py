"""E-mail addresses: one way to accept them, one way to compare them, and none to leak them."""

import unicodedata
from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email

MAX_LENGTH = 254  # octets; RFC 5321 §4.5.3.1.3, the path less its angle brackets
MAX_LOCAL = 64  # octets; RFC 5321 §4.5.3.1.1

_REFUSED = "not one e-mail address"


class InvalidEmail(ValueError):
    """The text is not exactly one plain e-mail address. The message never holds the text."""


@dataclass(frozen=True, slots=True, repr=False)
class Email:
    """One accepted e-mail address.

    ``address`` is what mail is sent to; ``canonical`` is what addresses are compared by, and is
    the same for every spelling that reaches the same mailbox as far as that can be known: in small
    letters, Unicode normalised (NFC), the domain in its ASCII form. ``repr`` and ``str`` show
    nothing of it, so that an address cannot slip into a log.
    """

    address: str
    canonical: str

    @classmethod
    def parse(cls, text: str) -> "Email":
        """Accept exactly one plain address.

        Display names, lists, quoted local parts, comments, address literals and look-alike
        separators are refused: each has been used to make one check see one address and the mail
        server another (CVE-2022-35924, GHSA-5jpx-9hw9-2fx4, CVE-2019-19844).

        :raises InvalidEmail: anything else.
        """
        # A domain in its own script is shorter than in ASCII, so twice the length is no address.
        plain = text.strip() if len(text) <= MAX_LENGTH * 2 else ""
        if any(_is_look_alike(character) for character in plain):
            raise InvalidEmail(_REFUSED)
        try:
            found = validate_email(
                plain,
                check_deliverability=False,
                allow_smtputf8=True,
                allow_quoted_local=False,
                allow_domain_literal=False,
                allow_display_name=False,
                test_environment=True,  # example.test is a domain like others
            )
        except EmailNotValidError:
            # Not chained: the library's message quotes the text.
            raise InvalidEmail(_REFUSED) from None
        local, domain = found.local_part, found.ascii_domain.lower()
        address = f"{local}@{domain}"
        too_long = len(local.encode()) > MAX_LOCAL or len(address.encode()) > MAX_LENGTH
        if too_long or "." not in domain:
            raise InvalidEmail(_REFUSED)
        return cls(address, f"{_lower(local)}@{domain}")

    @property
    def masked(self) -> str:
        """The address as it may be shown to somebody who may be another: ``j•••@example.org``."""
        local, _, domain = self.address.rpartition("@")
        return f"{local[0] if len(local) > 1 else ''}•••@{domain}"

    def same_mailbox(self, other: str | None) -> bool:
        """Is the text that a CRM holds this very address? False for anything unreadable.

        The one comparison of the portal. A database's collation may ignore case and accents, and
        some CRMs also find people by an address they used to have, so nothing that a CRM's
        search returned is believed until this has said yes.
        """
        if not other:
            return False
        try:
            return Email.parse(other).canonical == self.canonical
        except InvalidEmail:
            return False

    def __repr__(self) -> str:
        # Not even masked: a domain of one's own is a name.
        return "Email(•••)"

    __str__ = __repr__


def _is_look_alike(character: str) -> bool:
    """Does it turn into an ASCII character by normalising or by taking the small letter?

    So do U+FF20 (@), U+3002 (.), the Kelvin sign (k) and the Turkish dotted I (i): one check sees
    one address and the next sees another. Nobody's mailbox has them, and they are refused.
    """
    if character.isascii():
        return False
    if character in "\u3002\uff61":  # full stops to IDNA (RFC 3490 §3.1), not to Unicode
        return True
    small = unicodedata.normalize("NFKC", character).lower()
    return any(one.isascii() for one in small)


def _lower(local: str) -> str:
    # The standard lets a mail server tell A from a; none that people use does, and people type
    # both. lower(), not casefold(): that one makes ß into ss, and two mailboxes that merely look
    # alike must stay two (CVE-2019-19844). ı stays ı.
    return unicodedata.normalize("NFC", local.lower())
