"""Contacts and interviews on the candidate's page: what moves the date, what does not, and what turns out otherwise."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from accounts.models import User
from audit.enums import Access, Action
from audit.models import AccessEvent, AuditEvent
from candidates.enums import InteractionKind, InterviewState, MeansOfContact, RevocationReason, Stage
from candidates.models import Application, Candidate, Interaction, Interview, Note, Position, StageChange
from candidates.services.applications import move_application
from candidates.services.corrections import revoke_interaction
from candidates.services.interactions import record_interaction
from candidates.services.interviews import mark_held, plan_interview
from candidates.services.mail import mail_bounced, receive_mail, record_bulk_mail, record_sent_mail
from common.actors import SYSTEM, staff
from files.samples import pdf
from tests.factories import people
from tests.factories.browser import body_of
from tests.factories.desk import Desk, notices, part

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
LIST, PAGE = "candidates_candidate_changelist", "candidates_candidate_change"


@pytest.fixture
def desk(recruiter: User, at: datetime) -> Desk:
    return Desk(recruiter, at)


@pytest.fixture
def aino(at: datetime, position: Position) -> Application:
    return people.application(at - 10 * DAY, position)


def person(aino: Application) -> Candidate:
    return Candidate.objects.get(pk=aino.candidate_id)


def record(aino: Application, recruiter: User, occurred_at: datetime, **changes: Any) -> Interaction:
    values: dict[str, Any] = {"kind": InteractionKind.CALL, "text": "Half an hour.", **changes}
    return record_interaction(
        aino.candidate_id, occurred_at=occurred_at, actor=staff(recruiter.pk), at=occurred_at, **values
    )


def send(desk: Desk, aino: Application, **changes: str) -> Any:
    form = {"kind": "CALL", "means": "PHONE", "direction": "OUT", "occurred_at": "2026-11-24T10:30", **changes}
    data = {f"interaction-{name}": value for name, value in form.items()}
    return desk.post("candidates_candidate_interaction", aino.candidate_id, **data)


def test_scenario_02_the_work_of_recruiters_moves_no_date(recruiter: User, at: datetime) -> None:
    sent = people.application(at - 725 * DAY, None)
    before = person(sent)
    assert before.erase_at - at < 6 * DAY
    desk = Desk(recruiter, at)
    document = sent.candidate.documents.get()

    assert desk.get(PAGE, sent.candidate_id).status_code == 200
    assert [row.pk for row in desk.get(LIST).context["cl"].result_list] == [sent.candidate_id]
    assert [row.pk for row in desk.get(LIST, q="aino").context["cl"].result_list] == [sent.candidate_id]
    assert [row.pk for row in desk.get("candidates_application_changelist").context["cl"].result_list] == [sent.pk]
    assert body_of(desk.get("candidates_candidate_file", sent.candidate_id, document.pk)) == pdf("A CV")
    desk.post("candidates_candidate_note", sent.candidate_id, **{"note-text": "Knows Django."})
    for stage in ("IN_REVIEW", "OFFER"):
        desk.post("candidates_candidate_move", sent.candidate_id, sent.pk, **{f"move-{sent.pk}-to_stage": stage})
    planned = {"interview-starts_at": "2026-11-26T10:00", "interview-means": "VIDEO"}
    desk.post("candidates_candidate_interview", sent.candidate_id, **planned)

    assert (Note.objects.count(), StageChange.objects.count(), Interview.objects.count()) == (1, 2, 1)
    assert set(AccessEvent.objects.values_list("access", flat=True)) == set(Access.values)
    after = person(sent)
    assert (after.last_contact_at, after.erase_at, after.expires_at, after.keep_until) == (
        before.last_contact_at,
        before.erase_at,
        before.expires_at,
        before.keep_until,
    )


# Recording


def test_scenario_08_a_contact_dated_tomorrow_is_refused_on_the_page(desk: Desk, aino: Application) -> None:
    before = person(aino).erase_at
    answer = send(desk, aino, occurred_at="2026-11-25T10:30")
    assert answer.status_code == 422
    assert part(answer, "id_interaction-occurred_at_error", "id") == (
        "Error: This lies in the future. Record it when it has taken place."
    )
    assert (Interaction.objects.count(), person(aino).erase_at) == (1, before)


def test_the_form_asks_how_and_what_it_is_about(desk: Desk, aino: Application) -> None:
    answer = send(
        desk, aino, kind="MAIL_RECEIVED", means="MESSAGE", direction="IN", application_id=str(aino.pk), text="Hello."
    )
    assert notices(answer) == ["The contact is recorded. The retention date follows it."]
    found = Interaction.objects.get(kind=InteractionKind.MAIL_RECEIVED)
    assert (found.means, found.direction, found.application_id, found.text) == ("MESSAGE", "IN", aino.pk, "Hello.")


@pytest.mark.parametrize("name", ["kind", "means", "direction"])
def test_nothing_of_how_is_left_out(desk: Desk, aino: Application, name: str) -> None:
    answer = send(desk, aino, **{name: ""})
    assert (answer.status_code, Interaction.objects.count()) == (422, 1)
    assert part(answer, f"id_interaction-{name}_error", "id") == "Error: This field is required."


@pytest.mark.parametrize(
    ("changes", "name", "message"),
    [
        ({"means": "MAIL"}, "means", "This kind of contact does not take place by those means."),
        (
            {"kind": "MAIL_SENT", "means": "MAIL", "direction": "IN"},
            "direction",
            "Say for a mail who wrote it: the candidate, or we.",
        ),
    ],
)
def test_what_does_not_go_together_is_said_beside_the_field(
    desk: Desk, aino: Application, changes: dict[str, str], name: str, message: str
) -> None:
    answer = send(desk, aino, **changes)
    assert answer.status_code == 422
    assert part(answer, f"id_interaction-{name}_error", "id") == f"Error: {message}"


def test_a_mail_says_which_of_two_applications_it_is_about(desk: Desk, aino: Application, at: datetime) -> None:
    people.application(at - DAY, None)
    answer = send(desk, aino, kind="MAIL_SENT", means="MAIL", application_id="")
    assert part(answer, "id_interaction-application_id_error", "id") == (
        "Error: Say which application the mail is about."
    )
    foreign = people.application(at - DAY, None, email="eino@example.org")
    answer = send(desk, aino, application_id=str(foreign.pk))
    assert (answer.status_code, Interaction.objects.exclude(kind="APPLICATION_SUBMITTED").count()) == (422, 0)


def test_each_kind_brings_what_is_usual_for_it_and_the_open_application_is_chosen(
    desk: Desk, aino: Application, recruiter: User, at: datetime
) -> None:
    newer = people.application(at - DAY, None)
    move_application(newer.pk, to_stage=Stage.REJECTED, actor=staff(recruiter.pk), at=at)
    page = desk.get(PAGE, aino.candidate_id).content.decode()
    assert '<option value="CALL" data-means="PHONE" data-direction="OUT">Call</option>' in page
    assert '<option value="MAIL_RECEIVED" data-means="MAIL" data-direction="IN">' in page
    assert '<option value="PHONE" selected>Phone call</option>' in page
    assert page.count(f'<option value="{aino.pk}" selected>Backend developer ({aino.reference})</option>') == 2
    assert page.count(f'<option value="{newer.pk}">Open application ({newer.reference})</option>') == 1
    assert '<option value="PORTAL">' not in page


# The timeline


def test_the_timeline_says_how_and_who(desk: Desk, aino: Application, recruiter: User, at: datetime) -> None:
    start = at - 9 * DAY
    common: dict[str, Any] = {"headers": {}, "sender_address": "aino@example.org"}
    receive_mail(aino.candidate_id, message_id="<1@x>", received_at=start, text="Tuesday?", at=start, **common)
    record_bulk_mail(aino.candidate_id, message_id="<2@x>", sent_at=start + HOUR, actor=SYSTEM, at=start + HOUR)
    record_sent_mail(
        aino.candidate_id, application_id=aino.pk, message_id="<3@x>", sent_at=start + 2 * HOUR, text="Yes.",
        actor=staff(recruiter.pk), at=start + 2 * HOUR,
    )  # fmt: skip
    mail_bounced("<3@x>", at=start + 3 * HOUR, is_permanent=True)
    assert part(desk.get(PAGE, aino.candidate_id), "timeline") == (
        "Timeline "
        "Mail to the candidate did not take place Yes. 15 November 2026, 13:00 Rea Mail, from us The mail came back "
        "Mail to many people 15 November 2026, 12:00 the portal Mail, from us Correct the contact: Mail to many people "
        "Mail from the candidate Tuesday? 15 November 2026, 11:00 the candidate Mail, from the person "
        "Correct the contact: Mail from the candidate "
        "Application sent 14 November 2026, 11:00 the candidate"
    )


def test_the_head_says_that_mail_came_back(desk: Desk, aino: Application, recruiter: User, at: datetime) -> None:
    assert "mail came back" not in str(part(desk.get(PAGE, aino.candidate_id), "who-is", "class"))
    record_sent_mail(
        aino.candidate_id, application_id=aino.pk, message_id="<3@x>", sent_at=at, text="", actor=staff(recruiter.pk),
        at=at,
    )  # fmt: skip
    mail_bounced("<3@x>", at=at, is_permanent=True)
    assert (
        "mail came back On 24 November 2026 a mail to this address came back. Reach the person in another way."
        in str(part(desk.get(PAGE, aino.candidate_id), "who-is", "class"))
    )


# What turns out otherwise


def test_the_page_of_a_contact_shows_it_and_what_can_be_said(
    desk: Desk, aino: Application, recruiter: User, at: datetime
) -> None:
    call = record(aino, recruiter, at - DAY)
    page = desk.get("candidates_candidate_correct", aino.candidate_id, call.pk)
    assert part(page, "moment-heading") == (
        "It was at another time When it really happened In Finnish time Correct the time"
    )
    assert part(page, "revoke-heading") == (
        "It did not take place It stays in the timeline, marked, and counts no more. Why Nobody came "
        "Recorded by mistake It does not count"
    )
    assert 'value="2026-11-23T11:00"' in page.content.decode()
    assert "Half an hour." in page.content.decode()
    seen = AccessEvent.objects.get()
    assert (seen.access, seen.subject_refs, seen.object_ref) == (Access.VIEWED, [aino.candidate_id], call.pk)


def test_a_contact_is_revoked_with_a_reason(desk: Desk, aino: Application, recruiter: User, at: datetime) -> None:
    call = record(aino, recruiter, at - DAY)
    address = ("candidates_candidate_revoke", aino.candidate_id, call.pk)
    answer = desk.post(*address)
    assert answer.status_code == 422
    assert part(answer, "id_revoke-reason_error", "id") == "Error: Say why."
    assert desk.post(*address, **{"revoke-reason": "BOUNCED"}).status_code == 422
    assert Interaction.objects.get(pk=call.pk).revoked_at is None
    answer = desk.post(*address, **{"revoke-reason": "NO_SHOW"})
    assert notices(answer) == ["The contact counts no more. The retention date is computed without it."]
    assert answer["Location"] == f"/admin/candidates/candidate/{aino.candidate_id}/change/"
    assert person(aino).last_contact_at == at - 10 * DAY
    again = desk.post(*address, **{"revoke-reason": "CORRECTED"})
    assert notices(again)[-1] == "This is already marked as not having taken place."
    assert Interaction.objects.get(pk=call.pk).revocation == RevocationReason.NO_SHOW


def test_a_contact_gets_another_moment(desk: Desk, aino: Application, recruiter: User, at: datetime) -> None:
    call = record(aino, recruiter, at - DAY)
    address = ("candidates_candidate_correct", aino.candidate_id, call.pk)
    for moment, message in (
        ("2026-11-25T10:00", "This lies in the future. Record it when it has taken place."),
        ("2026-11-23T11:01", "It was recorded before that. Record a later contact as one of its own."),
        ("2026-11-14T10:59", "This lies before we knew the candidate."),
        ("soon", "Write date and time, for example 2026-11-24 14:30."),
    ):
        answer = desk.post(*address, **{"moment-occurred_at": moment})
        assert answer.status_code == 422
        assert part(answer, "id_moment-occurred_at_error", "id") == f"Error: {message}"
    answer = desk.post(*address, **{"moment-occurred_at": "2026-11-20T10:00"})
    assert notices(answer) == ["The date of the contact is corrected. The retention date follows it."]
    assert person(aino).last_contact_at.isoformat() == "2026-11-20T08:00:00+00:00"


def test_who_is_expired_by_it_is_hidden_in_the_same_answer(recruiter: User, at: datetime) -> None:
    old = people.application(at - 740 * DAY, None)
    call = record(old, recruiter, at - 30 * DAY)
    desk = Desk(recruiter, at)
    assert desk.get(PAGE, old.candidate_id).status_code == 200
    answer = desk.post("candidates_candidate_revoke", old.candidate_id, call.pk, **{"revoke-reason": "CORRECTED"})
    assert answer["Location"] == "/admin/candidates/candidate/"
    assert notices(answer) == [
        "The contact counts no more. The retention date is computed without it.",
        "By that the person's time is over. Nobody sees them any more, and the portal erases them by itself.",
    ]
    assert desk.get(PAGE, old.candidate_id).status_code == 404
    assert desk.get(LIST).context["cl"].result_count == 0
    assert desk.get("candidates_candidate_correct", old.candidate_id, call.pk).status_code == 404


def test_what_a_server_dated_is_only_revoked(desk: Desk, aino: Application, at: datetime) -> None:
    mail = receive_mail(
        aino.candidate_id, message_id="<1@x>", received_at=at, headers={}, text="", sender_address="aino@example.org",
        at=at,
    )  # fmt: skip
    assert mail is not None
    page = desk.get("candidates_candidate_correct", aino.candidate_id, mail.pk)
    assert (part(page, "moment-heading"), part(page, "revoke-heading") is None) == (None, False)
    answer = desk.post(
        "candidates_candidate_correct", aino.candidate_id, mail.pk, **{"moment-occurred_at": "2026-11-20T10:00"}
    )
    assert answer.status_code == 422
    assert "The date of this contact cannot be changed." in answer.content.decode()


def test_a_contact_that_cannot_turn_out_otherwise_has_no_such_page(
    desk: Desk, aino: Application, recruiter: User, at: datetime
) -> None:
    sent = Interaction.objects.get(kind=InteractionKind.APPLICATION_SUBMITTED)
    stranger = people.application(at, None, email="eino@example.org").candidate
    call = record(aino, recruiter, at)
    for candidate_id, key in ((aino.candidate_id, sent.pk), (aino.candidate_id, uuid4()), (stranger.pk, call.pk)):
        answers = [
            desk.get("candidates_candidate_correct", candidate_id, key),
            desk.post("candidates_candidate_correct", candidate_id, key, **{"moment-occurred_at": "2026-11-20T10:00"}),
            desk.post("candidates_candidate_revoke", candidate_id, key, **{"revoke-reason": "CORRECTED"}),
            desk.get("candidates_candidate_revoke", candidate_id, key),
        ]
        assert [answer.status_code for answer in answers] == [404] * 4
    assert desk.get("candidates_candidate_correct", aino.candidate_id, call.pk).status_code == 200
    revoke_interaction(
        call.pk, reason=RevocationReason.CORRECTED, actor=staff(recruiter.pk), at=at, candidate_id=aino.candidate_id
    )
    answer = desk.get("candidates_candidate_correct", aino.candidate_id, call.pk)
    assert answer["Location"] == f"/admin/candidates/candidate/{aino.candidate_id}/change/"


# Interviews


def plan(desk: Desk, aino: Application, **changes: str) -> Any:
    form = {"starts_at": "2026-11-26T10:00", "means": "VIDEO", "place": "Room 3", **changes}
    data = {f"interview-{name}": value for name, value in form.items()}
    return desk.post("candidates_candidate_interview", aino.candidate_id, **data)


def act(desk: Desk, aino: Application, what: str) -> Any:
    return desk.post("candidates_candidate_interview_act", aino.candidate_id, Interview.objects.get().pk, what)


def shown(desk: Desk, aino: Application) -> str:
    return str(part(desk.get(PAGE, aino.candidate_id), "interviews-heading")).partition(" Plan an interview")[0]


def test_scenario_07_an_interview_is_planned_held_and_missed_on_the_page(
    recruiter: User, aino: Application, at: datetime
) -> None:
    desk, after = Desk(recruiter, at), Desk(recruiter, at + 3 * DAY)
    before = person(aino).erase_at
    assert shown(desk, aino) == "Interviews"
    assert notices(plan(desk, aino, application_id=str(aino.pk))) == [
        "The interview is planned. It counts as contact once it was held."
    ]
    assert shown(desk, aino) == (
        "Interviews 26 November 2026, 10:00 Planned Video call, Room 3 Counts as contact once it was held. "
        "Cancel the interview"
    )
    assert notices(act(desk, aino, "held")) == ["The interview has not begun yet."]
    assert person(aino).erase_at == before
    assert shown(after, aino) == (
        "Interviews 26 November 2026, 10:00 Planned Video call, Room 3 It was held Nobody came Cancel the interview"
    )
    assert notices(act(after, aino, "held")) == ["The interview is recorded as held. The retention date follows it."]
    assert person(aino).last_contact_at.isoformat() == "2026-11-26T08:00:00+00:00"
    assert shown(after, aino) == "Interviews 26 November 2026, 10:00 Held Video call, Room 3 Nobody came"
    assert notices(act(after, aino, "no-show")) == ["It is recorded that nobody came."]
    assert person(aino).erase_at == before
    assert shown(after, aino) == "Interviews 26 November 2026, 10:00 Nobody came Video call, Room 3 It was held"


def test_a_cancelled_interview_leaves_the_page(desk: Desk, aino: Application) -> None:
    plan(desk, aino)
    assert notices(act(desk, aino, "cancel")) == ["The interview is cancelled."]
    assert (shown(desk, aino), Interview.objects.get().state) == ("Interviews", InterviewState.CANCELLED)
    assert notices(act(desk, aino, "cancel"))[-1] == "Somebody else has changed this interview. Look at it again."


@pytest.mark.parametrize(
    ("changes", "name", "message"),
    [
        ({"starts_at": ""}, "starts_at", "Say when it begins."),
        ({"starts_at": "soon"}, "starts_at", "Write date and time, for example 2026-11-24 14:30."),
        (
            {"starts_at": "2026-11-24T10:59"},
            "starts_at",
            "This has passed. Record an interview that took place as a contact.",
        ),
        (
            {"starts_at": "2029-01-01T10:00"},
            "starts_at",
            "By then this person is erased. Record the contact in which you agreed on it first.",
        ),
    ],
)
def test_a_plan_that_cannot_be_is_refused_where_it_was_written(
    desk: Desk, aino: Application, changes: dict[str, str], name: str, message: str
) -> None:
    answer = plan(desk, aino, **changes)
    assert (answer.status_code, Interview.objects.count()) == (422, 0)
    assert part(answer, f"id_interview-{name}_error", "id") == f"Error: {message}"
    assert part(answer, "alert", "role") == f"There is a problem {message}"
    assert "<details open>" in answer.content.decode()


def test_a_no_show_may_hide_the_person(recruiter: User, at: datetime) -> None:
    old = people.application(at - 729 * DAY, None)
    interview = plan_interview(
        old.candidate_id, starts_at=at - 2 * DAY, means=MeansOfContact.VIDEO, actor=staff(recruiter.pk), at=at - 3 * DAY
    )
    mark_held(interview.pk, actor=staff(recruiter.pk), at=at - DAY, candidate_id=old.candidate_id)
    late = Desk(recruiter, at + 10 * DAY)
    assert late.get(PAGE, old.candidate_id).status_code == 200
    answer = act(late, old, "no-show")
    assert answer["Location"] == "/admin/candidates/candidate/"
    assert late.get(PAGE, old.candidate_id).status_code == 404


def test_interviews_of_others_and_acts_that_are_none_lead_nowhere(
    desk: Desk, aino: Application, recruiter: User, at: datetime
) -> None:
    plan(desk, aino)
    stranger = people.application(at, None, email="eino@example.org").candidate
    key = Interview.objects.get().pk
    answers = [
        desk.post("candidates_candidate_interview_act", stranger.pk, key, "cancel"),
        desk.post("candidates_candidate_interview_act", aino.candidate_id, uuid4(), "cancel"),
        desk.post("candidates_candidate_interview_act", aino.candidate_id, key, "delete"),
        desk.get("candidates_candidate_interview_act", aino.candidate_id, key, "cancel"),
    ]
    assert [answer.status_code for answer in answers] == [404] * 4
    assert Interview.objects.get().state == InterviewState.PLANNED
    expired = Desk(recruiter, person(aino).expires_at)
    assert plan(expired, aino, starts_at="2030-01-01T10:00").status_code == 404
    assert act(expired, aino, "cancel").status_code == 404


def test_every_act_leaves_its_trace(desk: Desk, aino: Application, recruiter: User) -> None:
    plan(desk, aino)
    act(desk, aino, "cancel")
    send(desk, aino)
    call = Interaction.objects.get(kind=InteractionKind.CALL)
    desk.post("candidates_candidate_correct", aino.candidate_id, call.pk, **{"moment-occurred_at": "2026-11-20T10:00"})
    desk.post("candidates_candidate_revoke", aino.candidate_id, call.pk, **{"revoke-reason": "CORRECTED"})
    events = AuditEvent.objects.filter(actor_ref=recruiter.pk).order_by("pk")
    assert [event.action for event in events] == [
        Action.INTERVIEW_PLANNED,
        Action.INTERVIEW_CANCELLED,
        Action.INTERACTION_RECORDED,
        Action.INTERACTION_CORRECTED,
        Action.INTERACTION_REVOKED,
    ]
