"""Refusing a request for its body, before anything of it is read."""

from collections.abc import Callable

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.http.request import UnreadablePostError
from django.shortcuts import render

from files.uploads import is_request_too_big

Responder = Callable[[HttpRequest], HttpResponse]


class RequestBodyMiddleware:
    """What is too large, or does not say how large it is, is refused unread, whichever page it was sent to (ASVS
    5.2.1); what breaks off is dropped, with its temporary files.

    nginx sends neither on; this holds where another proxy, or none, stands before the portal. Comes last, so that the
    page is in the visitor's language and nothing before it reads the body.
    """

    def __init__(self, get_response: Responder) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, or say what was too large. Raises BadRequest for a body without a length."""
        if request.META.get("HTTP_TRANSFER_ENCODING") and not request.META.get("CONTENT_LENGTH"):
            raise BadRequest("a body without a length")
        if is_request_too_big(request):
            return render(request, "errors/413.html", {"back_url": request.path}, status=413)
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Nobody is there any more to be answered; what was kept of the upload goes."""
        if not isinstance(exception, UnreadablePostError):
            return None
        for handler in request.upload_handlers:
            handler.upload_interrupted()
        return HttpResponse(status=400)
