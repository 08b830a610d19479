"""The register of requests: received, due, extended, decided; and objections (policy §8, GDPR Art. 12 to 22)."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from accounts.enums import Role
from accounts.models import User
from audit.enums import Action
from audit.models import AuditEvent
from candidates.enums import HeldKind, HoldGround, RestrictionGround
from candidates.models import Application, Candidate, Position, Restriction, Suppression
from candidates.services.erasure import request_erasure, take_back_erasure
from candidates.services.holds import open_hold
from candidates.services.restrictions import record_told
from common.actors import candidate, staff
from common.errors import Refused
from mailing.enums import EmailKind
from mailing.models import OutboxEmail
from privacy.enums import Decision, RequestChannel, SubjectRequestKind
from privacy.models import SubjectRequest
from privacy.services.erasure import erase_due
from privacy.services.objections import decide_objection, lift_restriction, object_to_recruiting
from privacy.services.requests import (
    close_request,
    close_requests_of_erased,
    confirm_identity,
    extend_request,
    open_request,
)
from tests.factories import people

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def aino(at: datetime, position: Position) -> Application:
    return people.application(at - 30 * DAY, position)


@pytest.fixture
def other_officer(db: None) -> User:
    return people.user(Role.PRIVACY_OFFICER, "pat@example.org")


def ask(
    aino: Application | None, kind: SubjectRequestKind, officer: User, at: datetime, **changes: Any
) -> SubjectRequest:
    values: dict[str, Any] = {
        "channel": RequestChannel.MAIL,
        "received_at": at,
        "person_ref": aino.candidate.person_ref if aino else None,
        "actor": staff(officer.pk),
        "at": at,
    }
    return open_request(kind, **{**values, **changes})


def code(call: Any) -> str:
    with pytest.raises(Refused) as refused:
        call()
    return refused.value.code


def person(aino: Application) -> Candidate:
    return Candidate.objects.get(pk=aino.candidate_id)


# Recording


def test_a_request_is_due_a_month_after_it_reached_us(aino: Application, officer: User, at: datetime) -> None:
    received = datetime(2026, 10, 31, 8, 0, tzinfo=at.tzinfo)
    made = ask(aino, SubjectRequestKind.ACCESS, officer, at, received_at=received)
    assert (made.due_on, made.limit_on, made.recorded_at, made.recorded_by, made.person_ref, made.address) == (
        date(2026, 11, 30),
        date(2026, 11, 30),
        at,
        officer,
        aino.candidate.person_ref,
        "",
    )
    event = AuditEvent.objects.get(action=Action.REQUEST_OPENED)
    assert (event.subject_ref, event.object_ref, event.details) == (made.person_ref, made.pk, {"kind": "ACCESS"})


def test_the_numbers_are_random_and_each_is_once(aino: Application, officer: User, at: datetime) -> None:
    numbers = {ask(aino, SubjectRequestKind.ACCESS, officer, at).number for _ in range(20)}
    assert (len(numbers), {number[:2] for number in numbers}, {len(number) for number in numbers}) == (20, {"R-"}, {10})


def test_it_cannot_have_come_tomorrow_or_from_nobody(aino: Application, officer: User, at: datetime) -> None:
    kind = SubjectRequestKind.ACCESS
    assert code(lambda: ask(aino, kind, officer, at, received_at=at + timedelta(seconds=1))) == "future"
    assert code(lambda: ask(None, kind, officer, at)) == "who"
    assert code(lambda: ask(None, kind, officer, at, person_ref=officer.pk)) == "gone"
    assert SubjectRequest.objects.count() == 0


def test_the_address_of_a_stranger_is_kept_until_the_answer(officer: User, at: datetime) -> None:
    made = ask(None, SubjectRequestKind.ACCESS, officer, at, address=" eva@example.org ", language="fi")
    assert (made.address, made.person_ref, made.language) == ("eva@example.org", None, "fi")
    closed = close_request(made.pk, decision=Decision.NOTHING_HELD, actor=staff(officer.pk), at=at + DAY)
    assert (closed.address, closed.decision, closed.closed_at, closed.closed_by) == (
        "",
        Decision.NOTHING_HELD,
        at + DAY,
        officer,
    )


def test_an_erasure_hides_at_once_and_a_second_one_joins_it(aino: Application, officer: User, at: datetime) -> None:
    first = ask(aino, SubjectRequestKind.ERASURE, officer, at)
    assert person(aino).erase_after == at + DAY
    case = person(aino).erasure_case
    second = ask(aino, SubjectRequestKind.ERASURE, officer, at + timedelta(hours=1))
    assert (second, person(aino).erasure_case, person(aino).erase_after) == (first, case, at + DAY)


def test_an_erasure_asked_for_in_the_portal_is_joined(aino: Application, officer: User, at: datetime) -> None:
    case = request_erasure(aino.candidate.person_ref, actor=candidate(aino.candidate.person_ref), at=at - DAY)
    ask(aino, SubjectRequestKind.ERASURE, officer, at)
    assert (person(aino).erasure_case, person(aino).erase_after) == (case, at)


def test_nothing_is_done_before_it_is_certain_who_asks(aino: Application, officer: User, at: datetime) -> None:
    erasure = ask(aino, SubjectRequestKind.ERASURE, officer, at, is_identified=False)
    objection = ask(aino, SubjectRequestKind.OBJECTION, officer, at, is_identified=False)
    assert (person(aino).erase_after, person(aino).restricted_at) == (None, None)
    confirm_identity(objection.pk, actor=staff(officer.pk), at=at + DAY)
    confirm_identity(erasure.pk, actor=staff(officer.pk), at=at + DAY)
    assert (person(aino).erase_after, person(aino).restricted_at) == (at + 2 * DAY, at + DAY)


# Extending


def test_the_time_is_extended_once_and_only_within_the_first_month(
    aino: Application, officer: User, at: datetime
) -> None:
    received = datetime(2027, 1, 31, 9, tzinfo=at.tzinfo)
    made = ask(aino, SubjectRequestKind.ACCESS, officer, received)
    actor = staff(officer.pk)
    assert (made.due_on, code(lambda: extend_request(made.pk, has_told=False, actor=actor, at=received))) == (
        date(2027, 2, 28),
        "not_told",
    )
    late = datetime(2027, 2, 28, 22, 0, tzinfo=at.tzinfo)  # the first of March in Helsinki
    assert code(lambda: extend_request(made.pk, has_told=True, actor=actor, at=late)) == "late"
    extended = extend_request(made.pk, has_told=True, actor=actor, at=late - timedelta(seconds=1))
    assert (extended.due_on, extended.limit_on) == (date(2027, 4, 30), date(2027, 4, 30))
    assert code(lambda: extend_request(made.pk, has_told=True, actor=actor, at=received)) == "extended"
    close_request(made.pk, decision=Decision.FULFILLED, actor=actor, at=late)
    assert code(lambda: extend_request(made.pk, has_told=True, actor=actor, at=late)) == "closed"


# Closing


@pytest.mark.parametrize("decision", [Decision.REFUSED, Decision.PARTLY])
def test_a_refusal_needs_a_ground_and_somebody_else(
    aino: Application, officer: User, other_officer: User, at: datetime, decision: Decision
) -> None:
    made = ask(aino, SubjectRequestKind.ACCESS, officer, at)
    close: dict[str, Any] = {"decision": decision, "at": at}
    assert code(lambda: close_request(made.pk, actor=staff(other_officer.pk), ground=" ", **close)) == "ground"
    assert code(lambda: close_request(made.pk, actor=staff(officer.pk), ground="Excessive", **close)) == "same"
    closed = close_request(made.pk, actor=staff(other_officer.pk), ground=" Excessive ", **close)
    assert (closed.decision, closed.decision_ground, closed.closed_by) == (decision, "Excessive", other_officer)
    assert code(lambda: close_request(made.pk, actor=staff(officer.pk), ground="x", **close)) == "closed"
    event = AuditEvent.objects.get(action=Action.REQUEST_CLOSED)
    assert event.details == {"kind": "ACCESS", "decision": decision.value}


def test_an_erasure_is_not_called_done_by_hand(aino: Application, officer: User, at: datetime) -> None:
    made = ask(aino, SubjectRequestKind.ERASURE, officer, at)
    for decision in (Decision.FULFILLED, Decision.NOTHING_HELD):
        assert code(
            lambda decision=decision: close_request(made.pk, decision=decision, actor=staff(officer.pk), at=at)
        ) == "erasing"  # fmt: skip
    erase_due(at=at + DAY)
    made.refresh_from_db()
    assert (made.decision, made.closed_at, made.closed_by, made.decision_ground) == (
        Decision.FULFILLED,
        at + DAY,
        None,
        "All data about you have been erased.",
    )


@pytest.mark.parametrize("decision", [Decision.REFUSED, Decision.WITHDRAWN])
def test_an_erasure_that_is_refused_or_taken_back_is_not_done(
    aino: Application, officer: User, other_officer: User, at: datetime, decision: Decision
) -> None:
    made = ask(aino, SubjectRequestKind.ERASURE, officer, at)
    close_request(made.pk, decision=decision, ground="Art. 17(3)(e)", actor=staff(other_officer.pk), at=at)
    assert (person(aino).erase_after, person(aino).erasure_case) == (None, "")
    assert erase_due(at=at + 2 * DAY).erased == []


def test_an_erasure_past_its_cooling_time_is_not_taken_back(
    aino: Application, officer: User, other_officer: User, at: datetime
) -> None:
    made = ask(aino, SubjectRequestKind.ERASURE, officer, at)
    assert code(
        lambda: close_request(made.pk, decision=Decision.WITHDRAWN, actor=staff(other_officer.pk), at=at + DAY)
    ) == "begun"  # fmt: skip


def test_what_the_person_took_back_in_the_portal_can_be_closed(aino: Application, officer: User, at: datetime) -> None:
    made = ask(aino, SubjectRequestKind.ERASURE, officer, at)
    take_back_erasure(aino.candidate.person_ref, actor=candidate(aino.candidate.person_ref), at=at)
    closed = close_request(made.pk, decision=Decision.WITHDRAWN, actor=staff(officer.pk), at=at)
    assert closed.decision == Decision.WITHDRAWN


def test_what_erasing_answers_is_closed_in_the_persons_language(
    position: Position, officer: User, at: datetime
) -> None:
    aino = people.application(at - 30 * DAY, position, language="fi")
    made = {kind: ask(aino, kind, officer, at, is_identified=False) for kind in SubjectRequestKind}
    hold = {
        "subject_ref": aino.candidate_id, "case_ref": "HR 1", "ground": HoldGround.OTHER_CLAIM, "owner": officer,
        "items": [(HeldKind.APPLICATION, aino.pk)], "actor": staff(officer.pk), "at": at,
    }  # fmt: skip
    open_hold(aino.candidate.person_ref, **hold)  # type: ignore[arg-type]
    assert close_requests_of_erased([aino.candidate.person_ref], at=at) == 6
    found = {SubjectRequestKind(row.kind): row.decision for row in SubjectRequest.objects.all()}
    assert found == {
        SubjectRequestKind.ACCESS: "",
        SubjectRequestKind.PORTABILITY: "",
        SubjectRequestKind.ERASURE: Decision.PARTLY,
        SubjectRequestKind.OBJECTION: Decision.PARTLY,
        **dict.fromkeys(
            (
                SubjectRequestKind.RECTIFICATION,
                SubjectRequestKind.RESTRICTION,
                SubjectRequestKind.WITHDRAWAL,
                SubjectRequestKind.OTHER,
            ),
            Decision.NOTHING_HELD,
        ),
    }
    assert len(made) == 8
    assert close_requests_of_erased([aino.candidate.person_ref], at=at) == 0


# Objections


def test_an_objection_restricts_at_once_and_is_due_in_seven_days(
    aino: Application, officer: User, at: datetime
) -> None:
    made = object_to_recruiting(
        aino.candidate.person_ref, wants_suppression=True, actor=candidate(aino.candidate.person_ref), at=at
    )
    assert (person(aino).restricted_at, Restriction.objects.get().ground) == (at, RestrictionGround.OBJECTION)
    assert (made.due_on, made.limit_on, made.recorded_by) == (date(2026, 12, 1), date(2026, 12, 24), None)
    assert {row.kind for row in Suppression.objects.all()} == {"ADDRESS"}
    assert AuditEvent.objects.get(action=Action.OBJECTED).details == {"wants_suppression": True}


def test_nobody_is_suppressed_who_did_not_want_it(aino: Application, at: datetime) -> None:
    actor = candidate(aino.candidate.person_ref)
    first = object_to_recruiting(aino.candidate.person_ref, wants_suppression=False, actor=actor, at=at)
    assert Suppression.objects.count() == 0
    second = object_to_recruiting(aino.candidate.person_ref, wants_suppression=True, actor=actor, at=at + DAY)
    assert (second, Suppression.objects.count() > 0, Restriction.objects.count()) == (first, True, 1)


def test_scenario_22_without_compelling_grounds_the_person_is_erased_at_once(
    aino: Application, officer: User, at: datetime
) -> None:
    made = object_to_recruiting(
        aino.candidate.person_ref, wants_suppression=True, actor=candidate(aino.candidate.person_ref), at=at
    )
    decided = decide_objection(made.pk, has_grounds=False, actor=staff(officer.pk), at=at + DAY)
    assert (decided.decision, person(aino).erase_after) == (Decision.FULFILLED, at + DAY)
    assert erase_due(at=at + DAY).erased == [aino.candidate_id]
    assert (Candidate.objects.count(), Restriction.objects.count(), Suppression.objects.count()) == (0, 0, 1)
    assert OutboxEmail.objects.get(kind=EmailKind.ERASURE_STATEMENT).to_address == "aino@example.org"
    event = AuditEvent.objects.get(action=Action.OBJECTION_DECIDED)
    assert (event.actor_ref, event.details) == (officer.pk, {"has_grounds": False})


def test_with_compelling_grounds_the_person_is_told_before_it_is_lifted(
    aino: Application, officer: User, other_officer: User, at: datetime
) -> None:
    made = object_to_recruiting(
        aino.candidate.person_ref, wants_suppression=False, channel=RequestChannel.LETTER,
        received_at=at - 3 * DAY, actor=staff(officer.pk), at=at,
    )  # fmt: skip
    restriction = Restriction.objects.get()
    record_told(restriction.pk, actor=staff(officer.pk), at=at)
    assert code(lambda: lift_restriction(restriction.pk, actor=staff(officer.pk), at=at)) == "undecided"
    decide: dict[str, Any] = {"has_grounds": True, "at": at + DAY}
    assert code(lambda: decide_objection(made.pk, ground=" ", actor=staff(other_officer.pk), **decide)) == "ground"
    assert code(lambda: decide_objection(made.pk, ground="A claim", actor=staff(officer.pk), **decide)) == "same"
    decided = decide_objection(made.pk, ground="A claim", actor=staff(other_officer.pk), **decide)
    assert (decided.decision, decided.decision_ground, person(aino).erase_after) == (Decision.REFUSED, "A claim", None)
    assert OutboxEmail.objects.filter(kind=EmailKind.RESTRICTION_ENDS).count() == 1
    lift_restriction(restriction.pk, actor=staff(officer.pk), at=at + 2 * DAY)
    assert list(Candidate.objects.visible(at + 2 * DAY)) == [aino.candidate]
    again: dict[str, Any] = {"has_grounds": False, "actor": staff(officer.pk), "at": at}
    assert code(lambda: decide_objection(made.pk, **again)) == "closed"


def test_other_requests_are_not_decided_as_objections(aino: Application, officer: User, at: datetime) -> None:
    access = ask(aino, SubjectRequestKind.ACCESS, officer, at)
    objection = ask(aino, SubjectRequestKind.OBJECTION, officer, at)
    actor = staff(officer.pk)
    assert code(lambda: decide_objection(access.pk, has_grounds=False, actor=actor, at=at)) == "kind"
    assert code(lambda: close_request(objection.pk, decision=Decision.FULFILLED, actor=actor, at=at)) == "objection"
    assert close_request(objection.pk, decision=Decision.WITHDRAWN, actor=actor, at=at).closed_at == at
