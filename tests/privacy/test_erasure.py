"""The one path by which people leave, and what is left of them: nothing (scenarios 1, 9 to 15)."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.files.storage import storages
from django.db import connection

from accounts.enums import LinkPurpose
from accounts.models import MailedLink, PortalSession, User
from accounts.services.links import create_link, find_link, resume_session, start_session
from audit.enums import Access, Action
from audit.models import AuditEvent
from audit.services import record_access
from candidates.enums import Direction, InteractionKind, LinkKind, MeansOfContact, Stage
from candidates.models import Application, ApplicationDraft, Candidate, Interaction, Position
from candidates.services.addresses import confirm_address
from candidates.services.applications import move_application
from candidates.services.clock import recompute_clock
from candidates.services.erasure import request_erasure, take_back_erasure
from candidates.services.interactions import record_interaction
from candidates.services.interviews import plan_interview
from candidates.services.mail import receive_mail
from candidates.services.notes import add_note
from candidates.services.words import index_documents
from clouder.embedded import s3
from common.actors import candidate, staff
from files.derive import read_files
from files.models import StoredFile
from files.samples import pdf
from files.services import remaining_objects
from mailing.enums import EmailKind, EmailState
from mailing.models import OutboxEmail
from mailing.services import deliver_emails
from privacy.enums import BatchState, LedgerKind
from privacy.models import ErasureBatch, LedgerRecord
from privacy.services import erasure, ledger, rows
from tests.factories import people
from tests.parts.smtp import SmtpServer
from tests.parts.sweep import objects_with, rows_with, tables_with

pytestmark = pytest.mark.django_db

CANARY = "kanaria7q"
PHONE = "401234567"
SECOND = timedelta(seconds=1)
DAY = timedelta(hours=24)
MONTH = timedelta(days=30)


def test_an_expired_candidate_goes_with_files_rows_and_a_ledger_entry(at: datetime, position: Position) -> None:
    gone = people.application(at, position).candidate
    stays = people.application(at + MONTH, position, email="eino@example.org").candidate
    assert remaining_objects([gone.pk]) == 1

    before = erasure.erase_due(at=gone.expires_at - SECOND)
    assert (before.erased, Candidate.objects.count()) == ([], 2)

    report = erasure.erase_due(at=gone.expires_at)
    assert (report.erased, report.released, report.blocked) == ([gone.pk], 0, [])
    assert list(Candidate.objects.values_list("pk", flat=True)) == [stays.pk]
    assert (remaining_objects([gone.pk]), remaining_objects([stays.pk])) == (0, 1)
    assert StoredFile.objects.filter(owner_ref=gone.pk).count() == 0
    assert Application.objects.count() == 1
    entries = LedgerRecord.objects.order_by("number")
    assert [entry.kind for entry in entries] == [LedgerKind.ERASURE_STARTED, LedgerKind.ERASURE_COMPLETED]
    assert all(str(gone.pk) in entry.content and entry.written_at for entry in entries)
    assert ledger.verify() == []
    assert AuditEvent.objects.filter(action=Action.ERASED, subject_ref=gone.pk).count() == 1
    assert ErasureBatch.objects.get().state == BatchState.DONE


# The canary


def with_canary_everywhere(at: datetime, position: Position, recruiter: User) -> Candidate:
    """A person whose every text, name of a file, file, mail, link and draft holds the canary."""
    sent = people.application(
        at,
        position,
        name=f"Aino {CANARY}",
        email=f"{CANARY}@example.org",
        cv=pdf(f"The CV of {CANARY}"),
        cv_name=f"{CANARY}.pdf",
        phone=f"+358 {PHONE} {CANARY}",
        cover_letter=f"Dear {CANARY}",
        skills=CANARY,
        interests=CANARY.upper(),
        links=[(LinkKind.OTHER, f"https://{CANARY}.example.org")],
        has_longer_storage=True,
    )
    person, actor = sent.candidate, staff(recruiter.pk)
    assert (read_files(at=at), index_documents()) == (1, 1)
    add_note(person.pk, text=CANARY, actor=actor, at=at)
    for text in ("A call", CANARY):
        record_interaction(person.pk, kind=InteractionKind.CALL, occurred_at=at, text=text, actor=actor, at=at)
    receive_mail(
        person.pk, message_id=f"<{CANARY}@example.org>", received_at=at, headers={}, text=CANARY,
        sender_address=person.email, at=at,
    )  # fmt: skip
    Candidate.objects.filter(pk=person.pk).update(source_ref=CANARY, source_reason=CANARY, has_mailbox_copy=False)
    plan_interview(person.pk, starts_at=at + DAY, means=MeansOfContact.MEETING, place=CANARY, actor=actor, at=at)
    move_application(sent.pk, to_stage=Stage.REJECTED, actor=actor, at=at)
    move_application(sent.pk, to_stage=Stage.IN_REVIEW, actor=actor, at=at, reason=CANARY)
    people.staged(person.pk, at, content=pdf(CANARY), name=f"{CANARY} 2.pdf")
    ApplicationDraft.objects.create(
        token_hash=bytes(32),
        submission_key=uuid4(),
        candidate_ref=person.pk,
        answers={"name": CANARY},
        created_at=at,
        expires_at=at + DAY,
    )
    create_link(LinkPurpose.SIGN_IN, address=person.address, language="en", lifetime=DAY, at=at)
    start_session(person.address, at=at)
    record_access(Access.VIEWED, at=at, actor=actor, subject_refs=[person.pk])
    LogEntry.objects.create(
        user=recruiter,
        content_type=ContentType.objects.get_for_model(Candidate),
        object_id=str(person.pk),
        object_repr=CANARY,
        action_flag=CHANGE,
    )
    person.refresh_from_db()
    return person


@pytest.mark.parametrize("kind", ["local", pytest.param("s3", marks=pytest.mark.s3)])
def test_scenario_15_after_an_erasure_the_canary_is_nowhere(
    at: datetime, position: Position, recruiter: User, kind: str, request: pytest.FixtureRequest
) -> None:
    if kind == "s3":
        request.getfixturevalue("s3_buckets")
    person = with_canary_everywhere(at, position, recruiter)
    other = people.application(at + 40 * MONTH, position, email="eino@example.org", name="Eino").candidate
    others = rows_with(str(other.pk), "eino")
    reference = person.applications.get().reference
    assert tables_with(CANARY, PHONE) == {
        "accounts_mailedlink",
        "accounts_portalsession",
        "candidates_application",
        "candidates_applicationdraft",
        "candidates_candidate",
        "candidates_document",
        "candidates_interaction",
        "candidates_interview",
        "candidates_note",
        "candidates_profilelink",
        "candidates_stagechange",
        "django_admin_log",
        "files_storedfile",
        "mailing_outboxemail",
    }
    # Two originals with the word in them, and the text of one; the picture of its page lies under the person as well.
    assert (len(objects_with(CANARY)), len(objects_with(str(person.pk)))) == (3, 4)

    assert erasure.erase_due(at=person.expires_at).erased == [person.pk]

    assert (tables_with(CANARY, PHONE, reference), objects_with(CANARY, PHONE)) == (set(), [])
    assert objects_with(str(person.pk)) == ["ledger: 000000000001.json", "ledger: 000000000002.json"]
    assert tables_with(str(person.pk)) == {
        "audit_accessevent",
        "audit_auditevent",
        "privacy_erasurebatch",
        "privacy_ledgerrecord",
    }
    assert rows_with(str(other.pk), "eino") == others
    assert remaining_objects([other.pk]) == 1


@pytest.mark.s3
def test_scenario_14_versions_markers_and_unfinished_uploads_go_and_other_prefixes_stay(
    at: datetime, position: Position, s3_buckets: Any
) -> None:
    gone = people.application(at, position).candidate
    stays = people.application(at + MONTH, position, email="eino@example.org").candidate
    keys = {stored.owner_ref: stored.key for stored in StoredFile.objects.all()}
    client, bucket = storages["files"]._client, s3.BUCKETS[0]
    for content in (b"2", b"3"):
        client.put_object(Bucket=bucket, Key=keys[gone.pk], Body=content)
    client.delete_object(Bucket=bucket, Key=keys[gone.pk])
    client.put_object(Bucket=bucket, Key=f"{gone.pk}/thumbnail", Body=b"small")
    client.create_multipart_upload(Bucket=bucket, Key=f"{gone.pk}/unfinished")
    client.put_object(Bucket=bucket, Key=f"{gone.pk}0/of-somebody-else", Body=b"stays")
    assert len(s3_buckets.contents(f"{gone.pk}/")) == 6
    assert erasure.erase_due(at=gone.expires_at).erased == [gone.pk]
    left = [f"version {gone.pk}0/of-somebody-else", f"version {keys[stays.pk]}"]
    assert s3_buckets.contents() == sorted(left)


# Expiry


def test_scenario_01_the_last_day_is_whole_and_the_next_midnight_in_helsinki_ends_it() -> None:
    applied = datetime.fromisoformat("2025-03-15T12:00:00+02:00")
    person = people.application(applied, None).candidate
    before, after = (datetime.fromisoformat(text) for text in ("2027-03-15T23:59:59+02:00", "2027-03-16T00:00+02:00"))
    assert [Candidate.objects.visible(moment).filter(pk=person.pk).count() for moment in (before, after)] == [1, 0]
    assert (erasure.erase_due(at=before).erased, erasure.erase_due(at=after).erased) == ([], [person.pk])


def test_a_consent_keeps_a_person_to_its_end_and_no_longer(recruiter: User) -> None:
    applied = datetime.fromisoformat("2025-03-15T12:00:00+02:00")
    person = people.application(applied, None, has_longer_storage=True).candidate
    actor = staff(recruiter.pk)
    contact = datetime.fromisoformat("2026-03-15T12:00:00+02:00")
    record_interaction(person.pk, kind=InteractionKind.CALL, occurred_at=contact, text="", actor=actor, at=contact)
    person.refresh_from_db()
    assert (person.due_on.isoformat(), person.keep_until.isoformat()) == ("2028-03-15", "2029-03-15")
    end = datetime.fromisoformat("2029-03-16T00:00+02:00")
    assert erasure.erase_due(at=end - SECOND).erased == []
    assert erasure.erase_due(at=end).erased == [person.pk]


def test_a_run_takes_the_longest_due_first_and_no_more_than_its_limit(at: datetime) -> None:
    refs = [people.application(at + days * MONTH, email=f"{days}@example.org").candidate_id for days in (2, 0, 1)]
    end = at + 30 * MONTH
    assert sorted(erasure.erase_due(at=end, limit=2).erased) == sorted(refs[1:])
    assert erasure.erase_due(at=end, limit=2).erased == [refs[0]]
    assert erasure.erase_due(at=end, limit=2).erased == []


def test_nothing_due_leaves_no_trace(at: datetime) -> None:
    assert erasure.erase_due(at=at) == erasure.Report()
    assert (ErasureBatch.objects.count(), LedgerRecord.objects.count()) == (0, 0)


def move_clock(person: Candidate, at: datetime) -> None:
    """A contact whose record came late: a reply of yesterday that was read in today."""
    Interaction.objects.create(
        candidate=person,
        kind=InteractionKind.MAIL_RECEIVED,
        means=MeansOfContact.MAIL,
        direction=Direction.IN,
        occurred_at=at,
        recorded_at=at + DAY,
    )
    recompute_clock(person.person_ref)


def test_a_clock_that_moved_between_claim_and_start_lets_the_person_go(at: datetime, position: Position) -> None:
    moved = people.application(at, position).candidate
    due = people.application(at, position, email="eino@example.org").candidate
    end = moved.expires_at
    batch = erasure.claim(at=end)
    assert batch is not None
    assert sorted(batch.candidate_refs) == sorted([moved.pk, due.pk])
    move_clock(moved, end - timedelta(minutes=2))
    report = erasure.erase_due(at=end + erasure.LEASE)
    assert (report.erased, report.released) == ([due.pk], 1)
    moved.refresh_from_db()
    assert (moved.erasing_ref, Candidate.objects.visible(end + erasure.LEASE).get()) == (None, moved)
    assert remaining_objects([moved.pk]) == 1
    assert [str(moved.pk) in entry.content for entry in LedgerRecord.objects.all()] == [False, False]


def test_a_batch_of_which_nobody_is_due_any_more_is_empty(at: datetime, position: Position) -> None:
    moved = people.application(at, position).candidate
    end = moved.expires_at
    assert erasure.claim(at=end) is not None
    move_clock(moved, end - timedelta(minutes=2))
    report = erasure.erase_due(at=end + erasure.LEASE)
    assert (report.erased, report.released, report.blocked) == ([], 1, [])
    assert (ErasureBatch.objects.get().state, LedgerRecord.objects.count()) == (BatchState.EMPTY, 0)
    assert Candidate.objects.visible(end + erasure.LEASE).get() == moved


# Asked for


def test_asking_hides_at_once_and_erases_after_24_hours(at: datetime, position: Position) -> None:
    person = people.application(at, position).candidate
    assert Candidate.objects.visible(at).count() == 1
    case = request_erasure(person.person_ref, actor=candidate(person.person_ref), at=at)
    assert case == request_erasure(person.person_ref, actor=candidate(person.person_ref), at=at + SECOND)
    assert Candidate.objects.visible(at).count() == 0
    assert erasure.erase_due(at=at + DAY - SECOND).erased == []
    assert erasure.erase_due(at=at + DAY).erased == [person.pk]
    assert request_erasure(person.person_ref, actor=candidate(person.person_ref), at=at + DAY) is None


def test_it_can_be_taken_back_until_then(at: datetime, position: Position) -> None:
    person = people.application(at, position).candidate
    actor = candidate(person.person_ref)
    request_erasure(person.person_ref, actor=actor, at=at)
    assert take_back_erasure(person.person_ref, actor=actor, at=at + DAY - SECOND) is True
    assert Candidate.objects.visible(at + DAY).get() == person
    assert erasure.erase_due(at=at + DAY).erased == []
    request_erasure(person.person_ref, actor=actor, at=at + DAY)
    assert take_back_erasure(person.person_ref, actor=actor, at=at + 2 * DAY) is False
    assert erasure.erase_due(at=at + 2 * DAY).erased == [person.pk]


def test_the_statement_goes_out_when_it_is_true_and_not_before(
    at: datetime, position: Position, smtp_server: SmtpServer
) -> None:
    person = people.application(at, position, email="Aino@Example.org", language="fi").candidate
    people.application(at, position, email="eino@example.org")
    deliver_emails(at=at)
    smtp_server.received.clear()
    case = request_erasure(person.person_ref, actor=candidate(person.person_ref), at=at)
    end = at + DAY
    batch = erasure.claim(at=end)
    assert (case is not None, batch is not None) == (True, True)
    for step in (erasure._start, erasure._erase_objects, erasure._erase_rows):
        step(batch, end)
        assert (deliver_emails(at=end), smtp_server.received) == (0, [])
    assert OutboxEmail.objects.get(kind=EmailKind.ERASURE_STATEMENT).state == EmailState.HELD
    erasure._finish(batch, end)
    assert deliver_emails(at=end) == 1
    (mail,) = smtp_server.received
    assert mail.recipients == ["Aino@Example.org"]
    assert [mail.part(kind).count(str(case)) > 0 for kind in ("plain", "html")] == [True, True]
    assert mail.part("html").count('<html lang="fi"') == 1
    assert tables_with("aino@example.org") == set()


def test_no_statement_goes_to_an_address_that_nobody_confirmed(at: datetime, position: Position) -> None:
    person = people.application(at, position, is_confirmed=False).candidate
    request_erasure(person.person_ref, actor=staff(position.contact_person_id), at=at)
    assert erasure.erase_due(at=at + DAY).erased == [person.pk]
    assert OutboxEmail.objects.filter(kind=EmailKind.ERASURE_STATEMENT).count() == 0


def test_expiry_sends_no_statement(at: datetime, position: Position) -> None:
    person = people.application(at, position).candidate
    assert erasure.erase_due(at=person.expires_at).erased == [person.pk]
    assert OutboxEmail.objects.filter(kind=EmailKind.ERASURE_STATEMENT).count() == 0


# One person, several records


def test_all_records_of_a_person_go_together_with_one_statement(at: datetime, position: Position) -> None:
    first = people.application(at, position).candidate
    second = people.application(at + MONTH, None).candidate
    stranger = people.application(at, None, is_confirmed=False).candidate
    assert (first.person_ref == second.person_ref, first.person_ref == stranger.person_ref) == (True, False)
    request_erasure(second.person_ref, actor=candidate(second.person_ref), at=at + MONTH)
    end = at + MONTH + DAY
    assert sorted(erasure.erase_due(at=end).erased) == sorted([first.pk, second.pk])
    assert (remaining_objects([first.pk, second.pk]), Candidate.objects.get()) == (0, stranger)
    assert OutboxEmail.objects.filter(kind=EmailKind.ERASURE_STATEMENT, state=EmailState.QUEUED).count() == 1


def test_records_in_two_batches_have_one_statement_when_the_last_is_gone(at: datetime, position: Position) -> None:
    first, second = (people.application(at + number * MONTH, position).candidate for number in range(2))
    request_erasure(second.person_ref, actor=candidate(second.person_ref), at=at + MONTH)
    end = at + MONTH + DAY
    states = []
    for _ in range(2):
        assert len(erasure.erase_due(at=end, limit=1).erased) == 1
        states.append(OutboxEmail.objects.get(kind=EmailKind.ERASURE_STATEMENT).state)
    assert (states, Candidate.objects.count()) == ([EmailState.HELD, EmailState.QUEUED], 0)
    assert first.person_ref != second.pk


def test_a_newcomer_with_the_same_address_is_untouched_and_never_linked(at: datetime, position: Position) -> None:
    old = people.application(at, position).candidate
    end = old.expires_at
    sent = people.application(end + SECOND, position, is_confirmed=False)
    link = create_link(
        LinkPurpose.CONFIRM_ADDRESS,
        address="aino@example.org",
        language="en",
        lifetime=7 * DAY,
        at=end + SECOND,
        subject_ref=sent.candidate_id,
    )
    visit = start_session("aino@example.org", at=end + SECOND)
    newcomers = rows_with(str(sent.candidate_id))

    now = end + 2 * SECOND
    assert erasure.erase_due(at=now).erased == [old.pk]

    assert rows_with(str(sent.candidate_id)) == newcomers
    assert find_link(LinkPurpose.CONFIRM_ADDRESS, link, at=now) is not None
    assert resume_session(visit, at=now) is not None
    confirmed = confirm_address(sent.candidate_id, address="aino@example.org", at=now)
    assert confirmed is not None
    assert confirmed.person_ref not in {old.person_ref, old.pk}
    assert remaining_objects([sent.candidate_id]) == 1


def test_links_of_an_erased_record_go_though_a_newcomer_has_the_address(at: datetime, position: Position) -> None:
    old = people.application(at, position).candidate
    people.application(at + SECOND, position, is_confirmed=False)
    request_erasure(old.person_ref, actor=candidate(old.person_ref), at=at)
    assert MailedLink.objects.filter(subject_ref=old.pk).count() == 1
    assert erasure.erase_due(at=at + DAY).erased == [old.pk]
    assert [link.subject_ref for link in MailedLink.objects.all()] == [Candidate.objects.get().pk]


def test_links_and_visits_of_an_address_go_with_its_last_record(at: datetime, position: Position) -> None:
    person = people.application(at, position).candidate
    for address in (person.address, "eino@example.org"):
        create_link(LinkPurpose.SIGN_IN, address=address, language="en", lifetime=DAY, at=at)
        start_session(address, at=at)
    assert erasure.erase_due(at=person.expires_at).erased == [person.pk]
    left = [list(model.objects.values_list("address", flat=True)) for model in (MailedLink, PortalSession)]
    assert left == [["eino@example.org"], ["eino@example.org"]]


def test_a_newcomer_who_comes_before_the_run_is_not_linked_either(at: datetime, position: Position) -> None:
    old = people.application(at, position).candidate
    newcomer = people.application(old.expires_at, position).candidate
    assert (newcomer.is_confirmed, newcomer.person_ref == old.person_ref) == (True, False)
    assert erasure.erase_due(at=old.expires_at).erased == [old.pk]
    assert Candidate.objects.get() == newcomer


@pytest.mark.django_db(transaction=True)
def test_the_databases_statistics_forget_the_erased(at: datetime) -> None:
    """The planner keeps the most common values of a column, and those may be names (spec 2.8)."""
    for number in range(40):
        people.application(at, name=f"Aino {CANARY}", email=f"{number}@example.org", has_cv=False)
    people.application(at + 40 * MONTH, name="Eino", email="eino@example.org", has_cv=False)
    rows.renew_statistics()
    assert sampled(CANARY) > 0
    assert len(erasure.erase_due(at=at + 30 * MONTH).erased) == 40
    assert sampled(CANARY) > 0
    rows.renew_statistics()
    assert sampled(CANARY) == 0


def sampled(canary: str) -> int:
    """How many columns have the canary in what the planner remembers of them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stats WHERE schemaname = 'public' AND strpos(coalesce(most_common_vals::text, '') "
            "|| coalesce(histogram_bounds::text, ''), %s) > 0",
            [canary],
        )
        found: int = cursor.fetchone()[0]
        return found
