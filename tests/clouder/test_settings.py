"""What every answer of a production installation carries, and whom the portal believes (S17, S18, S29, S33, S35)."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.checks import run_checks
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import translation

from accounts.enums import LinkPurpose
from accounts.models import User
from accounts.services.links import create_link, start_session
from candidates.models import Position
from common.network import client_address
from mailing.models import OutboxEmail
from tests.clouder.production import HOST, production, production_settings
from tests.factories import people

__all__ = ["production"]

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("production")]

CSP = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "object-src": "'none'",
    "frame-ancestors": "'none'",
}
HEADERS = {
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains; preload",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), geolocation=(), interest-cohort=(), microphone=(), payment=(), usb=()",
}
SAMPLES = {"slug": "backend-developer", "token": "t" * 43}


@pytest.fixture(autouse=True)
def _now(at: datetime) -> Iterator[None]:
    with time_machine.travel(at, tick=False):
        yield


def in_step(seconds: int = 0) -> Any:
    """As if this machine's clock were so many seconds apart from the database's, which nobody shifts."""
    real = time_machine.escape_hatch.datetime.datetime.now(UTC)
    return time_machine.travel(real + timedelta(seconds=seconds), tick=False)


@pytest.fixture
def browser() -> Client:
    """A visitor over TLS, at the portal's own address."""
    return Client(headers={"host": HOST})


def get(browser: Client, path: str, **headers: str) -> HttpResponse:
    response: Any = browser.get(path, secure=True, headers=headers)
    return response  # type: ignore[no-any-return]


def public_patterns(resolver: URLResolver, *namespaces: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The name and sample arguments of every address outside the admin."""
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            if entry.namespace != "admin":
                yield from public_patterns(entry, *namespaces, *([entry.namespace] if entry.namespace else []))
        else:
            assert isinstance(entry, URLPattern)
            names = entry.pattern.converters
            assert entry.name, entry
            yield ":".join([*namespaces, entry.name]), {name: SAMPLES.get(name, uuid4()) for name in names}


def public_paths() -> list[str]:
    """Every address outside the admin in both languages, and the admin's sign-in."""
    paths = {"/admin/login/", "/en/nothing-here/"}
    for language in ("en", "fi"):
        with translation.override(language):
            paths |= {reverse(name, kwargs=kwargs) for name, kwargs in public_patterns(get_resolver())}
    return sorted(paths)


def assert_headers(response: HttpResponse, path: str) -> None:
    assert {name: response.headers.get(name) for name in HEADERS} == HEADERS, path
    directives = [part.strip().split(" ", 1) for part in response.headers["Content-Security-Policy"].split(";")]
    assert dict(directives) == CSP, path
    assert "Server" not in response.headers
    assert "X-Powered-By" not in response.headers
    for cookie in response.cookies.values():
        assert cookie.key.startswith("__Host-"), (path, cookie.key)
        assert (cookie["secure"], cookie["path"], cookie["domain"]) == (True, "/", ""), (path, cookie.key)
        if cookie.value:
            assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax"), (path, cookie.key)


def test_every_public_answer_carries_the_headers(browser: Client, position: Position) -> None:
    paths = public_paths()
    assert {"/", "/healthz", "/en/", "/fi/hae/", "/en/positions/backend-developer/apply/", "/fi/omat-tiedot/"} < set(
        paths
    )
    statuses = {}
    for path in paths:
        response = get(browser, path)
        statuses[path] = response.status_code
        assert_headers(response, path)
        assert "no-store" in response.headers["Cache-Control"], path
    # The tests' clock stands still, and the database's goes on.
    assert {path for path, code in statuses.items() if code >= 500} == {"/readyz"}
    assert statuses["/admin/login/"] == statuses["/en/"] == 200
    assert statuses["/en/nothing-here/"] == 404


def test_staff_pages_carry_the_headers_and_stay_in_no_cache(browser: Client, recruiter: User, at: datetime) -> None:
    candidate = people.application(at).candidate
    signed_in = browser.post("/admin/login/", {"username": recruiter.email, "password": people.PASSWORD}, secure=True)
    assert_headers(signed_in, "/admin/login/")
    assert "__Host-session" in signed_in.cookies
    for path in ("/admin/", f"/admin/candidates/candidate/{candidate.pk}/change/", "/admin/password_change/"):
        response = get(browser, path)
        assert response.status_code == 200, path
        assert_headers(response, path)
        assert "no-store" in response.headers["Cache-Control"]
        assert response.headers["X-Robots-Tag"] == "noindex, nofollow"


def test_my_data_carries_the_headers_and_its_cookie_is_safe(browser: Client, at: datetime) -> None:
    application = people.application(at)
    address = application.candidate.address
    token = create_link(
        LinkPurpose.SIGN_IN, address=address, language="en", lifetime=settings.SIGN_IN_LINK_LIFETIME, at=at
    )
    signed_in = browser.post(f"/en/my-data/link/{token}/", secure=True)
    assert_headers(signed_in, "link")
    assert "__Host-mydata" in signed_in.cookies
    page = get(browser, "/en/my-data/")
    assert page.status_code == 200
    assert_headers(page, "/en/my-data/")
    assert "no-store" in page.headers["Cache-Control"]
    assert page.headers["X-Robots-Tag"] == "noindex, nofollow"
    signed_out = browser.post("/en/my-data/sign-out/", secure=True)
    assert_headers(signed_out, "sign-out")


def test_an_act_of_my_data_leaves_its_message_in_a_safe_cookie(browser: Client, at: datetime) -> None:
    application = people.application(at)
    browser.cookies[settings.PORTAL_COOKIE_NAME] = start_session(application.candidate.address, at=at)
    acted = browser.post(f"/en/my-data/withdraw/{application.pk}/", secure=True)
    assert_headers(acted, "withdraw")
    assert "__Host-messages" in acted.cookies


@pytest.mark.parametrize("method", ["trace", "put", "delete", "patch"])
def test_only_the_methods_of_a_page_are_answered(browser: Client, method: str) -> None:
    # Django's sign-in takes PUT for POST, with all the checks of a POST.
    for path in set(public_paths()) - ({"/admin/login/"} if method == "put" else set()):
        response = browser.generic(method.upper(), path, secure=True)
        assert response.status_code in {301, 302, 403, 404, 405}, (path, response.status_code)


def test_plain_http_is_sent_to_tls(browser: Client) -> None:
    response = browser.get("/en/cookies/?a=1")
    assert (response.status_code, response.headers["Location"]) == (301, f"https://{HOST}/en/cookies/?a=1")
    with in_step():
        assert browser.get("/healthz").status_code == browser.get("/readyz").status_code == 200


# --- whom the portal believes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    ["evil.example.net", f"{HOST}.evil.example.net", f"evil.{HOST}", f"{HOST}@evil.example.net", "127.0.0.1", "a b"],
)
def test_a_strange_host_is_refused(browser: Client, host: str) -> None:
    for path in ("/", "/en/", "/admin/login/", "/en/my-data/sign-in/", "/healthz"):
        response = get(browser, path, host=host)
        assert response.status_code == 400, path
        assert_headers(response, path)
        assert "evil" not in response.content.decode()


def test_a_forwarded_host_is_not_believed(browser: Client, position: Position) -> None:
    for name in ("X-Forwarded-Host", "Forwarded", "X-Host", "X-Original-URL", "X-Rewrite-URL"):
        for path in ("/", "/en/", "/admin/login/"):
            response = get(browser, path, **{name: "host=evil.example.net"})
            assert response.status_code in {200, 302}, path
            assert "evil" not in response.content.decode() + response.headers.get("Location", "")


def test_mail_links_begin_with_the_site_whatever_the_request_says(browser: Client, at: datetime) -> None:
    people.application(at)
    OutboxEmail.objects.all().delete()
    sent = browser.post(
        "/en/my-data/sign-in/",
        {"email": "aino@example.org"},
        secure=True,
        headers={"X-Forwarded-Host": "evil.example.net", "Origin": "null", "Sec-Fetch-Site": "same-origin"},
    )
    assert sent.status_code == 200
    from mailing.services import render

    message = render(OutboxEmail.objects.get())
    text = str(message.message())
    assert f"https://{HOST}/en/my-data/link/" in text
    assert "evil" not in text


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "", "192.0.2.1"),
        (0, "203.0.113.9", "192.0.2.1"),
        (1, "", "192.0.2.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "198.51.100.7, 203.0.113.9", "203.0.113.9"),
        (2, "198.51.100.7, 203.0.113.9", "198.51.100.7"),
        (2, "10.0.0.1, 198.51.100.7, 203.0.113.9", "198.51.100.7"),
        (2, "203.0.113.9", "203.0.113.9"),
    ],
)
def test_only_the_proxies_of_the_settings_say_where_a_request_comes_from(
    settings: Any, proxies: int, forwarded: str, address: str
) -> None:
    settings.TRUSTED_PROXIES = proxies
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    request = RequestFactory(REMOTE_ADDR="192.0.2.1").get("/", headers=headers)
    assert client_address(request) == address


def test_the_forwarded_scheme_counts_behind_a_proxy_only(browser: Client) -> None:
    assert browser.get("/en/", headers={"X-Forwarded-Proto": "https"}).status_code == 200
    assert browser.get("/en/", headers={"X-Forwarded-Proto": "http"}).status_code == 301
    assert production_settings()["SECURE_PROXY_SSL_HEADER"] == ("HTTP_X_FORWARDED_PROTO", "https")
    assert "SECURE_PROXY_SSL_HEADER" not in production_settings(CLOUDER_TRUSTED_PROXIES="0")


def test_no_other_setting_lets_a_header_speak_for_the_host() -> None:
    values = production_settings()
    assert values["ALLOWED_HOSTS"] == [HOST]
    assert not values.get("USE_X_FORWARDED_HOST")
    assert not values.get("USE_X_FORWARDED_PORT")
    assert values["DEBUG"] is False


# --- forms from elsewhere --------------------------------------------------------------------------------------------

OWN = {"Origin": "null", "Sec-Fetch-Site": "same-origin"}


def sign_in(*, has_token: bool = True, **headers: str) -> HttpResponse:
    """Send the admin's sign-in form with a wrong password, as a browser with these headers would."""
    browser = Client(enforce_csrf_checks=True, headers={"host": HOST})
    page = browser.get("/admin/login/", secure=True)
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.content.decode())
    assert found
    data = {"username": "nobody@example.org", "password": "wrong"}
    token = {"csrfmiddlewaretoken": found[1]} if has_token else {}
    response: Any = browser.post("/admin/login/", {**data, **token}, secure=True, headers=headers)
    return response  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    "headers",
    [OWN, {"Origin": f"https://{HOST}"}, {"Origin": f"https://{HOST}", "Sec-Fetch-Site": "same-origin"}],
)
def test_a_form_of_our_own_is_taken(headers: dict[str, str]) -> None:
    assert sign_in(**headers).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "null"},
        {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "null", "Sec-Fetch-Site": "same-site"},
        {"Origin": "null", "Sec-Fetch-Site": "none"},
        {"Origin": "https://evil.example.net"},
        {"Origin": "https://evil.example.net", "Sec-Fetch-Site": "same-origin"},
        {"Origin": f"http://{HOST}"},
    ],
)
def test_a_form_from_elsewhere_is_refused_with_our_page(headers: dict[str, str]) -> None:
    response = sign_in(**headers)
    assert response.status_code == 403
    assert_headers(response, "403")
    assert response.templates[0].name == "errors/csrf.html"  # type: ignore[attr-defined]


def test_a_form_without_its_token_is_refused_with_our_page() -> None:
    response = sign_in(has_token=False, **OWN)
    assert response.status_code == 403
    assert response.templates[0].name == "errors/csrf.html"  # type: ignore[attr-defined]
    assert settings.CONTROLLER["name"] in response.content.decode()


# --- alive and ready -------------------------------------------------------------------------------------------------


def test_alive_asks_for_nothing(browser: Client, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        response = get(browser, "/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})  # type: ignore[attr-defined]


def test_ready_when_migrated(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    with in_step():
        response = get(browser, "/readyz")
        assert (response.status_code, response.json()["migrated"]) == (200, True)  # type: ignore[attr-defined]
        monkeypatch.setattr(MigrationExecutor, "migration_plan", lambda *_: ["one"])
        response = get(browser, "/readyz")
    assert (response.status_code, response.json()["migrated"]) == (503, False)  # type: ignore[attr-defined]


@pytest.mark.parametrize(("seconds", "is_in_step"), [(-50, True), (50, True), (-70, False), (70, False)])
def test_ready_while_the_clock_is_in_step_with_the_databases(browser: Client, seconds: int, is_in_step: bool) -> None:
    with in_step(seconds):
        response = get(browser, "/readyz")
    assert (response.status_code, response.json()["clock"]) == (200 if is_in_step else 503, is_in_step)  # type: ignore[attr-defined]


# --- the rest of the settings ----------------------------------------------------------------------------------------


def test_django_has_nothing_to_say_about_these_settings() -> None:
    found = run_checks(include_deployment_checks=True)
    # The cache of the tests is in memory, and their parts are not production's: test_checks.py has those.
    assert [message.id for message in found if not str(message.id).startswith(("clouder.", "axes.W001"))] == []
    assert production_settings()["SILENCED_SYSTEM_CHECKS"] == []


def test_every_static_file_that_a_template_names_is_there() -> None:
    names = set()
    for template in (settings.BASE_DIR / "templates").rglob("*.html"):
        names |= set(re.findall(r"""\{% static ["']([^"']+)["'] %\}""", template.read_text(encoding="utf-8")))
    assert "app.css" in names
    assert [name for name in sorted(names) if not finders.find(name)] == []
