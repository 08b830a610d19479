"""A run whose clock is wrong destroys what must be kept; so it compares its clock with the database's first."""

from datetime import datetime

from django.conf import settings


class ClockDiffers(Exception):
    """The clock of this machine and the database's differ by more than a minute."""


def check_clock(at: datetime, database_at: datetime) -> None:
    """Raise ClockDiffers where the two instants are further apart than the tolerance (60 seconds)."""
    apart = abs(at - database_at)
    if apart > settings.CLOCK_TOLERANCE:
        raise ClockDiffers(f"this clock and the database's are {apart.total_seconds():.0f} s apart; nothing was done")
