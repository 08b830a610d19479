"""What holds for every request of a signed-in member of staff."""

from collections.abc import Callable
from datetime import datetime

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from common import clock

Responder = Callable[[HttpRequest], HttpResponse]


class StaffSessionMiddleware:
    """Ends a session after an hour without a request or twelve hours in all (ASVS 7.3.1, 7.3.2)."""

    def __init__(self, get_response: Responder) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request, signed out if a limit has passed."""
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated:
            self._enforce(request, clock.now())
        return self.get_response(request)

    def _enforce(self, request: HttpRequest, at: datetime) -> None:
        seconds = int(at.timestamp())
        started = request.session.setdefault("started", seconds)
        seen = request.session.get("seen", seconds)
        idle, absolute = settings.STAFF_SESSION_IDLE, settings.STAFF_SESSION_ABSOLUTE
        if seconds - seen >= idle.total_seconds() or seconds - started >= absolute.total_seconds():
            logout(request)
        elif seconds - seen >= 60 or "seen" not in request.session:
            request.session["seen"] = seconds


class StaffLanguageMiddleware:
    """The admin speaks the language that the user chose, whatever the browser asks for."""

    def __init__(self, get_response: Responder) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request in the user's language."""
        if request.path.startswith("/admin/") and request.user.is_authenticated:
            translation.activate(request.user.language)
            request.LANGUAGE_CODE = request.user.language
        return self.get_response(request)
