# ruff: noqa: E501 (lines of tables, which hold the files themselves)
"""ODT files: as honest programs write them, and those that act or hide something."""

from collections.abc import Callable
from typing import Final

from files.enums import MediaKind, Refusal
from tests.factories import documents as make

ACTIVE: Final = Refusal.ACTIVE_CONTENT
DAMAGED: Final = Refusal.DAMAGED
ODT: Final = MediaKind.ODT
NAMES: Final = " ".join(
    f'xmlns:{prefix}="{address}"'
    for prefix, address in {
        **{
            name: f"urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"
            for name in ("draw", "form", "script", "style", "table", "meta", "config", "manifest")
        },
        "xlink": "http://www.w3.org/1999/xlink",
        "ooo": "http://openoffice.org/2004/office",
        "xforms": "http://www.w3.org/2002/xforms",
        "dom": "http://www.w3.org/2001/xml-events",
        "accel": "http://openoffice.org/2001/accel",
        "menu": "http://openoffice.org/2001/menu",
        "library": "http://openoffice.org/2000/library",
        "dlg": "http://openoffice.org/2000/dialog",
    }.items()
)
MZ: Final = b"MZ\x90\0" + bytes(200)
PNG: Final = b"\x89PNG\r\n\x1a\n" + bytes(50)
OPENOFFICE: Final = '<!DOCTYPE {0} PUBLIC "-//OpenOffice.org//DTD OfficeDocument 1.0//EN" "office.dtd">'

Parts = dict[str, bytes | None]


def with_parts(parts: Parts) -> Callable[[], bytes]:
    """An ODT with parts added, replaced, or left out (None)."""

    def build() -> bytes:
        changed: Parts = {**make.odt_parts(), **parts}
        return make.packed({name: content for name, content in changed.items() if content is not None})

    return build


def content(inside: str, before: str = "") -> bytes:
    """The content with something at the end of its text, and something before the body."""
    whole = make.odt_parts()["content.xml"].decode()
    whole = whole.replace("<office:document-content ", f"<office:document-content {NAMES} ", 1)
    return (
        whole.replace("<office:body>", f"{before}<office:body>")
        .replace("</office:text>", f"{inside}</office:text>")
        .encode()
    )


def text(inside: str, before: str = "") -> Callable[[], bytes]:
    """An ODT with something in its text."""
    return with_parts({"content.xml": content(inside, before)})


def part(name: str, xml: str) -> Callable[[], bytes]:
    """An ODT with one more part of XML, whose root gets every namespace."""
    root, rest = xml.split(" ", 1) if " " in xml.split(">", maxsplit=1)[0] else (xml.rstrip("/>"), "/>")
    return with_parts({name: f"{root} {NAMES} {rest}".encode()})


def manifest(inside: str) -> bytes:
    """The manifest with one more line."""
    return make.odt_parts()["META-INF/manifest.xml"].replace(
        b"</manifest:manifest>", inside.encode() + b"</manifest:manifest>"
    )


def libreoffice() -> bytes:
    """As LibreOffice writes it: folders, a thumbnail, a layout cache, RDF, settings, events that nobody uses."""
    unused = (
        '<office:scripts/><office:font-face-decls><style:font-face style:name="Macro: DDE"/></office:font-face-decls>'
    )
    return with_parts(
        {
            "content.xml": content("<text:sequence-decls/>", unused),
            "Thumbnails/thumbnail.png": PNG,
            "layout-cache": bytes(range(40)),
            "manifest.rdf": b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>',
            "settings.xml": f"<office:document-settings xmlns:office='o' {NAMES}><config:config-item config:name='LoadReadonly'>false</config:config-item></office:document-settings>".encode(),
            "styles.xml": f"<office:document-styles xmlns:office='o' {NAMES}><style:style style:name='a'/></office:document-styles>".encode(),
            "Configurations2/": b"",
            "Configurations2/images/Bitmaps/": b"",
            "Configurations2/accelerator/current.xml": b"",
            "Pictures/1.png": PNG,
        }
    )()


def openoffice_1() -> bytes:
    """As OpenOffice 2 and 3 wrote it: menus with commands, library lists, document types without a subset."""
    accelerators = (
        OPENOFFICE.format("accel:acceleratorlist")
        + f'<accel:acceleratorlist {NAMES}><accel:item xlink:href=".uno:Save"/><accel:item xlink:href="slot:5500"/><accel:item xlink:href="private:factory/swriter"/></accel:acceleratorlist>'
    )
    libraries = (
        OPENOFFICE.format("library:libraries")
        + f'<library:libraries {NAMES}><library:library library:name="Standard" library:link="false"/></library:libraries>'
    )
    return with_parts(
        {
            "Configurations2/accelerator/current.xml": accelerators.encode(),
            "Basic/script-lc.xml": libraries.encode(),
            "Dialogs/dialog-lc.xml": libraries.encode(),
            "meta.xml": b"<office:document-meta xmlns:office='o'/>",
        }
    )()


FORMULA: Final = "<draw:frame><draw:object xlink:href='./Object 1' xlink:type='simple'/><draw:image xlink:href='./ObjectReplacements/Object 1'/></draw:frame>"

HONEST: dict[str, tuple[MediaKind, Callable[[], bytes]]] = {
    name: (ODT, build)
    for name, build in {
        "odt of LibreOffice": libreoffice,
        "odt of OpenOffice 3": openoffice_1,
        "odt of OpenOffice, doctypes": make.openoffice_odt,
        "odt of Word": with_parts(
            {"settings.xml": None, "meta.xml": b"<office:document-meta xmlns:office='o'/>", "media/image1.png": PNG}
        ),
        "odt of Google Docs": with_parts(
            {"Pictures/100000.png": PNG, "styles.xml": b"<office:document-styles xmlns:office='o'/>"}
        ),
        "odt of AbiWord, without a mimetype": with_parts({"mimetype": None}),
        "odt of Calligra, with a formula": with_parts(
            {
                "content.xml": content(FORMULA),
                "Object 1/content.xml": OPENOFFICE.format("math:math").encode() + b"<math/>",
                "ObjectReplacements/Object 1": b"VCLMTF" + bytes(40),
            }
        ),
        "odt with a mimetype with a line end": with_parts({"mimetype": b"application/vnd.oasis.opendocument.text\n"}),
        "odt with a deflated mimetype": lambda: make.raw_zip(make.raw_entries(make.odt_parts())),
        "odt without a manifest": with_parts({"META-INF/manifest.xml": None}),
        "odt with a signature": with_parts({"META-INF/documentsignatures.xml": b"<document-signatures/>"}),
        "odt with empty parts": with_parts({"settings.xml": b"", "styles.xml": b"", "meta.xml": b""}),
        "odt with a name in Finnish": with_parts({"Pictures/työ.png": PNG, "Pictures/TYÖ.png": PNG}),
        "odt with links": text(
            "<text:a xlink:href='https://example.invalid/'>a</text:a><draw:a xlink:href='mailto:a@b.invalid'/>"
        ),
        "odt with a picture pasted from the web": text("<draw:image xlink:href='https://example.invalid/a.png'/>"),
        "odt of ODF Toolkit, with a link in a style": text(
            "",
            "<office:automatic-styles><style:text-properties xlink:href='http://example.invalid/'/></office:automatic-styles>",
        ),
        "odt with a map of links": text(
            "<draw:image-map><draw:area-rectangle xlink:href='https://example.invalid/'/></draw:image-map>"
        ),
        "odt with a section of its own disk": text("<text:section-source xlink:href='../annex.odt'/>"),
        "odt with a form": text(
            "<form:form xlink:href='' form:name='a'><form:button form:name='b' xlink:href=''/></form:form>"
        ),
        "odt that talks of macros": lambda: make.odt("Sub Main, DDE, vnd.sun.star.script:a, <script>"),
        "odt with a local template": part("meta.xml", "<meta:template xlink:href='file:///home/aino/cv.ott'/>"),
        "odt with a formula in a table": text("<table:table-cell table:formula='ooow:sum &lt;A1:A2&gt;'/>"),
        "odt with a film in it": text("<draw:plugin xlink:href='Media/a.mp4'/>"),
    }.items()
}

BASIC: Final = (
    "<script:module xmlns:script='http://openoffice.org/2000/script' script:name='A'>Sub Main\nEnd Sub</script:module>"
)

HOSTILE: dict[str, tuple[Refusal, Callable[[], bytes]]] = {
    "odt with Basic": (ACTIVE, with_parts({"Basic/Standard/Module1.xml": BASIC.encode()})),
    "odt with Basic with a document type": (
        ACTIVE,
        with_parts({"Basic/Standard/A.xml": (OPENOFFICE.format("script:module") + BASIC).encode()}),
    ),
    "odt with Basic, compiled": (ACTIVE, with_parts({"Basic/Standard/Module1.pba": b"\1\2\3"})),
    "odt with Basic in an odd place": (ACTIVE, with_parts({"x/y.xml": BASIC.encode()})),
    "odt with Python": (ACTIVE, with_parts({"Scripts/python/a.py": b"import os"})),
    "odt with BeanShell": (ACTIVE, with_parts({"scripts/beanshell/a/b.bsh": b"x"})),
    "odt with a script in its content": (
        ACTIVE,
        text(
            "", "<office:scripts><office:script script:language='ooo:Basic'>Sub Main</office:script></office:scripts>"
        ),
    ),
    "odt with embedded libraries": (
        ACTIVE,
        text(
            "",
            "<office:scripts><office:script><ooo:libraries><ooo:library-embedded><ooo:module ooo:name='a'>Sub A</ooo:module></ooo:library-embedded></ooo:libraries></office:script></office:scripts>",
        ),
    ),
    "odt with a script for a field": (ACTIVE, text("<text:script script:language='JavaScript'>alert(1)</text:script>")),
    "odt with a field for a macro": (ACTIVE, text("<text:execute-macro text:name='a'/>")),
    "odt with an event by address": (
        ACTIVE,
        text(
            "",
            "<office:event-listeners><script:event-listener script:event-name='dom:load' xlink:href='vnd.sun.star.script:a.b?language=Python'/></office:event-listeners>",
        ),
    ),
    "odt with an event by name": (
        ACTIVE,
        text("<script:event-listener script:event-name='dom:click' script:macro-name='Standard.A.Main'/>"),
    ),
    "odt with an event in its settings": (
        ACTIVE,
        part("settings.xml", "<script:event-listener xlink:href='vnd.sun.star.script:a'/>"),
    ),
    "odt with a key for a macro": (
        ACTIVE,
        part("Configurations2/accelerator/current.xml", "<accel:item xlink:href='vnd.sun.star.script:a'/>"),
    ),
    "odt with a menu for a macro": (
        ACTIVE,
        part("Configurations2/menubar/menubar.xml", "<menu:menuitem menu:id='vnd.sun.star.script:a'/>"),
    ),
    "odt with a dialog that calls": (
        ACTIVE,
        part("Dialogs/Standard/D.xml", "<script:event script:event-name='on-ok' script:macro-name='a'/>"),
    ),
    "odt with a command for a link": (ACTIVE, text("<text:a xlink:href='vnd.libreoffice.command:x'/>")),
    "odt with a macro for a link": (ACTIVE, text("<text:a xlink:href='macro:///Standard.A.Main'/>")),
    "odt with a library elsewhere": (
        ACTIVE,
        part("Basic/script-lc.xml", "<library:library library:name='a' xlink:href='http://host.invalid/script.xlb'/>"),
    ),
    "odt with an object": (ACTIVE, text("<draw:object-ole xlink:href='./Object 1'/>")),
    "odt with an object that nobody names": (ACTIVE, with_parts({"Object 1": make.OLE2 + bytes(99)})),
    "odt with an applet": (ACTIVE, text("<draw:applet draw:code='a.class'/>")),
    "odt with a program": (ACTIVE, with_parts({"Pictures/1.png": MZ})),
    "odt with a docx with macros": (ACTIVE, with_parts({"Object 1": make.hidden_macro_docx()})),
    **{
        f"odt with {name} from elsewhere": (ACTIVE, text(xml))
        for name, xml in {
            "a section": "<text:section-source xlink:href='https://host.invalid/a.odt'/>",
            "a section on a share": "<text:section-source xlink:href='file://host.invalid/a.odt'/>",
            "a section, escaped": "<text:section-source xlink:href='%68ttp://host.invalid/a.odt'/>",
            "a frame": "<draw:floating-frame xlink:href='http://host.invalid/'/>",
            "an object": "<draw:object xlink:href='http://host.invalid/a.ods'/>",
            "a film": "<draw:plugin xlink:href='http://host.invalid/a.mp4'/>",
            "a picture on a share": "<draw:image xlink:href='//host.invalid/a.png'/>",
            "a background on a share": "<style:background-image xlink:href='file://host.invalid/a.png'/>",
            "a table": "<table:cell-range-source xlink:href='https://host.invalid/a.ods'/>",
            "a form's data": "<xforms:instance src='http://host.invalid/a'/>",
        }.items()
    },
    "odt with a template from elsewhere": (
        ACTIVE,
        part("meta.xml", "<meta:template xlink:href='https://host.invalid/a.ott'/>"),
    ),
    "odt that loads itself from elsewhere": (
        ACTIVE,
        part("meta.xml", "<meta:auto-reload xlink:href='https://host.invalid/' meta:delay='PT1S'/>"),
    ),
    "odt with DDE": (ACTIVE, text("<text:dde-connection text:connection-name='a'/>")),
    "odt with DDE declared": (
        ACTIVE,
        text("<text:dde-connection-decls><text:dde-connection-decl/></text:dde-connection-decls>"),
    ),
    "odt with DDE in a table": (ACTIVE, text("<table:dde-link/>")),
    "odt with DDE by formula": (
        ACTIVE,
        text("<table:table-cell table:formula='of:=DDE(&quot;cmd&quot;;&quot;/c calc&quot;)'/>"),
    ),
    "odt with a formula that fetches": (
        ACTIVE,
        text("<table:table-cell table:formula='of:=WEBSERVICE(&quot;http://host.invalid&quot;)'/>"),
    ),
    "odt with a document type": (
        DAMAGED,
        with_parts({"content.xml": b"<!DOCTYPE a>" + content("").partition(b"?>")[2]}),
    ),
    "odt that reads files": (
        DAMAGED,
        with_parts(
            {
                "content.xml": b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
                + content("&amp;e;").partition(b"?>")[2]
            }
        ),
    ),
    "odt that laughs": (
        DAMAGED,
        with_parts({"styles.xml": b'<!DOCTYPE a [<!ENTITY a "b"><!ENTITY c "&a;&a;">]><a>&c;</a>'}),
    ),
    "odt that reads files by its manifest": (
        DAMAGED,
        with_parts({"META-INF/manifest.xml": b'<!DOCTYPE a SYSTEM "http://host.invalid/a.dtd"><a/>'}),
    ),
    "odt that climbs": (DAMAGED, with_parts({"../../evil": b"x"})),
    "odt with a symlink": (
        DAMAGED,
        lambda: make.raw_zip([*make.raw_entries(make.odt_parts()), make.RawEntry("a", b"/etc/passwd", mode=0o120777)]),
    ),
    "odt with two contents": (
        DAMAGED,
        lambda: make.raw_zip([*make.raw_entries(make.odt_parts()), make.RawEntry("content.xml", b"<a/>")]),
    ),
    "odt with a password": (Refusal.ENCRYPTED, make.encrypted_odt),
    "odt with a password, of LibreOffice 24": (
        Refusal.ENCRYPTED,
        with_parts(
            {
                "content.xml": None,
                "encrypted-package": bytes(range(200)),
                "META-INF/manifest.xml": manifest(
                    "<manifest:file-entry manifest:full-path='encrypted-package'><manifest:encryption-data/></manifest:file-entry>"
                ),
            }
        ),
    ),
    "odt bomb": (Refusal.UNPACKS_TOO_BIG, make.zip_bomb_odt),
    "odt with a spreadsheet in it": (
        DAMAGED,
        with_parts({"content.xml": make.odt_parts()["content.xml"].replace(b"office:text>", b"office:spreadsheet>")}),
    ),
    **{
        suffix: (Refusal.WRONG_TYPE, with_parts({"mimetype": f"application/vnd.oasis.opendocument.{kind}".encode()}))
        for suffix, kind in {
            "ods": "spreadsheet",
            "odp": "presentation",
            "odg": "graphics",
            "ott": "text-template",
            "odm": "text-master",
        }.items()
    },
}
