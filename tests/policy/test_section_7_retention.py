"""§7: two years from the date of last contact, in calendar years and Helsinki dates; every vector of the definition."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy import retention
from policy.calendar import HELSINKI, add_months, local_date, local_midnight
from policy.contact import RULES, Event, EventKind, last_contact

VECTORS = [
    ("2025-03-15T10:00:00Z", "2027-03-15", "2027-03-15T22:00:00Z"),
    ("2024-02-29T21:59:59Z", "2026-02-28", "2026-02-28T22:00:00Z"),
    ("2024-02-29T22:00:00Z", "2026-03-01", "2026-03-01T22:00:00Z"),
    ("2028-02-29T09:00:00Z", "2030-02-28", "2030-02-28T22:00:00Z"),
    ("2026-02-28T09:00:00Z", "2028-02-28", "2028-02-28T22:00:00Z"),
    ("2025-12-31T22:30:00Z", "2028-01-01", "2028-01-01T22:00:00Z"),
    ("2025-03-29T22:15:00Z", "2027-03-30", "2027-03-30T21:00:00Z"),
    ("2024-10-26T21:30:00Z", "2026-10-27", "2026-10-27T22:00:00Z"),
    ("2026-10-25T00:30:00Z", "2028-10-25", "2028-10-25T21:00:00Z"),
    ("2026-10-25T01:30:00Z", "2028-10-25", "2028-10-25T21:00:00Z"),
    ("2025-10-30T22:10:00Z", "2027-10-31", "2027-10-31T22:00:00Z"),
]


@pytest.mark.parametrize(("contact", "due_on", "erase_at"), VECTORS)
def test_vector(contact: str, due_on: str, erase_at: str) -> None:
    at = datetime.fromisoformat(contact)
    assert retention.due_on(at) == date.fromisoformat(due_on)
    assert retention.erase_at(retention.due_on(at)) == datetime.fromisoformat(erase_at)


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        local_date(datetime(2026, 1, 1))


@given(st.datetimes(datetime(2000, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)))
def test_never_earlier_than_two_years_less_a_day_nor_later_than_two_years_and_a_day(at: datetime) -> None:
    erase_at = retention.erase_at(retention.due_on(at))
    local = at.astimezone(HELSINKI)
    assert erase_at.astimezone(HELSINKI).timetz().replace(tzinfo=None) == datetime.min.time()
    # A leap day and the hour of summer time are the most that two years and a day can have on top.
    assert timedelta(days=729) < erase_at - at <= timedelta(days=732, hours=1)
    assert (erase_at.astimezone(HELSINKI) - timedelta(hours=12)).year == local.year + 2


@pytest.mark.parametrize(
    ("due_on", "granted_on", "ends_on"),
    [
        ("2027-03-15", "2025-03-15", "2029-03-15"),
        ("2028-03-15", "2025-03-15", "2029-03-15"),
        ("2028-03-15", "2026-03-20", "2030-03-15"),
        ("2026-02-28", "2024-02-29", "2028-02-28"),
        ("2027-08-31", "2026-08-31", "2029-08-31"),
    ],
)
def test_an_extension_is_24_months_from_the_due_date_and_at_most_48_from_the_grant(
    due_on: str, granted_on: str, ends_on: str
) -> None:
    computed = retention.extension_ends_on(date.fromisoformat(due_on), date.fromisoformat(granted_on))
    assert computed == date.fromisoformat(ends_on)


def test_months_end_on_the_last_day_of_a_shorter_month() -> None:
    assert add_months(date(2027, 1, 31), 1) == date(2027, 2, 28)
    assert add_months(date(2028, 1, 31), 1) == date(2028, 2, 29)
    assert add_months(date(2027, 1, 31), 3) == date(2027, 4, 30)
    assert add_months(date(2026, 12, 15), 1) == date(2027, 1, 15)


def test_midnight_is_the_first_instant_of_the_local_date() -> None:
    assert local_midnight(date(2026, 3, 29)) == datetime(2026, 3, 28, 22, tzinfo=UTC)
    assert local_midnight(date(2026, 3, 30)) == datetime(2026, 3, 29, 21, tzinfo=UTC)


COUNTING = {
    EventKind.APPLICATION_SUBMITTED,
    EventKind.APPLICATION_WITHDRAWN,
    EventKind.CALL,
    EventKind.DOCUMENT_ADDED,
    EventKind.INTERVIEW,
    EventKind.MAIL_RECEIVED,
    EventKind.MAIL_SENT,
    EventKind.MESSAGE_RECEIVED,
}


def test_which_kinds_count() -> None:
    assert {kind for kind, (_, counts) in RULES.items() if counts} == COUNTING
    assert set(RULES) == set(EventKind)


def _event(kind: EventKind, day: int, *, is_revoked: bool = False) -> Event:
    return Event(f"{kind}-{day}", kind, datetime(2025, 3, day, 10, tzinfo=UTC), is_revoked=is_revoked)


def test_the_latest_counting_event_sets_the_date() -> None:
    events = [
        _event(EventKind.CALL, 12),
        _event(EventKind.APPLICATION_SUBMITTED, 10),
        _event(EventKind.INTERVIEW, 14, is_revoked=True),
        _event(EventKind.STAFF_WORK, 20),
        _event(EventKind.CONSENT_CHANGED, 21),
    ]
    assert last_contact(events) == events[0]
    clock = retention.clock(datetime(2025, 3, 10, tzinfo=UTC), events)
    assert (clock.set_by, clock.due_on) == ("CALL-12", date(2027, 3, 12))


def test_without_a_counting_event_the_day_of_collection_stands_in() -> None:
    collected = datetime(2025, 3, 15, 10, tzinfo=UTC)
    clock = retention.clock(collected, [_event(EventKind.STAFF_WORK, 20)])
    assert (clock.last_contact_at, clock.set_by, clock.due_on) == (collected, None, date(2027, 3, 15))


def test_a_consent_keeps_longer_and_a_withdrawn_one_does_not() -> None:
    applied = [_event(EventKind.APPLICATION_SUBMITTED, 15)]
    yes = retention.Extension(date(2029, 3, 15))
    kept = retention.clock(applied[0].at, applied, [yes])
    assert (kept.due_on, kept.keep_until) == (date(2027, 3, 15), date(2029, 3, 15))
    assert kept.expires_at == datetime(2029, 3, 15, 22, tzinfo=UTC)
    withdrawn = retention.clock(applied[0].at, applied, [retention.Extension(yes.ends_on, applied[0].at)])
    assert withdrawn.keep_until == withdrawn.due_on
    assert withdrawn.expires_at == withdrawn.erase_at


def test_a_consent_that_ends_before_the_base_date_shortens_nothing() -> None:
    applied = [_event(EventKind.APPLICATION_SUBMITTED, 15)]
    clock = retention.clock(applied[0].at, applied, [retention.Extension(date(2026, 1, 1))])
    assert clock.keep_until == date(2027, 3, 15)
