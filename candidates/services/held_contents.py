"""What of an item goes to the vault: plain values, the fields that a claim is about, and no colleague by name."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from accounts.models import User
from candidates.enums import HeldKind
from candidates.models import Application, Document, Interaction, Note, StageChange


def content_of(kind: HeldKind, row: Any) -> dict[str, str]:
    """The content of one item as plain data."""
    return CONTENTS[kind](row)


def _application(row: Application) -> dict[str, str]:
    return {
        "name": row.candidate.name,
        "reference": row.reference,
        "position": row.position.title_en if row.position else "",
        "position_fi": row.position.title_fi if row.position else "",
        "language": row.language,
        "cover_letter": row.cover_letter,
        "stage": row.stage,
        "submitted_at": _iso(row.submitted_at),
        "stage_changed_at": _iso(row.stage_changed_at),
        "closed_at": _iso(row.closed_at),
    }


def _document(row: Document) -> dict[str, str]:
    return {
        "name": row.candidate.name,
        "application": row.application.reference,
        "kind": row.kind,
        "file": row.stored_file.name,
        "added_at": _iso(row.added_at),
    }


def _note(row: Note) -> dict[str, str]:
    return {
        "name": row.candidate.name,
        "application": row.application.reference if row.application else "",
        "author_role": _role(row.author),
        "at": _iso(row.at),
        "text": row.text,
    }


def _interaction(row: Interaction) -> dict[str, str]:
    return {
        "name": row.candidate.name,
        "application": row.application.reference if row.application else "",
        "kind": row.kind,
        "means": row.means,
        "direction": row.direction,
        "occurred_at": _iso(row.occurred_at),
        "recorded_at": _iso(row.recorded_at),
        "recorded_by_role": _role(row.recorded_by),
        "text": row.text,
        "revoked_at": _iso(row.revoked_at),
        "revocation": row.revocation,
    }


def _stage_change(row: StageChange) -> dict[str, str]:
    return {
        "name": row.application.candidate.name,
        "application": row.application.reference,
        "from_stage": row.from_stage,
        "to_stage": row.to_stage,
        "reason": row.reason,
        "actor_role": _role(row.actor),
        "at": _iso(row.at),
    }


CONTENTS: dict[HeldKind, Callable[[Any], dict[str, str]]] = {
    HeldKind.APPLICATION: _application,
    HeldKind.DOCUMENT: _document,
    HeldKind.NOTE: _note,
    HeldKind.INTERACTION: _interaction,
    HeldKind.STAGE_CHANGE: _stage_change,
}


def _role(user: User | None) -> str:
    """A colleague by role, as the person would be told; their name is not kept."""
    return ", ".join(sorted(user.groups.values_list("name", flat=True))) if user else ""


def _iso(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""
