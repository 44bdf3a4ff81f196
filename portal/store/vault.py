"""The vault: sealing, keyed hashes, signed tokens and slow hashes, and the keys behind them.

Keys live in one file outside the database and outside its back-ups: a copy of the database alone
opens nothing and names nobody.
"""

import base64
import hashlib
import hmac
import json
import os
import secrets
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from itsdangerous import BadSignature, Signer

from portal.domain.addresses import Email
from portal.store.durable import sync_folder
from portal.store.hashing import Hasher

KEY_LENGTH = 32  # characters, at least; `Keyring.create` makes 43, which are 256 bits


class KeysUnusable(Exception):
    """The key file is missing, unreadable or not one of ours. The message holds no key."""


class CannotUnseal(Exception):
    """What was sealed is damaged, for another purpose, or its key is gone."""


@dataclass(frozen=True, slots=True, repr=False)
class Keyring:
    """All keys, oldest first. The newest makes new things; older ones still open old things."""

    sealing: tuple[str, ...]
    signing: tuple[str, ...]
    alias: tuple[tuple[int, str], ...]
    """(version, key) for keyed hashes; a hash is stored with the version that made it."""
    links: tuple[str, ...] = ()
    """For footer links, which live as long as mail is kept; a key file of before they came has
    none."""

    @classmethod
    def create(cls, path: Path) -> "Keyring":
        """Make new keys in a new file that only its owner may read.

        :raises FileExistsError: there are keys already; they are never overwritten.
        """
        keys = {
            "sealing": [Fernet.generate_key().decode()],
            "signing": [secrets.token_urlsafe(32)],
            "alias": [{"version": 1, "key": secrets.token_urlsafe(32)}],
            "links": [secrets.token_urlsafe(32)],
        }
        _write_keys(path, keys)
        return cls.load(path)

    @classmethod
    def add_link_key(cls, path: Path) -> "Keyring":
        """Add one key for footer links, in a file that takes the place of the old one whole.

        The file keeps its date: by it a person is reminded when the other keys are old.

        Raises:
            KeysUnusable: The file cannot be read as keys; nothing was changed.
            FileExistsError: Somebody else is at it.
            OSError: The file cannot be written; nothing was changed.
        """
        cls.load(path)
        made, keys = path.stat(), json.loads(path.read_text(encoding="utf-8"))
        keys["links"] = [*keys.get("links", []), secrets.token_urlsafe(32)]
        beside = path.with_name(f"{path.name}.new")
        _write_keys(beside, keys)
        os.utime(beside, (made.st_atime, made.st_mtime))
        beside.replace(path)
        sync_folder(path.parent)
        return cls.load(path)

    @classmethod
    def load(cls, path: Path) -> "Keyring":
        """:raises KeysUnusable: the file cannot be read as keys."""
        try:
            keys = json.loads(path.read_text(encoding="utf-8"))
            ring = cls(
                sealing=tuple(str(key) for key in keys["sealing"]),
                signing=tuple(str(key) for key in keys["signing"]),
                alias=tuple((int(key["version"]), str(key["key"])) for key in keys["alias"]),
                links=tuple(str(key) for key in keys.get("links", ())),
            )
            ring._check()
        except FileNotFoundError:
            raise KeysUnusable(
                f"there is no key file {path.name}; `portal init` makes one"
            ) from None
        except (OSError, ValueError, KeyError, TypeError):
            raise KeysUnusable(f"the key file {path.name} cannot be read as keys") from None
        return ring

    def _check(self) -> None:
        """:raises ValueError: a kind of key is missing, a key is short, or versions repeat."""
        for key in self.sealing:
            Fernet(key)
        secret = [*self.signing, *self.links, *(key for _, key in self.alias)]
        if not (self.sealing and self.signing and self.alias) or min(map(len, secret)) < KEY_LENGTH:
            raise ValueError("a key is missing or too short")
        versions = [version for version, _ in self.alias]
        if versions != sorted(set(versions)):
            raise ValueError("the versions do not ascend")

    def __repr__(self) -> str:
        return f"Keyring({len(self.sealing)} sealing, {len(self.signing)} signing)"


class Vault:
    """What the keys are used for. ``purpose`` binds each product to its use and to no other."""

    def __init__(self, keys: Keyring, slow: PasswordHasher | None = None) -> None:
        self._keys = keys
        self._fernet = MultiFernet([Fernet(key) for key in reversed(keys.sealing)])
        # OWASP's Password Storage sheet names these for Argon2id: 19 MiB, two passes, one lane.
        self._slow = slow or PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
        self._decoy = self._slow.hash(secrets.token_hex(8))

    # sealing ---------------------------------------------------------------------------------

    def seal(self, data: Any, purpose: str) -> bytes:
        """Encrypt anything that JSON holds: of a CRM also half of a letter (a lone surrogate)."""
        envelope = json.dumps({"purpose": purpose, "data": data}, ensure_ascii=False)
        return self._fernet.encrypt(envelope.encode(errors="surrogatepass"))

    def unseal(self, sealed: bytes, purpose: str) -> Any:
        """:raises CannotUnseal: damaged, sealed for another purpose, or the key is gone."""
        try:
            envelope = json.loads(self._fernet.decrypt(sealed))
        except (InvalidToken, ValueError):
            raise CannotUnseal("cannot be opened with the present keys") from None
        if not isinstance(envelope, dict) or envelope.get("purpose") != purpose:
            raise CannotUnseal("was sealed for another purpose")
        return envelope["data"]

    # keyed hashes ----------------------------------------------------------------------------

    def alias(self, email: Email) -> tuple[int, bytes]:
        """(key version, digest) of an address, under the newest key."""
        return self.aliases(email)[-1]

    def aliases(self, email: Email) -> list[tuple[int, bytes]]:
        """The address under every key there is, oldest first, to find who was stored before."""
        return [
            (version, _keyed(key, "alias", email.canonical)) for version, key in self._keys.alias
        ]

    def person_aliases(self, email: Email, name: str) -> list[tuple[int, bytes]]:
        """One of several people under an address, by her name, under every key, oldest first."""
        told = _joined(email.canonical, name)
        return [(version, _keyed(key, "person", told)) for version, key in self._keys.alias]

    @property
    def hasher(self) -> Hasher:
        """Makes the aliases of very many addresses."""
        return Hasher([key for _, key in self._keys.alias], "alias")

    def bucket(self, *parts: str) -> bytes:
        """The digest under which something is counted."""
        return _keyed(self._keys.alias[-1][1], "bucket", _joined(*parts))

    def mac(self, purpose: str, text: str) -> str:
        """What shows that a text kept outside the database was written by this portal."""
        return _keyed(self._keys.signing[-1], f"mac {purpose}", text).hex()

    def check_mac(self, purpose: str, text: str, mac: str) -> bool:
        """Was it made over this very text, by any of the keys?"""
        made = (_keyed(key, f"mac {purpose}", text).hex() for key in reversed(self._keys.signing))
        return any(hmac.compare_digest(one, mac) for one in made)

    # tokens ----------------------------------------------------------------------------------

    def new_token(self, purpose: str, site: str) -> tuple[str, bytes]:
        """(token, its stored hash): 128 random bits, signed for this purpose and site alone."""
        token = self._signer(purpose, site).sign(secrets.token_urlsafe(16)).decode()
        return token, token_hash(token)

    def check_token(self, token: str, purpose: str, site: str) -> bytes | None:
        """The stored hash to look for, or None when the signature is not ours for this use."""
        try:
            self._signer(purpose, site).unsign(token.encode())
        except (BadSignature, UnicodeEncodeError):
            return None
        return token_hash(token)

    def _signer(self, purpose: str, site: str) -> Signer:
        return Signer(
            list(self._keys.signing),
            salt=_joined("portal", purpose, site),
            key_derivation="hmac",
            digest_method=hashlib.sha256,
        )

    @property
    def cookie_keys(self) -> tuple[str, list[str]]:
        """(key, older keys) for the framework's signed cookie."""
        *older, newest = (
            base64.urlsafe_b64encode(_keyed(key, "cookie", "")).decode()
            for key in self._keys.signing
        )
        return newest, older[::-1]

    # codes -----------------------------------------------------------------------------------

    def hash_code(self, code: str) -> str:
        """A salted Argon2id hash: a code is short, so reading the table must not give it away."""
        return self._slow.hash(code)

    def check_code(self, code: str, stored: str | None) -> bool:
        """Is it the code? Costs the same when there is none to compare with."""
        try:
            self._slow.verify(stored or self._decoy, code)
        except (VerificationError, InvalidHashError):
            return False
        return stored is not None


def _write_keys(path: Path, keys: dict[str, Any]) -> None:
    """:raises FileExistsError: there is such a file already."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(keys, file, indent=2)
        file.flush()
        os.fsync(file.fileno())  # nothing may be sealed under keys that a power cut can take


def token_hash(token: str) -> bytes:
    """SHA-256; enough for what has 128 random bits of its own."""
    return hashlib.sha256(token.encode()).digest()


def new_reference() -> str:
    """An unguessable public name: 128 random bits, 22 characters.

    None begins with a hyphen, or a command line would take it for an option.
    """
    while (reference := secrets.token_urlsafe(16)).startswith("-"):
        pass
    return reference


def new_subject_id() -> str:
    """A random id for a person: 128 bits, 32 hexadecimal characters."""
    return secrets.token_hex(16)


CODE_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"  # RFC 4648 base32

LOOK_ALIKES = str.maketrans("018", "OIB")  # base32 has none of the three digits


def new_code() -> str:
    """Eight base32 characters, 40 bits, as they are stored: without the dash."""
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(8))


def new_number() -> str:
    """A number to name something by, on a page and on the phone: 60 bits, ``ABCD-EF23-GH45``."""
    return "-".join("".join(secrets.choice(CODE_ALPHABET) for _ in range(4)) for _ in range(3))


def show_code(code: str) -> str:
    """``ABCD-EF23``: as it is mailed."""
    return f"{code[:4]}-{code[4:]}"


def read_code(typed: str) -> str:
    """What was typed or pasted, as it is stored.

    Upper case, full-width letters made plain, 0, 1 and 8 taken for the letters they look like, and
    whatever is neither a letter nor a digit left out: every sort of dash, space and full stop.
    """
    plain = unicodedata.normalize("NFKC", typed[:256]).upper()
    kept = "".join(sign for sign in plain if sign.isascii() and sign.isalnum())
    return kept.translate(LOOK_ALIKES)[:64]


def _joined(*parts: str) -> str:
    """One text of several, such that no other parts make the same: each with its length."""
    return "".join(f"{len(part)}:{part}" for part in parts)


def _keyed(key: str, purpose: str, text: str) -> bytes:
    return hmac.new(
        key.encode(), f"{purpose}\x00{text}".encode(errors="surrogatepass"), hashlib.sha256
    ).digest()
