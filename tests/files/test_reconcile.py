"""The store and the table of stored files: whether they agree, both ways, and what is done where they do not."""

import os
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.conf import settings as django_settings
from django.core.files.storage import storages
from django.db import connection
from django.test.utils import CaptureQueriesContext

from files import reconcile
from files.enums import FileState
from files.listing import Listed, Unfinished
from files.models import StoredFile
from files.services import attach_files
from tests.factories import people
from tests.parts.servers import Buckets

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture
def now() -> datetime:
    """Objects are written at the time of the machine, so these tests take place around it."""
    return datetime.now(UTC)


@pytest.fixture
def later(now: datetime) -> datetime:
    """When everything written now has lain for long enough."""
    return now + 2 * DAY


@pytest.fixture(params=["folder", pytest.param("bucket", marks=pytest.mark.s3)])
def store(request: pytest.FixtureRequest) -> Any:
    """A folder and a versioned bucket in turn."""
    if request.param == "bucket":
        request.getfixturevalue("s3_buckets")
    return storages["files"]


def put(key: str, content: bytes = b"content") -> None:
    storages["files"].put_new(key, BytesIO(content))  # type: ignore[attr-defined]


def attached(at: datetime, owner: UUID | None = None) -> StoredFile:
    """A file that a record holds."""
    owner = owner or uuid4()
    stored = people.staged(owner, at)
    attach_files(owner, [stored.pk], at=at)
    return stored


def numbers(found: reconcile.Comparison) -> tuple[int, int, int, int, int, int, int]:
    return (
        found.objects,
        found.rows,
        found.unknown.count,
        found.missing.count,
        found.behind.count,
        found.unfinished.count,
        found.overdue,
    )


def test_a_store_and_a_table_that_agree(store: Any, now: datetime, later: datetime) -> None:
    for _ in range(5):
        attached(now)
    found = reconcile.compare(at=later)
    assert numbers(found) == (5, 5, 0, 0, 0, 0, 0)
    assert (found.differs, found.is_suspicious) == (0, False)


def test_an_object_without_a_row_is_purged_after_a_day(store: Any, now: datetime, later: datetime) -> None:
    kept = attached(now)
    key = f"{uuid4()}/{'a' * 32}"
    put(key)
    assert numbers(reconcile.compare(at=now + timedelta(hours=23))) == (2, 1, 0, 0, 0, 0, 0)
    found = reconcile.compare(at=later)
    assert (found.unknown.first, found.differs) == ([key], 1)
    assert store.list_keys() == sorted([kept.key, key]), "looking changes nothing"
    done = reconcile.repair(found, at=later)
    assert (done.unknown, done.is_refused) == (1, False)
    assert store.list_keys() == [kept.key]
    assert numbers(reconcile.compare(at=later)) == (1, 1, 0, 0, 0, 0, 0)


def test_one_that_got_a_row_meanwhile_is_left_alone(store: Any, now: datetime, later: datetime) -> None:
    attached(now)
    late = attached(now)
    values = {field.attname: getattr(late, field.attname) for field in StoredFile._meta.concrete_fields}
    StoredFile.objects.filter(pk=late.pk)._raw_delete("default")  # type: ignore[attr-defined]
    found = reconcile.compare(at=later)
    assert found.unknown.first == [late.key]
    StoredFile.objects.create(**values)
    assert reconcile.repair(found, at=later).unknown == 0
    assert late.key in store.list_keys()


def test_a_row_without_an_object_is_reported_and_never_dropped(store: Any, now: datetime, later: datetime) -> None:
    lost, kept = attached(now), attached(now)
    store.purge_keys([lost.key])
    assert reconcile.compare(at=now + timedelta(minutes=30)).missing.count == 0, "it may be being written"
    found = reconcile.compare(at=later)
    assert (found.missing.first, found.differs) == ([lost.pk], 1)
    reconcile.repair(found, at=later)
    assert set(StoredFile.objects.values_list("pk", flat=True)) == {lost.pk, kept.pk}
    assert reconcile.compare(at=later).missing.count == 1


def test_files_that_should_be_gone_are_purged(store: Any, now: datetime, later: datetime) -> None:
    staged, given_up, kept = people.staged(uuid4(), now), attached(now), attached(now)
    StoredFile.objects.filter(pk=given_up.pk).update(state=FileState.DELETION_PENDING)
    assert reconcile.compare(at=now + timedelta(minutes=30)).overdue == 0
    store.purge_keys([given_up.key])  # a worker died after the object went
    found = reconcile.compare(at=later)
    assert (found.overdue, found.missing.count) == (2, 0)
    assert reconcile.repair(found, at=later).overdue == 2
    assert (store.list_keys(), list(StoredFile.objects.values_list("pk", flat=True))) == ([kept.key], [kept.pk])
    assert staged.key not in store.list_keys()


@pytest.mark.parametrize("known", [0, 1, 60])
def test_a_database_that_knows_far_too_little_purges_nothing(
    now: datetime, later: datetime, known: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(known):
        attached(now)
    for _ in range(51 if known else 1):
        put(f"{uuid4()}/{'a' * 32}")
    before = storages["files"].list_keys()  # type: ignore[attr-defined]
    found = reconcile.compare(at=later)
    assert found.is_suspicious
    done = reconcile.repair(found, at=later)
    assert (done.unknown, done.is_refused) == (0, True)
    assert storages["files"].list_keys() == before  # type: ignore[attr-defined]
    assert reconcile.repair(found, at=later, is_sure=True).unknown == found.unknown.count > 0
    assert reconcile.compare(at=later).unknown.count == 0


def test_fifty_unknown_ones_are_an_accident_and_not_a_wrong_database(now: datetime, later: datetime) -> None:
    attached(now)
    for _ in range(50):
        put(f"{uuid4()}/{'a' * 32}")
    assert not reconcile.compare(at=later).is_suspicious


def test_more_than_a_run_names_are_counted_and_left_to_the_next(
    now: datetime, later: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconcile, "LISTED", 3)
    attached(now)
    for _ in range(5):
        put(f"{uuid4()}/{'a' * 32}")
    left = []
    for _ in range(3):
        found = reconcile.compare(at=later)
        left.append((found.unknown.count, len(found.unknown.first)))
        reconcile.repair(found, at=later)
    assert left == [(5, 3), (2, 2), (0, 0)]


def test_the_number_of_queries_does_not_grow(now: datetime, later: datetime) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            reconcile.compare(at=later)
        return len(captured)

    attached(now)
    few = queries()
    for _ in range(20):
        attached(now)
        put(f"{uuid4()}/{'a' * 32}")
    assert queries() == few


class Endless:
    """A store with very many objects that no row knows."""

    def __init__(self, number: int, at: datetime) -> None:
        self.number, self.at = number, at

    def list_objects(self) -> Iterator[Listed]:
        return (Listed(f"{place:09d}/object", True, self.at) for place in range(self.number))

    def list_unfinished(self) -> Iterator[Unfinished]:
        return iter(())


def test_memory_stays_flat(now: datetime, later: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    peaks = []
    for number in (2_000, 60_000):
        monkeypatch.setitem(storages._storages, "files", Endless(number, now))  # type: ignore[attr-defined]
        tracemalloc.start()
        found = reconcile.compare(at=later)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert found.unknown.count == number
    assert peaks[1] < peaks[0] + 200_000


# A folder


def test_a_half_written_file_in_a_folder_is_taken_after_a_day(now: datetime, later: datetime) -> None:
    kept = attached(now)
    part = Path(django_settings.TEST_FOLDER) / "files" / f"{kept.key}.part-1-abcdef00"
    part.write_bytes(b"half")
    assert reconcile.compare(at=now).unfinished.count == 0
    found = reconcile.compare(at=later)
    assert numbers(found) == (1, 1, 0, 0, 0, 1, 0)
    assert reconcile.repair(found, at=later).unfinished == 1
    assert (part.exists(), storages["files"].has_object(kept.key)) == (False, True)  # type: ignore[attr-defined]


def test_a_folder_is_listed_in_the_order_of_keys(now: datetime) -> None:
    keys = ["a/one", "a-b/one", "a.txt", "a/b/c", "ab/one", "a/b-c", "A/one"]
    for key in keys:
        put(key)
    listed = list(storages["files"].list_objects())  # type: ignore[attr-defined]
    assert [found.key for found in listed] == sorted(keys)
    assert all(found.is_current and not found.old and not found.markers for found in listed)
    assert all(abs(found.written_at - now) < timedelta(minutes=1) for found in listed)
    assert storages["files"].purge_old_versions(keys) == 0  # type: ignore[attr-defined]
    os.utime(Path(django_settings.TEST_FOLDER) / "files" / "a.txt", (0, 0))
    assert {found.key: found.written_at.year for found in storages["files"].list_objects()}["a.txt"] == 1970  # type: ignore[attr-defined]


def test_an_empty_folder(later: datetime) -> None:
    assert numbers(reconcile.compare(at=later)) == (0, 0, 0, 0, 0, 0, 0)


# A bucket


def write(store: Any, key: str, times: int = 1) -> None:
    for _ in range(times):
        store._client.put_object(Bucket=store.bucket_name, Key=key, Body=b"content")


def mark(store: Any, key: str) -> None:
    store._client.delete_object(Bucket=store.bucket_name, Key=key)


@pytest.fixture
def bucket(s3_buckets: Buckets) -> Any:
    return storages["files"]


@pytest.mark.s3
def test_a_bucket_is_listed_once_with_what_lies_behind(bucket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    write(bucket, "a/one", 3)
    write(bucket, "a/two")
    mark(bucket, "a/two")
    write(bucket, "b/one", 2)
    mark(bucket, "b/one")
    write(bucket, "b/one")
    write(bucket, "c")
    listed = [(found.key, found.is_current, found.old, found.markers) for found in bucket.list_objects()]
    assert listed == [("a/one", True, 2, 0), ("a/two", False, 1, 1), ("b/one", True, 2, 1), ("c", True, 0, 0)]


@pytest.mark.s3
def test_a_key_whose_versions_fill_more_than_a_page_is_one(bucket: Any) -> None:
    write(bucket, "a")
    write(bucket, "b")
    objects: Any = [{"Key": "b"}] * 1_000
    bucket._client.delete_objects(Bucket=bucket.bucket_name, Delete={"Objects": objects, "Quiet": True})
    write(bucket, "b")
    write(bucket, "c")
    found = {found.key: found for found in bucket.list_objects()}
    assert list(found) == ["a", "b", "c"]
    assert (found["b"].is_current, found["b"].old, found["b"].markers) == (True, 1, 1_000)


@pytest.mark.s3
def test_old_versions_go_and_the_present_object_stays(
    bucket: Any, s3_buckets: Buckets, now: datetime, later: datetime
) -> None:
    kept, plain = attached(now), attached(now)
    write(bucket, kept.key)
    mark(bucket, kept.key)
    write(bucket, kept.key)
    assert reconcile.compare(at=now).behind.count == 0
    found = reconcile.compare(at=later)
    assert numbers(found) == (2, 2, 0, 0, 1, 0, 0)
    assert found.behind.first == [kept.key]
    assert reconcile.repair(found, at=later).behind == 3
    assert s3_buckets.contents() == sorted([f"version {kept.key}", f"version {plain.key}"])


@pytest.mark.s3
def test_versions_and_markers_that_no_row_knows_all_go(
    bucket: Any, s3_buckets: Buckets, now: datetime, later: datetime
) -> None:
    kept = attached(now)
    write(bucket, "x/one", 2)
    mark(bucket, "x/one")
    write(bucket, "x/two")
    mark(bucket, "x/two")
    found = reconcile.compare(at=later)
    assert found.unknown.first == ["x/one", "x/two"]
    assert reconcile.repair(found, at=later).unknown == 5
    assert s3_buckets.contents() == [f"version {kept.key}"]


@pytest.mark.s3
def test_a_lost_object_under_a_delete_marker_can_still_be_brought_back(
    bucket: Any, s3_buckets: Buckets, now: datetime, later: datetime
) -> None:
    lost = attached(now)
    mark(bucket, lost.key)
    found = reconcile.compare(at=later)
    assert (found.missing.first, found.behind.count) == ([lost.pk], 0)
    reconcile.repair(found, at=later)
    assert s3_buckets.contents() == [f"marker {lost.key}", f"version {lost.key}"]
    assert bucket.purge_old_versions([lost.key]) == 0


@pytest.mark.s3
def test_uploads_that_never_ended_are_aborted_after_a_day(
    bucket: Any, s3_buckets: Buckets, now: datetime, later: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = attached(now)
    bucket._client.create_multipart_upload(Bucket=bucket.bucket_name, Key=f"{kept.key}x")
    begun = now - timedelta(days=3)
    listed = bucket.list_unfinished
    # The server says 2010 of every upload; what counts is the instant that it says.
    assert [upload.key for upload in listed()] == [f"{kept.key}x"]

    def dated(at: datetime) -> Callable[[], list[Unfinished]]:
        return lambda: [Unfinished(upload.key, upload.ref, at) for upload in listed()]

    monkeypatch.setattr(bucket, "list_unfinished", dated(now))
    assert reconcile.compare(at=now + timedelta(hours=23)).unfinished.count == 0
    monkeypatch.setattr(bucket, "list_unfinished", dated(begun))
    found = reconcile.compare(at=now)
    assert found.unfinished.count == 1
    assert reconcile.repair(found, at=now).unfinished == 1
    assert s3_buckets.contents() == [f"version {kept.key}"]
    assert bucket.end_unfinished(found.unfinished.first) == 1, "one that ended meanwhile is no error"


def test_two_lists_are_merged_by_bytes_and_not_by_the_databases_language(now: datetime, later: datetime) -> None:
    owners = [UUID(int=number << 96 | number) for number in (1, 10, 11, 0xABCDEF01, 0xABCD0000)]
    for owner in owners:
        attached(now, owner)
    put("Zz/upper")
    put("zz-/lower")
    found = reconcile.compare(at=later)
    assert (found.objects, found.rows, found.unknown.first) == (7, 5, ["Zz/upper", "zz-/lower"])
    assert isinstance(next(storages["files"].list_objects()), Listed)  # type: ignore[attr-defined]
