"""Text and pictures of documents, made in a child process that may do nothing else."""

import io
from typing import Any

import pikepdf
import pytest
from docx import Document
from docx.oxml import parse_xml
from PIL import Image

from files.bounded import ChildDied, Part, run_bounded
from files.confinement import ChildLimits
from files.reading import MOST_CHARACTERS, MOST_PAGES, WIDTH, tidy
from files.samples import docx, docx_parts, odt, odt_parts, packed, pdf
from tests.factories.documents import owner_locked_pdf, pdf_with

WORDS = "Äiti Öljynen\nOhjelmistokehittäjä, 10 vuotta\nPython & Django"


def read(content: bytes, kind: str, **limits: Any) -> list[Part]:
    return run_bounded("files.reading", io.BytesIO(content), kind, limits=ChildLimits(**limits))


def text_of(content: bytes, kind: str) -> str:
    return next(part.content.decode() for part in read(content, kind) if part.head["part"] == "TEXT")


def pictures(content: bytes, kind: str) -> list[Image.Image]:
    pages = [part for part in read(content, kind) if part.head["part"] == "PAGE"]
    assert [part.head["page"] for part in pages] == list(range(1, len(pages) + 1))
    return [Image.open(io.BytesIO(part.content)) for part in pages]


def png(width: int, height: int, mode: str = "RGB", colour: Any = "white") -> bytes:
    out = io.BytesIO()
    Image.new(mode, (width, height), colour).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize(("make", "kind"), [(pdf, "PDF"), (docx, "DOCX"), (odt, "ODT")])
def test_the_text_is_what_was_written(make: Any, kind: str) -> None:
    assert text_of(make(WORDS), kind) == WORDS


def test_a_word_document_with_everything_in_it() -> None:
    document = Document()
    document.sections[0].header.paragraphs[0].text = "Aino Esimerkki"
    document.sections[0].footer.paragraphs[0].text = "Page foot"
    document.add_section()  # whose header and footer are those of the first
    document.add_paragraph("Skills")
    item = document.add_paragraph("Kotlin")
    item._p.get_or_add_pPr().append(
        parse_xml(
            '<w:numPr xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
            '<w:numId w:val="1"/></w:numPr>'
        )
    )
    table = document.add_table(rows=2, cols=2)
    for cell, text in zip(
        (cell for row in table.rows for cell in row.cells), ("2020", "Work", "2022", "Study"), strict=True
    ):
        cell.text = text
    box = (
        '<w:r xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:pict><w:txbxContent>'
        "<w:p><w:r><w:t>In a box</w:t></w:r></w:p></w:txbxContent></w:pict></w:r>"
    )
    document.add_paragraph("Beside")._p.append(parse_xml(box))
    out = io.BytesIO()
    document.save(out)
    lines = text_of(out.getvalue(), "DOCX").split("\n")
    said = [line for line in lines if line]
    assert said == [
        "Aino Esimerkki",
        "Skills",
        "• Kotlin",
        "2020\tWork",
        "2022\tStudy",
        "Beside",
        "In a box",
        "Page foot",
    ]


def test_an_opendocument_text_with_lists_tables_and_spaces() -> None:
    parts = odt_parts("REPLACED")
    body = (
        "<text:h>Skills</text:h><text:list><text:list-item><text:p>Kotlin</text:p></text:list-item></text:list>"
        '<table:table xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"><table:table-row><table:table-cell>'
        "<text:p>2020</text:p></table:table-cell><table:table-cell><text:p>Work</text:p></table:table-cell>"
        "</table:table-row></table:table>"
        '<text:p>a<text:s text:c="3"/>b<text:tab/>c<text:line-break/>d</text:p>'
        "<text:tracked-changes><text:p>deleted</text:p></text:tracked-changes>"
    )
    parts["content.xml"] = parts["content.xml"].replace(b"<text:p>REPLACED</text:p>", body.encode())
    assert text_of(packed(parts), "ODT") == "Skills\n• Kotlin\n2020\tWork\na   b\tc\nd"


def test_what_is_kept_of_a_text() -> None:
    assert tidy("a\x00b\x07\r\nc\x1b[0m\x85d\n\n\n\ne\u0308 \ud800") == "ab\nc[0m\nd\n\në"
    long = docx("\n".join(["0123456789"] * 30_000))
    [part] = read(long, "DOCX")
    assert (part.head["is_cut"], len(part.content.decode())) == (True, MOST_CHARACTERS)


# Pictures


def test_pages_are_drawn_at_one_width() -> None:
    pages = pictures(pdf("A CV", pages=2), "PDF")
    assert [(page.size, page.format) for page in pages] == [((WIDTH, 1755), "JPEG")] * 2
    assert min(pages[0].convert("L").tobytes()) < 64  # something is written on the first, nothing on the second
    assert pages[1].convert("L").getextrema() == (255, 255)


def test_a_page_that_is_turned_lies_on_its_side() -> None:
    def turn(document: pikepdf.Pdf) -> None:
        document.pages[0].rotate(90, relative=False)

    [page] = pictures(pdf_with(turn), "PDF")
    assert page.size == (WIDTH, 877)


@pytest.mark.parametrize("box", [[0, 0, 14_400, 14_400], [0, 0, 200, 14_400], [0, 0, 1, 1], [0, 0, 1_000_000, 10]])
def test_a_page_of_any_size_is_scaled(box: list[int]) -> None:
    def resize(document: pikepdf.Pdf) -> None:
        document.pages[0].MediaBox = pikepdf.Array(box)

    [page] = pictures(pdf_with(resize), "PDF")
    assert page.width <= WIDTH + 1
    assert page.height <= 2_481


def test_at_most_twenty_pages_are_drawn() -> None:
    assert len(pictures(pdf("A CV", pages=21), "PDF")) == MOST_PAGES


def test_a_pdf_that_only_its_owner_may_print_is_read() -> None:
    assert text_of(owner_locked_pdf(), "PDF") == "Curriculum vitae"


def test_a_pdf_without_text_has_an_empty_one() -> None:
    assert text_of(pdf(""), "PDF") == ""


def test_a_picture_is_a_page_scaled_and_on_white() -> None:
    [page] = pictures(png(4_000, 2_000, "RGBA", (0, 0, 0, 0)), "PNG")
    assert (page.size, page.format) == ((WIDTH, 620), "JPEG")
    assert page.convert("L").getextrema() == (255, 255)
    [small] = pictures(png(30, 20), "PNG")
    assert small.size == (30, 20)


# What goes wrong


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"%PDF-1.4 nothing", "PDF"),
        (b"PK\x03\x04 nothing", "DOCX"),
        (b"nothing", "ODT"),
        (png(7_000, 6_000), "PNG"),
        (b"", "JPEG"),
        (pdf(), "NONSENSE"),
        (packed({**docx_parts(), "word/document.xml": b"<a" * 100}), "DOCX"),
    ],
)
def test_what_cannot_be_read_says_so(content: bytes, kind: str) -> None:
    with pytest.raises(ChildDied):
        read(content, kind)


def test_a_bomb_kills_the_child_and_nobody_else() -> None:
    blown = odt_parts()
    blown["content.xml"] = blown["content.xml"].replace(b"Curriculum", b"<text:s/>" * 20_000_000)
    with pytest.raises(ChildDied):
        read(packed(blown), "ODT")


def test_limits_of_memory_and_processor_end_a_child() -> None:
    good = pdf("A CV", pages=20)
    assert len(read(good, "PDF")) == 21
    with pytest.raises(ChildDied):
        read(good, "PDF", memory_bytes=1024 * 1024)
    with pytest.raises(ChildDied):
        run_bounded("tests.parts.curious_child", io.BytesIO(b""), "toil", limits=ChildLimits(cpu_seconds=1))


def test_a_child_opens_nothing_and_knows_nothing() -> None:
    [said] = run_bounded("tests.parts.curious_child", io.BytesIO(b"content"), "argument")
    assert said.content == b"content"
    assert said.head == {
        "argument": "argument",
        "environment": [],
        "file": "OSError",
        "socket": "OSError",
        "bytes": 7,
    }


def test_an_answer_that_is_too_long_or_too_late_is_none() -> None:
    with pytest.raises(ChildDied, match="too long"):
        run_bounded("tests.parts.curious_child", io.BytesIO(b"content"), "argument", most_bytes=3)
    with pytest.raises(ChildDied, match="took too long"):
        run_bounded("tests.parts.curious_child", io.BytesIO(b""), "sleep", limits=ChildLimits(wall_seconds=-12))
