"""What a store says of the objects in it: when it is gone through from end to end, and of one that is opened."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Listed:
    """One key of a store: whether it has an object now, and what lies behind it.

    ``old`` counts versions that are not the present one, ``markers`` delete markers; a folder has neither.
    ``written_at`` is the latest instant at which any of them was written.
    """

    key: str
    is_current: bool
    written_at: datetime
    old: int = 0
    markers: int = 0


@dataclass(frozen=True)
class Unfinished:
    """An upload that was begun and has not ended."""

    key: str
    ref: str
    begun_at: datetime


@dataclass(frozen=True)
class Version:
    """One version of an object, read whole: nobody can change it, whatever is written under its key later.

    ``etag`` is the store's own mark of the content, in quotes.
    """

    ref: str
    etag: str
    content: bytes
