"""The retention clock of a person: the only writer of the clock's columns.

Called by whatever changes an event, a consent, a restriction or a link, in the same transaction. The rule itself is
``policy.retention``; this module gathers a person's facts for it. The dangers: a clock that was not recomputed keeps
data too long without anybody noticing, and one computed for a single record of a linked person forgets the others. So
it always takes the whole person, under lock, and writes the same values to every record.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from candidates.models import Candidate
from candidates.selectors.clock import compute_clock, live_restrictions
from mailing.enums import EmailKind
from mailing.services import drop_unsent
from policy import retention
from policy.expiry import held_back_until


@transaction.atomic
def recompute_clock(person_ref: UUID) -> retention.Clock:
    """Compute the clock of a person from all their records and write it to each (policy §7).

    Reminders of a date that is no longer so are taken back. Raises Candidate.DoesNotExist where nobody has this
    reference.
    """
    records = list(Candidate.objects.select_for_update().filter(person_ref=person_ref).order_by("pk"))
    if not records:
        raise Candidate.DoesNotExist(person_ref)
    refs = [record.pk for record in records]
    clock = compute_clock(records)
    restrictions = live_restrictions(refs)
    waits = held_back_until(clock.expires_at, [restriction.for_policy for restriction in restrictions])
    restricted_at = min((restriction.opened_at for restriction in restrictions), default=None)
    trimmed_before = max((record.trimmed_before for record in records if record.trimmed_before), default=None)
    is_newly_restricted = restricted_at is not None and any(record.restricted_at is None for record in records)
    if is_newly_restricted or any(record.keep_until != clock.keep_until for record in records):
        drop_unsent(EmailKind.RETENTION_REMINDER, refs)
    if is_newly_restricted:
        drop_unsent(EmailKind.OUTREACH, refs)
    Candidate.objects.filter(pk__in=refs).update(
        **columns(clock, trimmed_before),
        trimmed_before=trimmed_before,
        restricted_at=restricted_at,
        held_back_until=waits[0] if waits else None,
    )
    return clock


def columns(clock: retention.Clock, trimmed_before: datetime | None = None) -> dict[str, Any]:
    """The clock as the candidate's columns; also for a record that is being made."""
    return {
        "last_contact_at": clock.last_contact_at,
        "last_contact_ref": UUID(clock.set_by) if clock.set_by else None,
        "due_on": clock.due_on,
        "erase_at": clock.erase_at,
        "keep_until": clock.keep_until,
        "expires_at": clock.expires_at,
        "trim_at": retention.trim_at(clock, trimmed_before),
    }


def mark_trimmed(person_refs: Iterable[UUID], *, before: datetime) -> None:
    """Record that the old process's data up to ``before`` are gone, for all records of these people.

    The rule is asked anew for those whose base period goes on; the others have nothing left to trim.
    """
    people = Candidate.objects.filter(person_ref__in=list(person_refs))
    people.update(trimmed_before=before)
    people.filter(erase_at__lte=before).update(trim_at=None)
    for person_ref in people.filter(erase_at__gt=before).values_list("person_ref", flat=True).distinct():
        recompute_clock(person_ref)
