"""Word documents (DOCX): a ZIP of parts (ECMA-376, both the transitional and the strict kind).

What is refused is what acts when a recruiter opens the file: macros, OLE and ActiveX objects, DDE fields, and templates
or frames that are fetched from elsewhere. What Word and its imitators do in good faith stays: local templates, linked
pictures, links, charts with a workbook inside, parts that are missing or empty.
"""

import re
from typing import Final
from urllib.parse import unquote

from files.checkers.archive import Archive
from files.checkers.attached import judge_entry
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
ACTIVE_PARTS: Final = frozenset(
    {
        "application/vnd.openxmlformats-officedocument.oleobject",
        "application/vnd.ms-office.activex",
        "application/vnd.ms-office.activex+xml",
    }
)
"""Types of parts that act. They are declared for a suffix without any such part, in good faith."""
ACTIVE_RELATIONS: Final = frozenset(
    {
        "vbaproject",
        "wordvbadata",
        "oleobject",
        "control",
        "activexcontrolbinary",
        "afchunk",  # HTML, MHT or another document that Word takes in when it opens this one
    }
)
LINKED_RELATIONS: Final = frozenset({"hyperlink", "image", "video", "audio", "media"})
"""Relations that honest documents point at the web. All others stay on the reader's machine."""
MACRO_SUFFIXES: Final = ("vbaproject.bin", "vbadata.xml", ".docm", ".dotm", ".xlsm", ".xltm", ".pptm")
INSTRUCTIONS: Final = ("instrText", "delInstrText")
_FIELD_TEXT: Final = (*INSTRUCTIONS, "t", "delText")
"""What Word reads as a field's instruction, between its beginning and its separator."""
_FETCHING_FIELDS: Final = frozenset({"includetext", "include", "link", "rd", "import", "database"})
_PICTURE_FIELDS: Final = frozenset({"includepicture"})
_ADDRESS: Final = re.compile(r'"([^"]*)"?|(\S+)')
_DDE: Final = re.compile(r'\s*"?\s*dde(auto)?\b', re.IGNORECASE)
_FIELD_HEAD: Final = 2_000  # characters of a field's instruction that are kept: its command and its address come first


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
        self.remote_pictures: set[str] = set()

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        super().start(tag, attributes)
        if local_name(tag) != "Relationship":
            return
        kind = attributes.get("Type", "").rstrip("/").rpartition("/")[2].lower()
        target = attributes.get("Target", "").replace("\0", "")
        if kind == "image" and is_remote(target):
            self.remote_pictures.add(attributes.get("Id", ""))
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
        self.shown: list[bool] = []
        """Of each open field, whether its instruction is over."""
        self.is_in_instruction = False
        self.fetched_pictures: set[str] = set()
        """Relations of pictures of which the document keeps no copy."""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        super().start(tag, attributes)
        name = local_name(tag)
        if name in INSTRUCTIONS or (name in _FIELD_TEXT and self.shown and not self.shown[-1]):
            self.is_in_instruction = True
        elif name in _PICTURES:
            link, copy = (_attribute(attributes, key) for key in _PICTURES[name])
            if link and not copy:
                self.fetched_pictures.add(link)
        elif name == "fldChar":
            self._meet_field_mark(_attribute(attributes, "fldCharType"))
        elif name == "fldSimple":
            _check_field(_attribute(attributes, "instr"))

    def _meet_field_mark(self, mark: str) -> None:
        if mark == "begin":
            self.fields.append("")
            self.shown.append(False)
        elif self.shown:
            _check_field(self.fields[-1])
            self.shown[-1] = True
            if mark == "end":
                self.fields.pop()
                self.shown.pop()

    def data(self, text: str) -> None:
        if self.is_in_instruction:
            if not self.fields:  # an instruction outside of any field
                self.fields.append("")
                self.shown.append(False)
            self.fields[-1] = (self.fields[-1] + text)[:_FIELD_HEAD]

    def end(self, tag: str) -> None:
        super().end(tag)
        if local_name(tag) in _FIELD_TEXT:
            self.is_in_instruction = False

    def close(self) -> None:
        for field in self.fields:
            _check_field(field)


_PICTURES: Final = {"blip": ("link", "embed"), "imagedata": ("href", "id")}
"""Elements that show a picture: the attributes that name it elsewhere, and within the document."""


def _attribute(attributes: dict[str, str], name: str) -> str:
    return next((value for key, value in attributes.items() if local_name(key) == name), "")


def _check_field(instruction: str) -> None:
    if _DDE.match(instruction):
        raise BadFile(Refusal.ACTIVE_CONTENT, "a DDE field")
    words = [quoted or bare for quoted, bare in _ADDRESS.findall(instruction[:_FIELD_HEAD])]
    command = words[0].lower() if words else ""
    places = [word.replace("\\\\", "\\") if word[:2] != "\\\\" else word for word in words[1:]]
    if command in _FETCHING_FIELDS and any(is_remote(place) for place in places):
        raise BadFile(Refusal.ACTIVE_CONTENT, "a field that fetches from elsewhere")
    if command in _PICTURE_FIELDS and any(is_share(place) for place in places):
        raise BadFile(Refusal.ACTIVE_CONTENT, "a field that fetches a picture from a Windows share")


def check_docx(archive: Archive, budget: Budget) -> None:
    """Read every part of an archive that has ``[Content_Types].xml``. Raises ``BadFile`` unless it is a sound DOCX."""
    depth = budget.limits.xml_depth
    if len({name.lower() for name in archive.entries}) < len(archive.entries):
        raise BadFile(Refusal.DAMAGED, "two parts have names that OPC holds to be one")
    types = _ContentTypes(depth)
    watch(archive.chunks(archive.find(CONTENT_TYPES) or CONTENT_TYPES), types)
    main = _main_part(archive, types, depth)
    _refuse_macros(archive, types)
    pictures = _Pictures()
    story = _Story(depth)
    if not watch(archive.chunks(main), story):
        raise BadFile(Refusal.DAMAGED, "the document is empty")
    if local_name(story.root) != "document" or namespace(story.root) not in WORD_NAMESPACES:
        raise BadFile(Refusal.DAMAGED, "the document is not a Word document")
    pictures.fetched[main.lower()] = story.fetched_pictures
    for name in archive.unread():
        _check_part(archive, name, types.type_of(name), budget, pictures)
    pictures.check()


def _main_part(archive: Archive, types: _ContentTypes, depth: int) -> str:
    """The entry that holds the document, by the root relation, or by its type where that is missing."""
    relations = _Relations(depth)
    name = archive.find(ROOT_RELATIONS)
    if name:
        watch(archive.chunks(name), relations)
    main = relations.main or next((part for part, kind in types.by_part.items() if kind == MAIN_TYPE), "")
    main = main.replace("\\", "/").removeprefix("./").lstrip("/")
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
    if types.declared() & MACRO_TYPES or any(
        unquote(name).lower().endswith(MACRO_SUFFIXES) for name in archive.entries
    ):
        raise BadFile(Refusal.ACTIVE_CONTENT, "macros")


class _Pictures:
    """Pictures that lie elsewhere. Word and browsers keep a copy of what is pasted; one without a copy is fetched when
    the document is opened, which tells its sender so.
    """

    def __init__(self) -> None:
        self.fetched: dict[str, set[str]] = {}
        self.remote: dict[str, set[str]] = {}

    def check(self) -> None:
        """Raise ``BadFile`` where a part shows a picture from elsewhere without keeping it."""
        if any(self.fetched.get(part, set()) & ids for part, ids in self.remote.items()):
            raise BadFile(Refusal.ACTIVE_CONTENT, "a picture that is fetched from elsewhere")


def _check_part(archive: Archive, name: str, kind: str, budget: Budget, pictures: _Pictures) -> None:
    folded = name.lower()
    depth = budget.limits.xml_depth
    if kind in ACTIVE_PARTS:
        raise BadFile(Refusal.ACTIVE_CONTENT, "a part that acts")
    if folded.endswith(".rels"):
        relations = _Relations(depth)
        watch(archive.chunks(name), relations)
        pictures.remote[folded.replace("_rels/", "").removesuffix(".rels")] = relations.remote_pictures
    elif folded.endswith(".xml") or kind.endswith(("+xml", "/xml")):
        story = _Story(depth)
        watch(archive.chunks(name), story)
        pictures.fetched[folded] = story.fetched_pictures
    else:
        judge_entry(archive, name, budget)
