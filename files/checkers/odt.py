"""OpenDocument text (ODT): a ZIP with a manifest (ISO/IEC 26300).

BadFile is what acts when a recruiter opens the file: macros and the events that call them, OLE objects, applets, DDE
links, and sections, frames or templates that are fetched from elsewhere. Empty parts, menus of old OpenOffice versions
and library lists without a macro in them are normal.
"""

import re
from typing import Final

from files.checkers.archive import Archive
from files.checkers.attached import judge_entry
from files.checkers.budget import BadFile, Budget
from files.checkers.markup import Watcher, local_name, namespace, watch
from files.checkers.targets import is_remote, is_share, runs_something
from files.enums import MEDIA_TYPES, MediaKind, Refusal

MIMETYPE: Final = "mimetype"
MANIFEST: Final = "META-INF/manifest.xml"
CONTENT: Final = "content.xml"
OPENOFFICE_1_TYPE: Final = "application/vnd.sun.xml.writer"
ACTIVE_ELEMENTS: Final = frozenset({"applet", "object-ole", "execute-macro"})
_FETCHING: Final = """
    section-source template auto-reload floating-frame object plugin cell-range-source table-source library
    library-linked font-face-uri definition-src script sound connection-resource
"""
FETCHING_ELEMENTS: Final = frozenset(_FETCHING.split())
PICTURE_ELEMENTS: Final = frozenset({"image", "fill-image", "background-image", "list-level-style-image"})
"""Pictures that were pasted from a web page stay linked to it: LibreOffice keeps no copy."""
EVENTS: Final = frozenset({"event-listener", "event"})
_MACRO_SCHEME: Final = "vnd.sun.star.script:"
_FETCHING_FORMULA: Final = re.compile(r"\b(DDE|WEBSERVICE)\s*\(", re.IGNORECASE)
XML_SUFFIXES: Final = (".xml", ".rdf", ".xlc", ".xlb", ".xdl")


class _Manifest(Watcher):
    """Reads the type of the whole package, and whether any of it is encrypted."""

    def __init__(self, max_depth: int) -> None:
        super().__init__(max_depth)
        self.package_type = ""
        self.is_encrypted = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        super().start(tag, attributes)
        if local_name(tag) == "encryption-data":
            self.is_encrypted = True
        plain = {local_name(key): value for key, value in attributes.items()}
        if local_name(tag) == "file-entry" and plain.get("full-path") == "/":
            self.package_type = plain.get("media-type", "").strip().lower()


class _Part(Watcher):
    """Refuses elements that run or fetch something."""

    def __init__(self, max_depth: int) -> None:
        super().__init__(max_depth)
        self.is_in_module = False
        self.body = ""
        self.last = ""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        super().start(tag, attributes)
        name = local_name(tag)
        if self.last == "body" and not self.body:
            self.body = name
        self.last = name
        if name in ACTIVE_ELEMENTS or name.startswith("dde-"):
            raise BadFile(Refusal.ACTIVE_CONTENT, f"an active element: {name}")
        is_of_scripts = "script" in namespace(tag) or "openoffice" in namespace(tag)
        if (name == "module" and is_of_scripts) or (name == "script" and "opendocument" in namespace(tag)):
            self.is_in_module = True
        for key, value in attributes.items():
            _check_attribute(tag, local_name(key), value)

    def data(self, text: str) -> None:
        if self.is_in_module and text.strip():
            raise BadFile(Refusal.ACTIVE_CONTENT, "a macro")

    def end(self, tag: str) -> None:
        super().end(tag)
        if local_name(tag) in {"module", "script"}:
            self.is_in_module = False


def _check_attribute(tag: str, name: str, value: str) -> None:
    element = local_name(tag)
    if value.strip().lower().startswith(_MACRO_SCHEME) or (name == "macro-name" and element in EVENTS and value):
        raise BadFile(Refusal.ACTIVE_CONTENT, "an event that calls a macro")
    if name == "formula" and _FETCHING_FORMULA.search(value):
        raise BadFile(Refusal.ACTIVE_CONTENT, "a formula that fetches from elsewhere")
    if name == "href":
        _check_link(element, value)
    elif name == "src" and element == "instance" and is_remote(value):
        raise BadFile(Refusal.ACTIVE_CONTENT, "a form's data that are fetched from elsewhere")


def _check_link(element: str, target: str) -> None:
    if runs_something(target) or (element == "event-listener" and target):  # empty ones list what is not used
        raise BadFile(Refusal.ACTIVE_CONTENT, "a link that runs something")
    if element in FETCHING_ELEMENTS and is_remote(target):
        raise BadFile(Refusal.ACTIVE_CONTENT, "a part that is fetched from elsewhere")
    if element in PICTURE_ELEMENTS and is_share(target):
        raise BadFile(Refusal.ACTIVE_CONTENT, "a picture on a Windows share")


def check_odt(archive: Archive, budget: Budget) -> None:
    """Read every part of an archive that has a ``mimetype`` or a manifest. Raises ``BadFile`` unless a sound ODT."""
    depth = budget.limits.xml_depth
    manifest = _Manifest(depth)
    declared = archive.find(MIMETYPE)
    kind = archive.head(declared, 200).decode("ascii", "replace").strip().lower() if declared else ""
    listed = archive.find(MANIFEST)
    if listed:
        watch(archive.chunks(listed), manifest, allows_openoffice_doctype=True)
    _check_type(kind or manifest.package_type)
    if manifest.is_encrypted:
        raise BadFile(Refusal.ENCRYPTED, "the manifest names encrypted parts")
    content = archive.find(CONTENT)
    part = _Part(depth)
    if content is None or not watch(archive.chunks(content), part):
        raise BadFile(Refusal.DAMAGED, "the document is missing or empty")
    if local_name(part.root) != "document-content" or part.body not in {"text", ""}:
        raise BadFile(Refusal.DAMAGED, "the document is not an OpenDocument text")
    for name in archive.unread():
        _check_part(archive, name, budget)


def _check_type(kind: str) -> None:
    if kind.startswith(OPENOFFICE_1_TYPE):
        raise BadFile(Refusal.LEGACY_FORMAT, "a document of OpenOffice 1")
    if kind != MEDIA_TYPES[MediaKind.ODT]:
        raise BadFile(Refusal.WRONG_TYPE, "a package of another kind")


def _check_part(archive: Archive, name: str, budget: Budget) -> None:
    folded = name.lower()
    is_program = folded.startswith("basic/") and not folded.endswith(XML_SUFFIXES)  # Basic that was compiled or locked
    if is_program or folded.startswith("scripts/"):
        raise BadFile(Refusal.ACTIVE_CONTENT, "a script")
    if folded.endswith(XML_SUFFIXES):
        watch(archive.chunks(name), _Part(budget.limits.xml_depth), allows_openoffice_doctype=True)
    else:
        judge_entry(archive, name, budget)
