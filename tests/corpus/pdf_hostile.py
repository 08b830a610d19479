"""PDF files that act, hide something, or cost their reader too much. Every one of them must be refused."""

import zlib
from collections.abc import Callable
from typing import Final

import pikepdf
from pikepdf import Array, Dictionary, Encryption, Name, ObjectStreamMode, Pdf, String

from files.enums import Refusal
from tests.corpus.pdf_honest import (
    ENCRYPTIONS,
    attached,
    changed,
    filtered,
    flate,
    hybrid_of_libreoffice,
    objects,
    opened,
    written,
)
from tests.factories import documents as make

ACTIVE: Final = Refusal.ACTIVE_CONTENT
TOO_MUCH: Final = Refusal.UNPACKS_TOO_BIG
SCRIPT: Final = b"<</S/JavaScript/JS(app.alert\\(1\\))>>"
UNC: Final = "\\\\host.invalid\\share\\a.pdf"
WEB: Final = "http://host.invalid/a.pdf"


def script() -> Dictionary:
    """An action with a script."""
    return Dictionary(S=Name.JavaScript, JS=String("app.alert(1)"))


def in_catalog(keys: bytes, *more: bytes) -> Callable[[], bytes]:
    """A document whose catalog has ``keys``; ``more`` objects begin with number 6."""
    return lambda: written(objects(keys, b"", b"", *more), version=b"1.7")


def in_page(keys: bytes, *more: bytes) -> Callable[[], bytes]:
    """A document whose page has ``keys``."""
    return lambda: written(objects(b"", keys, b"", *more), version=b"1.7")


def click(action: Callable[[], pikepdf.Object]) -> Callable[[], bytes]:
    """A document in which a person's click performs the action."""
    return lambda: make.link_pdf(action())


def annotated(keys: bytes) -> Callable[[], bytes]:
    """A document with one annotation."""
    return in_page(b"/Annots[<</Type/Annot/Rect[0 0 9 9]%s>>]" % keys)


def field(keys: bytes) -> Callable[[], bytes]:
    """A document with a form of one field."""
    return in_catalog(
        b"/AcroForm<</Fields[6 0 R]>>", b"<</FT/Tx/T(a)/Type/Annot/Subtype/Widget/Rect[0 0 9 9]%s>>" % keys
    )


def scripted(**saving: object) -> Callable[[], bytes]:
    """A script at the document's opening, and the file saved in a certain way."""

    def change(document: Pdf) -> None:
        document.Root.OpenAction = document.make_indirect(script())

    return lambda: make.pdf_with(change, **saving)


def form_in_xml(packet: bytes, keys: bytes = b"") -> Callable[[], bytes]:
    """An XFA form."""
    return in_catalog(b"/AcroForm<</Fields[]/XFA[(template)6 0 R]>>", make.stream(keys, packet))


def bomb(names: bytes, times: int, mb: int = 120) -> Callable[[], bytes]:
    """A page whose content was deflated ``times`` times and unpacks to ``mb`` megabytes."""

    def build() -> bytes:
        data = zlib.compress(b" " * 1_000_000, 9)
        machine = zlib.compressobj(9)
        data = b"".join(machine.compress(b" " * 1_000_000) for _ in range(mb)) + machine.flush()
        for _ in range(times - 1):
            data = zlib.compress(data, 9)
        return filtered(names, data)()

    return build


def picture(keys: bytes, data: bytes = b"") -> Callable[[], bytes]:
    """A document with a picture."""
    body = make.stream(b"/Type/XObject/Subtype/Image/BitsPerComponent 8/ColorSpace/DeviceGray" + keys, data)
    return in_page(b"/Group<</I 6 0 R>>", body)


def zeros(mb: int) -> bytes:
    """That many megabytes of zeros, deflated."""
    machine = zlib.compressobj(9)
    return b"".join(machine.compress(bytes(1_000_000)) for _ in range(mb)) + machine.flush()


def loop(kids: bytes) -> Callable[[], bytes]:
    """A page tree that never ends."""
    return changed(make.pdf, b"/Kids [4 0 R]", b"/Kids [%s]" % kids)


def nested_pdf(levels: int) -> bytes:
    """A PDF attached to a PDF attached to a PDF."""
    data = make.pdf()
    for level in range(levels):
        data = attached(f"{level}.pdf", data)()
    return data


def hidden_update() -> bytes:
    """An honest file with an update behind it that replaces the catalog by one with a script."""
    first = make.pdf()
    start = len(first)
    body = b"1 0 obj\n<</Type/Catalog/Pages 2 0 R/OpenAction%s>>\nendobj\n" % SCRIPT
    previous = first.rindex(b"xref\n0")
    table = b"xref\n1 1\n%010d 00000 n \ntrailer\n<</Size 6/Root 1 0 R/Prev %d>>\nstartxref\n%d\n%%%%EOF\n"
    return first + body + table % (start, previous, start + len(body))


def zip_in_the_middle() -> bytes:
    """A PDF with a program of Java between its objects, which archivers find from the end."""
    whole = make.pdf()
    cut = whole.rindex(b"xref\n0")
    return whole[:cut] + make.jar() + b"\n" + whole[cut:]


def attached_plainly(content: bytes, keys: bytes = b"") -> Callable[[], bytes]:
    """A file attached as a stream that does not say what it is."""
    return in_catalog(
        b"/Names<</EmbeddedFiles<</Names[(a)6 0 R]>>>>",
        b"<</Type/Filespec/F(a.dat)/EF<</F 7 0 R>>>>",
        make.stream(keys, content),
    )


def related(content: bytes) -> Callable[[], bytes]:
    """A file that is attached as a relation of another."""
    return in_catalog(
        b"/Names<</EmbeddedFiles<</Names[(a)6 0 R]>>>>",
        b"<</Type/Filespec/F(a.xml)/EF<</F 7 0 R>>/RF<</F[(b)8 0 R]>>>>",
        make.stream(b"/Type/EmbeddedFile", b"<a/>"),
        make.stream(b"/Type/EmbeddedFile", content),
    )


def password(revision: int, *, is_aes: bool) -> Callable[[], bytes]:
    """A document that asks its reader for a password."""
    encryption = Encryption(user="open", owner="own", R=revision, aes=is_aes, metadata=is_aes)
    return lambda: make.pdf_with(lambda _: None, encryption=encryption)


def _wide_loop() -> bytes:
    bodies = objects()
    bodies[1] = b"<</Type/Pages/Kids[3 0 R 6 0 R]/Count 2>>"
    bodies += [
        b"<</Type/Pages/Parent 2 0 R/Kids[7 0 R 7 0 R]/Count 2>>",
        b"<</Type/Pages/Parent 6 0 R/Kids[6 0 R]/Count 1>>",
    ]
    return written(bodies)


MZ: Final = b"MZ\x90\0" + bytes(200)
REMOTE_WIDGET: Final = b"/Subtype/Link/A<</S/URI/URI(%s)>>"

HOSTILE: dict[str, tuple[Refusal, Callable[[], bytes]]] = {
    # Passwords.
    **{
        f"pdf with a password, {name}": (Refusal.ENCRYPTED, password(revision, is_aes=is_aes))
        for name, revision, is_aes in (
            ("RC4 of 40 bits", 2, False),
            ("RC4 of 128 bits", 3, False),
            ("AES of 128 bits", 4, True),
            ("AES of 256 bits", 6, True),
        )
    },
    "pdf around an encrypted one": (
        Refusal.ENCRYPTED,
        in_catalog(
            b"/Collection<</View/H>>/AF[<</Type/Filespec/AFRelationship/EncryptedPayload/F(a)/EF<</F 6 0 R>>>>]",
            make.stream(b"/Type/EmbeddedFile", b"%locked"),
        ),
    ),
    "pdf with a password, and none for its owner": (
        Refusal.ENCRYPTED,
        lambda: make.pdf_with(lambda _: None, encryption=Encryption(user="open", owner="")),
    ),
    # Scripts, wherever an action may be.
    "script at opening": (ACTIVE, in_catalog(b"/OpenAction" + SCRIPT)),
    "script at opening, by reference": (ACTIVE, in_catalog(b"/OpenAction 6 0 R", SCRIPT)),
    "script at opening, every part by reference": (
        ACTIVE,
        in_catalog(b"/OpenAction 6 0 R", b"<</S 7 0 R/JS 8 0 R>>", b"/JavaScript", b"(app.alert\\(1\\))"),
    ),
    "script in a stream": (ACTIVE, in_catalog(b"/OpenAction<</S/JavaScript/JS 6 0 R>>", flate(b"app.alert(1)"))),
    "script when closing": (ACTIVE, in_catalog(b"/AA<</WC%s>>" % SCRIPT)),
    "script before printing": (ACTIVE, in_catalog(b"/AA<</WP%s>>" % SCRIPT)),
    "script of a page": (ACTIVE, in_page(b"/AA<</O%s>>" % SCRIPT)),
    "script of a page, when left": (ACTIVE, in_page(b"/AA<</C 6 0 R>>", SCRIPT)),
    "script of an annotation": (ACTIVE, annotated(b"/Subtype/Link/A" + SCRIPT)),
    "script of an annotation that is seen": (ACTIVE, annotated(b"/Subtype/Widget/AA<</PV%s>>" % SCRIPT)),
    "script of a field, key stroke": (ACTIVE, field(b"/AA<</K%s>>" % SCRIPT)),
    "script of a field, sums": (ACTIVE, field(b"/AA<</C%s>>" % SCRIPT)),
    "script of a button": (ACTIVE, field(b"/A" + SCRIPT)),
    "script of a bookmark": (
        ACTIVE,
        in_catalog(
            b"/Outlines 6 0 R", b"<</First 7 0 R/Last 7 0 R/Count 1>>", b"<</Title(a)/Parent 6 0 R/A%s>>" % SCRIPT
        ),
    ),
    "script by name": (ACTIVE, in_catalog(b"/Names<</JavaScript<</Names[(a)%s]>>>>" % SCRIPT)),
    "script by name, in kids": (
        ACTIVE,
        in_catalog(b"/Names<</JavaScript<</Kids[6 0 R]>>>>", b"<</Limits[(a)(a)]/Names[(a)7 0 R]>>", SCRIPT),
    ),
    "script by name, in an action of no name": (
        ACTIVE,
        in_catalog(b"/Names<</JavaScript<</Names[(a)<</S/X/JS(1)>>]>>>>"),
    ),
    "script behind another action": (
        ACTIVE,
        in_catalog(b"/OpenAction<</S/GoTo/D[3 0 R/Fit]/Next[<</S/Named/N/NextPage/Next%s>>]>>" % SCRIPT),
    ),
    "script with an escaped name": (ACTIVE, in_catalog(b"/OpenAction<</#53/J#61v#61Script/J#53(1)>>")),
    "script with every letter escaped": (ACTIVE, in_catalog(b"/OpenAction<</S/#4a#61#76#61#53#63#72#69#70#74/JS(1)>>")),
    "script in hexadecimals": (ACTIVE, in_catalog(b"/OpenAction<</S/JavaScript/JS<6170702e616c657274>>>")),
    "script in an object stream": (ACTIVE, scripted(object_stream_mode=ObjectStreamMode.generate)),
    "script, for the web": (ACTIVE, scripted(linearize=True, object_stream_mode=ObjectStreamMode.generate)),
    "script, encrypted for nobody": (ACTIVE, scripted(encryption=ENCRYPTIONS["AES of 256 bits"])),
    "script, encrypted and in an object stream": (
        ACTIVE,
        scripted(encryption=ENCRYPTIONS["RC4 of 128 bits"], object_stream_mode=ObjectStreamMode.generate),
    ),
    "script in an update": (ACTIVE, hidden_update),
    "script with a table that leads nowhere": (
        ACTIVE,
        lambda: in_catalog(b"/OpenAction" + SCRIPT)().replace(b"startxref\n", b"startxref\n9"),
    ),
    "script with comments between": (ACTIVE, in_catalog(b"/OpenAction<</S%x\n/JavaScript%y\n/JS%z\n(1)>>")),
    "script of a film": (ACTIVE, in_catalog(b"/OpenAction<</S/Rendition/OP 0/JS(1)/AN 6 0 R>>", b"null")),
    "script in a structure that lies": (ACTIVE, in_catalog(b"/OpenAction<</Type/StructElem/S/JavaScript/JS(1)>>")),
    "script for a link": (ACTIVE, annotated(REMOTE_WIDGET % b"javascript:alert\\(document.cookie\\)")),
    "script for a link, with a tab": (ACTIVE, annotated(REMOTE_WIDGET % b"java\\tscript:alert\\(1\\)")),
    "page of data for a link": (ACTIVE, annotated(REMOTE_WIDGET % b"data:text/html,<script>1</script>")),
    # Programs, and what leaves the document.
    "launch at opening": (ACTIVE, in_catalog(b"/OpenAction<</S/Launch/F(calc.exe)>>")),
    "launch for Windows": (ACTIVE, annotated(b"/Subtype/Link/A<</S/Launch/Win<</F(cmd.exe)/P(/c calc)>>>>")),
    "launch of a unix program": (ACTIVE, annotated(b"/Subtype/Link/A<</S/Launch/Unix(/bin/sh)>>")),
    "launch of a new window": (ACTIVE, click(lambda: Dictionary(S=Name.Launch, F=String("b.pdf"), NewWindow=True))),
    "protocol of Windows for a link": (ACTIVE, annotated(REMOTE_WIDGET % b"ms-msdt:/id PCWDiagnostic")),
    "web page at opening": (ACTIVE, opened(lambda _: Dictionary(S=Name.URI, URI=String("http://host.invalid/")))),
    "web page of a page": (ACTIVE, in_page(b"/AA<</O<</S/URI/URI(http://host.invalid/)>>>>")),
    "form sent at opening": (ACTIVE, opened(lambda _: Dictionary(S=Name.SubmitForm, F=String(WEB)))),
    "form sent by a button": (ACTIVE, field(b"/A<</S/SubmitForm/F<</FS/URL/F(http://host.invalid/)>>>>")),
    "form sent to a share": (ACTIVE, field(b"/A<</S/SubmitForm/F(\\\\\\\\host.invalid\\\\a)>>")),
    "data taken in": (ACTIVE, field(b"/A<</S/ImportData/F(a.fdf)>>")),
    "file elsewhere at opening": (
        ACTIVE,
        opened(lambda _: Dictionary(S=Name.GoToR, F=String(UNC), D=Array([0, Name.Fit]))),
    ),
    "file on a share": (ACTIVE, click(lambda: Dictionary(S=Name.GoToR, F=String(UNC)))),
    "file on the web": (ACTIVE, click(lambda: Dictionary(S=Name.GoToR, F=Dictionary(FS=Name.URL, F=String(WEB))))),
    "attached file elsewhere": (ACTIVE, click(lambda: Dictionary(S=Name.GoToE, F=String(WEB), T=Dictionary(R=Name.C)))),
    "thread elsewhere at opening": (ACTIVE, opened(lambda _: Dictionary(S=Name.Thread, F=String(UNC)))),
    "page elsewhere": (
        ACTIVE,
        in_page(
            b"/Group 6 0 R",
            make.stream(
                b"/Type/XObject/Subtype/Form/BBox[0 0 1 1]/Ref<</F(\\\\\\\\host.invalid\\\\a.pdf)/Page 0>>", b""
            ),
        ),
    ),
    "stream elsewhere": (
        ACTIVE,
        in_page(
            b"/Group 6 0 R", make.stream(b"/Type/XObject/Subtype/Image/F<</FS/URL/F(http://host.invalid/a.png)>>", b"")
        ),
    ),
    # Players.
    "rich media": (ACTIVE, annotated(b"/Subtype/RichMedia/RichMediaContent<<>>")),
    "3d": (ACTIVE, annotated(b"/Subtype/3D/3DD 6 0 R")),
    "film": (ACTIVE, annotated(b"/Subtype/Movie/Movie<</F(a.avi)>>")),
    "sound": (ACTIVE, annotated(b"/Subtype/Sound/Sound 6 0 R")),
    "sound at opening": (
        ACTIVE,
        in_catalog(b"/OpenAction<</S/Sound/Sound 6 0 R>>", make.stream(b"/Type/Sound/R 8000", b"a")),
    ),
    "film at opening": (ACTIVE, in_catalog(b"/OpenAction<</S/Movie/T(a)>>")),
    "rendition": (ACTIVE, annotated(b"/Subtype/Screen/A<</S/Rendition/R<</S/MR>>/OP 0>>")),
    "command to rich media": (ACTIVE, annotated(b"/Subtype/Link/A<</S/RichMediaExecute/CMD<</C(play)>>>>")),
    "3d with a script": (
        ACTIVE,
        in_page(b"/Group 6 0 R", make.stream(b"/Type/3D/Subtype/U3D/OnInstantiate 6 0 R", b"")),
    ),
    # Attachments.
    "attached program": (ACTIVE, attached("cv.exe", b"text")),
    "attached program of Windows, by content": (ACTIVE, attached("photo.jpg", MZ)),
    "attached program of Linux, by content": (ACTIVE, attached("photo.jpg", b"\x7fELF\x02\x01\x01" + bytes(99))),
    "attached program of a Mac, by content": (ACTIVE, attached("photo", b"\xcf\xfa\xed\xfe" + bytes(99))),
    "attached shell script, by content": (ACTIVE, attached("notes.txt", b"#!/bin/sh\nid\n")),
    "attached shortcut": (ACTIVE, attached("cv.pdf.lnk", b"")),
    "attached batch file": (ACTIVE, attached("cv.bat ", b"")),
    "attached workbook with macros": (ACTIVE, attached("a.xlsm", b"")),
    "attached document with macros, by content": (ACTIVE, attached("a.docx", make.hidden_macro_docx())),
    "attached document of Word 97": (ACTIVE, attached("a.doc", make.legacy_doc())),
    "attached archive with a program": (ACTIVE, attached("a.zip", make.packed({"cv.exe": MZ}))),
    "attached archive with a program, by content": (ACTIVE, attached("a.zip", make.packed({"cv.txt": MZ}))),
    "attached archive with a password": (ACTIVE, attached("a.zip", make.raw_zip([make.RawEntry("a", b"x", flags=1)]))),
    "attached jar": (ACTIVE, attached("a.dat", make.jar())),
    "attached pdf with a script": (ACTIVE, attached("b.pdf", make.javascript_pdf())),
    "attached pdf with a script, named otherwise": (ACTIVE, attached("b.dat", make.javascript_pdf())),
    "attached pdf with a password": (ACTIVE, attached("b.pdf", make.encrypted_pdf())),
    "attached pdf in an attached archive": (ACTIVE, attached("b.zip", make.packed({"a.pdf": make.javascript_pdf()}))),
    "attached program without a type": (ACTIVE, attached_plainly(MZ)),
    "attached program in hexadecimals": (ACTIVE, attached_plainly(MZ.hex().encode() + b">", b"/Filter/ASCIIHexDecode")),
    "attached program deflated twice": (
        ACTIVE,
        attached_plainly(zlib.compress(zlib.compress(MZ)), b"/Filter[/FlateDecode/FlateDecode]"),
    ),
    "attached program, encrypted for nobody": (
        ACTIVE,
        attached("a.jpg", MZ, encryption=ENCRYPTIONS["AES of 256 bits"]),
    ),
    "attached program of a relation": (ACTIVE, related(MZ)),
    "attached page with a script": (ACTIVE, attached("a.svg", b"<svg onload='alert(1)'/>")),
    "attached pdfs without end": (TOO_MUCH, lambda: nested_pdf(8)),
    "attached bomb": (TOO_MUCH, attached_plainly(zeros(120), b"/Filter/FlateDecode")),
    "attached zip bomb": (TOO_MUCH, attached("a.zip", make.zip_bomb_docx())),
    "hybrid of LibreOffice with a macro": (ACTIVE, hybrid_of_libreoffice(make.hidden_macro_docx)),
    # Forms of XFA.
    "form of xml with a script": (ACTIVE, form_in_xml(b"<template><event><script>1</script></event></template>")),
    "form of xml with a script, with a prefix": (
        ACTIVE,
        form_in_xml(b"<x:template><x:script contentType='a'/></x:template>"),
    ),
    "form of xml with a script, in utf-16": (ACTIVE, form_in_xml("<script>1</script>".encode("utf-16"))),
    "form of xml with a script, deflated": (
        ACTIVE,
        form_in_xml(zlib.compress(b"<script >1</script>"), b"/Filter/FlateDecode"),
    ),
    "form of xml with entities": (
        ACTIVE,
        form_in_xml(b"<!DOCTYPE a [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><a>&e;</a>"),
    ),
    # Two files in one.
    "pdf behind a web page": (Refusal.DAMAGED, lambda: make.html_named_pdf() + make.pdf()),
    "pdf behind a program": (Refusal.DAMAGED, lambda: MZ + make.pdf()),
    "pdf behind a picture": (Refusal.DAMAGED, lambda: b"\xff\xd8\xff\xe0\0\x10JFIF\0" + make.pdf()),
    "pdf behind a mark of utf-8": (Refusal.DAMAGED, lambda: b"\xef\xbb\xbf" + make.pdf()),
    "pdf before a jar": (ACTIVE, lambda: make.pdf() + make.jar()),
    "pdf before a docx": (ACTIVE, lambda: make.pdf() + make.docx()),
    "pdf around a jar": (ACTIVE, zip_in_the_middle),
    "pdf before a script": (ACTIVE, lambda: make.pdf() + b"<script>alert(1)</script>"),
    "pdf before a page of php": (ACTIVE, lambda: make.pdf() + b"<?php system('id'); ?>"),
    "pdf before a program": (Refusal.DAMAGED, lambda: make.pdf() + b"\x7fELF" + b"\x01" * 2000),
    # What costs too much, or does not hold together.
    "bomb in a page": (TOO_MUCH, bomb(b"/FlateDecode", 1)),
    "bomb in a page, twice": (TOO_MUCH, bomb(b"[/FlateDecode/FlateDecode]", 2)),
    "bomb in a page, three times": (TOO_MUCH, bomb(b"[/Fl/Fl/Fl]", 3)),
    "bomb in a page, runs": (TOO_MUCH, filtered(b"/RunLengthDecode", b"\x81a" * 300_000)),
    "bomb in a page, runs of runs": (
        TOO_MUCH,
        filtered(b"[/FlateDecode/RunLengthDecode]", zlib.compress(b"\x81a" * 300_000)),
    ),
    "bomb in a page, as a picture": (TOO_MUCH, filtered(b"/JBIG2Decode", b"\0\0\0\0\x30\0\1\0\0\0\x13" + b"\x7f" * 19)),
    "bomb in a picture": (TOO_MUCH, picture(b"/Width 2/Height 2/Filter/FlateDecode", zeros(30))),
    "picture of too many dots": (TOO_MUCH, picture(b"/Width 100000/Height 100000/Filter/DCTDecode", b"\xff\xd8")),
    "bomb in an object stream": (Refusal.DAMAGED, lambda: make.object_stream_bomb_pdf(20)),
    "deep dictionary": (Refusal.DAMAGED, in_catalog(b"/X " + b"<</A" * 5000 + b" 1" + b">>" * 5000)),
    "page tree that is its own": (Refusal.DAMAGED, loop(b"2 0 R")),
    "page tree with a loop": (Refusal.DAMAGED, _wide_loop),
    "page tree of nothing": (Refusal.DAMAGED, loop(b"99 0 R")),
    "object of a huge number": (
        Refusal.DAMAGED,
        lambda: make.pdf().replace(b"4 0 obj", b"4294967297 0 obj").replace(b"4 0 R", b"4294967297 0 R"),
    ),
    "too many objects": (TOO_MUCH, lambda: written([*objects(), *[b"null"] * 100_001])),
    "cut in half": (Refusal.DAMAGED, lambda: make.pdf("text\n" * 500)[: len(make.pdf("text\n" * 500)) // 2]),
    "header and nothing": (Refusal.DAMAGED, lambda: b"%PDF-1.7\n%%EOF\n"),
    "catalog without pages": (Refusal.DAMAGED, changed(make.pdf, b"/Pages 2 0 R", b"")),
}
