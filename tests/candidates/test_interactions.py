"""Contacts that colleagues record, take back and re-date (E4 to E6, E13, E16), and the date that follows."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from accounts.models import User
from audit.enums import Action
from audit.models import AuditEvent
from candidates.enums import (
    OF_THE_PORTAL,
    RECORDED_BY_STAFF,
    REVOCATIONS,
    Direction,
    InteractionKind,
    MeansOfContact,
    Origin,
    RevocationReason,
    SourceKind,
)
from candidates.models import Application, Candidate, Interaction, Position
from candidates.selectors.clock import explain
from candidates.services.applications import withdraw_application
from candidates.services.clock import recompute_clock
from candidates.services.corrections import correct_interaction, may_be_dated, revoke_interaction
from candidates.services.interactions import (
    POSSIBLE_MEANS,
    USUAL,
    lock_for_late_contact,
    record_interaction,
    write_interaction,
)
from candidates.services.outreach import give_notice
from candidates.services.sourcing import record_assessment
from common.actors import SYSTEM, candidate, staff
from common.errors import Refused
from policy.contact import RULES, EventKind, Why
from tests.factories import people

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


@pytest.fixture
def application(at: datetime, position: Position) -> Application:
    return people.application(at, position)


def record(application: Application, recruiter: User, occurred_at: datetime, **changes: Any) -> Interaction:
    values: dict[str, Any] = {"kind": InteractionKind.CALL, "text": "", "at": occurred_at, **changes}
    return record_interaction(application.candidate_id, occurred_at=occurred_at, actor=staff(recruiter.pk), **values)


def fresh(application: Application) -> Candidate:
    return Candidate.objects.get(pk=application.candidate_id)


def revoke(found: Interaction, recruiter: User, reason: RevocationReason, at: datetime) -> Interaction:
    return revoke_interaction(
        found.pk, reason=reason, actor=staff(recruiter.pk), at=at, candidate_id=found.candidate_id
    )


# How it took place


def test_every_kind_that_staff_record_has_its_usual_means_and_direction() -> None:
    assert set(USUAL) == set(RECORDED_BY_STAFF)
    assert [kind for kind, (means, _) in USUAL.items() if means not in POSSIBLE_MEANS.get(kind, {means})] == []


@pytest.mark.parametrize("kind", RECORDED_BY_STAFF)
def test_a_contact_has_its_means_and_direction_and_counts_as_the_policy_says(
    application: Application, recruiter: User, at: datetime, kind: InteractionKind
) -> None:
    found = record(application, recruiter, at + DAY, kind=kind)
    assert (found.means, found.direction) == USUAL[kind]
    assert (found.occurred_at, found.recorded_at, found.recorded_by) == (at + DAY, at + DAY, recruiter)
    counts = RULES[EventKind(kind.value)][1]
    assert fresh(application).last_contact_at == (at + DAY if counts else at)


def test_means_and_direction_that_somebody_names_are_kept(
    application: Application, recruiter: User, at: datetime
) -> None:
    found = record(application, recruiter, at + DAY, means=MeansOfContact.VIDEO, direction=Direction.IN)
    assert (found.means, found.direction) == (MeansOfContact.VIDEO, Direction.IN)


@pytest.mark.parametrize(
    ("kind", "means", "direction", "code"),
    [
        (InteractionKind.CALL, MeansOfContact.MAIL, Direction.OUT, "means"),
        (InteractionKind.CALL, MeansOfContact.PORTAL, Direction.OUT, "means"),
        (InteractionKind.THIRD_PARTY, MeansOfContact.PORTAL, Direction.OUT, "means"),
        (InteractionKind.MAIL_SENT, MeansOfContact.PHONE, Direction.OUT, "means"),
        (InteractionKind.INTERVIEW, MeansOfContact.MAIL, Direction.OUT, "means"),
        (InteractionKind.MAIL_SENT, MeansOfContact.MAIL, Direction.IN, "direction"),
        (InteractionKind.MAIL_RECEIVED, MeansOfContact.MAIL, Direction.OUT, "direction"),
    ],
)
def test_means_and_directions_that_a_kind_cannot_have_are_refused(
    application: Application, recruiter: User, at: datetime,
    kind: InteractionKind, means: MeansOfContact, direction: Direction, code: str,
) -> None:  # fmt: skip
    with pytest.raises(Refused) as refused:
        record(application, recruiter, at, kind=kind, means=means, direction=direction)
    assert refused.value.code == code
    assert Interaction.objects.count() == 1


@pytest.mark.parametrize(
    ("kind", "means", "has_copy"),
    [
        (InteractionKind.MAIL_SENT, MeansOfContact.MAIL, True),
        (InteractionKind.MAIL_RECEIVED, MeansOfContact.MAIL, True),
        (InteractionKind.MAIL_RECEIVED, MeansOfContact.MESSAGE, False),
        (InteractionKind.CALL, MeansOfContact.PHONE, False),
    ],
)
def test_a_mail_lies_in_a_mailbox_too(
    application: Application, recruiter: User, at: datetime,
    kind: InteractionKind, means: MeansOfContact, has_copy: bool,
) -> None:  # fmt: skip
    record(application, recruiter, at, kind=kind, means=means)
    assert fresh(application).has_mailbox_copy is has_copy


# When it took place


def test_scenario_08_a_contact_dated_tomorrow_is_refused(
    application: Application, recruiter: User, at: datetime
) -> None:
    before = fresh(application).erase_at
    for moment in (at + SECOND, at + DAY):
        with pytest.raises(Refused) as refused:
            record(application, recruiter, moment, at=at)
        assert refused.value.code == "future"
    assert (Interaction.objects.count(), fresh(application).erase_at) == (1, before)
    record(application, recruiter, at)
    assert Interaction.objects.count() == 2


def test_a_contact_before_any_record_of_the_person_is_refused(
    application: Application, recruiter: User, at: datetime
) -> None:
    with pytest.raises(Refused) as refused:
        record(application, recruiter, at - SECOND, at=at)
    assert refused.value.code == "before"


def test_a_contact_since_the_oldest_linked_record_is_recorded_on_any_of_them(
    application: Application, recruiter: User, at: datetime
) -> None:
    later = people.application(at + 30 * DAY, None)
    assert later.candidate.person_ref == fresh(application).person_ref
    found = record(later, recruiter, at + 5 * DAY, at=at + 40 * DAY)
    assert (found.candidate_id, found.occurred_at) == (later.candidate_id, at + 5 * DAY)


def test_nothing_is_attached_to_who_is_expired_though_it_lies_before(application: Application, recruiter: User) -> None:
    expires_at = fresh(application).expires_at
    with pytest.raises(Candidate.DoesNotExist):
        record(application, recruiter, expires_at - DAY, at=expires_at)
    record(application, recruiter, expires_at - DAY, at=expires_at - SECOND)
    assert fresh(application).last_contact_at == expires_at - DAY


# What it is about


def test_a_mail_to_the_person_is_about_an_application(application: Application, recruiter: User, at: datetime) -> None:
    only = record(application, recruiter, at, kind=InteractionKind.MAIL_SENT)
    assert only.application_id == application.pk
    second = people.application(at, None)
    with pytest.raises(Refused) as refused:
        record(application, recruiter, at, kind=InteractionKind.MAIL_SENT)
    assert refused.value.code == "application"
    named = record(application, recruiter, at, kind=InteractionKind.MAIL_SENT, application_id=second.pk)
    assert (named.application_id, named.candidate_id) == (second.pk, second.candidate_id)
    assert record(application, recruiter, at).application_id is None


def test_an_application_of_somebody_else_is_refused(application: Application, recruiter: User, at: datetime) -> None:
    other = people.application(at, None, email="eino@example.org")
    with pytest.raises(Refused) as refused:
        record(application, recruiter, at, application_id=other.pk)
    assert refused.value.code == "application"


# What did not take place after all


def test_revoking_falls_back_to_the_contact_before_and_leaves_a_trace(
    application: Application, recruiter: User, at: datetime
) -> None:
    record(application, recruiter, at + DAY)
    call = record(application, recruiter, at + 9 * DAY)
    assert fresh(application).last_contact_at == at + 9 * DAY
    found = revoke(call, recruiter, RevocationReason.NO_SHOW, at + 10 * DAY)
    assert (found.revoked_at, found.revocation) == (at + 10 * DAY, RevocationReason.NO_SHOW)
    assert fresh(application).last_contact_at == at + DAY
    event = AuditEvent.objects.get(action=Action.INTERACTION_REVOKED)
    assert (event.actor_ref, event.subject_ref, event.object_ref, event.at) == (
        recruiter.pk,
        application.candidate_id,
        call.pk,
        at + 10 * DAY,
    )
    assert event.details == {"kind": "CALL", "reason": "NO_SHOW"}
    verdicts = {one.ref: one.why for one in explain(fresh(application).person_ref, as_of=at + 10 * DAY).events}
    assert verdicts[str(call.pk)] is Why.NO_SHOW


def test_who_is_expired_by_it_is_hidden_in_the_same_moment(at: datetime, recruiter: User) -> None:
    application = people.application(at - 729 * DAY, None)
    call = record(application, recruiter, at - DAY)
    later = at + 9 * DAY
    assert Candidate.objects.visible(later).count() == 1
    revoke(call, recruiter, RevocationReason.CORRECTED, later)
    assert Candidate.objects.visible(later).count() == 0
    assert fresh(application).expires_at < later
    with pytest.raises(Candidate.DoesNotExist):
        record(application, recruiter, later)


@pytest.mark.parametrize("kind", InteractionKind)
@pytest.mark.parametrize("reason", RevocationReason)
def test_a_reason_fits_the_kind(
    application: Application, recruiter: User, at: datetime, kind: InteractionKind, reason: RevocationReason
) -> None:
    found = write_interaction(
        application.candidate, kind, at, means=MeansOfContact.MAIL, direction=Direction.IN, actor=SYSTEM, at=at
    )
    bounces = {InteractionKind.MAIL_SENT, InteractionKind.OUTREACH}
    meets = {InteractionKind.INTERVIEW, InteractionKind.CALL}
    fits = {
        RevocationReason.CORRECTED: kind not in OF_THE_PORTAL,
        RevocationReason.BOUNCED: kind in bounces,
        RevocationReason.NO_SHOW: kind in meets,
    }[reason]
    assert (reason in REVOCATIONS[kind]) is fits
    if fits:
        revoke(found, recruiter, reason, at)
    else:
        with pytest.raises(Refused) as refused:
            revoke(found, recruiter, reason, at)
        assert refused.value.code == ("kind" if kind in OF_THE_PORTAL else "reason")
    found.refresh_from_db()
    assert (found.revoked_at is not None) is fits


def test_what_the_person_did_in_the_portal_took_place(application: Application, recruiter: User, at: datetime) -> None:
    person = application.candidate
    withdraw_application(application.pk, person_ref=person.person_ref, actor=candidate(person.pk), at=at + DAY)
    rows = list(Interaction.objects.order_by("occurred_at"))
    assert [row.kind for row in rows] == ["APPLICATION_SUBMITTED", "APPLICATION_WITHDRAWN"]
    for row in rows:
        with pytest.raises(Refused) as refused:
            revoke(row, recruiter, RevocationReason.CORRECTED, at + 2 * DAY)
        assert refused.value.code == "kind"
        assert not may_be_dated(row)
    assert fresh(application).last_contact_at == at + DAY


def test_revoking_twice_is_refused_and_keeps_the_first_reason(
    application: Application, recruiter: User, at: datetime
) -> None:
    call = record(application, recruiter, at + DAY)
    revoke(call, recruiter, RevocationReason.NO_SHOW, at + DAY)
    with pytest.raises(Refused) as refused:
        revoke(call, recruiter, RevocationReason.CORRECTED, at + 2 * DAY)
    assert refused.value.code == "already"
    call.refresh_from_db()
    assert (call.revocation, call.revoked_at) == (RevocationReason.NO_SHOW, at + DAY)


def test_a_contact_is_revoked_and_corrected_on_its_own_person_only(
    application: Application, recruiter: User, at: datetime
) -> None:
    call = record(application, recruiter, at + DAY)
    stranger = people.application(at, None, email="eino@example.org").candidate
    actor = staff(recruiter.pk)
    for candidate_id, error in ((stranger.pk, Interaction.DoesNotExist), (uuid4(), Candidate.DoesNotExist)):
        with pytest.raises(error):
            revoke_interaction(
                call.pk, reason=RevocationReason.CORRECTED, actor=actor, at=at + DAY, candidate_id=candidate_id
            )
        with pytest.raises(error):
            correct_interaction(call.pk, occurred_at=at, actor=actor, at=at + DAY, candidate_id=candidate_id)
    twin = people.application(at + DAY, None).candidate
    revoke_interaction(call.pk, reason=RevocationReason.CORRECTED, actor=actor, at=at + 2 * DAY, candidate_id=twin.pk)
    call.refresh_from_db()
    assert call.revoked_at == at + 2 * DAY


# What took place at another time


@pytest.mark.parametrize("day", [2, 5, 7])
def test_another_moment_moves_the_date_both_ways_and_leaves_a_trace(
    application: Application, recruiter: User, at: datetime, day: int
) -> None:
    call = record(application, recruiter, at + 5 * DAY, at=at + 7 * DAY)
    correct_interaction(
        call.pk, occurred_at=at + day * DAY, actor=staff(recruiter.pk), at=at + 8 * DAY,
        candidate_id=application.candidate_id,
    )  # fmt: skip
    assert fresh(application).last_contact_at == at + day * DAY
    event = AuditEvent.objects.get(action=Action.INTERACTION_CORRECTED)
    assert event.details == {"kind": "CALL", "reason": "CORRECTED", "days": day - 5}


@pytest.mark.parametrize(
    ("offset", "code"),
    [(timedelta(days=8, seconds=1), "future"), (timedelta(days=5, seconds=1), "later"), (-SECOND, "before")],
)
def test_a_moment_that_cannot_be_is_refused(
    application: Application, recruiter: User, at: datetime, offset: timedelta, code: str
) -> None:
    call = record(application, recruiter, at + 5 * DAY)
    with pytest.raises(Refused) as refused:
        correct_interaction(
            call.pk, occurred_at=at + offset, actor=staff(recruiter.pk), at=at + 8 * DAY,
            candidate_id=application.candidate_id,
        )  # fmt: skip
    assert refused.value.code == code
    assert fresh(application).last_contact_at == at + 5 * DAY


def test_what_a_server_dated_and_what_is_revoked_keeps_its_moment(
    application: Application, recruiter: User, at: datetime
) -> None:
    mail = write_interaction(
        application.candidate, InteractionKind.MAIL_RECEIVED, at + DAY, means=MeansOfContact.MAIL,
        direction=Direction.IN, actor=SYSTEM, at=at + DAY, message_id="<1@example.org>",
    )  # fmt: skip
    call = record(application, recruiter, at + DAY)
    revoke(call, recruiter, RevocationReason.CORRECTED, at + DAY)
    for row in (mail, call):
        with pytest.raises(Refused) as refused:
            correct_interaction(
                row.pk, occurred_at=at, actor=staff(recruiter.pk), at=at + DAY, candidate_id=application.candidate_id
            )
        assert refused.value.code == "kind"


def test_a_message_by_which_somebody_was_told_keeps_its_moment_and_the_notice_falls_with_it(
    recruiter: User, at: datetime
) -> None:
    record_assessment(document_ref="LEGAL-1", valid_until=at.date() + 365 * DAY, actor=staff(recruiter.pk), at=at)
    made = Candidate.objects.create(
        origin=Origin.SOURCED, source_kind=SourceKind.LINKEDIN, source_ref="https://www.linkedin.com/in/eino",
        name="Eino", email="eino@example.org", address="eino@example.org", language="en", collected_at=at,
        last_contact_at=at, due_on=at.date(), erase_at=at, keep_until=at.date(), expires_at=at,
    )  # fmt: skip
    recompute_clock(made.person_ref)
    actor = staff(recruiter.pk)
    for day in (1, 2):
        give_notice(made.pk, means=MeansOfContact.MESSAGE, given_at=at + day * DAY, actor=actor, at=at + 2 * DAY)
    first, second = Interaction.objects.filter(candidate=made).order_by("occurred_at")
    assert (first.kind, second.kind) == (InteractionKind.OUTREACH, InteractionKind.MAIL_SENT)
    with pytest.raises(Refused) as refused:
        correct_interaction(second.pk, occurred_at=at + DAY, actor=actor, at=at + 3 * DAY, candidate_id=made.pk)
    assert refused.value.code == "kind"
    for number, (contact, told) in enumerate(((first, at + 2 * DAY), (second, None))):
        revoke(contact, recruiter, RevocationReason.CORRECTED, at + 3 * DAY + number * SECOND)
        made.refresh_from_db()
        assert made.noticed_at == told
    assert made.keep_until.isoformat() == "2026-12-24"  # nobody told them: the month from collection is all


# What is recorded late (spec §2.8 rule 3)


def test_a_contact_before_the_end_belongs_to_the_person_though_it_is_recorded_after_it(
    application: Application,
) -> None:
    person = fresh(application)
    for offset, belongs in ((-SECOND, True), (timedelta(), False), (SECOND, False)):
        found = lock_for_late_contact(person.pk, person.expires_at + offset, is_destroying=lambda _: True)
        assert (found is not None) is belongs
    assert lock_for_late_contact(uuid4(), person.collected_at, is_destroying=lambda _: True) is None


@pytest.mark.parametrize("has_begun", [False, True])
def test_once_destroying_has_begun_nothing_is_attached(application: Application, has_begun: bool) -> None:
    batch = uuid4()
    Candidate.objects.update(erasing_ref=batch)
    asked = []

    def is_destroying(ref: Any) -> bool:
        asked.append(ref)
        return has_begun

    found = lock_for_late_contact(
        application.candidate_id, fresh(application).expires_at - SECOND, is_destroying=is_destroying
    )
    assert (found is not None, asked) == (not has_begun, [batch])


# Linked records: the latest of all that counts (E14)


def test_the_clock_of_linked_records_is_the_latest_of_all_that_counts(
    application: Application, recruiter: User, at: datetime
) -> None:
    second = people.application(at + DAY, None)
    imported = Candidate.objects.create(
        origin=Origin.SOURCED, source_kind=SourceKind.IMPORT, source_ref="Old system", name="A. E.", language="en",
        collected_at=at + 2 * DAY, person_ref=second.candidate.person_ref,
        last_contact_at=at, due_on=at.date(), erase_at=at, keep_until=at.date(), expires_at=at,
    )  # fmt: skip
    outreach = {"means": MeansOfContact.MAIL, "direction": Direction.OUT, "actor": SYSTEM, "at": at + 30 * DAY}
    kinds = {
        InteractionKind.IMPORTED_CONTACT: 3, InteractionKind.IMPORTED_LATER: 9, InteractionKind.OUTREACH: 4,
        InteractionKind.BULK_MAIL: 11, InteractionKind.THIRD_PARTY: 12,
    }  # fmt: skip
    for kind, day in kinds.items():
        write_interaction(imported, kind, at + day * DAY, **outreach)  # type: ignore[arg-type]
    # One who applied is not kept by the rules for people whom we approached, whatever their other records say.
    write_interaction(imported, InteractionKind.MAIL_SENT, at + 6 * DAY, **outreach)  # type: ignore[arg-type]
    clock = recompute_clock(second.candidate.person_ref)
    rows = Candidate.objects.filter(person_ref=second.candidate.person_ref)
    assert rows.count() == 3
    assert clock.last_contact_at == at + 6 * DAY
    assert set(rows.values_list("last_contact_at", "expires_at")) == {(at + 6 * DAY, clock.expires_at)}


def test_who_was_approached_on_all_records_has_the_rules_for_that(at: datetime) -> None:
    person_ref = uuid4()
    for day in (0, 2):
        Candidate.objects.create(
            origin=Origin.SOURCED, source_kind=SourceKind.LINKEDIN, source_ref="https://www.linkedin.com/in/aino",
            name="Aino", language="en", collected_at=at + day * DAY, noticed_at=at + 3 * DAY, person_ref=person_ref,
            last_contact_at=at, due_on=at.date(), erase_at=at, keep_until=at.date(), expires_at=at,
        )  # fmt: skip
    first, second = Candidate.objects.filter(person_ref=person_ref).order_by("collected_at")
    how: Any = {"means": MeansOfContact.MAIL, "direction": Direction.OUT, "actor": SYSTEM, "at": at + 30 * DAY}
    write_interaction(first, InteractionKind.OUTREACH, at + 3 * DAY, **how)
    write_interaction(second, InteractionKind.MAIL_SENT, at + 9 * DAY, **how)
    first.refresh_from_db()
    assert first.last_contact_at == at + 3 * DAY
    write_interaction(second, InteractionKind.CALL, at + 10 * DAY, **how)
    write_interaction(first, InteractionKind.MAIL_SENT, at + 12 * DAY, **how)
    first.refresh_from_db()
    assert first.last_contact_at == at + 12 * DAY
