"""Writes of recruitment: moves, notes, contacts, consents, erasure requests."""

from datetime import datetime, timedelta

import pytest

from accounts.models import User
from audit.models import AuditEvent
from candidates import pipeline
from candidates.enums import Channel, InteractionKind, Stage
from candidates.models import Application, Candidate, Consent, Interaction, Note, Position, StageChange
from candidates.selectors.clock import explain
from candidates.services.applications import move_application, withdraw_application
from candidates.services.consents import expire_storage_consents, give_consent, withdraw_consent
from candidates.services.erasure import request_erasure, take_back_erasure
from candidates.services.interactions import record_interaction
from candidates.services.notes import add_note
from common.actors import Actor, ActorKind, staff
from common.errors import Refused
from policy.contact import EventKind
from tests.factories import people

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def application(at: datetime, position: Position) -> Application:
    return people.application(at, position)


def own(candidate: Candidate) -> Actor:
    return Actor(ActorKind.CANDIDATE, candidate.pk)


def expires(candidate: Candidate) -> datetime:
    candidate.refresh_from_db()
    return candidate.expires_at


def test_work_of_the_staff_moves_no_clock(application: Application, recruiter: User, at: datetime) -> None:
    before = expires(application.candidate)
    actor = staff(recruiter.pk)
    add_note(application.candidate_id, text="Knows Django", actor=actor, at=at + DAY)
    move_application(application.pk, to_stage=Stage.IN_REVIEW, actor=actor, at=at + DAY)
    assert (Note.objects.count(), StageChange.objects.count()) == (1, 1)
    assert expires(application.candidate) == before


@pytest.mark.parametrize("kind", [InteractionKind.CALL, InteractionKind.INTERVIEW, InteractionKind.MAIL_SENT])
def test_a_contact_moves_the_clock_to_when_it_happened(
    application: Application, recruiter: User, at: datetime, kind: InteractionKind
) -> None:
    record_interaction(
        application.candidate_id, kind=kind, occurred_at=at + 9 * DAY, text="", actor=staff(recruiter.pk),
        at=at + 10 * DAY,
    )  # fmt: skip
    application.candidate.refresh_from_db()
    assert application.candidate.last_contact_at == at + 9 * DAY
    assert application.candidate.due_on.isoformat() == "2028-12-03"


def test_a_contact_of_the_past_does_not_move_the_clock_back(
    application: Application, recruiter: User, at: datetime
) -> None:
    for day in (9, 5):
        record_interaction(
            application.candidate_id, kind=InteractionKind.CALL, occurred_at=at + day * DAY, text="",
            actor=staff(recruiter.pk), at=at + 10 * DAY,
        )  # fmt: skip
    application.candidate.refresh_from_db()
    assert application.candidate.last_contact_at == at + 9 * DAY


@pytest.mark.parametrize(
    ("kind", "offset", "code"),
    [
        (InteractionKind.CALL, timedelta(seconds=1), "future"),
        (InteractionKind.CALL, -DAY, "before"),
        (InteractionKind.APPLICATION_SUBMITTED, timedelta(), "kind"),
    ],
)
def test_a_contact_that_cannot_be_is_refused(
    application: Application, recruiter: User, at: datetime, kind: InteractionKind, offset: timedelta, code: str
) -> None:
    before = Interaction.objects.count()
    with pytest.raises(Refused) as refused:
        record_interaction(
            application.candidate_id, kind=kind, occurred_at=at + offset, text="", actor=staff(recruiter.pk), at=at
        )
    assert refused.value.code == code
    assert Interaction.objects.count() == before


def test_a_contact_about_somebody_elses_application_is_refused(
    application: Application, position: Position, recruiter: User, at: datetime
) -> None:
    other = people.application(at, position, email="eino@example.org")
    with pytest.raises(Refused):
        record_interaction(
            application.candidate_id, kind=InteractionKind.CALL, occurred_at=at, text="", actor=staff(recruiter.pk),
            at=at, application_id=other.pk,
        )  # fmt: skip


def test_nothing_is_written_about_an_expired_person(application: Application, recruiter: User) -> None:
    late = application.candidate.expires_at
    actor = staff(recruiter.pk)
    with pytest.raises(Candidate.DoesNotExist):
        add_note(application.candidate_id, text="x", actor=actor, at=late)
    with pytest.raises(Candidate.DoesNotExist):
        record_interaction(
            application.candidate_id, kind=InteractionKind.CALL, occurred_at=late, text="", actor=actor, at=late
        )
    with pytest.raises(Application.DoesNotExist):
        move_application(application.pk, to_stage=Stage.OFFER, actor=actor, at=late)
    add_note(application.candidate_id, text="x", actor=actor, at=late - timedelta(seconds=1))


@pytest.mark.parametrize("current", Stage)
@pytest.mark.parametrize("following", Stage)
def test_the_pipeline(current: Stage, following: Stage) -> None:
    is_open = current in pipeline.OPEN_STAGES
    expected = current != following and is_open
    assert pipeline.may_follow(current, following) is expected
    reopened = current in pipeline.ENDS and following in pipeline.OPEN_STAGES
    assert pipeline.may_follow(current, following, has_reason=True) is (expected or reopened)


def test_every_stage_is_open_or_an_end() -> None:
    assert set(pipeline.OPEN_STAGES) | set(pipeline.ENDS) == set(Stage)
    assert not set(pipeline.OPEN_STAGES) & set(pipeline.ENDS)


def test_a_move_is_a_row_and_an_end_is_left_with_a_reason_only(
    application: Application, recruiter: User, at: datetime
) -> None:
    actor = staff(recruiter.pk)
    move_application(application.pk, to_stage=Stage.REJECTED, actor=actor, at=at + DAY)
    application.refresh_from_db()
    assert (application.stage, application.closed_at) == (Stage.REJECTED, at + DAY)
    with pytest.raises(Refused) as refused:
        move_application(application.pk, to_stage=Stage.OFFER, actor=actor, at=at + DAY)
    assert refused.value.code == "reason"
    move_application(application.pk, to_stage=Stage.OFFER, actor=actor, at=at + 2 * DAY, reason="A place is free")
    application.refresh_from_db()
    assert (application.stage, application.closed_at) == (Stage.OFFER, None)
    moves = StageChange.objects.order_by("at").values_list("from_stage", "to_stage", "reason", "actor")
    assert list(moves) == [
        (Stage.RECEIVED, Stage.REJECTED, "", recruiter.pk),
        (Stage.REJECTED, Stage.OFFER, "A place is free", recruiter.pk),
    ]


@pytest.mark.parametrize("stage", [Stage.WITHDRAWN, Stage.CLOSED_BY_RETENTION])
def test_staff_choose_neither_the_candidates_nor_the_workers_stages(
    application: Application, recruiter: User, at: datetime, stage: Stage
) -> None:
    with pytest.raises(Refused):
        move_application(application.pk, to_stage=stage, actor=staff(recruiter.pk), at=at)


def test_withdrawing_is_a_contact_and_only_the_persons_own(
    application: Application, position: Position, at: datetime
) -> None:
    stranger = people.application(at, position, email="eino@example.org").candidate
    with pytest.raises(Application.DoesNotExist):
        withdraw_application(application.pk, person_ref=stranger.person_ref, actor=own(stranger), at=at + DAY)
    withdraw_application(
        application.pk, person_ref=application.candidate.person_ref, actor=own(application.candidate), at=at + DAY
    )
    application.refresh_from_db()
    assert application.stage == Stage.WITHDRAWN
    application.candidate.refresh_from_db()
    assert application.candidate.last_contact_at == at + DAY


def test_consent_is_the_candidates_own_and_has_the_exact_text_and_its_end(
    application: Application, recruiter: User, at: datetime
) -> None:
    candidate = application.candidate
    with pytest.raises(Refused) as refused:
        give_consent(candidate.pk, language="fi", channel=Channel.MY_DATA, actor=staff(recruiter.pk), at=at)
    assert refused.value.code == "not_own"
    base = expires(candidate)
    give_consent(candidate.pk, language="fi", channel=Channel.MY_DATA, actor=own(candidate), at=at + 30 * DAY)
    consent = Consent.objects.get()
    assert (consent.ends_on.isoformat(), consent.text_language) == ("2030-11-24", "fi")
    candidate.refresh_from_db()
    assert (candidate.keep_until, candidate.erase_at) == (consent.ends_on, base)
    with pytest.raises(Refused):
        give_consent(candidate.pk, language="fi", channel=Channel.MY_DATA, actor=own(candidate), at=at + 31 * DAY)


def test_later_contact_moves_the_base_and_not_the_end_of_a_consent(
    at: datetime, position: Position, recruiter: User
) -> None:
    start = datetime.fromisoformat("2025-03-15T10:00:00+00:00")
    position.open_from = start.date()
    position.save()
    candidate = people.application(start, position, has_longer_storage=True).candidate
    assert (candidate.due_on.isoformat(), candidate.keep_until.isoformat()) == ("2027-03-15", "2029-03-15")
    contact = datetime.fromisoformat("2026-03-15T10:00:00+00:00")
    record_interaction(
        candidate.pk, kind=InteractionKind.CALL, occurred_at=contact, text="", actor=staff(recruiter.pk), at=contact
    )
    candidate.refresh_from_db()
    assert (candidate.due_on.isoformat(), candidate.keep_until.isoformat()) == ("2028-03-15", "2029-03-15")


def test_withdrawing_takes_effect_at_once_and_is_no_contact(at: datetime, position: Position) -> None:
    candidate = people.application(at, position, has_longer_storage=True).candidate
    late = candidate.erase_at + DAY
    assert Candidate.objects.visible(late).count() == 1
    assert withdraw_consent(candidate.person_ref, actor=own(candidate), at=late) == 1
    candidate.refresh_from_db()
    assert (candidate.expires_at, candidate.last_contact_at) == (candidate.erase_at, at)
    assert Candidate.objects.visible(late).count() == 0
    assert withdraw_consent(candidate.person_ref, actor=own(candidate), at=late) == 0
    with pytest.raises(Refused) as refused:
        give_consent(candidate.pk, language="en", channel=Channel.MY_DATA, actor=own(candidate), at=late)
    assert refused.value.code == "gone"


def test_an_ended_consent_is_closed_once_with_an_event(at: datetime, position: Position) -> None:
    candidate = people.application(at, position, has_longer_storage=True).candidate
    last_moment = candidate.expires_at - timedelta(seconds=1)
    assert expire_storage_consents(at=last_moment) == 0
    assert expire_storage_consents(at=candidate.expires_at) == 1
    assert expire_storage_consents(at=candidate.expires_at) == 0
    assert Consent.objects.get().ended_at == candidate.expires_at


def test_an_erasure_hides_at_once_and_can_be_taken_back_for_a_day(at: datetime, position: Position) -> None:
    candidate = people.application(at, position).candidate
    case = request_erasure(candidate.person_ref, actor=own(candidate), at=at)
    assert case is not None
    assert request_erasure(candidate.person_ref, actor=own(candidate), at=at + timedelta(hours=1)) == case
    assert Candidate.objects.visible(at).count() == 0
    assert Candidate.objects.due(at + timedelta(hours=23, minutes=59)).count() == 0
    assert Candidate.objects.due(at + timedelta(hours=24)).count() == 1
    assert take_back_erasure(candidate.person_ref, actor=own(candidate), at=at + timedelta(hours=23)) is True
    assert Candidate.objects.visible(at).count() == 1
    request_erasure(candidate.person_ref, actor=own(candidate), at=at)
    assert take_back_erasure(candidate.person_ref, actor=own(candidate), at=at + timedelta(hours=24)) is False


def test_the_explanation_names_what_set_the_date_and_what_did_not_count(
    application: Application, recruiter: User, at: datetime
) -> None:
    candidate = application.candidate
    add_note(candidate.pk, text="x", actor=staff(recruiter.pk), at=at + 3 * DAY)
    call = record_interaction(
        candidate.pk, kind=InteractionKind.CALL, occurred_at=at + 2 * DAY, text="", actor=staff(recruiter.pk),
        at=at + 2 * DAY,
    )  # fmt: skip
    found = explain(candidate.person_ref, as_of=at + 3 * DAY)
    assert found.set_by is not None
    assert (found.set_by.ref, found.set_by.kind) == (str(call.pk), EventKind.CALL)
    counted = [(event.kind, event.counts) for event in found.events]
    assert counted == [
        (EventKind.STAFF_WORK, False),
        (EventKind.CALL, True),
        (EventKind.APPLICATION_SUBMITTED, True),
        (EventKind.AUTOMATIC_MAIL, False),
    ]
    assert (found.state, found.next_action) == ("KEPT", "ERASE")
    candidate.refresh_from_db()
    assert (found.clock.expires_at, found.next_at) == (candidate.expires_at, candidate.expires_at)
    assert explain(candidate.person_ref, as_of=candidate.expires_at).state == "EXPIRED"


def test_every_act_leaves_an_audit_event_without_texts(application: Application, recruiter: User, at: datetime) -> None:
    add_note(application.candidate_id, text="A secret remark", actor=staff(recruiter.pk), at=at)
    move_application(application.pk, to_stage=Stage.REJECTED, actor=staff(recruiter.pk), at=at)
    rows = str(list(AuditEvent.objects.values()))
    assert "note:added" in rows
    for text in ("secret", "Aino", "example.org"):
        assert text not in rows
