"""Writing to people whom we approach, and telling them that we hold their data (spec §4, items 3 and 4, GDPR Art. 14).

The first message carries the whole notice, the source included, and sets the anchor of their clock; two more may
follow, which move nothing until the person answers. The dangers: a person is pressed who does not want to hear from us,
somebody is written to who asked for nothing of the kind, and a message that never arrived counts as the notice.
"""

from datetime import datetime
from uuid import UUID, uuid4

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.enums import LinkPurpose
from audit.enums import Action
from audit.services import record_event
from candidates.enums import Direction, InteractionKind, MeansOfContact, SuppressionReason
from candidates.models import Candidate, Interaction
from candidates.selectors.sourcing import Approach, approach, is_sourcing_on, notice_for
from candidates.services.erasure import request_erasure
from candidates.services.interactions import check_moment, lock_visible, write_interaction
from candidates.services.mail import check_mailable, mail_bounced
from candidates.services.mailed_links import create_record_link
from candidates.services.notices import record_notice
from candidates.services.suppression import is_suppressed, suppress_person
from common.actors import Actor, ActorKind
from common.errors import Refused
from mailing.enums import EmailKind, EmailState
from mailing.models import OutboxEmail
from mailing.services import message_id, queue_email

NOTICE_MEANS = (MeansOfContact.MAIL, MeansOfContact.MESSAGE, MeansOfContact.MEETING)
"""By what means a notice is given outside the portal: always in writing."""


@transaction.atomic
def send_outreach(candidate_id: UUID, *, subject: str, text: str, actor: Actor, at: datetime) -> Interaction:
    """Write to a person who was approached: the first message with the notice of Art. 14, or one of two follow-ups.

    The mail is queued and the contact dated now. Raises Refused while no legal assessment is in force, for an empty
    message, for somebody who applied or has answered, after the second follow-up, and where nobody may write to them;
    Candidate.DoesNotExist for a person who may not be seen, a restricted one too.
    """
    if actor.kind is not ActorKind.STAFF:
        raise Refused("actor", _("Only a colleague writes to people."))
    candidate = lock_visible(candidate_id, at=at)
    state = _approached(candidate)
    _check_outreach(state, subject, text, at)
    notice = notice_for(candidate) if state.is_first or state.needs_notice else None
    if notice:
        record_notice(candidate, notice.text, given_at=at, actor=actor, at=at)
    sent = write_interaction(
        candidate,
        InteractionKind.OUTREACH if state.is_first else InteractionKind.MAIL_SENT,
        at,
        means=MeansOfContact.MAIL,
        direction=Direction.OUT,
        actor=actor,
        at=at,
        text=f"{subject}\n\n{text}",
    )
    candidate.refresh_from_db()
    key = str(uuid4())
    queue_email(
        EmailKind.OUTREACH,
        to_address=candidate.email,
        language=candidate.language,
        context={
            "subject": subject,
            "text": text,
            "notice": notice.body if notice else "",
            "token": create_record_link(candidate, LinkPurpose.ERASE, at=at),
        },
        dedupe_key=key,
        subject_ref=candidate.pk,
        at=at,
    )
    email = OutboxEmail.objects.get(kind=EmailKind.OUTREACH, dedupe_key=key)
    sent.message_id = message_id(email.pk)
    sent.save(update_fields=["message_id"])
    return sent


def _approached(candidate: Candidate) -> Approach:
    state = approach(candidate)
    if state is None:
        raise Refused("applied", _("This person applied. Write to them about their application."))
    return state


def _check_outreach(state: Approach, subject: str, text: str, at: datetime) -> None:
    candidate = state.candidate
    if not is_sourcing_on(at):
        raise Refused("off", _("Nobody can be approached: no legal assessment is in force."))
    if not subject.strip() or not text.strip():
        raise Refused("empty", _("Write a subject and a message."))
    if state.has_answered:
        raise Refused("answered", _("This person has answered. Answer their mail, and record it as a contact."))
    if not state.follow_ups_left:
        raise Refused("enough", _("Three messages without an answer are enough. The person is not written to again."))
    check_mailable(candidate, is_answer=False)
    if is_suppressed(profiles=candidate.links.values_list("url", flat=True)):
        raise Refused("suppressed", _("This person may not be written to."))


@transaction.atomic
def give_notice(
    candidate_id: UUID, *, means: MeansOfContact, given_at: datetime, actor: Actor, at: datetime
) -> datetime | None:
    """Record that a person was given the notice of Art. 14 outside the portal, in writing; returns since when they have
    been told.

    Where nothing was sent to them before, it is the first message and sets the anchor of their clock. Raises Refused
    for somebody who applied, for means that are not in writing, for a moment that cannot be, and where we hold nothing
    by which the person can be reached (such a person is kept for a month only); Candidate.DoesNotExist for one who may
    not be seen.
    """
    candidate = lock_visible(candidate_id, at=at)
    state = _approached(candidate)
    if means not in NOTICE_MEANS:
        raise Refused("means", _("The notice is given in writing."))
    if not state.has_route:
        raise Refused("no_route", _("We hold nothing by which this person can be reached, so they are kept a month."))
    check_moment(candidate, given_at, at=at)
    notice = notice_for(candidate)
    record_notice(candidate, notice.text, given_at=given_at, actor=actor, at=at)
    write_interaction(
        candidate,
        InteractionKind.OUTREACH if state.is_first else InteractionKind.MAIL_SENT,
        given_at,
        means=means,
        direction=Direction.OUT,
        actor=actor,
        at=at,
    )
    candidate.refresh_from_db()
    return candidate.noticed_at


@transaction.atomic
def decline_approach(candidate_id: UUID, *, wants_suppression: bool, actor: Actor, at: datetime) -> str | None:
    """Not interested: erase what we hold and, where the person wishes it, do not approach them again (spec §4, item 5).

    For whoever holds the link that we mailed to the person: it shows that the address is theirs, so that they can take
    the erasure back and are told when it is done. Nothing is linked by it. Returns the case number, as
    ``request_erasure`` does. Raises Candidate.DoesNotExist where the record is gone.
    """
    candidate = Candidate.objects.select_for_update().get(pk=candidate_id)
    if wants_suppression:
        suppress_person(candidate.person_ref, reason=SuppressionReason.REQUEST, actor=actor, at=at)
    if not candidate.is_confirmed:
        candidate.address_confirmed_at = at
        candidate.save(update_fields=["address_confirmed_at"])
        record_event(Action.ADDRESS_CONFIRMED, at=at, actor=actor, subject_ref=candidate.pk)
    return request_erasure(candidate.person_ref, actor=actor, at=at)


def note_failed_outreach(*, at: datetime, limit: int = 500) -> int:
    """Take back messages that our mail server gave up on: they told nobody anything; returns how many.

    The notice falls with the message, and with it the time for which the person may be kept.
    """
    failed = OutboxEmail.objects.filter(kind=EmailKind.OUTREACH, state=EmailState.FAILED)
    standing = Interaction.objects.filter(revoked_at=None, candidate_id__in=failed.values("subject_ref"))
    known = set(standing.exclude(message_id="").values_list("message_id", flat=True))
    came_back = [key for key in map(message_id, failed.values_list("pk", flat=True)) if key in known][:limit]
    for key in came_back:
        mail_bounced(key, at=at, is_permanent=True)
    return len(came_back)
