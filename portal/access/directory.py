"""Who an address is, in the systems that one site's visitors may see."""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from portal.adapters.contract import Adapter, AdapterError, Record, Registry
from portal.domain.addresses import Email

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, repr=False)
class Found:
    """What came of looking an address up. Lives as long as one page or one mail."""

    records: Mapping[str, Sequence[Record]]
    """Adapter name → the records whose own address is this mailbox; an adapter that holds
    none has an empty sequence."""
    away: Sequence[str]
    """Names of the adapters that could not be asked."""

    @property
    def anything(self) -> bool:
        """Is there a record anywhere?"""
        return any(self.records.values())

    def all(self) -> list[Record]:
        """Every record, in the adapters' order."""
        return [record for records in self.records.values() for record in records]


class Directory:
    """Looks addresses up, live. ``sites`` names the adapters of each site; an empty list means all.

    A site that is not there sees nothing: it is a `KeyError`.
    """

    def __init__(self, adapters: Registry, sites: Mapping[str, Sequence[str]]) -> None:
        self._adapters = adapters
        self._sites = sites

    @property
    def adapters(self) -> Registry:
        """All adapters, whatever the site."""
        return self._adapters

    @property
    def sites(self) -> frozenset[str]:
        """The ids of all sites."""
        return frozenset(self._sites)

    def adapters_of(self, site: str) -> dict[str, Adapter]:
        """The adapters whose data this site's visitors see, by name."""
        names = self._sites[site] or list(self._adapters)
        return {name: self._adapters[name] for name in names}

    def sites_of(self, adapter: str) -> list[str]:
        """The sites whose visitors see this adapter's data."""
        return [site for site, names in self._sites.items() if not names or adapter in names]

    def find(self, email: Email, site: str, unasked: Collection[str] = ()) -> Found:
        """Ask every adapter of a site. One that does not answer is named, never passed over.

        Nor is one that is left ``unasked``, since it did not answer a moment ago.
        """
        records: dict[str, list[Record]] = {}
        away: list[str] = []
        for name, adapter in self.adapters_of(site).items():
            if name in unasked:
                away.append(name)
                continue
            try:
                records[name] = records_of(adapter, email)
            except AdapterError as error:
                log.warning("adapter %s could not be asked: %s", name, type(error).__name__)
                away.append(name)
        return Found(records, away)


def records_of(adapter: Adapter, email: Email) -> list[Record]:
    """The records of one adapter whose own address is this mailbox.

    Whatever the CRM's search returned is compared once more: its collation may ignore accents, and
    some CRMs also find people by an address they no longer have.
    """
    read = (adapter.read(ref) for ref in adapter.find(email.address))
    return [record for record in read if record and email.same_mailbox(record.email)]
