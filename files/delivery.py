"""Handing a stored file to somebody who may have it: after the permission check, as an attachment, of a fixed type."""

from django.http import FileResponse, HttpResponse, HttpResponseRedirect

from files.enums import MEDIA_TYPES, MediaKind
from files.models import StoredFile
from files.services import download_name, open_file, signed_link


def deliver(stored: StoredFile) -> FileResponse | HttpResponse:
    """Answer with a link of 60 seconds to the bucket, or stream a local file without letting a browser run it (T4).

    Raises FileNotFoundError where the store has lost the object.
    """
    link = signed_link(stored)
    if link:
        response: FileResponse | HttpResponse = HttpResponseRedirect(link)
    else:
        response = FileResponse(
            open_file(stored),
            as_attachment=True,
            filename=download_name(stored),
            content_type=MEDIA_TYPES[MediaKind(stored.kind)],
        )
        response["Content-Security-Policy"] = "sandbox; default-src 'none'"
        response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "no-store, private"
    return response


def show(stored: StoredFile) -> FileResponse:
    """Answer with the picture of a page, to stand on a page of ours: streamed, for our pages show no pictures from
    elsewhere (CSP), of a fixed type, and harmless where it is opened by itself (T4).

    Raises FileNotFoundError where the store has lost the object.
    """
    response = FileResponse(open_file(stored), content_type=MEDIA_TYPES[MediaKind(stored.kind)])
    response["Content-Disposition"] = "inline"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "no-store, private"
    return response
