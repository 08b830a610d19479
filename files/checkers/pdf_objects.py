"""What a PDF's objects must not do: the actions, attachments and forms of ISO 32000.

A script's text is never searched for in the raw file: a CV that lists "CSS/JavaScript" is not a script. What counts is
the object: a dictionary whose ``/S`` names an action.
"""

import re
import zlib
from collections.abc import Iterable
from typing import Final, cast

from pikepdf import Array, Dictionary, Name, Object, Stream, String

from files.checkers.budget import BadFile, Budget, inflate
from files.checkers.targets import is_script, is_share, runs_something
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
_NAME_KEYS: Final = ("/F", "/UF", "/DOS", "/Mac", "/Unix")  # of a file specification
_CHAIN: Final = 100  # actions that follow one another
_PAGE_SCRIPT: Final = re.compile(rb"<(?:[\w.-]+:)?script[\s/>]|javascript:|\bon[a-z]+\s*=", re.IGNORECASE)
_FORM_SCRIPT: Final = re.compile(rb"<(?:[\w.-]+:)?script[\s/>]|<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)


def judge_object(top: object, budget: Budget) -> None:
    """Judge one indirect object and all that lies directly in it. Raises ``BadFile``.

    References are not followed: every object has its own turn, so that a loop of references costs nothing.
    """
    waiting = [top]
    while waiting:
        node = waiting.pop()
        children: Iterable[object] = ()
        if isinstance(node, Dictionary | Stream):
            budget.take_nodes(1)
            values = _values(node)
            _judge_dictionary(values, budget)
            children = values.values()
        elif isinstance(node, Array):
            budget.take_nodes(1 + len(node))
            children = list(node)
        waiting += [child for child in children if isinstance(child, Object) and not child.is_indirect]


def _values(node: object) -> dict[str, object]:
    """What a dictionary holds by key; nothing when ``node`` is none.

    Honest producers write keys in Latin-1, for which pikepdf's own ways of listing fail.
    """
    if not isinstance(node, Dictionary | Stream):
        return {}
    return {key: node.get(key if key.isascii() else _odd_name(key)) for key in set(node.keys())}


def _odd_name(key: str) -> Name:
    spelt = b"/" + b"".join(b"#%02x" % byte for byte in key.encode("utf-8", "surrogateescape")[1:])
    return cast(Name, Object.parse(spelt))


def _judge_dictionary(values: dict[str, object], budget: Budget) -> None:
    _judge_action(values)
    _judge_automatic(values.get("/OpenAction"))
    for trigger, action in _values(values.get("/AA")).items():
        if trigger not in CLICKS:
            _judge_automatic(action)
    if "/XFA" in values:
        _judge_form(values["/XFA"], budget)
    if "/EF" in values:
        _judge_attachment(values, budget)
    if "/OnInstantiate" in values or _name(values.get("/Subtype")) == "/RichMedia":
        raise BadFile(Refusal.ACTIVE_CONTENT, "rich media")


def _judge_action(values: dict[str, object]) -> None:
    name = _name(values.get("/S"))
    if name in ACTIVE_ACTIONS and not _is_structure(values):
        raise BadFile(Refusal.ACTIVE_CONTENT, f"an action: {name.lstrip('/')}")
    if name == "/Rendition" and "/JS" in values:
        raise BadFile(Refusal.ACTIVE_CONTENT, "an action: Rendition with a script")
    address = _text(values.get("/URI")) if name == "/URI" else ""
    if runs_something(address) or is_script(address):
        raise BadFile(Refusal.ACTIVE_CONTENT, "a link that runs something")
    if name in {"/GoToR", "/GoToE"} and any(is_share(place) for place in _file_names(values.get("/F"))):
        raise BadFile(Refusal.ACTIVE_CONTENT, "a link to a Windows share")


def _is_structure(values: dict[str, object]) -> bool:
    """Whether ``/S`` names a style in the structure tree, which may have any name, and not an action."""
    is_action = not values.keys().isdisjoint({"/JS", "/F", "/Win", "/Mac", "/Unix"})
    return _name(values.get("/Type")) == "/StructElem" and not is_action


def _judge_automatic(action: object) -> None:
    """Refuse an action that leaves the document without a click, or one that follows such an action.

    ``action`` may also be a destination within the document, which is an array, or nothing.
    """
    waiting = [action]
    for _turn in range(_CHAIN):
        if not waiting:
            return
        values = _values(waiting.pop())
        if _name(values.get("/S")) in LEAVING_ACTIONS:
            raise BadFile(Refusal.ACTIVE_CONTENT, "leaves the document by itself")
        following = values.get("/Next")
        waiting += list(following) if isinstance(following, Array) else [following] if following is not None else []
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


def _judge_attachment(specification: dict[str, object], budget: Budget) -> None:
    """Refuse an attached program, by its name or its first bytes. Other attachments (XML of a Europass CV) are fine."""
    names = [_text(specification.get(key)).lower().rstrip(". ") for key in _NAME_KEYS]
    if any(name.endswith(PROGRAM_SUFFIXES) for name in names):
        raise BadFile(Refusal.ACTIVE_CONTENT, "an attached program")
    is_page = any(name.endswith(PAGE_SUFFIXES) for name in names)
    for attached in _values(specification["/EF"]).values():
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
    return ["/FlateDecode" if name == "/Fl" else name for name in map(_name, names)]


def _file_names(specification: object) -> list[str]:
    """The names in a file specification, which is a string or a dictionary of several."""
    if isinstance(specification, String):
        return [_text(specification)]
    return [_text(name) for key, name in _values(specification).items() if key in _NAME_KEYS]


def _name(value: object) -> str:
    """A name with its slash, in whatever encoding; nothing when ``value`` is no name."""
    return bytes(value).decode("latin-1") if isinstance(value, Name) else ""


def _text(value: object) -> str:
    """A string in PDF's own encodings or, where it keeps to none, byte by byte; nothing when ``value`` is no string."""
    if not isinstance(value, String):
        return ""
    try:
        return str(value)
    except UnicodeError:
        return bytes(value).decode("latin-1")
