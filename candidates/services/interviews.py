"""Interviews: planned, held, missed, cancelled (E6).

Only an interview that took place is a contact, at the moment when it began. The danger is one that is planned far ahead
and keeps a person without anybody ever having met them: a plan moves no date, and it is marked as held only when its
time has come.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.enums import Action
from audit.services import record_event
from candidates.enums import Direction, InteractionKind, InterviewState, MeansOfContact, RevocationReason
from candidates.models import Application, Candidate, Interview
from candidates.services.corrections import apply_revocation
from candidates.services.interactions import POSSIBLE_MEANS, lock_visible, write_interaction
from common.actors import Actor
from common.errors import Refused


@transaction.atomic
def plan_interview(
    candidate_id: UUID,
    *,
    starts_at: datetime,
    means: MeansOfContact,
    actor: Actor,
    at: datetime,
    application_id: UUID | None = None,
    place: str = "",
) -> Interview:
    """Plan an interview. It moves no date; that the person agreed to it was a contact, which is recorded as one.

    Raises Refused for a moment that has passed or at which the person is erased already, for means that an interview
    cannot have, and for an application that is not theirs or is closed; Candidate.DoesNotExist for a person who may not
    be seen.
    """
    candidate = lock_visible(candidate_id, at=at)
    if starts_at < at:
        raise Refused("past", _("This has passed. Record an interview that took place as a contact."))
    if starts_at >= candidate.expires_at:
        raise Refused(
            "expired", _("By then this person is erased. Record the contact in which you agreed on it first.")
        )
    if means not in POSSIBLE_MEANS[InteractionKind.INTERVIEW]:
        raise Refused("means", _("This kind of contact does not take place by those means."))
    record = candidate
    if application_id:
        own = Application.objects.open().filter(candidate__person_ref=candidate.person_ref)
        application = own.filter(pk=application_id).select_related("candidate").first()
        if application is None:
            raise Refused("application", _("That application is closed, or is not this candidate's."))
        record = application.candidate
    interview = Interview.objects.create(
        candidate=record,
        application_id=application_id,
        starts_at=starts_at,
        place=place,
        means=means,
        planned_at=at,
        planned_by_id=actor.ref,
    )
    _record(Action.INTERVIEW_PLANNED, interview, actor, at)
    return interview


@transaction.atomic
def mark_held(interview_id: UUID, *, actor: Actor, at: datetime, candidate_id: UUID) -> Interview:
    """Record that an interview took place: a contact at the moment it began (E6).

    One that was marked as missed can be corrected so. Raises Refused before that moment, and for one that was held or
    cancelled; Interview.DoesNotExist for somebody else's, Candidate.DoesNotExist for a person who may not be seen.
    """
    interview = _lock(interview_id, candidate_id, at)
    _check(interview, InterviewState.PLANNED, InterviewState.NO_SHOW)
    _check_begun(interview, at)
    interview.interaction = write_interaction(
        interview.candidate,
        InteractionKind.INTERVIEW,
        interview.starts_at,
        means=MeansOfContact(interview.means),
        direction=Direction.OUT,
        actor=actor,
        at=at,
        application_id=interview.application_id,
    )
    _move(interview, InterviewState.HELD)
    _record(Action.INTERVIEW_HELD, interview, actor, at)
    return interview


@transaction.atomic
def mark_no_show(interview_id: UUID, *, actor: Actor, at: datetime, candidate_id: UUID) -> Interview:
    """Record that nobody came. One that was marked as held is no contact any more, and the date follows at once.

    Raises as ``mark_held``.
    """
    interview = _lock(interview_id, candidate_id, at)
    _check(interview, InterviewState.PLANNED, InterviewState.HELD)
    _check_begun(interview, at)
    if interview.interaction and interview.state == InterviewState.HELD:
        apply_revocation(interview.interaction, reason=RevocationReason.NO_SHOW, actor=actor, at=at)
    _move(interview, InterviewState.NO_SHOW)
    _record(Action.INTERVIEW_CANCELLED, interview, actor, at)
    return interview


@transaction.atomic
def cancel_interview(interview_id: UUID, *, actor: Actor, at: datetime, candidate_id: UUID) -> Interview:
    """Call off an interview that is planned. It never was a contact, and no date moves. Raises as ``mark_held``."""
    interview = _lock(interview_id, candidate_id, at)
    _check(interview, InterviewState.PLANNED)
    _move(interview, InterviewState.CANCELLED)
    _record(Action.INTERVIEW_CANCELLED, interview, actor, at)
    return interview


def _lock(interview_id: UUID, candidate_id: UUID, at: datetime) -> Interview:
    candidate: Candidate = lock_visible(candidate_id, at=at)
    rows = Interview.objects.select_for_update(of=("self",)).select_related("candidate", "interaction__candidate")
    return rows.get(pk=interview_id, candidate__person_ref=candidate.person_ref)


def _check(interview: Interview, *states: InterviewState) -> None:
    if interview.state not in states:
        raise Refused("state", _("Somebody else has changed this interview. Look at it again."))


def _check_begun(interview: Interview, at: datetime) -> None:
    if interview.starts_at > at:
        raise Refused("future", _("The interview has not begun yet."))


def _move(interview: Interview, state: InterviewState) -> None:
    interview.state = state
    interview.save(update_fields=["state", "interaction"])


def _record(action: Action, interview: Interview, actor: Actor, at: datetime) -> None:
    details: dict[str, Any] = {"state": InterviewState(interview.state)}
    record_event(
        action, at=at, actor=actor, subject_ref=interview.candidate_id, object_ref=interview.pk, details=details
    )
