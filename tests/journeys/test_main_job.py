"""The main job over PostgreSQL, Redis, a real worker process, an S3 server and a mail server: a person applies with a
CV, a recruiter reads it, and two years after the last contact the worker erases it.
"""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import urllib3
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from audit.enums import Access
from audit.models import AccessEvent
from candidates.models import Candidate, Document, Position
from clouder.embedded import s3
from common import clock
from files.samples import pdf
from files.services import remaining_objects
from privacy.services import ledger
from tests.factories import people
from tests.factories.browser import submit
from tests.parts.servers import Buckets
from tests.parts.smtp import SmtpServer
from tests.parts.sweep import objects_with, tables_with
from tests.parts.worker import StartWorker, Worker, send

pytestmark = [pytest.mark.redis, pytest.mark.s3, pytest.mark.django_db(transaction=True)]

FORM = "/en/positions/backend-developer/apply/"
CV = pdf("Curriculum vitae of Kanarialintu")
TWO_YEARS = timedelta(days=732)


@pytest.fixture
def wait(settings: Settings, tmp_path: Path) -> Any:
    """Sets how far ahead the clocks of portal and worker are."""
    settings.CLOCK_FILE = tmp_path / "clock"

    def ahead(by: timedelta) -> None:
        settings.CLOCK_FILE.write_text(str(by.total_seconds()))

    ahead(timedelta())
    return ahead


@pytest.fixture
def worker(
    start_worker: StartWorker,
    redis_broker: str,
    s3_buckets: Buckets,
    smtp_server: SmtpServer,
    settings: Settings,
    wait: Any,
) -> Worker:
    """A worker on all real parts."""
    parts = {
        "CLOUDER_BROKER_URL": redis_broker,
        "CLOUDER_EMAIL_URL": smtp_server.url,
        "CLOUDER_CLOCK_FILE": str(settings.CLOCK_FILE),
    }
    return start_worker(**parts, **s3_buckets.environment)


def apply(client: Client, wait: Any) -> Candidate:
    """Three screens, with the form as it was served."""
    cv = SimpleUploadedFile("Kanarialintu CV.pdf", CV)
    filled = submit(
        client, client.get(FORM), FORM, name="Aino Kanarialintu", email="kanarialintu@example.org", cv=cv,
        cover_letter="Kanarialintu",
    )  # fmt: skip
    wait(timedelta(seconds=10))
    sent = submit(client, client.get(filled["Location"]), filled["Location"])
    assert (filled.status_code, sent.status_code) == (303, 303)
    return Candidate.objects.get()


def read_as_recruiter(person: Candidate) -> bytes:
    """Sign in by the form, look at the page, and follow the link to the CV."""
    client = Client()
    signed_in = client.post(reverse("admin:login"), {"username": "rea@example.org", "password": people.PASSWORD})
    assert signed_in.status_code == 302
    page = client.get(reverse("admin:candidates_candidate_change", args=[person.pk]))
    assert page.content.decode().count("Aino Kanarialintu") > 0
    document = Document.objects.get(candidate=person)
    answer = client.get(reverse("admin:candidates_candidate_file", args=[person.pk, document.pk]))
    assert answer.status_code == 302
    return urllib3.request("GET", answer["Location"]).data


def test_apply_read_and_erase(
    client: Client, position: Position, worker: Worker, smtp_server: SmtpServer, s3_buckets: Buckets, wait: Any
) -> None:
    person = apply(client, wait)

    worker.wait_until(lambda: len(smtp_server.received) == 2, "the two mails, woken by the view over Redis")
    mails = {mail.recipients[0]: mail for mail in smtp_server.received}
    assert sorted(mails) == ["kanarialintu@example.org", "rea@example.org"]
    (link,) = re.findall(r"http://testserver(/en/my-data/confirm/\S+)", mails["kanarialintu@example.org"].part("plain"))
    assert client.post(link).status_code == 200

    assert read_as_recruiter(person) == CV
    looked = AccessEvent.objects.order_by("pk").values_list("access", "subject_refs")
    assert list(looked) == [(Access.VIEWED, [person.pk]), (Access.DOWNLOADED, [person.pk])]

    store = storages["files"]
    (key,) = store.list_keys()
    for content in (b"2", b"3"):
        store._client.put_object(Bucket=s3.BUCKETS[0], Key=key, Body=content)
    store._client.delete_object(Bucket=s3.BUCKETS[0], Key=key)
    store._client.create_multipart_upload(Bucket=s3.BUCKETS[0], Key=f"{person.pk}/unfinished")
    assert remaining_objects([person.pk]) == 5
    assert objects_with("kanarialintu") == [f"files: {key}"]

    wait(TWO_YEARS)
    other = people.application(clock.now(), email="eino@example.org").candidate
    send("privacy.tasks.erase_due")
    worker.wait_until(lambda: not Candidate.objects.filter(pk=person.pk).exists(), "the erasure")
    worker.wait_until(lambda: storages["ledger"].list_keys()[1:], "the ledger's second entry")

    assert (tables_with("kanarialintu"), objects_with("kanarialintu")) == (set(), [])
    assert {line.partition(" ")[2].partition("/")[0] for line in s3_buckets.contents()} == {str(other.pk)}
    assert (Candidate.objects.get(), ledger.verify(), worker.is_alive) == (other, [], True)
