"""What a database's complaint means to the portal; its words stay here, for they quote values."""

import sqlite3
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import exc

from portal.adapters.contract import AdapterError, Misconfigured, Refused, Unreachable

_T = TypeVar("_T")

# MySQL and MariaDB error numbers.
_MYSQL_REFUSED = {1048, 1062, 1216, 1217, 1264, 1265, 1292, 1364, 1366, 1406, 1451, 1452, 4025}
_MYSQL_AWAY = {1040, 1053, 1158, 1159, 1160, 1161, 1203, 1205, 1213, 1927, 1969, 2002, 2003, 2006}
_MYSQL_AWAY |= {2013, 3024, 4031}

# PostgreSQL's classes of SQLSTATE, https://www.postgresql.org/docs/current/errcodes-appendix.html
_PG_REFUSED = ("22", "23", "44")
_PG_AWAY = ("08", "40", "53", "55P03", "57", "58")

_SQLITE_AWAY = {"SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_CANTOPEN", "SQLITE_IOERR", "SQLITE_FULL"}
_SQLITE_REFUSED = {"SQLITE_CONSTRAINT", "SQLITE_MISMATCH", "SQLITE_TOOBIG"}

# libpq gives no code for what goes wrong before there is a connection.
_LIBPQ_WRONG = ("authentication", "does not exist", "no pg_hba.conf", "permission denied")

_AWAY = "the database cannot be reached or did not answer in time"
_REFUSED = "the database refused it: a constraint, a type or a length"
_WRONG = "the database and the settings do not fit"


_ANY = (exc.SQLAlchemyError, ValueError, TypeError, LookupError, ArithmeticError, OSError)


def carefully(work: Callable[[], _T], *, what: str) -> _T:
    """Do the work; whatever goes wrong becomes an `AdapterError` without the values involved.

    Raised outside of the handler, so that the error does not even hold on to the one before it.
    """
    try:
        return work()
    except AdapterError:
        raise
    except (
        exc.SQLAlchemyError,
        ValueError,
        TypeError,
        LookupError,
        ArithmeticError,
        OSError,
    ) as error:
        failure = _meaning(error, what)
    raise failure


def _meaning(error: Exception, what: str) -> AdapterError:
    if isinstance(error, exc.NoSuchTableError):
        return Misconfigured(f"{what}: a table is not there")
    if isinstance(error, exc.DBAPIError):
        return _of_driver(error, what)
    if isinstance(error, exc.TimeoutError):
        return Unreachable(f"{what}: no connection became free in time")
    if isinstance(error, OSError):
        return Unreachable(f"{what}: {_AWAY}")
    return Misconfigured(f"{what}: {_WRONG} ({type(error).__name__})")


def _of_driver(error: exc.DBAPIError, what: str) -> AdapterError:
    if error.connection_invalidated:
        return Unreachable(f"{what}: {_AWAY}")
    code = _code(error.orig)
    kind = _by_code(error.orig)
    if kind is None:
        if isinstance(error, exc.IntegrityError | exc.DataError):
            kind = Refused
        elif isinstance(error, exc.OperationalError | exc.InterfaceError):
            kind = Unreachable
        else:
            kind = Misconfigured
    words = {Unreachable: _AWAY, Refused: _REFUSED}.get(kind, _WRONG)
    if code == "SQLITE_CANTOPEN":
        words = "the database file is not there or cannot be opened"
    return kind(f"{what}: {words}{f' ({code})' if code else ''}")


def _code(original: BaseException | None) -> str:
    if isinstance(original, sqlite3.Error):
        return str(getattr(original, "sqlite_errorname", ""))
    state = getattr(original, "sqlstate", None)
    if isinstance(state, str):
        return state
    number = original.args[0] if original is not None and original.args else None
    return str(number) if isinstance(number, int) else ""


def _by_code(original: BaseException | None) -> type[AdapterError] | None:
    code = _code(original)
    if isinstance(original, sqlite3.Error):
        base = "_".join(code.split("_")[:2])
        known = base in _SQLITE_AWAY, base in _SQLITE_REFUSED, bool(code)
    elif code.isdigit() and len(code) == 4:
        number = int(code)
        known = number in _MYSQL_AWAY, number in _MYSQL_REFUSED, True
    elif len(code) == 5:
        known = code.startswith(_PG_AWAY), code.startswith(_PG_REFUSED), True
    else:
        words = str(original)
        known = False, False, any(sign in words for sign in _LIBPQ_WRONG)
    for meant, kind in zip(known, (Unreachable, Refused, Misconfigured), strict=True):
        if meant:
            return kind
    return None
