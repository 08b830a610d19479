"""Erasing several people by hand: one asks, a second person approves; rows are never deleted on the way."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.enums import Role
from accounts.models import User
from audit.enums import Action
from audit.models import AccessEvent, AuditEvent
from candidates.models import Application, Candidate, Position
from common.actors import staff
from common.errors import RawDeletionRefused, Refused
from privacy.models import BulkErasure
from privacy.services.bulk_erasure import approve_bulk_erasure, ask_bulk_erasure, decline_bulk_erasure
from privacy.services.erasure import erase_due
from tests.factories import people
from tests.factories.desk import Desk, notices, part

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
LIST = "candidates_candidate_changelist"


@pytest.fixture
def two(at: datetime, position: Position) -> list[Application]:
    return [
        people.application(at, position, email=f"{name}@example.org", name=name.title()) for name in ("aino", "eino")
    ]


@pytest.fixture
def other_officer(db: None) -> User:
    return people.user(Role.PRIVACY_OFFICER, "pat@example.org")


def chosen(applications: list[Application]) -> dict[str, Any]:
    return {"action": "ask_for_erasure", "_selected_action": [str(row.candidate_id) for row in applications]}


def asked_for() -> int:
    return Candidate.objects.exclude(erase_after=None).count()


def code(call: Any) -> str:
    with pytest.raises(Refused) as refused:
        call()
    return refused.value.code


def test_scenario_47_a_second_person_must_approve(
    two: list[Application], officer: User, other_officer: User, at: datetime
) -> None:
    first, second = Desk(officer, at), Desk(other_officer, at)
    page = first.post(LIST, **chosen(two))
    assert (page.status_code, b"Aino" in page.content, b"Eino" in page.content) == (200, True, True)
    assert BulkErasure.objects.count() == 0
    answer = first.post("privacy_bulkerasure_ask", candidate=[str(row.candidate_id) for row in two])
    assert notices(answer) == [
        "The erasure is asked for. It waits for a second person, who sees it on their start page."
    ]
    bulk = BulkErasure.objects.get()
    assert (set(bulk.person_refs), bulk.asked_by, asked_for()) == (
        {row.candidate.person_ref for row in two},
        officer,
        0,
    )
    assert erase_due(at=at + 2 * DAY).erased == []

    refused = first.post("privacy_bulkerasure_decide", bulk.pk, approve="1")
    assert (notices(refused), asked_for()) == (["You asked for it yourself. A second person approves it."], 0)
    assert "2 people" in str(part(second.get("index"), "bulk"))
    second.get("privacy_bulkerasure_change", bulk.pk)
    assert set(AccessEvent.objects.latest("pk").subject_refs) == {row.candidate_id for row in two}
    approved = second.post("privacy_bulkerasure_decide", bulk.pk, approve="1")
    assert notices(approved) == ["Approved. Everybody is hidden now and erased after 24 hours."]
    bulk.refresh_from_db()
    assert (bulk.is_approved, bulk.decided_by, bulk.decided_at, asked_for()) == (True, other_officer, at, 2)
    assert erase_due(at=at + timedelta(hours=23)).erased == []
    assert set(erase_due(at=at + DAY).erased) == {row.candidate_id for row in two}
    assert [event.action for event in AuditEvent.objects.filter(object_ref=bulk.pk).order_by("pk")] == [
        Action.BULK_ERASURE_ASKED,
        Action.BULK_ERASURE_DECIDED,
    ]


def test_one_person_has_the_page_of_one(two: list[Application], officer: User, at: datetime) -> None:
    answer = Desk(officer, at).post(LIST, **chosen(two[:1]))
    assert answer["Location"] == f"/admin/candidates/candidate/{two[0].candidate_id}/delete/"
    actor = staff(officer.pk)
    assert code(lambda: ask_bulk_erasure([two[0].candidate_id], actor=actor, at=at)) == "few"


def test_two_records_of_one_person_are_one_person(
    two: list[Application], position: Position, officer: User, at: datetime
) -> None:
    other = people.application(at, position, email="aino@example.org")
    refs = [two[0].candidate_id, other.candidate_id]
    assert code(lambda: ask_bulk_erasure(refs, actor=staff(officer.pk), at=at)) == "few"


def test_whom_nobody_sees_nobody_asks_for(two: list[Application], officer: User, at: datetime) -> None:
    refs = [row.candidate_id for row in two]
    later = two[0].candidate.expires_at
    assert code(lambda: ask_bulk_erasure(refs, actor=staff(officer.pk), at=later)) == "gone"


def test_it_is_decided_once(two: list[Application], officer: User, other_officer: User, at: datetime) -> None:
    bulk = ask_bulk_erasure([row.candidate_id for row in two], actor=staff(officer.pk), at=at)
    decline_bulk_erasure(bulk.pk, actor=staff(officer.pk), at=at)
    for act in (approve_bulk_erasure, decline_bulk_erasure):
        assert code(lambda act=act: act(bulk.pk, actor=staff(other_officer.pk), at=at)) == "decided"
    bulk.refresh_from_db()
    assert (bulk.is_approved, asked_for()) == (False, 0)


def test_who_went_meanwhile_is_no_error(
    two: list[Application], officer: User, other_officer: User, at: datetime
) -> None:
    bulk = ask_bulk_erasure([row.candidate_id for row in two], actor=staff(officer.pk), at=at)
    Candidate.objects.filter(pk=two[0].candidate_id).update(erasing_ref=bulk.pk)
    assert approve_bulk_erasure(bulk.pk, actor=staff(other_officer.pk), at=at) == 1


def test_a_recruiter_is_offered_nothing(two: list[Application], recruiter: User, at: datetime) -> None:
    desk = Desk(recruiter, at)
    assert b"ask_for_erasure" not in desk.get(LIST).content
    desk.post(LIST, **chosen(two))
    desk.post(LIST, action="delete_selected", _selected_action=[str(row.candidate_id) for row in two], post="yes")
    asked = desk.post("privacy_bulkerasure_ask", candidate=[str(row.candidate_id) for row in two])
    assert (asked.status_code, BulkErasure.objects.count(), Candidate.objects.count()) == (403, 0, 2)


def test_the_stock_deletion_is_impossible_each_way(two: list[Application], officer: User, at: datetime) -> None:
    desk = Desk(officer, at)
    page = desk.get(LIST)
    assert (b"ask_for_erasure" in page.content, b"delete_selected" in page.content) == (True, False)
    everybody = [str(row.candidate_id) for row in two]
    desk.post(LIST, action="delete_selected", _selected_action=everybody, post="yes")
    assert Candidate.objects.count() == 2
    desk.post("candidates_candidate_delete", two[0].candidate_id, post="yes")
    assert (Candidate.objects.count(), asked_for()) == (2, 1)
    with pytest.raises(RawDeletionRefused):
        Candidate.objects.filter(pk__in=everybody).delete()
    assert Candidate.objects.count() == 2
