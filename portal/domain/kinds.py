"""Kinds of values, and what a field of the register may say of itself by its kind and tier."""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Protocol

from portal.domain.complaints import Complaint


class Kind(StrEnum):
    """What sort of value a field holds: how it is asked, checked and shown."""

    TEXT = "text"
    NAME = "name"
    EMAIL = "email"
    PHONE = "phone"
    DATE = "date"
    NUMBER = "number"
    BOOLEAN = "boolean"
    COUNTRY = "country"
    POSTAL_CODE = "postal_code"
    LANGUAGE = "language"
    CHOICE = "choice"
    LONG_TEXT = "long_text"
    ROWS = "rows"


class Entry(Protocol):
    """What the rules look at of a field of the register."""

    @property
    def kind(self) -> Kind: ...
    @property
    def tier(self) -> int: ...
    @property
    def shown(self) -> bool: ...
    @property
    def editable(self) -> bool: ...
    @property
    def replaceable(self) -> bool: ...
    @property
    def together(self) -> str | None: ...
    @property
    def may_be_empty(self) -> bool: ...
    @property
    def knows(self) -> bool: ...
    @property
    def past(self) -> bool: ...
    @property
    def not_for_sign_in(self) -> bool: ...
    @property
    def columns(self) -> Mapping[str, object]: ...
    @property
    def options(self) -> Mapping[str, object]: ...
    @property
    def languages(self) -> Sequence[str]: ...


NO_NUMBER = frozenset({Kind.ROWS, Kind.BOOLEAN, Kind.CHOICE, Kind.NAME})
"""Kinds of which others know the value, or guess it."""


def complaints_of(field: Entry) -> Iterator[Complaint]:
    """What does not fit together in one field."""
    if field.kind is Kind.ROWS and not field.columns:
        yield ("columns",), "is missing: a field of kind rows needs columns"
    if field.kind is Kind.CHOICE and not field.options:
        yield ("options",), "is missing: a field of kind choice needs options"
    if field.kind is Kind.LANGUAGE and not field.languages and _can_be_changed(field):
        yield ("languages",), "is missing: which languages can be chosen?"
    for key, given, kind in (
        ("columns", field.columns, Kind.ROWS),
        ("options", field.options, Kind.CHOICE),
        ("languages", field.languages, Kind.LANGUAGE),
        ("past", field.past, Kind.DATE),
        ("not_for_sign_in", field.not_for_sign_in, Kind.EMAIL),
    ):
        if given and field.kind is not kind:
            yield (key,), f"belongs to a field of kind {kind} only"
    yield from _complaints_of_change(field)


def _complaints_of_change(field: Entry) -> Iterator[Complaint]:
    if field.knows and (_can_be_changed(field) or field.kind in NO_NUMBER):
        yield ("knows",), "belongs to one value that nobody can change, such as a customer number"
    if field.editable:
        yield from ((("editable",), reason) for reason in _why_not_editable(field))
    if field.replaceable:
        yield from ((("replaceable",), reason) for reason in _why_not_replaceable(field))
    if field.together is not None and not field.replaceable:
        yield ("together",), "belongs to a replaceable field only"
    if field.may_be_empty and field.together is None:
        yield ("may_be_empty",), "belongs to a field that is replaced together with others"


def _can_be_changed(field: Entry) -> bool:
    return field.editable or field.replaceable


def _why_not_editable(field: Entry) -> Iterator[str]:
    yield from _why_not_typed(field, "editable")
    if field.tier > 1:
        yield "an editable field must be of tier 0 or 1; of tier 2 it may be replaceable"
    if not field.shown:
        yield "an editable field must be shown"


def _why_not_replaceable(field: Entry) -> Iterator[str]:
    yield from _why_not_typed(field, "replaceable")
    if field.tier < 2:
        yield "is for tier 2, which is not shown: a field of tier 0 or 1 may be editable"
    if not field.shown:
        yield "a replaceable field must be shown, so that she knows that it is there"


def _why_not_typed(field: Entry, how: str) -> Iterator[str]:
    if field.kind is Kind.ROWS:
        yield f"a field of kind rows cannot be {how}"
    if field.kind is Kind.EMAIL and not field.not_for_sign_in:
        # Who can change the address by a plain correction can take the records over.
        yield f"a field of kind email cannot be {how}: changing the address has its own way"
