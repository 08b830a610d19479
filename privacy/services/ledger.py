"""The ledger: numbered, hash-chained, append-only objects outside the database, one for each batch and step.

A number is reserved in the database with the entry's content and the chain's next hash; then the object is created,
which fails if that number is taken by another content; then the row is marked written. A crash in between is mended by
writing the same content again. The ledger holds record UUIDs and counts, and nothing else about a person.
"""

import hashlib
import json
from datetime import datetime
from typing import Any

from django.db import connection

from files import append_only
from privacy.enums import LedgerKind
from privacy.models import LedgerRecord

FIRST_HASH = "0" * 64
LOCK = 7_101


def reserve(kind: LedgerKind, content: dict[str, Any], *, at: datetime) -> LedgerRecord:
    """Take the next number for an entry, within the caller's transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    last = LedgerRecord.objects.order_by("-number").first()
    number, previous = (last.number + 1, last.sha256) if last else (1, FIRST_HASH)
    text = json.dumps(
        {"number": number, "kind": kind.value, "at": at.isoformat(), "previous": previous, **content},
        sort_keys=True,
        separators=(",", ":"),
    )
    return LedgerRecord.objects.create(
        number=number, kind=kind, content=text, sha256=hashlib.sha256(text.encode()).hexdigest(), reserved_at=at
    )


def write(record: LedgerRecord, *, at: datetime) -> None:
    """Write the object of a reserved number; writing it again changes nothing.

    Raises FileExistsError where the number holds another content, which means that the database was restored.
    """
    append_only.write_once(key_of(record.number), record.content.encode())
    LedgerRecord.objects.filter(pk=record.pk, written_at=None).update(written_at=at)


def write_reserved(*, at: datetime) -> int:
    """Write every reserved entry that a crash left unwritten, in order; returns how many."""
    records = list(LedgerRecord.objects.filter(written_at=None).order_by("number"))
    for record in records:
        write(record, at=at)
    return len(records)


def key_of(number: int) -> str:
    """The key of an entry's object."""
    return f"{number:012d}.json"


def verify() -> list[str]:
    """Check the chain of objects against itself and the database; returns what is wrong, in words."""
    problems: list[str] = []
    previous, count = FIRST_HASH, 0
    for count, key in enumerate(append_only.keys(), start=1):
        if key != key_of(count):
            return [*problems, f"number {count} is missing: {key} stands in its place"]
        content = append_only.read(key)
        if _previous(content) != previous:
            problems.append(f"number {count} does not follow from the one before")
        previous = hashlib.sha256(content).hexdigest()
        if not LedgerRecord.objects.filter(pk=count, sha256=previous).exists():
            problems.append(f"number {count} is not the one that the database reserved")
    gone = LedgerRecord.objects.filter(number__gt=count, written_at__isnull=False).order_by("number")
    return [*problems, *(f"number {number} is missing" for number in gone.values_list("number", flat=True))]


def _previous(content: bytes) -> Any:
    """The hash that an entry names as the one before it; None where it is no entry."""
    try:
        entry = json.loads(content)
    except ValueError:
        return None
    return entry.get("previous") if isinstance(entry, dict) else None
