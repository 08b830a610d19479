"""Consent keeps the person and the CV; the old process goes when its base period ends (policy §7, scenario 10)."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.files.storage import storages

from accounts.models import User
from audit.enums import Action
from audit.models import AuditEvent
from candidates.enums import DocumentKind, InteractionKind, LinkKind, MeansOfContact, RevocationReason, Stage
from candidates.models import Application, Candidate, Document, Interaction, Interview, Note, Position, StageChange
from candidates.selectors.clock import explain
from candidates.selectors.page import candidate_page, readable_documents
from candidates.services.applications import move_application
from candidates.services.consents import withdraw_consent
from candidates.services.corrections import revoke_interaction
from candidates.services.interactions import record_interaction
from candidates.services.interviews import plan_interview
from candidates.services.notes import add_note
from common.actors import candidate, staff
from files.models import StoredFile
from files.samples import pdf
from files.services import purge_staged_files
from mailing.enums import EmailKind
from mailing.models import OutboxEmail
from privacy.enums import RequestChannel, SubjectRequestKind
from privacy.services import erasure
from privacy.services.requests import open_request
from tests.factories import people
from tests.parts.sweep import tables_with

pytestmark = pytest.mark.django_db

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
APPLIED = datetime.fromisoformat("2025-03-15T12:00:00+02:00")
CALLED = datetime.fromisoformat("2025-03-20T12:00:00+02:00")
BASE_ENDS = datetime.fromisoformat("2027-03-21T00:00:00+02:00")
CONSENT_ENDS = datetime.fromisoformat("2029-03-16T00:00:00+02:00")
CANARY = "kanaria9z"


@pytest.fixture
def position(recruiter: User) -> Position:
    """A position that was open then."""
    return people.position(recruiter, open_from=APPLIED.date())


@pytest.fixture
def kept(position: Position, recruiter: User) -> Application:
    """Somebody who agreed to longer storage, with notes, calls, a move, an interview and a letter of a process."""
    sent = people.application(
        APPLIED,
        position,
        has_longer_storage=True,
        cover_letter=f"Dear {CANARY}",
        skills="Python",
        links=[(LinkKind.GITHUB, "https://github.com/aino")],
    )
    letter = people.staged(sent.candidate_id, APPLIED, content=pdf(CANARY), name=f"{CANARY}.pdf")
    StoredFile.objects.filter(pk=letter.pk).update(state="ATTACHED", expires_at=None)
    Document.objects.create(
        candidate=sent.candidate,
        application=sent,
        kind=DocumentKind.COVER_LETTER,
        stored_file=letter,
        added_at=APPLIED,
    )
    actor = staff(recruiter.pk)
    add_note(sent.candidate_id, text=CANARY, actor=actor, at=APPLIED + DAY)
    for when, text in ((APPLIED + DAY, CANARY), (CALLED, CANARY)):
        record_interaction(
            sent.candidate_id, kind=InteractionKind.CALL, occurred_at=when, text=text, actor=actor, at=when
        )
    move_application(sent.pk, to_stage=Stage.IN_REVIEW, actor=actor, at=CALLED, reason=CANARY)
    plan_interview(
        sent.candidate_id,
        starts_at=CALLED + DAY,
        means=MeansOfContact.MEETING,
        place=CANARY,
        actor=actor,
        at=CALLED,
    )
    sent.refresh_from_db()
    return sent


def left_of(sent: Application) -> dict[str, int]:
    """How many rows of each kind a person has."""
    person = sent.candidate
    return {
        "notes": Note.objects.filter(candidate=person).count(),
        "contacts": Interaction.objects.filter(candidate=person).count(),
        "moves": StageChange.objects.filter(application=sent).exclude(to_stage=Stage.CLOSED_BY_RETENTION).count(),
        "interviews": Interview.objects.filter(candidate=person).count(),
        "documents": Document.objects.filter(candidate=person).count(),
        "mails": OutboxEmail.objects.filter(subject_ref=person.pk, kind=EmailKind.APPLICATION_RECEIVED).count(),
    }


WHOLE = {"notes": 1, "contacts": 3, "moves": 1, "interviews": 1, "documents": 2, "mails": 1}
TRIMMED = {"notes": 0, "contacts": 1, "moves": 0, "interviews": 0, "documents": 1, "mails": 0}


def test_scenario_10_the_person_and_the_cv_stay_and_the_old_process_goes(kept: Application) -> None:
    person = kept.candidate
    assert (person.erase_at, person.expires_at, person.trim_at) == (BASE_ENDS, CONSENT_ENDS, BASE_ENDS)
    assert erasure.erase_due(at=BASE_ENDS - SECOND).trimmed == 0
    assert left_of(kept) == WHOLE

    report = erasure.erase_due(at=BASE_ENDS)

    assert (report.erased, report.trimmed, left_of(kept)) == ([], 1, TRIMMED)
    purge_staged_files(at=BASE_ENDS)
    assert tables_with(CANARY) == set()
    assert [key.partition("/")[0] for key in storages["files"].list_keys()] == [str(person.pk)]
    person.refresh_from_db()
    assert (person.name, person.skills, person.links.count(), person.consents.count()) == (
        "Aino Esimerkki", "Python", 1, 1,
    )  # fmt: skip
    kept.refresh_from_db()
    assert (kept.stage, kept.position, kept.submitted_at) == (
        Stage.CLOSED_BY_RETENTION, Position.objects.get(), APPLIED,
    )  # fmt: skip
    assert (person.trimmed_before, person.trim_at, person.expires_at) == (BASE_ENDS, None, CONSENT_ENDS)
    assert Candidate.objects.visible(BASE_ENDS).get() == person
    assert AuditEvent.objects.filter(action=Action.OLD_PROCESS_ERASED, subject_ref=person.pk).count() == 1
    found = explain(person.person_ref, as_of=BASE_ENDS)
    assert (found.state, found.next_action, found.next_at) == ("KEPT_BY_CONSENT", "ERASE", CONSENT_ENDS)
    assert found.set_by is not None
    assert found.set_by.at == CALLED
    assert erasure.erase_due(at=BASE_ENDS + DAY).trimmed == 0
    assert erasure.erase_due(at=CONSENT_ENDS).erased == [person.pk]


def test_nothing_of_the_old_process_is_shown_though_no_worker_came(kept: Application) -> None:
    person = kept.candidate
    before, after = (candidate_page(person.pk, as_of=moment) for moment in (BASE_ENDS - SECOND, BASE_ENDS))
    assert ([len(page.timeline) for page in (before, after)], len(before.documents)) == ([5, 0], 2)
    assert [page.is_for_future_openings for page in (before, after)] == [False, True]
    assert [page.applications[0].cover_letter for page in (before, after)] == [f"Dear {CANARY}", ""]
    assert [document.kind for document in after.documents] == [DocumentKind.CV]
    readable = [readable_documents(person, as_of=moment).count() for moment in (BASE_ENDS - SECOND, BASE_ENDS)]
    assert readable == [2, 1]


def test_a_new_contact_revives_nothing_of_a_process_that_was_over(kept: Application, recruiter: User) -> None:
    """The base period ended, nobody trimmed, and a recruiter calls: the new process begins with that call."""
    person, actor, later = kept.candidate, staff(recruiter.pk), BASE_ENDS + 30 * DAY
    record_interaction(person.pk, kind=InteractionKind.CALL, occurred_at=later, text="New", actor=actor, at=later)
    add_note(person.pk, text="A new note", actor=actor, at=later)
    person.refresh_from_db()
    assert (person.erase_at > later, person.trim_at) == (True, later)
    page = candidate_page(person.pk, as_of=later)
    assert (page.is_for_future_openings, [entry.row.text for entry in page.timeline]) == (False, ["A new note", "New"])
    assert erasure.erase_due(at=later).trimmed == 1
    assert [note.text for note in Note.objects.all()] == ["A new note"]
    assert [contact.occurred_at for contact in Interaction.objects.all()] == [later]
    person.refresh_from_db()
    assert (person.trimmed_before, person.trim_at, person.erase_at > CONSENT_ENDS) == (later, None, True)


def test_a_withdrawal_after_the_base_period_takes_everything(kept: Application) -> None:
    person = kept.candidate
    moment = BASE_ENDS + DAY
    erasure.erase_due(at=moment)
    assert withdraw_consent(person.person_ref, actor=candidate(person.person_ref), at=moment) == 1
    assert Candidate.objects.visible(moment).count() == 0
    assert erasure.erase_due(at=moment).erased == [person.pk]


def test_without_a_consent_nothing_is_trimmed(position: Position) -> None:
    person = people.application(APPLIED, position).candidate
    assert (person.trim_at, person.erase_at) == (None, person.expires_at)
    assert erasure.erase_due(at=person.erase_at - SECOND).trimmed == 0


def test_a_contact_that_is_revoked_brings_the_trim_forward(kept: Application, recruiter: User) -> None:
    person = kept.candidate
    call = Interaction.objects.get(occurred_at=CALLED)
    revoke_interaction(
        call.pk, candidate_id=person.pk, reason=RevocationReason.CORRECTED, actor=staff(recruiter.pk), at=CALLED + DAY
    )
    person.refresh_from_db()
    assert person.trim_at == datetime.fromisoformat("2027-03-17T00:00:00+02:00")


def test_an_open_request_for_access_is_answered_first(kept: Application) -> None:
    person = kept.candidate
    open_request(
        kind=SubjectRequestKind.ACCESS, channel=RequestChannel.MAIL, received_at=BASE_ENDS - DAY,
        person_ref=person.person_ref, language="en", actor=candidate(person.person_ref), at=BASE_ENDS - DAY,
    )  # fmt: skip
    assert erasure.erase_due(at=BASE_ENDS).trimmed == 0
    assert left_of(kept) == WHOLE
    assert len(candidate_page(person.pk, as_of=BASE_ENDS).timeline) == 0
    assert erasure.erase_due(at=BASE_ENDS + 40 * DAY).trimmed == 1


def test_linked_records_are_trimmed_together(kept: Application, position: Position) -> None:
    second = people.application(APPLIED + 2 * DAY, None)
    person = kept.candidate
    assert second.candidate.person_ref == person.person_ref
    report: Any = erasure.erase_due(at=BASE_ENDS)
    assert report.trimmed == 2
    assert Candidate.objects.filter(trimmed_before=BASE_ENDS, trim_at=None).count() == 2
