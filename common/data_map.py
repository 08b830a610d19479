"""The words in which every app says what it keeps about people: one table of the data map per model.

From these tables come the erasure (which rows go, in which order), its check, the data map in docs/ and, later, the
export. A test fails on a model or field that no table names.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Subject(StrEnum):
    """Whose data a table holds (policy §2)."""

    CANDIDATE = "candidate"
    STAFF = "staff"
    NOBODY = "nobody"


class Erasure(StrEnum):
    """What an erasure does to the rows of the person."""

    DELETE = "rows are deleted"
    EXPIRE = "rows run out by themselves"
    KEEP_PSEUDONYMOUS = "kept: opaque references only"
    WITH_ACCOUNT = "kept until the account is deleted"
    NONE = "nothing of a person in it"


class Export(StrEnum):
    """Where a field goes when the person asks for a copy."""

    ACCESS = "art15"
    ACCESS_AND_PORTABILITY = "art15+20"
    NONE = "none"


@dataclass(frozen=True)
class Personal:
    """A field that is about a person: what it is, and where it goes in an export."""

    what: str
    export: Export = Export.ACCESS


@dataclass(frozen=True)
class Handling:
    """How the rows of a table are handled: whose, what for, on which ground, how long, and what erasing does."""

    subject: Subject
    purpose: str
    basis: str
    period: str
    erasure: Erasure


@dataclass(frozen=True)
class Table:
    """One model. ``fields`` names every concrete field: a ``Personal``, or a text with the reason why it is not.

    ``erased_by`` is the lookup from a row to the candidate's record, ``erased_by_address`` the field with an address in
    its normal form: the erasure deletes the rows that either finds. An address that somebody else's record has as well
    finds nothing, for then the rows may be theirs. ``process_time`` is the field with the time of a row that belongs to
    a recruitment process and not to the person: it goes when the process's base period ends, though the person stays
    by consent (policy §7).
    """

    model: str
    handling: Handling
    fields: Mapping[str, Personal | str]
    erased_by: str = ""
    erased_by_address: str = ""
    process_time: str = ""


KEY = "random key"
TECHNICAL = "technical"
"""Reasons that recur."""
