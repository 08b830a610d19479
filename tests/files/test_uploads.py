"""Uploads: what is too big is not kept, and the text beside it is."""

import os
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, Protocol

import pytest
from django.conf import settings
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.http import HttpRequest
from django.test import RequestFactory

from files.uploads import UnkeptFile, is_request_too_big, use_capped_uploads


class Upload(Protocol):
    """Sends files, and texts after them, as a browser does."""

    def __call__(self, *files: tuple[str, bytes], **texts: str) -> HttpRequest: ...


@pytest.fixture
def upload() -> Iterator[Upload]:
    """Makes requests whose temporary files go with the test."""
    made: list[HttpRequest] = []

    def make(*files: tuple[str, bytes], **texts: str) -> HttpRequest:
        data: dict[str, Any] = {}
        for number, (name, content) in enumerate(files):
            data[f"file{number}"] = BytesIO(content)
            data[f"file{number}"].name = name
        made.append(RequestFactory().post("/", {**data, **texts}))
        use_capped_uploads(made[-1])
        return made[-1]

    yield make
    for request in made:
        request.close()


def on_disk(file: Any) -> int:
    assert isinstance(file, TemporaryUploadedFile)
    return os.fstat(file.file.fileno()).st_size


def test_a_file_too_big_is_marked_and_dropped_while_the_rest_is_read(upload: Upload) -> None:
    big, small = bytes(11_000_000), b"small file"
    request = upload(("big.pdf", big), ("small.pdf", small), name="Aino", letter="Hei")
    assert (request.POST["name"], request.POST["letter"]) == ("Aino", "Hei")
    assert (request.FILES["file0"].size, on_disk(request.FILES["file0"])) == (11_000_000, 0)
    assert (request.FILES["file1"].size, on_disk(request.FILES["file1"])) == (len(small), len(small))
    assert request.FILES["file1"].read() == small


@pytest.mark.parametrize(("size", "kept"), [(10_000_000, 10_000_000), (10_000_001, 0)])
def test_the_limit_is_ten_million_bytes_to_the_byte(upload: Upload, size: int, kept: int) -> None:
    file = upload(("cv.pdf", bytes(size))).FILES["file0"]
    assert (file.size, on_disk(file)) == (size, kept)


def test_no_upload_is_held_in_memory(upload: Upload) -> None:
    assert on_disk(upload(("cv.pdf", b"%PDF-1.4")).FILES["file0"]) == 8


def test_a_file_for_which_the_disk_has_no_room_is_marked_and_the_rest_is_read(
    upload: Upload, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(settings, "FILE_UPLOAD_TEMP_DIR", str(tmp_path / "not there"))
    request = upload(("cv.pdf", b"%PDF-1.4"), name="Aino")
    file = request.FILES["file0"]
    assert (type(file), file.size, file.read()) == (UnkeptFile, 8, b"")
    assert request.POST["name"] == "Aino"


@pytest.mark.parametrize(
    ("length", "is_too_big"),
    [("25000000", False), ("25000001", True), ("", False), ("0", False), ("many", True)],
)
def test_a_request_is_judged_by_the_length_that_it_names(length: str, is_too_big: bool) -> None:
    request = RequestFactory().post("/", CONTENT_LENGTH=length)
    assert is_request_too_big(request) is is_too_big
