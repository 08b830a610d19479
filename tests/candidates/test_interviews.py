"""Interviews (E6): a plan does not count, what was held counts at its beginning, and a no-show counts no more."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from accounts.models import User
from audit.enums import Action
from audit.models import AuditEvent
from candidates.enums import InteractionKind, InterviewState, MeansOfContact, RevocationReason, Stage
from candidates.models import Application, Candidate, Interaction, Interview, Position
from candidates.selectors.clock import explain
from candidates.services.applications import move_application
from candidates.services.corrections import correct_interaction, revoke_interaction
from candidates.services.interviews import cancel_interview, mark_held, mark_no_show, plan_interview
from common.actors import staff
from common.errors import Refused
from policy.contact import EventKind, Why
from tests.factories import people

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


@pytest.fixture
def application(at: datetime, position: Position) -> Application:
    return people.application(at, position)


def plan(application: Application, recruiter: User, at: datetime, **changes: Any) -> Interview:
    values: dict[str, Any] = {"starts_at": at + 7 * DAY, "means": MeansOfContact.VIDEO, "place": "Room 3", **changes}
    return plan_interview(application.candidate_id, actor=staff(recruiter.pk), at=at, **values)


def person(application: Application) -> Candidate:
    return Candidate.objects.get(pk=application.candidate_id)


def who(application: Application, recruiter: User) -> dict[str, Any]:
    return {"actor": staff(recruiter.pk), "candidate_id": application.candidate_id}


def test_scenario_07_only_an_interview_that_was_held_counts_and_at_its_beginning(
    application: Application, recruiter: User, at: datetime
) -> None:
    before = person(application)
    interview = plan(application, recruiter, at, application_id=application.pk)
    assert (person(application).last_contact_at, person(application).erase_at) == (at, before.erase_at)
    shown = [(found.kind, found.why, found.rule) for found in explain(before.person_ref, as_of=at).events]
    assert (EventKind.INTERVIEW_PLANNED, Why.KIND, "E6") in shown

    held_at = at + 9 * DAY
    mark_held(interview.pk, at=held_at, **who(application, recruiter))
    contact = Interaction.objects.get(kind=InteractionKind.INTERVIEW)
    assert (contact.occurred_at, contact.recorded_at, contact.means, contact.application_id) == (
        at + 7 * DAY,
        held_at,
        MeansOfContact.VIDEO,
        application.pk,
    )
    assert (person(application).last_contact_at, person(application).last_contact_ref) == (at + 7 * DAY, contact.pk)

    mark_no_show(interview.pk, at=at + 10 * DAY, **who(application, recruiter))
    contact.refresh_from_db()
    assert (contact.revocation, contact.revoked_at) == (RevocationReason.NO_SHOW, at + 10 * DAY)
    assert (person(application).last_contact_at, person(application).erase_at) == (at, before.erase_at)
    interview.refresh_from_db()
    assert interview.state == InterviewState.NO_SHOW
    acts = AuditEvent.objects.filter(object_ref=interview.pk).order_by("at")
    assert [(event.action, event.details) for event in acts] == [
        (Action.INTERVIEW_PLANNED, {"state": "PLANNED"}),
        (Action.INTERVIEW_HELD, {"state": "HELD"}),
        (Action.INTERVIEW_CANCELLED, {"state": "NO_SHOW"}),
    ]


def test_a_plan_is_kept_as_it_was_made(application: Application, recruiter: User, at: datetime) -> None:
    interview = plan(application, recruiter, at)
    assert (interview.state, interview.place, interview.planned_by, interview.planned_at) == (
        InterviewState.PLANNED,
        "Room 3",
        recruiter,
        at,
    )


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"starts_at": timedelta(seconds=-1)}, "past"),
        ({"starts_at": timedelta(days=2000)}, "expired"),
        ({"means": MeansOfContact.MAIL}, "means"),
        ({"application_id": uuid4()}, "application"),
    ],
)
def test_a_plan_that_cannot_be_is_refused(
    application: Application, recruiter: User, at: datetime, changes: dict[str, Any], code: str
) -> None:
    if "starts_at" in changes:
        changes = {"starts_at": at + changes["starts_at"]}
    with pytest.raises(Refused) as refused:
        plan(application, recruiter, at, **changes)
    assert refused.value.code == code
    assert Interview.objects.count() == 0


def test_nobody_is_invited_to_a_day_on_which_they_are_erased(
    application: Application, recruiter: User, at: datetime
) -> None:
    expires_at = person(application).expires_at
    with pytest.raises(Refused):
        plan(application, recruiter, at, starts_at=expires_at)
    assert plan(application, recruiter, at, starts_at=expires_at - SECOND).starts_at == expires_at - SECOND


def test_a_closed_application_has_no_interview(application: Application, recruiter: User, at: datetime) -> None:
    move_application(application.pk, to_stage=Stage.REJECTED, actor=staff(recruiter.pk), at=at)
    with pytest.raises(Refused) as refused:
        plan(application, recruiter, at, application_id=application.pk)
    assert refused.value.code == "application"
    assert plan(application, recruiter, at).application_id is None


def test_it_belongs_to_the_record_of_its_application(application: Application, recruiter: User, at: datetime) -> None:
    second = people.application(at, None)
    interview = plan(application, recruiter, at, application_id=second.pk)
    assert interview.candidate_id == second.candidate_id
    stranger = people.application(at, None, email="eino@example.org")
    with pytest.raises(Refused):
        plan(application, recruiter, at, application_id=stranger.pk)


@pytest.mark.parametrize("act", [mark_held, mark_no_show])
def test_before_it_begins_nothing_is_said_about_it(
    application: Application, recruiter: User, at: datetime, act: Any
) -> None:
    interview = plan(application, recruiter, at)
    with pytest.raises(Refused) as refused:
        act(interview.pk, at=interview.starts_at - SECOND, **who(application, recruiter))
    assert refused.value.code == "future"
    act(interview.pk, at=interview.starts_at, **who(application, recruiter))
    interview.refresh_from_db()
    assert interview.state != InterviewState.PLANNED


def test_a_plan_that_nobody_came_to_was_never_a_contact(
    application: Application, recruiter: User, at: datetime
) -> None:
    interview = plan(application, recruiter, at)
    mark_no_show(interview.pk, at=at + 8 * DAY, **who(application, recruiter))
    assert (Interaction.objects.count(), person(application).last_contact_at) == (1, at)
    mark_held(interview.pk, at=at + 9 * DAY, **who(application, recruiter))
    assert person(application).last_contact_at == at + 7 * DAY


def test_a_mistaken_no_show_is_put_right_again(application: Application, recruiter: User, at: datetime) -> None:
    interview = plan(application, recruiter, at)
    for act in (mark_held, mark_no_show, mark_held):
        act(interview.pk, at=at + 8 * DAY, **who(application, recruiter))
    rows = Interaction.objects.filter(kind=InteractionKind.INTERVIEW)
    assert sorted(rows.values_list("revocation", flat=True)) == ["", "NO_SHOW"]
    interview.refresh_from_db()
    assert interview.interaction is not None
    assert (interview.interaction.revocation, person(application).last_contact_at) == ("", at + 7 * DAY)


def test_cancelling_ends_a_plan_and_nothing_follows(application: Application, recruiter: User, at: datetime) -> None:
    interview = plan(application, recruiter, at)
    cancel_interview(interview.pk, at=at + DAY, **who(application, recruiter))
    interview.refresh_from_db()
    assert (interview.state, person(application).last_contact_at) == (InterviewState.CANCELLED, at)
    for act in (mark_held, mark_no_show, cancel_interview):
        with pytest.raises(Refused) as refused:
            act(interview.pk, at=at + 9 * DAY, **who(application, recruiter))
        assert refused.value.code == "state"


@pytest.mark.parametrize("act", [mark_held, cancel_interview])
def test_what_was_held_is_neither_held_again_nor_cancelled(
    application: Application, recruiter: User, at: datetime, act: Any
) -> None:
    interview = plan(application, recruiter, at)
    mark_held(interview.pk, at=at + 8 * DAY, **who(application, recruiter))
    with pytest.raises(Refused) as refused:
        act(interview.pk, at=at + 9 * DAY, **who(application, recruiter))
    assert refused.value.code == "state"
    assert Interaction.objects.filter(kind=InteractionKind.INTERVIEW).count() == 1


@pytest.mark.parametrize(
    ("reason", "state", "is_linked"),
    [
        (RevocationReason.NO_SHOW, InterviewState.NO_SHOW, True),
        (RevocationReason.CORRECTED, InterviewState.PLANNED, False),
    ],
)
def test_the_interview_follows_its_contact(
    application: Application, recruiter: User, at: datetime,
    reason: RevocationReason, state: InterviewState, is_linked: bool,
) -> None:  # fmt: skip
    interview = plan(application, recruiter, at)
    mark_held(interview.pk, at=at + 8 * DAY, **who(application, recruiter))
    contact = Interaction.objects.get(kind=InteractionKind.INTERVIEW)
    revoke_interaction(contact.pk, reason=reason, at=at + 9 * DAY, **who(application, recruiter))
    interview.refresh_from_db()
    assert (interview.state, interview.interaction_id) == (state, contact.pk if is_linked else None)


def test_another_time_of_the_contact_is_that_of_the_interview(
    application: Application, recruiter: User, at: datetime
) -> None:
    interview = plan(application, recruiter, at)
    mark_held(interview.pk, at=at + 8 * DAY, **who(application, recruiter))
    contact = Interaction.objects.get(kind=InteractionKind.INTERVIEW)
    correct_interaction(contact.pk, occurred_at=at + 6 * DAY, at=at + 9 * DAY, **who(application, recruiter))
    interview.refresh_from_db()
    assert (interview.starts_at, person(application).last_contact_at) == (at + 6 * DAY, at + 6 * DAY)


def test_an_interview_is_its_persons_and_a_hidden_person_has_none(
    application: Application, recruiter: User, at: datetime
) -> None:
    interview = plan(application, recruiter, at)
    stranger = people.application(at, None, email="eino@example.org").candidate
    expires_at = person(application).expires_at
    for act in (mark_held, mark_no_show, cancel_interview):
        with pytest.raises(Interview.DoesNotExist):
            act(interview.pk, at=at + 8 * DAY, actor=staff(recruiter.pk), candidate_id=stranger.pk)
        with pytest.raises(Candidate.DoesNotExist):
            act(interview.pk, at=expires_at, **who(application, recruiter))
    with pytest.raises(Candidate.DoesNotExist):
        plan(application, recruiter, expires_at)
