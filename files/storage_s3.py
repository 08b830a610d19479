"""The private, versioned bucket. Imported on first use only: boto3 doubles the start-up time.

A plain DELETE on a versioned bucket leaves the old version, a batch delete answers 200 with failures inside, and
unfinished multipart uploads are in no list of versions. So erasing lists versions, delete markers and uploads, deletes
each by its id, looks at every answer, and lists again until nothing is left.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import BytesIO
from itertools import islice
from typing import IO, TYPE_CHECKING, Any, BinaryIO, cast

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.utils.http import content_disposition_header
from storages.backends.s3 import S3Storage

from files.errors import StoreError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BATCH = 1_000
ROUNDS = 5


@contextmanager
def _store_errors() -> Iterator[None]:
    """A store that refuses or does not answer is one kind of error to everybody above."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise StoreError(type(error).__name__) from error


class S3ObjectStorage(S3Storage):  # type: ignore[misc]
    """django-storages' S3 storage with what erasing and signed links need."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        limits = Config(
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
        """Write an object that must not exist yet. Raises FileExistsError if it does."""
        try:
            self._client.put_object(
                Bucket=self.bucket_name, Key=key, Body=content, IfNoneMatch="*", **self.get_object_parameters(key)
            )
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 412:
                raise FileExistsError(key) from error
            raise StoreError(type(error).__name__) from error
        except BotoCoreError as error:
            raise StoreError(type(error).__name__) from error

    def open_object(self, key: str) -> IO[bytes]:
        """Open an object for reading; it is fetched whole (10 MB at most), so that one that was cut is an error here.

        Raises FileNotFoundError.
        """
        try:
            content = self._client.get_object(Bucket=self.bucket_name, Key=key)["Body"].read()
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                raise FileNotFoundError(key) from error
            raise StoreError(type(error).__name__) from error
        except BotoCoreError as error:
            raise StoreError(type(error).__name__) from error
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
        prefixes = list(prefixes)
        count = 0
        for _ in range(ROUNDS):
            with _store_errors():
                deleted = self._delete(version for prefix in prefixes for version in self._versions(prefix))
                aborted = sum(self._abort_uploads(prefix) for prefix in prefixes)
            count += deleted
            if not deleted and not aborted:
                return count
        raise StoreError("objects keep appearing below a prefix that is being erased")

    def purge_keys(self, keys: Iterable[str]) -> int:
        """Delete every version of these objects; one that is not there is no error."""
        versions = (version for key in keys for version in self._versions(key) if version["Key"] == key)
        with _store_errors():
            return self._delete(versions)

    def remaining(self, prefixes: Iterable[str]) -> int:
        """How many versions, delete markers and unfinished uploads are left below the prefixes."""
        with _store_errors():
            return sum(sum(1 for _ in self._versions(prefix)) + len(self._uploads(prefix)) for prefix in prefixes)

    def list_keys(self, prefix: str = "") -> list[str]:
        """Every key below a prefix whose newest version is not a delete marker, in order."""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket_name, Prefix=prefix)
        with _store_errors():
            return [item["Key"] for page in pages for item in page.get("Contents", [])]

    def _versions(self, prefix: str) -> Iterator[dict[str, str]]:
        pages = self._client.get_paginator("list_object_versions").paginate(Bucket=self.bucket_name, Prefix=prefix)
        for page in pages:
            for item in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
                yield {"Key": item["Key"], "VersionId": item["VersionId"]}

    def _uploads(self, prefix: str) -> list[dict[str, str]]:
        pages = self._client.get_paginator("list_multipart_uploads").paginate(Bucket=self.bucket_name, Prefix=prefix)
        return [
            {"Key": item["Key"], "UploadId": item["UploadId"]} for page in pages for item in page.get("Uploads", [])
        ]

    def _abort_uploads(self, prefix: str) -> int:
        uploads = self._uploads(prefix)
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
