"""What a breach reached: whose data somebody looked at, in what way and when (spec §8.2)."""

import json
from datetime import timedelta
from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from audit.enums import Access, Action, Purpose
from audit.models import AuditEvent
from audit.services import record_access
from common.actors import staff
from common.clock import now
from tests.factories import people

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def report(*options: str) -> dict:
    out = StringIO()
    call_command("access_report", *options, "--format", "json", stdout=out)
    return json.loads(out.getvalue())


def test_looks_of_one_user_are_reported_with_those_who_were_erased_since(recruiter: User, officer: User) -> None:
    at = now() - 2 * DAY
    here, gone, file = people.application(at).candidate_id, uuid4(), uuid4()
    record_access(Access.LISTED, at=at, actor=staff(recruiter.pk), subject_refs=[here, gone])
    record_access(
        Access.DOWNLOADED, at=at + DAY, actor=staff(recruiter.pk), subject_refs=[here], object_ref=file,
        purpose=Purpose.PRIVACY,
    )  # fmt: skip
    record_access(Access.VIEWED, at=at, actor=staff(officer.pk), subject_refs=[uuid4()])
    span = ("--from", at.isoformat(), "--to", (at + DAY).isoformat())
    found = report("--actor", str(recruiter.pk), *span)
    assert found["counts"] == {"looks": 1, "records": 2, "erased since": 1}
    assert found["items"] == [
        {
            "at": at.isoformat(),
            "access": "LISTED",
            "purpose": "RECRUITMENT",
            "actor_kind": "STAFF",
            "actor": str(recruiter.pk),
            "object": None,
            "candidates": [str(here), str(gone)],
        }
    ]
    longer = ("--from", at.isoformat(), "--to", (at + 2 * DAY).isoformat())
    assert report(*longer)["counts"] == {"looks": 3, "records": 3, "erased since": 2}
    by_object = report("--object", str(file), *longer)["items"]
    assert [(item["access"], item["purpose"], item["object"]) for item in by_object] == [
        ("DOWNLOADED", "PRIVACY", str(file))
    ]


def test_reading_the_report_is_recorded(recruiter: User) -> None:
    span = ("--from", "2026-11-01", "--to", "2026-11-02")
    out = StringIO()
    call_command("access_report", "--actor", str(recruiter.pk), *span, stdout=out)
    assert out.getvalue() == "access_report: 0 looks, 0 records, 0 erased since\n"
    event = AuditEvent.objects.get(action=Action.ACCESS_REPORTED)
    assert (event.object_ref, event.actor_kind, event.details) == (recruiter.pk, "SYSTEM", {"looks": 0, "records": 0})


def test_what_is_past_its_period_is_not_reported(recruiter: User) -> None:
    at = now() - 400 * DAY
    record_access(Access.VIEWED, at=at, actor=staff(recruiter.pk), subject_refs=[uuid4()])
    found = report("--from", (at - DAY).isoformat(), "--to", now().isoformat())
    assert found["counts"] == {"looks": 0, "records": 0, "erased since": 0}


@pytest.mark.parametrize("options", [("--from", "2026-11-01"), ("--from", "yesterday", "--to", "2026-11-02")])
def test_a_span_is_needed(options: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        call_command("access_report", *options)
