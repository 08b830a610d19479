"""Middleware that belongs to no app."""

import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.cache import add_never_cache_headers

Responder = Callable[[HttpRequest], HttpResponse]

PERSONAL = re.compile(r"^/admin/|^/en/my-data/|^/fi/omat-tiedot/|/(apply|hae)/")


class CsrfMiddleware(CsrfViewMiddleware):
    """Django's CSRF check on a site that sends no referrer at all.

    Under ``Referrer-Policy: no-referrer`` a browser sends ``Origin: null`` with its own site's forms, which Django
    takes for a stranger's. ``Sec-Fetch-Site`` is set by the browser alone and says which it was; the token is checked
    as ever.
    """

    def _origin_verified(self, request: HttpRequest) -> bool:
        if request.headers.get("Origin") == "null" and request.headers.get("Sec-Fetch-Site") == "same-origin":
            return True
        verified: bool = super()._origin_verified(request)  # type: ignore[misc]
        return verified


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
