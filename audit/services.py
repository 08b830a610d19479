"""Writing the record, and letting go what is older than its period. It takes ids, enums and numbers, so that no name,
address or text can enter it.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import Enum
from uuid import UUID

from django.db import connection, models

from audit.enums import Access, Action, Purpose
from audit.models import AccessEvent, AuditEvent
from audit.selectors import kept_since
from common.actors import Actor
from common.lookups import Refs
from policy.calendar import add_years
from policy.periods import ACTS_YEARS, TECHNICAL_DATA_YEARS

PURGE_BATCH = 5_000

Detail = Enum | UUID | int | bool


def record_event(
    action: Action,
    *,
    at: datetime,
    actor: Actor,
    subject_ref: UUID | None = None,
    object_ref: UUID | None = None,
    details: Mapping[str, Detail] | None = None,
) -> AuditEvent:
    """Record one act (policy §9, ASVS 16.3).

    ``subject_ref`` is the record that it concerns, ``object_ref`` the thing that was acted on. Raises TypeError for a
    detail that is free text.
    """
    return AuditEvent.objects.create(
        at=at,
        action=action,
        actor_kind=actor.kind,
        actor_ref=actor.ref,
        subject_ref=subject_ref,
        object_ref=object_ref,
        details={name: _plain(value) for name, value in (details or {}).items()},
    )


def record_events(action: Action, subject_refs: Iterable[UUID] | Refs, *, at: datetime, actor: Actor) -> None:
    """Record one act on many people, a row for each, in one statement however many."""
    refs = subject_refs if isinstance(subject_refs, Refs) else Refs(subject_refs)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO audit_auditevent (at, action, actor_kind, actor_ref, subject_ref, details) "  # noqa: S608 (no value in it)
            f"SELECT %s, %s, %s, %s, ref, '{{}}' FROM unnest({refs.sql}::uuid[]) AS ref",
            [at, action.value, actor.kind.value, actor.ref, *refs.params],
        )


def record_access(
    access: Access,
    *,
    at: datetime,
    actor: Actor,
    subject_refs: Iterable[UUID],
    object_ref: UUID | None = None,
    purpose: Purpose = Purpose.RECRUITMENT,
) -> None:
    """Record that somebody was shown these people; nothing where the list is empty."""
    refs = list(subject_refs)
    if refs:
        AccessEvent.objects.create(
            at=at,
            access=access,
            purpose=purpose,
            actor_kind=actor.kind,
            actor_ref=actor.ref,
            subject_refs=refs,
            object_ref=object_ref,
        )


def purge_old_events(
    *, at: datetime, database_at: datetime, limit: int = 100 * PURGE_BATCH, size: int = PURGE_BATCH
) -> int:
    """Delete acts older than two calendar years and looks older than one (policy §7), ``size`` at a time.

    Returns how many. ``database_at`` is the database server's own present, by which its triggers judge: what they would
    still refuse, a row of 29 February or any under a shifted clock, is left to a later run. Nothing shows it meanwhile.
    """
    count = 0
    tables: list[tuple[models.QuerySet[AuditEvent] | models.QuerySet[AccessEvent], int]] = [
        (AuditEvent.objects.all(), ACTS_YEARS),
        (AccessEvent.objects.all(), TECHNICAL_DATA_YEARS),
    ]
    for rows, years in tables:
        earlier = datetime.combine(add_years(database_at.date(), -years), database_at.timetz())
        old = rows.filter(at__lt=min(kept_since(at, years), earlier)).order_by("at")
        while count < limit and (batch := list(old.values_list("pk", flat=True)[:size])):
            count += rows.filter(pk__in=batch).delete()[0]
    return count


def _plain(value: Detail) -> str | int:
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, int):
        return value
    raise TypeError("the audit log takes ids, enums and numbers only")
