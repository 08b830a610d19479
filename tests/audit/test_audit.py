"""The record of acts and looks."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction

from audit.enums import Access, Action
from audit.models import AccessEvent, AuditEvent
from audit.services import record_access, record_event
from common.actors import SYSTEM, Actor, ActorKind, staff

pytestmark = pytest.mark.django_db


def test_an_act_is_recorded_with_references_only(at: datetime) -> None:
    actor, subject, thing = uuid4(), uuid4(), uuid4()
    record_event(
        Action.APPLICATION_MOVED, at=at, actor=staff(actor), subject_ref=subject, object_ref=thing,
        details={"from": ActorKind.STAFF, "count": 3, "ref": thing},
    )  # fmt: skip
    row = AuditEvent.objects.get()
    assert (row.action, row.actor_kind, row.actor_ref, row.subject_ref) == (
        "application:moved", "STAFF", actor, subject,
    )  # fmt: skip
    assert row.details == {"from": "STAFF", "count": 3, "ref": str(thing)}


def test_free_text_is_refused(at: datetime) -> None:
    with pytest.raises(TypeError):
        record_event(Action.NOTE_ADDED, at=at, actor=SYSTEM, details={"text": "Aino"})  # type: ignore[dict-item]
    assert AuditEvent.objects.count() == 0


def test_a_list_is_one_event_and_an_empty_one_none(at: datetime) -> None:
    refs = [uuid4(), uuid4()]
    record_access(Access.LISTED, at=at, actor=Actor(ActorKind.STAFF, uuid4()), subject_refs=refs)
    record_access(Access.LISTED, at=at, actor=Actor(ActorKind.STAFF, uuid4()), subject_refs=[])
    assert AccessEvent.objects.get().subject_refs == refs


@pytest.mark.parametrize(("table", "period"), [("audit_auditevent", 731), ("audit_accessevent", 366)])
def test_the_record_is_append_only(table: str, period: int) -> None:
    now = datetime.now(UTC)
    for age in (timedelta(days=1), timedelta(days=period)):
        record_event(Action.NOTE_ADDED, at=now - age, actor=SYSTEM)
        record_access(Access.LISTED, at=now - age, actor=SYSTEM, subject_refs=[uuid4()])
    statements = [f"UPDATE {table} SET actor_kind = 'STAFF'", f"DELETE FROM {table}", f"TRUNCATE {table}"]
    for statement in statements:
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table} WHERE at < %s", [now - timedelta(days=period - 1)])
        assert cursor.rowcount == 1
        cursor.execute(f"SELECT count(*) FROM {table}")
        assert cursor.fetchone() == (1,)
