"""Restrictions (GDPR Art. 18, policy §8): data are stored and nothing else is done with them.

A restriction takes effect in the act that makes it: from then on no recruiter's list, search, page or file shows the
person, and the clock goes on. It holds for all linked records. The person is told before it is lifted (Art. 18(3)), and
before the erase moment ends it: who is told in time need not wait for that.
"""

from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from audit.enums import Action
from audit.services import record_event
from candidates.enums import APPROACHED, RestrictionGround
from candidates.models import Candidate, Restriction
from candidates.selectors.clock import live_restrictions
from candidates.services.addresses import link_what_came_meanwhile
from candidates.services.clock import recompute_clock
from common.actors import SYSTEM, Actor
from common.errors import Refused
from mailing.enums import EmailKind
from mailing.services import drop_emails_about, queue_email
from policy.calendar import add_months, local_date
from policy.expiry import LASTING
from policy.periods import REVIEW_HOLD_MONTHS

TELL_BEFORE = timedelta(days=30)
"""A restriction that the erase moment ends is announced so long before it."""


@transaction.atomic
def restrict_candidate(person_ref: UUID, *, ground: RestrictionGround, actor: Actor, at: datetime) -> Restriction:
    """Restrict a person on a ground of Art. 18(1), all linked records at once; the clock goes on.

    What waits to tell the staff about the person is taken back. Restricting again on the same ground changes nothing.
    Raises Refused where nobody has this reference, or erasing has begun.
    """
    records = list(Candidate.objects.filter(person_ref=person_ref).locked())
    if not records or any(record.erasing_ref for record in records):
        raise Refused("gone", _("These data are no longer kept."))
    refs = [record.pk for record in records]
    for live in live_restrictions(refs):
        if live.ground == ground:
            return live
    restriction = Restriction.objects.create(
        candidate=max(records, key=lambda record: record.collected_at),
        ground=ground,
        opened_at=at,
        opened_by_id=actor.staff_ref,
        review_on=next_review(at),
    )
    recompute_clock(person_ref)
    drop_emails_about(refs)
    _record(Action.RESTRICTED, restriction, actor=actor, at=at)
    return restriction


@transaction.atomic
def lift_restriction(restriction_id: UUID, *, actor: Actor, at: datetime) -> Restriction:
    """Lift a restriction; whose time is over meanwhile stays hidden and is erased by the next run. What the person sent
    meanwhile is linked.

    Raises Refused where the person was not told first (Art. 18(3)) or it is lifted already, Restriction.DoesNotExist.
    """
    restriction = _live(restriction_id)
    if restriction.told_at is None:
        raise Refused("not_told", _("Tell the person first that the restriction ends, Art. 18(3)."))
    restriction.lifted_at = at
    restriction.lifted_by_id = actor.staff_ref
    restriction.save(update_fields=["lifted_at", "lifted_by"])
    recompute_clock(restriction.candidate.person_ref)
    _record(Action.RESTRICTION_LIFTED, restriction, actor=actor, at=at)
    link_what_came_meanwhile(restriction.candidate.person_ref, actor=actor, at=at)
    return restriction


@transaction.atomic
def tell_restriction_ends(restriction_id: UUID, *, at: datetime, actor: Actor = SYSTEM) -> Restriction:
    """Mail the person that the restriction will be lifted (Art. 18(3)).

    Raises Refused where it is lifted already, or where no address of the person can be written to: then they are told
    otherwise, and ``record_told`` says so.
    """
    restriction = _live(restriction_id)
    if not _mail(restriction.candidate.person_ref, erased_on="", key=str(restriction.pk), at=at):
        raise Refused("no_address", _("There is no address to write to. Tell the person otherwise, and say so here."))
    _mark_told(restriction, actor=actor, at=at)
    return restriction


@transaction.atomic
def record_told(restriction_id: UUID, *, actor: Actor, at: datetime) -> Restriction:
    """Record that the person was told by letter or phone that the restriction ends. Raises Refused as above."""
    restriction = _live(restriction_id)
    _mark_told(restriction, actor=actor, at=at)
    return restriction


@transaction.atomic
def review_restriction(restriction_id: UUID, *, actor: Actor, at: datetime) -> Restriction:
    """Look at a restriction and keep it; the next review is at most six months away. Raises Refused as above."""
    restriction = _live(restriction_id)
    restriction.review_on = next_review(at)
    restriction.save(update_fields=["review_on"])
    _record(Action.HOLD_REVIEWED, restriction, actor=actor, at=at)
    return restriction


@transaction.atomic
def tell_of_ending_restrictions(*, at: datetime, limit: int = 500) -> int:
    """Tell those whose restriction the erase moment will end, 30 days before, so that erasing need not wait for it.

    One mail a person and date; where the date moved after they were told they are told again. On the other grounds a
    restriction does not end by itself. Returns how many restrictions were announced.
    """
    # A day of grace: what was told for this date was told a little earlier or later than 30 days before it.
    told_for_another_date = Q(told_at__lt=F("candidate__expires_at") - TELL_BEFORE - timedelta(days=1))
    waiting = (
        Restriction.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("candidate")
        .filter(
            Q(told_at=None) | told_for_another_date,
            lifted_at=None,
            candidate__expires_at__lte=at + TELL_BEFORE,
            candidate__erase_after=None,
            candidate__erasing_ref=None,
        )
        .exclude(ground__in=[ground.value for ground in LASTING])
        .order_by("candidate__expires_at", "pk")
    )
    told = 0
    for restriction in waiting[:limit]:
        candidate = restriction.candidate
        key = f"{candidate.person_ref}:{candidate.keep_until}"
        if _mail(candidate.person_ref, erased_on=candidate.keep_until.isoformat(), key=key, at=at):
            _mark_told(restriction, actor=SYSTEM, at=at)
            told += 1
    return told


def next_review(at: datetime) -> date:
    """The last day by which a hold or a restriction made or reviewed at ``at`` is looked at again."""
    return add_months(local_date(at), REVIEW_HOLD_MONTHS)


def _live(restriction_id: UUID) -> Restriction:
    restriction = Restriction.objects.select_for_update(of=("self",)).select_related("candidate").get(pk=restriction_id)
    if restriction.lifted_at:
        raise Refused("lifted", _("The restriction is lifted already."))
    return restriction


def _mail(person_ref: UUID, *, erased_on: str, key: str, at: datetime) -> bool:
    """Queue the notice to an address that is the person's; whether there is one."""
    records = Candidate.objects.filter(person_ref=person_ref, undeliverable_at=None, address_disowned_at=None)
    reachable = [
        record
        for record in records.exclude(email="").order_by("-collected_at")
        if record.is_confirmed or record.origin in APPROACHED
    ]
    if not reachable:
        return False
    queue_email(
        EmailKind.RESTRICTION_ENDS,
        to_address=reachable[0].email,
        language=reachable[0].language,
        context={"erased_on": erased_on},
        dedupe_key=key,
        subject_ref=reachable[0].pk,
        at=at,
    )
    return True


def _mark_told(restriction: Restriction, *, actor: Actor, at: datetime) -> None:
    restriction.told_at = at
    restriction.save(update_fields=["told_at"])
    recompute_clock(restriction.candidate.person_ref)
    _record(Action.RESTRICTION_TOLD, restriction, actor=actor, at=at)


def _record(action: Action, restriction: Restriction, *, actor: Actor, at: datetime) -> None:
    record_event(
        action,
        at=at,
        actor=actor,
        subject_ref=restriction.candidate_id,
        object_ref=restriction.pk,
        details={"ground": RestrictionGround(restriction.ground)},
    )
