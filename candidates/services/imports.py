"""Taking over people from another system (E14).

An import is an act of ours and no contact. Times are the original ones; the last contact that it names is the anchor of
a person who is new, and never moves the date of one who is known. The dangers: somebody who objected comes back,
somebody whose time is over is born again, or a second run makes everybody new. So suppressions are asked first, nobody
is imported whose date is past, and whoever has been imported from the same place is known.
"""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import uuid4

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audit.enums import Action
from audit.services import record_event
from candidates.enums import APPROACHED, Direction, InteractionKind, LinkKind, MeansOfContact, Origin, SourceKind
from candidates.models import Candidate, Interaction, ProfileLink
from candidates.models.candidates import CandidateQuerySet
from candidates.selectors.clock import periods
from candidates.selectors.sourcing import is_sourcing_on
from candidates.services.applications import e164
from candidates.services.clock import columns
from candidates.services.interactions import lock_visible, write_interaction
from candidates.services.suppression import is_suppressed
from common.actors import Actor
from common.errors import Refused
from policy import retention
from policy.contact import Event, EventKind
from policy.identifiers import normalise_address


@dataclass(frozen=True)
class Imported:
    """A person as another system had them. ``source_ref`` names that system; the times are the original ones.

    ``last_contact_at`` is None where the system knows of none; ``noticed_at`` is when somebody whom we approached was
    told (GDPR Art. 14).
    """

    name: str
    source_ref: str
    collected_at: datetime
    language: str
    origin: Origin = Origin.APPLIED
    email: str = ""
    phone: str = ""
    skills: str = ""
    interests: str = ""
    source_reason: str = ""
    links: list[tuple[LinkKind, str]] = field(default_factory=list)
    last_contact_at: datetime | None = None
    means: MeansOfContact = MeansOfContact.MAIL
    direction: Direction = Direction.IN
    noticed_at: datetime | None = None


@transaction.atomic
def import_candidate(person: Imported, *, actor: Actor, at: datetime) -> Candidate:
    """Take a person over from another system, and return their record.

    A person who is known by their address (they confirmed it, we approached them at it, or an import of the same place
    brought it) gets no second record: the contact that the import names is kept with the one they have and counts for
    nothing. Raises Refused for times that cannot be, a missing source, somebody whose date is past already, somebody
    whom another system approached while nobody may be approached (Act 759/2004 §4), and, in words that tell nobody
    which of it is so, for somebody who is not to be collected again or whose record may not be used. Raises ValueError
    for an address or a link that is none.
    """
    _check(person, at)
    address = normalise_address(person.email) if person.email else ""
    phone = e164(person.phone)
    if is_suppressed(address=address, phone_e164=phone, profiles=[url for _kind, url in person.links]):
        raise _not_imported()
    known = _known(address, person.source_ref)
    if known.exists():
        visible = known.visible(at).first()
        if visible is None:
            raise _not_imported()
        return _append(lock_visible(visible.pk, at=at), person, actor, at)
    return _create(person, address, phone, actor, at)


def _check(person: Imported, at: datetime) -> None:
    if not person.source_ref.strip():
        raise Refused("source", _("Say where the data come from."))
    if person.origin in APPROACHED:
        if not person.source_reason.strip():
            raise Refused("reason", _("Say why this person was approached."))
        if not is_sourcing_on(at):
            raise Refused("off", _("Nobody can be approached: no legal assessment is in force."))
    named = [
        person.collected_at,
        person.last_contact_at or person.collected_at,
        person.noticed_at or person.collected_at,
    ]
    if max(named) > at:
        raise Refused("future", _("A date of the import lies in the future."))
    if min(named) < person.collected_at:
        raise Refused("before", _("The last contact lies before the person was known."))


def _not_imported() -> Refused:
    """One text for a suppression, a restriction and an erasure: it must not tell which."""
    return Refused("not_imported", _("This person cannot be imported."))


def _known(address: str, source_ref: str) -> CandidateQuerySet:
    """The records by which a person of this address is known, newest first; none where there is no address."""
    same = (
        Q(address_confirmed_at__isnull=False)
        | Q(origin__in=APPROACHED)
        | Q(source_kind=SourceKind.IMPORT, source_ref=source_ref)
    )
    return Candidate.objects.filter(same, address=address).exclude(address="").order_by("-collected_at", "pk")


def _append(known: Candidate, person: Imported, actor: Actor, at: datetime) -> Candidate:
    records = Candidate.objects.filter(person_ref=known.person_ref)
    contact_at = person.last_contact_at
    rows = Interaction.objects.filter(candidate__in=records, occurred_at=contact_at)
    imported = (InteractionKind.IMPORTED_LATER, InteractionKind.IMPORTED_CONTACT)
    if contact_at and not rows.filter(kind__in=imported).exists():
        write_interaction(
            known,
            InteractionKind.IMPORTED_LATER,
            contact_at,
            means=person.means,
            direction=person.direction,
            actor=actor,
            at=at,
        )
    _record(known, actor, at, is_known=True)
    return known


def _create(person: Imported, address: str, phone: str, actor: Actor, at: datetime) -> Candidate:
    interaction_id = uuid4()
    contact_at = person.last_contact_at
    events = [Event(str(interaction_id), EventKind.IMPORTED_CONTACT, contact_at)] if contact_at else []
    sourced = retention.Sourced(person.noticed_at) if person.origin in APPROACHED else None
    clock = retention.clock(person.collected_at, events, sourced=sourced, periods=periods())
    if clock.expires_at <= at:
        raise Refused("expired", _("The time for keeping this person is over. Nothing was imported."))
    candidate = Candidate.objects.create(
        origin=person.origin,
        name=person.name,
        email=person.email if address else "",
        address=address,
        phone=person.phone,
        phone_e164=phone,
        language=person.language,
        skills=person.skills,
        interests=person.interests,
        collected_at=person.collected_at,
        collected_by_id=actor.staff_ref,
        source_kind=SourceKind.IMPORT,
        source_ref=person.source_ref,
        source_reason=person.source_reason,
        noticed_at=person.noticed_at,
        **columns(clock),
    )
    if contact_at:
        Interaction.objects.create(
            pk=interaction_id,
            candidate=candidate,
            kind=InteractionKind.IMPORTED_CONTACT,
            means=person.means,
            direction=person.direction,
            occurred_at=contact_at,
            recorded_at=at,
            recorded_by_id=actor.staff_ref,
        )
    ProfileLink.objects.bulk_create(ProfileLink(candidate=candidate, kind=kind, url=url) for kind, url in person.links)
    _record(candidate, actor, at, is_known=False)
    return candidate


def _record(candidate: Candidate, actor: Actor, at: datetime, *, is_known: bool) -> None:
    record_event(
        Action.CANDIDATE_IMPORTED, at=at, actor=actor, subject_ref=candidate.pk, details={"is_known": is_known}
    )
