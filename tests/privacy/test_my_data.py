"""The plain "my data" page, as a person without an account walks it."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import MailedLink, PortalSession, User
from audit.enums import Access, Purpose
from audit.models import AccessEvent
from candidates.enums import InteractionKind, RestrictionGround, Stage, SuppressionReason
from candidates.models import Candidate, Consent, Position
from candidates.services.interactions import record_interaction
from candidates.services.restrictions import restrict_candidate
from candidates.services.suppression import Identifiers, is_suppressed, suppress
from common.actors import staff
from files.samples import pdf
from mailing.models import OutboxEmail
from mailing.services import deliver_emails
from privacy.services import erasure
from tests.factories import people
from tests.factories.browser import body_of, form_with, forms
from tests.factories.desk import part

pytestmark = pytest.mark.django_db
PAGE = "/en/my-data/"


@pytest.fixture(autouse=True)
def traveller(at: datetime) -> Iterator[Any]:
    with time_machine.travel(at, tick=False) as traveller:
        yield traveller


def mailed_path(kind: str) -> str:
    """The path of the link in the newest mail."""
    found = [re.findall(rf"http://testserver(/\S*/{kind}/\S+)", str(message.body)) for message in mail.outbox]
    return str([paths for paths in found if paths][-1][0])


def ask(client: Client, email: str = "aino@example.org") -> Any:
    return client.post(f"{PAGE}sign-in/", {"email": email})


def sign_in(client: Client, at: datetime, email: str = "aino@example.org") -> Any:
    ask(client, email)
    deliver_emails(at=at)
    return client.post(mailed_path("link"), follow=True)


def test_the_way_in_is_a_mailed_link_that_get_does_not_use_up(client: Client, at: datetime, position: Position) -> None:
    people.application(at, position)
    assert ask(client).status_code == 200
    deliver_emails(at=at)
    path = mailed_path("link")
    for _ in range(3):
        assert client.get(path).status_code == 200
        assert client.head(path).status_code == 200
    assert client.get(PAGE).status_code == 302
    page = client.post(path, follow=True)
    assert page.redirect_chain[-1][0] == PAGE
    assert "Aino Esimerkki" in page.content.decode()
    assert "Backend developer" in page.content.decode()
    assert client.post(path).status_code == 410
    assert Client().get(PAGE).status_code == 302


def test_the_link_works_on_another_device(client: Client, at: datetime, position: Position) -> None:
    people.application(at, position)
    ask(client)
    deliver_emails(at=at)
    phone = Client()
    assert phone.post(mailed_path("link"), follow=True).status_code == 200
    assert client.get(PAGE).status_code == 302


def test_known_and_unknown_addresses_get_the_same_answer(at: datetime, position: Position) -> None:
    people.application(at, position, email="known@example.org")
    OutboxEmail.objects.all().delete()
    answers = []
    for email in ("known@example.org", "fresh@example.org"):
        with CaptureQueriesContext(connection) as queries:
            answer = ask(Client(), email)
        answers.append((answer.status_code, answer.content.replace(email.encode(), b""), len(queries)))
    assert _without_tokens(answers[0]) == _without_tokens(answers[1])
    assert OutboxEmail.objects.count() == 2
    deliver_emails(at=at)
    first, second = mail.outbox
    assert first.subject == second.subject


def _without_tokens(answer: tuple[int, bytes, int]) -> tuple[int, bytes, int]:
    return answer[0], re.sub(rb'value="[^"]+"', b"", answer[1]), answer[2]


def test_one_mail_in_15_minutes_and_three_an_hour(client: Client, at: datetime, traveller: Any) -> None:
    for _ in range(5):
        ask(client)
    assert OutboxEmail.objects.count() == 1
    traveller.shift(timedelta(minutes=14, seconds=59))
    ask(client)
    assert OutboxEmail.objects.count() == 1
    for _ in range(3):
        traveller.shift(timedelta(minutes=15))
        ask(client)
    assert OutboxEmail.objects.count() == 3


def test_a_newer_link_ends_the_older_one(client: Client, at: datetime, traveller: Any) -> None:
    ask(client)
    deliver_emails(at=at)
    first = mailed_path("link")
    traveller.shift(timedelta(minutes=16))
    ask(client)
    deliver_emails(at=at + timedelta(minutes=16))
    assert client.post(first).status_code == 410
    assert client.post(mailed_path("link")).status_code == 302


def test_a_link_lives_30_minutes(client: Client, at: datetime, traveller: Any) -> None:
    ask(client)
    deliver_emails(at=at)
    traveller.shift(timedelta(minutes=30))
    expired = client.post(mailed_path("link"))
    assert expired.status_code == 410
    assert f"{PAGE}sign-in/" in expired.content.decode()


def test_a_visit_ends_after_30_minutes_without_use_or_two_hours(
    client: Client, at: datetime, position: Position, traveller: Any
) -> None:
    people.application(at, position)
    sign_in(client, at)
    for _ in range(4):
        traveller.shift(timedelta(minutes=29))
        assert client.get(PAGE).status_code == 200
    traveller.shift(timedelta(minutes=4))
    assert client.get(PAGE).status_code == 302


def test_nothing_of_a_link_is_kept_in_clear(client: Client, at: datetime) -> None:
    ask(client)
    deliver_emails(at=at)
    token = mailed_path("link").rstrip("/").rpartition("/")[2]
    assert OutboxEmail.objects.get().context == {}
    assert token.encode() not in bytes(MailedLink.objects.get().token_hash)
    client.post(mailed_path("link"))
    cookie = client.cookies[settings.PORTAL_COOKIE_NAME]
    assert cookie["httponly"]
    assert cookie.value.encode() not in bytes(PortalSession.objects.get().token_hash)


def test_an_unconfirmed_application_shows_position_and_date_only_until_it_is_claimed(
    client: Client, at: datetime, position: Position
) -> None:
    people.application(at, position, is_confirmed=False, skills="Rare skill", name="Somebody Else")
    page = sign_in(client, at)
    text = page.content.decode()
    assert "Backend developer" in text
    assert "Rare skill" not in text
    assert "Somebody Else" not in text
    claim = next(form for form in forms(page) if "/claim/" in form["action"])
    claimed = client.post(claim["action"], claim["data"], follow=True)
    assert "Rare skill" in claimed.content.decode()
    assert Candidate.objects.get().address_confirmed_at == at


def test_i_did_not_send_this(client: Client, at: datetime, position: Position) -> None:
    people.application(at, position, is_confirmed=False)
    page = sign_in(client, at)
    claim = next(form for form in forms(page) if "/claim/" in form["action"])
    client.post(claim["action"], {**claim["data"], "disown": "1"})
    assert Candidate.objects.get().address == ""


def test_the_confirming_link_of_the_receipt(client: Client, at: datetime, position: Position) -> None:
    people.application(at, position, is_confirmed=False)
    deliver_emails(at=at)
    mail.outbox = [message for message in mail.outbox if message.to == ["aino@example.org"]]
    path = mailed_path("confirm")
    assert client.get(path).status_code == 200
    assert Candidate.objects.get().is_confirmed is False
    assert client.post(path).status_code == 200
    assert Candidate.objects.get().is_confirmed is True
    assert client.post(path).status_code == 410


def test_a_stranger_cannot_claim_or_reach_others(client: Client, at: datetime, position: Position) -> None:
    mine = people.application(at, position, email="eino@example.org")
    theirs = people.application(at, position, is_confirmed=False)
    known = people.application(at, position, email="liisa@example.org")
    sign_in(client, at, "eino@example.org")
    client.post(f"{PAGE}claim/{theirs.candidate_id}/")
    client.post(f"{PAGE}claim/{theirs.candidate_id}/", {"disown": "1"})
    theirs.candidate.refresh_from_db()
    assert (theirs.candidate.is_confirmed, theirs.candidate.email) == (False, "aino@example.org")
    document = known.candidate.documents.get()
    assert client.get(f"{PAGE}file/{document.pk}/").status_code == 404
    own = mine.candidate.documents.get()
    served = client.get(f"{PAGE}file/{own.pk}/")
    assert (served.status_code, body_of(served)) == (200, pdf("A CV"))
    assert client.post(f"{PAGE}withdraw/{known.pk}/").status_code == 404


def test_longer_storage_is_given_and_taken_back_on_one_page(client: Client, at: datetime, position: Position) -> None:
    people.application(at, position)
    sign_in(client, at)
    given = client.post(f"{PAGE}longer-storage/", follow=True)
    assert "24 November 2030" in given.content.decode()
    consent = Consent.objects.get()
    assert (consent.ends_on.isoformat(), consent.withdrawn_at) == ("2030-11-24", None)
    client.post(f"{PAGE}longer-storage/", {"withdraw": "1"})
    consent.refresh_from_db()
    assert consent.withdrawn_at == at
    assert Candidate.objects.get().keep_until.isoformat() == "2028-11-24"


def test_a_consent_that_a_contact_outlived_is_given_anew_beside_the_one_in_force(
    client: Client, at: datetime, position: Position, traveller: Any, recruiter: User
) -> None:
    person = people.application(at, position).candidate
    sign_in(client, at)
    first = client.post(f"{PAGE}longer-storage/", follow=True).content.decode()
    assert ("Take my consent back" in first, "Keep longer" in first) == (True, False)
    called_at = at + timedelta(days=365)
    traveller.move_to(called_at)
    record_interaction(
        person.pk, kind=InteractionKind.CALL, occurred_at=called_at, text="", actor=staff(recruiter.pk), at=called_at
    )
    page = sign_in(client, called_at).content.decode()
    assert ("Take my consent back" in page, "Keep longer" in page) == (True, True)
    again = client.post(f"{PAGE}longer-storage/", follow=True).content.decode()
    assert ("24 November 2031" in again, "Keep longer" in again) == (True, False)
    assert list(Consent.objects.order_by("ends_on").values_list("ended_at", flat=True)) == [called_at, None]


def test_withdrawing_one_application(client: Client, at: datetime, position: Position) -> None:
    application = people.application(at, position)
    sign_in(client, at)
    client.post(f"{PAGE}withdraw/{application.pk}/")
    application.refresh_from_db()
    assert application.stage == Stage.WITHDRAWN


def test_erasing_takes_two_clicks_hides_at_once_and_can_be_taken_back(
    client: Client, at: datetime, position: Position
) -> None:
    people.application(at, position)
    sign_in(client, at)
    asked = client.get(f"{PAGE}erase/")
    assert asked.status_code == 200
    assert Candidate.objects.get().erase_after is None
    after = client.post(f"{PAGE}erase/", follow=True)
    record = Candidate.objects.get()
    assert record.erase_after == at + timedelta(hours=24)
    assert record.erasure_case in after.content.decode()
    assert Candidate.objects.visible(at).count() == 0
    client.post(f"{PAGE}erase/", {"take_back": "1"})
    assert Candidate.objects.visible(at).count() == 1


def test_who_is_restricted_and_applied_again_sees_and_erases_both(
    client: Client, at: datetime, position: Position, officer: User
) -> None:
    first = people.application(at - timedelta(days=5), position)
    ref = first.candidate.person_ref
    restrict_candidate(ref, ground=RestrictionGround.ACCURACY, actor=staff(officer.pk), at=at - timedelta(days=4))
    second = people.application(at - timedelta(days=3))
    page = sign_in(client, at).content.decode()
    assert (first.reference in page, second.reference in page) == (True, True)
    assert body_of(client.get(f"{PAGE}file/{first.candidate.documents.get().pk}/"))
    client.post(f"{PAGE}withdraw/{second.pk}/")
    second.refresh_from_db()
    assert second.stage == Stage.WITHDRAWN
    client.post(f"{PAGE}erase/")
    assert set(Candidate.objects.values_list("erase_after", flat=True)) == {at + timedelta(hours=24)}
    client.post(f"{PAGE}erase/", {"take_back": "1"})
    assert set(Candidate.objects.values_list("erase_after", flat=True)) == {None}


def test_erasing_needs_a_sign_in_of_the_last_ten_minutes(
    client: Client, at: datetime, position: Position, traveller: Any
) -> None:
    people.application(at, position)
    sign_in(client, at)
    traveller.shift(timedelta(minutes=10, seconds=1))
    assert client.post(f"{PAGE}erase/").status_code == 302
    assert Candidate.objects.get().erase_after is None


def test_after_the_erasure_the_statement_goes_out_and_nothing_is_found(
    client: Client, at: datetime, position: Position, traveller: Any
) -> None:
    people.application(at, position)
    sign_in(client, at)
    client.post(f"{PAGE}erase/")
    case = Candidate.objects.get().erasure_case
    late = at + timedelta(hours=24)
    assert len(erasure.erase_due(at=late).erased) == 1
    deliver_emails(at=late)
    assert case in str(mail.outbox[-1].body)
    assert mail.outbox[-1].to == ["aino@example.org"]
    assert OutboxEmail.objects.filter(to_address="aino@example.org").count() == 0
    assert PortalSession.objects.count() == 0
    traveller.shift(timedelta(hours=24))
    fresh = Client()
    page = sign_in(fresh, late)
    assert page.status_code == 200
    assert "Aino" not in page.content.decode()


def test_what_one_looks_at_and_downloads_is_recorded(client: Client, at: datetime, position: Position) -> None:
    application = people.application(at, position)
    sign_in(client, at)
    document = application.candidate.documents.get()
    answer = client.get(f"{PAGE}file/{document.pk}/")
    assert body_of(answer) == pdf("A CV")
    rows = AccessEvent.objects.order_by("id").values_list("access", "purpose")
    assert list(rows) == [(Access.VIEWED, Purpose.OWN_DATA), (Access.DOWNLOADED, Purpose.OWN_DATA)]


def test_an_expired_person_is_shown_nothing(client: Client, at: datetime, position: Position, traveller: Any) -> None:
    candidate = people.application(at, position).candidate
    traveller.move_to(candidate.expires_at)
    page = sign_in(client, candidate.expires_at)
    assert "Aino" not in page.content.decode()


def test_sign_out(client: Client, at: datetime, position: Position) -> None:
    people.application(at, position)
    page = sign_in(client, at)
    form = next(form for form in forms(page) if form["action"].endswith("/sign-out/"))
    after = client.post(form["action"], form["data"], follow=True)
    assert (after.status_code, after.redirect_chain) == (200, [(f"{PAGE}signed-out/", 302)])
    assert client.get(PAGE).status_code == 302


def test_nonsense_is_told(client: Client) -> None:
    answer = ask(client, "nonsense")
    assert answer.status_code == 422
    assert form_with(answer, "email")["data"]["email"] == "nonsense"


def test_personal_pages_are_kept_by_nobody(client: Client, at: datetime, position: Position) -> None:
    people.application(at, position)
    page = sign_in(client, at)
    assert page["Cache-Control"] == "no-store, private"
    assert page["Referrer-Policy"] == "no-referrer"
    assert page["X-Robots-Tag"] == "noindex, nofollow"


def test_whoever_proves_the_address_sees_and_lifts_that_it_is_not_to_be_approached(
    client: Client, at: datetime, officer: User
) -> None:
    suppress(Identifiers(["aino@example.org"]), reason=SuppressionReason.REQUEST, actor=staff(officer.pk), at=at)
    assert is_suppressed("Aino@Example.org")
    page = sign_in(client, at)
    assert part(page, "suppressed") is not None
    form = next(form for form in forms(page) if form["action"].endswith("/may-approach/"))
    after = client.post(form["action"], form["data"], follow=True)
    assert (part(after, "suppressed"), is_suppressed("aino@example.org")) == (None, False)
    assert client.get(form["action"]).status_code == 405
