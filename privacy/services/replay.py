"""After a restore: doing again what the ledger knows and the database forgot.

A backup brings everything back: the erased, withdrawn consents, objections nobody heard. Until the replay has run the
portal is in quarantine (``clouder.quarantine``): it serves nothing, mails nothing and works on nothing. The replay

1. takes the ledger's numbers back into the database, so that the chain goes on, having checked that they follow;
2. erases again every record that any entry of the ledger names, whatever its date, and finishes what was only begun;
   objects that a restore of the bucket brought back go with them;
3. applies the privacy journal again, in order, where the restored database lacks the act;
4. lists what only a human can do again: corrections of data, holds, decisions, accounts that were changed;
5. computes every clock anew, ends the staff's sessions, and writes into the ledger that it was done.

The dangers: a replay that dies half-way must not look finished, so the row that says "begun" is committed with the
numbers and keeps the quarantine up, and every step may be repeated. A foreign or altered ledger must not erase anybody:
one that does not follow from the database's own last entry is refused. And ids that the restored database would give
out again must not be taken for events that stand in the journal already: its sequence moves past them.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.db.models import Max

from audit.models import AuditEvent
from candidates.models import Candidate
from privacy.enums import LedgerKind
from privacy.models import JournalEntry, LedgerRecord, Replay
from privacy.services import erasure, ledger, reapply
from privacy.services.reconcile import mend_clocks

BATCH = 500
Thing = TypeVar("Thing")
NEVER = datetime(1970, 1, 1, tzinfo=UTC)
ERASURES = (LedgerKind.ERASURE_STARTED, LedgerKind.ERASURE_COMPLETED)


class NothingToReplay(Exception):
    """The ledger knows nothing that the database does not."""


class LedgerDiffers(Exception):
    """The ledger does not follow from what the database reserved: it is another one, or was altered."""


@dataclass
class Report:
    """What a replay did, or would do: references, codes and counts."""

    first: int
    last: int
    restored_to: str
    known: int = 0
    erased: list[str] = field(default_factory=list)
    unfinished_jobs: list[str] = field(default_factory=list)
    blocked: list[str] = field(default_factory=list)
    acts: dict[str, int] = field(default_factory=dict)
    by_hand: list[dict[str, Any]] = field(default_factory=list)
    clocks: int = 0
    is_finished: bool = False


@dataclass
class _Known:
    """What the whole ledger says."""

    erased: set[UUID] = field(default_factory=set)
    started: set[str] = field(default_factory=set)
    completed: set[str] = field(default_factory=set)
    acts: list[dict[str, Any]] = field(default_factory=list)
    highest_event: int = 0


def is_needed() -> bool:
    """Whether the database was restored and no replay has been finished since.

    Raises ``files.errors.StoreError`` where the ledger does not answer.
    """
    return _begun() is not None or ledger.is_ahead()


def revived() -> list[UUID]:
    """The records in the database that the ledger says are erased: there must be none, once a replay has run.

    Raises ``files.errors.StoreError`` where the ledger does not answer.
    """
    found: list[UUID] = []
    for _, content in ledger.every_entry():
        entry = ledger.decode(content)
        if entry.get("kind") == LedgerKind.ERASURE_COMPLETED:
            found += Candidate.objects.filter(pk__in=entry["candidates"]).values_list("pk", flat=True)
    return sorted(set(found))


def plan_replay() -> Report:
    """What a replay would do, and nothing done. Raises NothingToReplay or LedgerDiffers."""
    report = _report()
    for _ in _lacking(report.first):
        report.last += 1
    known = _read_ledger(report)
    for refs in batched(sorted(known.erased)):
        found = Candidate.objects.filter(pk__in=refs).order_by("pk")
        report.erased += [str(ref) for ref in found.values_list("pk", flat=True)]
    lacking = [act for acts in batched(known.acts) for act, is_here in _marked(acts) if not is_here]
    report.acts = dict(Counter(act["action"] for act in lacking))
    report.by_hand = [reapply.for_a_human(act) for act in lacking if act["action"] in reapply.BY_HAND]
    return report


def replay(*, at: datetime) -> Report:
    """Do again what the ledger knows and the restored database does not (spec §2.9); see the module.

    It may be called again after it died. The report is kept in the database; ``is_finished`` is false where a store
    refused, and then the quarantine stays until another call has finished. Raises NothingToReplay, LedgerDiffers, and
    ``files.errors.StoreError`` where the ledger cannot be read or written.
    """
    report = _report()
    run = _take_back(report, at)
    known = _read_ledger(report)
    _move_sequence(known.highest_event)
    again = erasure.erase_again(sorted(known.erased), at=at)
    report.erased = [str(ref) for ref in again.erased]
    report.blocked = [str(batch) for batch, _ in again.blocked]
    _apply_journal(known.acts, report, at)
    report.clocks = mend_clocks().people
    Session.objects.all().delete()
    if not report.blocked:
        _finish(run, report, at)
    return report


def _begun() -> Replay | None:
    return Replay.objects.filter(report__is_finished=False).order_by("pk").first()


def _report() -> Report:
    """The report as it begins: from which number on the database lacks the ledger's entries, and how old it is."""
    run = _begun()
    if run:
        return Report(run.report["first"], run.report["last"], run.report["restored_to"])
    if not ledger.is_ahead():
        raise NothingToReplay
    first = ledger.highest_number() + 1
    for record in LedgerRecord.objects.filter(written_at=None).order_by("number"):
        if ledger.holds_another(record):
            first = record.number
            break
    newest = AuditEvent.objects.aggregate(at=Max("at"))["at"]
    latest = LedgerRecord.objects.aggregate(at=Max("reserved_at"))["at"]
    restored_to = max((moment for moment in (newest, latest) if moment), default=NEVER)
    return Report(first, first - 1, restored_to.isoformat())


def _lacking(first: int) -> Iterator[LedgerRecord]:
    """The entries of the ledger from a number on, as the database would have them. Raises LedgerDiffers."""
    number, previous = ledger.anchor()
    before = LedgerRecord.objects.filter(number=first - 1).values_list("sha256", flat=True).first()
    if before is not None:
        previous = before
    elif number != first - 1:
        raise LedgerDiffers(f"the database does not know the entry before number {first}")
    for number, content in ledger.entries(above=first - 1):
        entry = ledger.decode(content)
        if entry.get("previous") != previous or entry.get("number") != number:
            raise LedgerDiffers(f"number {number} does not follow from what the database knows")
        previous = ledger.hash_of(content)
        yield LedgerRecord(
            number=number,
            kind=entry["kind"],
            content=content.decode(),
            sha256=previous,
            reserved_at=datetime.fromisoformat(entry["at"]),
        )


@transaction.atomic
def _take_back(report: Report, at: datetime) -> Replay:
    """Take the ledger's numbers into the database, and say in the same act that the replay has begun."""
    run = _begun()
    if run:
        return run
    ledger.lock_numbers()
    mine = list(LedgerRecord.objects.filter(number__gte=report.first).order_by("number"))
    LedgerRecord.objects.filter(number__gte=report.first).delete()
    JournalEntry.objects.filter(ledger_number__gte=report.first).delete()
    batch: list[LedgerRecord] = []
    for record in _lacking(report.first):
        record.written_at = at
        batch.append(record)
        report.last = record.number
        if len(batch) == BATCH:
            LedgerRecord.objects.bulk_create(batch)
            batch = []
    LedgerRecord.objects.bulk_create(batch)
    for record in mine:
        _reserve_anew(record, at)
    return Replay.objects.create(at=at, report=asdict(report))


def _reserve_anew(record: LedgerRecord, at: datetime) -> None:
    """What the restored database had reserved under a number that was taken gets the next free one.

    Acts and days of the audit log do not: the next run finds that the ledger lacks them.
    """
    if record.kind not in ERASURES:
        return
    chain = ("number", "kind", "at", "previous")
    content = {name: value for name, value in ledger.decode(record.content).items() if name not in chain}
    ledger.reserve(LedgerKind(record.kind), content, at=at)


def _read_ledger(report: Report) -> _Known:
    """Read every entry there is: all erasures, and the acts that the database may lack."""
    known = _Known()
    for number, content in ledger.every_entry():
        entry = ledger.decode(content)
        report.known += 1
        if entry.get("kind") in ERASURES:
            known.erased.update(UUID(ref) for ref in entry["candidates"])
            done = known.started if entry["kind"] == LedgerKind.ERASURE_STARTED else known.completed
            done.add(entry["job"])
        elif entry.get("kind") == LedgerKind.JOURNAL:
            acts = [{**act, "number": number} for act in entry["acts"]]
            known.highest_event = max([known.highest_event, *(act["event"] for act in acts)])
            known.acts += acts if number >= report.first else []
    report.unfinished_jobs = sorted(known.started - known.completed)
    return known


def _move_sequence(highest_event: int) -> None:
    """No event to come gets an id that stands in the journal already."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT setval(pg_get_serial_sequence('audit_auditevent', 'id'), greatest(%s, last_value))"
            " FROM audit_auditevent_id_seq",
            [max(highest_event, 1)],
        )


def _apply_journal(acts: list[dict[str, Any]], report: Report, at: datetime) -> None:
    """Apply the acts that the database lacks; those that it has are marked as being in the ledger."""
    applied: Counter[str] = Counter()
    for batch in batched(acts):
        written = []
        for act, is_here in _marked(batch):
            if is_here:
                written.append(JournalEntry(event_ref=act["event"], ledger_number=act["number"]))
            elif act["action"] in reapply.BY_HAND:
                report.by_hand.append(reapply.for_a_human(act))
            else:
                with transaction.atomic():
                    applied[act["action"]] += reapply.apply(act, at=at)
        JournalEntry.objects.bulk_create(written, ignore_conflicts=True)
    report.acts = dict(applied)


def _marked(acts: list[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], bool]]:
    """Acts, each with whether the restored database holds the very event, and so the act."""
    events = AuditEvent.objects.filter(pk__in=[act["event"] for act in acts]).values_list("pk", "action", "at")
    here = {(pk, action, at) for pk, action, at in events}
    for act in acts:
        yield act, (act["event"], act["action"], datetime.fromisoformat(act["at"])) in here


def batched(things: list[Thing]) -> Iterator[list[Thing]]:
    """Some hundreds of a list at a time."""
    for start in range(0, len(things), BATCH):
        yield things[start : start + BATCH]


def _finish(run: Replay, report: Report, at: datetime) -> None:
    report.is_finished = True
    numbers = {name: value for name, value in asdict(report).items() if isinstance(value, int)}
    content = {
        **numbers,
        "restored_to": report.restored_to,
        "erased": len(report.erased),
        "unfinished_jobs": report.unfinished_jobs,
        "acts": report.acts,
        "by_hand": len(report.by_hand),
    }
    with transaction.atomic():
        entry = ledger.reserve(LedgerKind.REPLAYED, content, at=at)
        Replay.objects.filter(pk=run.pk).update(report=asdict(report))
    ledger.write(entry, at=at)
