"""The published texts, read from data files: ``notices/texts/<text>/<version>.<language>.txt``.

A version is published in both languages or not at all, and a published file is never edited: what a person was shown is
found again by text, version and language, and its SHA-256 proves that it is the same.
"""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "texts"
LANGUAGES = ("en", "fi")


class TextId(StrEnum):
    """The texts that people are shown or agree to."""

    SHORT_NOTICE = "short_notice"
    LONGER_STORAGE = "longer_storage"
    SOURCED_NOTICE = "sourced_notice"


@dataclass(frozen=True)
class Text:
    """One version of a text in one language. ``version`` is its date of publication, ISO."""

    text_id: TextId
    version: str
    language: str
    body: str

    @property
    def sha256(self) -> str:
        """The hash of the exact text, in hexadecimal."""
        return hashlib.sha256(self.body.encode()).hexdigest()

    @property
    def paragraphs(self) -> list[str]:
        """The text as it is laid out: one paragraph for each block between empty lines."""
        return [" ".join(block.split()) for block in self.body.split("\n\n")]


@cache
def versions(text_id: TextId) -> tuple[str, ...]:
    """The published versions of a text, oldest first. Raises LookupError where a language is missing."""
    files = {path.name.removesuffix(".txt") for path in (FOLDER / text_id).glob("*.txt")}
    found = sorted({name.rpartition(".")[0] for name in files})
    missing = [f"{name}.{language}" for name in found for language in LANGUAGES if f"{name}.{language}" not in files]
    if missing or not found:
        raise LookupError(f"{text_id} is not published in both languages: {missing or 'no version'}")
    return tuple(found)


@cache
def get(text_id: TextId, version: str, language: str) -> Text:
    """The exact text of a version. Raises LookupError for one that was never published."""
    if version not in versions(text_id) or language not in LANGUAGES:
        raise LookupError(f"{text_id} {version} {language} was never published")
    body = (FOLDER / text_id / f"{version}.{language}.txt").read_text(encoding="utf-8").strip()
    return Text(text_id, version, language, body)


def current(text_id: TextId, language: str) -> Text:
    """The newest version of a text in a language."""
    return get(text_id, versions(text_id)[-1], language)
