"""Erasing people for good: the one path, whatever the reason.

The order is: claim, write the ledger, delete the objects, delete the rows, look whether anything is left, write the
ledger again. It is so because rows hold the keys of objects: rows that go first leave files that nobody can find. Each
step is committed before the next begins and may be repeated, so a worker can die anywhere: its batch is taken over when
the lease is over and goes on where it stood. The dangers, and what is done about each:

* A person is taken too early. Eligibility is checked under lock when a batch is claimed and again before the first
  destructive step; a run whose clock is not the database's refuses.
* A person comes back while being erased. The batch works on record keys that were frozen when it was claimed; somebody
  who applies again is a new record, and nothing is linked to one that is being erased.
* Something stays behind and nobody sees. The rows come from the same data map that a test holds complete, the store is
  asked again after deleting, and a batch that finds something left is blocked and not done.
* Two workers do one batch. Each holds a fence, and a step that finds a newer fence stops.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.apps import apps
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q

from audit.enums import Action
from audit.services import record_events
from candidates.models import Candidate
from common.actors import SYSTEM
from common.data_map import Table
from common.deletion import raw_delete
from files.errors import StoreError
from files.services import purge_owners, remaining_objects
from mailing.enums import EmailKind
from mailing.services import drop_emails_about, queue_email, release_emails
from privacy import registry
from privacy.enums import BatchState, LedgerKind
from privacy.models import ErasureBatch, LedgerRecord
from privacy.services import ledger

BATCH_SIZE = 500
LEASE = timedelta(minutes=10)
LONGEST_PAUSE = timedelta(hours=6)
FINISHED = (BatchState.DONE, BatchState.EMPTY)


class SomethingLeft(Exception):
    """After deleting, a store still holds something of the people erased."""


class FenceLost(Exception):
    """Another worker has taken this batch over."""


@dataclass
class Report:
    """What a run did: records erased, records let go because they were no longer due, batches that are blocked."""

    erased: list[UUID] = field(default_factory=list)
    released: int = 0
    blocked: list[tuple[UUID, str]] = field(default_factory=list)


def erase_due(*, at: datetime, limit: int = 0) -> Report:
    """Erase everybody whose data must go at ``at``, dead workers' batches first (policy §7).

    ``limit`` is the most records that this run claims; 0 for all. Batches that a store blocked are in the report and
    are tried again by a later run.
    """
    ledger.write_reserved(at=at)
    report = Report()
    for batch in _batches(at, limit):
        try:
            _run(batch, at, report)
        except FenceLost:
            continue
        except (StoreError, OSError, SomethingLeft) as error:
            _block(batch, type(error).__name__, at)
            report.blocked.append((batch.pk, type(error).__name__))
    return report


def _batches(at: datetime, limit: int) -> Iterator[ErasureBatch]:
    while batch := _take_over(at):
        yield batch
    claimed = 0
    while not limit or claimed < limit:
        batch = claim(at=at, size=min(BATCH_SIZE, limit - claimed) if limit else BATCH_SIZE)
        if batch is None:
            return
        claimed += len(batch.candidate_refs)
        yield batch


@transaction.atomic
def _take_over(at: datetime) -> ErasureBatch | None:
    """A batch whose worker is gone, or that was blocked and whose pause is over."""
    batch = (
        ErasureBatch.objects.select_for_update(skip_locked=True)
        .exclude(state__in=FINISHED)
        .filter(lease_until__lte=at)
        .order_by("claimed_at")
        .first()
    )
    if batch:
        batch.fence += 1
        batch.lease_until = at + LEASE
        batch.save(update_fields=["fence", "lease_until"])
    return batch


@transaction.atomic
def claim(*, at: datetime, size: int = BATCH_SIZE) -> ErasureBatch | None:
    """Take up to ``size`` due records for one batch, so that no other worker sees them. None where none is due."""
    due = Candidate.objects.due(at).filter(erasing_ref=None).order_by("expires_at", "pk")
    refs = list(due.select_for_update(skip_locked=True).values_list("pk", flat=True)[:size])
    if not refs:
        return None
    batch = ErasureBatch.objects.create(pk=uuid4(), candidate_refs=refs, claimed_at=at, lease_until=at + LEASE)
    Candidate.objects.filter(pk__in=refs).update(erasing_ref=batch.pk)
    return batch


def _run(batch: ErasureBatch, at: datetime, report: Report) -> None:
    if batch.state == BatchState.CLAIMED:
        report.released += _start(batch, at)
    if batch.state == BatchState.STARTED:
        _erase_objects(batch, at)
    if batch.state == BatchState.OBJECTS_GONE:
        _erase_rows(batch, at)
    if batch.state == BatchState.ROWS_GONE:
        entry = _finish(batch, at)
        report.erased += batch.candidate_refs
        ledger.write(entry, at=at)


def _start(batch: ErasureBatch, at: datetime) -> int:
    """Check once more who is due, and write the ledger before anything is destroyed. Returns how many were let go."""
    with transaction.atomic():
        held = _hold(batch)
        records = Candidate.objects.select_for_update().filter(erasing_ref=batch.pk)
        due = list(records.due(at).order_by("pk").values_list("pk", flat=True))
        released = records.exclude(pk__in=due).update(erasing_ref=None)
        held.candidate_refs = due
        held.state = BatchState.STARTED if due else BatchState.EMPTY
        held.save(update_fields=["candidate_refs", "state"])
        entry = ledger.reserve(LedgerKind.ERASURE_STARTED, _entry(held), at=at) if due else None
    _copy(held, batch)
    if entry:
        ledger.write(entry, at=at)
    return released


def _erase_objects(batch: ErasureBatch, at: datetime) -> None:
    with transaction.atomic():
        _hold(batch)
    _write_start_entry(batch, at)
    batch.counts["objects"] = batch.counts.get("objects", 0) + purge_owners(batch.candidate_refs)
    if remaining_objects(batch.candidate_refs):
        raise SomethingLeft
    _advance(batch, BatchState.OBJECTS_GONE)


def _write_start_entry(batch: ErasureBatch, at: datetime) -> None:
    """Nothing is destroyed before the ledger says so, even by a worker that takes the batch over."""
    unwritten = LedgerRecord.objects.filter(
        kind=LedgerKind.ERASURE_STARTED, written_at=None, content__contains=str(batch.pk)
    )
    for entry in unwritten:
        ledger.write(entry, at=at)


def _erase_rows(batch: ErasureBatch, at: datetime) -> None:
    with transaction.atomic():
        held = _hold(batch)
        held.counts = dict(batch.counts)
        _hold_statements(held, at)
        addresses = list(
            Candidate.objects.filter(pk__in=held.candidate_refs).exclude(address="").values_list("address", flat=True)
        )
        drop_emails_about(held.candidate_refs)
        _permit_deletion()
        for rows in _rows(held.candidate_refs, addresses):
            held.counts[rows.model._meta.label] = raw_delete(rows)
        held.state = BatchState.ROWS_GONE
        held.save(update_fields=["counts", "state"])
    _copy(held, batch)


def _permit_deletion() -> None:
    """The trigger on candidates lets rows go in this transaction only."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL clouder.erasing = 'on'")


def _rows(refs: list[UUID], addresses: list[str]) -> Iterator[Any]:
    """The rows of these people, table by table, in the order in which they can be deleted."""
    for table in registry.erasable():
        yield apps.get_model(table.model)._base_manager.filter(_of(table, refs, addresses))


def _of(table: Table, refs: list[UUID], addresses: list[str]) -> Q:
    """Which rows of a table are theirs. Rows of an address that others have too are left to those."""
    found = Q(**{f"{table.erased_by}__in": refs}) if table.erased_by else Q(pk__in=[])
    if table.erased_by_address:
        others = Candidate.objects.filter(address=OuterRef(table.erased_by_address)).exclude(pk__in=refs)
        found |= Q(~Exists(others), **{f"{table.erased_by_address}__in": addresses})
    return found


def _hold_statements(batch: ErasureBatch, at: datetime) -> None:
    """For those who asked: a mail with the case number, which goes out when it is true."""
    asked = Candidate.objects.filter(pk__in=batch.candidate_refs, address_confirmed_at__isnull=False)
    for record in asked.exclude(erasure_case=""):
        queue_email(
            EmailKind.ERASURE_STATEMENT,
            to_address=record.email,
            language=record.language,
            context={"case": record.erasure_case},
            dedupe_key=record.erasure_case,
            is_held=True,
            at=at,
        )
    cases = Candidate.objects.filter(pk__in=batch.candidate_refs).exclude(erasure_case="")
    batch.counts["cases"] = sorted(set(cases.values_list("erasure_case", flat=True)))


def _finish(batch: ErasureBatch, at: datetime) -> LedgerRecord:
    """Look whether anything is left; only then say that it is done. Returns the ledger's entry, still to be written."""
    if remaining_objects(batch.candidate_refs) or any(rows.exists() for rows in _rows(batch.candidate_refs, [])):
        _sweep(batch)
        raise SomethingLeft
    with transaction.atomic():
        held = _hold(batch)
        entry = ledger.reserve(LedgerKind.ERASURE_COMPLETED, {**_entry(held), "counts": _counts(held)}, at=at)
        record_events(Action.ERASED, held.candidate_refs, at=at, actor=SYSTEM)
        release_emails(EmailKind.ERASURE_STATEMENT, _closed_cases(held), at=at)
        held.state = BatchState.DONE
        held.finished_at = at
        held.blocked_by = ""
        held.save(update_fields=["state", "finished_at", "blocked_by"])
    _copy(held, batch)
    return entry


def _sweep(batch: ErasureBatch) -> None:
    """Take what came in while the rows went, an upload under way for one; the next run looks anew."""
    purge_owners(batch.candidate_refs)
    with transaction.atomic():
        _hold(batch)
        _permit_deletion()
        for rows in _rows(batch.candidate_refs, []):
            raw_delete(rows)


def _closed_cases(batch: ErasureBatch) -> list[str]:
    """The cases of the batch of which no record is left: linked records may be in two batches."""
    cases = batch.counts.get("cases", [])
    open_cases = set(Candidate.objects.filter(erasure_case__in=cases).values_list("erasure_case", flat=True))
    return [case for case in cases if case not in open_cases]


def _entry(batch: ErasureBatch) -> dict[str, Any]:
    return {"job": str(batch.pk), "candidates": [str(ref) for ref in batch.candidate_refs]}


def _counts(batch: ErasureBatch) -> dict[str, Any]:
    return {name: value for name, value in batch.counts.items() if value}


def _hold(batch: ErasureBatch) -> ErasureBatch:
    """The batch's row under lock. Raises FenceLost where another worker has it."""
    held = ErasureBatch.objects.select_for_update().get(pk=batch.pk)
    if held.fence != batch.fence:
        raise FenceLost
    return held


def _advance(batch: ErasureBatch, state: BatchState) -> None:
    with transaction.atomic():
        held = _hold(batch)
        held.state, held.counts = state, batch.counts
        held.save(update_fields=["state", "counts"])
    _copy(held, batch)


def _copy(held: ErasureBatch, batch: ErasureBatch) -> None:
    """Only what was committed is what the worker goes on with."""
    batch.state, batch.counts, batch.candidate_refs = held.state, held.counts, held.candidate_refs


def _block(batch: ErasureBatch, reason: str, at: datetime) -> None:
    """Keep the people hidden, say why it does not go on, and try again after a growing pause.

    One that is done is not blocked: the next run writes what the ledger still lacks.
    """
    pause = min(timedelta(minutes=2 ** min(batch.attempts, 10)), LONGEST_PAUSE)
    ErasureBatch.objects.filter(pk=batch.pk, fence=batch.fence).exclude(state__in=FINISHED).update(
        blocked_by=reason, attempts=batch.attempts + 1, lease_until=at + pause
    )
