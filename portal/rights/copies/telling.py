"""A copy as data: what is held about her, and what is done with it, as JSON tells it.

Its shape is published (`portal/schemas/my-data-1.json`, served at ``/schemas/my-data-1.json``): a
key more, less or of another meaning is a version more. Values are exact; the tables, the card and
the page that are made of it are for other readers and say so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from math import isfinite
from typing import Any

from portal.access.sessions import SignedIn
from portal.adapters.contract import Record, Scalar
from portal.config import Settings
from portal.domain.clock import Clock
from portal.domain.register import FieldEntry, Ground, Kind, Register, in_language
from portal.rights.copies.about import about, is_filled
from portal.rights.held.holdings import Holdings, may_see
from portal.rights.held.values import rows_of, scalar_of
from portal.rights.mailings.decide import Standing
from portal.rights.requests.history import History
from portal.store.tables import Consent

VERSION = 1
SCHEMA = f"/schemas/my-data-{VERSION}.json"
"""Where the portal publishes the shape of a copy; stable."""
Told = Mapping[str, Any]
"""A copy, as JSON holds it."""
PORTABLE_GROUNDS = frozenset({Ground.CONSENT, Ground.CONTRACT})  # Art. 20(1)(a) GDPR
NEEDS_MORE = "needs_more_proof"


class CopyKind(StrEnum):
    """What a copy is for."""

    COPY = "copy"
    """All that is held, with what is done with it (Art. 15 GDPR)."""
    PORTABLE = "portable"
    """What she gave herself, for another service (Art. 20 GDPR)."""


@dataclass(frozen=True, slots=True, repr=False)
class Material:
    """What a copy is made of: all of it read just now."""

    held: Holdings
    standings: Sequence[Standing]
    decisions: Sequence[Consent]
    """Of the consent record, oldest first."""
    requests: Sequence[History]


class Telling:
    """Makes copies as data."""

    def __init__(self, register: Register, settings: Settings, clock: Clock) -> None:
        self._register = register
        self._settings = settings
        self._clock = clock

    def tell(
        self, kind: CopyKind, signed_in: SignedIn, material: Material, locale: str
    ) -> dict[str, Any]:
        """The whole copy, in this language. Changes nothing."""
        held = material.held
        contact = self._settings.contact
        told: dict[str, Any] = {
            "schema": self._settings.public_url + SCHEMA,
            "version": VERSION,
            "kind": kind.value,
            "made_at": self._clock().isoformat(timespec="seconds"),
            "language": locale,
            "company": {
                "name": contact.name,
                "post": list(contact.post),
                "phone": contact.phone,
                "email": contact.email,
            },
            "email": signed_in.email.address,
            "systems": [
                {
                    "id": name,
                    "name": in_language(adapter.settings.label, locale),
                    "hosted_in": adapter.settings.location.hosting,
                    "hosted_by": adapter.settings.location.entity,
                    "reached": name not in held.away,
                    "records": [
                        {"fields": self._fields(kind, record, held.tier, locale)}
                        for record in held.records.get(name, ())
                    ],
                }
                for name, adapter in held.adapters.items()
            ],
            "purposes": [
                _purpose(one, locale)
                for one in material.standings
                if kind is CopyKind.COPY or one.purpose.ground is Ground.CONSENT
            ],
        }
        if kind is CopyKind.COPY:
            told["decisions"] = [_decision(one) for one in material.decisions]
            told["requests"] = [_request(one) for one in material.requests]
            told["about"] = self._about(signed_in, material, locale)
        else:
            told["left_out"] = self._left_out(held, locale)
        return told

    def _about(self, signed_in: SignedIn, material: Material, locale: str) -> dict[str, Any]:
        found = about(
            self._register,
            self._settings,
            signed_in.site,
            material.held,
            material.standings,
            locale,
        )
        authority = found.authority.model_dump(mode="json") if found.authority else None
        return {**asdict(found), "authority": authority}

    def _fields(
        self, kind: CopyKind, record: Record, tier: int, locale: str
    ) -> list[dict[str, Any]]:
        return [
            self._field(field, record, tier, locale)
            for field in self._register.fields
            if field.id in record.values
            and field.exported
            and (kind is CopyKind.COPY or self.why_not_portable(field, tier) is None)
        ]

    def why_not_portable(self, field: FieldEntry, tier: int) -> str | None:
        """Why it is in no copy for another service, as a code; None: it is in it."""
        if not field.given:
            return "not_given"
        if self._register.explain(field).ground not in PORTABLE_GROUNDS:
            return "other_ground"
        return None if may_see(field, tier) else NEEDS_MORE

    def _left_out(self, held: Holdings, locale: str) -> list[dict[str, str]]:
        """What is held of her and not in the copy, each with the reason."""
        filled = {
            field.id
            for _, record in held.each()
            for field in self._register.fields
            if field.exported and is_filled(record.values.get(field.id))
        }
        return [
            {"id": field.id, "label": in_language(field.label, locale), "because": because}
            for field in self._register.fields
            if field.id in filled and (because := self.why_not_portable(field, held.tier))
        ]

    def _field(self, field: FieldEntry, record: Record, tier: int, locale: str) -> dict[str, Any]:
        value = record.values[field.id]
        category = self._register.category(field.category)
        told: dict[str, Any] = {
            "id": field.id,
            "label": in_language(field.label, locale),
            "category": in_language(category.label, locale),
            "activity": field.activity,
            "kind": field.kind.value,
            "given": field.given,
        }
        if not may_see(field, tier):
            told["withheld"] = NEEDS_MORE
        elif field.kind is Kind.ROWS:
            told["columns"] = {
                name: in_language(label, locale) for name, label in field.columns.items()
            }
            told["rows"] = [
                {name: exact(row.get(name)) for name in field.columns} for row in rows_of(value)
            ]
        else:
            told["value"] = exact(scalar_of(value))
        if field.vcard:
            told["card"] = field.vcard
        explanation = self._register.explain(field)
        for name in ("why", "source", "retention", "retention_law"):
            if text := getattr(explanation, name):
                told[name] = in_language(text, locale)
        if explanation.ground:
            told["ground"] = explanation.ground.value
        told["recipients"] = [one.name for one in explanation.recipients or ()]
        told["transfers"] = [
            {
                "to": one.to,
                "country": one.country,
                "safeguard": in_language(one.safeguard, locale),
            }
            for one in explanation.transfers or ()
        ]
        return told


def _purpose(standing: Standing, locale: str) -> dict[str, Any]:
    return {
        "id": standing.purpose.id,
        "name": in_language(standing.purpose.label, locale),
        "ground": standing.purpose.ground.value,
        "on": standing.on,
        "since": standing.since.isoformat() if standing.since else None,
        "wording": in_language(standing.purpose.wording, locale),
    }


def _decision(decision: Consent) -> dict[str, Any]:
    """One line of the consent record: the proof of Art. 7(1) GDPR is about her, too."""
    return {
        "purpose": decision.purpose,
        "granted": decision.granted,
        "at": decision.at.isoformat(timespec="seconds"),
        "by": decision.source,
        "wording": decision.wording,
        "wording_version": decision.wording_version,
        "language": decision.locale,
    }


def _request(history: History) -> dict[str, Any]:
    return {
        "right": history.right.value,
        "received_at": history.received_at.isoformat(timespec="seconds"),
        "systems": [{"id": one.adapter, "state": one.state.value} for one in history.progress],
    }


def exact(value: Scalar) -> str | int | float | bool | None:
    """A value as JSON can hold it, without loss: what it has no type for is text."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, float) and not isfinite(value):
        return str(value)
    return str(value) if isinstance(value, Decimal) else value
