"""Reminders before an erasure: once each, to whoever may be written to, and delaying nothing (spec §2.6)."""

import re
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.enums import LinkPurpose
from accounts.models import MailedLink, User
from audit.enums import Action
from audit.models import AuditEvent
from candidates.enums import Channel, Direction, InteractionKind, MeansOfContact, RestrictionGround, SuppressionReason
from candidates.models import Candidate, Interaction, Restriction
from candidates.services.addresses import disown_application
from candidates.services.clock import recompute_clock
from candidates.services.consents import give_consent, withdraw_consent
from candidates.services.erasure import request_erasure, take_back_erasure
from candidates.services.interactions import record_interaction
from candidates.services.mail import mail_bounced
from candidates.services.suppression import Identifiers, suppress
from common.actors import SYSTEM, staff
from common.actors import candidate as the_candidate
from mailing.enums import EmailKind, EmailState
from mailing.models import OutboxEmail
from mailing.services import deliver_emails, message_id
from policy.calendar import local_midnight
from privacy.selectors import reminders as selectors
from privacy.selectors.reminders import Undeliverable, undeliverable
from privacy.services import reminders
from privacy.services.erasure import erase_due
from privacy.services.reminders import note_undeliverable, send_retention_reminders
from tests.factories import people
from tests.parts.smtp import Mode, SmtpServer
from tests.parts.threads import at_once, elsewhere

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
GOES_ON = date(2028, 11, 25)  # the day in whose first moment a person of the fixture is erased


def before(days: int) -> datetime:
    """The first moment of the day so many days before the erasure."""
    return local_midnight(GOES_ON - timedelta(days=days))


@pytest.fixture
def aino(at: datetime) -> Candidate:
    person = people.application(at).candidate
    OutboxEmail.objects.all().delete()
    return person


def queued() -> list[OutboxEmail]:
    return list(OutboxEmail.objects.filter(kind=EmailKind.RETENTION_REMINDER).order_by("queued_at", "pk"))


def days_of(rows: list[OutboxEmail]) -> list[tuple[str, str]]:
    """For which date, and how many days before it."""
    return [tuple(row.dedupe_key.split(":")[1:]) for row in rows]  # type: ignore[misc]


def run(at: datetime) -> int:
    return send_retention_reminders(at=at)


def call(candidate: Candidate, at: datetime) -> None:
    Interaction.objects.create(
        candidate=candidate, kind=InteractionKind.CALL, means=MeansOfContact.PHONE, direction=Direction.OUT,
        occurred_at=at, recorded_at=at,
    )  # fmt: skip
    recompute_clock(candidate.person_ref)


def restrict(candidate: Candidate, at: datetime, ground: RestrictionGround = RestrictionGround.CLAIM) -> None:
    Restriction.objects.create(candidate=candidate, ground=ground, opened_at=at, review_on=date(2029, 5, 24))
    recompute_clock(candidate.person_ref)


def agree(candidate: Candidate, at: datetime) -> None:
    give_consent(candidate.pk, language="en", channel=Channel.MY_DATA, actor=the_candidate(candidate.person_ref), at=at)


# When


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        (before(30) - SECOND, []),
        (before(30), [("2028-11-24", "30")]),
        (before(8), [("2028-11-24", "30")]),
        (before(7) - SECOND, [("2028-11-24", "30")]),
        (before(7), [("2028-11-24", "7")]),
        (before(0) - SECOND, [("2028-11-24", "7")]),
        (before(0), []),
        (before(0) + DAY, []),
    ],
)
def test_a_run_sends_the_reminder_of_its_day(aino: Candidate, when: datetime, expected: list[tuple[str, str]]) -> None:
    assert run(when) == len(expected)
    assert days_of(queued()) == expected


def test_each_goes_once_however_often_the_worker_runs_and_never_both_on_a_day(aino: Candidate) -> None:
    moment, sent = before(40), []
    while moment < before(0):
        if run(moment):
            sent.append((moment, days_of(queued())[-1][1]))
        moment += timedelta(hours=7)
    assert [days for _, days in sent] == ["30", "7"]
    assert [(before(int(days)) <= when < before(int(days)) + DAY) for when, days in sent] == [True, True]


def test_one_that_was_missed_still_goes_while_more_than_seven_days_are_left(aino: Candidate) -> None:
    assert [run(before(8)), run(before(8) + DAY - SECOND), run(before(7))] == [1, 0, 1]
    assert [row.queued_at for row in queued()] == [before(8), before(7)]


def test_summer_time_moves_no_day(at: datetime) -> None:
    # From 30 days before, 29 March 2029, the clocks go forward three days later.
    sent_at = datetime(2027, 4, 27, 9, tzinfo=at.tzinfo)
    person = people.application(sent_at).candidate
    assert person.expires_at == local_midnight(date(2029, 4, 28))
    first = local_midnight(date(2029, 3, 29))
    assert (run(first - SECOND), run(first)) == (0, 1)


def test_who_agreed_is_reminded_before_the_consent_lapses_and_not_earlier(aino: Candidate, at: datetime) -> None:
    agree(aino, at)
    for days in (30, 7, 1):
        assert run(before(days)) == 0
    end = local_midnight(date(2030, 11, 25))
    assert run(end - 30 * DAY) == 1
    (row,) = queued()
    assert (row.context["keep_until"], row.context["longer_until"]) == ("2030-11-24", "")
    assert {"withdraw_token", "erase_token"} == {name for name in row.context if name.endswith("token")}


def test_under_a_consent_that_a_contact_outlived_a_reminder_offers_a_new_one(
    aino: Candidate, at: datetime, recruiter: User
) -> None:
    agree(aino, at)  # until 24 November 2030
    called_at = at + timedelta(days=365)  # the base period ends on 24 November 2029 from then on
    record_interaction(
        aino.pk, kind=InteractionKind.CALL, occurred_at=called_at, text="", actor=staff(recruiter.pk), at=called_at
    )
    assert run(local_midnight(date(2030, 11, 25)) - 30 * DAY) == 1
    (row,) = queued()
    assert (row.context["keep_until"], row.context["longer_until"]) == ("2030-11-24", "2031-11-24")
    assert {"withdraw_token", "agree_token", "erase_token"} == {name for name in row.context if name.endswith("token")}


# What


def test_a_reminder_has_the_date_and_what_can_be_done_and_nothing_of_the_person(aino: Candidate) -> None:
    run(before(30))
    (row,) = queued()
    tokens = (row.context.pop("agree_token"), row.context.pop("erase_token"))
    assert row.context == {"keep_until": "2028-11-24", "longer_until": "2030-11-24"}
    assert (row.to_address, row.language, row.subject_ref, row.state) == (
        "aino@example.org", "en", aino.pk, EmailState.QUEUED,
    )  # fmt: skip
    assert len(set(tokens)) == 2
    links = MailedLink.objects.exclude(purpose=LinkPurpose.CONFIRM_ADDRESS).order_by("purpose")
    assert [(link.purpose, link.address, link.subject_ref, link.expires_at) for link in links] == [
        (LinkPurpose.ERASE, "aino@example.org", aino.pk, before(0)),
        (LinkPurpose.GIVE_CONSENT, "aino@example.org", aino.pk, before(0)),
    ]
    event = AuditEvent.objects.get(action=Action.REMINDER_QUEUED)
    assert (event.subject_ref, event.actor_kind, event.at) == (aino.pk, "SYSTEM", before(30))


def test_a_reminder_moves_no_date(aino: Candidate) -> None:
    was = (aino.last_contact_at, aino.expires_at)
    run(before(30))
    deliver_emails(at=before(30))
    recompute_clock(aino.person_ref)
    aino.refresh_from_db()
    assert (aino.last_contact_at, aino.expires_at) == was


def test_linked_records_get_one_mail_at_the_newest_that_is_confirmed(at: datetime) -> None:
    first = people.application(at, language="en").candidate
    newest = people.application(at + SECOND, language="fi").candidate
    people.application(at + 2 * SECOND, is_confirmed=False)
    assert newest.person_ref == first.person_ref
    assert run(before(30)) == 1
    assert [(row.subject_ref, row.language) for row in queued()] == [(newest.pk, "fi")]


# To whom not


def test_who_is_not_reminded(at: datetime) -> None:
    def person(name: str, **fields: Any) -> Candidate:
        return people.application(at, email=f"{name}@example.org", **fields).candidate

    person("unconfirmed", is_confirmed=False)
    disowned = person("disowned", is_confirmed=False)
    disown_application(disowned.pk, address="disowned@example.org", at=at)
    restrict(person("claim"), at)
    restrict(person("objecting"), at, RestrictionGround.OBJECTION)
    going = person("going")
    request_erasure(going.person_ref, actor=the_candidate(going.person_ref), at=before(31))
    Candidate.objects.filter(pk=person("back").pk).update(undeliverable_at=at)
    person("silent")
    suppress(Identifiers(addresses=["silent@example.org"]), reason=SuppressionReason.REQUEST, actor=SYSTEM, at=at)
    person("fine")
    assert run(before(30)) == 1
    assert [row.to_address for row in queued()] == ["fine@example.org"]


def test_where_the_newest_address_takes_no_mail_no_other_is_looked_for(at: datetime) -> None:
    people.application(at)
    newest = people.application(at + SECOND).candidate
    Candidate.objects.filter(pk=newest.pk).update(undeliverable_at=at)
    assert run(before(30)) == 0


# When the date moves


def test_a_contact_takes_back_what_has_not_gone_out_and_the_new_date_is_reminded_of(aino: Candidate) -> None:
    run(before(30))
    call(aino, before(30) + SECOND)
    assert queued() == []
    later = local_midnight(date(2030, 10, 27))
    assert run(later - 31 * DAY) == 0
    assert run(local_midnight(date(2030, 9, 27))) == 1
    assert days_of(queued()) == [("2030-10-26", "30")]


def test_a_consent_and_its_withdrawal_move_the_reminders(aino: Candidate, at: datetime) -> None:
    run(before(30))
    agree(aino, before(29))
    assert queued() == []
    withdraw_consent(aino.person_ref, actor=the_candidate(aino.person_ref), at=before(28))
    assert run(before(28)) == 1


def test_one_that_has_gone_out_for_a_date_does_not_go_again_when_the_date_comes_back(aino: Candidate) -> None:
    run(before(30))
    deliver_emails(at=before(30))
    agree(aino, before(29))
    withdraw_consent(aino.person_ref, actor=the_candidate(aino.person_ref), at=before(28))
    assert run(before(28)) == 0
    assert run(before(7)) == 1


@pytest.mark.parametrize("why", ["restricted", "erasure asked for", "undeliverable"])
def test_one_that_waits_is_taken_back_when_its_person_must_not_get_it(aino: Candidate, why: str) -> None:
    run(before(30))
    assert len(queued()) == 1
    if why == "restricted":
        restrict(aino, before(30))
    elif why == "undeliverable":
        Candidate.objects.update(undeliverable_at=before(30))
    else:
        request_erasure(aino.person_ref, actor=the_candidate(aino.person_ref), at=before(30))
    assert run(before(30) + SECOND) == 0
    assert queued() == []


def test_after_an_erasure_was_taken_back_the_reminder_goes(aino: Candidate) -> None:
    request_erasure(aino.person_ref, actor=the_candidate(aino.person_ref), at=before(30))
    assert run(before(30)) == 0
    take_back_erasure(aino.person_ref, actor=the_candidate(aino.person_ref), at=before(30) + SECOND)
    assert run(before(30) + SECOND) == 1


# Mail that comes back


def test_a_refused_reminder_marks_the_address_is_shown_and_delays_nothing(
    aino: Candidate, smtp_server: SmtpServer
) -> None:
    was = aino.expires_at
    run(before(30))
    smtp_server.mode = Mode.REFUSE_RECIPIENT
    deliver_emails(at=before(30))
    assert [row.state for row in queued()] == [EmailState.FAILED]
    assert undeliverable(before(30)) == []
    assert [note_undeliverable(at=before(30) + SECOND) for _ in range(2)] == [1, 0]
    aino.refresh_from_db()
    assert (aino.undeliverable_at, aino.expires_at) == (before(30) + SECOND, was)
    event = AuditEvent.objects.get(action=Action.UNDELIVERABLE)
    assert (event.subject_ref, event.actor_kind) == (aino.pk, "SYSTEM")
    assert undeliverable(before(30) + DAY) == [
        Undeliverable(aino.pk, "Aino Esimerkki", before(30) + SECOND, date(2028, 11, 24))
    ]
    assert run(before(7)) == 0
    assert undeliverable(was) == []
    assert erase_due(at=was).erased == [aino.pk]


@pytest.mark.parametrize(("language", "pages"), [("en", "/en/my-data/"), ("fi", "/fi/omat-tiedot/")])
def test_a_reminder_as_it_arrives(at: datetime, smtp_server: SmtpServer, language: str, pages: str) -> None:
    people.application(at, language=language)
    OutboxEmail.objects.all().delete()
    run(before(30))
    assert deliver_emails(at=before(30)) == 1
    (got,) = smtp_server.received
    date_shown = {"en": "24 November 2028", "fi": "24.11.2028"}[language]
    assert (got.recipients, str(got.message["Auto-Submitted"])) == (["aino@example.org"], "auto-generated")
    assert date_shown in str(got.message["Subject"])
    assert f'<html lang="{language}"' in got.part("html")
    for kind in ("plain", "html"):
        links = re.findall(r"http://testserver(/[^\s\"<]*?/[\w-]{43}/)", got.part(kind))
        assert [link.startswith(pages) for link in links] == [True, True]
        assert [word for word in ("Aino Esimerkki", "Open application") if word in got.part(kind)] == []
    (row,) = queued()
    assert (row.context, row.state) == ({}, EmailState.SENT)


def test_a_server_that_is_down_delays_nothing(aino: Candidate, smtp_server: SmtpServer) -> None:
    run(before(7))
    smtp_server.mode = Mode.TEMPORARY
    for hours in range(0, 24 * 7, 12):
        deliver_emails(at=before(7) + timedelta(hours=hours))
    assert note_undeliverable(at=before(0)) == 0
    assert erase_due(at=before(0)).erased == [aino.pk]
    assert OutboxEmail.objects.filter(kind=EmailKind.RETENTION_REMINDER).count() == 0


def test_a_bounce_that_comes_later_marks_the_address_too(aino: Candidate) -> None:
    run(before(30))
    deliver_emails(at=before(30))
    (row,) = queued()
    mail_bounced(message_id(row.pk), at=before(29), is_permanent=True)
    assert [found.candidate_id for found in undeliverable(before(29))] == [aino.pk]


def test_an_old_refusal_says_nothing_about_somebody_who_was_in_contact_since(
    aino: Candidate, smtp_server: SmtpServer
) -> None:
    run(before(30))
    smtp_server.mode = Mode.REFUSE_RECIPIENT
    deliver_emails(at=before(30))
    call(aino, before(29))
    assert [row.state for row in queued()] == [EmailState.FAILED]
    assert note_undeliverable(at=before(28)) == 0


def test_who_goes_much_later_is_not_in_the_officers_list(aino: Candidate) -> None:
    Candidate.objects.update(undeliverable_at=before(60))
    assert undeliverable(before(30) - SECOND) == []
    assert len(undeliverable(before(30))) == 1


# Many people, many workers


def test_batches_reach_everybody_once(at: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reminders, "BATCH_SIZE", 2)
    for number in range(5):
        people.application(at, email=f"p{number}@example.org", has_cv=False)
    suppress(
        Identifiers(addresses=["p0@example.org", "p1@example.org"]),
        reason=SuppressionReason.REQUEST,
        actor=SYSTEM,
        at=at,
    )
    assert send_retention_reminders(at=before(30), limit=2) == 2
    assert run(before(30)) == 1
    assert sorted(row.to_address for row in queued()) == [f"p{number}@example.org" for number in (2, 3, 4)]


@pytest.mark.django_db(transaction=True)
def test_two_workers_queue_each_reminder_once(at: datetime) -> None:
    for number in range(6):
        people.application(at, email=f"p{number}@example.org", has_cv=False)
    assert sum(at_once(lambda: run(before(30)))) == 6
    assert (len(queued()), AuditEvent.objects.filter(action=Action.REMINDER_QUEUED).count()) == (6, 6)


@pytest.mark.django_db(transaction=True)
def test_a_worker_passes_over_who_is_being_changed(at: datetime) -> None:
    person = people.application(at, has_cv=False).candidate
    with transaction.atomic():
        Candidate.objects.select_for_update().get(pk=person.pk)
        assert elsewhere(lambda: run(before(30))) == 0
    assert run(before(30)) == 1


def test_the_selection_uses_the_index_on_the_erase_moment(at: datetime) -> None:
    people.application(at, has_cv=False)
    rows = selectors.in_window(before(30), days=30, until=7)
    with connection.cursor() as cursor:
        # Of a table with one row every plan costs the same: only an index that has the order saves the sort.
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off; SET LOCAL enable_bitmapscan = off")
    assert "candidates_expires" in rows[:500].explain()


def test_a_batch_costs_the_same_statements_but_for_the_mails(at: datetime) -> None:
    counts = []
    for number in range(2):
        for other in range(1 + 3 * number):
            people.application(at, email=f"p{number}{other}@example.org", has_cv=False)
        with CaptureQueriesContext(connection) as queries:
            made = run(before(30))
        counts.append(len(queries) - made)
    assert counts[0] == counts[1]
