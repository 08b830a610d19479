"""When a run of the erasure worker must not go ahead by itself (limits.md: circuit breaker).

Erasing cannot be undone, so a run that looks wrong waits for a person: far more people due than on a usual day, periods
that were changed, a clock that jumped. The danger on the other side is as real: an approver who is away must not break
the promise of §7. So each stop has an end of its own, at which erasing goes on unless somebody objected; and the people
concerned are hidden all the while, for hiding is a rule of reading and no act of the worker.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import median_high
from typing import Final

from policy.retention import Periods

DAYS: Final = 30
"""Over how many local days, today not among them, the usual number is taken."""

FACTOR: Final = 5
LARGE_FROM: Final = 50
"""A run is large with more than ``FACTOR`` times the usual number, and at least this many people."""

JUMP: Final = timedelta(hours=1)


class Trip(StrEnum):
    """Why the breaker opens."""

    LARGE = "LARGE"
    PERIODS_CHANGED = "PERIODS_CHANGED"
    CLOCK_JUMPED = "CLOCK_JUMPED"


WAITS: Final[dict[Trip, timedelta]] = {
    Trip.LARGE: timedelta(hours=24),
    Trip.PERIODS_CHANGED: timedelta(hours=72),
    Trip.CLOCK_JUMPED: timedelta(hours=72),
}
"""After how long a stop ends by itself unless somebody objected."""


@dataclass(frozen=True)
class Reading:
    """A clock as a run found it: the wall's time, which boot of which machine, and how long that boot had run."""

    at: datetime
    boot_ref: str = ""
    since_boot: timedelta | None = None


@dataclass(frozen=True)
class Past:
    """What is known of the runs before: the periods of the last one, its clock, and that of this boot's last one."""

    periods: Periods
    last: Reading
    same_boot: Reading | None = None


def usual(erased_per_day: Sequence[int]) -> int:
    """The median of the days; 0 where there is no day.

    Days without a run count as days on which nobody was erased. So a new portal's usual number is 0, and its first 50
    people at once wait a day: nothing yet shows that so many are right, and waiting a day is within what §7 allows.
    """
    return median_high(erased_per_day) if erased_per_day else 0


def is_large(due: int, usual_number: int, *, let_through: int = 0) -> bool:
    """Whether so many people due are far more than usual.

    ``let_through`` is how many of them a stop that has ended already let go: they are not held up twice.
    """
    unexpected = due - let_through
    return unexpected >= LARGE_FROM and unexpected > FACTOR * usual_number


def has_jumped(now: Reading, past: Past) -> bool:
    """Whether the wall's clock went another way than time did, by more than an hour.

    Within one boot of one machine the kernel's own count tells. Between boots or machines only a step backwards is
    known to be a jump: nobody knows how long nothing ran.
    """
    before = past.same_boot
    if before and now.boot_ref == before.boot_ref and now.since_boot is not None and before.since_boot is not None:
        advance = now.at - before.at
        if abs(advance - (now.since_boot - before.since_boot)) > JUMP:
            return True
    return past.last.at - now.at > JUMP


def trips(
    due: int,
    usual_number: int,
    periods: Periods,
    *,
    past: Past | None,
    now: Reading | None,
    let_through: int = 0,
) -> list[Trip]:
    """Every reason for which a run must wait, none where it may go ahead.

    ``past`` is None before the first run, which has nothing to be compared with; ``now`` is None where the machine does
    not say, or where the portal's time is shifted on purpose. Changed periods and a jump count without anybody due as
    well, for the next run would not see them any more.
    """
    found = []
    if is_large(due, usual_number, let_through=let_through):
        found.append(Trip.LARGE)
    if past and past.periods != periods:
        found.append(Trip.PERIODS_CHANGED)
    if past and now and has_jumped(now, past):
        found.append(Trip.CLOCK_JUMPED)
    return found
