"""What waits at the erase moment, and how long: restrictions (GDPR Art. 18) and open requests (Art. 12, 15, 20)."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.calendar import local_midnight
from policy.expiry import (
    FOREVER,
    LONGEST_DEFERRAL,
    TOLD_BEFORE,
    WAITED_FOR,
    Deferral,
    Ground,
    OpenRequest,
    RequestKind,
    Restriction,
    deferral,
    held_back_until,
    request_due_on,
    request_limit_on,
    waits_until,
)

EXPIRES = datetime(2027, 3, 15, 22, tzinfo=UTC)
DAY = timedelta(days=1)


def test_without_a_reason_nothing_waits() -> None:
    assert held_back_until(EXPIRES, []) is None
    assert waits_until([]) is None
    assert deferral(EXPIRES, [], [], as_of=EXPIRES) is None


@pytest.mark.parametrize("ground", [Ground.UNLAWFUL, Ground.CLAIM])
@pytest.mark.parametrize("told_at", [None, EXPIRES - 60 * DAY])
def test_what_the_person_wants_kept_stays_until_it_is_lifted(ground: Ground, told_at: datetime | None) -> None:
    assert held_back_until(EXPIRES, [Restriction(ground, told_at)]) == (FOREVER, Deferral.RESTRICTED)


@pytest.mark.parametrize("ground", [Ground.ACCURACY, Ground.OBJECTION])
@pytest.mark.parametrize(
    ("told", "waits"),
    [
        (None, timedelta(days=30)),
        (timedelta(days=-60), None),
        (timedelta(days=-14), None),
        (timedelta(days=-13), timedelta(days=1)),
        (timedelta(0), timedelta(days=14)),
        (timedelta(days=16), timedelta(days=30)),
        (timedelta(days=40), timedelta(days=30)),
    ],
)
def test_on_the_other_grounds_the_person_is_told_14_days_before_and_30_days_is_all(
    ground: Ground, told: timedelta | None, waits: timedelta | None
) -> None:
    restriction = Restriction(ground, None if told is None else EXPIRES + told)
    expected = None if waits is None else (EXPIRES + waits, Deferral.TO_BE_TOLD)
    assert held_back_until(EXPIRES, [restriction]) == expected


def test_of_several_restrictions_the_longest_holds_back() -> None:
    told = Restriction(Ground.ACCURACY, EXPIRES - 60 * DAY)
    late = Restriction(Ground.OBJECTION, EXPIRES - 10 * DAY)
    later = Restriction(Ground.ACCURACY, EXPIRES - 5 * DAY)
    assert held_back_until(EXPIRES, [told, late]) == (EXPIRES + 4 * DAY, Deferral.TO_BE_TOLD)
    for order in ([late, later, told], [later, late, told], [told, later, late]):
        assert held_back_until(EXPIRES, order) == (EXPIRES + 9 * DAY, Deferral.TO_BE_TOLD)
    lasting = Restriction(Ground.CLAIM)
    assert held_back_until(EXPIRES, [late, lasting]) == (FOREVER, Deferral.RESTRICTED)


# Requests


@pytest.mark.parametrize(
    ("received", "due", "extended"),
    [
        ("2027-01-31T10:00:00Z", "2027-02-28", "2027-04-30"),
        ("2026-11-24T22:30:00Z", "2026-12-25", "2027-02-25"),
        ("2028-01-31T10:00:00Z", "2028-02-29", "2028-04-30"),
        ("2026-12-15T10:00:00Z", "2027-01-15", "2027-03-15"),
    ],
)
def test_a_request_is_answered_within_a_month_and_two_more(received: str, due: str, extended: str) -> None:
    at = datetime.fromisoformat(received)
    assert request_due_on(at) == date.fromisoformat(due)
    assert request_limit_on(at, is_extended=False) == date.fromisoformat(due)
    assert request_limit_on(at, is_extended=True) == date.fromisoformat(extended)


@pytest.mark.parametrize("kind", RequestKind)
def test_only_what_destroying_would_make_impossible_is_waited_for(kind: RequestKind) -> None:
    found = waits_until([OpenRequest(kind, date(2027, 4, 10))])
    is_waited_for = kind in {RequestKind.ACCESS, RequestKind.PORTABILITY}
    assert found == ((local_midnight(date(2027, 4, 11)), Deferral.REQUEST_OPEN) if is_waited_for else None)
    assert (kind in WAITED_FOR) is is_waited_for


def test_of_several_requests_the_last_day_is_waited_for() -> None:
    days = [date(2027, 4, 10), date(2027, 5, 1), date(2027, 3, 20)]
    found = waits_until([OpenRequest(RequestKind.ACCESS, day) for day in days])
    assert found == (datetime(2027, 5, 1, 21, tzinfo=UTC), Deferral.REQUEST_OPEN)


# Both together


def test_what_is_over_holds_nothing_back() -> None:
    restriction = Restriction(Ground.ACCURACY, EXPIRES)
    request = OpenRequest(RequestKind.ACCESS, date(2027, 3, 20))
    request_end, told_end = local_midnight(date(2027, 3, 21)), EXPIRES + 14 * DAY

    def found(as_of: datetime) -> tuple[datetime, Deferral] | None:
        return deferral(EXPIRES, [restriction], [request], as_of=as_of)

    assert found(EXPIRES) == (told_end, Deferral.TO_BE_TOLD)
    assert found(request_end) == (told_end, Deferral.TO_BE_TOLD)
    assert found(told_end - timedelta(seconds=1)) == (told_end, Deferral.TO_BE_TOLD)
    assert found(told_end) is None


def test_the_request_waits_longer_than_the_restriction() -> None:
    restriction = Restriction(Ground.OBJECTION, EXPIRES - 13 * DAY)
    request = OpenRequest(RequestKind.PORTABILITY, date(2027, 4, 10))
    assert deferral(EXPIRES, [restriction], [request], as_of=EXPIRES + 2 * DAY) == (
        local_midnight(date(2027, 4, 11)),
        Deferral.REQUEST_OPEN,
    )


restrictions = st.lists(
    st.builds(
        Restriction,
        st.sampled_from(Ground),
        st.one_of(st.none(), st.integers(-100, 100).map(lambda days: EXPIRES + days * DAY)),
    ),
    max_size=4,
)


@given(restrictions)
def test_nobody_is_destroyed_untold_before_the_30_days_are_over_and_nobody_waits_longer(
    rows: list[Restriction],
) -> None:
    found = held_back_until(EXPIRES, rows)
    lasting = [row for row in rows if row.ground in {Ground.UNLAWFUL, Ground.CLAIM}]
    if lasting:
        assert found == (FOREVER, Deferral.RESTRICTED)
        return
    until = found[0] if found else EXPIRES
    assert EXPIRES <= until <= EXPIRES + LONGEST_DEFERRAL
    for row in rows:
        assert until == EXPIRES + LONGEST_DEFERRAL or (row.told_at is not None and until >= row.told_at + TOLD_BEFORE)
