"""A file that the virus scan refuses after it was sent: it goes, the person is asked for another one, and sends it."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from io import BytesIO, StringIO
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.core import mail
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation
from pytest_django import Settings

from accounts.enums import LinkPurpose
from accounts.models import MailedLink, User
from accounts.services.links import LastingLink, create_lasting_links
from audit.enums import Access, Action
from audit.models import AccessEvent, AuditEvent
from candidates.enums import DocumentKind, HeldKind, HoldGround, InteractionKind, RestrictionGround
from candidates.models import Application, Candidate, Document, Interaction, Position, Restriction
from candidates.selectors.refused_files import refused_files, wanted_files
from candidates.services.added_files import add_file_again
from candidates.services.addresses import disown_application
from candidates.services.erasure import request_erasure
from candidates.services.holds import open_hold, release_hold, seal_items
from candidates.services.restrictions import lift_restriction, restrict_candidate
from clouder.embedded.processes import free_port
from common.actors import SYSTEM, staff
from common.actors import candidate as the_candidate
from common.errors import Refused
from files.enums import FilePart, FileState, MediaKind, Refusal, ScanState
from files.models import StoredFile
from files.samples import docx, pdf
from files.scanning import Scanned, scan_files
from files.services import purge_staged_files
from mailing.enums import EmailKind, EmailState
from mailing.models import OutboxEmail
from mailing.services import deliver_emails
from privacy.services.erasure import erase_due
from privacy.services.refused_files import drop_refused_files
from tests.factories import people
from tests.factories.browser import forms
from tests.factories.documents import encrypted_pdf
from tests.factories.files import made_up_file
from tests.parts.scanner import EICAR, Clamd
from tests.parts.stores import BreakStore
from tests.parts.threads import at_once

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
ANOTHER = pdf("Another CV")


@pytest.fixture(autouse=True)
def traveller(at: datetime) -> Iterator[Any]:
    with time_machine.travel(at, tick=False) as traveller:
        yield traveller


@pytest.fixture
def aino(at: datetime, position: Position) -> Application:
    return people.application(at, position)


def refuse(application: Application, at: datetime, *kinds: DocumentKind) -> None:
    """The scan found something in the documents of these kinds; all of them if none is named."""
    documents = Document.objects.filter(application=application, kind__in=kinds or DocumentKind.values)
    refused = StoredFile.objects.filter(document__in=documents)
    refused.update(state=FileState.REFUSED, scan=ScanState.INFECTED, scanned_at=at, scan_after=None)


def add_document(application: Application, kind: DocumentKind, at: datetime) -> Document:
    stored = made_up_file(pdf(kind), at=at, owner_ref=application.candidate_id)
    return Document.objects.create(
        candidate=application.candidate, application=application, kind=kind, stored_file=stored, added_at=at
    )


def mails() -> list[OutboxEmail]:
    return list(OutboxEmail.objects.filter(kind=EmailKind.FILE_REFUSED).order_by("queued_at", "pk"))


def acts(*actions: Action) -> list[tuple[Any, ...]]:
    rows = AuditEvent.objects.filter(action__in=actions or (Action.FILE_REFUSED, Action.FILE_ADDED)).order_by("pk")
    return list(rows.values_list("action", "subject_ref", "object_ref", "details"))


def page_of(token: str, language: str = "en") -> str:
    with translation.override(language):
        return reverse("my_data:add_file", args=[token])


def token_of(email: OutboxEmail) -> str:
    return str(email.context["token"])


@pytest.fixture
def asked(aino: Application, at: datetime) -> str:
    """The path of the page that somebody was sent whose CV was refused."""
    refuse(aino, at)
    assert drop_refused_files(at=at) == 1
    [email] = mails()
    return page_of(token_of(email))


def send(client: Client, path: str, content: bytes = ANOTHER, name: str = "new.pdf", **values: str) -> Any:
    """Choose a file on the page and press its button."""
    page: Any = client.get(path)
    [form] = forms(page)[-1:]
    upload = SimpleUploadedFile(name, content, content_type="application/octet-stream")
    return client.post(path, {**form["data"], **values, "file": upload})


def status_of(client: Client, path: str) -> int:
    """The answer to a download, read to its end."""
    answer: Any = client.get(path)
    if answer.streaming:
        assert b"".join(answer.streaming_content).startswith(b"%PDF")
    return int(answer.status_code)


def kept(application: Application) -> list[tuple[str, str, str]]:
    rows = Document.objects.filter(application=application).order_by("added_at", "pk")
    return list(rows.values_list("kind", "stored_file__name", "stored_file__state"))


# It goes, and the person is asked


def test_a_refused_file_goes_and_the_person_is_asked_once(aino: Application, at: datetime) -> None:
    refuse(aino, at)
    made_up_file(
        b"text", at=at, owner_ref=aino.candidate_id, kind=MediaKind.TEXT, part=FilePart.TEXT,
        made_of=aino.candidate.documents.get().stored_file_id,
    )  # fmt: skip
    assert len(storages["files"].list_keys()) == 2  # type: ignore[attr-defined]
    assert drop_refused_files(at=at) == 1
    assert (kept(aino), {row.state for row in StoredFile.objects.all()}) == ([], {FileState.DELETION_PENDING})
    assert purge_staged_files(at=at) == 2
    assert (StoredFile.objects.count(), storages["files"].list_keys()) == (0, [])  # type: ignore[attr-defined]
    assert acts() == [(Action.FILE_REFUSED, aino.candidate_id, aino.pk, {"kind": DocumentKind.CV, "is_asked": True})]
    assert drop_refused_files(at=at + DAY) == 0
    [email] = mails()
    assert (email.to_address, email.subject_ref, email.state) == (
        "aino@example.org",
        aino.candidate_id,
        EmailState.QUEUED,
    )
    link = MailedLink.objects.get(purpose=LinkPurpose.ADD_FILE)
    assert (link.subject_ref, link.expires_at) == (aino.candidate_id, aino.candidate.expires_at)


@pytest.mark.parametrize(
    ("language", "subject", "words"),
    [
        ("en", "A file of your application was refused by the virus scan", "Everything else of your application is"),
        ("fi", "Virustarkistus hylkäsi hakemuksesi tiedoston", "Kaikki muu hakemuksessasi on"),
    ],
)
def test_the_mail(at: datetime, position: Position, language: str, subject: str, words: str) -> None:
    application = people.application(at, position, language=language, cv_name="salainen nimi.pdf")
    refuse(application, at)
    drop_refused_files(at=at)
    [token] = [token_of(email) for email in mails()]
    deliver_emails(at=at)
    [message] = [sent for sent in mail.outbox if sent.subject == subject]
    assert message.to == ["aino@example.org"]
    texts = [str(message.body), str(message.alternatives[0][0])]  # type: ignore[attr-defined]
    path = page_of(token, language)
    for text in texts:
        assert (words in text, application.reference in text, f"http://testserver{path}" in text) == (True, True, True)
        assert ("salainen" in text, "Aino" in text) == (False, False)
    assert mails()[0].context == {}


def test_several_files_of_one_application_are_one_mail(aino: Application, at: datetime) -> None:
    add_document(aino, DocumentKind.COVER_LETTER, at)
    add_document(aino, DocumentKind.OTHER, at)
    refuse(aino, at, DocumentKind.CV, DocumentKind.OTHER)
    assert drop_refused_files(at=at) == 2
    assert (len(mails()), [act[3]["kind"] for act in acts()]) == (1, ["CV", "OTHER"])
    assert [document[0] for document in kept(aino)] == ["COVER_LETTER"]


def test_who_has_not_confirmed_the_address_is_written_to_there_as_with_the_receipt(
    at: datetime, position: Position
) -> None:
    application = people.application(at, position, is_confirmed=False)
    refuse(application, at)
    drop_refused_files(at=at)
    assert [email.to_address for email in mails()] == ["aino@example.org"]


@pytest.mark.parametrize("why", ["disowned", "undeliverable", "asked to be erased"])
def test_who_may_not_be_written_to_is_not_asked_and_the_file_goes(at: datetime, position: Position, why: str) -> None:
    application = people.application(at, position, is_confirmed=False)
    person = application.candidate
    if why == "disowned":
        assert disown_application(person.pk, address=person.address, at=at)
    elif why == "undeliverable":
        Candidate.objects.filter(pk=person.pk).update(undeliverable_at=at)
    else:
        request_erasure(person.person_ref, actor=the_candidate(person.person_ref), at=at)
    refuse(application, at)
    assert drop_refused_files(at=at) == 1
    assert (mails(), acts(Action.FILE_REFUSED)[0][3]) == ([], {"kind": "CV", "is_asked": False})
    assert kept(application) == []


def test_what_a_hold_lists_stays_closed_until_the_hold_ends(
    client: Client, aino: Application, officer: User, recruiter: User, at: datetime
) -> None:
    document = aino.candidate.documents.get()
    hold = open_hold(
        aino.candidate.person_ref, subject_ref=aino.candidate_id, case_ref="C-1", ground=HoldGround.OTHER_CLAIM,
        owner=officer, items=[(HeldKind.DOCUMENT, document.pk)], actor=staff(officer.pk), at=at,
    )  # fmt: skip
    refuse(aino, at)
    assert drop_refused_files(at=at) == 0
    assert kept(aino) == [("CV", "cv.pdf", FileState.REFUSED)]
    client.force_login(recruiter)
    page = client.get(reverse("admin:candidates_candidate_change", args=[aino.candidate_id]))
    address = reverse("admin:candidates_candidate_file", args=[aino.candidate_id, document.pk])
    assert ("a virus was found" in page.content.decode(), address in page.content.decode()) == (True, False)
    assert client.get(address).status_code == 404
    release_hold(hold.pk, actor=staff(officer.pk), at=at)
    assert drop_refused_files(at=at) == 1


def test_a_restricted_persons_file_stays_until_the_restriction_ends(
    aino: Application, officer: User, at: datetime
) -> None:
    who = staff(officer.pk)
    restriction = restrict_candidate(
        aino.candidate.person_ref, ground=RestrictionGround.CLAIM, actor=who, at=at - 30 * DAY
    )
    refuse(aino, at)
    assert (drop_refused_files(at=at), len(kept(aino)), mails()) == (0, 1, [])
    Restriction.objects.update(told_at=at - 15 * DAY)
    lift_restriction(restriction.pk, actor=who, at=at)
    assert (drop_refused_files(at=at), len(kept(aino)), len(mails())) == (1, 0, 1)


def test_files_that_wait_or_are_refused_are_no_obstacle_to_an_erasure(
    at: datetime, position: Position, traveller: Any
) -> None:
    for number, (state, scan) in enumerate(
        [
            (FileState.ATTACHED, ScanState.WAITING),
            (FileState.ATTACHED, ScanState.FAILED),
            (FileState.REFUSED, ScanState.INFECTED),
        ]
    ):
        person = people.application(at, position, email=f"{number}@example.org").candidate
        StoredFile.objects.filter(owner_ref=person.pk).update(state=state, scan=scan, scan_after=at)
        request_erasure(person.person_ref, actor=the_candidate(person.person_ref), at=at)
    assert StoredFile.objects.count() == 3
    traveller.move_to(at + DAY)
    erase_due(at=at + DAY)
    assert (Candidate.objects.count(), StoredFile.objects.count()) == (0, 0)
    assert storages["files"].list_keys() == []  # type: ignore[attr-defined]
    assert (drop_refused_files(at=at + DAY), mails()) == (0, [])


def test_a_refused_file_that_nothing_holds_goes_too(at: datetime) -> None:
    made_up_file(pdf(), at=at, state=FileState.REFUSED, scan=ScanState.INFECTED)
    assert drop_refused_files(at=at) == 0
    assert purge_staged_files(at=at) == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_ask_once(at: datetime) -> None:
    application = people.application(at, None)
    refuse(application, at)
    assert sorted(at_once(lambda: drop_refused_files(at=at))) == [0, 1]
    assert (len(mails()), len(acts())) == (1, 1)


# The page that takes another one


def test_looking_changes_nothing(client: Client, asked: str, aino: Application) -> None:
    before = (AuditEvent.objects.count(), StoredFile.objects.count())
    for _ in range(3):
        page: Any = client.get(asked)
        client.head(asked)
    text = page.content.decode()
    assert (page.status_code, "something in a file that you had sent us: CV." in text) == (200, True)
    assert ("Aino" in text, "cv.pdf" in text) == (False, False)
    assert (AuditEvent.objects.count(), StoredFile.objects.count()) == before


def test_another_file_comes_in_its_place(client: Client, asked: str, aino: Application, at: datetime) -> None:
    response = send(client, asked)
    assert (response.status_code, response["Location"]) == (303, asked)
    assert kept(aino) == [("CV", "new.pdf", FileState.ATTACHED)]
    [document] = Document.objects.filter(application=aino)
    with storages["files"].open_object(document.stored_file.key) as content:  # type: ignore[attr-defined]
        assert content.read() == ANOTHER
    assert acts(Action.FILE_ADDED) == [(Action.FILE_ADDED, aino.candidate_id, aino.pk, {"kind": "CV"})]
    [contact] = Interaction.objects.filter(kind=InteractionKind.DOCUMENT_ADDED)
    assert (contact.candidate_id, contact.application_id, contact.occurred_at) == (aino.candidate_id, aino.pk, at)
    page: Any = client.get(asked)
    assert ("Nothing more is needed" in page.content.decode(), b'<input type="file"' in page.content) == (True, False)


def test_a_link_takes_as_many_files_as_were_refused(
    client: Client, aino: Application, at: datetime, traveller: Any
) -> None:
    add_document(aino, DocumentKind.OTHER, at)
    add_document(aino, DocumentKind.OTHER, at)
    refuse(aino, at)
    drop_refused_files(at=at)
    path = page_of(token_of(mails()[0]))
    first = forms(client.get(path))[-1]["data"]
    for number in range(3):
        traveller.move_to(at + number * timedelta(minutes=1))
        assert send(client, path, name=f"{number}.pdf").status_code == 303
    again = client.post(path, {**first, "file": SimpleUploadedFile("4.pdf", ANOTHER)})
    assert (again.status_code, len(kept(aino))) == (303, 3)
    assert kept(aino) == [
        ("CV", "0.pdf", FileState.ATTACHED),
        ("OTHER", "1.pdf", FileState.ATTACHED),
        ("OTHER", "2.pdf", FileState.ATTACHED),
    ]


def test_a_second_press_is_not_the_next_file(client: Client, aino: Application, at: datetime) -> None:
    add_document(aino, DocumentKind.OTHER, at)
    refuse(aino, at)
    drop_refused_files(at=at)
    path = page_of(token_of(mails()[0]))
    data = forms(client.get(path))[-1]["data"]
    for _ in range(2):
        client.post(path, {**data, "file": SimpleUploadedFile("new.pdf", ANOTHER)})
    assert kept(aino) == [("CV", "new.pdf", FileState.ATTACHED)]
    assert [file.kind for file in wanted_files(aino.candidate_id, as_of=at)] == [DocumentKind.OTHER]


def test_a_file_that_is_refused_again_can_be_replaced_again(
    client: Client, asked: str, aino: Application, at: datetime
) -> None:
    send(client, asked)
    refuse(aino, at)
    assert drop_refused_files(at=at + DAY) == 1
    assert len(mails()) == 2
    assert send(client, asked, name="third.pdf").status_code == 303
    assert kept(aino) == [("CV", "third.pdf", FileState.ATTACHED)]
    found = refused_files([aino.candidate_id], as_of=at + DAY)
    assert [(file.refused_at, file.added_at) for file in found] == [(at, at), (at + DAY, at)]


REFUSALS: dict[str, tuple[bytes, str, str]] = {
    Refusal.EMPTY: (b"", "x.pdf", "The file is empty"),
    Refusal.TOO_BIG: (b"%PDF-" + b"x" * 10_000_001, "x.pdf", "larger than 10 MB"),
    Refusal.WRONG_TYPE: (bytes(range(256)), "x.pdf", "not a PDF, DOCX or ODT"),
    Refusal.ENCRYPTED: (encrypted_pdf(), "x.pdf", "protected by a password"),
    Refusal.DAMAGED: (pdf()[:200], "x.pdf", "damaged and cannot be opened"),
    Refusal.LEGACY_FORMAT: (b"{\\rtf1 hello}", "x.rtf", "old or plain format"),
}


@pytest.mark.parametrize("reason", REFUSALS)
def test_a_file_that_is_not_taken_is_said_why_and_the_page_stays(
    client: Client, asked: str, aino: Application, reason: str
) -> None:
    content, name, words = REFUSALS[reason]
    answer = send(client, asked, content, name)
    text = answer.content.decode()
    assert (answer.status_code, words in text, text.count("There is a problem")) == (422, True, 1)
    assert (kept(aino), acts(Action.FILE_ADDED)) == ([], [])
    assert send(client, asked, docx("CV"), "cv.pdf").status_code == 303


def test_no_file_is_said_so(client: Client, asked: str) -> None:
    answer = client.post(asked, forms(client.get(asked))[-1]["data"])
    assert (answer.status_code, "Choose a file" in answer.content.decode()) == (422, True)


def test_a_request_that_is_too_big_is_refused_before_it_is_read(client: Client, asked: str) -> None:
    upload = SimpleUploadedFile("x.pdf", b"x" * 26_000_000)
    assert client.post(asked, {"file": upload}).status_code == 413


def test_a_store_that_does_not_answer_is_said_so(
    client: Client, asked: str, aino: Application, break_store: BreakStore
) -> None:
    break_store("files", "SilentLedger")
    answer = send(client, asked)
    assert (answer.status_code, "could not be stored just now" in answer.content.decode()) == (422, True)
    assert kept(aino) == []


def test_too_many_files_of_one_network_are_refused(client: Client, asked: str, settings: Settings) -> None:
    settings.FILES_PER_DAY_AND_PREFIX = 0
    answer = send(client, asked)
    assert (answer.status_code, "Too many files were sent today" in answer.content.decode()) == (422, True)


@pytest.mark.parametrize("stranger", ["no token", "another purpose", "another address", "somebody else's"])
def test_a_strangers_token_does_nothing(
    client: Client, asked: str, aino: Application, at: datetime, position: Position, stranger: str
) -> None:
    other = people.application(at, position, email="otto@example.org").candidate
    person = aino.candidate
    purpose = LinkPurpose.ERASE if stranger == "another purpose" else LinkPurpose.ADD_FILE
    address = "eve@example.org" if stranger == "another address" else person.address
    subject = other if stranger == "somebody else's" else person
    [token] = create_lasting_links(
        [LastingLink(purpose, address, "en", subject.pk, expires_at=person.expires_at)], at=at
    )
    path = page_of("x" * 43 if stranger == "no token" else token)
    data = forms(client.get(asked))[-1]["data"]
    assert client.get(path).status_code == 410
    assert client.post(path, {**data, "file": SimpleUploadedFile("x.pdf", ANOTHER)}).status_code == 410
    assert (kept(aino), acts(Action.FILE_ADDED)) == ([], [])


def test_somebody_elses_link_adds_nothing_to_an_application_that_is_not_theirs(
    client: Client, asked: str, aino: Application, at: datetime, position: Position
) -> None:
    other = people.application(at, position, email="otto@example.org")
    refuse(other, at)
    drop_refused_files(at=at)
    [theirs] = [page_of(token_of(email)) for email in mails() if email.subject_ref == other.candidate_id]
    data = forms(client.get(asked))[-1]["data"]
    answer = client.post(theirs, {**data, "file": SimpleUploadedFile("x.pdf", ANOTHER)})
    assert (answer.status_code, kept(aino), kept(other)) == (303, [], [])


def test_who_asked_to_be_erased_or_is_gone_has_no_page(
    client: Client, asked: str, aino: Application, at: datetime, traveller: Any
) -> None:
    person = aino.candidate
    assert client.get(asked).status_code == 200
    request_erasure(person.person_ref, actor=the_candidate(person.person_ref), at=at)
    assert client.get(asked).status_code == 410
    traveller.move_to(at + DAY)
    erase_due(at=at + DAY)
    assert client.get(asked).status_code == 410
    with pytest.raises(Refused):
        add_file_again(aino.pk, kind=DocumentKind.CV, stored_id=uuid4(), actor=SYSTEM, at=at)


def test_a_staged_file_that_ran_out_is_not_attached(aino: Application, asked: str, at: datetime) -> None:
    stored = people.staged(aino.candidate_id, at)
    for late, pk in ((DAY, stored.pk), (timedelta(0), uuid4())):
        with pytest.raises(Refused) as refused:
            add_file_again(aino.pk, kind=DocumentKind.CV, stored_id=pk, actor=SYSTEM, at=at + late)
        assert refused.value.code == "file_gone"
    assert (kept(aino), acts(Action.FILE_ADDED)) == ([], [])


# What recruiters see


def candidate_text(client: Client, application: Application) -> str:
    answer = client.get(reverse("admin:candidates_candidate_change", args=[application.candidate_id]))
    return " ".join(answer.content.decode().split())


@pytest.mark.parametrize(
    ("scan", "words", "status"),
    [
        (ScanState.NOT_SCANNED, "not scanned for viruses", 200),
        (ScanState.WAITING, "waits for the virus scan", 409),
        (ScanState.FAILED, "the virus scan failed and is tried again", 409),
        (ScanState.INFECTED, "a virus was found", 404),
        (ScanState.CLEAN, "", 200),
    ],
)
def test_recruiters_see_what_the_scan_says_and_get_no_link_to_what_is_closed(
    client: Client, aino: Application, recruiter: User, scan: ScanState, words: str, status: int
) -> None:
    client.force_login(recruiter)
    StoredFile.objects.filter(owner_ref=aino.candidate_id).update(scan=scan)
    document = aino.candidate.documents.get()
    address = reverse("admin:candidates_candidate_file", args=[aino.candidate_id, document.pk])
    text = candidate_text(client, aino)
    assert ("cv.pdf" in text, f'href="{address}"' in text) == (True, status == 200)
    said = [word for word in ("not scanned", "waits for", "scan failed", "a virus was found") if word in text]
    assert [word for word in said if word not in words] == []
    assert (words in text, bool(said)) == (True, bool(words))
    assert status_of(client, address) == status
    looks = AccessEvent.objects.filter(access=Access.DOWNLOADED, object_ref=document.pk)
    assert looks.count() == (1 if status == 200 else 0)


def test_recruiters_see_that_a_file_was_refused_and_replaced(
    client: Client, asked: str, aino: Application, recruiter: User
) -> None:
    visitor = Client()
    client.force_login(recruiter)
    text = candidate_text(client, aino)
    assert "A file was refused by the virus scan on" in text
    assert "and is deleted: CV. The person was asked for another one." in text
    assert send(visitor, asked).status_code == 303
    text = candidate_text(client, aino)
    assert ("The person sent another one on" in text, "The person was asked" in text, "Document added" in text) == (
        True,
        False,
        True,
    )


def test_recruiters_see_who_could_not_be_asked(
    client: Client, aino: Application, recruiter: User, at: datetime
) -> None:
    Candidate.objects.update(undeliverable_at=at)
    refuse(aino, at)
    drop_refused_files(at=at)
    client.force_login(recruiter)
    assert "The person could not be asked by mail for another one." in candidate_text(client, aino)


def test_the_page_takes_one_query_for_refused_files_however_many(aino: Application, at: datetime) -> None:
    counts = []
    for _ in range(2):
        refuse(aino, at)
        drop_refused_files(at=at)
        with CaptureQueriesContext(connection) as queries:
            assert refused_files([aino.candidate_id], as_of=at)
        counts.append(len(queries))
        for _ in range(3):
            add_document(aino, DocumentKind.OTHER, at)
    assert counts == [1, 1]


def test_the_vault_follows_the_same_rule(client: Client, aino: Application, officer: User, at: datetime) -> None:
    document = aino.candidate.documents.get()
    hold = open_hold(
        aino.candidate.person_ref, subject_ref=aino.candidate_id, case_ref="C-1", ground=HoldGround.OTHER_CLAIM,
        owner=officer, items=[(HeldKind.DOCUMENT, document.pk)], actor=staff(officer.pk), at=at,
    )  # fmt: skip
    seal_items([aino.candidate_id], at=at)
    item = hold.items.get()
    address = reverse("admin:candidates_hold_file", args=[hold.pk, item.pk])
    page = reverse("admin:candidates_hold_item", args=[hold.pk, item.pk])
    client.force_login(officer)
    for scan, status in ((ScanState.CLEAN, 200), (ScanState.WAITING, 409), (ScanState.INFECTED, 404)):
        StoredFile.objects.filter(owner_ref=hold.vault_ref).update(scan=scan)
        assert (address in client.get(page).content.decode()) == (status == 200)
        before = AuditEvent.objects.filter(action=Action.HELD_ITEM_OPENED).count()
        assert status_of(client, address) == status
        after = AuditEvent.objects.filter(action=Action.HELD_ITEM_OPENED).count()
        assert after - before == int(status == 200)


# The person's own page


def test_ones_own_file_follows_the_same_rule(client: Client, aino: Application, at: datetime, traveller: Any) -> None:
    from tests.privacy.test_my_data import sign_in

    path = reverse("my_data:document", args=[aino.candidate.documents.get().pk])
    text = sign_in(client, at).content.decode()
    assert (path in text, status_of(client, path)) == (True, 200)
    StoredFile.objects.update(scan=ScanState.WAITING)
    page: Any = client.get("/en/my-data/")
    text = page.content.decode()
    assert (path in text, "cv.pdf" in text, "waits for the virus scan" in text) == (False, True, True)
    answer: Any = client.get(path)
    assert (answer.status_code, "Try again in a few minutes" in answer.content.decode()) == (409, True)
    StoredFile.objects.update(scan=ScanState.INFECTED)
    assert client.get(path).status_code == 404


# From end to end, and by command


def infected_pdf() -> bytes:
    """One that the door takes, for its structure is sound."""
    import pikepdf

    out = BytesIO()
    with pikepdf.open(BytesIO(pdf("A CV"))) as document:
        document.Root.Extra = document.make_stream(EICAR)
        document.save(out)
    return out.getvalue()


def test_an_infected_file_that_was_sent_is_gone_and_asked_for(
    client: Client, clamd_server: Clamd, settings: Settings, position: Position, at: datetime
) -> None:
    settings.CLAMD_ADDRESS = clamd_server.tcp
    bad = people.application(at, position, cv=infected_pdf())
    good = people.application(at, position, email="otto@example.org")
    assert scan_files(at=at) == Scanned(clean=1, infected=1)
    assert drop_refused_files(at=at) == 1
    purge_staged_files(at=at)
    assert (kept(bad), kept(good)) == ([], [("CV", "cv.pdf", FileState.ATTACHED)])
    assert storages["files"].list_keys(f"{bad.candidate_id}/") == []  # type: ignore[attr-defined]
    path = page_of(token_of(mails()[0]))
    assert send(client, path).status_code == 303
    assert scan_files(at=at) == Scanned(clean=1)
    stored = StoredFile.objects.get(owner_ref=bad.candidate_id)
    assert (stored.scan, stored.state) == (ScanState.CLEAN, FileState.ATTACHED)


def scan_by_command() -> tuple[int, dict[str, Any]]:
    out, code = StringIO(), 0
    try:
        call_command("files", "scan", "--format", "json", stdout=out)
    except SystemExit as end:
        code = int(str(end.code))
    return code, json.loads(out.getvalue())


def test_the_command_scans_what_came_before_there_was_a_scanner(
    clamd_server: Clamd, settings: Settings, at: datetime
) -> None:
    with pytest.raises(CommandError, match="there is no virus scanner"):
        call_command("files", "scan")
    for number in range(11):
        people.application(at, None, email=f"{number}@example.org")
    people.application(at, None, email="bad@example.org", cv=infected_pdf())
    settings.CLAMD_ADDRESS = f"tcp://127.0.0.1:{free_port()}"
    code, answer = scan_by_command()
    assert (code, answer["counts"]["waiting"], answer["counts"]["clean"]) == (4, 10, 0)
    settings.CLAMD_ADDRESS = clamd_server.tcp
    code, answer = scan_by_command()
    assert (code, answer["counts"]) == (0, {"clean": 11, "refused": 1, "documents deleted": 1, "waiting": 0})
    assert set(StoredFile.objects.exclude(state=FileState.DELETION_PENDING).values_list("scan", flat=True)) == {
        ScanState.CLEAN
    }
    assert [email.to_address for email in mails()] == ["bad@example.org"]
