"""Mailboxes outside the portal hold mail of candidates: an erasure waits until a human has purged them (policy §6)."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from audit.enums import Action
from audit.models import AuditEvent
from candidates.enums import InteractionKind
from candidates.models import Candidate, Position
from candidates.services.erasure import request_erasure
from candidates.services.interactions import record_interaction
from common.actors import SYSTEM, candidate, staff
from common.errors import Refused
from files.services import remaining_objects
from mailing.enums import EmailKind, EmailState
from mailing.models import OutboxEmail
from privacy.enums import AlarmKind, BatchState, CaseReason, CaseState
from privacy.models import Alarm, ErasureBatch, ErasureCase
from privacy.services import erasure
from privacy.services.alarms import watch
from privacy.services.mailboxes import confirm_mailbox_purge
from tests.factories import people

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture
def by_mail(at: datetime, position: Position, recruiter: User) -> Candidate:
    """Somebody who also wrote to a recruiter, and who asked to be erased."""
    person = people.application(at, position).candidate
    record_interaction(
        person.pk, kind=InteractionKind.MAIL_RECEIVED, occurred_at=at, text="A mail", actor=staff(recruiter.pk), at=at
    )
    request_erasure(person.person_ref, actor=candidate(person.person_ref), at=at)
    person.refresh_from_db()
    assert person.has_mailbox_copy is True
    return person


def statements() -> list[str]:
    return list(OutboxEmail.objects.filter(kind=EmailKind.ERASURE_STATEMENT).values_list("state", flat=True))


def test_scenario_45_the_job_waits_for_the_mailbox_and_nobody_is_told_before(
    at: datetime, by_mail: Candidate, officer: User
) -> None:
    plain = people.application(at, email="eino@example.org").candidate
    request_erasure(plain.person_ref, actor=candidate(plain.person_ref), at=at)
    end = at + DAY

    assert erasure.erase_due(at=end).erased == [plain.pk]

    batch = ErasureBatch.objects.get(has_mailbox=True)
    assert (batch.state, batch.mailbox_waits_since, batch.blocked_by) == (BatchState.OBJECTS_GONE, end, "")
    assert (remaining_objects([by_mail.pk]), Candidate.objects.count()) == (0, 1)
    case = ErasureCase.objects.get(candidate_ref=by_mail.pk, state=CaseState.BLOCKED)
    assert (case.reason, case.closed_at) == (CaseReason.MAILBOX, None)
    assert OutboxEmail.objects.filter(kind=EmailKind.ERASURE_STATEMENT, subject_ref=None).count() == 1  # the other's
    assert statements() == [EmailState.QUEUED]
    assert erasure.erase_due(at=end + 8 * DAY).erased == []
    watch(at=end + 8 * DAY)
    assert Alarm.objects.filter(kind=AlarmKind.MAILBOX, cleared_at=None).count() == 1

    confirm_mailbox_purge(batch.pk, actor=staff(officer.pk), at=end + 8 * DAY)
    assert erasure.erase_due(at=end + 8 * DAY).erased == [by_mail.pk]
    assert statements() == [EmailState.QUEUED, EmailState.QUEUED]
    assert AuditEvent.objects.filter(action=Action.MAILBOX_PURGED, subject_ref=by_mail.pk).count() == 1
    assert ErasureCase.objects.filter(candidate_ref=by_mail.pk).exclude(state=CaseState.DONE).count() == 0
    watch(at=end + 9 * DAY)
    assert Alarm.objects.filter(kind=AlarmKind.MAILBOX, cleared_at=None).count() == 0


def test_only_a_human_says_so_and_only_once(at: datetime, by_mail: Candidate, officer: User) -> None:
    erasure.erase_due(at=at + DAY)
    batch = ErasureBatch.objects.get()
    with pytest.raises(Refused, match="Only a person"):
        confirm_mailbox_purge(batch.pk, actor=SYSTEM, at=at + DAY)
    confirm_mailbox_purge(batch.pk, actor=staff(officer.pk), at=at + DAY)
    with pytest.raises(Refused, match="No mailbox"):
        confirm_mailbox_purge(batch.pk, actor=staff(officer.pk), at=at + DAY)


def test_a_batch_without_a_mailbox_has_nothing_to_confirm(at: datetime, officer: User) -> None:
    people.application(at)
    batch = erasure.claim(at=at + 800 * DAY)
    assert batch is not None
    with pytest.raises(Refused, match="No mailbox"):
        confirm_mailbox_purge(batch.pk, actor=staff(officer.pk), at=at + 800 * DAY)


def test_the_officer_sees_what_to_look_for_and_confirms_it(at: datetime, by_mail: Candidate, officer: User) -> None:
    erasure.erase_due(at=at + DAY)
    batch = ErasureBatch.objects.get()
    client = Client()
    client.force_login(officer)
    page: Any = client.get(reverse("admin:privacy_erasurebatch_change", args=[batch.pk]))
    body = page.content.decode()
    assert [body.count(text) > 0 for text in (by_mail.name, by_mail.email)] == [True, True]
    to = reverse("admin:privacy_erasurebatch_purged", args=[batch.pk])
    client.post(to)
    batch.refresh_from_db()
    assert batch.mailbox_purged_at is None
    client.post(to, {"is_done": "1"})
    batch.refresh_from_db()
    assert (batch.mailbox_purged_at is None, batch.mailbox_purged_by) == (False, officer)
