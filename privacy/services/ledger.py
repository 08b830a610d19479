"""The ledger: numbered, hash-chained, append-only objects outside the database, one for each batch and step.

A number is reserved in the database with the entry's content and the chain's next hash; then the object is created,
which fails if that number is taken by another content; then the row is marked written. A crash in between is mended by
writing the same content again. Objects are created in the order of their numbers, so that the ledger never has a gap:
a number above the highest reserved one then means that the database is older than the ledger, and nothing else
(``is_ahead``). The ledger holds record UUIDs, codes and counts, and keyed hashes where somebody is not to be approached
again; nothing else about a person.

Entries are kept for two calendar years. The row of the last one that went stays behind without its content: the chain
begins at its hash.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from django.db import connection
from django.db.models import Max

from files import append_only
from privacy.enums import LedgerKind
from privacy.models import JournalEntry, LedgerRecord

FIRST_HASH = "0" * 64
LOCK = 7_101
VERIFY_BATCH = 500
PURGE_BATCH = 1_000
NUMBERED = re.compile(r"[0-9]{12}\.json")


def reserve(kind: LedgerKind, content: dict[str, Any], *, at: datetime) -> LedgerRecord:
    """Take the next number for an entry, within the caller's transaction."""
    lock_numbers()
    last = LedgerRecord.objects.order_by("-number").first()
    number, previous = (last.number + 1, last.sha256) if last else (1, FIRST_HASH)
    text = json.dumps(
        {"number": number, "kind": kind.value, "at": at.isoformat(), "previous": previous, **content},
        sort_keys=True,
        separators=(",", ":"),
    )
    return LedgerRecord.objects.create(number=number, kind=kind, content=text, sha256=hash_of(text), reserved_at=at)


def lock_numbers() -> None:
    """Let nobody else reserve a number before the caller's transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def hash_of(content: str | bytes) -> str:
    """The hash by which the next entry names this one."""
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()


def write(record: LedgerRecord, *, at: datetime) -> None:
    """Write the object of a reserved number, after those of lower numbers that a crash left unwritten.

    Writing it again changes nothing. Raises FileExistsError where a number holds another content, which means that the
    database was restored.
    """
    earlier = LedgerRecord.objects.filter(number__lt=record.number, written_at=None).order_by("number")
    for each in (*earlier, record):
        append_only.write_once(key_of(each.number), each.content.encode())
        LedgerRecord.objects.filter(pk=each.pk, written_at=None).update(written_at=at)


def write_reserved(*, at: datetime) -> int:
    """Write every reserved entry that a crash left unwritten, in order; returns how many."""
    records = list(LedgerRecord.objects.filter(written_at=None).order_by("number"))
    if records:
        write(records[-1], at=at)
    return len(records)


def key_of(number: int) -> str:
    """The key of an entry's object."""
    return f"{number:012d}.json"


def highest_number() -> int:
    """The highest number that the database has reserved; 0 where it has none."""
    last = LedgerRecord.objects.order_by("-number").values_list("number", flat=True).first()
    return last or 0


def is_ahead() -> bool:
    """Whether the ledger knows more than the database, which means that the database was restored.

    So it is where the next number is taken already, or where a number that was never written holds another content.
    Asks the store once, as a rule. Raises ``files.errors.StoreError`` where it does not answer.
    """
    unwritten = LedgerRecord.objects.filter(written_at=None).order_by("number").first()
    if unwritten and holds_another(unwritten):
        return True
    highest = highest_number()
    while append_only.exists(key_of(highest + 1)):
        present = highest_number()
        if present == highest:
            return True
        highest = present  # another worker reserved and wrote it while we looked
    return False


def holds_another(record: LedgerRecord) -> bool:
    """Whether the ledger has another content under the number of a reserved entry."""
    try:
        return append_only.read(key_of(record.number)) != record.content.encode()
    except FileNotFoundError:
        return False


def anchor() -> tuple[int, str]:
    """Where the chain begins: the number and hash of the last entry whose period is over; 0 where none's is."""
    last = LedgerRecord.objects.filter(content="").order_by("-number").values_list("number", "sha256").first()
    return last or (0, FIRST_HASH)


def entries(*, above: int = 0) -> Iterator[tuple[int, bytes]]:
    """The ledger's objects with a number above ``above``, in order, up to the first gap.

    Raises ``files.errors.StoreError`` where the store does not answer.
    """
    return _read(_listed(above)[0], above)


def every_entry() -> Iterator[tuple[int, bytes]]:
    """Every object of the ledger that carries a number, in order, whatever is missing between them."""
    listed = (key for key in append_only.keys() if NUMBERED.fullmatch(key))  # noqa: SIM118 (no mapping)
    for key, content in append_only.read_all(listed):
        yield int(key.partition(".")[0]), content


def _listed(above: int) -> tuple[list[str], str | None]:
    """The keys of the numbers that follow ``above`` without a gap, and the first key that does not belong there."""
    wanted: list[str] = []
    listed = append_only.keys()
    for key in listed:
        if key == key_of(above + len(wanted) + 1):
            wanted.append(key)
        elif not (NUMBERED.fullmatch(key) and key <= key_of(above)):
            return wanted, key
    return wanted, None


def _read(wanted: list[str], above: int) -> Iterator[tuple[int, bytes]]:
    for number, (_, content) in enumerate(append_only.read_all(wanted), start=above + 1):
        yield number, content


def verify() -> list[str]:
    """Check the chain of objects against itself and the database; returns what is wrong, in words.

    Workers may write meanwhile: what was not written when this began is not missed.
    """
    problems: list[str] = []
    written = LedgerRecord.objects.filter(written_at__isnull=False)
    known = written.aggregate(highest=Max("number", default=0))["highest"]
    first, previous = anchor()
    wanted, stranger = _listed(first)
    last, read = first + len(wanted), _read(wanted, first)
    while batch := list(islice(read, VERIFY_BATCH)):
        numbers = [number for number, _ in batch]
        reserved = dict(LedgerRecord.objects.filter(number__in=numbers).values_list("number", "sha256"))
        for number, content in batch:
            if decode(content).get("previous") != previous:
                problems.append(f"number {number} does not follow from the one before")
            previous = hash_of(content)
            if reserved.get(number) != previous:
                problems.append(f"number {number} is not the one that the database reserved")
    if stranger and not append_only.exists(key_of(last + 1)):
        return [*problems, f"number {last + 1} is missing: {stranger} stands in its place"]
    gone = written.filter(number__gt=last, number__lte=known).order_by("number").values_list("number", flat=True)
    return [*problems, *(f"number {number} is missing" for number in gone)]


def decode(content: bytes | str) -> dict[str, Any]:
    """An entry as data; nothing where it is no entry."""
    try:
        entry = json.loads(content)
    except ValueError:
        return {}
    return entry if isinstance(entry, dict) else {}


def purge_before(before: datetime, *, limit: int = PURGE_BATCH) -> int:
    """Let the oldest entries go that were reserved before an instant; returns how many.

    The row of the last one stays as the chain's anchor. Rows go after their objects, so that what a crash leaves is
    taken by the next purge. Raises ``files.errors.StoreError`` where the store refused.
    """
    kept = LedgerRecord.objects.exclude(reserved_at__lt=before, written_at__isnull=False).order_by("number").first()
    old = LedgerRecord.objects.exclude(content="").filter(reserved_at__lt=before, written_at__isnull=False)
    if kept:
        old = old.filter(number__lt=kept.number)
    numbers = list(old.order_by("number").values_list("number", flat=True)[:limit])
    LedgerRecord.objects.filter(number__in=numbers).update(content="")
    last, _ = anchor()
    emptied = list(LedgerRecord.objects.filter(content="", number__lte=last).values_list("number", flat=True))
    if numbers or len(emptied) > 1:
        append_only.purge(key_of(number) for number in emptied)
        LedgerRecord.objects.filter(number__lt=last).delete()
        JournalEntry.objects.filter(ledger_number__lte=last).delete()
    return len(numbers)
