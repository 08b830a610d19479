"""The public shell."""

import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.test import Client

from candidates.models import Position

pytestmark = pytest.mark.django_db

PAGES = {
    "en": [
        "/en/",
        "/en/positions/backend-developer/",
        "/en/apply/",
        "/en/privacy/",
        "/en/cookies/",
        "/en/my-data/sign-in/",
    ],
    "fi": [
        "/fi/",
        "/fi/avoimet-tyopaikat/backend-developer/",
        "/fi/hae/",
        "/fi/tietosuoja/",
        "/fi/evasteet/",
        "/fi/omat-tiedot/kirjaudu/",
    ],
}  # fmt: skip


def links(text: str) -> set[tuple[str, str, str]]:
    """Every element that says in which language the page lies that it leads to."""
    found = set()
    for tag, attributes in re.findall(r"<(a|link)\b([^>]*)>", text):
        values = dict(re.findall(r'([\w-]+)="([^"]*)"', attributes))
        if "hreflang" in values:
            found.add((tag, values["href"], values["hreflang"]))
    return found


@pytest.fixture(autouse=True)
def _now(at: datetime, position: Position) -> Iterator[None]:
    with time_machine.travel(at, tick=False):
        yield


@pytest.mark.parametrize(("english", "finnish"), list(zip(PAGES["en"], PAGES["fi"], strict=True)))
def test_each_page_leads_to_its_twin_in_the_other_language(client: Client, english: str, finnish: str) -> None:
    for path, other, language in ((english, finnish, "fi"), (finnish, english, "en")):
        found = links(client.get(path).content.decode())
        assert ("a", other, language) in found, path
        assert {entry for entry in found if entry[0] == "link"} == {
            ("link", f"http://testserver{english}", "en"),
            ("link", f"http://testserver{finnish}", "fi"),
        }


def test_the_root_follows_the_browsers_language(client: Client) -> None:
    assert client.get("/", headers={"accept-language": "fi"})["Location"] == "/fi/"
    assert client.get("/", headers={"accept-language": "sv,en;q=0.5"})["Location"] == "/en/"


def test_positions_open_close_and_unpublished(client: Client, position: Position, recruiter: Any) -> None:
    from tests.factories import people

    people.position(recruiter, slug="closed", title_en="Closed one", open_until=date(2026, 11, 23))
    people.position(recruiter, slug="last-day", title_en="Last day", open_until=date(2026, 11, 24))
    people.position(recruiter, slug="later", title_en="Later one", open_from=date(2026, 11, 25))
    people.position(recruiter, slug="secret", title_en="Secret one", is_published=False)
    text = client.get("/en/").content.decode()
    assert [title in text for title in ("Backend developer", "Last day", "Closed one", "Later one", "Secret one")] == [
        True, True, False, False, False,
    ]  # fmt: skip
    closed = client.get("/en/positions/closed/").content.decode()
    assert "Backend developer" in closed
    assert "/positions/closed/apply/" not in closed
    assert "/positions/backend-developer/apply/" in client.get("/en/positions/backend-developer/").content.decode()
    assert client.get("/en/positions/secret/").status_code == 404


def test_a_description_is_cleaned(client: Client, position: Position) -> None:
    bad = "<script>alert(1)</script> [x](javascript:alert(1)) <img src=x onerror=alert(1)>"
    position.description_en = f"**Bold** {bad} [y](https://example.org)"
    position.save()
    text = client.get("/en/positions/backend-developer/").content.decode()
    assert "<strong>Bold</strong>" in text
    assert 'href="https://example.org"' in text
    for part in ("<script>alert", 'href="javascript', "<img src=x"):
        assert part not in text


@pytest.mark.parametrize(("path", "status"), [("/en/nothing/", 404), ("/fi/ei-mitaan/", 404)])
def test_errors_are_in_the_sites_own_design(client: Client, path: str, status: int) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert settings.CONTROLLER["email"] in answer.content.decode()
    assert f'<html lang="{path[1:3]}"' in answer.content.decode()


def test_healthz_asks_nothing_and_readyz_the_database(client: Client, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert client.get("/healthz").json() == {"status": "ok"}
    # The tests' clock stands still, and the database's goes on.
    assert client.get("/readyz").json() == {"database": True, "migrated": True, "clock": False}
