"""The migrations make exactly the tables that the program works with."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text

from portal.store.database import Database, DatabaseUnfit
from portal.store.tables import Table
from tests.servers.databases import DatabaseKind, FreshDatabase


def test_migrations_and_models_describe_the_same_tables(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, Table.metadata)

    assert differences == []


def test_constraints_and_indexes_have_the_names_that_the_models_give_them(
    database: Database, fresh_database: FreshDatabase
) -> None:
    """What autogeneration does not compare: names of primary keys, unique and foreign keys."""
    kind: DatabaseKind = "postgresql" if database.engine.dialect.name == "postgresql" else "sqlite"
    modelled = Database(fresh_database(kind))
    Table.metadata.create_all(modelled.engine)

    assert described(database) == described(modelled)
    modelled.close()


def described(database: Database) -> dict[str, object]:
    looker = inspect(database.engine)
    return {
        table: (
            looker.get_pk_constraint(table),
            sorted(map(str, looker.get_unique_constraints(table))),
            sorted(map(str, looker.get_foreign_keys(table))),
            sorted(map(_index, looker.get_indexes(table))),
            sorted((column["name"], column["nullable"]) for column in looker.get_columns(table)),
        )
        for table in sorted(looker.get_table_names())
        if table != "alembic_version"
    }


def _index(found: Any) -> str:
    """An index in words; the condition of a partial one is SQL and not its object's address."""
    options = {name: str(value) for name, value in found.get("dialect_options", {}).items()}
    return str({**found, "dialect_options": options})


def test_tables_are_current_after_migrating_and_not_before(fresh_database: FreshDatabase) -> None:
    database = Database(fresh_database("sqlite"))

    assert not database.is_current()
    database.migrate()
    assert database.is_current()
    database.close()


def test_migrating_twice_changes_nothing(database: Database) -> None:
    before = described(database)

    database.migrate()

    assert described(database) == before


def test_tables_of_another_version_are_not_current(lite: Database) -> None:
    with lite.unit("test") as unit:
        unit.session.execute(text("UPDATE alembic_version SET version_num = 'another'"))
        unit.commit()

    assert not lite.is_current()


MIGRATE = "import sys; from portal.store.database import Database; Database(sys.argv[1]).migrate()"


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.server)])
def test_processes_that_start_together_migrate_one_after_the_other(
    kind: DatabaseKind, fresh_database: FreshDatabase
) -> None:
    url = fresh_database(kind)

    started = [
        subprocess.Popen([sys.executable, "-c", MIGRATE, url], stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    told = [process.communicate(timeout=60)[1] for process in started]

    assert told == ["", "", ""]
    database = Database(url)
    assert database.is_current()
    database.close()


def test_threads_that_migrate_together_do_it_one_after_the_other(
    fresh_database: FreshDatabase,
) -> None:
    database = Database(fresh_database("sqlite"))
    with ThreadPoolExecutor(2) as threads:
        results = [threads.submit(database.migrate) for _ in range(2)]

    assert [result.exception() for result in results] == [None, None]
    assert database.is_current()
    database.close()


def test_a_migration_that_fails_half_way_leaves_nothing(database: Database) -> None:
    """Both kinds of database take table definitions back with the rest of a transaction."""
    with database.unit("test") as unit:
        unit.session.execute(text("DROP TABLE ledger_waiting"))
        unit.session.execute(text("DROP TABLE ledger_links"))
        unit.session.execute(text("DROP TABLE ledger"))
        unit.session.execute(text("DELETE FROM alembic_version"))
        unit.commit()
    before = described(database)

    with pytest.raises(DatabaseUnfit):  # the first table can be made, the second is there already
        database.migrate()

    assert described(database) == before
    assert not database.is_current()
