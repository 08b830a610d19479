"""F07: two beats are started by mistake, and two workers hear both. Each effect comes once."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from accounts.models import User
from candidates.models import Position
from common import clock
from mailing.models import OutboxEmail
from mailing.services import message_id
from tests.parts import duties
from tests.parts.smtp import SmtpServer
from tests.parts.worker import CELERY, StartWorker, worker_environment

SECONDS, PATIENCE = 5.0, 30.0
COMMAND = [sys.executable, "-c", CELERY, "-A", "tests.parts.quick", "beat", "--pidfile=", "--loglevel", "INFO"]

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def two_beats(transactional_db: None, tmp_path: Path) -> Iterator[list[Path]]:
    """Two beats that send every task each second; their logs."""
    logs = [tmp_path / f"beat-{number}.log" for number in range(2)]
    beats = []
    for log in logs:
        with log.open("wb") as output:
            beats.append(
                subprocess.Popen(
                    COMMAND, cwd=settings.BASE_DIR, env=worker_environment(), stdout=output, stderr=output,
                    stdin=subprocess.DEVNULL,
                )
            )  # fmt: skip
    yield logs
    for beat in beats:
        beat.kill()
        beat.wait()


def test_two_beats_do_no_harm(
    position: Position,
    recruiter: User,
    officer: User,
    file_broker: str,
    smtp_server: SmtpServer,
    start_worker: StartWorker,
    two_beats: list[Path],
) -> None:
    duties.make(clock.now(), position, recruiter, officer)
    workers = [start_worker(CLOUDER_EMAIL_URL=smtp_server.url) for _ in range(2)]
    deadline = time.monotonic() + PATIENCE
    while duties.effects() != duties.DONE and time.monotonic() < deadline:
        time.sleep(0.2)
    assert duties.effects() == duties.DONE
    time.sleep(SECONDS)
    for log in two_beats:
        assert log.read_text().count(f"Sending due task erase_due ({duties.TASKS[0]})") >= 3
    for worker in workers:
        assert (worker.is_alive, "Traceback" in worker.log.read_text()) == (True, False)
        assert worker.log.read_text().count(f"Task {duties.TASKS[0]}") > 0
    assert duties.effects() == duties.DONE
    days = duties.days_of_the_log()
    assert (len(days) > 0, len(days)) == (True, len(set(days)))
    # Somebody who was erased may have got a mail before; no mail came twice.
    assert len(smtp_server.received) == len(set(smtp_server.message_ids))
    assert set(smtp_server.message_ids) >= {message_id(pk) for pk in OutboxEmail.objects.values_list("pk", flat=True)}
