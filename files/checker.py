"""The door: every file that a stranger sends is opened here before it is kept.

A file is what it is when opened, never what its name or its browser says (ASVS 5.2.2); a PDF called ``cv.docx`` is
taken as the PDF it is, and the caller gives it the right ending. Pure: bytes and a name in, a verdict out, no Django
and no storage. Bounded in bytes, entries, objects and time (``CheckLimits``); what remains unbounded within one call of
a parser is for the process around it to bound.

Choices where the formats leave room:

* A PDF begins with ``%PDF-`` at its very first byte. Readers search further in; that is how one file is two (T4).
* What follows a PDF's end may be blank, or a short remark; markup or an archive there is refused as active content.
* Whatever breaks the rules of its own format (an XML document type, two entries of one name, a link that climbs) is
  refused as damaged.
* A picture is drawn anew and kept so; what hides in it is gone and need not be looked for.
"""

from typing import BinaryIO

from files.checkers.archive import Archive
from files.checkers.budget import DEFAULT, BadFile, Budget, CheckLimits
from files.checkers.docx import CONTENT_TYPES, check_docx
from files.checkers.odt import CONTENT, MANIFEST, MIMETYPE, check_odt
from files.checkers.other import advise
from files.checkers.pdf import HEADER, HEADER_REACH, check_pdf
from files.checkers.picture import check_picture
from files.enums import PICTURE_SIGNATURES, MediaKind, Refusal
from files.verdict import Verdict

__all__ = ["DEFAULT", "CheckLimits", "Verdict", "check_document"]

_ZIP_SIGNATURES = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")  # an entry, an empty archive, a part of several
_BLANK = b"\0\t\n\r \x0b\x0c"


def check_document(stream: BinaryIO, name: str, limits: CheckLimits = DEFAULT) -> Verdict:
    """Open a file and say whether it may be kept (ASVS 5.2.1 to 5.2.5, 1.5.1).

    Args:
        stream: seekable; read from its beginning, and left there.
        name: as sent. It never makes a file acceptable; it only chooses the advice for some that are not.
        limits: what the check may cost.

    Raises:
        OSError: the stream cannot be read. Nothing in the file's content raises.

    """
    stream.seek(0)
    try:
        data = _read(stream, limits.file_bytes)
    finally:
        stream.seek(0)
    if len(data) > limits.file_bytes:
        return Verdict(None, Refusal.TOO_BIG, "more bytes than allowed")
    if not data.strip(_BLANK):
        return Verdict(None, Refusal.EMPTY, "nothing in it")
    return _judge(data, name, Budget(limits, packed=len(data)))


def _read(stream: BinaryIO, most: int) -> bytes:
    """At most one byte more than ``most``, which is enough to know that there are too many."""
    pieces = bytearray()
    while len(pieces) <= most:
        piece = stream.read(most + 1 - len(pieces))
        if not piece:
            break
        pieces += piece
    return bytes(pieces)


def _judge(data: bytes, name: str, budget: Budget) -> Verdict:
    kind: MediaKind | None = None
    content: bytes | None = None
    try:
        if HEADER in data[:HEADER_REACH]:
            kind = MediaKind.PDF
            check_pdf(data, budget)
        elif data.startswith(_ZIP_SIGNATURES):
            archive = Archive(data, budget)
            kind = _package_kind(archive)
            archive.check_entries()
            (check_docx if kind is MediaKind.DOCX else check_odt)(archive, budget)
        elif found := next((kind for kind, start in PICTURE_SIGNATURES.items() if data.startswith(start)), None):
            kind = found
            content = check_picture(data, kind, budget)
        else:
            return Verdict(None, *advise(data, name))
    except BadFile as bad:
        is_other = bad.refusal in {Refusal.WRONG_TYPE, Refusal.LEGACY_FORMAT}
        return Verdict(None if is_other else kind, bad.refusal, bad.detail)
    return Verdict(kind, None, "sound", content)


def _package_kind(archive: Archive) -> MediaKind:
    """What an archive claims to be by the parts it has. Raises ``BadFile`` when it claims nothing, or two things."""
    has_types = archive.find(CONTENT_TYPES) is not None
    has_mimetype = archive.find(MIMETYPE) is not None
    has_manifest = archive.find(MANIFEST) is not None and archive.find(CONTENT) is not None
    if has_types and (has_mimetype or has_manifest):
        raise BadFile(Refusal.DAMAGED, "two formats in one archive")
    if has_types:
        return MediaKind.DOCX
    if has_mimetype or has_manifest:
        return MediaKind.ODT
    raise BadFile(Refusal.WRONG_TYPE, "an archive, not a document")
