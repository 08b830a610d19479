"""Text and pictures made of attached files, so that no recruiter needs to open an original to read it (T3).

A row is the queue: an original that is due is leased, the lease is committed, and the file is read in a child process
outside of any transaction. What was made is stored like everything else, rows first and then objects, with two rules:

* The rows are written while the original's row is held and attached, and so are the objects. Whoever deletes the
  original's row waits that long and looks at the store afterwards, so nothing is left under the prefix of somebody who
  is erased meanwhile.
* A part's key follows from the original and from what the part holds, so that a repeat after a crash makes no second.
"""

import hashlib
import logging
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from io import BytesIO
from typing import Final

from django.core.files.storage import storages
from django.db import transaction
from django.db.models import F, QuerySet

from files.bounded import ChildDied, Part, run_bounded
from files.confinement import DEFAULT, ChildLimits
from files.enums import DOWNLOADABLE, FilePart, FileState, MediaKind
from files.errors import StoreError
from files.models import StoredFile
from files.services import derived_key, open_file

BATCH: Final = 10
LEASE: Final = timedelta(minutes=10)
"""Longer than one batch takes, each file at the end of its time."""
MOST_TRIES: Final = 3

log = logging.getLogger(__name__)


def read_files(*, at: datetime, limit: int = BATCH, limits: ChildLimits = DEFAULT) -> int:
    """Make text and pictures of up to ``limit`` originals that are due; returns how many were taken.

    Safe to repeat, and several workers may run it at once. A file that kills its child is tried three times, minutes
    apart, and then left without; a store that does not answer costs no try.
    """
    taken = 0
    while taken < limit and (original := _lease(at)):
        taken += 1
        _read(original, at, limits)
    return taken


def _due(at: datetime) -> QuerySet[StoredFile]:
    originals = StoredFile.objects.filter(part=FilePart.ORIGINAL, state=FileState.ATTACHED, read_after__lte=at)
    return originals.filter(scan__in=DOWNLOADABLE)


@transaction.atomic
def _lease(at: datetime) -> StoredFile | None:
    """Take the original that has been due longest; one that was tried too often is let go."""
    while original := _due(at).select_for_update(skip_locked=True).order_by("read_after", "pk").first():
        if original.read_tries < MOST_TRIES:
            original.read_tries += 1
            original.read_after = at + LEASE
            original.save(update_fields=["read_tries", "read_after"])
            return original
        _let_go(original)
    return None


def _let_go(original: StoredFile) -> None:
    """No more tries: the document stays without text and pictures, and what a try had begun is given up."""
    StoredFile.objects.filter(made_of=original.pk).update(state=FileState.DELETION_PENDING)
    StoredFile.objects.filter(pk=original.pk).update(read_after=None)
    log.warning("a stored file cannot be read: %s", original.pk)


def _read(original: StoredFile, at: datetime, limits: ChildLimits) -> None:
    try:
        with open_file(original) as content:
            made = run_bounded("files.reading", content, original.kind, limits=limits)  # type: ignore[arg-type]
        _keep(original, made, at)
    except ChildDied:
        if original.read_tries >= MOST_TRIES:
            _let_go(original)
    except FileNotFoundError:  # the store has lost it, or it was erased meanwhile: there is nothing to read
        _let_go(original)
    except StoreError:
        StoredFile.objects.filter(pk=original.pk).update(read_tries=F("read_tries") - 1)
        raise


def _keep(original: StoredFile, made: Iterable[Part], at: datetime) -> None:
    """Store the parts, unless the original is no longer attached."""
    parts = [(_row(original, part, at), part.content) for part in made]
    with transaction.atomic():
        if not _hold(original):
            return
        keys = [row.key for row, _ in parts]
        mine = StoredFile.objects.filter(made_of=original.pk)
        mine.exclude(key__in=keys).update(state=FileState.DELETION_PENDING)  # of a try that went otherwise
        StoredFile.objects.bulk_create([row for row, _ in parts], ignore_conflicts=True)
    with transaction.atomic():
        if not _hold(original):
            StoredFile.objects.filter(made_of=original.pk).update(state=FileState.DELETION_PENDING)
            return
        for row, content in parts:
            with suppress(FileExistsError):  # a try before this one had come so far
                storages["files"].put_new(row.key, BytesIO(content))  # type: ignore[attr-defined]
        StoredFile.objects.filter(made_of=original.pk, key__in=keys).update(state=FileState.ATTACHED)
        StoredFile.objects.filter(pk=original.pk).update(read_after=None)


def _hold(original: StoredFile) -> bool:
    """Hold the original's row until the transaction ends. False where it is gone or given up."""
    rows = StoredFile.objects.select_for_update().filter(pk=original.pk, state=FileState.ATTACHED)
    return rows.first() is not None


def _row(original: StoredFile, part: Part, at: datetime) -> StoredFile:
    digest = hashlib.sha256(part.content)
    page = part.head.get("page")
    source = f"{original.key}|{part.head['part']}|{page}|{digest.hexdigest()}"
    return StoredFile(
        owner_ref=original.owner_ref,
        key=derived_key(original.owner_ref, source),
        name=original.name,
        kind=MediaKind.TEXT if part.head["part"] == FilePart.TEXT else MediaKind.JPEG,
        size=len(part.content),
        sha256=digest.digest(),
        state=FileState.EXPECTED,
        created_at=at,
        part=part.head["part"],
        made_of=original.pk,
        page=page,
    )
