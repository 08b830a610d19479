"""JPEG, segment by segment: how many pixels it has, and the same picture without all that is not picture.

Only the segments that draw the picture reach the decoder. EXIF with places and thumbnails, comments, editors' notes, a
second picture and whatever follows the end are left out; colour profile and orientation are read here.
"""

import re
from collections.abc import Iterator
from typing import Final

from files.checkers.budget import BadFile
from files.checkers.frame import Frame, orientation
from files.enums import Refusal

_END, _SCAN = 0xD9, 0xDA
_JFIF, _EXIF, _PROFILE, _ADOBE = 0xE0, 0xE1, 0xE2, 0xEE
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # the headers that state a size
_TABLES: Final = frozenset({0xC4, 0xCC, 0xDB, 0xDC, 0xDD})
_DRAWN: Final = _FRAMES | _TABLES | {_SCAN, _JFIF, _ADOBE}  # Adobe's says how colours are coded
_MARKER: Final = re.compile(rb"\xff+[^\x00\xff]")
_AFTER_SCAN: Final = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]")  # a marker that is no part of packed pixels
_EXIF_MARK: Final = b"Exif\0\0"
_PROFILE_MARK: Final = b"ICC_PROFILE\0"

SCANS: Final = 100
"""Passes over the picture. Progressive ones have a dozen; each costs a decoder a walk through all pixels."""


def read_jpeg(data: bytes) -> Frame:
    """The frame of a JPEG. Raises ``BadFile`` where it is cut short or broken."""
    kept = bytearray(b"\xff\xd8")
    sizes: list[int] = []
    profile: list[bytes] = []
    turn, scans = 1, 0
    for marker, content, whole in _segments(data):
        if marker in _DRAWN:
            kept += whole
        if marker in _FRAMES:
            sizes.append(int.from_bytes(content[1:3]) * int.from_bytes(content[3:5]))
        elif marker == _EXIF and content.startswith(_EXIF_MARK):
            turn = orientation(content.removeprefix(_EXIF_MARK))
        elif marker == _PROFILE and content.startswith(_PROFILE_MARK):
            profile.append(content.removeprefix(_PROFILE_MARK)[2:])  # number and count; they come in order
        scans += marker == _SCAN
    if not sizes or not scans:
        raise BadFile(Refusal.DAMAGED, "no picture in it")
    if scans > SCANS:
        raise BadFile(Refusal.TOO_COMPLEX, "too many passes")
    return Frame(bytes(kept) + b"\xff\xd9", pixels=max(sizes), profile=b"".join(profile), orientation=turn)


def _segments(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Marker and content of each segment, and the whole of it with the pixels behind it, up to the picture's end.

    Bytes between segments are left out, as decoders do: cameras leave some there.
    """
    place = 2
    while True:
        found = _MARKER.search(data, place)
        if found is None:
            raise BadFile(Refusal.DAMAGED, "cut short")
        marker, start = data[found.end() - 1], found.end()
        if marker == _END:
            return
        end = start + int.from_bytes(data[start : start + 2])
        if end < start + 2 or end > len(data):
            raise BadFile(Refusal.DAMAGED, "cut short")
        content = data[start + 2 : end]
        if marker == _SCAN:
            pixels_end = _AFTER_SCAN.search(data, end)
            end = pixels_end.start() if pixels_end else len(data)
        yield marker, content, data[start - 2 : end]
        place = end
