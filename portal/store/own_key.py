"""Sealing under a key of its own: once that key is destroyed, nothing opens what it sealed."""

import zlib

from cryptography.fernet import Fernet, InvalidToken

from portal.store.vault import CannotUnseal


def seal_under_own_key(data: bytes) -> tuple[bytes, str]:
    """(what was sealed, its key). The key is made here, and is to be kept apart from it."""
    key = Fernet.generate_key()
    return Fernet(key).encrypt(zlib.compress(data)), key.decode()


def open_under_own_key(sealed: bytes, key: str) -> bytes:
    """What was sealed.

    :raises CannotUnseal: damaged, or the key is of something else.
    """
    try:
        return zlib.decompress(Fernet(key).decrypt(sealed))
    except (InvalidToken, ValueError, zlib.error):
        raise CannotUnseal("cannot be opened with this key") from None
