"""Quotas and limits of the application form: what is over them is told, kept and not stored; nobody else notices.

S05, T6. The flood against a running site is tests/faults/test_flood.py.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core import signing
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings

from candidates.models import Application, ApplicationDraft
from candidates.views.apply import TOKEN_SALT
from clouder.embedded import s3
from files.models import StoredFile
from files.samples import pdf
from tests.factories import people
from tests.factories.browser import form_with, submit
from tests.parts.servers import Buckets

pytestmark = pytest.mark.django_db

FORM = "/en/positions/backend-developer/apply/"
CHECK = f"{FORM}check/"
TYPED = {"name": "Aino Esimerkki", "email": "aino@example.org", "github": "github.com/aino", "skills": "Python\nRust"}
TOMORROW = "25 Nov 2026, 02:00"
NEXT_HOUR = "24 Nov 2026, 12:00"
TOO_MANY_FILES = f"Too many files were sent today. Choose this one again after {TOMORROW}"
TOO_MANY_FORMS = f"Too many forms were sent from here. What you wrote is kept: continue after {NEXT_HOUR}"


@pytest.fixture(autouse=True)
def traveller(position: Any, at: datetime) -> Iterator[Any]:
    with time_machine.travel(at, tick=False) as traveller:
        yield traveller


def browser(address: str) -> Client:
    return Client(REMOTE_ADDR=address)


def upload(content: bytes = b"", name: str = "cv.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content or pdf("A CV"))


def fill(client: Client, **changes: Any) -> Any:
    return submit(client, client.get(FORM), FORM, **{**TYPED, **changes})


def assert_kept(answer: Any) -> None:
    """All that was typed is in the form that came back."""
    data = form_with(answer, "token")["data"]
    assert {name: data[name] for name in TYPED} == TYPED


def bytes_in_the_bucket() -> int:
    pages = storages["files"]._client.get_paginator("list_object_versions").paginate(Bucket=s3.BUCKETS[0])  # type: ignore[attr-defined]
    return sum(item["Size"] for page in pages for item in page.get("Versions", []))


# Files and bytes a day


@pytest.fixture
def few(settings: Settings) -> int:
    """A quota that a test can use up: three files."""
    settings.FILES_PER_DAY_AND_PREFIX = 3
    return 3


@pytest.mark.s3
def test_a_file_beyond_the_quota_is_refused_and_the_bucket_keeps_its_bytes(
    s3_buckets: Buckets, few: int, traveller: Any
) -> None:
    client = browser("203.0.113.5")
    for number in range(few):
        assert fill(client, other_file=upload(pdf(f"File {number}"))).status_code == 303
    before, keys = bytes_in_the_bucket(), s3_buckets.contents()
    assert (before > 0, len(keys)) == (True, few)
    refused = fill(client, other_file=upload(pdf("One more")))
    assert refused.status_code == 422
    assert TOO_MANY_FILES in refused.content.decode()
    assert_kept(refused)
    assert (bytes_in_the_bucket(), s3_buckets.contents(), StoredFile.objects.count()) == (before, keys, few)
    traveller.shift(timedelta(hours=13))  # 24 November, 9:00 UTC is 11:00 in Helsinki; the day is UTC's
    assert fill(client, other_file=upload(pdf("One more"))).status_code == 422, "not yet"
    traveller.shift(timedelta(hours=2))
    assert fill(client, other_file=upload(pdf("One more"))).status_code == 303


@pytest.mark.s3
def test_bytes_count_as_well(s3_buckets: Buckets, settings: Settings) -> None:
    content = pdf("A CV")
    settings.BYTES_PER_DAY_AND_PREFIX = 2 * len(content)
    client = browser("203.0.113.5")
    for _ in range(2):
        assert fill(client, other_file=upload(content)).status_code == 303
    before = bytes_in_the_bucket()
    assert before == 2 * len(content)
    refused = fill(client, other_file=upload(content))
    assert (refused.status_code, TOO_MANY_FILES in refused.content.decode()) == (422, True)
    assert bytes_in_the_bucket() == before


def test_the_quota_is_the_networks_and_not_one_address_s(few: int) -> None:
    for number in range(few):
        assert fill(browser(f"203.0.113.{number}"), cv=upload(), email=f"{number}@example.org").status_code == 303
    assert fill(browser("203.0.113.200"), cv=upload(), email="9@example.org").status_code == 422
    assert fill(browser("203.0.114.200"), cv=upload(), email="8@example.org").status_code == 303
    assert StoredFile.objects.count() == few + 1


def test_the_quota_is_the_record_s_wherever_it_comes_from(few: int) -> None:
    client = browser("203.0.113.1")
    for number in range(few):
        client.defaults["REMOTE_ADDR"] = f"203.0.{number}.1"
        assert fill(client, other_file=upload(), email=f"{number}@example.org").status_code == 303
    client.defaults["REMOTE_ADDR"] = "203.0.99.1"
    refused = fill(client, other_file=upload(), email="other@example.org")
    assert (refused.status_code, TOO_MANY_FILES in refused.content.decode()) == (422, True)
    assert StoredFile.objects.count() == few


def test_the_quota_is_the_mail_address_s_wherever_it_comes_from(few: int) -> None:
    for number, email in enumerate(("aino@example.org", "Aino@Example.org ", " AINO@example.org")):
        assert fill(browser(f"203.0.{number}.1"), cv=upload(), email=email).status_code == 303
    refused = fill(browser("203.0.99.1"), cv=upload())
    assert (refused.status_code, TOO_MANY_FILES in refused.content.decode()) == (422, True)
    assert fill(browser("203.0.99.1"), cv=upload(), email="other@example.org").status_code == 303


def test_a_known_address_is_answered_like_an_unknown_one(few: int, at: datetime) -> None:
    people.application(at - timedelta(days=30), email="known@example.org")
    pages = []
    for place, email in enumerate(("known@example.org", "fresh@example.org")):
        answers = [fill(browser(f"203.{place}.{number}.1"), cv=upload(), email=email) for number in range(few + 1)]
        words = answers[-1].content.decode()
        pages.append(([answer.status_code for answer in answers], TOO_MANY_FILES in words, words.count("\n")))
    assert pages[0] == pages[1]


def test_what_is_no_address_has_no_quota_of_its_own(few: int) -> None:
    for number in range(few + 2):
        assert fill(browser(f"203.0.{number}.1"), cv=upload(), email="nonsense").status_code == 422
    assert StoredFile.objects.count() == few + 2


def test_an_application_has_ten_files_and_a_cv_can_still_be_replaced(
    client: Client, settings: Settings, at: datetime
) -> None:
    settings.FILES_PER_DAY_AND_PREFIX = 100
    assert fill(client, cv=upload()).status_code == 303
    for _ in range(9):
        assert fill(client, other_file=upload()).status_code == 303
    refused = fill(client, other_file=upload())
    assert "An application has at most 10 files" in refused.content.decode()
    assert fill(client, cv=upload(pdf("A newer CV"), "newer.pdf")).status_code == 303
    assert StoredFile.objects.filter(expires_at__gt=at).count() == 10


# The form


def test_over_its_limit_the_form_comes_back_with_all_that_was_typed(settings: Settings, traveller: Any) -> None:
    settings.FORM_POSTS_PER_HOUR_AND_PREFIX = 4
    client = browser("203.0.113.5")
    for _ in range(4):
        assert fill(client, cv=upload()).status_code == 303
    answer = fill(client, cv=upload(name="another.pdf"))
    text = answer.content.decode()
    assert answer.status_code == 429
    assert TOO_MANY_FORMS in text
    assert "choose again any file that you chose just now" in text
    assert "<title>Error: " in text
    assert_kept(answer)
    assert "cv.pdf" in text, "the file from before is still there"
    assert "another.pdf" not in text
    assert (StoredFile.objects.count(), ApplicationDraft.objects.count()) == (4, 1)
    assert fill(browser("198.51.100.7"), cv=upload()).status_code == 303, "another network is served"
    traveller.shift(timedelta(hours=1))
    assert submit(client, answer, FORM).status_code == 303, "the page that was shown can be sent later"
    assert form_with(client.get(CHECK), "token")["data"]["skills"] == TYPED["skills"]


def test_no_more_applications_are_begun_from_one_network_than_it_may_send(settings: Settings) -> None:
    settings.SUBMISSIONS_PER_HOUR_AND_PREFIX = 3
    begun = [browser(f"203.0.113.{number}") for number in range(4)]
    answers = [fill(client, email=f"{number}@example.org") for number, client in enumerate(begun)]
    assert [answer.status_code for answer in answers] == [303, 303, 303, 429]
    assert TOO_MANY_FORMS in answers[-1].content.decode()
    assert ApplicationDraft.objects.count() == 3
    assert fill(begun[0], skills="Rust").status_code == 303, "whoever has begun goes on"


def test_over_its_limit_the_check_comes_back_with_all_that_was_typed(settings: Settings, traveller: Any) -> None:
    clients = [browser("203.0.113.5"), browser("203.0.113.6")]
    settings.SUBMISSIONS_PER_HOUR_AND_PREFIX = 2
    for number, client in enumerate(clients):
        assert fill(client, email=f"{number}@example.org").status_code == 303
    settings.SUBMISSIONS_PER_HOUR_AND_PREFIX = 1
    traveller.shift(timedelta(seconds=5))
    sent = [submit(client, client.get(CHECK), CHECK) for client in clients]
    assert [answer.status_code for answer in sent] == [303, 429]
    assert f"Nothing is lost: send again after {NEXT_HOUR}" in sent[1].content.decode()
    data = form_with(sent[1], "token")["data"]
    assert (data["name"], data["email"], data["skills"]) == (TYPED["name"], "1@example.org", TYPED["skills"])
    traveller.shift(timedelta(hours=1))
    assert submit(clients[1], sent[1], CHECK).status_code == 303
    assert Application.objects.count() == 2


def test_ipv6_is_counted_by_48_bits(settings: Settings) -> None:
    settings.SUBMISSIONS_PER_HOUR_AND_PREFIX = 2
    addresses = ("2001:db8:1::1", "2001:db8:1:ffff::1", "2001:db8:1:2::9", "2001:db8:2::1")
    answers = [fill(browser(address), email=f"{address[-1]}{len(address)}@example.org") for address in addresses]
    assert [answer.status_code for answer in answers] == [303, 303, 429, 303]


# As a bot would


def test_a_bot_that_fills_in_everything_stores_nothing(client: Client) -> None:
    page = client.get(FORM)
    every = dict.fromkeys(form_with(page, "token")["data"], "Aino")
    token = form_with(page, "token")["data"]["token"]
    answer = client.post(FORM, {**every, **TYPED, "token": token, "website": "https://spam.example", "cv": upload()})
    assert answer.status_code == 429
    assert "A field that people do not see was filled in" in answer.content.decode()
    assert_kept(answer)
    assert (StoredFile.objects.count(), ApplicationDraft.objects.count()) == (0, 0)
    assert submit(client, answer, FORM, links="", linkedin="").status_code == 303, "what came back can be sent"


def test_a_bot_that_never_saw_the_form_sends_nothing(client: Client, traveller: Any) -> None:
    traveller.shift(timedelta(hours=1))
    answer = client.post(CHECK, TYPED)
    assert (answer.status_code, "Wait a few seconds" in answer.content.decode()) == (429, True)
    assert Application.objects.count() == 0


@pytest.mark.parametrize("seconds", [0, 2.9])
def test_a_bot_that_is_faster_than_a_human_sends_nothing(client: Client, traveller: Any, seconds: float) -> None:
    straight = {**form_with(client.get(FORM), "token")["data"], **TYPED}
    traveller.shift(timedelta(seconds=seconds))
    assert client.post(CHECK, straight).status_code == 429
    assert Application.objects.count() == 0
    traveller.shift(timedelta(seconds=3 - seconds))
    assert client.post(CHECK, straight).status_code == 303


@pytest.mark.parametrize("forged", ["", "x", "another key"])
def test_a_bot_cannot_make_itself_slow(client: Client, traveller: Any, forged: str) -> None:
    long_ago = {"key": "00000000-0000-4000-8000-000000000000", "at": 0}
    token = forged if forged != "another key" else signing.dumps(long_ago, key="guessed", salt=TOKEN_SALT)
    answer = client.post(CHECK, {**TYPED, "token": token})
    assert (answer.status_code, Application.objects.count()) == (429, 0)
    real = signing.dumps(long_ago, salt=TOKEN_SALT)
    assert client.post(CHECK, {**TYPED, "token": real}).status_code == 303, "it is the signature that counts"


def test_a_bot_with_one_token_sends_once(client: Client, traveller: Any) -> None:
    straight = {**form_with(client.get(FORM), "token")["data"], **TYPED}
    traveller.shift(timedelta(seconds=5))
    answers = [Client().post(CHECK, {**straight, "email": f"{number}@example.org"}) for number in range(5)]
    assert [answer.status_code for answer in answers] == [303] * 5
    assert Application.objects.count() == 1
