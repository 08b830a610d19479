"""Word documents (DOCX): a ZIP of parts (ECMA-376, both the transitional and the strict kind).

What is refused is what acts when a recruiter opens the file: macros, OLE and ActiveX objects, DDE fields, and templates
or frames that are fetched from elsewhere. What Word and its imitators do in good faith stays: local templates, linked
pictures, links, charts with a workbook inside, parts that are missing or empty.
"""

import re
from typing import Final

from files.checkers.archive import Archive
from files.checkers.budget import BadFile, Budget
from files.checkers.markup import Watcher, local_name, namespace, watch
from files.checkers.targets import is_remote, is_share, runs_something
from files.enums import Refusal

CONTENT_TYPES: Final = "[Content_Types].xml"
ROOT_RELATIONS: Final = "_rels/.rels"
MAIN_TYPE: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
MACRO_TYPES: Final = frozenset(
    {
        "application/vnd.ms-word.document.macroenabled.main+xml",
        "application/vnd.ms-word.template.macroenabledtemplate.main+xml",
        "application/vnd.ms-office.vbaproject",
        "application/vnd.ms-word.vbadata+xml",
    }
)
WORD_NAMESPACES: Final = frozenset(
    {
        "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
        "http://purl.oclc.org/ooxml/wordprocessingml/main",
    }
)
ACTIVE_RELATIONS: Final = frozenset(
    {
        "vbaproject",
        "wordvbadata",
        "oleobject",
        "control",
        "activexcontrolbinary",
    }
)
LINKED_RELATIONS: Final = frozenset({"hyperlink", "image", "video", "audio", "media"})
"""Relations that honest documents point at the web. All others stay on the reader's machine."""
MACRO_SUFFIXES: Final = ("vbaproject.bin", "vbadata.xml", ".docm", ".dotm", ".xlsm", ".xltm", ".pptm")
INSTRUCTIONS: Final = ("instrText", "delInstrText")
_DDE: Final = re.compile(r'\s*"?\s*dde(auto)?\b', re.IGNORECASE)
_FIELD_HEAD: Final = 200  # characters of a field's instruction that are kept: its command comes first


class _ContentTypes(Watcher):
    """Reads which part is of which type."""

    def __init__(self, max_depth: int) -> None:
        super().__init__(max_depth)
        self.by_part: dict[str, str] = {}
        self.by_suffix: dict[str, str] = {}

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        super().start(tag, attributes)
        kind = attributes.get("ContentType", "").partition(";")[0].strip().lower()
        if local_name(tag) == "Override":
            self.by_part[attributes.get("PartName", "").lstrip("/").lower()] = kind
        elif local_name(tag) == "Default":
            self.by_suffix[attributes.get("Extension", "").lower()] = kind

    def type_of(self, part: str) -> str:
        """The declared type of a part, by its name and then by its suffix; nothing when undeclared."""
        name = part.lower()
        return self.by_part.get(name) or self.by_suffix.get(name.rpartition(".")[2], "")

    def declared(self) -> set[str]:
        """Every type that is declared at all."""
        return {*self.by_part.values(), *self.by_suffix.values()}


class _Relations(Watcher):
    """Judges the relations of one part, and keeps the target of the main document."""

    def __init__(self, max_depth: int) -> None:
        super().__init__(max_depth)
        self.main = ""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        super().start(tag, attributes)
        if local_name(tag) != "Relationship":
            return
        kind = attributes.get("Type", "").rstrip("/").rpartition("/")[2].lower()
        target = attributes.get("Target", "")
        if kind == "officedocument":
            self.main = self.main or target
        is_own_link = attributes.get("TargetMode", "").lower() == "external" and not is_remote(target)
        if kind in ACTIVE_RELATIONS and not (kind == "oleobject" and is_own_link):  # a chart's workbook, left at home
            raise BadFile(Refusal.ACTIVE_CONTENT, f"a relation to active content: {kind}")
        if runs_something(target):
            raise BadFile(Refusal.ACTIVE_CONTENT, "a relation that runs something")
        if is_remote(target) and not _may_be_remote(kind, target):
            raise BadFile(Refusal.ACTIVE_CONTENT, "a part that is fetched from elsewhere")


def _may_be_remote(kind: str, target: str) -> bool:
    """Links may lead anywhere, since a person follows them; pictures load by themselves, so not from Windows shares."""
    return kind == "hyperlink" or (kind in LINKED_RELATIONS and not is_share(target))


class _Story(Watcher):
    """Reads the field instructions of a part, however they are cut into runs, and refuses those that start programs."""

    def __init__(self, max_depth: int) -> None:
        super().__init__(max_depth)
        self.fields: list[str] = []
        self.is_in_instruction = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        super().start(tag, attributes)
        name = local_name(tag)
        if name in INSTRUCTIONS:
            self.is_in_instruction = True
        elif name == "fldChar":
            self._meet_field_mark(_attribute(attributes, "fldCharType"))
        elif name == "fldSimple":
            _check_field(_attribute(attributes, "instr"))

    def _meet_field_mark(self, mark: str) -> None:
        if mark == "begin":
            self.fields.append("")
        elif self.fields:
            _check_field(self.fields[-1])
            if mark == "end":
                self.fields.pop()

    def data(self, text: str) -> None:
        if self.is_in_instruction:
            field = self.fields.pop() if self.fields else ""
            self.fields.append((field + text)[:_FIELD_HEAD])

    def end(self, tag: str) -> None:
        super().end(tag)
        if local_name(tag) in INSTRUCTIONS:
            self.is_in_instruction = False

    def close(self) -> None:
        for field in self.fields:
            _check_field(field)


def _attribute(attributes: dict[str, str], name: str) -> str:
    return next((value for key, value in attributes.items() if local_name(key) == name), "")


def _check_field(instruction: str) -> None:
    if _DDE.match(instruction[:_FIELD_HEAD]):
        raise BadFile(Refusal.ACTIVE_CONTENT, "a DDE field")


def check_docx(archive: Archive, budget: Budget) -> None:
    """Read every part of an archive that has ``[Content_Types].xml``. Raises ``BadFile`` unless it is a sound DOCX."""
    depth = budget.limits.xml_depth
    types = _ContentTypes(depth)
    watch(archive.chunks(archive.find(CONTENT_TYPES) or CONTENT_TYPES), types)
    main = _main_part(archive, types, depth)
    _refuse_macros(archive, types)
    story = _Story(depth)
    if not watch(archive.chunks(main), story):
        raise BadFile(Refusal.DAMAGED, "the document is empty")
    if local_name(story.root) != "document" or namespace(story.root) not in WORD_NAMESPACES:
        raise BadFile(Refusal.DAMAGED, "the document is not a Word document")
    for name in archive.unread():
        _check_part(archive, name, types.type_of(name), depth)


def _main_part(archive: Archive, types: _ContentTypes, depth: int) -> str:
    """The entry that holds the document, by the root relation, or by its type where that is missing."""
    relations = _Relations(depth)
    name = archive.find(ROOT_RELATIONS)
    if name:
        watch(archive.chunks(name), relations)
    main = relations.main or next((part for part, kind in types.by_part.items() if kind == MAIN_TYPE), "")
    main = main.removeprefix("./").lstrip("/")
    kind = types.type_of(main)
    if kind in MACRO_TYPES:
        raise BadFile(Refusal.ACTIVE_CONTENT, "a document with macros")
    if kind != MAIN_TYPE:
        raise BadFile(Refusal.WRONG_TYPE, "an Office file of another kind")
    found = archive.find(main)
    if found is None:
        raise BadFile(Refusal.DAMAGED, "the document is missing")
    return found


def _refuse_macros(archive: Archive, types: _ContentTypes) -> None:
    """By declared type and by name, since Word goes by either."""
    if types.declared() & MACRO_TYPES or any(name.lower().endswith(MACRO_SUFFIXES) for name in archive.entries):
        raise BadFile(Refusal.ACTIVE_CONTENT, "macros")


def _check_part(archive: Archive, name: str, kind: str, depth: int) -> None:
    if name.lower().endswith(".rels"):
        watch(archive.chunks(name), _Relations(depth))
    elif name.lower().endswith(".xml") or kind.endswith(("+xml", "/xml")):
        watch(archive.chunks(name), _Story(depth))
    else:
        archive.drain(name)
