"""Middleware that belongs to no app."""

import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.cache import add_never_cache_headers

Responder = Callable[[HttpRequest], HttpResponse]

PERSONAL = re.compile(r"^/admin/|^/en/my-data/|^/fi/omat-tiedot/|/(apply|hae)/")


class OriginMiddleware:
    """Says for the browser which site a form came from, on a site that sends no referrer at all.

    Under ``Referrer-Policy: no-referrer`` a browser sends ``Origin: null`` with forms of its own site, which the CSRF
    check takes for those of a stranger. ``Sec-Fetch-Site`` is set by the browser alone and says which it was. The token
    is checked as ever. Stands before Django's CsrfViewMiddleware.
    """

    def __init__(self, get_response: Responder) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, with our own origin put where the browser left it out."""
        meta = request.META
        if meta.get("HTTP_ORIGIN") == "null" and meta.get("HTTP_SEC_FETCH_SITE") == "same-origin":
            meta["HTTP_ORIGIN"] = f"{request.scheme}://{request.get_host()}"
        return self.get_response(request)


class PersonalPagesMiddleware:
    """No cache keeps an answer, unless the view said otherwise; personal pages stay out of search engines
    (policy §9).
    """

    def __init__(self, get_response: Responder) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, with the headers that the path asks for."""
        response = self.get_response(request)
        if "Cache-Control" not in response:
            add_never_cache_headers(response)
            response["Cache-Control"] = "no-store, private"
        if PERSONAL.search(request.path):
            response["X-Robots-Tag"] = "noindex, nofollow"
        return response
