"""Holds (GDPR Art. 17(3)(e)): listed items are kept past their date for a legal claim, and nothing else is.

The dangers: a hold that keeps everything "to be safe" breaks the promise, and one that nobody reviews keeps for ever.
So items are listed one by one, a hold has a case, an owner and a review, and it ends by itself where its end is known.
A hold never keeps the person: when they are erased, each item is copied to the vault first (``seal_items``), where the
privacy officer alone can open it. Releasing is a fact too: the engine erases what released holds had kept.
"""

from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.enums import Action
from audit.services import record_event
from candidates.enums import HeldKind, HoldGround
from candidates.models import Application, Candidate, Document, HeldItem, Hold, Interaction, Note, StageChange
from candidates.services.held_contents import content_of
from candidates.services.restrictions import next_review
from common.actors import SYSTEM, Actor
from common.errors import Refused
from files.services import copy_stored_file
from policy.calendar import local_date

SOURCES: dict[HeldKind, tuple[type[models.Model], str]] = {
    HeldKind.APPLICATION: (Application, "candidate"),
    HeldKind.DOCUMENT: (Document, "candidate"),
    HeldKind.NOTE: (Note, "candidate"),
    HeldKind.INTERACTION: (Interaction, "candidate"),
    HeldKind.STAGE_CHANGE: (StageChange, "application__candidate"),
}
"""Where each kind of item stands, and by what path it is a person's."""


@transaction.atomic
def open_hold(
    person_ref: UUID,
    *,
    subject_ref: UUID,
    case_ref: str,
    ground: HoldGround,
    owner: User,
    items: list[tuple[HeldKind, UUID]],
    actor: Actor,
    at: datetime,
    ends_on: date | None = None,
) -> Hold:
    """Hold listed items of a person for a case; ``subject_ref`` is the record that the case is about.

    Raises Refused where the person is not kept or is being erased, nothing or something of somebody else is listed, the
    case has no reference, the owner is no longer here, or the end is not in the future.
    """
    records = list(Candidate.objects.filter(person_ref=person_ref).locked())
    if subject_ref not in {record.pk for record in records} or any(record.erasing_ref for record in records):
        raise Refused("gone", _("These data are no longer kept."))
    if not case_ref.strip():
        raise Refused("case", _("A hold needs the reference of its case."))
    if not owner.is_active:
        raise Refused("owner", _("The owner no longer works here."))
    if ends_on and ends_on <= local_date(at):
        raise Refused("end", _("The hold would end before it began."))
    if not items:
        raise Refused("items", _("Choose what is kept. A hold never keeps everything."))
    for kind, object_ref in items:
        model, path = SOURCES[kind]
        if not model._default_manager.filter(pk=object_ref, **{f"{path}__person_ref": person_ref}).exists():
            raise Refused("items", _("Something that you chose is not this person's."))
    hold = Hold.objects.create(
        subject_ref=subject_ref,
        person_ref=person_ref,
        case_ref=case_ref.strip(),
        ground=ground,
        owner=owner,
        opened_at=at,
        opened_by_id=actor.staff_ref,
        review_on=next_review(at),
        ends_on=ends_on,
    )
    HeldItem.objects.bulk_create(
        HeldItem(hold=hold, kind=kind, object_ref=object_ref) for kind, object_ref in dict.fromkeys(items)
    )
    _record(Action.HOLD_OPENED, hold, actor=actor, at=at)
    return hold


@transaction.atomic
def review_hold(hold_id: UUID, *, actor: Actor, at: datetime) -> Hold:
    """Look at a hold and keep it; the next review is at most six months away. Raises Refused for a released one."""
    hold = _live(hold_id)
    hold.review_on = next_review(at)
    hold.save(update_fields=["review_on"])
    _record(Action.HOLD_REVIEWED, hold, actor=actor, at=at)
    return hold


@transaction.atomic
def release_hold(hold_id: UUID, *, actor: Actor, at: datetime) -> Hold:
    """Release a hold: the next run erases what it kept. What another hold keeps stays in that one's vault.

    Raises Refused for one that is released already.
    """
    hold = _live(hold_id)
    _release(hold, actor=actor, at=at)
    return hold


@transaction.atomic
def release_ended_holds(*, at: datetime, limit: int = 500) -> int:
    """Release the holds whose last day is over (``policy.expiry.claim_ends_on``); returns how many."""
    ended = list(
        Hold.objects.select_for_update(skip_locked=True)
        .filter(released_at=None, ends_on__lt=local_date(at))
        .order_by("ends_on", "pk")[:limit]
    )
    for hold in ended:
        _release(hold, actor=SYSTEM, at=at)
    return len(ended)


@transaction.atomic
def open_held_item(item_id: UUID, *, actor: Actor, at: datetime) -> HeldItem:
    """One item, for the privacy officer; that it was opened is recorded. Raises HeldItem.DoesNotExist."""
    item = HeldItem.objects.select_related("hold", "stored_file").get(pk=item_id, hold__released_at=None)
    record_event(
        Action.HELD_ITEM_OPENED,
        at=at,
        actor=actor,
        subject_ref=item.hold.subject_ref,
        object_ref=item.pk,
        details={"kind": HeldKind(item.kind)},
    )
    return item


def live_holds(record_refs: Iterable[UUID]) -> list[Hold]:
    """The holds in force that list something of these records or are about them."""
    refs = list(record_refs)
    persons = Candidate.objects.filter(pk__in=refs).values("person_ref")
    found = Hold.objects.filter(models.Q(subject_ref__in=refs) | models.Q(person_ref__in=persons), released_at=None)
    return list(found.order_by("opened_at", "pk"))


@transaction.atomic
def seal_items(record_refs: list[UUID], *, at: datetime, kinds: Collection[HeldKind] = tuple(HeldKind)) -> int:
    """Copy to the vault what live holds list of these records, before the records are erased; returns how many items.

    ``kinds`` narrows it to what is about to go. What is sealed stays as it was sealed; repeating it, after a crash too,
    changes nothing. Raises ``files.errors.StoreError`` or FileNotFoundError where a file cannot be copied: then nothing
    is sealed, and nothing may be erased.
    """
    sealed = 0
    for kind in kinds:
        model, path = SOURCES[kind]
        waiting = HeldItem.objects.select_for_update(of=("self",)).select_related("hold")
        items = list(waiting.filter(kind=kind, sealed_at=None, hold__released_at=None))
        if not items:
            continue
        keys = {item.object_ref for item in items}
        rows = model._default_manager.filter(pk__in=keys, **{f"{path}__in": record_refs})
        by_key: dict[UUID, Any] = {row.pk: row for row in rows}
        for item in items:
            if item.object_ref in by_key:
                _seal(item, by_key[item.object_ref], at=at)
                sealed += 1
    return sealed


def _seal(item: HeldItem, row: Any, *, at: datetime) -> None:
    item.content = content_of(HeldKind(item.kind), row)
    if isinstance(row, Document):
        item.stored_file = copy_stored_file(row.stored_file, owner_ref=item.hold.vault_ref, at=at)
    item.sealed_at = at
    item.save(update_fields=["content", "stored_file", "sealed_at"])


def _live(hold_id: UUID) -> Hold:
    hold = Hold.objects.select_for_update().get(pk=hold_id)
    if hold.released_at:
        raise Refused("released", _("The hold is released already."))
    return hold


def _release(hold: Hold, *, actor: Actor, at: datetime) -> None:
    hold.released_at = at
    hold.released_by_id = actor.staff_ref
    hold.save(update_fields=["released_at", "released_by"])
    _record(Action.HOLD_RELEASED, hold, actor=actor, at=at)


def _record(action: Action, hold: Hold, *, actor: Actor, at: datetime) -> None:
    record_event(
        action,
        at=at,
        actor=actor,
        subject_ref=hold.subject_ref,
        object_ref=hold.pk,
        details={"ground": HoldGround(hold.ground)},
    )
