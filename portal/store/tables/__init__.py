"""Every table of the portal's own database. CRM values are not among them: those are read live.

All times are UTC. A column named ``…_sealed`` holds what `portal.store.vault.Vault` sealed and is
emptied as soon as it has served; ``…_hash`` holds a digest from which nothing can be read back.
"""

from portal.store.tables.address import AddressChange
from portal.store.tables.api import ApiKey, FeedEntry, Handoff
from portal.store.tables.base import Table
from portal.store.tables.cases import Case
from portal.store.tables.copies import Copy
from portal.store.tables.ledger import LedgerEntry, LedgerLink, LedgerWaiting
from portal.store.tables.operators import Operator, OperatorSession
from portal.store.tables.people import (
    Proof,
    QuotaHit,
    Recall,
    Release,
    Session,
    Subject,
    SubjectAlias,
)
from portal.store.tables.requests import Consent, Delivery, Frequency, Request, Suppression
from portal.store.tables.work import AdapterState, Alarm, Job, Mark

__all__ = [
    "AdapterState",
    "AddressChange",
    "Alarm",
    "ApiKey",
    "Case",
    "Consent",
    "Copy",
    "Delivery",
    "FeedEntry",
    "Frequency",
    "Handoff",
    "Job",
    "LedgerEntry",
    "LedgerLink",
    "LedgerWaiting",
    "Mark",
    "Operator",
    "OperatorSession",
    "Proof",
    "QuotaHit",
    "Recall",
    "Release",
    "Request",
    "Session",
    "Subject",
    "SubjectAlias",
    "Suppression",
    "Table",
]
