"""The pages behind links in mails: looking changes nothing, the button acts at once, and no sign-in is asked for."""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.core import mail
from django.test import Client

from accounts.enums import LinkPurpose
from accounts.models import MailedLink, User
from accounts.services.links import LastingLink, create_lasting_links
from audit.models import AuditEvent
from candidates.enums import Channel, InteractionKind, RestrictionGround
from candidates.models import Candidate, Consent, Position, Restriction
from candidates.services.clock import recompute_clock
from candidates.services.consents import give_consent, invite_to_longer_storage
from candidates.services.interactions import record_interaction
from common.actors import candidate as the_candidate
from common.actors import staff
from mailing.enums import EmailKind
from mailing.models import OutboxEmail
from mailing.services import deliver_emails
from notices.texts import TextId, current
from policy.calendar import local_midnight
from privacy.services.erasure import erase_due
from privacy.services.reminders import send_retention_reminders
from tests.factories import people
from tests.factories.browser import forms
from tests.parts.smtp import SmtpServer

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
GIVE, TAKE_BACK, ERASE = LinkPurpose.GIVE_CONSENT, LinkPurpose.WITHDRAW_CONSENT, LinkPurpose.ERASE
FOLDERS = {GIVE: "agree", TAKE_BACK: "take-back", ERASE: "erase-now"}


@pytest.fixture(autouse=True)
def traveller(at: datetime) -> Iterator[Any]:
    with time_machine.travel(at, tick=False) as traveller:
        yield traveller


@pytest.fixture
def aino(at: datetime, position: Position) -> Candidate:
    return people.application(at, position).candidate


def path_of(purpose: LinkPurpose, candidate: Candidate, at: datetime, **values: Any) -> str:
    """The path of a link as a mail would carry it."""
    known = {
        "address": candidate.address, "language": "en", "subject_ref": candidate.pk, "expires_at": candidate.expires_at,
    }  # fmt: skip
    [token] = create_lasting_links([LastingLink(purpose, **{**known, **values})], at=at)
    return f"/en/my-data/{FOLDERS[purpose]}/{token}/"


def agree(candidate: Candidate, at: datetime) -> Consent:
    return give_consent(
        candidate.pk, language="en", channel=Channel.MY_DATA, actor=the_candidate(candidate.person_ref), at=at
    )


def state() -> list[Any]:
    """Everything that a link could change."""
    people_now = Candidate.objects.order_by("pk").values_list("pk", "expires_at", "erase_after", "erasure_case")
    consents = Consent.objects.order_by("pk").values_list("pk", "withdrawn_at")
    links = MailedLink.objects.order_by("pk").values_list("pk", "used_at", "superseded_at")
    return [list(people_now), list(consents), list(links), AuditEvent.objects.count(), OutboxEmail.objects.count()]


def press(client: Client, path: str) -> Any:
    """Open the page and press its button."""
    page: Any = client.get(path)
    form = forms(page)[-1]
    return client.post(path, form["data"])


def words(response: Any) -> str:
    """The text of the page's main part on one line."""
    main = response.content.decode().partition('<main id="main"')[2].partition("</main>")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", main.partition(">")[2]).split())


def mailed(name: str) -> str:
    """The path of the link that does this, in whichever mail carries one."""
    [path] = [links_of(message)[name] for message in mail.outbox if name in links_of(message)]
    return path


def links_of(message: Any) -> dict[str, str]:
    """The links of a mail's text, by what they do."""
    found = re.findall(r"http://testserver(/\S+)", str(message.body))
    return {path.split("/")[3]: path for path in found if path.count("/") == 5}


# Looking


@pytest.mark.parametrize("purpose", FOLDERS)
def test_looking_changes_nothing(client: Client, aino: Candidate, at: datetime, purpose: LinkPurpose) -> None:
    agree(aino, at)
    aino.refresh_from_db()
    path = path_of(purpose, aino, at)
    was = state()
    for _ in range(3):
        assert client.get(path).status_code == client.head(path).status_code == 200
    assert state() == was


@pytest.mark.parametrize("purpose", FOLDERS)
def test_a_page_names_nobody_and_is_kept_by_nobody(
    client: Client, aino: Candidate, at: datetime, purpose: LinkPurpose
) -> None:
    page = client.get(path_of(purpose, aino, at))
    text = page.content.decode()
    assert page.status_code == 200
    assert [word for word in ("Aino", "aino@example.org", "Backend developer") if word in text] == []
    assert (page["Cache-Control"], page["Referrer-Policy"], page["X-Robots-Tag"]) == (
        "no-store, private", "no-referrer", "noindex, nofollow",
    )  # fmt: skip


@pytest.mark.parametrize("purpose", FOLDERS)
def test_what_no_longer_works_looks_the_same_and_creates_nothing(
    client: Client, aino: Candidate, at: datetime, traveller: Any, purpose: LinkPurpose
) -> None:
    other = next(one for one in FOLDERS if one is not purpose)
    paths = {
        "unknown": f"/en/my-data/{FOLDERS[purpose]}/{'x' * 43}/",
        "of another purpose": path_of(other, aino, at).replace(FOLDERS[other], FOLDERS[purpose]),
        "of another address": path_of(purpose, aino, at, address="eino@example.org"),
        "of nobody": path_of(purpose, aino, at, subject_ref=uuid4()),
        "run out": path_of(purpose, aino, at, expires_at=at),
    }
    was, pages = state(), {}
    for name, path in paths.items():
        for method in (client.get, client.post):
            answer = method(path)
            assert (name, answer.status_code) == (name, 410)
            pages[words(answer)] = name
    assert len(pages) == 1
    assert "There is nothing for you to do." in next(iter(pages))
    assert state() == was


@pytest.mark.parametrize("purpose", FOLDERS)
def test_a_link_ends_with_the_erase_moment_to_the_second(
    client: Client, aino: Candidate, at: datetime, traveller: Any, purpose: LinkPurpose
) -> None:
    path = path_of(purpose, aino, at)
    late = path_of(purpose, aino, at, expires_at=aino.expires_at + DAY)  # the date came nearer after it was made
    traveller.move_to(aino.expires_at - SECOND)
    assert [client.get(one).status_code for one in (path, late)] == [200, 200]
    traveller.move_to(aino.expires_at)
    was = state()
    assert [client.post(one).status_code for one in (path, late)] == [410, 410]
    assert state() == was


def test_a_new_mail_ends_no_link_of_an_older_one(client: Client, aino: Candidate, at: datetime) -> None:
    paths = [path_of(TAKE_BACK, aino, at) for _ in range(2)]
    assert [client.get(path).status_code for path in paths] == [200, 200]


def test_a_post_without_its_token_is_refused(aino: Candidate, at: datetime) -> None:
    strict = Client(enforce_csrf_checks=True)
    path = path_of(GIVE, aino, at)
    assert strict.post(path).status_code == 403
    assert press(strict, path).status_code == 200
    assert Consent.objects.count() == 1


# Agreeing


def test_agreeing_shows_the_exact_words_and_the_end_and_takes_one_press(
    client: Client, aino: Candidate, at: datetime
) -> None:
    path = path_of(GIVE, aino, at)
    text = current(TextId.LONGER_STORAGE, "en")
    offered = client.get(path)
    assert f"<blockquote>{text.body}</blockquote>" in offered.content.decode()
    assert "until 24 November 2030 and not only until 24 November 2028" in words(offered)
    done = press(client, path)
    consent = Consent.objects.get()
    assert (consent.channel, consent.text_sha256, consent.granted_at) == (Channel.MAILED_LINK, text.sha256, at)
    assert "We keep your profile and CV until 24 November 2030." in words(done)
    was = state()
    assert client.post(path, {"version": text.version}).status_code == 200
    assert words(client.get(path)) == words(done)
    assert state() == was
    assert OutboxEmail.objects.filter(kind=EmailKind.LONGER_STORAGE_AGREED).count() == 1


def test_a_consent_that_a_contact_outlived_can_be_given_anew(
    client: Client, aino: Candidate, at: datetime, traveller: Any, recruiter: User
) -> None:
    old = agree(aino, at)  # until 24 November 2030
    called_at = at + timedelta(days=365)
    record_interaction(
        aino.pk, kind=InteractionKind.CALL, occurred_at=called_at, text="", actor=staff(recruiter.pk), at=called_at
    )
    traveller.move_to(called_at)
    aino.refresh_from_db()
    path = path_of(GIVE, aino, called_at)
    offered = client.get(path)
    assert "until 24 November 2031 and not only until 24 November 2030" in words(offered)
    assert Consent.objects.count() == 1, "looking changes nothing"
    assert "We keep your profile and CV until 24 November 2031." in words(press(client, path))
    old.refresh_from_db()
    assert (old.replaced_at, Consent.objects.exclude(pk=old.pk).get().ends_on) == (called_at, date(2031, 11, 24))


def test_agreeing_in_finnish_records_the_finnish_words(client: Client, aino: Candidate, at: datetime) -> None:
    path = client.get(path_of(GIVE, aino, at)).context["other_language_url"]
    assert path.startswith("/fi/omat-tiedot/")
    press(client, path)
    assert Consent.objects.get().text_language == "fi"


def test_who_asked_to_be_erased_is_told_so_and_agrees_to_nothing(client: Client, aino: Candidate, at: datetime) -> None:
    agree_path, erase_path = path_of(GIVE, aino, at), path_of(ERASE, aino, at)
    press(client, erase_path)
    answer = client.post(agree_path)
    assert "Until 25 November 2026, 11:00 you can take it back" in words(answer)
    assert Consent.objects.count() == 0


def test_a_restricted_person_may_use_every_link(client: Client, aino: Candidate, at: datetime) -> None:
    Restriction.objects.create(
        candidate=aino, ground=RestrictionGround.CLAIM, opened_at=at, review_on=date(2027, 5, 24)
    )
    recompute_clock(aino.person_ref)
    press(client, path_of(GIVE, aino, at))
    assert Consent.objects.get().withdrawn_at is None
    press(client, path_of(TAKE_BACK, aino, at))
    assert Consent.objects.get().withdrawn_at == at
    press(client, path_of(ERASE, aino, at))
    aino.refresh_from_db()
    assert aino.erase_after == at + DAY


# Taking back


def test_taking_back_while_the_base_period_runs_shows_the_new_date(
    client: Client, aino: Candidate, at: datetime
) -> None:
    agree(aino, at)
    deliver_emails(at=at)
    path = mailed("take-back")
    assert "your data are kept until 24 November 2028" in words(client.get(path))
    done = press(client, path)
    assert "Your data are kept until 24 November 2028." in words(done)
    assert (Consent.objects.get().withdrawn_at, aino.applications.get().stage) == (at, "RECEIVED")
    was = state()
    assert words(client.post(path)) == words(done)
    assert state() == was


def test_taking_back_after_the_base_period_hides_in_the_same_answer_and_wakes_the_worker(
    client: Client, aino: Candidate, at: datetime, traveller: Any, file_broker: str,
    django_capture_on_commit_callbacks: Any,
) -> None:  # fmt: skip
    agree(aino, at)
    deliver_emails(at=at)
    path = mailed("take-back")
    late = aino.erase_at + 100 * DAY
    traveller.move_to(late)
    assert "no recruiter sees your data from that moment on" in words(client.get(path))
    assert Candidate.objects.visible(late).count() == 1
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        done = press(client, path)
    assert "Everything is erased now, within 24 hours." in words(done)
    assert len(callbacks) == 1
    assert woken() == ["privacy.tasks.erase_due"]
    assert Candidate.objects.visible(late).count() == 0
    assert client.post(path).status_code == 410
    assert erase_due(at=late).erased == [aino.pk]


def test_taking_back_on_my_own_page_wakes_the_worker_alike(
    client: Client, aino: Candidate, at: datetime, traveller: Any, file_broker: str,
    django_capture_on_commit_callbacks: Any,
) -> None:  # fmt: skip
    agree(aino, at)
    late = aino.erase_at + 100 * DAY
    traveller.move_to(late)
    OutboxEmail.objects.all().delete()
    client.post("/en/my-data/sign-in/", {"email": "aino@example.org"})
    deliver_emails(at=late)
    page = client.post(mailed("link"), follow=True)
    assert "no recruiter sees your data from that moment on" in words(page)
    with django_capture_on_commit_callbacks(execute=True):
        done = client.post("/en/my-data/longer-storage/", {"withdraw": ""}, follow=True)
    assert "No recruiter sees your data any more." in words(done)
    assert "We keep nothing for this address" in words(done)
    assert woken() == ["privacy.tasks.erase_due"]


def woken() -> list[str]:
    """The tasks that wait in the broker."""
    from celery import current_app

    names: list[str] = []
    with current_app.connection_for_read() as connection:
        queue = connection.SimpleQueue("celery")
        while True:
            try:
                message = queue.get(block=False)
            except queue.Empty:
                return names
            names.append(message.headers["task"])
            message.ack()


# Erasing


def test_erasing_says_what_goes_the_number_and_how_to_take_it_back(
    client: Client, aino: Candidate, at: datetime
) -> None:
    path = path_of(ERASE, aino, at)
    offered = words(client.get(path))
    assert [part for part in ("What goes", "What ends", "What stays, and why") if part not in offered] == []
    done = press(client, path)
    aino.refresh_from_db()
    assert aino.erase_after == at + DAY
    assert f"Case number: {aino.erasure_case}" in words(done)
    assert "Until then you can take it back" in words(done)
    assert Candidate.objects.visible(at).count() == 0
    was = state()
    assert words(client.post(path)) == words(client.get(path)) == words(done)
    assert state() == was


# The mails, as a person gets them


def test_scenario_03_reminders_move_nothing_however_often_their_links_are_fetched(
    client: Client, aino: Candidate, traveller: Any, smtp_server: SmtpServer
) -> None:
    OutboxEmail.objects.all().delete()
    erase_at, last_contact_at = aino.erase_at, aino.last_contact_at
    paths: list[str] = []
    for days in (30, 7):
        now = local_midnight(date(2028, 11, 25) - timedelta(days=days)) + timedelta(hours=10)
        traveller.move_to(now)
        for _ in range(3):
            send_retention_reminders(at=now)
            deliver_emails(at=now)
        for received in smtp_server.received:
            html = received.part("html")
            paths += re.findall(r'href="http://testserver(/en/my-data/[a-z-]+/[^"]{40,}/)"', html)
        for path in paths:
            assert [client.get(path).status_code for _ in range(3)] == [200, 200, 200]
    aino.refresh_from_db()
    assert (aino.erase_at, aino.expires_at, aino.last_contact_at) == (erase_at, erase_at, last_contact_at)
    assert [mail.recipients for mail in smtp_server.received] == [["aino@example.org"]] * 2
    assert [path.split("/")[3] for path in dict.fromkeys(paths)] == ["agree", "erase-now"] * 2
    press(client, paths[0])
    assert Consent.objects.count() == 1
    press(client, paths[1])
    aino.refresh_from_db()
    assert aino.erase_after == now + DAY


def test_a_reminder_under_a_consent_carries_the_way_out(
    client: Client, aino: Candidate, at: datetime, traveller: Any
) -> None:
    agree(aino, at)
    aino.refresh_from_db()
    OutboxEmail.objects.all().delete()
    now = aino.expires_at - 20 * DAY
    traveller.move_to(now)
    send_retention_reminders(at=now)
    deliver_emails(at=now)
    (message,) = mail.outbox
    found = links_of(message)
    assert list(found) == ["take-back", "erase-now"]
    done = press(client, found["take-back"])
    assert "No recruiter sees your data any more." in words(done)


def test_the_link_of_an_invitation(client: Client, aino: Candidate, at: datetime, recruiter: Any) -> None:
    OutboxEmail.objects.all().delete()
    invite_to_longer_storage(aino.pk, actor=staff(recruiter.pk), at=at)
    deliver_emails(at=at)
    (message,) = mail.outbox
    press(client, links_of(message)["agree"])
    assert Consent.objects.get().channel == Channel.MAILED_LINK


def test_tokens_are_kept_nowhere_in_clear(aino: Candidate, at: datetime) -> None:
    agree(aino, at)
    deliver_emails(at=at)
    token = mailed("take-back").split("/")[4]
    assert len(token) == 43
    assert [row.context for row in OutboxEmail.objects.filter(kind=EmailKind.LONGER_STORAGE_AGREED)] == [{}]
    assert token.encode() not in bytes(MailedLink.objects.get(purpose=TAKE_BACK).token_hash)
