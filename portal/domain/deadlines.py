"""The legal deadline of a request: one month (Art. 12(3) GDPR), counted as Europe counts.

Regulation (EEC, Euratom) 1182/71, Art. 3: the day of receipt is not counted, and a month ends with
the day of the same number, or with the last day of a month that has no such day. What is given here
is that day itself. The law lets a period that ends on a holiday run on to the next working day;
alarms do not count on it.
"""

from calendar import monthrange
from datetime import date, datetime, tzinfo


def respond_by(received_at: datetime, zone: tzinfo) -> date:
    """The last day on which the answer is in time, in the zone where the request was received."""
    return months_after(received_at.astimezone(zone).date(), 1)


def days_left(received_at: datetime, zone: tzinfo, now: datetime) -> int:
    """Whole days until the deadline; 0 on the day itself, negative after it."""
    return (respond_by(received_at, zone) - now.astimezone(zone).date()).days


def months_after(day: date, months: int) -> date:
    """The day of the same number so many months later, or else the last day of that month."""
    year, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + year, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))
