"""What recruiters do on a candidate's page: notes, contacts, moves, documents, and asking for an erasure."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.models import User
from audit.enums import Access, Action
from audit.models import AccessEvent, AuditEvent
from candidates.enums import InteractionKind, Stage
from candidates.models import Application, Candidate, Interaction, Note, Position, StageChange
from files.samples import pdf
from tests.factories import people
from tests.factories.browser import body_of
from tests.factories.desk import Desk, notices, part

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
PAGE = "candidates_candidate_change"


@pytest.fixture
def desk(recruiter: User, at: datetime) -> Desk:
    return Desk(recruiter, at)


@pytest.fixture
def aino(at: datetime, position: Position) -> Application:
    return people.application(at - DAY, position)


def contact(desk: Desk, aino: Application, occurred_at: str, **changes: str) -> Any:
    form = {
        "kind": "CALL", "means": "PHONE", "direction": "OUT", "occurred_at": occurred_at, "text": "Half an hour.",
        **changes,
    }  # fmt: skip
    return desk.post(
        "candidates_candidate_interaction",
        aino.candidate_id,
        **{f"interaction-{name}": value for name, value in form.items()},
    )


def move(desk: Desk, aino: Application, to_stage: str, reason: str = "") -> list[str]:
    answer = desk.post(
        "candidates_candidate_move",
        aino.candidate_id,
        aino.pk,
        **{f"move-{aino.pk}-to_stage": to_stage, f"move-{aino.pk}-reason": reason},
    )
    assert answer["Location"] == f"/admin/candidates/candidate/{aino.candidate_id}/change/"
    return notices(answer)


# Notes


def test_a_note_is_saved_and_moves_no_date(desk: Desk, aino: Application, recruiter: User) -> None:
    answer = desk.post("candidates_candidate_note", aino.candidate_id, **{"note-text": "Knows Django."})
    assert (answer.status_code, notices(answer)) == (302, ["The note is saved."])
    note = Note.objects.get()
    assert (note.text, note.author, note.at) == ("Knows Django.", recruiter, desk.at)
    before = aino.candidate.expires_at
    aino.candidate.refresh_from_db()
    assert aino.candidate.expires_at == before


def test_an_empty_note_is_refused_where_it_was_written(desk: Desk, aino: Application) -> None:
    answer = desk.post("candidates_candidate_note", aino.candidate_id, **{"note-text": "  "})
    assert answer.status_code == 422
    assert part(answer, "alert", "role") == "There is a problem Write something first."
    assert part(answer, "id_note-text_error", "id") == "Error: Write something first."
    assert answer.content.decode().partition("<title>")[2].startswith("Error: Aino Esimerkki")
    assert Note.objects.count() == 0


def test_the_writer_is_told_that_the_candidate_may_read_it(desk: Desk, aino: Application) -> None:
    assert part(desk.get(PAGE, aino.candidate_id), "id_note-text_helptext", "id") == (
        "Write what was asked and answered, as it concerns the work. The candidate may read it on request. Nothing "
        "about health, family, origin, religion, opinions or other personal traits."
    )


# Contacts


def test_a_contact_moves_the_date_to_when_it_happened(desk: Desk, aino: Application, recruiter: User) -> None:
    answer = contact(desk, aino, "2026-11-24T10:30")
    assert notices(answer) == ["The contact is recorded. The retention date follows it."]
    row = Interaction.objects.get(kind=InteractionKind.CALL)
    assert (row.occurred_at.isoformat(), row.recorded_by, row.text) == (
        "2026-11-24T08:30:00+00:00",
        recruiter,
        "Half an hour.",
    )
    assert Candidate.objects.get().keep_until.isoformat() == "2028-11-24"


@pytest.mark.parametrize(
    ("occurred_at", "message"),
    [
        ("2026-11-24T11:01", "This lies in the future. Record it when it has taken place."),
        ("2026-11-23T10:59", "This lies before we knew the candidate."),
        ("yesterday", "Write date and time, for example 2026-11-24 14:30."),
        ("", "Say when it happened."),
    ],
)
def test_a_moment_that_cannot_be_is_refused_and_the_text_is_kept(
    desk: Desk, aino: Application, occurred_at: str, message: str
) -> None:
    answer = contact(desk, aino, occurred_at)
    assert answer.status_code == 422
    assert part(answer, "alert", "role") == f"There is a problem {message}"
    assert part(answer, "id_interaction-occurred_at_error", "id") == f"Error: {message}"
    assert part(answer, "id_interaction-text", "id") == "Half an hour."
    assert Interaction.objects.exclude(kind=InteractionKind.APPLICATION_SUBMITTED).count() == 0


def test_only_contacts_that_staff_have_are_recorded_by_staff(desk: Desk, aino: Application) -> None:
    assert contact(desk, aino, "2026-11-24T10:30", kind="APPLICATION_SUBMITTED").status_code == 422
    assert Interaction.objects.count() == 1


# Moves


def test_an_application_moves_on_and_is_opened_again_with_a_reason(
    desk: Desk, aino: Application, recruiter: User
) -> None:
    assert move(desk, aino, "INTERVIEW") == ["The application is moved."]
    assert move(desk, aino, "REJECTED") == ["The application is moved."]
    assert move(desk, aino, "IN_REVIEW") == ["Opening a closed application again needs a reason."]
    assert move(desk, aino, "IN_REVIEW", "Mixed up two people") == ["The application is moved."]
    changes = StageChange.objects.order_by("pk").values_list("from_stage", "to_stage", "actor", "reason")
    assert set(changes) == {
        (Stage.RECEIVED, Stage.INTERVIEW, recruiter.pk, ""),
        (Stage.INTERVIEW, Stage.REJECTED, recruiter.pk, ""),
        (Stage.REJECTED, Stage.IN_REVIEW, recruiter.pk, "Mixed up two people"),
    }
    assert AuditEvent.objects.filter(action=Action.APPLICATION_MOVED).count() == 3


@pytest.mark.parametrize(
    ("to_stage", "message"),
    [
        ("RECEIVED", "The application cannot be moved there from where it stands."),
        ("WITHDRAWN", "Choose a stage from the list."),
        ("", "Choose a stage from the list."),
    ],
)
def test_a_move_that_is_none_changes_nothing(desk: Desk, aino: Application, to_stage: str, message: str) -> None:
    assert move(desk, aino, to_stage) == [message]
    assert StageChange.objects.count() == 0


# Documents


def test_a_document_comes_as_it_was_sent_and_leaves_a_trace(desk: Desk, aino: Application, recruiter: User) -> None:
    document = aino.candidate.documents.get()
    answer = desk.get("candidates_candidate_file", aino.candidate_id, document.pk)
    assert body_of(answer) == pdf("A CV")
    wanted = (
        "Content-Type",
        "Content-Disposition",
        "X-Content-Type-Options",
        "Content-Security-Policy",
        "Cache-Control",
    )
    assert [answer[name] for name in wanted] == [
        "application/pdf",
        'attachment; filename="cv.pdf"',
        "nosniff",
        "sandbox; default-src 'none'",
        "no-store, private, max-age=0, no-cache, must-revalidate",
    ]
    event = AccessEvent.objects.get()
    assert (event.access, event.actor_ref, event.subject_refs, event.object_ref, event.at) == (
        Access.DOWNLOADED,
        recruiter.pk,
        [aino.candidate_id],
        document.pk,
        desk.at,
    )


def test_a_document_is_not_another_persons(desk: Desk, aino: Application, at: datetime) -> None:
    other = people.application(at - DAY, None, email="eino@example.org")
    document = aino.candidate.documents.get()
    own, foreign = (
        desk.get("candidates_candidate_file", candidate.pk, document.pk)
        for candidate in (aino.candidate, other.candidate)
    )
    assert (own.status_code, body_of(own), foreign.status_code) == (200, pdf("A CV"), 404)
    assert AccessEvent.objects.count() == 1


# Erasure


def test_deleting_asks_for_an_erasure_and_deletes_nothing(officer: User, aino: Application, at: datetime) -> None:
    desk = Desk(officer, at)
    assert part(desk.get("candidates_candidate_delete", aino.candidate_id), "steps", "class") == (
        "Hidden at once Nobody finds the person in lists or searches any more, and their page and files answer as if "
        "they had never been. Erased after 24 hours Everything goes: the person's records, applications, files, notes "
        "and contacts, all records of the same person included. Until then the person can take it back They do so on "
        "their own page, where they need an address that they have confirmed. You cannot, and after the 24 hours "
        "nobody can."
    )
    assert Candidate.objects.visible(at).count() == 1
    answer = desk.post("candidates_candidate_delete", aino.candidate_id)
    candidate = Candidate.objects.get()
    assert notices(answer) == [f"The erasure is asked for, case {candidate.erasure_case}."]
    assert (candidate.erase_after, Candidate.objects.visible(at).count()) == (at + DAY, 0)
    assert (Application.objects.count(), candidate.documents.count()) == (1, 1)
    assert desk.get(PAGE, aino.candidate_id).status_code == 404


def test_only_a_privacy_officer_asks_for_it(desk: Desk, officer: User, aino: Application, at: datetime) -> None:
    answers = {
        name: one.post("candidates_candidate_delete", aino.candidate_id).status_code
        for name, one in (("recruiter", desk), ("officer", Desk(officer, at)))
    }
    assert answers == {"recruiter": 403, "officer": 302}


def test_a_position_that_somebody_applied_for_stays(desk: Desk, aino: Application, position: Position) -> None:
    free = people.position(position.contact_person, slug="free")
    for one in (position, free):
        desk.post("candidates_position_delete", one.pk, post="yes")
    assert list(Position.objects.all()) == [position]


# Language


@pytest.mark.parametrize(
    ("wanted", "shown"),
    [
        ("/admin/candidates/candidate/?q=aino", "/admin/candidates/candidate/?q=aino"),
        ("", "/admin/"),
        ("https://evil.example.net/", "/admin/"),
        ("//evil.example.net/", "/admin/"),
        ("javascript:alert(1)", "/admin/"),
    ],
)
def test_the_language_changes_on_the_same_page(desk: Desk, recruiter: User, wanted: str, shown: str) -> None:
    assert desk.post("language", language="fi", next=wanted)["Location"] == shown
    recruiter.refresh_from_db()
    assert recruiter.language == "fi"
