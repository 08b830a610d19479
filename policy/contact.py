"""What is a contact with the candidate (§7: "two years from the date of last contact with you").

The rule: an actual, individual communication between the company and that person about recruitment, which really took
place. Nothing that a company can do by itself, automatically or in bulk, and no use of a right, prolongs storage. The
numbers E1 to E16 name the rows of the published definition (docs/explanation/last-contact.md).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class EventKind(StrEnum):
    """Every kind of event that the clock looks at, whether it counts or not."""

    APPLICATION_SUBMITTED = "APPLICATION_SUBMITTED"
    MAIL_RECEIVED = "MAIL_RECEIVED"
    MAIL_SENT = "MAIL_SENT"
    CALL = "CALL"
    INTERVIEW = "INTERVIEW"
    MESSAGE_RECEIVED = "MESSAGE_RECEIVED"
    DOCUMENT_ADDED = "DOCUMENT_ADDED"
    APPLICATION_WITHDRAWN = "APPLICATION_WITHDRAWN"
    AUTOMATIC_MAIL = "AUTOMATIC_MAIL"
    RIGHT_EXERCISED = "RIGHT_EXERCISED"
    CONSENT_CHANGED = "CONSENT_CHANGED"
    STAFF_WORK = "STAFF_WORK"


RULES: dict[EventKind, tuple[str, bool]] = {
    EventKind.APPLICATION_SUBMITTED: ("E1", True),
    EventKind.MAIL_RECEIVED: ("E4", True),
    EventKind.MAIL_SENT: ("E5", True),
    EventKind.CALL: ("E6", True),
    EventKind.INTERVIEW: ("E6", True),
    EventKind.MESSAGE_RECEIVED: ("E7", True),
    EventKind.DOCUMENT_ADDED: ("E7", True),
    EventKind.APPLICATION_WITHDRAWN: ("E7", True),
    EventKind.AUTOMATIC_MAIL: ("E3", False),
    EventKind.RIGHT_EXERCISED: ("E9", False),
    EventKind.CONSENT_CHANGED: ("E9", False),
    EventKind.STAFF_WORK: ("E12", False),
}
"""The row of the definition that decides on each kind, and whether it counts as contact."""


@dataclass(frozen=True)
class Event:
    """One event in a person's history: an opaque reference, its kind, and when it really happened.

    ``is_revoked`` marks a contact that did not take place after all: a bounced mail, a no-show, a correction.
    """

    ref: str
    kind: EventKind
    at: datetime
    is_revoked: bool = False

    @property
    def rule(self) -> str:
        """The row of the definition (E1 to E16) that decides on this event."""
        return RULES[self.kind][0]

    @property
    def counts(self) -> bool:
        """Whether this event moves the clock."""
        return RULES[self.kind][1] and not self.is_revoked


def last_contact(events: Iterable[Event]) -> Event | None:
    """The latest event that counts, or None if none does. Of two at the same instant, the greater reference wins."""
    return max((event for event in events if event.counts), key=lambda event: (event.at, event.ref), default=None)
