"""What turns out otherwise: a contact that did not take place, or at another time (E5, E6).

A contact that is taken back stays, so that the date can be explained; it counts no more. The danger is a date that is
wound by hand: what the portal or a mail server dated is not re-dated, what the person did in the portal is not undone,
and every change is an audit event.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.enums import Action
from audit.services import record_event
from candidates.enums import RECORDED_BY_STAFF, REVOCATIONS, InteractionKind, InterviewState, RevocationReason
from candidates.models import Interaction, Interview, NoticeShown
from candidates.services.clock import recompute_clock
from candidates.services.interactions import check_moment, lock_visible
from candidates.services.notices import settle_notice
from common.actors import Actor
from common.errors import Refused
from notices.texts import TextId


def may_be_dated(interaction: Interaction) -> bool:
    """Whether a colleague named the moment, and may name another.

    A mail server's and the portal's own stand, and so does that of a message by which the person was told (Art. 14):
    where it is wrong, the message is taken back and the notice falls with it.
    """
    if interaction.kind not in RECORDED_BY_STAFF or interaction.message_id or interaction.revoked_at:
        return False
    told = NoticeShown.objects.filter(candidate_id=interaction.candidate_id, text_id=TextId.SOURCED_NOTICE)
    return not told.filter(shown_at=interaction.occurred_at).exists()


@transaction.atomic
def revoke_interaction(
    interaction_id: UUID, *, reason: RevocationReason, actor: Actor, at: datetime, candidate_id: UUID
) -> Interaction:
    """Record that a contact did not take place after all; it stays, counts no more, and the date follows at once.

    The person may be expired by it, and is then hidden in the same moment. Raises Refused for what the portal itself
    recorded, a reason that the kind cannot have, or one that is revoked already; Interaction.DoesNotExist for a contact
    of somebody else, Candidate.DoesNotExist for a person who may not be seen.
    """
    interaction = _lock_interaction(interaction_id, candidate_id, at)
    reasons = REVOCATIONS[interaction.kind]
    if not reasons:
        raise Refused("kind", _("The portal recorded this itself. It took place."))
    if reason not in reasons:
        raise Refused("reason", _("That reason does not fit this kind of contact."))
    if interaction.revoked_at:
        raise Refused("already", _("This is already marked as not having taken place."))
    return apply_revocation(interaction, reason=reason, actor=actor, at=at)


def apply_revocation(interaction: Interaction, *, reason: RevocationReason, actor: Actor, at: datetime) -> Interaction:
    """Revoke a contact that the caller has locked and checked; an interview that was marked as held follows."""
    interaction.revoked_at = at
    interaction.revocation = reason
    interaction.save(update_fields=["revoked_at", "revocation"])
    # An interview that was marked as held by mistake is planned again; one that nobody came to has ended.
    follows: dict[str, Any] = (
        {"state": InterviewState.NO_SHOW}
        if reason == RevocationReason.NO_SHOW
        else {"state": InterviewState.PLANNED, "interaction": None}
    )
    Interview.objects.filter(interaction=interaction).update(**follows)
    settle_notice(interaction.candidate)
    recompute_clock(interaction.candidate.person_ref)
    record_event(
        Action.INTERACTION_REVOKED,
        at=at,
        actor=actor,
        subject_ref=interaction.candidate_id,
        object_ref=interaction.pk,
        details={"kind": InteractionKind(interaction.kind), "reason": reason},
    )
    return interaction


@transaction.atomic
def correct_interaction(
    interaction_id: UUID, *, occurred_at: datetime, actor: Actor, at: datetime, candidate_id: UUID
) -> Interaction:
    """Give a contact that a colleague recorded the moment at which it really happened; the date follows at once.

    Raises Refused for what the portal or a mail server dated, for what is revoked, and for a moment that cannot be,
    later than when it was recorded too; the others as ``revoke_interaction``.
    """
    interaction = _lock_interaction(interaction_id, candidate_id, at)
    if not may_be_dated(interaction):
        raise Refused("kind", _("The date of this contact cannot be changed."))
    check_moment(interaction.candidate, occurred_at, at=at)
    if occurred_at > interaction.recorded_at:
        raise Refused("later", _("It was recorded before that. Record a later contact as one of its own."))
    days = (occurred_at - interaction.occurred_at).days
    interaction.occurred_at = occurred_at
    interaction.save(update_fields=["occurred_at"])
    Interview.objects.filter(interaction=interaction).update(starts_at=occurred_at)
    recompute_clock(interaction.candidate.person_ref)
    record_event(
        Action.INTERACTION_CORRECTED,
        at=at,
        actor=actor,
        subject_ref=interaction.candidate_id,
        object_ref=interaction.pk,
        details={"kind": InteractionKind(interaction.kind), "reason": RevocationReason.CORRECTED, "days": days},
    )
    return interaction


def _lock_interaction(interaction_id: UUID, candidate_id: UUID, at: datetime) -> Interaction:
    candidate = lock_visible(candidate_id, at=at)
    rows = Interaction.objects.select_for_update(of=("self",)).select_related("candidate")
    return rows.get(pk=interaction_id, candidate__person_ref=candidate.person_ref)
