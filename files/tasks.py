"""Tasks of files. Each reads the clock and makes one service call."""

from celery import shared_task

from common import clock
from files import services


@shared_task(name="files.tasks.purge_staged_files")
def purge_staged_files() -> None:
    """Delete staged files that were not sent."""
    services.purge_staged_files(at=clock.now())
