"""Applications that are being written: kept for 24 hours, for whoever holds the draft's cookie, and nobody else."""

import hashlib
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings

from candidates.models import ApplicationDraft, Position


def digest(token: str) -> bytes:
    """What the database keeps of a cookie."""
    return hashlib.sha256(token.encode()).digest()


def new_token() -> str:
    """The value of a new cookie."""
    return secrets.token_urlsafe(32)


def find_draft(token: str, submission_key: UUID, *, at: datetime) -> ApplicationDraft | None:
    """The draft of a form, for the holder of its cookie."""
    return ApplicationDraft.objects.filter(
        token_hash=digest(token), submission_key=submission_key, expires_at__gt=at
    ).first()


def latest_draft(token: str, position: Position | None, *, at: datetime) -> ApplicationDraft | None:
    """The newest draft for a position, for the holder of the cookie: "Continue your application"."""
    rows = ApplicationDraft.objects.filter(token_hash=digest(token), position=position, expires_at__gt=at)
    return rows.order_by("-created_at").first()


def open_draft(
    token: str, submission_key: UUID, position: Position | None, *, begun_at: datetime, at: datetime
) -> ApplicationDraft:
    """The draft of a form that was first shown at ``begun_at``, made if there is none.

    A record's key is drawn with it, under which its files will lie.
    """
    draft, _ = ApplicationDraft.objects.get_or_create(
        token_hash=digest(token),
        submission_key=submission_key,
        defaults={
            "position": position,
            "candidate_ref": uuid4(),
            "created_at": begun_at,
            "expires_at": at + settings.STAGED_LIFETIME,
        },
    )
    return draft


def save_draft(draft: ApplicationDraft, *, answers: Mapping[str, Any], files: Mapping[str, list[str]]) -> None:
    """Keep what was typed and which files are staged."""
    draft.answers = dict(answers)
    draft.files = {name: list(ids) for name, ids in files.items()}
    draft.save(update_fields=["answers", "files"])


def discard_draft(draft: ApplicationDraft) -> None:
    """Forget a draft. Its staged files run out by themselves."""
    ApplicationDraft.objects.filter(pk=draft.pk).delete()


def purge_drafts(*, at: datetime) -> int:
    """Delete drafts older than 24 hours; returns how many."""
    return ApplicationDraft.objects.filter(expires_at__lte=at).delete()[0]
