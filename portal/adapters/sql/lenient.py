"""SQLite keeps whatever it is given: dates and numbers as people and programs really wrote them."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import Table, types
from sqlalchemy.dialects.sqlite import DATE, DATETIME
from sqlalchemy.engine import Dialect


class LenientDateTime(DATETIME):
    """A moment in one of the ISO 8601 forms; anything else stays what it is instead of failing."""

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any]:
        def process(value: Any) -> Any:
            return value.isoformat(" ") if isinstance(value, datetime) else value

        return process

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:
        def process(value: Any) -> Any:
            try:
                return datetime.fromisoformat(value)
            except (TypeError, ValueError):
                return value

        return process


class LenientDate(DATE):
    """A day, likewise."""

    def adapt(self, cls: type[Any], **_options: Any) -> Any:
        """Stay of this type: the driver's own one for days, put in its place, would fail."""
        return LenientDate()  # type: ignore[no-untyped-call]

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any]:
        def process(value: Any) -> Any:
            return value.isoformat() if isinstance(value, date) else value

        return process

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:
        def process(value: Any) -> Any:
            try:
                return datetime.fromisoformat(value).date()
            except (TypeError, ValueError):
                return value

        return process


class LenientNumeric(types.Numeric[Any]):
    """An exact number; SQLite itself has only floating ones."""

    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any]:
        def process(value: Any) -> Any:
            return str(value) if isinstance(value, Decimal) else value

        return process

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:
        def process(value: Any) -> Any:
            if value is None or isinstance(value, bytes):
                return value
            try:
                number = Decimal(str(value))
                return number if self.scale is None else _to_scale(number, self.scale)
            except InvalidOperation:
                return value

        return process


def _to_scale(number: Decimal, scale: int) -> Decimal:
    """``1.5`` as ``1.50``, if nothing of it is lost."""
    rounded = number.quantize(Decimal(1).scaleb(-scale))
    return rounded if rounded == number else number


def make_lenient(table: Table, dialect: str) -> None:
    """Give the columns of an SQLite table types that never fail on what is in them."""
    if dialect != "sqlite":
        return
    for column in table.columns:
        if isinstance(column.type, types.DateTime):
            column.type = LenientDateTime()  # type: ignore[no-untyped-call]
        elif isinstance(column.type, types.Date):
            column.type = LenientDate()  # type: ignore[no-untyped-call]
        elif isinstance(column.type, types.Numeric) and not isinstance(column.type, types.Float):
            column.type = LenientNumeric(column.type.precision, column.type.scale)
