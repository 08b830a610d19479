"""Reading a document in the admin, and finding people by the words of what they sent."""

import io
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from PIL import Image

from accounts.models import User
from audit.enums import Access
from audit.models import AccessEvent
from candidates.models import Application, Candidate, Document, Position
from candidates.services.words import index_documents
from files.confinement import ChildLimits
from files.derive import read_files
from files.enums import FileState, ScanState
from files.models import StoredFile
from files.samples import docx, pdf
from tests.factories import people
from tests.factories.browser import body_of
from tests.factories.desk import Desk, part

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
LIST, PAGE, READ = "candidates_candidate_changelist", "candidates_candidate_change", "candidates_candidate_read"
PICTURE, FILE = "candidates_candidate_picture", "candidates_candidate_file"
WORDS = "Kotlin and Terraform since 2019. <script>alert(1)</script> Äänekoski"


@pytest.fixture
def desk(recruiter: User, at: datetime) -> Desk:
    return Desk(recruiter, at)


def sent(at: datetime, position: Position | None, cv: bytes, **answers: Any) -> Application:
    """An application whose CV a worker has read."""
    made = people.application(at - DAY, position, cv=cv, **answers)
    assert (read_files(at=at), index_documents()) == (1, 1)
    return made


def where(application: Application) -> tuple[Any, Any]:
    return application.candidate_id, application.candidate.documents.get().pk


def status(desk: Desk, name: str, *args: Any) -> int:
    answer = desk.get(name, *args)
    body_of(answer)
    return int(answer.status_code)


# The view


def test_a_cv_is_read_page_by_page(desk: Desk, position: Position, at: datetime) -> None:
    aino = sent(at, position, pdf(WORDS, pages=2))
    page = desk.get(PAGE, aino.candidate_id)
    assert f"/{aino.candidate_id}/read/{where(aino)[1]}/" in page.content.decode()
    before = AccessEvent.objects.count()
    answer = desk.get(READ, *where(aino))
    shown = answer.content.decode()
    assert answer.status_code == 200
    assert [f'alt="Page {number} of 2"' in shown for number in (1, 2, 3)] == [True, True, False]
    assert "&lt;script&gt;alert(1)&lt;/script&gt; Äänekoski" in shown
    assert "<script>alert(1)" not in shown
    picture = desk.get(PICTURE, *where(aino), 2)
    image = Image.open(io.BytesIO(body_of(picture)))
    assert (image.format, image.width) == ("JPEG", 1240)
    assert {name: picture[name] for name in picture.headers if name in HEADERS} == HEADERS
    events = AccessEvent.objects.order_by("pk").values_list("access", "subject_refs", "object_ref")
    assert list(events)[before:] == [(Access.VIEWED, [aino.candidate_id], where(aino)[1])] * 2


HEADERS = {
    "Content-Type": "image/jpeg",
    "Content-Disposition": "inline",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
}


def test_a_word_document_is_shown_as_text_and_says_so(desk: Desk, position: Position, at: datetime) -> None:
    aino = sent(at, position, docx("Kotlin\nTerraform"), cv_name="cv.docx")
    answer = desk.get(READ, *where(aino))
    assert part(answer, "words") == (
        "Text of the document Files of this type are shown as text. How the person laid them out is in the original. "
        "Kotlin Terraform"
    )
    assert status(desk, PICTURE, *where(aino), 1) == 404


def test_what_cannot_be_read_yet_or_at_all_is_said(desk: Desk, position: Position, at: datetime) -> None:
    aino = people.application(at - DAY, position)
    not_yet = desk.get(READ, *where(aino)).content.decode()
    assert "The portal is still making the pages of this file. Open this page again in a minute." in not_yet
    stored = StoredFile.objects.filter(owner_ref=aino.candidate_id)
    for attempt in range(3):
        read_files(at=at + attempt * DAY, limits=ChildLimits(memory_bytes=1))
    failed = desk.get(READ, *where(aino)).content.decode()
    assert "The portal could not read this file" in failed
    stored.update(scan=ScanState.WAITING)
    waiting = desk.get(READ, *where(aino)).content.decode()
    assert "The file waits for the virus scan" in waiting
    original = f"/{aino.candidate_id}/file/"
    assert [original in text for text in (not_yet, failed, waiting)] == [True, True, False]


def test_nothing_is_shown_of_a_file_in_which_something_was_found(desk: Desk, position: Position, at: datetime) -> None:
    aino = sent(at, position, pdf(WORDS))
    assert status(desk, PICTURE, *where(aino), 1) == 200
    StoredFile.objects.filter(made_of=None).update(scan=ScanState.INFECTED, state=FileState.REFUSED)
    assert status(desk, PICTURE, *where(aino), 1) == 404
    assert "Terraform" not in desk.get(READ, *where(aino)).content.decode()
    assert listed(desk, "terraform") == []


def test_who_may_not_be_seen_is_not_read(desk: Desk, position: Position, at: datetime) -> None:
    aino, eino = sent(at, position, pdf(WORDS)), sent(at, None, pdf("A CV"), email="eino@example.org")
    mine = Candidate.objects.filter(pk=aino.candidate_id)
    looks = [(READ, where(aino)), (PICTURE, (*where(aino), 1))]
    assert [status(desk, name, *args) for name, args in looks] == [200, 200]
    count = AccessEvent.objects.count()
    for hidden in ({"restricted_at": at}, {"erase_after": at}, {"erasing_ref": uuid4()}, {"expires_at": at}):
        before = mine.values(*hidden).get()
        mine.update(**hidden)
        assert [status(desk, name, *args) for name, args in looks] == [404, 404]
        assert listed(desk, "terraform") == []
        mine.update(**before)
    assert listed(desk, "terraform") == ["Aino Esimerkki"]
    assert desk.get(READ, eino.candidate_id, where(aino)[1]).status_code == 404
    assert desk.get(READ, aino.candidate_id, uuid4()).status_code == 404
    assert AccessEvent.objects.exclude(access=Access.SEARCHED).count() == count


def test_who_is_no_recruiter_reads_nothing(administrator: User, position: Position, at: datetime) -> None:
    aino = sent(at, position, pdf(WORDS))
    for user, expected in ((administrator, 403), (None, 302)):
        desk = Desk(user, at)
        assert [status(desk, READ, *where(aino)), status(desk, PICTURE, *where(aino), 1)] == [expected, expected]
    assert AccessEvent.objects.count() == 0


def test_ten_pages_cost_as_many_queries_as_one(desk: Desk, position: Position, at: datetime) -> None:
    counts = []
    for pages in (1, 10):
        args = where(sent(at, position, pdf(WORDS, pages=pages), email=f"{pages}@example.org"))
        desk.get(READ, *args)
        with CaptureQueriesContext(connection) as captured:
            assert desk.get(READ, *args).status_code == 200
        counts.append(len(captured))
    assert counts[0] == counts[1]


# Search


def listed(desk: Desk, words: str) -> list[str]:
    return [row.name for row in desk.get(LIST, q=words).context["cl"].result_list]


@pytest.mark.parametrize(
    ("words", "is_found"),
    [
        ("terraform", True),
        ("KOTLIN", True),
        ("kotl", True),  # the last word may be unfinished
        ("kotl terraform", False),  # the others are whole
        ("kotlin terra", True),
        ("aino terraform", True),  # one in the name, one in the CV
        ("eino terraform", False),
        ("äänekoski", True),
        ("aanekoski", False),
        ('"kotlin and"', True),
        ("c++", True),  # in a field, as before
        ("& | ! :* '", False),
        ("kotlin:* | java", False),
    ],
)
def test_a_search_finds_words_of_the_cv(
    desk: Desk, position: Position, at: datetime, words: str, is_found: bool
) -> None:
    sent(at, position, pdf(WORDS), skills="C++")
    sent(at, None, pdf("Java and Spring"), email="eino@example.org", name="Eino")
    assert sorted(listed(desk, "")) == ["Aino Esimerkki", "Eino"]
    assert ("Aino Esimerkki" in listed(desk, words)) is is_found


def test_a_search_costs_as_many_queries_however_much_it_finds(desk: Desk, at: datetime) -> None:
    counts = []
    for number in range(3):
        sent(at, None, docx(WORDS), email=f"{number}@example.org", name=f"Number {number}")
        assert len(listed(desk, "terraform kotlin")) == number + 1
        with CaptureQueriesContext(connection) as captured:
            desk.get(LIST, q="terraform kotlin")
        counts.append(len(captured))
    assert counts == counts[:1] * 3


def test_the_words_go_with_the_document_and_are_filled_once(position: Position, at: datetime) -> None:
    aino = sent(at, position, docx("Kotlin " * 10_000 + "x" * 5_000 + " last"))
    assert index_documents() == 0
    words = Document.objects.get(candidate=aino.candidate_id).words
    assert words is not None
    assert words.startswith("'kotlin':")
