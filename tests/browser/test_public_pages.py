"""Every public page, in every state, as a browser shows it (ux.md §6; policy §4)."""

import gzip
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.urls import reverse
from pytest_django import Settings

from accounts.models import User
from candidates.models import Position
from tests.browser.pages import OPEN, WHOLE, Go, Pages, make_files, make_site
from tests.factories import people
from tests.parts.browser import OpenTab, Tab, faults
from website import cookies

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def pages(recruiter: User, settings: Settings, tmp_path: Path, request: pytest.FixtureRequest) -> Pages:
    """The way to every page; a form may be sent at once, and 100 kB are too much."""
    settings.FORM_MIN_FILL_TIME = timedelta()
    settings.REQUEST_MAX_BYTES = 100_000
    at = datetime.now(UTC)
    return Pages(getattr(request, "param", "en"), make_site(recruiter, at), make_files(tmp_path), at)


SHAPE = """() => {
    const other = document.querySelector(".language"), all = name => document.querySelectorAll(name).length;
    const first = document.body.firstElementChild;
    return {
        language: document.documentElement.lang, other: other && [other.lang, other.hreflang],
        counts: [all("h1"), all("main"), all("header nav"), all("[id]") - new Set([...document.querySelectorAll("[id]")]
            .map(one => one.id)).size],
        first: first.matches(".skip") && first.hash === "#main",
    };
}"""


def misshapen(tab: Tab, language: str) -> list[str]:
    """Where the page lacks its language, the way to the other one, one heading, or the skip link (V8, V11)."""
    shape = tab.page.evaluate(SHAPE)
    if tab.page.title().startswith("Something broke"):
        return []  # the one page that needs neither context nor database
    other = {"en": "fi", "fi": "en"}[language]
    good = {"language": language, "other": [other, other], "counts": [1, 1, 1, 0], "first": True}
    return [] if shape == good else [str(shape)]


def look_at_all(tab: Tab, ways: Iterable[tuple[str, int, Go]], pages: Pages) -> dict[str, list[str]]:
    """Go everywhere and say what is wrong there. In Finnish the words differ and nothing else."""
    found = {}
    for name, status, go in ways:
        assert go(tab) == status, name
        problems = misshapen(tab, pages.language) + faults(tab, is_brief=pages.language == "fi")
        tab.pictures(f"{pages.language}-{name}")
        if problems:
            found[name] = problems
    return found


@pytest.mark.parametrize("pages", ["en", "fi"], indirect=True)
def test_the_way_of_an_applicant_is_sound(pages: Pages, open_tab: OpenTab) -> None:
    assert look_at_all(open_tab(), pages.main(), pages) == {}


def test_every_other_page_is_sound(pages: Pages, open_tab: OpenTab) -> None:
    assert look_at_all(open_tab(), pages.other(), pages) == {}


def test_what_is_left_and_what_breaks(pages: Pages, open_tab: OpenTab, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_() -> None:
        raise RuntimeError("on purpose")

    def no_openings(tab: Tab) -> int:
        Position.objects.update(is_published=False)
        return tab.open(pages.url("candidates:positions"))

    def not_allowed(tab: Tab) -> int:
        tab.sign_in(User.objects.create_user("nobody@example.org", "x", name="Nobody"))
        return tab.open(reverse("admin:candidates_candidate_changelist"))

    def other_name(tab: Tab) -> int:
        return tab.open(tab.home.replace("localhost", "elsewhere.localhost") + "/en/")

    monkeypatch.setattr("website.views.inventory", break_)
    ways = [
        ("list-empty", 200, no_openings),
        ("not-allowed", 403, not_allowed),
        ("broken", 500, pages.at_url("cookies")),
        ("bad-request", 400, other_name),
    ]
    assert look_at_all(open_tab(), ways, pages) == {}


def test_the_first_visit_is_light(pages: Pages, open_tab: OpenTab) -> None:
    tab = open_tab(is_new=True)
    tab.open(pages.url("candidates:positions"))
    tab.page.wait_for_load_state("networkidle")
    sizes = {urlsplit(answer.url).path: weight(answer) for answer in tab.answers}
    assert (len(sizes) <= 6, sum(sizes.values()) <= 60_000) == (True, True), sizes
    assert sum(size for path, size in sizes.items() if path.endswith(".css")) <= 6_000, sizes
    assert sum(size for path, size in sizes.items() if path.endswith(".js")) <= 8_000, sizes


def test_twice_the_size_fits(pages: Pages, open_tab: OpenTab) -> None:
    """A window of 1280 pixels at 200 % is one of 640 with two for one."""
    tab = open_tab({"width": 640, "height": 450}, device_scale_factor=2)
    for go in (pages.at_url("candidates:positions"), pages.at_url("candidates:apply", OPEN), pages.my_data(WHOLE)):
        assert (go(tab), tab.sideways()) == (200, [])


def weight(answer: Any) -> int:
    """The bytes of an answer: what is collected is served compressed, and pages never are, for they hold tokens."""
    body: bytes = answer.body()
    return min(len(body), len(gzip.compress(body))) if "/static/" in answer.url else len(body)


def test_the_keyboard_skips_to_the_content_and_always_shows_where_it_is(pages: Pages, open_tab: OpenTab) -> None:
    tab = open_tab()
    ways = {"list": pages.at_url("candidates:positions"), "form": pages.at_url("candidates:apply", OPEN)}
    ways |= {"check": pages.fill_in, "my-data": pages.my_data(WHOLE)}
    ways["list"](tab)
    tab.page.keyboard.press("Tab")
    assert tab.page.evaluate("document.activeElement.matches('.skip') && document.activeElement.checkVisibility()")
    tab.page.keyboard.press("Enter")
    tab.page.keyboard.press("Tab")
    assert tab.page.evaluate("document.activeElement.closest('main') !== null")
    for name, go in ways.items():
        assert go(tab) == 200
        stops, problems = tab.unseen_focus()
        assert (stops > 15, problems) == (True, []), name


def test_colours_of_the_system_and_paper(pages: Pages, open_tab: OpenTab, recruiter: User) -> None:
    """Nothing is lost where the system chooses the colours, or on paper; the pictures are for looking at."""
    tab = open_tab()
    tab.sign_in(recruiter)
    ways = {
        "form": pages.at_url("candidates:apply", OPEN),
        "my-data": pages.my_data(WHOLE),
        "candidate": lambda tab: tab.open(
            reverse("admin:candidates_candidate_change", args=[pages.made[WHOLE].candidate_id])
        ),
    }
    for name, go in ways.items():
        tab.page.emulate_media(forced_colors="active", media="screen")
        assert go(tab) == 200
        assert [what for what in tab.violations() if not what.startswith("color-contrast")] == []
        tab.picture(f"{name}-forced")
        tab.page.emulate_media(forced_colors="none", media="print")
        assert tab.page.locator("main h1, #content h1").first.is_visible()
        assert tab.page.locator("header nav").first.is_hidden()
        tab.picture(f"{name}-print")


def tour(tab: Tab, pages: Pages) -> Iterator[str]:
    """The way of an applicant, a consent taken back, and the way in for staff; yields the name of each page."""
    for name, _status, go in pages.main():
        go(tab)
        yield name
    pages.follow_link(tab)
    tab.submit("main .button")
    tab.submit("button[name=withdraw]")
    yield "consent taken back"
    tab.open(reverse("admin:login"))
    tab.page.fill("#id_username", "rea@example.org")
    tab.page.fill("#id_password", people.PASSWORD)
    tab.submit("[type=submit]")
    yield "admin"


def test_no_request_leaves_the_site(pages: Pages, open_tab: OpenTab) -> None:
    """No partner's script, picture, font or counter (policy §4); ``open_tab`` says so of every page of every test."""
    tab = open_tab()
    tab.page.goto("about:blank")
    tab.page.set_content("<img src='http://partner.example.org/pixel'>")
    tab.open(pages.url("notice"))
    assert tab.other_hosts == {"partner.example.org"}  # it would be seen
    tab.forget()
    for _name, status, go in islice(pages.main(), 6):
        assert go(tab) == status
    assert (len(tab.asked_for) > 12, tab.other_hosts) == (True, set())


def test_only_listed_cookies_are_set(pages: Pages, open_tab: OpenTab) -> None:
    """A first look around sets no cookie at all; a whole visit those of the list, for this host alone (policy §4).

    Nothing else is kept on the device.
    """
    tab = open_tab()
    for name in ("candidates:positions", "notice", "cookies", "candidates:apply_open"):
        tab.open(pages.url(name))
    assert tab.context.cookies() == []
    tab.page.evaluate("localStorage.setItem('visits', 1)")
    assert tab.stored() == ["visits"]  # it would be seen
    tab.page.evaluate("localStorage.clear()")
    assert {name: what for name in tour(tab, pages) if name != "admin" and (what := tab.stored())} == {}
    lines = [line for answer in tab.answers for line in answer.header_values("set-cookie")]
    assert {line.partition("=")[0] for line in lines} == {cookie.name for cookie in cookies.inventory()}
    lines = [line for line in lines if "Max-Age=0" not in line]  # those take a cookie back
    attributes = [{part.strip().lower() for part in line.split(";")[1:]} for line in lines]
    assert [names for names in attributes if not {"httponly", "samesite=lax", "path=/"} <= names] == []
    assert [names for names in attributes if any(name.startswith("domain") for name in names)] == []
