"""The one path by which people leave."""

from datetime import datetime, timedelta

import pytest

from audit.enums import Action
from audit.models import AuditEvent
from candidates.models import Application, Candidate, Position
from files.models import StoredFile
from files.services import remaining_objects
from privacy.enums import BatchState, LedgerKind
from privacy.models import ErasureBatch, LedgerRecord
from privacy.services import erasure, ledger
from tests.factories import people

pytestmark = pytest.mark.django_db


def test_an_expired_candidate_goes_with_files_rows_and_a_ledger_entry(at: datetime, position: Position) -> None:
    gone = people.application(at, position).candidate
    stays = people.application(at + timedelta(days=30), position, email="eino@example.org").candidate
    assert remaining_objects([gone.pk]) == 1

    before = erasure.erase_due(at=gone.expires_at - timedelta(seconds=1))
    assert (before.erased, Candidate.objects.count()) == ([], 2)

    report = erasure.erase_due(at=gone.expires_at)
    assert report.erased == [gone.pk]
    assert list(Candidate.objects.values_list("pk", flat=True)) == [stays.pk]
    assert (remaining_objects([gone.pk]), remaining_objects([stays.pk])) == (0, 1)
    assert StoredFile.objects.filter(owner_ref=gone.pk).count() == 0
    assert Application.objects.count() == 1
    entries = LedgerRecord.objects.order_by("number")
    assert [entry.kind for entry in entries] == [LedgerKind.ERASURE_STARTED, LedgerKind.ERASURE_COMPLETED]
    assert all(str(gone.pk) in entry.content and entry.written_at for entry in entries)
    assert ledger.verify() == []
    assert AuditEvent.objects.filter(action=Action.ERASED, subject_ref=gone.pk).count() == 1
    assert ErasureBatch.objects.get().state == BatchState.DONE
