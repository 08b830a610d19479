"""Stored files: a row for every object, from staging until the last version is gone."""

from datetime import datetime, timedelta
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from django.core.files.storage import storages

from clouder.embedded import s3
from files.append_only import keys as ledger_keys
from files.append_only import read, write_once
from files.delivery import deliver
from files.enums import FileState, MediaKind, Refusal
from files.errors import FileRefused, StoreError
from files.models import StoredFile
from files.samples import docx, odt, pdf
from files.services import (
    attach_files,
    discard_staged,
    display_name,
    download_name,
    open_file,
    purge_owners,
    purge_staged_files,
    remaining_objects,
    signed_link,
    stage_file,
    staged_files,
)
from tests.factories import people
from tests.parts.servers import Buckets
from tests.parts.stores import BreakStore

pytestmark = pytest.mark.django_db

DAY = timedelta(hours=24)
SECOND = timedelta(seconds=1)


# Staging


@pytest.mark.parametrize(
    ("content", "kind"), [(pdf("A CV"), MediaKind.PDF), (docx("A CV"), MediaKind.DOCX), (odt("A CV"), MediaKind.ODT)]
)
def test_staging_keeps_a_row_and_the_object(at: datetime, content: bytes, kind: MediaKind) -> None:
    owner = uuid4()
    stored = stage_file(BytesIO(content), name="cv.pdf", owner_ref=owner, at=at)
    stored.refresh_from_db()
    assert (stored.owner_ref, stored.kind, stored.size, stored.state) == (owner, kind, len(content), FileState.STAGED)
    assert (stored.created_at, stored.expires_at) == (at, at + DAY)
    with open_file(stored) as stream:
        assert stream.read() == content
    assert storages["files"].list_keys() == [stored.key]


def test_a_key_is_random_under_the_record_and_holds_nothing_of_the_name(at: datetime) -> None:
    owner = uuid4()
    first, second = (people.staged(owner, at, name="aino.pdf") for _ in range(2))
    assert [stored.key.partition("/")[0] for stored in (first, second)] == [str(owner)] * 2
    assert len({stored.key.partition("/")[2] for stored in (first, second)}) == 2
    assert all(len(stored.key.partition("/")[2]) == 32 for stored in (first, second))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", Refusal.EMPTY),
        (b"%PDF-1.4 and nothing more", Refusal.DAMAGED),
        (b"GIF89a" + bytes(20), Refusal.WRONG_TYPE),
        (pdf("A CV") + bytes(10_000_000), Refusal.TOO_BIG),
    ],
)
def test_what_is_refused_leaves_nothing_behind(at: datetime, content: bytes, reason: Refusal) -> None:
    people.staged(uuid4(), at)
    assert (StoredFile.objects.count(), len(storages["files"].list_keys())) == (1, 1)
    with pytest.raises(FileRefused) as refused:
        stage_file(BytesIO(content), name="cv.pdf", owner_ref=uuid4(), at=at)
    assert refused.value.reason == reason
    assert (StoredFile.objects.count(), len(storages["files"].list_keys())) == (1, 1)


# Names


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("cv.pdf", "cv.pdf"),
        ("C:\\Users\\aino\\cv.pdf", "cv.pdf"),
        ("../../etc/passwd", "passwd"),
        ("Hakemus ja CV.pdf", "Hakemus ja CV.pdf"),
        ("Äänekoski 😀.pdf", "Äänekoski 😀.pdf"),
        ("A\u0308iti.pdf", "Äiti.pdf"),
        ("cv\r\nSet-Cookie: a=b.pdf", "cv Set-Cookie: a=b.pdf"),
        ("cv\x00\x07\x7f.pdf", "cv.pdf"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("\u2066cv\u2069\u200f.pdf", "cv.pdf"),
        ("cv\u2028\u2029.pdf", "cv .pdf"),
        ('a "quoted" name.pdf', 'a "quoted" name.pdf'),
        ("", "file"),
        ("folder/", "file"),
        ("\u202e\x00", "file"),
        ("n" * 300 + ".pdf", "n" * 251 + ".pdf"),
        ("n" * 300, "n" * 255),
        ("n" * 250 + "." + "s" * 20, "n" * 250 + "." + "s" * 4),
        ("n" * 251 + ".pdf", "n" * 251 + ".pdf"),
    ],
)
def test_a_name_is_made_fit_to_be_shown(at: datetime, sent: str, kept: str) -> None:
    assert display_name(sent) == kept
    stored = people.staged(uuid4(), at, name=sent)
    stored.refresh_from_db()
    assert stored.name == kept


@pytest.mark.parametrize(
    ("name", "given"), [("cv.pdf", "cv.pdf"), ("CV.PDF", "CV.PDF"), ("cv.docx", "cv.docx.pdf"), ("cv", "cv.pdf")]
)
def test_a_download_has_the_suffix_of_what_it_is(name: str, given: str) -> None:
    assert download_name(StoredFile(name=name, kind=MediaKind.PDF)) == given


def test_a_local_file_is_streamed_as_an_attachment_that_cannot_run(at: datetime) -> None:
    response = deliver(people.staged(uuid4(), at, content=pdf("mine"), name='Äiti "1"\r\n.pdf'))
    assert b"".join(response) == pdf("mine")  # type: ignore[arg-type]
    response.close()
    assert dict(response.items()) == {
        "Content-Type": "application/pdf",
        "Content-Length": str(len(pdf("mine"))),
        "Content-Disposition": "attachment; filename*=utf-8''%C3%84iti%20%221%22%20.pdf",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store, private",
    }


@pytest.mark.s3
def test_a_file_in_the_bucket_is_a_link_with_the_cleaned_name(at: datetime, s3_buckets: Buckets) -> None:
    stored = people.staged(uuid4(), at, name='x/Äiti\r\n"\u202e1" 😀.docx')
    response = deliver(stored)
    assert (response.status_code, response["Cache-Control"]) == (302, "no-store, private")
    parts = urlsplit(response["Location"])
    query = parse_qs(parts.query)
    assert parts.path == f"/{s3.BUCKETS[0]}/{stored.key}"
    assert query["response-content-type"] == ["application/pdf"]
    assert query["response-content-disposition"] == [
        "attachment; filename*=utf-8''%C3%84iti%20%221%22%20%F0%9F%98%80.docx.pdf"
    ]
    assert signed_link(stored) is not None


# Attaching


def test_only_live_staged_files_of_that_record_are_attached(at: datetime) -> None:
    owner, stranger = uuid4(), uuid4()
    mine, late, attached = (people.staged(owner, at) for _ in range(3))
    theirs = people.staged(stranger, at)
    StoredFile.objects.filter(pk=late.pk).update(expires_at=at + SECOND)
    StoredFile.objects.filter(pk=attached.pk).update(state=FileState.ATTACHED, expires_at=None)
    ids = [stored.pk for stored in (mine, late, attached, theirs)]
    later = at + SECOND
    assert [stored.pk for stored in staged_files(owner, ids, at=later)] == [mine.pk]
    assert attach_files(owner, ids, at=later) == 1
    states = dict(StoredFile.objects.values_list("pk", "state"))
    assert states == {
        mine.pk: FileState.ATTACHED,
        late.pk: FileState.STAGED,
        attached.pk: FileState.ATTACHED,
        theirs.pk: FileState.STAGED,
    }
    assert staged_files(owner, ids, at=later) == []


def test_a_staged_file_lives_for_24_hours_to_the_second(at: datetime) -> None:
    stored = people.staged(uuid4(), at)
    assert staged_files(stored.owner_ref, [stored.pk], at=at + DAY - SECOND) == [stored]
    assert staged_files(stored.owner_ref, [stored.pk], at=at + DAY) == []
    assert attach_files(stored.owner_ref, [stored.pk], at=at + DAY) == 0


# Purging


def test_staged_files_are_purged_after_24_hours_and_attached_ones_stay(at: datetime) -> None:
    attached = [people.staged(uuid4(), at) for _ in range(2)][1]
    attach_files(attached.owner_ref, [attached.pk], at=at)
    assert purge_staged_files(at=at + DAY - SECOND) == 0
    assert (StoredFile.objects.count(), len(storages["files"].list_keys())) == (2, 2)
    assert purge_staged_files(at=at + DAY) == 1
    assert [stored.pk for stored in StoredFile.objects.all()] == [attached.pk]
    assert storages["files"].list_keys() == [attached.key]
    assert purge_staged_files(at=at + DAY) == 0


def test_what_was_taken_out_goes_with_the_next_purge(at: datetime) -> None:
    staged, other = people.staged(uuid4(), at), people.staged(uuid4(), at)
    discard_staged(staged.owner_ref, [staged.pk, other.pk], at=at)
    assert purge_staged_files(at=at) == 1
    assert list(StoredFile.objects.values_list("pk", flat=True)) == [other.pk]


def test_a_row_whose_object_was_never_written_is_purged_all_the_same(at: datetime) -> None:
    stored = people.staged(uuid4(), at)
    storages["files"].purge_keys([stored.key])
    with pytest.raises(FileNotFoundError):
        open_file(stored)
    assert purge_staged_files(at=at + DAY) == 1
    assert StoredFile.objects.count() == 0


def test_a_purge_takes_no_more_than_it_is_told(at: datetime) -> None:
    for _ in range(3):
        people.staged(uuid4(), at)
    assert [purge_staged_files(at=at + DAY, limit=2) for _ in range(3)] == [2, 1, 0]


@pytest.mark.s3
def test_a_purge_takes_every_version(at: datetime, s3_buckets: Buckets) -> None:
    stored, other = people.staged(uuid4(), at), people.staged(uuid4(), at)
    attach_files(other.owner_ref, [other.pk], at=at)
    client = storages["files"]._client
    for content in (b"2", b"3"):
        client.put_object(Bucket=s3.BUCKETS[0], Key=stored.key, Body=content)
    client.delete_object(Bucket=s3.BUCKETS[0], Key=stored.key)
    assert s3_buckets.contents(str(stored.owner_ref)) == [f"marker {stored.key}", *[f"version {stored.key}"] * 3]
    assert purge_staged_files(at=at + DAY) == 1
    assert s3_buckets.contents() == [f"version {other.key}"]


def test_a_file_whose_object_did_not_go_is_out_of_reach_and_goes_later(at: datetime, break_store: BreakStore) -> None:
    stored = people.staged(uuid4(), at)
    mend = break_store("files", "RefusingStore")
    with pytest.raises(StoreError):
        purge_staged_files(at=at + DAY)
    stored.refresh_from_db()
    assert stored.state == FileState.DELETION_PENDING
    assert attach_files(stored.owner_ref, [stored.pk], at=at) == 0
    mend()
    assert storages["files"].list_keys() == [stored.key]
    assert purge_staged_files(at=at + DAY) == 1
    assert (StoredFile.objects.count(), storages["files"].list_keys()) == (0, [])


def test_purging_records_takes_all_their_objects_and_no_other(at: datetime) -> None:
    owner, other = uuid4(), uuid4()
    people.staged(owner, at)
    people.staged(owner, at)
    stays = people.staged(other, at)
    assert (remaining_objects([owner]), remaining_objects([owner, other])) == (2, 3)
    assert purge_owners([owner]) == 2
    assert (remaining_objects([owner]), storages["files"].list_keys()) == (0, [stays.key])


# The ledger's objects


@pytest.fixture(params=["local", pytest.param("s3", marks=pytest.mark.s3)])
def ledger_store(request: pytest.FixtureRequest) -> Any:
    """The ledger's store, of either kind."""
    if request.param == "s3":
        request.getfixturevalue("s3_buckets")
    return storages["ledger"]


def test_an_entry_is_written_once_and_never_with_another_content(ledger_store: Any) -> None:
    assert write_once("000000000001.json", b"first") is True
    assert write_once("000000000001.json", b"first") is False
    with pytest.raises(FileExistsError):
        write_once("000000000001.json", b"second")
    assert (read("000000000001.json"), ledger_keys()) == (b"first", ["000000000001.json"])
    with pytest.raises(FileNotFoundError):
        read("000000000002.json")
