"""When a run of the erasing worker waits for a person (limits.md: circuit breaker)."""

from datetime import UTC, datetime, timedelta

import pytest

from policy.breaker import (
    DAYS,
    JUMP,
    WAITS,
    Past,
    Reading,
    Trip,
    has_jumped,
    is_large,
    trips,
    usual,
)
from policy.retention import POLICY, Periods

AT = datetime(2027, 3, 16, 0, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)


def reading(at: datetime = AT, boot: str = "a", since: timedelta | None = HOUR) -> Reading:
    return Reading(at, boot, since)


def past(last: Reading, periods: Periods = POLICY) -> Past:
    return Past(periods, last, last)


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ([], 0),
        ([0] * 30, 0),
        ([0] * 15 + [4] * 15, 4),  # of the two in the middle the larger, so that a quiet half does not raise alarms
        ([0] * 16 + [4] * 14, 0),
        ([7] * 29 + [100_000], 7),
        ([3, 1, 2], 2),
    ],
)
def test_the_usual_number_is_the_median_of_the_days(days: list[int], expected: int) -> None:
    assert usual(days) == expected


@pytest.mark.parametrize(
    ("due", "usual_number", "expected"),
    [
        (49, 0, False),
        (50, 0, True),
        (50, 9, True),
        (50, 10, False),  # five times the usual number is not more than that
        (51, 10, True),
        (500, 100, False),
        (501, 100, True),
    ],
)
def test_large_is_more_than_five_times_the_usual_number_and_at_least_fifty(
    due: int, usual_number: int, expected: bool
) -> None:
    assert is_large(due, usual_number) is expected


def test_those_whom_a_stop_let_go_are_not_held_up_twice() -> None:
    assert is_large(300, 0, let_through=0)
    assert not is_large(300, 0, let_through=300)
    assert not is_large(349, 0, let_through=300)
    assert is_large(350, 0, let_through=300)


@pytest.mark.parametrize(
    ("off", "expected"),
    [
        (timedelta(), False),
        (JUMP, False),
        (-JUMP, False),
        (JUMP + SECOND, True),
        (-JUMP - SECOND, True),
        (timedelta(days=700), True),
    ],
)
def test_within_one_boot_the_kernel_tells_of_a_jump(off: timedelta, expected: bool) -> None:
    before = reading(AT, since=10 * HOUR)
    now = reading(AT + HOUR * 5 + off, since=15 * HOUR)
    assert has_jumped(now, past(before)) is expected


@pytest.mark.parametrize(("ahead", "expected"), [(timedelta(days=700), False), (-JUMP, False), (-JUMP - SECOND, True)])
def test_after_a_restart_only_a_step_backwards_is_known(ahead: timedelta, expected: bool) -> None:
    before = reading(AT, "a", 10 * HOUR)
    assert has_jumped(reading(AT + ahead, "b", HOUR), Past(POLICY, before)) is expected


def test_a_machine_is_compared_with_itself_and_others_are_only_not_to_be_ahead() -> None:
    mine, theirs = reading(AT - HOUR, "a", HOUR), reading(AT, "b", 700 * HOUR)
    assert not has_jumped(reading(AT + HOUR, "a", 3 * HOUR), Past(POLICY, theirs, mine))
    assert has_jumped(reading(AT + 5 * HOUR, "a", 3 * HOUR), Past(POLICY, theirs, mine))
    assert has_jumped(reading(AT - 2 * HOUR, "a", HOUR), Past(POLICY, theirs, mine))


def test_a_clock_that_does_not_say_is_compared_by_the_wall_only() -> None:
    silent = reading(AT, "a", None)
    assert not has_jumped(reading(AT + 700 * HOUR), past(silent))
    assert not has_jumped(reading(AT + 700 * HOUR, since=None), past(reading()))


def test_every_reason_is_found_and_none_where_all_is_as_it_was() -> None:
    before = past(reading())
    now = reading(AT + HOUR, since=2 * HOUR)
    assert trips(49, 0, POLICY, past=before, now=now) == []
    assert trips(50, 0, POLICY, past=before, now=now) == [Trip.LARGE]
    assert trips(50, 0, POLICY, past=before, now=now, let_through=1) == []
    for changed in (Periods(base=18), Periods(unanswered=6)):
        assert trips(0, 0, changed, past=before, now=now) == [Trip.PERIODS_CHANGED]
    jumped = reading(AT + 9 * HOUR, since=2 * HOUR)
    assert trips(0, 0, POLICY, past=before, now=jumped) == [Trip.CLOCK_JUMPED]
    assert trips(50, 0, Periods(base=18), past=before, now=jumped) == list(Trip)


def test_the_first_run_has_nothing_to_be_compared_with_but_the_number() -> None:
    assert trips(49, 0, Periods(base=18), past=None, now=reading()) == []
    assert trips(50, 0, Periods(base=18), past=None, now=reading()) == [Trip.LARGE]


def test_without_evidence_no_jump_is_claimed() -> None:
    assert trips(0, 0, POLICY, past=past(reading()), now=None) == []


def test_how_long_each_stop_waits() -> None:
    day = timedelta(days=1)
    assert {Trip.LARGE: day, Trip.PERIODS_CHANGED: 3 * day, Trip.CLOCK_JUMPED: 3 * day} == WAITS
    assert DAYS == 30
