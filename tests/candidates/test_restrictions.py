"""Restrictions: at once, for all records, for every recruiter's page; told before they end (GDPR Art. 18)."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.contrib import admin

from accounts.models import User
from audit.enums import Action
from audit.models import AuditEvent
from candidates.enums import Direction, InteractionKind, MeansOfContact, RestrictionGround
from candidates.models import Application, Candidate, Interaction, Position, Restriction
from candidates.selectors.clock import explain
from candidates.services.addresses import link_candidates
from candidates.services.clock import recompute_clock
from candidates.services.erasure import request_erasure
from candidates.services.restrictions import (
    lift_restriction,
    record_told,
    restrict_candidate,
    review_restriction,
    tell_of_ending_restrictions,
    tell_restriction_ends,
)
from common.actors import candidate, staff
from common.errors import Refused
from mailing.enums import EmailKind
from mailing.models import OutboxEmail
from policy.expiry import FOREVER
from tests.architecture.test_roles import contacts, names
from tests.factories import people
from tests.factories.browser import body_of
from tests.factories.desk import Desk

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
GROUNDS = list(RestrictionGround)
ENDING = (RestrictionGround.ACCURACY, RestrictionGround.OBJECTION)
LASTING = (RestrictionGround.UNLAWFUL, RestrictionGround.CLAIM)


@pytest.fixture
def aino(at: datetime, position: Position) -> Application:
    return people.application(at, position, skills="Python")


def restrict(aino: Application, ground: RestrictionGround, officer: User, at: datetime) -> Restriction:
    return restrict_candidate(aino.candidate.person_ref, ground=ground, actor=staff(officer.pk), at=at)


def person(aino: Application) -> Candidate:
    return Candidate.objects.get(pk=aino.candidate_id)


def notices() -> list[OutboxEmail]:
    return list(OutboxEmail.objects.filter(kind=EmailKind.RESTRICTION_ENDS).order_by("queued_at"))


def events(action: Action) -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(action=action).order_by("pk"))


# What it does


@pytest.mark.parametrize("ground", GROUNDS)
def test_it_takes_effect_in_the_same_act_and_the_clock_goes_on(
    aino: Application, officer: User, at: datetime, ground: RestrictionGround
) -> None:
    before = person(aino)
    made = restrict(aino, ground, officer, at)
    after = person(aino)
    assert (before.restricted_at, after.restricted_at, after.expires_at) == (None, at, before.expires_at)
    assert after.held_back_until == (FOREVER if ground in LASTING else after.expires_at + 30 * DAY)
    assert (made.ground, made.opened_by, made.review_on, made.told_at) == (ground, officer, date(2027, 5, 24), None)
    (event,) = events(Action.RESTRICTED)
    assert (event.actor_ref, event.subject_ref, event.object_ref, event.details) == (
        officer.pk,
        aino.candidate_id,
        made.pk,
        {"ground": ground.value},
    )


def test_restricting_again_on_the_same_ground_changes_nothing(aino: Application, officer: User, at: datetime) -> None:
    first = restrict(aino, RestrictionGround.CLAIM, officer, at)
    assert restrict(aino, RestrictionGround.CLAIM, officer, at + DAY) == first
    other = restrict(aino, RestrictionGround.ACCURACY, officer, at + DAY)
    assert (Restriction.objects.count(), other != first, person(aino).restricted_at) == (2, True, at)


def test_it_holds_for_all_linked_records(aino: Application, position: Position, officer: User, at: datetime) -> None:
    other = people.application(at + DAY, position)
    assert person(other).person_ref == person(aino).person_ref
    restrict(aino, RestrictionGround.CLAIM, officer, at + DAY)
    assert set(Candidate.objects.values_list("restricted_at", flat=True)) == {at + DAY}
    assert list(Candidate.objects.visible(at + DAY)) == []


def test_a_record_linked_later_is_restricted_with_the_others(
    aino: Application, position: Position, officer: User, at: datetime
) -> None:
    restrict(aino, RestrictionGround.CLAIM, officer, at)
    later = people.application(at + DAY, position, is_confirmed=False)
    assert list(Candidate.objects.visible(at + DAY)) == [later.candidate]
    link_candidates(later.candidate, person(aino), actor=staff(officer.pk), at=at + DAY)
    recompute_clock(person(aino).person_ref)
    assert list(Candidate.objects.visible(at + DAY)) == []


def test_what_came_meanwhile_stands_on_its_own_until_the_restriction_is_lifted(
    aino: Application, position: Position, officer: User, at: datetime
) -> None:
    made = restrict(aino, RestrictionGround.ACCURACY, officer, at)
    new = people.application(at + DAY, position)
    stranger = people.application(at + DAY, position, is_confirmed=False)
    assert list(Candidate.objects.visible(at + DAY).confirmed()) == [new.candidate]
    record_told(made.pk, actor=staff(officer.pk), at=at + 2 * DAY)
    lift_restriction(made.pk, actor=staff(officer.pk), at=at + 3 * DAY)
    assert {person(new).person_ref, person(aino).person_ref} == {aino.candidate.person_ref}
    assert person(aino).due_on == person(new).due_on == date(2028, 11, 25)
    assert person(stranger).person_ref != aino.candidate.person_ref
    linked = AuditEvent.objects.get(action=Action.CANDIDATES_LINKED)
    assert (linked.subject_ref, linked.object_ref) == (new.candidate_id, aino.candidate_id)


def test_nobody_who_is_gone_is_restricted(aino: Application, officer: User, at: datetime) -> None:
    Candidate.objects.update(erasing_ref=officer.pk)
    with pytest.raises(Refused) as refused:
        restrict(aino, RestrictionGround.CLAIM, officer, at)
    assert (refused.value.code, Restriction.objects.count()) == ("gone", 0)


def test_scenario_21_no_page_of_a_recruiter_shows_a_restricted_person(
    aino: Application, position: Position, recruiter: User, officer: User, at: datetime
) -> None:
    people.application(at, position, email="eino@example.org", name="Eino Näyte", skills="Python")
    desk, who, document = Desk(recruiter, at), aino.candidate_id, aino.candidate.documents.get().pk
    pages: tuple[tuple[str, list[Any]], ...] = (
        ("candidates_candidate_change", [who]),
        ("candidates_candidate_file", [who, document]),
        ("candidates_application_change", [aino.pk]),
    )
    acts: tuple[tuple[str, list[Any], dict[str, str]], ...] = (
        ("candidates_candidate_note", [who], {"note-text": "A note"}),
        ("candidates_candidate_interaction", [who], {
            "interaction-kind": "CALL", "interaction-occurred_at": "2026-11-24T11:00", "interaction-means": "PHONE",
            "interaction-direction": "OUT",
        }),
        ("candidates_candidate_move", [who, aino.pk], {f"move-{aino.pk}-to_stage": "OFFER"}),
    )  # fmt: skip
    for name, keys in pages:
        answer = desk.get(name, *keys)
        assert (answer.status_code in {200, 302}, bool(body_of(answer)) or answer.status_code == 302) == (True, True)
    shown = [desk.get("index"), desk.get("candidates_candidate_changelist")]
    assert ["Aino" in page.content.decode() for page in shown] == [True, True]

    restrict(aino, RestrictionGround.ACCURACY, officer, at)

    nobody = desk.get("candidates_candidate_change", officer.pk)
    for name, keys in pages:
        answer = desk.get(name, *keys)
        assert (answer.status_code, b"Aino" in answer.content) == (404, False), name
        if name == "candidates_candidate_change":
            assert _bare(answer) == _bare(nobody)
    for name, keys, data in acts:
        assert desk.post(name, *keys, **data).status_code == 404, name
    for name in ("index", "candidates_candidate_changelist", "candidates_application_changelist"):
        content = desk.get(name).content.decode()
        assert ("Eino" in content, "Aino" in content) == (True, False), name
    for words in ("Aino", "aino@example.org", aino.reference):
        assert desk.get("candidates_candidate_changelist", q=words).context["cl"].result_count == 0
        assert desk.get("candidates_application_changelist", q=words).context["cl"].result_count == 0


def test_scenario_21_every_address_answers_as_for_somebody_who_never_was(
    aino: Application, recruiter: User, officer: User, at: datetime
) -> None:
    with time_machine.travel(at, tick=False):
        others = contacts(aino, recruiter)
    who, stranger = aino.candidate_id, uuid4()
    document = aino.candidate.documents.get().pk
    keys = {
        "candidates_candidate_move": [who, aino.pk],
        "candidates_candidate_file": [who, document],
        "candidates_candidate_read": [who, document],
        "candidates_candidate_picture": [who, document, 1],
        **others,
    }
    mine = ("candidates_candidate_", "candidates_application_")
    found = {name for name in names(admin.site.get_urls()) if name.startswith(mine)}
    named = sorted(
        name for name in found if name.partition("_")[2].partition("_")[2] not in {"changelist", "add", "approach"}
    )
    assert len(named) > 15
    restrict(aino, RestrictionGround.CLAIM, officer, at)
    desk = Desk(recruiter, at)
    for name in named:
        key = keys.get(name, [aino.pk if name.startswith("candidates_application_") else who])
        nobody = [stranger, *key[1:]]
        for send in (desk.get, desk.post):
            answers = send(name, *key), send(name, *nobody)
            assert [b"Aino" in answer.content for answer in answers] == [False, False], name
            assert answers[0].status_code == answers[1].status_code, name
            assert answers[0].status_code in {302, 403, 404}, name


def _bare(answer: Any) -> str:
    """A page without what differs from request to request."""
    content: str = answer.content.decode()
    return " ".join(line for line in content.splitlines() if "csrf" not in line and "next" not in line)


# Its end


def test_it_is_lifted_only_after_the_person_was_told(aino: Application, officer: User, at: datetime) -> None:
    made = restrict(aino, RestrictionGround.CLAIM, officer, at)
    with pytest.raises(Refused) as refused:
        lift_restriction(made.pk, actor=staff(officer.pk), at=at)
    assert (refused.value.code, person(aino).restricted_at) == ("not_told", at)
    tell_restriction_ends(made.pk, actor=staff(officer.pk), at=at + DAY)
    (mail,) = notices()
    assert (mail.to_address, mail.subject_ref, mail.context) == (
        "aino@example.org",
        aino.candidate_id,
        {"erased_on": ""},
    )
    lifted = lift_restriction(made.pk, actor=staff(officer.pk), at=at + 2 * DAY)
    assert (lifted.told_at, lifted.lifted_at, lifted.lifted_by) == (at + DAY, at + 2 * DAY, officer)
    assert (person(aino).restricted_at, person(aino).held_back_until) == (None, None)
    assert list(Candidate.objects.visible(at + 2 * DAY)) == [aino.candidate]
    assert [len(events(action)) for action in (Action.RESTRICTION_TOLD, Action.RESTRICTION_LIFTED)] == [1, 1]
    with pytest.raises(Refused) as again:
        lift_restriction(made.pk, actor=staff(officer.pk), at=at + 2 * DAY)
    assert again.value.code == "lifted"


def test_of_two_the_other_stays(aino: Application, officer: User, at: datetime) -> None:
    first = restrict(aino, RestrictionGround.CLAIM, officer, at)
    restrict(aino, RestrictionGround.ACCURACY, officer, at + DAY)
    record_told(first.pk, actor=staff(officer.pk), at=at + DAY)
    lift_restriction(first.pk, actor=staff(officer.pk), at=at + DAY)
    assert (person(aino).restricted_at, person(aino).held_back_until) == (at + DAY, person(aino).expires_at + 30 * DAY)


def test_whose_time_is_over_stays_hidden_when_it_is_lifted(aino: Application, officer: User, at: datetime) -> None:
    made = restrict(aino, RestrictionGround.CLAIM, officer, at)
    later = person(aino).expires_at + DAY
    assert list(Candidate.objects.expired(later)) == []
    record_told(made.pk, actor=staff(officer.pk), at=later)
    lift_restriction(made.pk, actor=staff(officer.pk), at=later)
    assert list(Candidate.objects.visible(later)) == []
    assert list(Candidate.objects.expired(later)) == [aino.candidate]


def test_who_has_no_address_is_told_otherwise(at: datetime, position: Position, officer: User) -> None:
    waiting = people.application(at, position, is_confirmed=False)
    made = restrict(waiting, RestrictionGround.CLAIM, officer, at)
    with pytest.raises(Refused) as refused:
        tell_restriction_ends(made.pk, actor=staff(officer.pk), at=at)
    assert (refused.value.code, notices()) == ("no_address", [])
    assert record_told(made.pk, actor=staff(officer.pk), at=at).told_at == at


def test_a_review_is_at_most_six_months_away(aino: Application, officer: User, at: datetime) -> None:
    made = restrict(aino, RestrictionGround.CLAIM, officer, at)
    later = datetime(2027, 8, 31, 9, tzinfo=at.tzinfo)
    assert review_restriction(made.pk, actor=staff(officer.pk), at=later).review_on == date(2028, 2, 29)


# Art. 18(3) before the erase moment


@pytest.mark.parametrize("ground", ENDING)
def test_who_is_told_thirty_days_before_makes_nothing_wait(
    aino: Application, officer: User, at: datetime, ground: RestrictionGround
) -> None:
    restrict(aino, ground, officer, at)
    end = person(aino).expires_at
    assert (tell_of_ending_restrictions(at=end - 31 * DAY), notices()) == (0, [])
    assert tell_of_ending_restrictions(at=end - 30 * DAY) == 1
    (mail,) = notices()
    assert (mail.context, mail.language) == ({"erased_on": "2028-11-24"}, "en")
    for days in (29, 7, 0):
        assert tell_of_ending_restrictions(at=end - days * DAY) == 0
    assert (len(notices()), person(aino).held_back_until) == (1, None)
    assert explain(person(aino).person_ref, as_of=end).next_action == "ERASE"
    assert list(Candidate.objects.expired(end)) == [aino.candidate]


def test_who_is_told_late_waits_fourteen_days(aino: Application, officer: User, at: datetime) -> None:
    restrict(aino, RestrictionGround.ACCURACY, officer, at)
    end = person(aino).expires_at
    assert tell_of_ending_restrictions(at=end - 4 * DAY) == 1
    assert person(aino).held_back_until == end + 10 * DAY
    assert list(Candidate.objects.expired(end + 10 * DAY - timedelta(seconds=1))) == []
    assert list(Candidate.objects.expired(end + 10 * DAY)) == [aino.candidate]


def test_who_cannot_be_told_waits_thirty_days_and_no_longer(at: datetime, position: Position, officer: User) -> None:
    waiting = people.application(at, position, is_confirmed=False)
    restrict(waiting, RestrictionGround.OBJECTION, officer, at)
    end = person(waiting).expires_at
    assert tell_of_ending_restrictions(at=end) == 0
    assert list(Candidate.objects.visible(end)) == []
    assert list(Candidate.objects.expired(end + 30 * DAY - timedelta(seconds=1))) == []
    assert list(Candidate.objects.expired(end + 30 * DAY)) == [waiting.candidate]


@pytest.mark.parametrize("ground", LASTING)
def test_what_lasts_is_not_announced(aino: Application, officer: User, at: datetime, ground: RestrictionGround) -> None:
    restrict(aino, ground, officer, at)
    end = person(aino).expires_at
    assert (tell_of_ending_restrictions(at=end + 400 * DAY), notices()) == (0, [])
    assert list(Candidate.objects.expired(end + 4000 * DAY)) == []


def test_where_the_date_moved_the_person_is_told_again(aino: Application, officer: User, at: datetime) -> None:
    restrict(aino, RestrictionGround.ACCURACY, officer, at)
    end = person(aino).expires_at
    tell_of_ending_restrictions(at=end - 30 * DAY)
    Interaction.objects.create(
        candidate=aino.candidate, kind=InteractionKind.MAIL_RECEIVED, means=MeansOfContact.MAIL,
        direction=Direction.IN, occurred_at=end - 20 * DAY, recorded_at=end - 20 * DAY,
    )  # fmt: skip
    recompute_clock(person(aino).person_ref)
    later = person(aino).expires_at
    assert (later > end, tell_of_ending_restrictions(at=later - 31 * DAY)) == (True, 0)
    assert [tell_of_ending_restrictions(at=later - days * DAY) for days in (30, 29)] == [1, 0]
    assert [mail.context["erased_on"] for mail in notices()] == ["2028-11-24", "2030-11-05"]


def test_whose_erasure_was_asked_for_is_not_told(aino: Application, officer: User, at: datetime) -> None:
    restrict(aino, RestrictionGround.ACCURACY, officer, at)
    end = person(aino).expires_at
    request_erasure(aino.candidate.person_ref, actor=candidate(aino.candidate.person_ref), at=end - 25 * DAY)
    assert (tell_of_ending_restrictions(at=end - 25 * DAY), notices()) == (0, [])


def test_two_grounds_are_one_mail(aino: Application, officer: User, at: datetime) -> None:
    for ground in ENDING:
        restrict(aino, ground, officer, at)
    assert tell_of_ending_restrictions(at=person(aino).expires_at - 30 * DAY) == 2
    assert (len(notices()), Restriction.objects.filter(told_at=None).count()) == (1, 0)


def test_reading_the_clock_anew_keeps_what_the_restriction_says(aino: Application, officer: User, at: datetime) -> None:
    restrict(aino, RestrictionGround.CLAIM, officer, at)
    recompute_clock(aino.candidate.person_ref)
    assert (person(aino).restricted_at, person(aino).held_back_until) == (at, FOREVER)
