"""§1 and §11: who is the controller, and whom to ask, on every page and in every mail."""

from collections.abc import Iterator
from datetime import datetime

import pytest
import time_machine
from django.conf import settings
from django.test import Client

from candidates.models import Position
from mailing.models import OutboxEmail
from mailing.services import render
from tests.factories import people

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now(at: datetime, position: Position) -> Iterator[None]:
    with time_machine.travel(at, tick=False):
        yield


PAGES = [
    "/en/",
    "/en/positions/backend-developer/",
    "/en/apply/",
    "/en/privacy/",
    "/en/cookies/",
    "/en/my-data/sign-in/",
    "/fi/",
    "/fi/avoimet-tyopaikat/backend-developer/",
    "/fi/hae/",
    "/fi/tietosuoja/",
    "/fi/evasteet/",
    "/fi/omat-tiedot/kirjaudu/",
]


@pytest.mark.parametrize("path", PAGES)
def test_every_page_names_the_controller_and_its_contact(client: Client, path: str) -> None:
    text = client.get(path).content.decode()
    for value in settings.CONTROLLER.values():
        assert value in text


def test_every_mail_names_the_controller_and_its_contact(at: datetime, position: Position) -> None:
    people.application(at, position)
    for row in OutboxEmail.objects.all():
        message = render(row)
        for part in (str(message.body), str(message.alternatives[0][0])):
            for value in settings.CONTROLLER.values():
                assert value in part, row.kind
