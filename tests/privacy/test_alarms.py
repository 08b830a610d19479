"""Alarms: raised once, mailed to the privacy officers, logged without personal data, cleared when it is over."""

import logging
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from accounts.enums import Role
from accounts.models import User
from audit.enums import Access
from audit.services import record_access
from candidates.enums import Direction, InteractionKind, MeansOfContact
from candidates.models import Candidate, Interaction, Position
from candidates.services.erasure import request_erasure
from common.actors import candidate as the_candidate
from common.actors import staff
from files import append_only
from mailing.enums import EmailKind
from mailing.models import OutboxEmail
from mailing.services import render
from privacy.enums import AlarmKind, BatchState, LedgerKind, StopReason
from privacy.models import Alarm, ErasureBatch, RetentionRun, RunStop
from privacy.services import ledger
from privacy.services.alarms import clear_alarm, oldest_due_age, raise_alarm, watch, watch_daily
from tests.factories import people
from tests.parts.stores import BreakStore

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def live() -> dict[str, tuple[str, int]]:
    """The alarms that are not cleared: kind, and reference and number."""
    return {alarm.kind: (alarm.ref, alarm.number) for alarm in Alarm.objects.filter(cleared_at=None)}


def mails() -> int:
    return OutboxEmail.objects.filter(kind=EmailKind.ALARM).count()


# Raising and clearing


def test_an_alarm_is_raised_once_until_it_is_cleared(
    at: datetime, officer: User, caplog: pytest.LogCaptureFixture
) -> None:
    assert raise_alarm(AlarmKind.BLOCKED, ref="one", number=3, at=at)
    assert not raise_alarm(AlarmKind.BLOCKED, ref="one", number=5, at=at + HOUR)
    assert raise_alarm(AlarmKind.BLOCKED, ref="two", at=at + HOUR)
    assert sorted(Alarm.objects.values_list("ref", "number", "raised_at")) == [
        ("one", 5, at),
        ("two", 0, at + HOUR),
    ]
    assert mails() == 2
    clear_alarm(AlarmKind.BLOCKED, ref="one", at=at + 2 * HOUR)
    clear_alarm(AlarmKind.BLOCKED, ref="never", at=at + 2 * HOUR)
    assert live() == {"BLOCKED": ("two", 0)}
    assert raise_alarm(AlarmKind.BLOCKED, ref="one", at=at + 3 * HOUR), "and again when it comes back"
    assert mails() == 3
    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [
        (logging.ERROR, "alarm kind=BLOCKED ref=one number=3"),
        (logging.ERROR, "alarm kind=BLOCKED ref=two number=0"),
        (logging.ERROR, "alarm kind=BLOCKED ref=one number=0"),
    ]


def test_every_officer_who_can_sign_in_gets_a_mail_in_their_language(at: datetime, officer: User) -> None:
    people.user(Role.PRIVACY_OFFICER, "per@example.org", language="fi")
    people.user(Role.PRIVACY_OFFICER, "gone@example.org", is_active=False)
    people.user(Role.RECRUITER, "rea@example.org")
    raise_alarm(AlarmKind.MAILBOX, ref="one", number=1, at=at)
    rows = OutboxEmail.objects.order_by("to_address")
    assert [(row.to_address, row.language, row.context, row.subject_ref) for row in rows] == [
        ("per@example.org", "fi", {"kind": "MAILBOX", "number": 1}, None),
        ("pia@example.org", "en", {"kind": "MAILBOX", "number": 1}, None),
    ]


def test_without_a_privacy_officer_the_controller_is_told(at: datetime) -> None:
    raise_alarm(AlarmKind.LEDGER, at=at)
    assert list(OutboxEmail.objects.values_list("to_address", "language")) == [("privacy@example.org", "en")]


@pytest.mark.parametrize("kind", list(AlarmKind))
@pytest.mark.parametrize("language", ["en", "fi"])
def test_the_mail_says_what_it_means_and_where_to_look(kind: AlarmKind, language: str) -> None:
    row = OutboxEmail(
        kind=EmailKind.ALARM, to_address="pia@example.org", language=language, context={"kind": kind, "number": 4217}
    )
    message = render(row)
    page = "admin/privacy/runstop/" if kind is AlarmKind.RUN_STOPPED else "admin/"
    for text in (str(message.body), str(message.alternatives[0][0])):
        assert text.count("4217") == 1
        assert text.count(f"http://testserver/{page}") == 1
    assert len(message.subject) > len("Alarm: ")


# What is watched


@pytest.fixture
def person(at: datetime, position: Position) -> Candidate:
    return people.application(at, position).candidate


def test_nothing_is_wrong_where_nobody_is_due(
    at: datetime, person: Candidate, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    watch(at=at)
    watch_daily(at=at)
    assert live() == {}
    assert "retention.oldest_due_seconds=0" in [record.getMessage() for record in caplog.records]


def test_people_who_are_due_for_more_than_a_day(
    person: Candidate, officer: User, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    moment = person.expires_at
    watch(at=moment + DAY)
    assert live() == {}
    assert "retention.oldest_due_seconds=86400" in [record.getMessage() for record in caplog.records]
    watch(at=moment + 25 * HOUR)
    assert live() == {"OLDEST_DUE": ("", 25), "NOTHING_ERASED": ("", 1)}
    watch(at=moment + 27 * HOUR)
    assert live() == {"OLDEST_DUE": ("", 27), "NOTHING_ERASED": ("", 1)}
    assert mails() == 2
    RetentionRun.objects.create(at=moment + 26 * HOUR, erased=1, base_months=24, unanswered_months=24)
    watch(at=moment + 28 * HOUR)
    assert live() == {"OLDEST_DUE": ("", 28)}
    Candidate.objects.filter(pk=person.pk).update(restricted_at=moment, held_back_until=moment + 60 * DAY)
    watch(at=moment + 29 * HOUR)
    assert live() == {}, "who waits for a reason is not late"


def test_a_stopped_run_has_96_hours(person: Candidate) -> None:
    moment = person.expires_at
    RunStop.objects.create(reason=StopReason.LARGE, raised_at=moment, due=60, usual=0, goes_on_at=moment + DAY)
    watch(at=moment + 96 * HOUR)
    assert live() == {}
    watch(at=moment + 97 * HOUR)
    assert live() == {"OLDEST_DUE": ("", 97), "NOTHING_ERASED": ("", 1)}


def test_age_begins_when_a_person_may_be_erased(person: Candidate, at: datetime, position: Position) -> None:
    moment = person.expires_at
    assert oldest_due_age(moment - HOUR) == timedelta()
    assert oldest_due_age(moment + HOUR) == HOUR
    Candidate.objects.filter(pk=person.pk).update(held_back_until=moment + 30 * DAY)
    assert oldest_due_age(moment + 30 * DAY - HOUR) == timedelta()
    assert oldest_due_age(moment + 30 * DAY + HOUR) == HOUR
    asked = people.application(at, position, email="eino@example.org").candidate
    request_erasure(asked.person_ref, actor=the_candidate(asked.person_ref), at=at)
    asked.refresh_from_db()
    assert asked.erase_after is not None
    assert oldest_due_age(asked.erase_after + 5 * HOUR) == 5 * HOUR


def batch(at: datetime, **fields: object) -> ErasureBatch:
    values = {"candidate_refs": [uuid4(), uuid4()], "claimed_at": at, "lease_until": at, "state": BatchState.STARTED}
    return ErasureBatch.objects.create(**{**values, **fields})


def test_an_erasure_that_is_blocked(at: datetime) -> None:
    found = batch(at, blocked_since=at, blocked_by="StoreError")
    watch(at=at + DAY - HOUR)
    assert live() == {}
    watch(at=at + DAY)
    assert live() == {"BLOCKED": (str(found.pk), 2)}
    watch(at=at + 7 * DAY)
    assert live() == {"BLOCKED": (str(found.pk), 2), "INCIDENT": (str(found.pk), 2)}
    ErasureBatch.objects.update(state=BatchState.DONE)
    watch(at=at + 8 * DAY)
    assert live() == {}


def test_an_erasure_that_is_not_done_in_seven_days_is_an_incident_whatever_the_reason(at: datetime) -> None:
    found = batch(at)
    watch(at=at + 7 * DAY - HOUR)
    assert live() == {}
    watch(at=at + 7 * DAY)
    assert live() == {"INCIDENT": (str(found.pk), 2)}


def test_a_mailbox_that_nobody_purges(at: datetime, person: Candidate) -> None:
    moment = person.expires_at
    found = batch(moment, state=BatchState.OBJECTS_GONE, mailbox_waits_since=moment, candidate_refs=[person.pk])
    Candidate.objects.filter(pk=person.pk).update(erasing_ref=found.pk)
    watch(at=moment + 7 * DAY - HOUR)
    assert live() == {}, "waiting for a human is neither late nor blocked"
    watch(at=moment + 7 * DAY)
    assert live() == {"MAILBOX": (str(found.pk), 1)}
    ErasureBatch.objects.update(mailbox_purged_at=moment + 8 * DAY)
    watch(at=moment + 8 * DAY)
    assert "MAILBOX" not in live()


def look(user: UUID, at: datetime, number: int, access: Access = Access.VIEWED) -> None:
    for place in range(number):
        record_access(access, at=at + place * timedelta(seconds=1), actor=staff(user), subject_refs=[UUID(int=place)])


def test_a_colleague_who_opens_very_many_candidates(at: datetime, recruiter: User) -> None:
    look(recruiter.pk, at, 50)
    look(recruiter.pk, at + timedelta(minutes=2), 50, Access.DOWNLOADED)  # the same people once more
    look(uuid4(), at, 50)
    record_access(Access.LISTED, at=at, actor=staff(recruiter.pk), subject_refs=[uuid4() for _ in range(100)])
    watch(at=at + HOUR)
    assert live() == {}
    record_access(Access.VIEWED, at=at + timedelta(minutes=30), actor=staff(recruiter.pk), subject_refs=[uuid4()])
    watch(at=at + timedelta(minutes=100))
    assert live() == {"MUCH_ACCESS": (str(recruiter.pk), 51)}
    watch(at=at + 4 * HOUR)
    assert live() == {}


def test_fifty_one_in_more_than_an_hour_is_work(at: datetime, recruiter: User) -> None:
    look(recruiter.pk, at, 50)
    record_access(Access.VIEWED, at=at + HOUR, actor=staff(recruiter.pk), subject_refs=[uuid4()])
    watch(at=at + timedelta(minutes=61))
    assert live() == {}


def contact(person: Candidate, at: datetime, kind: InteractionKind = InteractionKind.MAIL_SENT) -> Interaction:
    return Interaction.objects.create(
        candidate=person,
        kind=kind,
        means=MeansOfContact.MAIL,
        direction=Direction.OUT,
        occurred_at=at,
        recorded_at=at,
    )


def test_somebody_who_is_written_to_again_and_again(at: datetime, person: Candidate) -> None:
    year = at + 366 * DAY
    for number in range(3):
        contact(person, year + number * DAY)
    bounced = contact(person, year)
    Interaction.objects.filter(pk=bounced.pk).update(revoked_at=year, revocation="BOUNCED")
    contact(person, at)  # more than a year ago by then
    watch_daily(at=year + 10 * DAY)
    assert live() == {}
    contact(person, year + 4 * DAY)
    watch_daily(at=year + 10 * DAY)
    assert live() == {"MUCH_MAIL": (str(person.person_ref), 4)}
    contact(person, year + 11 * DAY, InteractionKind.MAIL_RECEIVED)
    watch_daily(at=year + 12 * DAY)
    assert live() == {}, "an answer"


def test_a_ledger_that_is_not_whole(at: datetime, break_store: BreakStore) -> None:
    with_entry = ledger.reserve(LedgerKind.REPLAYED, {}, at=at)
    ledger.write(with_entry, at=at)
    watch_daily(at=at)
    assert live() == {}
    append_only.write_once(ledger.key_of(2), b"{}")
    watch_daily(at=at)
    assert list(live()) == ["LEDGER"]


def test_at_most_twenty_alarms_of_a_kind(at: datetime, officer: User) -> None:
    for _ in range(25):
        batch(at, blocked_since=at, blocked_by="StoreError")
    watch(at=at + DAY)
    watch(at=at + DAY + HOUR)
    assert (Alarm.objects.filter(cleared_at=None).count(), mails()) == (20, 20)
