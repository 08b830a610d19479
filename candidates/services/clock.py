"""The retention clock of a person: the only writer of the clock's columns.

Called by whatever changes an event, a consent, a restriction or a link, in the same transaction. The rule itself is
``policy.retention``; ``candidates.selectors.clock`` gathers a person's facts for it. The dangers: a clock that was not
recomputed keeps data too long without anybody noticing, and one computed for a single record of a linked person forgets
the others. So it always takes the whole person, under lock, and writes the same values to every record; and what is
stored is compared with the rule, for hundreds of people at a time.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from candidates.models import Candidate
from candidates.selectors.clock import Facts, facts_of
from mailing.enums import EmailKind
from mailing.services import drop_unsent
from policy import retention

BATCH = 500


@transaction.atomic
def recompute_clock(person_ref: UUID) -> retention.Clock:
    """Compute the clock of a person from all their records and write it to each (policy §7).

    Reminders of a date that is no longer so are taken back. Raises Candidate.DoesNotExist where nobody has this
    reference.
    """
    records = list(Candidate.objects.filter(person_ref=person_ref).locked())
    if not records:
        raise Candidate.DoesNotExist(person_ref)
    facts = facts_of(records)[person_ref]
    refs = [record.pk for record in records]
    is_newly_restricted = bool(facts.restrictions) and any(record.restricted_at is None for record in records)
    if is_newly_restricted or any(record.keep_until != facts.clock.keep_until for record in records):
        drop_unsent(EmailKind.RETENTION_REMINDER, refs)
    if is_newly_restricted:
        drop_unsent(EmailKind.OUTREACH, refs)
    Candidate.objects.filter(pk__in=refs).update(**columns_of(facts))
    return facts.clock


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


def columns_of(facts: Facts) -> dict[str, Any]:
    """All columns of the clock, as the rule says them for a person; the same on each of their records."""
    return {
        **columns(facts.clock, facts.trimmed_before),
        "trimmed_before": facts.trimmed_before,
        "restricted_at": facts.restricted_at,
        "held_back_until": facts.held_back[0] if facts.held_back else None,
    }


def people(size: int = BATCH) -> Iterator[list[UUID]]:
    """Every person, so many at a time; each batch is asked for by the last one's key, so that memory stays flat."""
    last = UUID(int=0)
    while True:
        rows = Candidate.objects.filter(person_ref__gt=last).order_by("person_ref")
        refs = list(rows.values_list("person_ref", flat=True).distinct()[:size])
        if not refs:
            return
        yield refs
        last = refs[-1]


def disagreeing(person_refs: Collection[UUID]) -> list[UUID]:
    """Of these people, those whose columns are not what the rule says. Who is being erased is left to that."""
    rows = Candidate.objects.filter(person_ref__in=list(person_refs)).order_by("person_ref", "pk")
    return [
        ref
        for ref, facts in facts_of(rows).items()
        if not any(record.erasing_ref for record in facts.records) and not _agrees(facts)
    ]


def _agrees(facts: Facts) -> bool:
    """Whether every record of a person holds what the rule says."""
    expected = columns_of(facts)
    return all(getattr(record, name) == value for record in facts.records for name, value in expected.items())


def mark_trimmed(person_refs: Iterable[UUID], *, before: datetime) -> None:
    """Record that the old process's data up to ``before`` are gone, for all records of these people.

    The rule is asked anew for those whose base period goes on; the others have nothing left to trim.
    """
    trimmed = Candidate.objects.filter(person_ref__in=list(person_refs))
    trimmed.update(trimmed_before=before)
    trimmed.filter(erase_at__lte=before).update(trim_at=None)
    for person_ref in trimmed.filter(erase_at__gt=before).values_list("person_ref", flat=True).distinct():
        recompute_clock(person_ref)
