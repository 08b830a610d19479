"""Text that people sent: what is cut out before it is kept or shown."""

import re
import unicodedata

_BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufeff\ud800-\udfff]")  # halves of a letter, too


def clean_text(value: str) -> str:
    """The text in NFC without control characters and marks that turn the reading direction; line breaks are kept."""
    text = unicodedata.normalize("NFC", value.replace("\r\n", "\n").replace("\r", "\n"))
    return _CONTROL.sub("", _BIDI.sub("", text))


def clean_line(value: str) -> str:
    """The same on one line, with runs of white space made one space."""
    return " ".join(clean_text(value).split())
