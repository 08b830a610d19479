"""Holds: listed items only, each with a case, an owner, a review and an end; sealed before the person goes."""

from datetime import date, datetime, timedelta
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.files.storage import storages
from django.db import transaction

from accounts.models import User
from audit.enums import Action
from audit.models import AuditEvent
from candidates.enums import HeldKind, HoldGround, InteractionKind, Stage
from candidates.models import Application, Candidate, HeldItem, Hold, Position
from candidates.selectors.clock import explain
from candidates.services.applications import move_application
from candidates.services.holds import (
    live_holds,
    open_held_item,
    open_hold,
    release_ended_holds,
    release_hold,
    review_hold,
    seal_items,
)
from candidates.services.interactions import record_interaction
from candidates.services.notes import add_note
from common.actors import staff
from common.errors import Refused
from files.enums import FileState
from files.models import StoredFile
from files.samples import pdf
from files.services import copy_stored_file, open_file
from policy.expiry import claim_ends_on
from tests.factories import people

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
Items = list[tuple[HeldKind, UUID]]


@pytest.fixture
def aino(at: datetime, position: Position, recruiter: User) -> Application:
    """An application with one of everything that can be held."""
    sent = people.application(at, position, cover_letter="I build services.")
    actor = staff(recruiter.pk)
    add_note(sent.candidate_id, text="Knows Django.", actor=actor, at=at)
    record_interaction(
        sent.candidate_id, kind=InteractionKind.CALL, occurred_at=at, text="Half an hour.", actor=actor, at=at,
        application_id=sent.pk,
    )  # fmt: skip
    move_application(sent.pk, to_stage=Stage.REJECTED, actor=actor, at=at, reason="Too little practice")
    return sent


def everything(sent: Application) -> Items:
    person = sent.candidate
    return [
        (HeldKind.APPLICATION, sent.pk),
        (HeldKind.DOCUMENT, person.documents.get().pk),
        (HeldKind.NOTE, person.notes.get().pk),
        (HeldKind.INTERACTION, person.interactions.get(kind=InteractionKind.CALL).pk),
        (HeldKind.STAGE_CHANGE, sent.stage_changes.get().pk),
    ]


def hold(sent: Application, owner: User, at: datetime, items: Items | None = None, **changes: Any) -> Hold:
    values: dict[str, Any] = {
        "subject_ref": sent.candidate_id,
        "case_ref": "HR 2026/1",
        "ground": HoldGround.DISCRIMINATION,
        "owner": owner,
        "items": items if items is not None else [(HeldKind.APPLICATION, sent.pk)],
        "actor": staff(owner.pk),
        "at": at,
    }
    return open_hold(sent.candidate.person_ref, **{**values, **changes})


def code(call: Any) -> str:
    with pytest.raises(Refused) as refused:
        call()
    return refused.value.code


# Opening, reviewing, releasing


def test_a_hold_lists_items_and_moves_no_date(aino: Application, officer: User, at: datetime) -> None:
    before = Candidate.objects.get()
    made = hold(aino, officer, at, everything(aino), ends_on=date(2027, 11, 24))
    assert (made.case_ref, made.owner, made.opened_by, made.review_on, made.ends_on) == (
        "HR 2026/1",
        officer,
        officer,
        date(2027, 5, 24),
        date(2027, 11, 24),
    )
    assert sorted(made.items.values_list("kind", flat=True)) == sorted(HeldKind.values)
    assert set(made.items.values_list("sealed_at", flat=True)) == {None}
    after = Candidate.objects.get()
    assert (after.expires_at, after.held_back_until) == (before.expires_at, None)
    assert explain(after.person_ref, as_of=at).holds == [made]
    event = AuditEvent.objects.get(action=Action.HOLD_OPENED)
    assert (event.actor_ref, event.subject_ref, event.object_ref, event.details) == (
        officer.pk,
        aino.candidate_id,
        made.pk,
        {"ground": "DISCRIMINATION"},
    )


def test_what_no_hold_can_be(
    aino: Application, officer: User, recruiter: User, position: Position, at: datetime
) -> None:
    other = people.application(at, position, email="eino@example.org")
    gone = User.objects.get(pk=recruiter.pk)
    gone.is_active = False
    attempts: list[tuple[str, dict[str, Any]]] = [
        ("items", {"items": []}),
        ("items", {"items": [(HeldKind.APPLICATION, other.pk)]}),
        ("items", {"items": [(HeldKind.NOTE, aino.pk)]}),
        ("case", {"case_ref": "  "}),
        ("end", {"ends_on": date(2026, 11, 24)}),
        ("gone", {"subject_ref": other.candidate_id}),
    ]
    assert [code(lambda changes=changes: hold(aino, officer, at, **changes)) for _, changes in attempts] == [
        expected for expected, _ in attempts
    ]
    assert code(lambda: hold(aino, gone, at)) == "owner"
    Candidate.objects.update(erasing_ref=uuid4())
    assert (code(lambda: hold(aino, officer, at)), Hold.objects.count()) == ("gone", 0)


def test_an_item_listed_twice_is_held_once(aino: Application, officer: User, at: datetime) -> None:
    assert hold(aino, officer, at, [(HeldKind.APPLICATION, aino.pk)] * 2).items.count() == 1


def test_an_item_of_a_linked_record_can_be_held(
    aino: Application, position: Position, officer: User, at: datetime
) -> None:
    other = people.application(at + DAY, position)
    assert hold(aino, officer, at + DAY, [(HeldKind.APPLICATION, other.pk)]).items.count() == 1


def test_a_review_is_at_most_six_months_away(aino: Application, officer: User, at: datetime) -> None:
    made = hold(aino, officer, at)
    assert review_hold(made.pk, actor=staff(officer.pk), at=at + 100 * DAY).review_on == date(2027, 9, 4)
    assert AuditEvent.objects.filter(action=Action.HOLD_REVIEWED).count() == 1


def test_a_hold_is_released_once(aino: Application, officer: User, at: datetime) -> None:
    made = hold(aino, officer, at)
    assert live_holds([aino.candidate_id]) == [made]
    released = release_hold(made.pk, actor=staff(officer.pk), at=at + DAY)
    assert (released.released_at, released.released_by, live_holds([aino.candidate_id])) == (at + DAY, officer, [])
    for act in (release_hold, review_hold):
        assert code(lambda act=act: act(made.pk, actor=staff(officer.pk), at=at)) == "released"
    assert AuditEvent.objects.filter(action=Action.HOLD_RELEASED).count() == 1


def test_a_hold_ends_by_itself_after_its_last_day(aino: Application, officer: User, at: datetime) -> None:
    ends_on = claim_ends_on(at)
    assert ends_on == date(2027, 11, 24)
    ending, lasting = hold(aino, officer, at, ends_on=ends_on), hold(aino, officer, at)
    last_evening = datetime(2027, 11, 24, 21, 59, 59, tzinfo=at.tzinfo)
    assert release_ended_holds(at=last_evening) == 0
    assert release_ended_holds(at=last_evening + timedelta(seconds=1)) == 1
    assert Hold.objects.get(released_at__isnull=False) == ending
    assert live_holds([aino.candidate_id]) == [lasting]


# Sealing


def test_each_item_is_sealed_with_what_a_claim_is_about(aino: Application, officer: User, at: datetime) -> None:
    made = hold(aino, officer, at, everything(aino))
    assert seal_items([aino.candidate_id], at=at + DAY) == 5
    items = {item.kind: item for item in made.items.all()}
    assert {item.sealed_at for item in items.values()} == {at + DAY}
    moment = at.isoformat()
    assert items["APPLICATION"].content == {
        "name": "Aino Esimerkki",
        "reference": aino.reference,
        "position": "Backend developer",
        "position_fi": "Backend-kehittäjä",
        "language": "en",
        "cover_letter": "I build services.",
        "stage": "REJECTED",
        "submitted_at": moment,
        "stage_changed_at": moment,
        "closed_at": moment,
    }
    assert items["NOTE"].content == {
        "name": "Aino Esimerkki",
        "application": "",
        "author_role": "recruiter",
        "at": moment,
        "text": "Knows Django.",
    }
    assert items["INTERACTION"].content["text"] == "Half an hour."
    assert items["STAGE_CHANGE"].content == {
        "name": "Aino Esimerkki",
        "application": aino.reference,
        "from_stage": "RECEIVED",
        "to_stage": "REJECTED",
        "reason": "Too little practice",
        "actor_role": "recruiter",
        "at": moment,
    }
    assert items["DOCUMENT"].content == {
        "name": "Aino Esimerkki",
        "application": aino.reference,
        "kind": "CV",
        "file": "cv.pdf",
        "added_at": moment,
    }


def test_a_document_is_copied_into_the_vault(aino: Application, officer: User, at: datetime) -> None:
    made = hold(aino, officer, at, everything(aino))
    original = aino.candidate.documents.get().stored_file
    seal_items([aino.candidate_id], at=at)
    copy = made.items.get(kind=HeldKind.DOCUMENT).stored_file
    assert copy is not None
    assert (copy.owner_ref, copy.name, bytes(copy.sha256), copy.size, copy.state, copy.key != original.key) == (
        made.vault_ref,
        "cv.pdf",
        bytes(original.sha256),
        original.size,
        FileState.ATTACHED,
        True,
    )
    with open_file(copy) as content:
        assert content.read() == pdf("A CV")


def test_sealing_again_changes_nothing(aino: Application, officer: User, at: datetime) -> None:
    hold(aino, officer, at, everything(aino))
    seal_items([aino.candidate_id], at=at)
    before = list(HeldItem.objects.order_by("pk").values())
    assert seal_items([aino.candidate_id], at=at + DAY) == 0
    assert list(HeldItem.objects.order_by("pk").values()) == before
    assert StoredFile.objects.count() == 2


@pytest.mark.parametrize("is_committed", [True, False])
def test_a_copy_that_a_crash_cut_short_is_made_once(aino: Application, at: datetime, *, is_committed: bool) -> None:
    original, vault = aino.candidate.documents.get().stored_file, uuid4()
    with transaction.atomic():
        first = copy_stored_file(original, owner_ref=vault, at=at)
        transaction.set_rollback(not is_committed)
    assert StoredFile.objects.filter(owner_ref=vault).count() == int(is_committed)
    again = copy_stored_file(original, owner_ref=vault, at=at)
    assert (again.key, StoredFile.objects.filter(owner_ref=vault).count()) == (first.key, 1)
    assert storages["files"].list_keys(f"{vault}/") == [again.key]  # type: ignore[attr-defined]


def test_a_copy_whose_object_is_missing_is_made_whole(aino: Application, at: datetime) -> None:
    original, vault = aino.candidate.documents.get().stored_file, uuid4()
    copy = copy_stored_file(original, owner_ref=vault, at=at)
    storages["files"].purge_keys([copy.key])  # type: ignore[attr-defined]
    assert copy_stored_file(original, owner_ref=vault, at=at) == copy
    with open_file(copy) as content:
        assert content.read() == pdf("A CV")


def test_a_lost_file_is_an_error_and_seals_nothing(aino: Application, officer: User, at: datetime) -> None:
    hold(aino, officer, at, everything(aino))
    storages["files"].purge_keys([aino.candidate.documents.get().stored_file.key])  # type: ignore[attr-defined]
    with pytest.raises(FileNotFoundError):
        seal_items([aino.candidate_id], at=at)
    assert HeldItem.objects.filter(sealed_at__isnull=False).count() == 0


def test_only_what_is_held_is_sealed(aino: Application, position: Position, officer: User, at: datetime) -> None:
    other = people.application(at, position, email="eino@example.org")
    mine, theirs = hold(aino, officer, at), hold(other, officer, at)
    released = hold(aino, officer, at)
    release_hold(released.pk, actor=staff(officer.pk), at=at)
    assert seal_items([aino.candidate_id], at=at) == 1
    sealed = {item.hold_id for item in HeldItem.objects.filter(sealed_at__isnull=False)}
    assert (sealed, theirs.pk in sealed) == ({mine.pk}, False)


def test_two_holds_keep_the_same_item_each_for_itself(aino: Application, officer: User, at: datetime) -> None:
    document = [(HeldKind.DOCUMENT, aino.candidate.documents.get().pk)]
    holds = [hold(aino, officer, at, document), hold(aino, officer, at, document)]
    assert seal_items([aino.candidate_id], at=at) == 2
    assert len({made.items.get().stored_file_id for made in holds}) == 2


def test_some_kinds_alone_can_be_sealed(aino: Application, officer: User, at: datetime) -> None:
    hold(aino, officer, at, everything(aino))
    assert seal_items([aino.candidate_id], at=at, kinds=[HeldKind.NOTE]) == 1
    assert HeldItem.objects.get(sealed_at__isnull=False).kind == HeldKind.NOTE


def test_opening_an_item_is_recorded(aino: Application, officer: User, at: datetime) -> None:
    made = hold(aino, officer, at)
    item = open_held_item(made.items.get().pk, actor=staff(officer.pk), at=at)
    event = AuditEvent.objects.get(action=Action.HELD_ITEM_OPENED)
    assert (event.actor_ref, event.subject_ref, event.object_ref, event.details) == (
        officer.pk,
        aino.candidate_id,
        item.pk,
        {"kind": "APPLICATION"},
    )
    release_hold(made.pk, actor=staff(officer.pk), at=at)
    with pytest.raises(HeldItem.DoesNotExist):
        open_held_item(item.pk, actor=staff(officer.pk), at=at)


def test_the_bucket_copies_too(s3_buckets: Any, at: datetime) -> None:
    stored = people.staged(uuid4(), at)
    copy = copy_stored_file(stored, owner_ref=uuid4(), at=at)
    assert copy_stored_file(stored, owner_ref=copy.owner_ref, at=at) == copy
    with open_file(copy) as content:
        assert BytesIO(content.read()).getvalue() == pdf("A CV")
