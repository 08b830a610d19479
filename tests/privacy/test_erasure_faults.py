"""Erasing goes on whatever fails: a worker that dies at any step, a store that refuses, two workers at once."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core.files.storage import storages
from django.db import transaction

from audit.enums import Action
from audit.models import AuditEvent
from candidates.models import Candidate, Position
from candidates.services.erasure import request_erasure
from common.actors import candidate
from files.errors import StoreError
from files.services import purge_owners, remaining_objects
from mailing.enums import EmailKind, EmailState
from mailing.models import OutboxEmail
from privacy.enums import BatchState, LedgerKind
from privacy.models import ErasureBatch, LedgerRecord
from privacy.services import erasure, ledger
from tests.factories import people
from tests.parts import sweep
from tests.parts.stores import BreakStore
from tests.parts.threads import at_once, elsewhere

pytestmark = pytest.mark.django_db

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
STEPS: list[Callable[[ErasureBatch, datetime], Any]] = [
    erasure._start,
    erasure._erase_objects,
    lambda batch, _: erasure._await_mailbox(batch),
    erasure._erase_rows,
    erasure._finish,
]
STATES = [
    BatchState.CLAIMED,
    BatchState.STARTED,
    BatchState.OBJECTS_GONE,
    BatchState.EXTERNAL_GONE,
    BatchState.ROWS_GONE,
    BatchState.DONE,
]


@pytest.fixture
def asked(at: datetime, position: Position) -> Candidate:
    """Somebody who asked to be erased, a day before ``end``."""
    person = people.application(at, position).candidate
    request_erasure(person.person_ref, actor=candidate(person.person_ref), at=at)
    return person


@pytest.fixture
def end(at: datetime) -> datetime:
    """When that is due."""
    return at + timedelta(hours=24)


def claimed(end: datetime) -> ErasureBatch:
    batch = erasure.claim(at=end)
    assert batch is not None
    return batch


def ledger_kinds() -> list[str]:
    """The entries of the ledger, all of them written and in one chain."""
    records = LedgerRecord.objects.order_by("number")
    assert [record for record in records if not record.written_at] == []
    assert ledger.verify() == []
    return [record.kind for record in records]


def assert_erased_once(person: Candidate) -> None:
    """Everything that an erasure does was done, and once."""
    assert (Candidate.objects.filter(pk=person.pk).count(), remaining_objects([person.pk])) == (0, 0)
    assert ledger_kinds() == [LedgerKind.ERASURE_STARTED, LedgerKind.ERASURE_COMPLETED]
    assert AuditEvent.objects.filter(action=Action.ERASED, subject_ref=person.pk).count() == 1
    statements = OutboxEmail.objects.filter(kind=EmailKind.ERASURE_STATEMENT)
    assert list(statements.values_list("state", flat=True)) == [EmailState.QUEUED]
    batch = ErasureBatch.objects.get()
    assert (batch.state, batch.blocked_by, batch.finished_at is None) == (BatchState.DONE, "", False)
    assert batch.counts["candidates.Candidate"] == 1


# A worker dies


@pytest.mark.parametrize("done", range(len(STATES)))
def test_a_worker_that_dies_between_two_steps_is_followed_by_another(
    asked: Candidate, end: datetime, done: int
) -> None:
    batch = claimed(end)
    for step in STEPS[:done]:
        step(batch, end)
    assert ErasureBatch.objects.get().state == STATES[done]
    assert Candidate.objects.visible(end).count() == 0
    if done < len(STEPS):
        early = erasure.erase_due(at=end + erasure.LEASE - SECOND)
        assert (early.erased, ErasureBatch.objects.get().state) == ([], STATES[done])
    report = erasure.erase_due(at=end + erasure.LEASE)
    assert (report.erased, report.blocked) == ([asked.pk] if done < len(STEPS) else [], [])
    assert_erased_once(asked)
    again = erasure.erase_due(at=end + 2 * erasure.LEASE)
    assert again == erasure.Report()
    assert_erased_once(asked)


def test_one_that_dies_after_the_objects_and_before_saying_so(asked: Candidate, end: datetime) -> None:
    batch = claimed(end)
    erasure._start(batch, end)
    assert purge_owners(batch.candidate_refs) == 1
    assert erasure.erase_due(at=end + erasure.LEASE).erased == [asked.pk]
    assert_erased_once(asked)


def test_one_that_dies_between_reserving_a_number_and_writing_it(
    asked: Candidate, end: datetime, break_store: BreakStore
) -> None:
    batch = claimed(end)
    mend = break_store("ledger", "SilentLedger")
    with pytest.raises(StoreError):
        erasure._start(batch, end)
    assert (ErasureBatch.objects.get().state, LedgerRecord.objects.get().written_at) == (BatchState.STARTED, None)
    mend()
    assert erasure.erase_due(at=end + erasure.LEASE).erased == [asked.pk]
    assert_erased_once(asked)


def test_nothing_is_destroyed_before_the_ledger_says_so(
    asked: Candidate, end: datetime, break_store: BreakStore
) -> None:
    mend = break_store("ledger", "SilentLedger")
    report = erasure.erase_due(at=end)
    batch = ErasureBatch.objects.get()
    assert (report.erased, report.blocked) == ([], [(batch.pk, "StoreError")])
    # A worker that takes it over, as one does that was started before the ledger broke.
    with pytest.raises(StoreError):
        erasure._erase_objects(batch, end)
    with pytest.raises(StoreError):
        erasure.erase_due(at=end + MINUTE)
    assert (remaining_objects([asked.pk]), Candidate.objects.count()) == (1, 1)
    mend()
    assert erasure.erase_due(at=end + MINUTE).erased == [asked.pk]
    assert_erased_once(asked)


def test_the_last_entry_is_written_by_the_next_run_where_the_ledger_failed(
    asked: Candidate, end: datetime, break_store: BreakStore
) -> None:
    batch = claimed(end)
    for step in STEPS[:4]:
        step(batch, end)
    mend = break_store("ledger", "SilentLedger")
    report = erasure.Report()
    with pytest.raises(StoreError):
        erasure._run(batch, end, report)
    erasure._block(batch, "StoreError", end)
    batch.refresh_from_db()
    assert (report.erased, batch.state, batch.blocked_by) == ([asked.pk], BatchState.DONE, "")
    mend()
    assert erasure.erase_due(at=end + MINUTE) == erasure.Report()
    assert_erased_once(asked)


# A worker wakes up late


@pytest.mark.parametrize("done", range(len(STEPS)))
def test_a_worker_that_lost_its_batch_changes_nothing(asked: Candidate, end: datetime, done: int) -> None:
    mine = claimed(end)
    for step in STEPS[:done]:
        step(mine, end)
    assert erasure._take_over(end + erasure.LEASE - SECOND) is None
    theirs = erasure._take_over(end + erasure.LEASE)
    assert theirs is not None
    assert (theirs.pk, theirs.fence) == (mine.pk, mine.fence + 1)
    before, objects = sweep.database(), remaining_objects([asked.pk])
    with pytest.raises(erasure.FenceLost):
        STEPS[done](mine, end)
    erasure._block(mine, "StoreError", end)
    assert (sweep.database(), remaining_objects([asked.pk])) == (before, objects)
    for step in STEPS[done:]:
        step(theirs, end + erasure.LEASE)
    ledger.write_reserved(at=end + erasure.LEASE)
    assert_erased_once(asked)


def test_a_run_that_loses_one_batch_goes_on_with_the_next(
    at: datetime, monkeypatch: pytest.MonkeyPatch, position: Position
) -> None:
    people.application(at, position)
    people.application(at, position, email="eino@example.org")
    monkeypatch.setattr(erasure, "BATCH_SIZE", 1)
    lost: list[UUID] = []
    start = erasure._start

    def lose_the_first(batch: ErasureBatch, moment: datetime) -> int:
        if not lost:
            lost.append(batch.pk)
            ErasureBatch.objects.filter(pk=batch.pk).update(fence=batch.fence + 1)
        return start(batch, moment)

    monkeypatch.setattr(erasure, "_start", lose_the_first)
    report = erasure.erase_due(at=at + timedelta(days=800))
    assert (len(report.erased), report.blocked) == (1, [])
    assert ErasureBatch.objects.get(pk=lost[0]).state == BatchState.CLAIMED


# A store fails


@pytest.mark.parametrize(("store", "reason"), [("RefusingStore", "StoreError"), ("ForgetfulStore", "SomethingLeft")])
def test_a_store_that_does_not_delete_blocks_the_batch_until_it_does(
    asked: Candidate, end: datetime, break_store: BreakStore, store: str, reason: str
) -> None:
    mend = break_store("files", store)
    report = erasure.erase_due(at=end)
    batch = ErasureBatch.objects.get()
    assert (report.erased, report.blocked) == ([], [(batch.pk, reason)])
    assert (batch.state, batch.blocked_by, batch.lease_until) == (BatchState.STARTED, reason, end + MINUTE)
    assert (Candidate.objects.visible(end).count(), Candidate.objects.count()) == (0, 1)
    assert OutboxEmail.objects.filter(kind=EmailKind.ERASURE_STATEMENT).count() == 0
    assert erasure.erase_due(at=end + MINUTE - SECOND) == erasure.Report()
    mend()
    assert remaining_objects([asked.pk]) == 1
    assert erasure.erase_due(at=end + MINUTE).erased == [asked.pk]
    assert_erased_once(asked)


def test_pauses_grow_to_six_hours(asked: Candidate, end: datetime, break_store: BreakStore) -> None:
    mend = break_store("files", "RefusingStore")
    pauses, now = [], end
    for attempts in (0, 1, 2, 8, 9, 60):
        ErasureBatch.objects.update(attempts=attempts)
        erasure.erase_due(at=now)
        batch = ErasureBatch.objects.get()
        pauses.append((batch.attempts, (batch.lease_until - now) // MINUTE))
        now = batch.lease_until
    assert pauses == [(1, 1), (2, 2), (3, 4), (9, 256), (10, 360), (61, 360)]
    mend()
    assert erasure.erase_due(at=now).erased == [asked.pk]
    assert_erased_once(asked)


def test_one_blocked_batch_does_not_hold_up_the_others(
    asked: Candidate, end: datetime, at: datetime, break_store: BreakStore
) -> None:
    mend = break_store("files", "RefusingStore")
    erasure.erase_due(at=end)
    mend()
    other = people.application(at, email="eino@example.org").candidate
    request_erasure(other.person_ref, actor=candidate(other.person_ref), at=at)
    assert erasure.erase_due(at=end).erased == [other.pk]
    assert Candidate.objects.get() == asked


def test_what_comes_in_while_the_rows_go_is_swept_before_it_is_done(asked: Candidate, end: datetime) -> None:
    batch = claimed(end)
    for step in STEPS[:4]:
        step(batch, end)
    people.staged(asked.pk, end)
    assert remaining_objects([asked.pk]) == 1
    report = erasure.erase_due(at=end + erasure.LEASE)
    assert (report.erased, report.blocked) == ([], [(batch.pk, "SomethingLeft")])
    assert (storages["files"].list_keys(), sweep.rows_with(str(asked.pk)).keys()) == (
        [],
        {"audit_auditevent", "privacy_erasurebatch", "privacy_erasurecase", "privacy_ledgerrecord"},
    )
    assert OutboxEmail.objects.get(kind=EmailKind.ERASURE_STATEMENT).state == EmailState.HELD
    assert erasure.erase_due(at=end + erasure.LEASE + MINUTE).erased == [asked.pk]
    assert_erased_once(asked)


# Two workers


@pytest.mark.django_db(transaction=True)
def test_two_workers_share_what_is_due_without_overlap(at: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasure, "BATCH_SIZE", 2)
    refs = [people.application(at, email=f"{number}@example.org").candidate_id for number in range(8)]
    reports = at_once(lambda: erasure.erase_due(at=at + timedelta(days=800)))
    assert sorted(ref for report in reports for ref in report.erased) == sorted(refs)
    assert [report.blocked for report in reports] == [[], []]
    batches = ErasureBatch.objects.all()
    assert sorted(ref for batch in batches for ref in batch.candidate_refs) == sorted(refs)
    assert [(batch.state, batch.fence) for batch in batches] == [(BatchState.DONE, 1)] * 4
    assert sorted(ledger_kinds()) == sorted([LedgerKind.ERASURE_STARTED, LedgerKind.ERASURE_COMPLETED] * 4)
    assert (Candidate.objects.count(), remaining_objects(refs)) == (0, 0)
    assert AuditEvent.objects.filter(action=Action.ERASED).count() == 8


@pytest.mark.django_db(transaction=True)
def test_what_one_worker_is_claiming_another_passes_over(at: datetime) -> None:
    taken, other = (people.application(at, email=f"{number}@example.org").candidate for number in range(2))
    late = at + timedelta(days=800)
    with transaction.atomic():
        assert Candidate.objects.select_for_update().get(pk=taken.pk) == taken
        batch = elsewhere(lambda: erasure.claim(at=late))
        assert batch is not None
        assert batch.candidate_refs == [other.pk]
        ErasureBatch.objects.select_for_update().get()
        assert elsewhere(lambda: erasure._take_over(late + erasure.LEASE)) is None
    assert claimed(late).candidate_refs == [taken.pk]


def test_a_claim_takes_nobody_twice(at: datetime) -> None:
    for number in range(3):
        people.application(at, email=f"{number}@example.org")
    late = at + timedelta(days=800)
    sizes = []
    while batch := erasure.claim(at=late, size=2):
        sizes.append(len(batch.candidate_refs))
    assert (sizes, Candidate.objects.filter(erasing_ref=None).count()) == ([2, 1], 0)
    assert len({ref for batch in ErasureBatch.objects.all() for ref in batch.candidate_refs}) == 3
