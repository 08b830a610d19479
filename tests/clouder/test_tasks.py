"""The schedule, and a real worker process that does every task of it."""

import inspect
import os
import pickle
import re
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from celery import Celery, current_app
from celery.schedules import crontab
from django.conf import settings
from django.core.files.storage import storages

from accounts.enums import LinkPurpose, Role
from accounts.models import MailedLink
from accounts.services.links import create_link
from audit.enums import Action
from audit.models import AuditEvent
from candidates.enums import Direction, DocumentKind, HoldGround, InteractionKind, MeansOfContact, SourceKind
from candidates.models import ApplicationDraft, Candidate, Document, Hold, Interaction
from candidates.services.clock import recompute_clock
from candidates.services.drafts import open_draft
from candidates.services.outreach import send_outreach
from candidates.services.sourcing import Found, record_assessment, source_candidate
from clouder.celery import REDIS, SCHEDULE
from clouder.embedded.processes import free_port
from common import clock
from common.actors import staff
from common.wake import wake
from files.enums import FilePart, ScanState
from files.models import StoredFile
from mailing.enums import EmailKind, EmailState
from mailing.models import OutboxEmail
from mailing.services import queue_email
from policy.calendar import local_date
from privacy.enums import AlarmKind, LedgerKind
from privacy.models import Alarm, ErasureBatch, LedgerRecord, RetentionRun
from privacy.services import ledger
from tests.factories import people
from tests.factories.files import refused_document
from tests.parts.scanner import Clamd
from tests.parts.smtp import SmtpServer
from tests.parts.worker import StartWorker, Worker, send

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
            assert entry["schedule"].hour - {3}


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
    """Somebody who is kept for a later contact until soon, and whose consent ended a month ago."""
    person = people.application(now - 4 * YEAR - 30 * DAY, email="stays@example.org", has_longer_storage=True).candidate
    called_at = now - 2 * YEAR + 20 * DAY
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


def what_is_wrong(now: datetime) -> None:
    """An erasure that has been blocked for long, and an object that no row knows."""
    ErasureBatch.objects.create(
        candidate_refs=[], claimed_at=now - 2 * DAY, lease_until=now + DAY, blocked_since=now - 2 * DAY, blocked_by="x"
    )
    storages["files"].put_new("unknown/one", BytesIO(b"content"))  # type: ignore[attr-defined]
    os.utime(settings.TEST_FOLDER / "files" / "unknown" / "one", (0, 0))


def message_that_failed(now: datetime) -> None:
    """Somebody whom a colleague approached, and whose mail the server refused."""
    who = staff(people.user(Role.RECRUITER, "ritva@example.org").pk)
    record_assessment(document_ref="LEGAL-1", valid_until=local_date(now) + DAY, actor=who, at=now)
    found = Found(
        name="Saana", language="en", source_kind=SourceKind.EMPLOYEE, source_ref="Otto", reason="Queues",
        email="saana@example.org",
    )  # fmt: skip
    person = source_candidate(found, actor=who, at=now)
    send_outreach(person.pk, subject="A question", text="Hello", actor=who, at=now)
    OutboxEmail.objects.filter(kind=EmailKind.OUTREACH).update(state=EmailState.FAILED)
    assert Candidate.objects.filter(noticed_at__isnull=False).exists()


def files_to_scan(person: Candidate, now: datetime) -> None:
    """A file that waits for the virus scan, and one in which it found something."""
    StoredFile.objects.filter(owner_ref=person.pk).update(scan=ScanState.WAITING, scan_after=now)
    refused_document(person.applications.get(), at=now - YEAR, kind=DocumentKind.CV)


def things_that_ran_out(now: datetime) -> None:
    Hold.objects.create(
        subject_ref=uuid4(),
        person_ref=uuid4(),
        case_ref="HR 1",
        ground=HoldGround.OTHER_CLAIM,
        owner=people.user(Role.RECRUITER, "rea2@example.org"),
        opened_at=now - YEAR,
        review_on=(now + YEAR).date(),
        ends_on=(now - 2 * DAY).date(),
    )
    people.staged(uuid4(), now - 2 * DAY)
    RetentionRun.objects.create(at=now - 4 * YEAR, base_months=24, unanswered_months=24)
    open_draft("cookie", uuid4(), None, begun_at=now - 2 * DAY, at=now - 2 * DAY)
    create_link(LinkPurpose.SIGN_IN, address="a@example.org", language="en", lifetime=DAY, at=now - 2 * DAY)


def is_idle(worker: Worker) -> bool:
    """Whether the worker has ended every task that it took."""
    log = worker.log.read_text()
    return len(re.findall(r"Task \S+ received", log)) == len(re.findall(r"Task \S+ succeeded", log))


def test_a_worker_does_every_task_of_the_schedule_and_opens_nothing_but_json(
    transactional_db: None, start_worker: StartWorker, file_broker: str, smtp_server: SmtpServer, clamd_server: Clamd,
    tmp_path: Path,
) -> None:  # fmt: skip
    now = clock.now()
    gone, stays = somebody_due(now), consent_that_ended(now)
    files_to_scan(stays, now)
    things_that_ran_out(now)
    what_is_wrong(now)
    message_that_failed(now)
    queue_email(
        EmailKind.SIGN_IN_LINK, to_address="aino@example.org", language="en", context={"token": "t"},
        dedupe_key="one", at=now,
    )  # fmt: skip
    done = {
        "erase_due": lambda: not Candidate.objects.filter(pk=gone.pk).exists(),
        "tell_and_ask_in_time": lambda: AuditEvent.objects.filter(action=Action.HOLD_RELEASED).exists(),
        "send_retention_reminders": lambda: OutboxEmail.objects.filter(kind=EmailKind.RETENTION_REMINDER).exists(),
        "expire_storage_consents": lambda: AuditEvent.objects.filter(action=Action.CONSENT_ENDED).exists(),
        "note_failed_outreach": lambda: not Candidate.objects.filter(noticed_at__isnull=False).exists(),
        "deliver_emails": lambda: OutboxEmail.objects.filter(state=EmailState.SENT).exists(),
        "write_ledger": lambda: LedgerRecord.objects.filter(kind=LedgerKind.DAY_OF_AUDIT).exists(),
        "purge_old_records": lambda: not RetentionRun.objects.filter(at__lt=now - 3 * YEAR).exists(),
        "purge_audit": lambda: not AuditEvent.objects.filter(at__lt=now - 2 * YEAR - 2 * DAY).exists(),
        "watch": lambda: Alarm.objects.filter(kind=AlarmKind.BLOCKED).exists(),
        "reconcile": lambda: not storages["files"].has_object("unknown/one"),  # type: ignore[attr-defined]
        "purge_staged_files": lambda: not StoredFile.objects.exclude(owner_ref=stays.pk).exists(),
        "scan_files": lambda: StoredFile.objects.filter(scan=ScanState.CLEAN).exists(),
        "drop_refused_files": lambda: AuditEvent.objects.filter(action=Action.FILE_REFUSED).exists(),
        "read_files": lambda: StoredFile.objects.filter(part=FilePart.TEXT, owner_ref=stays.pk).exists(),
        "index_documents": lambda: Document.objects.exclude(words=None).exists(),
        "purge_drafts_and_links": lambda: (
            not ApplicationDraft.objects.exists()
            and not MailedLink.objects.filter(purpose=LinkPurpose.SIGN_IN).exists()
        ),
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
    worker = start_worker(CLOUDER_EMAIL_URL=smtp_server.url, CLOUDER_CLAMD=clamd_server.unix)
    for name, is_done in done.items():
        worker.wait_until(is_done, name)

    assert (bomb.path.exists(), worker.is_alive) == (False, True)
    messages = settings.TEST_FOLDER / "broker" / "messages"
    worker.wait_until(lambda: not list(messages.glob("*.msg")) and is_idle(worker), "what the tasks themselves woke")
    assert {"aino@example.org"} <= {mail.recipients[0] for mail in smtp_server.received}
    known = {"aino@example.org", "stays@example.org", "privacy@example.org", "pia@example.org"}
    assert {mail.recipients[0] for mail in smtp_server.received} <= known
    assert Candidate.objects.exclude(email="saana@example.org").get() == stays
    assert ledger.verify() == []
    assert [key.partition("/")[0] for key in storages["files"].list_keys()] == [
        str(stays.pk)
    ] * 3  # the CV, its text, its page
