"""What a made-up person sends: the answers of the form, and the files."""

from dataclasses import dataclass
from random import Random
from typing import Any

from candidates.enums import DocumentKind, LinkKind
from clouder.demo import cv
from clouder.demo.cast import DOMAIN, SEED, Part
from files import samples

FORMATS = (("pdf", samples.pdf), ("docx", samples.docx), ("odt", samples.odt))


@dataclass(frozen=True)
class Papers:
    """The answers as ``candidates.services.applications.Answers`` takes them, and files as kind, name, content."""

    answers: dict[str, Any]
    files: list[tuple[DocumentKind, str, bytes]]


def papers(part: Part, number: int, rng: Random) -> Papers:
    """What this person sends; ``number`` turns the formats and the phone numbers."""
    trade = cv.TRADES[part.trade]
    handle = part.email.partition("@")[0]
    has_letter = not part.has_letter_file and rng.random() < 0.6
    answers = {
        "language": part.language,
        "name": part.name,
        "email": part.email,
        "phone": f"+358 40 000 {number:04d}" if number % 3 else "",
        "cover_letter": cv.letter(part.language, rng.choice(("Helsinki", "Tampere", "Oulu"))) if has_letter else "",
        "skills": trade.skills if number % 2 else "",
        "interests": rng.choice(cv.INTERESTS[part.language]),
        "has_longer_storage": part.has_longer_storage,
        "links": _links(part, handle, number),
    }
    return Papers(answers, _files(part, number, rng))


def _links(part: Part, handle: str, number: int) -> list[tuple[LinkKind, str]]:
    links = []
    if part.trade in {"backend", "cloud", "frontend"}:
        links.append((LinkKind.GITHUB, f"https://code.{DOMAIN}/{handle}"))
    if not part.has_cv or number % 4 == 0:
        links.append((LinkKind.LINKEDIN, f"https://profiles.{DOMAIN}/in/{handle}"))
    if part.trade == "design":
        links.append((LinkKind.OTHER, f"https://{handle}.{DOMAIN}/portfolio"))
    return links


def _files(part: Part, number: int, rng: Random) -> list[tuple[DocumentKind, str, bytes]]:
    files = []
    if part.has_cv:
        suffix, make = FORMATS[number % len(FORMATS)]
        label = "CV" if part.language == "en" else "Ansioluettelo"
        text = cv.curriculum(part.name, cv.TRADES[part.trade], part.language, rng)
        files.append((DocumentKind.CV, f"{label} {part.name}.{suffix}", make(text)))
    if part.has_letter_file:
        suffix, make = FORMATS[(number + 1) % len(FORMATS)]
        label = "Letter" if part.language == "en" else "Saatekirje"
        files.append((DocumentKind.COVER_LETTER, f"{label}.{suffix}", make(cv.letter(part.language, "Helsinki"))))
    return files


def curriculum_files() -> list[tuple[str, bytes]]:
    """A CV as PDF and a letter as DOCX, as name and content: what the check applies with."""
    text = cv.curriculum("Päivi Näyte-Koenen", cv.TRADES["backend"], "en", Random(SEED))  # noqa: S311 (no secret)
    return [("CV Päivi Näyte.pdf", samples.pdf(text)), ("Letter.docx", samples.docx(cv.letter("en", "Helsinki")))]
