"""Files that are none of the three kinds: only what advice to give, never whether to take them."""

import re
from typing import Final

from files.enums import Refusal

OLE2_SIGNATURE: Final = bytes.fromhex("d0cf11e0a1b11ae1")
_SCRIPT_OR_MARKUP: Final = re.compile(rb"\s*(#!|<)")
_WORD_2003_XML: Final = b'progid="Word.Document"'
_CONTROL_CHARACTERS: Final = re.compile(rb"[\x00-\x08\x0b\x0e-\x19\x1b-\x1f\x7f]")
_UTF16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
_SAMPLE = 8 * 1024  # bytes that decide whether something is text


def advise(data: bytes, name: str) -> tuple[Refusal, str]:
    """The refusal, and its detail for logs, of a file that is neither a PDF nor a ZIP.

    ``name`` only chooses between two refusals, where the content does not say which program wrote it.
    """
    if data.startswith(OLE2_SIGNATURE):
        return _advise_ole2(data, name)
    if data.startswith(b"{\\rt"):
        return Refusal.LEGACY_FORMAT, "RTF"
    if data.startswith(b"\xffWPC"):
        return Refusal.LEGACY_FORMAT, "WordPerfect"
    if _WORD_2003_XML in data[:_SAMPLE]:
        return Refusal.LEGACY_FORMAT, "Word 2003 XML"
    if b"%%EOF" in data[-_SAMPLE:]:
        return Refusal.DAMAGED, "a PDF without its beginning"
    if _is_plain_text(data):
        return Refusal.LEGACY_FORMAT, "plain text"
    return Refusal.WRONG_TYPE, "unknown"


def _advise_ole2(data: bytes, name: str) -> tuple[Refusal, str]:
    """An OLE2 container: Word up to 2003, Excel, mail, installers; and any newer Office file with a password."""
    if _stream("EncryptedPackage") in data:
        return Refusal.ENCRYPTED, "an Office file with a password"
    if _stream("WordDocument") in data or name.lower().endswith((".doc", ".dot")):
        return Refusal.LEGACY_FORMAT, "Word up to 2003"
    return Refusal.WRONG_TYPE, "an OLE2 container of another kind"


def _stream(name: str) -> bytes:
    """How a stream's name stands in an OLE2 directory."""
    return name.encode("utf-16-le")


def _is_plain_text(data: bytes) -> bool:
    """Text a person wrote, in any 8-bit encoding or UTF-16; not a script, and not HTML or other markup."""
    sample = data[:_SAMPLE]
    if sample.startswith(_UTF16_MARKS):
        sample = sample.decode("utf-16", "replace").encode()
    sample = sample.removeprefix(b"\xef\xbb\xbf")
    return not _CONTROL_CHARACTERS.search(sample) and not _SCRIPT_OR_MARKUP.match(sample)
