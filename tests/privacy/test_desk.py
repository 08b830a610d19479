"""The privacy officer's desk: the start page, the register, the person's page, restrictions, holds and the vault."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine

from accounts.enums import Role
from accounts.models import User
from audit.enums import Access, Action, Purpose
from audit.models import AccessEvent, AuditEvent
from candidates.enums import HeldKind, HoldGround, RestrictionGround
from candidates.models import Application, Candidate, Hold, Position, Restriction, Suppression
from candidates.services.holds import open_hold
from candidates.services.restrictions import restrict_candidate
from common.actors import SYSTEM, staff
from privacy.enums import AlarmKind, Decision, RequestChannel, StopReason, SubjectRequestKind
from privacy.models import Alarm, BulkErasure, ErasureBatch, RunStop, SubjectRequest
from privacy.selectors.desk import desk as what_waits
from privacy.services.erasure import erase_due
from privacy.services.requests import open_request
from tests.factories import people
from tests.factories.browser import body_of, form_with
from tests.factories.desk import Desk, notices, part

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
PERSON = "privacy_person"
REQUEST = "privacy_subjectrequest_change"


@pytest.fixture
def aino(at: datetime, position: Position) -> Application:
    return people.application(at - DAY, position)


@pytest.fixture
def desk(officer: User, at: datetime) -> Desk:
    return Desk(officer, at)


@pytest.fixture
def other_desk(at: datetime) -> Desk:
    return Desk(people.user(Role.PRIVACY_OFFICER, "pat@example.org"), at)


def ask(aino: Application, kind: SubjectRequestKind, at: datetime, **changes: Any) -> SubjectRequest:
    values = {"received_at": at, "person_ref": aino.candidate.person_ref, "actor": SYSTEM, "at": at}
    return open_request(kind, channel=RequestChannel.MAIL, **{**values, **changes})


def hold(aino: Application, officer: User, at: datetime) -> Hold:
    return open_hold(
        aino.candidate.person_ref, subject_ref=aino.candidate_id, case_ref="HR 2026/1",
        ground=HoldGround.DISCRIMINATION, owner=officer, actor=staff(officer.pk), at=at,
        items=[(HeldKind.APPLICATION, aino.pk), (HeldKind.DOCUMENT, aino.candidate.documents.get().pk)],
    )  # fmt: skip


def last_look() -> tuple[str, str, set[Any], Any]:
    event = AccessEvent.objects.latest("pk")
    return event.access, event.purpose, set(event.subject_refs), event.actor_ref


# The start page


def test_with_nothing_to_do_the_page_says_so(desk: Desk, recruiter: User, at: datetime) -> None:
    assert str(part(desk.get("index"), "desk")).startswith("Data protection Nothing waits for you.")
    assert part(Desk(recruiter, at).get("index"), "desk") is None
    assert AccessEvent.objects.count() == 0


def test_everything_that_waits_stands_on_it_without_names(
    desk: Desk, aino: Application, officer: User, recruiter: User, at: datetime
) -> None:
    overdue = ask(aino, SubjectRequestKind.ACCESS, at - 40 * DAY)
    ask(aino, SubjectRequestKind.RECTIFICATION, at)
    BulkErasure.objects.create(person_refs=[officer.pk, recruiter.pk], asked_at=at, asked_by=recruiter)
    old = people.application(at - 800 * DAY, None, email="old@example.org", name="Olga Otos")
    restriction = restrict_candidate(
        old.candidate.person_ref, ground=RestrictionGround.CLAIM, actor=SYSTEM, at=at - 200 * DAY
    )
    hold(aino, officer, at - 180 * DAY)
    erase_due(at=at)
    Alarm.objects.create(kind=AlarmKind.OLDEST_DUE, raised_at=at)
    RunStop.objects.create(reason=StopReason.LARGE, raised_at=at, due=90, usual=3, goes_on_at=at + DAY)
    ErasureBatch.objects.create(
        candidate_refs=[], claimed_at=at, lease_until=at, has_mailbox=True, mailbox_waits_since=at
    )
    aino.candidate.__class__.objects.filter(pk=aino.candidate_id).update(undeliverable_at=at)
    page = desk.get("index")
    assert part(page, "open-requests") == (
        f"Requests to answer 2 Access, Art. 15 {overdue.number} By 15 November 2026 overdue "
        f"Correction, Art. 16 {SubjectRequest.objects.get(kind='RECTIFICATION').number} By 24 December 2026"
    )
    assert part(page, "bulk") == "Erasures to approve 1 2 people Asked for by Rea on 24 November 2026"
    assert part(page, "waiting-erasures") == "Erasures that wait 1 Restricted Since 24 November 2026"
    assert part(page, "mailboxes") == (
        "Mailboxes to purge 1 A mailbox holds mail of somebody who is being erased Since 24 November 2026"
    )
    assert part(page, "restrictions") == (
        f"Restrictions to look at 1 {restriction.get_ground_display()} Review by 8 November 2026 overdue"
    )
    assert part(page, "holds") == "Holds to review 1 HR 2026/1 Pia Review by 28 November 2026"
    assert part(page, "Alarms", "aria-label") == (
        "Somebody has been due for more than 24 hours. Since 24 November 2026, 11:00 "
        "Far more people are due than usual . Erasing goes on by itself at 25 November 2026, 11:00, unless somebody "
        "objects"
    )
    assert "Olga" not in page.content.decode()


def test_whom_no_reminder_reaches_is_named_and_that_is_recorded(desk: Desk, officer: User, at: datetime) -> None:
    going = people.application(at - 725 * DAY, None)
    Candidate.objects.update(undeliverable_at=at)
    assert part(desk.get("index"), "undeliverable") == (
        "Not reached by a reminder 1 Aino Esimerkki Kept until 29 November 2026"
    )
    assert last_look() == (Access.LISTED, Purpose.PRIVACY, {going.candidate_id}, officer.pk)


def restrictions_reviewed_late(end: datetime) -> Restriction:
    """The restriction, whose review is far away."""
    Restriction.objects.update(review_on=end + 100 * DAY)
    return Restriction.objects.get()


def test_a_restriction_whose_person_cannot_be_told_is_to_be_looked_at(aino: Application, at: datetime) -> None:
    restrict_candidate(aino.candidate.person_ref, ground=RestrictionGround.ACCURACY, actor=SYSTEM, at=at)
    end = aino.candidate.expires_at
    made = restrictions_reviewed_late(end)
    assert len(what_waits(end - 31 * DAY).restrictions) == 0
    found = what_waits(end - 30 * DAY)
    assert (found.restrictions, found.untold) == ([made], [made.pk])
    Restriction.objects.update(told_at=at)
    assert len(what_waits(end - 30 * DAY).restrictions) == 0


# The person's page


def test_a_restricted_person_has_a_page_for_the_officer_and_looking_is_recorded(
    desk: Desk, aino: Application, recruiter: User, officer: User, at: datetime
) -> None:
    person = aino.candidate.person_ref
    assert Desk(recruiter, at).get(PERSON, person).status_code == 403
    answer = desk.post("privacy_restrict", person, **{"restrict-ground": "ACCURACY"})
    assert notices(answer) == ["The person is restricted from now on."]
    assert desk.get("candidates_candidate_change", aino.candidate_id).status_code == 404
    page = desk.get(PERSON, person)
    assert (page.status_code, "Aino Esimerkki" in page.content.decode()) == (200, True)
    assert last_look() == (Access.VIEWED, Purpose.PRIVACY, {aino.candidate_id}, officer.pk)
    assert str(part(page, "restrictions")).startswith(
        "Restrictions The person disputes that the data are right, Art. 18(1)(a) Since 24 November 2026, to be "
        "reviewed by 24 May 2027 Tell the person by mail that it ends I told them otherwise Reviewed: it stays"
    )
    assert part(page, "next") == (
        "What happens by itself Hidden until the person has been told, and for 30 days at most "
        "24 November 2028, 00:00 Everything is erased, files included 24 December 2028, 00:00"
    )
    assert desk.get(PERSON, officer.pk).status_code == 404


def test_a_restriction_is_ended_from_the_page(desk: Desk, aino: Application, at: datetime) -> None:
    made = restrict_candidate(aino.candidate.person_ref, ground=RestrictionGround.CLAIM, actor=SYSTEM, at=at)
    page = f"/admin/privacy/person/{aino.candidate.person_ref}/"
    said = []
    for act in ("lift", "review", "tell", "lift", "lift"):
        answer = desk.post(f"candidates_restriction_{act}", made.pk)
        assert answer["Location"] == page
        said += notices(answer)
    assert said == [
        "Tell the person first that the restriction ends, Art. 18(3).",
        "The restriction stays, and is reviewed in six months.",
        "The person is told by mail that the restriction ends.",
        "The restriction is lifted.",
        "The restriction is lifted already.",
    ]
    assert desk.get("candidates_candidate_change", aino.candidate_id).status_code == 200


def test_the_list_of_restrictions_names_people_and_is_recorded(
    desk: Desk, aino: Application, officer: User, at: datetime
) -> None:
    made = restrict_candidate(aino.candidate.person_ref, ground=RestrictionGround.CLAIM, actor=SYSTEM, at=at)
    assert "Aino" in desk.get("candidates_restriction_changelist").content.decode()
    assert last_look() == (Access.LISTED, Purpose.PRIVACY, {aino.candidate_id}, officer.pk)
    leads = desk.get("candidates_restriction_change", made.pk)
    assert leads["Location"] == f"/admin/privacy/person/{aino.candidate.person_ref}/"


# Requests


def test_a_request_is_recorded_for_whoever_has_the_address(desk: Desk, aino: Application, at: datetime) -> None:
    add = {"kind": "ACCESS", "channel": "LETTER", "received_at": "2026-11-20T09:30", "language": "en"}
    desk.post("privacy_subjectrequest_add", **add, address="AINO@example.org")
    desk.post("privacy_subjectrequest_add", **add, address="nobody@example.org")
    known, unknown = (
        SubjectRequest.objects.order_by("pk").filter(address=""),
        SubjectRequest.objects.exclude(address=""),
    )
    assert (known.get().person_ref, known.get().due_on.isoformat()) == (aino.candidate.person_ref, "2026-12-20")
    assert (unknown.get().person_ref, unknown.get().address) == (None, "nobody@example.org")


def test_a_request_of_a_known_person_is_recorded_from_their_page(desk: Desk, aino: Application, at: datetime) -> None:
    page = desk.get("privacy_subjectrequest_add", person=str(aino.candidate.person_ref))
    data = form_with(page, "kind")["data"]
    assert ("address" in data, data["received_at"]) == (False, "2026-11-24T11:00")
    url = f"{page.request['PATH_INFO']}?person={aino.candidate.person_ref}"
    with time_machine.travel(at, tick=False):
        desk.client.post(url, {**data, "kind": "ERASURE", "received_at": "2026-11-24T10:00", "is_identified": "on"})
    request = SubjectRequest.objects.get()
    aino.candidate.refresh_from_db()
    assert (request.person_ref, aino.candidate.erase_after is not None) == (aino.candidate.person_ref, True)


def test_an_objection_is_recorded_with_what_is_wanted(desk: Desk, aino: Application, at: datetime) -> None:
    form = {
        "kind": "OBJECTION", "channel": "PHONE", "received_at": "2026-11-24T10:00", "is_identified": "on",
        "wants_suppression": "on", "address": "aino@example.org", "language": "fi",
    }  # fmt: skip
    desk.post("privacy_subjectrequest_add", **form)
    assert (SubjectRequest.objects.get().language, Suppression.objects.count(), Restriction.objects.count()) == (
        "en",
        1,
        1,
    )


def test_mistakes_are_shown_where_they_were_made(desk: Desk, at: datetime) -> None:
    form = {"kind": "ACCESS", "channel": "PHONE", "received_at": "2026-11-24T10:00", "language": "fi"}
    nobody = desk.post("privacy_subjectrequest_add", **form)
    assert (nobody.status_code, part(nobody, "id_address_error", "id")) == (
        422,
        "Error: Say who asks: an address that an answer can go to.",
    )
    late = desk.post(
        "privacy_subjectrequest_add", **{**form, "address": "a@example.org", "received_at": "2027-01-01T10:00"}
    )
    assert part(late, "id_received_at_error", "id") == "Error: This lies in the future."
    assert SubjectRequest.objects.count() == 0


def test_a_request_is_extended_and_answered_on_its_page(
    desk: Desk, other_desk: Desk, aino: Application, officer: User, at: datetime
) -> None:
    made = ask(aino, SubjectRequestKind.ACCESS, at, actor=staff(officer.pk))
    refused = desk.post("privacy_subjectrequest_extend", made.pk)
    assert (refused.status_code, part(refused, "id_extend-has_told_error", "id")) == (
        422,
        "Error: Tell the person first that it takes longer, and why.",
    )
    desk.post("privacy_subjectrequest_extend", made.pk, **{"extend-has_told": "on"})
    answer = {"close-decision": "REFUSED", "close-ground": "Excessive"}
    same = desk.post("privacy_subjectrequest_close", made.pk, **answer)
    assert (same.status_code, part(same, "id_close-decision_error", "id")) == (
        422,
        "Error: You recorded this request. Somebody else decides on refusing it.",
    )
    assert notices(other_desk.post("privacy_subjectrequest_close", made.pk, **answer)) == ["The answer is recorded."]
    made.refresh_from_db()
    assert (made.due_on.isoformat(), made.decision) == ("2027-02-24", Decision.REFUSED)
    page = desk.get(REQUEST, made.pk)
    assert (page.status_code, part(page, "answer")) == (200, None)
    assert last_look() == (Access.LISTED, Purpose.PRIVACY, {aino.candidate_id}, officer.pk)


def test_what_the_law_wants_at_once_waits_for_certainty_only(desk: Desk, aino: Application, at: datetime) -> None:
    made = ask(aino, SubjectRequestKind.ERASURE, at, is_identified=False)
    assert part(desk.get(REQUEST, made.pk), "identify") is not None
    answer = desk.post("privacy_subjectrequest_identify", made.pk)
    assert notices(answer) == ["Done: the person is hidden from now on."]
    assert part(desk.get(REQUEST, made.pk), "identify") is None
    assert list(Candidate.objects.visible(at)) == []


def test_an_objection_is_decided_on_its_page(desk: Desk, aino: Application, at: datetime) -> None:
    made = ask(aino, SubjectRequestKind.OBJECTION, at)
    nothing = desk.post("privacy_subjectrequest_decide", made.pk)
    assert (nothing.status_code, "Choose one." in nothing.content.decode()) == (422, True)
    bare = desk.post("privacy_subjectrequest_decide", made.pk, **{"objection-has_grounds": "yes"})
    assert part(bare, "id_objection-ground_error", "id") == (
        "Error: A refusal needs its ground, which the person is told."
    )
    desk.post("privacy_subjectrequest_decide", made.pk, **{"objection-has_grounds": "no"})
    assert erase_due(at=at).erased == [aino.candidate_id]


def test_the_register_is_a_list_without_names(desk: Desk, aino: Application, at: datetime) -> None:
    late = ask(aino, SubjectRequestKind.ACCESS, at - 40 * DAY)
    page = desk.get("privacy_subjectrequest_changelist", state="open")
    content = page.content.decode()
    assert (late.number in content, "overdue" in content, "Aino" in content) == (True, True, False)
    assert desk.get("privacy_subjectrequest_changelist", state="closed").context["cl"].result_count == 0


# Holds and the vault


def test_a_hold_is_opened_from_the_persons_page(desk: Desk, aino: Application, officer: User, at: datetime) -> None:
    person = aino.candidate.person_ref
    page = desk.get(PERSON, person)
    assert f"Application: Backend developer {aino.reference}, 23 Nov 2026" in page.content.decode()
    item = f"APPLICATION:{aino.pk}"
    form = {"hold-case_ref": "HR 1", "hold-ground": "DISCRIMINATION", "hold-owner": str(officer.pk)}
    nothing = desk.post("privacy_hold", person, **form)
    assert (nothing.status_code, "Choose what is kept. A hold never keeps everything." in nothing.content.decode()) == (
        422,
        True,
    )
    past = desk.post("privacy_hold", person, **form, **{"hold-items": item, "hold-ends_on": "2026-11-24"})
    assert part(past, "id_hold-ends_on_error", "id") == "Error: The hold would end before it began."
    stranger = desk.post("privacy_hold", person, **form, **{"hold-items": f"NOTE:{aino.pk}"})
    assert (stranger.status_code, Hold.objects.count()) == (422, 0)
    desk.post("privacy_hold", person, **form, **{"hold-items": item, "hold-ends_on": "2027-11-24"})
    made = Hold.objects.get()
    assert (made.case_ref, made.owner, made.ends_on.isoformat() if made.ends_on else "") == (
        "HR 1",
        officer,
        "2027-11-24",
    )
    assert part(desk.get("candidates_hold_change", made.pk), "items") == (
        "What is kept Opening an item is recorded. Nothing but these items stays when the person is erased. "
        "Application Still with the person"
    )


def test_the_vault_is_opened_by_the_officer_alone_and_each_time_is_recorded(
    desk: Desk, aino: Application, officer: User, recruiter: User, administrator: User, at: datetime
) -> None:
    made = hold(aino, officer, at)
    aino.candidate.refresh_from_db()
    later = aino.candidate.expires_at
    erase_due(at=later)
    desk.at = later
    application = made.items.get(kind=HeldKind.APPLICATION)
    document = made.items.get(kind=HeldKind.DOCUMENT)
    for user in (recruiter, administrator):
        colleague = Desk(user, later)
        for name, keys in (
            ("candidates_hold_changelist", []),
            ("candidates_hold_change", [made.pk]),
            ("candidates_hold_item", [made.pk, application.pk]),
            ("candidates_hold_file", [made.pk, document.pk]),
        ):
            assert colleague.get(name, *keys).status_code == 403
    assert AuditEvent.objects.filter(action=Action.HELD_ITEM_OPENED).count() == 0
    desk = Desk(officer, later)
    page = desk.get("candidates_hold_item", made.pk, application.pk)
    assert (page.status_code, "Aino Esimerkki" in page.content.decode(), "Received" in page.content.decode()) == (
        200,
        True,
        True,
    )
    assert last_look() == (Access.VIEWED, Purpose.PRIVACY, {aino.candidate_id}, officer.pk)
    file = desk.get("candidates_hold_file", made.pk, document.pk)
    assert (file["Content-Type"], body_of(file)[:5]) == ("application/pdf", b"%PDF-")
    assert last_look()[0] == Access.DOWNLOADED
    assert AuditEvent.objects.filter(action=Action.HELD_ITEM_OPENED).count() == 2
    assert desk.get("candidates_hold_file", made.pk, application.pk).status_code == 404
    other = hold(people.application(later, None, email="eino@example.org"), officer, later)
    assert desk.get("candidates_hold_item", other.pk, application.pk).status_code == 404


def test_a_hold_is_reviewed_and_released(desk: Desk, aino: Application, officer: User, at: datetime) -> None:
    made = hold(aino, officer, at)
    assert notices(desk.post("candidates_hold_review", made.pk)) == ["The hold stays, and is reviewed in six months."]
    assert notices(desk.post("candidates_hold_release", made.pk)) == [
        "The hold is released. What it kept is erased now."
    ]
    assert desk.get("candidates_hold_change", made.pk).status_code == 404
    assert notices(desk.post("candidates_hold_release", made.pk)) == ["The hold is released already."]


# Why this date


def test_the_recruiter_reads_the_date_and_the_officer_reads_the_rest(
    desk: Desk, recruiter: User, position: Position, at: datetime
) -> None:
    sent = people.application(at - DAY, position, has_longer_storage=True)
    page = Desk(recruiter, at).get("candidates_candidate_change", sent.candidate_id)
    words = str(part(page, "retention-heading"))
    assert "Next, at the beginning of 24 November 2028, the old process goes" in words
    assert "Sets the date. A contact that took place." in words
    assert "Requests, restrictions and holds" not in words
    assert "Requests, restrictions and holds" in str(
        part(desk.get("candidates_candidate_change", sent.candidate_id), "retention-heading")
    )
