"""Files that the apply form's script sends to the bucket: what the form makes of them."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from pytest_django import Settings

from candidates.models import Application, ApplicationDraft, Document
from clouder.embedded import s3
from files.direct import upload_origin
from files.enums import FileState
from files.models import StoredFile
from files.samples import docx, pdf
from files.services import open_file, purge_staged_files
from tests.factories.browser import form_with, submit
from tests.factories.bucket import post_file
from tests.parts.servers import Buckets

pytestmark = [pytest.mark.django_db, pytest.mark.s3]

FORM = "/en/positions/backend-developer/apply/"
UPLOAD, CHECK = f"{FORM}upload/", f"{FORM}check/"
TYPED = {"name": "Aino Esimerkki", "email": "aino@example.org"}


@pytest.fixture(autouse=True)
def traveller(position: Any, s3_buckets: Buckets, at: datetime) -> Iterator[Any]:
    with time_machine.travel(at, tick=False) as traveller:
        yield traveller


def announce(client: Client, page: Any, content: bytes = b"x" * 1000, **changes: Any) -> Any:
    """Ask where a file may go, as the script of the page does."""
    asked = {"token": form_with(page, "token")["data"]["token"], "field": "cv", "name": "cv.pdf", "size": len(content)}
    return client.post(UPLOAD, {**asked, **changes})


def sent(client: Client, page: Any, content: bytes, **changes: Any) -> str:
    """Send a file to the bucket; returns what the form carries for it."""
    answer = announce(client, page, content, **changes)
    assert answer.status_code == 200, answer.content
    plan = json.loads(answer.content)
    # The policy is signed at the time of the test, which the bucket of the tests does not look at.
    assert post_file(plan["url"], plan["fields"], content) == 204
    return str(plan["token"])


def fill(client: Client, page: Any, **changes: Any) -> Any:
    return submit(client, page, FORM, **{**TYPED, **changes})


def contents() -> list[bytes]:
    found = []
    for document in Document.objects.select_related("stored_file").order_by("stored_file__created_at"):
        with open_file(document.stored_file) as stream:
            found.append(stream.read())
    return found


def test_a_file_that_was_sent_to_the_bucket_comes_with_the_application(client: Client, traveller: Any) -> None:
    page = client.get(FORM)
    token = sent(client, page, pdf("Mine"), name="Äiti CV.pdf")
    assert StoredFile.objects.get().state == FileState.EXPECTED
    filled = fill(client, page, cv_direct=token)
    assert (filled.status_code, filled["Location"]) == (303, CHECK)
    checked = client.get(CHECK)
    assert "Äiti CV.pdf" in checked.content.decode()
    traveller.shift(timedelta(seconds=5))
    assert submit(client, checked, CHECK).status_code == 303
    assert contents() == [pdf("Mine")]
    assert Document.objects.get().stored_file.state == FileState.ATTACHED


def test_it_survives_a_validation_error(client: Client) -> None:
    page = client.get(FORM)
    failed = fill(client, page, email="nonsense", cv_direct=sent(client, page, pdf("Kept"), name="kept.pdf"))
    assert failed.status_code == 422
    assert "kept.pdf" in failed.content.decode()
    assert fill(client, failed).status_code == 303
    assert "kept.pdf" in client.get(CHECK).content.decode()


def test_a_form_that_is_sent_twice_changes_nothing(client: Client) -> None:
    page = client.get(FORM)
    token = sent(client, page, pdf("Mine"))
    statuses = [fill(client, page, cv_direct=token).status_code for _ in range(2)]
    draft = ApplicationDraft.objects.get()
    staged = StoredFile.objects.get(state=FileState.STAGED)
    assert (statuses, draft.files) == ([303, 303], {"cv": [str(staged.pk)]})


def test_a_new_one_takes_the_place_of_the_one_before(client: Client, at: datetime) -> None:
    page = client.get(FORM)
    fill(client, page, cv_direct=sent(client, page, pdf("First"), name="first.pdf"))
    again = client.get(FORM)
    fill(client, again, cv_direct=sent(client, again, pdf("Second"), name="second.pdf"))
    for number in range(2):
        more = client.get(FORM)
        token = sent(client, more, docx(f"{number}"), field="other_file", name=f"sample {number}.docx")
        fill(client, more, other_file_direct=token)
    shown = client.get(CHECK).content.decode()
    names = ("first.pdf", "second.pdf", "sample 0.docx", "sample 1.docx")
    assert [name in shown for name in names] == [False, True, True, True]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"%PDF-1.4 and nothing more", "damaged"),
        (b"GIF89a" + bytes(20), "not a PDF, DOCX or ODT"),
        (pdf() + b"PK\x03\x04" + bytes(200), "damaged"),
    ],
)
def test_what_is_refused_is_told_as_if_it_had_come_through_the_form(
    client: Client, s3_buckets: Buckets, content: bytes, message: str
) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    page = client.get(FORM)
    direct = fill(client, page, cv_direct=sent(client, page, content))
    through = fill(client, client.get(FORM), cv=SimpleUploadedFile("cv.pdf", content))
    assert (direct.status_code, s3_buckets.contents()) == (422, [])
    errors = [answer.context["form"].errors["cv"] for answer in (direct, through)]
    assert errors[0] == errors[1]
    assert form_with(direct, "token")["data"]["name"] == "Aino Esimerkki"


def test_what_has_not_come_is_asked_for_again(client: Client) -> None:
    page = client.get(FORM)
    token = json.loads(announce(client, page).content)["token"]
    failed = fill(client, page, cv_direct=token)
    assert failed.status_code == 422
    assert "Choose it again" in failed.content.decode()


def test_a_bucket_that_does_not_answer_loses_nothing(client: Client) -> None:
    page = client.get(FORM)
    token = sent(client, page, pdf("Mine"))
    StoredFile.objects.update(state=FileState.CHECKING)  # another request is at it
    failed = fill(client, page, cv_direct=token)
    assert failed.status_code == 422
    assert "Continue again in a moment" in failed.content.decode()
    assert form_with(failed, "token")["data"]["cv_direct"] == token
    StoredFile.objects.update(state=FileState.EXPECTED)
    assert fill(client, failed).status_code == 303


@pytest.mark.parametrize("token", ["", "nonsense", "W10:1abc:forged"])
def test_a_forged_token_is_no_file(client: Client, token: str) -> None:
    page = client.get(FORM)
    failed = fill(client, page, cv_direct=token)
    assert (failed.status_code, StoredFile.objects.count()) == (422, 0)


def test_strangers_get_nothing_by_somebodys_token(client: Client) -> None:
    page = client.get(FORM)
    token = sent(client, page, pdf("Secret"), name="secret.pdf")
    stranger = Client()
    failed = fill(stranger, stranger.get(FORM), cv_direct=token)
    assert failed.status_code == 422
    assert "secret.pdf" not in failed.content.decode()
    other = fill(client, page, letter_file_direct=token, github="github.com/aino")  # meant for another input
    assert other.status_code == 422
    own = fill(client, page, cv_direct=token)
    assert own.status_code == 303
    assert "secret.pdf" in client.get(CHECK).content.decode()


# Announcing


def test_the_answer_says_where_and_binds_the_draft_to_a_cookie(client: Client, at: datetime) -> None:
    page = client.get(FORM)
    assert settings.APPLY_COOKIE_NAME not in page.cookies
    answer = announce(client, page)
    plan = json.loads(answer.content)
    assert set(plan) == {"url", "fields", "token"}
    assert plan["url"].endswith(f"/{s3.BUCKETS[0]}")
    stored = StoredFile.objects.get()
    assert (plan["fields"]["key"], stored.owner_ref) == (stored.key, ApplicationDraft.objects.get().candidate_ref)
    cookie = answer.cookies[settings.APPLY_COOKIE_NAME]
    assert (cookie["httponly"], cookie["samesite"], answer["Cache-Control"]) == (True, "Lax", "no-store, private")


@pytest.mark.parametrize(
    "changes",
    [{"token": ""}, {"token": "forged"}, {"field": "name"}, {"size": "-1"}, {"size": "1e3"}, {"size": "9" * 13},
     {"size": "²"}],
)  # fmt: skip
def test_what_no_page_of_ours_sends_is_not_announced(client: Client, changes: dict[str, str]) -> None:
    page = client.get(FORM)
    assert announce(client, page, **changes).status_code == 400
    assert (StoredFile.objects.count(), ApplicationDraft.objects.count()) == (0, 0)


@pytest.mark.parametrize(("size", "message"), [(0, "empty"), (10_000_001, "larger than 10 MB")])
def test_a_size_that_is_not_taken_is_told_at_once(client: Client, size: int, message: str) -> None:
    answer = announce(client, client.get(FORM), size=size)
    assert (answer.status_code, StoredFile.objects.count()) == (422, 0)
    assert message in json.loads(answer.content)["error"]


def test_files_and_bytes_of_a_day_are_counted_when_they_are_announced(client: Client, settings: Settings) -> None:
    page = client.get(FORM)
    settings.FILES_PER_DAY_AND_PREFIX = 2
    statuses = [announce(client, page).status_code for _ in range(3)]
    assert (statuses, StoredFile.objects.count()) == ([200, 200, 422], 2)
    settings.FILES_PER_DAY_AND_PREFIX = 20
    settings.BYTES_PER_DAY_AND_PREFIX = 3_500
    statuses = [announce(client, page).status_code for _ in range(2)]
    assert (statuses, StoredFile.objects.count()) == ([200, 422], 3)
    assert "Too many files" in json.loads(announce(client, page).content)["error"]


def test_an_application_takes_no_more_files_than_it_may(client: Client, settings: Settings) -> None:
    settings.FILES_PER_APPLICATION = 1
    page = client.get(FORM)
    tokens = {
        "cv_direct": sent(client, page, pdf()),
        "letter_file_direct": sent(client, page, pdf(), field="letter_file"),
    }
    failed = fill(client, page, **tokens)
    assert list(failed.context["form"].errors) == ["letter_file"]
    assert announce(client, client.get(FORM)).status_code == 200  # it would take the place of the one that is there
    assert announce(client, client.get(FORM), field="letter_file").status_code == 422


def test_what_was_announced_goes_with_the_draft(client: Client, s3_buckets: Buckets, at: datetime) -> None:
    page = client.get(FORM)
    sent(client, page, pdf("Never sent"))
    assert len(s3_buckets.contents()) == 1
    purge_staged_files(at=at + timedelta(hours=24))
    assert (s3_buckets.contents(), StoredFile.objects.count()) == ([], 0)


def test_a_closed_position_takes_no_file(client: Client, position: Any) -> None:
    page = client.get(FORM)
    assert announce(client, page).status_code == 200
    position.open_until = position.open_from
    position.save()
    assert announce(client, page).status_code == 410


# The page


def test_only_the_form_may_send_to_the_bucket(client: Client) -> None:
    origin = settings.STORAGES["files"]["OPTIONS"]["endpoint_url"]
    page = client.get(FORM)
    failed = fill(client, page)
    assert failed.status_code == 422
    for answer in (page, failed):
        assert f"connect-src 'self' {origin};" in f"{answer['Content-Security-Policy']};"
    others = ("/en/", "/en/positions/backend-developer/", CHECK, "/en/my-data/sign-in/")
    assert [origin in client.get(path, follow=False)["Content-Security-Policy"] for path in others] == [False] * 4


def test_an_open_application_announces_under_its_own_address(client: Client) -> None:
    page = client.get("/en/apply/")
    assert 'data-announce="/en/apply/upload/"' in page.content.decode()
    token = form_with(page, "token")["data"]["token"]
    answer = client.post("/en/apply/upload/", {"token": token, "field": "cv", "name": "cv.pdf", "size": 10})
    assert answer.status_code == 200
    assert client.get("/en/apply/upload/").status_code == 405


def test_with_a_folder_nothing_is_announced(client: Client, settings: Settings, tmp_path: Any) -> None:
    folder = {"BACKEND": "files.storage_local.LocalObjectStorage", "OPTIONS": {"location": tmp_path}}
    with_bucket = client.get(FORM)
    assert "data-announce" in with_bucket.content.decode()
    settings.STORAGES = settings.STORAGES | {"files": folder}
    page = client.get(FORM)
    assert "data-announce" not in page.content.decode()
    assert "data-upload" not in page.content.decode()
    assert announce(client, page).status_code == 404
    assert Application.objects.count() == 0


def test_an_announcement_counts_as_the_form_does(client: Client, settings: Settings) -> None:
    settings.SUBMISSIONS_PER_HOUR_AND_PREFIX = 1
    page = client.get(FORM)
    assert announce(client, page).status_code == 200
    assert announce(Client(), Client().get(FORM)).status_code == 429, "no second draft is begun"
    assert (ApplicationDraft.objects.count(), StoredFile.objects.count()) == (1, 1)
    settings.FORM_POSTS_PER_HOUR_AND_PREFIX = 2
    assert announce(client, page).status_code == 429, "nor a third post taken"
    assert StoredFile.objects.count() == 1


def test_a_file_in_the_bucket_is_kept_while_the_form_is_not_taken(
    client: Client, settings: Settings, traveller: Any
) -> None:
    page = client.get(FORM)
    token = sent(client, page, pdf("Mine"))
    settings.FORM_POSTS_PER_HOUR_AND_PREFIX = 0
    refused = fill(client, page, cv_direct=token)
    assert (refused.status_code, form_with(refused, "token")["data"]["cv_direct"]) == (429, token)
    assert f"connect-src 'self' {upload_origin()};" in f"{refused['Content-Security-Policy']};"
    traveller.shift(timedelta(hours=1))
    settings.FORM_POSTS_PER_HOUR_AND_PREFIX = 10
    assert submit(client, refused, FORM).status_code == 303
    assert client.get(CHECK).content.decode().count("cv.pdf") > 0
