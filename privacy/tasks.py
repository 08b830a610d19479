"""Tasks of privacy. Each reads the clock and makes one service call."""

from celery import shared_task
from django.conf import settings

from common import clock
from common.wake import wake
from files.tasks import purge_staged_files
from mailing.tasks import deliver_emails
from privacy.services import alarms, erasure, journal, periods, reconcile, refused_files, reminders, rows


@shared_task(name="privacy.tasks.erase_due")
def erase_due() -> None:
    """Erase everybody whose data must go now."""
    erasure.erase_due(at=clock.now(), limit=settings.RETENTION_RUN_LIMIT, boot=clock.boot())


@shared_task(name="privacy.tasks.send_retention_reminders")
def send_retention_reminders() -> None:
    """Remind people whose data go soon, and mark the addresses to which reminders come back."""
    at = clock.now()
    reminders.note_undeliverable(at=at)
    reminders.send_retention_reminders(at=at)


@shared_task(name="privacy.tasks.watch")
def watch() -> None:
    """Look for what goes wrong in silence, and bring the dates up to date while a change of periods waits."""
    at = clock.now()
    reconcile.follow_new_periods(at=at)
    alarms.watch(at=at)


@shared_task(name="privacy.tasks.reconcile")
def reconcile_all() -> None:
    """Every night: the dates against the rule, the ledger against itself, whether a bucket is public, the store against
    the rows, and new statistics for the database in place of those that hold values of people who are gone.
    """
    at = clock.now()
    rows.renew_statistics()
    reconcile.reconcile_clocks(at=at)
    alarms.watch_daily(at=at)
    reconcile.watch_buckets(at=at)
    reconcile.reconcile_files(at=at)


@shared_task(name="privacy.tasks.write_ledger")
def write_ledger() -> None:
    """Write into the ledger what it lacks: the privacy journal, and the hash of each day of the audit log."""
    at = clock.now()
    journal.write_journal(at=at)
    journal.write_days_of_audit(at=at)


@shared_task(name="privacy.tasks.purge_old_records")
def purge_old_records() -> None:
    """Delete the records of privacy whose periods are over."""
    periods.purge_old_records(at=clock.now())


@shared_task(name="privacy.tasks.drop_refused_files")
def drop_refused_files() -> None:
    """Let go what the virus scan refused, and ask for other files."""
    if refused_files.drop_refused_files(at=clock.now()):
        wake(purge_staged_files)
        wake(deliver_emails)
