"""A document to be read without opening it: the pictures of its pages, and its text."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from candidates.models import Candidate, Document
from candidates.selectors.page import readable_documents
from files.enums import FilePart, FileState, MediaKind
from files.models import StoredFile

DRAWN: Final = (MediaKind.PDF, MediaKind.PNG, MediaKind.JPEG)
"""Kinds of which there are pictures; of the others there is a text alone (T3)."""


@dataclass(frozen=True)
class Reading:
    """One document: whose it is, the pictures of its pages in order, and the file of its text where there is one."""

    candidate: Candidate
    document: Document
    pages: list[StoredFile]
    text: StoredFile | None

    @property
    def is_scanned(self) -> bool:
        """Whether the virus scan lets it be shown, or there is none."""
        return self.document.stored_file.is_downloadable

    @property
    def is_waiting(self) -> bool:
        """Whether a worker is still to read it."""
        return not self.pages and self.text is None and self.document.stored_file.read_after is not None

    @property
    def has_more_pages(self) -> bool:
        """Whether the document has more pages than there are pictures; the text knows its last page."""
        return self.text is not None and (self.text.page or 0) > len(self.pages)

    @property
    def is_drawn(self) -> bool:
        """Whether there are pictures of documents of its kind."""
        return self.document.stored_file.kind in DRAWN


def reading(candidate_id: UUID, document_id: UUID, *, as_of: datetime) -> Reading:
    """A document of a person who may be seen, under whichever of their records.

    Raises Candidate.DoesNotExist or Document.DoesNotExist otherwise, as for what does not exist.
    """
    candidate = Candidate.objects.visible(as_of).get(pk=candidate_id)
    document = readable_documents(candidate, as_of=as_of).get(pk=document_id)
    parts = list(
        StoredFile.objects.filter(made_of=document.stored_file_id, state=FileState.ATTACHED).order_by("page", "pk")
    )
    made = Reading(
        candidate,
        document,
        [part for part in parts if part.part == FilePart.PAGE],
        next((part for part in parts if part.part == FilePart.TEXT), None),
    )
    return made if made.is_scanned else Reading(candidate, document, [], None)
