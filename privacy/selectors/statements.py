"""What can be shown of an erasure by its case number, to the person who keeps it and to an auditor."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from candidates.models import HeldItem
from policy.calendar import local_date
from privacy.models import ErasureBatch, ErasureCase, LedgerRecord

BACKUPS_EXPIRE = timedelta(days=35)
"""After so long the last backup with the data in it is gone (limits.md)."""


@dataclass(frozen=True)
class Statement:
    """A case: where it stands, how much went, what is kept, and the ledger's entries that prove it.

    It names nobody: the number is random, and whose it was is gone with them.
    """

    number: str
    state: str
    opened_at: datetime
    erased_at: datetime | None
    counts: dict[str, int]
    held_items: int
    backups_until: date | None
    ledger: list[tuple[int, str]]


def statement_of(number: str) -> Statement | None:
    """The statement of a case number; None for one that never was, or is older than two years."""
    cases = list(ErasureCase.objects.filter(number=number).order_by("opened_at"))
    if not cases:
        return None
    is_done = all(case.closed_at for case in cases)
    erased_at = max(case.closed_at for case in cases if case.closed_at) if is_done else None
    batches = ErasureBatch.objects.filter(pk__in={case.batch_ref for case in cases})
    held = HeldItem.objects.filter(
        hold__subject_ref__in=[case.candidate_ref for case in cases], hold__released_at=None, sealed_at__isnull=False
    )
    return Statement(
        number=number,
        state=cases[0].state if is_done else next(case.state for case in cases if not case.closed_at),
        opened_at=cases[0].opened_at,
        erased_at=erased_at,
        counts=next((case.counts for case in cases if case.counts), {}),
        held_items=held.count(),
        backups_until=local_date(erased_at + BACKUPS_EXPIRE) if erased_at else None,
        ledger=[entry for batch in batches for entry in _entries(batch)],
    )


def _entries(batch: ErasureBatch) -> list[tuple[int, str]]:
    """The numbers and hashes of the ledger's entries about a batch."""
    since = LedgerRecord.objects.filter(reserved_at__gte=batch.claimed_at, content__contains=str(batch.pk))
    return list(since.order_by("number").values_list("number", "sha256"))


def ledger_entries_about(ref: UUID) -> list[tuple[int, str]]:
    """The numbers and kinds of the ledger's entries that name a record."""
    rows = LedgerRecord.objects.filter(content__contains=str(ref)).order_by("number")
    return list(rows.values_list("number", "kind"))
