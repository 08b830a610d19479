"""Who is to be erased now, and taking them so that no other worker sees them.

Hidden is who is expired, whatever this module answers; it decides on destroying only. Kept back are people with a
restriction that lasts (``Candidate.held_back_until``) and, of those whose time is over, people whose request for access
is not answered: destroying would make the answer impossible. Whoever asked to be erased is kept back by nothing.
"""

from datetime import datetime
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from candidates.models import Candidate, Hold
from candidates.models.candidates import CandidateQuerySet
from candidates.selectors.clock import live_restrictions
from policy.calendar import local_date
from policy.expiry import WAITED_FOR, OpenRequest, RequestKind, deferral
from privacy.enums import BatchTrigger, CaseReason, CaseState
from privacy.models import ErasureBatch, ErasureCase, SubjectRequest


def open_requests(at: datetime) -> QuerySet[SubjectRequest]:
    """Requests that the erasing of an expired person waits for, within the time that the law allows."""
    known = SubjectRequest.objects.filter(person_ref__isnull=False)
    return known.filter(kind__in=WAITED_FOR, closed_at=None, limit_on__gte=local_date(at))


def is_waited_for(at: datetime) -> Q:
    """Whether a record's person has such a request, as a condition on candidates.

    The list of these people is short and read once; asking for each candidate anew takes half as long again.
    """
    return Q(person_ref__in=open_requests(at).values("person_ref"))


def asked_for(at: datetime) -> CandidateQuerySet:
    """The records whose erasure was asked for and may begin at ``at``."""
    return Candidate.objects.asked_for(at)


def expired(at: datetime) -> CandidateQuerySet:
    """The records whose time is over at ``at`` and whom nothing keeps back."""
    return Candidate.objects.expired(at).exclude(is_waited_for(at))


def eligible(at: datetime) -> CandidateQuerySet:
    """The records that may be destroyed at ``at``, for whatever reason."""
    return expired(at) | asked_for(at)


def free(rows: CandidateQuerySet) -> CandidateQuerySet:
    """Those of these records that no worker has, longest due first.

    Whoever falls due at one instant comes in the order of keys, so that the objects of a batch lie side by side in the
    bucket and are found by walking over a part of it.
    """
    return rows.filter(erasing_ref=None).order_by("expires_at", "pk")


@transaction.atomic
def claim_people(*, at: datetime, size: int, lease_until: datetime, with_expired: bool = True) -> ErasureBatch | None:
    """Take up to ``size`` records for one batch, those who asked first. None where nobody is due.

    Somebody of whom a mailbox holds mail gets a batch of their own with all their records, for it waits for a human.
    """
    for rows in (asked_for(at), expired(at)) if with_expired else (asked_for(at),):
        due = free(rows).select_for_update(skip_locked=True, of=("self",))
        refs = list(due.filter(has_mailbox_copy=False).values_list("pk", flat=True)[:size])
        if refs:
            return _open(BatchTrigger.PEOPLE, refs, at, lease_until)
        first = due.values_list("person_ref", flat=True).first()
        if first:
            refs = list(due.filter(person_ref=first).values_list("pk", flat=True))
            return _open(BatchTrigger.PEOPLE, refs, at, lease_until, has_mailbox=True)
    return None


@transaction.atomic
def claim_vault(*, at: datetime, size: int, lease_until: datetime) -> ErasureBatch | None:
    """Take what released holds had kept. None where there is none that no worker has yet."""
    holds = Hold.objects.select_for_update(skip_locked=True).filter(released_at__lte=at).order_by("released_at", "pk")
    found = list(holds.values_list("vault_ref", flat=True)[:size])
    under_way = ErasureBatch.objects.filter(trigger=BatchTrigger.VAULT, finished_at=None)
    taken = {ref for refs in under_way.values_list("candidate_refs", flat=True) for ref in refs}
    refs = [ref for ref in found if ref not in taken]
    return _open(BatchTrigger.VAULT, refs, at, lease_until) if refs else None


@transaction.atomic
def claim_again(refs: list[UUID], *, at: datetime, lease_until: datetime) -> ErasureBatch:
    """Take records that were erased before and that a restore brought back, whatever their dates say now."""
    return _open(BatchTrigger.REPLAY, refs, at, lease_until)


def _open(
    trigger: BatchTrigger, refs: list[UUID], at: datetime, lease_until: datetime, *, has_mailbox: bool = False
) -> ErasureBatch:
    batch = ErasureBatch.objects.create(
        pk=uuid4(),
        trigger=trigger,
        candidate_refs=refs,
        claimed_at=at,
        lease_until=lease_until,
        has_mailbox=has_mailbox,
    )
    if trigger is not BatchTrigger.VAULT:
        Candidate.objects.filter(pk__in_array=batch.refs).update(erasing_ref=batch.pk)
    return batch


def still_due(batch: ErasureBatch, at: datetime) -> list[UUID]:
    """Which records of a batch may still be destroyed, each under lock; the others were moved by a contact in time."""
    if batch.trigger == BatchTrigger.VAULT:
        holds = Hold.objects.select_for_update().filter(vault_ref__in=batch.candidate_refs, released_at__isnull=False)
        return list(holds.order_by("vault_ref").values_list("vault_ref", flat=True))
    if batch.trigger == BatchTrigger.REPLAY:
        return batch.candidate_refs
    found = []
    for rows in (asked_for(at), expired(at)):
        mine = rows.filter(erasing_ref=batch.pk).select_for_update(of=("self",))
        found += list(mine.values_list("pk", flat=True))
    return sorted(set(found))


@transaction.atomic
def note_deferrals(*, at: datetime, limit: int = 500) -> int:
    """Give those who are expired and wait a row that says why and until when; returns how many are new."""
    known = ErasureCase.objects.filter(candidate_ref=OuterRef("pk"), state=CaseState.DEFERRED, closed_at=None)
    waiting = Candidate.objects.filter(
        ~Exists(known), Q(held_back_until__gt=at) | is_waited_for(at), expires_at__lte=at, erasing_ref=None
    ).exclude(erase_after__lte=at)
    cases = []
    for record in waiting.order_by("expires_at", "pk")[:limit]:
        asked = open_requests(at).filter(person_ref=record.person_ref)
        found = deferral(
            record.expires_at,
            [restriction.for_policy for restriction in live_restrictions([record.pk])],
            [OpenRequest(RequestKind(request.kind), request.limit_on) for request in asked],
            as_of=at,
        )
        if found:
            cases.append(
                ErasureCase(
                    candidate_ref=record.pk,
                    state=CaseState.DEFERRED,
                    reason=CaseReason(found[1].value),
                    opened_at=at,
                    waits_until=found[0],
                )
            )
    ErasureCase.objects.bulk_create(cases, ignore_conflicts=True)
    return len(cases)
