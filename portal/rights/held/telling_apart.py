"""Several people under one address: each shows which records are hers by what only she has.

A number on a card, say: a field that the register marks with ``knows``. It is compared with every
record under the address, in the same time whatever is there; a wrong one and one that nobody has
are answered alike. What it opens lasts as long as the session, and shows nothing of the others.
"""

import hmac
import unicodedata
from collections.abc import Sequence

from portal.access.limits import DAY, Quota, Quotas
from portal.access.sessions import Sessions, SignedIn
from portal.access.subjects import Opened
from portal.adapters.contract import Record
from portal.domain.clock import Clock
from portal.domain.register import FieldEntry, Register
from portal.rights.held.holdings import Barrier, Holdings, Reading, name_of
from portal.rights.held.values import scalar_of
from portal.store.database import Database
from portal.store.vault import Vault

TRIES = 5
"""In one session, and in a day for one address. Right ones do not count."""
SHORTEST = 4
"""Characters: what is shorter is guessed, and tells nobody apart."""


class TooManyTries(Exception):
    """From here on a person finds out whose the records are."""


class TellingApart:
    """Opens the records of one of several people."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        sessions: Sessions,
        register: Register,
        reading: Reading,
        clock: Clock,
    ) -> None:
        self._database = database
        self._quotas = Quotas(vault)
        self._sessions = sessions
        self._register = register
        self._reading = reading
        self._clock = clock

    def asked_for(self, held: Holdings) -> list[FieldEntry]:
        """The fields by which people are told apart here; none: a person has to.

        By the settings alone, and not by what is held: that would tell who has a number.
        """
        mapped = {
            field
            for adapter in held.adapters.values()
            for field in adapter.capabilities.fields  # what it reads, not what a record holds
        }
        return [field for field in self._register.fields if field.knows and field.id in mapped]

    def may_try(self, signed_in: SignedIn) -> bool:
        """Are there tries left?"""
        with self._database.reading() as db:
            return self._quotas.have_room(db, self._clock(), self._measures(signed_in))

    def open(self, signed_in: SignedIn, typed: str) -> bool:
        """Open the records of whoever has this; False: nobody here has, or not one person alone.

        Each try is counted before it is looked at.

        Raises:
            TooManyTries: See there. Nothing was looked at.
        """
        measures = self._measures(signed_in)
        with self._database.unit("person tried") as unit:
            within = self._quotas.hit(unit.session, self._clock(), measures)
            unit.commit()
        if not within:
            raise TooManyTries
        held = self._reading.of_all(signed_in)
        opened = self._whose(held, signed_in, normal(typed))
        with self._database.unit("person opened") as unit:
            if opened is None:
                return False
            self._sessions.open_person(unit.session, signed_in, opened)
            self._quotas.take_back(unit.session, measures)
            unit.commit()
        return True

    def _measures(self, signed_in: SignedIn) -> list[Quota]:
        quota = self._quotas.quota
        return [
            quota(TRIES, DAY, "person of session", str(signed_in.session_id)),
            quota(TRIES, DAY, "person of address", signed_in.mailbox_id),
        ]

    def _whose(self, held: Holdings, signed_in: SignedIn, typed: str) -> Opened | None:
        fields = [field.id for field in self.asked_for(held)]
        names = {
            name_of(record, held.name_fields)
            for _adapter, record in held.each()
            if _has(record, fields, typed)
        }
        if held.barrier is not Barrier.SEVERAL_PEOPLE or len(names) != 1 or "" in names:
            return None
        (name,) = names
        return Opened(
            mailbox_id=signed_in.mailbox_id,
            name=name,
            name_fields=held.name_fields,
            keys={
                adapter: [one.ref.key for one in records if name_of(one, held.name_fields) == name]
                for adapter, records in held.records.items()
            },
        )


def _has(record: Record, fields: Sequence[str], typed: str) -> bool:
    """Every field is compared, whatever the first has said."""
    same = [
        hmac.compare_digest(known.encode(), typed.encode()) and len(known) >= SHORTEST
        for field in fields
        for known in [normal(scalar_of(record.values.get(field)))]
    ]
    return any(same)


def normal(value: object) -> str:
    """As it is compared: without blanks, dashes and the like, in small letters."""
    plain = unicodedata.normalize("NFKC", "" if value is None else str(value)[:256]).casefold()
    return "".join(sign for sign in plain if sign.isalnum())
