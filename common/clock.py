"""The one place that reads the time. Views, tasks and commands call it and pass the answer down as ``at`` or ``as_of``.

Under ``dev.py`` a file may hold an offset in seconds, so that a demonstration can look two years ahead. Settings refuse
that file anywhere else.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection


def offset() -> timedelta:
    """How far this portal's time is shifted; zero outside ``dev.py``."""
    path: Path | None = settings.CLOCK_FILE
    if path is None or not path.exists():
        return timedelta()
    return timedelta(seconds=float(path.read_text().strip() or 0))


def now() -> datetime:
    """The present instant in UTC, shifted by ``offset``."""
    return datetime.now(UTC) + offset()


def database_now() -> datetime:
    """The database server's present instant, shifted alike; what a run compares its own clock with."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        row = cursor.fetchone()
    at: datetime = row[0]
    return at.astimezone(UTC) + offset()
