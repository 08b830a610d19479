"""The privacy journal: acts that a restore must not undo, written out of the audit log into the ledger.

A database that is restored forgets every withdrawal, restriction and objection since its backup, and would go on as if
nobody had said a word. So each such act stands in the ledger too. The act's audit event is written with the act; a
worker writes out within a minute what the ledger lacks, and a web request never waits for it.

What is written is the event: ids, codes, numbers and the time. A suppression can be made again only from its keyed
hash, so its entry holds that as well. And because the audit log could be altered together with its database, the
ledger holds the hash of each of its days.
"""

from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef

from audit.enums import Action
from audit.models import AuditEvent
from audit.selectors import are_acts_whole, are_looks_whole, digest_of_acts, digest_of_looks, first_day
from candidates.models import Suppression
from policy.calendar import local_date, local_midnight
from privacy.enums import LedgerKind
from privacy.models import JournalEntry, LedgerRecord
from privacy.services import ledger

JOURNALLED = (
    Action.CONSENT_WITHDRAWN,
    Action.RESTRICTED,
    Action.RESTRICTION_LIFTED,
    Action.OBJECTED,
    Action.OBJECTION_DECIDED,
    Action.HOLD_OPENED,
    Action.HOLD_RELEASED,
    Action.SUPPRESSED,
    Action.SUPPRESSION_LIFTED,
    Action.ERASURE_REQUESTED,
    Action.ERASURE_TAKEN_BACK,
    Action.BULK_ERASURE_DECIDED,
    Action.RECTIFIED,
    Action.APPLICATION_DISOWNED,
    Action.INTERACTION_REVOKED,
    Action.INTERACTION_CORRECTED,
    Action.SOURCING_ENDED,
    Action.USER_CHANGED,
)
"""Withdrawals, restrictions, objections and the like; and what a human must do again after a restore."""
BATCH = 500
OUT_OF_ORDER = 200_000
"""How many later ids may have been committed before an event: what is older is not looked through every minute."""
SETTLED_AFTER = timedelta(hours=1)
"""How long a day must have been over before its hash is written: what began before midnight may still commit."""
DAYS_AT_ONCE = 31


def write_journal(*, at: datetime, limit: int = 10 * BATCH) -> int:
    """Write acts into the ledger that it lacks, up to 500 an entry; returns how many.

    Several workers may run it at once. Raises ``files.errors.StoreError`` where the ledger takes nothing: the acts stay
    reserved and are written by the next run.
    """
    count = 0
    while count < limit and (found := _reserve_acts(at)):
        record, acts = found
        ledger.write(record, at=at)
        count += acts
    return count


@transaction.atomic
def _reserve_acts(at: datetime) -> tuple[LedgerRecord, int] | None:
    """Reserve one entry for what the ledger lacks. Ids commit out of order, so each event is looked up by its own."""
    ledger.lock_numbers()
    written = JournalEntry.objects.filter(event_ref=OuterRef("pk"))
    newest = JournalEntry.objects.order_by("-event_ref").values_list("event_ref", flat=True).first() or 0
    lacking = AuditEvent.objects.filter(~Exists(written), action__in=JOURNALLED, pk__gt=newest - OUT_OF_ORDER)
    events = list(lacking.order_by("pk")[:BATCH])
    if not events:
        return None
    record = ledger.reserve(LedgerKind.JOURNAL, {"acts": _acts(events)}, at=at)
    JournalEntry.objects.bulk_create(JournalEntry(event_ref=event.pk, ledger_number=record.number) for event in events)
    return record, len(events)


def _acts(events: list[AuditEvent]) -> list[dict[str, Any]]:
    refs = [event.object_ref for event in events if event.action == Action.SUPPRESSED]
    suppressions = Suppression.objects.in_bulk([ref for ref in refs if ref])
    return [_act(event, suppressions.get(event.object_ref)) for event in events]


def _act(event: AuditEvent, suppression: Suppression | None) -> dict[str, Any]:
    act: dict[str, Any] = {"event": event.pk, "action": event.action, "at": event.at.isoformat()}
    for name in ("actor_kind", "actor_ref", "subject_ref", "object_ref"):
        value = getattr(event, name)
        if value:
            act[name] = str(value)
    if event.details:
        act["details"] = event.details
    if suppression:
        act["suppression"] = {
            "kind": suppression.kind,
            "digest": bytes(suppression.digest).hex(),
            "key_version": suppression.key_version,
            "reason": suppression.reason,
            "created_at": suppression.created_at.isoformat(),
            "review_on": suppression.review_on.isoformat(),
        }
    return act


def write_days_of_audit(*, at: datetime, limit: int = DAYS_AT_ONCE) -> int:
    """Write the hash of each day of the audit log that is over into the ledger (spec §8.1); returns how many.

    An entry covers the days since the last one: a day without a row gets no entry of its own.
    """
    count = 0
    while count < limit and (record := _reserve_day(at)):
        ledger.write(record, at=at)
        count += 1
    return count


@transaction.atomic
def _reserve_day(at: datetime) -> LedgerRecord | None:
    ledger.lock_numbers()
    hashed = LedgerRecord.objects.filter(kind=LedgerKind.DAY_OF_AUDIT).exclude(content="").order_by("-number").first()
    since = date.fromisoformat(ledger.decode(hashed.content)["until"]) if hashed else None
    day = first_day(since=since)
    if day is None or at < local_midnight(day + timedelta(days=1)) + SETTLED_AFTER:
        return None
    begins, until = since or day, day + timedelta(days=1)
    content = {
        "since": begins.isoformat(),
        "until": until.isoformat(),
        "acts": digest_of_acts(begins, until).as_data(),
        "looks": digest_of_looks(begins, until).as_data(),
    }
    return ledger.reserve(LedgerKind.DAY_OF_AUDIT, content, at=at)


def verify_days(*, as_of: datetime) -> list[str]:
    """Compare the audit log with the hashes in the ledger; returns what was altered, in words.

    Left out are days of which rows may have gone because their period is over, and days that a restore lost.
    """
    problems: list[str] = []
    records = LedgerRecord.objects.filter(kind__in=(LedgerKind.DAY_OF_AUDIT, LedgerKind.REPLAYED)).exclude(content="")
    found = [(record.kind, ledger.decode(record.content)) for record in records.order_by("-number")]
    lost_since: date | None = None
    for kind, entry in found:
        if kind == LedgerKind.REPLAYED:
            restored_to = local_date(datetime.fromisoformat(entry["restored_to"]))
            lost_since = min(restored_to, lost_since or restored_to)
            continue
        since, until = date.fromisoformat(entry["since"]), date.fromisoformat(entry["until"])
        if lost_since and until > lost_since:
            continue
        problems += [
            f"{name} of {until - timedelta(days=1)} are not those that the ledger has the hash of"
            for name in reversed(_altered(since, until, entry, as_of))
        ]
    return problems[::-1]


def _altered(since: date, until: date, entry: dict[str, Any], as_of: datetime) -> list[str]:
    found = []
    if are_acts_whole(since, as_of=as_of) and digest_of_acts(since, until).as_data() != entry["acts"]:
        found.append("acts")
    if are_looks_whole(since, as_of=as_of) and digest_of_looks(since, until).as_data() != entry["looks"]:
        found.append("looks")
    return found
