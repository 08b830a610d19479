"""PDF documents: the frame of the file, then every object in it.

The dangers. A PDF may run scripts and start programs when it is opened; it may carry a program; it may be another file
at the same time; and its object streams, which a reader must unpack before it can look at anything, may unpack to
gigabytes: qpdf 12 took 4 GB for a file of 5 KB. So qpdf gets limits of its own, object streams are counted, and the
streams of pages and pictures are unpacked piece by piece, for their size alone.

What honest producers get wrong is repaired by qpdf and taken: wrong offsets, a missing newline, padding after the end,
an owner's password that asks nothing of a reader.
"""

import io
import re
import struct
import zlib
from typing import Final

import pikepdf
import pypdfium2
import pypdfium2.raw
from pikepdf.settings import set_qpdf_limits

from files.checkers.archive import count_archives
from files.checkers.budget import BadFile, Budget, inflate
from files.checkers.pdf_objects import judge_object, stream_filters
from files.checkers.pdf_streams import count_stream
from files.enums import Refusal

HEADER: Final = b"%PDF-"
HEADER_REACH: Final = 1024
"""Bytes within which PDF readers look for the header (ISO 32000-1, implementation note 13)."""
TAIL_REACH: Final = 1024
"""Bytes within which they look for the end, counted from the file's end (implementation note 18)."""

UNENDED_STREAMS: Final = 1_000
"""Streams without an end that are repaired; each costs qpdf a search through the rest of the file."""
WARNINGS: Final = 10_000
"""Oddities that qpdf repairs in one file."""
_GIVEN_UP: Final = re.compile(r"limits error|giving up")  # qpdf's words
_LOOK: Final = 256  # objects between two looks at the clock and at the warnings

_END_MARK: Final = re.compile(rb"%%EOF|startxref\s+\d+")
_MARKUP: Final = re.compile(rb"<\s*[!?/a-zA-Z]")
_ARCHIVE: Final = re.compile(rb"PK(\x03\x04|\x05\x06)")
_MARKUP_AFTER_END: Final = re.compile(rb"%%EOF[\s\0]*<\s*[!?/a-zA-Z]")
_ZIP_END_MARK: Final = re.compile(rb"PK\x05\x06")
_COMMENT_SLACK: Final = 64  # archivers overlook that many bytes behind a comment and more
_ZIP_END: Final = struct.Struct("<4s4H2LH")
_BLANK: Final = b"\0\t\n\r \x0c\x1a"

OBJECT_STREAM_BYTES: Final = 16 * 1000 * 1000
"""What one object stream may unpack to. Those of honest files stay well under a megabyte."""

# For the whole process, since qpdf knows no other way; nothing else in the portal uses qpdf.
set_qpdf_limits(
    flate_max_memory=OBJECT_STREAM_BYTES,
    run_length_max_memory=OBJECT_STREAM_BYTES,
    png_max_memory=OBJECT_STREAM_BYTES,
    tiff_max_memory=OBJECT_STREAM_BYTES,
    max_stream_filters=4,
)


def check_pdf(data: bytes, budget: Budget) -> None:
    """Read all objects of a file that has a PDF header near its start. Raises ``BadFile`` unless it is a sound PDF."""
    _check_frame(data)
    _check_amount(data, budget)
    archives = budget.archives
    try:
        with _open(data) as document:
            _check_objects(document, budget)
            if len(document.pages) == 0:
                raise BadFile(Refusal.DAMAGED, "no page")
        if count_archives(data) > budget.archives - archives:  # one that is no attachment
            raise BadFile(Refusal.ACTIVE_CONTENT, "an archive between the objects")
        _ask_another_reader(data)
    except pikepdf.PasswordError:
        raise BadFile(Refusal.ENCRYPTED, "opens with a password only") from None
    except pikepdf.PdfError as error:
        if "encryption" in str(error):  # a handler of another maker: certificates, rights management
            raise BadFile(Refusal.ENCRYPTED, "encrypted by other means than a password") from None
        raise BadFile(Refusal.DAMAGED, "does not open") from None
    except (pikepdf.exceptions.PikepdfError, ValueError, TypeError, KeyError, IndexError, OverflowError) as error:
        raise BadFile(Refusal.DAMAGED, f"an object does not read: {type(error).__name__}") from None


def _open(data: bytes) -> pikepdf.Pdf:
    """Open a document; one whose table leads nowhere is searched, as readers do. Raises ``PdfError``."""
    try:
        return pikepdf.open(io.BytesIO(data), inherit_page_attributes=False)
    except pikepdf.PasswordError:
        raise
    except pikepdf.PdfError as error:
        if "encryption" in str(error):
            raise
        without_table = data.replace(b"startxref", b"startxerf")
        found = pikepdf.open(io.BytesIO(without_table), inherit_page_attributes=False)
        if b"/Encrypt" in data and not found.is_encrypted:  # another reader may find the key that this one did not
            raise BadFile(Refusal.DAMAGED, "a key that is lost") from None
        return found


def _check_frame(data: bytes) -> None:
    """The file begins and ends as a PDF, and is no other file besides (T4)."""
    if not data.startswith(HEADER):
        raise BadFile(Refusal.DAMAGED, "bytes before the header")
    end = _end_of(data)
    tail = data[end:].strip(_BLANK)
    if _MARKUP_AFTER_END.search(data) or (len(tail) <= TAIL_REACH and _MARKUP.search(tail)):
        raise BadFile(Refusal.ACTIVE_CONTENT, "markup after the end")
    if _ARCHIVE.search(tail) or _is_covered_by_zip(data, end):
        raise BadFile(Refusal.ACTIVE_CONTENT, "an archive after the end")
    if len(tail) > TAIL_REACH:
        raise BadFile(Refusal.DAMAGED, "goes on after the end")


def _end_of(data: bytes) -> int:
    """The place after the last end mark. A file without any was cut short, even where qpdf could rebuild some of it."""
    end = 0
    for mark in _END_MARK.finditer(data):
        end = mark.end()
    if not end:
        raise BadFile(Refusal.DAMAGED, "cut short")
    return end


def _is_covered_by_zip(data: bytes, end: int) -> bool:
    """Whether a ZIP's closing comment reaches over the PDF's own end, so that the whole file is an archive too.

    An attached DOCX within the PDF has an archive's end as well, with no comment that reaches so far.
    """
    for mark in _ZIP_END_MARK.finditer(data, max(0, len(data) - _ZIP_END.size - 0xFFFF)):
        if len(data) < mark.start() + _ZIP_END.size:
            return False
        comment_size: int = _ZIP_END.unpack_from(data, mark.start())[-1]
        if mark.start() + _ZIP_END.size + comment_size >= end - _COMMENT_SLACK:
            return True
    return False


def _check_amount(data: bytes, budget: Budget) -> None:
    """Refuse, before qpdf begins, what would keep it busy for minutes in a single call."""
    if data.count(b" obj") > budget.limits.pdf_objects:
        raise BadFile(Refusal.UNPACKS_TOO_BIG, "too many objects")
    if data.count(b"stream") - 2 * data.count(b"endstream") > UNENDED_STREAMS:
        raise BadFile(Refusal.DAMAGED, "streams without an end")


def _check_objects(document: pikepdf.Pdf, budget: Budget) -> None:
    """Judge every object of the file, in use or not: readers disagree about which ones are."""
    table = document.get_xref_table()
    for container in {entry.obj_stream_number for entry in table.values()}:
        if container is not None:
            _count_object_stream(document.get_object(container, 0), budget)
    judge_object(document.trailer, budget)
    warnings = 0
    for index, number in enumerate(table, 1):
        found = document.get_object(number)
        if isinstance(found, pikepdf.Stream) and found.get("/Type") == "/ObjStm":
            _count_object_stream(found, budget)
        judge_object(found, budget)
        if isinstance(found, pikepdf.Stream):
            count_stream(found, budget)
        if index % _LOOK == 0 or index == len(table):
            budget.look_at_clock()
            warnings += _count_warnings(document)
            if warnings > WARNINGS:
                raise BadFile(Refusal.DAMAGED, "too much to repair")


def _ask_another_reader(data: bytes) -> None:
    """Let PDFium, which is what a recruiter's browser has, open the file too. Raises ``BadFile`` where it cannot."""
    try:
        with pypdfium2.PdfDocument(data) as document:
            pages = len(document)
            scripts = pypdfium2.raw.FPDFDoc_GetJavaScriptActionCount(document.raw)
    except pypdfium2.PdfiumError as error:
        if (
            getattr(error, "err_code", None) == pypdfium2.raw.FPDF_ERR_PASSWORD
        ):  # an owner's that is empty opens it here
            raise BadFile(Refusal.ENCRYPTED, "opens with a password in a browser") from None
        raise BadFile(Refusal.DAMAGED, "does not open in a browser") from None
    if scripts > 0:  # in a file that was put together from two, readers find different objects
        raise BadFile(Refusal.ACTIVE_CONTENT, "scripts that a browser finds")
    if pages == 0:
        raise BadFile(Refusal.DAMAGED, "no page in a browser")


def _count_warnings(document: pikepdf.Pdf) -> int:
    """How much qpdf has repaired since it was last asked.

    Raises ``BadFile`` where it gave an object up (too deep, too broken): what is in it was not seen here, and another
    reader may see it.
    """
    warnings = document.get_warnings()
    if any(_GIVEN_UP.search(str(warning)) for warning in warnings):
        raise BadFile(Refusal.DAMAGED, "an object is too deep or too broken to read")
    return len(warnings)


def _count_object_stream(stream: object, budget: Budget) -> None:
    """Unpack an object stream piece by piece, for its size alone. Raises ``BadFile`` beyond the budget.

    One that qpdf's own limit cut off would leave objects unseen here, and seen by the recruiter's reader.
    """
    if not isinstance(stream, pikepdf.Stream):
        raise BadFile(Refusal.DAMAGED, "an object stream is missing")
    filters = stream_filters(stream)
    if filters == []:
        return
    if filters != ["/FlateDecode"]:
        raise BadFile(Refusal.DAMAGED, "an object stream is packed in an unusual way")
    size = 0
    try:
        for chunk in inflate(stream.read_raw_bytes(), budget, wbits=15):
            size += len(chunk)
            if size > OBJECT_STREAM_BYTES * 9 // 10:
                raise BadFile(Refusal.UNPACKS_TOO_BIG, "an object stream unpacks beyond the limit")
    except EOFError:
        pass  # honest producers leave out the checksum
    except zlib.error:
        raise BadFile(Refusal.DAMAGED, "an object stream does not unpack") from None
