"""The records of privacy go when their periods are over, and what is open stays."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from accounts.models import User
from privacy.enums import (
    AlarmKind,
    BatchState,
    CaseReason,
    CaseState,
    Decision,
    LedgerKind,
    RequestChannel,
    StopReason,
    SubjectRequestKind,
)
from privacy.models import (
    Alarm,
    BulkErasure,
    ErasureBatch,
    ErasureCase,
    LedgerRecord,
    Replay,
    RetentionRun,
    RunStop,
    SubjectRequest,
)
from privacy.services import ledger
from privacy.services.periods import purge_old_records

pytestmark = pytest.mark.django_db

MODELS = (ErasureBatch, ErasureCase, BulkErasure, RetentionRun, RunStop, Alarm, Replay, SubjectRequest)


def one_of_each(at: datetime, user: User, *, is_open: bool = False) -> None:
    ended: Any = None if is_open else at
    ErasureBatch.objects.create(
        candidate_refs=[uuid4()], claimed_at=at, lease_until=at, finished_at=ended,
        state=BatchState.STARTED if is_open else BatchState.DONE,
    )  # fmt: skip
    ErasureCase.objects.create(
        candidate_ref=uuid4(), state=CaseState.DONE, reason=CaseReason.REQUEST, opened_at=at, closed_at=ended
    )
    RunStop.objects.create(
        reason=StopReason.LARGE if is_open else StopReason.CLOCK_JUMPED, raised_at=at, due=1, usual=1, goes_on_at=at,
        closed_at=ended,
    )  # fmt: skip
    Alarm.objects.create(kind=AlarmKind.LEDGER, raised_at=at, cleared_at=ended)
    Replay.objects.create(at=at, report={"is_finished": not is_open})
    SubjectRequest.objects.create(
        number=f"R-{uuid4().hex[:8]}", kind=SubjectRequestKind.ACCESS, channel=RequestChannel.MAIL, language="en",
        received_at=at, recorded_at=at, due_on=date(2026, 12, 24), limit_on=date(2026, 12, 24),
        decision="" if is_open else Decision.FULFILLED, closed_at=ended,
    )  # fmt: skip
    if not is_open:
        BulkErasure.objects.create(person_refs=[uuid4()], asked_at=at, asked_by=user, decided_at=at, decided_by=user)
        RetentionRun.objects.create(at=at, base_months=24, unanswered_months=24)
        ledger.write(ledger.reserve(LedgerKind.ERASURE_STARTED, {}, at=at), at=at)


def counts() -> dict[str, int]:
    return {model.__name__: model.objects.count() for model in MODELS}


def test_each_record_goes_at_the_midnight_after_its_period(at: datetime, officer: User) -> None:
    one_of_each(at, officer)
    assert set(counts().values()) == {1}
    two_years, three_years = (
        datetime.fromisoformat("2028-11-25T00:00+02:00"),
        datetime.fromisoformat("2029-11-25T00:00+02:00"),
    )
    purge_old_records(at=two_years - timedelta(seconds=1))
    assert set(counts().values()) == {1}
    assert purge_old_records(at=two_years) == dict.fromkeys(counts(), 1) | {"SubjectRequest": 0, "LedgerRecord": 1}
    assert counts() == dict.fromkeys(counts(), 0) | {"SubjectRequest": 1}
    assert (ledger.verify(), LedgerRecord.objects.get().content) == ([], "")
    purge_old_records(at=three_years - timedelta(seconds=1))
    assert SubjectRequest.objects.count() == 1
    purge_old_records(at=three_years)
    assert SubjectRequest.objects.count() == 0


def test_what_is_open_stays_however_old_it_is(at: datetime, officer: User) -> None:
    one_of_each(at, officer, is_open=True)
    before = counts()
    purge_old_records(at=at.replace(year=2040))
    assert counts() == before
