"""Every object in the bucket is written, linked to and deleted here, and has exactly one row.

The row is committed before the object is written and deleted after the object is gone: a crash leaves a row too much,
which the next purge takes, and never an object that nobody knows of.
"""

import hashlib
import os
import secrets
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from typing import IO, Any, BinaryIO, cast
from uuid import UUID

from django.conf import settings
from django.core.files.storage import storages
from django.db.models import Q

from common.deletion import raw_delete
from common.text import clean_line
from files.enums import MEDIA_TYPES, SUFFIXES, FileState, MediaKind, ScanState
from files.errors import FileRefused
from files.models import StoredFile

PURGE_BATCH = 500


def _store() -> Any:
    return storages["files"]


def prefix_of(owner_ref: UUID) -> str:
    """The prefix of all objects of one record."""
    return f"{owner_ref}/"


def stage_file(content: BinaryIO, *, name: str, owner_ref: UUID, at: datetime) -> StoredFile:
    """Check a file and keep it for 24 hours, unless it is attached before.

    Raises FileRefused with the reason where the file is not taken; nothing is stored then (ASVS 5.2).
    """
    from files.checker import check_document  # noqa: PLC0415 (pikepdf is slow to load; the first file is soon enough)

    verdict = check_document(content, name)
    if verdict.refusal is not None or verdict.kind is None:
        raise FileRefused(verdict.refusal or "WRONG_TYPE")
    digest = hashlib.file_digest(cast(Any, content), "sha256")
    size = content.seek(0, os.SEEK_END)
    stored = StoredFile.objects.create(
        owner_ref=owner_ref,
        key=f"{prefix_of(owner_ref)}{secrets.token_hex(16)}",
        name=display_name(name),
        kind=verdict.kind,
        size=size,
        sha256=digest.digest(),
        state=FileState.STAGED,
        created_at=at,
        expires_at=at + settings.STAGED_LIFETIME,
    )
    content.seek(0)
    _store().put_new(stored.key, content)
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

    Returns how many.
    """
    given_up = list(ids)
    rows = StoredFile.objects.filter(Q(pk__in=given_up) | Q(made_of__in=given_up), state=FileState.ATTACHED)
    return rows.update(state=FileState.DELETION_PENDING)


def purge_staged_files(*, at: datetime, limit: int = PURGE_BATCH) -> int:
    """Delete staged files that ran out, and files given up: objects first, in all their versions, then the rows.

    Returns how many.
    """
    rows = StoredFile.objects.filter(state=FileState.STAGED, expires_at__lte=at).order_by("expires_at")[:limit]
    found = list(rows.values_list("pk", "key"))
    if found:
        # Taken out of reach first, so that none is attached while its object goes.
        taken = [pk for pk, _ in found]
        StoredFile.objects.filter(pk__in=taken, state=FileState.STAGED).update(
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
    name = hashlib.sha256(f"{stored.key}|{owner_ref}".encode()).hexdigest()[:32]
    copy, _ = StoredFile.objects.get_or_create(
        key=f"{prefix_of(owner_ref)}{name}",
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
