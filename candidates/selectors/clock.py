"""Why a person's data go on the date that they go: the facts of all their records, and the clock computed from them.

One function, ``explain``, answers the worker's operator, the recruiter's screen, the person's own page and the export.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.conf import settings
from django.db.models import Q

from candidates.enums import APPROACHED, InterviewState
from candidates.models import (
    Candidate,
    Consent,
    Hold,
    Interaction,
    Interview,
    Note,
    Restriction,
    StageChange,
)
from mailing.enums import EmailKind
from mailing.models import OutboxEmail
from policy import retention
from policy.contact import Event, EventKind, Revocation, Verdict, judge
from policy.expiry import Deferral, held_back_until


def periods() -> retention.Periods:
    """The periods in force: the policy's, or the shorter ones that a setting names."""
    return retention.Periods(base=settings.RETENTION_MONTHS, unanswered=settings.SOURCED_MONTHS)


def contact_events(records: Iterable[UUID]) -> list[Event]:
    """Every interaction with these records, whether it counts or not."""
    rows = Interaction.objects.filter(candidate_id__in=list(records))
    return [
        Event(
            str(row.pk),
            EventKind(row.kind),
            row.occurred_at,
            Revocation(row.revocation) if row.revocation else None,
        )
        for row in rows
    ]


def extensions(records: Iterable[UUID]) -> list[retention.Extension]:
    """Every consent to longer storage of these records, as the clock needs it."""
    rows = Consent.objects.filter(candidate_id__in=list(records))
    return [retention.Extension(row.ends_on, row.withdrawn_at) for row in rows]


def live_restrictions(records: Iterable[UUID]) -> list[Restriction]:
    """The restrictions in force on these records."""
    return list(Restriction.objects.filter(candidate_id__in=list(records), lifted_at=None).order_by("opened_at"))


def sourced(records: list[Candidate]) -> retention.Sourced | None:
    """What the clock needs of a person whom we approached and who never applied; None for everybody else."""
    if any(record.origin not in APPROACHED for record in records):
        return None
    return retention.Sourced(min((record.noticed_at for record in records if record.noticed_at), default=None))


def compute_clock(records: list[Candidate]) -> retention.Clock:
    """The clock of a person from all their records, computed anew and not read from columns."""
    refs = [record.pk for record in records]
    return retention.clock(
        max(record.collected_at for record in records),
        contact_events(refs),
        extensions(refs),
        sourced=sourced(records),
        periods=periods(),
    )


@dataclass(frozen=True)
class Explanation:
    """Why a person's data go on the date that they go: what the worker, the screen and the command all show."""

    person_ref: UUID
    records: list[UUID]
    events: list[Verdict]
    clock: retention.Clock
    consents: list[Consent]
    restrictions: list[Restriction]
    holds: list[Hold]
    erase_after: datetime | None
    held_back: tuple[datetime, Deferral] | None
    trim_at: datetime | None
    trimmed_before: datetime | None
    state: str
    next_action: str
    next_at: datetime

    @property
    def set_by(self) -> Verdict | None:
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
    clock = compute_clock(records)
    restrictions = live_restrictions(refs)
    held_back = held_back_until(clock.expires_at, [restriction.for_policy for restriction in restrictions])
    trimmed_before = max((record.trimmed_before for record in records if record.trimmed_before), default=None)
    trim_at = retention.trim_at(clock, trimmed_before)
    erase_after = records[0].erase_after
    state = _state(records, clock, restrictions, as_of)
    action, moment = _next(clock, erase_after, held_back, trim_at, as_of)
    is_sourced = sourced(records) is not None
    events = judge([*contact_events(refs), *_other_events(refs)], is_sourced=is_sourced)
    return Explanation(
        person_ref=person_ref,
        records=refs,
        events=sorted(events, key=lambda found: (found.at, found.counts), reverse=True),
        clock=clock,
        consents=list(Consent.objects.filter(candidate_id__in=refs).order_by("granted_at")),
        restrictions=restrictions,
        holds=list(Hold.objects.filter(Q(person_ref=person_ref) | Q(subject_ref__in=refs), released_at=None)),
        erase_after=erase_after,
        held_back=held_back,
        trim_at=trim_at,
        trimmed_before=trimmed_before,
        state=state,
        next_action=action,
        next_at=moment,
    )


def _state(records: list[Candidate], clock: retention.Clock, restrictions: list[Restriction], as_of: datetime) -> str:
    if any(record.erasing_ref for record in records):
        return "ERASING"
    if records[0].erase_after:
        return "ERASURE_REQUESTED"
    if clock.expires_at <= as_of:
        return "EXPIRED"
    if restrictions:
        return "RESTRICTED"
    return "KEPT_BY_CONSENT" if clock.erase_at <= as_of else "KEPT"


def _next(
    clock: retention.Clock,
    erase_after: datetime | None,
    held_back: tuple[datetime, Deferral] | None,
    trim_at: datetime | None,
    as_of: datetime,
) -> tuple[str, datetime]:
    """What happens next, and when."""
    expiry = held_back[0] if held_back and held_back[0] > clock.expires_at else clock.expires_at
    if erase_after and erase_after < expiry:
        return "ERASE", erase_after
    if trim_at and trim_at < clock.expires_at:
        return "ERASE_OLD_PROCESS", trim_at
    if held_back and held_back[0] > max(as_of, clock.expires_at):
        return f"WAIT_{held_back[1]}", held_back[0]
    return "ERASE", expiry


NO_CONTACT_MAIL = {EmailKind.RETENTION_REMINDER: EventKind.REMINDER, EmailKind.RESTRICTION_ENDS: EventKind.REMINDER}


def _other_events(refs: list[UUID]) -> list[Event]:
    """What happened and does not count: work of the staff, automatic mail, consents, what is only planned."""
    events = [
        Event(str(pk), EventKind.STAFF_WORK, at)
        for model, path in ((Note, "candidate_id__in"), (StageChange, "application__candidate_id__in"))
        for pk, at in model.objects.filter(**{path: refs}).values_list("pk", "at")
    ]
    mails = OutboxEmail.objects.filter(subject_ref__in=refs).values_list("pk", "kind", "queued_at")
    events += [
        Event(str(pk), NO_CONTACT_MAIL.get(EmailKind(kind), EventKind.AUTOMATIC_MAIL), at) for pk, kind, at in mails
    ]
    planned = Interview.objects.filter(candidate_id__in=refs, state=InterviewState.PLANNED)
    events += [Event(str(pk), EventKind.INTERVIEW_PLANNED, at) for pk, at in planned.values_list("pk", "planned_at")]
    for consent in Consent.objects.filter(candidate_id__in=refs):
        events.append(Event(str(consent.pk), EventKind.CONSENT_CHANGED, consent.granted_at))
        if consent.withdrawn_at:
            events.append(Event(f"{consent.pk}:withdrawn", EventKind.CONSENT_CHANGED, consent.withdrawn_at))
    return events
