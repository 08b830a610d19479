"""§4: which cookies there are, and that looking around needs none."""

from collections.abc import Iterator
from datetime import datetime

import pytest
import time_machine
from django.conf import settings
from django.test import Client

from candidates.models import Position

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now(at: datetime, position: Position) -> Iterator[None]:
    with time_machine.travel(at, tick=False):
        yield


def test_the_cookie_page_lists_the_inventory(client: Client) -> None:
    text = client.get("/en/cookies/").content.decode()
    for name in (
        settings.APPLY_COOKIE_NAME,
        settings.PORTAL_COOKIE_NAME,
        settings.CSRF_COOKIE_NAME,
        settings.SESSION_COOKIE_NAME,
        "messages",
    ):
        assert f"<code>{name}</code>" in text


def test_looking_around_sets_no_cookie(client: Client) -> None:
    for path in ("/en/", "/en/positions/backend-developer/", "/en/apply/", "/en/privacy/", "/en/cookies/"):
        client.get(path)
    assert dict(client.cookies) == {}
