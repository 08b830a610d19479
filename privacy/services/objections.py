"""Objecting to recruiting contact (policy §8, GDPR Art. 21): stopped at once, decided by a human within seven days.

Who objects is restricted in the same act. Without compelling grounds they are erased at once, with them the data stay
restricted until the person was told. Their erase moment comes in any case; so what they want for afterwards, not to be
approached again, is recorded when they say it and not when it is decided.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.enums import Action
from audit.services import record_event
from candidates.enums import RestrictionGround, SuppressionReason
from candidates.models import Candidate, Restriction
from candidates.services import restrictions
from candidates.services.erasure import request_erasure
from candidates.services.suppression import suppress_person
from common.actors import Actor
from common.errors import Refused
from privacy.enums import Decision, RequestChannel, SubjectRequestKind
from privacy.models import SubjectRequest
from privacy.services.requests import check_refusal, close, lock_open, open_request


@transaction.atomic
def object_to_recruiting(
    person_ref: UUID,
    *,
    wants_suppression: bool,
    actor: Actor,
    at: datetime,
    channel: RequestChannel = RequestChannel.PORTAL,
    received_at: datetime | None = None,
    is_identified: bool = True,
) -> SubjectRequest:
    """Record an objection: the person is restricted at once, and suppressed if they want it.

    Objecting again adds nothing but a suppression that was not wanted before. Raises Refused where nobody has this
    reference, or erasing has begun.
    """
    record = Candidate.objects.filter(person_ref=person_ref).order_by("collected_at").last()
    if record is None:
        raise Refused("gone", _("These data are no longer kept."))
    request = open_request(
        SubjectRequestKind.OBJECTION,
        channel=channel,
        received_at=received_at or at,
        person_ref=person_ref,
        language=record.language,
        is_identified=is_identified,
        actor=actor,
        at=at,
    )
    record_event(
        Action.OBJECTED,
        at=at,
        actor=actor,
        subject_ref=record.pk,
        object_ref=request.pk,
        details={"wants_suppression": wants_suppression},
    )
    if wants_suppression:
        suppress_person(person_ref, reason=SuppressionReason.OBJECTION, actor=actor, at=at)
    return request


@transaction.atomic
def decide_objection(
    request_id: UUID, *, has_grounds: bool, ground: str = "", actor: Actor, at: datetime
) -> SubjectRequest:
    """Decide an objection. Without compelling grounds the person is erased by the next run, with no time to cool; with
    them they are told that the restriction ends, and it is lifted by hand afterwards.

    Raises Refused for another request or one that is decided, for grounds that are not written down, and for whoever
    recorded the objection where it is refused.
    """
    request = lock_open(request_id)
    if request.kind != SubjectRequestKind.OBJECTION:
        raise Refused("kind", _("This is no objection."))
    if has_grounds:
        check_refusal(request, ground, actor)
    close(request, Decision.REFUSED if has_grounds else Decision.FULFILLED, ground.strip(), actor=actor, at=at)
    if request.person_ref:
        if has_grounds:
            _tell(request.person_ref, actor=actor, at=at)
        else:
            request_erasure(request.person_ref, actor=actor, at=at, is_at_once=True)
    record_event(
        Action.OBJECTION_DECIDED,
        at=at,
        actor=actor,
        subject_ref=request.person_ref,
        object_ref=request.pk,
        details={"has_grounds": has_grounds},
    )
    return request


@transaction.atomic
def lift_restriction(restriction_id: UUID, *, actor: Actor, at: datetime) -> Restriction:
    """Lift a restriction after the person was told; one for an objection only when that is decided.

    Raises Refused as ``candidates.services.restrictions.lift_restriction`` does.
    """
    restriction = Restriction.objects.select_related("candidate").get(pk=restriction_id)
    undecided = SubjectRequest.objects.filter(
        kind=SubjectRequestKind.OBJECTION, person_ref=restriction.candidate.person_ref, closed_at=None
    )
    if restriction.ground == RestrictionGround.OBJECTION and undecided.exists():
        raise Refused("undecided", _("Decide the objection first."))
    return restrictions.lift_restriction(restriction_id, actor=actor, at=at)


def _tell(person_ref: UUID, *, actor: Actor, at: datetime) -> None:
    live = Restriction.objects.filter(
        candidate__person_ref=person_ref, ground=RestrictionGround.OBJECTION, lifted_at=None
    ).first()
    if live is None:
        return
    try:
        restrictions.tell_restriction_ends(live.pk, actor=actor, at=at)
    except Refused:
        return  # no address: the desk shows that the person is still to be told, by letter or phone
