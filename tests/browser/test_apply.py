"""An applicant's whole way in a browser: from the position to the receipt, to "my data", to erasing it (ux.md §5.1)."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from pytest_django import Settings

from accounts.models import User
from candidates.models import Application, Candidate, Document
from clouder.demo.positions import make_positions
from common import clock
from files.samples import pdf
from files.services import open_file
from mailing.services import deliver_emails
from tests.browser.pages import OPEN, Files, Pages, make_files
from tests.parts.browser import DESKTOP, PHONE, OpenTab, Tab

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

EMAIL = "kaarina@example.org"
TYPED = {
    "name": "Kaarina Äyräväinen",
    "email": "kaarina(at)example.org",
    "cover_letter": "First line.\n\nÄöå, “quotes” & <b>signs</b>.",
    "skills": "Python",
    "phone": "040 765 4321",
}
WORDS = {
    "en": {
        "apply": "Apply", "error": "Error: ", "optional": "(optional)", "none": "Not provided", "change": "Change",
        "send": "Send application", "sending": "Sending…", "arrived": "it has arrived", "going": "about to be erased",
    },
    "fi": {
        "apply": "Hae", "error": "Virhe: ", "optional": "(valinnainen)", "none": "Ei annettu", "change": "Muuta",
        "send": "Lähetä hakemus", "sending": "Lähetetään…", "arrived": "on perillä", "going": "poistetaan pian",
    },
}  # fmt: skip
CONTINUE, SEND = "form[data-sending] .acts .button", "#send"
FOCUS = "document.activeElement.id"


@pytest.fixture
def files(settings: Settings, tmp_path: Path) -> Files:
    """Files to pick; a form may be sent as fast as a program can."""
    settings.FORM_MIN_FILL_TIME = timedelta()
    return make_files(tmp_path)


@pytest.fixture
def pages(recruiter: User, files: Files, request: pytest.FixtureRequest) -> Pages:
    """The ways to the pages, in the language of the test."""
    at = datetime.now(UTC)
    make_positions((recruiter,), at)
    return Pages(getattr(request, "param", "en"), {}, files, at)


def sent_by(email: str) -> Application:
    return Application.objects.select_related("candidate").get(candidate__email=email)


def the_mail(kind: str) -> str:
    """The address in the newest mail of a kind, after everything that waits was sent."""
    deliver_emails(at=clock.now())
    found = [re.findall(rf"https?://\S+/{kind}/\S+", str(message.body)) for message in mail.outbox]
    return str([links for links in found if links][-1][0])


def values(tab: Tab) -> dict[str, str]:
    """What stands in the fields of the form."""
    return {name: tab.page.input_value(f"#id_{name}") for name in TYPED}


def files_kept(tab: Tab) -> list[str]:
    """The names of the files that the page says are here, each with a button to take it out."""
    return [row.inner_text() for row in tab.page.locator(".files li:has(button[name=remove]) .file").all()]


def rows(tab: Tab) -> dict[str, str]:
    """The rows of the check page: what is changed by its link, and the value."""
    found = {}
    for row in tab.page.locator(".answers > div").all():
        found[row.locator("a").get_attribute("href").partition("#id_")[2]] = row.locator("dd").first.inner_text()
    return found


class Journey:
    """The way of one applicant, step by step; each step ends on a page and looks at it."""

    def __init__(self, tab: Tab, pages: Pages, *, has_script: bool) -> None:
        self.tab, self.page = tab, tab.page
        self.pages, self.files = pages, pages.files
        self.has_script = has_script
        self.words = WORDS[pages.language]

    def open_form(self) -> None:
        self.tab.open(self.pages.url("candidates:position", OPEN))
        assert self.page.inner_text("main .button >> nth=0") == self.words["apply"]
        self.tab.submit("main .button >> nth=0")
        labels = self.page.locator("main form .field > label, legend").all_inner_texts()
        wanted = [text for text in labels if self.words["optional"] not in text]
        assert (len(wanted), [text for text in labels if "*" in text]) == (3, [])
        assert self.page.locator("main [required]").count() == 0
        assert self.page.locator("input[type=password]").count() == 0
        assert not self.page.is_checked("#id_has_longer_storage")

    def make_mistakes(self) -> None:
        """Everything typed and a CV picked, with one mistake: all is there again, and the way to mend it."""
        for name, value in TYPED.items():
            self.page.fill(f"#id_{name}", value)
        self.page.set_input_files("#id_cv", self.files.good)
        self.page.set_input_files("#id_letter_file", self.files.locked)
        assert self.tab.submit(CONTINUE) == 422
        assert self.page.title().startswith(self.words["error"])
        assert (values(self.tab), files_kept(self.tab)) == (TYPED, [self.files.good.name])
        if self.has_script:
            assert self.page.evaluate("document.activeElement.matches('.summary')")
        summary = {link.get_attribute("href"): link.inner_text() for link in self.page.locator(".summary a").all()}
        assert list(summary) == ["#id_email", "#id_letter_file"]
        for target, words in summary.items():
            self.page.click(f".summary a[href='{target}']")
            assert self.page.evaluate(FOCUS) == target[1:]
            assert words in self.page.locator(f"{target}_error").inner_text()
            assert self.page.get_attribute(target, "aria-invalid") == "true"
            assert f"{target[1:]}_error" in str(self.page.get_attribute(target, "aria-describedby"))

    def mend(self) -> None:
        """The check page shows what was typed, and says where nothing was."""
        self.page.fill("#id_email", EMAIL)
        assert self.tab.submit(CONTINUE) == 200
        shown = rows(self.tab)
        assert self.files.good.name in shown.pop("cv")
        assert shown.pop("has_longer_storage")
        empty = dict.fromkeys(("linkedin", "github", "links", "letter_file", "interests", "other_file"))
        assert shown == {**TYPED, "email": EMAIL, **dict.fromkeys(empty, self.words["none"])}
        assert self.page.inner_text(SEND) == self.words["send"]

    def change(self) -> None:
        """A row's link leads to its field with everything kept, and back to the check page."""
        link = self.page.locator(".answers a[href$='#id_name']")
        assert link.inner_text().startswith(self.words["change"])
        assert len(link.inner_text()) > len(self.words["change"])
        with self.page.expect_navigation():
            link.click()
        kept = {**TYPED, "email": EMAIL}
        assert (values(self.tab), files_kept(self.tab)) == (kept, [self.files.good.name])
        self.page.fill("#id_name", "Kaarina Uusi")
        assert self.tab.submit(CONTINUE) == 200
        assert rows(self.tab)["name"] == "Kaarina Uusi"

    def go_back(self) -> None:
        """The Back button of the browser shows the form as it was sent; from there the way goes on."""
        self.page.go_back()
        assert values(self.tab) == {**TYPED, "email": EMAIL, "name": "Kaarina Uusi"}
        assert files_kept(self.tab) == [self.files.good.name]
        assert self.tab.submit(CONTINUE) == 200

    def send(self) -> None:
        """However often it is sent, it arrives once; and the page that says so can be loaded again."""
        self.page.dblclick(SEND)
        self.page.wait_for_selector(".reference")
        sent = sent_by(EMAIL)
        self.page.reload()
        assert self.page.inner_text(".reference") == sent.reference
        with open_file(Document.objects.get(candidate=sent.candidate).stored_file) as stream:
            assert (stream.read(), sent.candidate.name) == (pdf("Curriculum vitae"), "Kaarina Uusi")
        self.page.go_back()
        assert self.words["arrived"] in self.page.inner_text("main")
        assert Application.objects.filter(candidate__email=EMAIL).count() == 1

    def confirm(self) -> None:
        """The link of the receipt shows a button, and the button confirms."""
        self.tab.open(the_mail("confirm" if self.pages.language == "en" else "vahvista"))
        assert not sent_by(EMAIL).candidate.is_confirmed
        assert self.tab.submit("main .button >> nth=0") == 200
        assert sent_by(EMAIL).candidate.is_confirmed

    def see_my_data(self) -> None:
        """From the foot of any page to all that is kept: a link by mail and one press."""
        self.tab.submit(f"footer a[href='{self.pages.url('my_data:page')}']")
        self.page.fill("#id_email", EMAIL)
        self.tab.submit(CONTINUE)
        self.tab.open(the_mail("link" if self.pages.language == "en" else "linkki"))
        assert self.tab.submit("main .button") == 200
        text = self.page.inner_text("main")
        assert [part for part in ("Kaarina Uusi", EMAIL, self.files.good.name) if part not in text] == []

    def erase(self) -> None:
        """Two clicks, and nobody sees the person any more; a third takes it back."""
        assert self.tab.submit("main .button.danger") == 200
        assert self.tab.submit("main .button.danger") == 200
        assert self.words["going"] in self.page.inner_text("main")
        assert not Candidate.objects.visible(clock.now()).filter(email=EMAIL).exists()
        self.tab.submit("button[name=take_back]")
        assert Candidate.objects.visible(clock.now()).filter(email=EMAIL).exists()


@pytest.mark.parametrize(
    ("pages", "size", "has_script"),
    [("en", PHONE, False), ("fi", PHONE, True), ("en", DESKTOP, True), ("fi", DESKTOP, False)],
    indirect=["pages"],
    ids=["en-phone-plain", "fi-phone-script", "en-desktop-script", "fi-desktop-plain"],
)
def test_from_the_position_to_erasing(pages: Pages, size: Any, has_script: bool, open_tab: OpenTab) -> None:
    journey = Journey(open_tab(size, java_script_enabled=has_script), pages, has_script=has_script)
    journey.open_form()
    journey.make_mistakes()
    journey.mend()
    journey.change()
    journey.go_back()
    journey.send()
    journey.confirm()
    journey.see_my_data()
    journey.erase()


class Keyboard:
    """Presses keys and counts those that type nothing."""

    def __init__(self, tab: Tab) -> None:
        self.page = tab.page
        self.presses = 0

    def press(self, key: str, times: int = 1) -> None:
        for _ in range(times):
            self.page.keyboard.press(key)
            self.presses += 1

    def go_to(self, target: str, key: str = "Tab") -> None:
        """Move on until the focus is there."""
        while not self.page.evaluate("target => document.activeElement.matches(target)", target):
            assert self.presses < 40, self.page.evaluate("document.activeElement.outerHTML")
            self.press(key)

    def follow(self, key: str = "Enter") -> None:
        """Press what leads to another page."""
        with self.page.expect_navigation():
            self.press(key)


def test_by_keyboard_in_twenty_presses(pages: Pages, open_tab: OpenTab) -> None:
    tab = open_tab()
    keys, screens = Keyboard(tab), [tab.open(pages.url("candidates:position", OPEN))]
    tab.context.on("response", lambda answer: screens.append(answer.status) if _is_screen(answer) else None)
    keys.press("Tab")
    keys.press("Enter")
    keys.go_to("main a.button")
    keys.follow()
    keys.press("Tab")
    keys.press("Enter")
    for name, text in (("name", "Kaarina Uusi"), ("email", EMAIL)):
        keys.go_to(f"#id_{name}")
        tab.page.keyboard.type(text)
    keys.go_to("#id_cv")
    with tab.page.expect_file_chooser() as chooser:
        keys.press("Space")
    chooser.value.set_files(pages.files.good)
    keys.go_to("#id_email", "Shift+Tab")
    keys.follow()
    keys.press("Tab", 2)
    keys.press("Enter")
    assert tab.page.evaluate(FOCUS) == "send"
    keys.follow()
    tab.page.wait_for_selector(".reference")
    assert sent_by(EMAIL).reference == tab.page.inner_text(".reference")
    assert (keys.presses <= 20, screens) == (True, [200, 200, 200, 200]), keys.presses


def _is_screen(answer: Any) -> bool:
    return answer.request.is_navigation_request() and answer.status == 200


def test_sending_says_so_and_a_lost_cookie_loses_no_text(pages: Pages, open_tab: OpenTab) -> None:
    """A form is sent once (A15). What was typed goes with it; what cannot come back is asked for (A9)."""
    tab = open_tab()
    pages.at_url("candidates:apply", OPEN)(tab)
    tab.page.fill("#id_linkedin", "linkedin.com/in/somebody")
    pages.fill_in(tab)
    again = "!document.querySelector('form').dispatchEvent(new SubmitEvent('submit', {cancelable: true}))"
    status = tab.page.locator("form [role=status]")
    assert (status.inner_text(), tab.page.evaluate(again), status.inner_text()) == ("", False, "Sending…")
    assert tab.page.evaluate(again)
    tab.page.reload()
    tab.context.clear_cookies()
    assert tab.submit(SEND) == 422
    assert tab.page.locator(".summary a").all_inner_texts() == [
        "The file is no longer here. Choose it again; everything else is kept"
    ]
    assert tab.page.input_value("#id_name") == "Aino Esimerkki"
    tab.page.set_input_files("#id_cv", pages.files.good)
    assert tab.submit(CONTINUE) == 200
    assert tab.submit(SEND) == 200
    assert Application.objects.filter(candidate__email="new@example.org").count() == 1
