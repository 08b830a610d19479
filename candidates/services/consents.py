"""Consent to longer storage (policy §7, GDPR Art. 6(1)(a) and 7).

Only the candidate gives it. It says until when, never renews itself, and is taken back as easily as it was given.
Giving and withdrawing are no contact and move no base date (E9).
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.enums import Action
from audit.services import record_event
from candidates.enums import Channel, ConsentPurpose
from candidates.models import Candidate, Consent
from candidates.selectors.people import live_consents
from candidates.services.clock import recompute_clock
from common.actors import SYSTEM, Actor, ActorKind
from common.errors import Refused
from notices.texts import TextId, current
from policy.calendar import local_date
from policy.retention import extension_ends_on


@transaction.atomic
def give_consent(candidate_id: UUID, *, language: str, channel: Channel, actor: Actor, at: datetime) -> Consent:
    """Record the candidate's yes to longer storage, with the exact text shown; its end is fixed now.

    Raises Refused if anybody but the candidate gives it, if one is in force, or if the person is expired or being
    erased (after erasure grants are refused).
    """
    if actor.kind is not ActorKind.CANDIDATE:
        raise Refused("not_own", _("Only the candidate can agree to longer storage."))
    candidate = Candidate.objects.visible(at).select_for_update().filter(pk=candidate_id).first()
    if candidate is None:
        raise Refused("gone", _("These data are no longer kept."))
    if live_consents(candidate.person_ref).exists():
        raise Refused("already", _("You have already agreed to longer storage."))
    text = current(TextId.LONGER_STORAGE, language)
    consent = Consent.objects.create(
        candidate=candidate,
        purpose=ConsentPurpose.FUTURE_OPPORTUNITIES,
        text_id=text.text_id,
        text_version=text.version,
        text_language=text.language,
        text_sha256=text.sha256,
        channel=channel,
        granted_at=at,
        ends_on=extension_ends_on(candidate.due_on, local_date(at)),
    )
    recompute_clock(candidate.person_ref)
    record_event(Action.CONSENT_GIVEN, at=at, actor=actor, subject_ref=candidate.pk, object_ref=consent.pk)
    return consent


@transaction.atomic
def withdraw_consent(person_ref: UUID, *, actor: Actor, at: datetime) -> int:
    """Take back every consent in force; the clock falls back to the base date in the same act. Returns how many.

    Withdrawing again changes nothing.
    """
    consents = list(live_consents(person_ref).select_for_update())
    for consent in consents:
        consent.withdrawn_at = at
        consent.save(update_fields=["withdrawn_at"])
        record_event(
            Action.CONSENT_WITHDRAWN, at=at, actor=actor, subject_ref=consent.candidate_id, object_ref=consent.pk
        )
    if consents:
        recompute_clock(person_ref)
    return len(consents)


@transaction.atomic
def expire_storage_consents(*, at: datetime, limit: int = 500) -> int:
    """Close the consents whose last day is over, each with an event; returns how many. Erasing is the erasure's
    work.
    """
    ended = list(
        Consent.objects.select_for_update(skip_locked=True)
        .filter(withdrawn_at=None, ended_at=None, ends_on__lt=local_date(at))
        .order_by("ends_on", "pk")[:limit]
    )
    for consent in ended:
        record_event(Action.CONSENT_ENDED, at=at, actor=SYSTEM, subject_ref=consent.candidate_id, object_ref=consent.pk)
    Consent.objects.filter(pk__in=[consent.pk for consent in ended]).update(ended_at=at)
    return len(ended)
