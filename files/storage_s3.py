"""The private, versioned bucket. Imported on first use only: boto3 doubles the start-up time.

A plain DELETE on a versioned bucket leaves the old version, a batch delete answers 200 with failures inside, and
unfinished multipart uploads are in no list of versions. So erasing lists versions, delete markers and uploads, deletes
each by its id, looks at every answer, and lists again until nothing is left.
"""

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from io import BytesIO
from itertools import groupby, islice
from types import MappingProxyType
from typing import IO, TYPE_CHECKING, Any, BinaryIO, cast

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.utils.http import content_disposition_header
from storages.backends.s3 import S3Storage

from files.bucket_rules import INCOMING
from files.errors import StoreError
from files.listing import Listed, Unfinished, Version

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BATCH = 1_000
FEW = 4
LISTINGS = 16
"""How many listings are under way at once."""
ROUNDS = 5
INCOMING_TAG = f"<Tagging><TagSet><Tag><Key>{INCOMING[0]}</Key><Value>{INCOMING[1]}</Value></Tag></TagSet></Tagging>"
"""Given to an object that a browser posts; a lifecycle rule takes what still has it after a day."""
NOTHING_MEANT: Mapping[int, Exception] = MappingProxyType({})


@contextmanager
def _store_errors(meant: Mapping[int, Exception] = NOTHING_MEANT) -> Iterator[None]:
    """A store that refuses or does not answer is one kind of error to everybody above.

    Some answers mean something to the caller: by their HTTP status, what is raised for them.
    """
    try:
        yield
    except ClientError as error:
        raise meant.get(_status(error), StoreError(type(error).__name__)) from error
    except BotoCoreError as error:
        raise StoreError(type(error).__name__) from error


def _status(error: ClientError) -> int:
    return error.response["ResponseMetadata"]["HTTPStatusCode"]


def _prefix(key: str) -> str:
    """The first part of a key, which is the record that the object belongs to."""
    return f"{key.partition('/')[0]}/"


def _pages_between(first: str, last: str, reached: str) -> float:
    """How many pages there are from the first key to the last, by the key that one page reached: keys begin with
    random hexadecimal digits.
    """
    try:
        begin, end, page = (int(key[:8], 16) for key in (first, last, reached))
    except ValueError:
        return float("inf")
    return (end - begin + 1) / max(page - begin, 1)


def _items(page: dict[str, Any]) -> list[dict[str, Any]]:
    """The versions and delete markers of a page in the order of keys: the page holds both, each in order."""
    return sorted([*page.get("Versions", []), *page.get("DeleteMarkers", [])], key=lambda item: cast(str, item["Key"]))


def _is_marker(item: dict[str, Any]) -> bool:
    return "ETag" not in item


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
        with _store_errors({412: FileExistsError(key)}):
            answer = self._client.put_object(
                Bucket=self.bucket_name, Key=key, Body=content, IfNoneMatch="*", **self.get_object_parameters(key)
            )
        if not answer.get("ETag"):
            raise StoreError("an answer that was cut")

    def open_object(self, key: str) -> IO[bytes]:
        """Open an object for reading; it is fetched whole (10 MB at most), so that one that was cut is an error here.

        Raises FileNotFoundError.
        """
        with _store_errors({404: FileNotFoundError(key)}):
            answer = self._client.get_object(Bucket=self.bucket_name, Key=key)
            content = answer["Body"].read()
        if len(content) != answer.get("ContentLength"):
            raise StoreError("an answer that was cut")
        return BytesIO(content)

    # Uploads that a browser sends straight to the bucket

    def post_form(self, key: str, *, size: int, seconds: int) -> tuple[str, dict[str, str]]:
        """Where a browser may post one object, and the fields of its form: this key, so many bytes and no others, as
        bytes of no known type, encrypted as every object is. It is signed here, without asking the bucket.
        """
        parameters = self.get_object_parameters(key)
        fields = {
            "Content-Type": "application/octet-stream",
            "Cache-Control": parameters["CacheControl"],
            "x-amz-server-side-encryption": parameters["ServerSideEncryption"],
            "success_action_status": "204",
            "tagging": INCOMING_TAG,
        }
        conditions: list[Any] = [{name: value} for name, value in fields.items()]
        form = self._client.generate_presigned_post(
            self.bucket_name,
            key,
            Fields=fields,
            Conditions=[*conditions, ["content-length-range", size, size]],
            ExpiresIn=seconds,
        )
        return form["url"], form["fields"]

    def read_version(self, key: str, *, size: int) -> Version | None:
        """The newest version of an object; None, and nothing read, where it is not exactly so many bytes long.

        Raises FileNotFoundError.
        """
        with _store_errors({404: FileNotFoundError(key)}):
            answer = self._client.get_object(Bucket=self.bucket_name, Key=key)
            with answer["Body"] as body:
                if answer.get("ContentLength") != size:
                    return None
                content = body.read()
        if len(content) != size:
            raise StoreError("an answer that was cut")
        return Version(answer.get("VersionId", ""), answer["ETag"], content)

    def copy_version(self, key: str, version: Version, to: str) -> None:
        """Copy exactly this version of an object to another key, within the bucket.

        Raises StoreError where it is there no more, or nobody knows whether it was copied.
        """
        source: Any = {"Bucket": self.bucket_name, "Key": key}
        if version.ref:
            source["VersionId"] = version.ref
        with _store_errors():
            answer = self._client.copy_object(
                Bucket=self.bucket_name,
                Key=to,
                CopySource=source,
                CopySourceIfMatch=version.etag,
                MetadataDirective="REPLACE",
                TaggingDirective="REPLACE",  # by none: what is kept is not incoming any more
                **self.get_object_parameters(to),
            )
        if not answer.get("CopyObjectResult", {}).get("ETag"):
            raise StoreError("an answer that was cut")

    # Reading what is kept

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
                for upload in self._uploads(wanted):
                    self._abort(upload)
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
        for page, _ in self._version_pages(client, Prefix=prefix):
            yield from page

    def _version_pages(
        self, client: "S3Client | None" = None, **options: str
    ) -> Iterator[tuple[list[dict[str, str]], bool]]:
        """Pages of versions and delete markers, each in the order of keys, and whether more pages follow."""
        for page in self._pages("list_object_versions", client, **options):
            versions = [{"Key": item["Key"], "VersionId": item["VersionId"]} for item in _items(page)]
            yield versions, page["IsTruncated"]

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

        One listing for each prefix costs as many requests as there are prefixes, a walk from the first to the last as
        many as there are thousands of versions between them; the first page of the walk tells which is less. Listings
        of single prefixes are made side by side, for what they cost is the wait.
        """
        if len(prefixes) < FEW:
            return self._versions_of_each(prefixes)
        found, first, last = [], min(prefixes), max(prefixes)
        pages = self._version_pages(KeyMarker=first.rstrip("/"))
        for number, (page, is_more) in enumerate(pages):
            found += [version for version in page if _prefix(version["Key"]) in prefixes]
            if page and _prefix(page[-1]["Key"]) > last:
                break
            if number == 0 and page and is_more and _pages_between(first, last, page[-1]["Key"]) > len(prefixes):
                return self._versions_of_each(prefixes)
        return found

    def _versions_of_each(self, prefixes: set[str]) -> list[dict[str, str]]:
        client = self._client  # another thread would make a client of its own
        with ThreadPoolExecutor(min(LISTINGS, max(1, len(prefixes)))) as pool:
            found = pool.map(lambda prefix: list(self._versions(prefix, client)), sorted(prefixes))
            return [version for versions in found for version in versions]

    def _uploads(self, prefixes: set[str]) -> list[Unfinished]:
        """The unfinished uploads below these prefixes; the bucket's own are few at any time."""
        return [upload for upload in self._all_uploads() if _prefix(upload.key) in prefixes]

    def _all_uploads(self) -> Iterator[Unfinished]:
        for page in self._pages("list_multipart_uploads"):
            for item in page.get("Uploads", []):
                yield Unfinished(item["Key"], item["UploadId"], item["Initiated"])

    def _abort(self, upload: Unfinished) -> None:
        """End an upload; one that ended meanwhile is no error."""
        try:
            self._client.abort_multipart_upload(Bucket=self.bucket_name, Key=upload.key, UploadId=upload.ref)
        except ClientError as error:
            if _status(error) != 404:
                raise

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
            items = (item for page in self._pages("list_object_versions") for item in _items(page))
            for key, versions in groupby(items, key=lambda item: cast(str, item["Key"])):
                yield _listed(key, versions)

    def list_unfinished(self) -> Iterator[Unfinished]:
        """Every upload that has not ended."""
        with _store_errors():
            yield from self._all_uploads()

    def end_unfinished(self, uploads: Iterable[Unfinished]) -> int:
        """Abort uploads; one that ended meanwhile is no error. Returns how many were asked for."""
        count = 0
        with _store_errors():
            for count, upload in enumerate(uploads, 1):  # noqa: B007 (how many there were)
                self._abort(upload)
        return count

    def has_object(self, key: str) -> bool:
        """Whether a key has an object now, asked anew."""
        with suppress(FileNotFoundError), _store_errors({404: FileNotFoundError(key)}):
            self._client.head_object(Bucket=self.bucket_name, Key=key)
            return True
        return False

    def purge_old_versions(self, keys: Iterable[str]) -> int:
        """Delete what lies behind the present objects of these keys; a key without a present object is left alone."""
        with _store_errors():
            return self._delete(version for key in keys for version in self._behind(key))

    def _behind(self, key: str) -> Iterator[dict[str, str]]:
        pages = self._pages("list_object_versions", Prefix=key)
        mine = [item for page in pages for item in _items(page) if item["Key"] == key]
        if any(item["IsLatest"] and not _is_marker(item) for item in mine):
            yield from ({"Key": key, "VersionId": item["VersionId"]} for item in mine if not item["IsLatest"])


def _listed(key: str, items: Iterable[dict[str, Any]]) -> Listed:
    """One key, from its versions and delete markers."""
    is_current, old, markers = False, 0, 0
    written_at = datetime.min.replace(tzinfo=UTC)
    for item in items:
        written_at = max(written_at, item["LastModified"])
        if _is_marker(item):
            markers += 1
        elif item["IsLatest"]:
            is_current = True
        else:
            old += 1
    return Listed(key, is_current, written_at, old=old, markers=markers)
