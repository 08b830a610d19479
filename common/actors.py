"""Who does something, as an opaque reference: the audit log and the services know people no other way."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class ActorKind(StrEnum):
    """The sides that can act."""

    STAFF = "STAFF"
    CANDIDATE = "CANDIDATE"
    SYSTEM = "SYSTEM"


@dataclass(frozen=True)
class Actor:
    """One side of an act: its kind and, for staff and candidates, their opaque id."""

    kind: ActorKind
    ref: UUID | None = None

    @property
    def staff_ref(self) -> UUID | None:
        """The id of the member of staff who acts; None where it is not one."""
        return self.ref if self.kind is ActorKind.STAFF else None

    def member_of_staff(self) -> UUID:
        """The id of the member of staff who acts. Raises ValueError for anybody else: no machine does this."""
        if self.staff_ref is None:
            raise ValueError("only a colleague does this")
        return self.staff_ref


SYSTEM = Actor(ActorKind.SYSTEM)


def staff(ref: UUID | None) -> Actor:
    """A member of staff, by the id of the user. Raises ValueError for somebody who is not signed in."""
    if ref is None:
        raise ValueError("nobody is signed in")
    return Actor(ActorKind.STAFF, ref)


def candidate(ref: UUID | None) -> Actor:
    """The person concerned, by the id of the person or of the record."""
    return Actor(ActorKind.CANDIDATE, ref)
