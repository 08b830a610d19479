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
from django.conf import settings
from django.db import connection

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
        """Let it finish its task and end."""
        self.process.terminate()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
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


def worker_environment() -> dict[str, str]:
    """The environment of these tests for a process that knows nothing of tests, on the tests' database."""
    return os.environ | {"DJANGO_SETTINGS_MODULE": "clouder.settings", "DATABASE_URL": database_url()}


def database_url() -> str:
    """The database that this test uses."""
    values = connection.settings_dict
    user, password = quote(values["USER"], safe=""), quote(values["PASSWORD"], safe="")
    host = quote(values["HOST"], safe="")
    return f"postgresql://{user}:{password}@{host}:{values['PORT']}/{values['NAME']}"
