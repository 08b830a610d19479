"""Consent to longer storage (policy §7, GDPR Art. 6(1)(a) and 7).

Only the candidate gives it. It says until when and never renews itself; a new one takes its place where it reaches
further. It is taken back as easily as it was given: every mail that is sent under it carries a link that does so.
Giving and withdrawing are no contact and move no base date (E9). The dangers: a yes that nobody said (so staff and the
system are refused here, whatever page they come from, and the staff can only invite), a yes to other words than those
that were shown (so the form names the version that it showed), and a no that changes nothing (so the clock follows in
the same transaction).
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.enums import LinkPurpose
from audit.enums import Action
from audit.services import record_event
from candidates.enums import Channel, ConsentPurpose
from candidates.models import Candidate, Consent
from candidates.selectors.people import live_consents, longer_until, reachable_record
from candidates.services.clock import recompute_clock
from candidates.services.mailed_links import create_record_link
from candidates.services.suppression import is_suppressed
from common.actors import SYSTEM, Actor, ActorKind
from common.errors import Refused
from common.models import NoDeleteQuerySet
from mailing.enums import EmailKind
from mailing.models import OutboxEmail
from mailing.services import drop_unsent, queue_email
from notices.texts import Text, TextId, current, get
from policy.calendar import local_date
from policy.retention import extension_ends_on


@transaction.atomic
def give_consent(
    candidate_id: UUID, *, language: str, channel: Channel, actor: Actor, at: datetime, text_version: str = ""
) -> Consent:
    """Record the candidate's yes to longer storage, with the exact text shown; its end is fixed now.

    ``text_version`` is the version that the form showed; without one it is the present text. A confirmation with a link
    that takes the consent back is queued. Raises Refused if anybody but the candidate gives it, if one is in force
    that reaches as far, or if the person is expired, being erased or about to be. A restricted person may (GDPR
    Art. 18(2)).
    """
    if actor.kind is not ActorKind.CANDIDATE:
        raise Refused("not_own", _("Only the candidate can agree to longer storage."))
    # Of linked records only one consent may be given at a time.
    records = list(Candidate.objects.of_person_of(candidate_id).locked())
    candidate = next((record for record in records if record.pk == candidate_id), None)
    if candidate is None or candidate.expires_at <= at or any(r.erase_after or r.erasing_ref for r in records):
        raise Refused("gone", _("These data are no longer kept."))
    live = live_consents(candidate.person_ref, as_of=at)
    ends_on = longer_until(candidate.due_on, max((consent.ends_on for consent in live), default=None), as_of=at)
    if ends_on is None:
        raise Refused("already", _("You have already agreed to longer storage."))
    _close([*live, *_over(at).filter(candidate__person_ref=candidate.person_ref)], at)
    text = _shown(text_version, language)
    consent = Consent.objects.create(
        candidate=candidate,
        purpose=ConsentPurpose.FUTURE_OPPORTUNITIES,
        text_id=text.text_id,
        text_version=text.version,
        text_language=text.language,
        text_sha256=text.sha256,
        channel=channel,
        granted_at=at,
        ends_on=ends_on,
    )
    recompute_clock(candidate.person_ref)
    record_event(Action.CONSENT_GIVEN, at=at, actor=actor, subject_ref=candidate.pk, object_ref=consent.pk)
    drop_unsent(EmailKind.LONGER_STORAGE_INVITATION, [record.pk for record in records])
    confirm_by_mail(consent, at=at)
    return consent


def _shown(version: str, language: str) -> Text:
    """The version that the form carried, or the current one if it carried none that exists."""
    try:
        return get(TextId.LONGER_STORAGE, version, language)
    except LookupError:
        return current(TextId.LONGER_STORAGE, language)


def confirm_by_mail(consent: Consent, *, at: datetime) -> None:
    """Queue the confirmation of a consent: its end, and a link that takes it back. It goes out once.

    Nothing goes to an address that nobody has confirmed; ``confirm_address`` makes up for it.
    """
    record = reachable_record(consent.candidate.person_ref)
    if record is None:
        return
    token = create_record_link(record, LinkPurpose.WITHDRAW_CONSENT, at=at)
    queue_email(
        EmailKind.LONGER_STORAGE_AGREED,
        to_address=record.email,
        language=record.language,
        context={"ends_on": consent.ends_on.isoformat(), "due_on": record.due_on.isoformat(), "token": token},
        dedupe_key=str(consent.pk),
        subject_ref=record.pk,
        at=at,
    )


@transaction.atomic
def withdraw_consent(person_ref: UUID, *, actor: Actor, at: datetime) -> int:
    """Take back every consent in force; the clock falls back to the base date in the same act. Returns how many.

    Where the base period is over the person is hidden from then on, and due. Open applications and contacts stay as
    they are. Withdrawing again changes nothing.
    """
    refs = [record.pk for record in Candidate.objects.filter(person_ref=person_ref).locked()]
    consents = list(live_consents(person_ref, as_of=at).select_for_update())
    for consent in consents:
        consent.withdrawn_at = at
        consent.save(update_fields=["withdrawn_at"])
        record_event(
            Action.CONSENT_WITHDRAWN, at=at, actor=actor, subject_ref=consent.candidate_id, object_ref=consent.pk
        )
    if consents:
        drop_unsent(EmailKind.LONGER_STORAGE_AGREED, refs)
        recompute_clock(person_ref)
    return len(consents)


@transaction.atomic
def expire_storage_consents(*, at: datetime, limit: int = 500) -> int:
    """Close the consents whose last day is over, each with an event; returns how many. Erasing is the erasure's
    work.
    """
    return _close(_over(at).select_for_update(skip_locked=True).order_by("ends_on", "pk")[:limit], at)


def _over(at: datetime) -> NoDeleteQuerySet[Consent]:
    return Consent.objects.filter(withdrawn_at=None, ended_at=None, ends_on__lt=local_date(at))


def _close(consents: Iterable[Consent], at: datetime) -> int:
    """End consents that ran out or made way for a new one: nobody did that, so the event has no person behind it."""
    ended = list(consents)
    for consent in ended:
        record_event(Action.CONSENT_ENDED, at=at, actor=SYSTEM, subject_ref=consent.candidate_id, object_ref=consent.pk)
    Consent.objects.filter(pk__in=[consent.pk for consent in ended]).update(ended_at=at)
    return len(ended)


@transaction.atomic
def invite_to_longer_storage(candidate_id: UUID, *, actor: Actor, at: datetime) -> None:
    """Ask a candidate by mail whether they agree to longer storage: all that the staff can do (spec §2.5).

    The mail is no contact (E10). Raises Refused for a person without a confirmed address that takes mail, who must not
    be approached, who has agreed already, or who was invited within the last 30 days; Candidate.DoesNotExist for one
    who may not be seen, restricted and objecting people included.
    """
    refs = [record.pk for record in Candidate.objects.of_person_of(candidate_id).locked()]
    candidate = Candidate.objects.visible(at).get(pk=candidate_id)
    record = reachable_record(candidate.person_ref)
    if record is None:
        raise Refused("unconfirmed", _("No address of this person is confirmed, so nothing is sent."))
    if record.undeliverable_at:
        raise Refused("undeliverable", _("Mail to this person comes back, so nothing is sent."))
    if is_suppressed(record.address, record.phone_e164):
        raise Refused("suppressed", _("This person gets no invitations."))
    if live_consents(record.person_ref, as_of=at).exists():
        raise Refused("already", _("The person has already agreed to longer storage."))
    invited = OutboxEmail.objects.filter(
        kind=EmailKind.LONGER_STORAGE_INVITATION, subject_ref__in=refs, queued_at__gt=at - settings.INVITATION_PAUSE
    )
    if invited.exists():
        raise Refused("recent", _("The person was invited within the last 30 days."))
    _queue_invitation(record, at)
    record_event(Action.LONGER_STORAGE_INVITED, at=at, actor=actor, subject_ref=record.pk)


def _queue_invitation(record: Candidate, at: datetime) -> None:
    token = create_record_link(record, LinkPurpose.GIVE_CONSENT, at=at)
    queue_email(
        EmailKind.LONGER_STORAGE_INVITATION,
        to_address=record.email,
        language=record.language,
        context={
            "due_on": record.due_on.isoformat(),
            "ends_on": extension_ends_on(record.due_on, local_date(at)).isoformat(),
            "token": token,
        },
        dedupe_key=f"{record.person_ref}:{at.isoformat()}",
        subject_ref=record.pk,
        at=at,
    )
