"""Redis, an S3 server, a virus scanner and Chromium, each started once for a run of the tests, on a port of its own."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import uuid4

import pytest
import urllib3
from django.core.files.storage import storages
from pytest_django import Settings

from clouder import settings as real_settings
from clouder.embedded import redis, s3
from clouder.embedded.processes import Server
from files.storage_s3 import S3ObjectStorage
from tests.parts.availability import CHROMIUM, require
from tests.parts.scanner import Clamd

ServerOfAKind = TypeVar("ServerOfAKind", bound=Server)
CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


@contextmanager
def running(server: ServerOfAKind) -> Iterator[ServerOfAKind]:
    """Start a server, wait until it is ready, and stop it at the end, however that comes."""
    server.launch()
    try:
        server.wait_ready()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[redis.Redis]:
    """Debian's Redis; ``url(n)`` is its database n."""
    require("redis")
    with running(redis.Redis(tmp_path_factory.mktemp("redis"), uuid4().hex, redis.locate())) as server:
        yield server


@dataclass(frozen=True)
class S3:
    """The S3 server, and clients of its two buckets by alias: making one takes longer than most tests."""

    server: s3.S3
    settings: dict[str, Any]
    stores: dict[str, S3ObjectStorage]


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3]:
    """moto's server; a test takes ``s3_buckets``, which empties it and leads Django to it."""
    require("s3")
    with running(s3.S3(tmp_path_factory.mktemp("s3"))) as server, pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setitem(real_settings.ENV, "CLOUDER_S3_ENDPOINT", server.endpoint)
        monkeypatch.setitem(real_settings.ENV, "CLOUDER_S3_REGION", s3.REGION)
        for name in CREDENTIALS:
            monkeypatch.setenv(name, s3.CREDENTIAL)
        aliases = zip(("files", "ledger"), s3.BUCKETS, strict=True)
        settings = {alias: real_settings._storage(bucket, None) for alias, bucket in aliases}
        yield S3(server, settings, {alias: storages.create_storage(value) for alias, value in settings.items()})


@dataclass(frozen=True)
class Buckets:
    """The two buckets of one test, and the environment by which another process reaches them."""

    environment: dict[str, str]

    def contents(self, prefix: str = "") -> list[str]:
        """What is in the files' bucket: versions, delete markers and unfinished uploads, each marked."""
        client, where = storages["files"]._client, {"Bucket": s3.BUCKETS[0], "Prefix": prefix}
        found = []
        for page in client.get_paginator("list_object_versions").paginate(**where):
            found += [f"version {item['Key']}" for item in page.get("Versions", [])]
            found += [f"marker {item['Key']}" for item in page.get("DeleteMarkers", [])]
        for page in client.get_paginator("list_multipart_uploads").paginate(**where):
            found += [f"upload {item['Key']}" for item in page.get("Uploads", [])]
        return sorted(found)


@pytest.fixture
def s3_buckets(s3_server: S3, settings: Settings) -> Buckets:
    """Two empty versioned buckets, which Django's aliases "files" and "ledger" lead to for the length of the test."""
    urllib3.request("POST", f"{s3_server.server.endpoint}/moto-api/reset")
    s3_server.server.create_buckets()
    settings.STORAGES = settings.STORAGES | s3_server.settings
    storages._storages.update(s3_server.stores)  # type: ignore[attr-defined]
    files, ledger = s3.BUCKETS
    named = {"CLOUDER_FILES_BUCKET": files, "CLOUDER_LEDGER_BUCKET": ledger, "CLOUDER_S3_REGION": s3.REGION}
    credentials = dict.fromkeys(CREDENTIALS, s3.CREDENTIAL)
    return Buckets({"CLOUDER_S3_ENDPOINT": s3_server.server.endpoint, **named, **credentials})


@pytest.fixture(scope="session")
def clamd_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clamd]:
    """clamd, which finds EICAR and nothing else; a test leads Django to it by ``settings.CLAMD_ADDRESS``."""
    require("clamd")
    with running(Clamd(tmp_path_factory.mktemp("clamd"))) as server:
        yield server


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of Chromium."""
    require("browser")
    return next(path for path in map(shutil.which, CHROMIUM) if path)
