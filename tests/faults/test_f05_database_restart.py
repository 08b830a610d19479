"""F05: PostgreSQL is restarted without warning while a few hundred people are erased."""

import json
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.files.storage import storages

from clouder.embedded.postgres import Postgres, locate
from tests.parts.forks import StartForks, take

COUNT, SIZE = 200, 5
CROWD = "tests.parts.crowd"
RESTARTS = 3
SECONDS = 60.0

pytestmark = pytest.mark.timeout(300)


class Cluster(Postgres):
    """A PostgreSQL of the test's own, one that keeps its word about what was committed."""

    def restart_immediately(self) -> None:
        """``pg_ctl restart -m immediate``: every session is cut off, and the log is read when it starts again."""
        assert self.process is not None
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(30)
        self.process = self.start_process()
        self.wait_ready()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """See ``Cluster``."""
    folder = tmp_path / "cluster"
    folder.mkdir()
    server = Cluster(folder, programs=locate(), password=uuid4().hex)
    try:
        server.start()
        yield server
    finally:
        server.stop()


def wait_for_entries(number: int) -> None:
    """Return when the ledger has so many, by which one sees from outside how far the worker is."""
    folder = Path(settings.TEST_FOLDER) / "ledger"
    deadline = time.monotonic() + SECONDS
    while not folder.exists() or len(list(folder.glob("**/*.json"))) < number:
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_a_database_that_is_restarted_leaves_nothing_half_done(
    at: datetime, cluster: Cluster, start_forks: StartForks
) -> None:
    forks = start_forks(DATABASE_URL=cluster.url)
    assert take(forks.call(CROWD, "gather", count=COUNT, at=at.isoformat()), forks) == [str(COUNT)]
    assert len(storages["files"].list_keys()) == COUNT  # type: ignore[attr-defined]
    batches = COUNT // SIZE

    with ThreadPoolExecutor(1) as pool:
        erasing = pool.submit(forks.call, CROWD, "disperse", at=at.isoformat(), size=SIZE)
        for number in range(1, RESTARTS + 1):
            wait_for_entries(number * batches // 3)  # of two for each batch
            cluster.restart_immediately()
        said = take(erasing.result(SECONDS), forks)

    assert said[-1] == "done"
    assert said[:-1] == ["broken", "0"] * ((len(said) - 1) // 2)
    assert 0 < len(said) - 1 <= 2 * RESTARTS
    (found,) = take(forks.call(CROWD, "look"), forks)
    assert json.loads(found) == {
        "people": 0,
        "files": 0,
        "completed": [[1, COUNT]],
        "erased": [[1, COUNT]],
        "told": COUNT,
        "ledger": [],
    }
    assert storages["files"].list_keys() == []  # type: ignore[attr-defined]
