"""T6, G18: a thousand forms from one network against a running site; another network is served as ever meanwhile. S02:
what is too big costs the site no memory.

gunicorn as production runs it, with Redis for the limits; the test is the one proxy that the site trusts.
"""

import http.client
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import pytest
from django.conf import settings

from candidates.models import Application, ApplicationDraft, Position
from clouder.embedded.processes import free_port
from clouder.embedded.redis import Redis
from files.models import StoredFile
from files.samples import pdf
from tests.parts.worker import worker_environment

pytestmark = [pytest.mark.redis, pytest.mark.timeout(300)]

FORM = "/en/positions/backend-developer/apply/"
POSTS, SIDE_BY_SIDE = 1_000, 8
FLOOD, NORMAL, ANOTHER = "203.0.113", "198.51.100.7", "192.0.2.7"
MARGIN = 120.0
"""Seconds: longer than the flood takes."""
FILE = pdf("A CV")


class Visitor:
    """Somebody at one address, behind the proxy; keeps the draft's cookie, and counts its requests."""

    def __init__(self, port: int, address: str) -> None:
        self.port, self.address = port, address
        self.cookie = ""
        self.statuses: list[int] = []

    def send(self, method: str, path: str, body: bytes = b"", content_type: str = "") -> str:
        headers = {"X-Forwarded-For": self.address, "Host": "testserver"}
        headers |= {"Content-Type": content_type} if content_type else {}
        headers |= {"Cookie": self.cookie} if self.cookie else {}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        self.statuses.append(answer.status)
        if cookie := answer.headers.get("Set-Cookie"):
            self.cookie = cookie.partition(";")[0]
        return text

    def apply(self, email: str) -> None:
        """The three screens, with a file."""
        token = re.findall(r'name="token" value="([^"]+)"', self.send("GET", FORM))[0]
        self.send("POST", FORM, *form(token=token, email=email))
        check = self.send("GET", f"{FORM}check/")
        fields = dict(re.findall(r'type="hidden"\s+name="(\w+)"\s+value="([^"]*)"', check))
        time.sleep(3.1)  # a form that is sent sooner was filled in by no human
        body = urlencode({"name": "Aino Esimerkki", "email": email, **fields}).encode()
        self.send("POST", f"{FORM}check/", body, "application/x-www-form-urlencoded")


def form(**fields: str) -> tuple[bytes, str]:
    """A form with a CV, as a browser encodes it."""
    parts = [
        f'--xx\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in {"name": "Aino Esimerkki", **fields}.items()
    ]
    head = b'--xx\r\nContent-Disposition: form-data; name="cv"; filename="cv.pdf"\r\n\r\n'
    return b"".join([*parts, head, FILE, b"\r\n--xx--\r\n"]), "multipart/form-data; boundary=xx"


@dataclass(frozen=True)
class Site:
    """gunicorn with deploy/gunicorn_conf.py, behind one trusted proxy."""

    port: int
    process: "subprocess.Popen[bytes]"

    def memory(self) -> list[int]:
        """The most that each of its workers has held so far; bytes."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        states = [Path(f"/proc/{pid}/status").read_text() for pid in children]
        return [1024 * int(re.findall(r"VmHWM:\s+(\d+) kB", state)[0]) for state in states]


@pytest.fixture
def site(transactional_db: None, redis_server: Redis, tmp_path: Path) -> Iterator[Site]:
    """Running; its workers have each answered something."""
    environment = worker_environment() | {
        "CLOUDER_CACHE_URL": redis_server.url(5),
        "CLOUDER_TRUSTED_PROXIES": "1",
        "WEB_CONCURRENCY": "2",
    }
    port = free_port()
    log = tmp_path / "site.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "--config", "deploy/gunicorn_conf.py", "--bind", f"127.0.0.1:{port}",
             "clouder.wsgi"],
            cwd=settings.BASE_DIR, env=environment, stdout=output, stderr=output,
        )  # fmt: skip
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                Visitor(port, NORMAL).send("GET", "/healthz")
                break
            except OSError:
                assert time.monotonic() < deadline, log.read_text()
                assert process.poll() is None, log.read_text()
                time.sleep(0.1)
        yield Site(port, process)
    finally:
        process.terminate()
        process.wait()


def test_a_flood_is_turned_away_and_nobody_else_notices(site: Site, position: Position) -> None:
    def post(number: int) -> int:
        bot = Visitor(site.port, f"{FLOOD}.{number % 250}")
        bot.send("POST", FORM, *form(email=f"{number}@bot.example"))
        return bot.statuses[0]

    if (left := 3600 - time.time() % 3600) < MARGIN:
        time.sleep(left)  # the next window would let as many in again
    with ThreadPoolExecutor(SIDE_BY_SIDE + 1) as pool:
        normal = Visitor(site.port, NORMAL)
        applied = pool.submit(lambda: [normal.apply(f"aino{number}@example.org") for number in range(3)])
        flood = Counter(pool.map(post, range(POSTS)))
        applied.result()

    drafts = settings.SUBMISSIONS_PER_HOUR_AND_PREFIX
    assert normal.statuses == [200, 303, 200, 303] * 3, "as many requests as without a flood, and each is answered"
    assert Application.objects.count() == 3
    # 422: taken, and told that its file is beyond the quota of the day
    assert flood == {303: settings.FILES_PER_DAY_AND_PREFIX, 422: drafts - settings.FILES_PER_DAY_AND_PREFIX,
                     429: POSTS - drafts}, flood  # fmt: skip
    assert ApplicationDraft.objects.count() == drafts
    assert StoredFile.objects.count() == settings.FILES_PER_DAY_AND_PREFIX + 3


def test_what_is_too_big_is_refused_and_costs_no_memory(site: Site, position: Position) -> None:
    visitor = Visitor(site.port, ANOTHER)
    for _ in range(20):  # the first pages and the first files of each worker cost what they cost
        body, content_type = form(email="nonsense")
        visitor.send("POST", FORM, body, content_type)
    before = site.memory()
    assert len(before) == 2
    too_big, content_type = form(email="aino@example.org")
    too_big = too_big.replace(FILE, FILE + bytes(11_000_000))
    for _ in range(6):
        assert "larger than 10 MB" in visitor.send("POST", FORM, too_big, content_type)
    assert visitor.statuses[-6:] == [422] * 6
    grown = [after - memory for after, memory in zip(site.memory(), before, strict=True)]
    assert max(grown) < 50_000_000, grown

    # 300 MB are refused before they are read: of what is announced nothing needs to be sent.
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=60)
    connection.putrequest("POST", FORM, skip_host=True)
    headers = {"Host": "testserver", "X-Forwarded-For": ANOTHER, "Content-Length": "300000000"}
    for name, value in {**headers, "Content-Type": content_type}.items():
        connection.putheader(name, value)
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()
    assert StoredFile.objects.count() == 20, "the first ones"
