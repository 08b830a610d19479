"""Stored files in any state, without the door: what the door would refuse is stored here too."""

import hashlib
from datetime import datetime
from io import BytesIO
from typing import Any
from uuid import uuid4

from django.core.files.storage import storages

from candidates.enums import DocumentKind
from candidates.models import Application, Document
from files.enums import FileState, MediaKind, ScanState
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


def refused_document(application: Application, *, at: datetime, kind: DocumentKind = DocumentKind.OTHER) -> Document:
    """A file that was sent besides the others, and in which the virus scan found something."""
    stored = made_up_file(
        b"hostile", at=at, owner_ref=application.candidate_id, state=FileState.REFUSED, scan=ScanState.INFECTED
    )
    return Document.objects.create(
        candidate=application.candidate,
        application=application,
        kind=kind,
        stored_file=stored,
        added_at=at,
    )
