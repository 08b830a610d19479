"""What a PDF's objects must not do: the actions, attachments and forms of ISO 32000.

A script's text is never searched for in the raw file: a CV that lists "CSS/JavaScript" is not a script. What counts is
the object: a dictionary whose ``/S`` names an action.
"""

import re
import zlib
from collections.abc import Iterable
from contextlib import suppress
from typing import Final, cast

from pikepdf import Array, Dictionary, Name, Object, PdfError, Stream, StreamDecodeLevel, String

from files.checkers.archive import count_archives
from files.checkers.attached import PROGRAM_SUFFIXES, ZIP_SIGNATURE, judge_attached
from files.checkers.budget import BadFile, Budget, inflate
from files.checkers.targets import is_remote, is_script, runs_something
from files.enums import Refusal

ACTIVE_ACTIONS: Final = frozenset(
    {"/JavaScript", "/Launch", "/ImportData", "/RichMediaExecute", "/Rendition", "/Movie", "/Sound"}
)
"""Actions that run something on the reader's machine: a script, a program, or a player."""
MEDIA: Final = frozenset({"/RichMedia", "/3D", "/Movie", "/Sound"})
"""Annotations that are played."""
LEAVING_ACTIONS: Final = frozenset({"/URI", "/GoToR", "/GoToE", "/SubmitForm", "/Thread"})
"""Actions that leave the document. A person may click on them; the document may not start them by itself."""
LIMIT_WORDS: Final = "memory limit"
"""In what qpdf says of a stream that unpacks to more than it may."""
CLICKS: Final = frozenset({"/U", "/D"})
"""The triggers of ``/AA`` that are a person's own click."""
PAGE_SUFFIXES: Final = (".html", ".htm", ".xhtml", ".xht", ".svg")
"""Name endings of attachments that a browser opens. LaTeX attaches such pages, with styles, to tagged documents."""
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
            if isinstance(node, Stream):
                _judge_stream(node, values, budget)
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
    if not _values(values.get("/JavaScript")).keys().isdisjoint({"/Names", "/Kids"}):
        raise BadFile(Refusal.ACTIVE_CONTENT, "scripts by name")
    if "/XFA" in values:
        _judge_form(values["/XFA"], budget)
    if "/EF" in values:
        _judge_attachment(values, budget)
    _judge_parts(values)


def _judge_parts(values: dict[str, object]) -> None:
    if "/OnInstantiate" in values or name_of(values.get("/Subtype")) in MEDIA:
        raise BadFile(Refusal.ACTIVE_CONTENT, "rich media")
    if _fetches(_values(values.get("/Ref")).get("/F")):
        raise BadFile(Refusal.ACTIVE_CONTENT, "a page that is fetched from elsewhere")
    if name_of(values.get("/AFRelationship")) == "/EncryptedPayload":  # ISO 32000-2 §7.6.7: the document is inside
        raise BadFile(Refusal.ENCRYPTED, "a wrapper around an encrypted document")


def _judge_stream(stream: Stream, values: dict[str, object], budget: Budget) -> None:
    if _fetches(values.get("/F")):  # ISO 32000 §7.3.8: the data lie in another file
        raise BadFile(Refusal.ACTIVE_CONTENT, "a stream that is fetched from elsewhere")
    if name_of(values.get("/Type")) == "/EmbeddedFile" or _is_stored_archive(stream):
        _judge_attached(stream, budget)


def _is_stored_archive(stream: Stream) -> bool:
    """LibreOffice keeps a document's ODT in its PDF, in a stream that the trailer names and that is no attachment."""
    return not stream_filters(stream) and stream.read_raw_bytes().startswith(ZIP_SIGNATURE)


def _judge_action(values: dict[str, object]) -> None:
    name = name_of(values.get("/S"))
    if name in ACTIVE_ACTIONS and not _is_structure(values):
        raise BadFile(Refusal.ACTIVE_CONTENT, f"an action: {name.lstrip('/')}")
    script = values.get("/JS")
    if isinstance(script, String) or (isinstance(script, Stream) and "/S" in values):
        raise BadFile(Refusal.ACTIVE_CONTENT, "a script, whatever the action calls itself")
    address = _text(values.get("/URI")) if name == "/URI" else ""
    if runs_something(address) or is_script(address):
        raise BadFile(Refusal.ACTIVE_CONTENT, "a link that runs something")
    if name in {"/GoToR", "/GoToE"} and _fetches(values.get("/F")):
        raise BadFile(Refusal.ACTIVE_CONTENT, "a link that opens a file from elsewhere")
    if name == "/SubmitForm" and any(not _is_mail(place) for place in _file_names(values.get("/F"))):
        raise BadFile(Refusal.ACTIVE_CONTENT, "a form that is sent elsewhere")


def _fetches(specification: object) -> bool:
    """Whether a file specification names a file on another machine."""
    return any(is_remote(place) for place in _file_names(specification))


def _is_mail(place: str) -> bool:
    """Whether a form goes where it can only go through the reader's own mail program."""
    return place.strip().lower().startswith("mailto:")


def _is_structure(values: dict[str, object]) -> bool:
    """Whether ``/S`` names a style in the structure tree, which may have any name, and not an action."""
    is_action = not values.keys().isdisjoint({"/JS", "/F", "/Win", "/Mac", "/Unix"})
    return name_of(values.get("/Type")) == "/StructElem" and not is_action


def _judge_automatic(action: object) -> None:
    """Refuse an action that leaves the document without a click, or one that follows such an action.

    ``action`` may also be a destination within the document, which is an array, or nothing.
    """
    waiting = [action]
    for _turn in range(_CHAIN):
        if not waiting:
            return
        values = _values(waiting.pop())
        if name_of(values.get("/S")) in LEAVING_ACTIONS | ACTIVE_ACTIONS:
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
            if name_of(attached.get("/Type")) != "/EmbeddedFile" and not _is_stored_archive(
                attached
            ):  # those have their own turn
                _judge_attached(attached, budget)
            if is_page and _PAGE_SCRIPT.search(_unpacked(attached, budget).replace(b"\0", b"")):
                raise BadFile(Refusal.ACTIVE_CONTENT, "an attached page with a script")


def _judge_attached(attached: Stream, budget: Budget) -> None:
    """Judge an attached file by its bytes. One that qpdf cannot unpack, no reader can."""
    if stream_filters(attached) == ["/FlateDecode"] and "/DecodeParms" not in attached:
        with suppress(zlib.error, EOFError):
            judge_attached(b"".join(inflate(attached.read_raw_bytes(), budget, wbits=15)), budget)
        return
    if not stream_filters(attached):
        budget.archives += count_archives(attached.read_raw_bytes())
    try:
        content = attached.read_bytes(StreamDecodeLevel.specialized)
    except PdfError as error:
        if LIMIT_WORDS in str(error):
            raise BadFile(Refusal.UNPACKS_TOO_BIG, "an attachment unpacks beyond the limit") from None
        return
    judge_attached(content, budget)


def stream_filters(stream: Stream) -> list[str]:
    """The names of a stream's filters in the order of decoding, abbreviations written out."""
    found = stream.get("/Filter")
    names = list(found) if isinstance(found, Array) else [] if found is None else [found]
    return ["/FlateDecode" if name == "/Fl" else name for name in map(name_of, names)]


def _file_names(specification: object) -> list[str]:
    """The names in a file specification, which is a string or a dictionary of several."""
    if isinstance(specification, String):
        return [_text(specification)]
    return [_text(name) for key, name in _values(specification).items() if key in _NAME_KEYS]


def name_of(value: object) -> str:
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
