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
    AUTO_REPLY = "AUTO_REPLY"
    MAIL_SENT = "MAIL_SENT"
    CALL = "CALL"
    INTERVIEW = "INTERVIEW"
    INTERVIEW_PLANNED = "INTERVIEW_PLANNED"
    MESSAGE_RECEIVED = "MESSAGE_RECEIVED"
    DOCUMENT_ADDED = "DOCUMENT_ADDED"
    APPLICATION_WITHDRAWN = "APPLICATION_WITHDRAWN"
    OUTREACH = "OUTREACH"
    IMPORTED_CONTACT = "IMPORTED_CONTACT"
    IMPORTED_LATER = "IMPORTED_LATER"
    AUTOMATIC_MAIL = "AUTOMATIC_MAIL"
    PORTAL_VISIT = "PORTAL_VISIT"
    RIGHT_EXERCISED = "RIGHT_EXERCISED"
    CONSENT_CHANGED = "CONSENT_CHANGED"
    REMINDER = "REMINDER"
    BULK_MAIL = "BULK_MAIL"
    STAFF_WORK = "STAFF_WORK"
    THIRD_PARTY = "THIRD_PARTY"
    OTHER_ROLE = "OTHER_ROLE"


RULES: dict[EventKind, tuple[str, bool]] = {
    EventKind.APPLICATION_SUBMITTED: ("E1", True),
    EventKind.MAIL_RECEIVED: ("E4", True),
    EventKind.AUTO_REPLY: ("E4", False),
    EventKind.MAIL_SENT: ("E5", True),
    EventKind.CALL: ("E6", True),
    EventKind.INTERVIEW: ("E6", True),
    EventKind.INTERVIEW_PLANNED: ("E6", False),
    EventKind.MESSAGE_RECEIVED: ("E7", True),
    EventKind.DOCUMENT_ADDED: ("E7", True),
    EventKind.APPLICATION_WITHDRAWN: ("E7", True),
    EventKind.OUTREACH: ("E15", True),
    EventKind.IMPORTED_CONTACT: ("E14", True),
    EventKind.IMPORTED_LATER: ("E14", False),
    EventKind.AUTOMATIC_MAIL: ("E3", False),
    EventKind.PORTAL_VISIT: ("E8", False),
    EventKind.RIGHT_EXERCISED: ("E9", False),
    EventKind.CONSENT_CHANGED: ("E9", False),
    EventKind.REMINDER: ("E10", False),
    EventKind.BULK_MAIL: ("E11", False),
    EventKind.STAFF_WORK: ("E12", False),
    EventKind.THIRD_PARTY: ("E13", False),
    EventKind.OTHER_ROLE: ("E16", False),
}
"""The row of the definition that decides on each kind, and whether it counts as contact.

``IMPORTED_CONTACT`` is the last contact that an import named for a person who was new; one that it named for a person
already known is ``IMPORTED_LATER``, for an import must not move a known person's date.
"""

OUTBOUND = frozenset({EventKind.MAIL_SENT, EventKind.OUTREACH})
"""What the company alone does: of those to a sourced person who never answered, only the first counts (E15)."""


class Revocation(StrEnum):
    """Why a contact that was recorded did not take place after all."""

    BOUNCED = "BOUNCED"
    NO_SHOW = "NO_SHOW"
    CORRECTED = "CORRECTED"


class Why(StrEnum):
    """Why an event counts, or does not."""

    COUNTS = "COUNTS"
    KIND = "KIND"
    UNANSWERED = "UNANSWERED"
    BOUNCED = "BOUNCED"
    NO_SHOW = "NO_SHOW"
    CORRECTED = "CORRECTED"


@dataclass(frozen=True)
class Event:
    """One event in a person's history: an opaque reference, its kind, and when it really happened."""

    ref: str
    kind: EventKind
    at: datetime
    revocation: Revocation | None = None


@dataclass(frozen=True)
class Verdict:
    """An event, and what the definition says of it in the history that it stands in."""

    event: Event
    why: Why

    @property
    def ref(self) -> str:
        """The event's opaque reference."""
        return self.event.ref

    @property
    def kind(self) -> EventKind:
        """The event's kind."""
        return self.event.kind

    @property
    def at(self) -> datetime:
        """When the event really happened."""
        return self.event.at

    @property
    def rule(self) -> str:
        """The row of the definition (E1 to E16) that decided."""
        return "E15" if self.why is Why.UNANSWERED else RULES[self.event.kind][0]

    @property
    def counts(self) -> bool:
        """Whether the event may set the date."""
        return self.why is Why.COUNTS


def judge(events: Iterable[Event], *, is_sourced: bool = False) -> list[Verdict]:
    """What the definition says of each event of one person, oldest first.

    ``is_sourced`` says that we approached the person: until they answer, only the first message to them counts (E15).
    """
    verdicts = []
    is_answered, is_approached = not is_sourced, False
    for event in sorted(events, key=lambda event: (event.at, event.ref)):
        why = _why(event)
        if why is Why.COUNTS and event.kind in OUTBOUND:
            if is_approached and not is_answered:
                why = Why.UNANSWERED
            is_approached = True
        elif why is Why.COUNTS and event.kind is not EventKind.IMPORTED_CONTACT:
            is_answered = True
        verdicts.append(Verdict(event, why))
    return verdicts


def _why(event: Event) -> Why:
    if event.revocation:
        return Why(event.revocation.value)
    return Why.COUNTS if RULES[event.kind][1] else Why.KIND


def last_contact(verdicts: Iterable[Verdict]) -> Verdict | None:
    """The latest event that counts, or None if none does. Of two at the same instant, the greater reference wins."""
    return max((found for found in verdicts if found.counts), key=lambda found: (found.at, found.ref), default=None)
