"""Asking for an erasure, and what the erasing worker does to the rows of this app.

Asking is a fact about the person: ``erase_after`` is written here, and ``privacy`` runs what is due. From that moment
nobody but the person sees the records.
"""

import secrets
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction

from audit.enums import Action
from audit.services import record_event
from candidates.models import Candidate
from candidates.services.addresses import link_what_came_meanwhile
from common.actors import Actor


@transaction.atomic
def request_erasure(person_ref: UUID, *, actor: Actor, at: datetime, is_at_once: bool = False) -> str | None:
    """Ask for a person to be erased: hidden at once, erased after the cooling time, in which it can be taken back.

    ``is_at_once`` leaves the cooling time out, where somebody decided it and nobody is to change their mind (an
    objection without compelling grounds, GDPR Art. 21); it brings an erasure that waits forward. Returns the case
    number; None where there is nobody or erasing has begun. Asking again gives the same number.
    """
    records = list(Candidate.objects.filter(person_ref=person_ref, erasing_ref=None).locked())
    if not records:
        return None
    case = next((record.erasure_case for record in records if record.erasure_case), "")
    due = at if is_at_once else at + settings.ERASURE_COOLING_TIME
    waiting = next((record.erase_after for record in records if record.erase_after), None)
    if not case or (is_at_once and waiting and waiting > due):
        case = case or f"E-{secrets.token_hex(4).upper()}"
        Candidate.objects.filter(pk__in=[record.pk for record in records]).update(erase_after=due, erasure_case=case)
        for record in records:
            record_event(Action.ERASURE_REQUESTED, at=at, actor=actor, subject_ref=record.pk)
    return case


@transaction.atomic
def take_back_erasure(person_ref: UUID, *, actor: Actor, at: datetime) -> bool:
    """Take an erasure back within the cooling time. Returns whether there was one that had not begun."""
    waiting = Candidate.objects.filter(person_ref=person_ref, erasing_ref=None, erase_after__gt=at)
    refs = [record.pk for record in waiting.locked()]
    Candidate.objects.filter(pk__in=refs).update(erase_after=None, erasure_case="")
    for ref in refs:
        record_event(Action.ERASURE_TAKEN_BACK, at=at, actor=actor, subject_ref=ref)
    link_what_came_meanwhile(person_ref, actor=actor, at=at)
    return bool(refs)
