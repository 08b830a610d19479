"""Reminders before an erasure: 30 and 7 days, once each (spec §2.6).

A reminder is no contact, moves no date, and an erasure waits for none: a mail that comes back is shown to the privacy
officer and nothing else follows from it. The dangers, and what is done about each:

* Somebody is reminded of a date that is no longer so. The clock drops reminders that have not gone out when it moves,
  and each run drops those of people who were hidden meanwhile.
* Somebody is reminded twice. The person, the date and the days are the mail's key in the outbox, asked for again under
  the lock on the record.
* A mail goes where it must not: to an address that nobody confirmed, to a restricted person, to somebody who objected.
  Those are never selected.
* A mail scanner follows the links. Looking at them changes nothing (``accounts.services.links``).
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from accounts.enums import LinkPurpose
from audit.enums import Action
from audit.services import record_events
from candidates.models import Candidate, Consent, Suppression
from candidates.selectors.people import longer_until
from candidates.services.mail import mark_undeliverable
from candidates.services.mailed_links import create_record_links
from candidates.services.suppression import is_suppressed
from common.actors import SYSTEM
from mailing.enums import EmailKind
from mailing.services import drop_unsent, queue_email
from policy.calendar import local_date
from privacy.selectors import reminders as selectors

BATCH_SIZE = 500
TOKENS = {
    LinkPurpose.WITHDRAW_CONSENT: "withdraw_token",
    LinkPurpose.GIVE_CONSENT: "agree_token",
    LinkPurpose.ERASE: "erase_token",
}
"""What a reminder's template calls the links of each kind."""
Place = tuple[datetime, UUID]


def send_retention_reminders(*, at: datetime, limit: int = 0) -> int:
    """Queue the reminders that are due at ``at``, the most urgent first; returns how many.

    ``limit`` is the most that one run queues; 0 for all. Several workers may run it at once. Repeating it changes
    nothing.
    """
    drop_unsent(EmailKind.RETENTION_REMINDER, selectors.void_reminders(at))
    queued = 0
    for days, until in reversed(selectors.windows()):
        place: Place | None = None
        while not limit or queued < limit:
            size = min(BATCH_SIZE, limit - queued) if limit else BATCH_SIZE
            place, number = _remind_batch(place, days=days, until=until, size=size, at=at)
            queued += number
            if place is None:
                break
    return queued


def _remind_batch(after: Place | None, *, days: int, until: int, size: int, at: datetime) -> tuple[Place | None, int]:
    """The next ``size`` people after a place in the order of their dates; those who were reminded are only read.

    Returns the place of the last, None where there was nobody, and how many reminders were queued.
    """
    rows = selectors.in_window(at, days=days, until=until)
    if after:
        rows = rows.filter(Q(expires_at__gt=after[0]) | Q(expires_at=after[0], pk__gt=after[1]))
    records = list(rows[:size])
    if not records:
        return None, 0
    waiting = [record.pk for record in selectors.not_reminded(records, days)]
    queued = _remind(waiting, days=days, until=until, at=at) if waiting else 0
    return (records[-1].expires_at, records[-1].pk), queued


@transaction.atomic
def _remind(refs: Sequence[UUID], *, days: int, until: int, at: datetime) -> int:
    """Queue the reminders of these people. What was seen is asked again under lock: the date may have moved, and
    another worker may have been here.
    """
    rows = selectors.in_window(at, days=days, until=until).filter(pk__in=refs)
    locked = list(rows.select_for_update(skip_locked=True, of=("self",)))
    chosen = _without_suppressed(selectors.not_reminded(locked, days))
    _queue(chosen, days, at)
    record_events(Action.REMINDER_QUEUED, [record.pk for record in chosen], at=at, actor=SYSTEM)
    return len(chosen)


def _without_suppressed(records: list[Candidate]) -> list[Candidate]:
    if not Suppression.objects.exists():
        return records
    return [record for record in records if not is_suppressed(record.address, record.phone_e164)]


def _queue(records: Sequence[Candidate], days: int, at: datetime) -> None:
    """The mails of a batch, with their links. Under a consent a mail takes it back; it offers one that reaches
    further than what is agreed.
    """
    live = Consent.objects.filter(
        candidate__person_ref__in=[record.person_ref for record in records],
        withdrawn_at=None,
        ended_at=None,
        ends_on__gte=local_date(at),
    )
    agreed = dict(live.order_by("ends_on").values_list("candidate__person_ref", "ends_on"))
    offered = [longer_until(record.due_on, agreed.get(record.person_ref), as_of=at) for record in records]
    wanted = [
        (record, purpose)
        for record, longer in zip(records, offered, strict=True)
        for purpose, is_wanted in (
            (LinkPurpose.WITHDRAW_CONSENT, record.person_ref in agreed),
            (LinkPurpose.GIVE_CONSENT, longer is not None),
            (LinkPurpose.ERASE, True),
        )
        if is_wanted
    ]
    tokens: dict[UUID, dict[str, str]] = defaultdict(dict)
    for (record, purpose), token in zip(wanted, create_record_links(wanted, at=at), strict=True):
        tokens[record.pk][TOKENS[purpose]] = token
    for record, longer in zip(records, offered, strict=True):
        queue_email(
            EmailKind.RETENTION_REMINDER,
            to_address=record.email,
            language=record.language,
            context={
                "keep_until": record.keep_until.isoformat(),
                "longer_until": longer.isoformat() if longer else "",
                **tokens[record.pk],
            },
            dedupe_key=selectors.key_of(record, days),
            subject_ref=record.pk,
            at=at,
        )


def note_undeliverable(*, at: datetime, limit: int = 500) -> int:
    """Mark the addresses to which the mail server refused a reminder for good; returns how many.

    Nothing waits for it and no other address is looked for. A mail that comes back later is
    ``candidates.services.mail.mail_bounced``'s.
    """
    failed = Candidate.objects.filter(pk__in=selectors.failed_reminders(limit))
    return sum(mark_undeliverable(candidate, at=at) for candidate in failed)
