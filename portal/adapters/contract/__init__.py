"""The adapter contract, version 1: all that a plugin for a CRM imports from the portal.

An adapter is a class, found by the entry-point group ``portal.adapters``, whose ``Settings`` model
validates its section of ``portal.toml``. It reads and writes one CRM and knows nothing of requests,
sessions or the law: it says what the CRM holds, does what it is told, and tells truthfully what
happened. `portal.adapters.testing.AdapterContract` is the test suite that it must pass.
"""

from portal.adapters.contract.adapter import (
    Adapter,
    Pauses,
    PutsBack,
    Registry,
    SetsAddress,
    SetsFrequency,
    SetsLink,
    that_pauses,
    that_puts_back,
    that_sets_address,
    that_sets_link,
)
from portal.adapters.contract.declared import (
    AdapterSettings,
    Capabilities,
    Location,
)
from portal.adapters.contract.errors import (
    AdapterError,
    Conflict,
    InShadow,
    Misconfigured,
    RateLimited,
    Refused,
    Unreachable,
    Unsupported,
)
from portal.adapters.contract.values import (
    Change,
    ConsentState,
    Erasure,
    ErasureKind,
    Evidence,
    FieldInfo,
    Linked,
    LinkToSet,
    Outcome,
    Record,
    Ref,
    Retained,
    Row,
    Scalar,
    Value,
)

CONTRACT_VERSION = 1

__all__ = [
    "CONTRACT_VERSION",
    "Adapter",
    "AdapterError",
    "AdapterSettings",
    "Capabilities",
    "Change",
    "Conflict",
    "ConsentState",
    "Erasure",
    "ErasureKind",
    "Evidence",
    "FieldInfo",
    "InShadow",
    "LinkToSet",
    "Linked",
    "Location",
    "Misconfigured",
    "Outcome",
    "Pauses",
    "PutsBack",
    "RateLimited",
    "Record",
    "Ref",
    "Refused",
    "Registry",
    "Retained",
    "Row",
    "Scalar",
    "SetsAddress",
    "SetsFrequency",
    "SetsLink",
    "Unreachable",
    "Unsupported",
    "Value",
    "that_pauses",
    "that_puts_back",
    "that_sets_address",
    "that_sets_link",
]
