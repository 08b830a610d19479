"""The register of what people ask for (policy §8, GDPR Art. 12 to 22), from receipt to answer.

A request is answered within a calendar month from when it first reached us, whoever wrote it down and when. What the
law wants at once is done in the act that records it: an erasure hides the person, an objection restricts them. Whoever
recorded a request does not refuse it. The register outlives the person without saying who they were: their address
stands in it only where nothing else is kept about them, and is wiped with the answer.
"""

import secrets
from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from audit.enums import Action
from audit.services import record_event
from candidates.enums import RestrictionGround
from candidates.models import Candidate
from candidates.services.erasure import request_erasure, take_back_erasure
from candidates.services.holds import live_holds
from candidates.services.restrictions import restrict_candidate
from common.actors import SYSTEM, Actor
from common.errors import Refused
from common.lookups import Refs
from policy.calendar import local_date
from policy.expiry import WAITED_FOR, objection_due_on, request_due_on, request_limit_on
from privacy.enums import Decision, RequestChannel, SubjectRequestKind
from privacy.models import SubjectRequest

REFUSALS = frozenset({Decision.REFUSED, Decision.PARTLY})
"""Decisions that need a ground, and somebody else than who recorded the request."""


@transaction.atomic
def open_request(
    kind: SubjectRequestKind,
    *,
    channel: RequestChannel,
    received_at: datetime,
    actor: Actor,
    at: datetime,
    language: str = "en",
    person_ref: UUID | None = None,
    address: str = "",
    is_identified: bool = True,
) -> SubjectRequest:
    """Record what a person asked for; the time for the answer runs from ``received_at``, which may lie back.

    Where it is certain who asks (``is_identified``), an erasure is asked for at once, and an objection restricts at
    once; where it is not, ``confirm_identity`` does so later. A second erasure request of a person joins the first.
    Raises Refused where the receipt lies in the future, nothing says who asks, or nobody has the reference.
    """
    if received_at > at:
        raise Refused("future", _("This lies in the future."))
    if person_ref is None and not address.strip():
        raise Refused("who", _("Say who asks: an address that an answer can go to."))
    if person_ref and not Candidate.objects.filter(person_ref=person_ref).exists():
        raise Refused("gone", _("These data are no longer kept."))
    if person_ref and kind in JOINED:
        live = SubjectRequest.objects.filter(person_ref=person_ref, kind=kind, closed_at=None).first()
        if live:
            return live
    request = SubjectRequest(
        number=f"R-{secrets.token_hex(4).upper()}",
        kind=kind,
        channel=channel,
        person_ref=person_ref,
        address="" if person_ref else address.strip(),
        language=language,
        received_at=received_at,
        recorded_at=at,
        recorded_by_id=actor.staff_ref,
        **_dates(kind, received_at, is_extended=False),
    )
    request.save()
    _record(Action.REQUEST_OPENED, request, actor=actor, at=at)
    if person_ref and is_identified:
        _act(request, person_ref, actor=actor, at=at)
    return request


JOINED = frozenset({SubjectRequestKind.ERASURE, SubjectRequestKind.OBJECTION})
"""Of these a person has one open at a time: what they ask for happens once."""


@transaction.atomic
def confirm_identity(request_id: UUID, *, actor: Actor, at: datetime) -> SubjectRequest:
    """Record that it is certain now who asks, and do what the law wants at once. Raises Refused for a closed request,
    or one about nobody whom we know.
    """
    request = lock_open(request_id)
    if request.person_ref is None:
        raise Refused("gone", _("These data are no longer kept."))
    _act(request, request.person_ref, actor=actor, at=at)
    return request


@transaction.atomic
def extend_request(request_id: UUID, *, has_told: bool, actor: Actor, at: datetime) -> SubjectRequest:
    """Take two further months, of which the person was told within the first, with the reasons (GDPR Art. 12(3)).

    Raises Refused where they were not told, the first month is over, it was extended before, or it is answered.
    """
    request = lock_open(request_id)
    if request.extended_at:
        raise Refused("extended", _("The time was extended already. It cannot be extended again."))
    if local_date(at) > request_due_on(request.received_at):
        raise Refused("late", _("The first month is over. The time can no longer be extended."))
    if not has_told:
        raise Refused("not_told", _("Tell the person first that it takes longer, and why."))
    dates = _dates(SubjectRequestKind(request.kind), request.received_at, is_extended=True)
    SubjectRequest.objects.filter(pk=request.pk).update(extended_at=at, **dates)
    request.refresh_from_db()
    _record(Action.REQUEST_EXTENDED, request, actor=actor, at=at)
    return request


@transaction.atomic
def close_request(
    request_id: UUID, *, decision: Decision, ground: str = "", actor: Actor, at: datetime
) -> SubjectRequest:
    """Record how a request was answered; the address goes now.

    An erasure that is refused or taken back is taken back with it; one that is granted closes by itself when everything
    is gone. Raises Refused where it is answered already, an objection is not decided as such, a refusal has no ground
    or comes from whoever recorded the request, or erasing has begun.
    """
    request = lock_open(request_id)
    if request.kind == SubjectRequestKind.OBJECTION and decision is not Decision.WITHDRAWN:
        raise Refused("objection", _("Decide the objection on its own form."))
    if decision in REFUSALS:
        check_refusal(request, ground, actor)
    if request.kind == SubjectRequestKind.ERASURE and request.person_ref:
        _close_erasure(request.person_ref, decision, actor=actor, at=at)
    close(request, decision, ground.strip(), actor=actor, at=at)
    return request


def check_refusal(request: SubjectRequest, ground: str, actor: Actor) -> None:
    """Raise Refused where a refusal has no ground, or comes from whoever recorded the request (spec 3.8)."""
    if not ground.strip():
        raise Refused("ground", _("A refusal needs its ground, which the person is told."))
    if actor.ref is not None and actor.ref == request.recorded_by_id:
        raise Refused("same", _("You recorded this request. Somebody else decides on refusing it."))


def _close_erasure(person_ref: UUID, decision: Decision, *, actor: Actor, at: datetime) -> None:
    is_known = Candidate.objects.filter(person_ref=person_ref).exists()
    if decision is Decision.PARTLY or not is_known:
        return
    if decision not in {Decision.REFUSED, Decision.WITHDRAWN}:
        raise Refused("erasing", _("An erasure closes by itself when everything is gone."))
    asked = Candidate.objects.filter(person_ref=person_ref, erase_after__isnull=False).exists()
    if asked and not take_back_erasure(person_ref, actor=actor, at=at):
        raise Refused("begun", _("Erasing has begun. Nobody can take it back."))


@transaction.atomic
def close_requests_of_erased(person_refs: Iterable[UUID], *, at: datetime) -> int:
    """Close what people had asked for who are being erased, saying so in their language; returns how many.

    The engine calls it while it erases their rows. An erasure is fulfilled, in part where a hold keeps something; of
    the others nothing is held any more. A request for access or portability is not answered by that and stays open.
    """
    waiting = SubjectRequest.objects.select_for_update().filter(person_ref__in_array=Refs(person_refs), closed_at=None)
    requests = list(waiting.exclude(kind__in=[kind.value for kind in WAITED_FOR]).order_by("pk"))
    for request in requests:
        records = Candidate.objects.filter(person_ref__in=[request.person_ref]).values_list("pk", flat=True)
        with translation.override(request.language):
            if request.kind not in JOINED:
                close(request, Decision.NOTHING_HELD, str(ERASED), actor=SYSTEM, at=at)
            elif live_holds(records):
                close(request, Decision.PARTLY, str(HELD), actor=SYSTEM, at=at)
            else:
                close(request, Decision.FULFILLED, str(ERASED), actor=SYSTEM, at=at)
    return len(requests)


ERASED = _("All data about you have been erased.")
HELD = _("Everything was erased but what a legal claim needs, GDPR Art. 17(3)(e).")


def close(request: SubjectRequest, decision: Decision, ground: str, *, actor: Actor, at: datetime) -> None:
    """Write the answer to a request that is locked and open."""
    request.decision = decision
    request.decision_ground = ground
    request.closed_at = at
    request.closed_by_id = actor.staff_ref
    request.address = ""
    request.save(update_fields=["decision", "decision_ground", "closed_at", "closed_by", "address"])
    _record(Action.REQUEST_CLOSED, request, actor=actor, at=at)


def lock_open(request_id: UUID) -> SubjectRequest:
    """An open request under lock. Raises Refused where it is answered, SubjectRequest.DoesNotExist."""
    request = SubjectRequest.objects.select_for_update().get(pk=request_id)
    if request.closed_at:
        raise Refused("closed", _("The request is answered already."))
    return request


def _act(request: SubjectRequest, person_ref: UUID, *, actor: Actor, at: datetime) -> None:
    """What the law wants at once, and not within a month."""
    if request.kind == SubjectRequestKind.ERASURE:
        request_erasure(person_ref, actor=actor, at=at)
    elif request.kind == SubjectRequestKind.OBJECTION:
        restrict_candidate(person_ref, ground=RestrictionGround.OBJECTION, actor=actor, at=at)


def _dates(kind: SubjectRequestKind, received_at: datetime, *, is_extended: bool) -> dict[str, date]:
    limit = request_limit_on(received_at, is_extended=is_extended)
    if kind == SubjectRequestKind.OBJECTION:
        return {"due_on": objection_due_on(received_at), "limit_on": limit}
    return {"due_on": limit if is_extended else request_due_on(received_at), "limit_on": limit}


def _record(action: Action, request: SubjectRequest, *, actor: Actor, at: datetime) -> None:
    details: dict[str, SubjectRequestKind | Decision] = {"kind": SubjectRequestKind(request.kind)}
    if request.decision:
        details["decision"] = Decision(request.decision)
    record_event(action, at=at, actor=actor, subject_ref=request.person_ref, object_ref=request.pk, details=details)
