"""Contacts with a candidate, as they really took place."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.enums import Action
from audit.services import record_event
from candidates.enums import RECORDED_BY_STAFF, InteractionKind
from candidates.models import Application, Candidate, Interaction
from candidates.services.clock import recompute_clock
from common.actors import Actor, ActorKind
from common.errors import Refused


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
    return _record(candidate, kind, occurred_at, text=text, actor=actor, at=at, application_id=application_id)


def record_act(
    candidate: Candidate, kind: InteractionKind, *, actor: Actor, at: datetime, application_id: UUID
) -> Interaction:
    """Record what a candidate did in the portal, now."""
    return _record(candidate, kind, at, text="", actor=actor, at=at, application_id=application_id)


def _record(
    candidate: Candidate,
    kind: InteractionKind,
    occurred_at: datetime,
    *,
    text: str,
    actor: Actor,
    at: datetime,
    application_id: UUID | None,
) -> Interaction:
    interaction = Interaction.objects.create(
        candidate=candidate,
        application_id=application_id,
        kind=kind,
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
