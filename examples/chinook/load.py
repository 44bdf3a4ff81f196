"""Copies Chinook's tables from the SQLite file into another database, as they are.

    python examples/chinook/load.py chinook.sqlite postgresql+psycopg://user:password@localhost/shop

The types become the ones that the other database has for them; names and rows stay.
"""

import sys
from pathlib import Path

from sqlalchemy import Engine, MetaData, create_engine, insert, select


def copy(source: Engine, target: Engine) -> int:
    """Copy every table with its keys and rows; returns how many rows there were."""
    tables = MetaData()
    tables.reflect(source)
    for table in tables.tables.values():
        for column in table.columns:
            column.type = column.type.as_generic()
    tables.create_all(target)
    copied = 0
    with source.connect() as here, target.begin() as there:
        for table in tables.sorted_tables:
            rows = [dict(row) for row in here.execute(select(table)).mappings()]
            # Employees report to employees: who leads goes in first, as the file has them.
            if rows:
                there.execute(insert(table), rows)
            copied += len(rows)
    return copied


def main() -> None:
    """Copy what the command line names."""
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    path = Path(sys.argv[1])
    if not path.is_file():
        sys.exit(f"{path} is not there: README.md says where to get it")
    source, target = create_engine(f"sqlite:///{path}"), create_engine(sys.argv[2])
    print(f"{copy(source, target)} rows copied")
    source.dispose()
    target.dispose()


if __name__ == "__main__":
    main()
