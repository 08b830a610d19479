"""F16: somebody whom no run can erase, whatever the reason. Others go on, the state is honest, and somebody is told."""

import signal
from datetime import datetime, timedelta

import pytest
from django.db import connection

from candidates.models import Candidate, Position
from candidates.services.erasure import request_erasure
from common.actors import candidate
from mailing.enums import EmailKind, EmailState
from mailing.models import OutboxEmail
from privacy.enums import AlarmKind, BatchState, CaseReason, CaseState, LedgerKind
from privacy.models import Alarm, ErasureBatch, ErasureCase, LedgerRecord
from privacy.services import alarms, erasure, ledger
from tests.factories import people
from tests.parts.forks import StartForks
from tests.parts.servers import Buckets
from tests.parts.smtp import SmtpServer
from tests.parts.stores import BreakStore

QUARTER = timedelta(minutes=15)
HOUR = timedelta(hours=1)
DAY = timedelta(hours=24)
WEEK = timedelta(days=7)


def asked(at: datetime, position: Position, name: str) -> Candidate:
    """Somebody who asks to be erased now, and is due in a day."""
    person = people.application(at, position, email=f"{name}@example.org").candidate
    request_erasure(person.person_ref, actor=candidate(person.person_ref), at=at)
    return person


def run(since: datetime, until: datetime, every: timedelta = QUARTER) -> None:
    """What beat does: the worker every quarter of an hour, the watch every hour, from one instant up to another."""
    now = since
    while now <= until:
        erasure.erase_due(at=now)
        if (now - since) % HOUR == timedelta():
            alarms.watch(at=now)
        now += every


def live_alarms() -> set[tuple[str, str]]:
    return set(Alarm.objects.filter(cleared_at=None).values_list("kind", "ref"))


@pytest.mark.django_db
def test_a_store_that_always_refuses_one_person(at: datetime, position: Position, break_store: BreakStore) -> None:
    poison = asked(at, position, "poison")
    mend = break_store("files", "RefusingOne", refused=str(poison.pk))
    due = at + DAY
    run(due, due + DAY - QUARTER)
    batch = ErasureBatch.objects.get()
    assert (batch.state, batch.blocked_by, batch.blocked_since) == (BatchState.STARTED, "StoreError", due)
    # With growing pauses: after 0, 1, 2, 4, … minutes, each at the run that comes next.
    assert (batch.attempts, live_alarms()) == (12, set())
    later = asked(at, position, "later")

    run(due + DAY, due + DAY)
    assert live_alarms() == {(AlarmKind.BLOCKED, str(batch.pk))}
    assert list(Candidate.objects.values_list("pk", flat=True)) == [poison.pk]
    assert later.pk in ErasureBatch.objects.get(state=BatchState.DONE).candidate_refs

    run(due + DAY + HOUR, due + WEEK, every=HOUR)
    assert live_alarms() == {(kind, str(batch.pk)) for kind in (AlarmKind.BLOCKED, AlarmKind.INCIDENT)} | {
        (kind, "") for kind in (AlarmKind.OLDEST_DUE, AlarmKind.NOTHING_ERASED)
    }
    assert Alarm.objects.count() == len(live_alarms())
    batch.refresh_from_db()
    assert (batch.state, batch.blocked_by, batch.finished_at) == (BatchState.STARTED, "StoreError", None)
    assert Candidate.objects.visible(due + WEEK).count() == 0
    case = ErasureCase.objects.get(candidate_ref=poison.pk, reason=CaseReason.STORE)
    assert (case.state, case.closed_at) == (CaseState.BLOCKED, None)
    told = OutboxEmail.objects.filter(kind=EmailKind.ERASURE_STATEMENT, to_address="poison@example.org")
    assert told.count() == 0
    mine = LedgerRecord.objects.filter(content__contains=str(poison.pk))
    assert [entry.kind for entry in mine] == [LedgerKind.ERASURE_STARTED]

    mend()
    run(due + WEEK + QUARTER, due + WEEK + erasure.LONGEST_PAUSE + QUARTER)
    assert (Candidate.objects.count(), live_alarms(), ledger.verify()) == (0, set(), [])
    assert told.get().state == EmailState.QUEUED


@pytest.mark.django_db
def test_those_who_share_a_batch_with_somebody_whom_the_store_refuses(
    at: datetime, position: Position, break_store: BreakStore
) -> None:
    poison = asked(at, position, "poison")
    for number in range(4):
        asked(at, position, f"other{number}")
    break_store("files", "RefusingOne", refused=str(poison.pk))
    run(at + DAY, at + 2 * DAY)
    assert list(Candidate.objects.values_list("pk", flat=True)) == [poison.pk]
    assert ErasureBatch.objects.unfinished().get().candidate_refs == [poison.pk]


@pytest.fixture
def undeletable(db: None) -> None:
    """The database does not let a person go who is called Poison, as a forgotten constraint or trigger would."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION no_poison() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " IF OLD.name = 'Poison' THEN RAISE EXCEPTION 'not this one'; END IF; RETURN OLD; END $$"
        )
        cursor.execute(
            "CREATE TRIGGER no_poison BEFORE DELETE ON candidates_candidate FOR EACH ROW EXECUTE FUNCTION no_poison()"
        )


@pytest.mark.django_db
def test_a_database_that_always_refuses_one_person(at: datetime, position: Position, undeletable: None) -> None:
    poison = people.application(at, position, email="poison@example.org", name="Poison").candidate
    request_erasure(poison.person_ref, actor=candidate(poison.person_ref), at=at)
    due = at + DAY
    erasure.erase_due(at=due)
    assert list(Candidate.objects.values_list("pk", flat=True)) == [poison.pk]
    for number in range(4):
        asked(at, position, f"other{number}")
    run(due + QUARTER, due + DAY + HOUR)
    assert list(Candidate.objects.values_list("pk", flat=True)) == [poison.pk]
    batch = ErasureBatch.objects.unfinished().get()
    assert (batch.candidate_refs, batch.blocked_since) == ([poison.pk], due)
    assert (AlarmKind.BLOCKED, str(batch.pk)) in live_alarms()
    assert Candidate.objects.visible(due).count() == 0


@pytest.mark.s3
def test_somebody_of_whom_every_worker_dies(
    at: datetime,
    position: Position,
    start_forks: StartForks,
    s3_buckets: Buckets,
    smtp_server: SmtpServer,
) -> None:
    forks = start_forks(CLOUDER_EMAIL_URL=smtp_server.url, **s3_buckets.environment)
    poison = asked(at, position, "poison")
    due = at + DAY
    assert forks.work(due, deadly=str(poison.pk)).status == -signal.SIGKILL
    others = [asked(at, position, f"other{number}").pk for number in range(4)]
    ends = [forks.work(due + number * QUARTER, deadly=str(poison.pk)).status for number in range(1, 9)]
    assert -signal.SIGKILL in ends
    assert list(Candidate.objects.values_list("pk", flat=True)) == [poison.pk]
    erased = ErasureBatch.objects.filter(state=BatchState.DONE)
    assert sorted(ref for batch in erased for ref in batch.candidate_refs) == sorted(others)
    alarms.watch(at=due + DAY)
    batch = ErasureBatch.objects.unfinished().get()
    assert (AlarmKind.BLOCKED, str(batch.pk)) in live_alarms()

    assert forks.work(due + WEEK).status == 0
    assert (Candidate.objects.count(), ledger.verify()) == (0, [])
