"""Consent to longer storage: given by the candidate alone, to exact words, until a fixed day, taken back at any time
(spec §2.5).
"""

import ast
import hashlib
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.contrib import admin
from django.test import Client

from accounts.enums import LinkPurpose
from accounts.models import MailedLink, User
from audit.enums import Action
from audit.models import AuditEvent
from candidates.enums import Channel, Direction, InteractionKind, MeansOfContact, RestrictionGround, SuppressionReason
from candidates.models import Application, Candidate, Consent, Interaction, Position, Restriction
from candidates.selectors.clock import explain
from candidates.selectors.people import consent_text, live_consents, reachable_record
from candidates.services.addresses import confirm_address
from candidates.services.clock import recompute_clock
from candidates.services.consents import (
    expire_storage_consents,
    give_consent,
    invite_to_longer_storage,
    withdraw_consent,
)
from candidates.services.erasure import request_erasure
from candidates.services.suppression import Identifiers, suppress
from common.actors import SYSTEM, staff
from common.actors import candidate as the_candidate
from common.errors import Refused
from mailing.enums import EmailKind
from mailing.models import OutboxEmail
from notices import texts
from notices.texts import TextId
from policy.calendar import HELSINKI, local_midnight
from privacy.services.erasure import erase_due
from tests.factories import people
from tests.factories.browser import forms, submit
from tests.factories.desk import Desk, notices, part
from tests.parts.threads import at_once

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
ROOT = Path(__file__).parents[2]


def helsinki(day: str, time: str = "12:00") -> datetime:
    return datetime.fromisoformat(f"{day}T{time}").replace(tzinfo=HELSINKI).astimezone(UTC)


def agree(candidate: Candidate, at: datetime, **values: Any) -> Consent:
    known: dict[str, Any] = {"language": "en", "channel": Channel.MY_DATA, "actor": the_candidate(candidate.person_ref)}
    return give_consent(candidate.pk, at=at, **known | values)


def take_back(candidate: Candidate, at: datetime) -> int:
    return withdraw_consent(candidate.person_ref, actor=the_candidate(candidate.person_ref), at=at)


def refusal(act: Any) -> str:
    with pytest.raises(Refused) as refused:
        act()
    return refused.value.code


def dates(candidate: Candidate) -> tuple[str, str]:
    """Until when the base period goes, and until when anything is kept."""
    candidate.refresh_from_db()
    return candidate.due_on.isoformat(), candidate.keep_until.isoformat()


def call(candidate: Candidate, at: datetime) -> Interaction:
    """A call that took place, whatever the page that records it."""
    made = Interaction.objects.create(
        candidate=candidate, kind=InteractionKind.CALL, means=MeansOfContact.PHONE, direction=Direction.OUT,
        occurred_at=at, recorded_at=at,
    )  # fmt: skip
    recompute_clock(candidate.person_ref)
    return made


def restrict(candidate: Candidate, at: datetime, ground: RestrictionGround = RestrictionGround.CLAIM) -> None:
    Restriction.objects.create(candidate=candidate, ground=ground, opened_at=at, review_on=date(2027, 5, 24))
    recompute_clock(candidate.person_ref)


def mails(kind: EmailKind) -> list[OutboxEmail]:
    return list(OutboxEmail.objects.filter(kind=kind).order_by("queued_at", "pk"))


@pytest.fixture
def aino(at: datetime, position: Position) -> Candidate:
    return people.application(at, position).candidate


# Giving


FORM = "/en/positions/backend-developer/apply/"


def walk(client: Client, traveller: Any, **answers: str) -> Any:
    """Apply as a browser does; returns the page with the form."""
    page: Any = client.get(FORM)
    typed = {"name": "Aino Esimerkki", "email": "aino@example.org", "github": "github.com/aino", **answers}
    assert submit(client, page, FORM, **typed).status_code == 303
    traveller.shift(timedelta(seconds=5))
    check: Any = client.get(f"{FORM}check/")
    assert submit(client, check, f"{FORM}check/").status_code == 303
    return page


def test_scenario_09_the_box_is_unticked_and_separate_and_an_application_goes_without_it(
    client: Client, at: datetime, position: Position
) -> None:
    with time_machine.travel(at, tick=False) as traveller:
        page = walk(client, traveller)
    field = page.content.decode().partition('aria-labelledby="part-storage"')[2].partition("</section>")[0]
    assert re.findall(r'<input[^>]*type="(\w+)"', field) == ["hidden", "checkbox"]
    assert re.findall(r"\b(checked|required)\b", field) == []
    assert "This is optional and has no bearing on your application." in field
    assert (Application.objects.count(), Consent.objects.count()) == (1, 0)
    assert dates(Candidate.objects.get()) == ("2028-11-24", "2028-11-24")


def test_the_box_records_the_words_that_the_form_showed(client: Client, at: datetime, position: Position) -> None:
    first = texts.versions(TextId.LONGER_STORAGE)[0]
    with time_machine.travel(at, tick=False) as traveller:
        walk(client, traveller, has_longer_storage="on", consent_version=first)
    consent = Consent.objects.get()
    assert (consent.text_version, consent.channel) == (first, Channel.APPLICATION_FORM)
    assert first != texts.current(TextId.LONGER_STORAGE, "en").version


def test_a_consent_has_the_exact_words_and_its_end(aino: Candidate, at: datetime) -> None:
    consent = agree(aino, at + 30 * DAY, language="fi")
    text = texts.current(TextId.LONGER_STORAGE, "fi")
    assert (consent.text_id, consent.text_version, consent.text_language, consent.text_sha256) == (
        "longer_storage", text.version, "fi", hashlib.sha256(text.body.encode()).hexdigest(),
    )  # fmt: skip
    assert (consent.purpose, consent.ends_on.isoformat(), consent.granted_at) == (
        "FUTURE_OPPORTUNITIES", "2030-11-24", at + 30 * DAY,
    )  # fmt: skip
    assert dates(aino) == ("2028-11-24", "2030-11-24")
    event = AuditEvent.objects.get(action=Action.CONSENT_GIVEN)
    assert (event.actor_kind, event.subject_ref, event.object_ref) == ("CANDIDATE", aino.pk, consent.pk)


def test_giving_and_taking_back_move_no_contact_and_no_application(aino: Candidate, at: datetime) -> None:
    before = (aino.last_contact_at, aino.last_contact_ref, aino.due_on, aino.erase_at)
    application = aino.applications.get()
    agree(aino, at + DAY)
    take_back(aino, at + 2 * DAY)
    aino.refresh_from_db()
    assert (aino.last_contact_at, aino.last_contact_ref, aino.due_on, aino.erase_at) == before
    assert aino.applications.get().stage == application.stage == "RECEIVED"
    kinds = {verdict.kind: verdict.counts for verdict in explain(aino.person_ref, as_of=at + 2 * DAY).events}
    assert kinds["CONSENT_CHANGED"] is False  # type: ignore[index]


def test_scenario_11_the_end_is_fixed_and_nothing_renews_it(recruiter: User, position: Position) -> None:
    granted_at = helsinki("2025-03-15")
    aino = people.application(granted_at, None, has_longer_storage=True).candidate
    assert dates(aino) == ("2027-03-15", "2029-03-15")
    call(aino, helsinki("2026-03-15"))
    assert dates(aino) == ("2028-03-15", "2029-03-15")
    last_moment = local_midnight(date(2029, 3, 16)) - timedelta(seconds=1)
    assert [pk for pk in erase_due(at=last_moment).erased if pk == aino.pk] == []
    assert Candidate.objects.visible(last_moment).count() == 1
    end = last_moment + timedelta(seconds=1)
    assert Candidate.objects.visible(end).count() == 0
    assert expire_storage_consents(at=end) == 1
    assert erase_due(at=end).erased == [aino.pk]
    assert Candidate.objects.count() == 0


def test_scenario_12_staff_and_system_cannot_agree_for_a_candidate(
    aino: Candidate, at: datetime, recruiter: User, officer: User, administrator: User
) -> None:
    for actor in (*(staff(user.pk) for user in (recruiter, officer, administrator)), SYSTEM):
        assert refusal(lambda actor=actor: agree(aino, at, actor=actor)) == "not_own"
    assert Consent.objects.count() == 0
    agree(aino, at)
    assert Consent.objects.count() == 1


def test_scenario_12_no_page_of_the_staff_gives_a_consent(
    aino: Candidate, at: datetime, officer: User, recruiter: User
) -> None:
    calls = {
        path.relative_to(ROOT).as_posix()
        for app in ("accounts", "candidates", "clouder", "privacy", "website")
        for path in (ROOT / app).rglob("*.py")
        if {"give_consent", "Consent.objects.create"} & {ast.unparse(node.func) for node in _calls(path)}
    }
    assert {path for path in calls if not path.startswith("clouder/demo/")} == {
        "candidates/services/applications.py",
        "candidates/services/consents.py",
        "privacy/views/mailed_links.py",
        "privacy/views/my_data.py",
    }
    admin.autodiscover()
    assert Consent not in admin.site._registry
    box = {"has_longer_storage": "on", "consent": "on", "keep_until": "2031-01-01", "ends_on": "2031-01-01"}
    for user in (officer, recruiter):
        desk = Desk(user, at)
        page = desk.get("candidates_candidate_change", aino.pk)
        fields = {name for form in forms(page) for name in form["data"]}
        assert {name for name in fields if "consent" in name or "storage" in name} == set()
        desk.post("candidates_candidate_change", aino.pk, **box)
        desk.post("candidates_candidate_note", aino.pk, **{"note-text": "x", **box})
        desk.post("candidates_candidate_invite", aino.pk, **box)
    assert Consent.objects.count() == 0
    assert dates(aino) == ("2028-11-24", "2028-11-24")


def _calls(path: Path) -> Iterator[ast.Call]:
    return (node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call))


@pytest.fixture
def publish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Publish a version of the text, in a copy of the folder."""
    monkeypatch.setattr(texts, "FOLDER", Path(shutil.copytree(texts.FOLDER, tmp_path / "texts")))

    def add(version: str, **bodies: str) -> None:
        for language, body in bodies.items():
            (texts.FOLDER / "longer_storage" / f"{version}.{language}.txt").write_text(body, encoding="utf-8")
        forget()

    def forget() -> None:
        texts.versions.cache_clear()
        texts.get.cache_clear()

    forget()
    yield add
    monkeypatch.undo()
    forget()


def test_scenario_13_a_consent_keeps_its_words_when_others_are_published(
    at: datetime, position: Position, publish: Any, client: Client
) -> None:
    agreed = {}
    words = {language: texts.current(TextId.LONGER_STORAGE, language).body for language in ("en", "fi")}
    for language in words:
        person = people.application(at, position, email=f"{language}@example.org", language=language).candidate
        agreed[language] = agree(person, at, language=language)
    publish("2027-01-01", en="Keep everything, for everybody.", fi="Säilyttäkää kaikki, kaikille.")
    assert texts.current(TextId.LONGER_STORAGE, "en").body == "Keep everything, for everybody."
    for language, consent in agreed.items():
        consent.refresh_from_db()
        assert (consent_text(consent).body, consent_text(consent).language) == (words[language], language)
    later = people.application(at, position, email="later@example.org").candidate
    assert consent_text(agree(later, at)).body == "Keep everything, for everybody."


def test_words_that_were_changed_behind_a_consent_are_not_passed_off_as_the_ones_agreed_to(
    aino: Candidate, at: datetime, publish: Any
) -> None:
    publish("2027-01-01", en="These words.", fi="Nämä sanat.")
    consent = agree(aino, at)
    assert consent_text(consent).body == "These words."
    publish("2027-01-01", en="Other words.")
    with pytest.raises(LookupError):
        consent_text(consent)


def test_who_saw_older_words_agreed_to_those(aino: Candidate, at: datetime, publish: Any) -> None:
    shown = texts.current(TextId.LONGER_STORAGE, "en")
    publish("2027-01-01", en="Wider words.", fi="Laajemmat sanat.")
    consent = agree(aino, at, text_version=shown.version)
    assert consent_text(consent).body == shown.body


@pytest.mark.parametrize("version", ["", "nonsense", "../short_notice/2026-11-24"])
def test_a_version_that_was_never_published_is_the_present_one(aino: Candidate, at: datetime, version: str) -> None:
    consent = agree(aino, at, text_version=version)
    assert consent.text_version == texts.current(TextId.LONGER_STORAGE, "en").version


# One at a time


def test_one_in_force_is_not_given_again_and_after_its_end_a_new_one_may_be(aino: Candidate, at: datetime) -> None:
    first = agree(aino, at)
    assert refusal(lambda: agree(aino, at + DAY)) == "already"
    last_day = local_midnight(first.ends_on)
    assert refusal(lambda: agree(aino, last_day)) == "already"
    call(aino, last_day - 100 * DAY)
    after = last_day + DAY
    assert live_consents(aino.person_ref, as_of=after).count() == 0
    second = agree(aino, after)
    first.refresh_from_db()
    assert (first.ended_at, first.withdrawn_at, second.ended_at) == (after, None, None)
    assert AuditEvent.objects.get(action=Action.CONSENT_ENDED).object_ref == first.pk
    assert dates(aino)[1] == second.ends_on.isoformat()
    assert expire_storage_consents(at=after) == 0


def test_a_new_one_takes_the_place_of_one_that_a_contact_outlived(aino: Candidate, at: datetime) -> None:
    first = agree(aino, at)
    call(aino, at + 365 * DAY)
    renewed_at = at + 366 * DAY
    second = agree(aino, renewed_at)
    first.refresh_from_db()
    assert (first.ends_on, first.ended_at, first.withdrawn_at) == (date(2030, 11, 24), renewed_at, None)
    assert (second.ends_on, dates(aino)[1]) == (date(2031, 11, 24), "2031-11-24")
    assert [live.pk for live in live_consents(aino.person_ref, as_of=renewed_at)] == [second.pk]
    assert refusal(lambda: agree(aino, renewed_at + DAY)) == "already"
    take_back(aino, renewed_at + DAY)
    assert dates(aino)[:2] == ("2029-11-24", "2029-11-24")


def test_after_a_withdrawal_a_new_one_may_be_given(aino: Candidate, at: datetime) -> None:
    agree(aino, at)
    take_back(aino, at + DAY)
    agree(aino, at + 2 * DAY)
    assert live_consents(aino.person_ref, as_of=at + 2 * DAY).count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_yeses_at_once_on_linked_records_one_counts(at: datetime, recruiter: User) -> None:
    first = people.application(at).candidate
    second = people.application(at + DAY).candidate
    assert first.person_ref == second.person_ref
    ids = [first.pk, second.pk]

    def yes() -> str:
        try:
            agree(Candidate.objects.get(pk=ids.pop()), at + 2 * DAY)
        except Refused as refused:
            return refused.code
        return "given"

    assert sorted(at_once(yes)) == ["already", "given"]
    assert Consent.objects.count() == 1


def test_a_later_application_without_the_tick_takes_nothing_back(at: datetime, position: Position) -> None:
    first = people.application(at, position, has_longer_storage=True).candidate
    later = people.application(at + 100 * DAY, position).candidate
    assert later.person_ref == first.person_ref
    assert live_consents(first.person_ref, as_of=at + 100 * DAY).count() == 1
    assert dates(first) == dates(later) == ("2029-03-04", "2030-11-24")


def test_linked_records_keep_both_consents_the_longer_one_counts_and_both_are_taken_back(
    at: datetime, position: Position
) -> None:
    first = people.application(at, position, has_longer_storage=True).candidate
    later = people.application(at + 100 * DAY, position, has_longer_storage=True).candidate
    assert [consent.ends_on.isoformat() for consent in live_consents(first.person_ref, as_of=at + 100 * DAY)] == [
        "2031-03-04", "2030-11-24",
    ]  # fmt: skip
    assert dates(first) == dates(later) == ("2029-03-04", "2031-03-04")
    assert take_back(later, at + 101 * DAY) == 2
    assert dates(first) == dates(later) == ("2029-03-04", "2029-03-04")


# Taking back


def test_taking_back_while_the_base_period_runs_shows_its_date(aino: Candidate, at: datetime) -> None:
    agree(aino, at)
    assert take_back(aino, at + DAY) == 1
    assert take_back(aino, at + 2 * DAY) == 0
    consent = Consent.objects.get()
    assert (consent.withdrawn_at, consent.ended_at) == (at + DAY, None)
    assert dates(aino) == ("2028-11-24", "2028-11-24")
    assert Candidate.objects.visible(at + DAY).count() == 1
    assert AuditEvent.objects.filter(action=Action.CONSENT_WITHDRAWN).count() == 1


def test_taking_back_after_the_base_period_hides_in_the_same_act(aino: Candidate, at: datetime) -> None:
    agree(aino, at)
    late = aino.erase_at + DAY
    assert Candidate.objects.visible(late).count() == 1
    take_back(aino, late)
    assert Candidate.objects.visible(late).count() == 0
    assert Candidate.objects.due(late).count() == 1
    assert refusal(lambda: agree(aino, late)) == "gone"


# Who may


def test_a_restricted_person_may_agree_and_take_it_back(aino: Candidate, at: datetime) -> None:
    restrict(aino, at)
    assert Candidate.objects.visible(at).count() == 0
    agree(aino, at)
    assert dates(aino) == ("2028-11-24", "2030-11-24")
    assert take_back(aino, at) == 1


def test_an_expired_person_and_one_about_to_be_erased_may_not_agree(aino: Candidate, at: datetime) -> None:
    last = aino.expires_at - timedelta(seconds=1)
    assert refusal(lambda: agree(aino, aino.expires_at)) == "gone"
    request_erasure(aino.person_ref, actor=the_candidate(aino.person_ref), at=last)
    assert refusal(lambda: agree(aino, last)) == "gone"
    assert refusal(lambda: agree(Candidate(), at)) == "gone"
    assert Consent.objects.count() == 0


# The confirmation


def test_the_confirmation_names_the_end_and_carries_a_link_that_takes_it_back(aino: Candidate, at: datetime) -> None:
    consent = agree(aino, at)
    (mail,) = mails(EmailKind.LONGER_STORAGE_AGREED)
    assert (mail.to_address, mail.language, mail.subject_ref, mail.dedupe_key) == (
        "aino@example.org", "en", aino.pk, str(consent.pk),
    )  # fmt: skip
    assert {name: mail.context[name] for name in ("ends_on", "due_on")} == {
        "ends_on": "2030-11-24", "due_on": "2028-11-24",
    }  # fmt: skip
    link = MailedLink.objects.get(purpose=LinkPurpose.WITHDRAW_CONSENT)
    assert (link.address, link.subject_ref, link.expires_at) == (
        "aino@example.org", aino.pk, local_midnight(date(2030, 11, 25)),
    )  # fmt: skip


def test_nothing_goes_to_an_address_before_it_is_confirmed_and_then_once(at: datetime, position: Position) -> None:
    sent = people.application(at, position, has_longer_storage=True, is_confirmed=False).candidate
    assert mails(EmailKind.LONGER_STORAGE_AGREED) == []
    for _ in range(2):
        confirm_address(sent.pk, address="aino@example.org", at=at + DAY)
    assert [mail.queued_at for mail in mails(EmailKind.LONGER_STORAGE_AGREED)] == [at + DAY]


def test_a_consent_taken_back_before_its_confirmation_went_out_is_not_confirmed(aino: Candidate, at: datetime) -> None:
    agree(aino, at)
    assert len(mails(EmailKind.LONGER_STORAGE_AGREED)) == 1
    take_back(aino, at)
    assert mails(EmailKind.LONGER_STORAGE_AGREED) == []


# Inviting


def invite(candidate: Candidate, at: datetime, recruiter: User) -> None:
    invite_to_longer_storage(candidate.pk, actor=staff(recruiter.pk), at=at)


def test_an_invitation_asks_and_agrees_to_nothing(aino: Candidate, at: datetime, recruiter: User) -> None:
    before = (aino.last_contact_at, aino.expires_at)
    invite(aino, at + DAY, recruiter)
    (mail,) = mails(EmailKind.LONGER_STORAGE_INVITATION)
    assert (mail.to_address, mail.subject_ref) == ("aino@example.org", aino.pk)
    assert {name: mail.context[name] for name in ("ends_on", "due_on")} == {
        "ends_on": "2030-11-24", "due_on": "2028-11-24",
    }  # fmt: skip
    link = MailedLink.objects.get(purpose=LinkPurpose.GIVE_CONSENT)
    assert (link.address, link.subject_ref, link.expires_at) == ("aino@example.org", aino.pk, aino.expires_at)
    aino.refresh_from_db()
    assert (aino.last_contact_at, aino.expires_at) == before
    assert Consent.objects.count() == 0
    event = AuditEvent.objects.get(action=Action.LONGER_STORAGE_INVITED)
    assert (event.actor_kind, event.actor_ref, event.subject_ref) == ("STAFF", recruiter.pk, aino.pk)


def test_one_invitation_in_30_days(aino: Candidate, at: datetime, recruiter: User) -> None:
    invite(aino, at, recruiter)
    assert refusal(lambda: invite(aino, at + 30 * DAY - timedelta(seconds=1), recruiter)) == "recent"
    invite(aino, at + 30 * DAY, recruiter)
    assert len(mails(EmailKind.LONGER_STORAGE_INVITATION)) == 2


def test_who_is_not_invited(aino: Candidate, at: datetime, recruiter: User, position: Position) -> None:
    unconfirmed = people.application(at, position, email="otto@example.org", is_confirmed=False).candidate
    assert refusal(lambda: invite(unconfirmed, at, recruiter)) == "unconfirmed"
    agreed = people.application(at, position, email="elli@example.org", has_longer_storage=True).candidate
    assert refusal(lambda: invite(agreed, at, recruiter)) == "already"
    back = people.application(at, position, email="back@example.org").candidate
    Candidate.objects.filter(pk=back.pk).update(undeliverable_at=at)
    assert refusal(lambda: invite(back, at, recruiter)) == "undeliverable"
    silent = people.application(at, position, email="silent@example.org").candidate
    identifiers = Identifiers(addresses=["silent+jobs@example.org"])
    suppress(identifiers, reason=SuppressionReason.OBJECTION, actor=staff(recruiter.pk), at=at)
    assert refusal(lambda: invite(silent, at, recruiter)) == "suppressed"
    for number, ground in enumerate((RestrictionGround.CLAIM, RestrictionGround.OBJECTION)):
        hidden = people.application(at, position, email=f"hidden{number}@example.org").candidate
        restrict(hidden, at, ground)
        with pytest.raises(Candidate.DoesNotExist):
            invite(hidden, at, recruiter)
    with pytest.raises(Candidate.DoesNotExist):
        invite(aino, aino.expires_at, recruiter)
    assert mails(EmailKind.LONGER_STORAGE_INVITATION) == []
    invite(aino, at, recruiter)
    assert len(mails(EmailKind.LONGER_STORAGE_INVITATION)) == 1


def test_an_invitation_that_has_not_gone_out_is_taken_back_when_the_person_agrees(
    aino: Candidate, at: datetime, recruiter: User
) -> None:
    invite(aino, at, recruiter)
    agree(aino, at)
    assert mails(EmailKind.LONGER_STORAGE_INVITATION) == []


def test_the_button_invites_and_says_so(aino: Candidate, at: datetime, recruiter: User) -> None:
    desk = Desk(recruiter, at)
    heading = "invitation-heading"
    assert "Only the person can agree to it." in str(part(desk.get("candidates_candidate_change", aino.pk), heading))
    assert desk.get("candidates_candidate_invite", aino.pk).status_code == 404
    sent = desk.post("candidates_candidate_invite", aino.pk)
    assert (sent.status_code, notices(sent)) == (302, ["The invitation is on its way. Only the person can agree."])
    again = desk.post("candidates_candidate_invite", aino.pk)
    assert notices(again) == ["The person was invited within the last 30 days."]
    agree(aino, at)
    assert part(desk.get("candidates_candidate_change", aino.pk), heading) is None
    restrict(aino, at)
    assert desk.post("candidates_candidate_invite", aino.pk).status_code == 404


def test_a_person_is_written_to_at_the_newest_confirmed_record(at: datetime, position: Position) -> None:
    first = people.application(at, position).candidate
    second = people.application(at + DAY, position).candidate
    people.application(at + 2 * DAY, position, is_confirmed=False)
    assert reachable_record(first.person_ref) == second
    assert reachable_record(Candidate().person_ref) is None
