"""Something to do for every task of the schedule, and what has been done: each of it must be done once."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.core.files.storage import storages

from accounts.enums import LinkPurpose
from accounts.models import MailedLink, User
from accounts.services.links import create_link
from audit.enums import Access, Action
from audit.models import AuditEvent
from audit.services import record_access
from candidates.enums import HeldKind, HoldGround, InteractionKind, RestrictionGround
from candidates.models import ApplicationDraft, Candidate, Consent, Hold, Position, StaffTask
from candidates.services.drafts import open_draft
from candidates.services.erasure import request_erasure
from candidates.services.holds import open_hold
from candidates.services.interactions import record_interaction
from candidates.services.restrictions import restrict_candidate
from clouder.celery import SCHEDULE
from common.actors import candidate, staff
from files.models import StoredFile
from mailing.enums import EmailKind, EmailState
from mailing.models import OutboxEmail
from policy.calendar import add_months, local_date, local_midnight
from privacy.enums import AlarmKind, BatchState, BatchTrigger, LedgerKind
from privacy.models import Alarm, ErasureBatch, LedgerRecord
from privacy.services import ledger
from tests.factories import people
from tests.factories.files import refused_document

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
YEAR = timedelta(days=365)
TASKS = [entry["task"] for entry in SCHEDULE.values()]

DONE = {
    "acts": {
        Action.ERASED: 3,  # two people, and what a hold had kept of one
        Action.APPLICATION_MOVED: 3,
        Action.OLD_PROCESS_ERASED: 1,
        Action.CONSENT_ENDED: 1,
        Action.RESTRICTION_TOLD: 1,
        Action.TASK_OPENED: 1,
        Action.HOLD_RELEASED: 1,
        Action.REMINDER_QUEUED: 1,
        Action.FILE_REFUSED: 1,
    },
    "erasures": {LedgerKind.ERASURE_STARTED: 3, LedgerKind.ERASURE_COMPLETED: 3},
    "batches": {(BatchTrigger.PEOPLE, BatchState.DONE): 2, (BatchTrigger.VAULT, BatchState.DONE): 1},
    "mails": {
        (kind, EmailState.SENT): count
        for kind, count in {
            EmailKind.APPLICATION_RECEIVED: 2,
            EmailKind.ALARM: 2,
            EmailKind.LONGER_STORAGE_AGREED: 1,
            EmailKind.APPLICATION_ARRIVED: 1,
            EmailKind.ERASURE_STATEMENT: 1,
            EmailKind.RESTRICTION_ENDS: 1,
            EmailKind.STAFF_TASK: 1,
            EmailKind.RETENTION_REMINDER: 1,
            EmailKind.FILE_REFUSED: 1,
        }.items()
    },
    "alarms": {AlarmKind.MUCH_ACCESS: 1, AlarmKind.STORES_DIFFER: 1},
    "journal": {Action.HOLD_OPENED: 1, Action.HOLD_RELEASED: 1, Action.ERASURE_REQUESTED: 1, Action.RESTRICTED: 1},
    "people": ["disputed@example.org", "kept@example.org", "soon@example.org"],
    "tasks for staff": 1,
    "consents": 0,
    "holds": 0,
    "left": (0, 3, 7),
    "objects": 6,  # of two documents the file, its text and the picture of its page
    "ledger": [],
}
"""What there is when every task has done what ``make`` left it to do."""


def make(now: datetime, position: Position, recruiter: User, officer: User) -> None:
    """People, files, links and mails of whom each is due for something at ``now``."""
    by_recruiter = staff(recruiter.pk)
    Position.objects.filter(pk=position.pk).update(open_from=(now - 5 * YEAR).date())
    position.refresh_from_db()
    # Due since midnight: whoever has been due for more than a day is an alarm where the watch comes by first.
    last_day = add_months(local_date(now) - DAY, -24)
    gone = people.application(local_midnight(last_day) + DAY / 2, None, email="gone@example.org")
    open_hold(
        gone.candidate.person_ref, subject_ref=gone.candidate_id, case_ref="C-1", ground=HoldGround.OTHER_CLAIM,
        owner=officer, items=[(HeldKind.APPLICATION, gone.pk)], ends_on=(now - DAY).date(), actor=staff(officer.pk),
        at=now - YEAR,
    )  # fmt: skip
    asked = people.application(now - 9 * DAY, None, email="asked@example.org").candidate
    request_erasure(asked.person_ref, actor=candidate(asked.person_ref), at=now - 26 * HOUR)
    kept = people.application(now - 4 * YEAR - 30 * DAY, email="kept@example.org", has_longer_storage=True).candidate
    record_interaction(
        kept.pk, kind=InteractionKind.CALL, occurred_at=now - YEAR, text="", actor=by_recruiter, at=now - YEAR
    )
    soon = people.application(now - 2 * YEAR + 20 * DAY, position, email="soon@example.org")
    refused_document(soon, at=now - 2 * YEAR + 20 * DAY)
    disputed = people.application(now - 2 * YEAR + 21 * DAY, None, email="disputed@example.org").candidate
    restrict_candidate(disputed.person_ref, ground=RestrictionGround.ACCURACY, actor=by_recruiter, at=now - YEAR)
    people.staged(uuid4(), now - 2 * DAY)
    open_draft("cookie", uuid4(), None, begun_at=now - 2 * DAY, at=now - 2 * DAY)
    create_link(LinkPurpose.SIGN_IN, address="a@example.org", language="en", lifetime=DAY, at=now - 2 * DAY)
    refs = [uuid4() for _ in range(60)]
    record_access(Access.VIEWED, at=now - timedelta(minutes=5), actor=by_recruiter, subject_refs=refs)
    lost = StoredFile.objects.get(owner_ref=kept.pk)
    storages["files"].purge_keys([lost.key])  # type: ignore[attr-defined]


def effects() -> dict[str, Any]:
    """What was done and what is left, counted as in ``DONE``. Of the audit log it is what the portal did by itself."""
    journal = LedgerRecord.objects.filter(kind=LedgerKind.JOURNAL)
    acts = AuditEvent.objects.filter(action__in=DONE["acts"])
    return {
        "acts": Counter(acts.values_list("action", flat=True)),
        "erasures": Counter(LedgerRecord.objects.filter(kind__startswith="erasure").values_list("kind", flat=True)),
        "batches": Counter(ErasureBatch.objects.exclude(state=BatchState.EMPTY).values_list("trigger", "state")),
        "mails": Counter(OutboxEmail.objects.values_list("kind", "state")),
        "alarms": Counter(Alarm.objects.values_list("kind", flat=True)),
        "journal": Counter(act["action"] for entry in journal for act in ledger.decode(entry.content)["acts"]),
        "people": sorted(Candidate.objects.values_list("email", flat=True)),
        "tasks for staff": StaffTask.objects.count(),
        "consents": Consent.objects.filter(ended_at=None).count(),
        "holds": Hold.objects.count(),
        "left": (ApplicationDraft.objects.count(), MailedLink.objects.count(), StoredFile.objects.count()),
        "objects": len(storages["files"].list_keys()),  # type: ignore[attr-defined]
        "ledger": ledger.verify(),
    }


def days_of_the_log() -> list[str]:
    """The first day of each entry of the ledger that holds the hash of some days."""
    days = LedgerRecord.objects.filter(kind=LedgerKind.DAY_OF_AUDIT)
    return [ledger.decode(entry.content)["since"] for entry in days]
