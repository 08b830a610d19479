"""Why a person's data go on the date that they go: the facts of all their records, and the clock computed from them.

One function, ``explain``, answers the worker's operator, the recruiter's screen, the person's own page and the export.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
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
    return [event for _, event in _contacts(records)]


def _contacts(records: Iterable[UUID]) -> Iterator[tuple[UUID, Event]]:
    """Every interaction, each with the record that it belongs to."""
    rows = Interaction.objects.filter(candidate_id__in=list(records))
    for pk, candidate_id, kind, at, revocation in rows.values_list(
        "pk", "candidate_id", "kind", "occurred_at", "revocation"
    ):
        yield candidate_id, Event(str(pk), EventKind(kind), at, Revocation(revocation) if revocation else None)


def live_restrictions(records: Iterable[UUID]) -> list[Restriction]:
    """The restrictions in force on these records."""
    return list(Restriction.objects.filter(candidate_id__in=list(records), lifted_at=None).order_by("opened_at"))


def sourced(records: list[Candidate]) -> retention.Sourced | None:
    """What the clock needs of a person whom we approached and who never applied; None for everybody else."""
    if any(record.origin not in APPROACHED for record in records):
        return None
    return retention.Sourced(min((record.noticed_at for record in records if record.noticed_at), default=None))


@dataclass(frozen=True)
class Facts:
    """What decides on a person's date, from all their records; and the dates, computed and not read from columns."""

    records: list[Candidate]
    contacts: list[Event] = field(default_factory=list)
    consents: list[Consent] = field(default_factory=list)
    restrictions: list[Restriction] = field(default_factory=list)

    @cached_property
    def clock(self) -> retention.Clock:
        """What the rule says."""
        return retention.clock(
            max(record.collected_at for record in self.records),
            self.contacts,
            [
                retention.Extension(consent.ends_on, consent.withdrawn_at or consent.replaced_at)
                for consent in self.consents
            ],
            sourced=sourced(self.records),
            periods=periods(),
        )

    @cached_property
    def held_back(self) -> tuple[datetime, Deferral] | None:
        """Until when restrictions keep the person past the date, and why."""
        return held_back_until(self.clock.expires_at, [restriction.for_policy for restriction in self.restrictions])

    @property
    def restricted_at(self) -> datetime | None:
        """Since when the person is restricted."""
        return min((restriction.opened_at for restriction in self.restrictions), default=None)

    @property
    def trimmed_before(self) -> datetime | None:
        """Up to when the old process's data are gone."""
        return max((record.trimmed_before for record in self.records if record.trimmed_before), default=None)

    @property
    def trim_at(self) -> datetime | None:
        """When the old process's data go; None where they go with everything, or are gone."""
        return retention.trim_at(self.clock, self.trimmed_before)


def facts_of(records: Iterable[Candidate]) -> dict[UUID, Facts]:
    """The facts of each person, of whom all records are given; three queries, however many there are."""
    people: dict[UUID, Facts] = {}
    owner: dict[UUID, Facts] = {}
    for record in records:
        owner[record.pk] = people.setdefault(record.person_ref, Facts([]))
        owner[record.pk].records.append(record)
    for candidate_id, event in _contacts(owner):
        owner[candidate_id].contacts.append(event)
    for consent in Consent.objects.filter(candidate_id__in=list(owner)).order_by("granted_at"):
        owner[consent.candidate_id].consents.append(consent)
    for restriction in live_restrictions(owner):
        owner[restriction.candidate_id].restrictions.append(restriction)
    return people


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
    facts = facts_of(records)[person_ref]
    erase_after = records[0].erase_after
    action, moment = _next(facts, erase_after, as_of)
    is_sourced = sourced(records) is not None
    events = judge([*facts.contacts, *_other_events(refs, facts.consents)], is_sourced=is_sourced)
    return Explanation(
        person_ref=person_ref,
        records=refs,
        events=sorted(events, key=lambda found: (found.at, found.counts), reverse=True),
        clock=facts.clock,
        consents=facts.consents,
        restrictions=facts.restrictions,
        holds=list(Hold.objects.filter(Q(person_ref=person_ref) | Q(subject_ref__in=refs), released_at=None)),
        erase_after=erase_after,
        held_back=facts.held_back,
        trim_at=facts.trim_at,
        trimmed_before=facts.trimmed_before,
        state=_state(facts, as_of),
        next_action=action,
        next_at=moment,
    )


def _state(facts: Facts, as_of: datetime) -> str:
    if any(record.erasing_ref for record in facts.records):
        return "ERASING"
    if facts.records[0].erase_after:
        return "ERASURE_REQUESTED"
    if facts.clock.expires_at <= as_of:
        return "EXPIRED"
    if facts.restrictions:
        return "RESTRICTED"
    return "KEPT_BY_CONSENT" if facts.clock.erase_at <= as_of else "KEPT"


def _next(facts: Facts, erase_after: datetime | None, as_of: datetime) -> tuple[str, datetime]:
    """What happens next, and when."""
    clock, held_back, trim_at = facts.clock, facts.held_back, facts.trim_at
    expiry = held_back[0] if held_back and held_back[0] > clock.expires_at else clock.expires_at
    if erase_after and erase_after < expiry:
        return "ERASE", erase_after
    if trim_at and trim_at < clock.expires_at:
        return "ERASE_OLD_PROCESS", trim_at
    if held_back and held_back[0] > max(as_of, clock.expires_at):
        return f"WAIT_{held_back[1]}", held_back[0]
    return "ERASE", expiry


NO_CONTACT_MAIL = {EmailKind.RETENTION_REMINDER: EventKind.REMINDER, EmailKind.RESTRICTION_ENDS: EventKind.REMINDER}


def _other_events(refs: list[UUID], consents: list[Consent]) -> list[Event]:
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
    for consent in consents:
        events.append(Event(str(consent.pk), EventKind.CONSENT_CHANGED, consent.granted_at))
        if consent.withdrawn_at:
            events.append(Event(f"{consent.pk}:withdrawn", EventKind.CONSENT_CHANGED, consent.withdrawn_at))
    return events
