"""``manage.py retention``: dry unless told, one document as the answer, exit codes that a script can read."""

import json
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from typing import Any
from uuid import uuid4

import psycopg
import pytest
import time_machine
from django.core.management import CommandError, call_command
from pytest_django import Settings

from accounts.models import User
from candidates.enums import HeldKind, HoldGround, InteractionKind, RestrictionGround
from candidates.models import Candidate, Consent, Interaction, Position
from candidates.services.erasure import request_erasure
from candidates.services.holds import open_hold
from candidates.services.interactions import record_interaction
from candidates.services.notes import add_note
from candidates.services.restrictions import restrict_candidate
from common.actors import SYSTEM, candidate, staff
from mailing.models import OutboxEmail
from privacy.enums import RequestChannel, SubjectRequestKind
from privacy.management.commands.retention import LOCK
from privacy.models import ErasureBatch
from privacy.services.requests import open_request
from tests.clouder.production import clean_environment
from tests.factories import people
from tests.parts import sweep
from tests.parts.stores import BreakStore
from tests.parts.worker import database_url, worker_environment

pytestmark = pytest.mark.django_db

MONTH = timedelta(days=30)
KEYS = ["command", "dry_run", "started", "seconds", "counts", "items", "errors"]


def retention(*arguments: str) -> str:
    out = StringIO()
    call_command("retention", *arguments, stdout=out)
    return out.getvalue()


def document(*arguments: str) -> dict[str, Any]:
    """The answer of a command in JSON."""
    found: dict[str, Any] = json.loads(retention(*arguments, "--format", "json"))
    assert list(found) == KEYS
    return found


def exit_code(error: "pytest.ExceptionInfo[CommandError]") -> int:
    return error.value.returncode


@pytest.fixture
def three(at: datetime, position: Position) -> list[Candidate]:
    """Two who are due on 1 January 2029, and one who is not."""
    months = (0, 1, 6)
    return [
        people.application(at + month * MONTH, position, email=f"{month}@example.org").candidate for month in months
    ]


# plan and run


@pytest.mark.parametrize("act", ["plan", "run"])
def test_it_is_dry_unless_told_otherwise(three: list[Candidate], act: str) -> None:
    before = sweep.database()
    found = document(act, "--as-of", "2029-01-01")
    assert (found["command"], found["dry_run"], found["counts"], found["errors"]) == (
        f"retention {act}",
        True,
        {"due": 2},
        [],
    )
    assert found["items"] == [
        {"candidate": str(person.pk), "at": person.expires_at.isoformat(), "why": "EXPIRED"} for person in three[:2]
    ]
    assert datetime.fromisoformat(found["started"]) == datetime(2028, 12, 31, 22, 0, tzinfo=UTC)
    assert sweep.database() == before


def test_the_run_erases_what_the_plan_said(three: list[Candidate]) -> None:
    planned = document("plan", "--as-of", "2029-01-01")
    found = document("run", "--execute", "--as-of", "2029-01-01")
    assert (found["dry_run"], found["counts"], found["errors"]) == (False, {"erased": 2, "no longer due": 0}, [])
    assert sorted(item["candidate"] for item in found["items"]) == sorted(
        item["candidate"] for item in planned["items"]
    )
    assert Candidate.objects.get() == three[2]
    assert document("plan", "--as-of", "2029-01-01")["counts"] == {"due": 0}
    assert document("run", "--execute", "--as-of", "2029-01-01")["counts"] == {"erased": 0, "no longer due": 0}


def test_a_run_without_an_instant_takes_who_is_due_now(three: list[Candidate]) -> None:
    with time_machine.travel(three[1].expires_at):
        with pytest.raises(CommandError, match="this clock and the database's are") as error:
            retention("run", "--execute")
        assert (exit_code(error), Candidate.objects.count()) == (1, 3)
        assert document("plan")["counts"] == {"due": 2}


def test_a_limit_holds_for_plan_and_run(three: list[Candidate]) -> None:
    arguments = ("--as-of", "2029-01-01", "--limit", "1")
    (planned,) = document("plan", *arguments)["items"]
    (erased,) = document("run", "--execute", *arguments)["items"]
    assert planned["candidate"] == erased["candidate"] == str(three[0].pk)


def test_who_asked_is_due_and_the_reason_is_said(at: datetime, three: list[Candidate]) -> None:
    request_erasure(three[2].person_ref, actor=candidate(three[2].person_ref), at=at)
    asked_at = at + timedelta(hours=24)
    assert document("plan", "--as-of", asked_at.isoformat())["items"] == [
        {"candidate": str(three[2].pk), "at": asked_at.isoformat(), "why": "REQUESTED"}
    ]


def test_the_answer_for_people(three: list[Candidate]) -> None:
    lines = retention("plan", "--as-of", "2028-11-25").splitlines()
    assert lines == [
        f"{three[0].pk} {three[0].expires_at.isoformat()} EXPIRED",
        "retention plan: 1 due (dry run: nothing was done; --execute does it)",
    ]
    assert retention("run", "--execute", "--as-of", "2028-11-25").splitlines() == [
        str(three[0].pk),
        "retention run: 1 erased, 0 no longer due",
    ]


@pytest.mark.parametrize(("store", "reason"), [("RefusingStore", "StoreError"), ("ForgetfulStore", "SomethingLeft")])
def test_what_a_store_blocked_is_listed_and_the_code_says_so(
    three: list[Candidate], break_store: BreakStore, store: str, reason: str
) -> None:
    break_store("files", store)
    out = StringIO()
    with pytest.raises(SystemExit) as error:
        call_command("retention", "run", "--execute", "--as-of", "2029-01-01", "--format", "json", stdout=out)
    found = json.loads(out.getvalue())
    assert (error.value.code, found["counts"]["erased"]) == (1, 0)
    assert found["errors"] == [{"batch": str(ErasureBatch.objects.get().pk), "blocked_by": reason}]


def test_partly_is_another_code_than_failed(three: list[Candidate], break_store: BreakStore) -> None:
    break_store("files", "RefusingOne", refused=str(three[0].pk))
    codes = []
    for instant in ("2028-11-25", "2029-01-01"):
        with pytest.raises(SystemExit) as error:
            retention("run", "--execute", "--as-of", instant)
        codes.append(error.value.code)
    assert (codes, set(Candidate.objects.all())) == ([1, 4], {three[0], three[2]})


def test_a_ledger_that_takes_nothing_stops_the_run(three: list[Candidate], break_store: BreakStore) -> None:
    break_store("ledger", "SilentLedger")
    with pytest.raises(SystemExit):
        retention("run", "--execute", "--as-of", "2029-01-01")
    with pytest.raises(CommandError, match="the ledger cannot be written, so nobody was erased") as error:
        retention("run", "--execute", "--as-of", "2029-01-01")
    assert (exit_code(error), Candidate.objects.count()) == (1, 3)


# Refusals


def test_rehearsing_and_erasing_are_not_done_together_in_production(three: list[Candidate], settings: Settings) -> None:
    settings.DEV = False
    with pytest.raises(CommandError, match="--as-of only rehearses") as error:
        retention("run", "--execute", "--as-of", "2029-01-01")
    assert (exit_code(error), Candidate.objects.count()) == (2, 3)
    assert document("run", "--as-of", "2029-01-01")["counts"] == {"due": 2}


def test_an_error_of_usage_is_exit_code_2_of_the_process(transactional_db: None) -> None:
    result = subprocess.run(
        [sys.executable, "manage.py", "retention", "plan", "--as-of", "soon"],
        env=worker_environment() | {"DJANGO_SETTINGS_MODULE": "clouder.settings"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.splitlines()[-1].endswith("soon is not an instant such as 2027-03-16 or 2027-03-16T00:00")


def test_nothing_is_done_where_nobody_can_say_whether_the_database_was_restored() -> None:
    result = subprocess.run(
        [sys.executable, "manage.py", "retention", "plan"],
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.splitlines()[-1].startswith("retention does nothing now.")


@pytest.mark.parametrize("arguments", [(), ("erase",), ("plan", "--as-of", "soon"), ("explain", "no-uuid")])
def test_what_cannot_be_read_is_an_error_of_usage(arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        retention(*arguments)


def test_only_one_run_at_a_time(three: list[Candidate]) -> None:
    with psycopg.connect(database_url(), autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        with pytest.raises(CommandError, match="another retention run is running") as error:
            retention("run", "--execute", "--as-of", "2029-01-01")
        assert (exit_code(error), Candidate.objects.count()) == (75, 3)
        assert document("plan", "--as-of", "2029-01-01")["counts"] == {"due": 2}
        other.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
    assert document("run", "--execute", "--as-of", "2029-01-01")["counts"]["erased"] == 2


def test_the_lock_is_given_back(three: list[Candidate]) -> None:
    retention("run", "--execute", "--as-of", "2029-01-01")
    with psycopg.connect(database_url(), autocommit=True) as other:
        assert other.execute("SELECT pg_try_advisory_lock(%s)", [LOCK]).fetchone() == (True,)


# explain


def test_explain_shows_everything_that_the_clock_looked_at(at: datetime, position: Position) -> None:
    sent = people.application(at, position, has_longer_storage=True)
    person, actor = sent.candidate, staff(position.contact_person_id)
    call_at, note_at = at + timedelta(days=1), at + timedelta(days=2)
    call = record_interaction(
        person.pk, kind=InteractionKind.CALL, occurred_at=call_at, text="", actor=actor, at=call_at
    )
    note = add_note(person.pk, text="A note", actor=actor, at=note_at)
    consent, mails = Consent.objects.get(), OutboxEmail.objects.filter(subject_ref=person.pk)
    application = Interaction.objects.exclude(pk=call.pk).get()
    (found,) = document("explain", str(person.pk), "--as-of", note_at.isoformat())["items"]
    events = [
        (note.pk, "STAFF_WORK", note_at, "KIND", "E12"),
        (call.pk, "CALL", call_at, "COUNTS", "E6"),
        (application.pk, "APPLICATION_SUBMITTED", at, "COUNTS", "E1"),
        *((mail.pk, "AUTOMATIC_MAIL", at, "KIND", "E3") for mail in mails),
        (consent.pk, "CONSENT_CHANGED", at, "KIND", "E9"),
    ]
    assert len(events) == 6
    assert [event["id"] for event in found["events"]][:3] == [str(note.pk), str(call.pk), str(application.pk)]
    found["events"].sort(key=lambda event: event["id"])
    assert found == {
        "person": str(person.person_ref),
        "records": [str(person.pk)],
        "events": [
            {
                "id": str(pk),
                "type": kind,
                "at": moment.isoformat(),
                "counts": verdict == "COUNTS",
                "why": why,
                "verdict": verdict,
            }
            for pk, kind, moment, verdict, why in sorted(events, key=lambda event: str(event[0]))
        ],
        "last_contact_at": call_at.isoformat(),
        "set_by": str(call.pk),
        "basis": "LAST_CONTACT",
        "due_on": "2028-11-25",
        "erase_at": "2028-11-25T22:00:00+00:00",
        "consents": [
            {
                "id": str(consent.pk),
                "granted_at": at.isoformat(),
                "ends_on": "2030-11-24",
                "withdrawn_at": None,
                "replaced_at": None,
            }
        ],
        "keep_until": "2030-11-24",
        "expires_at": "2030-11-24T22:00:00+00:00",
        "old_process_at": "2028-11-25T22:00:00+00:00",
        "holds": [],
        "restrictions": [],
        "open_requests": [],
        "state": "KEPT",
        "next_action": "ERASE_OLD_PROCESS",
        "next_at": "2028-11-25T22:00:00+00:00",
        "steps": [
            {"action": "ERASE_OLD_PROCESS", "at": "2028-11-25T22:00:00+00:00"},
            {"action": "ERASE", "at": "2030-11-24T22:00:00+00:00"},
        ],
    }


def test_explain_says_where_a_person_stands(at: datetime, position: Position) -> None:
    person = people.application(at, position).candidate

    def stands(as_of: datetime) -> tuple[str, list[dict[str, str]], str]:
        (found,) = document("explain", str(person.pk), "--as-of", as_of.isoformat())["items"]
        return found["state"], found["open_requests"], found["next_at"]

    assert stands(at) == ("KEPT", [], person.expires_at.isoformat())
    assert stands(person.expires_at) == ("EXPIRED", [], person.expires_at.isoformat())
    request_erasure(person.person_ref, actor=candidate(person.person_ref), at=at)
    due = (at + timedelta(hours=24)).isoformat()
    assert stands(at) == ("ERASURE_REQUESTED", [{"type": "ERASURE", "due_at": due}], due)
    Candidate.objects.update(erasing_ref=uuid4())
    assert stands(at)[0] == "ERASING"


def test_explain_shows_what_keeps_a_person_back(at: datetime, position: Position, officer: User) -> None:
    sent = people.application(at, position)
    person, actor = sent.candidate, staff(officer.pk)
    restriction = restrict_candidate(person.person_ref, ground=RestrictionGround.CLAIM, actor=actor, at=at)
    hold = open_hold(
        person.person_ref, subject_ref=person.pk, case_ref="HR 1", ground=HoldGround.DISCRIMINATION, owner=officer,
        items=[(HeldKind.APPLICATION, sent.pk)], ends_on=date(2029, 1, 31), actor=actor, at=at,
    )  # fmt: skip
    request = open_request(
        SubjectRequestKind.ACCESS, channel=RequestChannel.MAIL, received_at=at, person_ref=person.person_ref,
        actor=actor, at=at,
    )  # fmt: skip
    (found,) = document("explain", str(person.pk), "--as-of", at.isoformat())["items"]
    assert (found["state"], found["holds"], found["restrictions"], found["open_requests"], found["steps"]) == (
        "RESTRICTED",
        [
            {
                "id": str(hold.pk),
                "ground": "DISCRIMINATION",
                "opened_at": at.isoformat(),
                "review_on": "2027-05-24",
                "ends_on": "2029-01-31",
                "items": [{"kind": "APPLICATION", "id": str(sent.pk)}],
            }
        ],
        [
            {
                "id": str(restriction.pk),
                "ground": "CLAIM",
                "opened_at": at.isoformat(),
                "told_at": None,
                "review_on": "2027-05-24",
            }
        ],
        [{"type": "ACCESS", "number": request.number, "due_on": "2026-12-24", "limit_on": "2026-12-24"}],
        [
            {"action": "WAIT_RESTRICTED", "at": person.expires_at.isoformat()},
            {"action": "ERASE", "at": None},
        ],
    )
    assert retention("explain", str(person.pk), "--as-of", at.isoformat()).splitlines() == [
        "RESTRICTED: kept until 2028-11-24",
        "2028-11-25 00:00: Hidden and kept until the restriction is lifted",
        "then: Everything is erased, files included",
        "* 2026-11-24 11:00 Application sent [E1] A contact that took place.",
        "- 2026-11-24 11:00 Automatic mail [E3] Automatic mail is no contact.",
        "restricted since 2026-11-24 11:00: The person needs the data for a legal claim, Art. 18(1)(c)",
        f"held until 2029-01-31: 1 of {hold.pk}",
        f"request {request.number}, due 2026-12-24: Access, Art. 15",
        "* set the date   + counted   - did not count",
    ]


def test_an_open_request_for_access_makes_the_erasure_wait(at: datetime, position: Position) -> None:
    person = people.application(at, position).candidate
    asked_at = person.expires_at - timedelta(days=3)
    open_request(
        SubjectRequestKind.ACCESS, channel=RequestChannel.MAIL, received_at=asked_at, person_ref=person.person_ref,
        actor=SYSTEM, at=asked_at,
    )  # fmt: skip
    (found,) = document("explain", str(person.pk), "--as-of", asked_at.isoformat())["items"]
    assert (found["next_action"], found["steps"]) == (
        "WAIT_REQUEST_OPEN",
        [
            {"action": "WAIT_REQUEST_OPEN", "at": person.expires_at.isoformat()},
            {"action": "ERASE", "at": "2028-12-22T22:00:00+00:00"},
        ],
    )


def test_explain_in_words(at: datetime, position: Position) -> None:
    person = people.application(at, position, is_confirmed=False, has_longer_storage=True).candidate
    lines = retention("explain", str(person.pk), "--as-of", at.isoformat()).splitlines()
    assert lines[:3] == [
        "KEPT: kept until 2030-11-24",
        "2028-11-25 00:00: The old process is erased: notes, moves and correspondence",
        "2030-11-25 00:00: Everything is erased, files included",
    ]
    assert sorted(line.partition("]")[0] for line in lines[3:6]) == [
        "* 2026-11-24 11:00 Application sent [E1",
        "- 2026-11-24 11:00 Automatic mail [E3",
        "- 2026-11-24 11:00 Consent to longer storage given or taken back [E9",
    ]
    assert lines[6:] == [
        "consent of 2026-11-24 11:00 until 2030-11-24",
        "* set the date   + counted   - did not count",
    ]


def test_explain_of_nobody_fails(three: list[Candidate]) -> None:
    stranger = uuid4()
    with pytest.raises(CommandError, match=f"no record {stranger}: it never was, or it is erased") as error:
        retention("explain", str(stranger))
    assert exit_code(error) == 1


# Documents made from code


@pytest.mark.parametrize("command", ["data_map", "settings_table"])
def test_the_documents_made_from_code_are_up_to_date(command: str) -> None:
    call_command(command, "--check")


@pytest.mark.parametrize(
    ("command", "name"), [("data_map", "docs/data-map.md"), ("settings_table", "docs/reference/settings.md")]
)
def test_a_document_that_differs_is_exit_code_1_until_it_is_made_anew(
    command: str, name: str, settings: Settings, tmp_path: Any
) -> None:
    settings.BASE_DIR = tmp_path
    err = StringIO()
    with pytest.raises(SystemExit) as error:
        call_command(command, "--check", stderr=err)
    assert (error.value.code, err.getvalue()) == (1, f"{name} is not up to date; run manage.py {command}\n")
    call_command(command)
    call_command(command, "--check")
