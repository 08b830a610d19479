"""Handing a stored file to somebody who may have it: after the permission check, as an attachment, of a fixed type.

A file that waits for the virus scan, or in which something was found, is handed to nobody, its owner included
(ASVS 5.4.3).
"""

from typing import Any

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from files.enums import MEDIA_TYPES, MediaKind
from files.errors import NotHandedOut
from files.models import StoredFile
from files.services import download_name, open_file, signed_link


def check_deliverable(stored: StoredFile) -> None:
    """Raise NotHandedOut unless this file may be handed out now; what was made of a file follows its original."""
    original = StoredFile.objects.filter(pk=stored.made_of).first() if stored.made_of else stored
    if original is None or not (stored.is_downloadable and original.is_downloadable):
        raise NotHandedOut(is_waiting=original is not None and original.waits_for_scan)


def deliver(stored: StoredFile) -> FileResponse | HttpResponse:
    """Answer with a link of 60 seconds to the bucket, or stream a local file without letting a browser run it (T4).

    Raises NotHandedOut for a file that nobody may have now, FileNotFoundError where the store has lost the object.
    """
    check_deliverable(stored)
    link = signed_link(stored)
    if not link:
        return _streamed(stored, as_attachment=True, filename=download_name(stored))
    response = HttpResponseRedirect(link)
    response["Cache-Control"] = "no-store, private"
    return response


def not_handed_out(request: HttpRequest, refused: NotHandedOut) -> HttpResponse:
    """Say that the file is being scanned (409). Raises Http404 for one that will never be handed out."""
    if not refused.is_waiting:
        raise Http404
    response = render(request, "files/being_scanned.html", status=409)
    response["Cache-Control"] = "no-store, private"
    return response


def show(stored: StoredFile) -> FileResponse:
    """Answer with the picture of a page, to stand on a page of ours: streamed, for our pages show no pictures from
    elsewhere (CSP), of a fixed type, and harmless where it is opened by itself (T4).

    Raises FileNotFoundError where the store has lost the object.
    """
    response = _streamed(stored)
    response["Content-Disposition"] = "inline"
    return response


def _streamed(stored: StoredFile, **options: Any) -> FileResponse:
    """The object through the portal, of a fixed type; no browser runs it, whatever it is (T4)."""
    response = FileResponse(open_file(stored), content_type=MEDIA_TYPES[MediaKind(stored.kind)], **options)
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "no-store, private"
    return response
