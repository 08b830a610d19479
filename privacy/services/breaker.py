"""The circuit breaker: whether expired people may be erased now, or wait for a person (policy.breaker, limits.md).

While it is open they stay hidden, and erasures that somebody asked for go on. It closes by an approval, or by itself
when its time is over and nobody objected: an absent approver must not break the promise. An objection keeps it open
until it is approved; then alarms tell how long people have been due.
"""

import logging
from datetime import datetime, timedelta
from itertools import islice
from typing import Final
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Sum
from django.db.models.functions import TruncDate
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.enums import Action
from audit.services import Detail, record_event
from candidates.models import Candidate
from candidates.selectors.clock import periods
from candidates.services.clock import BATCH, disagreeing
from common.actors import Actor
from common.clock import Boot
from common.errors import Refused
from policy import breaker, retention
from policy.calendar import HELSINKI, local_date, local_midnight
from privacy.enums import AlarmKind, StopReason
from privacy.models import RetentionRun, RunStop
from privacy.services.alarms import clear_alarm, raise_alarm

LOCK: Final = 7_160
ALONE: Final = timedelta(hours=24)
"""After how long the only privacy officer may confirm what they approved themselves."""

log = logging.getLogger(__name__)


@transaction.atomic
def expiries_are_stopped(*, at: datetime, due: int, boot: Boot | None) -> bool:
    """Whether this run must leave expired people alone; every run, also one that is stopped, writes its row after it.

    Opens a stop with its alarm where ``policy.breaker`` says so, and closes those whose time is over and to which
    nobody objected. ``due`` is how many people the run would erase because their time is over; ``boot`` is the kernel's
    count of time (``common.clock.boot``), None where there is none to trust. Workers ask one after the other.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    # Who looks at a stop decides on all who are due by then.
    RunStop.objects.filter(closed_at=None, due__lt=due).update(due=due)
    _close_over(at)
    usual = breaker.usual(_erased_per_day(at))
    now = breaker.Reading(at, boot.ref, boot.since) if boot else None
    past = _past(at, now)
    for trip in breaker.trips(due, usual, periods(), past=past, now=now, let_through=_let_through(at)):
        if trip is breaker.Trip.LARGE or not _is_settled(trip, past):
            _open(trip, at=at, due=due, usual=usual)
    return RunStop.objects.filter(closed_at=None).exists()


def _open(trip: breaker.Trip, *, at: datetime, due: int, usual: int) -> None:
    reason = StopReason(trip.value)
    if RunStop.objects.filter(reason=reason, closed_at=None).exists():
        return
    stop = RunStop.objects.create(
        reason=reason, raised_at=at, due=due, usual=usual, goes_on_at=at + breaker.WAITS[trip]
    )
    raise_alarm(AlarmKind.RUN_STOPPED, ref=str(stop.pk), number=due, at=at)


def _close_over(at: datetime) -> None:
    """Close what has waited long enough."""
    for stop in RunStop.objects.filter(closed_at=None, objected_at=None, goes_on_at__lte=at):
        _close(stop, at)
        log.warning("the stop %s of the erasure worker is over: nobody objected", stop.pk)


def _close(stop: RunStop, at: datetime) -> None:
    stop.closed_at = at
    stop.save()
    clear_alarm(AlarmKind.RUN_STOPPED, ref=str(stop.pk), at=at)


def _past(at: datetime, now: breaker.Reading | None) -> breaker.Past | None:
    """What is known of the runs before. Of two runs the later row is the later run, whatever their clocks said."""
    runs = RetentionRun.objects.exclude(at=at).order_by("-pk")
    last = runs.first()
    if last is None:
        return None
    same = runs.filter(boot_ref=now.boot_ref).first() if now and now.boot_ref else None
    return breaker.Past(
        retention.Periods(base=last.base_months, unanswered=last.unanswered_months),
        _reading(last),
        _reading(same) if same else None,
    )


def _reading(run: RetentionRun) -> breaker.Reading:
    return breaker.Reading(run.at, run.boot_ref, run.since_boot)


def _is_settled(trip: breaker.Trip, past: breaker.Past | None) -> bool:
    """Whether a stop for this reason has ended since the last run: then it was about the same change."""
    closed = RunStop.objects.filter(reason=trip.value, closed_at__isnull=False).order_by("-closed_at").first()
    return bool(past and closed and closed.raised_at > past.last.at)


def _erased_per_day(at: datetime) -> list[int]:
    """How many were erased on each of the last local days, today not among them; days without a run count as 0."""
    today = local_date(at)
    first = today - timedelta(days=breaker.DAYS)
    runs = RetentionRun.objects.filter(at__gte=local_midnight(first), at__lt=local_midnight(today))
    days = dict(
        runs.annotate(day=TruncDate("at", tzinfo=HELSINKI))
        .values("day")
        .annotate(number=Sum("erased"))
        .values_list("day", "number")
    )
    return [days.get(first + timedelta(days=number), 0) for number in range(breaker.DAYS)]


def _let_through(at: datetime) -> int:
    """How many of those whom the last stop let go are not erased yet."""
    since = at - timedelta(days=breaker.DAYS)
    last = RunStop.objects.filter(closed_at__gte=since).order_by("-closed_at").first()
    if last is None or last.closed_at is None:
        return 0
    erased = RetentionRun.objects.filter(at__gte=last.closed_at).aggregate(number=Sum("erased"))["number"] or 0
    return max(0, last.due - erased)


@transaction.atomic
def approve_stop(stop_id: UUID, *, actor: Actor, reason: str, at: datetime) -> bool:
    """Approve that a stopped run goes on; returns whether it does now, or needs a second person still.

    The first approval is a proposal that another privacy officer confirms. Where there is no other, the same person
    confirms it after 24 hours. Raises RunStop.DoesNotExist, and Refused where the stop is over ("closed"), no reason is
    given ("reason"), the same person comes again ("second_person") or too early ("too_early"), or the dates of somebody
    who is due are not yet those of the new periods ("dates").
    """
    stop = _held(stop_id)
    reason = reason.strip()
    if not reason:
        raise Refused("reason", _("Say why it is right to go on."))
    is_final = stop.approved_at is not None
    if stop.approved_at is not None and actor.ref is not None and stop.approved_by_id == actor.ref:
        if _has_others(actor.ref):
            raise Refused("second_person", _("A second person must confirm this."))
        if at < stop.approved_at + ALONE:
            raise Refused(
                "too_early", _("You are the only privacy officer: confirm it 24 hours after you approved it.")
            )
    if is_final and stop.reason == StopReason.PERIODS_CHANGED and _dates_are_moving(at):
        raise Refused("dates", _("The dates are still being brought up to date. Confirm again in an hour."))
    details: dict[str, Detail] = {"reason": StopReason(stop.reason), "due": stop.due, "is_final": is_final}
    record_event(Action.RUN_APPROVED, at=at, actor=actor, object_ref=stop.pk, details=details)
    if is_final:
        stop.approval_reason = f"{stop.approval_reason}\n{reason}"[:500]
        _close(stop, at)
    else:
        stop.approved_at, stop.approved_by_id, stop.approval_reason = at, actor.ref, reason[:249]
        stop.save()
    return is_final


@transaction.atomic
def object_to_stop(stop_id: UUID, *, actor: Actor, at: datetime) -> None:
    """Object: the run waits until it is approved, however long. A proposal to go on falls, and is to be made anew.

    Raises RunStop.DoesNotExist, and Refused where the stop is over ("closed").
    """
    stop = _held(stop_id)
    stop.objected_at, stop.objected_by_id = at, actor.ref
    stop.approved_at, stop.approved_by_id, stop.approval_reason = None, None, ""
    stop.save()
    details: dict[str, Detail] = {"reason": StopReason(stop.reason), "due": stop.due}
    record_event(Action.RUN_OBJECTED, at=at, actor=actor, object_ref=stop.pk, details=details)


def _held(stop_id: UUID) -> RunStop:
    stop = RunStop.objects.select_for_update().get(pk=stop_id)
    if stop.closed_at:
        raise Refused("closed", _("This stop is over already."))
    return stop


def _dates_are_moving(at: datetime) -> bool:
    """Whether anybody is due by a date that is not what the rule says now."""
    due = Candidate.objects.expired(at).values_list("person_ref", flat=True).distinct()
    refs = iter(due.iterator())
    while batch := list(islice(refs, BATCH)):
        if disagreeing(batch):
            return True
    return False


def _has_others(ref: UUID) -> bool:
    """Whether there is another privacy officer who can sign in."""
    return User.objects.privacy_officers().exclude(pk=ref).exists()
