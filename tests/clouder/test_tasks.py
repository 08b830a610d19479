"""The schedule, and a real worker process that does every task of it."""

import inspect
import pickle
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from celery import Celery, current_app
from celery.schedules import crontab
from django.conf import settings
from django.core.files.storage import storages

from accounts.enums import LinkPurpose
from accounts.models import MailedLink
from accounts.services.links import create_link
from audit.enums import Action
from audit.models import AuditEvent
from candidates.enums import Direction, InteractionKind, MeansOfContact
from candidates.models import ApplicationDraft, Candidate, Interaction
from candidates.services.clock import recompute_clock
from candidates.services.drafts import open_draft
from clouder.celery import REDIS, SCHEDULE
from clouder.embedded.processes import free_port
from common import clock
from common.wake import wake
from files.models import StoredFile
from mailing.enums import EmailKind, EmailState
from mailing.models import OutboxEmail
from mailing.services import queue_email
from privacy.services import ledger
from tests.factories import people
from tests.parts.smtp import SmtpServer
from tests.parts.worker import StartWorker, send

DAY = timedelta(days=1)
YEAR = timedelta(days=365)


# The schedule


def test_every_task_of_the_schedule_exists_and_takes_nothing() -> None:
    current_app.loader.import_default_modules()
    for entry in SCHEDULE.values():
        task = current_app.tasks[entry["task"]]
        assert (entry.keys(), task.serializer) == ({"task", "schedule"}, "json")
        assert list(inspect.signature(task.run).parameters) == []


def test_messages_are_json_and_are_kept_until_they_are_done() -> None:
    names = (
        "task_serializer", "accept_content", "task_ignore_result", "task_acks_late", "task_reject_on_worker_lost",
        "worker_prefetch_multiplier", "result_backend",
    )  # fmt: skip
    assert {name: current_app.conf[name] for name in names} == {
        "task_serializer": "json",
        "accept_content": ["json"],
        "task_ignore_result": True,
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "worker_prefetch_multiplier": 1,
        "result_backend": None,
    }
    assert current_app.conf.task_time_limit < 3600


def test_nothing_is_pinned_to_the_hour_that_is_skipped_or_doubled() -> None:
    for entry in SCHEDULE.values():
        if isinstance(entry["schedule"], crontab):
            assert entry["schedule"].hour == set(range(24))


def test_a_broker_that_is_down_is_no_error_for_whoever_wakes_a_worker(
    db: None, django_capture_on_commit_callbacks: Any, caplog: pytest.LogCaptureFixture
) -> None:
    down = Celery("down", broker=f"redis://127.0.0.1:{free_port()}/0", set_as_current=False)
    down.conf.broker_transport_options = REDIS

    @down.task
    def task() -> None:
        """Nothing."""

    began = time.monotonic()
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        wake(task)
        assert caplog.messages == []
    assert (len(callbacks), caplog.messages) == (1, ["the broker does not answer; the sweep takes over"])
    assert time.monotonic() - began < 2


# A worker


class Bomb:
    """Whoever unpickles it makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return Path.touch, (self.path,)


def send_pickled(bomb: Bomb, task: str) -> None:
    """Put a message on the queue that a worker must not open."""
    queue = current_app.amqp.queues["celery"]
    with current_app.connection_for_write() as connection, connection.Producer(serializer="pickle") as producer:
        producer.publish(
            ((bomb,), {}, {}),
            exchange=queue.exchange,
            routing_key=queue.routing_key,
            declare=[queue],
            headers={"lang": "py", "task": task, "id": str(uuid4()), "root_id": None, "parent_id": None},
        )


def somebody_due(now: datetime) -> Candidate:
    return people.application(now - 3 * YEAR, email="gone@example.org").candidate


def consent_that_ended(now: datetime) -> Candidate:
    """Somebody who is kept for a later contact, and whose consent ended a month ago."""
    person = people.application(now - 4 * YEAR - 30 * DAY, email="stays@example.org", has_longer_storage=True).candidate
    called_at = now - YEAR
    Interaction.objects.create(
        candidate=person,
        kind=InteractionKind.CALL,
        means=MeansOfContact.PHONE,
        direction=Direction.OUT,
        occurred_at=called_at,
        recorded_at=called_at,
    )
    recompute_clock(person.person_ref)
    OutboxEmail.objects.filter(subject_ref=person.pk).delete()
    return person


def things_that_ran_out(now: datetime) -> None:
    people.staged(uuid4(), now - 2 * DAY)
    open_draft("cookie", uuid4(), None, begun_at=now - 2 * DAY, at=now - 2 * DAY)
    create_link(LinkPurpose.SIGN_IN, address="a@example.org", language="en", lifetime=DAY, at=now - 2 * DAY)


def test_a_worker_does_every_task_of_the_schedule_and_opens_nothing_but_json(
    transactional_db: None, start_worker: StartWorker, file_broker: str, smtp_server: SmtpServer, tmp_path: Path
) -> None:
    now = clock.now()
    gone, stays = somebody_due(now), consent_that_ended(now)
    things_that_ran_out(now)
    queue_email(
        EmailKind.SIGN_IN_LINK, to_address="aino@example.org", language="en", context={"token": "t"},
        dedupe_key="one", at=now,
    )  # fmt: skip
    done = {
        "erase_due": lambda: not Candidate.objects.filter(pk=gone.pk).exists(),
        "expire_storage_consents": lambda: AuditEvent.objects.filter(action=Action.CONSENT_ENDED).exists(),
        "deliver_emails": lambda: OutboxEmail.objects.filter(state=EmailState.SENT).exists(),
        "purge_staged_files": lambda: not StoredFile.objects.exclude(owner_ref=stays.pk).exists(),
        "purge_drafts_and_links": lambda: not ApplicationDraft.objects.exists() and not MailedLink.objects.exists(),
    }
    assert done.keys() == SCHEDULE.keys()
    assert [is_done() for is_done in done.values()] == [False] * len(done)
    bomb = Bomb(tmp_path / "opened")
    pickle.loads(pickle.dumps(bomb))
    assert bomb.path.exists()
    bomb.path.unlink()

    send_pickled(bomb, "mailing.tasks.deliver_emails")
    for entry in SCHEDULE.values():
        send(entry["task"])
    worker = start_worker(CLOUDER_EMAIL_URL=smtp_server.url)
    for name, is_done in done.items():
        worker.wait_until(is_done, name)

    assert (bomb.path.exists(), worker.is_alive) == (False, True)
    assert list((settings.TEST_FOLDER / "broker" / "messages").glob("*.msg")) == []
    assert [mail.recipients for mail in smtp_server.received] == [["aino@example.org"]]
    assert (Candidate.objects.get(), ledger.verify()) == (stays, [])
    assert [key.partition("/")[0] for key in storages["files"].list_keys()] == [str(stays.pk)]
