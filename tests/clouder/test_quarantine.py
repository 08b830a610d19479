"""Quarantine: a restored database serves nothing, mails nothing and works on nothing until the replay has run."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from celery import current_app
from django.conf import settings
from django.core import mail
from django.test import Client

from accounts.models import User
from candidates.models import Candidate
from clouder import quarantine
from clouder.celery import SCHEDULE
from clouder.quarantine import Answer
from clouder.start import ALLOWED_IN_QUARANTINE, refuse_in_quarantine
from mailing.enums import EmailKind, EmailState
from mailing.models import OutboxEmail
from mailing.services import queue_email
from mailing.tasks import deliver_emails
from privacy.enums import LedgerKind
from privacy.models import LedgerRecord, Replay
from privacy.services import ledger
from privacy.services.replay import replay
from privacy.tasks import erase_due
from tests.factories import people
from tests.parts.stores import BreakStore
from tests.parts.worker import worker_environment

pytestmark = pytest.mark.django_db

PAGES = ("/", "/en/", "/fi/", "/en/privacy/", "/en/my-data/", "/admin/", "/admin/login/", "/en/no-such-page/")


@pytest.fixture(autouse=True)
def _asks_anew() -> Iterator[None]:
    """Each test is a process that has just begun."""
    quarantine.watch.forget()
    yield
    quarantine.watch.forget()


def restore(at: datetime, job: int = 0) -> None:
    """Make the database older than the ledger."""
    record = ledger.reserve(LedgerKind.ERASURE_STARTED, {"job": job, "candidates": []}, at=at)
    ledger.write(record, at=at)
    record.delete()


def test_a_restored_database_serves_no_page(client: Client, at: datetime, recruiter: User) -> None:
    client.force_login(recruiter)
    assert [client.get(page).status_code for page in ("/en/", "/admin/")] == [200, 200]
    quarantine.watch.forget()
    restore(at)
    for page in PAGES:
        for answer in (client.get(page), client.post(page)):
            assert (answer.status_code, answer["Retry-After"]) == (503, "300"), page
            assert answer["Cache-Control"] == "no-store, private"
            assert "default-src 'none'" in answer["Content-Security-Policy"]
            assert not answer.cookies


def test_the_page_says_it_in_both_languages_and_names_nobody(client: Client, at: datetime) -> None:
    restore(at)
    text = client.get("/fi/").content.decode()
    for part in ('<h1 lang="en">', '<h2 lang="fi">', "Back soon", "privacy@example.org"):
        assert part in text
    assert text.count("<h1") == 1
    assert text == client.get("/en/").content.decode()


def test_the_process_is_alive_and_not_ready(client: Client, at: datetime) -> None:
    assert [client.get(path).status_code for path in ("/healthz", "/readyz")] == [200, 200]
    quarantine.watch.forget()
    restore(at)
    assert client.get("/healthz").status_code == 200
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"quarantine": True})


def test_styles_are_served(client: Client, at: datetime) -> None:
    restore(at)
    answer = client.get("/static/app.css")
    assert (answer.status_code, b"@layer" in b"".join(answer)) == (200, True)
    answer.close()


def test_no_task_runs(at: datetime) -> None:
    current_app.loader.import_default_modules()
    someone = people.application(datetime(2020, 1, 1, tzinfo=at.tzinfo)).candidate
    restore(at)
    for entry in SCHEDULE.values():
        assert current_app.tasks[entry["task"]]() is None
    assert Candidate.objects.filter(pk=someone.pk, erasing_ref=None).exists()
    assert not LedgerRecord.objects.exists()
    quarantine.watch.remember(Answer.SOUND)
    current_app.tasks["mailing.tasks.deliver_emails"]()
    assert len(mail.outbox) == 1


def test_a_task_that_was_not_run_says_so(at: datetime, caplog: pytest.LogCaptureFixture) -> None:
    restore(at)
    erase_due()
    assert caplog.messages == [
        "the database was restored: nothing is served, mailed or done until 'ledger replay' has run",
        "privacy.tasks.erase_due was not run: the portal is in quarantine or its ledger does not answer",
    ]


def test_no_mail_goes_out(at: datetime) -> None:
    queue_email(
        EmailKind.SIGN_IN_LINK, to_address="aino@example.org", language="en", context={"token": "t"},
        dedupe_key="one", at=at,
    )  # fmt: skip
    restore(at)
    deliver_emails()
    assert (mail.outbox, OutboxEmail.objects.get().state) == ([], EmailState.QUEUED)
    quarantine.watch.remember(Answer.SOUND)
    deliver_emails()
    assert (len(mail.outbox), OutboxEmail.objects.get().state) == (1, EmailState.SENT)


def test_the_replay_ends_it(client: Client, at: datetime) -> None:
    restore(at)
    assert client.get("/en/").status_code == 503
    replay(at=at)
    assert client.get("/en/").status_code == 503  # until this process asks again
    quarantine.watch.ask_at = 0.0
    assert client.get("/en/").status_code == 200


def test_a_replay_that_died_half_way_does_not_end_it(client: Client, at: datetime) -> None:
    assert client.get("/en/").status_code == 200
    quarantine.watch.forget()
    Replay.objects.create(at=at, report={"first": 1, "last": 1, "restored_to": at.isoformat(), "is_finished": False})
    assert ledger.is_ahead() is False
    assert client.get("/en/").status_code == 503


# A ledger that does not answer


def test_a_sound_site_goes_on_and_work_waits(
    client: Client, at: datetime, break_store: BreakStore, caplog: pytest.LogCaptureFixture
) -> None:
    someone = people.application(datetime(2020, 1, 1, tzinfo=at.tzinfo)).candidate
    assert client.get("/en/").status_code == 200
    mend = break_store("ledger", "SilentReader")
    quarantine.watch.ask_at = 0.0
    assert client.get("/en/").status_code == 200
    assert caplog.messages == ["the ledger does not answer: StoreError"]
    erase_due()
    assert Candidate.objects.filter(pk=someone.pk).exists()
    mend()
    quarantine.watch.ask_at = 0.0
    erase_due()
    assert not Candidate.objects.filter(pk=someone.pk).exists()


def test_a_process_that_never_had_an_answer_serves_nothing(client: Client, break_store: BreakStore) -> None:
    mend = break_store("ledger", "SilentReader")
    assert (client.get("/en/").status_code, client.get("/healthz").status_code) == (503, 200)
    mend()
    quarantine.watch.ask_at = 0.0
    assert client.get("/en/").status_code == 200


def test_a_site_in_quarantine_stays_in_it_while_the_ledger_is_silent(
    client: Client, at: datetime, break_store: BreakStore
) -> None:
    restore(at)
    assert client.get("/en/").status_code == 503
    break_store("ledger", "SilentReader")
    quarantine.watch.ask_at = 0.0
    assert client.get("/en/").status_code == 503


def test_the_ledger_is_asked_once_in_half_a_minute(client: Client, at: datetime) -> None:
    assert client.get("/en/").status_code == 200
    restore(at)
    assert client.get("/en/").status_code == 200
    assert quarantine.ASK_EVERY == 30


def test_while_one_thread_asks_the_others_go_by_the_last_answer(at: datetime) -> None:
    quarantine.watch.remember(Answer.SOUND)
    restore(at)
    quarantine.watch.ask_at = 0.0
    found = []
    with quarantine.watch.lock:
        thread = threading.Thread(target=lambda: found.append(quarantine.may_serve()))
        thread.start()
        thread.join(timeout=5)
    assert found == [True]
    assert quarantine.may_serve() is False


# Commands


def manage(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=settings.BASE_DIR, env=worker_environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_portals_own_commands_do_nothing(at: datetime, capsys: pytest.CaptureFixture[str]) -> None:
    restore(at)
    for name in ("retention", "access_report", "notices"):
        refuse_in_quarantine(["manage.py", name, "--help"])
    for name in ("migrate", "check", "shell", "ledger", "no-such", "../ledger", ""):
        refuse_in_quarantine(["manage.py", name])
    refuse_in_quarantine(["manage.py"])
    for name in ("retention", "access_report"):
        with pytest.raises(SystemExit) as ended:
            refuse_in_quarantine(["manage.py", name, "run"])
        assert ended.value.code == 1
        assert capsys.readouterr().err.splitlines()[-1] == (
            f"{name} does nothing now. The database was restored and 'ledger replay --execute' has not run, or the "
            "ledger does not answer, or the database."
        )


def test_a_command_line_is_refused_until_the_replay(transactional_db: None, at: datetime) -> None:
    someone = people.application(datetime(2020, 1, 1, tzinfo=at.tzinfo)).candidate
    restore(at)
    ended = manage("retention", "run", "--execute")
    assert (ended.returncode, ended.stdout, "retention does nothing now." in ended.stderr) == (1, "", True)
    assert Candidate.objects.filter(pk=someone.pk).exists()
    assert manage("ledger", "replay", "--execute").returncode == 0
    assert manage("retention", "run", "--execute").returncode == 0
    assert not Candidate.objects.filter(pk=someone.pk).exists()


def test_what_is_let_through_exists() -> None:
    ours = {path.stem for path in Path(settings.BASE_DIR).glob("*/management/commands/*.py")} - {"__init__"}
    assert ours > ALLOWED_IN_QUARANTINE
