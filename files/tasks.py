"""Tasks of files. Each reads the clock and makes one service call."""

from celery import current_app, shared_task
from django.conf import settings

from common import clock
from common.wake import wake
from files import derive, scanning, services


@shared_task(name="files.tasks.purge_staged_files")
def purge_staged_files() -> None:
    """Delete staged files that were not sent."""
    services.purge_staged_files(at=clock.now())


@shared_task(name="files.tasks.scan_files")
def scan_files() -> None:
    """Scan what waits for it, and wake whoever follows up what was refused."""
    done = scanned = scanning.scan_files(at=clock.now())
    while scanned.is_more_likely:
        scanned = scanning.scan_files(at=clock.now())
        done += scanned
    if done.infected:
        wake(current_app.signature("privacy.tasks.drop_refused_files"))
    if done.clean:
        wake(read_files)


def wake_for_new_files() -> None:
    """Let a worker look at once at files that were attached just now: the scanner first, where there is one."""
    wake(scan_files if settings.CLAMD_ADDRESS else read_files)


@shared_task(name="files.tasks.read_files")
def read_files() -> None:
    """Make text and pictures of what waits for it, and wake whoever makes the words of the text findable."""
    is_any = False
    while derive.read_files(at=clock.now()):
        is_any = True
    if is_any:
        wake(current_app.signature("candidates.tasks.index_documents"))
