"""The replay after a restore: what the ledger knows and the database forgot is done again.

A restore is played here by taking back what the database learnt since a savepoint, which is what it does; with a real
dump it is tests/faults/test_f17_restore.py.
"""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.sessions.models import Session
from django.core.files.storage import storages
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client

from accounts.models import User
from audit.enums import Action
from audit.models import AuditEvent
from audit.services import record_event
from candidates.enums import (
    HeldKind,
    HoldGround,
    InteractionKind,
    RestrictionGround,
    RevocationReason,
    SuppressionReason,
)
from candidates.models import Candidate, Hold, Restriction, Suppression
from candidates.services.addresses import disown_application
from candidates.services.consents import withdraw_consent
from candidates.services.corrections import correct_interaction, revoke_interaction
from candidates.services.erasure import request_erasure, take_back_erasure
from candidates.services.holds import open_hold, release_hold
from candidates.services.interactions import record_interaction
from candidates.services.restrictions import lift_restriction, record_told, restrict_candidate
from candidates.services.suppression import is_suppressed, lift_suppression, suppress_person
from common.actors import SYSTEM, candidate, staff
from files.append_only import keys, read
from files.errors import StoreError
from files.services import remaining_objects
from privacy.enums import LedgerKind
from privacy.models import JournalEntry, LedgerRecord, Replay
from privacy.services import journal, ledger
from privacy.services.erasure import erase_due
from privacy.services.replay import LedgerDiffers, NothingToReplay, plan_replay, replay
from tests.factories import people
from tests.parts.servers import Buckets
from tests.parts.stores import BreakStore

pytestmark = pytest.mark.django_db

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def after_a_restore(acts: Callable[[], Any]) -> None:
    """Do something, write it into the ledger, and bring the database back to where it was. Objects stay as they are."""
    with transaction.atomic():
        acts()
        journal.write_journal(at=LATER)
        transaction.set_rollback(True)


LATER = datetime.fromisoformat("2026-12-24T12:00+02:00")
AGAIN = LATER + DAY


@pytest.fixture
def person(at: datetime) -> Candidate:
    return people.application(at, email="aino@example.org", has_longer_storage=True, phone="040 1234567").candidate


def events(action: Action) -> int:
    return AuditEvent.objects.filter(action=action).count()


# Erasures


def gone(at: datetime, email: str = "gone@example.org") -> Candidate:
    return people.application(at.replace(year=2020), email=email).candidate


@pytest.mark.s3
def test_the_erased_are_erased_again_in_a_bucket_too(s3_buckets: Buckets, at: datetime, person: Candidate) -> None:
    old = gone(at)
    with transaction.atomic():
        erase_due(at=LATER)
        transaction.set_rollback(True)
    for number in range(2):
        storages["files"].put_new(f"{old.pk}/{number:032d}", BytesIO(b"a file from a replica"))
    assert len(s3_buckets.contents(str(old.pk))) == 2
    assert replay(at=AGAIN).is_finished is True
    assert (s3_buckets.contents(str(old.pk)), len(s3_buckets.contents(str(person.pk)))) == ([], 1)
    assert (ledger.is_ahead(), ledger.verify()) == (False, [])


def test_the_erased_are_erased_again_with_their_objects(at: datetime, person: Candidate) -> None:
    old = gone(at)
    with transaction.atomic():
        erase_due(at=LATER)
        assert not Candidate.objects.filter(pk=old.pk).exists()
        transaction.set_rollback(True)
    storages["files"].put_new(f"{old.pk}/{'0' * 32}", BytesIO(b"a file from a replica"))
    assert (Candidate.objects.filter(pk=old.pk).exists(), remaining_objects([old.pk])) == (True, 1)
    assert (ledger.is_ahead(), plan_replay().erased) == (True, [str(old.pk)])
    report = replay(at=AGAIN)
    assert (report.erased, report.is_finished) == ([str(old.pk)], True)
    assert (list(Candidate.objects.all()), remaining_objects([old.pk])) == ([person], 0)
    assert remaining_objects([person.pk]) == 1
    assert (ledger.is_ahead(), ledger.verify()) == (False, [])


def test_whoever_was_erased_before_the_backup_is_erased_again_as_well(at: datetime) -> None:
    """A bucket of its own backup, or rows that somebody copied back: the whole ledger counts, whatever its date."""
    old = gone(at)
    erase_due(at=LATER)
    storages["files"].put_new(f"{old.pk}/{'0' * 32}", BytesIO(b"a file from a replica"))
    after_a_restore(lambda: record_event(Action.OBJECTED, at=LATER, actor=SYSTEM, subject_ref=uuid4()))
    replay(at=AGAIN)
    assert remaining_objects([old.pk]) == 0


def test_an_erasure_that_was_only_begun_is_finished(at: datetime, break_store: BreakStore) -> None:
    old = gone(at)
    mend = break_store("files", "RefusingStore")
    with transaction.atomic():
        assert len(erase_due(at=LATER).blocked) == 1
        transaction.set_rollback(True)
    mend()
    report = replay(at=AGAIN)
    assert (len(report.unfinished_jobs), report.erased) == (1, [str(old.pk)])
    assert not Candidate.objects.exists()


def test_a_store_that_refuses_keeps_the_replay_unfinished(at: datetime, break_store: BreakStore) -> None:
    old = gone(at)
    with transaction.atomic():
        erase_due(at=LATER)
        transaction.set_rollback(True)
    storages["files"].put_new(f"{old.pk}/{'0' * 32}", BytesIO(b"a file from a replica"))
    mend = break_store("files", "RefusingStore")
    report = replay(at=AGAIN)
    assert (len(report.blocked), report.is_finished) == (1, False)
    mend()
    report = replay(at=AGAIN + HOUR)
    assert (report.blocked, report.is_finished) == ([], True)
    assert (Candidate.objects.exists(), remaining_objects([old.pk]), Replay.objects.count()) == (False, 0, 1)
    with pytest.raises(NothingToReplay):
        replay(at=AGAIN)


# The journal


def test_a_withdrawn_consent_stays_withdrawn(person: Candidate) -> None:
    before = person.expires_at
    after_a_restore(lambda: withdraw_consent(person.person_ref, actor=candidate(person.pk), at=LATER))
    person.refresh_from_db()
    assert person.expires_at == before
    assert replay(at=AGAIN).acts == {"consent:withdrawn": 1}
    person.refresh_from_db()
    assert (person.expires_at, person.erase_at < before) == (person.erase_at, True)


def restrict(person: Candidate) -> Restriction:
    return restrict_candidate(person.person_ref, ground=RestrictionGround.ACCURACY, actor=SYSTEM, at=LATER)


def test_a_restricted_person_stays_restricted(person: Candidate) -> None:
    after_a_restore(lambda: restrict(person))
    assert Candidate.objects.visible(LATER).count() == 1
    assert replay(at=AGAIN).acts == {"restriction:opened": 1}
    assert Candidate.objects.visible(LATER).count() == 0
    restriction = Restriction.objects.get()
    assert (restriction.ground, restriction.opened_at) == ("ACCURACY", AGAIN)


def test_a_lifted_restriction_stays_lifted(person: Candidate) -> None:
    restriction = restrict(person)

    def lift() -> None:
        record_told(restriction.pk, actor=SYSTEM, at=LATER)
        lift_restriction(restriction.pk, actor=SYSTEM, at=LATER)

    after_a_restore(lift)
    assert Candidate.objects.visible(LATER).count() == 0
    replay(at=AGAIN)
    assert Candidate.objects.visible(LATER).count() == 1


def test_what_was_opened_and_lifted_since_the_backup_ends_lifted(person: Candidate) -> None:
    def both() -> None:
        restriction = restrict(person)
        record_told(restriction.pk, actor=SYSTEM, at=LATER)
        lift_restriction(restriction.pk, actor=SYSTEM, at=LATER)

    after_a_restore(both)
    assert replay(at=AGAIN).acts == {"restriction:opened": 1, "restriction:lifted": 1}
    assert Candidate.objects.visible(LATER).count() == 1


def test_an_erasure_that_was_asked_for_is_asked_for_and_one_taken_back_is_not(at: datetime, person: Candidate) -> None:
    other = people.application(at, email="other@example.org").candidate
    request_erasure(other.person_ref, actor=candidate(other.pk), at=LATER - HOUR)

    def acts() -> None:
        request_erasure(person.person_ref, actor=candidate(person.pk), at=LATER)
        take_back_erasure(other.person_ref, actor=candidate(other.pk), at=LATER)

    after_a_restore(acts)
    other.refresh_from_db()
    assert other.erase_after
    replay(at=LATER + HOUR)
    person.refresh_from_db()
    other.refresh_from_db()
    assert (person.erase_after, other.erase_after) == (LATER + HOUR + DAY, None)
    assert list(Candidate.objects.visible(LATER)) == [other]


def test_a_suppression_is_made_again_and_a_lifted_one_is_lifted(person: Candidate) -> None:
    def suppress() -> None:
        suppress_person(person.person_ref, reason=SuppressionReason.OBJECTION, actor=SYSTEM, at=LATER)

    after_a_restore(suppress)
    assert not is_suppressed(address="aino@example.org")
    report = replay(at=AGAIN)
    assert report.acts == {"suppression:made": 2}
    assert is_suppressed(address="Aino@Example.org")
    made = {row.pk: (row.kind, row.created_at, row.reason) for row in Suppression.objects.all()}
    assert {kind for kind, _, _ in made.values()} == {"ADDRESS", "PHONE"}
    assert {(at, reason) for _, at, reason in made.values()} == {(LATER, "OBJECTION")}
    after_a_restore(lambda: lift_suppression("aino@example.org", at=LATER, actor=SYSTEM))
    assert is_suppressed(address="aino@example.org")
    assert replay(at=AGAIN).acts == {"suppression:lifted": 1}
    assert not is_suppressed(address="aino@example.org")


def test_a_contact_that_was_revoked_counts_no_more(at: datetime, person: Candidate, recruiter: User) -> None:
    base = person.last_contact_at
    call = record_interaction(
        person.pk, kind=InteractionKind.CALL, occurred_at=at + DAY, text="", actor=staff(recruiter.pk), at=at + DAY
    )

    def revoke() -> None:
        revoke_interaction(
            call.pk, reason=RevocationReason.CORRECTED, actor=staff(recruiter.pk), at=LATER, candidate_id=person.pk
        )

    after_a_restore(revoke)
    person.refresh_from_db()
    assert person.last_contact_at == at + DAY
    assert replay(at=AGAIN).acts == {"interaction:revoked": 1}
    person.refresh_from_db()
    assert person.last_contact_at == base


def test_an_address_that_was_disowned_is_taken_off_again(at: datetime) -> None:
    stranger = people.application(at, email="not-mine@example.org", is_confirmed=False).candidate
    after_a_restore(lambda: disown_application(stranger.pk, address=stranger.address, at=LATER))
    assert replay(at=AGAIN).acts == {"application:disowned": 1}
    stranger.refresh_from_db()
    assert (stranger.email, stranger.address, stranger.address_disowned_at) == ("", "", AGAIN)


def test_a_released_hold_is_released(at: datetime, person: Candidate, officer: User) -> None:
    application = person.applications.get()
    hold = open_hold(
        person.person_ref, subject_ref=person.pk, case_ref="C-1", ground=HoldGround.DISCRIMINATION, owner=officer,
        items=[(HeldKind.APPLICATION, application.pk)], actor=staff(officer.pk), at=at,
    )  # fmt: skip
    after_a_restore(lambda: release_hold(hold.pk, actor=staff(officer.pk), at=LATER))
    assert Hold.objects.get().released_at is None
    assert replay(at=AGAIN).acts == {"hold:released": 1}
    assert Hold.objects.get().released_at == AGAIN


def test_what_needs_words_is_listed_for_a_human(at: datetime, person: Candidate, recruiter: User) -> None:
    call = record_interaction(
        person.pk, kind=InteractionKind.CALL, occurred_at=at + DAY, text="", actor=staff(recruiter.pk), at=at + DAY
    )

    def acts() -> None:
        record_event(
            Action.RECTIFIED, at=LATER, actor=candidate(person.pk), subject_ref=person.pk, details={"phone": True}
        )
        correct_interaction(call.pk, occurred_at=at + HOUR, actor=staff(recruiter.pk), at=LATER, candidate_id=person.pk)

    after_a_restore(acts)
    planned, report = plan_replay(), replay(at=AGAIN)
    assert planned.by_hand == report.by_hand
    assert [(act["action"], act["subject_ref"]) for act in report.by_hand] == [
        ("candidate:rectified", str(person.pk)),
        ("interaction:corrected", str(person.pk)),
    ]
    assert report.by_hand[0]["details"] == {"phone": True}


def test_an_act_that_the_backup_has_is_not_done_again(at: datetime, person: Candidate) -> None:
    """Committed before the backup and written out after it: the person may have agreed anew in between."""
    withdraw_consent(person.person_ref, actor=candidate(person.pk), at=LATER)
    after_a_restore(lambda: None)
    assert (ledger.is_ahead(), JournalEntry.objects.count(), events(Action.CONSENT_WITHDRAWN)) == (True, 0, 1)
    assert replay(at=AGAIN).acts == {}
    assert (JournalEntry.objects.count(), events(Action.CONSENT_WITHDRAWN)) == (1, 1)
    assert journal.write_journal(at=AGAIN) == 0


def test_events_to_come_are_not_taken_for_those_that_were_lost(person: Candidate) -> None:
    """The restored sequence would give out ids again that the journal already has."""

    def restrict_twice() -> None:
        for _ in range(3):
            record_event(Action.OBJECTED, at=LATER, actor=SYSTEM, subject_ref=person.pk)

    after_a_restore(restrict_twice)
    highest = max(act["event"] for key in keys() for act in json.loads(read(key))["acts"])
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval('audit_auditevent_id_seq', %s)", [highest - 3])
    replay(at=AGAIN)
    assert record_event(Action.OBJECTED, at=AGAIN, actor=SYSTEM, subject_ref=person.pk).pk > highest
    assert journal.write_journal(at=AGAIN) == 1


def test_acts_of_the_replay_are_journalled_themselves(person: Candidate) -> None:
    after_a_restore(lambda: restrict(person))
    replay(at=AGAIN)
    assert (journal.write_journal(at=AGAIN), ledger.verify()) == (1, [])


def test_the_dead_are_passed_over(at: datetime, person: Candidate) -> None:
    old = gone(at)

    def acts() -> None:
        restrict_candidate(old.person_ref, ground=RestrictionGround.ACCURACY, actor=SYSTEM, at=LATER - 2 * DAY)
        request_erasure(old.person_ref, actor=candidate(old.pk), at=LATER - 2 * DAY)
        erase_due(at=LATER)

    after_a_restore(acts)
    report = replay(at=AGAIN)
    assert (report.acts, report.erased) == ({"restriction:opened": 0, "erasure:requested": 0}, [str(old.pk)])


# The chain, the report, the edges


def test_the_chain_goes_on_and_the_replay_is_in_it(person: Candidate) -> None:
    record = ledger.reserve(LedgerKind.ERASURE_STARTED, {"job": "1", "candidates": []}, at=LATER)
    ledger.write(record, at=LATER)
    after_a_restore(lambda: restrict(person))
    contents = [read(key) for key in keys()]
    report = replay(at=AGAIN)
    assert (report.first, report.last, report.known, report.clocks) == (2, 2, 2, 1)
    assert [read(key) for key in keys()[:2]] == contents
    entry = json.loads(read(keys()[-1]))
    assert (entry["number"], entry["kind"], entry["first"], entry["last"], entry["acts"]) == (
        3, "replayed", 2, 2, {"restriction:opened": 1},
    )  # fmt: skip
    assert ledger.verify() == []
    assert LedgerRecord.objects.get(number=2).written_at == AGAIN
    stored = Replay.objects.get()
    assert (stored.at, stored.report["is_finished"], stored.report["acts"]) == (AGAIN, True, report.acts)


def test_what_the_restored_database_reserved_under_a_taken_number_gets_another(person: Candidate) -> None:
    after_a_restore(lambda: restrict(person))
    ledger.reserve(LedgerKind.ERASURE_STARTED, {"job": "2", "candidates": []}, at=LATER)
    record_event(Action.OBJECTED, at=LATER, actor=SYSTEM, subject_ref=person.pk)
    with pytest.raises(FileExistsError):
        journal.write_journal(at=LATER)
    replay(at=AGAIN)
    ledger.write_reserved(at=AGAIN)
    assert journal.write_journal(at=AGAIN) == 2
    found = [(entry["number"], entry["kind"]) for entry in (json.loads(read(key)) for key in keys())]
    assert found == [(1, "journal"), (2, "erasure_started"), (3, "replayed"), (4, "journal")]
    assert ledger.verify() == []


def test_days_of_the_audit_log_that_the_restore_lost_are_not_called_altered(at: datetime, person: Candidate) -> None:
    def a_month() -> None:
        record_event(Action.NOTE_ADDED, at=at + DAY, actor=SYSTEM, subject_ref=person.pk)
        journal.write_days_of_audit(at=LATER)

    after_a_restore(a_month)
    replay(at=AGAIN)
    assert journal.verify_days(as_of=AGAIN) == []
    record_event(Action.NOTE_ADDED, at=AGAIN, actor=staff(person.pk), subject_ref=person.pk)
    journal.write_days_of_audit(at=AGAIN + 2 * DAY)
    assert journal.verify_days(as_of=AGAIN) == []
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("UPDATE audit_auditevent SET actor_ref = NULL, object_ref = NULL")
        cursor.execute("SET session_replication_role = DEFAULT")
    assert journal.verify_days(as_of=AGAIN) == ["acts of 2026-12-25 are not those that the ledger has the hash of"]


def test_sessions_that_came_back_are_ended(client: Client, person: Candidate, recruiter: User) -> None:
    client.force_login(recruiter)
    after_a_restore(lambda: restrict(person))
    assert Session.objects.count() == 1
    replay(at=AGAIN)
    assert Session.objects.count() == 0


def test_nothing_to_replay(person: Candidate) -> None:
    for act in (plan_replay, lambda: replay(at=AGAIN)):
        with pytest.raises(NothingToReplay):
            act()
    assert Replay.objects.count() == 0


def test_a_ledger_that_does_not_follow_erases_nobody(at: datetime, person: Candidate) -> None:
    record = ledger.reserve(LedgerKind.ERASURE_STARTED, {"job": "1", "candidates": []}, at=at)
    ledger.write(record, at=at)
    foreign = {
        "number": 2, "kind": "erasure_started", "at": at.isoformat(), "previous": "0" * 64, "job": "x",
        "candidates": [str(person.pk)],
    }  # fmt: skip
    storages["ledger"].put_new(ledger.key_of(2), BytesIO(json.dumps(foreign).encode()))
    for act in (plan_replay, lambda: replay(at=AGAIN)):
        with pytest.raises(LedgerDiffers):
            act()
    assert Candidate.objects.filter(pk=person.pk, erasing_ref=None).exists()
    assert (LedgerRecord.objects.count(), Replay.objects.count()) == (1, 0)


def test_a_silent_ledger_is_an_error(person: Candidate, break_store: BreakStore) -> None:
    after_a_restore(lambda: restrict(person))
    break_store("ledger", "SilentReader")
    with pytest.raises(StoreError):
        replay(at=AGAIN)
    assert Replay.objects.count() == 0


def test_entries_older_than_their_period_are_not_needed(at: datetime, person: Candidate) -> None:
    for year in (2023, 2026):
        then = at.replace(year=year)
        ledger.write(ledger.reserve(LedgerKind.ERASURE_STARTED, {"job": year, "candidates": []}, at=then), at=then)
    ledger.purge_before(at.replace(year=2025))
    after_a_restore(lambda: restrict(person))
    replay(at=AGAIN)
    assert (ledger.verify(), len(keys())) == ([], 3)


def test_a_backup_from_before_the_oldest_entries_went_is_replayed_all_the_same(at: datetime) -> None:
    old, then = gone(at), at.replace(year=2023)
    ledger.write(ledger.reserve(LedgerKind.ERASURE_STARTED, {"job": "0", "candidates": []}, at=then), at=then)
    with transaction.atomic():
        erase_due(at=LATER)
        ledger.purge_before(at.replace(year=2025))
        transaction.set_rollback(True)
    assert keys()[0] == ledger.key_of(2)
    assert replay(at=AGAIN).erased == [str(old.pk)]
    ledger.purge_before(at.replace(year=2025))
    assert ledger.verify() == []


# The command


def command(*arguments: str) -> dict[str, Any]:
    out = StringIO()
    call_command("ledger", *arguments, "--format", "json", stdout=out)
    return json.loads(out.getvalue())


def test_the_command_is_dry_unless_it_is_told_otherwise(at: datetime, person: Candidate) -> None:
    old = gone(at)

    def acts() -> None:
        erase_due(at=LATER)
        restrict(person)

    after_a_restore(acts)
    counts = {
        "entries taken back": 3,
        "records erased again": 1,
        "erasures finished": 0,
        "applied again: restriction:opened": 1,
        "to be done by hand": 0,
    }
    found = command("replay")
    assert (found["dry_run"], found["counts"]) == (True, {**counts, "clocks computed": 0})
    assert found["items"] == [{"candidate": str(old.pk)}]
    assert (Candidate.objects.count(), LedgerRecord.objects.count()) == (2, 0)
    found = command("replay", "--execute")
    assert (found["dry_run"], found["counts"]) == (False, {**counts, "clocks computed": 1})
    assert Candidate.objects.count() == 1
    assert command("replay", "--execute")["counts"] == {}


def test_the_command_refuses_a_foreign_ledger(at: datetime, person: Candidate) -> None:
    storages["ledger"].put_new(ledger.key_of(1), BytesIO(b'{"previous": "x"}'))
    with pytest.raises(CommandError, match="number 1 does not follow from what the database knows; nothing was done"):
        call_command("ledger", "replay", "--execute")


def test_verify_says_what_is_wrong(at: datetime, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(2):
        ledger.write(ledger.reserve(LedgerKind.ERASURE_STARTED, {"job": number}, at=at), at=at)
    assert command("verify")["counts"] == {"entries whole": 2}
    call_command("ledger", "verify")
    assert capsys.readouterr().out == "ledger verify: 2 entries whole\n"
    storages["ledger"].purge_keys([ledger.key_of(2)])
    with pytest.raises(SystemExit) as ended:
        call_command("ledger", "verify")
    assert ended.value.code == 1
    assert "number 2 is missing" in capsys.readouterr().out


def test_verify_finds_somebody_who_came_back(at: datetime, capsys: pytest.CaptureFixture[str]) -> None:
    old = gone(at)
    ledger.write(ledger.reserve(LedgerKind.ERASURE_COMPLETED, {"job": "1", "candidates": [str(old.pk)]}, at=at), at=at)
    with pytest.raises(SystemExit):
        call_command("ledger", "verify")
    assert f"{old.pk} is in the database and was erased" in capsys.readouterr().out


def test_the_ledger_can_be_copied_into_a_folder(at: datetime, tmp_path: Path) -> None:
    for number in range(2):
        ledger.write(ledger.reserve(LedgerKind.ERASURE_STARTED, {"job": number}, at=at), at=at)
    assert command("copy", str(tmp_path / "copy"))["counts"] == {"entries": 2}
    copied = {path.name: path.read_bytes() for path in (tmp_path / "copy").iterdir()}
    assert copied == {key: read(key) for key in keys()}
    with pytest.raises(CommandError, match="cannot be made"):
        command("copy", str(tmp_path / "copy"))


def test_verify_looks_at_the_audit_log_where_it_is_asked_to(at: datetime, capsys: pytest.CaptureFixture[str]) -> None:
    record_event(Action.NOTE_ADDED, at=at, actor=SYSTEM)
    journal.write_days_of_audit(at=at + 2 * DAY)
    assert command("verify", "--audit")["errors"] == []
    record_event(Action.NOTE_ADDED, at=at, actor=SYSTEM)
    assert command("verify")["errors"] == []
    with pytest.raises(SystemExit):
        call_command("ledger", "verify", "--audit")
    assert "acts of 2026-11-24 are not those" in capsys.readouterr().out


def test_a_silent_ledger_ends_the_command_in_words(break_store: BreakStore) -> None:
    break_store("ledger", "SilentReader")
    with pytest.raises(CommandError, match="the ledger does not answer"):
        call_command("ledger", "replay")
