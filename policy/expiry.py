"""What happens at the erase moment to a person with a restriction or an open request (GDPR Art. 15, 18, 21).

Nothing here lengthens the use of data: from the erase moment the person is hidden in any case. What is decided is
whether destroying waits, and how long. Holds do not appear: they keep listed items, and never the person.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from policy.calendar import add_months, add_years, local_date, local_midnight
from policy.periods import CLAIM_YEARS, REQUEST_ANSWER_MONTHS, REQUEST_EXTENSION_MONTHS

FOREVER = datetime(9999, 1, 1, tzinfo=UTC)
"""Until somebody lifts it."""

LONGEST_DEFERRAL = timedelta(days=30)
TOLD_BEFORE = timedelta(days=14)
OBJECTION_DECIDED_DAYS = 7


class Ground(StrEnum):
    """Why data are restricted (GDPR Art. 18(1))."""

    ACCURACY = "ACCURACY"
    UNLAWFUL = "UNLAWFUL"
    CLAIM = "CLAIM"
    OBJECTION = "OBJECTION"


LASTING = frozenset({Ground.UNLAWFUL, Ground.CLAIM})
"""Grounds on which the person wants the data kept: they stay, restricted, until the restriction is lifted."""


class RequestKind(StrEnum):
    """What a person can ask for (GDPR Art. 7(3), 15 to 21)."""

    ACCESS = "ACCESS"
    PORTABILITY = "PORTABILITY"
    RECTIFICATION = "RECTIFICATION"
    ERASURE = "ERASURE"
    RESTRICTION = "RESTRICTION"
    OBJECTION = "OBJECTION"
    WITHDRAWAL = "WITHDRAWAL"
    OTHER = "OTHER"


WAITED_FOR = frozenset({RequestKind.ACCESS, RequestKind.PORTABILITY})
"""Requests that destroying would make it impossible to answer."""


class Deferral(StrEnum):
    """Why destroying waits."""

    RESTRICTED = "RESTRICTED"
    TO_BE_TOLD = "TO_BE_TOLD"
    REQUEST_OPEN = "REQUEST_OPEN"


@dataclass(frozen=True)
class Restriction:
    """A restriction in force: its ground, and when the person was told that it will end."""

    ground: Ground
    told_at: datetime | None = None


@dataclass(frozen=True)
class OpenRequest:
    """A request that is not answered, and the last local date on which the law lets it be."""

    kind: RequestKind
    limit_on: date


def request_due_on(received_at: datetime) -> date:
    """The date by which a request is answered: one calendar month from receipt (GDPR Art. 12(3)); nothing shifts it."""
    return add_months(local_date(received_at), REQUEST_ANSWER_MONTHS)


def request_limit_on(received_at: datetime, *, is_extended: bool) -> date:
    """The last date on which the answer may be given, with the two further months where the person was told in time."""
    months = REQUEST_ANSWER_MONTHS + (REQUEST_EXTENSION_MONTHS if is_extended else 0)
    return add_months(local_date(received_at), months)


def objection_due_on(received_at: datetime) -> date:
    """The date by which an objection to recruiting contact is decided: seven days; it is restricted meanwhile."""
    return local_date(received_at) + timedelta(days=OBJECTION_DECIDED_DAYS)


def claim_ends_on(decision_notified_at: datetime) -> date:
    """The last day on which a claim over a decision can be brought (Non-Discrimination Act 1325/2014, Art. 17(3)(e)):
    what is held for the defence against one goes after it.
    """
    return add_years(local_date(decision_notified_at), CLAIM_YEARS)


def held_back_until(expires_at: datetime, restrictions: Iterable[Restriction]) -> tuple[datetime, Deferral] | None:
    """Until when restrictions keep a person from being erased, and why; None where they do not (GDPR Art. 18).

    On the grounds of Art. 18(1)(b) and (c) until they are lifted; on the others only until the person has been told 14
    days before, and for 30 days at most.
    """
    found: tuple[datetime, Deferral] | None = None
    for restriction in restrictions:
        if restriction.ground in LASTING:
            return FOREVER, Deferral.RESTRICTED
        told_until = restriction.told_at + TOLD_BEFORE if restriction.told_at else FOREVER
        until = min(expires_at + LONGEST_DEFERRAL, max(expires_at, told_until))
        if until > expires_at and (found is None or until > found[0]):
            found = until, Deferral.TO_BE_TOLD
    return found


def waits_until(requests: Iterable[OpenRequest]) -> tuple[datetime, Deferral] | None:
    """Until when open requests keep a person from being erased: the end of the last day for their answers."""
    days = [request.limit_on for request in requests if request.kind in WAITED_FOR]
    return (local_midnight(max(days) + timedelta(days=1)), Deferral.REQUEST_OPEN) if days else None


def deferral(
    expires_at: datetime, restrictions: Iterable[Restriction], requests: Iterable[OpenRequest], *, as_of: datetime
) -> tuple[datetime, Deferral] | None:
    """Until when, and why, the erasing of an expired person waits at ``as_of``; None where it does not."""
    reasons = [held_back_until(expires_at, restrictions), waits_until(requests)]
    live = [reason for reason in reasons if reason and reason[0] > as_of]
    return max(live, default=None)
