"""T8, T21: strangers get nothing from the bucket, and nothing that was deleted stays behind in it."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
import urllib3
from django.core.files.storage import storages

from clouder.embedded import s3
from files import reconcile
from files.samples import pdf
from files.services import purge_owners, purge_staged_files, remaining_objects, signed_link
from tests.factories import people
from tests.parts.servers import Buckets

pytestmark = [pytest.mark.django_db, pytest.mark.s3]

BUCKET = s3.BUCKETS[0]
DAY = timedelta(days=1)


def test_a_stranger_reads_nothing(at: datetime, s3_buckets: Buckets) -> None:
    stored = people.staged(uuid4(), at)
    link = str(signed_link(stored))
    answer = urllib3.request("GET", link)
    assert (answer.status, answer.data) == (200, pdf("A CV"))
    plain = link.partition("?")[0]
    assert plain == f"{s3_buckets.environment['CLOUDER_S3_ENDPOINT']}/{BUCKET}/{stored.key}"
    for method in ("GET", "HEAD"):
        refused = urllib3.request(method, plain)
        assert (refused.status, pdf("A CV") in refused.data) == (403, False), method


def test_every_object_is_written_private_encrypted_and_not_to_be_kept(at: datetime, s3_buckets: Buckets) -> None:
    stored = people.staged(uuid4(), at)
    client = storages["files"]._client  # type: ignore[attr-defined]
    head = client.head_object(Bucket=BUCKET, Key=stored.key)
    assert (head["ServerSideEncryption"], head["CacheControl"]) == ("AES256", "no-store")
    grants = client.get_object_acl(Bucket=BUCKET, Key=stored.key)["Grants"]
    assert [grant["Permission"] for grant in grants] == ["FULL_CONTROL"]
    assert [grant["Grantee"]["Type"] for grant in grants] == ["CanonicalUser"], "its owner, and nobody else"


def test_a_plain_delete_leaves_a_version_and_a_purge_leaves_none(at: datetime, s3_buckets: Buckets) -> None:
    stored, other = people.staged(uuid4(), at), people.staged(uuid4(), at)
    client = storages["files"]._client  # type: ignore[attr-defined]
    client.delete_object(Bucket=BUCKET, Key=stored.key)
    left = [f"marker {stored.key}", f"version {stored.key}"]
    assert s3_buckets.contents(str(stored.owner_ref)) == left, "what a plain delete would have left"
    version = client.list_object_versions(Bucket=BUCKET, Prefix=stored.key)["Versions"][0]["VersionId"]
    assert client.get_object(Bucket=BUCKET, Key=stored.key, VersionId=version)["Body"].read() == pdf("A CV")
    assert remaining_objects([stored.owner_ref]) == 2
    assert purge_owners([stored.owner_ref]) == 2
    assert remaining_objects([stored.owner_ref]) == 0
    assert s3_buckets.contents() == [f"version {other.key}"]


def test_an_unfinished_upload_is_seen_and_ended_with_its_owner(at: datetime, s3_buckets: Buckets) -> None:
    stored, other = people.staged(uuid4(), at), people.staged(uuid4(), at)
    client = storages["files"]._client  # type: ignore[attr-defined]
    for row in (stored, other):
        begun = client.create_multipart_upload(Bucket=BUCKET, Key=f"{row.key}-more")
        part = {"PartNumber": 1, "UploadId": begun["UploadId"]}
        client.upload_part(Bucket=BUCKET, Key=f"{row.key}-more", Body=pdf("A part"), **part)
    mine = str(stored.owner_ref)
    assert s3_buckets.contents(mine) == [f"upload {stored.key}-more", f"version {stored.key}"]
    assert storages["files"].list_keys(mine) == [stored.key], "a list of objects does not show it"  # type: ignore[attr-defined]
    purge_owners([stored.owner_ref])
    assert s3_buckets.contents() == [f"upload {other.key}-more", f"version {other.key}"]


def test_an_unfinished_upload_of_nobody_is_ended_after_a_day(at: datetime, s3_buckets: Buckets) -> None:
    stored = people.staged(uuid4(), at)
    client = storages["files"]._client  # type: ignore[attr-defined]
    client.create_multipart_upload(Bucket=BUCKET, Key=f"{uuid4()}/begun")
    (upload,) = list(storages["files"].list_unfinished())  # type: ignore[attr-defined]
    early, late = upload.begun_at + DAY - timedelta(seconds=1), upload.begun_at + DAY
    assert reconcile.compare(at=early).unfinished.count == 0
    found = reconcile.compare(at=late)
    assert [item.key for item in found.unfinished.first] == [upload.key]
    assert reconcile.repair(found, at=early).unfinished == 1
    assert [item for item in s3_buckets.contents() if item.startswith("upload")] == []
    assert stored.key in storages["files"].list_keys()  # type: ignore[attr-defined]


def test_what_nobody_sent_leaves_no_version_after_24_hours(at: datetime, s3_buckets: Buckets) -> None:
    """By the worker. A rule of the bucket would leave the version for 35 days; see files/bucket_rules.py."""
    stored = people.staged(uuid4(), at)
    assert purge_staged_files(at=at + DAY - timedelta(seconds=1)) == 0
    assert s3_buckets.contents() == [f"version {stored.key}"]
    assert purge_staged_files(at=at + DAY) == 1
    assert s3_buckets.contents() == []
