"""Calendar arithmetic on local dates, after the Finnish act on the computation of time (150/1930, §3).

A period in months or years ends on the same-numbered day, or on the last day of that month if there is none. Instants
are UTC; a period is computed on the date in Helsinki and never by adding hours to an instant.
"""

import calendar
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

HELSINKI = ZoneInfo("Europe/Helsinki")


def local_date(at: datetime) -> date:
    """The date in Helsinki at an instant. Raises ValueError for a naive datetime."""
    if at.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return at.astimezone(HELSINKI).date()


def local_midnight(day: date) -> datetime:
    """The instant (UTC) at which a date begins in Helsinki, by the offset that holds on that date."""
    return datetime.combine(day, time.min, HELSINKI).astimezone(UTC)


def add_months(day: date, months: int) -> date:
    """The same-numbered day so many months later, or the last day of that month if it is shorter."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def add_years(day: date, years: int) -> date:
    """The same-numbered day so many years later; 29 February becomes 28 in a year that has no 29th."""
    return add_months(day, 12 * years)


def first_kept_day(today: date, years: int) -> date:
    """The earliest date of which something is still kept on a date, where it is kept for so many calendar years."""
    day = add_years(today, -years)
    while add_years(day, years) < today:
        day += timedelta(days=1)
    return day
