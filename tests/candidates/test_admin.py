"""The admin's screens as recruiters read them: the start page, the lists, the candidate's page."""

import html
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.enums import Role
from accounts.models import User
from audit.enums import Access
from audit.models import AccessEvent
from candidates.enums import InteractionKind, LinkKind, Stage
from candidates.models import Application, Position, ProfileLink
from candidates.services.addresses import disown_application
from candidates.services.applications import move_application
from candidates.services.interactions import record_interaction
from candidates.services.notes import add_note
from common.actors import SYSTEM, staff
from files.samples import pdf
from mailing.enums import EmailKind, EmailState
from mailing.models import OutboxEmail
from privacy.models import ErasureBatch
from tests.factories import people
from tests.factories.browser import body_of
from tests.factories.desk import Desk, part

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
HOSTILE = "<script>alert(1)</script>"
LIST, PAGE = "candidates_candidate_changelist", "candidates_candidate_change"


@pytest.fixture
def desk(recruiter: User, at: datetime) -> Desk:
    return Desk(recruiter, at)


@pytest.fixture
def aino(at: datetime, position: Position) -> Application:
    return people.application(at - DAY, position, skills="Python, Terraform", phone="040 123 4567")


def listed(response: Any) -> list[str]:
    return [row.name for row in response.context["cl"].result_list]


# The start page


def test_the_start_page_is_work(desk: Desk, aino: Application, position: Position, at: datetime) -> None:
    today = people.application(at - timedelta(hours=1), position, email="eino@example.org", name="Eino Näyte")
    people.application(at - 725 * DAY, None, email="reino@example.org", name="Reino Rajalla")
    people.application(at - 16 * DAY, None, email="olga@example.org", name="Olga Otos", is_confirmed=False)

    page = desk.get("index")

    assert part(page, "new") == f"New today 1 Eino Näyte Backend developer 10:00 {today.reference}"
    assert part(page, "waiting") == (
        "Waiting for an answer longest 4 "
        "Reino Rajalla Open application 1 year, 11 months later than promised "
        "Olga Otos address not confirmed Open application 2 weeks, 2 days later than promised "
        "Aino Esimerkki Backend developer 1 day "
        "Eino Näyte Backend developer 1 hour"
    )
    assert part(page, "due") == "Erased within 30 days 1 Reino Rajalla Kept until 29 November 2026"
    assert part(page, "positions") == "Open positions Backend developer Open until filled 2 open applications"
    assert part(page, "Needs somebody", "aria-label") is None
    assert len(AccessEvent.objects.get().subject_refs) == 4


def test_it_leads_to_the_whole_lists(desk: Desk, aino: Application, position: Position, at: datetime) -> None:
    people.application(at - 725 * DAY, None, email="reino@example.org", name="Reino Rajalla")
    closed = people.application(at - 20 * DAY, position, email="olga@example.org", name="Olga Otos")
    move_application(closed.pk, to_stage=Stage.REJECTED, actor=SYSTEM, at=at)
    waiting = desk.get("candidates_application_changelist", stage__in="RECEIVED,IN_REVIEW", o="5")
    assert [row.candidate.name for row in waiting.context["cl"].result_list] == ["Reino Rajalla", "Aino Esimerkki"]
    assert listed(desk.get(LIST, due="30", o="6")) == ["Reino Rajalla"]
    assert listed(desk.get(LIST, position=str(position.pk))) == ["Aino Esimerkki", "Olga Otos"]


def test_its_empty_parts_say_what_will_be_there(desk: Desk) -> None:
    page = desk.get("index")
    said = [str(part(page, name)).partition(".")[0] for name in ("new", "waiting", "due", "positions")]
    assert said == [
        "New today 0 Nobody has applied today",
        "Waiting for an answer longest 0 Everybody has an answer",
        "Erased within 30 days 0 Nobody's time is up",
        "Open positions No position is open",
    ]
    assert AccessEvent.objects.count() == 0


def test_it_raises_what_went_wrong(desk: Desk, at: datetime) -> None:
    for key in ("1", "2"):
        OutboxEmail.objects.create(
            kind=EmailKind.SIGN_IN_LINK, state=EmailState.FAILED, dedupe_key=key, queued_at=at, next_try_at=at
        )
    ErasureBatch.objects.create(candidate_refs=[], claimed_at=at, lease_until=at, blocked_by="objects")
    assert part(desk.get("index"), "Needs somebody", "aria-label") == (
        "2 mails could not be sent. The portal has given up on it. Ask whoever runs the portal to look at the mail "
        "server. 1 erasure is held up. Nobody can see the data any more, but they are still stored. Tell the privacy "
        "officer."
    )


def test_an_administrator_sees_no_candidate(administrator: User, aino: Application, at: datetime) -> None:
    desk = Desk(administrator, at)
    page = desk.get("index")
    assert (page.status_code, part(page, "new"), part(page, "waiting")) == (200, None, None)
    document = aino.candidate.documents.get()
    answers = [
        desk.get(LIST),
        desk.get("candidates_application_changelist"),
        desk.get(PAGE, aino.candidate_id),
        desk.get("candidates_candidate_file", aino.candidate_id, document.pk),
        desk.get("candidates_candidate_delete", aino.candidate_id),
        desk.post("candidates_candidate_note", aino.candidate_id, **{"note-text": "A note"}),
    ]
    assert [answer.status_code for answer in answers] == [403] * 6
    assert AccessEvent.objects.count() == 0


def test_a_stranger_is_sent_to_the_door(aino: Application, at: datetime) -> None:
    desk = Desk(None, at)
    answers = [desk.get("index"), desk.get(LIST), desk.get(PAGE, aino.candidate_id)]
    assert [answer["Location"].partition("?")[0] for answer in answers] == ["/admin/login/"] * 3


# The list


@pytest.mark.parametrize(
    "words", ["aino", "ESIMERKKI", "aino@example", "040 123", "+35840123", "terraform", "REFERENCE"]
)
def test_one_search_finds_a_person(desk: Desk, aino: Application, at: datetime, words: str) -> None:
    people.application(at, None, email="eino@example.org", name="Eino Näyte", skills="Java")
    assert listed(desk.get(LIST)) == ["Eino Näyte", "Aino Esimerkki"]
    assert listed(desk.get(LIST, q=aino.reference if words == "REFERENCE" else words)) == ["Aino Esimerkki"]
    assert [event.access for event in AccessEvent.objects.order_by("pk")] == [Access.LISTED, Access.SEARCHED]


def test_the_list_is_filtered(desk: Desk, aino: Application, position: Position, at: datetime) -> None:
    people.application(at, None, email="eino@example.org", name="Eino Näyte", is_confirmed=False)
    found = [
        listed(desk.get(LIST, **query))
        for query in (
            {"position": str(position.pk)},
            {"position": "open"},
            {"address": "waiting"},
            {"stage": "OFFER"},
            {"due": "30"},
        )
    ]
    assert found == [["Aino Esimerkki"], ["Eino Näyte"], ["Eino Näyte"], [], []]


def test_the_list_marks_addresses_stages_and_dates(desk: Desk, at: datetime) -> None:
    people.application(at, None, name="Eino Näyte", is_confirmed=False)
    olga = people.application(at - DAY, None, email="olga@example.org", name="Olga Otos", is_confirmed=False)
    disown_application(olga.candidate_id, address="olga@example.org", at=at)
    people.application(at - 720 * DAY, None, email="reino@example.org", name="Reino Rajalla")
    assert part(desk.get(LIST), "result_list", "id").partition("Kept until ")[2] == (  # type: ignore[union-attr]
        f"Eino Näyte address not confirmed Open application Received {reference('Eino Näyte')} 24 Nov 2026 "
        f"24 Nov 2028 Kept until 24 Nov 2028 "
        f"Olga Otos address disowned Open application Received {reference('Olga Otos')} 23 Nov 2026 "
        f"23 Nov 2028 Kept until 23 Nov 2028 "
        f"Reino Rajalla Open application Received {reference('Reino Rajalla')} 4 Dec 2024 "
        f"4 Dec 2026 Kept until 4 Dec 2026 soon erased"
    )


def reference(name: str) -> str:
    return Application.objects.get(candidate__name=name).reference


def test_nothing_is_done_to_many_at_once(desk: Desk, aino: Application) -> None:
    page = desk.get(LIST)
    assert (listed(page), page.context["action_form"], part(page, "actions", "class")) == (
        ["Aino Esimerkki"],
        None,
        None,
    )
    desk.post(LIST, action="delete_selected", _selected_action=str(aino.candidate_id), post="yes")
    assert listed(desk.get(LIST)) == ["Aino Esimerkki"]


# The candidate's page


def test_the_page_holds_what_the_person_told(desk: Desk, position: Position, at: datetime) -> None:
    sent = people.application(
        at - DAY, position, phone="040 123 4567", cover_letter="I build\nservices.", skills="Python",
        interests="On-call", links=[(LinkKind.GITHUB, "https://github.com/aino")],
    )  # fmt: skip
    page = desk.get(PAGE, sent.candidate_id)
    assert part(page, "who-is", "class") == (
        "Aino Esimerkki aino@example.org 040 123 4567 Write in English Kept until 23 November 2028 "
        "23 November 2026 23 November 2028 Move Note Contact Interview"
    )
    size = sent.candidate.documents.get().stored_file.size
    assert part(page, f"application-{sent.pk}") == (
        f"Backend developer Received {sent.reference} sent on 23 November 2026 CV cv.pdf "
        f"not scanned for viruses PDF, {size} bytes Read cv.pdf "
        "Cover letter I build services."
    )
    assert part(page, "profile") == (
        "In their own words Skills Python Professional interests On-call Links GitHub https://github.com/aino "
        "Links open in a new window. The portal never fetches them."
    )
    assert (AccessEvent.objects.get().access, AccessEvent.objects.get().subject_refs) == ("VIEWED", [sent.candidate_id])


def test_the_page_tells_the_story_newest_first(desk: Desk, aino: Application, recruiter: User, at: datetime) -> None:
    colleague = people.user(Role.RECRUITER, "otto@example.org")
    move_application(aino.pk, to_stage=Stage.OFFER, actor=staff(recruiter.pk), at=at)
    actor = staff(colleague.pk)
    add_note(aino.candidate_id, text="Read.", actor=actor, at=at - timedelta(hours=20))
    record_interaction(
        aino.candidate_id, kind=InteractionKind.CALL, occurred_at=at - timedelta(hours=22), text="Half an hour.",
        actor=actor, at=at - timedelta(hours=2),
    )  # fmt: skip
    colleague.delete()
    assert part(desk.get(PAGE, aino.candidate_id), "timeline") == (
        "Timeline Moved from Received to Offer 24 November 2026, 11:00 Rea "
        "Note Read. 23 November 2026, 15:00 a colleague who has left "
        "Call Half an hour. 23 November 2026, 13:00 a colleague who has left Phone call, from us recorded later, on "
        "24 November 2026, 09:00 Correct the contact: Call "
        "Application sent 23 November 2026, 11:00 the candidate"
    )


def test_the_page_says_why_the_date(desk: Desk, recruiter: User, at: datetime) -> None:
    sent = people.application(at - DAY, None, has_longer_storage=True)
    add_note(sent.candidate_id, text="Read.", actor=staff(recruiter.pk), at=at)
    shown = str(part(desk.get(PAGE, sent.candidate_id), "retention-heading"))
    head, _, events = shown.partition(" All 5 events that the date looked at ")
    assert head == (
        "Why this date Kept until 23 November 2030 The last contact was on 23 November 2026: Application sent. Two "
        "years from it end on 23 November 2028. On 23 November 2026 the person agreed to longer storage, until "
        "23 November 2030. Next, at the beginning of 24 November 2028, the old process goes: notes, moves and "
        "correspondence. Profile and CV stay. In the night after the last day the portal erases everything, files "
        "included."
    )
    lines = {  # those of the same moment come in any order
        "Work of the recruiters 24 November 2026 Does not count. Notes and moves are the recruiters' own work and no "
        "contact.": 1,
        "Application sent 23 November 2026 Sets the date. A contact that took place.": 1,
        "Automatic mail 23 November 2026 Does not count. Automatic mail is no contact.": 2,
        "Consent to longer storage given or taken back 23 November 2026 Does not count. Using a right or changing a "
        "consent does not lengthen storage.": 1,
    }
    assert {line: events.count(line) for line in lines} == lines
    assert len(events) == sum(number * (len(line) + 1) for line, number in lines.items()) - 1


def test_linked_records_are_on_one_page(desk: Desk, aino: Application, at: datetime) -> None:
    older = people.application(at - 40 * DAY, None, name="A. Esimerkki")
    newer = people.application(at, None, cover_letter="Again.")
    page = desk.get(PAGE, aino.candidate_id)
    assert part(page, f"application-{older.pk}") == (
        f"Open application The same person also sent {older.reference} on 15 October 2026. The name on it is "
        f"A. Esimerkki. Received CV cv.pdf not scanned for viruses PDF, "
        f"{older.candidate.documents.get().stored_file.size} bytes Read cv.pdf"
    )
    assert part(page, f"application-{newer.pk}") is not None
    assert part(page, f"application-{newer.pk}") == (
        f"Open application The same person also sent {newer.reference} on 24 November 2026. Received CV cv.pdf "
        "not scanned for viruses PDF, "
        f"{newer.candidate.documents.get().stored_file.size} bytes Read cv.pdf Cover letter Again."
    )
    records = {aino.candidate_id, older.candidate_id, newer.candidate_id}
    assert set(AccessEvent.objects.get().subject_refs) == records


def test_hostile_values_are_shown_and_do_nothing(desk: Desk, position: Position, at: datetime) -> None:
    sent = people.application(
        at - DAY, position, name=HOSTILE, phone=HOSTILE, cover_letter=HOSTILE, skills=HOSTILE, interests=HOSTILE
    )
    addresses = ["javascript:alert(1)", "data:text/html,x", 'https://example.org/"onmouseover="alert(1)']
    ProfileLink.objects.bulk_create(
        ProfileLink(candidate=sent.candidate, kind=LinkKind.OTHER, url=address) for address in addresses
    )
    pages = [page.content.decode() for page in (desk.get("index"), desk.get(LIST), desk.get(PAGE, sent.candidate_id))]
    assert [page.count(HOSTILE) for page in pages] == [0, 0, 0]
    assert [page.count(html.escape(HOSTILE)) > 0 for page in pages] == [True, True, True]
    followed = re.findall(r'<a href="([^"]*)" target="_blank" rel="([^"]*)"', pages[2])
    assert followed == [(html.escape(addresses[2]), "noopener noreferrer nofollow")]
    assert pages[2].count("not a web address") == 2


def test_who_has_expired_is_nowhere_though_no_worker_ran(aino: Application, recruiter: User) -> None:
    document = aino.candidate.documents.get()
    for moment, name in ((-1, "Aino Esimerkki"), (0, None)):
        desk = Desk(recruiter, aino.candidate.expires_at + timedelta(seconds=moment))
        is_there = name is not None
        assert listed(desk.get(LIST)) == ([name] if is_there else [])
        assert listed(desk.get(LIST, q="aino")) == ([name] if is_there else [])
        assert len(desk.get("index").context["work"].waiting) == is_there
        answers = [
            desk.get(PAGE, aino.candidate_id),
            desk.get("candidates_candidate_file", aino.candidate_id, document.pk),
            desk.post("candidates_candidate_note", aino.candidate_id, **{"note-text": "A note"}),
            desk.post("candidates_candidate_move", aino.candidate_id, aino.pk, **{f"move-{aino.pk}-to_stage": "OFFER"}),
        ]
        assert [answer.status_code for answer in answers] == ([200, 200, 302, 302] if is_there else [404] * 4)
        assert (body_of(answers[1]) == pdf("A CV")) is is_there


# How much it costs


def queries(desk: Desk, name: str, *args: Any) -> int:
    desk.get(name, *args)  # the first request of a minute writes the session
    with CaptureQueriesContext(connection) as captured:
        assert desk.get(name, *args).status_code == 200
    return len(captured)


def test_a_list_of_a_hundred_costs_as_much_as_a_list_of_one(desk: Desk, aino: Application, at: datetime) -> None:
    lists = (LIST, "candidates_application_changelist", "index")
    one = [queries(desk, name) for name in lists]
    for number in range(99):
        people.application(at - DAY, None, email=f"{number}@example.org", has_cv=False, is_confirmed=False)
    assert len(listed(desk.get(LIST))) == 100
    assert [queries(desk, name) for name in lists] == one
    assert one == [8, 8, 15]


def test_a_page_of_thirty_notes_costs_as_much_as_a_page_of_one(
    desk: Desk, aino: Application, recruiter: User, at: datetime
) -> None:
    counts = []
    for number in range(1, 31):
        add_note(aino.candidate_id, text=f"Note {number}", actor=staff(recruiter.pk), at=at)
        if number in {1, 30}:
            counts.append(queries(desk, PAGE, aino.candidate_id))
    assert counts == [24, 24]
