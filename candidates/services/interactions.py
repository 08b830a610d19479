"""Contacts with a candidate, as they really took place."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.enums import Action
from audit.services import record_event
from candidates.enums import RECORDED_BY_STAFF, Direction, InteractionKind, MeansOfContact
from candidates.models import Application, Candidate, Interaction
from candidates.services.clock import recompute_clock
from common.actors import Actor, ActorKind
from common.errors import Refused

USUAL: dict[InteractionKind, tuple[MeansOfContact, Direction]] = {
    InteractionKind.MAIL_SENT: (MeansOfContact.MAIL, Direction.OUT),
    InteractionKind.MAIL_RECEIVED: (MeansOfContact.MAIL, Direction.IN),
    InteractionKind.CALL: (MeansOfContact.PHONE, Direction.OUT),
    InteractionKind.INTERVIEW: (MeansOfContact.MEETING, Direction.OUT),
    InteractionKind.THIRD_PARTY: (MeansOfContact.PHONE, Direction.OUT),
    InteractionKind.OTHER_ROLE: (MeansOfContact.MEETING, Direction.OUT),
}
"""By what means, and who begins, unless somebody says otherwise."""


@transaction.atomic
def record_interaction(
    candidate_id: UUID,
    *,
    kind: InteractionKind,
    occurred_at: datetime,
    text: str,
    actor: Actor,
    at: datetime,
    application_id: UUID | None = None,
    means: MeansOfContact | None = None,
    direction: Direction | None = None,
) -> Interaction:
    """Record a call, a mail or an interview that took place, and move the clock to the moment it happened.

    Raises Refused for a kind that is not recorded by hand, a moment in the future or before the person was known
    (spec E6: nothing that is merely planned counts), or an application of somebody else; Candidate.DoesNotExist for a
    person who may not be seen.
    """
    candidate = Candidate.objects.visible(at).select_for_update().get(pk=candidate_id)
    if kind not in RECORDED_BY_STAFF:
        raise Refused("kind", _("This kind of contact is recorded by the portal itself."))
    if occurred_at > at:
        raise Refused("future", _("This lies in the future. Record it when it has taken place."))
    if occurred_at < candidate.collected_at:
        raise Refused("before", _("This lies before we knew the candidate."))
    if application_id and not Application.objects.filter(pk=application_id, candidate=candidate).exists():
        raise Refused("application", _("That application is not this candidate's."))
    usual_means, usual_direction = USUAL[kind]
    return _record(
        candidate,
        kind,
        occurred_at,
        text=text,
        actor=actor,
        at=at,
        application_id=application_id,
        means=means or usual_means,
        direction=direction or usual_direction,
    )


def record_act(
    candidate: Candidate, kind: InteractionKind, *, actor: Actor, at: datetime, application_id: UUID
) -> Interaction:
    """Record what a candidate did in the portal, now."""
    return _record(
        candidate,
        kind,
        at,
        text="",
        actor=actor,
        at=at,
        application_id=application_id,
        means=MeansOfContact.PORTAL,
        direction=Direction.IN,
    )


def _record(
    candidate: Candidate,
    kind: InteractionKind,
    occurred_at: datetime,
    *,
    text: str,
    actor: Actor,
    at: datetime,
    application_id: UUID | None,
    means: MeansOfContact,
    direction: Direction,
) -> Interaction:
    interaction = Interaction.objects.create(
        candidate=candidate,
        application_id=application_id,
        kind=kind,
        means=means,
        direction=direction,
        occurred_at=occurred_at,
        recorded_at=at,
        recorded_by_id=actor.ref if actor.kind is ActorKind.STAFF else None,
        text=text,
    )
    recompute_clock(candidate.person_ref)
    record_event(
        Action.INTERACTION_RECORDED,
        at=at,
        actor=actor,
        subject_ref=candidate.pk,
        object_ref=interaction.pk,
        details={"kind": kind},
    )
    return interaction
