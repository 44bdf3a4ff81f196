"""Keyed hashes of very many addresses, for walks through a whole CRM.

`Vault.alias` makes them one at a time by way of `Email.parse`, which takes its time to be careful.
Nearly every address that a CRM holds is plain, though, and the canonical form of a plain one can be
had at once. Whatever is not plain goes the careful way, so that the result is always the same.
"""

from collections.abc import Sequence

from portal.domain.addresses import Email, InvalidEmail
from portal.store.plain import KeyedHash, plain_forms


def canonical_forms(texts: Sequence[str]) -> list[bytes | None]:
    """What each text is compared by, as `Email.parse` gives it; None: it is no address."""
    forms = plain_forms(texts)
    if None in forms:
        for place, form in enumerate(forms):
            if form is None:
                forms[place] = _carefully(texts[place])
    return forms


def _carefully(text: str) -> bytes | None:
    try:
        return Email.parse(text).canonical.encode()
    except (InvalidEmail, UnicodeEncodeError):
        return None


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
