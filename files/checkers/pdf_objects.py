"""What a PDF's objects must not do: the actions, attachments and forms of ISO 32000.

A script's text is never searched for in the raw file: a CV that lists "CSS/JavaScript" is not a script. What counts is
the object: a dictionary whose ``/S`` names an action.
"""

import re
import zlib
from typing import Final

from pikepdf import Array, Dictionary, Name, Object, Stream, String

from files.checkers.budget import BadFile, Budget, inflate
from files.checkers.targets import is_share, runs_something
from files.enums import Refusal

ACTIVE_ACTIONS: Final = frozenset({"/JavaScript", "/Launch", "/ImportData", "/RichMediaExecute"})
"""Actions that run something on the reader's machine."""
LEAVING_ACTIONS: Final = frozenset({"/URI", "/GoToR", "/GoToE", "/SubmitForm", "/Thread"})
"""Actions that leave the document. A person may click on them; the document may not start them by itself."""
CLICKS: Final = frozenset({"/U", "/D"})
"""The triggers of ``/AA`` that are a person's own click."""
_PROGRAMS: Final = """
    .exe .com .scr .pif .cpl .dll .msi .msp .msix .appx .bat .cmd .ps1 .psm1 .vbs .vbe .vb .js .jse .mjs .wsf .wsh .hta
    .jar .class .apk .app .pkg .dmg .sh .bash .command .py .pyw .pl .rb .elf .run .lnk .url .scf .desktop .reg .inf .chm
    .iso .img .vhd .vhdx .swf .mht .mhtml .docm .dotm .xlsm .xlsb .xltm .xlam .pptm .ppam .sct .library-ms
    .settingcontent-ms .application .gadget .diagcab .one
"""
PROGRAM_SUFFIXES: Final = tuple(_PROGRAMS.split())
"""Name endings of attachments that run when they are opened, or that carry what does."""
PAGE_SUFFIXES: Final = (".html", ".htm", ".xhtml", ".xht", ".svg")
"""Name endings of attachments that a browser opens. LaTeX attaches such pages, with styles, to tagged documents."""
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
_CHAIN = 100  # actions that follow one another
_PAGE_SCRIPT: Final = re.compile(rb"<(?:[\w.-]+:)?script[\s/>]|javascript:|\bon[a-z]+\s*=", re.IGNORECASE)
_FORM_SCRIPT: Final = re.compile(rb"<(?:[\w.-]+:)?script[\s/>]|<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)


def judge_object(top: object, budget: Budget) -> None:
    """Judge one indirect object and all that lies directly in it. Raises ``BadFile``.

    References are not followed: every object has its own turn, so that a loop of references costs nothing.
    """
    waiting = [top]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Dictionary | Stream):
            budget.take_nodes(1)
            _judge_dictionary(node, budget)
            children = [node.get(key) for key in list(node.keys())]
        elif isinstance(node, Array):
            budget.take_nodes(1 + len(node))
            children = list(node)
        else:
            continue
        waiting += [child for child in children if isinstance(child, Object) and not child.is_indirect]


def _judge_dictionary(node: Object, budget: Budget) -> None:
    keys = node.keys()
    if "/S" in keys:
        _judge_action(node)
    if "/OpenAction" in keys:
        _judge_automatic(node.get("/OpenAction"))
    if "/AA" in keys:
        _judge_triggers(node.get("/AA"))
    if "/XFA" in keys:
        _judge_form(node.get("/XFA"), budget)
    if "/EF" in keys:
        _judge_attachment(node, budget)
    if "/OnInstantiate" in keys or node.get("/Subtype") == "/RichMedia":
        raise BadFile(Refusal.ACTIVE_CONTENT, "rich media")


def _judge_action(node: Object) -> None:
    kind = node.get("/S")
    if not isinstance(kind, Name):
        return
    name = str(kind)
    if name in ACTIVE_ACTIONS and not _is_structure(node):
        raise BadFile(Refusal.ACTIVE_CONTENT, f"an action: {name.lstrip('/')}")
    if name == "/Rendition" and "/JS" in node:
        raise BadFile(Refusal.ACTIVE_CONTENT, "an action: Rendition with a script")
    if name == "/URI" and runs_something(_text(node.get("/URI"))):
        raise BadFile(Refusal.ACTIVE_CONTENT, "a link that runs something")
    if name in {"/GoToR", "/GoToE"} and any(is_share(place) for place in _file_names(node.get("/F"))):
        raise BadFile(Refusal.ACTIVE_CONTENT, "a link to a Windows share")


def _is_structure(node: Object) -> bool:
    """Whether ``/S`` names a style in the structure tree, which may have any name, and not an action."""
    return node.get("/Type") == "/StructElem" and not {"/JS", "/F", "/Win", "/Mac", "/Unix"} & set(node.keys())


def _judge_triggers(triggers: object) -> None:
    if isinstance(triggers, Dictionary):
        for trigger in set(triggers.keys()) - CLICKS:
            _judge_automatic(triggers.get(trigger))


def _judge_automatic(action: object) -> None:
    """Refuse an action that leaves the document without a click, or one that follows such an action."""
    waiting = [action]
    for _turn in range(_CHAIN):
        if not waiting:
            return
        node = waiting.pop()
        if isinstance(node, Array):  # a destination, or the actions of /Next
            waiting += [item for item in node if isinstance(item, Dictionary)]
        elif isinstance(node, Dictionary):
            if str(node.get("/S")) in LEAVING_ACTIONS:
                raise BadFile(Refusal.ACTIVE_CONTENT, "leaves the document by itself")
            waiting.append(node.get("/Next"))
    raise BadFile(Refusal.ACTIVE_CONTENT, "a chain of actions")


def _judge_form(form: object, budget: Budget) -> None:
    """Refuse an XFA form with a script in it. Its packets are pieces of one XML text, in order."""
    packets = list(form) if isinstance(form, Array) else [form]
    text = b"".join(_unpacked(packet, budget) for packet in packets if isinstance(packet, Stream))
    if _FORM_SCRIPT.search(text.replace(b"\0", b"")):
        raise BadFile(Refusal.ACTIVE_CONTENT, "a form with a script")


def _unpacked(stream: Stream, budget: Budget) -> bytes:
    """A form or an attached page, unpacked. One packed in a way that nobody packs them is taken to hide something."""
    filters = stream_filters(stream)
    if filters == []:
        return stream.read_raw_bytes()
    if filters != ["/FlateDecode"] or "/DecodeParms" in stream:
        raise BadFile(Refusal.ACTIVE_CONTENT, "something packed in an unusual way")
    try:
        return b"".join(inflate(stream.read_raw_bytes(), budget, wbits=15))
    except (zlib.error, EOFError):
        raise BadFile(Refusal.DAMAGED, "a form or an attached page does not unpack") from None


def _judge_attachment(specification: Object, budget: Budget) -> None:
    """Refuse an attached program, by its name or its first bytes. Other attachments (XML of a Europass CV) are fine."""
    names = [name.rstrip(". ") for name in _file_names(specification)]
    if any(name.lower().endswith(PROGRAM_SUFFIXES) for name in names):
        raise BadFile(Refusal.ACTIVE_CONTENT, "an attached program")
    files = specification.get("/EF")
    if not isinstance(files, Dictionary):
        return
    is_page = any(name.lower().endswith(PAGE_SUFFIXES) for name in names)
    for key in set(files.keys()):
        attached = files.get(key)
        if isinstance(attached, Stream):
            _judge_attached(attached, is_page, budget)


def _judge_attached(attached: Stream, is_page: bool, budget: Budget) -> None:
    if _is_program(_first_bytes(attached)):
        raise BadFile(Refusal.ACTIVE_CONTENT, "an attached program")
    if is_page and _PAGE_SCRIPT.search(_unpacked(attached, budget).replace(b"\0", b"")):
        raise BadFile(Refusal.ACTIVE_CONTENT, "an attached page with a script")


def _is_program(head: bytes) -> bool:
    return head.startswith(PROGRAM_SIGNATURES) or (head.startswith(b"MZ") and b"\0" in head)


def _first_bytes(stream: Stream) -> bytes:
    """The first bytes of an attachment, where it is plain or deflated; nothing otherwise."""
    filters = stream_filters(stream)
    raw = stream.read_raw_bytes()
    if filters == []:
        return raw[:64]
    if filters != ["/FlateDecode"]:
        return b""
    try:
        return zlib.decompressobj().decompress(raw, 64)
    except zlib.error:
        return b""


def stream_filters(stream: Stream) -> list[str]:
    """The names of a stream's filters in the order of decoding, abbreviations written out."""
    found = stream.get("/Filter")
    names = list(found) if isinstance(found, Array) else [] if found is None else [found]
    return ["/FlateDecode" if str(name) == "/Fl" else str(name) for name in names]


def _file_names(specification: object) -> list[str]:
    """The names in a file specification, which is a string or a dictionary of several."""
    if isinstance(specification, Dictionary):
        return [_text(specification.get(key)) for key in ("/F", "/UF", "/DOS", "/Mac", "/Unix")]
    return [_text(specification)]


def _text(value: object) -> str:
    return str(value) if isinstance(value, String) else ""
