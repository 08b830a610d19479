"""What the buckets must be set to, as documents that S3 takes: the one home of these rules.

``files print-policy`` prints them, deploy/s3/ holds them with names to be put in, and ``files doctor`` holds a bucket
against them. Who may use a bucket, and for how long it keeps what, is in docs/how-to/deploy.md.

Unsent files go after 24 hours. A worker deletes them, in all versions, and one rule of the bucket stands behind it:
what browsers send straight to the bucket carries a tag, which it loses when it is copied after the check, so a rule by
age for that tag can only take what nobody took. No such rule is safe for anything else. An unsent and a sent file lie
below the same prefix and differ by their row alone, so a rule by age would delete files that were sent; a tag on what
came through the form would have to go at the moment of sending, which is a row's commit and no request to the bucket.
"""

from typing import Any, Final

Document = dict[str, Any]

NONCURRENT_DAYS: Final = 35
"""How long an overwritten or deleted object can be brought back, unless an erasure took its versions (limits.md)."""
UNFINISHED_DAYS: Final = 1
INCOMING: Final = ("state", "incoming")
"""The tag of what browsers send and nobody has checked yet; nothing that is kept ever has it."""
INCOMING_DAYS: Final = 1
LOCK_DAYS: Final = 35
"""How long nobody can change or delete an entry of the ledger."""
ENCRYPTIONS: Final = ("AES256", "aws:kms", "aws:kms:dsse")
OWNERSHIP: Final = "BucketOwnerEnforced"
"""Access lists count for nothing, and the owner of the bucket owns every object."""

PUBLIC_ACCESS_BLOCK: Final = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
NOT_EU: Final = frozenset({"eu-west-2", "eu-central-2"})
"""London and Zurich, for all their names."""


def is_in_the_eu(region: str) -> bool:
    """Whether a region of Amazon's is in the EU (policy §5)."""
    return region.startswith(("eu-", "eusc-")) and region not in NOT_EU


def public_access_block() -> Document:
    """All four kinds of public access are blocked (T8)."""
    return dict.fromkeys(PUBLIC_ACCESS_BLOCK, True)


def ownership() -> Document:
    """No access list counts (T8)."""
    return {"Rules": [{"ObjectOwnership": OWNERSHIP}]}


def versioning() -> Document:
    """What is overwritten or deleted can be brought back."""
    return {"Status": "Enabled"}


def encryption(algorithm: str) -> Document:
    """Encryption at rest, by default; AES256 or aws:kms."""
    return {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": algorithm}}]}


def tls_only(bucket: str) -> Document:
    """Nothing without TLS, whoever asks."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "NothingWithoutTLS",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        ],
    }


def lifecycle() -> Document:
    """How long the files' bucket keeps what is not current. See above for what is not in it."""
    return {
        "Rules": [
            {
                "ID": f"noncurrent-versions-{NONCURRENT_DAYS}-days-unfinished-uploads-{UNFINISHED_DAYS}-day",
                "Status": "Enabled",
                "Filter": {"Prefix": ""},
                "NoncurrentVersionExpiration": {"NoncurrentDays": NONCURRENT_DAYS},
                "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": UNFINISHED_DAYS},
                "Expiration": {"ExpiredObjectDeleteMarker": True},
            },
            {
                "ID": f"uploads-that-nobody-took-{INCOMING_DAYS}-day",
                "Status": "Enabled",
                "Filter": {"Tag": {"Key": INCOMING[0], "Value": INCOMING[1]}},
                "Expiration": {"Days": INCOMING_DAYS},
                "NoncurrentVersionExpiration": {"NoncurrentDays": INCOMING_DAYS},
            },
        ]
    }


def cors(origin: str) -> Document:
    """What a page of the site may do with the files' bucket: send a form with a file, and nothing else."""
    return {
        "CORSRules": [
            {
                "ID": "the-apply-form-sends-files",
                "AllowedOrigins": [origin],
                "AllowedMethods": ["POST"],
                "MaxAgeSeconds": 3600,
            }
        ]
    }


def object_lock() -> Document:
    """The ledger's entries can be neither changed nor deleted for so long, by nobody."""
    return {
        "ObjectLockEnabled": "Enabled",
        "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": LOCK_DAYS}},
    }


def access(files: str, ledger: str) -> Document:
    """The most that the portal's own credentials need. They cannot delete from the ledger, nor set a bucket up."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Buckets",
                "Effect": "Allow",
                "Action": [
                    "s3:ListBucket",
                    "s3:ListBucketVersions",
                    "s3:ListBucketMultipartUploads",
                    "s3:GetBucketAcl",
                    "s3:GetBucketCORS",
                    "s3:GetBucketLocation",
                    "s3:GetBucketObjectLockConfiguration",
                    "s3:GetBucketOwnershipControls",
                    "s3:GetBucketPolicy",
                    "s3:GetBucketPublicAccessBlock",
                    "s3:GetBucketVersioning",
                    "s3:GetEncryptionConfiguration",
                    "s3:GetLifecycleConfiguration",
                    "s3:GetReplicationConfiguration",
                ],
                "Resource": [f"arn:aws:s3:::{files}", f"arn:aws:s3:::{ledger}"],
            },
            {
                "Sid": "Files",
                "Effect": "Allow",
                "Action": [
                    "s3:GetObject",
                    "s3:GetObjectVersion",
                    "s3:PutObject",
                    "s3:PutObjectTagging",
                    "s3:DeleteObject",
                    "s3:DeleteObjectVersion",
                    "s3:AbortMultipartUpload",
                ],
                "Resource": f"arn:aws:s3:::{files}/*",
            },
            {
                "Sid": "Ledger",
                "Effect": "Allow",
                "Action": ["s3:GetObject", "s3:PutObject"],
                "Resource": f"arn:aws:s3:::{ledger}/*",
            },
        ],
    }


FILES, LEDGER, ONE, ORIGIN = "FILES_BUCKET", "LEDGER_BUCKET", "BUCKET", "SITE"
"""What stands in deploy/s3/ where a name of the installation is to be put in."""


def templates() -> dict[str, Document]:
    """The documents of deploy/s3/, by the names of their files without the suffix."""
    return {
        "access-policy": access(FILES, LEDGER),
        "cors": cors(ORIGIN),
        "encryption": encryption(ENCRYPTIONS[0]),
        "lifecycle": lifecycle(),
        "object-lock": object_lock(),
        "ownership": ownership(),
        "public-access-block": public_access_block(),
        "tls-only-policy": tls_only(ONE),
        "versioning": versioning(),
    }


def documents(files: str, ledger: str, *, origin: str, algorithm: str) -> dict[str, Document]:
    """What ``files print-policy`` prints for two buckets, each document under its title."""
    found: dict[str, Document] = {"access-policy": access(files, ledger), f"cors of {files}": cors(origin)}
    found["encryption"] = encryption(algorithm)
    found[f"lifecycle of {files}"] = lifecycle()
    found[f"object-lock of {ledger}"] = object_lock()
    found |= {"ownership": ownership(), "public-access-block": public_access_block()}
    found |= {f"tls-only-policy of {bucket}": tls_only(bucket) for bucket in (files, ledger)}
    found["versioning"] = versioning()
    return found
