r"""Makes the two buckets of an installation as docs/how-to/deploy.md says, from the documents in this folder.

    .venv/bin/python deploy/s3/make_buckets.py --files NAME --ledger NAME --region eu-north-1 \
      --site https://careers.example.org

Run it with credentials that may make buckets, which the portal's own need not be. Run again, it sets the same again.
"""  # noqa: INP001 (no package: it is run as a file)

import argparse
import contextlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

FOLDER = Path(__file__).resolve().parent


def document(name: str, bucket: str = "", site: str = "") -> Any:
    """One of the documents of this folder, for a bucket and for the origin of the site."""
    text = (FOLDER / f"{name}.json").read_text(encoding="utf-8")
    return json.loads(text.replace("BUCKET", bucket).replace("SITE", site))


def make_bucket(client: "S3Client", bucket: str, region: Any, *, is_ledger: bool, site: str = "") -> None:
    """Make one bucket, where it is not there yet, and set what it must be set to. Browsers may send files to that of
    the files from the pages of ``site``, where one is given.
    """
    place: Any = {"LocationConstraint": region}
    with contextlib.suppress(client.exceptions.BucketAlreadyOwnedByYou):
        client.create_bucket(Bucket=bucket, CreateBucketConfiguration=place, ObjectLockEnabledForBucket=is_ledger)
    client.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=document("public-access-block"))
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=document("versioning"))
    client.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=document("encryption"))
    if client.meta.endpoint_url.startswith("https://"):  # else this is a test on one machine
        client.put_bucket_policy(Bucket=bucket, Policy=json.dumps(document("tls-only-policy", bucket)))
    if is_ledger:
        client.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration=document("object-lock"))
    else:
        client.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration=document("lifecycle"))
        if site:
            client.put_bucket_cors(Bucket=bucket, CORSConfiguration=document("cors", site=site))


def main() -> None:
    """Make both buckets of the command line."""
    parser = argparse.ArgumentParser(description="Makes the bucket of candidates' files and that of the ledger.")
    parser.add_argument("--files", required=True, metavar="NAME", help="the bucket of candidates' files")
    parser.add_argument("--ledger", required=True, metavar="NAME", help="the bucket of the erasure ledger")
    parser.add_argument("--region", default="eu-north-1")
    parser.add_argument("--site", default="", metavar="URL", help="CLOUDER_SITE_URL: browsers send files from there")
    parser.add_argument("--endpoint", help="the address of another S3 service than Amazon's")
    options = parser.parse_args()
    if options.files == options.ledger:
        parser.error("the ledger needs a bucket of its own")
    try:
        client = boto3.client("s3", region_name=options.region, endpoint_url=options.endpoint)
        for name in ("files", "ledger"):
            bucket = getattr(options, name)
            site = options.site.rstrip("/")
            make_bucket(client, bucket, options.region, is_ledger=name == "ledger", site=site)
            print(f"{bucket} is ready for the {name}.")  # noqa: T201
    except (BotoCoreError, ClientError) as error:
        sys.exit(f"The bucket could not be made: {error}")


if __name__ == "__main__":
    main()
