"""Chromium for the tests: one program for a run, tabs for a test, and a record of all that a tab says and asks for.

Nothing outside this machine can be reached from it. A test that ends with a tab that complained has failed.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import User
from accounts.services import links
from common import clock

if TYPE_CHECKING:  # a machine without Playwright skips these tests and collects the others
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response

OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE *.localhost",
)
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
COLOUR_RULES = ("color-contrast", "link-in-text-block")
"""The rules that another colour scheme can break; what the others look at is the same in both."""
WIDTHS = (1280, 768, 640, 375, 320)
Size = Any  # Playwright's ViewportSize, which a machine without Playwright lacks
PHONE, DESKTOP = {"width": 375, "height": 812}, {"width": 1280, "height": 900}
SECONDS = 30.0  # generous: a busy machine is slow, and what never comes fails all the same
PICTURES = os.environ.get("SCREENSHOTS")
"""The folder for a picture of every page that is looked at: no test replaces looking at them."""

RUN_AXE = """async chosen => {
    const found = await axe.run(document, {runOnly: chosen, preload: false, resultTypes: ["violations"]});
    return found.violations.map(rule => `${rule.id}: ${rule.nodes.map(node => node.target).join(" and ")}`);
}"""
OVERFLOWS = """() => {
    const page = document.documentElement;
    if (page.scrollWidth <= page.clientWidth) return "";
    const sticksOut = ({left, right}) => right > page.clientWidth || left < 0;
    const wide = [...document.body.querySelectorAll("*")].filter(one => sticksOut(one.getBoundingClientRect()));
    return wide.at(-1)?.outerHTML.slice(0, 80) ?? "something";
}"""
MORE_SPACE = """* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important }
    p { margin-block-end: 2em !important }"""
ADD_SHEET = """css => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    document.adoptedStyleSheets = [sheet];
}"""

LOW_CONTROLS = """() => [...document.querySelectorAll(
        "button, .button, input:not([type=hidden], [type=checkbox], [type=radio]), select, textarea, summary")]
    .filter(element => element.checkVisibility() && !element.matches(".aside, .aside *"))
    .filter(element => element.getBoundingClientRect().height < 44)
    .map(element => `${Math.round(element.getBoundingClientRect().height)} px: ${element.outerHTML.slice(0, 80)}`)"""

FOCUSED = """() => {
    const one = document.activeElement;
    if (one === document.body) return null;
    if (one.matches("[type=datetime-local], [type=date]")) return "";  // its parts have rings of their own
    const style = getComputedStyle(one), [box] = one.getClientRects(), html = one.outerHTML.slice(0, 90);
    if (style.outlineStyle === "none" || parseFloat(style.outlineWidth) < 2) return `without a ring: ${html}`;
    const hit = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
    return hit && (one.contains(hit) || hit.contains(one)) ? "" : `covered by ${hit?.outerHTML.slice(0, 60)}: ${html}`;
}"""

STORED = """async () => [
    ...Object.keys(localStorage), ...Object.keys(sessionStorage),
    ...(await indexedDB.databases()).map(base => base.name), ...await caches.keys(),
    ...(await navigator.serviceWorker.getRegistrations()).map(worker => worker.scope)]"""


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator["Browser"]:
    """Chromium, running."""
    from playwright.sync_api import sync_playwright

    with pytest.MonkeyPatch.context() as monkeypatch:
        # Playwright keeps an event loop in this thread, and Django would take every query for one from a coroutine.
        monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        with sync_playwright() as playwright:
            program = playwright.chromium.launch(executable_path=chromium, args=list(OPTIONS))
            yield program
            program.close()


class Tab:
    """One tab in a context of its own, with what it said, asked for and was asked by since it was opened."""

    def __init__(self, context: "BrowserContext", home: str) -> None:
        self.context = context
        self.home = home
        self.said: list[str] = []
        self.dialogs: list[str] = []
        self.asked_for: list[str] = []
        self.answers: list[Response] = []
        self._documents: set[str] = set()
        context.set_default_timeout(SECONDS * 1000)
        context.on("request", self._note_request)
        context.on("response", self._note_answer)
        context.on("console", self._note_message)
        context.on("weberror", lambda error: self.said.append(str(error.error)))
        context.on("dialog", self._note_dialog)
        self.page: Page = context.new_page()

    def _note_request(self, request: "Request") -> None:
        self.asked_for.append(request.url)
        if request.is_navigation_request():
            self._documents.add(request.url)

    def _note_answer(self, answer: "Response") -> None:
        self.answers.append(answer)

    def _note_message(self, message: "ConsoleMessage") -> None:
        # A page that is meant to answer 404 or 422 is told of as a resource that did not load.
        is_status = message.text.startswith("Failed to load resource: the server responded with a status of")
        is_hint = message.text.startswith("[DOM]")  # how Chromium would write a form; Django's own pages get one
        if not is_hint and not (is_status and message.location["url"] in self._documents):
            self.said.append(f"{message.text} ({message.location['url']})")

    def _note_dialog(self, dialog: Any) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    @property
    def complaints(self) -> list[str]:
        """Console messages, Content-Security-Policy reports among them, errors of scripts, and dialogs."""
        return [*self.said, *(f"dialog: {text}" for text in self.dialogs)]

    @property
    def other_hosts(self) -> set[str]:
        """The hosts that were asked for anything, but for the site's own and names below it."""
        home = urlsplit(self.home).netloc
        hosts = {urlsplit(url).netloc for url in self.asked_for}
        return {host for host in hosts if host and f".{host}".removesuffix(f".{home}") == f".{host}"}

    def forget(self) -> None:
        """Forget what was noted, after a test has made sure that it would be."""
        for notes in (self.said, self.dialogs, self.asked_for, self.answers):
            notes.clear()

    def wash(self, size: Size) -> None:
        """Make the tab as good as new: nobody is signed in, nothing is kept, and it has its first size and colours."""
        self.context.clear_cookies()
        if self.page.url.startswith(self.home):
            self.page.evaluate("localStorage.clear()")
        self.page.emulate_media(media="screen", color_scheme="light", forced_colors="none", reduced_motion="reduce")
        self.page.set_viewport_size(size)
        self.forget()

    def open(self, path: str) -> int:
        """Go to a page; returns the status of the answer."""
        answer = self.page.goto(path)
        assert answer is not None, path
        return answer.status

    def submit(self, button: str) -> int:
        """Click on what leads to another page; returns the status of the answer."""
        with self.page.expect_navigation() as navigation:
            self.page.click(button)
        answer = navigation.value
        assert answer is not None, button
        return answer.status

    def sign_in(self, user: User) -> None:
        """As a member of staff."""
        client = Client()
        client.force_login(user)
        self._set_cookie(settings.SESSION_COOKIE_NAME, client.cookies[settings.SESSION_COOKIE_NAME].value)

    def sign_in_as_candidate(self, address: str) -> None:
        """As whoever controls the address."""
        self._set_cookie(settings.PORTAL_COOKIE_NAME, links.start_session(address, at=clock.now()))

    def _set_cookie(self, name: str, value: str) -> None:
        self.context.add_cookies([{"name": name, "value": value, "url": self.home}])

    # what is looked at on every page

    def violations(self, *rules: str) -> list[str]:
        """The rules of axe that the page breaks, each with the elements that break it; all rules, or those named."""
        from axe_playwright_python.base import AXE_SCRIPT

        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE_SCRIPT)
        chosen = {"type": "rule", "values": list(rules)} if rules else {"type": "tag", "values": list(TAGS)}
        found: list[str] = self.page.evaluate(RUN_AXE, chosen)
        return found

    def sideways(self) -> list[str]:
        """An element that sticks out, where the page scrolls sideways."""
        sticks_out = self.page.evaluate(OVERFLOWS)
        return [f"scrolls sideways: {sticks_out}"] if sticks_out else []

    def sideways_when_spaced(self) -> list[str]:
        """The same where somebody reads with more space between letters, words and lines (WCAG 1.4.12)."""
        self.page.evaluate(ADD_SHEET, MORE_SPACE)
        found = self.sideways()
        self.page.evaluate(ADD_SHEET, "")
        return [f"spaced: {what}" for what in found]

    def sideways_from_right_to_left(self) -> list[str]:
        """The same where the language is written from right to left."""
        self.page.evaluate("document.documentElement.dir = 'rtl'")
        found = self.sideways()
        self.page.evaluate("document.documentElement.dir = 'ltr'")
        return [f"right to left: {what}" for what in found]

    def low_controls(self) -> list[str]:
        """The buttons and fields that are less than 44 pixels high."""
        found: list[str] = self.page.evaluate(LOW_CONTROLS)
        return found

    def stored(self) -> list[str]:
        """The names of what the site keeps on the device beside cookies."""
        found: list[str] = self.page.evaluate(STORED)
        return found

    def unseen_focus(self) -> tuple[int, list[str]]:
        """How many stops the Tab key makes on the page, and those at which one cannot see where one is."""
        stops: list[str] = []
        self.page.keyboard.press("Tab")
        while (problem := self.page.evaluate(FOCUSED)) is not None and len(stops) < 200:
            stops.append(problem)
            self.page.keyboard.press("Tab")
        return len(stops), [problem for problem in stops if problem]

    def picture(self, name: str) -> None:
        """Keep a picture of the whole page, where pictures are asked for."""
        if PICTURES:
            self.page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True, scale="css")

    def pictures(self, name: str) -> None:
        """Keep pictures of the page, small and large, light and dark, where pictures are asked for."""
        for scheme in ("light", "dark") if PICTURES else ():
            self.page.emulate_media(color_scheme=scheme)
            for size in (PHONE, DESKTOP):
                self.page.set_viewport_size(size)
                self.picture(f"{name}-{scheme}-{size['width']}")
        self.page.emulate_media(color_scheme="light")


class OpenTab(Protocol):
    """Opens a tab of a size; ``options`` are Playwright's for a new context."""

    def __call__(self, size: Size = DESKTOP, *, is_new: bool = False, **options: Any) -> Tab: ...


@pytest.fixture(scope="session")
def idle_tabs(browser: "Browser") -> dict[str, list[Tab]]:
    """Tabs that wait for the next test, by their options: a window and its process take longer than most tests."""
    return {}


@pytest.fixture
def open_tab(browser: "Browser", live_server: Any, settings: Any, idle_tabs: dict[str, list[Tab]]) -> Iterator[OpenTab]:
    """Tabs on the live server, which is the site that mails link to; one that ``is_new`` has an empty cache.

    At the end none may have complained, or asked another host for anything.
    """
    settings.SITE_URL = live_server.url
    opened: list[tuple[str, Tab]] = []

    def open_(size: Size = DESKTOP, *, is_new: bool = False, **options: Any) -> Tab:
        given = {"base_url": live_server.url, "locale": "en-GB", **options}
        key = repr(sorted(given.items()))
        idle = [] if is_new else idle_tabs.setdefault(key, [])
        tab = idle.pop() if idle else Tab(browser.new_context(**given), live_server.url)
        tab.wash(size)
        opened.append((key, tab))
        return tab

    yield open_
    complaints = [what for _, tab in opened for what in (*tab.complaints, *tab.other_hosts)]
    for key, tab in opened:
        idle_tabs.setdefault(key, []).append(tab)
    assert complaints == [], complaints


def faults(tab: Tab, *, is_brief: bool = False) -> list[str]:
    """What is wrong with the page as it stands: large and dark, small and light, from right to left, spaced out.

    ``is_brief`` leaves out what other words cannot make wrong.
    """
    found: list[str] = []
    for width in WIDTHS:
        tab.page.set_viewport_size({"width": width, "height": 900})
        problems = tab.sideways()
        if width == WIDTHS[0] and not is_brief:
            tab.page.emulate_media(color_scheme="dark")
            problems += tab.violations(*COLOUR_RULES)
            tab.page.emulate_media(color_scheme="light")
        if width == PHONE["width"]:
            problems += [*tab.violations(), *tab.low_controls()]
        if width in (WIDTHS[0], WIDTHS[-1]) and not is_brief:
            problems += [*tab.sideways_from_right_to_left(), *tab.sideways_when_spaced()]
        found += [f"{width} px: {problem}" for problem in problems]
    tab.page.set_viewport_size(DESKTOP)
    return found
