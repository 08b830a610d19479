"""F17: a real backup is restored into another database, and nobody comes back (spec/security.md F17, G20)."""

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import psycopg
import pytest
import urllib3
from django.conf import settings
from django.core.files.storage import storages

from candidates.enums import RestrictionGround
from candidates.models import Candidate
from candidates.services.consents import withdraw_consent
from candidates.services.restrictions import restrict_candidate
from clouder.embedded.processes import free_port
from common import clock
from common.actors import SYSTEM, candidate
from files.samples import pdf
from mailing.models import OutboxEmail
from privacy.services import journal, ledger
from privacy.services.erasure import erase_due
from tests.factories import people
from tests.parts import dumps
from tests.parts.dumps import second_database
from tests.parts.smtp import SmtpServer
from tests.parts.sweep import objects_with
from tests.parts.worker import StartWorker, send, worker_environment

__all__ = ["second_database"]

DAY, YEAR = timedelta(days=1), timedelta(days=365)
SECONDS = 60.0


def canary(number: int) -> str:
    return f"Kanarialintu{number:02d}"


def somebody(number: int, at: Any, **answers: Any) -> Candidate:
    """A person who has a canary of their own in every place that they can fill."""
    mark = canary(number)
    sent = people.application(
        at, email=f"{mark.lower()}@example.org", name=mark, cv=pdf(mark), cv_name=f"{mark}.pdf", cover_letter=mark,
        skills=mark, interests=mark, **answers,
    )  # fmt: skip
    return sent.candidate


class Scene:
    """Twelve people; a backup; then ten are erased, one takes a consent back and one is restricted."""

    def __init__(self, path: Path) -> None:
        now = clock.now()
        self.expired = [somebody(number, now - 3 * YEAR) for number in range(10)]
        self.withdrew = somebody(10, now - YEAR, has_longer_storage=True)
        self.restricted = somebody(11, now - YEAR)
        self.canaries = [canary(number) for number in range(10)]
        self.backup = path / "backup.dump"
        self.objects = {key: self._object(key) for key in storages["files"].list_keys()}
        assert len(self.objects) == 12
        dumps.dump(self.backup)
        assert len(erase_due(at=now).erased) == 10
        withdraw_consent(self.withdrew.person_ref, actor=candidate(self.withdrew.pk), at=now)
        restrict_candidate(self.restricted.person_ref, ground=RestrictionGround.CLAIM, actor=SYSTEM, at=now)
        assert journal.write_journal(at=now) == 2
        assert (ledger.highest_number(), Candidate.objects.count()) == (3, 2)

    @staticmethod
    def _object(key: str) -> bytes:
        with storages["files"].open_object(key) as stream:
            content: bytes = stream.read()
        return content

    def bring_objects_back(self) -> None:
        """What a restore of the bucket would do."""
        for key, content in self.objects.items():
            if not storages["files"].remaining([f"{key.partition('/')[0]}/"]):
                storages["files"].put_new(key, BytesIO(content))
        assert len(storages["files"].list_keys()) == 12


@pytest.fixture
def scene(transactional_db: None, tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def wait_until(is_true: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + SECONDS
    while not is_true():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


def manage(url: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=settings.BASE_DIR, capture_output=True, text=True, check=False,
        env=worker_environment() | {"DATABASE_URL": url},
    )  # fmt: skip


def text_of(url: str, path: Path) -> str:
    """The whole database as pg_dump writes it, in lower case."""
    subprocess.run([dumps.programs() / "pg_dump", f"--file={path}", url], check=True, capture_output=True)
    return path.read_text(encoding="utf-8").lower()


def ask(url: str, path: str) -> int:
    try:
        return urllib3.request("GET", f"{url}{path}", redirect=False, retries=False, timeout=10).status
    except urllib3.exceptions.HTTPError:
        return 0


def rows(url: str, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as link:
        return link.execute(statement, values).fetchall()


def test_f17_a_restored_backup_brings_nobody_back(
    scene: Scene, second_database: str, start_worker: StartWorker, file_broker: str, smtp_server: SmtpServer,
    tmp_path: Path,
) -> None:  # fmt: skip
    dumps.restore(scene.backup, second_database)
    scene.bring_objects_back()
    before = text_of(second_database, tmp_path / "before.sql")
    assert [mark.lower() in before for mark in scene.canaries] == [True] * 10
    assert len(objects_with(*(str(person.pk) for person in scene.expired))) >= 10

    # Nothing is served, mailed or done.
    worker = start_worker(DATABASE_URL=second_database, CLOUDER_EMAIL_URL=smtp_server.url)
    port = free_port()
    site = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "clouder.wsgi", "--bind", f"127.0.0.1:{port}", "--log-level", "error"],
        cwd=settings.BASE_DIR, env=worker_environment() | {"DATABASE_URL": second_database},
    )  # fmt: skip
    home = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: ask(home, "/healthz") == 200, "the site did not start")
        assert [ask(home, path) for path in ("/en/", "/fi/", "/admin/", "/readyz")] == [503] * 4
        for task in ("mailing.tasks.deliver_emails", "privacy.tasks.erase_due"):
            send(task)
            worker.wait_until(lambda task=task: f"{task} was not run" in worker.log.read_text(), task)  # type: ignore[misc]
        assert (smtp_server.received, manage(second_database, "retention", "run", "--execute").returncode) == ([], 1)
        assert rows(second_database, "SELECT count(*) FROM candidates_candidate") == [(12,)]

        # The replay.
        ended = manage(second_database, "ledger", "replay", "--execute")
        assert ended.returncode == 0, ended.stderr
        assert "10 records erased again" in ended.stdout
        wait_until(lambda: ask(home, "/en/") == 200, "the site did not come back")
        assert ask(home, "/readyz") == 200
    finally:
        site.terminate()
        site.wait()

    after = text_of(second_database, tmp_path / "after.sql")
    assert [mark for mark in scene.canaries if mark.lower() in after] == []
    assert [mark for mark in scene.canaries if mark.encode().hex() in after] == []
    assert objects_with(*scene.canaries) == []
    kept = {key.partition("/")[0] for key in storages["files"].list_keys()}
    assert kept == {str(scene.withdrew.pk), str(scene.restricted.pk)}
    assert canary(10).lower() in after

    # What was withdrawn and restricted stays so.
    assert rows(second_database, "SELECT withdrawn_at IS NOT NULL FROM candidates_consent") == [(True,)]
    columns = "expires_at = erase_at, restricted_at IS NOT NULL"
    found = {ref: flags for ref, *flags in rows(second_database, f"SELECT id, {columns} FROM candidates_candidate")}
    assert found == {scene.withdrew.pk: [True, False], scene.restricted.pk: [True, True]}
    verified = manage(second_database, "ledger", "verify", "--audit")
    assert (verified.returncode, verified.stdout.splitlines()[-1][:14]) == (0, "ledger verify:")

    # And the work goes on, with the mail that was waiting.
    worker.stop()
    worker = start_worker(DATABASE_URL=second_database, CLOUDER_EMAIL_URL=smtp_server.url)
    send("mailing.tasks.deliver_emails")
    worker.wait_until(lambda: "succeeded" in worker.log.read_text(), "mail")
    assert rows(second_database, "SELECT count(*) FROM mailing_outboxemail WHERE state = 'QUEUED'") == [(0,)]
    addresses = {recipient for mail in smtp_server.received for recipient in mail.recipients}
    assert not {person.email for person in scene.expired} & addresses


def test_f17_the_drill_of_the_operators_shows_it_on_parts_of_its_own(
    scene: Scene, second_database: str, tmp_path: Path
) -> None:
    live = worker_environment()
    chosen = {name: value for name, value in live.items() if name.startswith("CLOUDER_")}
    settings_file = tmp_path / "clouder.env"
    lines = [
        f"{name}={shlex.quote(value)}" for name, value in (chosen | {"DATABASE_URL": live["DATABASE_URL"]}).items()
    ]
    settings_file.write_text("\n".join(lines))
    environment = live | {
        "ENV_FILE": str(settings_file),
        "DRILL_DATABASE_URL": second_database,
        "PATH": f"{dumps.programs()}:{os.environ['PATH']}",
    }
    contents = storages["ledger"].list_keys()
    mails = OutboxEmail.objects.count()

    def drill() -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [settings.BASE_DIR / "deploy" / "restore_drill", scene.backup], env=environment, capture_output=True,
            text=True, check=False,
        )  # fmt: skip

    ended = drill()
    assert (ended.returncode, ended.stdout.splitlines()[-2:]) == (
        0,
        ["drill: 12 records in the backup, 2 after the replay", "drill: restored"],
    ), ended.stderr
    assert "drill: the restored portal refuses to work, as it must" in ended.stdout.splitlines()
    # The live portal has not noticed.
    assert (storages["ledger"].list_keys(), ledger.is_ahead(), ledger.verify()) == (contents, False, [])
    assert (Candidate.objects.count(), OutboxEmail.objects.count()) == (2, mails)
    again = drill()
    assert (again.returncode, "is not empty; nothing was done" in again.stderr) == (1, True)
