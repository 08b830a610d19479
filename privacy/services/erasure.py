"""Erasing people for good: the one path, whatever the reason.

Expiry, a request, a withdrawn consent, a colleague's request in the admin, a sourced person who was not told in time, a
released hold and a restore that brought people back: all of them become a batch here, and go the same steps. The order
is: claim, write the ledger, seal what a hold lists, delete the objects, wait for the mailbox, delete the rows, look
whether anything is left, write the ledger again. It is so because rows hold the keys of objects: rows that go first
leave files that nobody can find. Each step is committed before the next begins and may be repeated, so a worker can die
anywhere: its batch is taken over when the lease is over and goes on where it stood. The dangers, and what is done about
each:

* A person is taken too early. Eligibility is checked under lock when a batch is claimed and again before the first
  destructive step, and the time of a contact decides, not when a worker came by; a run whose clock is not the
  database's refuses; a run far larger than usual waits for a human to object.
* A person comes back while being erased. The batch works on record keys that were frozen when it was claimed; somebody
  who applies again is a new record, and nothing is linked to one that is being erased.
* Something stays behind and nobody sees. The rows come from the same data map that a test holds complete, the store is
  asked again after deleting, and a batch that finds something left is blocked and not done.
* Two workers do one batch. Each holds a fence, and a step that finds a newer fence stops.
* Somebody is told what is not yet true. The statement is released in the transaction that says that it is done.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import DatabaseError, InterfaceError, OperationalError, transaction

from audit.enums import Action
from audit.services import record_events
from candidates.models import Candidate
from candidates.services.applications import note_closing
from candidates.services.holds import seal_items
from common.actors import SYSTEM
from common.clock import Boot
from common.lookups import Refs
from files.errors import StoreError
from files.services import purge_owners, remaining_objects
from mailing.enums import EmailKind
from mailing.services import drop_emails_about, release_emails
from privacy.enums import BatchState, LedgerKind
from privacy.models import ErasureBatch, LedgerRecord
from privacy.selectors.due import count_due
from privacy.services import cases, claims, ledger, rows, trimming
from privacy.services.breaker import expiries_are_stopped
from privacy.services.requests import close_requests_of_erased
from privacy.services.runs import record_run

BATCH_SIZE = 1_000
LEASE = timedelta(minutes=10)
LONGEST_PAUSE = timedelta(hours=6)
MAILBOX_PAUSE = timedelta(minutes=15)
DIED = "WorkerDied"
HALVED_FROM = 6


class SomethingLeft(Exception):
    """After deleting, a store still holds something of the people erased."""


class FenceLost(Exception):
    """Another worker has taken this batch over."""


class MailboxWaits(Exception):
    """A mailbox outside the portal holds mail of the person, and nobody has said yet that it is purged (policy §6)."""


@dataclass
class Report:
    """What a run did: records erased, records let go because they were no longer due, people of whom the old process
    went, batches that are blocked, and whether the circuit breaker holds expiries back.
    """

    erased: list[UUID] = field(default_factory=list)
    released: int = 0
    trimmed: int = 0
    blocked: list[tuple[UUID, str]] = field(default_factory=list)
    is_stopped: bool = False


def erase_due(*, at: datetime, limit: int = 0, boot: Boot | None = None) -> Report:
    """Erase everybody whose data must go at ``at``, dead workers' batches first (policy §7).

    ``limit`` is the most records that this run claims; 0 for all. ``boot`` is the evidence of this machine's clock,
    from which a jump is recognised. Batches that a store blocked are in the report and are tried again by a later run.
    """
    ledger.write_reserved(at=at)
    due = count_due(at)
    report = Report(is_stopped=expiries_are_stopped(at=at, due=due, boot=boot))
    claims.note_deferrals(at=at)
    for batch in _batches(at, limit, with_expired=not report.is_stopped):
        _take_through(batch, at, report)
    if not report.is_stopped:
        report.trimmed = trimming.trim_due(at=at, limit=limit)
    record_run(report_of_run(report, due), at=at, boot=boot)
    return report


def report_of_run(report: Report, due: int) -> dict[str, int]:
    """The numbers of a run that its row keeps."""
    return {"due": due, "erased": len(report.erased), "released": report.released, "blocked": len(report.blocked)}


def erase_again(refs: list[UUID], *, at: datetime) -> Report:
    """Erase records that a restore brought back, whatever their dates say; those that are nowhere are passed over."""
    report = Report()
    for start in range(0, len(refs), BATCH_SIZE):
        part = refs[start : start + BATCH_SIZE]
        if rows.any_left(Refs(part)) or remaining_objects(part):
            _take_through(claims.claim_again(part, at=at, lease_until=at + LEASE), at, report)
    return report


def _take_through(batch: ErasureBatch, at: datetime, report: Report) -> None:
    """Take one batch as far as it goes now."""
    try:
        _run(batch, at, report)
    except FenceLost:
        return
    except MailboxWaits:
        _wait_for_mailbox(batch, at)
    except (OperationalError, InterfaceError):
        raise  # the database itself is away, and with it everything that could be written down
    except (StoreError, OSError, SomethingLeft, DatabaseError) as error:
        _block(batch, type(error).__name__, at)
        report.blocked.append((batch.pk, type(error).__name__))


def _batches(at: datetime, limit: int, *, with_expired: bool) -> Iterator[ErasureBatch]:
    while batch := _take_over(at):
        yield batch
    while batch := claims.claim_vault(at=at, size=BATCH_SIZE, lease_until=at + LEASE):
        yield batch
    claimed = 0
    while not limit or claimed < limit:
        size = min(BATCH_SIZE, limit - claimed) if limit else BATCH_SIZE
        batch = claim(at=at, size=size, with_expired=with_expired)
        if batch is None:
            return
        claimed += len(batch.candidate_refs)
        yield batch


@transaction.atomic
def _take_over(at: datetime) -> ErasureBatch | None:
    """A batch whose worker is gone, or that was blocked and whose pause is over.

    The row says from now on that the worker died; whoever ends in order overwrites that. So a batch that kills every
    worker gets growing pauses too, in which the others are served, and somebody is told.
    """
    batch = (
        ErasureBatch.objects.unfinished()
        .select_for_update(skip_locked=True)
        .filter(lease_until__lte=at)
        .order_by("claimed_at")
        .first()
    )
    if batch:
        batch.fence += 1
        batch.lease_until = at + max(LEASE, _pause(batch.attempts))
        batch.save(update_fields=["fence", "lease_until"])
        mine = ErasureBatch.objects.filter(pk=batch.pk)
        mine.update(attempts=batch.attempts + 1, blocked_by=DIED, blocked_since=batch.blocked_since or batch.claimed_at)
    return batch


def _pause(attempts: int) -> timedelta:
    """How long a batch waits that has failed so often."""
    return min(timedelta(minutes=2 ** min(attempts, 10)), LONGEST_PAUSE)


def claim(*, at: datetime, size: int = BATCH_SIZE, with_expired: bool = True) -> ErasureBatch | None:
    """Take up to ``size`` due records for one batch, so that no other worker sees them. None where none is due."""
    return claims.claim_people(at=at, size=size, lease_until=at + LEASE, with_expired=with_expired)


def _run(batch: ErasureBatch, at: datetime, report: Report) -> None:
    if batch.state == BatchState.CLAIMED:
        report.released += _start(batch, at)
    if batch.state == BatchState.STARTED:
        _erase_objects(batch, at)
    if batch.state == BatchState.OBJECTS_GONE:
        _await_mailbox(batch)
    if batch.state == BatchState.EXTERNAL_GONE:
        _erase_rows(batch, at)
    if batch.state == BatchState.ROWS_GONE:
        entry = _finish(batch, at)
        report.erased += batch.candidate_refs
        ledger.write(entry, at=at)


def _start(batch: ErasureBatch, at: datetime) -> int:
    """Check once more who is due, and write the ledger before anything is destroyed. Returns how many were let go."""
    with transaction.atomic():
        held = _hold(batch)
        due = claims.still_due(batch, at)
        moved = sorted(set(batch.candidate_refs) - set(due))
        if moved:
            Candidate.objects.filter(erasing_ref=batch.pk, pk__in=moved).update(erasing_ref=None)
        cases.abort(moved, at=at)
        held.candidate_refs = due
        held.state = BatchState.STARTED if due else BatchState.EMPTY
        if not due:
            held.finished_at, held.blocked_by, held.blocked_since = at, "", None
        held.save(update_fields=["candidate_refs", "state", "finished_at", "blocked_by", "blocked_since"])
        cases.open_requested(held.refs, held.pk, at=at)
        entry = ledger.reserve(LedgerKind.ERASURE_STARTED, _entry(held), at=at) if due else None
    _copy(held, batch)
    if entry:
        ledger.write(entry, at=at)
    return len(moved)


def _erase_objects(batch: ErasureBatch, at: datetime) -> None:
    with transaction.atomic():
        _hold(batch)
    _write_start_entry(batch, at)
    seal_items(batch.candidate_refs, at=at)
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


def _await_mailbox(batch: ErasureBatch) -> None:
    """Go on only when a human has said that the mailbox is purged; the rows hold what to look for there."""
    if batch.has_mailbox and batch.mailbox_purged_at is None:
        raise MailboxWaits
    _advance(batch, BatchState.EXTERNAL_GONE)


def _erase_rows(batch: ErasureBatch, at: datetime) -> None:
    with transaction.atomic():
        held = _hold(batch)
        held.counts = dict(batch.counts)
        whose = rows.identities_of(held.refs)
        held.counts["cases"] = whose.cases
        cases.hold_statements(whose.cases, at=at)
        close_requests_of_erased(whose.person_refs, at=at)
        note_closing(held.refs, actor=SYSTEM, at=at)
        drop_emails_about(held.candidate_refs)
        held.counts |= rows.delete_rows(held.refs, whose.addresses)
        held.state = BatchState.ROWS_GONE
        held.save(update_fields=["counts", "state"])
    _copy(held, batch)


def _finish(batch: ErasureBatch, at: datetime) -> LedgerRecord:
    """Look whether anything is left; only then say that it is done. Returns the ledger's entry, still to be written."""
    if remaining_objects(batch.candidate_refs) or rows.any_left(batch.refs):
        _sweep(batch)
        raise SomethingLeft
    with transaction.atomic():
        held = _hold(batch)
        entry = ledger.reserve(LedgerKind.ERASURE_COMPLETED, {**_entry(held), "counts": _counts(held)}, at=at)
        record_events(Action.ERASED, held.refs, at=at, actor=SYSTEM)
        release_emails(EmailKind.ERASURE_STATEMENT, _closed_cases(held), at=at)
        cases.close(held.refs, at=at)
        held.state = BatchState.DONE
        held.finished_at = at
        held.blocked_by, held.blocked_since = "", None
        held.save(update_fields=["state", "finished_at", "blocked_by", "blocked_since"])
    _copy(held, batch)
    return entry


def _sweep(batch: ErasureBatch) -> None:
    """Take what came in while the rows went, an upload under way for one; the next run looks anew."""
    purge_owners(batch.candidate_refs)
    with transaction.atomic():
        _hold(batch)
        rows.delete_rows(batch.refs, [])


def _closed_cases(batch: ErasureBatch) -> list[str]:
    """The cases of the batch of which no record is left: linked records may be in two batches."""
    numbers = batch.counts.get("cases", [])
    open_cases = set(Candidate.objects.filter(erasure_case__in=numbers).values_list("erasure_case", flat=True))
    return [number for number in numbers if number not in open_cases]


def _entry(batch: ErasureBatch) -> dict[str, Any]:
    return {
        "job": str(batch.pk),
        "trigger": batch.trigger,
        "candidates": [str(ref) for ref in batch.candidate_refs],
    }


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

    One that is done is not blocked: the next run writes what the ledger still lacks. One that has failed for an hour is
    halved at each further try, until whoever holds up the others is alone; a store that is away for a night makes some
    dozens of batches of one, and no more.
    """
    since = batch.blocked_since or at
    mine = ErasureBatch.objects.unfinished().filter(pk=batch.pk, fence=batch.fence)
    if mine.update(
        blocked_by=reason, blocked_since=since, attempts=batch.attempts + 1, lease_until=at + _pause(batch.attempts)
    ):
        cases.block(batch.candidate_refs, batch.pk, at=at)
        if batch.attempts >= HALVED_FROM and len(batch.candidate_refs) > 1:
            _halve(batch, at)


@transaction.atomic
def _halve(batch: ErasureBatch, at: datetime) -> None:
    """Give half of the people to a batch of its own, which is due at once and has the same steps behind it."""
    held = _hold(batch)
    middle = len(held.candidate_refs) // 2
    refs = held.candidate_refs[middle:]
    other = ErasureBatch.objects.create(
        trigger=held.trigger,
        state=held.state,
        candidate_refs=refs,
        claimed_at=held.claimed_at,
        lease_until=at,
        attempts=held.attempts,
        blocked_by=held.blocked_by,
        blocked_since=held.blocked_since,
        has_mailbox=held.has_mailbox,
        mailbox_purged_at=held.mailbox_purged_at,
        mailbox_purged_by=held.mailbox_purged_by,
    )
    held.candidate_refs = held.candidate_refs[:middle]
    held.save(update_fields=["candidate_refs"])
    Candidate.objects.filter(erasing_ref=held.pk, pk__in=refs).update(erasing_ref=other.pk)
    cases.move(refs, other.pk)
    if held.state != BatchState.CLAIMED:
        ledger.reserve(LedgerKind.ERASURE_STARTED, _entry(other), at=at)


def _wait_for_mailbox(batch: ErasureBatch, at: datetime) -> None:
    """Look again in a quarter of an hour; the people stay hidden, and nobody is told that it is done."""
    mine = ErasureBatch.objects.filter(pk=batch.pk, fence=batch.fence)
    mine.filter(mailbox_waits_since=None).update(mailbox_waits_since=at)
    mine.update(lease_until=at + MAILBOX_PAUSE, blocked_by="", blocked_since=None, attempts=batch.attempts)
    cases.wait_for_mailbox(batch.candidate_refs, batch.pk, at=at)
