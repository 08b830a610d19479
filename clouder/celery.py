"""The Celery app, and the only place where the schedule stands.

The database is the queue of record: a task carries no data but ids, and everything that is due is found by a sweep. So
a lost broker loses nothing, and a task that runs twice does no harm.
"""

import logging
from pathlib import Path
from typing import Any

from celery import Celery
from celery.schedules import crontab
from celery.signals import beat_init, setup_logging, worker_init
from django.conf import settings

from clouder import file_broker
from clouder.quarantine import GuardedTask
from clouder.start import refuse_public_buckets, require_settings

require_settings()

SCHEDULE: dict[str, dict[str, Any]] = {
    # Never pinned to 03:00-04:00 local time, an hour that is skipped or doubled twice a year.
    "erase_due": {"task": "privacy.tasks.erase_due", "schedule": crontab(minute="*/15")},
    "expire_storage_consents": {"task": "candidates.tasks.expire_storage_consents", "schedule": crontab(minute="5")},
    "tell_and_ask_in_time": {"task": "candidates.tasks.tell_and_ask_in_time", "schedule": crontab(minute="10")},
    "send_retention_reminders": {"task": "privacy.tasks.send_retention_reminders", "schedule": crontab(minute="20")},
    "note_failed_outreach": {"task": "candidates.tasks.note_failed_outreach", "schedule": crontab(minute="*/10")},
    "deliver_emails": {"task": "mailing.tasks.deliver_emails", "schedule": 30.0},
    "write_ledger": {"task": "privacy.tasks.write_ledger", "schedule": 60.0},
    "purge_old_records": {"task": "privacy.tasks.purge_old_records", "schedule": crontab(minute="25")},
    "purge_audit": {"task": "audit.tasks.purge_old_events", "schedule": crontab(minute="35")},
    "purge_staged_files": {"task": "files.tasks.purge_staged_files", "schedule": crontab(minute="*/10")},
    "scan_files": {"task": "files.tasks.scan_files", "schedule": 60.0},
    "drop_refused_files": {"task": "privacy.tasks.drop_refused_files", "schedule": crontab(minute="*/5")},
    "read_files": {"task": "files.tasks.read_files", "schedule": 60.0},
    "index_documents": {"task": "candidates.tasks.index_documents", "schedule": crontab(minute="*/5")},
    "purge_drafts_and_links": {"task": "candidates.tasks.purge_drafts_and_links", "schedule": crontab(minute="*/10")},
    "watch": {"task": "privacy.tasks.watch", "schedule": crontab(minute="40")},
    "reconcile": {"task": "privacy.tasks.reconcile", "schedule": crontab(hour="1", minute="50")},
}


REDIS = {
    "visibility_timeout": 3600,  # seconds
    # Else whoever sends waits six seconds for a Redis that is down, and an applicant with them.
    "socket_connect_timeout": 2,
    "max_retries": 1,
    "interval_start": 0,
}


def _transport() -> dict[str, Any]:
    """The broker; under dev.py a folder, in which a message is a file."""
    url = settings.CELERY_BROKER_URL
    if not url.startswith("filesystem://"):
        return {"broker_url": url, "broker_transport_options": REDIS}
    folder = Path(url.removeprefix("filesystem://"))
    for name in ("messages", "processed", "control"):
        (folder / name).mkdir(parents=True, exist_ok=True, mode=0o700)
    options = {
        "data_folder_in": str(folder / "messages"),
        "data_folder_out": str(folder / "messages"),
        "processed_folder": str(folder / "processed"),
        "control_folder": str(folder / "control"),
        "polling_interval": 0.2,  # seconds
    }
    # Questions to the worker would stay behind as files when nobody answers.
    return {
        "broker_url": f"{file_broker.SCHEME}://localhost",
        "broker_transport_options": options,
        "worker_enable_remote_control": False,
    }


app = Celery("clouder", set_as_current=True, task_cls=GuardedTask)
app.conf.update(
    **_transport(),
    broker_connection_retry_on_startup=True,
    task_serializer="json",
    accept_content=["json"],
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_time_limit=1800,  # seconds; below the visibility timeout, so that nothing runs twice for being slow
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    beat_schedule=SCHEDULE,
    # In memory: all that is due is found by a sweep, so there is nothing to remember across a restart, and no pickle on
    # the disk that somebody else could have laid there.
    beat_scheduler="celery.beat:Scheduler",
    timezone=settings.TIME_ZONE,
    enable_utc=True,
)
app.autodiscover_tasks()


@setup_logging.connect
def _keep_our_logging(loglevel: int | None = None, **_: Any) -> None:
    """Celery must not put handlers of its own: they would print what ours leave out. Only the level counts."""
    if loglevel is not None:
        logging.getLogger("celery").setLevel(loglevel)


@worker_init.connect
@beat_init.connect
def _refuse_public_buckets(**_: Any) -> None:
    """Before a worker or beat does anything."""
    refuse_public_buckets()
