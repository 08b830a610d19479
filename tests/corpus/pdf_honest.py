# ruff: noqa: E501 (lines of tables, which hold the files themselves)
"""PDF files as honest programs write them: one for each producer's habits. Every one of them must be taken."""

import io
import struct
import zlib
from collections.abc import Callable
from typing import Final

import pikepdf
from pikepdf import Array, Dictionary, Encryption, Name, ObjectStreamMode, Pdf, String

from tests.factories import documents as make

ENCRYPTIONS: Final = {
    "RC4 of 40 bits": Encryption(user="", owner="own", R=2, aes=False, metadata=False),
    "RC4 of 128 bits": Encryption(user="", owner="own", R=3, aes=False, metadata=False),
    "AES of 128 bits": Encryption(user="", owner="own", R=4, aes=True),
    "AES of 128 bits, metadata in clear": Encryption(user="", owner="own", R=4, aes=True, metadata=False),
    "AES of 256 bits": Encryption(user="", owner="own", R=6, aes=True),
}


def nothing(_document: Pdf) -> None:
    """Leave the document as it is."""


def written(
    objects: list[bytes],
    *,
    version: bytes = b"1.4",
    mark: bytes = b"\xe2\xe3\xcf\xd3",
    eol: bytes = b"\n",
    trailer: bytes = b"",
    end: bytes = b"%%EOF\n",
) -> bytes:
    """A PDF written by hand with a table of offsets; ``objects`` are the bodies of 1, 2, and so on."""
    out = bytearray(b"%PDF-" + version + eol + (b"%" + mark + eol if mark else b""))
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj%s%s%sendobj%s" % (number, eol, body, eol, eol)
    start = len(out)
    two = eol if len(eol) == 2 else b" " + eol  # a row has 20 bytes
    out += b"xref" + eol + b"0 %d" % (len(objects) + 1) + eol + b"0000000000 65535 f" + two
    out += b"".join(b"%010d 00000 n" % offset + two for offset in offsets)
    out += b"trailer" + eol + b"<</Size %d/Root 1 0 R%s>>" % (len(objects) + 1, trailer) + eol
    return bytes(out) + b"startxref" + eol + b"%d" % start + eol + end


def objects(
    catalog: bytes = b"", page: bytes = b"", content: bytes = b"BT /F1 12 Tf 72 720 Td (CV) Tj ET", *more: bytes
) -> list[bytes]:
    """The bodies of a document of one page; ``more`` begin with number 6."""
    return [
        b"<</Type/Catalog/Pages 2 0 R%s>>" % catalog,
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F1 5 0 R>>>>/Contents 4 0 R%s>>" % page,
        make.stream(b"", content),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        *more,
    ]


def flate(content: bytes, keys: bytes = b"") -> bytes:
    """The body of a deflated stream."""
    return make.stream(b"/Filter/FlateDecode" + keys, zlib.compress(content))


def info(producer: str, creator: str = "") -> Callable[[Pdf], None]:
    """Change the producer that a document names."""

    def change(document: Pdf) -> None:
        document.docinfo["/Producer"] = producer
        document.docinfo["/Creator"] = creator or producer

    return change


def word_pdf() -> bytes:
    """As Word saves it: CR LF, a structure tree with styles, marked content, an update that names the XRef stream."""
    style = b"<</Type/StructTreeRoot/RoleMap<</JavaScript/P/Footnote/Note>>/K 7 0 R>>"
    element = b"<</Type/StructElem/S/JavaScript/P 6 0 R/Pg 3 0 R/K 0>>"
    catalog = b"/Lang(fi-FI)/StructTreeRoot 6 0 R/MarkInfo<</Marked true>>"
    first = written(
        objects(catalog, b"/StructParents 0", b"/P <</MCID 0>> BDC EMC", style, element),
        version=b"1.7",
        mark=b"\xb5\xb5\xb5\xb5",
        eol=b"\r\n",
        end=b"%%EOF\r\n",
    )
    return hybrid(first)


def hybrid(first: bytes) -> bytes:
    """``first`` with an update that has both a table of offsets and an XRef stream for newer readers."""
    previous = first.rindex(b"xref", 0, first.rindex(b"startxref"))
    start = len(first)
    row = struct.pack(">BHB", 1, 0, 0)
    number = 20
    stream = b"%d 0 obj\n<</Type/XRef/Size 21/Root 1 0 R/W[1 2 1]/Index[19 1]/Length 4>>stream\n%s\nendstream\nendobj\n"
    stream %= (number, b"\0" * len(row))
    table = b"xref\n0 0\ntrailer\n<</Size 21/Root 1 0 R/Prev %d/XRefStm %d>>\n" % (previous, start)
    return first + stream + table + b"startxref\n%d\n%%%%EOF\n" % (start + len(stream))


def pdftex() -> bytes:
    """As pdfTeX writes it: version 1.5, object streams, an XRef stream with a predictor, no table."""
    return make.pdf_with(
        info("pdfTeX-1.40.25", "LaTeX with hyperref"), object_stream_mode=ObjectStreamMode.generate, force_version="1.5"
    )


def ghostscript() -> bytes:
    """As Ghostscript writes it: XMP after the pages, a trailer with an ID, a name with escapes."""
    xmp = make.stream(
        b"/Type/Metadata/Subtype/XML",
        b"<?xpacket begin='\xef\xbb\xbf'?><x:xmpmeta xmlns:x='adobe:ns:meta/'/><?xpacket end='w'?>",
    )
    return written(
        objects(b"/Metadata 6 0 R", b"/Rotate 0", b"q 0.1 0 0 0.1 0 0 cm Q", xmp),
        mark=b"\xc7\xec\x8f\xa2",
        trailer=b"/ID[<0A0B><0A0B>]",
    )


def quartz() -> bytes:
    """As macOS prints: version 1.3, content of Flate, an ICC profile, a trailer with both info and ID."""
    bodies = objects(
        b"",
        b"",
        b"",
        b"[/ICCBased 7 0 R]",
        flate(bytes(128), b"/N 3/Alternate/DeviceRGB"),
        b"<</Producer(macOS Version 14.0 Quartz PDFContext)/CreationDate(D:20260101000000Z00'00')>>",
    )
    bodies[3] = flate(b"q Q q 12 12 588 768 re W n /Cs1 cs 0 0 0 sc")
    return written(
        bodies,
        version=b"1.3",
        mark=b"\xc4\xe5\xf2\xe5\xeb\xa7\xf3\xa0\xd0\xc4\xc6",
        trailer=b"/Info 8 0 R/ID[<01><01>]",
    )


def skia() -> bytes:
    """As Chrome prints: links of web pages, named destinations, a structure tree without types."""
    links = b"/Annots[<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/A<</Type/Action/S/URI/URI(https://example.invalid/?a=1&b=%28x%29)>>>>"
    links += b"<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/Dest/top>><</Subtype/Link/Rect[0 0 9 9]/A<</S/URI/URI(javascript:void\\(0\\))>>>>]"
    return written(objects(b"/Dests<</top[3 0 R/XYZ 0 842 0]>>", links), mark=b"\xd3\xeb\xe9\xe1")


def europass() -> bytes:
    """As Europass and its successors write it: the data attached as XML, found by name tree and by /AF."""

    def change(document: Pdf) -> None:
        document.attachments["attachment.xml"] = b'<?xml version="1.0"?><Candidate><script>none</script></Candidate>'
        document.Root.AF = Array([document.Root.Names.EmbeddedFiles.Names[1]])
        document.Root.PageMode = Name.UseAttachments

    return make.pdf_with(change)


def archival(part: int, level: str) -> Callable[[], bytes]:
    """PDF/A: an output intent, XMP that says so, no encryption."""

    def change(document: Pdf) -> None:
        profile = document.make_stream(bytes(128))
        profile.N = 3
        intent = Dictionary(Type=Name.OutputIntent, S=Name.GTS_PDFA1, OutputConditionIdentifier=String("sRGB"))
        intent.DestOutputProfile = profile
        document.Root.OutputIntents = Array([intent])
        with document.open_metadata() as metadata:
            metadata["pdfaid:part"] = str(part)
            metadata["pdfaid:conformance"] = level
        if part == 3:
            document.attachments["data.csv"] = b"a;b\n=1+1;2\n"

    return lambda: make.pdf_with(change)


def form() -> bytes:
    """A form of every kind of field, filled in, without a script, with a button that clears it."""

    def change(document: Pdf) -> None:
        fields = [
            Dictionary(FT=Name.Tx, T=String("name"), V=String("Aino"), Ff=0, DA=String("/Helv 0 Tf 0 g"), F=4),
            Dictionary(FT=Name.Ch, T=String("language"), V=String("fi"), Opt=Array([String("fi"), String("en")]), F=4),
            Dictionary(FT=Name.Btn, T=String("agree"), V=Name("/Kyll#e4"), AS=Name("/Kyll#e4"), F=4),
            Dictionary(FT=Name.Btn, T=String("clear"), Ff=65536, F=4, A=Dictionary(S=Name.ResetForm)),
            Dictionary(
                FT=Name.Btn,
                T=String("post"),
                Ff=65536,
                F=4,
                A=Dictionary(S=Name.SubmitForm, F=Dictionary(FS=Name.URL, F=String("mailto:hr@example.invalid"))),
            ),
            Dictionary(
                FT=Name.Sig,
                T=String("signature"),
                F=132,
                V=Dictionary(
                    Type=Name.Sig,
                    Filter=Name("/Adobe.PPKLite"),
                    SubFilter=Name("/adbe.pkcs7.detached"),
                    ByteRange=Array([0, 10, 20, 10]),
                    Contents=pikepdf.String(b"0\x80" + bytes(60)),
                ),
            ),
        ]
        made = []
        for field in fields:
            field.Type, field.Subtype, field.Rect = Name.Annot, Name.Widget, Array([0, 0, 90, 20])
            made.append(document.make_indirect(field))
        document.Root.AcroForm = Dictionary(Fields=Array(made), NeedAppearances=True, SigFlags=3)
        document.pages[0].obj.Annots = Array(made)

    return make.pdf_with(change)


def scan(picture_filter: bytes = b"/FlateDecode", pages: int = 3) -> bytes:
    """Pages that are pictures and nothing else. White paper packs a thousandfold."""
    bodies = [b"<</Type/Catalog/Pages 2 0 R>>", b""]
    for page in range(pages):
        number = 3 + 3 * page
        bodies += [
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents %d 0 R/Resources<</XObject<</I %d 0 R>>>>>>"
            % (number + 1, number + 2),
            make.stream(b"", b"q 595 0 0 842 0 0 cm /I Do Q"),
            _picture(picture_filter),
        ]
    kids = b" ".join(b"%d 0 R" % (3 + 3 * page) for page in range(pages))
    bodies[1] = b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, pages)
    return written(bodies)


def _picture(picture_filter: bytes) -> bytes:
    keys = b"/Type/XObject/Subtype/Image/Width 1654/Height 2339/BitsPerComponent 8/ColorSpace/DeviceRGB/Filter"
    if picture_filter == b"/FlateDecode":
        return make.stream(keys + picture_filter, zlib.compress(b"\xff" * (1654 * 2339 * 3), 9))
    if picture_filter == b"[/FlateDecode/DCTDecode]":
        return make.stream(keys + picture_filter, zlib.compress(b"\xff\xd8\xff\xe0" + bytes(500) + b"\xff\xd9"))
    return make.stream(keys + picture_filter, b"\xff\xd8\xff\xe0" + bytes(500) + b"\xff\xd9")


def filtered(names: bytes, data: bytes) -> Callable[[], bytes]:
    """A page whose content is packed by older filters."""

    def build() -> bytes:
        bodies = objects()
        bodies[3] = make.stream(b"/Filter" + names, data)
        return written(bodies)

    return build


def changed(data: Callable[[], bytes], old: bytes, new: bytes) -> Callable[[], bytes]:
    """A file in which something is not quite as it should be, as programs and transfers leave it."""

    def build() -> bytes:
        whole = data()
        assert old in whole
        return whole.replace(old, new)

    return build


def signed_update() -> bytes:
    """Three updates, one behind the other, as editors, reviewers and signers append them."""
    data = make.updated_pdf()
    for number in (30, 31):
        start = len(data)
        previous = data.rindex(b"xref\n", 0, data.rindex(b"startxref"))
        body = b"%d 0 obj\n<</Type/Annot/Subtype/Text/Contents(ok)/Rect[0 0 1 1]>>\nendobj\n" % number
        table = b"xref\n%d 1\n%010d 00000 n \ntrailer\n<</Size %d/Root 1 0 R/Prev %d>>\nstartxref\n%d\n%%%%EOF\n"
        data += body + table % (number, start, number + 1, previous, start + len(body))
    return data


def attached(name: str, content: bytes, **saving: object) -> Callable[[], bytes]:
    """A document with a file attached."""

    def change(document: Pdf) -> None:
        document.attachments[name] = content

    return lambda: make.pdf_with(change, **saving)


def stored_archive() -> bytes:
    """A document of Word attached as it is, not packed again: an archive lies in the file, and is an attachment."""
    return attached(
        "cv.docx", make.docx(), compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none
    )()


def hybrid_of_libreoffice(package: Callable[[], bytes]) -> Callable[[], bytes]:
    """As LibreOffice writes it where it is to edit it again: the ODT lies in a stream that the trailer names."""

    def build() -> bytes:
        bodies = objects(b"", b"", b"", make.stream(b"", package()))
        return written(bodies, trailer=b"/AdditionalStreams[/application#2Fvnd.oasis.opendocument.text 6 0 R]")

    return build


def saved(**saving: object) -> Callable[[], bytes]:
    """As qpdf saves it."""
    return lambda: make.pdf_with(nothing, **saving)


def opened(action: Callable[[Pdf], pikepdf.Object]) -> Callable[[], bytes]:
    """A document that shows itself in a certain way when it is opened."""

    def change(document: Pdf) -> None:
        document.Root.OpenAction = action(document)

    return lambda: make.pdf_with(change)


def _big_content() -> bytes:
    return b"0 0 m 10 10 l S % a drawing of a map\n" * 100_000


def two_column() -> bytes:
    """A content stream cut in two, as Word and Chrome do, with an inline picture of white dots."""
    bodies = objects(b"", b"", b"", make.stream(b"", b"BI /W 4 /H 4 /BPC 8 /CS /G ID " + b"\xff" * 16 + b" EI"))
    bodies[2] = bodies[2].replace(b"/Contents 4 0 R", b"/Contents[4 0 R 6 0 R]")
    return written(bodies)


def tree(levels: int) -> bytes:
    """A page tree with a node for every level."""
    bodies = [b"<</Type/Catalog/Pages 2 0 R>>"]
    for level in range(levels):
        parent = b"/Parent %d 0 R" % (level + 1) if level else b""
        bodies.append(b"<</Type/Pages/Kids[%d 0 R]/Count 1%s>>" % (level + 3, parent))
    bodies.append(b"<</Type/Page/Parent %d 0 R/MediaBox[0 0 9 9]/Resources<<>>>>" % (levels + 1))
    return written(bodies)


def bookmarks() -> bytes:
    """Bookmarks to pages, to the web and to a file beside this one."""
    item = b"<</Title(CSS/JavaScript)/Parent 6 0 R/Dest[3 0 R/Fit]/Next 8 0 R>>"
    last = b"<</Title(\\(/S /JavaScript /JS\\))/Parent 6 0 R/A<</S/GoToR/F(annex.pdf)/D[0/Fit]>>>>"
    return written(objects(b"/Outlines 6 0 R", b"", b"", b"<</First 7 0 R/Last 8 0 R/Count 2>>", item, last))


HONEST: dict[str, Callable[[], bytes]] = {
    "pdf of Word": word_pdf,
    "pdf of LibreOffice": lambda: written(
        objects(
            b"/Lang(fi-FI)/OpenAction[3 0 R/XYZ null null 0]/PageMode/UseNone/ViewerPreferences<</DisplayDocTitle true>>"
        ),
        version=b"1.6",
        mark=b"\xc3\xa4\xc3\xbc\xc3\xb6\xc3\x9f",
        trailer=b"/ID[<00><00>]/DocChecksum /0A1B2C3D",
    ),
    "pdf of LibreOffice, hybrid": hybrid_of_libreoffice(make.odt),
    "pdf of Google Docs and Chrome": skia,
    "pdf of pdfTeX": pdftex,
    "pdf of Ghostscript": ghostscript,
    "pdf of macOS": quartz,
    "pdf of a phone's scanner": lambda: scan(b"/DCTDecode"),
    "pdf of a scanner, white paper": scan,
    "pdf of a scanner, two filters": lambda: scan(b"[/FlateDecode/DCTDecode]"),
    "pdf of Europass": europass,
    "pdf of an old InDesign, hybrid": lambda: hybrid(written(objects(), version=b"1.5")),
    "pdf with CR for line ends": lambda: written(objects(), eol=b"\r", end=b"%%EOF\r"),
    "pdf of 1.0": lambda: written(objects(), version=b"1.0", mark=b""),
    "pdf of 2.0": saved(force_version="2.0", object_stream_mode=ObjectStreamMode.generate),
    "pdf of 1.7 with an extension": saved(force_version=("1.7", 8)),
    "pdf/a-1b": archival(1, "B"),
    "pdf/a-2b": archival(2, "B"),
    "pdf/a-3b": archival(3, "B"),
    "pdf with a form": form,
    "pdf for the web": saved(linearize=True),
    "pdf for the web, object streams": saved(linearize=True, object_stream_mode=ObjectStreamMode.generate),
    "pdf without compression": saved(qdf=True),
    "pdf with updates": signed_update,
    "pdf with bookmarks": bookmarks,
    "pdf of two content streams": two_column,
    "pdf with a deep page tree": lambda: tree(30),
    "pdf with big drawings": lambda: written([*objects()[:3], flate(_big_content()), objects()[4]]),
    "pdf that prints itself": opened(lambda _: Dictionary(S=Name.Named, N=Name.Print)),
    "pdf that goes to its page": opened(lambda d: Dictionary(S=Name.GoTo, D=Array([d.pages[0].obj, Name.Fit]))),
    "pdf in ASCII85": filtered(b"[/ASCII85Decode]", b'87cURD]i,"Ebo80~>'),
    "pdf in ASCII85 and Flate": filtered(b"[/A85 /Fl]", b"GhQU~>"),
    "pdf in hexadecimals": filtered(b"/ASCIIHexDecode", b"42542045540a>"),
    "pdf in RunLength": filtered(b"/RunLengthDecode", b"\x04q Q q\x80"),
    "pdf in LZW": filtered(b"/LZWDecode", b"\x80\x0b\x60\x50\x22\x0c\x0c\x85\x01"),
    "pdf with content cut short": filtered(b"/FlateDecode", zlib.compress(b"q Q " * 100)[:-6]),
    "pdf with attached csv": attached("list.csv", b"a,b\n1,2\n"),
    "pdf with an attached pdf": attached("certificate.pdf", make.pdf("Certificate")),
    "pdf with an attached odt": attached("cv.odt", make.odt()),
    "pdf with an attached docx, stored": stored_archive,
    "pdf with an attached archive of pictures": attached("a.zip", make.packed({"a.png": b"\x89PNG", "b.txt": b"b"})),
    "pdf with a name in Finnish": attached("työtodistus-Äänekoski.pdf", make.pdf()),
    "pdf with wrong offset of its table": changed(make.pdf, b"startxref\n", b"startxref\n1"),
    "pdf with startxref 0": changed(make.pdf, b"startxref\n", b"startxref\n0 %"),
    "pdf with wrong offsets everywhere": changed(make.pdf, b"\n%\xe2\xe3\xcf\xd3\n", b"\n%\xe2\xe3\xcf\xd3 moved\n"),
    "pdf with wrong length of a stream": changed(make.pdf, b"/Length ", b"/Length 9"),
    "pdf with wrong size": changed(make.pdf, b"/Size 6", b"/Size 3"),
    "pdf with wrong count": changed(make.pdf, b"/Count 1", b"/Count 7"),
    "pdf with table from 1": changed(make.pdf, b"xref\n0 6\n", b"xref\n1 6\n"),
    "pdf with odd end mark": changed(make.pdf, b"%%EOF\n", b"%%EOF \r\n\r\n\0\0"),
    "pdf with no type of its pages": changed(make.pdf, b"/Type /Pages", b"           "),
    "pdf sent as text": lambda: make.pdf().replace(b"\n", b"\r\n"),
    "pdf with a null page": changed(make.pdf, b"/Kids [4 0 R]", b"/Kids [null 4 0 R]"),
    "pdf with a link to a mac's disk": lambda: make.link_pdf(Dictionary(S=Name.GoToR, F=String("/HD/annex.pdf"))),
    "pdf with a link to the author's disk": lambda: make.link_pdf(
        Dictionary(S=Name.URI, URI=String("file:///C:/cv.doc"))
    ),
    "pdf with a telephone": lambda: make.link_pdf(Dictionary(S=Name.URI, URI=String("tel:+358401234567"))),
    "pdf with layers": lambda: make.link_pdf(Dictionary(S=Name.SetOCGState, State=Array([Name.ON]))),
}
HONEST |= {
    f"pdf with an owner's password, {name}": saved(encryption=encryption) for name, encryption in ENCRYPTIONS.items()
}
HONEST |= {
    "pdf with an owner's password, object streams": saved(
        encryption=ENCRYPTIONS["AES of 256 bits"], object_stream_mode=ObjectStreamMode.generate
    ),
    "pdf with an owner's password, for the web": saved(encryption=ENCRYPTIONS["RC4 of 128 bits"], linearize=True),
    "pdf with an owner's password, attached xml": attached("a.xml", b"<a/>", encryption=ENCRYPTIONS["AES of 128 bits"]),
}


def opened_again(data: bytes) -> Pdf:
    """The file as pikepdf opens it."""
    return pikepdf.open(io.BytesIO(data))
