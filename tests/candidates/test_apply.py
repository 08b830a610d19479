"""The apply journey, as a browser without JavaScript walks it."""

import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from audit.enums import Action
from audit.models import AuditEvent
from candidates.enums import DocumentKind, LinkKind, Stage
from candidates.forms.apply import FILE_FIELDS
from candidates.models import Application, ApplicationDraft, Candidate, Consent, Document, NoticeShown, ProfileLink
from candidates.views.staging import explain
from files.enums import PICTURE_SIGNATURES, FileState, MediaKind, Refusal
from files.models import StoredFile
from files.samples import docx, odt, pdf
from files.services import open_file
from files.slots import cores, take_slot
from mailing.enums import EmailKind
from mailing.models import OutboxEmail
from notices.texts import TextId, current
from tests.factories import documents, people, pictures
from tests.factories.browser import form_with, submit

pytestmark = pytest.mark.django_db

FORM = "/en/positions/backend-developer/apply/"
CHECK = f"{FORM}check/"
TYPED = {"name": "Aino Esimerkki", "email": "Aino@Example.org", "github": "github.com/aino"}


@pytest.fixture(autouse=True)
def traveller(position: Any, at: datetime) -> Iterator[Any]:
    with time_machine.travel(at, tick=False) as traveller:
        yield traveller


def content_of(document: Document) -> bytes:
    with open_file(document.stored_file) as stream:
        return stream.read()


def upload(content: bytes, name: str = "cv.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type="application/octet-stream")


def fill(client: Client, **changes: Any) -> Any:
    return submit(client, client.get(FORM), FORM, **{**TYPED, **changes})


def send(client: Client, traveller: Any, **changes: Any) -> Any:
    traveller.shift(timedelta(seconds=5))
    return submit(client, client.get(CHECK), CHECK, **changes)


def apply(client: Client, traveller: Any, **changes: Any) -> Application:
    assert fill(client, **changes).status_code == 303
    sent = send(client, traveller)
    assert sent.status_code == 303, sent.content.decode()[:2000]
    return Application.objects.latest("submitted_at")


def test_three_screens_lead_to_an_application(client: Client, traveller: Any, at: datetime) -> None:
    filled = fill(
        client, cv=upload(pdf("My CV"), "Aino CV.pdf"), letter_file=upload(docx("Letter"), "letter.docx"),
        other_file=upload(odt("Sample"), "sample.odt"), phone="040 123 4567", skills="Python", interests="Privacy",
        cover_letter="Hello\nthere", links="example.org/a\nhttps://example.org/b", has_longer_storage="on",
    )  # fmt: skip
    assert (filled.status_code, filled["Location"]) == (303, CHECK)
    checked = client.get(CHECK)
    assert b"Aino CV.pdf" in checked.content
    assert Application.objects.count() == 0
    sent = send(client, traveller)
    assert sent.status_code == 303
    application = Application.objects.select_related("candidate", "position").get()
    candidate = application.candidate
    assert application.stage == Stage.RECEIVED
    assert (candidate.name, candidate.email, candidate.address) == (
        "Aino Esimerkki", "Aino@Example.org", "aino@example.org",
    )  # fmt: skip
    assert (candidate.phone, candidate.phone_e164) == ("040 123 4567", "+358401234567")
    assert candidate.is_confirmed is False
    assert set(ProfileLink.objects.values_list("kind", "url")) == {
        (LinkKind.GITHUB, "https://github.com/aino"),
        (LinkKind.OTHER, "https://example.org/a"),
        (LinkKind.OTHER, "https://example.org/b"),
    }
    by_kind = {row.kind: row for row in Document.objects.select_related("stored_file")}
    assert content_of(by_kind[DocumentKind.CV]) == pdf("My CV")
    assert set(by_kind) == {DocumentKind.CV, DocumentKind.COVER_LETTER, DocumentKind.OTHER}
    assert {row.state for row in StoredFile.objects.all()} == {FileState.ATTACHED}
    notice = NoticeShown.objects.get()
    shown = current(TextId.SHORT_NOTICE, "en")
    assert (notice.text_version, notice.text_language, notice.text_sha256) == (shown.version, "en", shown.sha256)
    consent = Consent.objects.get()
    assert (consent.text_sha256, consent.ends_on.isoformat()) == (
        current(TextId.LONGER_STORAGE, "en").sha256, "2030-11-24",
    )  # fmt: skip
    assert (candidate.due_on.isoformat(), candidate.keep_until.isoformat()) == ("2028-11-24", "2030-11-24")
    assert ApplicationDraft.objects.count() == 0
    done = client.get(sent["Location"])
    assert application.reference.encode() in done.content
    assert b"Aino" not in done.content
    assert client.get(sent["Location"]).status_code == 200
    assert AuditEvent.objects.filter(action=Action.APPLICATION_SUBMITTED).count() == 1


def test_consent_is_unticked_and_separate(client: Client, traveller: Any) -> None:
    assert "has_longer_storage" not in form_with(client.get(FORM), "token")["data"]
    apply(client, traveller)
    assert Consent.objects.count() == 0


@pytest.mark.parametrize("files", [1, 10])
def test_sending_takes_at_most_20_statements_however_many_files(client: Client, traveller: Any, files: int) -> None:
    fill(client, cv=upload(pdf()), has_longer_storage="on")
    for number in range(files - 1):
        fill(client, other_file=upload(pdf(), f"{number}.pdf"))
    page = client.get(CHECK)
    traveller.shift(timedelta(seconds=5))
    with CaptureQueriesContext(connection) as queries:
        assert submit(client, page, CHECK).status_code == 303
    assert Document.objects.count() == files
    statements = [query["sql"].split()[0] for query in queries.captured_queries]
    assert len([word for word in statements if word not in {"SAVEPOINT", "RELEASE"}]) == 20


def test_a_second_click_sends_nothing_twice(client: Client, traveller: Any) -> None:
    fill(client, cv=upload(pdf()))
    traveller.shift(timedelta(seconds=5))
    page = client.get(CHECK)
    first, second = submit(client, page, CHECK), submit(client, page, CHECK)
    assert Application.objects.count() == 1
    assert client.get(first["Location"]).content == client.get(second["Location"]).content
    assert OutboxEmail.objects.filter(kind=EmailKind.APPLICATION_RECEIVED).count() == 1


def test_a_validation_error_keeps_every_value_and_the_cv(client: Client, traveller: Any) -> None:
    failed = fill(client, email="nonsense", cv=upload(pdf("Kept"), "kept.pdf"), skills="a\nb", has_longer_storage="on")
    assert failed.status_code == 422
    assert b"<title>Error: " in failed.content
    data = form_with(failed, "token")["data"]
    assert (data["name"], data["email"], data["skills"]) == ("Aino Esimerkki", "nonsense", "a\nb")
    assert data["has_longer_storage"] == "on"
    assert b"kept.pdf" in failed.content
    again = submit(client, failed, FORM, email="aino@example.org")
    assert again.status_code == 303
    assert send(client, traveller).status_code == 303
    assert content_of(Document.objects.get()) == pdf("Kept")


def test_back_shows_what_was_entered(client: Client) -> None:
    fill(client, cv=upload(pdf(), "cv one.pdf"), skills="Python")
    back = client.get(FORM)
    data = form_with(back, "token")["data"]
    assert (data["name"], data["skills"]) == ("Aino Esimerkki", "Python")
    assert b"cv one.pdf" in back.content


def test_without_the_cookie_the_text_stays_and_the_file_is_asked_for_again(client: Client, traveller: Any) -> None:
    fill(client, cv=upload(pdf(), "cv one.pdf"), skills="Python")
    traveller.shift(timedelta(seconds=5))
    page = client.get(CHECK)
    client.cookies.clear()
    failed = submit(client, page, CHECK)
    assert failed.status_code == 422
    data = form_with(failed, "token")["data"]
    assert (data["name"], data["skills"], data["github"]) == ("Aino Esimerkki", "Python", "github.com/aino")
    assert b"Choose it again" in failed.content
    assert b"cv one.pdf" not in failed.content
    assert Application.objects.count() == 0
    again = submit(client, failed, FORM, cv=upload(pdf(), "cv two.pdf"))
    assert again.status_code == 303
    assert send(client, traveller).status_code == 303
    assert Document.objects.get().stored_file.name == "cv two.pdf"


def test_somebody_elses_cookie_does_not_reach_a_draft(client: Client) -> None:
    fill(client, cv=upload(pdf(), "secret.pdf"))
    stranger = Client()
    stranger.cookies[settings.APPLY_COOKIE_NAME] = "x" * 43
    assert b"secret.pdf" not in stranger.get(FORM).content
    assert stranger.get(CHECK).status_code == 302


def test_staged_files_that_ran_out_are_asked_for_again(client: Client, traveller: Any) -> None:
    fill(client, cv=upload(pdf()))
    page = client.get(CHECK)
    traveller.shift(timedelta(hours=24, seconds=1))
    failed = submit(client, page, CHECK)
    assert failed.status_code == 422
    assert b"Choose it again" in failed.content
    assert Application.objects.count() == 0


def test_removing_and_replacing_a_file(client: Client, traveller: Any) -> None:
    fill(client, cv=upload(pdf("one"), "one.pdf"), email="nonsense")
    page = client.get(FORM)
    name, value = next(button for button in form_with(page, "token")["buttons"] if button[0] == "remove")
    removed = submit(client, page, FORM, **{name: value})
    assert removed.status_code == 303
    assert b"one.pdf" not in client.get(FORM).content
    fill(client, cv=upload(pdf("two"), "two.pdf"))
    fill(client, cv=upload(pdf("three"), "three.pdf"))
    send(client, traveller)
    assert [row.stored_file.name for row in Document.objects.select_related("stored_file")] == ["three.pdf"]


REFUSED = {
    "empty": (b"", "The file is empty"),
    "too big": (b"%PDF-1.7\n" + b"0" * 10_000_001, "larger than 10 MB"),
    "wrong type": (documents.plain_zip(), "not a PDF, DOCX or ODT"),
    "encrypted": (documents.encrypted_pdf(), "protected by a password"),
    "damaged": (documents.broken_pdf(), "damaged"),
    "bomb": (documents.zip_bomb_docx(), "unpacks to far more"),
    "script": (documents.javascript_pdf(), "macro, a script or a program"),
    "legacy": (documents.legacy_doc(), "old or plain format"),
    "picture": (pictures.png(), "This is a picture. A CV or a cover letter must be PDF, DOCX or ODT"),
    "damaged picture": (pictures.jpeg()[:-9], "This is a picture"),
}


@pytest.mark.parametrize("field", ["cv", "letter_file"])
@pytest.mark.parametrize("case", REFUSED)
def test_each_bad_file_has_its_own_message_and_nothing_is_lost(client: Client, case: str, field: str) -> None:
    content, words = REFUSED[case]
    failed = fill(client, **{field: upload(content, "cv.pdf")}, skills="Python")
    assert failed.status_code == 422
    assert words in failed.content.decode()
    assert form_with(failed, "token")["data"]["skills"] == "Python"
    assert StoredFile.objects.count() == 0


OTHER_REFUSED = {
    "wrong type": (documents.plain_zip(), "not a PDF, DOCX, ODT, PNG or JPEG"),
    "damaged": (pictures.png()[:-9], "damaged"),
    "pixels": (pictures.flood_png(), "more than 40 million pixels"),
    "passes": (pictures.many_pass_jpeg(), "could not be checked within the limits. Export it as a plain PDF"),
}


@pytest.mark.parametrize("case", OTHER_REFUSED)
def test_each_bad_other_file_has_its_own_message(client: Client, case: str) -> None:
    content, words = OTHER_REFUSED[case]
    failed = fill(client, other_file=upload(content, "sample.png"), skills="Python")
    assert (failed.status_code, words in failed.content.decode()) == (422, True)
    assert form_with(failed, "token")["data"]["skills"] == "Python"
    assert StoredFile.objects.count() == 0


def test_each_input_says_what_it_takes(client: Client) -> None:
    page = client.get(FORM).content.decode()
    assert page.count('accept=".pdf,.docx,.odt"') == 2
    assert page.count('accept=".pdf,.docx,.odt,.png,.jpg,.jpeg"') == 1
    assert page.count("For example a work sample or a certificate. PDF, DOCX, ODT, PNG or JPEG, at most 10 MB") == 1


@pytest.mark.parametrize(("build", "name"), [(pictures.png, "one.png"), (pictures.jpeg, "one.jpg")])
def test_a_certificate_may_be_a_picture(client: Client, traveller: Any, build: Any, name: str) -> None:
    application = apply(client, traveller, other_file=upload(build(exif=pictures.exif()), name))
    document = application.candidate.documents.select_related("stored_file").get(kind=DocumentKind.OTHER)
    kept = content_of(document)
    assert (document.stored_file.name, document.stored_file.size) == (name, len(kept))
    assert kept.startswith(PICTURE_SIGNATURES[MediaKind(document.stored_file.kind)])
    assert pictures.PAYLOAD not in kept


def test_where_other_files_are_being_checked_everything_is_kept_and_another_try_works(client: Client) -> None:
    taken = [take_slot(settings.CHECKER_SLOTS, cores(), wait=0) for _ in range(cores())]
    busy = fill(client, cv=upload(pdf("A CV")), skills="Python")
    assert busy.status_code == 422
    assert "The server is checking other files just now. Choose it again in a moment" in busy.content.decode()
    assert form_with(busy, "token")["data"]["skills"] == "Python"
    for slot in taken:
        os.close(slot)
    assert fill(client, cv=upload(pdf("A CV"))).status_code == 303


MESSAGES_OF_FIELDS = [(reason, field) for reason in Refusal for field in FILE_FIELDS]


@pytest.mark.parametrize("language", ["en", "fi"])
def test_every_refusal_says_what_to_do_in_both_languages(language: str) -> None:
    with translation.override(language):
        said = {(reason, field): str(explain(reason, field)) for reason, field in MESSAGES_OF_FIELDS}
    for field in FILE_FIELDS:
        assert len({said[reason, field] for reason in Refusal}) == len(Refusal)
    with translation.override("en"):
        english = {(reason, field): str(explain(reason, field)) for reason, field in MESSAGES_OF_FIELDS}
    assert [key for key in said if (said[key] == english[key]) != (language == "en")] == []


def test_the_messages_are_in_the_language_of_the_page(client: Client) -> None:
    url = "/fi/avoimet-tyopaikat/backend-developer/hae/"
    page = client.get(url)
    assert page.status_code == 200
    failed = submit(client, page, url, **{**TYPED, "cv": upload(documents.encrypted_pdf())})
    assert "salasana" in failed.content.decode()
    assert "<title>Virhe: " in failed.content.decode()


def test_a_request_beyond_25_mb_is_refused_before_it_is_read(client: Client) -> None:
    answer = client.post(FORM, {"name": "x"}, CONTENT_LENGTH="26000000")
    assert answer.status_code == 413


def test_name_address_and_a_cv_or_a_link_are_all_that_is_required(client: Client, traveller: Any) -> None:
    failed = submit(client, client.get(FORM), FORM)
    assert failed.status_code == 422
    text = failed.content.decode()
    for words in ("Enter your name", "Enter your email address", "Choose your CV, or give a link to a profile"):
        assert text.count(words) == 2, words
    assert apply(client, traveller).candidate.documents.count() == 0


@pytest.mark.parametrize(
    "link",
    ["javascript:alert(1)", "data:text/html,x", "https://user:pw@example.org", "http://x y.fi", "ftp://example.org"],
)
def test_a_link_that_is_none_is_refused(client: Client, link: str) -> None:
    failed = fill(client, github=link)
    assert failed.status_code == 422
    assert "Write the whole web address" in failed.content.decode()


@pytest.mark.parametrize(
    "email", ["a@b@c", "a b@example.org", "a@example", "a@-.org", "@example.org", "x" * 250 + "@example.org"]
)
def test_an_address_that_is_none_is_refused(client: Client, email: str) -> None:
    assert fill(client, email=email).status_code == 422


ODD = ["åke@exämple.org", "matti.ä@example.org", "o'neil+jobs@example.org", "a\r\nBcc: b@example.org"]


@pytest.mark.parametrize("email", ODD)
def test_odd_addresses_do_no_harm(client: Client, traveller: Any, email: str) -> None:
    fill(client, email=email)
    send(client, traveller) if client.get(CHECK).status_code == 200 else None
    assert not OutboxEmail.objects.filter(to_address__contains="\n").exists()


HOSTILE = [
    "<script>alert(1)</script>",
    "{{ 7|add:7 }}{% debug %}",
    "'; DROP TABLE candidates_candidate; --",
    "\u202egnp.exe\u202c",
    "a\x00b\x1b[31m",
    '"><img src=x onerror=alert(1)>',
    "=cmd|' /C calc'!A0",
    "😀" * 40,
    "x" * 12_000,
]


@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_values_in_every_field_get_an_answer_and_nothing_runs(
    client: Client, traveller: Any, value: str
) -> None:
    fields = ("name", "email", "phone", "cover_letter", "skills", "interests", "linkedin", "github", "links")
    for field in fields:
        filled = fill(client, **{field: value})
        assert filled.status_code in {303, 422}, field
        assert b"<script>alert" not in filled.content
        assert b"<img src=x" not in filled.content
    texts = dict.fromkeys(("name", "phone", "cover_letter", "skills", "interests"), value[:40])
    fill(client, **texts, linkedin="", links="")
    page = client.get(CHECK)
    assert page.status_code == 200
    assert b"<script>alert" not in page.content
    assert send(client, traveller).status_code == 303
    stored = Candidate.objects.get()
    assert not set("\x00\x1b\u202e\u202c") & set(stored.name + stored.skills)


def test_a_closed_position_takes_none(client: Client, position: Any) -> None:
    position.open_until = position.open_from
    position.save()
    assert client.get(FORM).status_code == 410
    assert client.post(FORM, TYPED).status_code == 410


def test_an_open_application_fits_when_no_position_does(client: Client, traveller: Any) -> None:
    page = client.get("/en/apply/")
    assert submit(client, page, "/en/apply/", **TYPED).status_code == 303
    traveller.shift(timedelta(seconds=5))
    assert submit(client, client.get("/en/apply/check/"), "/en/apply/check/").status_code == 303
    assert Application.objects.get().position is None


def test_too_fast_is_told_and_nothing_is_lost(client: Client) -> None:
    fill(client, skills="Python")
    failed = submit(client, client.get(CHECK), CHECK)
    assert failed.status_code == 429
    assert "Wait a few seconds" in failed.content.decode()
    assert form_with(failed, "token")["data"]["skills"] == "Python"


def test_the_time_of_filling_in_counts_from_the_first_sight_of_the_form(client: Client, traveller: Any) -> None:
    page = client.get(FORM)
    traveller.shift(timedelta(seconds=60))
    submit(client, page, FORM, name="Aino", email="aino@example.org", github="https://code.example.org/aino")
    assert submit(client, client.get(CHECK), CHECK).status_code == 303
    assert Application.objects.count() == 1


def test_the_honeypot_is_told_and_nothing_is_sent(client: Client, traveller: Any) -> None:
    fill(client)
    failed = send(client, traveller, website="https://spam.example")
    assert failed.status_code == 429
    assert Application.objects.count() == 0


def test_the_sixth_application_of_an_address_in_a_day_waits(client: Client, traveller: Any) -> None:
    for _ in range(5):
        apply(client, traveller)
    fill(client)
    failed = send(client, traveller)
    assert failed.status_code == 429
    assert "send again after 25 Nov 2026, 02:00" in failed.content.decode()
    assert form_with(failed, "token")["data"]["name"] == "Aino Esimerkki"
    assert Application.objects.count() == 5


def test_the_sender_is_never_told_whether_the_address_was_known(client: Client, traveller: Any, at: datetime) -> None:
    people.application(at - timedelta(days=30), email="known@example.org")
    pages = []
    for email in ("known@example.org", "fresh@example.org"):
        browser = Client()
        fill(browser, email=email)
        checked = browser.get(CHECK).content.decode()
        traveller.shift(timedelta(seconds=5))
        sent = submit(browser, browser.get(CHECK), CHECK)
        done = browser.get(sent["Location"]).content.decode()
        reference = Application.objects.latest("submitted_at").reference
        tokens = [sent["Location"].rstrip("/").rpartition("/")[2]]
        pages.append((sent.status_code, checked.replace(email, "").count("\n"), _masked(done, reference, *tokens)))
    assert pages[0] == pages[1]


def _masked(text: str, *parts: str) -> str:
    for part in parts:
        text = text.replace(part, "…")
    return text


def test_the_mail_to_the_contact_person_holds_no_personal_data(client: Client, traveller: Any) -> None:
    application = apply(client, traveller, skills="Rare skill")
    mail = OutboxEmail.objects.get(kind=EmailKind.APPLICATION_ARRIVED)
    assert mail.to_address == "rea@example.org"
    assert mail.subject_ref is None
    assert set(mail.context) == {"reference", "position", "candidate_id"}
    assert mail.context["reference"] == application.reference


def test_a_draft_is_gone_after_24_hours(client: Client, traveller: Any) -> None:
    fill(client, skills="Python")
    traveller.shift(timedelta(hours=23, minutes=59))
    assert form_with(client.get(FORM), "token")["data"]["skills"] == "Python"
    traveller.shift(timedelta(minutes=2))
    assert form_with(client.get(FORM), "token")["data"]["skills"] == ""


def test_extra_fields_are_ignored(client: Client, traveller: Any) -> None:
    fill(client, stage="HIRED", address_confirmed_at="2020-01-01", person_ref="0" * 32, is_superuser="1")
    send(client, traveller, stage="HIRED", address_confirmed_at="2020-01-01")
    application = Application.objects.select_related("candidate").get()
    assert (application.stage, application.candidate.is_confirmed) == (Stage.RECEIVED, False)
