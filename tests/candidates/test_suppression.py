"""Suppression: do not contact, do not collect again (spec 2.10, 3.6). Keyed, made on request only, and never in the way
of an application.
"""

import hashlib
import hmac
from datetime import date, datetime, timedelta
from uuid import uuid4

import pytest
from django.core import mail
from pytest_django import Settings

from accounts.models import User
from audit.enums import Action
from audit.models import AuditEvent
from candidates.enums import LinkKind, SuppressedKind, SuppressionReason
from candidates.models import Candidate, Position, Suppression
from candidates.services.addresses import link_candidates
from candidates.services.suppression import (
    Identifiers,
    find_for,
    is_suppressed,
    lift_suppression,
    review_suppression,
    suppress,
    suppress_person,
    unreadable,
)
from common.actors import SYSTEM, Actor, candidate, staff
from mailing.enums import EmailKind
from mailing.models import OutboxEmail
from mailing.services import deliver_emails, queue_email
from privacy.services.erasure import erase_due
from tests.factories import people

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
OLD, NEW = "old-" + "o" * 32, "new-" + "n" * 32
AINO = candidate(uuid4())


def made(at: datetime, *, addresses: list[str] | None = None, phones: list[str] | None = None,
         profiles: list[str] | None = None, actor: Actor = AINO) -> list[Suppression]:  # fmt: skip
    return suppress(
        Identifiers(addresses or [], phones or [], profiles or []),
        reason=SuppressionReason.OBJECTION, actor=actor, at=at,
    )  # fmt: skip


def expected(key: str, kind: str, form: str) -> bytes:
    """What a row must hold, computed here and not by our code."""
    return hmac.new(key.encode(), f"recruiting\n{kind}\n{form}".encode(), hashlib.sha256).digest()


def actions() -> list[tuple[str, object, object]]:
    return list(AuditEvent.objects.order_by("pk").values_list("action", "subject_ref", "object_ref"))


# What is kept


def test_a_row_holds_a_keyed_hash_and_no_identifier(at: datetime, settings: Settings) -> None:
    settings.SUPPRESSION_KEYS = {3: NEW}
    rows = made(
        at, addresses=["Aino+Jobs@Example.org"], phones=["+358401234567"],
        profiles=["https://FI.linkedin.com/in/Aino/?x=1"],
    )  # fmt: skip
    assert {(row.kind, bytes(row.digest)) for row in Suppression.objects.all()} == {
        ("ADDRESS", expected(NEW, "ADDRESS", "aino@example.org")),
        ("PHONE", expected(NEW, "PHONE", "+358401234567")),
        ("PROFILE", expected(NEW, "PROFILE", "linkedin.com/in/aino")),
    }
    found = {(row.key_version, row.reason, row.created_at, row.review_on) for row in rows}
    assert found == {(3, "OBJECTION", at, date(2027, 11, 24))}
    assert sorted(actions()) == sorted((Action.SUPPRESSED, None, row.pk) for row in rows)


def test_an_event_says_what_was_suppressed_and_not_whose(at: datetime) -> None:
    made(at, addresses=["aino@example.org"])
    event = AuditEvent.objects.get()
    assert (event.details, event.subject_ref) == ({"kind": "ADDRESS", "reason": "OBJECTION"}, None)


def test_making_one_again_changes_nothing(at: datetime) -> None:
    (row,) = made(at, addresses=["aino@example.org"])
    assert made(at + DAY, addresses=["AINO+x@example.org"]) == []
    assert Suppression.objects.values_list("pk", "created_at").get() == (row.pk, at)
    assert len(actions()) == 1


def test_nothing_is_made_of_nothing(at: datetime) -> None:
    assert made(at, addresses=[""], phones=[""], profiles=["", "Otto from sales"]) == []
    assert not is_suppressed()
    assert not is_suppressed("", "", ["", "Otto from sales"])


def test_what_is_no_address_is_refused(at: datetime) -> None:
    with pytest.raises(ValueError, match="not an e-mail address"):
        made(at, addresses=["aino"])
    with pytest.raises(ValueError, match="not an e-mail address"):
        is_suppressed("aino")


# Looking


def test_each_kind_is_found_by_itself_and_by_every_spelling(at: datetime) -> None:
    made(at, addresses=["aino@example.org"], phones=["+358401234567"], profiles=["https://github.com/aino"])
    found = {
        "address": is_suppressed("Aino+work@EXAMPLE.org"),
        "phone": is_suppressed(phone_e164="+358401234567"),
        "profile": is_suppressed(profiles=["https://example.org/x", "http://www.github.com/Aino/?tab=stars"]),
        "one of all": is_suppressed("eino@example.org", "+358500000000", ["https://github.com/aino"]),
        "other address": is_suppressed("a.ino@example.org"),
        "other phone": is_suppressed(phone_e164="+358401234568"),
        "other profile": is_suppressed(profiles=["https://github.com/aino2", "https://www.linkedin.com/in/aino"]),
    }
    assert [name for name, is_hit in found.items() if is_hit] == ["address", "phone", "profile", "one of all"]


def test_a_kind_is_part_of_what_is_hashed(at: datetime) -> None:
    made(at, profiles=["https://example.org"])
    assert is_suppressed(profiles=["example.org"])
    assert not is_suppressed(phone_e164="example.org")


def test_without_the_key_nothing_is_recognised(at: datetime, settings: Settings) -> None:
    settings.SUPPRESSION_KEYS = {1: OLD}
    made(at, addresses=["aino@example.org"])
    assert (is_suppressed("aino@example.org"), unreadable()) == (True, 0)
    settings.SUPPRESSION_KEYS = {1: NEW}
    assert not is_suppressed("aino@example.org")
    settings.SUPPRESSION_KEYS = {2: NEW}
    assert (is_suppressed("aino@example.org"), unreadable()) == (False, 1)


def test_a_new_key_makes_new_rows_and_the_old_one_still_finds(at: datetime, settings: Settings) -> None:
    settings.SUPPRESSION_KEYS = {1: OLD}
    made(at, addresses=["aino@example.org"])
    settings.SUPPRESSION_KEYS = {2: NEW, 1: OLD}
    assert is_suppressed("aino@example.org")
    assert made(at, addresses=["aino@example.org"]) == []
    (row,) = made(at, addresses=["eino@example.org"])
    assert (row.key_version, bytes(row.digest)) == (2, expected(NEW, "ADDRESS", "eino@example.org"))
    assert [found.key_version for found in find_for("aino@example.org")] == [1]
    settings.SUPPRESSION_KEYS = {1: OLD}
    assert (is_suppressed("aino@example.org"), is_suppressed("eino@example.org"), unreadable()) == (True, False, 1)


# A whole person


def test_a_person_is_suppressed_by_all_records(at: datetime, position: Position) -> None:
    one = people.application(
        at, position, phone="040 123 4567", links=[(LinkKind.LINKEDIN, "https://linkedin.com/in/aino"),
                                                   (LinkKind.OTHER, "https://intranet/aino")],
    ).candidate  # fmt: skip
    other = people.application(
        at, None, email="A.Esimerkki@example.org", name="A. Esimerkki", links=[(LinkKind.GITHUB, "github.com/aino")]
    ).candidate
    people.application(at, None, email="eino@example.org", phone="050 123 4567")
    link_candidates(other, one, actor=SYSTEM, at=at)
    other.save()
    rows = suppress_person(one.person_ref, reason=SuppressionReason.REQUEST, actor=AINO, at=at)
    assert sorted(row.kind for row in rows) == ["ADDRESS", "ADDRESS", "PHONE", "PROFILE", "PROFILE"]
    assert {row.reason for row in rows} == {"REQUEST"}
    for values in (
        {"address": "aino@example.org"}, {"address": "a.esimerkki@example.org"}, {"phone_e164": "+358401234567"},
        {"profiles": ["https://www.linkedin.com/in/AINO"]}, {"profiles": ["https://github.com/aino"]},
    ):  # fmt: skip
        assert is_suppressed(**values), values  # type: ignore[arg-type]
    assert not is_suppressed("eino@example.org", "+358501234567")
    with pytest.raises(Candidate.DoesNotExist):
        suppress_person(uuid4(), reason=SuppressionReason.REQUEST, actor=AINO, at=at)


def test_what_was_about_to_be_mailed_to_approach_them_is_taken_back(at: datetime) -> None:
    person = people.application(at, None).candidate
    for kind in (EmailKind.OUTREACH, EmailKind.LONGER_STORAGE_INVITATION, EmailKind.SIGN_IN_LINK):
        queue_email(
            kind, to_address=person.email, language="en", context={}, dedupe_key="1", subject_ref=person.pk, at=at
        )
    suppress_person(person.person_ref, reason=SuppressionReason.OBJECTION, actor=AINO, at=at)
    assert set(OutboxEmail.objects.filter(subject_ref=person.pk).values_list("kind", flat=True)) == {
        EmailKind.APPLICATION_RECEIVED,
        EmailKind.SIGN_IN_LINK,
    }


def test_it_survives_the_erasure_of_the_person_and_is_not_made_by_one(at: datetime) -> None:
    people.application(at - timedelta(days=800), None, email="eino@example.org")
    aino = people.application(at - timedelta(days=800), None).candidate
    suppress_person(aino.person_ref, reason=SuppressionReason.OBJECTION, actor=AINO, at=at)
    assert len(erase_due(at=at).erased) == 2
    assert (Candidate.objects.count(), Suppression.objects.count()) == (0, 1)
    assert (is_suppressed("aino@example.org"), is_suppressed("eino@example.org")) == (True, False)


def test_it_never_blocks_an_application(at: datetime, position: Position) -> None:
    made(at, addresses=["aino@example.org"], phones=["+358401234567"])
    assert is_suppressed("aino@example.org")
    sent = people.application(at, position, phone="040 123 4567", is_confirmed=False)
    deliver_emails(at=at)
    (receipt,) = [message for message in mail.outbox if message.to == ["aino@example.org"]]
    assert sent.reference in str(receipt.body)
    assert Candidate.objects.visible(at).get() == sent.candidate
    assert is_suppressed("aino@example.org")


# Shown, reviewed, lifted


def test_the_owner_of_the_address_sees_and_lifts_it(at: datetime, settings: Settings) -> None:
    settings.SUPPRESSION_KEYS = {1: OLD}
    (row, *_rest) = made(at, addresses=["aino@example.org"], phones=["+358401234567"])
    made(at, addresses=["eino@example.org"])
    settings.SUPPRESSION_KEYS = {2: NEW, 1: OLD}
    assert find_for("Aino@example.org") == [row]
    assert lift_suppression("Aino@example.org", at=at + DAY, actor=AINO) == 1
    assert (find_for("aino@example.org"), is_suppressed("aino@example.org")) == ([], False)
    assert (is_suppressed("eino@example.org"), is_suppressed(phone_e164="+358401234567")) == (True, True)
    event = AuditEvent.objects.latest("pk")
    assert (event.action, event.object_ref, event.actor_kind, event.at) == (
        Action.SUPPRESSION_LIFTED, row.pk, "CANDIDATE", at + DAY,
    )  # fmt: skip
    assert lift_suppression("aino@example.org", at=at + DAY, actor=AINO) == 0


def test_a_review_keeps_it_for_another_year(at: datetime, officer: User) -> None:
    (row,) = made(at, addresses=["aino@example.org"])
    later = at + timedelta(days=370)
    review_suppression(row.pk, actor=staff(officer.pk), at=later)
    row.refresh_from_db()
    assert (row.review_on, row.created_at, row.kind) == (date(2028, 11, 29), at, SuppressedKind.ADDRESS)
    assert actions()[-1] == (Action.SUPPRESSION_REVIEWED, None, row.pk)
    with pytest.raises(Suppression.DoesNotExist):
        review_suppression(uuid4(), actor=staff(officer.pk), at=later)
