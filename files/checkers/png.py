"""PNG, chunk by chunk: how many pixels it has, and the same picture without all that is not picture.

Only the chunks that draw the picture reach the decoder. Texts, times, places, thumbnails, the further frames of an
animation, and whatever follows the end are left out; colour profile and orientation are read here.
"""

import zlib
from collections.abc import Iterator
from typing import Final

from files.checkers.budget import BadFile, Budget, inflate
from files.checkers.frame import Frame, orientation
from files.enums import PICTURE_SIGNATURES, MediaKind, Refusal

_SIGNATURE: Final = PICTURE_SIGNATURES[MediaKind.PNG]
_DRAWN: Final = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
_CHUNK_FRAME: Final = 12  # bytes of a chunk beside its content: length, name, checksum
_PROFILE_BYTES: Final = 4 * 1000 * 1000


def read_png(data: bytes, budget: Budget) -> Frame:
    """The frame of a PNG. Raises ``BadFile`` where it is cut short or broken."""
    kept = bytearray(_SIGNATURE)
    profile, turn = b"", 1
    sizes: list[int] = []
    for name, content, whole in _chunks(data):
        if name in _DRAWN:
            if zlib.crc32(name + content) != int.from_bytes(whole[-4:]):
                raise BadFile(Refusal.DAMAGED, "a checksum is wrong")
            kept += whole
        if name == b"IHDR":
            sizes.append(int.from_bytes(content[:4]) * int.from_bytes(content[4:8]))
        elif name == b"iCCP":
            profile = _profile(content, budget)
        elif name == b"eXIf":
            turn = orientation(content)
    if len(sizes) != 1 or kept[12:16] != b"IHDR":
        raise BadFile(Refusal.DAMAGED, "not one header at the beginning")
    return Frame(bytes(kept), pixels=sizes[0], profile=profile, orientation=turn)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Name and content of each chunk, and the whole of it, up to the end of the picture."""
    place, name = len(_SIGNATURE), b""
    while name != b"IEND":
        end = place + int.from_bytes(data[place : place + 4]) + _CHUNK_FRAME
        if end > len(data):
            raise BadFile(Refusal.DAMAGED, "cut short")
        name = data[place + 4 : place + 8]
        yield name, data[place + 8 : end - 4], data[place:end]
        place = end


def _profile(content: bytes, budget: Budget) -> bytes:
    """A colour profile unpacked; nothing where it is broken or huge, for a picture can be seen without."""
    _name, _end, packed = content.partition(b"\0")
    profile = bytearray()
    try:
        for chunk in inflate(packed[1:], budget, wbits=15):
            profile += chunk
            if len(profile) > _PROFILE_BYTES:
                return b""
    except (zlib.error, EOFError):
        return b""
    return bytes(profile)
