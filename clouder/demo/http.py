"""A small browser for the check: cookies, links, forms as they are served, files. Standard library only.

It sends what a form holds and nothing that the form does not have: a field that is missing on the page fails the check.
"""

import http.client
import secrets
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http.cookiejar import CookieJar
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from clouder.demo.html import Form, Page

TIMEOUT = 30.0
REDIRECTS = (301, 302, 303, 307, 308)
# What a browser sends with a form of a site whose policy is to send no referrer.
POST_HEADERS = {"Origin": "null", "Sec-Fetch-Site": "same-origin"}


class Unexpected(Exception):
    """The portal answered otherwise than it should; the message is one line."""


@dataclass(frozen=True)
class Upload:
    """A file for a file input."""

    name: str
    content: bytes


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Redirects are answers to look at, and followed by hand."""

    def redirect_request(self, *_args: Any, **_kwargs: Any) -> None:
        """Follow nothing."""


class Client:
    """One browser with its cookies, at one site."""

    def __init__(self, base: str) -> None:
        self.base = base
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(CookieJar()), _NoRedirect()
        )

    def get(self, url: str, *, expect: int | tuple[int, ...] = 200) -> Page:
        """Open an address. Raises Unexpected for another status than expected."""
        return self._send(urllib.request.Request(urljoin(self.base, url)), expect)  # noqa: S310 (http alone)

    def follow(self, page: Page, *, expect: int | tuple[int, ...] = 200) -> Page:
        """Go where an answer redirects to."""
        if page.status not in REDIRECTS or not page.location:
            raise Unexpected(f"{_path(page.url)} answered {page.status} where a redirect was expected")
        return self.get(urljoin(page.url, page.location), expect=expect)

    def submit(
        self,
        page: Page,
        form: Form,
        values: Mapping[str, str] | None = None,
        files: Mapping[str, Upload] | None = None,
        *,
        button: str = "",
        expect: int | tuple[int, ...] = REDIRECTS,
    ) -> Page:
        """Send a form of a page with these values over those that it was served with.

        Raises LookupError for a field, file input or button that the form does not have, Unexpected as ``get`` does.
        """
        fields = form.filled(values or {}, button=button)
        uploads = {name: (files or {}).get(name, Upload("", b"")) for name in form.file_inputs}
        if unknown := set(files or {}) - set(uploads):
            raise LookupError(f"the form has no file input {sorted(unknown)}")
        url = urljoin(page.url, form.action or page.url)
        if form.method != "post":
            raise LookupError("the form is not sent by POST")
        if form.is_multipart:
            body, content_type = multipart(fields, uploads)
        else:
            body, content_type = urlencode(fields).encode(), "application/x-www-form-urlencoded"
        headers = {"Content-Type": content_type, **POST_HEADERS}
        return self._send(urllib.request.Request(url, body, headers), expect)  # noqa: S310 (http alone)

    def _send(self, request: urllib.request.Request, expect: int | tuple[int, ...]) -> Page:
        try:
            answer = self._opener.open(request, timeout=TIMEOUT)
        except urllib.error.HTTPError as error:
            answer = error
        except (OSError, http.client.HTTPException) as error:
            raise Unexpected(f"{_path(request.full_url)} did not answer ({type(error).__name__})") from error
        with answer:
            page = Page(request.full_url, int(answer.status or 0), dict(answer.headers.items()), answer.read())
        expected = expect if isinstance(expect, tuple) else (expect,)
        if page.status not in expected:
            said = f": {page.errors[0]}" if page.errors else ""
            wanted = "a redirect" if expected == REDIRECTS else " or ".join(str(status) for status in expected)
            method = request.get_method()
            raise Unexpected(f"{method} {_path(page.url)} answered {page.status}, not {wanted}{said}")
        return page


def multipart(fields: Iterable[tuple[str, str]], files: Mapping[str, Upload]) -> tuple[bytes, str]:
    """The body and content type of a multipart form, as browsers write them."""
    boundary = secrets.token_hex(16)
    parts = []
    for name, value in fields:
        head = f'Content-Disposition: form-data; name="{_quoted(name)}"'
        parts.append(f"--{boundary}\r\n{head}\r\n\r\n{value}\r\n".encode())
    for name, upload in files.items():
        head = f'Content-Disposition: form-data; name="{_quoted(name)}"; filename="{_quoted(upload.name)}"'
        kind = "Content-Type: application/octet-stream"
        parts.append(f"--{boundary}\r\n{head}\r\n{kind}\r\n\r\n".encode() + upload.content + b"\r\n")
    return b"".join(parts) + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


def _quoted(name: str) -> str:
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def _path(url: str) -> str:
    """The path alone, with long tokens cut."""
    return "/".join(part if len(part) <= 40 else f"{part[:8]}…" for part in urlsplit(url).path.split("/"))
