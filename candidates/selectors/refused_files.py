"""Files that the virus scan refused after they were sent, and what came in their place.

The file and its document are gone by then. What is known of it is the act in the audit log: of which kind it was, and
when; no name and no content.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from audit.enums import Action
from audit.selectors import acts
from candidates.enums import DocumentKind


@dataclass(frozen=True)
class RefusedFile:
    """One file that was refused: of which application, when, whether the person was asked for another one, and when
    that came.
    """

    application_id: UUID
    kind: DocumentKind
    refused_at: datetime
    is_asked: bool
    added_at: datetime | None = None


def refused_files(record_refs: Iterable[UUID], *, as_of: datetime) -> list[RefusedFile]:
    """The refused files of these records, the oldest first; one query, however many there are.

    The first file that came in place of one answers the first refused one of its application and kind.
    """
    events = acts(as_of=as_of).filter(
        subject_ref__in=list(record_refs), action__in=(Action.FILE_REFUSED, Action.FILE_ADDED)
    )
    refused: list[tuple[UUID, DocumentKind, datetime, bool]] = []
    added: dict[tuple[UUID, DocumentKind], list[datetime]] = defaultdict(list)
    for event in events.order_by("at", "pk"):
        if event.object_ref is None:
            continue
        kind = DocumentKind(event.details["kind"])
        if event.action == Action.FILE_ADDED:
            added[event.object_ref, kind].append(event.at)
        else:
            refused.append((event.object_ref, kind, event.at, bool(event.details["is_asked"])))
    return [
        RefusedFile(application_id, kind, at, is_asked, _first(added[application_id, kind]))
        for application_id, kind, at, is_asked in refused
    ]


def _first(instants: list[datetime]) -> datetime | None:
    return instants.pop(0) if instants else None


def wanted_files(record_ref: UUID, *, as_of: datetime) -> list[RefusedFile]:
    """Those refused files of a record in whose place nothing has come yet."""
    return [file for file in refused_files([record_ref], as_of=as_of) if file.added_at is None]
