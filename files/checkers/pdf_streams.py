"""How much a PDF's streams unpack to, counted piece by piece and kept nowhere.

A page, a font or a form is unpacked whole by the reader, so it pays from the budget like an entry of a ZIP. A picture
is bounded by the size that it states: a white page of a scan packs a thousandfold in good faith, while a picture of
one dot that unpacks to a gigabyte does not.
"""

import zlib
from typing import Final

from pikepdf import PdfError, Stream, StreamDecodeLevel

from files.checkers.budget import CHUNK, BadFile, Budget, inflate
from files.checkers.pdf_objects import LIMIT_WORDS, name_of, stream_filters
from files.enums import Refusal

_FLATE: Final = "/FlateDecode"
_PICTURE_FILTERS: Final = frozenset({"/DCTDecode", "/JPXDecode", "/CCITTFaxDecode", "/JBIG2Decode", "/DCT", "/CCF"})
_GROWING: Final = frozenset({"/JBIG2Decode", "/CCITTFaxDecode", "/CCF"})
_OWN_TURN: Final = frozenset({"/ObjStm", "/EmbeddedFile"})  # counted where they are looked into
_CHANNELS: Final = 4
_PICTURE_SLACK: Final = CHUNK
_PICTURE_WORK: Final = 200 * 1000 * 1000
"""Bytes of pictures that are unpacked in one check; half a second."""


def count_stream(stream: Stream, budget: Budget) -> None:
    """Unpack a stream for its size. Raises ``BadFile`` where that is beyond the budget, or beyond what it states."""
    dots = _dots(stream)
    if dots > budget.limits.pdf_picture_dots:
        raise BadFile(Refusal.UNPACKS_TOO_BIG, "a picture of too many dots")
    filters = stream_filters(stream)
    if not dots and not _GROWING.isdisjoint(filters):  # a page of this kind keeps a reader busy for minutes
        raise BadFile(Refusal.UNPACKS_TOO_BIG, "a picture that does not state its size")
    packed = filters[: next((n for n, name in enumerate(filters) if name in _PICTURE_FILTERS), len(filters))]
    if not packed or name_of(stream.get("/Type")) in _OWN_TURN:
        return
    if dots and packed == filters == [_FLATE]:
        _count_picture(stream.read_raw_bytes(), dots * _CHANNELS * _bytes_of_channel(stream), budget)
    elif all(name == _FLATE for name in packed):
        _count_flate(stream.read_raw_bytes(), len(packed), budget)
    elif packed == filters:
        _count_otherwise(stream, budget)


def _dots(stream: Stream) -> int:
    """The dots of a picture; 0 of anything else."""
    width: object = stream.get("/Width")
    height: object = stream.get("/Height")
    if isinstance(width, int) and isinstance(height, int):
        return max(width, 0) * max(height, 0)
    return 0


def _bytes_of_channel(stream: Stream) -> int:
    bits: object = stream.get("/BitsPerComponent")
    return 2 if bits == 16 else 1


def _count_picture(raw: bytes, stated: int, budget: Budget) -> None:
    if budget.pictures > _PICTURE_WORK:
        return
    most = 2 * stated + _PICTURE_SLACK  # a row has a byte more than its dots
    machine = zlib.decompressobj()
    size = 0
    try:
        while raw and not machine.eof and size <= most:
            size += len(machine.decompress(raw, CHUNK))
            raw = machine.unconsumed_tail
            budget.look_at_clock()
    except zlib.error:
        pass  # readers show the part that is there
    budget.pictures += size
    if size > most:
        raise BadFile(Refusal.UNPACKS_TOO_BIG, "a picture unpacks beyond what it states")


def _count_flate(raw: bytes, times: int, budget: Budget) -> None:
    """Unpack what was deflated ``times`` times, which nobody does in good faith and readers undo all the same."""
    for turn in range(times):
        pieces = bytearray()
        try:
            for piece in inflate(raw, budget, wbits=15):
                if turn + 1 < times:
                    pieces += piece
        except (zlib.error, EOFError):
            pass  # readers show the part that is there
        raw = bytes(pieces)


def _count_otherwise(stream: Stream, budget: Budget) -> None:
    """Have qpdf unpack what has older filters, within the limits that it was given."""
    try:
        budget.take_bytes(len(stream.read_bytes(StreamDecodeLevel.specialized)))
    except PdfError as error:
        if LIMIT_WORDS in str(error):
            raise BadFile(Refusal.UNPACKS_TOO_BIG, "a stream unpacks beyond the limit") from None
