"""Pictures: what is kept shows what was sent, stands upright, and holds nothing else of it.

Rows S07, S28, T4 and T5 of the security specification.
"""

import io
from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

import pytest
from PIL import Image

from files.checker import Verdict, check_document
from files.checkers.budget import CheckLimits
from files.checkers.frame import orientation
from files.enums import DOCUMENT_KINDS, PICTURE_SIGNATURES, MediaKind, Refusal
from files.errors import FileRefused
from files.services import open_file, stage_file
from tests.factories import pictures as make

TAKEN = DOCUMENT_KINDS | set(PICTURE_SIGNATURES)
RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)
GRAYS = [(76,) * 3, (150,) * 3, (29,) * 3, WHITE]


def check(data: bytes, limits: CheckLimits | None = None) -> Verdict:
    return check_document(io.BytesIO(data), "certificate.bin", limits or CheckLimits())


def drawn(data: bytes) -> Image.Image:
    """The picture that is kept of what was sent."""
    verdict = check(data)
    assert (verdict.refusal, verdict.detail) == (None, "sound")
    assert verdict.content is not None
    picture = Image.open(io.BytesIO(verdict.content))
    picture.load()
    assert verdict.kind == picture.format
    return picture


def colours(picture: Image.Image) -> list[tuple[int, ...]]:
    """Those near the four corners, row by row."""
    right, below = picture.width - 4, picture.height - 4
    seen = picture.convert("RGB")
    return [tuple(seen.getpixel(place)) for place in ((3, 3), (right, 3), (3, below), (right, below))]  # type: ignore[arg-type]


def is_near(found: list[tuple[int, ...]], expected: list[tuple[int, ...]], by: int = 8) -> bool:
    return all(
        abs(a - b) <= by for one, other in zip(found, expected, strict=True) for a, b in zip(one, other, strict=True)
    )


# What is shown


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (make.png("RGB"), [RED, GREEN, BLUE, WHITE]),
        (make.png("RGBA"), [RED, GREEN, BLUE, WHITE]),
        (make.png("P"), [RED, GREEN, BLUE, WHITE]),
        (make.png("L"), GRAYS),
        (make.png("LA"), GRAYS),
        (make.png("RGB", optimize=True, dpi=(300, 300)), [RED, GREEN, BLUE, WHITE]),
        (make.animated_png(), [RED, GREEN, BLUE, WHITE]),
        (make.jpeg("RGB"), [RED, GREEN, BLUE, WHITE]),
        (make.jpeg("RGB", progressive=True), [RED, GREEN, BLUE, WHITE]),
        (make.jpeg("RGB", subsampling=2, restart_marker_rows=1), [RED, GREEN, BLUE, WHITE]),
        (make.jpeg("L"), GRAYS),
        (make.jpeg("CMYK"), [RED, GREEN, BLUE, WHITE]),
    ],
    ids=lambda value: "" if isinstance(value, bytes) else None,
)
def test_a_picture_stays_what_it_shows(data: bytes, expected: list[tuple[int, ...]]) -> None:
    picture = drawn(data)
    assert picture.size == (64, 32)
    assert is_near(colours(picture), expected, by=8 if picture.format == "JPEG" else 0), colours(picture)


def test_black_and_white_stays_so() -> None:
    sent = Image.new("1", (10, 10))
    sent.putpixel((2, 3), 1)
    picture = drawn(make.saved(sent, "PNG"))
    assert (picture.mode, picture.tobytes()) == ("1", sent.tobytes())


def test_an_interlaced_picture() -> None:
    picture = drawn(make.interlaced_png())
    assert (picture.size, picture.getcolors()) == ((8, 8), [(64, 200)])


def test_sixteen_bits_of_grey_become_eight() -> None:
    rows = b"".join(b"\0" + value.to_bytes(2) * 4 for value in (0, 0x1234, 0x8001, 0xFFFF))
    picture = drawn(make.raw_png(4, 4, rows, depth=16, colour=0))
    assert [picture.getpixel((0, row)) for row in range(4)] == [0, 0x12, 0x80, 0xFF]


def test_sixteen_bits_of_a_colour_become_eight() -> None:
    rows = (b"\0" + b"\xff\xff\x80\x00\x00\x00" * 4) * 4
    assert drawn(make.raw_png(4, 4, rows, depth=16, colour=2)).getpixel((0, 0)) == (255, 128, 0)


@pytest.mark.parametrize(("mode", "transparency"), [("RGB", RED), ("P", None), ("L", 255)])
def test_what_is_see_through_stays_so(mode: str, transparency: object) -> None:
    sent = make.corners(mode)
    wanted = sent.getpixel((3, 3)) if transparency is None else transparency
    picture = drawn(make.saved(sent, "PNG", transparency=wanted))
    assert picture.mode == "RGBA"
    assert sorted({alpha for _count, (*_colour, alpha) in picture.getcolors() or []}) == [0, 255]  # type: ignore[misc]


def test_half_transparent_pixels_are_kept() -> None:
    picture = drawn(make.saved(Image.new("RGBA", (4, 4), (10, 20, 30, 40)), "PNG"))
    assert picture.getcolors() == [(16, (10, 20, 30, 40))]


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
@pytest.mark.parametrize(
    ("held", "expected"),
    [
        (1, [RED, GREEN, BLUE, WHITE]),
        (2, [GREEN, RED, WHITE, BLUE]),
        (3, [WHITE, BLUE, GREEN, RED]),
        (4, [BLUE, WHITE, RED, GREEN]),
        (5, [RED, BLUE, GREEN, WHITE]),
        (6, [BLUE, RED, WHITE, GREEN]),
        (7, [WHITE, GREEN, BLUE, RED]),
        (8, [GREEN, WHITE, RED, BLUE]),
        (9, [RED, GREEN, BLUE, WHITE]),
    ],
)
def test_a_picture_stands_upright_however_the_camera_was_held(
    kind: str, held: int, expected: list[tuple[int, ...]]
) -> None:
    picture = drawn(make.saved(make.corners(), kind, exif=make.exif(held)))
    assert picture.size == ((64, 32) if held < 5 or held == 9 else (32, 64))
    assert is_near(colours(picture), expected, by=40)
    assert picture.getexif().get(make.ORIENTATION) is None


@pytest.mark.parametrize(
    "exif", [b"", b"II", b"II*\0\xff\xff\xff\xff", b"MM\0*\0\0\0\x08", b"II*\0\x08\0\0\0\xff\xff", b"x" * 50]
)
def test_an_orientation_that_makes_no_sense_is_upright(exif: bytes) -> None:
    assert orientation(exif) == 1


@pytest.mark.parametrize("build", [make.png, make.jpeg])
def test_colours_of_another_screen_become_those_of_ours(build: Callable[..., bytes]) -> None:
    picture = drawn(build(icc_profile=make.other_profile()))
    assert is_near(colours(picture), [GREEN, RED, BLUE, WHITE], by=12)
    assert "icc_profile" not in picture.info


@pytest.mark.parametrize("profile", [b"no profile", make.other_profile()[:300]])
@pytest.mark.parametrize("build", [make.png, make.jpeg])
def test_a_broken_profile_is_as_good_as_none(build: Callable[..., bytes], profile: bytes) -> None:
    assert is_near(colours(drawn(build(icc_profile=profile))), [RED, GREEN, BLUE, WHITE])


def test_a_profile_that_does_not_unpack_is_as_good_as_none() -> None:
    for packed in (b"x\0\0no zlib", b"no end", b""):
        assert colours(drawn(make.with_chunk(b"iCCP", packed))) == [RED, GREEN, BLUE, WHITE]


# What is gone


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_nothing_but_the_pixels_is_kept(kind: str) -> None:
    options = {"comment": make.PAYLOAD} if kind == "JPEG" else {}
    sent = make.saved(
        make.corners(), kind, exif=make.exif(), icc_profile=make.other_profile(), dpi=(300, 300), **options
    )
    before = Image.open(io.BytesIO(sent))
    assert before.getexif().get_ifd(make.GPS)[2] == (60.0, 10.0, 15.0)
    assert make.PAYLOAD in sent
    kept = check(sent + make.HTML).content
    assert kept is not None
    after = Image.open(io.BytesIO(kept))
    assert (dict(after.getexif()), set(after.info) - {"jfif", "jfif_version", "jfif_unit", "jfif_density"}) == (
        {},
        set(),
    )
    assert [word in kept for word in (b"Exif", b"eXIf", b"Esimerkki", make.PAYLOAD, b"Swap", b"<html")] == [False] * 6


@pytest.mark.parametrize("name", [b"tEXt", b"prVt", b"tIME", b"fdAT"])
def test_other_chunks_are_gone(name: bytes) -> None:
    sent = make.with_chunk(name, b"Comment\0" + make.PAYLOAD)
    assert make.PAYLOAD in sent
    kept = check(sent).content
    assert kept is not None
    assert (make.PAYLOAD in kept, name in kept) == (False, False)


@pytest.mark.parametrize(
    "tail", [make.HTML, b"PK\x03\x04" + bytes(100), bytes(5000), b"\xff\xd8\xff\xe0 a second picture"]
)
@pytest.mark.parametrize("build", [make.png, make.jpeg])
def test_what_follows_the_end_is_gone(build: Callable[[], bytes], tail: bytes) -> None:
    assert check(build() + tail).content == check(build()).content


def test_a_huge_text_costs_nothing() -> None:
    import zlib

    bomb = make.with_chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(50_000_000)))
    assert check(bomb).content == check(make.png()).content


# What is refused


@pytest.mark.parametrize(
    "build",
    [
        make.flood_png,
        make.flood_jpeg,
        make.second_header_jpeg,
        lambda: make.raw_png(40_001, 1_000, b"", depth=1, colour=0),
        lambda: make.resized_jpeg(40_001, 1_000),
    ],
)
def test_too_many_pixels_are_refused_before_any_is_decoded(build: Callable[[], bytes]) -> None:
    assert check(build()).refusal == Refusal.TOO_MANY_PIXELS


def test_forty_million_pixels_are_taken() -> None:
    rows = (b"\0" + bytes(5_000)) * 1_000
    assert check(make.raw_png(40_000, 1_000, rows, depth=1, colour=0)).is_accepted
    assert check(make.png(), CheckLimits(pixels=64 * 32)).is_accepted
    assert check(make.png(), CheckLimits(pixels=64 * 32 - 1)).refusal == Refusal.TOO_MANY_PIXELS


@pytest.mark.parametrize("build", [make.png, make.jpeg, lambda: make.jpeg(progressive=True)])
def test_a_picture_that_was_cut_short_is_damaged(build: Callable[[], bytes]) -> None:
    data = build()
    cuts = [len(data) - 1, len(data) - 2, len(data) - 20, len(data) // 2, 60, 30, 12, 8]
    assert [check(data[:cut]).refusal for cut in cuts] == [Refusal.DAMAGED] * len(cuts)


@pytest.mark.parametrize(
    "data",
    [
        make.raw_png(64, 32, bytes(100)),
        make.raw_png(0, 32, b""),
        make.raw_png(64, 32, bytes(32 * (64 * 3 + 1)), depth=3),
        make.PNG_SIGNATURE + make.chunk(b"IEND", b""),
        make.with_chunk(b"IHDR", b"\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0"),
        make.png()[:40] + b"x" + make.png()[41:],
        b"\xff\xd8\xff\xd9",
        b"\xff\xd8\xff\xe0\0\0" + make.jpeg()[2:],
        make.resized_jpeg(0, 32),
        make.jpeg().replace(b"\xff\xc0", b"\xff\xc3"),
        make.jpeg()[:200] + b"\xff\xd9",
    ],
    ids=range(11),
)
def test_a_picture_that_is_broken_is_damaged(data: bytes) -> None:
    assert check(data).refusal == Refusal.DAMAGED


def test_too_many_passes_are_refused() -> None:
    assert check(make.many_pass_jpeg(20)).is_accepted
    assert check(make.many_pass_jpeg()).refusal == Refusal.TOO_COMPLEX


def test_no_damage_raises() -> None:
    for build in (make.png, make.jpeg, lambda: make.jpeg(progressive=True), lambda: make.png("P", exif=make.exif(6))):
        data = bytearray(build())
        for place in range(0, len(data), 3):
            changed = bytes(data[:place]) + bytes([data[place] ^ 0xFF]) + bytes(data[place + 1 :])
            assert isinstance(check(changed), Verdict)


def test_a_picture_that_grows_too_much_is_too_big() -> None:
    noise = Image.effect_noise((200, 200), 100)
    sent = make.saved(noise, "JPEG", quality=5)
    limits = CheckLimits(file_bytes=len(sent) + 10)
    assert check(sent, limits).refusal == Refusal.TOO_BIG
    finest = check(make.saved(noise, "JPEG", quality=75)).content
    coarser = check(make.saved(noise, "JPEG", quality=75), CheckLimits(file_bytes=len(finest or b"") - 1)).content
    assert finest is not None
    assert coarser is not None
    assert len(coarser) < len(finest)


# Staging


@pytest.mark.django_db
@pytest.mark.parametrize(("build", "kind"), [(make.png, MediaKind.PNG), (make.jpeg, MediaKind.JPEG)])
def test_what_is_stored_is_the_picture_drawn_anew(at: datetime, build: Callable[..., bytes], kind: MediaKind) -> None:
    import hashlib

    sent = build(exif=make.exif()) + make.HTML
    stored = stage_file(io.BytesIO(sent), name="certificate.pdf", owner_ref=uuid4(), at=at, kinds=TAKEN)
    expected = check(sent).content
    with open_file(stored) as stream:
        content = stream.read()
    assert content == expected
    assert (stored.kind, stored.size, bytes(stored.sha256)) == (kind, len(content), hashlib.sha256(content).digest())


@pytest.mark.django_db
@pytest.mark.parametrize("data", [make.png(), make.jpeg(), make.png()[:-5]])
def test_a_picture_is_not_taken_where_a_document_is_asked_for(at: datetime, data: bytes) -> None:
    with pytest.raises(FileRefused) as refused:
        stage_file(io.BytesIO(data), name="cv.png", owner_ref=uuid4(), at=at)
    assert refused.value.reason == Refusal.PICTURE
