"""§8: the rights, and who supervises them. The acts themselves are in tests/privacy/test_my_data.py."""

from collections.abc import Iterator
from datetime import datetime

import pytest
import time_machine
from django.test import Client

from candidates.models import Position
from notices.texts import TextId, current

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now(at: datetime, position: Position) -> Iterator[None]:
    with time_machine.travel(at, tick=False):
        yield


def test_the_notice_names_the_ombudsman(client: Client) -> None:
    for path, language in (("/en/privacy/", "en"), ("/fi/tietosuoja/", "fi")):
        text = client.get(path).content.decode()
        assert "tietosuoja.fi" in text
        assert current(TextId.SHORT_NOTICE, language).paragraphs[0][:60] in text


@pytest.mark.parametrize("path", ["/en/", "/en/apply/", "/fi/", "/fi/hae/"])
def test_every_page_leads_to_my_data(client: Client, path: str) -> None:
    text = client.get(path).content.decode()
    assert f'href="/{path[1:3]}/{"my-data" if path.startswith("/en") else "omat-tiedot"}/' in text
