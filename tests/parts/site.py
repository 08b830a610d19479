"""The portal as it is deployed: gunicorn by deploy/gunicorn_conf.py, and before it nginx by deploy/nginx."""

import http.client
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from clouder.embedded.processes import Server, spawn
from files.samples import pdf
from tests.parts.availability import require
from tests.parts.nginx import HOST, Connection, Nginx, children
from tests.parts.worker import worker_environment

CACHE = "clouder_cache"
"""The table of the cache, as CLOUDER_CACHE_URL of the tests names it; the tests themselves have theirs in memory."""
SECONDS = 30.0
"""How long a client waits for an answer before it is none."""


class Gunicorn(Server):
    """The web server on a port of its own, with two processes of four threads each; its temporary files in ``tmp``."""

    name = "gunicorn"

    def __init__(self, folder: Path, tmp: Path, environment: dict[str, str]) -> None:
        super().__init__(folder, "gunicorn.log")
        self.tmp = tmp
        self.environment = environment

    def temporary(self) -> list[Path]:
        """What lies in the folder for temporary files, but for the slots of the checker, which stay."""
        return [path for path in self.tmp.iterdir() if not path.name.startswith("clouder-checks-")]

    def start_process(self) -> "subprocess.Popen[bytes]":
        """Start it as the Procfile does."""
        command = [sys.executable, "-m", "gunicorn", "--config", "deploy/gunicorn_conf.py", "clouder.wsgi"]
        where = f"--bind 127.0.0.1:{self.port} --chdir {settings.BASE_DIR}"
        environment = {**self.environment, "GUNICORN_CMD_ARGS": where, "TMPDIR": str(self.tmp), "WEB_CONCURRENCY": "2"}
        command[4] = str(settings.BASE_DIR / command[4])
        return spawn(command, self.log, env={**environment, "PYTHONPATH": str(settings.BASE_DIR)})

    def is_ready(self) -> bool:
        """Whether its processes answer."""
        if self.process is None or self.process.poll() is not None or len(children(self.process.pid)) < 2:
            return False
        try:
            return self.get("/healthz").status == 200
        except OSError:
            return False

    def get(self, path: str) -> http.client.HTTPResponse:
        """Ask it, past nginx."""
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        try:
            client.request("GET", path, headers={"Host": HOST, "X-Forwarded-Proto": "https"})
            answer = client.getresponse()
            answer.read()
            return answer
        finally:
            client.close()

    def memory(self) -> int:
        """The memory of the process that has most of it, in bytes."""
        assert self.process is not None
        found = []
        for child in children(self.process.pid):
            status = Path(f"/proc/{child}/status").read_text()
            found.append(int(status.partition("VmRSS:")[2].split()[0]) * 1024)
        return max(found)


@dataclass(frozen=True)
class Answer:
    """An answer that was read to its end."""

    status: int
    headers: http.client.HTTPMessage
    text: str


@dataclass(frozen=True)
class Site:
    """Both servers, and an ordinary visitor at an address of this machine."""

    nginx: Nginx
    gunicorn: Gunicorn

    def send(
        self, method: str, path: str, body: bytes | None = None, *, source: str = "127.0.0.1", **headers: str
    ) -> Answer:
        """One request through nginx, answered within SECONDS. Raises OSError otherwise."""
        client = Connection(self.nginx, source=source, timeout=SECONDS)
        try:
            client.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
            answer = client.getresponse()
            return Answer(answer.status, answer.headers, answer.read().decode())
        finally:
            client.close()

    def get(self, path: str, *, source: str = "127.0.0.1") -> Answer:
        """Open a page."""
        return self.send("GET", path, source=source)

    def post(self, path: str, **fields: str) -> Answer:
        """Send a form without files."""
        kind = "application/x-www-form-urlencoded"
        return self.send("POST", path, urlencode(fields).encode(), Content_Type=kind)


class StartSite(Protocol):
    """Starts the portal, with ``tmp`` for its temporary files and variables of its environment in place of others."""

    def __call__(self, tmp: Path | None = None, **environment: str) -> Site: ...


@pytest.fixture
def cache_table(transactional_db: None) -> Iterator[None]:
    """The table of the cache, empty, for other processes."""
    call_command("createcachetable", CACHE)
    yield
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {CACHE}")


def empty_cache_table() -> None:
    """As if nobody had been counted yet."""
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {CACHE}")


@pytest.fixture
def start_site(cache_table: None, tmp_path: Path) -> Iterator[StartSite]:
    """See ``StartSite``; it works on the database and the stores of the tests, and sees committed rows only."""
    require("nginx")
    started: list[Server] = []

    def start(tmp: Path | None = None, **environment: str) -> Site:
        folder = tmp_path / f"site-{len(started)}"
        (folder / "nginx").mkdir(parents=True)
        (folder / "tmp").mkdir()
        wanted = {"CLOUDER_SITE_URL": f"https://{HOST}", "CLOUDER_TRUSTED_PROXIES": "1", **environment}
        gunicorn = Gunicorn(folder, tmp or folder / "tmp", {**worker_environment(), **wanted})
        started.append(gunicorn)
        gunicorn.launch()
        gunicorn.wait_ready()
        nginx = Nginx(folder / "nginx", gunicorn.port)
        started.append(nginx)
        nginx.launch()
        nginx.wait_ready()
        return Site(nginx, gunicorn)

    yield start
    for server in reversed(started):
        server.stop()


def multipart(fields: dict[str, str], **files: tuple[str, bytes]) -> tuple[bytes, str]:
    """The body of a form with files, and its content type."""
    boundary = uuid4().hex
    parts = []
    for name, value in fields.items():
        parts.append(f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode())
    for name, (file_name, content) in files.items():
        head = f'Content-Disposition: form-data; name="{name}"; filename="{file_name}"'
        parts += [f"--{boundary}\r\n{head}\r\nContent-Type: application/pdf\r\n\r\n".encode(), content, b"\r\n"]
    return b"".join([*parts, f"--{boundary}--\r\n".encode()]), f"multipart/form-data; boundary={boundary}"


def large_pdf(size: int) -> bytes:
    """A sound PDF of about so many bytes: a long text."""
    line = "This person can do a great many things, and says so at length. " * 15
    return pdf("\n".join([line[:90]] * (size // 100)))


def wait_until(is_true: Callable[[], object], what: str) -> None:
    """Return when it is so; fail the test when it never is."""
    deadline = time.monotonic() + SECONDS
    while not is_true():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)
