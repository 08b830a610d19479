"""The privacy officer's start page: what waits for a human, the most pressing first, with nobody's name on it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import F, Q

from candidates.models import Candidate, Hold, Restriction
from policy.calendar import local_date
from policy.expiry import LASTING
from privacy.enums import CaseReason, CaseState
from privacy.models import Alarm, BulkErasure, ErasureBatch, ErasureCase, RunStop, SubjectRequest
from privacy.selectors.reminders import Undeliverable, undeliverable

REVIEW_WITHIN = timedelta(days=14)
TOLD_WITHIN = timedelta(days=30)


@dataclass(frozen=True)
class Waiting:
    """One person's erasure that does not go on by itself; ``person_ref`` is empty where the rows are gone already."""

    case: ErasureCase
    person_ref: UUID | None


@dataclass(frozen=True)
class Desk:
    """What is to be done by the privacy officer."""

    as_of: datetime
    alarms: list[Alarm]
    stops: list[RunStop]
    requests: list[SubjectRequest]
    bulk: list[BulkErasure]
    restrictions: list[Restriction]
    holds: list[Hold]
    waiting: list[Waiting]
    mailboxes: list[ErasureBatch]
    undeliverable: list[Undeliverable]

    @property
    def today(self) -> date:
        """The local date."""
        return local_date(self.as_of)

    @property
    def untold(self) -> list[UUID]:
        """The restrictions that end soon and whose person no mail could tell."""
        return [
            row.pk
            for row in self.restrictions
            if row.told_at is None
            and row.ground not in set(LASTING)
            and row.candidate.expires_at <= self.as_of + TOLD_WITHIN
        ]

    @property
    def is_clear(self) -> bool:
        """Whether nothing waits."""
        return not any(
            (
                self.alarms, self.stops, self.requests, self.bulk, self.restrictions, self.holds, self.waiting,
                self.mailboxes, self.undeliverable,
            )
        )  # fmt: skip


def desk(as_of: datetime) -> Desk:
    """Everything that waits for the privacy officer at an instant."""
    soon = local_date(as_of) + REVIEW_WITHIN
    holds = Hold.objects.filter(released_at=None, review_on__lte=soon)
    return Desk(
        as_of=as_of,
        alarms=list(Alarm.objects.filter(cleared_at=None).order_by("raised_at")),
        stops=list(RunStop.objects.filter(closed_at=None).order_by("raised_at")),
        requests=list(SubjectRequest.objects.filter(closed_at=None).order_by("due_on", "received_at")),
        bulk=list(BulkErasure.objects.filter(decided_at=None).select_related("asked_by").order_by("asked_at")),
        restrictions=_restrictions(as_of, soon),
        holds=list(holds.select_related("owner").order_by("review_on")),
        waiting=_waiting(),
        mailboxes=list(ErasureBatch.objects.waiting_for_mailbox().order_by("mailbox_waits_since")),
        undeliverable=undeliverable(as_of),
    )


def _restrictions(as_of: datetime, soon: date) -> list[Restriction]:
    """Those to be reviewed, and those that end soon and whose person could not be told by mail."""
    untold = Q(told_at=None, candidate__expires_at__lte=as_of + TOLD_WITHIN) & ~Q(ground__in=sorted(LASTING))
    live = Restriction.objects.filter(untold | Q(review_on__lte=soon), lifted_at=None)
    return list(live.select_related("candidate").order_by("review_on"))


def _waiting() -> list[Waiting]:
    """Erasures deferred or blocked; those that wait for a mailbox stand with the mailboxes."""
    cases = ErasureCase.objects.filter(closed_at=None, state__in=(CaseState.DEFERRED, CaseState.BLOCKED))
    found = list(cases.exclude(reason=CaseReason.MAILBOX).order_by(F("waits_until").asc(nulls_first=True), "opened_at"))
    people = persons_of(case.candidate_ref for case in found)
    return [Waiting(case, people.get(case.candidate_ref)) for case in found]


def persons_of(candidate_refs: Iterable[UUID]) -> dict[UUID, UUID]:
    """The person of each of these records that is still kept."""
    return dict(Candidate.objects.filter(pk__in=list(candidate_refs)).values_list("pk", "person_ref"))
