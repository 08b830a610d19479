"""Alarms: what somebody must look at, raised once, mailed to the privacy officers, and cleared when it is over.

A promise that is broken in silence is the worst failure of this portal: a job that does nothing, a store that refuses,
a colleague who reads everything. So each is looked for from the outside, on the rows and not in the code that should
have done the work. Mails and log lines hold a kind, a number and opaque references.
"""

import logging
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import Count, DateTimeField, F, Min, Q
from django.db.models.functions import Coalesce, Greatest

from accounts.models import User
from audit.enums import Access
from audit.models import AccessEvent
from candidates.enums import InteractionKind
from candidates.models import Interaction
from candidates.models.candidates import CandidateQuerySet
from common.actors import ActorKind
from files.errors import StoreError
from mailing.enums import EmailKind
from mailing.services import queue_email
from policy.calendar import add_months, local_date, local_midnight
from policy.retention import ANSWERS
from privacy.enums import AlarmKind
from privacy.models import Alarm, ErasureBatch, RetentionRun, RunStop
from privacy.services import ledger
from privacy.services.claims import eligible

DAY: Final = timedelta(days=1)
WEEK: Final = timedelta(days=7)
STOPPED: Final = timedelta(hours=96)
"""Live stores are clean within 24 hours of the erase moment, 96 where the circuit breaker held (limits.md)."""

OPENED_PER_HOUR: Final = 50
UNANSWERED_MAILS: Final = 4
UNANSWERED_MONTHS: Final = 12
MOST: Final = 20
"""So many alarms of one kind at a time: more would bury what they say."""

log = logging.getLogger(__name__)


@transaction.atomic
def raise_alarm(kind: AlarmKind, *, at: datetime, ref: str = "", number: int = 0) -> bool:
    """Raise an alarm unless it is raised already, mail it to every privacy officer, and log it as an error.

    ``ref`` is an opaque reference where it is about one thing. Where there is no privacy officer the controller's own
    address gets the mail. Returns whether it is new; the number of one that is not is brought up to date.
    """
    alarm = Alarm(kind=kind, ref=ref, number=number, raised_at=at)
    Alarm.objects.bulk_create([alarm], ignore_conflicts=True)
    if not Alarm.objects.filter(pk=alarm.pk).exists():
        Alarm.objects.filter(kind=kind, ref=ref, cleared_at=None).update(number=number)
        return False
    log.error("alarm kind=%s ref=%s number=%d", kind.value, ref or "-", number)
    people = list(User.objects.privacy_officers().values_list("email", "language"))
    for place, (address, language) in enumerate(people or [(settings.CONTROLLER["email"], settings.LANGUAGE_CODE)]):
        queue_email(
            EmailKind.ALARM,
            to_address=address,
            language=language,
            context={"kind": kind.value, "number": number},
            dedupe_key=f"{alarm.pk}:{place}",
            at=at,
        )
    return True


def clear_alarm(kind: AlarmKind, *, at: datetime, ref: str = "") -> None:
    """Clear an alarm that is over; nothing where there is none."""
    Alarm.objects.filter(kind=kind, ref=ref, cleared_at=None).update(cleared_at=at)


def watch(*, at: datetime) -> None:
    """Look at everything that an hourly look is enough for; raise what is wrong and clear what is over."""
    age = oldest_due_age(at)
    log.info("retention.oldest_due_seconds=%d", age.total_seconds())
    longest = STOPPED if RunStop.objects.filter(closed_at=None).exists() else DAY
    _settle(AlarmKind.OLDEST_DUE, {"": _hours(age)} if age > longest else {}, at)
    _settle(AlarmKind.NOTHING_ERASED, _nothing_erased(at, longest) if age > longest else {}, at)
    _settle(AlarmKind.BLOCKED, _batches(Q(blocked_since__lte=at - DAY)), at)
    is_old = Q(blocked_since__lte=at - WEEK) | Q(claimed_at__lte=at - WEEK, mailbox_waits_since=None)
    _settle(AlarmKind.INCIDENT, _batches(is_old), at)
    _settle(AlarmKind.MAILBOX, _batches(Q(mailbox_waits_since__lte=at - WEEK, mailbox_purged_at=None)), at)
    _settle(AlarmKind.MUCH_ACCESS, _much_access(at), at)


def watch_daily(*, at: datetime) -> None:
    """Look at what takes a pass over much data: the whole ledger, and a year of mail."""
    _settle(AlarmKind.MUCH_MAIL, _much_mail(at), at)
    try:
        problems = ledger.verify()
    except StoreError:
        # Unknown is not wrong: an alarm that is raised stays, and none is cleared by a store that is silent.
        log.exception("the ledger cannot be read")
        return
    _settle(AlarmKind.LEDGER, {"": len(problems)} if problems else {}, at)


def oldest_due_age(at: datetime) -> timedelta:
    """How long the oldest person who may be erased has been due; zero where nobody is.

    Whoever waits for a restriction, an answer or a mailbox's purge is not counted.
    """
    expired = Greatest(F("expires_at"), Coalesce(F("held_back_until"), F("expires_at")))
    found = _of_the_worker(eligible(at)).aggregate(
        asked=Min("erase_after", filter=Q(erase_after__lte=at)),
        expired=Min(expired, filter=Q(expires_at__lte=at, erase_after=None), output_field=DateTimeField()),
    )
    moments = [moment for moment in found.values() if moment]
    return max(timedelta(), at - min(moments)) if moments else timedelta()


def _settle(kind: AlarmKind, found: Mapping[str, int], at: datetime) -> None:
    """Raise an alarm for each reference found, and clear those of the kind that are not found any more."""
    for ref, number in list(found.items())[:MOST]:
        raise_alarm(kind, ref=ref, number=number, at=at)
    Alarm.objects.filter(kind=kind, cleared_at=None).exclude(ref__in=list(found)).update(cleared_at=at)


def _hours(age: timedelta) -> int:
    return int(age.total_seconds() // 3600)


def _nothing_erased(at: datetime, longest: timedelta) -> dict[str, int]:
    """People have been due for long, and no run of the last day erased anybody."""
    if RetentionRun.objects.filter(at__gt=at - DAY, at__lte=at, erased__gt=0).exists():
        return {}
    people = eligible(at - longest).filter(pk__in=eligible(at).values("pk"))
    number = _of_the_worker(people).values("person_ref").distinct().count()
    return {"": number} if number else {}


def _of_the_worker(records: CandidateQuerySet) -> CandidateQuerySet:
    """Those of these records whose erasure does not wait for a human who purges a mailbox."""
    return records.exclude(erasing_ref__in=ErasureBatch.objects.waiting_for_mailbox().values("pk"))


def _batches(condition: Q) -> dict[str, int]:
    """Unfinished batches of which something is true, and how many records each has."""
    rows = ErasureBatch.objects.unfinished().filter(condition)
    return {str(batch.pk): len(batch.candidate_refs) for batch in rows.order_by("claimed_at", "pk")}


def _much_access(at: datetime) -> dict[str, int]:
    """Who of the staff opened more than 50 candidates within an hour. The last two are looked at, so that no hour falls
    between two looks.
    """
    rows = AccessEvent.objects.filter(
        at__gt=at - timedelta(hours=2),
        at__lte=at,
        actor_kind=ActorKind.STAFF.value,
        actor_ref__isnull=False,
        access__in=(Access.VIEWED, Access.DOWNLOADED),
    )
    most: dict[str, int] = {}
    for actor, number in _opened_within_an_hour(rows.order_by("actor_ref", "at", "pk").iterator()):
        if number > OPENED_PER_HOUR:
            most[actor] = max(number, most.get(actor, 0))
    return most


def _opened_within_an_hour(events: Iterator[AccessEvent]) -> Iterator[tuple[str, int]]:
    """For each look at a candidate, how many different ones its actor opened in the hour up to it."""
    actor, window = None, []  # type: ignore[var-annotated]
    for event in events:
        if event.actor_ref != actor:
            actor, window = event.actor_ref, []
        window.append(event)
        while window[0].at <= event.at - timedelta(hours=1):
            window.pop(0)
        yield str(actor), len({ref for seen in window for ref in seen.subject_refs})


def _much_mail(at: datetime) -> dict[str, int]:
    """To whom we wrote again and again in a year without any answer: each mail moves the date of their erasure."""
    since = local_midnight(add_months(local_date(at), -UNANSWERED_MONTHS))
    rows = (
        Interaction.objects.filter(occurred_at__gt=since, occurred_at__lte=at, revocation="")
        .values("candidate__person_ref")
        .annotate(
            sent=Count("pk", filter=Q(kind=InteractionKind.MAIL_SENT)),
            answers=Count("pk", filter=Q(kind__in=[kind.value for kind in ANSWERS])),
        )
        .filter(sent__gte=UNANSWERED_MAILS, answers=0)
        .order_by("candidate__person_ref")
    )
    return {str(row["candidate__person_ref"]): row["sent"] for row in rows.iterator()}
