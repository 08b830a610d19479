"""No row of a person leaves but by an erasure, whichever way somebody tries."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction
from django.db.models import Model, ProtectedError

from accounts.enums import Role
from accounts.models import User
from candidates.enums import (
    HeldKind,
    HoldGround,
    InteractionKind,
    LinkKind,
    MeansOfContact,
    RestrictionGround,
    Stage,
    TaskKind,
)
from candidates.models import Candidate, Note, Position, Restriction, StaffTask
from candidates.services.applications import move_application
from candidates.services.holds import open_hold
from candidates.services.interactions import record_interaction
from candidates.services.interviews import plan_interview
from candidates.services.notes import add_note
from common.actors import staff
from common.deletion import raw_delete
from common.errors import RawDeletionRefused
from common.models import PersonalModel
from privacy.services import rows
from tests.factories import people
from tests.parts import sweep

pytestmark = pytest.mark.django_db

PERSONAL: list[type[Model]] = [model for model in apps.get_models() if issubclass(model, PersonalModel)]


@pytest.fixture
def person(at: datetime, position: Position, recruiter: User) -> Candidate:
    """Somebody with a row in every table of people."""
    sent = people.application(at, position, has_longer_storage=True, links=[(LinkKind.OTHER, "https://example.org")])
    actor = staff(recruiter.pk)
    add_note(sent.candidate_id, text="A note", actor=actor, at=at)
    record_interaction(
        sent.candidate_id, kind=InteractionKind.CALL, occurred_at=at, text="A call", actor=actor, at=at,
        application_id=sent.pk,
    )  # fmt: skip
    move_application(sent.pk, to_stage=Stage.IN_REVIEW, actor=actor, at=at)
    plan_interview(
        sent.candidate_id, starts_at=at + timedelta(days=1), means=MeansOfContact.MEETING, actor=actor, at=at
    )
    StaffTask.objects.create(
        application=sent, kind=TaskKind.CONTACT_OR_CLOSE, assignee=recruiter, due_on=at.date(), created_at=at
    )
    open_hold(
        sent.candidate.person_ref, subject_ref=sent.candidate_id, case_ref="K-1", ground=HoldGround.OTHER_CLAIM,
        owner=recruiter, items=[(HeldKind.APPLICATION, sent.pk)], actor=actor, at=at,
    )  # fmt: skip
    Restriction.objects.create(
        candidate=sent.candidate, ground=RestrictionGround.CLAIM, opened_at=at, review_on=at.date(), lifted_at=at
    )
    return sent.candidate


@pytest.fixture(autouse=True)
def _nothing_changes(person: Candidate) -> Any:
    """Whatever was tried, every row is there afterwards."""
    before = sweep.database()
    yield
    assert sweep.database() == before


def test_every_table_of_people_is_tried() -> None:
    assert sorted(model._meta.label for model in PERSONAL) == [
        "candidates.Application",
        "candidates.Candidate",
        "candidates.Consent",
        "candidates.Document",
        "candidates.HeldItem",
        "candidates.Hold",
        "candidates.Interaction",
        "candidates.Interview",
        "candidates.Note",
        "candidates.NoticeShown",
        "candidates.ProfileLink",
        "candidates.Restriction",
        "candidates.StaffTask",
        "candidates.StageChange",
        "files.StoredFile",
    ]


@pytest.mark.parametrize("model", PERSONAL, ids=lambda model: model._meta.label)
def test_neither_an_instance_nor_a_query_set_deletes(model: Any) -> None:
    row = model.objects.first()
    assert row is not None
    for attempt in (
        row.delete,
        model.objects.all().delete,
        model.objects.filter(pk=row.pk).delete,
        model._default_manager.order_by("pk").delete,
    ):
        with pytest.raises(RawDeletionRefused):
            attempt()


def test_a_related_manager_does_not_either(person: Candidate) -> None:
    application = person.applications.get()
    related = (person.notes, person.interactions, person.documents, application.stage_changes, person.applications)
    for manager in related:
        assert manager.count() > 0
        with pytest.raises(RawDeletionRefused):
            manager.all().delete()


def test_no_manager_offers_delete_by_itself() -> None:
    assert [hasattr(model._default_manager, "delete") for model in PERSONAL] == [False] * len(PERSONAL)


def test_a_position_with_applications_stays(position: Position) -> None:
    with pytest.raises(ProtectedError):
        position.delete()
    with pytest.raises(ProtectedError):
        Position.objects.all().delete()


def test_a_user_who_is_a_contact_person_stays(recruiter: User) -> None:
    with pytest.raises(ProtectedError):
        recruiter.delete()


def test_sql_does_not_get_through_to_a_candidate(person: Candidate) -> None:
    for statement in ("DELETE FROM candidates_candidate", f"DELETE FROM candidates_candidate WHERE id = '{person.pk}'"):
        with pytest.raises(DatabaseError, match="candidates leave by an erasure only"), transaction.atomic():
            connection.cursor().execute(statement)
    with pytest.raises(DatabaseError, match="candidates leave by an erasure only"), transaction.atomic():
        raw_delete(Candidate.objects.filter(pk=person.pk))


def test_the_permission_to_delete_ends_with_its_transaction(person: Candidate) -> None:
    with transaction.atomic():
        rows.permit_deletion()
        assert setting() == "on"
        transaction.set_rollback(True)
    assert setting() in {"", None}
    with pytest.raises(DatabaseError, match="candidates leave by an erasure only"), transaction.atomic():
        raw_delete(Candidate.objects.filter(pk=person.pk))


def setting() -> Any:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('clouder.erasing', true)")
        return cursor.fetchone()[0]


class TestUsers:
    """A user who is nobody's contact can be deleted; what they wrote about people stays."""

    @pytest.fixture(autouse=True)
    def _nothing_changes(self) -> None:
        """Here something does."""

    def test_what_a_deleted_user_wrote_stays(self, at: datetime, person: Candidate) -> None:
        writer = people.user(Role.RECRUITER, "ora@example.org")
        note = add_note(person.pk, text="A note", actor=staff(writer.pk), at=at)
        assert note.author == writer
        writer.delete()
        assert (Note.objects.get(pk=note.pk).author, Candidate.objects.get()) == (None, person)
