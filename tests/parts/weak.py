"""Buckets behind a bad network: a server of the test's own, a proxy before it, and clients of little patience."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from botocore.config import Config
from django.core.files.storage import storages
from pytest_django import Settings

from clouder import settings as real_settings
from clouder.embedded import s3
from tests.parts.availability import require
from tests.parts.proxy import Proxy
from tests.parts.servers import CREDENTIALS

IMPATIENT = Config(connect_timeout=1, read_timeout=1, retries={"mode": "standard", "total_max_attempts": 2})


@dataclass
class WeakBuckets:
    """The server and the proxy, whose mode a test sets."""

    server: s3.S3
    proxy: Proxy

    def restart(self) -> None:
        """Start the server anew, empty, as it keeps everything in memory."""
        self.server.launch()
        self.server.wait_ready()
        self.server.create_buckets()
        self.proxy.target = self.server.port


@pytest.fixture
def weak_buckets(
    tmp_path: Path, proxies: list[Proxy], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., WeakBuckets]]:
    """Leads the aliases that it is called with to buckets behind a proxy; the others stay folders."""
    require("s3")
    server = s3.S3(tmp_path)
    server.launch()
    try:
        server.wait_ready()
        server.create_buckets()
        proxies.append(Proxy(server.port))

        def lead(*aliases: str) -> WeakBuckets:
            monkeypatch.setitem(real_settings.ENV, "CLOUDER_S3_ENDPOINT", f"http://127.0.0.1:{proxies[0].port}")
            monkeypatch.setitem(real_settings.ENV, "CLOUDER_S3_REGION", s3.REGION)
            for name in CREDENTIALS:
                monkeypatch.setenv(name, s3.CREDENTIAL)
            buckets = dict(zip(("files", "ledger"), s3.BUCKETS, strict=True))
            settings.STORAGES = settings.STORAGES | {
                alias: real_settings._storage(buckets[alias], None) for alias in aliases
            }
            for alias in aliases:
                store = storages[alias]
                store.client_config = store.client_config.merge(IMPATIENT)  # type: ignore[attr-defined]
            return WeakBuckets(server, proxies[0])

        yield lead
    finally:
        server.stop()
