"""§7: two years from the date of last contact, in calendar years and Helsinki dates; every vector of the definition."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy import periods, retention
from policy.calendar import HELSINKI, add_months, local_date, local_midnight
from policy.contact import Event, EventKind, Revocation

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


def _event(kind: EventKind, day: int, *, revocation: Revocation | None = None) -> Event:
    return Event(f"{kind}-{day}", kind, datetime(2025, 3, day, 10, tzinfo=UTC), revocation)


def test_the_latest_counting_event_sets_the_date() -> None:
    events = [
        _event(EventKind.CALL, 12),
        _event(EventKind.APPLICATION_SUBMITTED, 10),
        _event(EventKind.INTERVIEW, 14, revocation=Revocation.NO_SHOW),
        _event(EventKind.STAFF_WORK, 20),
        _event(EventKind.CONSENT_CHANGED, 21),
    ]
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


# Longer and shorter periods


@pytest.mark.parametrize(("base", "unanswered"), [(25, 24), (24, 25), (0, 24), (24, 0), (-1, 24)])
def test_a_setting_never_lengthens_a_period_and_never_makes_it_nothing(base: int, unanswered: int) -> None:
    assert (retention.POLICY.base, retention.POLICY.unanswered) == (24, 24)
    assert retention.Periods(base=1, unanswered=1)
    with pytest.raises(ValueError, match="longer than the policy"):
        retention.Periods(base=base, unanswered=unanswered)


def test_the_numbers_of_the_policy() -> None:
    numbers = {name: value for name, value in vars(periods).items() if name.isupper()}
    assert numbers == {
        "RETENTION_YEARS": 2,
        "EXTENSION_MONTHS": 24,
        "EXTENSION_CAP_MONTHS": 48,
        "SOURCED_NOTICE_MONTHS": 1,
        "SOURCED_UNANSWERED_MONTHS": 24,
        "REVIEW_HOLD_MONTHS": 6,
        "CLAIM_YEARS": 1,
        "ACTS_YEARS": 2,
        "REGISTER_YEARS": 3,
        "TECHNICAL_DATA_YEARS": 1,
        "REVIEW_MONTHS": 12,
        "REQUEST_ANSWER_MONTHS": 1,
        "REQUEST_EXTENSION_MONTHS": 2,
    }


def test_a_shorter_setting_counts_from_the_same_contact() -> None:
    applied = [_event(EventKind.APPLICATION_SUBMITTED, 15)]
    clock = retention.clock(applied[0].at, applied, periods=retention.Periods(base=18))
    assert (clock.due_on, clock.basis) == (date(2026, 9, 15), retention.Basis.LAST_CONTACT)


# People whom we approached (GDPR Art. 14)

COLLECTED = datetime(2026, 11, 26, 10, tzinfo=UTC)
TOLD = retention.Sourced(COLLECTED + timedelta(days=3))


def _days(number: float, kind: EventKind, revocation: Revocation | None = None) -> Event:
    return Event(f"{kind}-{number}", kind, COLLECTED + timedelta(days=number), revocation)


def test_without_a_notice_the_month_from_collection_is_all() -> None:
    clock = retention.clock(COLLECTED, [], sourced=retention.Sourced())
    assert (clock.due_on, clock.basis) == (date(2026, 12, 26), retention.Basis.NOTICE_DUE)
    assert clock.expires_at == datetime(2026, 12, 26, 22, tzinfo=UTC)


def test_a_contact_without_a_notice_does_not_lengthen_the_month() -> None:
    events = [_days(1, EventKind.OUTREACH), _days(2, EventKind.MAIL_RECEIVED)]
    clock = retention.clock(COLLECTED, events, sourced=retention.Sourced())
    assert (clock.due_on, clock.basis) == (date(2026, 12, 26), retention.Basis.NOTICE_DUE)
    assert clock.last_contact_at == events[1].at


@pytest.mark.parametrize(
    ("collected", "last_day"),
    [
        ("2027-01-31T10:00:00Z", "2027-02-28"),
        ("2027-12-24T22:30:00Z", "2028-01-25"),
        ("2026-11-30T21:59:59Z", "2026-12-30"),
    ],
)
def test_the_month_ends_on_its_last_day_and_no_holiday_moves_it(collected: str, last_day: str) -> None:
    assert retention.notice_due_on(datetime.fromisoformat(collected)) == date.fromisoformat(last_day)


@pytest.mark.parametrize(("months", "last_day"), [(24, date(2028, 11, 29)), (6, date(2027, 5, 29))])
def test_who_never_answers_is_kept_from_the_first_message(months: int, last_day: date) -> None:
    events = [_days(3, EventKind.OUTREACH), _days(10, EventKind.MAIL_SENT), _days(20, EventKind.MAIL_SENT)]
    clock = retention.clock(COLLECTED, events, sourced=TOLD, periods=retention.Periods(unanswered=months))
    assert (clock.due_on, clock.basis, clock.set_by) == (last_day, retention.Basis.UNANSWERED, events[0].ref)


def test_a_base_period_that_is_shorter_holds_for_who_never_answers_too() -> None:
    clock = retention.clock(
        COLLECTED, [_days(3, EventKind.OUTREACH)], sourced=TOLD, periods=retention.Periods(base=3, unanswered=6)
    )
    assert clock.due_on == date(2027, 2, 28)


def test_an_answer_begins_the_base_period() -> None:
    events = [_days(3, EventKind.OUTREACH), _days(5, EventKind.MAIL_RECEIVED), _days(20, EventKind.MAIL_SENT)]
    clock = retention.clock(COLLECTED, events, sourced=TOLD, periods=retention.Periods(unanswered=6))
    assert (clock.due_on, clock.basis, clock.set_by) == (
        date(2028, 12, 16),
        retention.Basis.LAST_CONTACT,
        events[2].ref,
    )


def test_a_mere_automatic_reply_is_no_answer() -> None:
    events = [_days(3, EventKind.OUTREACH), _days(3.1, EventKind.AUTO_REPLY), _days(20, EventKind.MAIL_SENT)]
    clock = retention.clock(COLLECTED, events, sourced=TOLD, periods=retention.Periods(unanswered=6))
    assert (clock.due_on, clock.basis) == (date(2027, 5, 29), retention.Basis.UNANSWERED)


def test_an_imported_contact_anchors_who_was_approached_and_is_no_answer() -> None:
    events = [_days(4, EventKind.IMPORTED_CONTACT)]
    clock = retention.clock(COLLECTED, events, sourced=TOLD, periods=retention.Periods(unanswered=6))
    assert (clock.due_on, clock.basis, clock.set_by) == (
        date(2027, 5, 30),
        retention.Basis.UNANSWERED,
        events[0].ref,
    )


def test_who_was_told_and_never_written_to_is_kept_from_collection() -> None:
    clock = retention.clock(COLLECTED, [], sourced=TOLD, periods=retention.Periods(unanswered=6))
    assert (clock.due_on, clock.basis, clock.set_by) == (date(2027, 5, 26), retention.Basis.UNANSWERED, None)


def test_the_basis_says_where_nothing_counted() -> None:
    assert retention.clock(COLLECTED, []).basis is retention.Basis.COLLECTED
    assert retention.clock(COLLECTED, [_days(1, EventKind.CALL)]).basis is retention.Basis.LAST_CONTACT


# The old process of who stays or comes back

YES = retention.Extension(date(2029, 3, 15))
FIRST = datetime(2025, 3, 15, 10, tzinfo=UTC)
BASE_END = datetime(2027, 3, 15, 22, tzinfo=UTC)


def _process(*contacts: datetime) -> retention.Clock:
    events = [Event(f"call-{number}", EventKind.CALL, at) for number, at in enumerate(contacts)]
    return retention.clock(FIRST, events, [YES])


def test_a_contact_within_the_base_period_goes_on_with_the_process() -> None:
    found = _process(FIRST, BASE_END - timedelta(seconds=1))
    assert found.process_since is None
    assert found.erase_at == datetime(2029, 3, 15, 22, tzinfo=UTC)


def test_a_contact_after_it_begins_a_new_process_and_revives_nothing() -> None:
    found = _process(FIRST, BASE_END, BASE_END + timedelta(days=9))
    assert (found.process_since, found.due_on) == (BASE_END, date(2029, 3, 25))


def test_only_the_latest_new_beginning_counts() -> None:
    again = datetime(2029, 6, 1, 10, tzinfo=UTC)
    assert _process(FIRST, BASE_END, again).process_since == again


def test_what_did_not_count_begins_no_process() -> None:
    events = [
        Event("a", EventKind.CALL, FIRST),
        Event("b", EventKind.STAFF_WORK, BASE_END),
        Event("c", EventKind.CALL, BASE_END, Revocation.CORRECTED),
    ]
    assert retention.clock(FIRST, events, [YES]).process_since is None


def test_who_stays_by_consent_is_trimmed_once_when_the_base_period_ends() -> None:
    found = _process(FIRST)
    assert (found.erase_at, found.expires_at) == (BASE_END, datetime(2029, 3, 15, 22, tzinfo=UTC))
    assert retention.trim_at(found, None) == BASE_END
    assert retention.trim_at(found, BASE_END - timedelta(days=1)) == BASE_END
    assert retention.trim_at(found, BASE_END) is None


def test_who_does_not_stay_is_not_trimmed_before_being_erased() -> None:
    found = retention.clock(FIRST, [Event("a", EventKind.CALL, FIRST)])
    assert retention.trim_at(found, None) is None


def test_who_came_back_is_trimmed_up_to_the_new_beginning_and_then_not_again_before_the_new_base_ends() -> None:
    back = BASE_END + timedelta(days=30)
    found = _process(FIRST, back)
    assert retention.trim_at(found, None) == back
    assert retention.trim_at(found, BASE_END) == back
    assert (found.due_on, found.keep_until) == (date(2029, 4, 15), date(2029, 4, 15))
    assert retention.trim_at(found, back) is None
    stays = retention.clock(FIRST, [Event("a", EventKind.CALL, FIRST), Event("b", EventKind.CALL, back)],
                            [retention.Extension(date(2031, 3, 15))])  # fmt: skip
    assert retention.trim_at(stays, back) == stays.erase_at


def test_what_may_be_shown_begins_where_the_old_process_ended() -> None:
    found = _process(FIRST)
    assert retention.trim_before(found, BASE_END - timedelta(seconds=1)) is None
    assert retention.trim_before(found, BASE_END) == BASE_END
    back = BASE_END + timedelta(days=30)
    returned = _process(FIRST, back)
    assert retention.trim_before(returned, back) == back
    assert retention.trim_before(returned, returned.erase_at) == returned.erase_at
