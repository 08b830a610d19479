"""Reconciliation: stored dates against the rule, the store against the rows, repairs and alarms, and the command."""

import json
from datetime import UTC, datetime, timedelta
from io import BytesIO, StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.storage import storages
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from candidates.enums import Channel
from candidates.models import Candidate, Interaction, Position
from candidates.services import clock as clocks
from candidates.services.clock import disagreeing
from candidates.services.clock import people as everybody
from candidates.services.consents import give_consent
from common.actors import candidate as the_candidate
from files.models import StoredFile
from privacy.enums import AlarmKind, StopReason
from privacy.models import Alarm, RetentionRun, RunStop
from privacy.services.breaker import expiries_are_stopped
from privacy.services.reconcile import compare_clocks, follow_new_periods, reconcile_clocks, reconcile_files
from privacy.tasks import reconcile_all, watch
from tests.factories import people
from tests.parts.stores import BreakStore

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture
def now() -> datetime:
    """Objects are written at the time of the machine."""
    return datetime.now(UTC)


@pytest.fixture
def three(at: datetime, position: Position) -> list[Candidate]:
    return [people.application(at, position, email=f"{n}@example.org").candidate for n in range(3)]


def live() -> list[tuple[str, int]]:
    return list(Alarm.objects.filter(cleared_at=None).order_by("kind").values_list("kind", "number"))


# Dates


def test_dates_as_the_services_write_them_agree_with_the_rule(at: datetime, three: list[Candidate]) -> None:
    give_consent(three[0].pk, channel=Channel.MY_DATA, actor=the_candidate(three[0].person_ref), language="en", at=at)
    found = reconcile_clocks(at=at)
    assert (found.people, found.disagreeing, found.first) == (3, 0, [])
    assert live() == []


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("last_contact_at", datetime(2020, 1, 1, tzinfo=UTC)),
        ("last_contact_ref", None),
        ("due_on", "2020-01-01"),
        ("erase_at", datetime(2020, 1, 1, tzinfo=UTC)),
        ("keep_until", "2020-01-01"),
        ("expires_at", datetime(2020, 1, 1, tzinfo=UTC)),
        ("restricted_at", datetime(2020, 1, 1, tzinfo=UTC)),
        ("held_back_until", datetime(2020, 1, 1, tzinfo=UTC)),
        ("trim_at", datetime(2020, 1, 1, tzinfo=UTC)),
    ],
)
def test_every_column_is_compared_and_put_right(at: datetime, three: list[Candidate], column: str, value: Any) -> None:
    right = Candidate.objects.filter(pk=three[1].pk).values_list(column, flat=True).get()
    Candidate.objects.filter(pk=three[1].pk).update(**{column: value})
    assert compare_clocks().first == [three[1].person_ref]
    assert Candidate.objects.filter(pk=three[1].pk).values_list(column, flat=True).get() != right
    found = reconcile_clocks(at=at)
    assert (found.people, found.disagreeing, found.first) == (3, 1, [three[1].person_ref])
    assert Candidate.objects.filter(pk=three[1].pk).values_list(column, flat=True).get() == right
    assert live() == [(AlarmKind.CLOCKS_DIFFER, 1)]
    assert reconcile_clocks(at=at + DAY).disagreeing == 0
    assert live() == []


def test_a_contact_changed_behind_the_services_back(at: datetime, three: list[Candidate]) -> None:
    before = three[0].expires_at
    Interaction.objects.filter(candidate=three[0]).update(occurred_at=at - 40 * DAY)
    assert reconcile_clocks(at=at).first == [three[0].person_ref]
    three[0].refresh_from_db()
    assert three[0].expires_at < before


def test_linked_records_are_one_person_and_all_of_them_are_compared(
    at: datetime, position: Position, three: list[Candidate]
) -> None:
    again = people.application(at + DAY, position, email="0@example.org").candidate
    assert again.person_ref == three[0].person_ref
    assert compare_clocks().people == 3
    Candidate.objects.filter(pk=again.pk).update(expires_at=at)
    assert compare_clocks().first == [again.person_ref]


def test_who_is_being_erased_is_left_to_that(at: datetime, three: list[Candidate]) -> None:
    Candidate.objects.filter(pk=three[0].pk).update(expires_at=at, erasing_ref=uuid4())
    assert compare_clocks().disagreeing == 0


def test_people_come_in_batches_and_queries_grow_with_the_batches_only(
    three: list[Candidate], at: datetime, position: Position, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [len(batch) for batch in everybody(2)] == [2, 1]
    assert sorted(ref for batch in everybody(2) for ref in batch) == sorted(row.person_ref for row in three)

    def queries(number: int) -> int:
        refs = [row.person_ref for row in Candidate.objects.all()[:number]]
        with CaptureQueriesContext(connection) as captured:
            assert disagreeing(refs) == []
        return len(captured)

    assert queries(1) == queries(3) == 4
    assert clocks.BATCH == 500


def test_after_a_change_of_periods_every_date_is_recomputed_and_no_alarm_raised_for_it(
    at: datetime, three: list[Candidate], settings: Settings
) -> None:
    RetentionRun.objects.create(at=at, base_months=24, unanswered_months=24)
    follow_new_periods(at=at)
    settings.RETENTION_MONTHS = 12
    follow_new_periods(at=at)
    assert {row.due_on.year for row in Candidate.objects.all()} == {2028}, "nothing moves before a run saw the change"
    assert expiries_are_stopped(at=at + DAY, due=0, boot=None)
    follow_new_periods(at=at + DAY)
    assert {row.due_on.year for row in Candidate.objects.all()} == {2027}
    assert live() == [(AlarmKind.RUN_STOPPED, 0)]
    stop = RunStop.objects.get()
    assert stop.reason == StopReason.PERIODS_CHANGED
    Candidate.objects.update(keep_until="2020-01-01")
    reconcile_clocks(at=stop.raised_at + 5 * DAY)
    assert (AlarmKind.CLOCKS_DIFFER, 3) in live(), "later it is a fault again"


# The store


def test_a_store_that_differs_raises_an_alarm_until_it_agrees(
    three: list[Candidate], now: datetime, at: datetime
) -> None:
    later = now + 2 * DAY
    storages["files"].put_new(f"{uuid4()}/{'a' * 32}", BytesIO(b"content"))  # type: ignore[attr-defined]
    lost = StoredFile.objects.first()
    assert lost is not None
    storages["files"].purge_keys([lost.key])  # type: ignore[attr-defined]
    found, done = reconcile_files(at=later)
    assert (found.unknown.count, found.missing.first, done.unknown) == (1, [lost.pk], 1)
    assert live() == [(AlarmKind.STORES_DIFFER, 2)]
    reconcile_files(at=later)
    assert live() == [(AlarmKind.STORES_DIFFER, 1)], "what is lost stays an alarm"
    storages["files"].put_new(lost.key, BytesIO(b"content"))  # type: ignore[attr-defined]
    reconcile_files(at=later)
    assert live() == []


def test_the_nightly_and_the_hourly_task_run(three: list[Candidate]) -> None:
    Candidate.objects.filter(pk=three[0].pk).update(due_on="2020-01-01")
    watch()
    reconcile_all()
    assert live() == [(AlarmKind.CLOCKS_DIFFER, 1)]


# The command


def files(*arguments: str) -> dict[str, Any]:
    out = StringIO()
    code = 0
    try:
        call_command("files", *arguments, "--format", "json", stdout=out)
    except SystemExit as ended:
        code = int(ended.code or 0)
    return {**json.loads(out.getvalue()), "code": code}


COUNTS = (
    "objects without a row",
    "rows without an object",
    "objects with old versions",
    "uploads that never ended",
    "files past their time",
    "people whose stored date is not the rule's",
)


def test_the_doctor_finds_nothing_where_all_agrees(three: list[Candidate]) -> None:
    found = files("doctor")
    assert (found["code"], found["dry_run"], found["errors"]) == (0, False, [])
    assert {item["verdict"] for item in found["items"]} == {"ok"}  # how the stores are set up: tests/files/test_doctor
    assert [found["counts"][name] for name in ("objects", "rows", "people")] == [3, 3, 3]
    assert [found["counts"][name] for name in COUNTS] == [0] * 6


def test_the_doctor_names_what_is_wrong_and_changes_nothing(three: list[Candidate], monkeypatch: Any) -> None:
    lost = StoredFile.objects.first()
    assert lost is not None
    StoredFile.objects.filter(pk=lost.pk).update(created_at=datetime(2026, 1, 1, tzinfo=UTC))
    storages["files"].purge_keys([lost.key])  # type: ignore[attr-defined]
    Candidate.objects.filter(pk=three[0].pk).update(due_on="2020-01-01")
    for act in (("doctor",), ("reconcile",)):
        found = files(*act)
        assert (found["code"], found["dry_run"]) == ((4, True) if act == ("reconcile",) else (1, False))
        assert found["errors"] == [
            {"problem": "row without an object", "file": str(lost.pk)},
            {"problem": "stored date is not the rule's", "person": str(three[0].person_ref)},
        ]
    assert Candidate.objects.get(pk=three[0].pk).due_on.year == 2020
    assert live() == []


def test_reconcile_repairs_and_says_what_is_left(three: list[Candidate]) -> None:
    lost = StoredFile.objects.first()
    assert lost is not None
    StoredFile.objects.filter(pk=lost.pk).update(created_at=datetime(2026, 1, 1, tzinfo=UTC))
    storages["files"].purge_keys([lost.key])  # type: ignore[attr-defined]
    Candidate.objects.filter(pk=three[0].pk).update(due_on="2020-01-01")
    found = files("reconcile", "--execute")
    assert (found["code"], found["errors"]) == (4, [{"problem": "row without an object", "file": str(lost.pk)}])
    assert found["items"] == [{"problem": "stored date is not the rule's", "person": str(three[0].person_ref)}]
    assert Candidate.objects.get(pk=three[0].pk).due_on.year == 2028
    assert live() == [(AlarmKind.CLOCKS_DIFFER, 1), (AlarmKind.STORES_DIFFER, 1)]


def test_a_store_that_refuses_is_said_so(three: list[Candidate], break_store: BreakStore) -> None:
    storages["files"].put_new("x/one", BytesIO(b"content"))  # type: ignore[attr-defined]
    StoredFile.objects.filter(pk__in=StoredFile.objects.values("pk")[:1]).update(state="DELETION_PENDING")
    StoredFile.objects.update(created_at=datetime(2026, 1, 1, tzinfo=UTC))
    break_store("files", "RefusingStore")
    with pytest.raises(CommandError, match="AccessDenied"):
        files("reconcile", "--execute")
