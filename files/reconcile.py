"""Whether the store and the table of stored files agree, both ways.

One pass over the store's list and one over the rows, side by side in the order of keys: memory stays flat and no
request is made for a single object, however many there are. The dangers, and what is done about each:

* Something that is just being written looks like an error. What is younger than its delay is not looked at, and
  what seems wrong is asked for anew before it is reported.
* The wrong database, or one restored from long ago, makes every object look unknown; purging would destroy them all. So
  a repair refuses where far too many are unknown, and a person must say that they are.
* A row whose object is lost is dropped by nobody: the row is what says that something was lost.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.core.files.storage import storages
from django.db.models import F
from django.db.models.functions import Collate

from files.enums import FileState
from files.listing import Listed, Unfinished
from files.models import StoredFile
from files.services import PURGE_BATCH, UNSENT, purge_staged_files

UNKNOWN_AFTER: Final = timedelta(hours=24)
MISSING_AFTER: Final = timedelta(hours=1)
UNFINISHED_AFTER: Final = timedelta(days=1)
OVERDUE_AFTER: Final = timedelta(hours=1)
FEW: Final = 50
SHARE: Final = 20
WITHOUT_OBJECT: Final = (FileState.EXPECTED, FileState.CHECKING, FileState.DELETION_PENDING)
"""States of rows that may rightly have no object: it has not come, or is gone."""
LISTED: Final = 1_000
"""So many of each kind are named and repaired at a time; the rest is counted, and is the next run's."""


@dataclass
class Found:
    """Something of one kind that is not as it should be: how many, and the first of them."""

    count: int = 0
    first: list[Any] = field(default_factory=list)

    def add(self, what: Any) -> None:
        """Count one, and remember it unless there are too many already."""
        self.count += 1
        if len(self.first) < LISTED:
            self.first.append(what)


@dataclass
class Comparison:
    """What a comparison found.

    ``unknown`` are keys without a row, ``missing`` ids of rows without an object, ``behind`` keys with a row and with
    old versions or delete markers behind the object, ``unfinished`` uploads that never ended, ``overdue`` is the number
    of rows whose object should have been deleted by now.
    """

    objects: int = 0
    rows: int = 0
    unknown: Found = field(default_factory=Found)
    missing: Found = field(default_factory=Found)
    behind: Found = field(default_factory=Found)
    unfinished: Found = field(default_factory=Found)
    overdue: int = 0

    @property
    def differs(self) -> int:
        """How many things are wrong that no ordinary crash explains."""
        return self.unknown.count + self.missing.count + self.behind.count

    @property
    def is_suspicious(self) -> bool:
        """Whether so much is unknown that the database is more likely wrong than the store."""
        unknown = self.unknown.count
        return unknown > 0 and (self.rows == 0 or (unknown > FEW and unknown * SHARE > self.rows))


@dataclass(frozen=True)
class Repair:
    """What a repair did: versions of unknown objects and old versions deleted, uploads ended, overdue files purged.

    ``is_refused`` says that nothing unknown was touched, for there was suspiciously much of it.
    """

    unknown: int
    behind: int
    unfinished: int
    overdue: int
    is_refused: bool


def compare(*, at: datetime) -> Comparison:
    """Go through the store and the rows once and say where they disagree; nothing is changed.

    Raises ``files.errors.StoreError`` where the store does not answer.
    """
    found = Comparison()
    for listed, row in _side_by_side(_store().list_objects(), _rows()):
        found.objects += listed is not None
        found.rows += row is not None
        if row is not None and (listed is None or not listed.is_current):
            if _is_missing(row, at, is_asked=found.missing.count < LISTED):
                found.missing.add(row[1])
        elif listed is not None and listed.written_at <= at - UNKNOWN_AFTER:
            _look_at(listed, found, is_known=row is not None)
    for upload in _store().list_unfinished():
        if upload.begun_at <= at - UNFINISHED_AFTER:
            found.unfinished.add(upload)
    found.overdue = _overdue(at)
    return found


def _look_at(listed: Listed, found: Comparison, *, is_known: bool) -> None:
    """Add a key that lay long enough to its kind, where something is wrong with it."""
    if not is_known:
        found.unknown.add(listed.key)
    elif listed.old + listed.markers:
        found.behind.add(listed.key)


def repair(found: Comparison, *, at: datetime, is_sure: bool = False) -> Repair:
    """Delete what no row knows, what lies behind objects, what never ended and what is overdue. Safe to repeat.

    Where suspiciously much is unknown it is left alone unless ``is_sure``. Rows without an object are left in any case.
    Raises ``files.errors.StoreError`` where the store refused.
    """
    is_refused = found.is_suspicious and not is_sure
    unknown: list[str] = [] if is_refused else _still_unknown(found.unknown.first)
    uploads: list[Unfinished] = found.unfinished.first
    purged = 0
    if found.overdue:
        while count := purge_staged_files(at=at, limit=PURGE_BATCH):
            purged += count
    return Repair(
        unknown=_store().purge_keys(unknown),
        behind=0 if is_refused else _store().purge_old_versions(found.behind.first),
        unfinished=_store().end_unfinished(uploads),
        overdue=purged,
        is_refused=is_refused,
    )


Row = tuple[str, UUID, datetime, str]


def _store() -> Any:
    return storages["files"]


def _rows() -> Iterator[Row]:
    """Every row, in the order in which stores list keys: by bytes, which is not that of the database's language."""
    rows = StoredFile.objects.order_by(Collate(F("key"), "C")).values_list("key", "pk", "created_at", "state")
    return rows.iterator(chunk_size=2_000)


def _side_by_side(objects: Iterator[Listed], rows: Iterator[Row]) -> Iterator[tuple[Listed | None, Row | None]]:
    """Pairs by key, from two lists in the order of keys; one side is None where it lacks the other's."""
    listed, row = next(objects, None), next(rows, None)
    while listed is not None or row is not None:
        if row is None or (listed is not None and listed.key < row[0]):
            yield listed, None
            listed = next(objects, None)
        elif listed is None or row[0] < listed.key:
            yield None, row
            row = next(rows, None)
        else:
            yield listed, row
            listed, row = next(objects, None), next(rows, None)


def _is_missing(row: Row, at: datetime, *, is_asked: bool) -> bool:
    """Whether a row's object is lost: not one that is being written or deleted just now, or was only announced.

    An object that is to be deleted goes before its row, so there nothing is lost. Both sides are asked anew, for the
    row may have gone with its object since the pass began; with ``is_asked`` false there are too many for that.
    """
    key, pk, created_at, state = row
    if state in WITHOUT_OBJECT or created_at > at - MISSING_AFTER:
        return False
    if not is_asked:
        return True
    is_there = StoredFile.objects.filter(pk=pk).exclude(state__in=WITHOUT_OBJECT).exists()
    return is_there and not _store().has_object(key)


def _overdue(at: datetime) -> int:
    """Rows whose object should be gone: unsent ones past their time, and those given up.

    Of the latter no row says since when, so they count where the next purge would not be enough for them.
    """
    unsent = StoredFile.objects.filter(state__in=UNSENT, expires_at__lte=at - OVERDUE_AFTER).count()
    given_up = StoredFile.objects.filter(state=FileState.DELETION_PENDING, created_at__lte=at - OVERDUE_AFTER).count()
    return unsent + given_up


def _still_unknown(keys: list[str]) -> list[str]:
    known = set(StoredFile.objects.filter(key__in=keys).values_list("key", flat=True))
    return [key for key in keys if key not in known]
