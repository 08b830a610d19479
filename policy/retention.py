"""How long a candidate is kept (§7), as pure functions over events and consents.

The dangers: a day too long breaks a promise, a day too short destroys what somebody may still need, and an instant
computed in UTC is wrong twice a year. So dates are local dates, the boundary is half-open (stored while now <
erase_at), and nobody but this module computes it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from policy.calendar import add_months, add_years, local_date, local_midnight
from policy.contact import Event, last_contact
from policy.periods import EXTENSION_CAP_MONTHS, EXTENSION_MONTHS, RETENTION_YEARS


@dataclass(frozen=True)
class Extension:
    """A consent to longer storage, as far as the clock needs it."""

    ends_on: date
    withdrawn_at: datetime | None = None


@dataclass(frozen=True)
class Clock:
    """What the rule says about one person.

    ``due_on`` is the last local date of the base period and ``erase_at`` the midnight after it; ``keep_until`` and
    ``expires_at`` are the same with a consent to longer storage counted in. ``set_by`` refers to the event that set the
    date, or is None where nothing counted and the day of collection stands in.
    """

    last_contact_at: datetime
    set_by: str | None
    due_on: date
    erase_at: datetime
    keep_until: date
    expires_at: datetime


def due_on(last_contact_at: datetime) -> date:
    """The last local date on which base-period storage is allowed (§7)."""
    return add_years(local_date(last_contact_at), RETENTION_YEARS)


def erase_at(last_day: date) -> datetime:
    """The instant from which nothing may be shown any more: the local midnight after the last day."""
    return local_midnight(last_day + timedelta(days=1))


def extension_ends_on(base_due_on: date, granted_on: date) -> date:
    """The end of a consent to longer storage (§7), fixed at the grant and never moved by later contact."""
    return min(add_months(base_due_on, EXTENSION_MONTHS), add_months(granted_on, EXTENSION_CAP_MONTHS))


def clock(collected_at: datetime, events: Iterable[Event], extensions: Iterable[Extension] = ()) -> Clock:
    """The clock of a person: from when they are known, what happened, and what they consented to.

    ``collected_at`` stands in where no event counts, so that the clock is never empty.
    """
    latest = last_contact(events)
    contact_at = latest.at if latest else collected_at
    base = due_on(contact_at)
    ends = [extension.ends_on for extension in extensions if extension.withdrawn_at is None]
    last_day = max([base, *ends])
    return Clock(
        last_contact_at=contact_at,
        set_by=latest.ref if latest else None,
        due_on=base,
        erase_at=erase_at(base),
        keep_until=last_day,
        expires_at=erase_at(last_day),
    )
