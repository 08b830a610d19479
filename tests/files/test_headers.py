"""S08, S09, T7: what a browser is told with every stored file, whatever it was called, and who gets to hear it at all.

Names are read back as a browser does (RFC 6266, RFC 8187), and a signed link is followed.
"""

import re
import unicodedata
from collections.abc import Iterator
from datetime import datetime
from email.message import Message
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import uuid4

import pytest
import time_machine
import urllib3
from django.core import mail
from django.core.files.storage import storages
from django.test import Client

from accounts.enums import Role
from accounts.models import User
from audit.enums import Access
from audit.models import AccessEvent
from candidates.models import Application, Position
from clouder.embedded import s3
from files.delivery import deliver
from files.enums import FileState, MediaKind
from files.models import StoredFile
from files.samples import docx, odt, pdf
from files.services import display_name, signed_link
from mailing.services import deliver_emails
from tests.factories import people
from tests.factories.browser import body_of
from tests.factories.desk import Desk
from tests.parts.servers import Buckets

pytestmark = pytest.mark.django_db

TYPES = {
    MediaKind.PDF: ("application/pdf", ".pdf"),
    MediaKind.DOCX: ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", ".docx"),
    MediaKind.ODT: ("application/vnd.oasis.opendocument.text", ".odt"),
    MediaKind.PNG: ("image/png", ".png"),
    MediaKind.JPEG: ("image/jpeg", ".jpg"),
    MediaKind.TEXT: ("text/plain; charset=utf-8", ".txt"),
}
NAMES = [
    "cv.pdf", "CV of Aino Esimerkki.pdf", "cv", "", ".", "..", ".htaccess", "-rf", "~", "con.pdf", "aux", "nul.docx",
    "../../etc/passwd", "..\\..\\windows\\system32\\cmd.exe", "/etc/shadow", "C:\\cv.pdf", "\\\\host\\share\\cv.pdf",
    "....//....//cv.pdf", "%2e%2e%2fcv.pdf", "cv.pdf/", "a/b/c.pdf", "folder\\", "cv\x00.pdf.exe", "cv%00.exe",
    "cv\r\nSet-Cookie: session=1.pdf", "cv\r\n\r\n<script>alert(1)</script>.pdf", "cv\nX-Evil: 1",
    "cv\x0b\x0c\x1b[31m.pdf",
    'cv".pdf', 'cv"; filename="evil.exe', "cv'; filename*=utf-8''evil.exe", "cv\\\".pdf", "cv;name=x.pdf",
    "a=b;c=d.pdf",
    "cv, and more.pdf", "=cmd|' /C calc'!A0.pdf", "<script>alert(1)</script>.pdf", "<img src=x onerror=alert(1)>",
    "{{ 7|add:7 }}.pdf", "'; DROP TABLE files; --.pdf", "$(reboot).pdf", "`id`.pdf", "cv.pdf|sh", "cv.pdf:evil.exe",
    "invoice\u202efdp.exe", "\u2066cv\u2069\u200f.pdf", "cv\u200b.pdf", "\ufeffcv.pdf", "cv\u2028.pdf", "cv\x85.pdf",
    "Äänekoski Öljy Åbo.pdf", "A\u0308iti.pdf", "简历.pdf", "Резюме.docx", "سيرة ذاتية.pdf", "履歴書.odt", "이력서.pdf",
    "😀👩🏽‍💻🏳️‍🌈.pdf", "Z̸̢̛a̷l̴g̵o̶.pdf", "cv.pdf.exe", "cv.exe", "cv.html", "cv.svg", "cv.PDF", "cv.DocX", "cv.pdf.",
    "cv.pdf ", " cv.pdf", "cv .pdf", "  ", "\t.pdf", "n" * 300 + ".pdf", "ä" * 5_000, "😀" * 300 + ".pdf", "." * 400,
    "%41.pdf", "%", "%zz.pdf", "100% me.pdf", "a+b.pdf", "a%20b.pdf", "?x=1#y.pdf", "utf-8''cv.pdf",
    "=?utf-8?Q?cv=2Epdf?=",
]  # fmt: skip
assert len(set(NAMES)) == len(NAMES) > 80

_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069/\\\\]")


def stored(kind: MediaKind, name: str, at: datetime, content: bytes = b"the object itself") -> StoredFile:
    """A stored file of any kind, workers' pictures and texts among them, with its object."""
    owner = uuid4()
    row = StoredFile.objects.create(
        owner_ref=owner, key=f"{owner}/{uuid4().hex}", name=display_name(name), kind=kind, size=len(content),
        sha256=bytes(32), state=FileState.ATTACHED, created_at=at,
    )  # fmt: skip
    storages["files"].put_new(row.key, BytesIO(content))  # type: ignore[attr-defined]
    return row


def name_in(header: str) -> str:
    """The name that a browser takes from the header; that it is an attachment, on one line of ASCII, is asserted."""
    assert header.isascii()
    assert not _FORBIDDEN.search(header.replace("/", "").replace("\\", "")), "control characters"
    disposition, _, rest = header.partition("; ")
    assert disposition == "attachment"
    if rest.startswith("filename*="):
        found = re.fullmatch(r"filename\*=utf-8''((?:[A-Za-z0-9!#$&+.^_`|~-]|%[0-9A-F]{2})+)", rest, re.ASCII)
        assert found or rest.count(";") == 0, rest
        return unquote(rest.removeprefix("filename*=utf-8''"), errors="strict")
    message = Message()
    message["Content-Disposition"] = header
    return str(message.get_filename())


def assert_safe_name(name: str, suffix: str) -> None:
    assert not _FORBIDDEN.search(name), name
    assert name.lower().endswith(suffix)
    assert len(suffix) <= len(name) <= 255 + len(suffix)
    assert unicodedata.is_normalized("NFC", name)


# Streamed, from a folder


@pytest.mark.parametrize("kind", TYPES)
def test_every_kind_is_streamed_with_its_own_type_and_cannot_run(at: datetime, kind: MediaKind) -> None:
    media_type, suffix = TYPES[kind]
    for name in NAMES:
        response = deliver(stored(kind, name, at))
        assert body_of(response) == b"the object itself"
        headers = dict(response.items())
        assert_safe_name(name_in(headers.pop("Content-Disposition")), suffix)
        assert headers == {
            "Content-Type": media_type,
            "Content-Length": "17",
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store, private",
        }, name


# Signed, from the bucket


@pytest.mark.s3
@pytest.mark.parametrize("kind", TYPES)
def test_every_kind_is_linked_with_its_own_type_for_a_minute(
    at: datetime, s3_buckets: Buckets, kind: MediaKind
) -> None:
    media_type, suffix = TYPES[kind]
    row = stored(kind, "cv", at)
    for name in NAMES:
        row.name = display_name(name)
        response = deliver(row)
        assert (response.status_code, response["Cache-Control"]) == (302, "no-store, private")
        url = response["Location"]
        query = parse_qs(urlsplit(url).query, strict_parsing=True)
        assert 0 < int(query["X-Amz-Expires"][0]) <= 60
        assert urlsplit(url).path == f"/{s3.BUCKETS[0]}/{row.key}"
        assert query["response-content-type"] == [media_type]
        assert query["response-cache-control"] == ["no-store"]
        assert_safe_name(name_in(query["response-content-disposition"][0]), suffix)


@pytest.mark.s3
@pytest.mark.parametrize("kind", TYPES)
def test_what_the_bucket_then_says_is_what_the_link_asked_for(
    at: datetime, s3_buckets: Buckets, kind: MediaKind
) -> None:
    media_type, suffix = TYPES[kind]
    for name in ("cv.pdf", 'Äiti "1"; filename="evil.exe"\r\nX: y 😀.html', "简历.pdf", "invoice\u202efdp.exe"):
        row = stored(kind, name, at)
        answer = urllib3.request("GET", str(signed_link(row)))
        assert (answer.status, answer.data) == (200, b"the object itself")
        assert answer.headers["Content-Type"] == media_type
        assert answer.headers["Cache-Control"] == "no-store"
        assert_safe_name(name_in(answer.headers["Content-Disposition"]), suffix)
        assert not {"X", "Set-Cookie", "X-Evil"} & set(answer.headers)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_of_a_name_is_in_a_key(at: datetime, name: str) -> None:
    row = people.staged(uuid4(), at, name=name)
    assert re.fullmatch(rf"{row.owner_ref}/[0-9a-f]{{32}}", row.key)


@pytest.mark.parametrize(
    ("content", "kind"), [(pdf("A CV"), MediaKind.PDF), (docx("A CV"), MediaKind.DOCX), (odt("A CV"), MediaKind.ODT)]
)
def test_the_type_is_what_the_file_is_and_not_what_its_name_says(at: datetime, content: bytes, kind: MediaKind) -> None:
    response = deliver(people.staged(uuid4(), at, content=content, name="cv.html"))
    assert body_of(response) == content
    assert (response["Content-Type"], name_in(response["Content-Disposition"])) == (
        TYPES[kind][0],
        f"cv.html{TYPES[kind][1]}",
    )


# Through the pages: after the permission check, or not at all (T7)


@pytest.fixture(params=["local", pytest.param("s3", marks=pytest.mark.s3)])
def store(request: pytest.FixtureRequest) -> str:
    """Where the files lie."""
    if request.param == "s3":
        request.getfixturevalue("s3_buckets")
    return str(request.param)


@pytest.fixture
def two(at: datetime, position: Position, store: str) -> list[Application]:
    """Two people with a file each."""
    return [
        people.application(at, position, email=f"{name}@example.org", cv=pdf(name), cv_name=f"{name}.html")
        for name in ("aino", "eino")
    ]


def is_handed_over(answer: Any) -> bool:
    """Whether an answer holds a file, or a link to one."""
    return answer.status_code == 200 or "X-Amz-Signature" in answer.get("Location", "")


def assert_handed_over(answer: Any, application: Application, store: str) -> None:
    """The answer is the file of this person, with all the headers that pages and files have."""
    document = application.candidate.documents.select_related("stored_file").get()
    assert "no-store" in answer["Cache-Control"]
    assert answer["Referrer-Policy"] == "no-referrer", "the link is told to nobody"
    if store == "s3":
        assert answer.status_code == 302
        assert urlsplit(answer["Location"]).path.endswith(f"/{document.stored_file.key}")
        assert int(parse_qs(urlsplit(answer["Location"]).query)["X-Amz-Expires"][0]) <= 60
        return
    name = application.candidate.email.partition("@")[0]
    assert (answer.status_code, body_of(answer)) == (200, pdf(name))
    assert answer["Content-Type"] == "application/pdf"
    assert name_in(answer["Content-Disposition"]) == f"{name}.html.pdf"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'", "and no other policy that allows more"


FILE = "candidates_candidate_file"


def test_two_recruiters_open_what_is_there_and_never_one_document_under_another_person(
    two: list[Application], recruiter: User, at: datetime, store: str
) -> None:
    aino, eino = two
    for user in (recruiter, people.user(Role.RECRUITER, "risto@example.org")):
        desk = Desk(user, at)
        for application in two:
            own = application.candidate.documents.get()
            assert_handed_over(desk.get(FILE, application.candidate_id, own.pk), application, store)
        before = AccessEvent.objects.filter(access=Access.DOWNLOADED).count()
        for person, other in ((aino, eino), (eino, aino)):
            document = other.candidate.documents.get()
            answers = [
                desk.get(FILE, person.candidate_id, document.pk),
                desk.get(FILE, uuid4(), document.pk),
                desk.get(FILE, person.candidate_id, document.stored_file_id),
                desk.get(FILE, document.pk, person.candidate_id),
            ]
            assert [answer.status_code for answer in answers] == [404] * 4
            assert not any(map(is_handed_over, answers))
        assert AccessEvent.objects.filter(access=Access.DOWNLOADED).count() == before, "no look that was none"


def test_who_may_not_open_documents_gets_neither_file_nor_link(
    two: list[Application], recruiter: User, administrator: User, at: datetime, store: str
) -> None:
    document = two[0].candidate.documents.get()
    assert_handed_over(Desk(recruiter, at).get(FILE, two[0].candidate_id, document.pk), two[0], store)
    former = people.user(Role.RECRUITER, "former@example.org")
    gone = Desk(former, at)
    User.objects.filter(pk=former.pk).update(is_active=False)
    answers = [
        desk.get(FILE, two[0].candidate_id, document.pk) for desk in (Desk(None, at), Desk(administrator, at), gone)
    ]
    assert [answer.status_code for answer in answers] == [302, 403, 302]
    assert not any(map(is_handed_over, answers))


@pytest.fixture
def now(at: datetime) -> Iterator[None]:
    """The instant of the test is now."""
    with time_machine.travel(at, tick=False):
        yield


@pytest.mark.usefixtures("now")
def test_two_candidates_never_reach_each_others_files(two: list[Application], at: datetime, store: str) -> None:
    clients = {application.pk: signed_in(application) for application in two}
    for mine, theirs in (two, two[::-1]):
        client = clients[mine.pk]
        own, other = (application.candidate.documents.get() for application in (mine, theirs))
        assert_handed_over(client.get(f"/en/my-data/file/{own.pk}/"), mine, store)
        for pk in (other.pk, other.stored_file_id, theirs.candidate_id, uuid4()):
            answer = client.get(f"/en/my-data/file/{pk}/")
            assert (answer.status_code, is_handed_over(answer)) == (404, False)
        stranger = Client().get(f"/en/my-data/file/{own.pk}/")
        assert (stranger.status_code, is_handed_over(stranger)) == (302, False)
        staff_page = client.get(f"/admin/candidates/candidate/{mine.candidate_id}/file/{own.pk}/")
        assert not is_handed_over(staff_page)


def signed_in(application: Application) -> Client:
    """The browser of a candidate who came by a mailed link."""
    client = Client()
    client.post("/en/my-data/sign-in/", {"email": application.candidate.email})
    deliver_emails(at=application.submitted_at)
    sent = [str(message.body) for message in mail.outbox if message.to == [application.candidate.email]]
    (path,) = [path for text in sent for path in re.findall(r"http://testserver(/\S*/link/\S+)", text)]
    assert client.post(path, follow=True).status_code == 200
    return client
