"""Files that a browser sends straight to the bucket: announced, sent, and then looked at where they lie.

What was announced may be written again for as long as its signed form is good, also after the check. So nothing is
ever served from the key that was given away. The check reads one version of the object, and exactly that version, which
nobody can change, is copied within the bucket to a fresh key for which no form was ever signed. The entity tag is
compared besides, for a service without versions; alone it would not do: it is an MD5, and two files can share one.

The row keeps its id throughout, so that a form may be sent twice. Once the file has moved, a second row stands for the
key that was given away, until no form for it is good any more: then the purge takes whatever came there meanwhile. As
everywhere, the row is committed before the object is written; a crash leaves a row too much, which runs out.
"""

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.core.files.storage import storages
from django.db import transaction

from files.enums import DOCUMENT_KINDS, FileState, MediaKind, Refusal
from files.errors import CheckerBusy, FileRefused, StoreError
from files.models import StoredFile
from files.services import Checked, check_file, display_name, new_key

SLOWEST: Final = timedelta(hours=1)
"""How long 10 MB may be under way that were begun while the form was good."""


@dataclass(frozen=True)
class UploadForm:
    """Where the browser posts the file, and the fields that go before it."""

    url: str
    fields: Mapping[str, str]


class StillChecking(Exception):
    """Another request looks at this file just now."""


def upload_origin() -> str | None:
    """The origin that browsers send files to, for the Content-Security-Policy; None where files lie in a folder.

    Told from the settings: asking the storage would load boto3 for a page that needs nothing of it.
    """
    options = settings.STORAGES["files"]["OPTIONS"]
    bucket = options.get("bucket_name")
    if not bucket:
        return None
    place = f"s3.{options['region_name']}.amazonaws.com"
    is_path = "." in bucket  # no certificate covers a name with more dots
    parts = urlsplit(options["endpoint_url"] or f"https://{place if is_path else f'{bucket}.{place}'}")
    return f"{parts.scheme}://{parts.netloc}"


def expect_file(*, owner_ref: UUID, name: str, size: int, at: datetime) -> tuple[StoredFile, UploadForm]:
    """Announce a file of ``size`` bytes that will lie under a record, and sign the form that brings it.

    The row runs out after 24 hours unless the file is taken. The form is good for ten minutes, for one key and exactly
    so many bytes. Raises FileRefused where the size says already that the file is not taken (ASVS 5.2.1).
    """
    if size < 1:
        raise FileRefused(Refusal.EMPTY)
    if size > settings.FILE_MAX_BYTES:
        raise FileRefused(Refusal.TOO_BIG)
    stored = StoredFile.objects.create(
        owner_ref=owner_ref,
        key=new_key(owner_ref),
        name=display_name(name),
        kind="",
        size=size,
        sha256=b"",
        state=FileState.EXPECTED,
        created_at=at,
        expires_at=at + settings.STAGED_LIFETIME,
    )
    seconds = int(settings.UPLOAD_FORM_LIFETIME.total_seconds())
    return stored, UploadForm(*_store().post_form(stored.key, size=size, seconds=seconds))


def take_file(
    stored_id: UUID, *, owner_ref: UUID, at: datetime, kinds: Collection[MediaKind] = DOCUMENT_KINDS
) -> StoredFile:
    """Check an announced file where it lies, and keep it for 24 hours, unless it is attached before.

    Taken again, it is returned as it is. Raises FileRefused with the reason where the file is not taken; its object
    then goes in all versions. Raises FileNotFoundError where it was never announced for this record, has run out or
    has not come, StillChecking where another request is at it, StoreError where the bucket does not do what it is
    asked; after each of these it may be tried again.
    """
    stored = _claim(stored_id, owner_ref, at)
    if stored.state == FileState.STAGED:
        return stored
    try:
        version = _store().read_version(stored.key, size=stored.size)
        if version is None:
            raise FileRefused(Refusal.DAMAGED)
        checked = check_file(BytesIO(version.content), stored.name, kinds)
    except FileRefused:
        _give_back(stored, until=_closed_at(stored))
        with suppress(StoreError):  # the row is there, and the purge tries again
            _store().purge_keys([stored.key])
        raise
    except (StoreError, CheckerBusy, OSError):  # it was not looked at, and may be tried again
        _give_back(stored, until=stored.expires_at)
        raise
    return _move(stored, version, checked)


def _store() -> Any:
    return storages["files"]


def _closed_at(stored: StoredFile) -> datetime:
    """When nothing can come any more by the form that was signed for a row's key."""
    return stored.created_at + settings.UPLOAD_FORM_LIFETIME + SLOWEST


def _claim(stored_id: UUID, owner_ref: UUID, at: datetime) -> StoredFile:
    """The row, from now on this caller's to check, or staged already."""
    rows = StoredFile.objects.filter(pk=stored_id, owner_ref=owner_ref, expires_at__gt=at)
    until = at + settings.STAGED_LIFETIME  # no purge comes between
    is_mine = rows.filter(state=FileState.EXPECTED).update(state=FileState.CHECKING, expires_at=until)
    stored = rows.first()
    if stored is None or stored.state not in {FileState.CHECKING, FileState.STAGED}:
        raise FileNotFoundError(str(stored_id))
    if stored.state == FileState.CHECKING and not is_mine:
        raise StillChecking
    return stored


def _give_back(stored: StoredFile, *, until: datetime | None) -> None:
    """The row waits for its file again."""
    StoredFile.objects.filter(pk=stored.pk, state=FileState.CHECKING).update(state=FileState.EXPECTED, expires_at=until)


def _move(stored: StoredFile, version: Any, checked: Checked) -> StoredFile:
    """Bring what was checked to a key that nobody was given, and leave a row for the key that somebody was."""
    announced = stored.size
    given_away, stored.key = stored.key, new_key(stored.owner_ref)
    stored.kind, stored.size, stored.sha256 = checked.kind, checked.size, checked.sha256
    with transaction.atomic():
        stored.save(update_fields=["key", "kind", "size", "sha256"])
        left = StoredFile.objects.create(
            owner_ref=stored.owner_ref,
            key=given_away,
            name="",
            kind="",
            size=0,
            sha256=b"",
            state=FileState.EXPECTED,
            created_at=stored.created_at,
            expires_at=_closed_at(stored),
        )
    try:
        if checked.is_new:
            _store().put_new(stored.key, checked.content)
        else:
            _store().copy_version(given_away, version, stored.key)
    except StoreError:
        stored.size = announced
        _move_back(stored, left)
        raise
    stored.state = FileState.STAGED
    stored.save(update_fields=["state"])
    return stored


def _move_back(stored: StoredFile, left: StoredFile) -> None:
    """The row waits for its file again, and the other stands for a copy of which nobody knows whether it is there."""
    given_away, fresh = left.key, stored.key
    stored.state = FileState.EXPECTED
    with transaction.atomic():
        for row, key in ((left, new_key(left.owner_ref)), (stored, given_away), (left, fresh)):  # no two share a key
            row.key = key
            row.save(update_fields=["key", "state", "size"])
