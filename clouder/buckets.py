"""What a bucket says of itself, for the deploy checks: short time limits, one try.

Imported on first use only, for boto3 doubles the start-up time.
"""

from typing import TYPE_CHECKING, Any

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CONNECT_SECONDS, READ_SECONDS = 2, 5
UNKNOWN_TO_SERVICE = {"NotImplemented", "MethodNotAllowed"}
"""What other S3 services than Amazon's answer to a question that they do not know."""


class Unanswered(Exception):
    """The bucket could not be looked at; the message is the error's code, without any value."""


class Bucket:
    """One bucket, asked as the storage of these options would ask it. Every question may raise Unanswered."""

    def __init__(self, options: dict[str, Any]) -> None:
        self.name: str = options["bucket_name"]
        self._arguments = {"region_name": options["region_name"], "endpoint_url": options["endpoint_url"]}
        self._config = Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"total_max_attempts": 1},
            s3={"addressing_style": options["addressing_style"]},
        )
        self._client: S3Client = boto3.client("s3", config=self._config, **self._arguments)

    def is_versioned(self) -> bool:
        """Whether what is overwritten or deleted can be restored."""
        try:
            return self._client.get_bucket_versioning(Bucket=self.name).get("Status") == "Enabled"
        except (BotoCoreError, ClientError) as error:
            raise Unanswered(_code(error)) from error

    def is_private(self) -> bool:
        """Whether public access is blocked; with a service that has no such block, whether a stranger is refused."""
        try:
            block = self._client.get_public_access_block(Bucket=self.name)["PublicAccessBlockConfiguration"]
        except (BotoCoreError, ClientError) as error:
            if _code(error) == "NoSuchPublicAccessBlockConfiguration":
                return False
            if _code(error) in UNKNOWN_TO_SERVICE:
                return self._refuses_strangers()
            raise Unanswered(_code(error)) from error
        names = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
        return all(block.get(name) for name in names)

    def lock_days(self) -> int:
        """For how many days a new object can be neither changed nor deleted."""
        try:
            lock = self._client.get_object_lock_configuration(Bucket=self.name)["ObjectLockConfiguration"]
        except (BotoCoreError, ClientError) as error:
            if _code(error) in {"ObjectLockConfigurationNotFoundError", *UNKNOWN_TO_SERVICE}:
                return 0
            raise Unanswered(_code(error)) from error
        if lock.get("ObjectLockEnabled") != "Enabled":
            return 0
        retention = lock.get("Rule", {}).get("DefaultRetention", {})
        return retention.get("Days", 0) + 365 * retention.get("Years", 0)

    def _refuses_strangers(self) -> bool:
        config = self._config.merge(Config(signature_version=UNSIGNED))
        stranger: S3Client = boto3.client("s3", config=config, **self._arguments)
        try:
            stranger.list_objects_v2(Bucket=self.name, MaxKeys=1)
        except (BotoCoreError, ClientError) as error:
            if _code(error) == "AccessDenied":
                return True
            raise Unanswered(_code(error)) from error
        return False


def _code(error: Exception) -> str:
    response: dict[str, dict[str, str]] = getattr(error, "response", {})
    return response.get("Error", {}).get("Code") or type(error).__name__
