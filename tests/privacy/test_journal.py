"""The privacy journal: acts that a restore must not undo stand in the ledger, and so do the hashes of the audit log."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection

from audit.enums import Access, Action
from audit.models import AccessEvent, AuditEvent
from audit.services import record_access, record_event
from candidates.enums import Channel, SuppressedKind, SuppressionReason
from candidates.models import Suppression
from candidates.services.consents import give_consent, withdraw_consent
from common.actors import SYSTEM, Actor, ActorKind, candidate
from files.append_only import keys, read
from files.errors import StoreError
from privacy.enums import LedgerKind
from privacy.models import JournalEntry, LedgerRecord
from privacy.services import journal, ledger
from privacy.services.journal import write_days_of_audit, write_journal
from tests.factories import people
from tests.parts.stores import BreakStore

pytestmark = pytest.mark.django_db

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def entries(kind: LedgerKind = LedgerKind.JOURNAL) -> list[dict]:
    return [entry for entry in (json.loads(read(key)) for key in keys()) if entry["kind"] == kind]


def test_a_withdrawal_is_written_and_nothing_else_of_the_person(at: datetime) -> None:
    person = people.application(at, email="aino@example.org", name="Aino Esimerkki").candidate
    consent = give_consent(person.pk, language="en", channel=Channel.MY_DATA, actor=candidate(person.pk), at=at + HOUR)
    assert (write_journal(at=at + HOUR), keys()) == (0, [])
    withdraw_consent(person.person_ref, actor=candidate(person.pk), at=at + 2 * HOUR)
    assert write_journal(at=at + 3 * HOUR) == 1
    event = AuditEvent.objects.get(action=Action.CONSENT_WITHDRAWN)
    (entry,) = entries()
    assert entry["acts"] == [
        {
            "event": event.pk,
            "action": "consent:withdrawn",
            "at": (at + 2 * HOUR).isoformat(),
            "actor_kind": "CANDIDATE",
            "actor_ref": str(person.pk),
            "subject_ref": str(person.pk),
            "object_ref": str(consent.pk),
        }
    ]
    assert (entry["at"], entry["number"]) == ((at + 3 * HOUR).isoformat(), 1)
    assert JournalEntry.objects.get().ledger_number == 1
    assert (write_journal(at=at + 4 * HOUR), ledger.verify()) == (0, [])


def test_500_acts_stand_in_one_entry(at: datetime) -> None:
    for _ in range(journal.BATCH + 1):
        record_event(Action.RESTRICTED, at=at, actor=SYSTEM, subject_ref=uuid4())
    assert write_journal(at=at) == journal.BATCH + 1
    assert [len(entry["acts"]) for entry in entries()] == [journal.BATCH, 1]
    assert ledger.verify() == []


def test_an_event_with_a_lower_id_that_is_committed_later_is_not_forgotten(at: datetime) -> None:
    early, late = (record_event(Action.OBJECTED, at=at, actor=SYSTEM) for _ in range(2))
    JournalEntry.objects.create(event_ref=late.pk, ledger_number=1)
    assert write_journal(at=at) == 1
    assert [act["event"] for act in entries()[0]["acts"]] == [early.pk]


def test_a_suppression_is_written_with_its_keyed_hash_so_that_it_can_be_made_again(at: datetime) -> None:
    row = Suppression.objects.create(
        kind=SuppressedKind.ADDRESS, digest=bytes(range(32)), key_version=1, reason=SuppressionReason.OBJECTION,
        created_at=at, review_on=date(2027, 11, 24),
    )  # fmt: skip
    record_event(Action.SUPPRESSED, at=at, actor=SYSTEM, object_ref=row.pk, details={"kind": SuppressedKind.ADDRESS})
    record_event(Action.SUPPRESSED, at=at, actor=SYSTEM, object_ref=uuid4())
    assert write_journal(at=at) == 2
    made, lifted = entries()[0]["acts"]
    assert made["suppression"] == {
        "kind": "ADDRESS",
        "digest": bytes(range(32)).hex(),
        "key_version": 1,
        "reason": "OBJECTION",
        "created_at": at.isoformat(),
        "review_on": "2027-11-24",
    }
    assert (made["details"], "suppression" in lifted) == ({"kind": "ADDRESS"}, False)


def test_a_ledger_that_takes_nothing_loses_no_act(at: datetime, break_store: BreakStore) -> None:
    record_event(Action.OBJECTED, at=at, actor=SYSTEM, subject_ref=uuid4())
    mend = break_store("ledger", "SilentLedger")
    with pytest.raises(StoreError):
        write_journal(at=at)
    mend()
    assert keys() == []
    record_event(Action.RECTIFIED, at=at, actor=SYSTEM, subject_ref=uuid4())
    assert write_journal(at=at) == 1
    assert [[act["action"] for act in entry["acts"]] for entry in entries()] == [
        ["objection:received"],
        ["candidate:rectified"],
    ]


# Days of the audit log

NIGHT = datetime(2026, 11, 24, 22, 0, tzinfo=UTC)
"""The end of 24 November in Helsinki."""


def one_day(at: datetime) -> None:
    record_event(Action.NOTE_ADDED, at=at, actor=Actor(ActorKind.STAFF, uuid4()), subject_ref=uuid4())
    record_access(Access.LISTED, at=at, actor=Actor(ActorKind.STAFF, uuid4()), subject_refs=[uuid4(), uuid4()])


def test_the_hash_of_a_day_is_written_when_it_has_been_over_for_an_hour(at: datetime) -> None:
    one_day(at)
    one_day(NIGHT)
    assert (write_days_of_audit(at=NIGHT + HOUR - timedelta(seconds=1)), keys()) == (0, [])
    assert write_days_of_audit(at=NIGHT + HOUR) == 1
    (entry,) = entries(LedgerKind.DAY_OF_AUDIT)
    assert (entry["since"], entry["until"], entry["acts"]["count"], entry["looks"]["count"]) == (
        "2026-11-24", "2026-11-25", 1, 1,
    )  # fmt: skip
    assert entry.keys() == {"number", "kind", "at", "previous", "since", "until", "acts", "looks"}
    assert entry["acts"].keys() == {"count", "sha256"}
    assert write_days_of_audit(at=NIGHT + HOUR) == 0
    assert write_days_of_audit(at=NIGHT + DAY + HOUR) == 1
    assert journal.verify_days(as_of=NIGHT + DAY + HOUR) == []


def test_a_day_without_a_row_is_covered_by_the_next_entry(at: datetime) -> None:
    one_day(at)
    one_day(at + 5 * DAY)
    assert write_days_of_audit(at=at + 7 * DAY) == 2
    spans = [(entry["since"], entry["until"]) for entry in entries(LedgerKind.DAY_OF_AUDIT)]
    assert spans == [("2026-11-24", "2026-11-25"), ("2026-11-25", "2026-11-30")]
    record_event(Action.NOTE_ADDED, at=at + 2 * DAY, actor=SYSTEM)
    assert journal.verify_days(as_of=at + 7 * DAY) == [
        "acts of 2026-11-29 are not those that the ledger has the hash of"
    ]


def in_sql_without_triggers(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(statement)
        cursor.execute("SET session_replication_role = DEFAULT")


ALTERATIONS: dict[str, tuple[str, list[str]]] = {
    "an act": ("UPDATE audit_auditevent SET actor_ref = NULL", ["acts"]),
    "a look": ("UPDATE audit_accessevent SET purpose = 'PRIVACY'", ["looks"]),
    "whom somebody looked at": ("UPDATE audit_accessevent SET subject_refs = subject_refs[1:1]", ["looks"]),
    "a deletion": ("DELETE FROM audit_auditevent", ["acts"]),
    "a detail": ("""UPDATE audit_auditevent SET details = '{"a": 1}'""", ["acts"]),
    "a time": ("UPDATE audit_auditevent SET at = at + interval '1 microsecond'", ["acts"]),
}


@pytest.mark.parametrize(("statement", "altered"), ALTERATIONS.values(), ids=ALTERATIONS)
def test_scenario_47_a_row_of_the_audit_log_that_is_altered_in_sql_is_reported(
    at: datetime, statement: str, altered: list[str]
) -> None:
    one_day(at)
    write_days_of_audit(at=at + 2 * DAY)
    assert journal.verify_days(as_of=at + 2 * DAY) == []
    in_sql_without_triggers(statement)
    assert journal.verify_days(as_of=at + 2 * DAY) == [
        f"{name} of 2026-11-24 are not those that the ledger has the hash of" for name in altered
    ]
    assert ledger.verify() == []


def test_what_is_past_its_period_is_not_missed(at: datetime) -> None:
    one_day(at)
    write_days_of_audit(at=at + 2 * DAY)
    in_sql_without_triggers("DELETE FROM audit_accessevent")
    ends = datetime(2027, 11, 24, 22, 0, tzinfo=UTC)
    assert len(journal.verify_days(as_of=ends - timedelta(seconds=1))) == 1
    assert journal.verify_days(as_of=ends) == []
    in_sql_without_triggers("DELETE FROM audit_auditevent")
    ends = datetime(2028, 11, 24, 22, 0, tzinfo=UTC)
    assert len(journal.verify_days(as_of=ends - timedelta(seconds=1))) == 1
    assert journal.verify_days(as_of=ends) == []


def test_an_empty_log_has_no_days(at: datetime) -> None:
    assert (write_days_of_audit(at=at), journal.verify_days(as_of=at), LedgerRecord.objects.count()) == (0, [], 0)
    assert AccessEvent.objects.count() == 0


@pytest.mark.parametrize("write", [write_journal, write_days_of_audit])
def test_two_runs_write_nothing_twice(at: datetime, write: Callable[..., int]) -> None:
    record_event(Action.OBJECTED, at=at, actor=SYSTEM, subject_ref=uuid4())
    assert [write(at=at + 2 * DAY), write(at=at + 2 * DAY)] == [1, 0]
