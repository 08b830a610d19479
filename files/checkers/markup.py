"""XML of strangers, read as a stream: no tree is built, so a part of 100 MB costs no more memory than one of 1 MB.

Document types and entities are refused (ASVS 1.5.1), with one exception that honest files need: OpenOffice wrote a bare
``<!DOCTYPE … PUBLIC "-//OpenOffice.org//DTD …">`` into manifests, menus and formulas of its ODT files. It declares
nothing, nothing fetches it, and it is let through where the caller says so.
"""

from collections.abc import Iterable
from itertools import chain
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from files.checkers.budget import BadFile
from files.enums import Refusal

OPENOFFICE_DOCTYPE = "-//OpenOffice.org//DTD "


class Watcher:
    """Looks at the elements of one part as they pass. Subclasses say what they look for; the base counts the depth."""

    def __init__(self, max_depth: int) -> None:
        self.root = ""
        self.depth = 0
        self.max_depth = max_depth

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Called at ``<tag>``; ``tag`` is written ``{namespace}local``. Raises ``BadFile``."""
        self.root = self.root or tag
        self.depth += 1
        if self.depth > self.max_depth:
            raise BadFile(Refusal.DAMAGED, "elements are nested too deep")

    def end(self, tag: str) -> None:
        """Called at ``</tag>``."""
        self.depth -= 1

    def data(self, text: str) -> None:
        """Called with pieces of text."""

    def close(self) -> None:
        """Called at the end of a part that is well-formed."""


class _Parser(DefusedXMLParser):
    """Refuses every document type, or every one but OpenOffice's bare one."""

    allows_openoffice = False

    def defused_start_doctype_decl(
        self, name: str, sysid: str | None, pubid: str | None, has_internal_subset: bool
    ) -> None:
        """Expat's handler for ``<!DOCTYPE``. Raises ``DTDForbidden``."""
        is_bare = not has_internal_subset and (pubid or "").startswith(OPENOFFICE_DOCTYPE)
        if not (self.allows_openoffice and is_bare):
            super().defused_start_doctype_decl(name, sysid, pubid, has_internal_subset)


def watch(chunks: Iterable[bytes], watcher: Watcher, *, allows_openoffice_doctype: bool = False) -> bool:
    """Show a part to ``watcher``; whether there was anything in it. Empty parts are normal in files of LibreOffice.

    Raises ``BadFile``: damaged, with a document type, or whatever the watcher finds.
    """
    stream = iter(chunks)
    first = next(stream, b"")
    if not first:
        return False
    parser = _Parser(target=watcher, forbid_dtd=True)
    parser.allows_openoffice = allows_openoffice_doctype
    try:
        for chunk in chain((first,), stream):
            parser.feed(chunk)
        parser.close()
    except DefusedXmlException as error:
        raise BadFile(Refusal.DAMAGED, f"XML with a document type or entities: {type(error).__name__}") from None
    except (ParseError, LookupError, ValueError) as error:  # the latter two: encodings that expat does not know
        raise BadFile(Refusal.DAMAGED, f"XML does not parse: {type(error).__name__}") from None
    return True


def local_name(tag: str) -> str:
    """``tag`` without its namespace."""
    return tag.rpartition("}")[2]


def namespace(tag: str) -> str:
    """The namespace of ``tag``, or nothing."""
    return tag.rpartition("}")[0].removeprefix("{")
