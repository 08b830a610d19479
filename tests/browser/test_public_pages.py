"""Every public page, in every state, as a browser shows it (ux.md §6; policy §4)."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from accounts.models import User
from candidates.models import Position
from tests.browser.pages import Go, Pages, make_files, make_site
from tests.parts.browser import DESKTOP, PHONE, OpenTab, Tab
from website import cookies

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def pages(recruiter: User, settings: Settings, tmp_path: Path, request: pytest.FixtureRequest) -> Pages:
    """The way to every page; a form may be sent at once, and 100 kB are too much."""
    settings.FORM_MIN_FILL_TIME = timedelta()
    settings.REQUEST_MAX_BYTES = 100_000
    at = datetime.now(UTC)
    return Pages(getattr(request, "param", "en"), make_site(recruiter, at), make_files(tmp_path), at)


def faults(tab: Tab, name: str) -> list[str]:
    """What is wrong with the page as it stands, small and large, light and dark, and read from right to left."""
    page, found = tab.page, tab.sideways()
    found += [f"light: {violation}" for violation in tab.violations()]
    page.emulate_media(color_scheme="dark")
    # Nothing else depends on the colours.
    found += [f"dark: {violation}" for violation in tab.violations("color-contrast", "link-in-text-block")]
    page.emulate_media(color_scheme="light")
    found += tab.low_controls()
    page.evaluate("document.documentElement.dir = 'rtl'")
    found += [f"right to left: {what}" for what in tab.sideways((320, 1280))]
    page.evaluate("document.documentElement.dir = 'ltr'")
    tab.pictures(name)
    return found


def look_at_all(tab: Tab, ways: Iterable[tuple[str, int, Go]], language: str) -> dict[str, list[str]]:
    """Go everywhere and say what is wrong there."""
    found = {}
    for name, status, go in ways:
        assert go(tab) == status, name
        if problems := faults(tab, f"{language}-{name}"):
            found[name] = problems
    return found


@pytest.mark.parametrize("pages", ["en", "fi"], indirect=True)
def test_the_way_of_an_applicant_is_sound(pages: Pages, open_tab: OpenTab) -> None:
    tab = open_tab(device_scale_factor=2)
    assert look_at_all(tab, pages.main(), pages.language) == {}


def test_every_other_page_is_sound(pages: Pages, open_tab: OpenTab) -> None:
    tab = open_tab(device_scale_factor=2)
    assert look_at_all(tab, pages.other(), pages.language) == {}
