"""Reconciliation: do the store and the rows agree, and do the stored dates agree with the rule (issue of retention).

It reports, repairs what can be repaired without losing anything, and raises an alarm for what a crash does not explain.
A row whose object is lost and a run that finds far too much unknown are left to a person.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from candidates.models import Candidate
from candidates.services.clock import disagreeing, people, recompute_clock
from files import doctor
from files import reconcile as files
from privacy.enums import AlarmKind, StopReason
from privacy.models import RunStop
from privacy.services.alarms import clear_alarm, raise_alarm

log = logging.getLogger(__name__)

EXPECTED_FOR = timedelta(days=4)
"""So long after a change of periods dates that disagree are what the change means, and no fault."""


@dataclass(frozen=True)
class Clocks:
    """How many people were looked at, and of how many the dates disagreed with the rule, the first of them by name."""

    people: int
    disagreeing: int
    first: list[UUID]


def compare_clocks() -> Clocks:
    """Whose stored dates disagree with the rule; nothing is changed."""
    return _clocks(is_dry=True)


def mend_clocks() -> Clocks:
    """Recompute the dates of everybody whose stored dates disagree with the rule."""
    return _clocks(is_dry=False)


def reconcile_clocks(*, at: datetime) -> Clocks:
    """Recompute the dates that disagree with the rule.

    An alarm is raised for them, and cleared when all agree; after a change of periods it is not, for then every date is
    meant to move.
    """
    found = mend_clocks()
    is_meant = RunStop.objects.filter(reason=StopReason.PERIODS_CHANGED, raised_at__gt=at - EXPECTED_FOR).exists()
    if found.disagreeing and not is_meant:
        raise_alarm(AlarmKind.CLOCKS_DIFFER, number=found.disagreeing, at=at)
    else:
        clear_alarm(AlarmKind.CLOCKS_DIFFER, at=at)
    return found


def follow_new_periods(*, at: datetime) -> None:
    """While a run waits because the periods changed, bring all dates up to date, so that its number is the true one."""
    if RunStop.objects.filter(reason=StopReason.PERIODS_CHANGED, closed_at=None).exists():
        reconcile_clocks(at=at)


def _clocks(*, is_dry: bool) -> Clocks:
    seen, count, first = 0, 0, []  # type: ignore[var-annotated]
    for batch in people():
        seen += len(batch)
        for person_ref in disagreeing(batch):
            if is_dry or _recompute(person_ref):
                count += 1
                if len(first) < files.LISTED:
                    first.append(person_ref)
    return Clocks(seen, count, first)


@transaction.atomic
def _recompute(person_ref: UUID) -> bool:
    """Recompute one person; whether it was needed: they may have been erased or mended since the batch was read."""
    held = list(Candidate.objects.filter(person_ref=person_ref).locked().values_list("pk", flat=True))
    if not held or not disagreeing([person_ref]):
        return False
    recompute_clock(person_ref)
    return True


def reconcile_files(*, at: datetime, is_sure: bool = False) -> tuple[files.Comparison, files.Repair]:
    """Compare the store with the rows, repair what can be repaired, and raise an alarm or clear it.

    ``is_sure`` repairs also where suspiciously much is unknown. Raises ``files.errors.StoreError`` where the store does
    not answer or refuses.
    """
    found = files.compare(at=at)
    if found.differs:
        raise_alarm(AlarmKind.STORES_DIFFER, number=found.differs, at=at)
    else:
        clear_alarm(AlarmKind.STORES_DIFFER, at=at)
    done = files.repair(found, at=at, is_sure=is_sure)
    log.info(
        "reconciled objects=%d rows=%d unknown=%d missing=%d behind=%d unfinished=%d overdue=%d refused=%s",
        found.objects,
        found.rows,
        found.unknown.count,
        found.missing.count,
        found.behind.count,
        found.unfinished.count,
        found.overdue,
        done.is_refused,
    )
    return found, done


def watch_buckets(*, at: datetime) -> None:
    """Raise an alarm where a bucket is open to the public, and clear it when none is (T8)."""
    found = doctor.look_for_public()
    if found.names:
        raise_alarm(AlarmKind.PUBLIC_BUCKET, number=len(found.names), at=at)
    elif found.is_whole:  # a bucket that did not answer is not closed for that
        clear_alarm(AlarmKind.PUBLIC_BUCKET, at=at)
