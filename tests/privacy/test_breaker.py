"""The circuit breaker: a run that looks wrong waits, and goes on by itself unless somebody objects."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.enums import Role
from accounts.models import User
from audit.enums import Action
from audit.models import AuditEvent
from candidates.models import Candidate, Position
from candidates.services.erasure import request_erasure
from common import clock
from common.actors import candidate as the_candidate
from common.actors import staff
from common.clock import Boot
from common.errors import Refused
from mailing.enums import EmailKind
from mailing.models import OutboxEmail
from privacy.enums import AlarmKind, StopReason
from privacy.models import Alarm, RetentionRun, RunStop
from privacy.services.breaker import approve_stop, expiries_are_stopped, object_to_stop
from privacy.services.erasure import erase_due
from privacy.services.reconcile import follow_new_periods
from tests.factories import people
from tests.parts.threads import at_once

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
QUARTER = timedelta(minutes=15)


def run(at: datetime, *, erased: int = 0, boot: Boot | None = None, base: int = 24) -> RetentionRun:
    """The row of a run that took place."""
    return RetentionRun.objects.create(
        at=at,
        erased=erased,
        base_months=base,
        unanswered_months=24,
        boot_ref=boot.ref if boot else "",
        since_boot=boot.since if boot else None,
    )


def stopped(at: datetime, due: int = 0, boot: Boot | None = None) -> bool:
    """Ask as the worker does, and write the run's row as it does."""
    answer = expiries_are_stopped(at=at, due=due, boot=boot)
    run(at, boot=boot)
    return answer


def stop() -> RunStop:
    return RunStop.objects.get()


@pytest.fixture
def second(db: None) -> User:
    """Another privacy officer."""
    return people.user(Role.PRIVACY_OFFICER, "per@example.org", language="fi")


@pytest.fixture
def large(at: datetime, officer: User) -> RunStop:
    """A run that was stopped for its size."""
    assert expiries_are_stopped(at=at, due=60, boot=None)
    return stop()


def test_a_usual_run_goes_ahead(at: datetime) -> None:
    assert not stopped(at, 49)
    assert not stopped(at + QUARTER, 49)
    assert not RunStop.objects.exists()
    assert not Alarm.objects.exists()


def test_a_large_run_stops_with_an_alarm_and_goes_on_after_24_hours(at: datetime, officer: User, second: User) -> None:
    assert stopped(at, 60)
    found = stop()
    assert (found.reason, found.raised_at, found.due, found.usual) == (StopReason.LARGE, at, 60, 0)
    assert found.goes_on_at == at + DAY
    alarm = Alarm.objects.get()
    assert (alarm.kind, alarm.ref, alarm.number, alarm.raised_at) == (AlarmKind.RUN_STOPPED, str(found.pk), 60, at)
    assert sorted(OutboxEmail.objects.values_list("kind", "to_address", "language")) == [
        (EmailKind.ALARM, "per@example.org", "fi"),
        (EmailKind.ALARM, "pia@example.org", "en"),
    ]
    assert stopped(at + QUARTER, 70)
    assert stopped(at + DAY - QUARTER, 65)
    assert (stop().due, Alarm.objects.count(), OutboxEmail.objects.count()) == (70, 1, 2)
    assert not stopped(at + DAY, 70)
    assert (stop().closed_at, Alarm.objects.get().cleared_at) == (at + DAY, at + DAY)
    assert not stopped(at + DAY + QUARTER, 70), "those let go are not held up twice"
    assert RunStop.objects.count() == 1


def test_those_let_go_are_counted_down_as_they_are_erased(at: datetime) -> None:
    assert stopped(at, 100)
    assert not stopped(at + DAY, 100)
    run(at + DAY + QUARTER, erased=100)
    assert not stopped(at + DAY + 2 * QUARTER, 49)
    assert stopped(at + DAY + 3 * QUARTER, 50), "fifty that nobody looked at"
    assert RunStop.objects.count() == 2


def test_usual_is_the_median_of_thirty_local_days_without_today(at: datetime) -> None:
    for day in range(1, 31):
        run(at - day * DAY, erased=7)
        run(at - day * DAY + HOUR, erased=5)
    run(at - 31 * DAY, erased=100_000)
    run(at - HOUR, erased=5_000)
    assert not expiries_are_stopped(at=at, due=60, boot=None)
    assert expiries_are_stopped(at=at, due=61, boot=None)
    assert stop().usual == 12


def test_changed_periods_wait_for_72_hours_at_most(at: datetime, settings: Settings) -> None:
    assert not stopped(at)
    settings.RETENTION_MONTHS = 18
    first = at + QUARTER
    assert expiries_are_stopped(at=first, due=0, boot=None)
    run(first, base=18)
    assert (stop().reason, stop().goes_on_at) == (StopReason.PERIODS_CHANGED, first + 3 * DAY)
    assert expiries_are_stopped(at=first + 3 * DAY - QUARTER, due=0, boot=None)
    run(first + 3 * DAY - QUARTER, base=18)
    assert not expiries_are_stopped(at=first + 3 * DAY, due=0, boot=None)
    run(first + 3 * DAY, base=18)
    assert not expiries_are_stopped(at=first + 4 * DAY, due=0, boot=None)
    assert RunStop.objects.count() == 1


def test_a_change_is_one_stop_even_where_a_stopped_run_left_no_row(at: datetime, settings: Settings) -> None:
    assert not stopped(at)
    settings.SOURCED_MONTHS = 6
    assert expiries_are_stopped(at=at + HOUR, due=0, boot=None)
    assert expiries_are_stopped(at=at + 2 * HOUR, due=0, boot=None)
    assert not expiries_are_stopped(at=at + HOUR + 3 * DAY, due=0, boot=None)
    assert RunStop.objects.count() == 1


def test_a_clock_that_jumped_waits(at: datetime) -> None:
    assert not stopped(at, boot=Boot("a", HOUR))
    assert not stopped(at + HOUR, boot=Boot("a", 2 * HOUR))
    assert not stopped(at + HOUR + QUARTER, boot=Boot("b", QUARTER)), "another machine knows nothing of a jump"
    far = at + 700 * DAY
    assert stopped(far, boot=Boot("a", 3 * HOUR))
    assert (stop().reason, stop().goes_on_at) == (StopReason.CLOCK_JUMPED, far + 3 * DAY)
    assert stopped(at + 4 * HOUR, boot=Boot("a", 4 * HOUR)), "and back again"
    assert RunStop.objects.count() == 1


def test_a_step_backwards_is_seen_after_a_restart_too(at: datetime) -> None:
    assert not stopped(at, boot=Boot("a", HOUR))
    assert not stopped(at - HOUR, boot=Boot("b", QUARTER))
    assert stopped(at - 2 * HOUR - QUARTER, boot=Boot("c", QUARTER))


def test_all_stops_must_be_over(at: datetime, settings: Settings) -> None:
    assert not stopped(at)
    settings.RETENTION_MONTHS = 18
    assert expiries_are_stopped(at=at + HOUR, due=60, boot=None)
    assert set(RunStop.objects.values_list("reason", flat=True)) == {StopReason.LARGE, StopReason.PERIODS_CHANGED}
    run(at + HOUR, base=18)
    assert expiries_are_stopped(at=at + HOUR + DAY, due=60, boot=None)
    assert RunStop.objects.get(closed_at=None).reason == StopReason.PERIODS_CHANGED
    run(at + HOUR + DAY, base=18)
    assert not expiries_are_stopped(at=at + HOUR + 3 * DAY, due=60, boot=None)


def test_two_officers_approve_a_run(large: RunStop, officer: User, second: User, at: datetime) -> None:
    assert approve_stop(large.pk, actor=staff(officer.pk), reason=" many applied two years ago ", at=at + HOUR) is False
    assert expiries_are_stopped(at=at + HOUR, due=60, boot=None)
    for when in (at + 2 * HOUR, at + 23 * HOUR):
        with pytest.raises(Refused) as refused:
            approve_stop(large.pk, actor=staff(officer.pk), reason="again", at=when)
        assert refused.value.code == "second_person"
    assert approve_stop(large.pk, actor=staff(second.pk), reason="I agree", at=at + 3 * HOUR) is True
    found = stop()
    assert (found.approved_by, found.approved_at, found.closed_at) == (officer, at + HOUR, at + 3 * HOUR)
    assert found.approval_reason == "many applied two years ago\nI agree"
    assert Alarm.objects.get().cleared_at == at + 3 * HOUR
    assert not expiries_are_stopped(at=at + 3 * HOUR, due=60, boot=None)
    events = AuditEvent.objects.filter(action=Action.RUN_APPROVED).order_by("at")
    assert [(event.actor_ref, event.object_ref, event.details) for event in events] == [
        (officer.pk, large.pk, {"reason": "LARGE", "due": 60, "is_final": False}),
        (second.pk, large.pk, {"reason": "LARGE", "due": 60, "is_final": True}),
    ]


def test_the_only_officer_confirms_after_24_hours(large: RunStop, officer: User, second: User, at: datetime) -> None:
    User.objects.filter(pk=second.pk).update(is_active=False)
    object_to_stop(large.pk, actor=staff(officer.pk), at=at)
    assert approve_stop(large.pk, actor=staff(officer.pk), reason="right", at=at + HOUR) is False
    with pytest.raises(Refused) as refused:
        approve_stop(large.pk, actor=staff(officer.pk), reason="right", at=at + 25 * HOUR - QUARTER)
    assert refused.value.code == "too_early"
    assert approve_stop(large.pk, actor=staff(officer.pk), reason="looked again", at=at + 25 * HOUR) is True
    assert stop().approval_reason == "right\nlooked again"


def test_an_objection_keeps_it_stopped_until_two_agree(
    large: RunStop, officer: User, second: User, at: datetime
) -> None:
    approve_stop(large.pk, actor=staff(officer.pk), reason="right", at=at)
    object_to_stop(large.pk, actor=staff(second.pk), at=at + HOUR)
    found = stop()
    assert (found.objected_by, found.objected_at, found.approved_at) == (second, at + HOUR, None)
    event = AuditEvent.objects.get(action=Action.RUN_OBJECTED)
    assert (event.actor_ref, event.object_ref, event.details) == (second.pk, large.pk, {"reason": "LARGE", "due": 60})
    assert expiries_are_stopped(at=at + 30 * DAY, due=60, boot=None)
    assert approve_stop(large.pk, actor=staff(officer.pk), reason="right", at=at + 30 * DAY) is False
    assert expiries_are_stopped(at=at + 31 * DAY, due=60, boot=None)
    assert approve_stop(large.pk, actor=staff(second.pk), reason="now I see", at=at + 31 * DAY) is True
    assert not expiries_are_stopped(at=at + 31 * DAY, due=60, boot=None)


def test_changed_periods_are_confirmed_only_when_the_dates_follow_them(
    officer: User, second: User, at: datetime, position: Position, settings: Settings
) -> None:
    settings.RETENTION_MONTHS = 12
    person = people.application(at, position, has_cv=False).candidate
    moment = person.expires_at
    run(moment - HOUR, base=12)
    settings.RETENTION_MONTHS = 24
    assert expiries_are_stopped(at=moment, due=1, boot=None)
    approve_stop(stop().pk, actor=staff(officer.pk), reason="two years again", at=moment)
    with pytest.raises(Refused) as refused:
        approve_stop(stop().pk, actor=staff(second.pk), reason="yes", at=moment)
    assert refused.value.code == "dates"
    follow_new_periods(at=moment)
    assert approve_stop(stop().pk, actor=staff(second.pk), reason="yes", at=moment) is True
    assert erase_due(at=moment).erased == []
    assert Candidate.objects.visible(moment).get() == person


def test_an_approval_needs_a_reason_and_an_open_stop(large: RunStop, officer: User, second: User, at: datetime) -> None:
    with pytest.raises(Refused) as refused:
        approve_stop(large.pk, actor=staff(officer.pk), reason="  ", at=at)
    assert refused.value.code == "reason"
    approve_stop(large.pk, actor=staff(officer.pk), reason="right", at=at)
    approve_stop(large.pk, actor=staff(second.pk), reason="right", at=at)
    for act in (
        lambda: approve_stop(large.pk, actor=staff(officer.pk), reason="right", at=at),
        lambda: object_to_stop(large.pk, actor=staff(officer.pk), at=at),
    ):
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.code == "closed"
    with pytest.raises(RunStop.DoesNotExist):
        object_to_stop(uuid4(), actor=staff(officer.pk), at=at)


def test_the_worker_leaves_the_expired_alone_and_erases_who_asked(
    at: datetime, position: Position, officer: User
) -> None:
    records = [people.application(at, position, email=f"{n}@example.org", has_cv=False).candidate for n in range(51)]
    asked = people.application(at, position, email="asked@example.org").candidate
    moment = records[0].expires_at
    request_erasure(asked.person_ref, actor=the_candidate(asked.person_ref), at=moment - 2 * DAY)
    erase_due(at=moment - 12 * HOUR)
    assert Candidate.objects.count() == 51
    assert erase_due(at=moment).is_stopped
    assert Candidate.objects.count() == 51
    assert not Candidate.objects.visible(moment).exists()
    late = people.application(moment - HOUR, position, email="late@example.org").candidate
    request_erasure(late.person_ref, actor=the_candidate(late.person_ref), at=moment)
    assert erase_due(at=moment + DAY - QUARTER).is_stopped
    assert Candidate.objects.count() == 52
    report = erase_due(at=moment + DAY)
    assert not report.is_stopped
    assert Candidate.objects.count() == 0
    assert [row.erased for row in RetentionRun.objects.order_by("pk")] == [1, 0, 0, 52]


@pytest.mark.django_db(transaction=True)
def test_workers_that_ask_at_once_open_one_stop(at: datetime) -> None:
    people.user(Role.PRIVACY_OFFICER, "pia@example.org")
    assert at_once(lambda: expiries_are_stopped(at=at, due=60, boot=None), 4) == [True] * 4
    assert (RunStop.objects.count(), Alarm.objects.count(), OutboxEmail.objects.count()) == (1, 1, 1)


def test_this_machine_says_which_boot_it_is_and_how_long_it_runs(settings: Settings) -> None:
    first, second = clock.boot(), clock.boot()
    assert first is not None
    assert second is not None
    assert (first.ref, len(first.ref)) == (second.ref, 36)
    assert timedelta() < first.since <= second.since


def test_a_shifted_clock_is_no_evidence(settings: Settings, tmp_path: object) -> None:
    settings.CLOCK_FILE = f"{tmp_path}/offset"
    assert clock.boot() is None


# The page


def page(found: RunStop) -> str:
    return reverse("admin:privacy_runstop_change", args=[found.pk])


def act(client: Client, found: RunStop, name: str, **data: str) -> int:
    return client.post(reverse(f"admin:privacy_runstop_{name}", args=[found.pk]), data).status_code


def test_the_officers_approve_and_object_on_the_page(
    large: RunStop, officer: User, second: User, client: Client
) -> None:
    client.force_login(officer)
    listed = client.get(reverse("admin:privacy_runstop_changelist")).content.decode()
    assert "Far more people are due than usual" in listed
    text = client.get(page(large)).content.decode()
    assert "60 people are due, and on a usual day 0 are erased." in text
    assert "unless somebody objects" in text
    assert text.count('action="/admin/privacy/runstop/') == 2
    assert act(client, large, "approve", reason="") == 422
    assert act(client, large, "object") == 302
    assert "Waits until it is approved, for somebody objected" in client.get(page(large)).content.decode()
    assert act(client, large, "approve", reason="many applied then") == 302
    text = client.get(page(large)).content.decode()
    assert text.count("many applied then") == 1
    assert "Confirm the approval" in text
    assert act(client, large, "approve", reason="many applied then") == 302
    assert "A second person must confirm this." in client.get(page(large)).content.decode()
    assert stop().closed_at is None
    other = Client()
    other.force_login(second)
    assert act(other, large, "approve", reason="yes") == 302
    assert stop().closed_at is not None
    text = client.get(page(large)).content.decode()
    assert "Over since" in text
    assert 'action="/admin/privacy/runstop/' not in text
    assert act(client, large, "object") == 302
    assert "This stop is over already." in client.get(page(large)).content.decode()


def test_a_stop_that_is_not_there_is_not_found(officer: User, client: Client) -> None:
    client.force_login(officer)
    nobody = RunStop(pk=uuid4())
    assert client.get(page(nobody)).status_code == 404
    assert client.get("/admin/privacy/runstop/x/change/").status_code == 404
    assert (act(client, nobody, "approve", reason="x"), act(client, nobody, "object")) == (404, 404)
