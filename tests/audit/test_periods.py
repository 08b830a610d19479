"""Acts are kept for two calendar years and looks at people for one: unreadable at the boundary, deleted a day later."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection

from audit import selectors
from audit.enums import Access, Action, Purpose
from audit.models import AccessEvent, AuditEvent
from audit.services import purge_old_events, record_access, record_event
from audit.tasks import purge_old_events as task
from common.actors import SYSTEM, Actor, ActorKind, staff
from common.clock import now
from policy.calendar import add_years, first_kept_day, local_date, local_midnight

pytestmark = pytest.mark.django_db

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("today", "years", "day"),
    [
        (date(2028, 3, 15), 2, date(2026, 3, 15)),
        (date(2028, 2, 28), 1, date(2027, 2, 28)),
        (date(2028, 2, 29), 1, date(2027, 3, 1)),
        (date(2029, 2, 28), 1, date(2028, 2, 28)),
        (date(2029, 3, 1), 1, date(2028, 3, 1)),
        (date(2030, 2, 28), 2, date(2028, 2, 28)),
        (date(2030, 3, 1), 2, date(2028, 3, 1)),
        (date(2028, 1, 1), 1, date(2027, 1, 1)),
    ],
)
def test_the_first_day_that_is_kept(today: date, years: int, day: date) -> None:
    assert first_kept_day(today, years) == day
    assert add_years(day, years) >= today > add_years(day - DAY, years)


def test_a_row_is_unreadable_from_the_midnight_after_its_period(at: datetime) -> None:
    record_event(Action.NOTE_ADDED, at=at, actor=SYSTEM)
    record_access(Access.VIEWED, at=at, actor=SYSTEM, subject_refs=[uuid4()])
    for rows, years in ((selectors.acts, 2), (selectors.looks, 1)):
        ends = local_midnight(add_years(local_date(at), years) + DAY)
        assert [rows(as_of=ends - SECOND).count(), rows(as_of=ends).count()] == [1, 0]


def age_rows(*ages: timedelta) -> datetime:
    """Rows of these ages by the database's own clock, which its triggers go by."""
    present = now()
    for age in ages:
        record_event(Action.NOTE_ADDED, at=present - age, actor=SYSTEM)
        record_access(Access.VIEWED, at=present - age, actor=SYSTEM, subject_refs=[uuid4()])
    return present


def test_old_rows_are_deleted_and_young_ones_are_not() -> None:
    present = age_rows(DAY, 367 * DAY, 700 * DAY, 733 * DAY, 1_000 * DAY)
    assert purge_old_events(at=present, database_at=present) == 2 + 4
    assert AuditEvent.objects.filter(at__gte=present - 700 * DAY).count() == AuditEvent.objects.count() == 3
    assert AccessEvent.objects.get().at == present - DAY
    assert purge_old_events(at=present, database_at=present) == 0


def test_many_rows_go_in_batches_up_to_a_limit() -> None:
    present = age_rows(*(800 * DAY for _ in range(5)))
    runs = [purge_old_events(at=present, database_at=present, limit=3, size=2) for _ in range(4)]
    assert runs == [4, 3, 3, 0]


def test_a_clock_that_is_ahead_of_the_database_asks_for_nothing_that_is_refused() -> None:
    """The demonstration looks two years ahead; the triggers go by the database's own clock."""
    present = age_rows(10 * DAY)
    assert purge_old_events(at=present + 1_000 * DAY, database_at=present) == 0
    assert AuditEvent.objects.count() == 1


def test_a_day_that_only_a_leap_year_has_waits_for_the_trigger() -> None:
    """By the calendar a 29 February ends with 28 February; PostgreSQL's year ends a day later."""
    leap, ends = datetime(2028, 2, 29, 10, tzinfo=UTC), datetime(2029, 2, 28, 23, tzinfo=UTC)
    record_access(Access.VIEWED, at=leap, actor=SYSTEM, subject_refs=[uuid4()])
    assert selectors.looks(as_of=ends).count() == 0
    assert purge_old_events(at=ends, database_at=ends) == 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s > %s - interval '1 year'", [leap, ends])
        assert cursor.fetchone() == (True,)


def test_the_task_deletes_what_is_old() -> None:
    age_rows(DAY, 1_000 * DAY)
    task()
    assert (AuditEvent.objects.count(), AccessEvent.objects.count()) == (1, 1)


def test_the_looks_at_a_person_are_times_and_purposes_without_names(at: datetime) -> None:
    person, other = uuid4(), uuid4()
    reader = staff(uuid4())
    record_access(Access.LISTED, at=at, actor=reader, subject_refs=[other, person])
    record_access(Access.VIEWED, at=at + DAY, actor=reader, subject_refs=[person], purpose=Purpose.PRIVACY)
    record_access(
        Access.VIEWED, at=at, actor=Actor(ActorKind.CANDIDATE, person), subject_refs=[person], purpose=Purpose.OWN_DATA
    )
    record_access(Access.VIEWED, at=at, actor=reader, subject_refs=[other])
    found = selectors.accesses_of([person], as_of=at + DAY)
    assert found == [
        selectors.Look(at, "LISTED", Purpose.RECRUITMENT),
        selectors.Look(at + DAY, "VIEWED", Purpose.PRIVACY),
    ]
    names = {field for look in found for field in vars(look)}
    assert names == {"at", "access", "purpose"}
    assert selectors.accesses_of([UUID(int=0)], as_of=at) == []
    assert selectors.accesses_of([person], as_of=at + 366 * DAY) == [found[1]]
    assert selectors.accesses_of([person], as_of=at + 367 * DAY) == []
