"""Mail as the intake hands it over: what counts (E3 to E5), what came back, and what is read late."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from accounts.models import User
from audit.enums import Action
from audit.models import AuditEvent
from candidates.enums import (
    Direction,
    InteractionKind,
    MeansOfContact,
    Origin,
    RestrictionGround,
    RevocationReason,
    SourceKind,
    SuppressionReason,
)
from candidates.models import Application, Candidate, Interaction, Position, Restriction
from candidates.services.addresses import disown_application
from candidates.services.clock import recompute_clock
from candidates.services.interactions import record_interaction, write_interaction
from candidates.services.mail import mail_bounced, receive_mail, record_bulk_mail, record_resend, record_sent_mail
from candidates.services.mail_rules import classify_mail, message_key, sender_form
from candidates.services.suppression import Identifiers, suppress
from common.actors import SYSTEM, candidate, staff
from common.errors import Refused
from mailing.enums import EmailKind, EmailState
from mailing.models import OutboxEmail
from mailing.services import deliver_emails, queue_email
from privacy.enums import BatchState
from privacy.models import ErasureBatch
from privacy.services import erasure
from tests.factories import people
from tests.parts.threads import at_once, elsewhere

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
AINO = "aino@example.org"
PERSONAL = {"Content-Type": "text/plain; charset=utf-8", "Return-Path": "<aino@example.org>"}


@pytest.fixture
def application(at: datetime, position: Position) -> Application:
    return people.application(at, position)


def person(application: Application) -> Candidate:
    return Candidate.objects.get(pk=application.candidate_id)


def receive(application: Application, received_at: datetime, **changes: Any) -> Interaction | None:
    values: dict[str, Any] = {
        "message_id": f"<{uuid4()}@example.org>", "headers": PERSONAL, "text": "Yes, Tuesday is fine.",
        "sender_address": AINO, "at": received_at, **changes,
    }  # fmt: skip
    return receive_mail(application.candidate_id, received_at=received_at, **values)


def send(application: Application, recruiter: User, sent_at: datetime, **changes: Any) -> Interaction:
    values: dict[str, Any] = {
        "application_id": application.pk, "message_id": "<1@clouder.example>", "text": "Can you come on Tuesday?",
        "actor": staff(recruiter.pk), "at": sent_at, **changes,
    }  # fmt: skip
    return record_sent_mail(application.candidate_id, sent_at=sent_at, **values)


# Scenarios 4 to 6


def test_scenario_04_a_receipt_sent_again_and_a_newsletter_are_no_contact(
    application: Application, at: datetime
) -> None:
    before = person(application)
    deliver_emails(at=at)
    receipt = OutboxEmail.objects.get(kind=EmailKind.APPLICATION_RECEIVED)
    assert receipt.state == EmailState.SENT
    queue_email(
        EmailKind.APPLICATION_RECEIVED, to_address=AINO, language="en", dedupe_key="again", at=at + DAY,
        subject_ref=before.pk, context={
            "reference": application.reference, "position": "Backend developer", "keep_until": "2028-11-24",
            "token": "x", "answer_by": "2026-12-08",
        },
    )  # fmt: skip
    assert deliver_emails(at=at + DAY) == 1
    newsletter = record_bulk_mail(
        before.pk, message_id="<news@example.org>", sent_at=at + 2 * DAY, actor=SYSTEM, at=at + 2 * DAY
    )
    assert (newsletter.kind, newsletter.text) == (InteractionKind.BULK_MAIL, "")
    assert record_resend(before.pk, message_id="<news@example.org>") == newsletter
    assert record_resend(before.pk, message_id="<other@example.org>") is None
    assert record_resend(uuid4(), message_id="<news@example.org>") is None
    after = person(application)
    assert (after.last_contact_at, after.last_contact_ref, after.erase_at) == (
        before.last_contact_at,
        before.last_contact_ref,
        before.erase_at,
    )
    assert Interaction.objects.count() == 2


def test_scenario_05_a_mail_to_one_person_counts_when_sent_until_it_comes_back(
    application: Application, recruiter: User, at: datetime
) -> None:
    before = person(application)
    sent = send(application, recruiter, at + 3 * DAY, at=at + 4 * DAY)
    assert (sent.kind, sent.occurred_at, sent.recorded_by, sent.application_id) == (
        InteractionKind.MAIL_SENT,
        at + 3 * DAY,
        recruiter,
        application.pk,
    )
    assert person(application).last_contact_at == at + 3 * DAY
    assert mail_bounced("<1@clouder.example>", at=at + 5 * DAY, is_permanent=True) == sent
    after = person(application)
    assert (after.last_contact_at, after.last_contact_ref, after.erase_at) == (
        before.last_contact_at,
        before.last_contact_ref,
        before.erase_at,
    )
    sent.refresh_from_db()
    assert (sent.revocation, sent.revoked_at) == (RevocationReason.BOUNCED, at + 5 * DAY)
    assert after.undeliverable_at == at + 5 * DAY
    events = AuditEvent.objects.filter(at=at + 5 * DAY).order_by("pk")
    assert [(event.action, event.details) for event in events] == [
        (Action.UNDELIVERABLE, {}),
        (Action.INTERACTION_REVOKED, {"kind": "MAIL_SENT", "reason": "BOUNCED"}),
    ]


def test_scenario_06_a_vacation_reply_does_not_count_and_a_personal_one_does(
    application: Application, at: datetime
) -> None:
    vacation = {**PERSONAL, "Auto-Submitted": "auto-replied"}
    found = receive(application, at + DAY, headers=vacation, text="I am at the hospital.", at=at + 2 * DAY)
    assert found is not None
    assert (found.kind, found.text, found.occurred_at) == (InteractionKind.AUTO_REPLY, "", at + DAY)
    assert person(application).last_contact_at == at
    found = receive(application, at + 3 * DAY, at=at + 5 * DAY)
    assert found is not None
    assert (found.kind, found.occurred_at, found.recorded_at, found.text) == (
        InteractionKind.MAIL_RECEIVED,
        at + 3 * DAY,
        at + 5 * DAY,
        "Yes, Tuesday is fine.",
    )
    assert (person(application).last_contact_at, person(application).has_mailbox_copy) == (at + 3 * DAY, True)


# What an inbound mail is


@pytest.mark.parametrize(
    ("header", "value", "is_automatic"),
    [
        ("Auto-Submitted", "auto-replied", True),
        ("auto-submitted", "AUTO-GENERATED", True),
        ("Auto-Submitted", "auto-replied; owner-email=aino@example.org", True),
        ("Auto-Submitted", "auto-notified", True),
        ("Auto-Submitted", "no", False),
        ("Auto-Submitted", " No ", False),
        ("Auto-Submitted", "no; comment", False),
        ("Auto-Submitted", "", False),
        ("Precedence", "bulk", True),
        ("Precedence", "JUNK", True),
        ("Precedence", "auto_reply", True),
        ("Precedence", "list", True),
        ("Precedence", "first-class", False),
        ("X-Auto-Response-Suppress", "All", True),
        ("X-Auto-Response-Suppress", "DR, OOF, AutoReply", True),
        ("X-Auto-Response-Suppress", "DR, RN, NRN", False),
        ("X-Autoreply", "yes", True),
        ("X-Autorespond", "Out of office", True),
        ("X-AutoResponder", "1", True),
        ("List-Id", "<news.example.org>", True),
        ("List-Unsubscribe", "<https://example.org/u>", True),
        ("In-Reply-To", "<1@clouder.example>", False),
        ("Content-Type", "multipart/alternative; boundary=x", False),
    ],
)
def test_a_machine_says_so_in_its_headers(header: str, value: str, is_automatic: bool) -> None:
    found = classify_mail({**PERSONAL, header: value}, AINO, {AINO})
    assert found == (InteractionKind.AUTO_REPLY if is_automatic else InteractionKind.MAIL_RECEIVED)


@pytest.mark.parametrize(
    ("headers", "sender"),
    [
        ({"Content-Type": 'multipart/report; report-type=delivery-status; boundary="x"'}, "mailer-daemon@example.org"),
        ({"content-type": "MULTIPART/REPORT; report-type=disposition-notification"}, AINO),
        ({"Content-Type": "multipart/report", "Auto-Submitted": "auto-replied"}, AINO),
        ({"Return-Path": "<>"}, AINO),
        ({}, ""),
        ({}, "  "),
    ],
)
def test_a_report_and_a_mail_without_a_sender_are_nobodys(
    application: Application, at: datetime, headers: dict[str, str], sender: str
) -> None:
    assert receive(application, at + DAY, headers=headers, sender_address=sender) is None
    assert (Interaction.objects.count(), person(application).has_mailbox_copy) == (1, False)


def test_an_automatic_reply_has_no_sender_and_is_kept_as_one() -> None:
    headers = {"Return-Path": "<>", "Auto-Submitted": "auto-replied"}
    assert classify_mail(headers, AINO, {AINO}) == InteractionKind.AUTO_REPLY


@pytest.mark.parametrize(
    ("sender", "kind"),
    [
        (AINO, InteractionKind.MAIL_RECEIVED),
        (" AINO@Example.ORG ", InteractionKind.MAIL_RECEIVED),
        ("Aino Esimerkki <aino@example.org>", InteractionKind.MAIL_RECEIVED),
        ("aino+work@example.org", InteractionKind.THIRD_PARTY),
        ("referee@example.com", InteractionKind.THIRD_PARTY),
        ("aino@example.org.evil.example", InteractionKind.THIRD_PARTY),
        ("not an address", InteractionKind.THIRD_PARTY),
    ],
)
def test_a_mail_from_another_address_is_somebody_elses(
    application: Application, at: datetime, sender: str, kind: InteractionKind
) -> None:
    found = receive(application, at + DAY, sender_address=sender)
    assert found is not None
    assert found.kind == kind
    assert person(application).last_contact_at == (at + DAY if kind == InteractionKind.MAIL_RECEIVED else at)


def test_every_address_of_a_person_is_theirs(application: Application, at: datetime) -> None:
    other = people.application(at, None, email="a.e@example.com")
    assert receive(application, at + DAY, sender_address="a.e@example.com").kind == "THIRD_PARTY"  # type: ignore[union-attr]
    Candidate.objects.filter(pk=other.candidate_id).update(person_ref=person(application).person_ref)
    assert receive(application, at + DAY, sender_address="a.e@example.com").kind == "MAIL_RECEIVED"  # type: ignore[union-attr]


def test_the_same_mail_twice_is_one_contact(application: Application, at: datetime) -> None:
    first = receive(application, at + DAY, message_id="<1@example.org>")
    again = receive(application, at + 2 * DAY, message_id=" <1@example.org>\n")
    twin = people.application(at + DAY, None)
    on_twin = receive(twin, at + 3 * DAY, message_id="<1@example.org>")
    assert first == again == on_twin
    assert Interaction.objects.filter(kind=InteractionKind.MAIL_RECEIVED).count() == 1
    assert person(application).last_contact_at == at + DAY
    without = [receive(application, at + 3 * DAY, message_id="") for _ in range(2)]
    assert without[0] != without[1]


def test_a_message_id_of_any_length_is_recognised(application: Application, at: datetime) -> None:
    long = f"<{'x' * 400}@example.org>"
    assert receive(application, at + DAY, message_id=long) == receive(application, at + DAY, message_id=long)
    assert len(message_key(long)) == 64
    assert message_key("<" + "x" * 253 + ">") == "<" + "x" * 253 + ">"
    assert sender_form("nobody") == ""


def test_the_text_is_cleaned_and_a_mailbox_holds_a_copy(application: Application, at: datetime) -> None:
    found = receive(application, at + DAY, text=" Yes\x00,\r\nTuesday\u202e. ")
    assert found is not None
    assert (found.text, found.means) == ("Yes,\nTuesday.", MeansOfContact.MAIL)
    assert person(application).has_mailbox_copy is True


def test_a_mail_is_about_an_application_of_the_person(application: Application, at: datetime) -> None:
    found = receive(application, at + DAY, application_id=application.pk)
    assert found is not None
    assert found.application_id == application.pk
    other = people.application(at, None, email="eino@example.org")
    with pytest.raises(Refused) as refused:
        receive(application, at + DAY, application_id=other.pk)
    assert refused.value.code == "application"


# When


def test_the_mail_servers_clock_may_be_a_minute_ahead_and_no_more(application: Application, at: datetime) -> None:
    found = receive(application, at + DAY + timedelta(seconds=60), at=at + DAY)
    assert found is not None
    assert found.occurred_at == at + DAY
    with pytest.raises(Refused) as refused:
        receive(application, at + DAY + timedelta(seconds=61), at=at + DAY)
    assert refused.value.code == "future"
    with pytest.raises(Refused) as refused:
        receive(application, at - MINUTE)
    assert refused.value.code == "before"


def in_time(application: Application) -> datetime:
    return person(application).expires_at - 2 * MINUTE


def test_a_mail_that_came_two_minutes_before_midnight_is_in_time_though_it_is_read_after_it(
    application: Application,
) -> None:
    came, read = in_time(application), in_time(application) + 7 * MINUTE
    assert Candidate.objects.visible(read).count() == 0
    found = receive(application, came, at=read)
    assert found is not None
    assert (found.occurred_at, person(application).last_contact_at) == (came, came)
    assert Candidate.objects.visible(read).count() == 1


def test_a_mail_that_came_after_it_revives_nobody(application: Application) -> None:
    expires_at = person(application).expires_at
    assert receive(application, expires_at, at=expires_at + 5 * MINUTE) is None
    assert (Interaction.objects.count(), person(application).expires_at) == (1, expires_at)


def begun(batch_ref: UUID) -> bool:
    """What the intake asks: whether the batch is past the point of no return."""
    return not ErasureBatch.objects.filter(pk=batch_ref, state=BatchState.CLAIMED).exists()


def test_a_claimed_person_is_let_go_when_a_mail_of_before_is_read(application: Application) -> None:
    came, read = in_time(application), in_time(application) + 7 * MINUTE
    batch = erasure.claim(at=read)
    assert batch is not None
    assert person(application).erasing_ref == batch.pk
    assert receive(application, came, at=read) is None  # the careful answer, where nobody can look at the batch
    assert receive(application, came, at=read, is_destroying=begun) is not None
    erasure.erase_due(at=read + timedelta(hours=1))
    assert person(application).last_contact_at == came
    assert Candidate.objects.visible(read).filter(pk=application.candidate_id).count() == 1


def test_once_destroying_has_begun_a_mail_revives_nobody(application: Application) -> None:
    came, read = in_time(application), in_time(application) + 7 * MINUTE
    batch = erasure.claim(at=read)
    assert batch is not None
    ErasureBatch.objects.filter(pk=batch.pk).update(state=BatchState.STARTED)
    assert receive(application, came, at=read, is_destroying=begun) is None
    assert Interaction.objects.count() == 1


def test_an_asked_for_erasure_is_not_undone_by_a_mail(application: Application, at: datetime) -> None:
    due = at + DAY
    Candidate.objects.update(erase_after=due, erasure_case="E-1")
    assert receive(application, at + MINUTE) is not None
    assert (person(application).erase_after, Candidate.objects.due(due).count()) == (due, 1)


def test_a_restricted_persons_mail_is_stored(application: Application, at: datetime) -> None:
    restrict(application, at)
    assert receive(application, at + DAY) is not None
    assert person(application).last_contact_at == at + DAY


def test_a_mail_for_nobody_creates_nothing(application: Application, at: datetime) -> None:
    found = receive_mail(
        uuid4(), message_id="<1@example.org>", received_at=at, headers=PERSONAL, text="x", sender_address=AINO, at=at
    )
    assert (found, Interaction.objects.count(), Candidate.objects.count()) == (None, 1, 1)


# Mail to the person


def restrict(application: Application, at: datetime) -> None:
    Restriction.objects.create(
        candidate_id=application.candidate_id, ground=RestrictionGround.CLAIM, opened_at=at, review_on=at.date()
    )
    recompute_clock(person(application).person_ref)


def test_the_same_sent_mail_twice_is_one_contact(application: Application, recruiter: User, at: datetime) -> None:
    assert send(application, recruiter, at + DAY) == send(application, recruiter, at + 2 * DAY)
    assert person(application).last_contact_at == at + DAY


@pytest.mark.parametrize(("is_in_mailbox", "has_copy"), [(True, True), (False, False)])
def test_a_sent_mail_may_lie_in_a_mailbox(
    application: Application, recruiter: User, at: datetime, is_in_mailbox: bool, has_copy: bool
) -> None:
    send(application, recruiter, at, is_in_mailbox=is_in_mailbox)
    assert person(application).has_mailbox_copy is has_copy


def test_only_a_colleague_writes_to_one_person(application: Application, recruiter: User, at: datetime) -> None:
    for actor in (SYSTEM, candidate(application.candidate_id)):
        with pytest.raises(Refused) as refused:
            send(application, recruiter, at, actor=actor)
        assert refused.value.code == "actor"


def test_a_sent_mail_is_about_an_application_of_theirs(application: Application, recruiter: User, at: datetime) -> None:
    other = people.application(at, None, email="eino@example.org")
    for key in (None, other.pk):
        with pytest.raises(Refused) as refused:
            send(application, recruiter, at, application_id=key)
        assert refused.value.code == "application"
    twin = people.application(at, None)
    assert send(application, recruiter, at, application_id=twin.pk).candidate_id == twin.candidate_id


@pytest.mark.parametrize(("offset", "code"), [(timedelta(minutes=2), "future"), (-MINUTE, "before")])
def test_a_moment_of_sending_that_cannot_be_is_refused(
    application: Application, recruiter: User, at: datetime, offset: timedelta, code: str
) -> None:
    with pytest.raises(Refused) as refused:
        send(application, recruiter, at + offset, at=at)
    assert refused.value.code == code


def bulk(application: Application, at: datetime) -> Interaction:
    return record_bulk_mail(application.candidate_id, message_id="<news@x>", sent_at=at, actor=SYSTEM, at=at)


def test_nobody_writes_to_a_restricted_person(application: Application, recruiter: User, at: datetime) -> None:
    restrict(application, at)
    with pytest.raises(Candidate.DoesNotExist):
        send(application, recruiter, at)
    with pytest.raises(Candidate.DoesNotExist):
        bulk(application, at)


def test_nobody_writes_to_an_address_that_is_gone(application: Application, recruiter: User, at: datetime) -> None:
    send(application, recruiter, at)
    mail_bounced("<1@clouder.example>", at=at, is_permanent=True)
    with pytest.raises(Refused, match="came back"):
        send(application, recruiter, at, message_id="<2@x>")
    with pytest.raises(Refused, match="came back"):
        bulk(application, at)
    receive(application, at + DAY)
    assert person(application).undeliverable_at is None
    assert send(application, recruiter, at + DAY, message_id="<2@x>").kind == InteractionKind.MAIL_SENT


def test_a_mail_of_before_it_came_back_does_not_make_an_address_good_again(
    application: Application, recruiter: User, at: datetime
) -> None:
    send(application, recruiter, at)
    mail_bounced("<1@clouder.example>", at=at + 2 * DAY, is_permanent=True)
    receive(application, at + DAY, at=at + 3 * DAY)
    receive(application, at + 3 * DAY, sender_address="referee@example.com")
    assert person(application).undeliverable_at == at + 2 * DAY


def test_a_disowned_record_has_no_address_to_write_to(recruiter: User, at: datetime) -> None:
    sent = people.application(at, None, is_confirmed=False)
    disown_application(sent.candidate_id, address=AINO, at=at)
    with pytest.raises(Refused) as refused:
        send(sent, recruiter, at)
    assert refused.value.code == "no_address"


def test_who_does_not_want_to_be_approached_gets_no_bulk_mail_and_an_answer_to_an_application(
    application: Application, recruiter: User, at: datetime
) -> None:
    suppress(Identifiers([AINO]), reason=SuppressionReason.OBJECTION, actor=SYSTEM, at=at)
    with pytest.raises(Refused) as refused:
        bulk(application, at)
    assert refused.value.code == "suppressed"
    assert send(application, recruiter, at).kind == InteractionKind.MAIL_SENT


def test_who_was_approached_is_written_to_without_an_application_unless_suppressed(
    recruiter: User, at: datetime
) -> None:
    made = Candidate.objects.create(
        origin=Origin.SOURCED, source_kind=SourceKind.LINKEDIN, source_ref="https://www.linkedin.com/in/eino",
        name="Eino", email="eino@example.org", address="eino@example.org", language="en", collected_at=at,
        noticed_at=at, last_contact_at=at, due_on=at.date(), erase_at=at, keep_until=at.date(), expires_at=at,
    )  # fmt: skip
    recompute_clock(made.person_ref)

    def follow_up(key: str) -> Interaction:
        return record_sent_mail(
            made.pk, application_id=None, message_id=key, sent_at=at, text="", actor=staff(recruiter.pk), at=at
        )

    assert follow_up("<1@x>").application_id is None
    suppress(Identifiers(["eino@example.org"]), reason=SuppressionReason.REQUEST, actor=SYSTEM, at=at)
    with pytest.raises(Refused) as refused:
        follow_up("<2@x>")
    assert refused.value.code == "suppressed"


# What comes back


@pytest.mark.parametrize("is_permanent", [True, False])
def test_what_did_not_arrive_is_taken_back_whether_or_not_the_address_is_gone(
    application: Application, recruiter: User, at: datetime, is_permanent: bool
) -> None:
    send(application, recruiter, at + DAY)
    mail_bounced("<1@clouder.example>", at=at + 2 * DAY, is_permanent=is_permanent)
    assert person(application).last_contact_at == at
    assert (person(application).undeliverable_at is not None) is is_permanent


def test_a_bounce_twice_changes_nothing_more(application: Application, recruiter: User, at: datetime) -> None:
    send(application, recruiter, at + DAY)
    for day in (2, 3):
        mail_bounced("<1@clouder.example>", at=at + day * DAY, is_permanent=True)
    assert Interaction.objects.get(kind=InteractionKind.MAIL_SENT).revoked_at == at + 2 * DAY
    assert person(application).undeliverable_at == at + 2 * DAY
    assert AuditEvent.objects.filter(action=Action.INTERACTION_REVOKED).count() == 1


def test_a_first_message_that_comes_back_was_none(application: Application, at: datetime) -> None:
    write_interaction(
        application.candidate, InteractionKind.OUTREACH, at + DAY, means=MeansOfContact.MAIL,
        direction=Direction.OUT, actor=SYSTEM, at=at + DAY, message_id="<o@x>",
    )  # fmt: skip
    assert person(application).last_contact_at == at + DAY
    mail_bounced("<o@x>", at=at + 2 * DAY, is_permanent=False)
    assert person(application).last_contact_at == at


def rows() -> list[Iterable[Any]]:
    return [list(model.objects.order_by("pk").values_list()) for model in (Interaction, Candidate, AuditEvent)]


@pytest.mark.parametrize("key", ["<unknown@clouder.example>", "", "  ", "<1@example.org>"])
def test_a_bounce_that_fits_no_mail_of_ours_creates_nothing(application: Application, at: datetime, key: str) -> None:
    receive(application, at + DAY, message_id="<1@example.org>")  # inbound: nobody's bounce
    before = rows()
    assert mail_bounced(key, at=at + 2 * DAY, is_permanent=True) is None
    assert rows() == before


def test_a_mail_to_two_people_comes_back_from_the_one_who_is_named(
    application: Application, recruiter: User, at: datetime
) -> None:
    other = people.application(at, None, email="eino@example.org")
    for one in (application, other):
        send(one, recruiter, at + DAY)
    before = rows()
    assert mail_bounced("<1@clouder.example>", at=at + 2 * DAY, is_permanent=True) is None
    assert mail_bounced("<1@clouder.example>", at=at + 2 * DAY, is_permanent=True, address="x@example.org") is None
    assert rows() == before
    mail_bounced("<1@clouder.example>", at=at + 2 * DAY, is_permanent=True, address="Eino@example.org")
    assert [person(one).last_contact_at for one in (application, other)] == [at + DAY, at]


def test_a_bulk_mail_that_comes_back_marks_the_address_and_is_no_contact_anyway(
    application: Application, at: datetime
) -> None:
    sent = bulk(application, at)
    assert mail_bounced("<news@x>", at=at + DAY, is_permanent=True) == sent
    sent.refresh_from_db()
    assert (sent.revoked_at, person(application).undeliverable_at) == (None, at + DAY)


@pytest.mark.parametrize(("is_permanent", "marked"), [(True, True), (False, False)])
def test_a_mail_of_the_portal_that_comes_back_marks_the_address(
    application: Application, at: datetime, is_permanent: bool, marked: bool
) -> None:
    twin = people.application(at, None)
    receipt = OutboxEmail.objects.get(kind=EmailKind.APPLICATION_RECEIVED, subject_ref=application.candidate_id)
    mail_bounced(f"<{receipt.pk}@example.org>", at=at + DAY, is_permanent=is_permanent)
    assert (person(application).undeliverable_at == at + DAY) is marked
    assert (person(twin).undeliverable_at == at + DAY) is marked  # the same address of the same person
    assert person(application).last_contact_at == at


def test_a_bounce_about_who_is_erased_creates_nothing(application: Application, recruiter: User, at: datetime) -> None:
    send(application, recruiter, at, is_in_mailbox=False)
    assert mail_bounced("<1@clouder.example>", at=at, is_permanent=False) is not None
    erasure.erase_due(at=person(application).expires_at)
    assert Candidate.objects.count() == 0
    later = at + 1000 * DAY
    assert mail_bounced("<1@clouder.example>", at=later, is_permanent=True) is None
    assert (Candidate.objects.count(), AuditEvent.objects.filter(at=later).count()) == (0, 0)


# Two at once


@pytest.mark.django_db(transaction=True)
def test_a_mail_that_two_workers_hand_over_is_one_contact(at: datetime) -> None:
    application = people.application(at, None)
    people.application(at, None)  # a linked record: all of a person's rows are locked in one order
    found = at_once(lambda: receive(application, at + DAY, message_id="<1@example.org>"), 4)
    assert len({one.pk for one in found if one}) == 1
    assert Interaction.objects.filter(kind=InteractionKind.MAIL_RECEIVED).count() == 1


@pytest.mark.django_db(transaction=True)
def test_writing_to_both_records_of_a_person_at_once_ends_well(recruiter: User, at: datetime) -> None:
    both = [people.application(at, None), people.application(at, None)]
    turns = iter(both * 3)
    numbers = iter(range(6))

    def one_call() -> None:
        application, minutes = next(turns), next(numbers) + 1
        moment = at + minutes * MINUTE
        record_interaction(
            application.candidate_id, kind=InteractionKind.CALL, occurred_at=moment, text="",
            actor=staff(recruiter.pk), at=moment,
        )  # fmt: skip

    at_once(one_call, 6)
    assert Interaction.objects.filter(kind=InteractionKind.CALL).count() == 6
    assert {person(one).last_contact_at for one in both} == {at + 6 * MINUTE}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_first", ["mail", "worker"])
def test_a_mail_and_the_worker_that_begins_to_destroy_never_both_win(at: datetime, is_first: str) -> None:
    application = people.application(at, None)
    came, read = in_time(application), in_time(application) + 7 * MINUTE
    batch = erasure.claim(at=read)
    assert batch is not None
    acts = {
        "mail": lambda: receive(application, came, at=read, is_destroying=begun) is not None,
        "worker": lambda: erasure.erase_due(at=read + timedelta(hours=1)).erased != [],
    }
    order = sorted(acts, key=lambda name: name != is_first)
    won = [elsewhere(acts[name]) for name in order]
    assert won == [True, False]
    assert Candidate.objects.filter(pk=application.candidate_id).exists() is (is_first == "mail")
