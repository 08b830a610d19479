"""What happens at the erase moment (spec 2.7, row by row), what a hold keeps (3.7) and open applications (2.4)."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from accounts.enums import Role
from accounts.models import User
from audit.enums import Action
from audit.models import AuditEvent
from candidates.enums import HeldKind, HoldGround, InteractionKind, RestrictionGround, Stage
from candidates.models import Application, Candidate, HeldItem, Hold, Position, StaffTask, StageChange, Suppression
from candidates.selectors.tasks import tasks_for
from candidates.services.applications import close_by_retention, move_application
from candidates.services.holds import open_hold, release_ended_holds, release_hold
from candidates.services.interactions import record_interaction
from candidates.services.restrictions import (
    lift_restriction,
    record_told,
    restrict_candidate,
    tell_of_ending_restrictions,
)
from candidates.services.tasks_for_staff import open_contact_or_close_tasks
from common.actors import SYSTEM, candidate, staff
from files.models import StoredFile
from files.services import remaining_objects
from mailing.enums import EmailKind
from mailing.models import OutboxEmail
from policy.expiry import claim_ends_on
from privacy.enums import CaseReason, CaseState, Decision, RequestChannel, SubjectRequestKind
from privacy.models import ErasureCase, SubjectRequest
from privacy.selectors.explanation import explain_person
from privacy.services.erasure import erase_due
from privacy.services.objections import object_to_recruiting
from privacy.services.requests import close_request, open_request
from tests.factories import people

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


@pytest.fixture
def aino(at: datetime, position: Position) -> Application:
    return people.application(at, position)


@pytest.fixture
def end(aino: Application) -> datetime:
    """The erase moment."""
    return aino.candidate.expires_at


def is_erased(at: datetime) -> bool:
    """Whether a run at an instant leaves nobody; whoever is left is hidden."""
    erase_due(at=at)
    assert list(Candidate.objects.visible(at)) == []
    return not Candidate.objects.exists()


def ask(aino: Application, kind: SubjectRequestKind, at: datetime) -> SubjectRequest:
    return open_request(
        kind, channel=RequestChannel.MAIL, received_at=at, person_ref=aino.candidate.person_ref, actor=SYSTEM, at=at
    )


def hold(aino: Application, officer: User, at: datetime, **changes: Any) -> Hold:
    values: dict[str, Any] = {
        "subject_ref": aino.candidate_id, "case_ref": "HR 1", "ground": HoldGround.DISCRIMINATION, "owner": officer,
        "items": [(HeldKind.APPLICATION, aino.pk), (HeldKind.DOCUMENT, aino.candidate.documents.get().pk)],
        "actor": staff(officer.pk), "at": at,
    }  # fmt: skip
    return open_hold(aino.candidate.person_ref, **{**values, **changes})


# Row 1: a legal hold


def test_of_a_held_person_the_listed_items_alone_survive_and_on_time(
    aino: Application, end: datetime, officer: User, at: datetime
) -> None:
    made = hold(aino, officer, at)
    assert is_erased(end)
    assert sorted(HeldItem.objects.values_list("kind", flat=True)) == ["APPLICATION", "DOCUMENT"]
    assert set(HeldItem.objects.values_list("sealed_at", flat=True)) == {end}
    assert StoredFile.objects.get().owner_ref == made.vault_ref
    assert (remaining_objects([aino.candidate_id]), remaining_objects([made.vault_ref])) == (0, 1)


def test_the_last_release_erases_at_once(aino: Application, end: datetime, officer: User, at: datetime) -> None:
    first, second = hold(aino, officer, at), hold(aino, officer, at)
    assert is_erased(end)
    release_hold(first.pk, actor=staff(officer.pk), at=end + DAY)
    erase_due(at=end + DAY)
    assert (list(Hold.objects.all()), HeldItem.objects.count(), StoredFile.objects.count()) == ([second], 2, 1)
    release_hold(second.pk, actor=staff(officer.pk), at=end + 2 * DAY)
    erase_due(at=end + 2 * DAY)
    assert (Hold.objects.count(), HeldItem.objects.count(), StoredFile.objects.count()) == (0, 0, 0)
    assert remaining_objects([first.vault_ref, second.vault_ref]) == 0


def test_a_hold_released_in_time_keeps_nothing(aino: Application, end: datetime, officer: User, at: datetime) -> None:
    release_hold(hold(aino, officer, at).pk, actor=staff(officer.pk), at=at + DAY)
    assert is_erased(end)
    assert (HeldItem.objects.count(), StoredFile.objects.count()) == (0, 0)


# Row 2: Art. 18(1)(b) and (c)


@pytest.mark.parametrize("ground", [RestrictionGround.UNLAWFUL, RestrictionGround.CLAIM])
def test_who_wants_the_data_kept_stays_restricted_until_it_is_lifted(
    aino: Application, end: datetime, officer: User, at: datetime, ground: RestrictionGround
) -> None:
    actor = staff(officer.pk)
    made = restrict_candidate(aino.candidate.person_ref, ground=ground, actor=actor, at=at)
    assert not is_erased(end)
    assert not is_erased(end + 1000 * DAY)
    record_told(made.pk, actor=actor, at=end + 1000 * DAY)
    lift_restriction(made.pk, actor=actor, at=end + 1001 * DAY)
    assert is_erased(end + 1001 * DAY)


# Row 3: Art. 18(1)(a) and (d)


@pytest.mark.parametrize("ground", [RestrictionGround.ACCURACY, RestrictionGround.OBJECTION])
def test_who_was_told_in_time_is_erased_at_the_erase_moment(
    aino: Application, end: datetime, officer: User, at: datetime, ground: RestrictionGround
) -> None:
    restrict_candidate(aino.candidate.person_ref, ground=ground, actor=staff(officer.pk), at=at)
    tell_of_ending_restrictions(at=end - 30 * DAY)
    assert not is_erased(end - SECOND)
    assert is_erased(end)


def test_who_was_told_late_is_erased_fourteen_days_after(
    aino: Application, end: datetime, officer: User, at: datetime
) -> None:
    restrict_candidate(
        aino.candidate.person_ref, ground=RestrictionGround.ACCURACY, actor=staff(officer.pk), at=end - 5 * DAY
    )
    tell_of_ending_restrictions(at=end - 4 * DAY)
    assert not is_erased(end)
    case = ErasureCase.objects.get(state=CaseState.DEFERRED)
    assert (case.reason, case.waits_until) == (CaseReason.TO_BE_TOLD, end + 10 * DAY)
    assert not is_erased(end + 10 * DAY - SECOND)
    assert is_erased(end + 10 * DAY)


def test_nobody_waits_longer_than_thirty_days_to_be_told(
    aino: Application, end: datetime, officer: User, at: datetime
) -> None:
    restrict_candidate(aino.candidate.person_ref, ground=RestrictionGround.ACCURACY, actor=staff(officer.pk), at=at)
    assert not is_erased(end + 30 * DAY - SECOND)
    assert is_erased(end + 30 * DAY)


# Row 4: access and portability


@pytest.mark.parametrize("kind", [SubjectRequestKind.ACCESS, SubjectRequestKind.PORTABILITY])
def test_who_waits_for_an_answer_is_hidden_and_kept_until_it_is_given(
    aino: Application, end: datetime, officer: User, kind: SubjectRequestKind
) -> None:
    request = ask(aino, kind, end - 3 * DAY)
    assert not is_erased(end)
    assert explain_person(aino.candidate.person_ref, as_of=end).next_step.act == "WAIT_REQUEST_OPEN"
    close_request(request.pk, decision=Decision.FULFILLED, actor=staff(officer.pk), at=end + DAY)
    assert is_erased(end + DAY)


def test_no_answer_is_waited_for_longer_than_the_law_allows(aino: Application, end: datetime) -> None:
    request = ask(aino, SubjectRequestKind.ACCESS, end - 3 * DAY)  # 21 November 2028 in Helsinki
    assert request.limit_on == date(2028, 12, 22)
    over = datetime(2028, 12, 22, 22, 0, tzinfo=end.tzinfo)
    assert not is_erased(over - SECOND)
    assert is_erased(over)
    request.refresh_from_db()
    assert (request.closed_at, request.decision) == (None, "")


def test_a_request_of_somebody_unknown_keeps_nobody(aino: Application, end: datetime) -> None:
    request = ask(aino, SubjectRequestKind.ACCESS, end - 3 * DAY)
    SubjectRequest.objects.filter(pk=request.pk).update(person_ref=None, address="nobody@example.org")
    assert is_erased(end)


# Rows 5 to 7: erasure, correction, objection


def test_an_open_request_for_erasure_is_the_same_erasure(aino: Application, end: datetime) -> None:
    request = ask(aino, SubjectRequestKind.ERASURE, end - timedelta(hours=2))
    assert is_erased(end)
    request.refresh_from_db()
    assert (request.decision, request.closed_at) == (Decision.FULFILLED, end)
    assert OutboxEmail.objects.filter(kind=EmailKind.ERASURE_STATEMENT).count() == 1


def test_an_open_correction_does_not_wait_and_is_answered_so(aino: Application, end: datetime) -> None:
    request = ask(aino, SubjectRequestKind.RECTIFICATION, end - 3 * DAY)
    assert is_erased(end)
    request.refresh_from_db()
    assert (request.decision, request.decision_ground) == (
        Decision.NOTHING_HELD,
        "All data about you have been erased.",
    )


def test_who_objected_is_erased_at_the_erase_moment_in_any_case(aino: Application, end: datetime) -> None:
    person = aino.candidate.person_ref
    object_to_recruiting(person, wants_suppression=True, actor=candidate(person), at=end - 20 * DAY)
    tell_of_ending_restrictions(at=end - 20 * DAY)
    assert not is_erased(end - SECOND)
    assert is_erased(end)
    request = SubjectRequest.objects.get()
    assert (request.decision, Suppression.objects.count()) == (Decision.FULFILLED, 1)


# Spec 3.7: a refusal in part


def test_scenario_46_without_a_documented_ground_everything_is_erased(aino: Application, at: datetime) -> None:
    ask(aino, SubjectRequestKind.ERASURE, at)
    assert is_erased(at + DAY)
    assert (Hold.objects.count(), HeldItem.objects.count(), StoredFile.objects.count()) == (0, 0, 0)


def test_scenario_46_with_a_ground_the_minimal_set_stays_until_a_year_after_the_decision(
    aino: Application, recruiter: User, officer: User, at: datetime
) -> None:
    second_officer = people.user(Role.PRIVACY_OFFICER, "pat@example.org")
    rejected_at, asked_at = at + DAY, at + 90 * DAY
    change = move_application(
        aino.pk, to_stage=Stage.REJECTED, actor=staff(recruiter.pk), at=rejected_at, reason="Too little practice"
    )
    request = open_request(
        SubjectRequestKind.ERASURE, channel=RequestChannel.MAIL, received_at=asked_at,
        person_ref=aino.candidate.person_ref, actor=staff(officer.pk), at=asked_at,
    )  # fmt: skip
    ends_on = claim_ends_on(rejected_at)
    made = hold(
        aino, second_officer, asked_at + timedelta(hours=1), ends_on=ends_on,
        items=[(HeldKind.APPLICATION, aino.pk), (HeldKind.STAGE_CHANGE, change.pk)],
    )  # fmt: skip
    assert is_erased(asked_at + DAY)
    request.refresh_from_db()
    assert (request.decision, request.decision_ground) == (
        Decision.PARTLY,
        "Everything was erased but what a legal claim needs, GDPR Art. 17(3)(e).",
    )
    statement = OutboxEmail.objects.get(kind=EmailKind.ERASURE_STATEMENT)
    assert (statement.context["held"], statement.context["held_until"]) == (2, "2027-11-25")
    assert sorted(HeldItem.objects.values_list("kind", flat=True)) == ["APPLICATION", "STAGE_CHANGE"]
    assert (ends_on, StoredFile.objects.count(), Application.objects.count()) == (date(2027, 11, 25), 0, 0)

    over = datetime(2027, 11, 25, 22, 0, tzinfo=at.tzinfo)
    assert (release_ended_holds(at=over - SECOND), release_ended_holds(at=over)) == (0, 1)
    erase_due(at=over)
    assert (Hold.objects.filter(pk=made.pk).count(), HeldItem.objects.count()) == (0, 0)


# Spec 2.4: open applications


def test_scenario_49_the_owner_is_asked_sixty_days_before_and_at_the_end_it_is_closed_and_erased(
    aino: Application, end: datetime, recruiter: User, at: datetime
) -> None:
    person = aino.candidate_id
    assert open_contact_or_close_tasks(at=end - 62 * DAY) == 0
    assert open_contact_or_close_tasks(at=end - 61 * DAY) == 1
    task = StaffTask.objects.get()
    assert (task.application, task.assignee, task.due_on, task.done_at) == (aino, recruiter, date(2028, 11, 24), None)
    assert tasks_for(recruiter.pk, end - 60 * DAY) == [task]
    mail = OutboxEmail.objects.get(kind=EmailKind.STAFF_TASK)
    assert (mail.to_address, mail.context) == (
        "rea@example.org",
        {
            "reference": aino.reference,
            "position": "Backend developer",
            "candidate_id": str(person),
            "due_on": "2028-11-24",
        },
    )
    for days in (60, 30, 1):
        assert open_contact_or_close_tasks(at=end - days * DAY) == 0
    assert not is_erased_of_anybody(end - SECOND)
    assert is_erased(end)
    moved = AuditEvent.objects.filter(action=Action.APPLICATION_MOVED, subject_ref=person)
    assert [(event.actor_kind, event.at) for event in moved] == [("SYSTEM", end)]
    assert (StaffTask.objects.count(), OutboxEmail.objects.filter(kind=EmailKind.STAFF_TASK).count()) == (0, 0)


def is_erased_of_anybody(at: datetime) -> bool:
    erase_due(at=at)
    return not Candidate.objects.exists()


def test_closing_by_retention_is_a_move_without_an_actor(aino: Application, position: Position, at: datetime) -> None:
    closed = people.application(at, position, email="eino@example.org")
    move_application(closed.pk, to_stage=Stage.REJECTED, actor=SYSTEM, at=at)
    newer = people.application(at + 9 * DAY, None, email="olga@example.org")
    refs = [row.candidate_id for row in (aino, closed, newer)]
    assert close_by_retention(refs, actor=SYSTEM, at=at + 10 * DAY, submitted_before=at + DAY) == 1
    aino.refresh_from_db()
    assert (aino.stage, aino.closed_at, aino.stage_changed_at) == (
        Stage.CLOSED_BY_RETENTION,
        at + 10 * DAY,
        at + 10 * DAY,
    )
    change = StageChange.objects.get(application=aino)
    assert (change.from_stage, change.to_stage, change.actor) == (Stage.RECEIVED, Stage.CLOSED_BY_RETENTION, None)
    assert close_by_retention(refs, actor=SYSTEM, at=at + 11 * DAY) == 1


def test_a_contact_or_a_decision_ends_the_task(
    aino: Application, end: datetime, position: Position, recruiter: User, at: datetime
) -> None:
    other = people.application(at, position, email="eino@example.org")
    when = end - 50 * DAY
    assert open_contact_or_close_tasks(at=when) == 2
    record_interaction(
        aino.candidate_id, kind=InteractionKind.CALL, occurred_at=when, text="", actor=staff(recruiter.pk), at=when
    )
    move_application(other.pk, to_stage=Stage.REJECTED, actor=staff(recruiter.pk), at=when)
    assert tasks_for(recruiter.pk, when) == []
    assert open_contact_or_close_tasks(at=when + DAY) == 0
    assert set(StaffTask.objects.values_list("done_at", flat=True)) == {when + DAY}
    aino.candidate.refresh_from_db()
    assert open_contact_or_close_tasks(at=aino.candidate.expires_at - 60 * DAY) == 1


def test_an_open_application_is_everybodys(at: datetime, recruiter: User, officer: User) -> None:
    sent = people.application(at, None)
    when = sent.candidate.expires_at - 30 * DAY
    assert open_contact_or_close_tasks(at=when) == 1
    assert [len(tasks_for(user.pk, when)) for user in (recruiter, officer)] == [1, 1]
    assert OutboxEmail.objects.filter(kind=EmailKind.STAFF_TASK).count() == 0


def test_of_whom_nobody_sees_nobody_is_asked(aino: Application, end: datetime, officer: User, at: datetime) -> None:
    restrict_candidate(aino.candidate.person_ref, ground=RestrictionGround.CLAIM, actor=staff(officer.pk), at=at)
    assert open_contact_or_close_tasks(at=end - 50 * DAY) == 0


def test_who_has_left_is_not_asked(aino: Application, end: datetime, recruiter: User) -> None:
    recruiter.is_active = False
    recruiter.save()
    assert open_contact_or_close_tasks(at=end - 50 * DAY) == 1
    assert (StaffTask.objects.get().assignee, OutboxEmail.objects.filter(kind=EmailKind.STAFF_TASK).count()) == (
        None,
        0,
    )
