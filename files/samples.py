"""Small real documents made on the spot, for demonstrations and tests. Standard library only; same text, same bytes."""

import io
import re
import textwrap
import zipfile
from typing import Final
from xml.sax.saxutils import escape

from files.enums import MEDIA_TYPES, MediaKind

_LINE: Final = 95  # characters of a line; longer ones are wrapped
_PAGE: Final = 52  # lines of a page
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
_XML: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_NOT_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_W: Final = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_OASIS: Final = "urn:oasis:names:tc:opendocument:xmlns"


def pdf(text: str = "Curriculum vitae", pages: int = 1) -> bytes:
    """A PDF in which ``text`` is drawn, line by line, uncompressed; at least ``pages`` pages, the last ones blank.

    Letters beyond Western European ones (Windows-1252) are drawn as question marks.
    """
    lines = [piece for line in text.splitlines() for piece in textwrap.wrap(line, _LINE) or [""]]
    sheets = [lines[start : start + _PAGE] for start in range(0, len(lines), _PAGE)]
    sheets += [[] for _ in range(max(pages, 1) - len(sheets))]
    kids = b" ".join(b"%d 0 R" % (4 + 2 * index) for index in range(len(sheets)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, len(sheets)),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for index, sheet in enumerate(sheets):
        objects += [_pdf_page(contents=5 + 2 * index), _pdf_stream(sheet)]
    return _pdf_file(objects)


def _pdf_page(contents: int) -> bytes:
    resources = b"<< /Font << /F1 3 0 R >> >>"
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources %s /Contents %d 0 R >>"
    return page % (resources, contents)


def _pdf_stream(lines: list[str]) -> bytes:
    drawn = b"".join(b"(%s) Tj T*\n" % _pdf_string(line) for line in lines)
    content = b"BT\n/F1 11 Tf\n14 TL\n50 790 Td\n%sET" % drawn
    return b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content)


def _pdf_string(line: str) -> bytes:
    return re.sub(rb"([\\()])", rb"\\\1", line.encode("cp1252", "replace"))


def _pdf_file(objects: list[bytes]) -> bytes:
    out = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    return bytes(out) + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
        % (size, table, size, len(out))
    )


def docx(text: str = "Curriculum vitae") -> bytes:
    """A Word document with one paragraph for each line of ``text``."""
    return packed(docx_parts(text))


def docx_parts(text: str = "Curriculum vitae") -> dict[str, bytes]:
    """The parts of that document by name."""
    paragraphs = "".join(
        f'<w:p><w:r><w:t xml:space="preserve">{_xml_text(line)}</w:t></w:r></w:p>' for line in text.splitlines()
    )
    types = "".join(
        (
            f'<Types xmlns="{_PACKAGE}/content-types">',
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>',
            '<Default Extension="xml" ContentType="application/xml"/>',
            f'<Override PartName="/word/document.xml" ContentType="{MEDIA_TYPES[MediaKind.DOCX]}.main+xml"/></Types>',
        )
    )
    relation = f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="word/document.xml"/>'
    body = f'<w:document xmlns:w="{_W}"><w:body>{paragraphs}<w:sectPr/></w:body></w:document>'
    return {
        "[Content_Types].xml": (_XML + types).encode(),
        "_rels/.rels": f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">{relation}</Relationships>'.encode(),
        "word/document.xml": (_XML + body).encode(),
    }


def odt(text: str = "Curriculum vitae") -> bytes:
    """An OpenDocument text with one paragraph for each line of ``text``."""
    return packed(odt_parts(text))


def odt_parts(text: str = "Curriculum vitae") -> dict[str, bytes]:
    """The parts of that document by name; the mimetype comes first, as the format asks."""
    paragraphs = "".join(f"<text:p>{_xml_text(line)}</text:p>" for line in text.splitlines())
    names = f'xmlns:office="{_OASIS}:office:1.0" xmlns:text="{_OASIS}:text:1.0" office:version="1.3"'
    content = f"<office:body><office:text>{paragraphs}</office:text></office:body>"
    kind = MEDIA_TYPES[MediaKind.ODT]
    entries = "".join(
        (
            f'<manifest:file-entry manifest:full-path="/" manifest:version="1.3" manifest:media-type="{kind}"/>',
            '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>',
        )
    )
    manifest = f'<manifest:manifest xmlns:manifest="{_OASIS}:manifest:1.0" manifest:version="1.3">'
    return {
        "mimetype": kind.encode(),
        "META-INF/manifest.xml": f"{_XML}{manifest}{entries}</manifest:manifest>".encode(),
        "content.xml": f"{_XML}<office:document-content {names}>{content}</office:document-content>".encode(),
    }


def _xml_text(line: str) -> str:
    return escape(_NOT_XML.sub("", line))


def packed(parts: dict[str, bytes]) -> bytes:
    """A ZIP of ``parts`` in their order, with a fixed date; the ``mimetype`` is stored and all else deflated."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as container:
        for name, content in parts.items():
            info = zipfile.ZipInfo(name, _EPOCH)
            method = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            container.writestr(info, content, compress_type=method)
    return out.getvalue()
