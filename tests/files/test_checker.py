"""The door: its limits, its words for logs, and that nothing in a file makes it raise.

Which files it takes and which it refuses is shown by the corpus (``test_corpus.py``). Rows S02, S04 and T5 of the
security specification.
"""

import io
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from files.checker import CheckLimits, Verdict, check_document
from files.checkers.archive import Archive
from files.checkers.budget import CHUNK, BadFile, Budget
from files.checkers.docx import check_docx
from files.checkers.targets import is_remote
from files.enums import MEDIA_TYPES, SUFFIXES, MediaKind, Refusal
from tests.corpus.rules import linked
from tests.factories import documents as make


def check(data: bytes, name: str = "cv.bin", limits: CheckLimits | None = None) -> Verdict:
    return check_document(io.BytesIO(data), name, limits or CheckLimits())


@pytest.mark.parametrize("name", ["cv.pdf", "cv.docx", "cv.exe", "", "a/../b\0\r\n\u202e" + "x" * 5000])
def test_a_name_never_decides(name: str) -> None:
    assert check(make.pdf(), name).kind == MediaKind.PDF
    assert check(make.html_named_pdf(), name).refusal == Refusal.WRONG_TYPE


def test_a_name_chooses_the_advice_where_content_does_not() -> None:
    unknown = make.OLE2 + bytes(1024)

    assert check(unknown, "cv.DOC").refusal == Refusal.LEGACY_FORMAT
    assert check(unknown, "cv.msi").refusal == Refusal.WRONG_TYPE


def test_a_refused_file_keeps_the_kind_that_was_recognised() -> None:
    assert check(make.encrypted_pdf()).kind == MediaKind.PDF
    assert check(make.macro_docx()).kind == MediaKind.DOCX
    assert check(make.encrypted_odt()).kind == MediaKind.ODT
    assert check(make.xlsx()).kind is None


def test_ten_megabytes_are_taken_and_one_byte_more_is_not() -> None:
    padded = make.pdf().ljust(10_000_000, b"\0")

    assert check(padded).refusal is None
    assert check(padded + b"\0").refusal == Refusal.TOO_BIG


def test_a_file_that_is_too_big_is_not_read_to_its_end() -> None:
    stream = Counting(bytes(50_000_000))

    assert check_document(stream, "cv.pdf").refusal == Refusal.TOO_BIG
    assert stream.read_bytes == 10_000_001


class Counting(io.BytesIO):
    """A stream that counts what is read of it."""

    read_bytes = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.read_bytes += len(data)
        return data


class Dripping(io.BytesIO):
    """A stream that gives a little at a time, as sockets and pipes do."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(min(size or 0, 100))


@pytest.mark.parametrize("build", [make.pdf, make.encrypted_pdf, make.docx, make.zip_bomb_docx])
def test_the_stream_is_left_at_its_beginning(build: Callable[[], bytes]) -> None:
    stream = io.BytesIO(build())
    stream.seek(5)

    check_document(stream, "cv")

    assert stream.tell() == 0


def test_a_slow_stream_is_read_whole() -> None:
    assert check_document(Dripping(make.docx()), "cv").is_accepted


@pytest.mark.parametrize("build", [make.zip_bomb_docx, make.lying_size_docx, make.xml_bomb_docx])
def test_a_bomb_is_unpacked_no_further_than_its_ratio_allows(build: Callable[[], bytes]) -> None:
    data = build()
    limits = CheckLimits()

    budget = unpack(data, limits)

    assert limits.ratio_free_bytes < budget.unpacked <= max(limits.ratio_free_bytes, len(data) * limits.ratio) + CHUNK


def test_a_bomb_is_unpacked_no_further_than_the_limit() -> None:
    limits = CheckLimits(unpacked_bytes=15_000_000, ratio=10_000)

    budget = unpack(make.zip_bomb_docx(30), limits)

    assert limits.unpacked_bytes < budget.unpacked <= limits.unpacked_bytes + CHUNK


def unpack(data: bytes, limits: CheckLimits) -> Budget:
    """Check a DOCX that is to be refused for its size; what that has cost."""
    budget = Budget(limits, packed=len(data))
    with pytest.raises(BadFile) as refused:
        check_docx(Archive(data, budget), budget)
    assert refused.value.refusal == Refusal.UNPACKS_TOO_BIG
    return budget


@pytest.mark.parametrize(
    ("limits", "build"),
    [
        (CheckLimits(seconds=-1), make.docx),
        (CheckLimits(seconds=-1), make.pdf),
        (CheckLimits(entries=2), make.docx),
        (CheckLimits(pdf_nodes=5), make.pdf),
        (CheckLimits(unpacked_bytes=100), make.odt),
    ],
)
def test_each_limit_is_a_setting(limits: CheckLimits, build: Callable[[], bytes]) -> None:
    assert check(build()).refusal is None
    assert check(build(), limits=limits).refusal == Refusal.UNPACKS_TOO_BIG


def test_a_long_directory_is_refused_before_it_is_listed() -> None:
    assert check(b"PK\x03\x04" + b"PK\x01\x02" * 50_000 + make.docx()).detail == "too many entries"


def test_the_detail_for_logs_holds_nothing_of_the_file() -> None:
    canary = "Zaphodiana"
    document = make.docx_parts(canary)["word/document.xml"]
    broken = [
        make.pdf(canary)[:-30],
        make.pdf(canary).replace(b"/Kids", b"/Zaphodiana"),
        make.docx_with({"word/document.xml": document.replace(b"</w:body>", b"")}),
        make.docx_with({"Zaphodiana.xml": b"<!DOCTYPE Zaphodiana><a/>"}),
        make.docx_with_entry(make.RawEntry("../Zaphodiana")),
        linked("Zaphodiana", "https://Zaphodiana.invalid/"),
        make.changed_docx("[Content_Types].xml", ".main+xml", ".Zaphodiana"),
    ]

    verdicts = [check(data, canary) for data in broken]

    assert [verdict for verdict in verdicts if verdict.is_accepted or canary.lower() in repr(verdict).lower()] == []


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("Normal.dotm", False),
        ("C:\\Users\\x\\Normal.dotm", False),
        ("/C:/Users/x/Normal.dotm", False),
        ("../templates/a.ott", False),
        ("file:///C:\\Users\\x\\Normal.dotm", False),
        ("file:///C:/Users/x/Normal.dotm", False),
        ("file://localhost/Users/x/Normal.dotm", False),
        ("file://C:\\Normal.dotm", False),
        ("file:///Users/x/Normal.dotm", False),
        ("Macintosh%20HD:Users:x:Normal.dotm", False),
        ("http://host.invalid/a.dotm", True),
        ("HTTPS://host.invalid/a.dotm", True),
        (" https://host.invalid/a.dotm", True),
        ("ftp://host.invalid/a.dotm", True),
        ("\\\\host.invalid\\a.dotm", True),
        ("%5C%5Chost.invalid%5Ca.dotm", True),
        ("//host.invalid/a.dotm", True),
        ("/\\host.invalid/a.dotm", True),
        ("file://host.invalid/a.dotm", True),
        ("file:////host.invalid/a.dotm", True),
        ("file:///\\\\host.invalid\\a.dotm", True),
        ("file:\\\\host.invalid\\a.dotm", True),
    ],
)
def test_what_is_fetched_from_elsewhere(target: str, expected: bool) -> None:
    assert is_remote(target) == expected


def test_every_kind_has_a_type_and_an_ending() -> None:
    assert set(MEDIA_TYPES) == set(SUFFIXES) == set(MediaKind)


GOOD = {
    "pdf": make.pdf(),
    "pdf with object streams": make.object_stream_bomb_pdf(0),
    "docx": make.docx(),
    "odt": make.odt(),
}


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A good file with bytes changed, pieces cut out or doubled, and perhaps its end missing."""
    data = bytearray(GOOD[draw(st.sampled_from(sorted(GOOD)))])
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, max(len(data) - 1, 0)))
        size = draw(st.integers(0, 40))
        change = draw(st.sampled_from(["set", "cut", "double", "end"]))
        if change == "set":
            data[start : start + size] = draw(st.binary(min_size=size, max_size=size))
        elif change == "cut":
            del data[start : start + size]
        elif change == "double":
            data[start:start] = data[start : start + size]
        else:
            del data[start:]
    return bytes(data)


@settings(max_examples=400, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
@given(damaged())
def test_no_damage_raises(data: bytes) -> None:
    verdict = check(data)

    assert (verdict.kind in MediaKind) if verdict.refusal is None else (verdict.refusal in Refusal)


@settings(max_examples=100, deadline=None, database=None)
@given(st.sampled_from([b"", b"%PDF-1.4\n", b"PK\x03\x04", make.OLE2]), st.binary(max_size=300))
def test_no_rubbish_is_taken(head: bytes, rubbish: bytes) -> None:
    assert check(head + rubbish).refusal in Refusal


@settings(max_examples=100, deadline=None, database=None)
@given(
    st.sampled_from(["[Content_Types].xml", "_rels/.rels", "word/document.xml"]),
    st.binary(max_size=60),
    st.floats(0, 1),
)
def test_no_damage_within_a_part_raises(part: str, piece: bytes, place: float) -> None:
    content = make.docx_parts()[part]
    start = int(place * len(content))

    verdict = check(make.docx_with({part: content[:start] + piece + content[start + len(piece) :]}))

    assert (verdict.kind == MediaKind.DOCX) if verdict.refusal is None else (verdict.refusal in Refusal)


@settings(max_examples=100, deadline=None, database=None)
@given(st.binary(max_size=200))
def test_no_damage_within_an_object_stream_raises(objects: bytes) -> None:
    assert check(make.object_stream_pdf([objects])).refusal in Refusal
