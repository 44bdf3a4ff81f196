"""Between what people and settings write and what columns hold, in both directions."""

import base64
import json
import re
import uuid
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, types
from sqlalchemy.dialects.mysql import TINYINT
from sqlalchemy.sql.schema import Column

from portal.adapters.contract import Scalar

_YES = {"true", "1", "yes", "on", "t", "y"}
_NO = {"false", "0", "no", "off", "f", "n"}
_EMPTY_DAY = date(1900, 1, 1)

_T = TypeVar("_T")


class DoesNotFit(ValueError):
    """A value that this column cannot take. The message says why and never holds the value."""


def is_boolean(column: ColumnElement[Any]) -> bool:
    """MySQL and MariaDB call a truth value ``TINYINT(1)``."""
    kind = column.type
    return isinstance(kind, types.Boolean) or (
        isinstance(kind, TINYINT) and kind.display_width == 1
    )


def to_column(column: Column[Any], value: object, zone: tzinfo) -> Any:
    """The value as this column takes it; what comes from a form or a settings file is text.

    Empty text means "nothing": NULL where the column allows it.

    :raises DoesNotFit: it is none of that type, too long, or missing where it must not be.
    """
    if isinstance(value, str):
        value = _clean(value)
    if value is None or value == "":
        if column.nullable:
            return None
        if isinstance(column.type, types.String):
            return ""
        raise DoesNotFit("must not be empty")
    kind = column.type
    if isinstance(kind, types.String):
        return _text(kind, value)
    if is_boolean(column):
        return _truth(value)
    for family, convert in _CONVERTERS:
        if isinstance(kind, family):
            return convert(kind, value, zone)
    if isinstance(kind, types.NullType):
        return value
    raise DoesNotFit("its column is of a type that cannot be written")


def unpadded(column: ColumnElement[Any], value: Any) -> Any:
    """A column's value without the spaces that CHAR(n) is filled up with and nobody typed."""
    padded = isinstance(value, str) and isinstance(column.type, types.CHAR)
    return value.rstrip(" ") if padded else value


def padded(column: ColumnElement[Any], value: Any) -> list[Any]:
    """The value, and as it may stand in a CHAR(n): the reverse of `unpadded`, for a condition."""
    if not isinstance(value, str) or not isinstance(column.type, types.CHAR):
        return [value]
    return list(dict.fromkeys([value, value.ljust(column.type.length or 0)]))


def from_column(column: ColumnElement[Any], value: Any) -> Scalar:
    """What a column holds, as one of the contract's scalars."""
    if value is None:
        return None
    if is_boolean(column) and value in {0, 1}:
        return bool(value)
    match value:
        case str():
            return str(unpadded(column, value))
        case bool() | int() | float() | Decimal() | datetime() | date():
            return value
        case time():
            return value.isoformat()
        case timedelta() | uuid.UUID():
            return str(value)
        case bytes() | bytearray() | memoryview():
            return base64.b64encode(bytes(value)).decode("ascii")
        case list() | dict() | tuple():
            return json.dumps(value, ensure_ascii=False, default=str)
        case _:
            return str(value)


def same(column: Column[Any], one: object, other: object, zone: tzinfo) -> bool:
    """Do both mean the same in this column: ``"1.50"`` and 1.5, nothing and empty?

    Spaces around a text and the kind of its line ends do not count: a form may have taken them off.
    """
    return _canonical(column, one, zone) == _canonical(column, other, zone)


def empty(column: Column[Any]) -> Any:
    """What this column holds when it was blanked: NULL, else what is nothing for its type.

    :raises DoesNotFit: there is nothing such.
    """
    if column.nullable:
        return None
    kind = column.type
    if isinstance(kind, types.String) and not isinstance(kind, types.Enum):
        return ""
    if is_boolean(column):
        return False
    if isinstance(kind, types.Integer | types.Numeric | types.Float):
        return 0
    if isinstance(kind, types.DateTime):
        return datetime.combine(_EMPTY_DAY, time(), UTC if kind.timezone else None)
    if isinstance(kind, types.Date):
        return _EMPTY_DAY
    raise DoesNotFit("cannot be made empty: use anonymise with set")


def aware(value: Any, zone: tzinfo) -> datetime | None:
    """A moment as an aware UTC datetime; None for anything that is no moment."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time())
    if not isinstance(value, datetime):
        return None
    try:
        return (value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(UTC)
    except OverflowError:  # the year 1 is how some programs write "never"
        return None


def _canonical(column: Column[Any], value: object, zone: tzinfo) -> object:
    with suppress(DoesNotFit):  # a text in a number column of SQLite: compared as it is
        value = to_column(column, value, zone)
    if isinstance(value, str):
        value = re.sub(r"\r\n?", "\n", value).strip()
    return None if value == "" else value


def _clean(text: str) -> str:
    if "\x00" in text:
        raise DoesNotFit("holds a character that cannot be stored")
    try:
        text.encode()
    except UnicodeEncodeError:
        # Half of a surrogate pair; the database driver's complaint would quote the text.
        raise DoesNotFit("holds a character that cannot be stored") from None
    return text


def _text(kind: types.String, value: object) -> str:
    if isinstance(kind, types.Enum):
        return _choice(kind, value)
    text = value.isoformat() if isinstance(value, date | time) else str(value)
    if kind.length is not None and len(text) > kind.length:
        raise DoesNotFit(f"is longer than {kind.length} characters")
    return text


def _choice(kind: types.Enum, value: object) -> str:
    if str(value) not in kind.enums:
        raise DoesNotFit("is none of the values that its column allows")
    return str(value)


def _truth(value: object) -> bool:
    word = str(value).strip().lower()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise DoesNotFit("is neither yes nor no")


def _whole(kind: Any, value: object, _: tzinfo) -> int:
    if isinstance(value, bool):
        return int(value)  # how many databases hold a truth value
    if not re.fullmatch(r"[+-]?\d{1,19}", str(value).strip(), re.ASCII):
        raise DoesNotFit("is not a whole number")
    number = int(str(value))
    bits = 16 if isinstance(kind, types.SmallInteger) else 64
    if type(kind) is types.INTEGER:
        bits = 64  # SQLite's are; where they are of 32, the database refuses what is more
    if not -(2 ** (bits - 1)) <= number < 2 ** (bits - 1):
        raise DoesNotFit("is too great")
    return number


def _decimal(kind: Any, value: object, _: tzinfo) -> Decimal:
    number = _number(value)
    if kind.scale is not None and kind.precision is not None:
        exact = number.quantize(Decimal(1).scaleb(-kind.scale)) if number.adjusted() < 20 else None
        if exact is None or exact != number:
            raise DoesNotFit(f"has more than {kind.scale} decimals")
        if exact.adjusted() >= kind.precision - kind.scale:
            raise DoesNotFit("is too great")
        return exact
    return number


def _float(_: Any, value: object, __: tzinfo) -> float:
    return float(_number(value))


def _number(value: object) -> Decimal:
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise DoesNotFit("is not a number")
    return number


def _moment(kind: Any, value: object, zone: tzinfo) -> datetime:
    moment = _parsed(datetime.fromisoformat, value) if isinstance(value, str) else value
    if isinstance(moment, date) and not isinstance(moment, datetime):
        moment = datetime.combine(moment, time())
    if not isinstance(moment, datetime):
        raise DoesNotFit("is not a date and time")
    if kind.timezone:
        return moment if moment.tzinfo else moment.replace(tzinfo=zone)
    return moment.astimezone(zone).replace(tzinfo=None) if moment.tzinfo else moment


def _day(_: Any, value: object, zone: tzinfo) -> date:
    if isinstance(value, str):
        value = _parsed(datetime.fromisoformat, value)
    if isinstance(value, datetime):
        return (value.astimezone(zone) if value.tzinfo else value).date()
    if isinstance(value, date):
        return value
    raise DoesNotFit("is not a date")


def _hour(_: Any, value: object, __: tzinfo) -> time:
    parsed = value if isinstance(value, time) else _parsed(time.fromisoformat, str(value))
    return parsed


def _uuid(kind: Any, value: object, _: tzinfo) -> Any:
    parsed = value if isinstance(value, uuid.UUID) else _parsed(uuid.UUID, str(value))
    return parsed if kind.as_uuid else str(parsed)


def _parsed(parse: Callable[[str], _T], text: str) -> _T:
    try:
        return parse(text.strip())
    except ValueError:
        raise DoesNotFit("does not have the right form") from None


_CONVERTERS: tuple[tuple[Any, Callable[[Any, Any, tzinfo], Any]], ...] = (
    (types.Integer, _whole),
    (types.Float, _float),
    (types.Numeric, _decimal),
    (types.DateTime, _moment),
    (types.Date, _day),
    (types.Time, _hour),
    (types.Uuid, _uuid),
)
