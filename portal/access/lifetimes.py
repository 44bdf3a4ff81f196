"""How long things of this wing last."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """Durations; the defaults are those of OWASP ASVS 5.0 §6.5.5 and §7.3."""

    signin: timedelta = timedelta(minutes=10)
    """Of a mailed link and code, from the hand-off to the mail server."""
    confirm: timedelta = timedelta(minutes=5)
    fresh_proof: timedelta = timedelta(minutes=5)
    session_idle: timedelta = timedelta(minutes=15)
    session_absolute: timedelta = timedelta(minutes=60)
    code_tries: int = 5
