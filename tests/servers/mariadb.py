"""MariaDB, as the system's packages install it (Debian: mariadb-server-core)."""

import os
import secrets
import shutil
from pathlib import Path

import pymysql
from sqlalchemy.engine import make_url

from tests.servers.shared import Started, find_free_port, launch, prepare

DRIVER = "mariadb+pymysql"
HOW_TO_INSTALL = (
    "MariaDB is not installed; on Debian and Ubuntu: "
    "apt-get install --no-install-recommends mariadb-server-core mariadb-client-core"
)


def program(name: str) -> str | None:
    """Where the program is; Debian keeps servers outside an ordinary user's PATH."""
    search = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
    return shutil.which(name, path=search)


def installed() -> bool:
    """Whether this machine has a MariaDB server."""
    return program("mariadbd") is not None and program("mariadb-install-db") is not None


def start(home: Path) -> Started:
    """Makes and starts a server in ``home``; its address opens no database."""
    server, install = program("mariadbd"), program("mariadb-install-db")
    if server is None or install is None:
        raise RuntimeError(HOW_TO_INSTALL)
    as_root = ["--user=root"] if os.geteuid() == 0 else []
    data = home / "data"
    prepare(
        [
            install,
            "--no-defaults",
            f"--datadir={data}",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
            *as_root,
        ]
    )
    password = secrets.token_urlsafe(24)
    first_words = home / "first.sql"
    first_words.touch(mode=0o600)
    # The users without a password that the installer makes must not be reachable over TCP.
    first_words.write_text(
        f"CREATE USER portal@'127.0.0.1' IDENTIFIED BY '{password}';\n"
        "GRANT ALL ON *.* TO portal@'127.0.0.1';\n"
        "DELETE FROM mysql.global_priv WHERE User <> 'portal' AND Host <> 'localhost';\n"
        "FLUSH PRIVILEGES;\n"
    )
    port = find_free_port()
    keeper = launch(
        [
            server,
            "--no-defaults",
            *as_root,
            f"--datadir={data}",
            "--bind-address=127.0.0.1",
            f"--port={port}",
            f"--socket={home / 'sock'}",
            f"--pid-file={home / 'pid'}",
            f"--init-file={first_words}",
            "--skip-name-resolve",
            "--skip-log-bin",
            "--performance-schema=OFF",
            "--innodb-buffer-pool-size=32M",
            # A database that lives for a minute need not survive a power cut.
            "--innodb-flush-log-at-trx-commit=0",
            "--character-set-server=utf8mb4",
            "--max-connections=200",
        ],
        home=home,
        answers=lambda: answers(port, password),
    )
    return Started(url=f"{DRIVER}://portal:{password}@127.0.0.1:{port}/", keeper=keeper)


def answers(port: int, password: str) -> bool:
    """Whether the server takes a connection by now."""
    try:
        pymysql.connect(
            host="127.0.0.1", port=port, user="portal", password=password, connect_timeout=2
        ).close()
    except pymysql.err.OperationalError:
        return False
    return True


def create_database(server: str, name: str) -> str:
    """Makes an empty database and returns its SQLAlchemy URL.

    Nobody drops it: that would wait for connections that a test left open, and the whole server
    is thrown away a minute later.
    """
    at = make_url(server)
    connection = pymysql.connect(
        host=at.host, port=at.port or 0, user=at.username, password=at.password or ""
    )
    with connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE `{name}`")
    return f"{server}{name}?charset=utf8mb4"
