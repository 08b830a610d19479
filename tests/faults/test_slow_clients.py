"""F10, G19: clients that are slow, that hang up, or that send too much, before the portal as it is deployed."""

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3
from django.conf import settings

from candidates.models import Application, ApplicationDraft
from files.models import StoredFile
from files.samples import pdf
from tests.parts.nginx import HOST
from tests.parts.site import SECONDS, Answer, Site, StartSite, large_pdf, multipart, wait_until
from tests.parts.slow import SlowClients

pytestmark = [pytest.mark.timeout(180), pytest.mark.usefixtures("position")]

FORM = "/en/positions/backend-developer/apply/"
LOMAKE = "/fi/avoimet-tyopaikat/backend-developer/hae/"
TYPED = {"name": "Aino Esimerkki", "email": "aino@example.org", "github": "github.com/aino"}
PAGES = ("/en/", "/fi/", FORM, "/en/privacy/", "/healthz")
MEMORY = 50_000_000
"""No worker may grow by so many bytes for one request (S02)."""


def head_of(path: str, length: int, kind: str = "application/octet-stream") -> bytes:
    lines = (f"POST {path} HTTP/1.1", f"Host: {HOST}", f"Content-Type: {kind}", f"Content-Length: {length}")
    return "\r\n".join([*lines, "", ""]).encode()


def upload(size: int) -> tuple[bytes, bytes]:
    """The head and the body of a whole application form with a CV, of about this size."""
    body, kind = multipart(TYPED, cv=("cv.pdf", large_pdf(size)))
    return head_of(FORM, len(body), kind), body


def objects() -> list[Path]:
    return [path for path in (Path(settings.TEST_FOLDER) / "files").rglob("*") if path.is_file()]


def rows() -> tuple[int, int, int]:
    return ApplicationDraft.objects.count(), StoredFile.objects.count(), Application.objects.count()


def assert_everybody_else_is_served(site: Site) -> None:
    """Every page is answered within a client's own patience, and so is a form with a file."""
    answers = [site.get(path).status for path in PAGES * 4]
    assert answers == [200] * len(answers)
    body, kind = multipart(TYPED, cv=("cv.pdf", pdf("Of somebody who is not slow")))
    sent = site.send("POST", FORM, body, Content_Type=kind)
    assert (sent.status, sent.headers["Location"]) == (303, f"{FORM}check/")
    assert rows() == (1, 1, 0)


def test_two_hundred_clients_that_send_a_byte_now_and_then(start_site: StartSite) -> None:
    site = start_site()
    with SlowClients(site.nginx) as clients:
        clients.hold(100, f"GET /en/ HTTP/1.1\r\nHost: {HOST}\r\n".encode(), rest=b"X: 1\r\n", sources=1)
        clients.hold(100, head_of(FORM, 1_000_000), rest=b"0", sources=4, first=11)
        assert clients.count_held() == 200
        assert_everybody_else_is_served(site)
        # Whose head of a request never ends is let go of after a while; who still sends a body is not.
        assert sum(client.is_held for client in clients.clients[100:]) == 100


def test_a_hundred_uploads_that_are_half_sent_hold_nobody_up_and_one_goes_on(start_site: StartSite) -> None:
    site = start_site()
    head, body = upload(1_000_000)
    half = len(body) // 2
    with SlowClients(site.nginx) as clients:
        clients.hold(100, head + body[:half])
        wait_until(lambda: site.nginx.kept_bodies() == 100, "nginx keeps what came of the uploads")
        assert_everybody_else_is_served(site)
        assert (clients.count_held(), site.nginx.kept_bodies()) == (100, 100)
        answer = clients.finish(clients.clients[0], body[half:])
        assert answer.startswith(b"HTTP/1.1 303 ")
        assert rows() == (2, 2, 0)
    wait_until(lambda: site.nginx.kept_bodies() == 0, "nginx drops what will not come")
    assert (rows(), len(objects())) == ((2, 2, 0), 2)


def test_whoever_hangs_up_before_the_end_leaves_nothing_in_nginx(start_site: StartSite) -> None:
    site = start_site()
    head, body = upload(1_000_000)
    with SlowClients(site.nginx) as clients:
        clients.hold(1, head + body[: len(body) * 6 // 10])
        wait_until(lambda: site.nginx.kept_bodies() == 1, "nginx keeps what came")
    wait_until(lambda: site.nginx.kept_bodies() == 0, "nginx drops it")
    assert (rows(), objects(), site.gunicorn.temporary()) == ((0, 0, 0), [], [])
    assert_everybody_else_is_served(site)


@pytest.fixture
def straight(start_site: StartSite) -> Iterator[tuple[Site, socket.socket]]:
    """A connection to the portal's own server, past nginx, as behind a proxy that does not wait for the whole."""
    site = start_site()
    with socket.create_connection(("127.0.0.1", site.gunicorn.port), SECONDS) as connection:
        yield site, connection


def test_whoever_hangs_up_before_the_end_leaves_nothing_in_the_portal(straight: tuple[Site, socket.socket]) -> None:
    site, connection = straight
    head, body = upload(1_000_000)
    connection.sendall(head + body[: len(body) * 6 // 10])
    wait_until(lambda: list(site.gunicorn.tmp.glob("*.upload.pdf")), "the portal keeps what came")
    connection.close()
    wait_until(lambda: not site.gunicorn.temporary(), "the portal drops it")
    # The same request whole, which would be told from the one before by nothing but its end.
    assert (rows(), objects()) == ((0, 0, 0), [])
    with socket.create_connection(("127.0.0.1", site.gunicorn.port), SECONDS) as again:
        again.sendall(head + body)
        assert again.recv(100).startswith(b"HTTP/1.1 303 ")
    wait_until(lambda: not site.gunicorn.temporary(), "the portal drops what it has stored")
    assert (rows(), len(objects())) == ((1, 1, 0), 1)
    assert "Traceback" not in site.gunicorn.log.read_text()


def test_a_form_of_more_than_25_mb_gets_a_page_in_the_language_of_the_form(start_site: StartSite) -> None:
    site = start_site()
    answer = site.send("POST", LOMAKE, bytes(settings.REQUEST_MAX_BYTES + 1), Content_Type="multipart/form-data")
    assert (answer.status, answer.headers["Content-Language"]) == (413, "fi")
    assert f'href="{LOMAKE}"' in answer.text
    assert (rows(), objects(), site.gunicorn.temporary()) == ((0, 0, 0), [], [])


def assert_in_both_languages(answer: Answer, status: int, english: str, finnish: str) -> None:
    assert answer.status == status
    assert re.findall(r"<h[12]>(.*?)</h", answer.text) == [english, finnish]
    assert answer.headers.get_all("Content-Security-Policy") is not None
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"


def test_what_nginx_refuses_it_refuses_unread_and_in_words(start_site: StartSite) -> None:
    site = start_site()
    with SlowClients(site.nginx) as clients:
        # Nothing but the head is sent, and the answer comes all the same.
        clients.hold(1, head_of(FORM, 300_000_000))
        answer = clients.finish(clients.clients[0], b"")
    assert answer.startswith(b"HTTP/1.1 413 ")
    too_big = site.send("POST", FORM, bytes(27_300_000), Content_Type="multipart/form-data")
    assert_in_both_languages(too_big, 413, "The files are too large together", "Tiedostot ovat yhdessä liian suuria")
    assert site.get("/_nginx/page.css").headers["Content-Type"] == "text/css"


CHUNK = b"%x\r\n%s\r\n" % (1_000_000, bytes(1_000_000))
CHUNKED = f"POST {FORM} HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: multipart/form-data; boundary=x\r\n"


def send_300_mb(connection: socket.socket, more: str = "") -> bytes:
    """Send 300 MB in chunks, for as long as they are taken; the first line of the answer."""
    connection.sendall(f"{CHUNKED}{more}Transfer-Encoding: chunked\r\n\r\n".encode())
    try:
        for _ in range(300):
            connection.sendall(CHUNK)
        connection.sendall(b"0\r\n\r\n")
    except OSError:
        pass  # it does not want the rest, and has said so
    return connection.recv(1000).partition(b"\r\n")[0]


def test_300_mb_without_a_length_are_refused_by_nginx(start_site: StartSite) -> None:
    site = start_site()
    before = site.gunicorn.memory()
    plain = socket.create_connection(("127.0.0.1", site.nginx.port), SECONDS)
    with plain, site.nginx.tls().wrap_socket(plain, server_hostname=HOST) as connection:
        assert send_300_mb(connection) == b"HTTP/1.1 413 Request Entity Too Large"
    assert site.gunicorn.memory() - before < MEMORY
    assert (rows(), site.nginx.kept_bodies()) == ((0, 0, 0), 0)


def test_300_mb_without_a_length_are_refused_by_the_portal(straight: tuple[Site, socket.socket]) -> None:
    site, connection = straight
    before = site.gunicorn.memory()
    assert send_300_mb(connection, "X-Forwarded-Proto: https\r\n") == b"HTTP/1.1 400 Bad Request"
    assert site.gunicorn.memory() - before < MEMORY
    assert (rows(), site.gunicorn.temporary()) == ((0, 0, 0), [])


def test_300_mb_with_their_length_are_refused_unread_by_every_page(start_site: StartSite) -> None:
    site = start_site()
    for path in (FORM, f"{FORM}check/", "/en/my-data/sign-in/", "/admin/login/"):
        with socket.create_connection(("127.0.0.1", site.gunicorn.port), SECONDS) as connection:
            connection.sendall(head_of(path, 300_000_000))
            assert connection.recv(100).startswith(b"HTTP/1.1 413 "), path


def test_one_address_has_its_share_and_others_have_theirs(start_site: StartSite) -> None:
    site = start_site()
    with SlowClients(site.nginx) as clients:
        clients.hold(100, head_of(FORM, 1_000_000) + bytes(20_000), sources=1)
        wait_until(lambda: site.nginx.kept_bodies() == 100, "nginx has taken them in")
        refused = site.get("/en/", source="127.0.1.1")
        assert_in_both_languages(refused, 429, "Too much at once from your network", "Verkostasi tulee liikaa kerralla")
        assert site.get("/en/", source="127.0.1.2").status == 200
    wait_until(lambda: site.get("/en/", source="127.0.1.1").status == 200, "its share is free again")


def test_without_the_portal_nginx_says_what_to_do(start_site: StartSite) -> None:
    site = start_site()
    site.gunicorn.stop()
    answer = site.get("/en/")
    assert_in_both_languages(answer, 502, "The site does not answer just now", "Sivusto ei juuri nyt vastaa")


def test_what_nginx_passes_on_and_what_it_writes_down(start_site: StartSite) -> None:
    site = start_site(CLOUDER_DEV="1")
    token = "a" * 40
    answer = site.get(f"/en/my-data/link/{token}/?secret=1")
    assert answer.status == 410
    for name in ("X-Content-Type-Options", "Content-Security-Policy", "Referrer-Policy", "Cache-Control"):
        assert len(answer.headers.get_all(name) or []) == 1, name
    assert (answer.headers["Server"], answer.headers["Content-Encoding"]) == ("nginx", None)
    style = re.findall(r'"(/static/[^"]+\.css)"', site.get("/en/").text)[0]
    assert site.get(style).status == 200
    lines = site.nginx.access_log.read_text().splitlines()
    assert [line.split()[1:4] for line in lines][:2] == [["GET", "/en/my-data", "410"], ["GET", "/en/", "200"]]
    written = site.nginx.access_log.read_text() + site.nginx.error_log.read_text() + site.nginx.log.read_text()
    assert [secret for secret in (token, "secret=1", "127.0.0.1") if secret in written] == []
    plain = urllib3.request("GET", f"http://127.0.0.1:{site.nginx.plain_port}/en/?a=1", redirect=False)
    assert (plain.status, plain.headers["Location"]) == (301, f"https://{HOST}/en/?a=1")
