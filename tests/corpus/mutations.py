"""Files of the corpus, changed by chance: cut, flipped, filled, spliced, and changed within an archive's parts."""

import io
import random
import zipfile
import zlib
from functools import cache
from typing import Final

from files.samples import packed
from tests.corpus.kinds import HONEST, HOSTILE, Kind

LONGEST: Final = 300_000
"""Bytes of a file that is changed: the long ones are long runs of the same, and slow."""
_TOKENS: Final = (
    b"<<", b">>", b"[", b"]", b"(", b")", b"obj", b"endobj", b"stream", b"endstream", b"xref", b"trailer", b"startxref",
    b"%%EOF", b"%PDF-1.4", b"/S/JavaScript", b"/JS(1)", b"/OpenAction", b"/Kids", b"/Count -1", b"/Length 99999999",
    b"/Type/ObjStm", b"/Filter/FlateDecode", b"/Encrypt<<>>", b"/Prev 0", b"1 0 R", b"-1", b"4294967296", b"#00", b"\0",
    b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"\xff\xff\xff\xff", b"<!DOCTYPE a>", b"&a;", b"]]>", b"\xff\xfe",
)  # fmt: skip


@cache
def sources() -> tuple[tuple[Kind, bytes], ...]:
    """Every kind of file in the corpus, made once; too long ones are left out."""
    made = ((kind, kind.build()) for kind in (*HONEST, *HOSTILE))
    return tuple((kind, data) for kind, data in made if 0 < len(data) <= LONGEST)


def mutated(chance: random.Random) -> tuple[str, bytes]:
    """The name of a kind of file, and that file changed up to five times."""
    kind, data = chance.choice(sources())
    if data.startswith(b"PK") and chance.random() < 0.7:
        return kind.name, _within(data, chance)
    for _turn in range(chance.randint(1, 5)):
        data = _changed(data, chance)
    return kind.name, data


def _within(data: bytes, chance: random.Random) -> bytes:
    """An archive in which one part was changed, so that its sums are right again."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = {entry.filename: archive.read(entry) for entry in archive.infolist() if entry.file_size <= LONGEST}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, zlib.error, EOFError, ValueError, OSError):
        return _changed(data, chance)
    name = chance.choice(sorted(parts) or [""])
    parts[name] = _changed(parts.get(name, b""), chance)
    if chance.random() < 0.2:
        parts.pop(chance.choice(sorted(parts)))
    return packed(parts)


def _changed(data: bytes, chance: random.Random) -> bytes:
    start = chance.randint(0, len(data))
    end = min(start + chance.choice((1, 1, 2, 4, 16, 200)), len(data))
    change = chance.choice(_CHANGES)
    return change(data, start, end, chance)


def _cut(data: bytes, start: int, _end: int, _chance: random.Random) -> bytes:
    return data[:start]


def _drop(data: bytes, start: int, end: int, _chance: random.Random) -> bytes:
    return data[:start] + data[end:]


def _flip(data: bytes, start: int, end: int, chance: random.Random) -> bytes:
    return data[:start] + bytes(byte ^ (1 << chance.randrange(8)) for byte in data[start:end]) + data[end:]


def _fill(data: bytes, start: int, end: int, chance: random.Random) -> bytes:
    return data[:start] + chance.randbytes(end - start) + data[end:]


def _repeat(data: bytes, start: int, end: int, chance: random.Random) -> bytes:
    return data[:start] + data[start:end] * chance.choice((2, 50)) + data[end:]


def _splice(data: bytes, start: int, _end: int, chance: random.Random) -> bytes:
    other = chance.choice(sources())[1]
    return data[:start] + other[chance.randint(0, len(other)) :]


def _append(data: bytes, _start: int, _end: int, chance: random.Random) -> bytes:
    return data + chance.choice(sources())[1]


def _renumber(data: bytes, _start: int, _end: int, chance: random.Random) -> bytes:
    digits = [place for place in range(len(data)) if data[place : place + 1].isdigit()][:5000]
    place = chance.choice(digits) if digits else 0
    return data[:place] + b"%d" % chance.choice((0, 1, 7, 99, 2**31, 2**64)) + data[place + 1 :]


def _insert(data: bytes, start: int, _end: int, chance: random.Random) -> bytes:
    return data[:start] + chance.choice(_TOKENS) + data[start:]


_CHANGES: Final = (_cut, _drop, _flip, _fill, _repeat, _splice, _append, _renumber, _insert)
