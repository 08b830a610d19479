"""Pictures as cameras, scanners, programs and attackers make them."""

import io
import struct
import zlib
from typing import Any

from PIL import Image, ImageCms

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
ORIENTATION = 0x0112
GPS = 0x8825
PAYLOAD = b"<?php system($_GET['c']); ?>"
HTML = b"<html><script>alert(1)</script></html>"


def corners(mode: str = "RGB", size: tuple[int, int] = (64, 32)) -> Image.Image:
    """Red above left, green above right, blue below left, white below right: it shows how a picture was turned."""
    picture = Image.new("RGB", size, "white")
    width, height = size[0] // 2, size[1] // 2
    for colour, place in (("red", (0, 0)), ("lime", (width, 0)), ("blue", (0, height))):
        picture.paste(colour, (*place, place[0] + width, place[1] + height))
    return picture.convert(mode)


def saved(picture: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def png(mode: str = "RGB", **options: Any) -> bytes:
    return saved(corners(mode), "PNG", **options)


def jpeg(mode: str = "RGB", **options: Any) -> bytes:
    return saved(corners(mode), "JPEG", **{"quality": 95, "subsampling": 0, **options})


def exif(orientation: int = 1) -> Image.Exif:
    """What a telephone writes: where the picture was taken, by which device, and how it was held."""
    found = Image.Exif()
    found[ORIENTATION] = orientation
    found[0x010F] = "Esimerkki Phones"
    found[0x010E] = PAYLOAD.decode()
    found.get_ifd(GPS).update({1: "N", 2: (60.0, 10.0, 15.0), 3: "E", 4: (24.0, 56.0, 15.0)})
    return found


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def with_chunk(name: bytes, content: bytes, data: bytes | None = None) -> bytes:
    """A PNG with one chunk more behind its header."""
    data = png() if data is None else data
    place = len(PNG_SIGNATURE) + 25
    return data[:place] + chunk(name, content) + data[place:]


def header(width: int, height: int, depth: int = 8, colour: int = 2, interlace: int = 0) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace))


def raw_png(width: int, height: int, rows: bytes, depth: int = 8, colour: int = 2, interlace: int = 0) -> bytes:
    """A PNG of rows as they stand in the format, each with its filter byte."""
    body = header(width, height, depth, colour, interlace) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return PNG_SIGNATURE + body


def interlaced_png() -> bytes:
    """8 by 8 pixels of grey in Adam7's seven passes, all of the value 200."""
    passes = ((1, 1), (1, 1), (2, 1), (2, 2), (4, 2), (4, 4), (8, 4))
    rows = b"".join((b"\0" + bytes([200]) * width) * height for width, height in passes)
    return raw_png(8, 8, rows, colour=0, interlace=1)


def flood_png() -> bytes:
    """A few kilobytes that say they are 100,000 by 100,000 pixels."""
    return raw_png(100_000, 100_000, bytes(1_000_000), colour=0)


def flood_jpeg() -> bytes:
    """A real JPEG whose header says 65,000 by 65,000 pixels."""
    return resized_jpeg(65_000, 65_000)


def resized_jpeg(width: int, height: int) -> bytes:
    data = bytearray(jpeg())
    place = data.index(b"\xff\xc0")
    data[place + 5 : place + 9] = struct.pack(">HH", height, width)
    return bytes(data)


def second_header_jpeg() -> bytes:
    """A JPEG with a small size first and a huge one behind it."""
    data = jpeg()
    place = data.index(b"\xff\xc0")
    end = place + 2 + int.from_bytes(data[place + 2 : place + 4])
    again = bytearray(data[place:end])
    again[5:9] = struct.pack(">HH", 65_000, 65_000)
    return data[:end] + bytes(again) + data[end:]


def many_pass_jpeg(passes: int = 500) -> bytes:
    """A progressive JPEG whose last pass comes again and again: each costs a decoder a walk over all pixels."""
    data = jpeg(progressive=True)
    last = data[data.rindex(b"\xff\xda") : -2]
    return data[:-2] + last * passes + b"\xff\xd9"


def animated_png() -> bytes:
    return saved(corners(), "PNG", save_all=True, append_images=[Image.new("RGB", (64, 32), "black")])


def other_profile() -> bytes:
    """A colour profile of another screen: green and red are swapped, so that it shows whether it was followed."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    tags = {bytes(profile[at : at + 4]): at for at in range(132, 132 + 12 * int.from_bytes(profile[128:132]), 12)}
    red, green = tags[b"rXYZ"], tags[b"gXYZ"]
    profile[red + 4 : red + 12], profile[green + 4 : green + 12] = (
        profile[green + 4 : green + 12],
        profile[red + 4 : red + 12],
    )
    return bytes(profile).replace(b"sRGB", b"Swap").replace("sRGB".encode("utf-16-be"), "Swap".encode("utf-16-be"))
