"""What is held about a subscriber, read live, and how much of it this proof may see."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from portal.access.directory import Directory
from portal.access.subjects import Mailbox, Opened, is_shared
from portal.adapters.contract import Adapter, Record
from portal.domain.addresses import Email
from portal.domain.countries import country_code
from portal.domain.register import FieldEntry, Kind, Register
from portal.rights.held.other_addresses import OtherAddresses
from portal.store.database import Database


class Barrier(StrEnum):
    """Why a proof of the mailbox alone shows nothing."""

    SEVERAL_PEOPLE = "several_people"
    """Records of different names: whose they are, a mailbox does not say."""
    ROLE_ADDRESS = "role_address"
    """An address that a whole company reads."""
    JUST_CHANGED = "just_changed"
    """The address was made hers a short while ago, and the old mailbox has not said that it was
    she: until it can say no more nothing is shown."""
    LEFT = "left"
    """The address was changed into another one a short while ago, and that can be taken back still:
    its mailbox can do just that."""


DOUBTFUL = frozenset({Barrier.JUST_CHANGED, Barrier.LEFT})
"""Whose address it is may turn out otherwise within days."""


class Doubtful(Exception):
    """Under an address that is `DOUBTFUL` nothing is given, and no protection taken back."""


@dataclass(frozen=True, slots=True, repr=False)
class Holdings:
    """What was read. Lives as long as one page."""

    adapters: Mapping[str, Adapter]
    records: Mapping[str, Sequence[Record]]
    """Of several people under one address, hers alone, once she has shown who she is."""
    away: Sequence[str]
    names: frozenset[str]
    """Of the people whose records these are, as `name_of` gives them."""
    name_fields: Sequence[str]
    tier: int
    """The highest tier of fields that may be shown."""
    barrier: Barrier | None = None
    opened: Opened | None = None
    """Others use the address as well; these records are of her alone."""

    @property
    def several_people(self) -> bool:
        """Is nothing shown, since whose it is a mailbox alone does not say? See `Barrier`."""
        return self.barrier is not None

    @property
    def is_doubtful(self) -> bool:
        """Was the address changed a short while ago? Then mail can be stopped, and no more."""
        return self.barrier in DOUBTFUL

    @property
    def anything(self) -> bool:
        """Is there a record anywhere?"""
        return any(self.records.values())

    @property
    def nothing_answered(self) -> bool:
        """Were all systems away?"""
        return bool(self.away) and not self.records

    def each(self) -> list[tuple[str, Record]]:
        """(adapter name, record) of everything that was read."""
        return [(name, record) for name, records in self.records.items() for record in records]


class Reading:
    """Reads what is held."""

    def __init__(
        self,
        directory: Directory,
        register: Register,
        database: Database,
        others: OtherAddresses,
        role_addresses: Collection[str],
    ) -> None:
        self._directory = directory
        self._database = database
        self._others = others
        self._names = [field.id for field in register.fields if field.kind is Kind.NAME]
        self._roles = frozenset(role_addresses)

    def of(self, mailbox: Mailbox, unasked: Collection[str] = ()) -> Holdings:
        """Everything about whoever has this mailbox, now; of several people, hers once opened.

        Of adapters left ``unasked``, nothing.
        """
        held, opened = self.of_all(mailbox, unasked), mailbox.opened
        if opened is None or held.barrier is Barrier.ROLE_ADDRESS or held.is_doubtful:
            return held
        records = {
            name: [one for one in records if self._owns(opened, name, one)]
            for name, records in held.records.items()
        }
        return Holdings(
            adapters=held.adapters,
            records=records,
            away=held.away,
            names=frozenset({opened.name}),
            name_fields=held.name_fields,
            tier=mailbox.tier,
            opened=opened,
        )

    def of_all(self, mailbox: Mailbox, unasked: Collection[str] = ()) -> Holdings:
        """Everything under the address, whosever it is: to stop mail, and to tell people apart."""
        found = self._directory.find(mailbox.email, mailbox.site, unasked)
        names = {name_of(record, self._names) for record in found.all()} - {""}
        return Holdings(
            adapters=self._directory.adapters_of(mailbox.site),
            records=found.records,
            away=found.away,
            names=frozenset(names),
            name_fields=tuple(self._names),
            tier=mailbox.tier,
            barrier=self._barrier(mailbox, names),
        )

    def everywhere(self, mailbox: Mailbox) -> Holdings:
        """The same, and what is held under the address that she has changed it into since.

        For what may only be reduced: a link in older mail is about the older address.
        """
        held = self.of_all(mailbox)
        for other in self._others.others(mailbox.email):
            found = self._directory.find(other, mailbox.site)
            records = {name: [*held.records.get(name, ())] for name in held.adapters}
            for name, more in found.records.items():
                records[name] += more
            records = {name: records[name] for name in records if name not in found.away}
            held = replace(held, records=records, away=[*{*held.away, *found.away}])
        return held

    def is_doubtful(self, mailbox: Mailbox) -> bool:
        """Was the address changed a short while ago, so that no more than stopping is done?"""
        return self._others.is_doubtful(mailbox.email, mailbox.site)

    def must_be_hers(self, mailbox: Mailbox) -> None:
        """For what lets more be done with her data, or less be done to protect it.

        Raises:
            Doubtful: Whose address this is may turn out otherwise: a person has to do it.
        """
        if self.is_doubtful(mailbox):
            raise Doubtful

    def adapters_of(self, mailbox: Mailbox) -> dict[str, Adapter]:
        """The systems that this subscriber's site looks in."""
        return self._directory.adapters_of(mailbox.site)

    @property
    def adapters(self) -> Mapping[str, Adapter]:
        """All systems, whatever the site."""
        return self._directory.adapters

    def _barrier(self, mailbox: Mailbox, names: Collection[str]) -> Barrier | None:
        if self._others.is_just_changed(mailbox.email):
            return Barrier.JUST_CHANGED
        if self._others.is_being_left(mailbox.email, mailbox.site):
            return Barrier.LEFT
        if is_role(mailbox.email, self._roles):
            return Barrier.ROLE_ADDRESS
        if len(names) > 1 or (names and self._is_shared(mailbox)):
            return Barrier.SEVERAL_PEOPLE
        return None

    def _is_shared(self, mailbox: Mailbox) -> bool:
        if mailbox.mailbox_id is None:
            return False
        with self._database.reading() as db:
            return is_shared(db, mailbox.mailbox_id)

    def _owns(self, opened: Opened, adapter: str, record: Record) -> bool:
        return opened.owns(adapter, record.ref.key, name_of(record, self._names))


def is_role(email: Email, roles: Collection[str]) -> bool:
    """Is the whole part before the @ one of these? ``info.jansen`` is not ``info``."""
    return email.canonical.rpartition("@")[0] in roles


def name_of(record: Record, fields: Sequence[str]) -> str:
    """Whose record it is, for comparing: the fields of kind ``name``, whatever case and spaces."""
    parts = (str(record.values.get(field) or "") for field in fields)
    return " ".join(" ".join(parts).casefold().split())


def may_see(field: FieldEntry, tier: int) -> bool:
    """Does a proof of this tier open the field's values?"""
    return field.tier <= tier


def home_of(register: Register, record: Record, tier: int) -> str:
    """The country of a record as far as this proof may see it: two letters, or empty."""
    for field in register.fields:
        if field.kind is Kind.COUNTRY and may_see(field, tier):
            held = record.values.get(field.id)
            if code := country_code(held) if isinstance(held, str) else "":
                return code
    return ""
