"""The parts that settings of the SQL adapter are made of: links, columns, consents, erasure."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from portal.adapters.notation import Notation

Name = Annotated[str, StringConstraints(min_length=1, max_length=255)]
"""A table or column, exactly as the database spells it."""
Id = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,47}$")]
Constant = bool | int | float | datetime | date | str
"""A value written in the settings."""


def listed(value: Any) -> Any:
    """One name may stand without brackets."""
    return (
        (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list) else value
    )


Names = Annotated[tuple[Name, ...], BeforeValidator(listed)]


OWN_ROWS = 'which rows are the subscriber\'s? Write on = { customer_id = "id" }'


class Part(BaseModel):
    """Strict and frozen, and no error repeats a value."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Through(Part):
    """A table between a mapped table and the subscriber's: lines belong to an invoice."""

    table: Name
    on: Mapping[Name, Name] = Field(min_length=1)
    """Column of this table → column of the next one towards the subscriber."""
    through: "Through | None" = None


class Link(Part):
    """Which rows of another table belong to a subscriber."""

    on: Mapping[Name, Name] = Field(default_factory=dict)
    """Column of that table → column of the subscriber's table (or of ``through``)."""
    through: Through | None = None
    where: Mapping[Name, Constant] = Field(default_factory=dict)
    """What else the rows must say."""


class Column(Notation):
    """Where one field is: a column of the subscriber's row or of a joined one; and its writing."""

    column: Name
    join: Id | None = None
    writable: bool = True


def column_of(value: Any) -> Any:
    """A field may be just the name of a column."""
    return {"column": value} if isinstance(value, str) else value


class Join(Link):
    """A table with at most one row for each subscriber."""

    table: Name | None = None
    """Its name, where that is not the name of the join."""
    insert: bool | Mapping[Name, Constant] = False
    """Make the row when it is missing; what its other columns get, where they need something."""


class Rows(Link):
    """A table with any number of rows for each subscriber, shown as one field of kind `rows`."""

    table: Name
    columns: Mapping[Id, Name] = Field(min_length=1)
    order_by: Names = ()
    """Columns; with `-` before it, the greatest first."""


class Frequency(Part):
    """The column that says how often, in the row that says whether."""

    column: Name
    values: Mapping[Id, Constant] = Field(min_length=2)
    """The register's id of a frequency → what the column holds for it."""

    @model_validator(mode="after")
    def _values_differ(self) -> Self:
        if len({(type(one), one) for one in self.values.values()}) < len(self.values):
            raise ValueError("two frequencies have the same value")
        return self


class Consent(Link):
    """Where the consent for one purpose is: in a column of the subscriber, or in another table."""

    column: Name | None = None
    granted: Constant = True
    withdrawn: Constant = False
    at: Name | None = None
    source: Name | None = None
    wording: Name | None = None
    wording_version: Name | None = None
    locale: Name | None = None
    table: Name | None = None
    append: bool = False
    """Each change is a new row, and the newest counts."""
    insert: Mapping[Name, Constant] = Field(default_factory=dict)
    """What the other columns of a new row get."""
    frequency: Frequency | None = None
    pause: Name | None = None
    """The column, of a date or a moment, before which your mailing leaves out who is on."""

    @model_validator(mode="after")
    def _row_stays(self) -> Self:
        stays = self.column is not None and not self.append
        if self.frequency is not None and not stays:
            raise ValueError(
                "frequency needs a column that says on or off, in a row that stays: one that is "
                "deleted, or followed by a newer one, forgets how often"
            )
        if self.pause is not None and not stays:
            raise ValueError("pause needs a column that says on or off, in a row that stays")
        return self

    @model_validator(mode="after")
    def _in_one_place(self) -> Self:
        if self.table is None:
            if self.on or self.through or self.where or self.append or self.insert:
                raise ValueError("table is missing, to which on, where, append and insert belong")
            if self.column is None:
                raise ValueError("column is missing: in which one is the consent?")
        elif not self.on:
            raise ValueError(f"on is missing: {OWN_ROWS}")
        elif self.through is not None:
            raise ValueError("through cannot be used for a consent")
        if self.append and (self.column is None or self.at is None):
            raise ValueError("append needs column and at: the newest row counts")
        if self.granted == self.withdrawn:
            raise ValueError("granted and withdrawn must differ")
        return self


class Restrict(Part):
    """The column of the subscriber's row that says: keep, do not use (Art. 18 GDPR)."""

    column: Name
    marked: Constant = True
    unmarked: Constant = False


class EraseStep(Link):
    """What an erasure does to one category of data in one table."""

    category: Id
    action: Literal["delete", "blank", "anonymise", "retain"]
    table: Name | None = None
    """The subscriber's own table, where it is left out."""
    columns: Names = ()
    """Made empty: NULL, or where the column forbids that, what is empty for its type."""
    set: Mapping[Name, Constant] = Field(default_factory=dict)
    """Written over; `{key}` in a text becomes the record's key."""
    ground: str | None = Field(default=None, pattern=r"^\d+(\(\w+\))*$")
    """The exception that allows keeping it, such as `17(3)(b)` (GDPR)."""
    law: Mapping[str, str] = Field(default_factory=dict)
    """The duty, in words per language."""
    period: str | None = Field(default=None, pattern=r"^[1-9]\d{0,2} (day|month|year)s?$")
    start: Name | None = Field(default=None, alias="from")
    """The column with the day that the period counts from."""
    end_of_year: bool = False
    """The period counts from the end of that day's calendar year."""

    @model_validator(mode="after")
    def _says_what_its_action_needs(self) -> Self:
        for wrong, reason in (
            (self.action == "blank" and not self.columns, "blank needs columns"),
            (self.action == "anonymise" and not self.set, "anonymise needs set"),
            (self.action in {"delete", "retain"} and self.set, f"{self.action} takes no set"),
            (self.action == "delete" and self.columns, "delete takes no columns: rows go whole"),
            (self.action == "blank" and self.set, "blank takes no set: that is anonymise"),
            (set(self.columns) & set(self.set), "a column is in columns and in set"),
            (self.action == "retain" and not self.ground, "retain needs a ground"),
            (self.action == "retain" and not self.law, "retain needs a law, per language"),
            (self.action != "retain" and self.ground, "a ground belongs to retain"),
            (bool(self.period) != bool(self.start), "period and from belong together"),
        ):
            if wrong:
                raise ValueError(reason)
        return self
