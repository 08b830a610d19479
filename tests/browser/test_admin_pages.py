"""The admin in a browser: both colour schemes, small and large, under the strict policy, and without script (R20, R22).

A picture of every page is kept under ``CLOUDER_SCREENSHOTS`` where that is set: no test replaces looking at them.
"""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from accounts.models import User
from candidates.enums import LinkKind
from candidates.models import Application, Note, Position
from candidates.services.notes import add_note
from common.actors import staff
from tests.factories import people

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDTHS = (320, 375, 1280)
REFUSED = "the server responded with a status of 422"  # what a browser says of a form with a mistake in it


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = (
        "1"  # Playwright keeps a loop in this thread, and nothing is awaited in it
    )
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        yield launched
        launched.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def sent(position: Position, recruiter: User) -> Application:
    at = datetime.now(UTC) - timedelta(days=20)
    made = people.application(
        at, position, cover_letter="I build services.\n\nAino", skills="Python", has_longer_storage=True,
        links=[(LinkKind.GITHUB, "https://github.com/aino-esimerkki")],
    )  # fmt: skip
    people.application(at - timedelta(days=30), None, name="A. Esimerkki")
    people.application(datetime.now(UTC), None, email="eino@example.org", name="Eino Näyte", is_confirmed=False)
    add_note(made.candidate_id, text="Read.", actor=staff(recruiter.pk), at=datetime.now(UTC))
    return made


def signed_in(browser: Browser, url: str, user: User | None, **options: Any) -> BrowserContext:
    context = browser.new_context(base_url=url, **options)
    if user:
        client = Client()
        client.force_login(user)
        cookie = client.cookies[settings.SESSION_COOKIE_NAME]
        context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": url}])
    return context


def look(page: Page, name: str, said: list[str]) -> list[Any]:
    """What is wrong with the page as it stands: messages, rules broken, and the widths at which it scrolls sideways."""
    wrong: list[Any] = [message for message in said if REFUSED not in message]
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 850})
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            wrong.append(f"{width} pixels are too few")
        found = Axe().run(page, options={"runOnly": RULES}).response["violations"]
        wrong += [(rule["id"], width, rule["nodes"][0]["target"]) for rule in found]
        if folder := os.environ.get("CLOUDER_SCREENSHOTS"):
            page.screenshot(path=Path(folder) / f"admin-{name}-{width}.png", full_page=True)
    return wrong


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_screen_is_sound(
    browser: Browser, live_server: Any, sent: Application, recruiter: User, officer: User, scheme: Any
) -> None:
    candidate = reverse("admin:candidates_candidate_change", args=[sent.candidate_id])
    screens = {
        "login": (None, reverse("admin:login")),
        "today": (recruiter, reverse("admin:index")),
        "list": (recruiter, reverse("admin:candidates_candidate_changelist")),
        "nobody": (recruiter, f"{reverse('admin:candidates_candidate_changelist')}?q=zzz"),
        "applications": (recruiter, reverse("admin:candidates_application_changelist")),
        "positions": (recruiter, reverse("admin:candidates_position_changelist")),
        "position": (recruiter, reverse("admin:candidates_position_add")),
        "candidate": (recruiter, candidate),
        "erase": (officer, reverse("admin:candidates_candidate_delete", args=[sent.candidate_id])),
    }
    wrong = {}
    for name, (user, address) in screens.items():
        with signed_in(browser, live_server.url, user, color_scheme=scheme) as context:
            page, said = context.new_page(), []
            page.on("console", lambda message, said=said: said.append(message.text))
            page.goto(address)
            wrong[name] = look(page, f"{name}-{scheme}", list(said))
            if name == "candidate":
                page.click("text=Save the note")
                wrong["mistake"] = look(page, f"mistake-{scheme}", list(said))
                wrong["focus"] = [] if page.evaluate("document.activeElement.matches('.summary')") else ["is elsewhere"]
    assert wrong == {name: [] for name in (*screens, "mistake", "focus")}


def test_the_work_goes_without_script(browser: Browser, live_server: Any, sent: Application, recruiter: User) -> None:
    with signed_in(browser, live_server.url, recruiter, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(reverse("admin:index"))
        page.fill("#find", sent.reference)
        page.click("text=Find >> nth=-1")
        page.click("#result_list tbody a")
        page.fill("#id_note-text", "Knows Django.")
        page.click("text=Save the note")
        assert page.text_content(".messagelist") is not None
        page.click(".who")
        assert page.is_visible("text=Log out")
        page.click("text=Suomeksi")
        assert (page.get_attribute("html", "lang"), page.url) == (
            "fi",
            f"{live_server.url}{reverse('admin:candidates_candidate_change', args=[sent.candidate_id])}",
        )
    assert sorted(Note.objects.values_list("text", flat=True)) == ["Knows Django.", "Read."]
