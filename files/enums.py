"""The kinds of file that we take, the states of a stored file, and the reasons for which a file is refused."""

from typing import Final

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class MediaKind(TextChoices):
    """What a document is, found by opening it; never what its name says."""

    PDF = "PDF", _("PDF")
    DOCX = "DOCX", _("Word document (DOCX)")
    ODT = "ODT", _("OpenDocument text (ODT)")
    PNG = "PNG", _("Picture (PNG)")
    JPEG = "JPEG", _("Picture (JPEG)")
    TEXT = "TEXT", _("Text")


MEDIA_TYPES: Final[dict[MediaKind, str]] = {
    MediaKind.PDF: "application/pdf",
    MediaKind.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    MediaKind.ODT: "application/vnd.oasis.opendocument.text",
    MediaKind.PNG: "image/png",
    MediaKind.JPEG: "image/jpeg",
    MediaKind.TEXT: "text/plain; charset=utf-8",
}
"""The type under which each kind is stored and served, whatever the browser declared (ASVS 5.2.2)."""

SUFFIXES: Final[dict[MediaKind, str]] = {
    MediaKind.PDF: ".pdf",
    MediaKind.DOCX: ".docx",
    MediaKind.ODT: ".odt",
    MediaKind.PNG: ".png",
    MediaKind.JPEG: ".jpg",
    MediaKind.TEXT: ".txt",
}
"""The name ending that belongs to each kind."""


PICTURE_SIGNATURES: Final[dict[MediaKind, bytes]] = {
    MediaKind.PNG: b"\x89PNG\r\n\x1a\n",
    MediaKind.JPEG: b"\xff\xd8\xff",
}
"""The kinds that are pictures, and the bytes that each begins with."""

DOCUMENT_KINDS: Final = frozenset({MediaKind.PDF, MediaKind.DOCX, MediaKind.ODT})
"""The kinds that a CV or a letter may be."""


class FilePart(TextChoices):
    """What a stored file is of a document: the document itself, or what a worker made of it to be read."""

    ORIGINAL = "ORIGINAL", _("Original")
    TEXT = "TEXT", _("Text of the document")
    PAGE = "PAGE", _("Picture of a page")


class FileState(TextChoices):
    """Where a stored file stands in its life. Only services move it; a file that is gone has no row.

    EXPECTED and CHECKING are those of an upload that the browser sends straight to the bucket: announced, and there
    but not looked at. REFUSED is a file in which the virus scan found something after it was attached: it goes next.
    """

    EXPECTED = "EXPECTED", _("Expected")
    CHECKING = "CHECKING", _("Being checked")
    STAGED = "STAGED", _("Staged")
    ATTACHED = "ATTACHED", _("Attached")
    REFUSED = "REFUSED", _("Refused")
    DELETION_PENDING = "DELETION_PENDING", _("Deletion pending")


class ScanState(TextChoices):
    """What the virus scan says. Waiting and failed files are handed to nobody (ASVS 5.4.3)."""

    NOT_SCANNED = "NOT_SCANNED", _("Not scanned")
    WAITING = "WAITING", _("Waiting for the virus scan")
    FAILED = "FAILED", _("The virus scan failed")
    CLEAN = "CLEAN", _("No virus found")
    INFECTED = "INFECTED", _("A virus was found")


DOWNLOADABLE: Final = frozenset({ScanState.CLEAN, ScanState.NOT_SCANNED})
"""What may be handed out. A file that no scanner was there for is, and whoever reads it is told so."""


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
    PICTURE = "PICTURE", _("The file is a picture, where a document is asked for")
    TOO_MANY_PIXELS = "TOO_MANY_PIXELS", _("The picture has too many pixels")
    TOO_COMPLEX = "TOO_COMPLEX", _("The file could not be checked within the limits")
