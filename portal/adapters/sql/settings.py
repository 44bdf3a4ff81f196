"""What `portal.toml` says about one SQL database; explained by example in docs/adapters-sql.md."""

from collections.abc import Iterator, Mapping
from itertools import combinations
from pathlib import Path
from typing import Annotated, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator, model_validator
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from portal.adapters.contract import AdapterSettings
from portal.adapters.sql.parts import (
    OWN_ROWS,
    Column,
    Consent,
    Constant,
    EraseStep,
    Id,
    Join,
    Link,
    Name,
    Names,
    Restrict,
    Rows,
    Through,
    column_of,
    listed,
)


class SqlSettings(AdapterSettings):
    """One database, any that SQLAlchemy reaches."""

    url: str = Field(repr=False)
    """SQLAlchemy address; it holds the password, so nothing shows it."""
    timeout: int = Field(default=10, ge=1, le=60)
    """Seconds: for connecting, and for one statement."""
    timezone: str = "UTC"
    """Of date and time columns that do not say it themselves."""
    db_schema: Name | None = Field(default=None, alias="schema")
    table: Name
    key: Names = ()
    """The columns that identify one subscriber; the primary key, where left out."""
    email: Name
    set_address: bool = False
    """May the address be written when a subscriber changes it? Not where it is also a log-in name
    that other programs keep, or where other tables are tied to it."""
    locale: Name | None = None
    version: Name | None = None
    changed_at: Name | None = None
    where: Mapping[Name, Constant] = Field(default_factory=dict)
    """Which rows are subscribers, where not all are."""
    fields: Mapping[Id, Annotated[Column, BeforeValidator(column_of)]] = Field(default_factory=dict)
    joins: Mapping[Id, Join] = Field(default_factory=dict)
    rows: Mapping[Id, Rows] = Field(default_factory=dict)
    consents: Mapping[Id, Consent] = Field(default_factory=dict)
    restrict: Restrict | None = None
    links: Mapping[Id, Name] = Field(default_factory=dict)
    """Purpose → the column of the subscriber's row for its footer link, and for nothing else."""
    erase: Annotated[tuple[EraseStep, ...], BeforeValidator(listed)] = ()

    @field_validator("url")
    @classmethod
    def _is_an_address(cls, address: str, info: ValidationInfo) -> str:
        example = "sqlite:///crm.sqlite or postgresql+psycopg://user:password@host/name"
        try:
            url = make_url(address)
        except (ArgumentError, ValueError):
            raise ValueError(f"is not the address of a database: write {example}") from None
        if url.get_backend_name() != "sqlite":
            return address
        path = url.database or ""
        if path in {"", ":memory:"} or path.startswith("file:"):
            raise ValueError("must be a file: write sqlite:///crm.sqlite")
        folder = (info.context or {}).get("folder", Path())
        return url.set(database=str(folder / Path(path).expanduser())).render_as_string(
            hide_password=False
        )

    @field_validator("timezone")
    @classmethod
    def _is_a_time_zone(cls, name: str) -> str:
        if name not in available_timezones():
            raise ValueError("is not a time zone: write one such as Europe/Amsterdam")
        return name

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of columns that do not say it themselves."""
        return ZoneInfo(self.timezone)

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        complaints = list(self._misfits())
        if complaints:
            raise ValueError("; ".join(complaints))
        return self

    @model_validator(mode="after")
    def _links_go_with_her(self) -> Self:
        """A link names her address, and the portal wrote it: no erasure leaves one in her row."""
        own = [step for step in self.erase if self.table_of(step) == self.table]
        covered = {column for step in own for column in (*step.columns, *step.set)}
        left = tuple(column for column in self.links.values() if column not in covered)
        first = next((step for step in own if step.action in {"blank", "anonymise"}), None)
        if first is not None and left:
            wider = first.model_copy(update={"columns": (*first.columns, *left)})
            steps = tuple(wider if step is first else step for step in self.erase)
            object.__setattr__(self, "erase", steps)  # once, before anybody has seen it
        return self

    def _misfits(self) -> Iterator[str]:
        for id, field in self.fields.items():
            if field.join is not None and field.join not in self.joins:
                yield f"fields.{id}: there is no join {field.join!r}"
        for id in self.fields.keys() & self.rows.keys():
            yield f"rows.{id}: there is a field of this name already"
        links: list[tuple[str, Link]] = [(f"joins.{id}", join) for id, join in self.joins.items()]
        links += [(f"rows.{id}", rows) for id, rows in self.rows.items()]
        for place, link in links:
            if not link.on:
                yield f"{place}: on is missing: {OWN_ROWS}"
        own = [step for step in self.erase if self.table_of(step) == self.table]
        taken = {column for step in own for column in (*step.columns, *step.set)}
        yield from self._tied_to_the_address()
        yield from self._kept_twice()
        for number, step in enumerate(self.erase):
            for column in sorted(self._pointed_at(step) & taken):
                yield (
                    f"erase.{number}: {step.table} belongs by {column}, which another step takes "
                    "away: then nobody could see any more what is left"
                )
            if self.table_of(step) != self.table and not self.link_of(step).on:
                yield f"erase.{number}: on is missing: which rows of {step.table} are meant?"
            if self.table_of(step) == self.table and (step.on or step.through or step.where):
                yield f"erase.{number}: on, through and where are for tables beside {self.table}"

    def _tied_to_the_address(self) -> Iterator[str]:
        """What would lose its subscriber if the address changed, where it may change."""
        if not self.set_address:
            return
        if self.email in self.key:
            yield f"set_address: {self.email} is the key of a subscriber, which never changes"
        links = [*self.linked(), *((self.table_of(step), step) for step in self.erase)]
        for table in dict.fromkeys(name for name, link in links if self.email in _targets(link)):
            yield f"set_address: {table} belongs by {self.email}, and would lose its subscriber"

    def _kept_twice(self) -> Iterator[str]:
        """Rows that two laws keep would go when the first of them lets them go."""
        kept = [(number, one) for number, one in enumerate(self.erase) if one.action == "retain"]
        for (_, one), (number, other) in combinations(kept, 2):
            if self.table_of(one) != self.table_of(other) or not (one.start or other.start):
                continue
            if not any(other.where.get(name, value) != value for name, value in one.where.items()):
                yield (
                    f"erase.{number}: {self.table_of(other)} has a step that keeps rows already: "
                    "keep them by one step, for the longest period, or tell them apart by where"
                )

    def _pointed_at(self, step: EraseStep) -> set[str]:
        """The columns of the subscriber's row that say which rows a step is about."""
        if self.table_of(step) == self.table:
            return set()
        return _targets(self.link_of(step))

    def table_of(self, step: EraseStep) -> str:
        """The table that a step is about."""
        return step.table or self.table

    def link_of(self, step: EraseStep) -> Link:
        """How a step's rows belong to the subscriber: its own words, else those said before.

        A table that is mapped as a join, as rows or for consents need not be explained twice. Of
        the conditions (``where``) those hold that all its mappings share: what says whose the rows
        are (customers' notes in a table with suppliers' notes), but not what tells one mailing
        from another.
        """
        if step.on or self.table_of(step) == self.table:
            return step
        links = [link for table, link in self.linked() if table == step.table]
        if not links or any(
            (one.on, one.through) != (links[0].on, links[0].through) for one in links
        ):
            return step
        shared = {
            column: value
            for column, value in links[0].where.items()
            if all(one.where.get(column) == value for one in links)
        }
        return Link(on=links[0].on, through=links[0].through, where={**shared, **step.where})

    def linked(self) -> Iterator[tuple[str, Link]]:
        """Every table beside the subscriber's own, and how its rows belong to the subscriber."""
        for id, join in self.joins.items():
            yield join.table or id, join
        for rows in self.rows.values():
            yield rows.table, rows
        for consent in self.consents.values():
            if consent.table is not None:
                yield consent.table, consent

    @property
    def writable(self) -> frozenset[str]:
        """Fields that may be written: never the key, and the address has its own way."""
        fixed = {self.email, self.version, *self.key}
        return frozenset(
            id
            for id, field in self.fields.items()
            if field.writable and (field.join is not None or field.column not in fixed)
        )

    @property
    def optional(self) -> frozenset[str]:
        """What it can do besides."""
        can = {
            "set_address": self.set_address,
            "set_frequency": bool(self.frequencies),
            "pause": bool(self.pauses),
            "put_back": bool(self.consents),
            "set_link": bool(self.links),
        }
        return frozenset(name for name, it_can in can.items() if it_can)

    @property
    def pauses(self) -> frozenset[str]:
        """The purposes that it can pause by itself."""
        return frozenset(id for id, consent in self.consents.items() if consent.pause is not None)

    @property
    def frequencies(self) -> dict[str, frozenset[str]]:
        """Purpose → the frequencies that it can be set to."""
        return {
            purpose: frozenset(consent.frequency.values)
            for purpose, consent in self.consents.items()
            if consent.frequency is not None
        }

    def warnings(self) -> list[str]:
        """What holds a person's data and is in no step of the erasure."""
        if not self.erase:
            return ["nothing is ever erased here: there are no [[erase]] steps"]
        whole = {self.table_of(one) for one in self.erase if not (one.columns or one.set)}
        covered = {
            (self.table_of(one), column)
            for one in self.erase
            for column in (*one.columns, *one.set)
        }
        missing = [
            f"{table}.{column} holds a person's data and is in no step of the erasure"
            for table, column in dict.fromkeys(self._personal())
            if table not in whole and (table, column) not in covered
        ]
        return missing

    def _personal(self) -> Iterator[tuple[str, str]]:
        yield self.table, self.email
        yield from ((self.table, column) for column in self.links.values())
        for field in self.fields.values():
            if field.join is not None:
                yield self.joins[field.join].table or field.join, field.column
            elif field.column not in self.key:
                yield self.table, field.column
        for rows in self.rows.values():
            for column in rows.columns.values():
                yield rows.table, column
        for consent in self.consents.values():
            named = (consent.column, *consent.on)
            yield consent.table or self.table, next(name for name in named if name is not None)


def _targets(link: Link) -> set[str]:
    """The columns of the subscriber's own row that a link ends at."""
    last: Link | Through = link
    while last.through is not None:
        last = last.through
    return set(last.on.values())
