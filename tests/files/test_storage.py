"""The store, as a folder and as a bucket: what goes in stays in until it goes out whole."""

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import urllib3
from botocore.config import Config
from botocore.response import StreamingBody
from botocore.stub import Stubber
from django.core.files.storage import storages
from pytest_django import Settings

from clouder.embedded.processes import free_port
from files import storage_s3
from files.errors import StoreError
from files.storage_s3 import S3ObjectStorage
from tests.parts.servers import Buckets
from tests.parts.worker import worker_environment

NASTY = 'Ääkkönen "CV"; filename="evil.exe" \N{PILE OF POO}.pdf'


@pytest.fixture(params=["local", pytest.param("s3", marks=pytest.mark.s3)])
def store(request: pytest.FixtureRequest) -> Any:
    """The store of candidates' files, of either kind."""
    if request.param == "s3":
        request.getfixturevalue("s3_buckets")
    return storages["files"]


@pytest.fixture
def bucket(s3_buckets: Buckets) -> S3ObjectStorage:
    """The store, for what only a bucket has."""
    found: S3ObjectStorage = storages["files"]
    return found


def put(store: Any, key: str, content: bytes = b"content") -> None:
    store.put_new(key, BytesIO(content))


# Both kinds


def test_an_object_is_written_once_and_read_back(store: Any) -> None:
    put(store, "a/one", b"first")
    with pytest.raises(FileExistsError):
        put(store, "a/one", b"second")
    with store.open_object("a/one") as stream:
        assert stream.read() == b"first"
    with pytest.raises(FileNotFoundError):
        store.open_object("a/two")


def test_there_is_no_path(store: Any) -> None:
    put(store, "a/one")
    with pytest.raises(NotImplementedError):
        store.path("a/one")


def test_purging_a_prefix_leaves_what_only_begins_alike(store: Any) -> None:
    for key in ("a/one", "a/two", "a/deep/three", "ab/one", "b/one"):
        put(store, key)
    assert (store.remaining(["a/"]), store.remaining(["a/", "ab/"])) == (3, 4)
    assert store.purge_prefixes(["a/", "none/"]) == 3
    assert (store.remaining(["a/"]), store.remaining(["ab/", "b/"])) == (0, 2)
    assert store.list_keys() == ["ab/one", "b/one"]
    assert store.purge_prefixes(["a/"]) == 0


def test_purging_keys_takes_these_and_no_others(store: Any) -> None:
    for key in ("a/one", "a/one-more", "a/two"):
        put(store, key)
    assert store.purge_keys(["a/one", "a/never-was"]) == 1
    assert store.list_keys("a/") == ["a/one-more", "a/two"]


def test_keys_are_listed_in_order(store: Any) -> None:
    for key in ("000000000010.json", "000000000002.json", "000000000001.json"):
        put(store, key)
    assert store.list_keys() == ["000000000001.json", "000000000002.json", "000000000010.json"]


# A folder


def test_several_workers_write_and_purge_side_by_side() -> None:
    """What one takes away, the others do not miss; an empty folder may go while somebody writes into it."""
    store: Any = storages["files"]

    def work(number: int) -> int:
        for turn in range(60):
            with suppress(StoreError):  # what is below a prefix that is being purged goes, half-written or not
                put(store, f"shared/{number}-{turn}")
            store.remaining(["shared/"])
            list(store.list_objects())
            store.purge_keys([f"shared/{number}-{turn}"])
            store.purge_prefixes(["shared/"])
        return number

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(work, range(4))) == [0, 1, 2, 3]
    assert store.list_keys() == []


@pytest.mark.parametrize("key", ["../outside", "/etc/outside", "a/../../outside", ""])
def test_no_key_leads_out_of_the_folder(key: str) -> None:
    with pytest.raises(ValueError, match="outside the store"):
        put(storages["files"], key)


def test_a_folder_gives_no_links() -> None:
    put(storages["files"], "a/one")
    assert storages["files"].signed_link("a/one", name="cv.pdf", content_type="application/pdf") is None


def test_nothing_is_kept_without_an_alias() -> None:
    with pytest.raises(NotImplementedError):
        storages["default"].save("a", BytesIO(b"content"))
    with pytest.raises(NotImplementedError):
        storages["default"].open("a")


# A bucket


def keep_versions(store: S3ObjectStorage, key: str) -> None:
    """Three versions, a delete marker over them, and an upload that never ended."""
    for content in (b"1", b"2", b"3"):
        store._client.put_object(Bucket=store.bucket_name, Key=key, Body=content)
    store._client.delete_object(Bucket=store.bucket_name, Key=key)
    store._client.create_multipart_upload(Bucket=store.bucket_name, Key=f"{key}-unfinished")


@pytest.mark.s3
def test_purging_takes_versions_markers_and_unfinished_uploads(bucket: S3ObjectStorage, s3_buckets: Buckets) -> None:
    for prefix in ("a/", "ab/"):
        keep_versions(bucket, f"{prefix}one")
    left = ["marker ab/one", "upload ab/one-unfinished", "version ab/one", "version ab/one", "version ab/one"]
    gone = ["marker a/one", "upload a/one-unfinished", "version a/one", "version a/one", "version a/one"]
    assert s3_buckets.contents() == sorted([*gone, *left])
    assert (bucket.remaining(["a/"]), bucket.list_keys("a/")) == (5, [])
    assert bucket.purge_prefixes(["a/"]) == 4
    assert (bucket.remaining(["a/"]), s3_buckets.contents()) == (0, left)


@pytest.mark.s3
def test_purging_a_key_takes_all_its_versions(bucket: S3ObjectStorage, s3_buckets: Buckets) -> None:
    keep_versions(bucket, "a/one")
    put(bucket, "a/one-more")
    assert bucket.purge_keys(["a/one"]) == 4
    assert s3_buckets.contents() == ["upload a/one-unfinished", "version a/one-more"]


@pytest.mark.s3
def test_more_versions_than_one_page_holds(bucket: S3ObjectStorage, s3_buckets: Buckets) -> None:
    keys = [f"a/{number}" for number in range(20)]
    for key in (*keys, "b/one"):
        put(bucket, key)
    # Deleting keys again and again leaves as many markers, in one call.
    objects: Any = [{"Key": key} for key in keys] * 50
    bucket._client.delete_objects(Bucket=bucket.bucket_name, Delete={"Objects": objects, "Quiet": True})
    assert bucket.remaining(["a/"]) == 1_020
    assert bucket.purge_prefixes(["a/"]) == 1_020
    assert s3_buckets.contents() == ["version b/one"]


def below(count: int, first_digits: str = "") -> dict[str, str]:
    """So many prefixes of records, each with the key of one object."""
    records = [f"{first_digits}{number:03d}" + "0" * (36 - 3 - len(first_digits)) for number in range(count)]
    return {f"{record}/": f"{record}/object" for record in records}


def requests_of(bucket: S3ObjectStorage, act: Callable[[], Any]) -> list[str]:
    """Which calls an act makes, in order."""
    made: list[str] = []
    note = lambda model, **_: made.append(model.name)  # noqa: E731
    bucket._client.meta.events.register("before-call.s3", note)
    try:
        act()
    finally:
        bucket._client.meta.events.unregister("before-call.s3", note)
    return made


@pytest.mark.s3
def test_many_prefixes_are_purged_with_few_requests(bucket: S3ObjectStorage, s3_buckets: Buckets) -> None:
    gone, stays = below(40), below(10, "f")
    for key in (*gone.values(), *stays.values()):
        put(bucket, key)
    made = requests_of(bucket, lambda: bucket.purge_prefixes(gone))
    assert made == ["ListObjectVersions", "DeleteObjects", "ListMultipartUploads", "ListObjectVersions"]
    assert s3_buckets.contents() == [f"version {key}" for key in stays.values()]


@pytest.mark.s3
def test_a_few_prefixes_far_from_each_other_are_listed_one_by_one(
    bucket: S3ObjectStorage, s3_buckets: Buckets, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage_s3, "BATCH", 3)  # about 14 pages from the first to the last, and 5 prefixes are wanted
    gone, stays = {}, {**below(30, "1"), **below(30, "f")}
    for digit in "0379e":
        gone |= below(1, digit)
    for key in (*gone.values(), *stays.values()):
        put(bucket, key)
    made = requests_of(bucket, lambda: bucket.remaining(gone))
    assert (made.count("ListObjectVersions"), made.count("ListMultipartUploads")) == (1 + 5, 1)
    assert bucket.purge_prefixes(gone) == 5
    assert s3_buckets.contents() == [f"version {key}" for key in sorted(stays.values())]


@pytest.mark.s3
def test_a_walk_over_several_pages_finds_what_is_wanted(
    bucket: S3ObjectStorage, s3_buckets: Buckets, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage_s3, "BATCH", 20)
    wanted = {f"{digit}{prefix[1:]}": key for digit in "05af" for prefix, key in below(10).items()}
    keys = [f"{prefix}object" for prefix in wanted]
    others = [key for digit in "37c" for key in below(10, digit).values()]
    for key in (*keys, *others):
        put(bucket, key)
    assert bucket.remaining(wanted) == 40
    assert bucket.purge_prefixes(wanted) == 40
    assert s3_buckets.contents() == [f"version {key}" for key in sorted(others)]


@pytest.mark.s3
def test_what_lies_before_the_first_prefix_and_after_the_last_is_not_walked_over(
    bucket: S3ObjectStorage, s3_buckets: Buckets, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage_s3, "BATCH", 10)
    wanted, others = below(10, "7"), [*below(40, "0").values(), *below(40, "f").values()]
    for key in (*wanted.values(), *others):
        put(bucket, key)
    assert bucket.remaining(wanted) == 10
    made = requests_of(bucket, lambda: bucket.remaining(wanted))
    assert made == ["ListObjectVersions", "ListObjectVersions", "ListMultipartUploads"]
    assert bucket.purge_prefixes(wanted) == 10
    assert s3_buckets.contents() == [f"version {key}" for key in sorted(others)]


@pytest.mark.s3
def test_what_a_batch_answer_says_was_not_deleted_is_an_error(bucket: S3ObjectStorage) -> None:
    versions = iter([{"Key": "a/one", "VersionId": "1"}, {"Key": "a/two", "VersionId": "2"}])
    refused = {"Errors": [{"Key": "a/two", "VersionId": "2", "Code": "AccessDenied", "Message": "no"}]}
    with Stubber(bucket._client) as stubber:
        stubber.add_response("delete_objects", refused)
        with pytest.raises(StoreError, match="1 of 2 versions not deleted: AccessDenied"):
            bucket._delete(versions)


@pytest.mark.s3
def test_a_version_that_went_meanwhile_is_no_error(bucket: S3ObjectStorage) -> None:
    gone = {"Errors": [{"Key": "a/one", "VersionId": "1", "Code": "NoSuchVersion"}]}
    with Stubber(bucket._client) as stubber:
        stubber.add_response("delete_objects", gone)
        assert bucket._delete(iter([{"Key": "a/one", "VersionId": "1"}])) == 1


@pytest.mark.s3
def test_an_upload_that_ended_meanwhile_is_no_error(bucket: S3ObjectStorage) -> None:
    begun = datetime(2026, 11, 24, tzinfo=UTC)
    uploads = {"Uploads": [{"Key": "a/one", "UploadId": "1", "Initiated": begun}], "IsTruncated": False}
    with Stubber(bucket._client) as stubber:
        stubber.add_response("list_multipart_uploads", uploads)
        stubber.add_client_error("abort_multipart_upload", "NoSuchUpload", http_status_code=404)
        assert bucket.end_unfinished(bucket.list_unfinished()) == 1
        stubber.add_response("list_multipart_uploads", uploads)
        stubber.add_client_error("abort_multipart_upload", "AccessDenied", http_status_code=403)
        with pytest.raises(StoreError):
            bucket.end_unfinished(bucket.list_unfinished())


@pytest.mark.s3
def test_a_prefix_that_never_gets_empty_is_an_error(bucket: S3ObjectStorage) -> None:
    page = {"Versions": [{"Key": "a/one", "VersionId": "1"}], "IsTruncated": False}
    with Stubber(bucket._client) as stubber:
        stubber.add_response("list_object_versions", page)
        for _ in range(storage_s3.ROUNDS):
            stubber.add_response("delete_objects", {})
            stubber.add_response("list_multipart_uploads", {"IsTruncated": False})
            stubber.add_response("list_object_versions", page)
        with pytest.raises(StoreError, match="objects keep appearing"):
            bucket.purge_prefixes(["a/"])


@pytest.mark.s3
def test_a_store_that_refuses_is_one_kind_of_error(bucket: S3ObjectStorage) -> None:
    calls = {
        "put_object": lambda: put(bucket, "a/one"),
        "get_object": lambda: bucket.open_object("a/one"),
        "list_object_versions": lambda: bucket.purge_prefixes(["a/"]),
        "list_objects_v2": lambda: bucket.list_keys("a/"),
    }
    for method, call in calls.items():
        with Stubber(bucket._client) as stubber:
            stubber.add_client_error(method, "AccessDenied", http_status_code=403)
            with pytest.raises(StoreError, match="AccessDenied"):
                call()


@pytest.mark.s3
def test_a_body_that_was_cut_is_an_error(bucket: S3ObjectStorage) -> None:
    body = urllib3.HTTPResponse(BytesIO(b"half"), headers={"Content-Length": "8"}, preload_content=False)
    with Stubber(bucket._client) as stubber:
        stubber.add_response("get_object", {"Body": StreamingBody(body, 8), "ContentLength": 8})
        with pytest.raises(StoreError):
            bucket.open_object("a/one")


@pytest.mark.s3
def test_no_answer_at_all_is_the_same_error(s3_buckets: Buckets, settings: Settings) -> None:
    options = settings.STORAGES["files"]["OPTIONS"] | {"endpoint_url": f"http://127.0.0.1:{free_port()}"}
    silent = S3ObjectStorage(**options)
    silent.client_config = silent.client_config.merge(Config(retries={"total_max_attempts": 1}))
    for call in (silent.list_keys, lambda: put(silent, "a"), lambda: silent.open_object("a")):
        with pytest.raises(StoreError, match="EndpointConnectionError"):
            call()


@pytest.mark.s3
def test_objects_are_encrypted_and_kept_by_no_cache(bucket: S3ObjectStorage) -> None:
    put(bucket, "a/one")
    head = bucket._client.head_object(Bucket=bucket.bucket_name, Key="a/one")
    assert (head["ServerSideEncryption"], head["CacheControl"]) == ("AES256", "no-store")


@pytest.mark.s3
def test_a_signed_link_lives_a_minute_and_is_an_attachment_of_a_fixed_type(bucket: S3ObjectStorage) -> None:
    put(bucket, "a/one", b"<script>")
    link = bucket.signed_link("a/one", name=NASTY, content_type="application/pdf")
    query = {name: value for name, (value,) in parse_qs(urlsplit(link).query).items()}
    assert (query["X-Amz-Expires"], query["X-Amz-Algorithm"]) == ("60", "AWS4-HMAC-SHA256")
    disposition = (
        "attachment; filename*=utf-8''%C3%84%C3%A4kk%C3%B6nen%20%22CV%22%3B%20filename%3D%22evil.exe%22%20"
        "%F0%9F%92%A9.pdf"
    )
    answer = urllib3.request("GET", link)
    assert (answer.status, answer.data) == (200, b"<script>")
    asked = ("response-content-disposition", "response-content-type", "response-cache-control")
    assert [query[name] for name in asked] == [disposition, "application/pdf", "no-store"]
    assert [answer.headers[name.removeprefix("response-")] for name in asked] == [
        disposition,
        "application/pdf",
        "no-store",
    ]


@pytest.mark.s3
def test_a_name_in_ascii_is_quoted_in_the_link(bucket: S3ObjectStorage) -> None:
    link = bucket.signed_link("a/one", name='my "best" cv\\.pdf', content_type="application/pdf")
    (disposition,) = parse_qs(urlsplit(link).query)["response-content-disposition"]
    assert disposition == r'attachment; filename="my \"best\" cv\\.pdf"'


# Starting


def test_boto3_is_loaded_on_first_use_only() -> None:
    code = (
        "import django, sys\n"
        "django.setup()\n"
        "from django.core.files.storage import storages\n"
        "before = 'boto3' in sys.modules\n"
        "storages['files']\n"
        "print(before, 'boto3' in sys.modules)\n"
    )
    environment = worker_environment() | {
        "CLOUDER_FILES_BUCKET": "files",
        "CLOUDER_LEDGER_BUCKET": "ledger",
    }
    result = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout, result.stderr) == (0, "False True\n", "")
