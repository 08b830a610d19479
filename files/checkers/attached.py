"""What lies inside a document as a file of its own: attached to a PDF, or embedded in a DOCX or an ODT.

It is judged by its bytes: programs and OLE2 containers (which hold macros and objects) are refused, a PDF inside is
checked like one outside, and of an archive the entries are looked at, since the recruiter opens all of these by a
double click.
"""

from typing import Final

from files.checkers.archive import Archive
from files.checkers.budget import BadFile, Budget
from files.checkers.other import OLE2_SIGNATURE
from files.enums import Refusal

_PROGRAMS: Final = """
    .exe .com .scr .pif .cpl .dll .msi .msp .msix .appx .bat .cmd .ps1 .psm1 .vbs .vbe .vb .js .jse .mjs .wsf .wsh .hta
    .jar .class .apk .app .pkg .dmg .sh .bash .command .py .pyw .pl .rb .elf .run .lnk .url .scf .desktop .reg .inf .chm
    .iso .img .vhd .vhdx .swf .mht .mhtml .docm .dotm .xlsm .xlsb .xltm .xlam .pptm .ppam .sct .library-ms
    .settingcontent-ms .application .gadget .diagcab .one
"""
PROGRAM_SUFFIXES: Final = tuple(_PROGRAMS.split())
"""Name endings of files that run when they are opened, or that carry what does."""
PROGRAM_SIGNATURES: Final = (
    b"\x7fELF",
    b"#!",
    b"\xca\xfe\xba\xbe",
    b"\xfe\xed\xfa\xce",
    b"\xfe\xed\xfa\xcf",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
    b"\x4c\x00\x00\x00\x01\x14\x02\x00",  # a Windows shortcut
)
MACRO_NAMES: Final = ("vbaproject.bin", "vbadata.xml")
ZIP_SIGNATURE: Final = b"PK\x03\x04"
_PDF_HEADER: Final = b"%PDF-"
_PDF_REACH: Final = 1024


def is_program(head: bytes) -> bool:
    """Whether a file that begins with ``head`` is a program."""
    return head.startswith(PROGRAM_SIGNATURES) or (head.startswith(b"MZ") and b"\0" in head[:64])


def judge_attached(data: bytes, budget: Budget) -> None:
    """Judge a file within the file by its bytes. Raises ``BadFile``; a kind that cannot do harm passes unread."""
    if is_program(data[:64]):
        raise BadFile(Refusal.ACTIVE_CONTENT, "an attached program")
    if data.startswith(OLE2_SIGNATURE):
        raise BadFile(Refusal.ACTIVE_CONTENT, "an attached OLE2 container")
    is_archive = data.startswith(ZIP_SIGNATURE)
    if not is_archive and _PDF_HEADER not in data[:_PDF_REACH]:
        return
    budget.attached += 1
    if budget.attached > budget.limits.attached_depth:
        raise BadFile(Refusal.UNPACKS_TOO_BIG, "documents within documents")
    try:
        (_judge_archive if is_archive else _judge_pdf)(data, budget)
    except BadFile as found:
        if found.refusal == Refusal.ENCRYPTED:  # the file around it asks for no password
            raise BadFile(Refusal.ACTIVE_CONTENT, "an attached file that cannot be looked into") from None
        raise
    finally:
        budget.attached -= 1


def judge_entry(archive: Archive, name: str, budget: Budget) -> None:
    """Judge an entry of a document that is no XML: a picture, a font, or a file of its own. Raises ``BadFile``."""
    chunks = archive.chunks(name)
    data = next(chunks, b"")
    if data.startswith(ZIP_SIGNATURE) or _PDF_HEADER in data[:_PDF_REACH]:
        data += b"".join(chunks)
    else:
        for _chunk in chunks:
            pass  # counted, and known to be whole
    judge_attached(data, budget)


def _judge_pdf(data: bytes, budget: Budget) -> None:
    from files.checkers.pdf import check_pdf  # noqa: PLC0415 (which looks into attachments by this module)

    check_pdf(data, budget)


def _judge_archive(data: bytes, budget: Budget) -> None:
    archive = Archive(data, budget)
    archive.check_entries()
    for name in archive.unread():
        folded = name.lower()
        if folded.endswith((*PROGRAM_SUFFIXES, *MACRO_NAMES)):
            raise BadFile(Refusal.ACTIVE_CONTENT, "an attached archive with a program")
        judge_attached(archive.whole(name), budget)
