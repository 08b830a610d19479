"""A real Celery worker: a child process with an environment of its own, as ``celery -A clouder worker`` starts it.

It sees committed rows only, so its tests need ``transactional_db``.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

import pytest
import redis
from celery import current_app
from django.conf import settings
from django.db import connection

from clouder.celery import REDIS
from clouder.embedded.redis import Redis

# Celery's command line, told by the kernel when the tests die without a word.
CELERY = (
    "import ctypes, sys\n"
    "if sys.platform == 'linux': ctypes.CDLL(None).prctl(1, 15)\n"
    "from celery.__main__ import main\n"
    "sys.exit(main())\n"
)
OPTIONS = ("-P", "solo", "--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "INFO")
SECONDS = 30.0


@dataclass
class Worker:
    """The process and its log."""

    process: "subprocess.Popen[bytes]"
    log: Path

    @property
    def is_alive(self) -> bool:
        """Whether it still runs."""
        return self.process.poll() is None

    def wait_until(self, is_true: Callable[[], Any], what: str) -> None:
        """Return when ``is_true`` is; fail the test, with the end of the log, when it never is."""
        deadline = time.monotonic() + SECONDS
        while not is_true():
            if time.monotonic() > deadline or not self.is_alive:
                pytest.fail(f"{what} did not happen; the worker's log ends:\n{self.log.read_text()[-3_000:]}")
            time.sleep(0.02)

    def stop(self) -> None:
        """End it at once: what it left undone is somebody else's, as ever, and a polite end takes seconds."""
        self.process.kill()
        self.process.wait()


class StartWorker(Protocol):
    """Starts a worker whose environment is that of the tests, with ``environment`` in place of what it names."""

    def __call__(self, **environment: str) -> Worker: ...


@pytest.fixture
def start_worker(transactional_db: None, tmp_path: Path) -> Iterator[StartWorker]:
    """Starts workers; they are stopped before the tables are emptied."""
    started: list[Worker] = []

    def start(**environment: str) -> Worker:
        log = tmp_path / f"worker-{len(started)}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-c", CELERY, "-A", "clouder", "worker", *OPTIONS],
                cwd=settings.BASE_DIR,
                env={**worker_environment(), **environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        started.append(Worker(process, log))
        return started[-1]

    yield start
    for worker in started:
        worker.stop()


@pytest.fixture
def file_broker() -> str:
    """An empty broker of files, to which these tests send and which a worker has by default."""
    for message in (Path(settings.TEST_FOLDER) / "broker" / "messages").glob("*.msg"):
        message.unlink()
    return str(settings.CELERY_BROKER_URL)


@pytest.fixture
def redis_broker(redis_server: Redis, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty Redis, to which these tests send, views included; its URL is for the worker."""
    url = redis_server.url(0)
    client = redis.Redis.from_url(url)
    client.flushall()
    client.close()
    monkeypatch.setitem(current_app.conf, "broker_url", url)
    monkeypatch.setitem(current_app.conf, "broker_transport_options", REDIS)
    monkeypatch.setattr(current_app, "_pool", None)
    monkeypatch.setattr(current_app.amqp, "_producer_pool", None)
    return url


def send(task: str) -> None:
    """Put a task on the queue, as beat does."""
    current_app.send_task(task)


def worker_environment() -> dict[str, str]:
    """The environment of these tests for a process that knows nothing of tests, on the tests' database."""
    return os.environ | {"DJANGO_SETTINGS_MODULE": "clouder.settings", "DATABASE_URL": database_url()}


def database_url() -> str:
    """The database that this test uses."""
    values = connection.settings_dict
    user, password = quote(values["USER"], safe=""), quote(values["PASSWORD"], safe="")
    host = quote(values["HOST"], safe="")
    return f"postgresql://{user}:{password}@{host}:{values['PORT']}/{values['NAME']}"
