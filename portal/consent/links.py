"""Footer links: what a token at the foot of a mail names, and how it is made and opened.

A token is authenticated encryption of site, purpose and address under a key of its own list, and
nothing is stored for it: whoever holds it may stop one mailing to one address, and nothing else.
AES-SIV (RFC 5297) is made for this: it needs no nonce, so the same person's link for the same
mailing is the same whenever it is made, and it is short.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from portal.domain.addresses import Email, InvalidEmail

FORM = [b"subscriber-portal footer link 1"]
"""What every token is bound to besides its key; another form of token gets another number."""
TAG = 16
"""Bytes that authenticate a token (RFC 5297 §2.6)."""
LONGEST = 600
"""Characters that are looked at; the longest address of the longest site takes 500."""


class DoesNotOpen(Exception):
    """It is no token of ours: forged, cut, or its key is gone. The message holds nothing of it."""


class NoLinkKey(Exception):
    """There is no key to make links with; ``portal links --new-key`` adds one."""


@dataclass(frozen=True, slots=True, repr=False)
class Link:
    """One mailing to one address, of one site."""

    site: str
    purpose: str
    """The id of a purpose in the register."""
    email: Email
    """As the CRM had it when the link was made."""

    @property
    def tier(self) -> int:
        """It shows nothing that is held: it may only reduce."""
        return 0

    @property
    def mailbox_id(self) -> None:
        """It is worth something for who has never signed in, too."""

    @property
    def opened(self) -> None:
        """It stops for all who use the address."""


class FooterLinks:
    """Makes tokens with the newest key, and opens those of every key that is still on the list."""

    def __init__(self, keys: Sequence[str]) -> None:
        """Take the keys, oldest first; without any, nothing opens."""
        self._ciphers = [AESSIV(_spread(key)) for key in reversed(keys)]

    def mint(self, link: Link) -> str:
        """The token of a link: letters, digits, ``-`` and ``_``.

        :raises NoLinkKey: there is no key yet.
        """
        if not self._ciphers:
            raise NoLinkKey("there is no key for footer links: `portal links --new-key` adds one")
        plain = f"{link.site}\0{link.purpose}\0{link.email.address}"
        return _to_text(self._ciphers[0].encrypt(plain.encode(), FORM))

    def open(self, token: str) -> Link:
        """What a token names.

        :raises DoesNotOpen: it is none of ours.
        """
        sealed = _to_bytes(token)
        for cipher in self._ciphers:
            try:
                return _link(cipher.decrypt(sealed, FORM))
            except InvalidTag:
                continue
        raise DoesNotOpen("no key opens it")


def length(base: str, site: str, purpose: str, address: int) -> int:
    """How many characters a link has, for an address of so many, behind this base."""
    plain = TAG + len(site) + len(purpose) + address + 2
    return len(base) + -(-4 * plain // 3)


def _link(plain: bytes) -> Link:
    site, purpose, address = plain.decode().split("\0")
    try:
        return Link(site, purpose, Email.parse(address))
    except InvalidEmail:  # one that an older version accepted
        raise DoesNotOpen("it names no address") from None


def _spread(key: str) -> bytes:
    """A key as the cipher takes it: 512 bits, one half to authenticate and one to encrypt."""
    return hmac.new(key.encode(), b"footer links", hashlib.sha512).digest()


def _to_text(sealed: bytes) -> str:
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def _to_bytes(token: str) -> bytes:
    """The bytes of a token in its one spelling; base64 has others, which are not ours."""
    if len(token) > LONGEST or not token.isascii():
        raise DoesNotOpen("it is no token")
    try:
        sealed = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (binascii.Error, ValueError):
        raise DoesNotOpen("it is no token") from None
    if len(sealed) <= TAG or _to_text(sealed) != token:
        raise DoesNotOpen("it is no token")
    return sealed
