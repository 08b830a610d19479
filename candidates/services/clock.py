"""The retention clock of a person: the only writer of the clock's columns.

Called by whatever changes an event, a consent or a link, in the same transaction. The rule itself is
``policy.retention``; this module gathers a person's events for it. The dangers: a clock that was not recomputed keeps
data too long without anybody noticing, and one computed for a single record of a linked person forgets the others. So
it always takes the whole person, under lock, and writes the same values to every record.
"""

from typing import Any
from uuid import UUID

from django.db import transaction

from candidates.models import Candidate
from candidates.selectors.clock import contact_events, extensions
from policy import retention


@transaction.atomic
def recompute_clock(person_ref: UUID) -> retention.Clock:
    """Compute the clock of a person from all their records and write it to each (policy §7).

    Raises Candidate.DoesNotExist where nobody has this reference.
    """
    records = list(Candidate.objects.select_for_update().filter(person_ref=person_ref).order_by("pk"))
    if not records:
        raise Candidate.DoesNotExist(person_ref)
    refs = [record.pk for record in records]
    clock = retention.clock(
        collected_at=max(record.collected_at for record in records),
        events=contact_events(refs),
        extensions=extensions(refs),
    )
    Candidate.objects.filter(pk__in=refs).update(**columns(clock))
    return clock


def columns(clock: retention.Clock) -> dict[str, Any]:
    """The clock as the candidate's columns; also for a record that is being made."""
    return {
        "last_contact_at": clock.last_contact_at,
        "last_contact_ref": UUID(clock.set_by) if clock.set_by else None,
        "due_on": clock.due_on,
        "erase_at": clock.erase_at,
        "keep_until": clock.keep_until,
        "expires_at": clock.expires_at,
    }
