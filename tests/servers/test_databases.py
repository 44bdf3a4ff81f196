"""The database fixtures give what they promise."""

from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, inspect, text

from tests.servers.databases import FreshDatabase
from tests.servers.postgresql import DRIVER


def test_a_database_of_each_kind_is_empty_and_takes_rows(database_url: str) -> None:
    engine = create_engine(database_url)
    try:
        assert inspect(engine).get_table_names() == []
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE note (words VARCHAR(40))"))
            connection.execute(text("INSERT INTO note VALUES ('Zoë’s brief ✓')"))
        with engine.connect() as connection:
            assert connection.scalar(text("SELECT words FROM note")) == "Zoë’s brief ✓"
    finally:
        engine.dispose()


def test_two_databases_of_one_test_are_two(fresh_database: FreshDatabase) -> None:
    assert fresh_database("sqlite") != fresh_database("sqlite")


def test_postgresql_lets_nobody_in_without_the_password(postgres_url: str) -> None:
    guessed = postgres_url.replace(DRIVER, "postgresql").replace("postgres:", "postgres:not-", 1)

    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(guessed)


def test_an_sqlite_url_names_a_file_that_is_not_there_yet(sqlite_url: str) -> None:
    assert not Path(sqlite_url.removeprefix("sqlite:///")).exists()
