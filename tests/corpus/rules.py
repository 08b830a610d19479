"""One file for each single rule of the checks, and for each single liberty that honest producers take.

One case is one file and one exact refusal, so that no file is refused for the wrong reason: a hostile file that is
"damaged" because its maker made a mistake would prove nothing.
"""

from collections.abc import Callable

from pikepdf import Dictionary, Name, String

from files.enums import MediaKind, Refusal
from tests.factories import documents as make


def relation_in(part: str, kind: str, target: str, mode: str = "External") -> bytes:
    return make.docx_with({part: make.relation(kind, target, mode)})


def linked(kind: str, target: str, mode: str = "External") -> bytes:
    return relation_in(make.DOCUMENT_RELATIONS, kind, target, mode)


def link(address: str) -> bytes:
    return make.link_pdf(Dictionary(S=Name.URI, URI=String(address)))


def odt_link(element: str, target: str) -> bytes:
    """An ODT with an element that points somewhere."""
    xlink = 'xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:x="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0"'
    made = f'<x:{element} {xlink} xlink:href="{target}"/></office:text>'
    return make.changed_odt("content.xml", "</office:text>", made)


ACCEPTED: dict[str, tuple[MediaKind, Callable[[], bytes]]] = {
    "pdf": (MediaKind.PDF, make.pdf),
    "pdf of several pages": (MediaKind.PDF, lambda: make.pdf("first\n" * 200, pages=9)),
    "pdf that lists CSS/JavaScript": (MediaKind.PDF, lambda: make.pdf("HTML/CSS/JavaScript (/S /JavaScript /JS)")),
    "pdf with an owner's password": (MediaKind.PDF, make.owner_locked_pdf),
    "pdf with a link": (MediaKind.PDF, make.web_link_pdf),
    "pdf with a mail address": (MediaKind.PDF, lambda: link("mailto:someone@example.invalid")),
    "pdf with a button of a web page": (MediaKind.PDF, lambda: link("javascript:void(0);")),
    "pdf with an opening view": (MediaKind.PDF, make.view_pdf),
    "pdf with a local link": (
        MediaKind.PDF,
        lambda: make.link_pdf(Dictionary(S=Name.GoToR, F=String("annex 1: b.pdf"))),
    ),
    "pdf with attached XML": (MediaKind.PDF, make.europass_pdf),
    "pdf with an attached page": (MediaKind.PDF, lambda: make.attachment_pdf("a.html", b"<style>li{}</style>")),
    "pdf with an attached docx": (MediaKind.PDF, lambda: make.attachment_pdf("cv.docx", make.docx())),
    "pdf with a form": (MediaKind.PDF, lambda: make.xfa_pdf(b"<template><field name='script'/></template>")),
    "pdf with keys in latin-1": (MediaKind.PDF, lambda: make.pdf().replace(b"/Catalog", b"/Catalog /Gr\xf6\xdfe 1")),
    "pdf with wrong offsets": (MediaKind.PDF, make.repairable_pdf),
    "pdf with an update": (MediaKind.PDF, make.updated_pdf),
    "pdf with object streams": (MediaKind.PDF, lambda: make.object_stream_bomb_pdf(0)),
    "pdf with a plain form": (
        MediaKind.PDF,
        lambda: make.pdf_with_object(b"<< /XFA 10 0 R >>\nendobj\n10 0 obj\n" + make.stream(b"", b"<template/>")),
    ),
    "pdf with a plain attachment": (
        MediaKind.PDF,
        lambda: make.pdf_with_object(b"<< /EF << /F 10 0 R >> >>\nendobj\n10 0 obj\n" + make.stream(b"", b"<xml/>")),
    ),
    "pdf with an odd attachment": (
        MediaKind.PDF,
        lambda: make.pdf_with_object(
            b"<< /EF << /F 10 0 R /UF 11 0 R >> >>\nendobj\n10 0 obj\n"
            + make.stream(b"/Filter /LZWDecode", b"x")
            + b"\nendobj\n11 0 obj\n"
            + make.stream(b"/Filter /Fl", b"no deflate")
        ),
    ),
    "pdf with a stray object stream": (
        MediaKind.PDF,
        lambda: make.pdf_with_object(make.stream(b"/Type /ObjStm /N 1 /First 4", b"99 0 (x)")),
    ),
    "pdf with a style called script": (
        MediaKind.PDF,
        lambda: make.pdf_with_object(b"<< /Type /StructElem /S /JavaScript /P 1 0 R >>"),
    ),
    "pdf without a last newline": (MediaKind.PDF, lambda: make.pdf().rstrip()),
    "pdf without its end mark": (MediaKind.PDF, lambda: make.pdf().removesuffix(b"%%EOF\n")),
    "pdf padded with zeros": (MediaKind.PDF, lambda: make.pdf() + bytes(70_000)),
    "pdf followed by a remark": (MediaKind.PDF, lambda: make.pdf() + b"% printed by the office\r\n"),
    "docx": (MediaKind.DOCX, make.docx),
    "docx, strict": (MediaKind.DOCX, make.strict_docx),
    "docx with a local template": (
        MediaKind.DOCX,
        lambda: make.remote_template_docx("file:///C:\\Templates\\Normal.dotm"),
    ),
    "docx without relations": (
        MediaKind.DOCX,
        lambda: make.packed({k: v for k, v in make.docx_parts().items() if k != "_rels/.rels"}),
    ),
    "docx with an absolute target": (MediaKind.DOCX, lambda: make.changed_docx("_rels/.rels", '"word/', '"/word/')),
    "docx with a link": (MediaKind.DOCX, lambda: linked("hyperlink", "https://example.invalid/")),
    "docx with a linked picture": (MediaKind.DOCX, lambda: linked("image", "https://example.invalid/a.png")),
    "docx with a chart's workbook": (
        MediaKind.DOCX,
        lambda: relation_in("word/charts/_rels/chart1.xml.rels", "oleObject", "file:///C:\\Users\\x\\a.xlsx"),
    ),
    "docx with an empty part": (MediaKind.DOCX, lambda: make.docx_with({"customXml/item1.xml": b""})),
    "docx with folders": (MediaKind.DOCX, lambda: make.docx_with({"word/": b""})),
    "docx with a page number": (MediaKind.DOCX, lambda: make.field_docx(" PAGE ", " \\* DDE ")),
    "docx with a white picture": (MediaKind.DOCX, lambda: make.docx_with_entry(make.zeros(9))),
    "docx with backslashes": (
        MediaKind.DOCX,
        lambda: make.raw_zip(make.raw_entries({k.replace("/", "\\"): v for k, v in make.docx_parts().items()})),
    ),
    "docx with dots": (
        MediaKind.DOCX,
        lambda: make.raw_zip(make.raw_entries({f"./{k}": v for k, v in make.docx_parts().items()})),
    ),
    "docx with stray bytes": (MediaKind.DOCX, lambda: make.docx() + b"\x01\x00\x00\x3e\x13"),
    "docx in utf-16": (
        MediaKind.DOCX,
        lambda: make.docx_with(
            {
                "word/document.xml": make.docx_parts()["word/document.xml"]
                .decode()
                .replace("UTF-8", "UTF-16")
                .encode("utf-16")
            }
        ),
    ),
    "odt": (MediaKind.ODT, make.odt),
    "odt of openoffice": (MediaKind.ODT, make.openoffice_odt),
    "odt without mimetype": (
        MediaKind.ODT,
        lambda: make.packed({k: v for k, v in make.odt_parts().items() if k != "mimetype"}),
    ),
    "odt with a link": (MediaKind.ODT, lambda: odt_link("a", "https://example.invalid/")),
    "odt with a local template": (MediaKind.ODT, lambda: odt_link("template", "/C:/Templates/a.ott")),
    "odt with an empty macro": (
        MediaKind.ODT,
        lambda: make.odt_with({"a.xml": b'<m:module xmlns:m="http://openoffice.org/2000/script"> </m:module>'}),
    ),
    "odt with unused events": (MediaKind.ODT, lambda: odt_link("event-listener", "")),
}

REFUSED: dict[str, tuple[Refusal, Callable[[], bytes]]] = {
    "nothing": (Refusal.EMPTY, lambda: b""),
    "blanks": (Refusal.EMPTY, lambda: b"\n \0\0"),
    # Other kinds of file.
    "html": (Refusal.WRONG_TYPE, make.html_named_pdf),
    "script": (Refusal.WRONG_TYPE, lambda: b"#!/bin/sh\necho\n"),
    "program": (Refusal.WRONG_TYPE, lambda: b"MZ\x90\0" + bytes(100)),
    "png cut short": (Refusal.DAMAGED, lambda: b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"),
    "zip": (Refusal.WRONG_TYPE, make.plain_zip),
    "empty zip": (Refusal.WRONG_TYPE, lambda: make.packed({})),
    "xlsx": (Refusal.WRONG_TYPE, make.xlsx),
    "epub": (Refusal.WRONG_TYPE, make.epub),
    "jar": (Refusal.WRONG_TYPE, make.jar),
    "xls": (Refusal.WRONG_TYPE, make.legacy_xls),
    "ods": (Refusal.WRONG_TYPE, lambda: make.odt_with({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet"})),
    "doc": (Refusal.LEGACY_FORMAT, make.legacy_doc),
    "rtf": (Refusal.LEGACY_FORMAT, make.rtf),
    "text": (Refusal.LEGACY_FORMAT, "Työkokemus\n".encode),
    "text in utf-16": (Refusal.LEGACY_FORMAT, lambda: "Työkokemus\n".encode("utf-16")),
    "text in latin-1": (Refusal.LEGACY_FORMAT, lambda: "Työkokemus\n".encode("latin-1")),
    "text about PKI": (Refusal.LEGACY_FORMAT, lambda: b"PKI engineer"),
    "wordperfect": (Refusal.LEGACY_FORMAT, lambda: b"\xffWPC\x10\0"),
    "word 2003 xml": (Refusal.LEGACY_FORMAT, lambda: b'<?mso-application progid="Word.Document"?><x/>'),
    "sxw": (Refusal.LEGACY_FORMAT, lambda: make.odt_with({"mimetype": b"application/vnd.sun.xml.writer"})),
    # PDF.
    "pdf with a password": (Refusal.ENCRYPTED, make.encrypted_pdf),
    "pdf for a certificate": (Refusal.ENCRYPTED, make.certificate_pdf),
    "pdf of rubbish": (Refusal.DAMAGED, make.broken_pdf),
    "pdf cut short": (Refusal.DAMAGED, make.truncated_pdf),
    "pdf without a page": (Refusal.DAMAGED, make.pageless_pdf),
    "pdf without its head": (Refusal.DAMAGED, lambda: make.pdf()[20:]),
    "pdf too deep": (Refusal.DAMAGED, make.deep_pdf),
    "pdf with an object too deep": (Refusal.DAMAGED, lambda: make.pdf_with_object(b"[" * 600 + b"]" * 600)),
    "pdf with an object too broken": (
        Refusal.DAMAGED,
        lambda: make.pdf_with_object(b"<< /S /JavaScript /JS (1) /Y [" + b")" * 50 + b"] >>"),
    ),
    "pdf with too much to repair": (
        Refusal.DAMAGED,
        lambda: make.pdf_with_object(b"".join(b"[)))]\nendobj\n%d 0 obj\n" % n for n in range(10, 4000))),
    ),
    "pdf with odd object streams": (
        Refusal.DAMAGED,
        lambda: make.pdf_with_object(make.stream(b"/Type /ObjStm /N 1 /First 4 /Filter /ASCIIHexDecode", b"39>")),
    ),
    "pdf with a broken object stream": (
        Refusal.DAMAGED,
        lambda: make.pdf_with_object(make.stream(b"/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode", b"no deflate")),
    ),
    "pdf with a broken form": (
        Refusal.DAMAGED,
        lambda: make.pdf_with_object(
            b"<< /XFA 10 0 R >>\nendobj\n10 0 obj\n" + make.stream(b"/Filter /FlateDecode", b"no deflate")
        ),
    ),
    "pdf that goes on": (Refusal.DAMAGED, lambda: make.pdf() + b"more " * 1000),
    "pdf behind a newline": (Refusal.DAMAGED, lambda: b"\n" + make.pdf()),
    "pdf behind a gif": (Refusal.DAMAGED, make.polyglot_gif_pdf),
    "pdf within a zip": (Refusal.DAMAGED, make.polyglot_zip_pdf),
    "pdf with a bomb for objects": (Refusal.DAMAGED, make.object_stream_bomb_pdf),
    "pdf with unended streams": (
        Refusal.DAMAGED,
        lambda: make.pdf().replace(b"xref\n", b"stream\n" * 2000 + b"xref\n", 1),
    ),
    "pdf with a stray bomb": (Refusal.UNPACKS_TOO_BIG, make.stray_object_stream_pdf),
    "pdf with too many objects": (Refusal.UNPACKS_TOO_BIG, lambda: make.pdf() + b"1 0 obj " * 100_001 + b"%%EOF"),
    "pdf with a zip tail": (Refusal.ACTIVE_CONTENT, make.pdf_with_zip_tail),
    "pdf in a zip's comment": (Refusal.ACTIVE_CONTENT, make.pdf_in_zip_comment),
    "pdf in a zip's comment, with a decoy": (
        Refusal.ACTIVE_CONTENT,
        lambda: make.pdf_in_zip_comment(b"PK\x05\x06" + bytes(18)),
    ),
    "pdf with a html tail": (Refusal.ACTIVE_CONTENT, make.pdf_with_html_tail),
    "pdf with a html tail and an end": (Refusal.ACTIVE_CONTENT, lambda: make.pdf_with_html_tail() + b"%%EOF\n"),
    "pdf with a script": (Refusal.ACTIVE_CONTENT, make.javascript_pdf),
    "pdf with a named script": (Refusal.ACTIVE_CONTENT, make.named_script_pdf),
    "pdf with a script in a page": (
        Refusal.ACTIVE_CONTENT,
        lambda: make.page_trigger_pdf(Dictionary(S=Name.JavaScript, JS=String("app.alert(1)"))),
    ),
    "pdf with a disguised script": (
        Refusal.ACTIVE_CONTENT,
        lambda: make.pdf().replace(b"/Pages 2 0 R", b"/Pages 2 0 R /X [[<< /S /J#61vaScript /JS (1) >>]]"),
    ),
    "pdf with a script behind a view": (
        Refusal.ACTIVE_CONTENT,
        lambda: make.opening_pdf(
            Dictionary(S=Name.Named, N=Name.NextPage, Next=Dictionary(S=Name.URI, URI=String("a")))
        ),
    ),
    "pdf with endless actions": (
        Refusal.ACTIVE_CONTENT,
        lambda: make.pdf().replace(b"/Pages 2 0 R", b"/Pages 2 0 R /OpenAction 1 0 R /Next 1 0 R"),
    ),
    "pdf that launches": (Refusal.ACTIVE_CONTENT, make.launch_pdf),
    "pdf that calls a share": (Refusal.ACTIVE_CONTENT, make.calling_pdf),
    "pdf that links to a share": (
        Refusal.ACTIVE_CONTENT,
        lambda: make.link_pdf(Dictionary(S=Name.GoToR, F=Dictionary(UF=String("\\\\host.invalid\\a.pdf")))),
    ),
    "pdf that sends a form by itself": (
        Refusal.ACTIVE_CONTENT,
        lambda: make.page_trigger_pdf(Dictionary(S=Name.SubmitForm, F=String("https://host.invalid/"))),
    ),
    "pdf with a script for a link": (Refusal.ACTIVE_CONTENT, lambda: link(" JavaScript:alert(1)")),
    "pdf with a program": (Refusal.ACTIVE_CONTENT, make.program_pdf),
    "pdf with a program's name": (Refusal.ACTIVE_CONTENT, lambda: make.attachment_pdf("cv.pdf.EXE.", b"text")),
    "pdf with an attached script": (
        Refusal.ACTIVE_CONTENT,
        lambda: make.attachment_pdf("a.html", b"<script>alert(1)</script>"),
    ),
    "pdf with a form's script": (
        Refusal.ACTIVE_CONTENT,
        lambda: make.xfa_pdf(b"<template><script>1</script></template>"),
    ),
    "pdf with a form in disguise": (
        Refusal.ACTIVE_CONTENT,
        lambda: make.pdf_with_object(
            b"<< /XFA 10 0 R >>\nendobj\n10 0 obj\n" + make.stream(b"/Filter /ASCIIHexDecode", b"3c>")
        ),
    ),
    "pdf with a scripted film": (
        Refusal.ACTIVE_CONTENT,
        lambda: make.pdf_with_object(b"<< /S /Rendition /JS (app.alert) >>"),
    ),
    "pdf with rich media": (
        Refusal.ACTIVE_CONTENT,
        lambda: make.pdf().replace(b"/Pages 2 0 R", b"/Pages 2 0 R /X << /Subtype /RichMedia >>"),
    ),
    # ZIP containers.
    "docx cut short": (Refusal.DAMAGED, make.truncated_docx),
    "docx with a changed byte": (Refusal.DAMAGED, lambda: make.docx_with_entry(make.RawEntry("a.png", b"x", crc=1))),
    "docx with a small lie": (Refusal.DAMAGED, make.small_lie_docx),
    "docx packed by bzip2": (Refusal.DAMAGED, lambda: make.docx_with_entry(make.RawEntry("a.png", b"x", method=12))),
    "docx with half an entry": (Refusal.DAMAGED, lambda: make.docx_with_entry(make.RawEntry("a", packed=b"\xff\xff"))),
    "docx with an unended entry": (
        Refusal.DAMAGED,
        lambda: make.docx_with_entry(make.RawEntry("a", packed=make.deflated(b"long " * 100)[:-4])),
    ),
    "docx with two names": (Refusal.DAMAGED, lambda: make.docx_with_entry(make.RawEntry("a.png", local_name="b.exe"))),
    "docx with one name twice": (Refusal.DAMAGED, lambda: make.docx_with_entry(make.RawEntry("word/document.xml"))),
    "docx with a html tail": (Refusal.DAMAGED, lambda: make.docx() + b"<script>"),
    "docx that climbs": (Refusal.DAMAGED, make.zip_slip_docx),
    "docx that climbs in Windows": (Refusal.DAMAGED, lambda: make.zip_slip_docx("..\\..\\evil.txt")),
    "docx with an absolute name": (Refusal.DAMAGED, lambda: make.zip_slip_docx("/etc/evil.txt")),
    "docx with a drive": (Refusal.DAMAGED, lambda: make.zip_slip_docx("C:\\evil.txt")),
    "docx with a symlink": (Refusal.DAMAGED, make.symlink_docx),
    "docx and odt at once": (Refusal.DAMAGED, lambda: make.packed({**make.docx_parts(), **make.odt_parts()})),
    "docx bomb": (Refusal.UNPACKS_TOO_BIG, make.zip_bomb_docx),
    "docx bomb of xml": (Refusal.UNPACKS_TOO_BIG, make.xml_bomb_docx),
    "docx that lies about its size": (Refusal.UNPACKS_TOO_BIG, make.lying_size_docx),
    "docx of many entries": (Refusal.UNPACKS_TOO_BIG, make.many_entries_docx),
    "odt bomb": (Refusal.UNPACKS_TOO_BIG, make.zip_bomb_odt),
    # DOCX.
    "docx with a password": (Refusal.ENCRYPTED, make.encrypted_docx),
    "docx with an archiver's password": (Refusal.ENCRYPTED, make.zip_encrypted_docx),
    "docx without its document": (
        Refusal.DAMAGED,
        lambda: make.packed({k: v for k, v in make.docx_parts().items() if k != "word/document.xml"}),
    ),
    "docx with an empty document": (Refusal.DAMAGED, lambda: make.docx_with({"word/document.xml": b""})),
    "docx with half a document": (Refusal.DAMAGED, lambda: make.docx_with({"word/document.xml": b"<w:document"})),
    "docx with another document": (Refusal.DAMAGED, lambda: make.docx_with({"word/document.xml": b"<html/>"})),
    "docx in no encoding": (
        Refusal.DAMAGED,
        lambda: make.docx_with({"a.xml": b'<?xml version="1.0" encoding="x"?><a/>'}),
    ),
    "docx too deep": (Refusal.DAMAGED, make.deep_docx),
    "docx that reads files": (Refusal.DAMAGED, make.xxe_docx),
    "docx that laughs": (Refusal.DAMAGED, make.billion_laughs_docx),
    "docx with macros": (Refusal.ACTIVE_CONTENT, make.macro_docx),
    "docx with hidden macros": (Refusal.ACTIVE_CONTENT, make.hidden_macro_docx),
    "docx with a macro workbook": (Refusal.ACTIVE_CONTENT, lambda: make.docx_with({"word/embeddings/a.xlsm": b"x"})),
    "docx with an object": (Refusal.ACTIVE_CONTENT, lambda: linked("oleObject", "embeddings/a.bin", "Internal")),
    "docx with a remote object": (Refusal.ACTIVE_CONTENT, lambda: linked("oleObject", "mhtml:https://host.invalid/!x")),
    "docx with a remote template": (Refusal.ACTIVE_CONTENT, make.remote_template_docx),
    "docx with a template on a share": (
        Refusal.ACTIVE_CONTENT,
        lambda: make.remote_template_docx("file:///\\\\host.invalid\\a.dotm"),
    ),
    "docx with a picture on a share": (Refusal.ACTIVE_CONTENT, lambda: linked("image", "file://host.invalid/a.png")),
    "docx with a remote frame": (Refusal.ACTIVE_CONTENT, lambda: linked("frame", "https://host.invalid/")),
    "docx with a protocol": (Refusal.ACTIVE_CONTENT, lambda: linked("hyperlink", "ms-msdt:/id")),
    "docx with dde": (Refusal.ACTIVE_CONTENT, lambda: make.field_docx(" DDEAUTO calc ")),
    "docx with dde and no end": (
        Refusal.ACTIVE_CONTENT,
        lambda: make.changed_docx("word/document.xml", "<w:sectPr/>", "<w:instrText>DDE calc</w:instrText>"),
    ),
    "docx with dde in pieces": (Refusal.ACTIVE_CONTENT, lambda: make.field_docx(" d", "d", "eauto calc")),
    "docx with simple dde": (
        Refusal.ACTIVE_CONTENT,
        lambda: make.changed_docx("word/document.xml", "<w:sectPr/>", '<w:fldSimple w:instr=" DDE calc "/>'),
    ),
    # ODT.
    "odt with a password": (Refusal.ENCRYPTED, make.encrypted_odt),
    "odt with an empty document": (Refusal.DAMAGED, lambda: make.odt_with({"content.xml": b""})),
    "odt with another document": (Refusal.DAMAGED, lambda: make.odt_with({"content.xml": b"<html/>"})),
    "odt with a doctype": (Refusal.DAMAGED, lambda: make.odt_with({"styles.xml": b"<!DOCTYPE a><a/>"})),
    "odt with a false doctype": (
        Refusal.DAMAGED,
        lambda: make.odt_with({"a.xml": b'<!DOCTYPE a PUBLIC "-//OpenOffice.org//DTD " "" [<!ENTITY e "x">]><a/>'}),
    ),
    "odt with a macro": (Refusal.ACTIVE_CONTENT, make.macro_odt),
    "odt with a script": (Refusal.ACTIVE_CONTENT, lambda: make.odt_with({"Scripts/python/a.py": b"pass"})),
    "odt with an event": (Refusal.ACTIVE_CONTENT, lambda: odt_link("event-listener", "vnd.sun.star.script:a")),
    "odt with a script for a link": (Refusal.ACTIVE_CONTENT, lambda: odt_link("a", "vnd.sun.star.script:a")),
    "odt with an object": (Refusal.ACTIVE_CONTENT, lambda: odt_link("object-ole", "./Object 1")),
    "odt with dde": (Refusal.ACTIVE_CONTENT, lambda: odt_link("dde-connection", "")),
    "odt with a remote section": (Refusal.ACTIVE_CONTENT, lambda: odt_link("section-source", "https://host.invalid/")),
    "odt with a remote template": (Refusal.ACTIVE_CONTENT, lambda: odt_link("template", "//host.invalid/a.ott")),
    "odt with a picture on a share": (Refusal.ACTIVE_CONTENT, lambda: odt_link("image", "//host.invalid/a.png")),
}
