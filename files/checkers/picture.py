"""Pictures are drawn anew: what is kept holds the pixels that were seen and nothing else of what was sent.

So no place, no time, no owner of a camera, no thumbnail of an uncropped face (S28), no program in a comment, and no
second file behind the picture (T4). Pixels are counted by the header before anything is decoded (ASVS 5.2.6).

A JPEG stays one, at a quality at which nobody sees the difference; a PNG loses nothing, except that 16 bits of a colour
become 8. Colours are those of the screen (sRGB) afterwards, and the picture stands upright.
"""

import io
from typing import Final

from PIL import Image, ImageCms

from files.checkers.budget import DEFAULT, BadFile, Budget
from files.checkers.frame import Frame
from files.checkers.jpeg import read_jpeg
from files.checkers.png import read_png
from files.enums import MediaKind, Refusal

QUALITIES: Final = (90, 75)
"""Of a JPEG; the second where the first makes more bytes than a file may have."""
GROWTH: Final = 2
"""A PNG may become so many times as big as a file may be: those who sent it may have packed it better than we do."""
_MODES: Final = {"1", "L", "LA", "P", "RGB", "RGBA"}
_WITH_PROFILE: Final = {"RGB", "RGBA", "CMYK"}
_TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SCREEN: Final = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))

Image.MAX_IMAGE_PIXELS = DEFAULT.pixels
"""The decoder's own guard, should it count otherwise than we do. For the whole process, since it knows no other way."""


def check_picture(data: bytes, kind: MediaKind, budget: Budget) -> bytes:
    """Draw a PNG or JPEG anew, and return that. Raises ``BadFile`` where it cannot be drawn or is too large."""
    frame = read_png(data, budget) if kind is MediaKind.PNG else read_jpeg(data)
    if frame.pixels > budget.limits.pixels:
        raise BadFile(Refusal.TOO_MANY_PIXELS, "more pixels than allowed")
    if not frame.pixels:
        raise BadFile(Refusal.DAMAGED, "no pixels")
    try:
        picture = _decoded(frame, kind)
        picture = _in_colours_of_screen(picture, frame.profile)
        picture = picture.transpose(_TURNS[frame.orientation]) if frame.orientation in _TURNS else picture
        picture.info = {}  # what a decoder remembers, an encoder may write down
        return (_as_png if kind is MediaKind.PNG else _as_jpeg)(picture, budget.limits.file_bytes)
    except (OSError, ValueError, SyntaxError, EOFError, IndexError, TypeError, OverflowError) as error:
        raise BadFile(Refusal.DAMAGED, f"does not decode: {type(error).__name__}") from None


def _decoded(frame: Frame, kind: MediaKind) -> Image.Image:
    picture: Image.Image = Image.open(io.BytesIO(frame.content), formats=[kind])
    if picture.width * picture.height != frame.pixels:
        raise BadFile(Refusal.DAMAGED, "two sizes")
    picture.load()
    if picture.mode.startswith("I;16"):
        upper = 0 if picture.mode == "I;16B" else 1  # byte of each two; a conversion would cut off what is brighter
        return Image.frombytes("L", picture.size, picture.tobytes()[upper::2])
    return picture.convert("RGBA") if "transparency" in picture.info else picture


def _in_colours_of_screen(picture: Image.Image, profile: bytes) -> Image.Image:
    """The picture in sRGB; a profile that is broken, or is for other pictures than this, is as good as none."""
    says_screen = b"sRGB" in profile or "sRGB".encode("utf-16-be") in profile
    if profile and not says_screen and picture.mode in _WITH_PROFILE:
        mode = "RGBA" if picture.mode == "RGBA" else "RGB"
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(picture, source, _SCREEN, outputMode=mode)
        except (ImageCms.PyCMSError, OSError):
            converted = None
        picture = converted or picture
    return picture if picture.mode in _MODES else picture.convert("RGB")


def _as_png(picture: Image.Image, most: int) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG")
    return _not_more_than(GROWTH * most, out)


def _as_jpeg(picture: Image.Image, most: int) -> bytes:
    drawn = picture if picture.mode in {"L", "RGB"} else picture.convert("RGB")
    for quality in QUALITIES:
        out = io.BytesIO()
        drawn.save(out, "JPEG", quality=quality)
        if out.tell() <= most:
            break
    return _not_more_than(most, out)


def _not_more_than(most: int, out: io.BytesIO) -> bytes:
    if out.tell() > most:
        raise BadFile(Refusal.TOO_BIG, "too many bytes when drawn anew")
    return out.getvalue()
