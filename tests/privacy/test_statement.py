"""The erasure statement: what the person is told, and what an auditor finds by the case number."""

import json
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from accounts.models import User
from candidates.enums import HeldKind, HoldGround, InteractionKind
from candidates.models import Candidate, HeldItem, Position
from candidates.services.erasure import request_erasure
from candidates.services.holds import open_hold, release_hold
from candidates.services.interactions import record_interaction
from candidates.services.notes import add_note
from common.actors import candidate, staff
from files.models import StoredFile
from files.services import remaining_objects
from mailing.services import deliver_emails
from privacy.enums import BatchTrigger
from privacy.models import ErasureBatch, ErasureCase
from privacy.selectors.statements import statement_of
from privacy.services import claims, erasure, ledger
from tests.factories import people
from tests.parts.smtp import SmtpServer
from tests.parts.sweep import tables_with

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture
def asked(at: datetime, position: Position, recruiter: User) -> Candidate:
    """Somebody with two notes and a call, who asked to be erased."""
    person = people.application(at, position, language="fi").candidate
    for text in ("One", "Two"):
        add_note(person.pk, text=text, actor=staff(recruiter.pk), at=at)
    record_interaction(person.pk, kind=InteractionKind.CALL, occurred_at=at, text="", actor=staff(recruiter.pk), at=at)
    request_erasure(person.person_ref, actor=candidate(person.person_ref), at=at)
    person.refresh_from_db()
    return person


def command(*arguments: str) -> Any:
    """What a command prints as JSON."""
    out = StringIO()
    call_command(*arguments, "--format", "json", stdout=out)
    return json.loads(out.getvalue())


def test_an_auditor_finds_by_the_number_what_went_and_where_the_ledger_says_so(at: datetime, asked: Candidate) -> None:
    assert statement_of(asked.erasure_case) is None
    erasure.erase_due(at=at + DAY)
    found = statement_of(asked.erasure_case)
    assert found is not None
    assert found.counts == {"applications": 1, "files": 1, "notes": 2, "contacts": 2, "mails": 1}
    assert (found.state, found.erased_at, found.held_items) == ("DONE", at + DAY, 0)
    assert [number for number, _ in found.ledger] == [1, 2]
    assert ledger.verify() == []
    printed = command("erasure", "statement", asked.erasure_case)["items"][0]
    assert (printed["counts"]["notes"], printed["backups_until"]) == (2, "2026-12-30")
    assert [entry["number"] for entry in printed["ledger"]] == [1, 2]
    assert tables_with("aino") == {"mailing_outboxemail"}  # the statement that waits to go out


def test_the_officer_reads_the_same(at: datetime, asked: Candidate, officer: User) -> None:
    erasure.erase_due(at=at + DAY)
    client = Client()
    client.force_login(officer)
    case = ErasureCase.objects.get(number=asked.erasure_case)
    body = client.get(reverse("admin:privacy_erasurecase_change", args=[case.pk])).content.decode()
    assert [body.count(text) > 0 for text in (asked.erasure_case, "Number 1", "Number 2", "Aino")] == [
        True, True, True, False,
    ]  # fmt: skip


def test_the_mail_counts_what_went_and_says_what_stays(
    at: datetime, asked: Candidate, position: Position, recruiter: User, smtp_server: SmtpServer
) -> None:
    open_hold(
        asked.person_ref, subject_ref=asked.pk, case_ref="HR 7", ground=HoldGround.DISCRIMINATION, owner=recruiter,
        items=[(HeldKind.APPLICATION, asked.applications.get().pk)], actor=staff(recruiter.pk), at=at,
        ends_on=(at + 300 * DAY).date(),
    )  # fmt: skip
    deliver_emails(at=at)
    smtp_server.received.clear()
    erasure.erase_due(at=at + DAY)
    assert deliver_emails(at=at + DAY) == 1
    (mail,) = smtp_server.received
    for kind in ("plain", "html"):
        text = " ".join(mail.part(kind).split())
        assert text.count(asked.erasure_case) > 0
        assert text.count("2 sinua koskevaa muistiinpanoa") == 1
        assert text.count("1 tieto, jota tarvitsemme") == 1
        assert text.count("30.12.2026") == 1


def test_nobody_is_told_of_a_case_that_never_was() -> None:
    with pytest.raises(CommandError, match="no case E-00000000"):
        call_command("erasure", "statement", "E-00000000")


def test_status_says_what_an_erasure_waits_for_and_verify_what_is_left(at: datetime, asked: Candidate) -> None:
    assert erasure.claim(at=at + DAY) is not None
    (job,) = command("erasure", "status")["items"]
    assert (job["state"], job["records"], job["waits_for"]) == ("CLAIMED", 1, "")
    with pytest.raises(SystemExit) as left:
        call_command("erasure", "verify", str(asked.pk), stdout=StringIO())
    assert left.value.code == 1
    erasure.erase_due(at=at + DAY + erasure.LEASE)
    assert command("erasure", "status")["items"] == []
    assert [entry["ledger"] for entry in command("erasure", "verify", str(asked.pk))["items"]] == [1, 2]


# The vault


@pytest.fixture
def sealed(at: datetime, asked: Candidate, recruiter: User) -> HeldItem:
    """A document that a hold kept when its person was erased."""
    document = asked.documents.get()
    open_hold(
        asked.person_ref, subject_ref=asked.pk, case_ref="HR 7", ground=HoldGround.OTHER_CLAIM, owner=recruiter,
        items=[(HeldKind.DOCUMENT, document.pk)], actor=staff(recruiter.pk), at=at,
    )  # fmt: skip
    assert erasure.erase_due(at=at + DAY).erased == [asked.pk]
    return HeldItem.objects.get()


def test_a_held_file_outlives_its_person_and_goes_when_the_hold_is_released(
    at: datetime, sealed: HeldItem, recruiter: User
) -> None:
    vault = sealed.hold.vault_ref
    assert (sealed.sealed_at, remaining_objects([vault])) == (at + DAY, 1)
    assert StoredFile.objects.get().owner_ref == vault
    later = at + 30 * DAY
    assert erasure.erase_due(at=later).erased == []
    release_hold(sealed.hold_id, actor=staff(recruiter.pk), at=later)
    assert erasure.erase_due(at=later).erased == [vault]
    assert (HeldItem.objects.count(), StoredFile.objects.count(), remaining_objects([vault])) == (0, 0, 0)
    assert ErasureBatch.objects.filter(trigger=BatchTrigger.VAULT).count() == 1
    assert ledger.verify() == []


def test_a_worker_that_died_over_the_vault_is_followed_by_another(
    at: datetime, sealed: HeldItem, recruiter: User
) -> None:
    later, vault = at + 30 * DAY, sealed.hold.vault_ref
    release_hold(sealed.hold_id, actor=staff(recruiter.pk), at=later)
    assert claims.claim_vault(at=later, size=5, lease_until=later + erasure.LEASE) is not None
    assert claims.claim_vault(at=later, size=5, lease_until=later + erasure.LEASE) is None
    assert erasure.erase_due(at=later).erased == []
    assert erasure.erase_due(at=later + erasure.LEASE).erased == [vault]
