"""People whom we approach (spec 4): off without an assessment, told within a month or gone, left alone on request."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.core import mail
from django.test import Client
from pytest_django import Settings

from accounts.enums import LinkPurpose
from accounts.models import User
from accounts.services.links import LastingLink, create_lasting_links, find_link
from audit.enums import Action
from audit.models import AuditEvent
from candidates.enums import (
    InteractionKind,
    LinkKind,
    MeansOfContact,
    Origin,
    RevocationReason,
    SourceKind,
    SuppressionReason,
)
from candidates.models import Candidate, Interaction, NoticeShown, ProfileLink, SourcingAssessment, Suppression
from candidates.selectors.clock import explain
from candidates.selectors.sourcing import approach, current_assessment, is_sourcing_on, notice_for
from candidates.services.addresses import link_candidates
from candidates.services.corrections import revoke_interaction
from candidates.services.erasure import request_erasure
from candidates.services.mail import mail_bounced, receive_mail
from candidates.services.outreach import decline_approach, give_notice, note_failed_outreach, send_outreach
from candidates.services.restrictions import restrict_candidate
from candidates.services.sourcing import (
    AlreadyKnown,
    Found,
    end_assessment,
    record_assessment,
    source_candidate,
)
from candidates.services.suppression import Identifiers, suppress, suppress_person
from common.actors import SYSTEM, candidate, staff
from common.errors import Refused
from mailing.enums import EmailKind, EmailState
from mailing.models import OutboxEmail
from mailing.services import deliver_emails
from notices.texts import TextId, current
from policy.calendar import HELSINKI
from policy.expiry import Ground
from policy.retention import Basis
from privacy.services.erasure import erase_due
from tests.factories import people
from tests.parts.smtp import Mode, SmtpServer

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
LINKEDIN = "https://www.linkedin.com/in/saana-s"


def helsinki(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, second, tzinfo=HELSINKI).astimezone(UTC)


def found(**changes: Any) -> Found:
    values: dict[str, Any] = {
        "name": "Saana Sivusto", "language": "en", "source_kind": SourceKind.LINKEDIN, "source_ref": LINKEDIN,
        "reason": "Has run large queues.", "email": "saana@example.org",
    }  # fmt: skip
    return Found(**{**values, **changes})


@pytest.fixture
def assessment(officer: User, at: datetime) -> SourcingAssessment:
    return record_assessment(
        document_ref="LEGAL-1", valid_until=date(2030, 1, 1), actor=staff(officer.pk), at=at - 400 * DAY
    )


@pytest.fixture
def saana(assessment: SourcingAssessment, recruiter: User, at: datetime) -> Candidate:
    return source_candidate(found(), actor=staff(recruiter.pk), at=at)


def write(person: Candidate, recruiter: User, at: datetime, text: str = "Would you like to talk?") -> Interaction:
    return send_outreach(person.pk, subject="A question", text=text, actor=staff(recruiter.pk), at=at)


def refused(act: Any, *args: Any, **kwargs: Any) -> str:
    with pytest.raises(Refused) as caught:
        act(*args, **kwargs)
    return caught.value.code


# Off until a legal assessment is recorded


def test_nobody_is_approached_without_an_assessment(recruiter: User, at: datetime) -> None:
    assert not is_sourcing_on(at)
    assert refused(source_candidate, found(), actor=staff(recruiter.pk), at=at) == "off"
    assert Candidate.objects.count() == 0


def test_an_assessment_holds_from_its_record_to_its_last_day(officer: User, at: datetime) -> None:
    made = record_assessment(document_ref=" LEGAL-1 ", valid_until=date(2026, 12, 31), actor=staff(officer.pk), at=at)
    assert (made.document_ref, made.recorded_by) == ("LEGAL-1", officer)
    moments = [at - timedelta(seconds=1), at, helsinki(2026, 12, 31, 23, 59, 59), helsinki(2027, 1, 1)]
    assert [is_sourcing_on(moment) for moment in moments] == [False, True, True, False]
    assert AuditEvent.objects.values_list("action", "object_ref").get() == (Action.SOURCING_ASSESSED, made.pk)


def test_an_assessment_ends_at_once_and_another_takes_over(officer: User, at: datetime) -> None:
    actor = staff(officer.pk)
    one, other = (
        record_assessment(document_ref=name, valid_until=day, actor=actor, at=at)
        for name, day in (("LEGAL-1", date(2027, 1, 1)), ("LEGAL-2", date(2027, 6, 1)))
    )
    assert current_assessment(at) == other
    end_assessment(other.pk, actor=actor, at=at)
    assert current_assessment(at) == one
    end_assessment(one.pk, actor=actor, at=at)
    assert not is_sourcing_on(at)
    assert refused(end_assessment, one.pk, actor=actor, at=at) == "ended"
    assert AuditEvent.objects.filter(action=Action.SOURCING_ENDED).count() == 2
    with pytest.raises(SourcingAssessment.DoesNotExist):
        end_assessment(uuid4(), actor=actor, at=at)


def test_an_assessment_needs_a_document_and_a_day_to_come(officer: User, at: datetime) -> None:
    def record(document_ref: str, day: date) -> Any:
        return record_assessment(document_ref=document_ref, valid_until=day, actor=staff(officer.pk), at=at)

    assert refused(record, "  ", date(2027, 1, 1)) == "document_ref"
    assert refused(record, "LEGAL-1", date(2026, 11, 23)) == "valid_until"
    record("LEGAL-1", date(2026, 11, 24))
    assert is_sourcing_on(at)


def test_when_it_ends_nobody_is_written_to_any_more(
    saana: Candidate, assessment: SourcingAssessment, recruiter: User, officer: User, at: datetime
) -> None:
    end_assessment(assessment.pk, actor=staff(officer.pk), at=at)
    assert refused(write, saana, recruiter, at) == "off"
    assert Candidate.objects.visible(at).filter(pk=saana.pk).exists()


# What is kept


def test_only_what_the_law_lets_us_keep_is_kept(assessment: SourcingAssessment, recruiter: User, at: datetime) -> None:
    person = source_candidate(
        found(phone="040 123 4567", skills="Queues", link="https://github.com/saana", name=" Saana Sivusto "),
        actor=staff(recruiter.pk), at=at,
    )  # fmt: skip
    person.refresh_from_db()
    kept = {name: getattr(person, name) for name in (
        "origin", "name", "email", "address", "phone", "phone_e164", "skills", "interests", "language", "collected_at",
        "collected_by", "source_kind", "source_ref", "source_reason", "noticed_at", "address_confirmed_at",
    )}  # fmt: skip
    assert kept == {
        "origin": "SOURCED", "name": "Saana Sivusto", "email": "saana@example.org", "address": "saana@example.org",
        "phone": "040 123 4567", "phone_e164": "+358401234567", "skills": "Queues", "interests": "", "language": "en",
        "collected_at": at, "collected_by": recruiter, "source_kind": "LINKEDIN", "source_ref": LINKEDIN,
        "source_reason": "Has run large queues.", "noticed_at": None, "address_confirmed_at": None,
    }  # fmt: skip
    assert set(ProfileLink.objects.values_list("kind", "url")) == {
        (LinkKind.GITHUB, "https://github.com/saana"),
        (LinkKind.LINKEDIN, LINKEDIN),
    }
    event = AuditEvent.objects.latest("pk")
    assert (event.action, event.subject_ref, event.details) == (
        Action.CANDIDATE_SOURCED, person.pk, {"source": "LINKEDIN"},
    )  # fmt: skip
    assert (explain(person.person_ref, as_of=at).clock.basis, person.due_on) == (Basis.NOTICE_DUE, date(2026, 12, 24))


@pytest.mark.parametrize(
    ("kind", "ref", "origin"),
    [
        (SourceKind.GITHUB, "github.com/saana", Origin.SOURCED),
        (SourceKind.OWN_SITE, "https://saana.example.org/", Origin.SOURCED),
        (SourceKind.EMPLOYEE, "Otto from sales", Origin.REFERRED),
        (SourceKind.AGENCY, "Esimerkki Agency, offer 12", Origin.REFERRED),
    ],
)
def test_a_referral_has_the_same_duties(
    assessment: SourcingAssessment, recruiter: User, at: datetime, kind: SourceKind, ref: str, origin: Origin
) -> None:
    person = source_candidate(found(source_kind=kind, source_ref=ref), actor=staff(recruiter.pk), at=at)
    assert (person.origin, person.due_on) == (origin, date(2026, 12, 24))
    assert ProfileLink.objects.count() == (origin == Origin.SOURCED)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"name": " "}, "name"),
        ({"source_ref": ""}, "source_ref"),
        ({"reason": " "}, "reason"),
        ({"source_kind": SourceKind.IMPORT}, "source_kind"),
        ({"source_ref": "found it online"}, "source_ref"),
        ({"source_ref": "https://github.com/saana"}, "source_ref"),
        ({"source_kind": SourceKind.GITHUB, "source_ref": LINKEDIN}, "source_ref"),
        ({"email": "saana"}, "email"),
        ({"link": "ftp://example.org"}, "link"),
    ],
)
def test_source_and_reason_are_needed_and_only_professional_sources_are_taken(
    assessment: SourcingAssessment, recruiter: User, at: datetime, changes: dict[str, Any], code: str
) -> None:
    assert refused(source_candidate, found(**changes), actor=staff(recruiter.pk), at=at) == code
    assert Candidate.objects.count() == 0


def test_the_month_runs_from_when_we_got_the_data(
    assessment: SourcingAssessment, recruiter: User, at: datetime
) -> None:
    def add(collected_at: datetime) -> Candidate:
        return source_candidate(found(), actor=staff(recruiter.pk), at=at, collected_at=collected_at)

    assert refused(add, at + timedelta(seconds=1)) == "collected_at"
    assert refused(add, helsinki(2026, 10, 23, 23, 59)) == "collected_at"
    person = add(helsinki(2026, 10, 24))
    assert (person.collected_at, person.due_on) == (helsinki(2026, 10, 24), date(2026, 11, 24))
    assert Candidate.objects.visible(at).count() == 1


def test_no_machine_looks_for_people(assessment: SourcingAssessment, at: datetime) -> None:
    with pytest.raises(ValueError, match="only a colleague"):
        source_candidate(found(), actor=SYSTEM, at=at)


# Whom we know, and whom we must leave alone


@pytest.mark.parametrize(
    "changes",
    [
        {"source_ref": "linkedin.com/in/other", "email": "SAANA@Example.org"},
        {"source_ref": "http://fi.linkedin.com/in/Saana-S/?trk=x", "email": ""},
        {"source_kind": SourceKind.EMPLOYEE, "source_ref": "Otto", "email": "", "link": "linkedin.com/in/saana%2Ds/"},
    ],
)
def test_a_person_who_is_known_is_not_kept_twice(
    saana: Candidate, recruiter: User, at: datetime, changes: dict[str, Any]
) -> None:
    with pytest.raises(AlreadyKnown) as caught:
        source_candidate(found(**changes), actor=staff(recruiter.pk), at=at)
    assert (caught.value.code, caught.value.candidate_id, Candidate.objects.count()) == ("known", saana.pk, 1)


def test_an_applicant_is_known_by_a_link_of_theirs(
    assessment: SourcingAssessment, recruiter: User, at: datetime
) -> None:
    sent = people.application(at, None, links=[(LinkKind.OTHER, "HTTP://LinkedIn.com/in/SAANA-S/")])
    people.application(at, None, email="x@example.org", links=[(LinkKind.LINKEDIN, "linkedin.com/in/saana-s2")])
    with pytest.raises(AlreadyKnown) as caught:
        source_candidate(found(), actor=staff(recruiter.pk), at=at)
    assert caught.value.candidate_id == sent.candidate_id


def test_somebody_else_is_not_taken_for_one_who_is_known(saana: Candidate, recruiter: User, at: datetime) -> None:
    other = found(name="Saana Sivusto", email="", source_ref="linkedin.com/in/saana", source_kind=SourceKind.LINKEDIN)
    source_candidate(other, actor=staff(recruiter.pk), at=at)
    source_candidate(
        found(email="", source_kind=SourceKind.AGENCY, source_ref="Agency"), actor=staff(recruiter.pk), at=at
    )
    assert Candidate.objects.count() == 3


def test_a_hidden_record_a_suppression_and_both_are_refused_in_the_same_words(
    saana: Candidate, recruiter: User, officer: User, at: datetime
) -> None:
    suppressed = source_candidate(
        found(email="eino@example.org", source_ref="linkedin.com/in/eino"), actor=staff(recruiter.pk), at=at
    )
    restrict_candidate(saana.person_ref, ground=Ground.ACCURACY, actor=staff(officer.pk), at=at)
    suppress_person(suppressed.person_ref, reason=SuppressionReason.REQUEST, actor=SYSTEM, at=at)
    suppress(Identifiers(["olga@example.org"]), reason=SuppressionReason.REQUEST, actor=SYSTEM, at=at)
    said = set()
    for changes in (
        {},
        {"email": "eino@example.org", "source_ref": "linkedin.com/in/new"},
        {"email": "olga+new@example.org", "source_ref": "linkedin.com/in/olga"},
    ):
        with pytest.raises(Refused) as caught:
            source_candidate(found(**changes), actor=staff(recruiter.pk), at=at)
        said.add((type(caught.value), caught.value.code, str(caught.value)))
    assert said == {(Refused, "not_possible", "This person cannot be added. The portal does not say why.")}
    assert Candidate.objects.count() == 2


@pytest.mark.parametrize(
    "identifiers",
    [
        Identifiers(["saana@example.org"]),
        Identifiers(phones=["+358401234567"]),
        Identifiers(profiles=["https://linkedin.com/in/saana-s"]),
    ],
)
def test_a_suppression_of_any_kind_is_asked_before_anything_is_saved(
    assessment: SourcingAssessment, recruiter: User, at: datetime, identifiers: Identifiers
) -> None:
    suppress(identifiers, reason=SuppressionReason.OBJECTION, actor=SYSTEM, at=at)
    code = refused(source_candidate, found(phone="040 123 4567"), actor=staff(recruiter.pk), at=at)
    assert (code, Candidate.objects.count()) == ("not_possible", 0)


def test_scenario_22_whoever_objected_is_not_sourced_again(saana: Candidate, recruiter: User, at: datetime) -> None:
    person = candidate(saana.person_ref)
    assert len(suppress_person(saana.person_ref, reason=SuppressionReason.OBJECTION, actor=person, at=at)) == 2
    request_erasure(saana.person_ref, actor=person, at=at)
    later = at + 2 * DAY
    erase_due(at=later)
    assert Candidate.objects.count() == 0
    for url in (LINKEDIN, "http://fi.linkedin.com/in/Saana-S/?trk=x"):
        again = found(email="", source_ref=url)
        assert refused(source_candidate, again, actor=staff(recruiter.pk), at=later) == "not_possible"
    assert Candidate.objects.count() == 0


# Told within a month, or gone


def test_scenario_24_without_a_notice_hidden_and_erased_after_a_month(
    assessment: SourcingAssessment, recruiter: User
) -> None:
    person = source_candidate(found(), actor=staff(recruiter.pk), at=helsinki(2026, 11, 26, 10))
    last, over = helsinki(2026, 12, 26, 23, 59, 59), helsinki(2026, 12, 27)
    assert Candidate.objects.visible(last).filter(pk=person.pk).exists()
    assert erase_due(at=last).erased == []
    assert not Candidate.objects.visible(over).filter(pk=person.pk).exists()
    assert erase_due(at=over).erased == [person.pk]
    assert Candidate.objects.count() == 0


def test_scenario_24_with_a_notice_in_time_kept_and_the_source_is_in_the_notice(
    assessment: SourcingAssessment, recruiter: User
) -> None:
    person = source_candidate(found(), actor=staff(recruiter.pk), at=helsinki(2026, 11, 26, 10))
    sent_at = helsinki(2026, 12, 26, 23, 59)
    write(person, recruiter, sent_at)
    deliver_emails(at=sent_at)
    over = helsinki(2026, 12, 27)
    assert erase_due(at=over).erased == []
    person = Candidate.objects.visible(over).get()
    assert (person.noticed_at, person.due_on) == (sent_at, date(2028, 12, 26))
    (message,) = mail.outbox
    assert str(message.body).count(f"LinkedIn profile, {LINKEDIN}.") == 1


def test_a_notice_that_came_too_late_revives_nobody(saana: Candidate, recruiter: User, at: datetime) -> None:
    over = helsinki(2026, 12, 25)
    with pytest.raises(Candidate.DoesNotExist):
        write(saana, recruiter, over)
    with pytest.raises(Candidate.DoesNotExist):
        give_notice(saana.pk, means=MeansOfContact.MESSAGE, given_at=at, actor=staff(recruiter.pk), at=over)


# The first message, and two more


def test_the_first_message_is_the_anchor_and_carries_the_notice(
    saana: Candidate, recruiter: User, at: datetime
) -> None:
    later = at + 3 * DAY
    sent = write(saana, recruiter, later)
    saana.refresh_from_db()
    email = OutboxEmail.objects.get(kind=EmailKind.OUTREACH)
    assert (sent.kind, sent.occurred_at, sent.recorded_by, sent.text, sent.message_id) == (
        InteractionKind.OUTREACH, later, recruiter, "A question\n\nWould you like to talk?",
        f"<{email.pk}@example.org>",
    )  # fmt: skip
    assert (saana.noticed_at, saana.last_contact_ref, saana.due_on) == (later, sent.pk, date(2028, 11, 27))
    text = current(TextId.SOURCED_NOTICE, "en")
    shown = NoticeShown.objects.get()
    assert (shown.text_id, shown.text_version, shown.text_language) == ("sourced_notice", text.version, "en")
    assert (shown.candidate, shown.text_sha256, shown.shown_at) == (saana, text.sha256, later)
    found_actions = set(AuditEvent.objects.filter(subject_ref=saana.pk).values_list("action", flat=True))
    assert found_actions == {Action.CANDIDATE_SOURCED, Action.NOTICE_GIVEN, Action.INTERACTION_RECORDED}


def test_the_mail_says_all_that_the_law_asks_for(saana: Candidate, recruiter: User, at: datetime) -> None:
    write(saana, recruiter, at, text="Hello Saana,\n\nyou <run> queues & more.")
    deliver_emails(at=at)
    (message,) = mail.outbox
    assert (message.to, message.subject) == (["saana@example.org"], "A question")
    email = OutboxEmail.objects.get(kind=EmailKind.OUTREACH)
    assert message.extra_headers["Message-ID"] == f"<{email.pk}@example.org>"
    body, page = str(message.body), str(message.alternatives[0][0])
    for words in (
        "Hello Saana,\n\nyou <run> queues & more.",
        "Example Oy, Esimerkkikatu 1, 00100 Helsinki, is the controller.",  # 14(1)(a)
        "ask whether it does. We use the data for that and nothing else. The legal basis is our legitimate interest",
        "We have these data about you: name, email address, link to a profile, why we thought of you.",  # (1)(d)
        "We got them on 24 November 2026 from this source: LinkedIn profile, https://www.linkedin.com/in/saana-s.",
        "Amazon Web Services in the European Union, and Google",  # 14(1)(e), (f)
        "standard contractual clauses",
        "when 24 months have passed since our first message",  # 14(2)(a)
        "corrected or erased, or to have their use restricted",  # 14(2)(c)
        "Say no whenever you like",
        "Data Protection Ombudsman (tietosuoja.fi)",  # 14(2)(e)
        "We do not score, rank or choose anybody by machine.",  # 14(2)(g)
        "privacy@example.org",
    ):
        assert body.count(words) >= 1, words
    assert "you &lt;run&gt; queues &amp; more." in page
    assert page.count("What we have, and where it comes from</b>") == 1
    (token,) = {part.split("/")[0] for part in body.split("/erase-now/")[1:]}
    link = find_link(LinkPurpose.ERASE, token, at=helsinki(2028, 11, 24, 23, 59, 59))
    assert link is not None
    assert (link.subject_ref, link.address) == (saana.pk, "saana@example.org")
    assert find_link(LinkPurpose.ERASE, token, at=helsinki(2028, 11, 25)) is None


def test_the_mail_is_in_the_persons_language(assessment: SourcingAssessment, recruiter: User, at: datetime) -> None:
    person = source_candidate(found(language="fi"), actor=staff(recruiter.pk), at=at)
    notice = notice_for(person)
    assert notice.text == current(TextId.SOURCED_NOTICE, "fi")
    assert notice.body.startswith("Kenellä tietosi ovat\nRekisterinpitäjä on Example Oy, Esimerkkikatu 1")
    assert "Saimme ne 24.11.2026 tästä lähteestä: " in notice.body
    assert "$" not in notice.body
    write(person, recruiter, at)
    deliver_emails(at=at)
    (message,) = mail.outbox
    assert notice.body in str(message.body)
    assert '<html lang="fi"' in str(message.alternatives[0][0])


def test_two_more_messages_may_follow_and_move_nothing(saana: Candidate, recruiter: User, at: datetime) -> None:
    first = write(saana, recruiter, at)
    for number in (1, 2):
        sent = write(saana, recruiter, at + number * DAY)
        assert (sent.kind, sent.message_id != "") == (InteractionKind.MAIL_SENT, True)
    assert refused(write, saana, recruiter, at + 3 * DAY) == "enough"
    saana.refresh_from_db()
    assert (saana.last_contact_ref, saana.due_on, NoticeShown.objects.count()) == (first.pk, date(2028, 11, 24), 1)
    events = [(str(event.kind), event.counts) for event in explain(saana.person_ref, as_of=at + 3 * DAY).events]
    assert events.count(("MAIL_SENT", False)) == 2
    assert events.count(("OUTREACH", True)) == 1
    deliver_emails(at=at + 3 * DAY)
    told = ["is the controller" in str(message.body) for message in mail.outbox]
    assert told == [True, False, False]
    assert all("/erase-now/" in str(message.body) for message in mail.outbox)


def test_an_answer_ends_the_approach_and_counts(saana: Candidate, recruiter: User, at: datetime) -> None:
    write(saana, recruiter, at)
    write(saana, recruiter, at + DAY)
    answered_at = at + 2 * DAY
    receive_mail(
        saana.pk, message_id="<a@example.net>", received_at=answered_at, headers={}, text="Tell me more.",
        sender_address="saana@example.org", at=answered_at,
    )  # fmt: skip
    assert refused(write, saana, recruiter, at + 3 * DAY) == "answered"
    clock = explain(saana.person_ref, as_of=at + 3 * DAY).clock
    assert (clock.last_contact_at, clock.basis, clock.due_on) == (answered_at, Basis.LAST_CONTACT, date(2028, 11, 26))


def test_an_unanswered_approach_has_a_time_of_its_own_which_the_notice_says(
    saana: Candidate, recruiter: User, at: datetime, settings: Settings
) -> None:
    settings.SOURCED_MONTHS = 6
    write(saana, recruiter, at)
    write(saana, recruiter, at + 30 * DAY)
    saana.refresh_from_db()
    assert (saana.due_on, explain(saana.person_ref, as_of=at).clock.basis) == (date(2027, 5, 24), Basis.UNANSWERED)
    body = notice_for(saana).body
    assert "when 6 months have passed since our first message." in body
    assert "If you answer, we erase everything when 24 months have passed" in body
    assert erase_due(at=helsinki(2027, 5, 24, 23, 59, 59)).erased == []
    assert erase_due(at=helsinki(2027, 5, 25)).erased == [saana.pk]


def test_who_answered_is_kept_as_anybody_else(
    saana: Candidate, recruiter: User, at: datetime, settings: Settings
) -> None:
    settings.SOURCED_MONTHS = 6
    write(saana, recruiter, at)
    receive_mail(
        saana.pk, message_id="<a@example.net>", received_at=at + DAY, headers={}, text="Yes.",
        sender_address="saana@example.org", at=at + DAY,
    )  # fmt: skip
    saana.refresh_from_db()
    assert saana.due_on == date(2028, 11, 25)


@pytest.mark.parametrize(("subject", "text"), [("", "Hello"), ("Hello", " ")])
def test_an_empty_message_is_refused(saana: Candidate, recruiter: User, at: datetime, subject: str, text: str) -> None:
    code = refused(send_outreach, saana.pk, subject=subject, text=text, actor=staff(recruiter.pk), at=at)
    assert (code, OutboxEmail.objects.count(), NoticeShown.objects.count()) == ("empty", 0, 0)


def test_nobody_is_written_to_who_may_not_be(
    saana: Candidate, assessment: SourcingAssessment, recruiter: User, officer: User, at: datetime
) -> None:
    assert refused(send_outreach, saana.pk, subject="A", text="B", actor=SYSTEM, at=at) == "actor"
    no_address = source_candidate(found(email="", source_ref="linkedin.com/in/n"), actor=staff(recruiter.pk), at=at)
    assert refused(write, no_address, recruiter, at) == "no_address"
    Candidate.objects.filter(pk=saana.pk).update(undeliverable_at=at)
    assert refused(write, saana, recruiter, at) == "undeliverable"
    Candidate.objects.filter(pk=saana.pk).update(undeliverable_at=None)
    applicant = people.application(at, None).candidate
    assert refused(write, applicant, recruiter, at) == "applied"
    suppress(Identifiers(profiles=[LINKEDIN]), reason=SuppressionReason.OBJECTION, actor=SYSTEM, at=at)
    assert refused(write, saana, recruiter, at) == "suppressed"
    restrict_candidate(saana.person_ref, ground=Ground.ACCURACY, actor=staff(officer.pk), at=at)
    with pytest.raises(Candidate.DoesNotExist):
        write(saana, recruiter, at)
    assert OutboxEmail.objects.filter(kind=EmailKind.OUTREACH).count() == 0


def test_who_applies_is_no_longer_approached(saana: Candidate, recruiter: User, at: datetime) -> None:
    assert approach(saana) is not None
    applied = people.application(at, None, email="saana@example.org").candidate
    link_candidates(applied, saana, actor=SYSTEM, at=at)
    saana.refresh_from_db()
    assert approach(saana) is None
    assert refused(write, saana, recruiter, at) == "applied"


# A message that did not arrive told nobody anything


def test_a_bounce_takes_the_notice_back(saana: Candidate, recruiter: User, at: datetime) -> None:
    sent = write(saana, recruiter, at)
    saana.refresh_from_db()
    assert saana.due_on == date(2028, 11, 24)
    mail_bounced(sent.message_id, at=at + DAY, is_permanent=True)
    saana.refresh_from_db()
    assert (saana.noticed_at, saana.due_on, saana.undeliverable_at) == (None, date(2026, 12, 24), at + DAY)
    assert erase_due(at=helsinki(2026, 12, 25)).erased == [saana.pk]


def test_a_mail_that_our_server_gives_up_on_takes_the_notice_back(
    saana: Candidate, recruiter: User, at: datetime, smtp_server: SmtpServer
) -> None:
    smtp_server.mode = Mode.REFUSE_RECIPIENT
    sent = write(saana, recruiter, at)
    deliver_emails(at=at)
    assert OutboxEmail.objects.get(kind=EmailKind.OUTREACH).state == EmailState.FAILED
    assert note_failed_outreach(at=at + DAY) == 1
    sent.refresh_from_db()
    saana.refresh_from_db()
    assert (sent.revocation, saana.noticed_at, saana.due_on) == (RevocationReason.BOUNCED, None, date(2026, 12, 24))
    assert note_failed_outreach(at=at + 2 * DAY) == 0


def test_a_bounce_of_a_follow_up_leaves_the_notice(saana: Candidate, recruiter: User, at: datetime) -> None:
    write(saana, recruiter, at)
    later = write(saana, recruiter, at + DAY)
    mail_bounced(later.message_id, at=at + 2 * DAY, is_permanent=False)
    saana.refresh_from_db()
    assert (saana.noticed_at, saana.due_on) == (at, date(2028, 11, 24))


# Told in another way


def test_a_notice_given_elsewhere_is_the_first_message(saana: Candidate, recruiter: User, at: datetime) -> None:
    given_at, later = at + DAY, at + 5 * DAY
    assert give_notice(
        saana.pk, means=MeansOfContact.MESSAGE, given_at=given_at, actor=staff(recruiter.pk), at=later
    ) == given_at  # fmt: skip
    saana.refresh_from_db()
    row = Interaction.objects.get()
    assert (row.kind, row.means, row.occurred_at, row.recorded_at) == (
        InteractionKind.OUTREACH, MeansOfContact.MESSAGE, given_at, later,
    )  # fmt: skip
    assert (saana.noticed_at, saana.due_on) == (given_at, date(2028, 11, 25))
    assert NoticeShown.objects.values_list("text_id", "shown_at").get() == ("sourced_notice", given_at)
    write(saana, recruiter, later)
    assert Interaction.objects.latest("occurred_at").kind == InteractionKind.MAIL_SENT


def test_a_notice_recorded_by_mistake_is_taken_back(saana: Candidate, recruiter: User, at: datetime) -> None:
    give_notice(saana.pk, means=MeansOfContact.MESSAGE, given_at=at, actor=staff(recruiter.pk), at=at)
    row = Interaction.objects.get()
    revoke_interaction(
        row.pk, reason=RevocationReason.CORRECTED, actor=staff(recruiter.pk), at=at + DAY, candidate_id=saana.pk
    )
    saana.refresh_from_db()
    assert (saana.noticed_at, saana.due_on) == (None, date(2026, 12, 24))
    give_notice(saana.pk, means=MeansOfContact.MAIL, given_at=at + DAY, actor=staff(recruiter.pk), at=at + 2 * DAY)
    saana.refresh_from_db()
    assert (saana.noticed_at, saana.due_on) == (at + DAY, date(2028, 11, 25))


def test_what_is_no_notice_is_refused(
    saana: Candidate, assessment: SourcingAssessment, recruiter: User, at: datetime
) -> None:
    def give(person: Candidate, means: MeansOfContact, given_at: datetime) -> Any:
        return give_notice(person.pk, means=means, given_at=given_at, actor=staff(recruiter.pk), at=at + DAY)

    assert refused(give, saana, MeansOfContact.PHONE, at) == "means"
    assert refused(give, saana, MeansOfContact.MAIL, at + 2 * DAY) == "future"
    assert refused(give, saana, MeansOfContact.MAIL, at - DAY) == "before"
    assert refused(give, people.application(at, None).candidate, MeansOfContact.MAIL, at) == "applied"
    assert NoticeShown.objects.filter(text_id="sourced_notice").count() == 0


def test_without_any_way_to_reach_the_person_they_are_kept_a_month(
    assessment: SourcingAssessment, recruiter: User, at: datetime
) -> None:
    person = source_candidate(
        found(email="", source_kind=SourceKind.EMPLOYEE, source_ref="Otto"), actor=staff(recruiter.pk), at=at
    )
    code = refused(give_notice, person.pk, means=MeansOfContact.MEETING, given_at=at, actor=staff(recruiter.pk), at=at)
    assert (code, person.due_on) == ("no_route", date(2026, 12, 24))


# Not interested


def erase_path(at: datetime) -> str:
    """The path of the page that the last mail leads to."""
    deliver_emails(at=at)
    (path,) = re.findall(r"http://testserver(/\S+/erase-now/\S+)", str(mail.outbox[-1].body))
    return path


def test_who_is_not_interested_is_erased_and_asked_whether_to_be_left_alone(
    saana: Candidate, recruiter: User, at: datetime, client: Client
) -> None:
    write(saana, recruiter, at)
    path = erase_path(at)
    with time_machine.travel(at + DAY, tick=False):
        page = client.get(path)
        assert "Do not approach me again" in page.content.decode()
        assert Candidate.objects.visible(at + DAY).filter(pk=saana.pk).exists()
        assert client.post(path).status_code == 200
    saana.refresh_from_db()
    assert (saana.erase_after, saana.address_confirmed_at) == (at + 2 * DAY, at + DAY)
    assert Suppression.objects.count() == 0
    erase_due(at=at + 2 * DAY)
    assert Candidate.objects.count() == 0
    mail.outbox.clear()
    deliver_emails(at=at + 2 * DAY)
    assert [message.to for message in mail.outbox] == [["saana@example.org"]]
    assert saana.erasure_case in str(mail.outbox[0].body)


def test_who_asks_to_be_left_alone_is_not_approached_again(
    saana: Candidate, recruiter: User, at: datetime, client: Client
) -> None:
    write(saana, recruiter, at)
    path = erase_path(at)
    with time_machine.travel(at + DAY, tick=False):
        for _ in range(2):
            client.post(path, {"leave_alone": "on"})
    assert sorted(Suppression.objects.values_list("kind", "reason")) == [("ADDRESS", "REQUEST"), ("PROFILE", "REQUEST")]
    erase_due(at=at + 2 * DAY)
    assert refused(source_candidate, found(), actor=staff(recruiter.pk), at=at + 3 * DAY) == "not_possible"


def test_an_applicant_is_not_asked(at: datetime, client: Client) -> None:
    person = people.application(at, None).candidate
    link = LastingLink(LinkPurpose.ERASE, person.address, "en", person.pk, person.expires_at)
    (token,) = create_lasting_links([link], at=at)
    with time_machine.travel(at, tick=False):
        page = client.get(f"/en/my-data/erase-now/{token}/")
        assert (page.status_code, "Do not approach me again" in page.content.decode()) == (200, False)
        client.post(f"/en/my-data/erase-now/{token}/", {"leave_alone": "on"})
    person.refresh_from_db()
    assert (person.erase_after, Suppression.objects.count()) == (at + DAY, 0)


def test_declining_links_no_records(saana: Candidate, at: datetime) -> None:
    applied = people.application(at, None, email="saana@example.org").candidate
    decline_approach(saana.pk, wants_suppression=False, actor=candidate(saana.person_ref), at=at)
    applied.refresh_from_db()
    assert (applied.erase_after, applied.person_ref == saana.person_ref) == (None, False)
