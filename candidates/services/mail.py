"""Mail to and from candidates, as the mail intake hands it over (E3 to E5, E11, E13).

The dangers: a machine's answer or a bulk mail that lengthens storage; a mail that never arrived; a mail that arrived in
time and is read late; and a bounce that makes somebody known who was erased. So the moment is the mail server's; what
no human wrote to us in person does not count; a mail that came back is taken back; and a mail that fits nobody creates
nothing. Whether the sender is who the header says (SPF, DKIM, DMARC) is checked by the intake before it calls.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from audit.enums import Action
from audit.services import record_event
from candidates.enums import APPROACHED, Direction, InteractionKind, MeansOfContact, RevocationReason
from candidates.models import Application, Candidate, Interaction
from candidates.services.corrections import apply_revocation
from candidates.services.interactions import (
    check_moment,
    lock_for_late_contact,
    lock_person,
    lock_visible,
    mark_mailbox_copy,
    write_interaction,
)
from candidates.services.mail_rules import classify_mail, message_key, sender_form
from candidates.services.suppression import is_suppressed
from common.actors import SYSTEM, Actor, ActorKind
from common.errors import Refused
from common.text import clean_text
from mailing.enums import EmailKind
from mailing.models import OutboxEmail
from mailing.services import drop_unsent

OF_THE_OUTBOX = re.compile(r"^<?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@")


def destroying_since_claimed(_batch_ref: UUID) -> bool:
    """The careful answer for a caller that cannot look at the batch: whoever was claimed is not revived."""
    return True


@transaction.atomic
def receive_mail(
    candidate_id: UUID,
    *,
    message_id: str,
    received_at: datetime,
    headers: Mapping[str, str],
    text: str,
    sender_address: str,
    at: datetime,
    application_id: UUID | None = None,
    is_destroying: Callable[[UUID], bool] = destroying_since_claimed,
) -> Interaction | None:
    """Take a mail that our mail server received at ``received_at``; that moment counts, and not when it is read.

    What the person wrote counts; an automatic answer is kept without its text and does not; a mail from another address
    is somebody else's. None, and nothing is kept, for a bounce or a receipt of reading, and where the person is not
    there any more or was expired when the mail came (spec §2.8 rule 3). The same mail again is the same contact. Raises
    Refused for a moment in the future or before the person was known, or somebody else's application.
    """
    received_at = _not_ahead(received_at, at)
    candidate = lock_for_late_contact(candidate_id, received_at, is_destroying=is_destroying)
    kind = classify_mail(headers, sender_address, _addresses(candidate)) if candidate else None
    if candidate is None or kind is None:
        return None
    key = message_key(message_id)
    if found := _found(candidate, key):
        return found
    check_moment(candidate, received_at, at=at)
    if application_id and not _own_applications(candidate).filter(pk=application_id).exists():
        raise Refused("application", _("That application is not this candidate's."))
    mark_mailbox_copy(candidate)
    if kind == InteractionKind.MAIL_RECEIVED:
        _mark_reachable(candidate, sender_address, received_at)
    return write_interaction(
        candidate,
        kind,
        received_at,
        means=MeansOfContact.MAIL,
        direction=Direction.IN,
        actor=SYSTEM,
        at=at,
        application_id=application_id,
        text="" if kind == InteractionKind.AUTO_REPLY else clean_text(text).strip(),
        message_id=key,
    )


@transaction.atomic
def record_sent_mail(
    candidate_id: UUID,
    *,
    application_id: UUID | None,
    message_id: str,
    sent_at: datetime,
    text: str,
    actor: Actor,
    at: datetime,
    is_in_mailbox: bool = True,
) -> Interaction:
    """Record a mail that a colleague wrote to one person about their application (E5); it counts when it was sent.

    ``is_in_mailbox`` says that it lies in a mailbox outside the portal. The same mail again is the same contact. Raises
    Refused where nobody of the staff wrote it, where it is about no application of theirs, for a moment that cannot be,
    and for a person who may not be mailed; Candidate.DoesNotExist for one who may not be seen, a restricted one too.
    """
    candidate = lock_visible(candidate_id, at=at)
    key = message_key(message_id)
    if found := _found(candidate, key):
        return found
    if actor.kind is not ActorKind.STAFF:
        raise Refused("actor", _("Only a mail that a colleague wrote is a contact."))
    application = _own_applications(candidate).filter(pk=application_id).first() if application_id else None
    if application is None and (application_id or candidate.origin not in APPROACHED):
        raise Refused("application", _("Say which application the mail is about."))
    record = application.candidate if application else candidate
    check_mailable(record, is_answer=application is not None)
    sent_at = _not_ahead(sent_at, at)
    check_moment(candidate, sent_at, at=at)
    if is_in_mailbox:
        mark_mailbox_copy(record)
    return write_interaction(
        record,
        InteractionKind.MAIL_SENT,
        sent_at,
        means=MeansOfContact.MAIL,
        direction=Direction.OUT,
        actor=actor,
        at=at,
        application_id=application_id,
        text=clean_text(text).strip(),
        message_id=key,
    )


@transaction.atomic
def record_bulk_mail(
    candidate_id: UUID, *, message_id: str, sent_at: datetime, actor: Actor, at: datetime
) -> Interaction:
    """Record a mail that went to many people; it is no contact with one and moves nothing (E11). No text is kept.

    Raises as ``record_sent_mail``.
    """
    candidate = lock_visible(candidate_id, at=at)
    key = message_key(message_id)
    if found := _found(candidate, key):
        return found
    check_mailable(candidate, is_answer=False)
    sent_at = _not_ahead(sent_at, at)
    check_moment(candidate, sent_at, at=at)
    return write_interaction(
        candidate,
        InteractionKind.BULK_MAIL,
        sent_at,
        means=MeansOfContact.MAIL,
        direction=Direction.OUT,
        actor=actor,
        at=at,
        message_id=key,
    )


def record_resend(candidate_id: UUID, *, message_id: str) -> Interaction | None:
    """Answer with the contact that a mail was when it first went out. Sending it again is none, and nothing is written
    (E3, E5).
    """
    candidate = Candidate.objects.filter(pk=candidate_id).first()
    return _found(candidate, message_key(message_id)) if candidate else None


def check_mailable(candidate: Candidate, *, is_answer: bool) -> None:
    """Raise Refused where nobody may write to this person: no address, mail came back, or they asked us not to.

    ``is_answer`` says that the mail is about an application that they sent themselves: who asks us to consider them is
    answered, whatever they asked before (a suppression never blocks an application).
    """
    if not candidate.address:
        raise Refused("no_address", _("There is no address to write to."))
    if candidate.undeliverable_at:
        raise Refused("undeliverable", _("Mail to this address came back. Reach the person in another way."))
    if candidate.restricted_at:
        raise Refused("restricted", _("This person may not be written to."))
    if not is_answer and is_suppressed(address=candidate.address, phone_e164=candidate.phone_e164):
        raise Refused("suppressed", _("This person may not be written to."))


@transaction.atomic
def mail_bounced(message_id: str, *, at: datetime, is_permanent: bool, address: str = "") -> Interaction | None:
    """Take back a mail that came back: it did not reach the person, so it is no contact (E5).

    ``is_permanent`` says that the address does not exist; then nobody is mailed there any more. ``address`` is the one
    that failed, which tells apart the recipients of one mail. A report of a mere delay is not handed over. A bounce of
    a mail that nobody knows creates nothing; one that fits several people does nothing.
    """
    key = message_key(message_id)
    rows = Interaction.objects.filter(message_id=key, direction=Direction.OUT).exclude(message_id="")
    if address:
        rows = rows.filter(candidate__address=sender_form(address))
    found = list(rows[:2])
    if not found and is_permanent:
        _bounced_from_outbox(message_id, at)
    if len(found) != 1 or lock_person(found[0].candidate_id) is None:
        return None
    sent = rows.select_for_update(of=("self",)).select_related("candidate").get(pk=found[0].pk)
    if is_permanent:
        mark_undeliverable(sent.candidate, at=at)
    if sent.kind == InteractionKind.BULK_MAIL or sent.revoked_at:
        return sent
    return apply_revocation(sent, reason=RevocationReason.BOUNCED, actor=SYSTEM, at=at)


def _bounced_from_outbox(message_id: str, at: datetime) -> None:
    """A mail of the portal's own, which is no contact: only the address is marked."""
    match = OF_THE_OUTBOX.match(message_id.strip().lower())
    email = OutboxEmail.objects.filter(pk=match[1], subject_ref__isnull=False).first() if match else None
    candidate = Candidate.objects.filter(pk=email.subject_ref).first() if email and email.subject_ref else None
    if candidate and email and sender_form(email.to_address) == candidate.address:
        mark_undeliverable(candidate, at=at)


@transaction.atomic
def mark_undeliverable(candidate: Candidate, *, at: datetime) -> int:
    """Record that mail to this person's address comes back, on all their records that have it, so that no more goes
    there. Returns on how many that is new.
    """
    records = Candidate.objects.filter(
        person_ref=candidate.person_ref, address=candidate.address, undeliverable_at=None
    ).exclude(address="")
    refs = [record.pk for record in records.locked()]
    Candidate.objects.filter(pk__in=refs).update(undeliverable_at=at)
    for ref in refs:
        record_event(Action.UNDELIVERABLE, at=at, actor=SYSTEM, subject_ref=ref)
    drop_unsent(EmailKind.RETENTION_REMINDER, refs)
    return len(refs)


def _mark_reachable(candidate: Candidate, sender_address: str, received_at: datetime) -> None:
    """Who writes from an address after mail to it came back is there again."""
    Candidate.objects.filter(
        person_ref=candidate.person_ref, address=sender_form(sender_address), undeliverable_at__lt=received_at
    ).update(undeliverable_at=None)


def _own_applications(candidate: Candidate) -> QuerySet[Application]:
    return Application.objects.filter(candidate__person_ref=candidate.person_ref).select_related("candidate")


def _addresses(candidate: Candidate) -> set[str]:
    records = Candidate.objects.filter(person_ref=candidate.person_ref).exclude(address="")
    return set(records.values_list("address", flat=True))


def _found(candidate: Candidate, key: str) -> Interaction | None:
    rows = Interaction.objects.filter(candidate__person_ref=candidate.person_ref, message_id=key)
    return rows.exclude(message_id="").first()


def _not_ahead(moment: datetime, at: datetime) -> datetime:
    """A server's moment that is ahead of ours by no more than clocks may differ is ours."""
    return at if at < moment <= at + settings.CLOCK_TOLERANCE else moment
