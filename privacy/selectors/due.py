"""Who is due: the retention plan."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from candidates.models import Candidate


@dataclass(frozen=True)
class Due:
    """One record that a run would erase: since when, and why."""

    candidate_id: UUID
    at: datetime
    why: str


def due(as_of: datetime, limit: int = 0) -> Iterator[Due]:
    """Who would be erased at an instant, longest due first."""
    rows = Candidate.objects.due(as_of).order_by("expires_at", "pk").values_list("pk", "expires_at", "erase_after")
    for pk, expires_at, erase_after in rows[:limit] if limit else rows.iterator():
        if erase_after and erase_after <= as_of:
            yield Due(pk, erase_after, "REQUESTED")
        else:
            yield Due(pk, expires_at, "EXPIRED")


def count_due(as_of: datetime) -> int:
    """How many records' time is over at an instant, those that wait included; asked-for erasures are no surprise."""
    return Candidate.objects.expired(as_of).filter(erasing_ref=None).count()
