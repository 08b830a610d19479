"""What is to be read of a document: its text, and pictures of its pages. Pure: bytes in, parts out.

Of a PDF there are text and pictures, by pdfium; of a picture that a person sent, one page. DOCX and ODT have text only:
to draw them would need an office suite on the host, which is the larger danger (T3). The work is done in a child
process (``files.bounded``), for the file is a stranger's; nothing here knows settings or database.
"""

import codecs
import io
import re
import time
import unicodedata
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

from files.checkers.archive import Archive
from files.checkers.budget import DEFAULT, Budget
from files.checkers.markup import Watcher, local_name, watch
from files.enums import FilePart, MediaKind
from files.samples import docx, odt, pdf

if TYPE_CHECKING:
    from PIL.Image import Image

MOST_CHARACTERS: Final = 200_000
MOST_PAGES: Final = 20
MOST_COUNTED: Final = 32_767
WIDTH: Final = 1_240
"""Pixels of a picture's width: A4 at 150 dots per inch."""
LONGEST: Final = 2_480
"""Pixels of a picture's height at most; a longer page is scaled down."""
MOST_PIXELS: Final = 40_000_000
QUALITY: Final = 85
DRAWING_SECONDS: Final = 7.0
"""Processor time after which no further page is begun, so that those that are drawn are kept (limits.md: 10 in all)."""
CODECS: Final = ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "iso8859-15", "cp1252")
BULLET: Final = "• "
_CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff\ud800-\udfff]")
_LINES: Final = re.compile("\r\n?|\x0b|\x0c|\x85|\u2028|\u2029")
_W: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"

Made = tuple[dict[str, Any], bytes]


def prepare() -> None:
    """Load all that the work may need, by doing it once with documents of our own; afterwards no file can be opened."""
    from PIL import Image  # noqa: PLC0415 (only in the child)

    Image.init()
    for name in CODECS:
        codecs.lookup(name)
    made = [(pdf(), MediaKind.PDF), (docx(), MediaKind.DOCX), (odt(), MediaKind.ODT)]
    for content, kind in made:
        list(answer(content, kind))


def answer(content: bytes, kind: str) -> Iterator[Made]:
    """The parts of a document of a ``MediaKind``: heads with ``part``, ``page`` and ``is_cut``, and their bytes.

    ``page`` of a text is the last page of its document, where that has pages, and ``is_cut`` is true where the rest
    stands in the original only. Raises whatever a parser raises: the child ends then, and its end says so.
    """
    match MediaKind(kind):
        case MediaKind.PDF:
            yield from _pdf(content)
        case MediaKind.DOCX:
            yield _text(_docx_lines(content))
        case MediaKind.ODT:
            yield _text(_odt_lines(content))
        case MediaKind.PNG | MediaKind.JPEG:
            yield _page(1, _sent_picture(content))
        case MediaKind.TEXT:
            yield _text([content.decode("utf-8", "replace")])


def tidy(text: str) -> str:
    """Text as it may be kept and shown: NFC, no control characters but line breaks and tabs, no blank lines in rows."""
    lines = _CONTROL.sub("", _LINES.sub("\n", text))
    return re.sub(r"\n{3,}", "\n\n", unicodedata.normalize("NFC", lines)).strip()


def _text(pieces: Iterable[str]) -> Made:
    """The text part of an answer, cut at its limit while it is read."""
    kept, length = [], 0
    for piece in pieces:
        kept.append(piece)
        length += len(piece) + 1
        if length > 2 * MOST_CHARACTERS:  # tidying may take away, never half of it in an honest text
            break
    whole = tidy("\n".join(kept))
    return {"part": FilePart.TEXT.value, "is_cut": len(whole) > MOST_CHARACTERS}, whole[:MOST_CHARACTERS].encode()


def _page(number: int, picture: bytes) -> Made:
    return {"part": FilePart.PAGE.value, "page": number}, picture


# PDF


def _pdf(content: bytes) -> Iterator[Made]:
    import pypdfium2  # noqa: PLC0415 (only in the child)

    document = pypdfium2.PdfDocument(content)
    head, text = _text(_pdf_text(page) for page in document)
    yield {**head, "page": min(len(document), MOST_COUNTED)}, text
    for number in range(min(len(document), MOST_PAGES)):
        if number and time.process_time() > DRAWING_SECONDS:
            return
        yield _page(number + 1, _drawn(document[number]))


def _pdf_text(page: Any) -> str:
    """A page's text in pdfium's order; where a line ends in a hyphen, pdfium marks it and a hyphen is put back."""
    text: str = page.get_textpage().get_text_bounded()
    return text.replace("\ufffe", "-").replace("\x02", "-") + "\n"


def _drawn(page: Any) -> bytes:
    width, height = page.get_size()
    scale = min(WIDTH / max(width, 1.0), LONGEST / max(height, 1.0))
    return _jpeg(page.render(scale=scale, draw_annots=True).to_pil())


# Pictures


def _sent_picture(content: bytes) -> bytes:
    from PIL import Image, ImageOps  # noqa: PLC0415 (only in the child)

    with Image.open(io.BytesIO(content), formats=["PNG", "JPEG"]) as picture:
        if picture.width * picture.height > MOST_PIXELS:
            raise ValueError("too many pixels")
        picture.draft("RGB", (WIDTH, LONGEST))
        upright = ImageOps.exif_transpose(picture)
        upright.thumbnail((WIDTH, LONGEST))
        return _jpeg(upright)


def _jpeg(picture: "Image") -> bytes:
    """A picture on white, without anything but its pixels."""
    from PIL import Image  # noqa: PLC0415 (only in the child)

    flat = picture
    if picture.mode in {"RGBA", "LA", "PA"} or "transparency" in picture.info:
        flat = Image.new("RGB", picture.size, "white")
        rgba = picture.convert("RGBA")
        flat.paste(rgba, mask=rgba)
    out = io.BytesIO()
    flat.convert("RGB").save(out, "JPEG", quality=QUALITY, subsampling=0, optimize=True)
    return out.getvalue()


# Word documents


def _docx_lines(content: bytes) -> Iterator[str]:
    """Headers, then the document's paragraphs, rows of tables and text boxes in their order, then footers; a header
    or footer that several sections share stands there once.
    """
    from docx import Document  # noqa: PLC0415 (only in the child)

    document = Document(io.BytesIO(content))
    sections = list(document.sections)
    yield from _once(_frame_lines(section, "header") for section in sections)
    yield from _docx_blocks(document.element.body)
    yield from _once(_frame_lines(section, "footer") for section in sections)


def _once(frames: Iterable[list[str]]) -> Iterator[str]:
    seen = set()
    for lines in frames:
        key = tuple(lines)
        if key not in seen:
            seen.add(key)
            yield from lines


def _frame_lines(section: Any, which: str) -> list[str]:
    kinds = [which]
    if section.different_first_page_header_footer:
        kinds.insert(0, f"first_page_{which}")
    frames = [getattr(section, kind) for kind in kinds]
    return [line for frame in frames if not frame.is_linked_to_previous for line in _docx_blocks(frame._element)]


def _docx_blocks(parent: Any) -> Iterator[str]:
    for element in parent.iterchildren():
        tag = element.tag
        if tag == f"{_W}p":
            yield from _docx_paragraph(element)
        elif tag == f"{_W}tbl":
            every = element.iter(f"{_W}tr")
            rows = (row for row in every if next(row.iterancestors(f"{_W}tbl")) is element)  # not those of inner tables
            for row in rows:
                cells = (" ".join(_docx_blocks(cell)) for cell in row.iterchildren(f"{_W}tc"))
                yield "\t".join(cells).rstrip("\t")
        elif tag in {f"{_W}sdt", f"{_W}sdtContent", f"{_W}customXml", f"{_W}ins"}:
            yield from _docx_blocks(element)


def _docx_paragraph(paragraph: Any) -> Iterator[str]:
    """A paragraph's own line, with a mark where it is an item of a list, then those of the text boxes in it."""
    pieces: list[str] = []
    boxes: list[Any] = []
    _docx_runs(paragraph, pieces, boxes)
    line = "".join(pieces)
    yield BULLET + line if line and paragraph.find(f"{_W}pPr/{_W}numPr") is not None else line
    for box in boxes:
        yield from _docx_blocks(box)


def _docx_runs(element: Any, pieces: list[str], boxes: list[Any]) -> None:
    for child in element.iterchildren():
        tag = child.tag if isinstance(child.tag, str) else ""
        name = local_name(tag)
        if tag == f"{_W}t" or tag == f"{_W}noBreakHyphen":
            pieces.append((child.text or "") if name == "t" else "-")
        elif tag in {f"{_W}tab", f"{_W}ptab"}:
            pieces.append("\t")
        elif tag in {f"{_W}br", f"{_W}cr"}:
            pieces.append("\n")
        elif tag == f"{_W}txbxContent":
            boxes.append(child)
        elif name not in {"pPr", "rPr", "Fallback", "del", "moveFrom", "instrText"}:  # Fallback repeats its Choice
            _docx_runs(child, pieces, boxes)


# OpenDocument text


class _OdtText(Watcher):
    """Gathers the lines of a document as its elements pass. What was deleted, and remarks, are not read."""

    SILENT = frozenset({"tracked-changes", "annotation", "scripts", "font-face-decls", "automatic-styles", "forms"})

    def __init__(self, max_depth: int) -> None:
        super().__init__(max_depth)
        self.lines: list[str] = []
        self.open: list[list[str]] = []
        self.rows: list[list[str]] = []
        self.silent = 0
        self.length = 0
        self.is_item = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        super().start(tag, attributes)
        name = local_name(tag)
        if self.silent or name in self.SILENT:
            self.silent += 1
        elif name in {"p", "h"}:
            self.open.append([BULLET] if self.is_item else [])
            self.is_item = False
        elif name == "list-item":
            self.is_item = True
        elif name == "table-row":
            self.rows.append([])
        elif name == "table-cell" and self.rows:
            self.rows[-1].append("")
        elif self.open and name in {"tab", "line-break"}:
            self.open[-1].append("\t" if name == "tab" else "\n")
        elif self.open and name == "s":
            count = next((value for key, value in attributes.items() if local_name(key) == "c"), "1")
            self.open[-1].append(" " * min(int(count) if count.isdecimal() else 1, 100))

    def data(self, text: str) -> None:
        if self.open and not self.silent and self.length <= 2 * MOST_CHARACTERS:
            self.open[-1].append(re.sub(r"\s+", " ", text))
            self.length += len(text)

    def end(self, tag: str) -> None:
        super().end(tag)
        name = local_name(tag)
        if self.silent:
            self.silent -= 1
        elif name in {"p", "h"} and self.open:
            self._say("".join(self.open.pop()))
        elif name == "list-item":
            self.is_item = False
        elif name == "table-row" and self.rows:
            row = "\t".join(self.rows.pop()).rstrip("\t")
            self._say(row)

    def _say(self, line: str) -> None:
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] = f"{self.rows[-1][-1]} {line}".strip()
        else:
            self.lines.append(line)


def _odt_lines(content: bytes) -> list[str]:
    """Headers of the first page style, the text, footers."""
    archive = Archive(content, Budget(DEFAULT, packed=len(content)))
    found = _OdtText(DEFAULT.xml_depth)
    name = archive.find("content.xml")
    if name is None:
        raise ValueError("no content")
    watch(archive.chunks(name), found)
    frame = _OdtFrames(DEFAULT.xml_depth)
    styles = archive.find("styles.xml")
    if styles is not None:
        watch(archive.chunks(styles), frame)
    return [*_once([frame.of["header"]]), *found.lines, *_once([frame.of["footer"]])]


class _OdtFrames(_OdtText):
    """Headers and footers of the page styles, each once."""

    def __init__(self, max_depth: int) -> None:
        super().__init__(max_depth)
        self.of: dict[str, list[str]] = {"header": [], "footer": []}
        self.inside = ""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = local_name(tag)
        if name in self.of:
            self.inside, self.lines = name, []
        super().start(tag, attributes)

    def end(self, tag: str) -> None:
        super().end(tag)
        name = local_name(tag)
        if name in self.of and self.inside:
            self.of[name] += [line for line in self.lines if line not in self.of[name]]
            self.inside = ""
