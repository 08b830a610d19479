"""The private, versioned bucket. Imported on first use only: boto3 doubles the start-up time.

A plain DELETE on a versioned bucket leaves the old version, a batch delete answers 200 with failures inside, and
unfinished multipart uploads are in no list of versions. So erasing lists versions, delete markers and uploads, deletes
each by its id, looks at every answer, and lists again until nothing is left.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from io import BytesIO
from itertools import groupby, islice
from typing import IO, TYPE_CHECKING, Any, BinaryIO, cast

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.utils.http import content_disposition_header
from storages.backends.s3 import S3Storage

from files.errors import StoreError
from files.listing import Listed, Unfinished

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BATCH = 1_000
FEW = 4
LISTINGS = 16
"""How many listings are under way at once."""
ROUNDS = 5


@contextmanager
def _store_errors() -> Iterator[None]:
    """A store that refuses or does not answer is one kind of error to everybody above."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise StoreError(type(error).__name__) from error


def _prefix(key: str) -> str:
    """The first part of a key, which is the record that the object belongs to."""
    return f"{key.partition('/')[0]}/"


def _pages_of_the_bucket(last_key: str) -> float:
    """How many pages the bucket has, by the last key of its first: keys begin with random hexadecimal digits."""
    try:
        share = (int(last_key[:8], 16) + 1) / 16**8
    except ValueError:
        return float("inf")
    return 1 / share


class S3ObjectStorage(S3Storage):  # type: ignore[misc]
    """django-storages' S3 storage with what erasing and signed links need."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        limits = Config(
            max_pool_connections=LISTINGS,
            connect_timeout=2,
            read_timeout=10,
            retries={"mode": "standard", "total_max_attempts": 3},
            request_checksum_calculation="when_required",
        )
        self.client_config: Config = self.client_config.merge(limits)

    @property
    def _client(self) -> "S3Client":
        return cast("S3Client", self.connection.meta.client)

    def put_new(self, key: str, content: BinaryIO) -> None:
        """Write an object that must not exist yet.

        Raises FileExistsError if it does, StoreError where the answer was cut and nobody knows.
        """
        try:
            answer = self._client.put_object(
                Bucket=self.bucket_name, Key=key, Body=content, IfNoneMatch="*", **self.get_object_parameters(key)
            )
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 412:
                raise FileExistsError(key) from error
            raise StoreError(type(error).__name__) from error
        except BotoCoreError as error:
            raise StoreError(type(error).__name__) from error
        if not answer.get("ETag"):
            raise StoreError("an answer that was cut")

    def open_object(self, key: str) -> IO[bytes]:
        """Open an object for reading; it is fetched whole (10 MB at most), so that one that was cut is an error here.

        Raises FileNotFoundError.
        """
        try:
            answer = self._client.get_object(Bucket=self.bucket_name, Key=key)
            content = answer["Body"].read()
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                raise FileNotFoundError(key) from error
            raise StoreError(type(error).__name__) from error
        except BotoCoreError as error:
            raise StoreError(type(error).__name__) from error
        if len(content) != answer.get("ContentLength"):
            raise StoreError("an answer that was cut")
        return BytesIO(content)

    def signed_link(self, key: str, *, name: str, content_type: str) -> str:
        """A link of 60 seconds to one object, as an attachment of a fixed type (ASVS 5.4, RFC 6266)."""
        return self._client.generate_presigned_url(
            "get_object",
            Params={
                "Bucket": self.bucket_name,
                "Key": key,
                "ResponseContentDisposition": str(content_disposition_header(True, name)),
                "ResponseContentType": content_type,
                "ResponseCacheControl": "no-store",
            },
            ExpiresIn=self.querystring_expire,
        )

    def purge_prefixes(self, prefixes: Iterable[str]) -> int:
        """Delete every version, delete marker and unfinished upload below the prefixes; returns how many versions.

        Raises StoreError where something could not be deleted; then nothing that is left was forgotten.
        """
        wanted = set(prefixes)
        count = 0
        with _store_errors():
            versions = self._versions_below(wanted)
            for _ in range(ROUNDS):
                count += self._delete(iter(versions))
                self._abort_uploads(wanted)
                versions = self._versions_below(wanted)
                if not versions:
                    return count
        raise StoreError("objects keep appearing below a prefix that is being erased")

    def purge_keys(self, keys: Iterable[str]) -> int:
        """Delete every version of these objects; one that is not there is no error."""
        versions = (version for key in keys for version in self._versions(key) if version["Key"] == key)
        with _store_errors():
            return self._delete(versions)

    def remaining(self, prefixes: Iterable[str]) -> int:
        """How many versions, delete markers and unfinished uploads are left below the prefixes."""
        wanted = set(prefixes)
        with _store_errors():
            return len(self._versions_below(wanted)) + len(self._uploads(wanted))

    def list_keys(self, prefix: str = "") -> list[str]:
        """Every key below a prefix whose newest version is not a delete marker, in order."""
        pages = self._pages("list_objects_v2", Prefix=prefix)
        with _store_errors():
            return [item["Key"] for page in pages for item in page.get("Contents", [])]

    def _versions(self, prefix: str, client: "S3Client | None" = None) -> Iterator[dict[str, str]]:
        for page, _ in self._version_pages(prefix, client):
            yield from page

    def _version_pages(
        self, prefix: str = "", client: "S3Client | None" = None
    ) -> Iterator[tuple[list[dict[str, str]], bool]]:
        """Pages of versions and delete markers, each in the order of keys, and whether more pages follow."""
        for page in self._pages("list_object_versions", client, Prefix=prefix):
            items = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            versions = [{"Key": item["Key"], "VersionId": item["VersionId"]} for item in items]
            yield sorted(versions, key=lambda version: version["Key"]), page["IsTruncated"]

    def _pages(self, listing: Any, client: "S3Client | None" = None, **options: str) -> Iterator[dict[str, Any]]:
        """The pages of a listing of the bucket, a thousand items each.

        Every page says whether it is the last. One that does not is an answer that was cut within its head, which
        would otherwise read as an empty bucket. Raises StoreError for it.
        """
        paginator: Any = (client or self._client).get_paginator(listing)
        for page in paginator.paginate(Bucket=self.bucket_name, PaginationConfig={"PageSize": BATCH}, **options):
            if "IsTruncated" not in page:
                raise StoreError("an answer that was cut")
            yield page

    def _versions_below(self, prefixes: set[str]) -> list[dict[str, str]]:
        """Every version and delete marker below these prefixes, with as few requests as the bucket allows.

        One listing for each prefix costs as many requests as there are prefixes, a walk over the bucket as many as it
        has thousands of versions; the first page of the walk tells which is less. Listings of single prefixes are made
        side by side, for what they cost is the wait.
        """
        if len(prefixes) < FEW:
            return self._versions_of_each(prefixes)
        found, last = [], max(prefixes)
        for number, (page, is_more) in enumerate(self._version_pages()):
            found += [version for version in page if _prefix(version["Key"]) in prefixes]
            if page and _prefix(page[-1]["Key"]) > last:
                break
            if number == 0 and page and is_more and _pages_of_the_bucket(page[-1]["Key"]) > len(prefixes):
                return self._versions_of_each(prefixes)
        return found

    def _versions_of_each(self, prefixes: set[str]) -> list[dict[str, str]]:
        client = self._client  # another thread would make a client of its own
        with ThreadPoolExecutor(min(LISTINGS, max(1, len(prefixes)))) as pool:
            found = pool.map(lambda prefix: list(self._versions(prefix, client)), sorted(prefixes))
            return [version for versions in found for version in versions]

    def _uploads(self, prefixes: set[str]) -> list[dict[str, str]]:
        """The unfinished uploads below these prefixes; the bucket's own are few at any time."""
        pages = self._pages("list_multipart_uploads")
        return [
            {"Key": item["Key"], "UploadId": item["UploadId"]}
            for page in pages
            for item in page.get("Uploads", [])
            if _prefix(item["Key"]) in prefixes
        ]

    def _abort_uploads(self, prefixes: set[str]) -> int:
        uploads = self._uploads(prefixes)
        for upload in uploads:
            try:
                self._client.abort_multipart_upload(
                    Bucket=self.bucket_name, Key=upload["Key"], UploadId=upload["UploadId"]
                )
            except ClientError as error:
                if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
                    raise
        return len(uploads)

    def _delete(self, versions: Iterator[dict[str, str]]) -> int:
        count = 0
        while batch := list(islice(versions, BATCH)):
            answer = self._client.delete_objects(
                Bucket=self.bucket_name,
                Delete={"Objects": cast(Any, batch), "Quiet": True},
            )
            failures = [error for error in answer.get("Errors", []) if error.get("Code") != "NoSuchVersion"]
            if failures:
                raise StoreError(f"{len(failures)} of {len(batch)} versions not deleted: {failures[0].get('Code')}")
            count += len(batch)
        return count

    # Reconciliation: the whole bucket in one pass

    def list_objects(self) -> Iterator[Listed]:
        """Every key of the bucket in order, each once, with what lies behind it; a page is in memory at a time."""
        with _store_errors():
            for key, items in groupby(self._items(), key=lambda item: cast(str, item["Key"])):
                yield _listed(key, items)

    def _items(self) -> Iterator[dict[str, Any]]:
        """Versions and delete markers in the order of keys: a page holds both, each in order."""
        pages = self._pages("list_object_versions")
        for page in pages:
            versions: list[dict[str, Any]] = [{**item, "is_marker": False} for item in page.get("Versions", [])]
            markers: list[dict[str, Any]] = [{**item, "is_marker": True} for item in page.get("DeleteMarkers", [])]
            yield from sorted([*versions, *markers], key=lambda item: cast(str, item["Key"]))

    def list_unfinished(self) -> Iterator[Unfinished]:
        """Every upload that has not ended."""
        with _store_errors():
            for page in self._pages("list_multipart_uploads"):
                for item in page.get("Uploads", []):
                    yield Unfinished(item["Key"], item["UploadId"], item["Initiated"])

    def end_unfinished(self, uploads: Iterable[Unfinished]) -> int:
        """Abort uploads; one that ended meanwhile is no error. Returns how many were asked for."""
        count = 0
        with _store_errors():
            for upload in uploads:
                count += 1
                try:
                    self._client.abort_multipart_upload(Bucket=self.bucket_name, Key=upload.key, UploadId=upload.ref)
                except ClientError as error:
                    if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
                        raise
        return count

    def has_object(self, key: str) -> bool:
        """Whether a key has an object now, asked anew."""
        try:
            self._client.head_object(Bucket=self.bucket_name, Key=key)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                return False
            raise StoreError(type(error).__name__) from error
        except BotoCoreError as error:
            raise StoreError(type(error).__name__) from error
        return True

    def purge_old_versions(self, keys: Iterable[str]) -> int:
        """Delete what lies behind the present objects of these keys; a key without a present object is left alone."""
        with _store_errors():
            return self._delete(version for key in keys for version in self._behind(key))

    def _behind(self, key: str) -> Iterator[dict[str, str]]:
        pages = self._pages("list_object_versions", Prefix=key)
        items: list[Any] = [
            item for page in pages for item in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        ]
        mine = [item for item in items if item["Key"] == key]
        if any(item["IsLatest"] and "ETag" in item for item in mine):  # a delete marker has no ETag
            yield from ({"Key": key, "VersionId": item["VersionId"]} for item in mine if not item["IsLatest"])


def _listed(key: str, items: Iterable[dict[str, Any]]) -> Listed:
    """One key, from its versions and delete markers."""
    is_current, old, markers = False, 0, 0
    written_at = datetime.min.replace(tzinfo=UTC)
    for item in items:
        written_at = max(written_at, item["LastModified"])
        if item["is_marker"]:
            markers += 1
        elif item["IsLatest"]:
            is_current = True
        else:
            old += 1
    return Listed(key, is_current, written_at, old=old, markers=markers)
