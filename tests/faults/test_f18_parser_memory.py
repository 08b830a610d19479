"""F18: a file makes its parser take all the memory there is. The child dies, the web process serves the next."""

import os
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from candidates.models import Position
from files import child
from files.child import Checker
from files.confinement import ChildLimits
from files.models import StoredFile
from files.samples import pdf
from tests.factories import pictures
from tests.factories.browser import form_with, submit

pytestmark = pytest.mark.django_db

FORM = "/en/positions/backend-developer/apply/"
TYPED = {"name": "Aino Esimerkki", "email": "aino@example.org", "skills": "Python"}
LITTLE = ChildLimits(cpu_seconds=5, wall_seconds=10, memory_bytes=100_000_000)


@pytest.fixture(params=["hoard", "abort", "leave"])
def _weak_parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The site's checker with a parser that takes a megabyte for each byte of a file, or dies of any."""
    weak = Checker(settings.CHECKER_SLOTS, work=f"tests.parts.checks:{request.param}", limits=LITTLE)
    monkeypatch.setattr(child, "_checker", lambda: weak)
    yield
    weak.close()


def upload(content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("cv.pdf", content)


def send(client: Client, content: bytes) -> Any:
    return submit(client, client.get(FORM), FORM, **TYPED, cv=upload(content))


@pytest.mark.usefixtures("_weak_parser")
def test_a_file_that_its_parser_dies_of_is_refused_and_all_is_kept(client: Client, position: Position) -> None:
    web_process = os.getpid()
    for _ in range(3):  # again and again, as somebody does who does not read the message
        answer = send(client, pdf("A CV"))
        assert answer.status_code == 422
        assert "could not be checked within the limits. Export it as a plain PDF" in answer.content.decode()
        assert form_with(answer, "token")["data"]["skills"] == "Python"
    assert (os.getpid(), StoredFile.objects.count()) == (web_process, 0)


def test_the_real_parsers_end_at_the_limit_of_memory_and_go_on(
    client: Client, position: Position, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Forty million pixels, which are allowed, need more than the helper's children have here."""
    bomb = pictures.raw_png(8_000, 5_000, bytes((8_000 * 3 + 1) * 5_000))
    tight = Checker(settings.CHECKER_SLOTS, limits=LITTLE)
    monkeypatch.setattr(child, "_checker", lambda: tight)
    for content, answer in ((bomb, 422), (pictures.png(), 303), (bomb, 422), (pdf("A sample"), 303)):
        sent = submit(client, client.get(FORM), FORM, **TYPED, github="github.com/aino", other_file=upload(content))
        assert sent.status_code == answer
        assert ("within the limits" in sent.content.decode()) == (answer == 422)
    assert sorted(StoredFile.objects.values_list("kind", flat=True)) == ["PDF", "PNG"]
    tight.close()


def test_the_next_file_is_taken(
    client: Client, position: Position, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same helper process goes on: the small file after the large one is checked by it."""
    weak = Checker(settings.CHECKER_SLOTS, work="tests.parts.checks:hoard", limits=LITTLE)
    monkeypatch.setattr(child, "_checker", lambda: weak)
    assert send(client, bytes(200)).status_code == 422
    helper = weak._helper
    assert send(client, bytes(20)).status_code == 303
    assert (weak._helper is helper, StoredFile.objects.count()) == (True, 1)
    weak.close()
