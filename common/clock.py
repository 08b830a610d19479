"""The one place that reads the time. Views, tasks and commands call it and pass the answer down as ``at`` or ``as_of``.

Under ``dev.py`` a file may hold an offset in seconds, so that a demonstration can look two years ahead. Settings refuse
that file anywhere else.
"""

import time
from dataclasses import dataclass
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


BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class Boot:
    """Which boot of which machine this is, and how long it has run, time asleep included."""

    ref: str
    since: timedelta


def boot() -> Boot | None:
    """The kernel's own count of time, by which a jump of the clock is seen.

    None where the machine does not say (only Linux does), and where ``offset`` may shift the clock on purpose.
    """
    if settings.CLOCK_FILE is not None or not BOOT_ID.exists():
        return None
    return Boot(BOOT_ID.read_text().strip(), timedelta(seconds=time.clock_gettime(time.CLOCK_BOOTTIME)))
