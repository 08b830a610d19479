"""F04, G16: Redis is killed with two hundred messages in it and comes back empty. The rows are the queue."""

import os
import signal
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import redis
from celery import current_app
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from candidates.models import Candidate, Position
from clouder.celery import REDIS
from clouder.embedded.redis import Redis, locate
from common import clock
from files.samples import pdf
from mailing.enums import EmailKind, EmailState
from mailing.models import OutboxEmail
from privacy.services import ledger
from tests.factories import people
from tests.factories.browser import submit
from tests.parts.availability import require
from tests.parts.smtp import SmtpServer
from tests.parts.worker import StartWorker, send

pytestmark = [pytest.mark.redis, pytest.mark.timeout(300)]

FORM = "/en/positions/backend-developer/apply/"
MESSAGES, DUE = 200, 40  # so many people that the circuit breaker lets them go
SECONDS = 120.0
"""How long after its return everything may take (G16)."""


class Frail(Redis):
    """A Redis of the test's own."""

    def kill(self) -> None:
        """Without a warning, and nothing is on the disk."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def come_back(self) -> None:
        """On the same port, empty."""
        self.process = self.start_process()
        self.wait_ready()

    @property
    def waiting(self) -> int:
        """How many messages are in the queue."""
        with redis.Redis.from_url(self.url(0)) as client:
            return int(client.llen("celery"))  # type: ignore[arg-type]


@pytest.fixture
def frail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Frail]:
    """Running, and the tests' own broker."""
    require("redis")
    server = Frail(tmp_path, uuid4().hex, locate())
    server.launch()
    try:
        server.wait_ready()
        monkeypatch.setitem(current_app.conf, "broker_url", server.url(0))
        monkeypatch.setitem(current_app.conf, "broker_transport_options", REDIS)
        monkeypatch.setattr(current_app, "_pool", None)
        monkeypatch.setattr(current_app.amqp, "_producer_pool", None)
        yield server
    finally:
        server.stop()


def apply(client: Client) -> list[int]:
    """The three screens of an application; the answers to both forms."""
    cv = SimpleUploadedFile("cv.pdf", pdf("My CV"))
    filled = submit(client, client.get(FORM), FORM, name="Aino Esimerkki", email="aino@example.org", cv=cv)
    check = client.get(filled["Location"])
    time.sleep(3.1)  # a form that is sent sooner was filled in by no human
    return [filled.status_code, check.status_code, submit(client, check, filled["Location"]).status_code]


def test_a_queue_that_is_lost_loses_nothing(
    position: Position, frail: Frail, start_worker: StartWorker, smtp_server: SmtpServer, client: Client
) -> None:
    now = clock.now()
    for number in range(DUE):
        people.application(now - timedelta(days=900), email=f"{number}@example.org", has_cv=False)
    worker = start_worker(CLOUDER_BROKER_URL=frail.url(0), CLOUDER_EMAIL_URL=smtp_server.url)
    worker.wait_until(lambda: "ready." in worker.log.read_text(), "a worker that listens")
    os.kill(worker.process.pid, signal.SIGSTOP)
    for _ in range(MESSAGES // 2):
        send("privacy.tasks.erase_due")
        send("mailing.tasks.deliver_emails")
    assert frail.waiting >= MESSAGES - 2  # the worker may have been about to take one
    frail.kill()

    began = time.monotonic()
    assert apply(client) == [303, 200, 303]
    assert client.get("/en/").status_code == 200
    assert time.monotonic() - began < 15
    arrived = OutboxEmail.objects.filter(kind=EmailKind.APPLICATION_RECEIVED, to_address="aino@example.org")
    assert (Candidate.objects.count(), arrived.get().state) == (DUE + 1, EmailState.QUEUED)

    frail.come_back()
    assert frail.waiting == 0
    os.kill(worker.process.pid, signal.SIGCONT)
    back = time.monotonic()

    def is_done() -> bool:
        """What beat does until it is done: it sends again."""
        if frail.waiting == 0:
            send("privacy.tasks.erase_due")
            send("mailing.tasks.deliver_emails")
        return Candidate.objects.count() == 1 and arrived.get().state == EmailState.SENT

    worker.wait_until(is_done, "the erasures and the mail")
    assert time.monotonic() - back < SECONDS
    assert Candidate.objects.get().email == "aino@example.org"
    assert (ledger.verify(), worker.is_alive) == ([], True)
    assert smtp_server.message_ids.count(f"<{arrived.get().pk}@example.org>") == 1
