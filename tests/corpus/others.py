# ruff: noqa: E501 (lines of tables, which hold the files themselves)
"""Files of other kinds, whatever their name says. Every one of them must be refused, the older ones with advice."""

import struct
import zlib
from collections.abc import Callable
from typing import Final

from files.enums import Refusal
from tests.factories import documents as make

WRONG: Final = Refusal.WRONG_TYPE
LEGACY: Final = Refusal.LEGACY_FORMAT

_PNG: Final = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">2L5B", 1, 1, 8, 0, 0, 0, 0) + bytes(4)
_TAR: Final = b"cv.pdf".ljust(257, b"\0") + b"ustar\x0000" + bytes(248)
_CLASS: Final = b"\xca\xfe\xba\xbe\0\0\0\x41" + bytes(50)


def _legacy(stream: str) -> bytes:
    return make.OLE2 + bytes(504) + stream.encode("utf-16-le") + bytes(512)


HOSTILE: dict[str, tuple[Refusal, Callable[[], bytes]]] = {
    name: (refusal, lambda data=data: data)  # type: ignore[misc]
    for refusal, files in (
        (
            Refusal.EMPTY,
            {
                "nothing": b"",
                "one NUL": b"\0",
                "a page of NULs": bytes(4096),
                "one space": b" ",
                "line ends": b"\r\n\r\n",
            },
        ),
        (
            LEGACY,
            {
                "doc": make.legacy_doc(),
                "rtf": make.rtf(),
                "rtf with an object": rb"{\rtf1{\object\objautlink\objupdate{\*\objdata 0105}}}",
                "rtf, cut head": rb"{\rt1 a}",
                "text": "Työkokemus\r\n2019-2026\r\n".encode(),
                "text with a mark": b"\xef\xbb\xbfTy\xc3\xb6",
                "text in utf-16": "Työ".encode("utf-16"),
                "text in Latin-1": "Työ\n".encode("latin-1"),
                "one letter": b"a",
                "markdown": b"# Curriculum vitae\n\n* Python\n",
                "wordperfect": b"\xffWPC\x10\0\0\0\x01\x0a",
                "word 2003 xml": b'<?xml version="1.0"?><?mso-application progid="Word.Document"?><w:wordDocument/>',
            },
        ),
        (
            WRONG,
            {
                "one byte": b"\x80\x01",
                "html": make.html_named_pdf(),
                "html with a mark": b"\xef\xbb\xbf<html><script>1</script></html>",
                "html in utf-16": "<html/>".encode("utf-16"),
                "html behind blanks": b"\n\n  <HTML>",
                "svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
                "xml": b'<?xml version="1.0"?><a/>',
                "flat odt": b'<?xml version="1.0"?><office:document xmlns:office="o" office:mimetype="application/vnd.oasis.opendocument.text"/>',
                "php": b"<?php system('id');",
                "shell script": b"#!/bin/sh\nid\n",
                "program of Windows": b"MZ\x90\0\3\0\0\0\4\0\0\0\xff\xff" + bytes(200) + b"PE\0\0",
                "program of Linux": b"\x7fELF\2\1\1" + bytes(100),
                "program of a Mac": b"\xcf\xfa\xed\xfe\7\0\0\1" + bytes(50),
                "class of Java": _CLASS,
                "gif": b"GIF89a\1\0\1\0\0\0\0;",
                "gif and script": b"GIF89a=0;alert(1);\0\1",
                "tiff": b"II*\0" + bytes(50),
                "webp": b"RIFF\4\0\0\0WEBPVP8 \0",
                "heic": b"\0\0\0\x18ftypheic" + bytes(30),
                "mp4": b"\0\0\0\x18ftypmp42" + bytes(30),
                "mp3": b"ID3\4\0\0" + bytes(30),
                "xls": make.legacy_xls(),
                "ppt": _legacy("PowerPoint Document"),
                "msi": _legacy("Installer"),
                "mail of Outlook": _legacy("__substg1.0_"),
                "zip": make.plain_zip(),
                "empty zip": make.packed({}),
                "jar": make.jar(),
                "apk": make.packed(
                    {"AndroidManifest.xml": b"\3\0\b\0", "classes.dex": b"dex\n035\0", "META-INF/MANIFEST.MF": b""}
                ),
                "epub": make.epub(),
                "pages of Apple": make.packed({"Index/Document.iwa": b"\0", "preview.jpg": b"\xff\xd8\xff"}),
                "xps": make.packed({"FixedDocSeq.fdseq": b"<a/>", "_rels/.rels": b"<a/>"}),
                "zip of a docx": make.packed({"cv.docx": make.docx()}),
                "rar": b"Rar!\x1a\7\1\0" + bytes(30),
                "7z": b"7z\xbc\xaf\x27\x1c\0\4" + bytes(30),
                "gzip": b"\x1f\x8b\b\0" + zlib.compress(b"x"),
                "bzip2": b"BZh91AY&SY" + bytes(20),
                "tar": _TAR,
                "iso": bytes(32769) + b"CD001\1" + bytes(100),
                "shortcut of Windows": b"\x4c\0\0\0\1\x14\2\0" + bytes(60),
                "database of SQLite": b"SQLite format 3\0" + bytes(80),
                "font": b"\0\1\0\0\0\x0c\0\x80" + bytes(60),
                "noise": bytes((7 * n * n + 3 * n) % 251 for n in range(5000)),
            },
        ),
        (
            Refusal.ENCRYPTED,
            {
                "docx with a password": make.encrypted_docx(),
                "docx with rights": _legacy("EncryptedPackage") + "DataSpaces".encode("utf-16-le"),
            },
        ),
        (
            Refusal.DAMAGED,
            {
                "end of a pdf": make.pdf()[50:],
                "end of a zip": make.docx()[:4] + make.docx()[300:400],
                "pdf in text": b"See below\n" + make.pdf(),
                "png without its picture": _PNG,
                "jpeg without its picture": b"\xff\xd8\xff\xe0\0\x10JFIF\0" + bytes(50),
            },
        ),
        (Refusal.TOO_BIG, {"pdf of more bytes than allowed": make.pdf().ljust(10_000_001, b"\0")}),
    )
    for name, data in files.items()
}
