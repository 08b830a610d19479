"""Erasing several people at once by hand: nothing happens until a second person has approved it (spec P9.3)."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.enums import Action
from audit.services import record_event
from candidates.models import Candidate
from candidates.services.erasure import request_erasure
from common.actors import Actor
from common.errors import Refused
from privacy.models import BulkErasure


@transaction.atomic
def ask_bulk_erasure(candidate_refs: Iterable[UUID], *, actor: Actor, at: datetime) -> BulkErasure:
    """Ask for the erasure of the people whose records these are; nobody is hidden or erased by asking.

    Raises Refused where fewer than two people are meant, or one of the records may not be seen any more.
    """
    refs = set(candidate_refs)
    found = Candidate.objects.visible(at).filter(pk__in=refs).values_list("pk", "person_ref")
    people = dict(found)
    if people.keys() != refs:
        raise Refused("gone", _("Somebody whom you chose is no longer here. Choose again."))
    if len(set(people.values())) < 2:
        raise Refused("few", _("Choose two people or more, or erase one on their own page."))
    bulk = BulkErasure.objects.create(
        person_refs=sorted(set(people.values())), asked_at=at, asked_by_id=actor.member_of_staff()
    )
    _record(Action.BULK_ERASURE_ASKED, bulk, actor=actor, at=at)
    return bulk


@transaction.atomic
def approve_bulk_erasure(bulk_id: UUID, *, actor: Actor, at: datetime) -> int:
    """Ask for the erasure of each of these people, as a second person; returns how many are still here.

    Raises Refused for whoever asked, and where it is decided already; BulkErasure.DoesNotExist.
    """
    bulk = _undecided(bulk_id)
    if bulk.asked_by_id == actor.member_of_staff():
        raise Refused("same", _("You asked for it yourself. A second person approves it."))
    _decide(bulk, is_approved=True, actor=actor, at=at)
    cases = [request_erasure(person_ref, actor=actor, at=at) for person_ref in bulk.person_refs]
    return sum(case is not None for case in cases)


@transaction.atomic
def decline_bulk_erasure(bulk_id: UUID, *, actor: Actor, at: datetime) -> None:
    """Let it be; whoever asked may say so too. Raises Refused where it is decided already."""
    _decide(_undecided(bulk_id), is_approved=False, actor=actor, at=at)


def _undecided(bulk_id: UUID) -> BulkErasure:
    bulk = BulkErasure.objects.select_for_update().get(pk=bulk_id)
    if bulk.decided_at:
        raise Refused("decided", _("It is decided already."))
    return bulk


def _decide(bulk: BulkErasure, *, is_approved: bool, actor: Actor, at: datetime) -> None:
    bulk.decided_at = at
    bulk.decided_by_id = actor.member_of_staff()
    bulk.is_approved = is_approved
    bulk.save(update_fields=["decided_at", "decided_by", "is_approved"])
    _record(Action.BULK_ERASURE_DECIDED, bulk, actor=actor, at=at)


def _record(action: Action, bulk: BulkErasure, *, actor: Actor, at: datetime) -> None:
    details = {"people": len(bulk.person_refs), "is_approved": bulk.is_approved}
    record_event(action, at=at, actor=actor, object_ref=bulk.pk, details=details)
