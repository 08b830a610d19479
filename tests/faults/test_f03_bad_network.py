"""F03: the bucket is down, hangs, is slow, cuts its answers short, has no time or is empty. Nobody is lost by it."""

import random
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client

from audit.enums import Action
from audit.models import AuditEvent
from candidates.models import Candidate, Position
from candidates.services.erasure import request_erasure
from clouder import quarantine
from common.actors import candidate
from files.errors import StoreError
from files.services import remaining_objects
from mailing.enums import EmailKind, EmailState
from mailing.models import OutboxEmail
from privacy.enums import BatchState, LedgerKind
from privacy.models import ErasureBatch, LedgerRecord
from privacy.services import erasure, ledger
from tests.factories import people
from tests.parts.proxy import Mode, Proxy
from tests.parts.weak import WeakBuckets

pytestmark = [pytest.mark.s3, pytest.mark.django_db]

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
DAY = timedelta(hours=24)
COUNT, SIZE = 9, 3

LeadTo = Callable[..., WeakBuckets]


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasure, "BATCH_SIZE", SIZE)


def askers(at: datetime, position: Position, count: int = COUNT) -> list[Candidate]:
    """People with a file each who ask to be erased now, due in a day."""
    found = []
    for number in range(count):
        person = people.application(at, position, email=f"{number}@example.org").candidate
        request_erasure(person.person_ref, actor=candidate(person.person_ref), at=at)
        found.append(person)
    return found


def statements() -> list[str]:
    return list(OutboxEmail.objects.filter(kind=EmailKind.ERASURE_STATEMENT).values_list("state", flat=True))


def assert_all_erased_once(asked: list[Candidate]) -> None:
    refs = sorted(person.pk for person in asked)
    assert (Candidate.objects.count(), remaining_objects(refs), ledger.verify()) == (0, 0, [])
    kinds = sorted(LedgerRecord.objects.values_list("kind", flat=True))
    count = ErasureBatch.objects.count()
    assert kinds == [LedgerKind.ERASURE_COMPLETED] * count + [LedgerKind.ERASURE_STARTED] * count
    assert sorted(AuditEvent.objects.filter(action=Action.ERASED).values_list("subject_ref", flat=True)) == refs
    assert set(ErasureBatch.objects.values_list("state", "blocked_by")) == {(BatchState.DONE, "")}
    assert statements() == [EmailState.QUEUED] * len(refs)


def test_each_fault_in_turn_while_batches_run(at: datetime, position: Position, weak_buckets: LeadTo) -> None:
    buckets, now = weak_buckets("files"), at + DAY
    asked = askers(at, position)
    for attempts, mode in enumerate((Mode.DOWN, Mode.HANG, Mode.CUT, Mode.BUSY)):
        buckets.proxy.mode = mode
        report = erasure.erase_due(at=now)
        pause = timedelta(minutes=2**attempts)
        batches = ErasureBatch.objects.values_list("state", "blocked_by", "attempts", "lease_until")
        blocked = (BatchState.STARTED, "StoreError", attempts + 1, now + pause)
        assert (report.erased, list(batches)) == ([], [blocked] * (COUNT // SIZE)), mode
        assert sorted(pk for pk, _ in report.blocked) == sorted(ErasureBatch.objects.values_list("pk", flat=True))
        assert (Candidate.objects.count(), Candidate.objects.visible(now).count(), statements()) == (COUNT, 0, []), mode
        early = erasure.erase_due(at=now + pause - SECOND)
        assert (early.erased, early.blocked) == ([], []), mode
        now += pause
    buckets.proxy.mode = Mode.PASS
    assert remaining_objects([person.pk for person in asked]) == COUNT
    buckets.proxy.mode = Mode.DELAY
    assert sorted(erasure.erase_due(at=now).erased) == sorted(person.pk for person in asked)
    assert buckets.proxy.seen == set(Mode)
    assert_all_erased_once(asked)


class Weather(threading.Thread):
    """Changes the proxy's mode every moment, at random but for the seed."""

    def __init__(self, proxy: Proxy) -> None:
        super().__init__(daemon=True)
        self.proxy = proxy
        self.is_over = threading.Event()

    def run(self) -> None:
        chance = random.Random(3)
        while not self.is_over.wait(0.05):
            self.proxy.mode = chance.choice([Mode.PASS, Mode.PASS, Mode.DOWN, Mode.DELAY, Mode.CUT, Mode.BUSY])


def test_changing_faults_of_both_buckets_in_the_middle_of_batches(
    at: datetime, position: Position, weak_buckets: LeadTo
) -> None:
    buckets, now = weak_buckets("files", "ledger"), at + DAY
    asked = askers(at, position)
    weather = Weather(buckets.proxy)
    weather.start()
    broken = 0
    for _ in range(12):
        try:
            broken += len(erasure.erase_due(at=now).blocked)
        except StoreError:  # the ledger: nothing is destroyed before it says so
            broken += 1
        now += HOUR
    weather.is_over.set()
    weather.join()
    buckets.proxy.mode = Mode.PASS
    assert broken > 0
    for _ in range(2):
        erasure.erase_due(at=now + erasure.LONGEST_PAUSE)
        now += erasure.LONGEST_PAUSE
    assert_all_erased_once(asked)


def test_objects_that_are_gone_already_are_no_hindrance(at: datetime, position: Position, weak_buckets: LeadTo) -> None:
    buckets, now = weak_buckets("files"), at + DAY
    asked = askers(at, position)
    buckets.server.stop()
    report = erasure.erase_due(at=now)
    assert (report.erased, len(report.blocked)) == ([], COUNT // SIZE)
    buckets.restart()
    assert remaining_objects([person.pk for person in asked]) == 0
    erasure.erase_due(at=now + timedelta(minutes=1))
    assert_all_erased_once(asked)


def test_pages_do_not_wait_for_a_bucket_that_hangs(
    at: datetime, position: Position, weak_buckets: LeadTo, client: Client
) -> None:
    buckets = weak_buckets("files", "ledger")
    assert client.get("/en/").status_code == 200
    buckets.proxy.mode = Mode.HANG
    quarantine.watch.ask_at = 0.0  # as after half a minute
    quarantine.watch.has_thread = True
    began = time.monotonic()
    assert client.get("/en/").status_code == 200
    # Here a store that hangs is given up after more than two seconds, in production after more than thirty.
    assert time.monotonic() - began < 1.5
