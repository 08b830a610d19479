"""Who is to be reminded before an erasure, and whom no reminder reaches (spec §2.6)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, OuterRef, Q

from candidates.models import Candidate
from candidates.models.candidates import CandidateQuerySet
from mailing.enums import EmailKind, EmailState
from mailing.models import OutboxEmail
from policy.calendar import local_date, local_midnight

UNSENT = (EmailState.QUEUED, EmailState.HELD)


def windows() -> list[tuple[int, int]]:
    """Each reminder's days before the erasure, and the days at which the next one takes its place (0 for the last)."""
    days = sorted(settings.REMINDER_DAYS, reverse=True)
    return list(zip(days, [*days[1:], 0], strict=True))


def in_window(as_of: datetime, *, days: int, until: int) -> CandidateQuerySet:
    """The records to which the reminder of so many days before belongs at ``as_of``, one of each person, whether or
    not it was sent; in the order of their dates.

    Days are local dates before the day of the erasure: a reminder that was missed goes as long as more than ``until``
    days are left, and the one after it goes on another day. The index on ``expires_at`` finds them.
    """
    today = local_date(as_of)
    newer = _confirmed().filter(
        Q(collected_at__gt=OuterRef("collected_at")) | Q(collected_at=OuterRef("collected_at"), pk__gt=OuterRef("pk")),
        person_ref=OuterRef("person_ref"),
    )
    rows = (
        _confirmed()
        .visible(as_of)
        .filter(
            ~Exists(newer),
            expires_at__gt=local_midnight(today + timedelta(days=until)),
            expires_at__lte=local_midnight(today + timedelta(days=days)),
            undeliverable_at=None,
        )
    )
    return rows.order_by("expires_at", "pk")


def not_reminded(records: Sequence[Candidate], days: int) -> list[Candidate]:
    """Those of these records to which the reminder of so many days before has not been queued."""
    keys = [key_of(record, days) for record in records]
    sent = OutboxEmail.objects.filter(kind=EmailKind.RETENTION_REMINDER, dedupe_key__in=keys)
    known = set(sent.values_list("dedupe_key", flat=True))
    return [record for record, key in zip(records, keys, strict=True) if key not in known]


def _confirmed() -> CandidateQuerySet:
    """Records whose address may be written to."""
    return Candidate.objects.confirmed().filter(address_disowned_at=None).exclude(address="")


def key_of(record: Candidate, days: int) -> str:
    """What makes a reminder one reminder: the person, the date, and how long before."""
    return f"{record.person_ref}:{record.keep_until.isoformat()}:{days}"


def void_reminders(as_of: datetime) -> list[UUID]:
    """The records whose reminder must not go out any more: hidden, about to go, or not to be reached."""
    fine = Candidate.objects.visible(as_of).filter(pk=OuterRef("subject_ref"), undeliverable_at=None)
    waiting = OutboxEmail.objects.filter(~Exists(fine), kind=EmailKind.RETENTION_REMINDER, state__in=UNSENT)
    return [ref for ref in waiting.values_list("subject_ref", flat=True) if ref]


def failed_reminders(limit: int) -> list[UUID]:
    """The records whose reminder the mail server refused for good, and whose address nobody has marked yet.

    Where the person was in contact since, an old refusal says nothing any more.
    """
    unmarked = Candidate.objects.filter(
        pk=OuterRef("subject_ref"), undeliverable_at=None, last_contact_at__lt=OuterRef("queued_at")
    )
    failed = OutboxEmail.objects.filter(Exists(unmarked), kind=EmailKind.RETENTION_REMINDER, state=EmailState.FAILED)
    return [ref for ref in failed.order_by("pk").values_list("subject_ref", flat=True)[:limit] if ref]


@dataclass(frozen=True)
class Undeliverable:
    """A person who goes soon and whom no reminder reaches: since when, and the last day on which they are kept."""

    candidate_id: UUID
    name: str
    at: datetime
    keep_until: date


def undeliverable(as_of: datetime) -> list[Undeliverable]:
    """The people who go within the days of the reminders and to whose address mail comes back, the next to go first.

    It delays nothing; the privacy officer sees it. Who is shown this list is to be recorded.
    """
    last = local_midnight(local_date(as_of) + timedelta(days=max(settings.REMINDER_DAYS)))
    rows = Candidate.objects.visible(as_of).filter(expires_at__lte=last, undeliverable_at__isnull=False)
    return [
        Undeliverable(row.pk, row.name, row.undeliverable_at, row.keep_until)
        for row in rows.order_by("expires_at", "pk")
        if row.undeliverable_at
    ]
