"""Text and pictures that a worker makes of attached files: once each, whatever dies, and none of who is gone."""

import io
from datetime import datetime, timedelta
from threading import Thread
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.storage import storages
from django.db import connection, transaction
from PIL import Image

from common.deletion import raw_delete
from files import derive
from files.confinement import ChildLimits
from files.derive import LEASE, MOST_TRIES, read_files
from files.enums import FilePart, FileState, MediaKind, ScanState
from files.errors import StoreError
from files.models import StoredFile
from files.reading import WIDTH
from files.samples import docx, pdf
from files.services import (
    attach_files,
    open_file,
    purge_owners,
    purge_staged_files,
    release_files,
    remaining_objects,
)
from files.storage_local import LocalObjectStorage
from tests.factories import people
from tests.parts.stores import BreakStore

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
WORDS = "Äiti Öljynen"


@pytest.fixture(params=["local", pytest.param("s3", marks=pytest.mark.s3)], name="store")
def fixture_store(request: pytest.FixtureRequest) -> Any:
    """The files' store, in a folder and in a bucket."""
    if request.param == "s3":
        request.getfixturevalue("s3_buckets")
    return storages["files"]


def attached(at: datetime, content: bytes | None = None) -> StoredFile:
    stored = people.staged(uuid4(), at, content=content or pdf(WORDS, pages=2))
    assert attach_files(stored.owner_ref, [stored.pk], at=at) == 1
    stored.refresh_from_db()
    return stored


def parts(original: StoredFile) -> list[tuple[str, int | None, str]]:
    rows = StoredFile.objects.filter(made_of=original.pk).order_by("page", "part")
    return [(row.part, row.page, row.state) for row in rows]


WHOLE = [
    (FilePart.PAGE, 1, FileState.ATTACHED),
    (FilePart.PAGE, 2, FileState.ATTACHED),
    (FilePart.TEXT, 2, FileState.ATTACHED),
]


def is_whole(original: StoredFile) -> bool:
    original.refresh_from_db()
    keys = StoredFile.objects.filter(owner_ref=original.owner_ref).values_list("key", flat=True)
    return (parts(original), original.read_after, storages["files"].list_keys()) == (WHOLE, None, sorted(keys))  # type: ignore[attr-defined]


def test_an_attached_file_gets_its_text_and_its_pages(store: Any, at: datetime) -> None:
    original = attached(at)
    assert (original.read_after, parts(original)) == (at, [])
    assert read_files(at=at) == 1
    assert is_whole(original)
    text = StoredFile.objects.get(made_of=original.pk, part=FilePart.TEXT)
    with open_file(text) as stream:
        assert stream.read().decode() == WORDS
    page = StoredFile.objects.get(made_of=original.pk, part=FilePart.PAGE, page=1)
    assert (page.kind, page.owner_ref, page.scan) == (MediaKind.JPEG, original.owner_ref, ScanState.NOT_SCANNED)
    with open_file(page) as stream:
        content = stream.read()
    assert (Image.open(io.BytesIO(content)).width, len(content)) == (WIDTH, page.size)
    assert read_files(at=at + LEASE) == 0


def test_a_word_document_has_a_text_alone(at: datetime) -> None:
    original = attached(at, docx(WORDS))
    assert read_files(at=at) == 1
    assert parts(original) == [(FilePart.TEXT, None, FileState.ATTACHED)]


def test_nothing_is_read_before_the_virus_scan_or_its_time(at: datetime) -> None:
    original = attached(at)
    mine = StoredFile.objects.filter(pk=original.pk)
    for scan in (ScanState.WAITING, ScanState.FAILED, ScanState.INFECTED):
        mine.update(scan=scan)
        assert read_files(at=at) == 0
    mine.update(scan=ScanState.CLEAN)
    assert read_files(at=at - MINUTE) == 0
    assert read_files(at=at) == 1
    people.staged(uuid4(), at)
    assert read_files(at=at) == 0


def test_a_run_takes_so_many_and_the_next_the_rest(at: datetime) -> None:
    originals = [attached(at, docx(WORDS)) for _ in range(3)]
    assert [read_files(at=at, limit=2), read_files(at=at, limit=2), read_files(at=at, limit=2)] == [2, 1, 0]
    assert [len(parts(original)) for original in originals] == [1, 1, 1]


# What dies


def test_a_file_that_kills_its_child_is_tried_three_times_and_left_without(at: datetime) -> None:
    original = attached(at)
    for attempt in range(MOST_TRIES):
        now = at + attempt * LEASE
        assert read_files(at=now, limits=ChildLimits(memory_bytes=1)) == 1
        assert read_files(at=now + LEASE - MINUTE) == 0
    assert read_files(at=at + MOST_TRIES * LEASE) == 0
    original.refresh_from_db()
    assert (original.state, original.read_after, original.read_tries) == (FileState.ATTACHED, None, MOST_TRIES)
    assert parts(original) == []


class Died(BaseException):
    """The worker was killed here."""


@pytest.mark.parametrize("step", ["lease", "read", "rows", "first object", "last object"])
def test_a_worker_that_dies_anywhere_is_followed_by_one_that_makes_each_part_once(
    store: Any, at: datetime, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = attached(at)
    with monkeypatch.context() as patch:
        die_at(step, patch)
        with pytest.raises(Died):
            read_files(at=at)
    assert not is_whole(original)
    assert read_files(at=at + LEASE - MINUTE) == 0
    assert read_files(at=at + LEASE) == 1
    assert is_whole(original)


def die_at(step: str, patch: pytest.MonkeyPatch) -> None:
    """Kill the worker before the call that this step is known by; what was committed before stays."""
    target, name, call = {
        "lease": (derive, "open_file", 1),
        "read": (derive, "_row", 1),
        "rows": (derive, "_hold", 2),
        "first object": (type(storages["files"]), "put_new", 2),
        "last object": (type(storages["files"]), "put_new", 3),
    }[step]
    real, calls = getattr(target, name), iter(range(1, 100))

    def dying(*args: Any, **kwargs: Any) -> Any:
        if next(calls) == call:
            raise Died
        return real(*args, **kwargs)

    patch.setattr(target, name, dying)


def test_a_store_that_does_not_answer_costs_no_try(at: datetime, break_store: BreakStore) -> None:
    original = attached(at)
    mend = break_store("files", "SilentLedger")  # takes nothing
    for attempt in range(MOST_TRIES + 1):
        with pytest.raises(StoreError):
            read_files(at=at + attempt * LEASE)
    mend()
    original.refresh_from_db()
    assert original.read_tries == 0
    assert read_files(at=at + 5 * LEASE) == 1
    assert is_whole(original)


def test_an_object_that_the_store_has_lost_is_not_read(at: datetime) -> None:
    original = attached(at)
    purge_owners([original.owner_ref])
    assert read_files(at=at) == 1
    original.refresh_from_db()
    assert (original.read_after, parts(original)) == (None, [])


# Who goes meanwhile


@pytest.mark.parametrize("step", ["open_file", "_row", "_hold"])
def test_nothing_is_written_of_somebody_whose_rows_went_meanwhile(
    store: Any, at: datetime, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = attached(at)
    between(monkeypatch, step, 1, lambda: erase(original))
    assert read_files(at=at) == 1
    assert (StoredFile.objects.count(), remaining_objects([original.owner_ref])) == (0, 0)


def test_rows_that_a_worker_left_go_with_the_person(store: Any, at: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    original = attached(at)
    between(monkeypatch, "_hold", 2, lambda: erase(original))
    assert read_files(at=at) == 1
    assert (StoredFile.objects.count(), remaining_objects([original.owner_ref])) == (0, 0)


@pytest.mark.parametrize("call", [1, 2])
def test_what_is_made_of_a_file_that_is_given_up_meanwhile_goes_with_it(
    store: Any, at: datetime, call: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = attached(at)
    between(monkeypatch, "_hold", call, lambda: release_files([original.pk]))
    assert read_files(at=at) == 1
    purge_staged_files(at=at)
    assert (StoredFile.objects.count(), remaining_objects([original.owner_ref])) == (0, 0)


def test_a_part_that_nobody_gave_up_goes_with_its_original(at: datetime) -> None:
    original = attached(at)
    read_files(at=at)
    assert StoredFile.objects.count() == 4
    StoredFile.objects.filter(pk=original.pk).update(state=FileState.DELETION_PENDING)
    assert purge_staged_files(at=at) == 4
    assert (StoredFile.objects.count(), remaining_objects([original.owner_ref])) == (0, 0)


def between(patch: pytest.MonkeyPatch, name: str, call: int, act: Any) -> None:
    """Do something else just before the worker's step."""
    real, calls = getattr(derive, name), iter(range(1, 100))

    def after_that(*args: Any, **kwargs: Any) -> Any:
        if next(calls) == call:
            act()
        return real(*args, **kwargs)

    patch.setattr(derive, name, after_that)


def erase(original: StoredFile) -> None:
    """As the erasure does: objects first, then rows."""
    purge_owners([original.owner_ref])
    raw_delete(StoredFile.objects.filter(owner_ref=original.owner_ref))


# Two at once


@pytest.mark.django_db(transaction=True)
def test_whoever_deletes_the_row_waits_for_the_objects_that_are_written(
    at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So the look at the store that follows the deletion of rows sees whatever was written."""
    original = attached(at)
    seen: list[int] = []

    def delete_and_look() -> None:
        try:
            raw_delete(StoredFile.objects.filter(owner_ref=original.owner_ref))
            seen.append(remaining_objects([original.owner_ref]))
        finally:
            connection.close()

    other = Thread(target=delete_and_look)
    real, started = LocalObjectStorage.put_new, iter([True])

    def slow(self: Any, key: str, content: Any) -> None:
        if next(started, False):
            other.start()
            other.join(0.5)
            assert other.is_alive()  # the row is held
        real(self, key, content)

    monkeypatch.setattr(LocalObjectStorage, "put_new", slow)
    read_files(at=at)
    other.join(20)
    assert seen == [4]  # the original and three parts: the erasure finds them, sweeps and looks anew


@pytest.mark.django_db(transaction=True)
def test_two_workers_never_read_one_file(at: datetime) -> None:
    first, second = attached(at, docx("one")), attached(at + MINUTE, docx("two"))
    taken: list[int] = []

    def other_worker() -> None:
        try:
            taken.append(read_files(at=at + MINUTE))
        finally:
            connection.close()

    with transaction.atomic():
        StoredFile.objects.select_for_update().get(pk=first.pk)
        worker = Thread(target=other_worker)
        worker.start()
        worker.join(30)
        assert taken == [1]
    assert (len(parts(first)), len(parts(second))) == (0, 1)
    assert read_files(at=at + MINUTE) == 1
    assert len(parts(first)) == 1
