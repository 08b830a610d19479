"""Reading a document in the recruiters' admin, page by page, without opening the original."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import URLPattern, path

from audit.enums import Access
from audit.services import record_access
from candidates.models import Candidate, Document
from candidates.selectors import reading
from common import clock
from common.actors import staff
from common.admin import ReadOnlyAdmin, require
from files.delivery import show
from files.services import open_file


class ReadingViews(ReadOnlyAdmin):
    """The reading view, and the pictures on it. Each look is recorded (R19)."""

    def reading_urls(self) -> list[URLPattern]:
        """Their addresses."""
        wrap = self.admin_site.admin_view
        place = "<uuid:candidate_id>/read/<uuid:document_id>/"
        return [
            path(place, wrap(self.read_view), name="candidates_candidate_read"),
            path(f"{place}<int:number>/", wrap(self.picture_view), name="candidates_candidate_picture"),
        ]

    def read_view(self, request: HttpRequest, candidate_id: UUID, document_id: UUID) -> HttpResponse:
        """The pictures of the pages, and the text."""
        found = self._found(request, candidate_id, document_id)
        context: dict[str, Any] = {
            "title": found.document.get_kind_display(),
            "reading": found,
            "text": _text_of(found),
        }
        return self.page(request, "candidates/reading", context)

    def picture_view(
        self, request: HttpRequest, candidate_id: UUID, document_id: UUID, number: int
    ) -> HttpResponseBase:
        """The picture of one page."""
        found = self._found(request, candidate_id, document_id)
        picture = next((page for page in found.pages if page.page == number), None)
        if picture is None:
            raise Http404
        return show(picture)

    def _found(self, request: HttpRequest, candidate_id: UUID, document_id: UUID) -> reading.Reading:
        require(request, "candidates.view_document")
        at = clock.now()
        try:
            found = reading.reading(candidate_id, document_id, as_of=at)
        except (Candidate.DoesNotExist, Document.DoesNotExist) as error:
            raise Http404 from error
        record_access(
            Access.VIEWED,
            at=at,
            actor=staff(request.user.pk),
            subject_refs=[found.document.candidate_id],
            object_ref=found.document.pk,
        )
        return found


def _text_of(found: reading.Reading) -> str:
    if found.text is None:
        return ""
    with open_file(found.text) as stream:
        return stream.read().decode()
