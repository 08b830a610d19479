"""What a check may cost, and how a check says no.

A hostile file costs its reader: it unpacks to a thousand times its size, or it makes a parser run for hours. So
whatever unpacks or walks takes from a budget first, and the budget counts bytes that were really unpacked; sizes that a
file states about itself are claims (ASVS 5.2.3).
"""

import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from files.enums import Refusal

CHUNK = 1024 * 1024
"""Bytes unpacked at a time: the most by which a budget can be overdrawn."""


@dataclass(frozen=True)
class CheckLimits:
    """Limits of one check, with the defaults of the product's table of limits (ASVS 5.2.1, 5.2.3).

    A megabyte is 1,000,000 bytes, so that "10 MB" means the same as in a file manager.
    """

    file_bytes: int = 10 * 1000 * 1000
    """The file as sent."""
    unpacked_bytes: int = 100 * 1000 * 1000
    """All that a container unpacks to."""
    entries: int = 2_000
    """Entries of a ZIP container."""
    ratio: int = 100
    """Unpacked bytes for one byte of the file …"""
    ratio_free_bytes: int = 10 * 1000 * 1000
    """… counted only beyond so many unpacked bytes: short XML packs well."""
    seconds: float = 10.0
    """Wall clock of the check. Looked at between chunks and between objects, so a single call may overrun it."""
    pdf_objects: int = 100_000
    """Numbered objects of a PDF outside its object streams."""
    pdf_nodes: int = 1_000_000
    """Dictionaries of a PDF, and items of its arrays, that are walked."""
    pixels: int = 40 * 1000 * 1000
    """Of a picture, by its header (ASVS 5.2.6)."""
    pdf_picture_dots: int = 300_000_000
    """Dots of one picture in a PDF: a page in black and white at 1,200 dots an inch has 140 million."""
    attached_depth: int = 3
    """Documents within documents."""
    xml_depth: int = 1_000
    """Elements within elements."""


DEFAULT = CheckLimits()


class BadFile(Exception):
    """The file under check is not taken. Caught by ``check_document`` alone.

    ``detail`` goes to logs: it holds words of ours, never a part of the file.
    """

    def __init__(self, refusal: Refusal, detail: str) -> None:
        super().__init__(detail)
        self.refusal = refusal
        self.detail = detail


@dataclass
class Budget:
    """What one check has used so far. ``packed`` is the size of the file in bytes."""

    limits: CheckLimits
    packed: int
    unpacked: int = 0
    nodes: int = 0
    pictures: int = 0
    """Bytes of pictures that were unpacked to see how long they are."""
    archives: int = 0
    """Archives that a PDF's attachments are, as they lie in the file."""
    attached: int = 0
    """How many documents lie around the one that is looked at."""
    deadline: float = field(default=0.0)

    def __post_init__(self) -> None:
        self.deadline = self.deadline or time.monotonic() + self.limits.seconds

    def take_bytes(self, count: int) -> None:
        """Count unpacked bytes; raise ``BadFile`` beyond the limit, the ratio or the time."""
        self.unpacked += count
        if self.unpacked > self.limits.unpacked_bytes:
            raise BadFile(Refusal.UNPACKS_TOO_BIG, "unpacks beyond the limit")
        if self.unpacked > self.limits.ratio_free_bytes and self.unpacked > self.packed * self.limits.ratio:
            raise BadFile(Refusal.UNPACKS_TOO_BIG, "unpacks beyond the ratio")
        self.look_at_clock()

    def take_nodes(self, count: int) -> None:
        """Count objects of a PDF; raise ``BadFile`` beyond the limit."""
        self.nodes += count
        if self.nodes > self.limits.pdf_nodes:
            raise BadFile(Refusal.UNPACKS_TOO_BIG, "too many objects")

    def look_at_clock(self) -> None:
        """Raise ``BadFile`` when the check has run for too long."""
        if time.monotonic() > self.deadline:
            raise BadFile(Refusal.UNPACKS_TOO_BIG, "takes too long to open")


def inflate(packed: bytes | memoryview, budget: Budget, *, wbits: int) -> Iterator[bytes]:
    """The unpacked chunks of one deflate stream, each taken from the budget before it is handed on.

    Args:
        packed: the stream as it lies in the file.
        budget: what pays for the bytes.
        wbits: as in ``zlib``: -15 for the raw streams of a ZIP, 15 for those of a PDF.

    Raises:
        BadFile: beyond the budget.
        zlib.error: not a deflate stream.
        EOFError: the stream stops short.

    """
    machine = zlib.decompressobj(wbits)
    for start in range(0, len(packed), CHUNK):
        rest: bytes | memoryview = packed[start : start + CHUNK]
        while not machine.eof:
            chunk = machine.decompress(rest, CHUNK)
            rest = machine.unconsumed_tail
            budget.take_bytes(len(chunk))
            if chunk:
                yield chunk
            if not rest and len(chunk) < CHUNK:
                break
    if not machine.eof:
        raise EOFError
