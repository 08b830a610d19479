"""Every object in the bucket is written, linked to and deleted here, and has exactly one row.

The row is committed before the object is written and deleted after the object is gone: a crash leaves a row too much,
which the next purge takes, and never an object that nobody knows of.
"""

import hashlib
import os
import secrets
from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import IO, Any, BinaryIO, cast
from uuid import UUID

from django.conf import settings
from django.core.files.storage import storages
from django.db.models import Q

from common.deletion import raw_delete
from common.text import clean_line
from files.child import check_in_child
from files.enums import (
    DOCUMENT_KINDS,
    MEDIA_TYPES,
    PICTURE_SIGNATURES,
    SUFFIXES,
    FileState,
    MediaKind,
    Refusal,
    ScanState,
)
from files.errors import FileRefused
from files.models import StoredFile

PURGE_BATCH = 500
UNSENT = (FileState.EXPECTED, FileState.CHECKING, FileState.STAGED)
"""States of files that nobody has sent: each has a time at which it runs out."""


def _store() -> Any:
    return storages["files"]


def prefix_of(owner_ref: UUID) -> str:
    """The prefix of all objects of one record."""
    return f"{owner_ref}/"


def new_key(owner_ref: UUID) -> str:
    """A random key for an object of one record; nothing of the file is in it (ASVS 5.3.2)."""
    return f"{prefix_of(owner_ref)}{secrets.token_hex(16)}"


def derived_key(owner_ref: UUID, source: str) -> str:
    """A key that follows from what the object is made of: making it again, after a crash, makes no second one."""
    return f"{prefix_of(owner_ref)}{hashlib.sha256(source.encode()).hexdigest()[:32]}"


@dataclass(frozen=True)
class Checked:
    """A file that may be kept: what it is by its content, and its bytes from their beginning.

    ``is_new`` says that they are not those that were sent: a picture is kept as it was drawn anew.
    """

    kind: MediaKind
    size: int
    sha256: bytes
    content: BinaryIO
    is_new: bool


def check_file(content: BinaryIO, name: str, kinds: Collection[MediaKind] = DOCUMENT_KINDS) -> Checked:
    """Open a file and look at its structure, by whichever way it came. ``kinds`` are those that are taken: documents,
    unless pictures are asked for too.

    Raises FileRefused with the reason where the file is not taken, CheckerBusy where it cannot be checked just now
    (ASVS 5.2).
    """
    verdict = check_in_child(content, name)
    if verdict.kind in PICTURE_SIGNATURES and verdict.kind not in kinds:
        raise FileRefused(Refusal.PICTURE)
    if verdict.refusal is not None or verdict.kind is None or verdict.kind not in kinds:
        raise FileRefused(verdict.refusal or Refusal.WRONG_TYPE)
    if verdict.content is not None:
        content = BytesIO(verdict.content)
    content.seek(0)
    digest = hashlib.file_digest(cast(Any, content), "sha256")
    size = content.seek(0, os.SEEK_END)
    content.seek(0)
    return Checked(verdict.kind, size, digest.digest(), content, is_new=verdict.content is not None)


def stage_file(
    content: BinaryIO, *, name: str, owner_ref: UUID, at: datetime, kinds: Collection[MediaKind] = DOCUMENT_KINDS
) -> StoredFile:
    """Check a file and keep it for 24 hours, unless it is attached before.

    Raises as ``check_file``; nothing is stored then.
    """
    checked = check_file(content, name, kinds)
    stored = StoredFile.objects.create(
        owner_ref=owner_ref,
        key=new_key(owner_ref),
        name=display_name(name),
        kind=checked.kind,
        size=checked.size,
        sha256=checked.sha256,
        state=FileState.STAGED,
        created_at=at,
        expires_at=at + settings.STAGED_LIFETIME,
    )
    _store().put_new(stored.key, checked.content)
    return stored


def display_name(name: str) -> str:
    """What the person called the file, made fit to be shown: no path, no control characters, at most 255."""
    last = clean_line(name.replace("\\", "/").rpartition("/")[2])
    stem, dot, suffix = last.rpartition(".")
    if dot and len(last) > 255 and len(suffix) <= 10:
        return f"{stem[: 254 - len(suffix)]}.{suffix}"
    return last[:255] or "file"


def staged_files(owner_ref: UUID, ids: Iterable[UUID], *, at: datetime) -> list[StoredFile]:
    """The staged files of one record that have not run out, oldest first."""
    rows = StoredFile.objects.filter(owner_ref=owner_ref, pk__in=list(ids), state=FileState.STAGED, expires_at__gt=at)
    return list(rows.order_by("created_at", "id"))


def attach_files(owner_ref: UUID, ids: Iterable[UUID], *, at: datetime) -> int:
    """Keep staged files for good, as what their record holds. Returns how many; one that has run out is not among
    them. Workers scan each for viruses, where a scanner is configured, and make its text and pictures.
    """
    rows = StoredFile.objects.filter(owner_ref=owner_ref, pk__in=list(ids), state=FileState.STAGED, expires_at__gt=at)
    scan = {"scan": ScanState.WAITING, "scan_after": at} if settings.CLAMD_ADDRESS else {}
    return rows.update(state=FileState.ATTACHED, expires_at=None, read_after=at, **scan)


def discard_staged(owner_ref: UUID, ids: Iterable[UUID], *, at: datetime) -> None:
    """Let staged files run out now; the next purge takes them."""
    StoredFile.objects.filter(owner_ref=owner_ref, pk__in=list(ids), state=FileState.STAGED).update(expires_at=at)


def release_files(ids: Iterable[UUID]) -> int:
    """Give up files that no document holds any more, and what was made of them; the next purge takes objects and rows.

    A refused file goes the same way. Returns how many.
    """
    given_up = list(ids)
    rows = StoredFile.objects.filter(Q(pk__in=given_up) | Q(made_of__in=given_up))
    kept = rows.filter(state__in=(FileState.ATTACHED, FileState.REFUSED))
    return kept.update(state=FileState.DELETION_PENDING, scan_after=None, read_after=None)


def purge_staged_files(*, at: datetime, limit: int = PURGE_BATCH) -> int:
    """Delete unsent files that ran out, staged or only announced, and files given up: objects first, in all their
    versions, then the rows.

    Returns how many.
    """
    rows = StoredFile.objects.filter(state__in=UNSENT, expires_at__lte=at).order_by("expires_at")[:limit]
    found = list(rows.values_list("pk", "key"))
    if found:
        # Taken out of reach first, so that none is attached while its object goes.
        taken = [pk for pk, _ in found]
        StoredFile.objects.filter(pk__in=taken, state__in=UNSENT, expires_at__lte=at).update(
            state=FileState.DELETION_PENDING, expires_at=None
        )
    given_up = StoredFile.objects.filter(state=FileState.DELETION_PENDING)
    # Parts that a worker made while their original was given up; none can follow, for it makes them of attached ones.
    StoredFile.objects.filter(made_of__in=given_up.values("pk")).update(state=FileState.DELETION_PENDING)
    pending = list(given_up.values_list("pk", "key")[:limit])
    _store().purge_keys(key for _, key in pending)
    return raw_delete(StoredFile.objects.filter(pk__in=[pk for pk, _ in pending]))


def copy_stored_file(stored: StoredFile, *, owner_ref: UUID, at: datetime) -> StoredFile:
    """Copy a file under another owner, the row first and then the object; returns the copy.

    The copy's key follows from the file and the owner, so that repeating it after a crash makes no second one, whether
    or not the row was committed. Raises FileNotFoundError where the store has lost the object, StoreError where it
    refuses.
    """
    copy, _ = StoredFile.objects.get_or_create(
        key=derived_key(owner_ref, f"{stored.key}|{owner_ref}"),
        defaults={
            "owner_ref": owner_ref,
            "name": stored.name,
            "kind": stored.kind,
            "size": stored.size,
            "sha256": stored.sha256,
            "state": FileState.ATTACHED,
            "created_at": at,
            "scan": stored.scan,
            "scanned_at": stored.scanned_at,
            "scan_after": at if stored.waits_for_scan else None,
        },
    )
    with open_file(stored) as content, suppress(FileExistsError):  # a try before this one had come so far
        _store().put_new(copy.key, content)
    return copy


def open_file(stored: StoredFile) -> IO[bytes]:
    """Open an object for reading. Raises FileNotFoundError where the store has lost it."""
    opened: IO[bytes] = _store().open_object(stored.key)
    return opened


def download_name(stored: StoredFile) -> str:
    """The name that a download gets: what the person called it, with the suffix of what it really is."""
    suffix = SUFFIXES[MediaKind(stored.kind)]
    return stored.name if stored.name.lower().endswith(suffix) else f"{stored.name}{suffix}"


def signed_link(stored: StoredFile) -> str | None:
    """A link of 60 seconds, to be made after the permission check; None where files lie in a folder (ASVS 5.4)."""
    link: str | None = _store().signed_link(
        stored.key, name=download_name(stored), content_type=MEDIA_TYPES[MediaKind(stored.kind)]
    )
    return link


def purge_owners(owner_refs: Iterable[UUID]) -> int:
    """Delete every object of these records: all versions, delete markers and unfinished uploads.

    Returns the number of objects. Raises ``files.errors.StoreError`` where the store refused; safe to repeat.
    """
    purged: int = _store().purge_prefixes(prefix_of(ref) for ref in owner_refs)
    return purged


def remaining_objects(owner_refs: Iterable[UUID]) -> int:
    """How many objects of these records the store still has, asked anew."""
    remaining: int = _store().remaining(prefix_of(ref) for ref in owner_refs)
    return remaining
