"""Erasing the old process of people who stay by consent, or who came back (policy §7).

Consent to longer storage keeps the profile, the skills and the CV; it cannot keep the notes, ratings and letters of a
process that is over, for they serve no later opening (Act 759/2004 §3). They go when the base period ends. The person
is not hidden by it, and one transaction does all of it for some people: a file that goes is given up in the same
transaction and leaves the bucket by the purge of files. Nothing is written to the ledger: a restore brings back the
column that says that it is due, and the next run repeats it.
"""

from collections import defaultdict
from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit.enums import Action
from audit.services import record_events
from candidates.models import Candidate
from candidates.services.applications import close_by_retention
from candidates.services.clock import mark_trimmed
from candidates.services.holds import seal_items
from common.actors import SYSTEM
from privacy.services import rows
from privacy.services.claims import is_waited_for

PEOPLE_AT_ONCE = 200


def trim_due(*, at: datetime, limit: int = 0) -> int:
    """Erase the old process of everybody for whom it is due at ``at``; returns of how many records.

    ``limit`` is the most; 0 for all. People with an open request for access wait, and so do those whose restriction
    keeps their data.
    """
    count = 0
    while not limit or count < limit:
        done = _trim_some(at, min(PEOPLE_AT_ONCE, limit - count) if limit else PEOPLE_AT_ONCE)
        if not done:
            break
        count += done
    return count


@transaction.atomic
def _trim_some(at: datetime, size: int) -> int:
    due = (
        Candidate.objects.to_trim(at)
        .filter(expires_at__gt=at)
        .exclude(is_waited_for(at))
        .exclude(held_back_until__gt=at)
    )
    due = due.order_by("trim_at", "pk").select_for_update(skip_locked=True, of=("self",))
    by_date: dict[datetime, list[Candidate]] = defaultdict(list)
    for record in due[:size]:
        if record.trim_at:
            by_date[record.erase_at if record.erase_at <= at else record.trim_at].append(record)
    for before, records in by_date.items():
        refs: list[UUID] = [record.pk for record in records]
        seal_items(refs, at=at)
        close_by_retention(refs, submitted_before=before, actor=SYSTEM, at=at)
        rows.delete_old_process(refs, before=before)
        mark_trimmed({record.person_ref for record in records}, before=before)
        record_events(Action.OLD_PROCESS_ERASED, refs, at=at, actor=SYSTEM)
    return sum(len(records) for records in by_date.values())
