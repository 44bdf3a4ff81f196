"""Keyed hashes of very many addresses, for walks through a whole CRM.

`Vault.alias` makes them one at a time by way of `Email.parse`, which takes its time to be careful.
Nearly every address that a CRM holds is plain, though, and the canonical form of a plain one can be
had at once. Whatever is not plain goes the careful way, so that the result is always the same.
"""

from collections.abc import Sequence
from functools import lru_cache

from portal.domain.addresses import MAX_LOCAL, Email, InvalidEmail
from portal.store.plain import LONGEST, KeyedHash, plain_forms

PLAIN_DOMAIN = "example.org"
"""Stands for a domain that has been looked at already."""
LONGEST_LOCAL = "a" * MAX_LOCAL
"""What goes with this goes with every shorter local part: lengths are limited in many ways."""


def canonical_forms(texts: Sequence[str]) -> list[bytes | None]:
    """What each text is compared by, as `Email.parse` gives it; None: it is no address."""
    forms = plain_forms(texts)
    if None in forms:
        for place, form in enumerate(forms):
            if form is None:
                forms[place] = _carefully(texts[place])
    return forms


def _carefully(text: str) -> bytes | None:
    local, _, domain = text.strip().rpartition("@") if len(text) <= LONGEST else ("", "", "")
    if local.isascii() and not domain.isascii():
        # Most of what is not plain is so by its domain's own script, and there are few of those.
        known = _in_ascii(domain)
        if known and None not in plain_forms([f"{local}@{PLAIN_DOMAIN}"]):
            return f"{local.lower()}@{known}".encode()
    try:
        return Email.parse(text).canonical.encode()
    except (InvalidEmail, UnicodeEncodeError):
        return None


@lru_cache(maxsize=1000)
def _in_ascii(domain: str) -> str:
    """A domain's ASCII form; empty when it has none, or not with every local part."""
    try:
        return Email.parse(f"{LONGEST_LOCAL}@{domain}").canonical.rpartition("@")[2]
    except (InvalidEmail, UnicodeEncodeError):
        return ""


class Hasher:
    """Hashes addresses under every version of the key, as `Vault.aliases` does."""

    def __init__(self, keys: Sequence[str], purpose: str) -> None:
        self.keys = tuple(keys)
        self.purpose = purpose
        self._hashes = [KeyedHash(key, purpose) for key in keys]

    def digests(self, texts: Sequence[str]) -> list[list[bytes]]:
        """By version of the key, oldest first: the digest of each text."""
        forms = canonical_forms(texts)
        return [one.all_of(forms) for one in self._hashes]
