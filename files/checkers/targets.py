"""Where a link inside a document leads: stays with the reader, goes out to a network, or runs something."""

import re
from typing import Final
from urllib.parse import unquote

_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]+:")  # of two letters or more: C: is a drive
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_DOUBLE_SLASHES: Final = ("//", "\\\\", "/\\", "\\/")
_NOTHING: Final = re.compile(r"javascript:\s*(void\s*\(?\s*0\s*\)?)?\s*;?\s*")  # buttons of printed web pages
_LONGEST_NOTHING: Final = 100
_SCRIPT_SCHEMES: Final = ("javascript:", "vbscript:", "data:text/html", "data:image/svg", "data:application/xhtml")
_RUNNING_SCHEMES: Final = (
    "ms-msdt:",
    "ms-officecmd:",
    "ms-appinstaller:",
    "search-ms:",
    "search:",
    "shell:",
    "macro:",
    "vnd.sun.star.script:",
    "vnd.sun.star.expand:",
    "vnd.sun.star.cmd:",
    "vnd.libreoffice.command:",
    "service:",
)


def _normal(target: str) -> str:
    """As a browser reads an address: percent signs decoded, and no control characters, which it leaves out."""
    return _CONTROL.sub("", unquote(target)).strip().lower()


def is_remote(target: str) -> bool:
    """Whether opening ``target`` asks another machine: http, ftp, or a Windows share, which also sends a password hash.

    A path on the reader's own disk is not: Word keeps the path of the author's template in every file.
    """
    place = _normal(target)
    if place.startswith("file:"):
        return not _is_own_disk(place.removeprefix("file:"))
    return place.startswith(_DOUBLE_SLASHES) or _SCHEME.match(place) is not None


def is_share(target: str) -> bool:
    """Whether ``target`` is on a file server, a Windows share most of all, which is told who is asking."""
    place = _normal(target)
    return is_remote(target) and place.startswith((*_DOUBLE_SLASHES, "file:", "smb:", "ftp:", "nfs:"))


def _is_own_disk(path: str) -> bool:
    """Whether the rest of a ``file:`` address has no host: ``///C:/x``, ``//localhost/x``, or the sloppy ``//C:/x``."""
    if not path.startswith(_DOUBLE_SLASHES):
        return True
    rest = path[2:].removeprefix("localhost")
    is_rooted = rest.startswith("/") and not rest.startswith(_DOUBLE_SLASHES)
    return rest[1:2] in (":", "|") or is_rooted


def runs_something(target: str) -> bool:
    """Whether following ``target`` runs a program or a macro by its scheme."""
    return _normal(target).startswith(_RUNNING_SCHEMES)


def is_script(target: str) -> bool:
    """Whether ``target`` is a script, which a browser that shows a PDF may run.

    Word does not, and text that was pasted into it from the web is full of them.
    """
    place = _normal(target)
    return place.startswith(_SCRIPT_SCHEMES) and not _NOTHING.fullmatch(place[:_LONGEST_NOTHING])
