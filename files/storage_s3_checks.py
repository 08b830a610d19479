"""What a bucket says of itself, for start-up, the deploy checks and the doctor: short time limits, one try.

Imported on first use only, for boto3 doubles the start-up time.
"""

import json
from typing import TYPE_CHECKING, Any

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from files.bucket_rules import PUBLIC_ACCESS_BLOCK

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

UNKNOWN_TO_SERVICE = {"NotImplemented", "MethodNotAllowed", "XNotImplemented", "UnsupportedOperation"}
"""What other S3 services than Amazon's answer to a question that they do not know."""
EVERYBODY = ("/groups/global/AllUsers", "/groups/global/AuthenticatedUsers")


class Unanswered(Exception):
    """The bucket could not be looked at; the message is the error's code, without any value."""


class NotKnown(Unanswered):
    """The service does not know the question."""


class Bucket:
    """One bucket, asked as the storage of these options would ask it. Every question may raise Unanswered."""

    def __init__(self, options: dict[str, Any], *, connect: float = 2.0, read: float = 5.0) -> None:
        self.name: str = options["bucket_name"]
        self._arguments = {"region_name": options["region_name"], "endpoint_url": options["endpoint_url"]}
        self._config = Config(
            connect_timeout=connect,
            read_timeout=read,
            retries={"total_max_attempts": 1},
            s3={"addressing_style": options["addressing_style"]},
        )
        self._client: S3Client = boto3.client("s3", config=self._config, **self._arguments)

    @property
    def is_amazons(self) -> bool:
        """Whether it is Amazon's own, whose regions say where they are."""
        return not self._arguments["endpoint_url"]

    def is_versioned(self) -> bool:
        """Whether what is overwritten or deleted can be restored."""
        return bool(self._ask("get_bucket_versioning").get("Status") == "Enabled")

    def is_private(self) -> bool:
        """Whether public access is blocked; with a service that has no such block, whether a stranger is refused."""
        try:
            block = self._ask("get_public_access_block", none="NoSuchPublicAccessBlockConfiguration")
        except NotKnown:
            return self._refuses_strangers()
        found = block.get("PublicAccessBlockConfiguration", {})
        return all(found.get(name) for name in PUBLIC_ACCESS_BLOCK)

    def lock(self) -> tuple[str, int]:
        """In which mode, and for how many days, a new object can be neither changed nor deleted; 0 without a lock."""
        answer = self._ask("get_object_lock_configuration", none="ObjectLockConfigurationNotFoundError")
        lock = answer.get("ObjectLockConfiguration", {})
        if lock.get("ObjectLockEnabled") != "Enabled":
            return "", 0
        retention = lock.get("Rule", {}).get("DefaultRetention", {})
        return retention.get("Mode", ""), retention.get("Days", 0) + 365 * retention.get("Years", 0)

    def lock_days(self) -> int:
        """For how many days a new object can be neither changed nor deleted; 0 where the service knows no lock."""
        try:
            return self.lock()[1]
        except NotKnown:
            return 0

    def region(self) -> str:
        """Where it is."""
        return self.region_of(self.name)

    def region_of(self, bucket: str) -> str:
        """Where a bucket is; the oldest ones say it in words of their own."""
        found = self._ask("get_bucket_location", bucket=bucket).get("LocationConstraint") or "us-east-1"
        return "eu-west-1" if found == "EU" else str(found)

    def ownership(self) -> list[str]:
        """Whose the objects are."""
        answer = self._ask("get_bucket_ownership_controls", none="OwnershipControlsNotFoundError")
        return [rule["ObjectOwnership"] for rule in answer.get("OwnershipControls", {}).get("Rules", [])]

    def is_open_by_acl(self) -> bool:
        """Whether the bucket's access list lets everybody in."""
        grants = self._ask("get_bucket_acl").get("Grants", [])
        return any(str(grant.get("Grantee", {}).get("URI", "")).endswith(EVERYBODY) for grant in grants)

    def statements(self) -> list[dict[str, Any]]:
        """The statements of its policy; none where it has no policy."""
        policy = self._ask("get_bucket_policy", none="NoSuchBucketPolicy").get("Policy")
        found = json.loads(policy)["Statement"] if policy else []
        return found if isinstance(found, list) else [found]

    def encryptions(self) -> list[str]:
        """By what it encrypts objects that name no encryption."""
        answer = self._ask("get_bucket_encryption", none="ServerSideEncryptionConfigurationNotFoundError")
        rules = answer.get("ServerSideEncryptionConfiguration", {}).get("Rules", [])
        return [rule.get("ApplyServerSideEncryptionByDefault", {}).get("SSEAlgorithm", "") for rule in rules]

    def lifecycle(self) -> list[dict[str, Any]]:
        """The rules by which it deletes by itself, those that are switched on."""
        answer = self._ask("get_bucket_lifecycle_configuration", none="NoSuchLifecycleConfiguration")
        return [rule for rule in answer.get("Rules", []) if rule.get("Status") == "Enabled"]

    def cors(self) -> list[dict[str, Any]]:
        """What pages of which sites may do with it."""
        return list(self._ask("get_bucket_cors", none="NoSuchCORSConfiguration").get("CORSRules", []))

    def copied_to(self) -> list[str]:
        """The names of the buckets to which it is copied."""
        answer = self._ask("get_bucket_replication", none="ReplicationConfigurationNotFoundError")
        rules = answer.get("ReplicationConfiguration", {}).get("Rules", [])
        return [rule["Destination"]["Bucket"].rpartition(":")[2] for rule in rules if rule.get("Status") == "Enabled"]

    def _ask(self, question: str, *, none: str = "", bucket: str = "") -> dict[str, Any]:
        """One question; the answer that nothing is set up is an empty one."""
        try:
            answer: dict[str, Any] = getattr(self._client, question)(Bucket=bucket or self.name)
        except (BotoCoreError, ClientError) as error:
            if none and _code(error) == none:
                return {}
            raise (NotKnown if _code(error) in UNKNOWN_TO_SERVICE else Unanswered)(_code(error)) from error
        return answer

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
