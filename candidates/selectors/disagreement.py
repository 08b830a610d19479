"""Where the stored columns of the clock disagree with the rule, for hundreds of people at a time.

It asks the same rule as ``candidates.selectors.clock`` and reads the same facts, in one query a table for all of them.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator
from itertools import groupby
from typing import Any
from uuid import UUID

from candidates.models import Candidate, Consent, Interaction, Restriction
from candidates.selectors.clock import periods, sourced
from policy import retention
from policy.contact import Event, EventKind, Revocation
from policy.expiry import held_back_until

BATCH = 500


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
    records = {ref: list(group) for ref, group in groupby(rows, key=lambda row: row.person_ref)}
    owner = {record.pk: ref for ref, group in records.items() for record in group}
    events = _events(owner)
    extensions: dict[UUID, list[retention.Extension]] = defaultdict(list)
    for consent in Consent.objects.filter(candidate_id__in=list(owner)):
        extensions[owner[consent.candidate_id]].append(retention.Extension(consent.ends_on, consent.withdrawn_at))
    restrictions: dict[UUID, list[Restriction]] = defaultdict(list)
    for restriction in Restriction.objects.filter(candidate_id__in=list(owner), lifted_at=None):
        restrictions[owner[restriction.candidate_id]].append(restriction)
    return [
        ref
        for ref, group in records.items()
        if not any(record.erasing_ref for record in group)
        and not _agrees(group, events[ref], extensions[ref], restrictions[ref])
    ]


def _events(owner: dict[UUID, UUID]) -> dict[UUID, list[Event]]:
    events: dict[UUID, list[Event]] = defaultdict(list)
    rows = Interaction.objects.filter(candidate_id__in=list(owner))
    for pk, candidate_id, kind, at, revocation in rows.values_list(
        "pk", "candidate_id", "kind", "occurred_at", "revocation"
    ):
        revoked = Revocation(revocation) if revocation else None
        events[owner[candidate_id]].append(Event(str(pk), EventKind(kind), at, revoked))
    return events


def _agrees(
    records: list[Candidate],
    events: list[Event],
    extensions: list[retention.Extension],
    restrictions: list[Restriction],
) -> bool:
    """Whether every record of a person holds what the rule says."""
    clock = retention.clock(
        max(record.collected_at for record in records),
        events,
        extensions,
        sourced=sourced(records),
        periods=periods(),
    )
    trimmed_before = max((record.trimmed_before for record in records if record.trimmed_before), default=None)
    waits = held_back_until(clock.expires_at, [restriction.for_policy for restriction in restrictions])
    expected: dict[str, Any] = {
        "last_contact_at": clock.last_contact_at,
        "last_contact_ref": UUID(clock.set_by) if clock.set_by else None,
        "due_on": clock.due_on,
        "erase_at": clock.erase_at,
        "keep_until": clock.keep_until,
        "expires_at": clock.expires_at,
        "restricted_at": min((restriction.opened_at for restriction in restrictions), default=None),
        "held_back_until": waits[0] if waits else None,
        "trimmed_before": trimmed_before,
        "trim_at": retention.trim_at(clock, trimmed_before),
    }
    return all(getattr(record, name) == value for record in records for name, value in expected.items())
