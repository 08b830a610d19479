"""The pages of approaching people, of the assessment that it needs, and of suppressions."""

import re
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from pytest_django import Settings

from accounts.models import User
from audit.enums import Access
from audit.models import AccessEvent
from candidates.enums import InteractionKind, SourceKind, SuppressionReason
from candidates.models import Candidate, Interaction, Position, SourcingAssessment, Suppression
from candidates.services.mail import receive_mail
from candidates.services.restrictions import restrict_candidate
from candidates.services.sourcing import Found, end_assessment, record_assessment, source_candidate
from candidates.services.suppression import Identifiers, suppress
from common.actors import SYSTEM, staff
from mailing.enums import EmailKind
from mailing.models import OutboxEmail
from policy.expiry import Ground
from tests.factories import people
from tests.factories.desk import Desk, notices, part

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
LIST, PAGE = "candidates_candidate_changelist", "candidates_candidate_change"
APPROACH, OUTREACH, NOTICE = (f"candidates_candidate_{act}" for act in ("approach", "outreach", "notice"))
ASSESSMENTS, SUPPRESSIONS = "candidates_sourcingassessment", "candidates_suppression"
LINKEDIN = "https://www.linkedin.com/in/saana-s"
ELSEWHERE = "Write to the person elsewhere, with the notice below, and record it here."
FORM = {
    "source_kind": "LINKEDIN", "source_ref": LINKEDIN, "found_on": "2026-11-23", "name": "Saana Sivusto",
    "email": "saana@example.org", "phone": "", "link": "", "skills": "Queues", "reason": "Has run large queues.",
    "language": "fi",
}  # fmt: skip


@pytest.fixture
def desk(recruiter: User, at: datetime) -> Desk:
    return Desk(recruiter, at)


@pytest.fixture
def office(officer: User, at: datetime) -> Desk:
    return Desk(officer, at)


@pytest.fixture
def assessment(officer: User, at: datetime) -> SourcingAssessment:
    return record_assessment(
        document_ref="LEGAL-1", valid_until=date(2027, 11, 1), actor=staff(officer.pk), at=at - 30 * DAY
    )


@pytest.fixture
def saana(assessment: SourcingAssessment, recruiter: User, at: datetime) -> Candidate:
    found = Found(
        name="Saana Sivusto", language="en", source_kind=SourceKind.LINKEDIN, source_ref=LINKEDIN,
        reason="Has run large queues.", email="saana@example.org",
    )  # fmt: skip
    return source_candidate(found, actor=staff(recruiter.pk), at=at - DAY)


def text_of(page: Any) -> str:
    """What stands on a page, without its marks."""
    return " ".join(re.sub(r"<[^>]+>", " ", page.content.decode()).split())


def names(page: Any) -> list[str]:
    return [row.name for row in page.context["cl"].result_list]


# Adding a person


def test_while_it_is_off_the_page_says_so_and_why(desk: Desk, office: Desk) -> None:
    page = desk.get(APPROACH)
    assert page.status_code == 200
    said = part(page, "empty", "class")
    assert said is not None
    assert said.startswith("Nobody can be approached now. No legal assessment is in force. The Act on the Protection")
    assert "Record an assessment" not in said
    assert str(part(office.get(APPROACH), "empty", "class")).endswith("Record an assessment")
    refused = desk.post(APPROACH, **FORM)
    assert (refused.status_code, Candidate.objects.count()) == (422, 0)
    assert part(refused, "alert", "role") == (
        "There is a problem Nobody can be approached: no legal assessment is in force."
    )


def test_a_person_is_added_and_then_written_to(desk: Desk, assessment: SourcingAssessment, recruiter: User) -> None:
    blank = desk.get(APPROACH)
    assert (blank.status_code, blank.context["form"]["found_on"].value()) == (200, date(2026, 11, 24))
    assert part(blank, "person") is not None
    answer = desk.post(APPROACH, **FORM)
    person = Candidate.objects.get()
    assert answer["Location"] == f"/admin/candidates/candidate/{person.pk}/outreach/"
    assert notices(answer) == ["The person is added. Tell them about it within a month."]
    assert (person.name, person.language, person.collected_by) == ("Saana Sivusto", "fi", recruiter)
    assert (person.collected_at.isoformat(), person.due_on) == ("2026-11-22T22:00:00+00:00", date(2026, 12, 23))


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"name": ""}, "name", "Write the person's name."),
        ({"source_ref": ""}, "source_ref", "Say where exactly the data are from."),
        ({"source_ref": "web"}, "source_ref", "Write the address of the page where you found the person."),
        ({"reason": " "}, "reason", "Say why you thought of this person."),
        ({"found_on": "2026-11-25"}, "found_on", "This lies in the future."),
        ({"found_on": "2026-10-23"}, "found_on", "The month in which the person had to be told is over."),
        ({"found_on": "soon"}, "found_on", "Write a date, for example 2026-11-24."),
        ({"email": "saana"}, "email", "Enter an email address in the form name@example.org"),
        ({"source_kind": "I"}, "source_kind", "Select a valid choice. I is not one of the available choices."),
    ],
)
def test_what_is_missing_is_said_where_it_is(
    desk: Desk, assessment: SourcingAssessment, changes: dict[str, str], field: str, message: str
) -> None:
    page = desk.post(APPROACH, **{**FORM, **changes})
    assert (page.status_code, Candidate.objects.count()) == (422, 0)
    assert part(page, f"id_{field}_error", "id") == f"Error: {message}"
    assert part(page, "alert", "role") == f"There is a problem {message}"
    assert page.content.decode().partition("<title>")[2].startswith("Error: Approach a person")
    assert page.context["form"]["skills"].value() == "Queues"


def test_a_person_whom_we_know_is_linked_to(desk: Desk, saana: Candidate) -> None:
    page = desk.post(APPROACH, **FORM)
    assert (page.status_code, Candidate.objects.count()) == (422, 1)
    assert part(page, "alert", "role") == (
        "There is a problem We know this person already. Write where you found them in a note on their page."
    )
    assert f'<a href="/admin/candidates/candidate/{saana.pk}/change/">' in page.content.decode()


def test_a_suppressed_and_a_restricted_person_get_one_answer(
    desk: Desk, saana: Candidate, officer: User, at: datetime
) -> None:
    restrict_candidate(saana.person_ref, ground=Ground.ACCURACY, actor=staff(officer.pk), at=at)
    suppress(Identifiers(["eino@example.org"]), reason=SuppressionReason.REQUEST, actor=SYSTEM, at=at)
    said = set()
    for changes in ({}, {"email": "eino@example.org", "source_ref": "linkedin.com/in/eino"}):
        page = desk.post(APPROACH, **{**FORM, **changes})
        said.add((page.status_code, part(page, "alert", "role"), str(saana.pk) in page.content.decode()))
    assert said == {(422, "There is a problem This person cannot be added. The portal does not say why.", False)}


# The list and the candidate's page


def test_the_list_leads_there_and_marks_who_must_be_told(
    desk: Desk, saana: Candidate, position: Position, at: datetime
) -> None:
    people.application(at, position, name="Aino Esimerkki")
    page = desk.get(LIST)
    assert part(page, "object-tools", "class") == "Approach a person"
    row = str(part(page, "result_list", "id")).partition("Saana Sivusto")[2]
    assert row.startswith(" tell by 23 Dec 2026 no application 23 Nov 2026 23 Dec 2026")
    found = [names(desk.get(LIST, approached=value)) for value in ("yes", "untold", "no")]
    assert found == [["Saana Sivusto"], ["Saana Sivusto"], ["Aino Esimerkki", "Saana Sivusto"]]
    desk.post(OUTREACH, saana.pk, subject="A question", text="Hello")
    assert [names(desk.get(LIST, approached=value)) for value in ("yes", "untold")] == [["Saana Sivusto"], []]
    row = str(part(desk.get(LIST), "result_list", "id")).partition("Saana Sivusto")[2]
    assert row.startswith(" approached no application 23 Nov 2026")


def test_the_page_says_where_the_person_is_from(desk: Desk, saana: Candidate, position: Position, at: datetime) -> None:
    page = desk.get(PAGE, saana.pk)
    assert part(page, "source") == (
        f"Approached by us Source LinkedIn profile {LINKEDIN} Why this person Has run large queues. "
        "Told that we have the data not yet By 23 December 2026 at the latest. Otherwise the person is erased the next "
        "day. Write the first message"
    )
    desk.post(OUTREACH, saana.pk, subject="A question", text="Hello")
    assert str(part(desk.get(PAGE, saana.pk), "source")).endswith(
        "Told that we have the data 24 November 2026 Write to the person"
    )
    assert part(desk.get(PAGE, people.application(at, position).candidate_id), "source") is None


# Writing


def test_the_first_message_goes_out_with_the_notice(desk: Desk, saana: Candidate, recruiter: User) -> None:
    page = desk.get(OUTREACH, saana.pk)
    assert page.status_code == 200
    assert str(part(page, "write")).startswith("The first message The notice below goes with it.")
    assert f"from this source: LinkedIn profile, {LINKEDIN}." in str(part(page, "notice"))
    seen = AccessEvent.objects.get()
    assert (seen.access, seen.subject_refs, seen.actor_ref) == (Access.VIEWED, [saana.pk], recruiter.pk)
    answer = desk.post(OUTREACH, saana.pk, subject="A question", text="Hello\n\nSaana")
    assert (answer["Location"], notices(answer)) == (
        f"/admin/candidates/candidate/{saana.pk}/change/", ["The message is on its way."],
    )  # fmt: skip
    email = OutboxEmail.objects.get(kind=EmailKind.OUTREACH)
    assert (email.to_address, email.context["subject"], email.context["text"]) == (
        "saana@example.org", "A question", "Hello\n\nSaana",
    )  # fmt: skip


def test_follow_ups_are_counted_down(desk: Desk, saana: Candidate) -> None:
    said = []
    for _ in range(4):
        page = desk.get(OUTREACH, saana.pk)
        said.append(str(part(page, "write")).partition(" Subject ")[0])
        desk.post(OUTREACH, saana.pk, subject="A question", text="Hello")
    assert said == [
        "The first message The notice below goes with it. Two more messages may follow, if the person does not answer.",
        "Another message 2 more messages may go to the person, unless they answer. They do not lengthen storage.",
        "Another message This is the last message, unless the person answers. It does not lengthen storage.",
        "None",
    ]
    assert part(page, "warning", "class") == (
        "Three messages without an answer are enough. The person is not written to again."
    )
    assert part(page, "notice") is None
    assert OutboxEmail.objects.filter(kind=EmailKind.OUTREACH).count() == 3


def test_what_may_not_be_written_is_said_above_the_form(desk: Desk, saana: Candidate, at: datetime) -> None:
    empty = desk.post(OUTREACH, saana.pk, subject="", text="Hello")
    assert (empty.status_code, part(empty, "id_subject_error", "id")) == (422, "Error: Write a subject and a message.")
    suppress(Identifiers(["saana@example.org"]), reason=SuppressionReason.REQUEST, actor=SYSTEM, at=at)
    page = desk.post(OUTREACH, saana.pk, subject="A question", text="Hello")
    assert (page.status_code, part(page, "alert", "role")) == (
        422, "There is a problem This person may not be written to.",
    )  # fmt: skip
    assert page.context["outreach_form"]["text"].value() == "Hello"
    assert OutboxEmail.objects.filter(kind=EmailKind.OUTREACH).count() == 0


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("answered", "The person has answered. Answer their mail from your own mailbox, and record it as a contact."),
        ("undeliverable", f"Mail to this address came back. {ELSEWHERE}"),
        ("no address", f"We have no email address. {ELSEWHERE}"),
    ],
)
def test_the_page_says_why_nobody_can_write(desk: Desk, saana: Candidate, at: datetime, case: str, words: str) -> None:
    assert part(desk.get(OUTREACH, saana.pk), "write") is not None
    if case == "answered":
        receive_mail(
            saana.pk, message_id="<a@example.net>", received_at=at, headers={}, text="Yes.",
            sender_address="saana@example.org", at=at,
        )  # fmt: skip
    changes = {"undeliverable": {"undeliverable_at": at}, "no address": {"email": "", "address": ""}}
    Candidate.objects.filter(pk=saana.pk).update(**changes.get(case, {"skills": ""}))
    page = desk.get(OUTREACH, saana.pk)
    assert (part(page, "warning", "class"), part(page, "write")) == (words, None)


def test_when_it_is_off_only_the_notice_can_be_recorded(
    desk: Desk, saana: Candidate, assessment: SourcingAssessment, officer: User, at: datetime
) -> None:
    end_assessment(assessment.pk, actor=staff(officer.pk), at=at)
    page = desk.get(OUTREACH, saana.pk)
    assert str(part(page, "empty", "class")).startswith("Nobody can be approached now.")
    assert (part(page, "write"), part(page, "told") is None) == (None, False)


def test_a_notice_given_elsewhere_is_recorded(desk: Desk, saana: Candidate) -> None:
    form = {"notice-means": "MESSAGE", "notice-given_on": "2026-11-23"}
    answer = desk.post(NOTICE, saana.pk, **form)
    assert notices(answer) == ["It is recorded that the person was told."]
    row = Interaction.objects.get()
    saana.refresh_from_db()
    assert (row.kind, row.occurred_at, saana.noticed_at) == (
        InteractionKind.OUTREACH, saana.collected_at, saana.collected_at,
    )  # fmt: skip
    assert part(desk.get(OUTREACH, saana.pk), "told") is None


@pytest.mark.parametrize(
    ("given_on", "message"),
    [
        ("2026-11-22", "This lies before we knew the candidate."),
        ("2026-11-25", "This lies in the future. Record it when it has taken place."),
        ("", "Say on which day."),
    ],
)
def test_a_day_that_cannot_be_is_refused(desk: Desk, saana: Candidate, given_on: str, message: str) -> None:
    page = desk.post(NOTICE, saana.pk, **{"notice-means": "MESSAGE", "notice-given_on": given_on})
    assert page.status_code == 422
    assert part(page, "id_notice-given_on_error", "id") == f"Error: {message}"
    assert Interaction.objects.count() == 0


def test_who_may_not_be_seen_or_applied_is_not_there(
    desk: Desk, saana: Candidate, officer: User, position: Position, at: datetime
) -> None:
    assert desk.get(OUTREACH, saana.pk).status_code == 200
    applied = people.application(at, position).candidate_id
    restrict_candidate(saana.person_ref, ground=Ground.ACCURACY, actor=staff(officer.pk), at=at)
    for pk in (applied, saana.pk, uuid4()):
        answers = [desk.get(OUTREACH, pk), desk.get(NOTICE, pk), desk.post(OUTREACH, pk, subject="A", text="B"),
                   desk.post(NOTICE, pk, **{"notice-means": "MAIL", "notice-given_on": "2026-11-24"})]  # fmt: skip
        assert [answer.status_code for answer in answers] == [404] * 4
    assert Interaction.objects.filter(candidate=saana).count() == 0


# The assessment


def test_the_officer_records_and_ends_an_assessment(office: Desk, officer: User) -> None:
    answer = office.post(f"{ASSESSMENTS}_add", document_ref="LEGAL-1", valid_until="2027-11-01")
    assert notices(answer) == ["The assessment is recorded. People can be approached from now on."]
    row = SourcingAssessment.objects.get()
    assert (row.document_ref, row.valid_until, row.recorded_by) == ("LEGAL-1", date(2027, 11, 1), officer)
    listed = part(office.get(f"{ASSESSMENTS}_changelist"), "result_list", "id")
    assert str(listed).endswith("LEGAL-1 24 Nov 2026 1 Nov 2027 Valid until 1 Nov 2027 In force")
    page = office.get(f"{ASSESSMENTS}_change", row.pk)
    assert "Recorded 24 November 2026, Pia Valid until 1 November 2027" in text_of(page)
    ended = office.post(f"{ASSESSMENTS}_end", row.pk)
    assert notices(ended) == ["The assessment has ended."]
    assert str(part(office.get(f"{ASSESSMENTS}_changelist"), "result_list", "id")).endswith("Ended")
    page = office.get(f"{ASSESSMENTS}_change", row.pk)
    assert (part(page, "end"), "Ended 24 November 2026" in text_of(page)) == (None, True)
    again = office.post(f"{ASSESSMENTS}_end", row.pk)
    assert notices(again) == ["This assessment has ended already."]
    assert office.post(f"{ASSESSMENTS}_end", uuid4()).status_code == 404


@pytest.mark.parametrize(
    ("form", "field", "message"),
    [
        ({"document_ref": "", "valid_until": "2027-11-01"}, "document_ref", "Say where the assessment is kept."),
        ({"document_ref": "LEGAL-1", "valid_until": "2026-11-23"}, "valid_until", "This day is over."),
        ({"document_ref": "LEGAL-1", "valid_until": ""}, "valid_until", "Say on which day."),
    ],
)
def test_a_recording_that_cannot_be_is_refused(office: Desk, form: dict[str, str], field: str, message: str) -> None:
    page = office.post(f"{ASSESSMENTS}_add", **form)
    assert (page.status_code, part(page, f"id_{field}_error", "id")) == (422, f"Error: {message}")
    assert SourcingAssessment.objects.count() == 0


# Suppressions


def test_the_officer_sees_that_there_are_some_and_not_whose(office: Desk, at: datetime) -> None:
    suppress(
        Identifiers(["aino@example.org"], ["+358401234567"]), reason=SuppressionReason.OBJECTION, actor=SYSTEM,
        at=at - 400 * DAY,
    )  # fmt: skip
    suppress(Identifiers(profiles=[LINKEDIN]), reason=SuppressionReason.REQUEST, actor=SYSTEM, at=at)
    page = office.get(f"{SUPPRESSIONS}_changelist")
    listed = str(part(page, "result_list", "id"))
    assert (
        listed.count("E-mail address The person objected 20 Oct 2025 20 Oct 2026 To be reviewed on 20 Oct 2026 due")
        == 1
    )
    assert listed.endswith("Profile The person asked for it 24 Nov 2026 24 Nov 2027 To be reviewed on 24 Nov 2027")
    assert "aino" not in page.content.decode()
    due = office.get(f"{SUPPRESSIONS}_changelist", review="due")
    assert {row.kind for row in due.context["cl"].result_list} == {"ADDRESS", "PHONE"}
    assert part(page, "warning", "class") is None


def test_a_suppression_is_explained_and_reviewed(office: Desk, at: datetime) -> None:
    (row,) = suppress(
        Identifiers(["aino@example.org"]), reason=SuppressionReason.OBJECTION, actor=SYSTEM, at=at - 400 * DAY
    )
    page = office.get(f"{SUPPRESSIONS}_change", row.pk)
    assert "Made 20 October 2025 To be reviewed on 20 October 2026 due" in text_of(page)
    assert "nobody of the staff can lift it" in str(part(page, "about"))
    answer = office.post(f"{SUPPRESSIONS}_review", row.pk)
    assert notices(answer) == ["Reviewed. The next review is on 24 Nov 2027."]
    row.refresh_from_db()
    assert (row.review_on, Suppression.objects.count()) == (date(2027, 11, 24), 1)
    for name, key in ((f"{SUPPRESSIONS}_change", uuid4()), (f"{SUPPRESSIONS}_change", "x")):
        assert office.get(name, key).status_code == 404
    assert office.post(f"{SUPPRESSIONS}_review", uuid4()).status_code == 404


def test_a_key_that_is_gone_is_told(office: Desk, at: datetime, settings: Settings) -> None:
    settings.SUPPRESSION_KEYS = {1: "o" * 32}
    suppress(Identifiers(["aino@example.org"]), reason=SuppressionReason.REQUEST, actor=SYSTEM, at=at)
    assert part(office.get(f"{SUPPRESSIONS}_changelist"), "warning", "class") is None
    settings.SUPPRESSION_KEYS = {2: "n" * 32}
    assert part(office.get(f"{SUPPRESSIONS}_changelist"), "warning", "class") == (
        "key missing One suppression was made under a key that the settings no longer hold, and protects nobody. Put "
        "the old key back."
    )
