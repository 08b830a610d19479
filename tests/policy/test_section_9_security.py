"""§9: personal data are confidential: kept by no cache, told to no other site, found by no search engine."""

from collections.abc import Iterator
from datetime import datetime

import pytest
import time_machine
from django.test import Client

from accounts.models import User
from candidates.models import Position
from mailing.enums import EmailKind
from mailing.models import OutboxEmail
from tests.factories import people

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now(at: datetime) -> Iterator[None]:
    with time_machine.travel(at, tick=False):
        yield


def test_personal_pages_are_kept_by_nobody_and_told_to_nobody(
    client: Client, recruiter: User, position: Position, at: datetime
) -> None:
    candidate = people.application(at, position).candidate
    client.force_login(recruiter)
    paths = [
        "/admin/",
        "/admin/candidates/candidate/",
        f"/admin/candidates/candidate/{candidate.pk}/change/",
        "/en/apply/",
        "/fi/hae/",
        "/en/positions/backend-developer/apply/",
        "/en/my-data/sign-in/",
        "/fi/omat-tiedot/kirjaudu/",
    ]
    for path in paths:
        answer = client.get(path)
        found = (answer.status_code, answer["Referrer-Policy"], answer["X-Robots-Tag"])
        assert found == (200, "no-referrer", "noindex, nofollow"), path
        assert "no-store" in answer["Cache-Control"], path


def test_no_mail_to_the_staff_holds_data_of_a_candidate(position: Position, at: datetime) -> None:
    people.application(at, position, name="Aino Esimerkki", phone="040 123 4567", skills="Rare skill")
    mail = OutboxEmail.objects.get(kind=EmailKind.APPLICATION_ARRIVED)
    assert mail.to_address == position.contact_person.email
    for value in ("Aino", "aino@example.org", "040", "Rare"):
        assert value not in str(mail.context)
