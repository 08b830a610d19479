"""The corpus: every kind of file with its verdict. All are made on the spot by code; none is kept in the repository."""

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Final

from files.enums import MediaKind, Refusal
from tests.corpus import odf, others, pdf_honest, pdf_hostile, rules, word


@dataclass(frozen=True)
class Kind:
    """One kind of file: how it is made, and what the check says of it.

    ``kind`` is what an honest one is taken for and None of a hostile one, which has a ``refusal``.
    """

    name: str
    build: Callable[[], bytes]
    kind: MediaKind | None = None
    refusal: Refusal | None = None


def _honest(module: ModuleType, files: dict[str, tuple[MediaKind, Callable[[], bytes]]]) -> list[Kind]:
    prefix = module.__name__.rpartition(".")[2]
    return [Kind(f"{prefix}: {name}", build, kind=kind) for name, (kind, build) in files.items()]


def _hostile(module: ModuleType, files: dict[str, tuple[Refusal, Callable[[], bytes]]]) -> list[Kind]:
    prefix = module.__name__.rpartition(".")[2]
    return [Kind(f"{prefix}: {name}", build, refusal=refusal) for name, (refusal, build) in files.items()]


HONEST: Final = [
    *_honest(rules, rules.ACCEPTED),
    *_honest(pdf_honest, {name: (MediaKind.PDF, build) for name, build in pdf_honest.HONEST.items()}),
    *_honest(word, word.HONEST),
    *_honest(odf, odf.HONEST),
]
HOSTILE: Final = [
    *_hostile(rules, rules.REFUSED),
    *_hostile(pdf_hostile, pdf_hostile.HOSTILE),
    *_hostile(word, word.HOSTILE),
    *_hostile(odf, odf.HOSTILE),
    *_hostile(others, others.HOSTILE),
]
