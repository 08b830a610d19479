"""Tasks of privacy. Each reads the clock and makes one service call."""

from celery import shared_task
from django.conf import settings

from common import clock
from privacy.services import erasure, guard


@shared_task(name="privacy.tasks.erase_due")
def erase_due() -> None:
    """Erase everybody whose data must go now."""
    at = clock.now()
    guard.check_clock(at, clock.database_now())
    erasure.erase_due(at=at, limit=settings.RETENTION_RUN_LIMIT)
