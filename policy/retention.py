"""How long a candidate is kept (§7), as pure functions over events and consents.

The dangers: a day too long breaks a promise, a day too short destroys what somebody may still need, and an instant
computed in UTC is wrong twice a year. So dates are local dates, the boundary is half-open (stored while now <
erase_at), and nobody but this module computes it: the worker, the screens and the export all ask ``clock``.

A person who agreed to longer storage has two ends: at ``erase_at`` the old process's notes, ratings and correspondence
go (they are of no use for future openings), at ``expires_at`` everything. A new contact begins a new base period and
revives nothing of a process whose base period had already ended: ``process_since`` says where the living one begins.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from policy.calendar import add_months, local_date, local_midnight
from policy.contact import Event, EventKind, Verdict, judge, last_contact
from policy.periods import (
    EXTENSION_CAP_MONTHS,
    EXTENSION_MONTHS,
    RETENTION_YEARS,
    SOURCED_NOTICE_MONTHS,
    SOURCED_UNANSWERED_MONTHS,
)


@dataclass(frozen=True)
class Periods:
    """The periods in force, in months. A setting may shorten them below the policy's and never lengthen them."""

    base: int = 12 * RETENTION_YEARS
    unanswered: int = SOURCED_UNANSWERED_MONTHS

    def __post_init__(self) -> None:
        if not (0 < self.base <= 12 * RETENTION_YEARS and 0 < self.unanswered <= SOURCED_UNANSWERED_MONTHS):
            raise ValueError("a period longer than the policy promises")


POLICY = Periods()


@dataclass(frozen=True)
class Extension:
    """A consent to longer storage, as far as the clock needs it."""

    ends_on: date
    withdrawn_at: datetime | None = None


@dataclass(frozen=True)
class Sourced:
    """What the clock needs of a person whom we approached: when they were told of it (GDPR Art. 14), if they were."""

    noticed_at: datetime | None = None


class Basis(StrEnum):
    """Which rule made the base date."""

    LAST_CONTACT = "LAST_CONTACT"
    COLLECTED = "COLLECTED"
    NOTICE_DUE = "NOTICE_DUE"
    UNANSWERED = "UNANSWERED"


@dataclass(frozen=True)
class Clock:
    """What the rule says about one person.

    ``due_on`` is the last local date of the base period and ``erase_at`` the midnight after it; ``keep_until`` and
    ``expires_at`` are the same with a consent to longer storage counted in. ``set_by`` refers to the event that set the
    date, or is None where nothing counted and the day of collection stands in. ``process_since`` is the contact with
    which the process began again after a base period had ended, or None where none had.
    """

    last_contact_at: datetime
    set_by: str | None
    due_on: date
    erase_at: datetime
    keep_until: date
    expires_at: datetime
    basis: Basis = Basis.LAST_CONTACT
    process_since: datetime | None = None


def due_on(last_contact_at: datetime, periods: Periods = POLICY) -> date:
    """The last local date on which base-period storage is allowed (§7)."""
    return add_months(local_date(last_contact_at), periods.base)


def erase_at(last_day: date) -> datetime:
    """The instant from which nothing may be shown any more: the local midnight after the last day."""
    return local_midnight(last_day + timedelta(days=1))


def notice_due_on(collected_at: datetime) -> date:
    """The last local date by which a sourced person is to be told (GDPR Art. 14(3)); no holiday moves it."""
    return add_months(local_date(collected_at), SOURCED_NOTICE_MONTHS)


def extension_ends_on(base_due_on: date, granted_on: date) -> date:
    """The end of a consent to longer storage (§7), fixed at the grant and never moved by later contact."""
    return min(add_months(base_due_on, EXTENSION_MONTHS), add_months(granted_on, EXTENSION_CAP_MONTHS))


def clock(
    collected_at: datetime,
    events: Iterable[Event],
    extensions: Iterable[Extension] = (),
    *,
    sourced: Sourced | None = None,
    periods: Periods = POLICY,
) -> Clock:
    """The clock of a person: from when they are known, what happened, and what they consented to.

    ``collected_at`` stands in where no event counts, so that the clock is never empty. ``sourced`` is given for a
    person who never applied: then the notice is due within a month, and an unanswered approach has a time of its own.
    """
    verdicts = judge(events, is_sourced=sourced is not None)
    latest = last_contact(verdicts)
    contact_at = latest.at if latest else collected_at
    base, basis = _base(collected_at, verdicts, latest, sourced, periods)
    ends = [extension.ends_on for extension in extensions if extension.withdrawn_at is None]
    last_day = max([base, *ends])
    return Clock(
        last_contact_at=contact_at,
        set_by=latest.ref if latest else None,
        due_on=base,
        erase_at=erase_at(base),
        keep_until=last_day,
        expires_at=erase_at(last_day),
        basis=basis,
        process_since=_process_since(verdicts, periods),
    )


def _base(
    collected_at: datetime,
    verdicts: list[Verdict],
    latest: Verdict | None,
    sourced: Sourced | None,
    periods: Periods,
) -> tuple[date, Basis]:
    contact_at = latest.at if latest else collected_at
    if sourced:
        if sourced.noticed_at is None:
            return notice_due_on(collected_at), Basis.NOTICE_DUE
        if latest is None or not any(found.counts and found.kind in ANSWERS for found in verdicts):
            return add_months(local_date(contact_at), min(periods.unanswered, periods.base)), Basis.UNANSWERED
    return due_on(contact_at, periods), Basis.LAST_CONTACT if latest else Basis.COLLECTED


ANSWERS = frozenset(
    {
        EventKind.APPLICATION_SUBMITTED,
        EventKind.MAIL_RECEIVED,
        EventKind.CALL,
        EventKind.INTERVIEW,
        EventKind.MESSAGE_RECEIVED,
        EventKind.DOCUMENT_ADDED,
        EventKind.APPLICATION_WITHDRAWN,
    }
)
"""What shows that a person whom we approached takes part."""


def _process_since(verdicts: list[Verdict], periods: Periods) -> datetime | None:
    """The latest contact that came after the base period of the one before it had ended."""
    contacts = [found.at for found in verdicts if found.counts]
    since = None
    for before, after in pairwise(contacts):
        if after >= erase_at(due_on(before, periods)):
            since = after
    return since


def trim_at(found: Clock, trimmed_before: datetime | None) -> datetime | None:
    """When the old process's data are to go while the person stays, or None where nothing is to go before the person.

    ``trimmed_before`` is the instant up to which they are gone already.
    """
    if found.process_since and (trimmed_before is None or trimmed_before < found.process_since):
        return found.process_since
    is_kept_longer = found.expires_at > found.erase_at
    if is_kept_longer and (trimmed_before is None or trimmed_before < found.erase_at):
        return found.erase_at
    return None


def trim_before(found: Clock, as_of: datetime) -> datetime | None:
    """The instant before which the old process's data must not be shown any more at ``as_of``, and are to go."""
    return found.erase_at if as_of >= found.erase_at else found.process_since
