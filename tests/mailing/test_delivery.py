"""Delivery over a real mail server, one that behaves and one that does not."""

import smtplib
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core import mail
from django.db import transaction
from pytest_django import Settings

from candidates.models import Position
from candidates.services.addresses import disown_application
from clouder.embedded.processes import free_port
from mailing.enums import EmailKind, EmailState
from mailing.models import OutboxEmail
from mailing.services import GIVE_UP_AFTER, deliver_emails, queue_email
from privacy.services import erasure
from tests.factories import people
from tests.parts.smtp import Mode, SmtpServer
from tests.parts.threads import at_once, elsewhere

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


def queue(at: datetime, **values: Any) -> OutboxEmail:
    """One mail, of which a test says what matters to it."""
    key = uuid4().hex
    known: dict[str, Any] = {
        "kind": EmailKind.SIGN_IN_LINK,
        "to_address": "aino@example.org",
        "language": "en",
        "context": {"token": "the-token"},
        "dedupe_key": key,
        "at": at,
    }
    queue_email(**known | values)
    return OutboxEmail.objects.get(dedupe_key=values.get("dedupe_key", key))


def states() -> "Counter[str]":
    return Counter(OutboxEmail.objects.values_list("state", flat=True))


def outcome(row: OutboxEmail) -> dict[str, Any]:
    """What is left of a mail."""
    row.refresh_from_db()
    names = ("state", "to_address", "context", "attempts", "sent_at")
    return {name: getattr(row, name) for name in names}


# What is sent


def test_a_mail_as_it_arrives(at: datetime, smtp_server: SmtpServer) -> None:
    row = queue(at)
    assert deliver_emails(at=at) == 1
    (got,) = smtp_server.received
    assert (got.sender, got.recipients) == ("careers@example.org", ["aino@example.org"])
    headers = ("From", "To", "Message-ID", "Auto-Submitted")
    assert [got.message[name] for name in headers] == [
        "Example careers <careers@example.org>",
        "aino@example.org",
        f"<{row.pk}@example.org>",
        "auto-generated",
    ]
    assert [part.get_content_type() for part in got.message.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]
    for kind in ("plain", "html"):
        assert got.part(kind).count("http://testserver/en/my-data/link/the-token/") == 1


def test_the_language_is_the_recipients(at: datetime, smtp_server: SmtpServer) -> None:
    queue(at, kind=EmailKind.ERASURE_STATEMENT, context={"case": "E-1", "backups_until": "2026-12-30"}, language="fi")
    deliver_emails(at=at)
    (got,) = smtp_server.received
    assert got.part("html").count('<html lang="fi"') == 1


def test_after_delivery_only_the_kind_the_time_and_the_outcome_are_left(at: datetime, smtp_server: SmtpServer) -> None:
    of_a_person, of_nobody = queue(at, subject_ref=uuid4()), queue(at)
    assert outcome(of_nobody)["context"] == {"token": "the-token"}
    assert deliver_emails(at=at) == 2
    left = {"state": EmailState.SENT, "context": {}, "attempts": 1, "sent_at": at}
    assert outcome(of_a_person) == {**left, "to_address": "aino@example.org"}
    assert outcome(of_nobody) == {**left, "to_address": ""}
    assert (deliver_emails(at=at + GIVE_UP_AFTER), len(smtp_server.received)) == (0, 2)


def test_what_is_held_or_not_due_is_not_sent(at: datetime, smtp_server: SmtpServer) -> None:
    queue(at, is_held=True)
    queue(at + MINUTE)
    assert deliver_emails(at=at) == 0
    assert deliver_emails(at=at + MINUTE) == 1
    assert states() == {EmailState.HELD: 1, EmailState.SENT: 1}


def test_the_oldest_are_sent_first_and_no_more_than_asked(at: datetime, smtp_server: SmtpServer) -> None:
    rows = [queue(at + number * MINUTE) for number in range(3)]
    assert deliver_emails(at=at + 5 * MINUTE, limit=2) == 2
    assert smtp_server.message_ids == [f"<{row.pk}@example.org>" for row in rows[:2]]


@pytest.mark.parametrize(
    ("typed", "recipient"),
    [
        ("äiti@example.org", "äiti@example.org"),
        ("aino@exämple.org", "aino@xn--exmple-cua.org"),
        (r'"a\ b"@example.org', '"a b"@example.org'),
    ],
)
def test_mail_goes_to_exactly_the_mailbox_that_was_typed(
    at: datetime, smtp_server: SmtpServer, typed: str, recipient: str
) -> None:
    queue(at, to_address=typed)
    assert deliver_emails(at=at) == 1
    (got,) = smtp_server.received
    assert got.recipients == [recipient]
    assert got.part("plain").count("/en/my-data/link/the-token/") == 1


def test_what_looks_like_an_encoded_word_is_not_read_as_one(
    at: datetime, smtp_server: SmtpServer, caplog: pytest.LogCaptureFixture
) -> None:
    queue(at, to_address="=?utf-8?q?eve?=@example.org")
    with caplog.at_level("INFO", logger="mail.log"):
        assert deliver_emails(at=at) == 1
    assert caplog.text.count(">> b'rcpt TO:<=?utf-8?q?eve?=@example.org>'") == 1


def test_an_address_in_letters_stands_in_the_header_as_it_is(at: datetime, smtp_server: SmtpServer) -> None:
    row = queue(at, to_address="äiti@example.org")
    deliver_emails(at=at)
    (got,) = smtp_server.received
    assert got.raw.count("To: äiti@example.org\r\n".encode()) == 1
    assert smtp_server.message_ids == [f"<{row.pk}@example.org>"]


def test_a_server_that_cannot_reach_a_mailbox_fails_that_mail_only(at: datetime, smtp_server: SmtpServer) -> None:
    smtp_server.has_utf8 = False
    row, other = queue(at, to_address="äiti@example.org"), queue(at)
    assert deliver_emails(at=at) == 1
    assert (outcome(row)["state"], outcome(other)["state"]) == (EmailState.FAILED, EmailState.SENT)


# What goes wrong


@pytest.mark.parametrize("mode", [Mode.TEMPORARY, Mode.GREYLIST, Mode.REFUSE_SENDER])
def test_what_may_pass_is_tried_again_and_all_is_sent_once(at: datetime, smtp_server: SmtpServer, mode: Mode) -> None:
    rows = [queue(at) for _ in range(3)]
    smtp_server.mode = mode
    assert deliver_emails(at=at) == 0
    assert (states(), deliver_emails(at=at + MINUTE - timedelta(seconds=1))) == ({EmailState.QUEUED: 3}, 0)
    assert all(outcome(row)["context"] == {"token": "the-token"} for row in rows)
    smtp_server.mode = Mode.ACCEPT
    assert deliver_emails(at=at + MINUTE) == 3
    assert deliver_emails(at=at + GIVE_UP_AFTER) == 0
    assert sorted(smtp_server.message_ids) == sorted(f"<{row.pk}@example.org>" for row in rows)


def test_pauses_grow_to_an_hour(at: datetime, smtp_server: SmtpServer) -> None:
    row = queue(at)
    smtp_server.mode = Mode.TEMPORARY
    pauses, now = [], at
    for attempts in (0, 1, 2, 3, 4, 5, 6, 170):
        OutboxEmail.objects.filter(pk=row.pk).update(attempts=attempts)
        deliver_emails(at=now)
        row.refresh_from_db()
        pauses.append((row.attempts, (row.next_try_at - now) // MINUTE))
        now = row.next_try_at
    assert pauses == [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 32), (7, 60), (171, 60)]


def test_a_server_that_is_down_loses_nothing(at: datetime, smtp_server: SmtpServer, settings: Settings) -> None:
    rows = [queue(at) for _ in range(3)]
    settings.EMAIL_PORT = free_port()
    assert (deliver_emails(at=at), states()) == (0, {EmailState.QUEUED: 3})
    settings.EMAIL_PORT = smtp_server.port
    assert deliver_emails(at=at + MINUTE) == 3
    assert sorted(smtp_server.message_ids) == sorted(f"<{row.pk}@example.org>" for row in rows)


def test_a_server_that_does_not_let_us_in_loses_nothing(
    at: datetime, smtp_server: SmtpServer, settings: Settings
) -> None:
    queue(at)
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "clouder", "wrong"
    assert (deliver_emails(at=at), states()) == (0, {EmailState.QUEUED: 1})
    settings.EMAIL_HOST_USER = ""
    assert deliver_emails(at=at + MINUTE) == 1


@pytest.mark.parametrize("mode", [Mode.PERMANENT, Mode.REFUSE_RECIPIENT])
def test_what_cannot_pass_fails_and_is_wiped(at: datetime, smtp_server: SmtpServer, mode: Mode) -> None:
    of_a_person, of_nobody = queue(at, subject_ref=uuid4()), queue(at)
    smtp_server.mode = mode
    assert deliver_emails(at=at) == 0
    left = {"state": EmailState.FAILED, "context": {}, "attempts": 1, "sent_at": None}
    assert outcome(of_a_person) == {**left, "to_address": "aino@example.org"}
    assert outcome(of_nobody) == {**left, "to_address": ""}
    smtp_server.mode = Mode.ACCEPT
    assert (deliver_emails(at=at + GIVE_UP_AFTER), smtp_server.received) == (0, [])


def test_one_refused_mail_does_not_hold_up_the_others(at: datetime, smtp_server: SmtpServer) -> None:
    smtp_server.refused = {"eino@example.org"}
    for address in ("aino@example.org", "eino@example.org", "iida@example.org"):
        queue(at, to_address=address)
    assert deliver_emails(at=at) == 2
    assert states() == {EmailState.SENT: 2, EmailState.FAILED: 1}
    assert sorted(mail.recipients[0] for mail in smtp_server.received) == ["aino@example.org", "iida@example.org"]


def test_a_mail_that_cannot_be_made_does_not_hold_up_the_others(at: datetime, smtp_server: SmtpServer) -> None:
    rows = [queue(at) for _ in range(3)]
    OutboxEmail.objects.filter(pk=min(row.pk for row in rows)).update(kind="no_such_kind")
    assert deliver_emails(at=at) == 2
    assert states() == {EmailState.SENT: 2, EmailState.QUEUED: 1}
    assert deliver_emails(at=at + GIVE_UP_AFTER) == 0
    assert states() == {EmailState.SENT: 2, EmailState.FAILED: 1}


def test_a_server_that_hangs_up_after_the_mail_gets_it_once_more_under_the_same_id(
    at: datetime, smtp_server: SmtpServer
) -> None:
    row = queue(at)
    smtp_server.mode = Mode.DROP
    assert (deliver_emails(at=at), outcome(row)["state"]) == (0, EmailState.QUEUED)
    smtp_server.mode = Mode.ACCEPT
    assert deliver_emails(at=at + MINUTE) == 1
    assert smtp_server.message_ids == [f"<{row.pk}@example.org>"] * 2
    assert deliver_emails(at=at + GIVE_UP_AFTER) == 0


def test_after_a_week_a_mail_is_given_up_and_wiped(at: datetime, smtp_server: SmtpServer) -> None:
    row = queue(at)
    smtp_server.mode = Mode.TEMPORARY
    deliver_emails(at=at + GIVE_UP_AFTER - timedelta(seconds=1))
    assert outcome(row)["state"] == EmailState.QUEUED
    deliver_emails(at=at + GIVE_UP_AFTER + MINUTE)
    assert outcome(row) == {
        "state": EmailState.FAILED,
        "to_address": "",
        "context": {},
        "attempts": 2,
        "sent_at": None,
    }


# Who must not get a mail any more


def test_mail_to_and_about_an_erased_person_is_never_sent(
    at: datetime, smtp_server: SmtpServer, position: Position
) -> None:
    gone = people.application(at, position).candidate
    people.application(at + timedelta(days=30), position, email="eino@example.org")
    to_whom = OutboxEmail.objects.order_by("to_address").values_list("to_address", flat=True)
    assert list(to_whom) == ["aino@example.org", "eino@example.org", "rea@example.org", "rea@example.org"]
    erasure.erase_due(at=gone.expires_at)
    assert deliver_emails(at=gone.expires_at) == 2
    assert sorted(mail.recipients[0] for mail in smtp_server.received) == ["eino@example.org", "rea@example.org"]
    assert [str(gone.pk) in mail.raw.decode() for mail in smtp_server.received] == [False, False]


def test_a_mail_whose_person_goes_while_others_are_sent_is_not_sent(
    at: datetime, smtp_server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (people.application(at, email=f"{name}@example.org") for name in ("aino", "eino"))
    OutboxEmail.objects.filter(subject_ref=second.candidate_id).update(next_try_at=at + MINUTE)
    when_sent(lambda: OutboxEmail.objects.filter(subject_ref=second.candidate_id).delete(), monkeypatch)
    assert deliver_emails(at=at + MINUTE) == 1
    assert [mail.recipients for mail in smtp_server.received] == [["aino@example.org"]]
    assert list(OutboxEmail.objects.values_list("subject_ref", flat=True)) == [first.candidate_id]


def test_a_mail_that_another_worker_has_leased_meanwhile_is_left_to_it(
    at: datetime, smtp_server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = queue(at), queue(at + MINUTE)
    later = at + timedelta(hours=1)
    when_sent(lambda: OutboxEmail.objects.filter(pk=second.pk).update(next_try_at=later), monkeypatch)
    assert deliver_emails(at=at + MINUTE) == 1
    assert smtp_server.message_ids == [f"<{first.pk}@example.org>"]


def when_sent(act: Callable[[], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Act in this thread, which has the transaction, when a mail is at the server."""
    sendmail = smtplib.SMTP.sendmail

    def send(self: smtplib.SMTP, *args: Any, **kwargs: Any) -> Any:
        answer = sendmail(self, *args, **kwargs)
        act()
        return answer

    monkeypatch.setattr(smtplib.SMTP, "sendmail", send)


def test_disowning_takes_the_waiting_mail_away(at: datetime, smtp_server: SmtpServer, position: Position) -> None:
    sent = people.application(at, position, is_confirmed=False)
    assert disown_application(sent.candidate_id, address="aino@example.org", at=at) is True
    deliver_emails(at=at)
    assert sorted(mail.recipients[0] for mail in smtp_server.received) == ["rea@example.org"] * 2


# Several workers


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_send_each_mail_once(at: datetime, smtp_server: SmtpServer) -> None:
    rows = [queue(at) for _ in range(12)]
    sent = at_once(lambda: sum(deliver_emails(at=at, limit=3) for _ in range(4)))
    assert sum(sent) == len(rows)
    assert sorted(smtp_server.message_ids) == sorted(f"<{row.pk}@example.org>" for row in rows)
    assert states() == {EmailState.SENT: 12}


@pytest.mark.django_db(transaction=True)
def test_what_one_worker_is_taking_another_passes_over(at: datetime, smtp_server: SmtpServer) -> None:
    taken, other = queue(at), queue(at)
    with transaction.atomic():
        assert OutboxEmail.objects.select_for_update().get(pk=taken.pk) == taken
        assert elsewhere(lambda: deliver_emails(at=at)) == 1
        assert smtp_server.message_ids == [f"<{other.pk}@example.org>"]
    assert deliver_emails(at=at) == 1


# dev.py


def test_under_dev_py_mail_is_kept_and_printed(
    at: datetime, settings: Settings, tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_FILE_PATH = "mailing.backends.DevelopmentBackend", str(tmp_path / "mail")
    row = queue(at)
    assert (deliver_emails(at=at), mail.outbox) == (1, [])
    (kept,) = (tmp_path / "mail").iterdir()
    assert kept.name == f"{row.pk}.eml"
    assert kept.read_bytes().count(b"/en/my-data/link/the-token/") == 2
    assert capsys.readouterr().err.count("--- mail to aino@example.org: ") == 1
