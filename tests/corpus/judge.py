"""A second opinion on a file that was taken, by libraries and rules that the checks do not go by."""

import io
import re
import xml.etree.ElementTree as ET
import zipfile
from typing import Final

import pikepdf
import pypdfium2
import pypdfium2.raw

from files.enums import MediaKind

_WORD: Final = re.compile(r"\{[^}]*wordprocessingml[^}]*\}document")


def complaint(kind: MediaKind | None, data: bytes) -> str:
    """What is wrong with a file that was taken for ``kind``; nothing where it is what it should be."""
    try:
        return _pdf(data) if kind == MediaKind.PDF else _archive(kind, data)
    except Exception as error:  # noqa: BLE001 (whatever a library says of it is a complaint)
        return f"does not open: {type(error).__name__}: {error}"


def _pdf(data: bytes) -> str:
    with pypdfium2.PdfDocument(data) as document:
        if len(document) == 0:
            return "no page"
        if pypdfium2.raw.FPDFDoc_GetJavaScriptActionCount(document.raw) > 0:
            return "scripts by name"
    with _opened(data) as document:
        action = document.Root.get("/OpenAction")
        if isinstance(action, pikepdf.Dictionary) and action.get("/S") in {"/JavaScript", "/Launch", "/URI"}:
            return "acts when it is opened"
        for page in document.pages:
            for annotation in page.obj.get("/Annots", []):
                deed = annotation.get("/A") if isinstance(annotation, pikepdf.Dictionary) else None
                if isinstance(deed, pikepdf.Dictionary) and deed.get("/S") in {"/JavaScript", "/Launch"}:
                    return "acts when it is clicked"
    return "" if data.startswith(b"%PDF-") else "bytes before the header"


def _opened(data: bytes) -> pikepdf.Pdf:
    """The file as qpdf opens it, which gives up some tables that other readers look past."""
    try:
        return pikepdf.open(io.BytesIO(data))
    except pikepdf.PdfError:
        return pikepdf.open(io.BytesIO(data.replace(b"startxref", b"startxerf")))


def _archive(kind: MediaKind | None, data: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = archive.infolist()
        if archive.testzip() is not None:
            return "an entry that does not unpack"
        if any(entry.flag_bits & 1 for entry in entries):
            return "an encrypted entry"
        if sum(entry.file_size for entry in entries) > 101_000_000:
            return "unpacks to too much"
        names = [entry.filename for entry in entries]
        if any("vbaproject" in name.lower() or ".." in name.split("/") for name in names):
            return "a name that should not be"
        texts = {name: archive.read(name) for name in names if name.lower().endswith((".xml", ".rels"))}
    if kind == MediaKind.ODT:
        root = ET.fromstring(texts["content.xml"]).tag
        return "" if root.endswith("}document-content") else "no text"
    roots = [ET.fromstring(text).tag for name, text in texts.items() if text and "document" in name.lower()]
    return "" if any(_WORD.fullmatch(root) for root in roots) else "no document"
