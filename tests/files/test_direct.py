"""Files that a browser sends straight to the bucket: what the form allows, what is checked, and what is served."""

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

import pytest
from botocore.exceptions import EndpointConnectionError
from django.core.files.storage import storages
from pytest_django import Settings

from clouder import settings as real_settings
from clouder.embedded import s3
from files import reconcile
from files.direct import StillChecking, UploadForm, expect_file, take_file, upload_origin
from files.enums import FileState, MediaKind, Refusal
from files.errors import FileRefused, StoreError
from files.models import StoredFile
from files.samples import docx, pdf
from files.services import attach_files, open_file, purge_staged_files, stage_file
from files.storage_s3 import INCOMING_TAG, S3ObjectStorage
from tests.factories.bucket import post_file
from tests.parts.servers import Buckets
from tests.parts.threads import at_once

pytestmark = [pytest.mark.django_db, pytest.mark.s3]

DAY, SECOND = timedelta(hours=24), timedelta(seconds=1)
OWNER = UUID(int=7)
GOOD, OTHER = pdf("A CV"), pdf("My CV")  # of one length
CLOSED = timedelta(hours=1, minutes=10)


@pytest.fixture(autouse=True)
def _bucket(s3_buckets: Buckets) -> None:
    """Every test has the bucket."""


def expected(at: datetime, size: int = len(GOOD), name: str = "cv.pdf") -> tuple[StoredFile, UploadForm]:
    return expect_file(owner_ref=OWNER, name=name, size=size, at=at)


def sent(at: datetime, content: bytes = GOOD, name: str = "cv.pdf") -> tuple[StoredFile, UploadForm]:
    """A file that has been announced and has come."""
    stored, form = expected(at, len(content), name)
    assert post_file(form.url, form.fields, content) == 204
    return stored, form


def take(stored: StoredFile, at: datetime) -> StoredFile:
    return take_file(stored.pk, owner_ref=OWNER, at=at)


def served(stored: StoredFile) -> bytes:
    with open_file(stored) as stream:
        return stream.read()


def states() -> dict[str, str]:
    return dict(StoredFile.objects.values_list("key", "state"))


# What the form allows


def test_the_form_is_good_for_one_key_one_length_and_one_type(at: datetime) -> None:
    stored, form = expected(at, 1_234, "x/Äiti.pdf")
    assert (stored.name, stored.size, stored.state) == ("Äiti.pdf", 1_234, FileState.EXPECTED)
    assert (stored.created_at, stored.expires_at) == (at, at + DAY)
    assert form.url == f"{upload_origin()}/{s3.BUCKETS[0]}"
    policy = json.loads(base64.b64decode(form.fields["policy"]))
    conditions = [each for each in policy["conditions"] if isinstance(each, list)]
    exact = {name: value for each in policy["conditions"] if isinstance(each, dict) for name, value in each.items()}
    assert conditions == [["content-length-range", 1_234, 1_234]]
    wanted = {
        "bucket": s3.BUCKETS[0],
        "key": stored.key,
        "Content-Type": "application/octet-stream",
        "Cache-Control": "no-store",
        "x-amz-server-side-encryption": "AES256",
        "success_action_status": "204",
        "tagging": INCOMING_TAG,
    }
    assert {name: exact[name] for name in wanted} == wanted
    assert {name for name in exact if not name.startswith("x-amz-")} == set(wanted) - {"x-amz-server-side-encryption"}
    assert {name: form.fields[name] for name in wanted if name != "bucket"} == {
        name: value for name, value in wanted.items() if name != "bucket"
    }
    ends = datetime.fromisoformat(policy["expiration"]) - datetime.now(UTC)
    assert timedelta(minutes=9) < ends <= timedelta(minutes=10)


def test_a_key_is_random_and_holds_nothing_of_the_name(at: datetime) -> None:
    (first, _), (second, _) = expected(at, name="aino.pdf"), expected(at, name="aino.pdf")
    assert first.key != second.key
    assert [len(stored.key.removeprefix(f"{OWNER}/")) for stored in (first, second)] == [32, 32]


@pytest.mark.parametrize(("size", "reason"), [(0, Refusal.EMPTY), (10_000_001, Refusal.TOO_BIG)])
def test_a_size_that_is_not_taken_is_not_announced(at: datetime, size: int, reason: Refusal) -> None:
    expected(at, 10_000_000)
    assert StoredFile.objects.count() == 1
    with pytest.raises(FileRefused) as refused:
        expected(at, size)
    assert (refused.value.reason, StoredFile.objects.count()) == (reason, 1)


def test_a_folder_has_no_origin(settings: Settings) -> None:
    assert upload_origin() == storages["files"].endpoint_url  # type: ignore[attr-defined]
    settings.STORAGES = settings.STORAGES | {"files": settings.STORAGES["staticfiles"] | {"OPTIONS": {"location": "x"}}}
    assert upload_origin() is None


@pytest.mark.parametrize("bucket", ["example-files", "example.files"])
def test_the_origin_is_that_to_which_the_form_is_sent(
    bucket: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At Amazon, where the bucket's name is part of the host unless it holds a dot."""
    monkeypatch.setitem(real_settings.ENV, "CLOUDER_S3_ENDPOINT", None)
    place = real_settings._storage(bucket, None)
    settings.STORAGES = settings.STORAGES | {"files": place}
    store = S3ObjectStorage(**place["OPTIONS"])
    url, _ = store.post_form("a/b", size=1, seconds=60)
    origin = str(upload_origin())
    assert (url.startswith(f"{origin}/"), ".eu-north-1.amazonaws.com" in origin) == (True, True)
    assert store.signed_link("a/b", name="cv.pdf", content_type="text/plain").startswith(f"{origin}/")


# Taking


@pytest.mark.parametrize(("content", "kind"), [(GOOD, MediaKind.PDF), (docx("A CV"), MediaKind.DOCX)])
def test_what_is_sound_is_staged_as_if_it_had_come_through_the_server(
    at: datetime, content: bytes, kind: MediaKind
) -> None:
    through = stage_file(BytesIO(content), name="cv.pdf", owner_ref=OWNER, at=at)
    stored = take(sent(at, content)[0], at)
    stored.refresh_from_db()
    same = ("owner_ref", "name", "kind", "size", "sha256", "state", "created_at", "expires_at", "part", "scan")
    assert [getattr(stored, name) for name in same] == [getattr(through, name) for name in same]
    assert (stored.kind, stored.state, served(stored)) == (kind, FileState.STAGED, content)
    heads = [storages["files"]._client.head_object(Bucket=s3.BUCKETS[0], Key=row.key) for row in (stored, through)]
    for name in ("ServerSideEncryption", "CacheControl", "ContentType", "Metadata"):
        assert heads[0].get(name) == heads[1].get(name), name


def test_taken_twice_it_is_the_same_file(at: datetime) -> None:
    stored, _ = sent(at)
    first, second = take(stored, at), take(stored, at)
    assert (first.pk, first.key) == (second.pk, second.key) == (stored.pk, second.key)
    assert StoredFile.objects.filter(state=FileState.STAGED).count() == 1


def test_two_takes_at_once_make_one_file(at: datetime, transactional_db: None) -> None:
    stored, _ = sent(at)
    outcomes = at_once(lambda: _outcome(stored, at))
    assert set(outcomes) <= {"staged", "StillChecking"}
    assert "staged" in outcomes
    assert sorted(states().values()) == [FileState.EXPECTED, FileState.STAGED]
    assert served(StoredFile.objects.get(pk=stored.pk)) == GOOD


def _outcome(stored: StoredFile, at: datetime) -> str:
    try:
        take(stored, at)
    except StillChecking as error:
        return type(error).__name__
    return "staged"


def test_while_one_looks_another_is_told(at: datetime) -> None:
    stored, _ = sent(at)
    StoredFile.objects.filter(pk=stored.pk).update(state=FileState.CHECKING)
    with pytest.raises(StillChecking):
        take(stored, at)


def test_what_has_not_come_may_still_come(at: datetime) -> None:
    stored, form = expected(at)
    with pytest.raises(FileNotFoundError):
        take(stored, at)
    assert post_file(form.url, form.fields, GOOD) == 204
    assert served(take(stored, at)) == GOOD


def test_strangers_and_those_who_come_late_find_nothing(at: datetime) -> None:
    stored, _ = sent(at)
    with pytest.raises(FileNotFoundError):
        take_file(stored.pk, owner_ref=uuid4(), at=at)
    with pytest.raises(FileNotFoundError):
        take(stored, at + DAY)
    with pytest.raises(FileNotFoundError):
        take_file(uuid4(), owner_ref=OWNER, at=at)
    assert take(stored, at + DAY - SECOND).state == FileState.STAGED


# What is refused


@pytest.mark.parametrize(
    ("announced", "content", "reason"),
    [
        (25, b"%PDF-1.4 and nothing more", Refusal.DAMAGED),
        (26, b"GIF89a" + bytes(20), Refusal.WRONG_TYPE),
        (len(GOOD), GOOD + b"\n", Refusal.DAMAGED),  # another length than announced, though sound
        (len(GOOD), GOOD + bytes(10_000_000), Refusal.DAMAGED),
    ],
)
def test_what_is_refused_is_gone_in_all_versions(
    at: datetime, s3_buckets: Buckets, announced: int, content: bytes, reason: Refusal
) -> None:
    stored, form = expected(at, announced)
    for _ in range(2):
        assert post_file(form.url, form.fields, content) == 204
    assert s3_buckets.contents() == [f"version {stored.key}"] * 2
    with pytest.raises(FileRefused) as refused:
        take(stored, at)
    assert (refused.value.reason, s3_buckets.contents()) == (reason, [])


def test_what_comes_after_a_refusal_goes_when_the_form_is_over(at: datetime, s3_buckets: Buckets) -> None:
    stored, form = sent(at, b"%PDF-1.4 and nothing more")
    with pytest.raises(FileRefused):
        take(stored, at)
    assert post_file(form.url, form.fields, b"%PDF-1.4 and nothing else") == 204
    assert purge_staged_files(at=at + CLOSED - SECOND) == 0
    assert s3_buckets.contents() == [f"version {stored.key}"]
    assert purge_staged_files(at=at + CLOSED) == 1
    assert (s3_buckets.contents(), StoredFile.objects.count()) == ([], 0)


def test_another_key_is_not_in_the_form(at: datetime) -> None:
    """moto takes what it is given; S3 refuses it by the policy, and nobody would ever look there."""
    stored, form = expected(at)
    assert post_file(form.url, form.fields, GOOD, key=f"{OWNER}/elsewhere") in {204, 403}
    with pytest.raises(FileNotFoundError):
        take(stored, at)


# What is written again


def test_what_is_written_after_the_check_is_never_served(at: datetime, s3_buckets: Buckets) -> None:
    stored, form = sent(at)
    taken = take(stored, at)
    assert post_file(form.url, form.fields, OTHER) == 204
    attach_files(OWNER, [taken.pk], at=at)
    assert served(StoredFile.objects.get(pk=stored.pk)) == GOOD
    assert len(s3_buckets.contents()) == 3
    assert purge_staged_files(at=at + CLOSED) == 1
    taken.refresh_from_db()
    assert s3_buckets.contents() == [f"version {taken.key}"]
    assert served(taken) == GOOD


def test_what_is_written_during_the_check_is_never_served(at: datetime) -> None:
    """The other file comes when the first one was checked and is about to be copied."""
    stored, form = sent(at)
    came: list[int] = []
    with on("before-call", "CopyObject", lambda **_: came.append(post_file(form.url, form.fields, OTHER)) and None):
        taken = take(stored, at)
    assert (came, served(taken), taken.sha256) == ([204], GOOD, sha256(GOOD).digest())


def test_only_that_version_is_copied(at: datetime) -> None:
    """Where a version is named that has gone, nothing is copied, whatever lies under the key."""
    stored, form = sent(at)
    store: Any = storages["files"]
    version = store.read_version(stored.key, size=len(GOOD))
    assert version.content == GOOD
    store.purge_keys([stored.key])
    assert post_file(form.url, form.fields, GOOD) == 204
    with pytest.raises(StoreError):
        store.copy_version(stored.key, version, f"{OWNER}/copy")
    assert not store.has_object(f"{OWNER}/copy")


# Faults


class Killed(BaseException):
    """The process ends here."""


def fail(error: BaseException) -> Callable[..., None]:
    def handler(parsed: Any = None, **_: Any) -> None:
        if "Body" in (parsed or {}):
            parsed["Body"].read()  # an open connection would be complained of
        raise error

    return handler


@contextmanager
def on(moment: str, call: str, act: Callable[..., Any]) -> Iterator[None]:
    """Do something before or after each such call to the bucket; what it returns must be None."""
    events = storages["files"]._client.meta.events  # type: ignore[attr-defined]
    events.register(f"{moment}.s3.{call}", act)
    try:
        yield
    finally:
        events.unregister(f"{moment}.s3.{call}", act)


@pytest.mark.parametrize("moment", ["before-call", "after-call"])
@pytest.mark.parametrize("call", ["GetObject", "CopyObject", "ListObjectVersions", "DeleteObjects"])
def test_a_crash_between_steps_leaves_nothing_after_the_purge(
    at: datetime, s3_buckets: Buckets, call: str, moment: str
) -> None:
    is_refused = call in {"ListObjectVersions", "DeleteObjects"}
    stored, _ = sent(at, b"%PDF-1.4 and nothing more" if is_refused else GOOD)
    with on(moment, call, fail(Killed())), pytest.raises(Killed):
        take(stored, at)
    known = set(states())
    assert {line.removeprefix("version ") for line in s3_buckets.contents()} <= known
    while purge_staged_files(at=at + DAY):
        pass
    assert (s3_buckets.contents(), StoredFile.objects.count()) == ([], 0)


@pytest.mark.parametrize("moment", ["before-call", "after-call"])
@pytest.mark.parametrize("call", ["GetObject", "CopyObject"])
def test_a_bucket_that_fails_may_be_asked_again(at: datetime, s3_buckets: Buckets, call: str, moment: str) -> None:
    stored, _ = sent(at)
    with on(moment, call, fail(EndpointConnectionError(endpoint_url="x"))), pytest.raises(StoreError):
        take(stored, at)
    taken = take(stored, at)
    assert (taken.pk, served(taken)) == (stored.pk, GOOD)
    known = set(states())
    assert {line.removeprefix("version ") for line in s3_buckets.contents()} <= known
    purge_staged_files(at=at + CLOSED)
    assert s3_buckets.contents() == [f"version {taken.key}"]


def test_a_refusal_stands_where_the_bucket_does_not_delete(at: datetime, s3_buckets: Buckets) -> None:
    stored, _ = sent(at, b"%PDF-1.4 and nothing more")
    error = EndpointConnectionError(endpoint_url="x")
    with on("before-call", "DeleteObjects", fail(error)), pytest.raises(FileRefused):
        take(stored, at)
    assert len(s3_buckets.contents()) == 1
    assert purge_staged_files(at=at + CLOSED) == 1
    assert s3_buckets.contents() == []


# The life of the rows


def test_what_was_announced_and_never_taken_goes_after_a_day(at: datetime, s3_buckets: Buckets) -> None:
    expected(at)
    sent(at)
    StoredFile.objects.filter(pk=sent(at)[0].pk).update(state=FileState.CHECKING)
    assert (len(s3_buckets.contents()), purge_staged_files(at=at + DAY - SECOND)) == (2, 0)
    assert purge_staged_files(at=at + DAY) == 3
    assert (s3_buckets.contents(), StoredFile.objects.count()) == ([], 0)


def test_a_row_whose_object_has_not_come_is_not_missed(at: datetime) -> None:
    now = datetime.now(UTC)
    staged = stage_file(BytesIO(GOOD), name="cv.pdf", owner_ref=OWNER, at=now)
    stored, _ = expected(now)
    later = now + timedelta(hours=2)
    assert reconcile.compare(at=later).missing.count == 0
    storages["files"].purge_keys([staged.key])  # type: ignore[attr-defined]
    assert reconcile.compare(at=later).missing.first == [staged.pk]
    assert reconcile.compare(at=now + DAY + timedelta(hours=1)).overdue == 2
    assert stored.state == FileState.EXPECTED
