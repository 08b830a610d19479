"""Tasks of files. Each reads the clock and makes one service call."""

from celery import current_app, shared_task

from common import clock
from common.wake import wake
from files import scanning, services


@shared_task(name="files.tasks.purge_staged_files")
def purge_staged_files() -> None:
    """Delete staged files that were not sent."""
    services.purge_staged_files(at=clock.now())


@shared_task(name="files.tasks.scan_files")
def scan_files() -> None:
    """Scan what waits for it, and wake whoever follows up what was refused."""
    is_more_likely, found = True, 0
    while is_more_likely:
        done = scanning.scan_files(at=clock.now())
        is_more_likely, found = done.is_more_likely, found + done.infected
    if found:
        wake(current_app.signature("privacy.tasks.drop_refused_files"))
