"""Contacts with a candidate, as they really took place (docs/explanation/last-contact.md, E1 to E16).

A contact lengthens storage, so the dangers are one that did not take place and one that comes too late. What a
colleague enters is dated when it happened, never later than now and never before we knew the person; what turns out not
to have happened is taken back (``corrections``); every change computes the date anew in the same transaction. And
nothing is attached to a person whose time was already over when it happened: nobody is revived.
"""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.enums import Action
from audit.services import record_event
from candidates.enums import RECORDED_BY_STAFF, Direction, InteractionKind, MeansOfContact
from candidates.models import Application, Candidate, Interaction
from candidates.services.clock import recompute_clock
from common.actors import Actor
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

POSSIBLE_MEANS: dict[InteractionKind, frozenset[MeansOfContact]] = {
    InteractionKind.MAIL_SENT: frozenset({MeansOfContact.MAIL, MeansOfContact.MESSAGE}),
    InteractionKind.MAIL_RECEIVED: frozenset({MeansOfContact.MAIL, MeansOfContact.MESSAGE}),
    InteractionKind.CALL: frozenset({MeansOfContact.PHONE, MeansOfContact.VIDEO}),
    InteractionKind.INTERVIEW: frozenset({MeansOfContact.MEETING, MeansOfContact.VIDEO, MeansOfContact.PHONE}),
}
"""Other kinds take place by any means but the portal, which records its own."""

MAILS = frozenset({InteractionKind.MAIL_SENT, InteractionKind.MAIL_RECEIVED})


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

    A mail to the person is about an application of theirs (E5); where they have one only, it need not be named. Raises
    Refused for a kind that is not recorded by hand, means or direction that the kind cannot have, a moment in the
    future or before the person was known (E6: nothing that is merely planned counts), or an application of somebody
    else; Candidate.DoesNotExist for a person who may not be seen.
    """
    candidate = lock_visible(candidate_id, at=at)
    if kind not in RECORDED_BY_STAFF:
        raise Refused("kind", _("This kind of contact is recorded by the portal itself."))
    usual_means, usual_direction = USUAL[kind]
    means, direction = means or usual_means, direction or usual_direction
    _check_how(kind, means, direction)
    check_moment(candidate, occurred_at, at=at)
    application = _application(candidate, application_id, kind)
    record = application.candidate if application else candidate
    if means == MeansOfContact.MAIL:
        mark_mailbox_copy(record)
    return write_interaction(
        record,
        kind,
        occurred_at,
        means=means,
        direction=direction,
        actor=actor,
        at=at,
        application_id=application.pk if application else None,
        text=text,
    )


def record_act(
    candidate: Candidate, kind: InteractionKind, *, actor: Actor, at: datetime, application_id: UUID
) -> Interaction:
    """Record what a candidate did in the portal, now."""
    return write_interaction(
        candidate,
        kind,
        at,
        means=MeansOfContact.PORTAL,
        direction=Direction.IN,
        actor=actor,
        at=at,
        application_id=application_id,
    )


def lock_visible(candidate_id: UUID, *, at: datetime) -> Candidate:
    """The record of a person who may be seen, with all records of the person locked.

    Raises Candidate.DoesNotExist.
    """
    candidate = lock_person(candidate_id)
    if candidate is None or not Candidate.objects.visible(at).filter(pk=candidate.pk).exists():
        raise Candidate.DoesNotExist(candidate_id)
    return candidate


def lock_for_late_contact(
    candidate_id: UUID, happened_at: datetime, *, is_destroying: Callable[[UUID], bool]
) -> Candidate | None:
    """The record to which a contact of ``happened_at`` belongs, locked, though it is recorded late (spec §2.8 rule 3).

    None where the person's time was over when it happened, or destroying has begun: nobody is revived.
    ``is_destroying`` answers that for the batch in ``erasing_ref``; it is asked under the lock that the batch takes
    before its first destructive step.
    """
    candidate = lock_person(candidate_id)
    if candidate is None or happened_at >= candidate.expires_at:
        return None
    return None if candidate.erasing_ref and is_destroying(candidate.erasing_ref) else candidate


def lock_person(candidate_id: UUID) -> Candidate | None:
    """The record, with all records of the person locked; None where there is none."""
    records = list(Candidate.objects.of_person_of(candidate_id).locked())
    return next((record for record in records if record.pk == candidate_id), None)


def check_moment(candidate: Candidate, occurred_at: datetime, *, at: datetime) -> None:
    """Raise Refused for a moment in the future, or before any record of the person was there."""
    if occurred_at > at:
        raise Refused("future", _("This lies in the future. Record it when it has taken place."))
    records = Candidate.objects.filter(person_ref=candidate.person_ref)
    if not records.filter(collected_at__lte=occurred_at).exists():
        raise Refused("before", _("This lies before we knew the candidate."))


def _check_how(kind: InteractionKind, means: MeansOfContact, direction: Direction) -> None:
    possible = POSSIBLE_MEANS.get(kind)
    if means == MeansOfContact.PORTAL or (possible and means not in possible):
        raise Refused("means", _("This kind of contact does not take place by those means."))
    if kind in MAILS and direction != USUAL[kind][1]:
        raise Refused("direction", _("Say for a mail who wrote it: the candidate, or we."))


def _application(candidate: Candidate, application_id: UUID | None, kind: InteractionKind) -> Application | None:
    own = Application.objects.filter(candidate__person_ref=candidate.person_ref).select_related("candidate")
    if application_id:
        application = own.filter(pk=application_id).first()
        if application is None:
            raise Refused("application", _("That application is not this candidate's."))
        return application
    if kind != InteractionKind.MAIL_SENT:
        return None
    found = list(own[:2])
    if len(found) > 1:
        raise Refused("application", _("Say which application the mail is about."))
    return found[0] if found else None


def mark_mailbox_copy(candidate: Candidate) -> None:
    """Note that a mailbox outside the portal holds mail of or to the person, which a human empties at the erasure."""
    Candidate.objects.filter(pk=candidate.pk).update(has_mailbox_copy=True)


def write_interaction(
    candidate: Candidate,
    kind: InteractionKind,
    occurred_at: datetime,
    *,
    means: MeansOfContact,
    direction: Direction,
    actor: Actor,
    at: datetime,
    application_id: UUID | None = None,
    text: str = "",
    message_id: str = "",
) -> Interaction:
    """Write a contact that the caller has checked, and compute the date anew. No decision is made here."""
    interaction = Interaction.objects.create(
        candidate=candidate,
        application_id=application_id,
        kind=kind,
        means=means,
        direction=direction,
        message_id=message_id,
        occurred_at=occurred_at,
        recorded_at=at,
        recorded_by_id=actor.staff_ref,
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
