"""The adapter for SQL databases."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import ClassVar

from sqlalchemy import Connection

from portal.adapters.contract import (
    AdapterSettings,
    Capabilities,
    Change,
    ConsentState,
    Erasure,
    Evidence,
    FieldInfo,
    Linked,
    LinkToSet,
    Outcome,
    Record,
    Ref,
    Unsupported,
)
from portal.adapters.sql import consenting, erasing, linking, pausing, reading, writing
from portal.adapters.sql.database import Database
from portal.adapters.sql.keys import find_keys, page_of_keys, page_of_links
from portal.adapters.sql.schema import Schema
from portal.adapters.sql.settings import SqlSettings

PAGE = 500
"""Records that a scan reads at once."""


def _page_of_links(
    after: str | None, connection: Connection, schema: Schema
) -> list[tuple[str, str, dict[str, str | None]]]:
    return page_of_links(connection, schema, after, PAGE)


def _now() -> datetime:
    return datetime.now(UTC)


class SqlAdapter:
    """A CRM in a database that SQLAlchemy reaches; SQLite, PostgreSQL and MariaDB are tested.

    It needs no table of its own there. Idempotency keys are not stored: every call says what shall
    be so, compares with what is, and writes in the same transaction, so that a repetition finds
    its work done.
    """

    Settings: ClassVar[type[AdapterSettings]] = SqlSettings
    proven: ClassVar[bool] = True

    def __init__(
        self, name: str, settings: SqlSettings, clock: Callable[[], datetime] | None = None
    ) -> None:
        self.name = name
        self.settings: AdapterSettings = settings
        self.capabilities = Capabilities(
            writable=settings.writable,
            consents=frozenset(settings.consents),
            restrict=settings.restrict is not None,
            erase=erasing.kind_of(settings),
            fields=frozenset({*settings.fields, *settings.rows}),
            categories=frozenset(step.category for step in settings.erase),
            optional=settings.optional,
            frequencies=settings.frequencies,
            pauses=settings.pauses,
            links=frozenset(settings.links),
            links_at_once=PAGE,
        )
        self._settings = settings
        self._clock = clock or _now
        self._database = Database(name, settings)

    def ping(self) -> None:
        self._database.run(lambda *_: None, what="looking at its tables", fresh=True)

    def warnings(self) -> list[str]:
        """What the settings forget, in plain words; for `portal check`."""
        return self._settings.warnings()

    def find(self, email: str) -> list[Ref]:
        if not email.strip():
            return []
        keys = self._database.run(
            lambda connection, schema: find_keys(connection, schema, email), what="finding"
        )
        return [Ref(self.name, key) for key in keys]

    def read(self, ref: Ref) -> Record | None:
        return self._database.run(
            lambda connection, schema: reading.read_record(connection, schema, ref, self._clock()),
            what="reading",
        )

    def write(self, ref: Ref, changes: Sequence[Change], *, key: str) -> Outcome:
        return self._database.run(
            lambda connection, schema: writing.write_changes(
                connection, schema, ref, changes, self._clock
            ),
            what="writing",
            writes=True,
        )

    def set_consent(
        self, ref: Ref, purpose: str, granted: bool, evidence: Evidence, *, key: str
    ) -> Outcome:
        return self._database.run(
            lambda connection, schema: consenting.set_consent(
                connection, schema, ref, purpose, granted, evidence, self._clock
            ),
            what="recording a consent",
            writes=True,
        )

    def put_back(
        self, ref: Ref, purpose: str, before: ConsentState, evidence: Evidence, *, key: str
    ) -> Outcome:
        return self._database.run(
            lambda connection, schema: consenting.put_back(
                connection, schema, ref, purpose, before, evidence, self._clock
            ),
            what="putting a consent back",
            writes=True,
        )

    def set_frequency(self, ref: Ref, purpose: str, frequency: str, *, key: str) -> Outcome:
        return self._database.run(
            lambda connection, schema: consenting.set_frequency(
                connection, schema, ref, purpose, frequency, self._clock
            ),
            what="recording how often",
            writes=True,
        )

    def pause(self, ref: Ref, purpose: str, until: datetime, *, key: str) -> Outcome:
        return self._database.run(
            lambda connection, schema: pausing.pause(
                connection, schema, ref, purpose, until, self._clock
            ),
            what="pausing a mailing",
            writes=True,
        )

    def restrict(self, ref: Ref, on: bool, *, key: str) -> Outcome:
        return self._database.run(
            lambda connection, schema: writing.set_restricted(
                connection, schema, ref, on, self._clock
            ),
            what="restricting",
            writes=True,
        )

    def set_address(self, ref: Ref, seen: str, address: str, *, key: str) -> Outcome:
        return self._database.run(
            lambda connection, schema: writing.set_address(
                connection, schema, ref, seen, address, self._clock
            ),
            what="writing the address",
            writes=True,
        )

    def erase(self, ref: Ref, *, key: str) -> Erasure:
        return self._database.run(
            lambda connection, schema: erasing.erase(connection, schema, ref, self._clock),
            what="erasing",
            writes=True,
        )

    def erasure_plan(self, ref: Ref) -> Erasure:
        return self._database.run(
            lambda connection, schema: erasing.plan(connection, schema, ref, self._clock),
            what="planning an erasure",
        )

    def erased(self, ref: Ref) -> bool:
        return self._database.run(
            lambda connection, schema: erasing.is_erased(connection, schema, ref, self._clock),
            what="checking an erasure",
        )

    def fields(self) -> list[FieldInfo]:
        return self._database.run(
            lambda _, schema: reading.describe(schema), what="listing its fields"
        )

    def scan(self) -> Iterator[tuple[Ref, str]]:
        after: str | None = None
        while True:
            page = self._page(after)
            for key, email in page:
                yield Ref(self.name, key), email
            if len(page) < PAGE:
                return
            after = page[-1][0]

    def _page(self, after: str | None) -> list[tuple[str, str]]:
        return self._database.run(
            lambda connection, schema: page_of_keys(connection, schema, after, PAGE),
            what="going through its records",
        )

    def links(self) -> Iterator[Linked]:
        if not self.capabilities.links:
            raise Unsupported("there are no columns for links")
        after: str | None = None
        while True:
            page = self._database.run(
                partial(_page_of_links, after), what="going through its links"
            )
            for key, email, links in page:
                yield Linked(Ref(self.name, key), email, links)
            if len(page) < PAGE:
                return
            after = page[-1][0]

    def set_links(self, links: Sequence[LinkToSet], *, key: str) -> Sequence[Outcome | None]:
        return self._database.run(
            lambda connection, schema: linking.set_links(connection, schema, links),
            what="writing links",
            writes=True,
        )

    def close(self) -> None:
        self._database.close()
