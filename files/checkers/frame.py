"""What is read of a picture before it is decoded."""

import struct
from dataclasses import dataclass
from typing import Final

_ORIENTATION_TAG: Final = 0x0112
_ENTRY: Final = 12  # bytes of one entry of an EXIF directory


@dataclass(frozen=True)
class Frame:
    """A picture without anything that is not needed to draw it; its pixels by its header; how to show it."""

    content: bytes
    pixels: int
    profile: bytes
    orientation: int


def orientation(exif: bytes) -> int:
    """How the camera was held, 1 to 8 (EXIF 2.32, 4.6.4 A): read from the first directory and nothing else of it.

    1, upright, where it is not said or what it says makes no sense.
    """
    order = {b"II": "<", b"MM": ">"}.get(exif[:2])
    if order is None or len(exif) < 8:
        return 1
    (start,) = struct.unpack_from(f"{order}I", exif, 4)
    if start + 2 > len(exif):
        return 1
    (count,) = struct.unpack_from(f"{order}H", exif, start)
    for place in range(start + 2, min(start + 2 + count * _ENTRY, len(exif) - _ENTRY + 1), _ENTRY):
        tag, _kind, _count, value = struct.unpack_from(f"{order}HHIH", exif, place)
        if tag == _ORIENTATION_TAG:
            return value if 1 <= value <= 8 else 1
    return 1
