"""F01, G12: a worker is killed before and after every single call to the database, the bucket and the mail server.

For each point a fresh person who asked to be erased and of whom every place holds a word; a worker that dies there; a
normal worker ten minutes later. Then everything is gone, once, and the person was told, once. A run of all points takes
minutes: it is made with ALL_CRASH_POINTS=1, as a step of CI is; otherwise every sixteenth point is taken, beginning at
one that CRASH_SEED gives.
"""

import os
import random
import signal
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from accounts.models import User
from audit.enums import Action
from audit.models import AuditEvent
from candidates.models import Candidate, Position
from files.services import remaining_objects
from mailing.enums import EmailKind, EmailState
from mailing.models import OutboxEmail
from mailing.services import message_id
from privacy.enums import BatchState, LedgerKind
from privacy.models import ErasureBatch, LedgerRecord
from privacy.services import ledger
from privacy.services.erasure import LEASE
from tests.parts import canary, sweep
from tests.parts.canary import Bird, Search, sing
from tests.parts.faults import AFTER, BEFORE
from tests.parts.forks import StartForks, take
from tests.parts.servers import Buckets
from tests.parts.smtp import SmtpServer

pytestmark = [pytest.mark.s3, pytest.mark.timeout(600)]

STRIPES = 2
"""The points are shared by so many tests, which may run beside each other."""
EVERY = 1 if os.environ.get("ALL_CRASH_POINTS") == "1" else 16
SEED = int(os.environ.get("CRASH_SEED") or random.randrange(EVERY)) % EVERY
PAUSE = timedelta(days=3)
LEAST = 40
"""An erasure has at least so many calls (G12); fewer would mean that they are not counted."""


@pytest.mark.parametrize("stripe", range(STRIPES))
@pytest.mark.parametrize("moment", [BEFORE, AFTER])
def test_a_worker_that_is_killed_at_any_call_is_followed_by_another_that_finishes(
    at: datetime,
    position: Position,
    recruiter: User,
    start_forks: StartForks,
    s3_buckets: Buckets,
    smtp_server: SmtpServer,
    moment: str,
    stripe: int,
) -> None:
    print(f"every {EVERY} of the points; the same again: CRASH_SEED={SEED}")
    forks = start_forks(CLOUDER_EMAIL_URL=smtp_server.url, **s3_buckets.environment)
    killed, search = [], Search()
    for number, place in enumerate(range(1 + stripe + STRIPES * SEED, 10_000, STRIPES * EVERY)):
        bird = sing(number, at + number * PAUSE, position, recruiter)
        if number == 0:
            assert sweep.tables_with(canary.CANARY, canary.PHONE) == canary.PLACES
            # Two versions and the text hold it; the picture, a delete marker and an unfinished upload do not.
            assert len(search.objects_with(canary.CANARY)) == 3
            assert len(s3_buckets.contents(f"{bird.record.pk}/")) == 6
        smtp_server.received.clear()
        died = forks.work(bird.due, moment, place)
        where = f"{moment} call {place}, {died.calls[min(place, len(died.calls)) - 1]}"
        assert Candidate.objects.visible(bird.due).count() == 0, where
        if died.status == -signal.SIGKILL:
            assert len(died.calls) >= place, where
            killed.append(place)
            take(forks.work(bird.due + LEASE), forks)
        assert_gone_once(bird, smtp_server, search, forks.log, where)
        if died.status == 0:
            break
    count = len(died.calls)
    assert (died.status, count >= LEAST) == (0, True)
    assert killed == list(range(1 + stripe + STRIPES * SEED, count + 1, STRIPES * EVERY))
    assert ledger.verify() == []


def assert_gone_once(bird: Bird, smtp_server: SmtpServer, search: Search, log: Path, where: str) -> None:
    """Everything is gone, the ledger says so once, and one statement went out, if twice then as one mail."""
    ref = bird.record.pk
    assert search.hits(log) == [], where
    assert (Candidate.objects.count(), remaining_objects([ref])) == (0, 0), where
    entries = LedgerRecord.objects.filter(content__contains=str(ref)).order_by("number")
    kinds = [LedgerKind.ERASURE_STARTED, LedgerKind.ERASURE_COMPLETED]
    assert [(entry.kind, entry.written_at is None) for entry in entries] == [(kind, False) for kind in kinds], where
    assert len(search.objects_with(str(ref))) == len(kinds), where
    assert AuditEvent.objects.filter(action=Action.ERASED, subject_ref=ref).count() == 1, where
    batch = ErasureBatch.objects.get(candidate_refs=[ref])
    assert (batch.state, batch.blocked_by) == (BatchState.DONE, ""), where
    statement = OutboxEmail.objects.get(kind=EmailKind.ERASURE_STATEMENT, dedupe_key=bird.case)
    assert (statement.state, statement.to_address, statement.context) == (EmailState.SENT, "", {}), where
    assert set(smtp_server.message_ids) == {message_id(statement.pk)}, where
    assert smtp_server.received[0].recipients == [bird.record.email], where
