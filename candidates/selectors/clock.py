"""Why a person's data go on the date that they go: the events of all their records, and the clock computed from
them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from candidates.models import Candidate, Consent, Interaction, Note, StageChange
from mailing.models import OutboxEmail
from policy import retention
from policy.contact import Event, EventKind


def contact_events(records: Iterable[UUID]) -> list[Event]:
    """Every interaction with these records, whether it counts or not."""
    rows = Interaction.objects.filter(candidate_id__in=list(records))
    return [
        Event(str(row.pk), EventKind(row.kind), row.occurred_at, is_revoked=row.revoked_at is not None) for row in rows
    ]


def extensions(records: Iterable[UUID]) -> list[retention.Extension]:
    """Every consent to longer storage of these records, as the clock needs it."""
    rows = Consent.objects.filter(candidate_id__in=list(records))
    return [retention.Extension(row.ends_on, row.withdrawn_at) for row in rows]


@dataclass(frozen=True)
class Explanation:
    """Why a person's data goes on the date that it goes: what the worker, the screen and the command all show."""

    person_ref: UUID
    records: list[UUID]
    events: list[Event]
    clock: retention.Clock
    consents: list[Consent]
    erase_after: datetime | None
    state: str
    next_action: str
    next_at: datetime

    @property
    def set_by(self) -> Event | None:
        """The event that set the date."""
        return next((event for event in self.events if event.ref == self.clock.set_by), None)

    @property
    def keep_until(self) -> date:
        """The last day on which anything is kept."""
        return self.clock.keep_until


def explain(person_ref: UUID, *, as_of: datetime) -> Explanation:
    """The clock of a person and everything that it looked at, newest first, computed anew and not read from columns.

    Raises Candidate.DoesNotExist where nobody has this reference.
    """
    records = list(Candidate.objects.filter(person_ref=person_ref).order_by("collected_at"))
    if not records:
        raise Candidate.DoesNotExist(person_ref)
    refs = [record.pk for record in records]
    events = sorted([*contact_events(refs), *_other_events(refs)], key=lambda event: event.at, reverse=True)
    clock = retention.clock(max(record.collected_at for record in records), events, extensions(refs))
    erase_after = records[0].erase_after
    moment = min(clock.expires_at, erase_after) if erase_after else clock.expires_at
    if any(record.erasing_ref for record in records):
        state = "ERASING"
    elif erase_after:
        state = "ERASURE_REQUESTED"
    elif clock.expires_at <= as_of:
        state = "EXPIRED"
    else:
        state = "KEPT"
    return Explanation(
        person_ref=person_ref,
        records=refs,
        events=events,
        clock=clock,
        consents=list(Consent.objects.filter(candidate_id__in=refs).order_by("granted_at")),
        erase_after=erase_after,
        state=state,
        next_action="ERASE",
        next_at=moment,
    )


def _other_events(refs: list[UUID]) -> list[Event]:
    """What happened and does not count: work of the staff, automatic mail, consents."""
    events = [
        Event(str(pk), EventKind.STAFF_WORK, at)
        for model, path in ((Note, "candidate_id__in"), (StageChange, "application__candidate_id__in"))
        for pk, at in model.objects.filter(**{path: refs}).values_list("pk", "at")
    ]
    mails = OutboxEmail.objects.filter(subject_ref__in=refs).values_list("pk", "queued_at")
    events += [Event(str(pk), EventKind.AUTOMATIC_MAIL, at) for pk, at in mails]
    for consent in Consent.objects.filter(candidate_id__in=refs):
        events.append(Event(str(consent.pk), EventKind.CONSENT_CHANGED, consent.granted_at))
        if consent.withdrawn_at:
            events.append(Event(f"{consent.pk}:withdrawn", EventKind.CONSENT_CHANGED, consent.withdrawn_at))
    return events
