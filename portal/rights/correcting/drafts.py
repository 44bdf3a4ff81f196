"""What was typed when a session had ended, until she has signed in again.

The portal stores none of it. It is sealed for the subscriber to whom the form was shown, and
travels with her browser; to anybody else who signs in there it is nothing.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from portal.access.sessions import SignedIn
from portal.domain.clock import Clock
from portal.store.vault import CannotUnseal, Vault

SEALED_FOR = "draft"
KEPT_FOR = timedelta(hours=1)


class Drafts:
    """Seals what was typed, and opens it for the same subscriber."""

    def __init__(self, vault: Vault, clock: Clock) -> None:
        self._vault = vault
        self._clock = clock

    def seal(self, subject_id: str, typed: Mapping[str, str]) -> str:
        """Text by field id, for whoever the form was shown to."""
        told = {"subject": subject_id, "at": self._clock().isoformat(), "typed": dict(typed)}
        return self._vault.seal(told, SEALED_FOR).decode()

    def open(self, signed_in: SignedIn, sealed: str) -> dict[str, str]:
        """Text by field id; nothing where it is damaged, too old, or somebody else's."""
        try:
            told = self._vault.unseal(sealed.encode("ascii", "replace"), SEALED_FOR)
        except CannotUnseal:
            return {}
        late = self._clock() - datetime.fromisoformat(told["at"]) > KEPT_FOR
        if late or told["subject"] != signed_in.subject_id:
            return {}
        typed: dict[str, str] = told["typed"]
        return typed
