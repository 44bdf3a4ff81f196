"""What an operator proves herself by: a password, a code of her phone, or a recovery code.

Recovery codes have 120 random bits, so that a plain digest of one gives nothing away (OWASP ASVS
5.0 §6.5.2 asks for 112); passwords are hashed slowly, by the vault.
"""

import hmac
import secrets
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime

import pyotp

from portal.store.vault import CODE_ALPHABET, read_code, token_hash

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 1024
RECOVERY_CODES = 10
RECOVERY_LENGTH = 24
STEP = 30
"""Seconds that a code of the phone is shown for (RFC 6238)."""
DRIFT = 1
"""Steps that a phone's clock may be early or late."""
DIGITS = 6


class WeakPassword(ValueError):
    """The password is too short or too long. The message says how long one must be."""


def checked_password(typed: str) -> str:
    """The password as it is hashed.

    Raises:
        WeakPassword: It has not 12 to 1024 characters.
    """
    password = prepared_password(typed)
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise WeakPassword(f"a password has at least {SHORTEST_PASSWORD} characters")
    return password


def prepared_password(typed: str) -> str:
    """The same text for the same keys, whichever way a keyboard writes an accent (NIST 800-63B)."""
    return unicodedata.normalize("NFKC", typed)


def new_secret() -> str:
    """A secret for the phone: 160 random bits in base32."""
    return pyotp.random_base32()


def enrolment(secret: str, name: str, issuer: str) -> str:
    """The ``otpauth://`` address that an authenticator app reads from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=issuer)


def step_of(secret: str, code: str, now: datetime, *, after: int = 0) -> int | None:
    """The time step that this code belongs to, if it is right now and later than ``after``.

    To be kept, so that whoever saw the code over a shoulder cannot use it again (RFC 6238 §5.2).
    """
    digits = "".join(unicodedata.normalize("NFKC", code[:64]).split())
    current = int(now.astimezone(UTC).timestamp()) // STEP
    totp = pyotp.TOTP(secret, digits=DIGITS, interval=STEP)
    found = None
    for step in range(current - DRIFT, current + DRIFT + 1):
        right = hmac.compare_digest(totp.generate_otp(step).encode(), digits.encode())
        if right and step > after:
            found = step
    return found


def new_recovery_codes() -> list[str]:
    """Ten codes for the day on which the phone is gone, each good once."""
    return [
        "".join(secrets.choice(CODE_ALPHABET) for _ in range(RECOVERY_LENGTH))
        for _ in range(RECOVERY_CODES)
    ]


def show_recovery_code(code: str) -> str:
    """As it is printed: in groups of four."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))


def recovery_hash(code: str) -> str:
    """What is stored of a recovery code, or looked for when one is typed."""
    return token_hash(read_code(code)).hex()


def without(hashes: Sequence[str], code: str) -> list[str] | None:
    """The stored hashes without the one of this code; None when it is not among them."""
    hashed = recovery_hash(code)
    found = [one for one in hashes if hmac.compare_digest(one, hashed)]
    return [one for one in hashes if one not in found] if found else None
