"""Stored files in any state, without the door: what the door would refuse is stored here too."""

import hashlib
from datetime import datetime
from io import BytesIO
from typing import Any
from uuid import uuid4

from django.core.files.storage import storages

from files.enums import FileState, MediaKind
from files.models import StoredFile


def made_up_file(content: bytes, *, at: datetime, kind: MediaKind = MediaKind.PDF, **fields: Any) -> StoredFile:
    """A file that was sent, row and object, unless ``fields`` say otherwise."""
    owner = fields.pop("owner_ref", None) or uuid4()
    stored = StoredFile.objects.create(
        owner_ref=owner,
        key=f"{owner}/{uuid4().hex}",
        name="my own name.pdf",
        kind=kind,
        size=len(content),
        sha256=hashlib.sha256(content).digest(),
        created_at=at,
        **{"state": FileState.ATTACHED, **fields},
    )
    storages["files"].put_new(stored.key, BytesIO(content))  # type: ignore[attr-defined]
    return stored
