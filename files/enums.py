"""The kinds of file that we take, the states of a stored file, and the reasons for which a file is refused."""

from typing import Final

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class MediaKind(TextChoices):
    """What a document is, found by opening it; never what its name says."""

    PDF = "PDF", _("PDF")
    DOCX = "DOCX", _("Word document (DOCX)")
    ODT = "ODT", _("OpenDocument text (ODT)")


MEDIA_TYPES: Final[dict[MediaKind, str]] = {
    MediaKind.PDF: "application/pdf",
    MediaKind.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    MediaKind.ODT: "application/vnd.oasis.opendocument.text",
}
"""The type under which each kind is stored and served, whatever the browser declared (ASVS 5.2.2)."""

SUFFIXES: Final[dict[MediaKind, str]] = {
    MediaKind.PDF: ".pdf",
    MediaKind.DOCX: ".docx",
    MediaKind.ODT: ".odt",
}
"""The name ending that belongs to each kind."""


class FileState(TextChoices):
    """Where a stored file stands. Only services move it."""

    STAGED = "STAGED", _("Staged")
    ATTACHED = "ATTACHED", _("Attached")
    DELETION_PENDING = "DELETION_PENDING", _("Deletion pending")


class Refusal(TextChoices):
    """Why a file is not taken. Each has its own advice on the form."""

    EMPTY = "EMPTY", _("The file is empty")
    TOO_BIG = "TOO_BIG", _("The file is too big")
    WRONG_TYPE = "WRONG_TYPE", _("The file is not a PDF, DOCX or ODT")
    ENCRYPTED = "ENCRYPTED", _("The file asks for a password")
    DAMAGED = "DAMAGED", _("The file is damaged")
    UNPACKS_TOO_BIG = "UNPACKS_TOO_BIG", _("The file unpacks to too much")
    ACTIVE_CONTENT = "ACTIVE_CONTENT", _("The file contains active content")
    LEGACY_FORMAT = "LEGACY_FORMAT", _("The file is in an older format")
