"""Tasks of audit. Each reads the clock and makes one service call."""

from celery import shared_task

from audit import services
from common import clock


@shared_task(name="audit.tasks.purge_old_events")
def purge_old_events() -> None:
    """Delete the rows whose period is over."""
    services.purge_old_events(at=clock.now(), database_at=clock.database_now() - clock.offset())
