"""The outbox: a mail is written with the act that it tells of, once, to one address."""

from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from pytest_django import Settings

from candidates.models import Position
from mailing.enums import EmailKind, EmailState
from mailing.models import OutboxEmail
from mailing.services import queue_email, release_emails, render
from privacy.enums import AlarmKind
from tests.factories import people

pytestmark = pytest.mark.django_db

CONTEXTS: dict[EmailKind, dict[str, Any]] = {
    EmailKind.APPLICATION_RECEIVED: {
        "reference": "ABCD-2345",
        "position": "R&D <lead>",
        "keep_until": "2028-11-24",
        "token": "the-token",
        "answer_by": "2026-12-08",
    },
    EmailKind.APPLICATION_ARRIVED: {"reference": "ABCD-2345", "position": "R&D <lead>", "candidate_id": str(uuid4())},
    EmailKind.FILE_REFUSED: {"reference": "ABCD-2345", "token": "the-token"},
    EmailKind.APPLICATION_DISOWNED: {"reference": "ABCD-2345", "candidate_id": str(uuid4())},
    EmailKind.SIGN_IN_LINK: {"token": "the-token"},
    EmailKind.RETENTION_REMINDER: {
        "keep_until": "2028-11-24",
        "longer_until": "2030-11-24",
        "agree_token": "the-consent-token",
        "erase_token": "the-erase-token",
    },
    EmailKind.LONGER_STORAGE_AGREED: {"ends_on": "2030-11-24", "due_on": "2028-11-24", "token": "the-token"},
    EmailKind.LONGER_STORAGE_INVITATION: {"ends_on": "2030-11-24", "due_on": "2028-11-24", "token": "the-token"},
    EmailKind.RESTRICTION_ENDS: {"erased_on": "2028-11-24"},
    EmailKind.STAFF_TASK: {
        "reference": "ABCD-2345",
        "position": "R&D <lead>",
        "candidate_id": str(uuid4()),
        "due_on": "2028-11-24",
    },
    EmailKind.ALARM: {"kind": AlarmKind.MUCH_ACCESS.value, "number": 4217},
    EmailKind.ERASURE_STATEMENT: {
        "case": "E-12345678",
        "applications": 1,
        "files": 2,
        "notes": 3,
        "contacts": 4,
        "mails": 1,
        "has_mailbox": True,
        "backups_until": "2026-12-30",
        "held": 1,
        "held_until": "2027-11-24",
    },
    EmailKind.OUTREACH: {
        "subject": "A question",
        "text": "Hello\n\nSaana",
        "notice": "Who holds your data\nExample Oy.",
        "token": "the-token",
    },
}


def queue(at: datetime, **values: Any) -> None:
    """One mail, of which a test says what matters to it."""
    known: dict[str, Any] = {
        "kind": EmailKind.SIGN_IN_LINK,
        "to_address": "aino@example.org",
        "language": "en",
        "context": {"token": "the-token"},
        "dedupe_key": "one",
        "at": at,
    }
    queue_email(**known | values)


# Queueing


def test_a_mail_goes_with_its_act_or_not_at_all(at: datetime) -> None:
    with transaction.atomic():
        queue(at)
        assert OutboxEmail.objects.count() == 1
        transaction.set_rollback(True)
    assert OutboxEmail.objects.count() == 0


def test_the_same_mail_twice_is_one_mail(at: datetime) -> None:
    queue(at)
    queue(at, to_address="eino@example.org", context={"token": "another"})
    queue(at, dedupe_key="two")
    queue(at, kind=EmailKind.ERASURE_STATEMENT, context={"case": "E-1"})
    rows = OutboxEmail.objects.order_by("kind", "dedupe_key").values_list("kind", "dedupe_key", "to_address", "context")
    assert list(rows) == [
        (EmailKind.ERASURE_STATEMENT, "one", "aino@example.org", {"case": "E-1"}),
        (EmailKind.SIGN_IN_LINK, "one", "aino@example.org", {"token": "the-token"}),
        (EmailKind.SIGN_IN_LINK, "two", "aino@example.org", {"token": "the-token"}),
    ]


@pytest.mark.parametrize(
    "address",
    [
        "aino@example.org\nBcc: eve@example.org",
        "aino@example.org\r\n\r\nHello",
        "aino\x00@example.org",
        "aino@example.org, eve@example.org",
        "aino@example.org,",
        "aino@example.org;eve@example.org",
        "aino@example.org eve@example.org",
        "Aino <aino@example.org>",
        "aino<eve@example.org",
        "aino@example.org (Aino)",
        "friends:aino@example.org;",
        " aino@example.org",
        "aino",
        "@example.org",
        "aino@",
        "",
    ],
)
def test_nothing_but_one_address_is_written_to(at: datetime, address: str) -> None:
    with pytest.raises(ValueError, match="not one plain address"):
        queue(at, to_address=address)
    assert OutboxEmail.objects.count() == 0


@pytest.mark.parametrize(
    "address",
    [
        "aino@example.org",
        "äiti@example.org",
        "aino@exämple.org",
        "a+b@example.org",
        r'"a\ b"@example.org',
        "a@[192.0.2.1]",
    ],
)
def test_an_address_is_kept_as_it_was_typed(at: datetime, address: str) -> None:
    queue(at, to_address=address)
    assert OutboxEmail.objects.get().to_address == address


def test_held_mails_wait_until_they_are_released(at: datetime) -> None:
    for key in ("one", "two"):
        queue(at, kind=EmailKind.ERASURE_STATEMENT, context={"case": key}, dedupe_key=key, is_held=True)
    later = at.replace(year=2027)
    release_emails(EmailKind.ERASURE_STATEMENT, ["one", "never-was"], at=later)
    rows = OutboxEmail.objects.order_by("dedupe_key").values_list("dedupe_key", "state", "queued_at", "next_try_at")
    assert list(rows) == [("one", EmailState.QUEUED, later, later), ("two", EmailState.HELD, at, at)]


def test_an_application_tells_the_applicant_and_the_contact_person(at: datetime, position: Position) -> None:
    sent = people.application(at, position, email="Aino@Example.org", language="fi", is_confirmed=False)
    rows = OutboxEmail.objects.order_by("kind").values_list("kind", "to_address", "language", "subject_ref")
    assert list(rows) == [
        (EmailKind.APPLICATION_ARRIVED, "rea@example.org", "en", None),
        (EmailKind.APPLICATION_RECEIVED, "Aino@Example.org", "fi", sent.candidate_id),
    ]
    arrived = OutboxEmail.objects.get(kind=EmailKind.APPLICATION_ARRIVED)
    assert arrived.context == {
        "reference": sent.reference,
        "position": "Backend developer",
        "candidate_id": str(sent.candidate_id),
    }


# Rendering


def email(kind: EmailKind, language: str = "en") -> OutboxEmail:
    return OutboxEmail(kind=kind, to_address="aino@example.org", language=language, context=CONTEXTS[kind])


def html_of(kind: EmailKind, language: str = "en") -> str:
    ((content, mimetype),) = render(email(kind, language)).alternatives
    assert mimetype == "text/html"
    return str(content)


def test_every_kind_is_known_to_these_tests() -> None:
    assert set(CONTEXTS) == set(EmailKind)


@pytest.mark.parametrize("language", ["en", "fi"])
@pytest.mark.parametrize("kind", EmailKind)
def test_every_mail_is_whole_in_both_languages_and_both_parts(kind: EmailKind, language: str) -> None:
    message, html = render(email(kind, language)), html_of(kind, language)
    assert message.subject == " ".join(message.subject.split())
    assert message.subject
    assert f'<html lang="{language}"' in html
    for value in ("reference", "case", "token"):
        expected = CONTEXTS[kind].get(value)
        if expected:
            assert expected in message.body
            assert expected in html
    assert "Example Oy" in message.body
    assert "Example Oy" in html


def test_subject_and_text_say_what_was_typed_and_html_is_escaped() -> None:
    message, html = render(email(EmailKind.APPLICATION_ARRIVED)), html_of(EmailKind.APPLICATION_ARRIVED)
    assert [text.count("R&D <lead>") for text in (message.subject, message.body, html)] == [1, 1, 0]
    assert html.count("R&amp;D &lt;lead&gt;") > 0
    assert [text.count("&amp;") for text in (message.subject, message.body)] == [0, 0]


def test_links_begin_with_the_address_of_the_site(settings: Settings) -> None:
    settings.SITE_URL = "https://careers.example.org"
    message, html = render(email(EmailKind.SIGN_IN_LINK)), html_of(EmailKind.SIGN_IN_LINK)
    for text in (message.body, html):
        assert text.count("https://careers.example.org/en/my-data/link/the-token/") == 1
    finnish = render(email(EmailKind.SIGN_IN_LINK, "fi")).body
    assert finnish.count("https://careers.example.org/fi/") >= 1


def test_mail_to_staff_holds_no_personal_data(at: datetime, position: Position) -> None:
    people.application(at, position, name="Kanarialintu", phone="+358 40 1234567")
    row = OutboxEmail.objects.get(kind=EmailKind.APPLICATION_ARRIVED)
    message = render(row)
    for text in (message.subject, message.body, str(message.alternatives[0][0])):
        for value in ("Kanarialintu", "1234567", "aino@example.org"):
            assert value not in text
    to_person = render(OutboxEmail.objects.get(kind=EmailKind.APPLICATION_RECEIVED))
    assert to_person.to == ["aino@example.org"]
