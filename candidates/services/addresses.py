"""Whose address is it: confirming, linking and disowning.

Anybody can type anybody's address, so an application opens nothing that is there already: it is a record of its own,
and only whoever reads the mailbox can join it to older records. The dangers are disclosure (a stranger reads what is
kept about the owner of an address), and reviving (an expired record is pulled back by a new application). So
confirming counts at the time of submission, and a record that has expired or is being erased is never linked.
"""

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction

from accounts.enums import LinkPurpose
from accounts.services.links import create_link
from audit.enums import Action
from audit.services import record_event
from candidates.models import Candidate
from candidates.models.candidates import CandidateQuerySet
from candidates.selectors.people import live_consents
from candidates.services.clock import recompute_clock
from candidates.services.consents import confirm_by_mail
from common.actors import Actor, ActorKind
from mailing.enums import EmailKind
from mailing.models import OutboxEmail
from mailing.services import queue_email


def create_confirmation_link(candidate: Candidate, *, at: datetime) -> str:
    """The token of a link that confirms the address of a record for seven days."""
    return create_link(
        LinkPurpose.CONFIRM_ADDRESS,
        address=candidate.address,
        language=candidate.language,
        lifetime=settings.ADDRESS_LINK_LIFETIME,
        at=at,
        subject_ref=candidate.pk,
    )


@transaction.atomic
def confirm_address(candidate_id: UUID, *, address: str, at: datetime) -> Candidate | None:
    """Mark the record's address as confirmed by whoever controls ``address`` (its normal form), and link it to the
    older records of exactly that address.

    Returns None where the record is gone, expired, being erased, disowned, or has another address. Repeating it
    changes nothing.
    """
    candidate = (
        Candidate.objects.visible(at)
        .select_for_update()
        .filter(pk=candidate_id, address=address, address_disowned_at=None)
        .first()
    )
    if candidate is None:
        return None
    if candidate.is_confirmed:
        return candidate
    candidate.address_confirmed_at = at
    candidate.save(update_fields=["address_confirmed_at"])
    actor = Actor(ActorKind.CANDIDATE, candidate.pk)
    record_event(Action.ADDRESS_CONFIRMED, at=at, actor=actor, subject_ref=candidate.pk)
    older = _of_address(address, at).exclude(pk=candidate.pk).first()
    if older:
        link_candidates(candidate, older, actor=actor, at=at)
    recompute_clock(candidate.person_ref)
    for consent in live_consents(candidate.person_ref, as_of=at).filter(candidate=candidate):
        confirm_by_mail(consent, at=at)
    candidate.refresh_from_db()
    return candidate


def _of_address(address: str, at: datetime) -> CandidateQuerySet:
    return Candidate.objects.confirmed().visible(at).filter(address=address).order_by("collected_at", "pk")


@transaction.atomic
def link_what_came_meanwhile(person_ref: UUID, *, actor: Actor, at: datetime) -> int:
    """Link a person who may be seen again with the records of their own confirmed addresses that came while they could
    not, and that stand on their own until then. Returns how many people became one with them.
    """
    own = Candidate.objects.confirmed().visible(at).filter(person_ref=person_ref).exclude(address="")
    number = 0
    for record in own.order_by("collected_at", "pk"):
        # One of each person is enough: with it come all of theirs.
        while other := _of_address(record.address, at).exclude(person_ref=person_ref).first():
            link_candidates(other, record, actor=actor, at=at)
            number += 1
    if number:
        recompute_clock(person_ref)
    return number


def link_candidates(candidate: Candidate, other: Candidate, *, actor: Actor, at: datetime) -> None:
    """Make the records of both one person: one clock, one export, one erasure."""
    former = candidate.person_ref
    Candidate.objects.filter(person_ref=former).update(person_ref=other.person_ref)
    candidate.person_ref = other.person_ref
    record_event(
        Action.CANDIDATES_LINKED, at=at, actor=actor, subject_ref=candidate.pk, object_ref=other.pk,
        details={"former_person": former, "person": other.person_ref},
    )  # fmt: skip


@transaction.atomic
def disown_application(candidate_id: UUID, *, address: str, at: datetime) -> bool:
    """Act on "I did not send this": take the address off the record, drop its mails, and tell the position's contact
    person.

    Only whoever controls ``address`` may, and only while it is not confirmed. Returns whether anything was done.
    """
    candidate = (
        Candidate.objects.select_for_update()
        .filter(pk=candidate_id, address=address, address_confirmed_at=None, address_disowned_at=None)
        .first()
    )
    if candidate is None:
        return False
    Candidate.objects.filter(pk=candidate.pk).update(email="", address="", address_disowned_at=at)
    OutboxEmail.objects.filter(subject_ref=candidate.pk).delete()
    record_event(
        Action.APPLICATION_DISOWNED, at=at, actor=Actor(ActorKind.CANDIDATE, candidate.pk), subject_ref=candidate.pk
    )
    for application in candidate.applications.select_related("position__contact_person"):
        if application.position:
            contact = application.position.contact_person
            queue_email(
                EmailKind.APPLICATION_DISOWNED,
                to_address=contact.email,
                language=contact.language,
                context={"reference": application.reference, "candidate_id": str(candidate.pk)},
                dedupe_key=str(application.pk),
                at=at,
            )
    return True
