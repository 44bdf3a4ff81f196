"""What is held about a subscriber, read live, and how much of it this proof may see."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from portal.access.directory import Directory
from portal.access.subjects import Mailbox
from portal.adapters.contract import Adapter, Record
from portal.domain.countries import country_code
from portal.domain.register import FieldEntry, Kind, Register


@dataclass(frozen=True, slots=True, repr=False)
class Holdings:
    """What was read. Lives as long as one page."""

    adapters: Mapping[str, Adapter]
    records: Mapping[str, Sequence[Record]]
    away: Sequence[str]
    names: frozenset[str]
    """Of the people whose records these are, as `name_of` gives them."""
    name_fields: Sequence[str]
    tier: int
    """The highest tier of fields that may be shown."""

    @property
    def several_people(self) -> bool:
        """Records of different names: whose they are, a mailbox alone does not say."""
        return len(self.names) > 1

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

    def __init__(self, directory: Directory, register: Register) -> None:
        self._directory = directory
        self._names = [field.id for field in register.fields if field.kind is Kind.NAME]

    def of(self, mailbox: Mailbox, unasked: Collection[str] = ()) -> Holdings:
        """Everything about whoever has this mailbox, now; of adapters left ``unasked``, nothing."""
        found = self._directory.find(mailbox.email, mailbox.site, unasked)
        names = {name_of(record, self._names) for record in found.all()} - {""}
        return Holdings(
            adapters=self._directory.adapters_of(mailbox.site),
            records=found.records,
            away=found.away,
            names=frozenset(names),
            name_fields=tuple(self._names),
            tier=mailbox.tier,
        )

    def adapters_of(self, mailbox: Mailbox) -> dict[str, Adapter]:
        """The systems that this subscriber's site looks in."""
        return self._directory.adapters_of(mailbox.site)


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
