"""Other people's requests while 100 slow uploads are held, beside the same site idle (goal 8).

The portal as it is deployed: gunicorn with its eight threads behind nginx with the configuration of deploy/nginx, over
TLS. Each upload has sent half of a CV and sends no more. A request is a page, opened over a connection of its own.
"""

import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from benchmarks import _report as report

UPLOADS = 100
PAGES = ("/en/", "/en/positions/backend-developer/", "/en/positions/backend-developer/apply/", "/fi/")
ROUNDS, REQUESTS = 10, 100
GOAL = 2.0
BODY = 1_000_000


@contextmanager
def _site() -> Iterator[Any]:
    """Both servers, on the database that is there, with its open position."""
    from django.core.management import call_command

    from tests.parts.nginx import HOST, Nginx
    from tests.parts.site import CACHE, Gunicorn, Site
    from tests.parts.worker import worker_environment

    call_command("createcachetable", CACHE)
    environment = {"CLOUDER_SITE_URL": f"https://{HOST}", "CLOUDER_TRUSTED_PROXIES": "1"}
    with tempfile.TemporaryDirectory(prefix="clouder-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        gunicorn = Gunicorn(folder, folder, {**worker_environment(), **environment})
        stack.callback(gunicorn.stop)
        gunicorn.launch()
        gunicorn.wait_ready()
        nginx = Nginx(folder, gunicorn.port)
        stack.callback(nginx.stop)
        nginx.launch()
        nginx.wait_ready()
        yield Site(nginx, gunicorn)


def _requests(site: Any, count: int) -> list[float]:
    """Seconds of each of so many requests, made one after the other."""
    found = []
    for number in range(count):
        began = time.perf_counter()
        status = site.get(PAGES[number % len(PAGES)]).status
        found.append(time.perf_counter() - began)
        assert status == 200
    return found


def _held(site: Any, count: int) -> list[float]:
    """The same while the slow uploads are held, from before the first to after the last."""
    from tests.parts.nginx import HOST
    from tests.parts.slow import SlowClients

    head = f"POST {PAGES[2]} HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: multipart/form-data; boundary=x\r\n"
    with SlowClients(site.nginx) as clients:
        clients.hold(UPLOADS, f"{head}Content-Length: {BODY}\r\n\r\n".encode() + bytes(BODY // 2))
        while site.nginx.kept_bodies() < UPLOADS:
            time.sleep(0.02)
        found = _requests(site, count)
        assert (clients.count_held(), site.nginx.kept_bodies()) == (UPLOADS, UPLOADS)
    while site.nginx.kept_bodies():
        time.sleep(0.02)
    return found


def _p95(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)]


def measure(quick: bool) -> dict[str, float]:
    """Run both sides in turn and print a table; ``idle_vs_100_slow`` is the ratio of the two p95."""
    rounds, count = (2, 20) if quick else (ROUNDS, REQUESTS)
    idle: list[float] = []
    slow: list[float] = []
    with _site() as site:
        _requests(site, 20)  # every process has served a page before
        for _ in range(rounds):
            idle += _requests(site, count)
            slow += _held(site, count)
    report.table([("idle", idle), (f"{UPLOADS} slow uploads held", slow)])
    print(f"p95: {_p95(idle) * 1000:.1f} ms idle, {_p95(slow) * 1000:.1f} ms with {UPLOADS} uploads held")
    return {"idle_vs_100_slow": _p95(slow) / _p95(idle)}
