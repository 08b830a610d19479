"""A file goes straight to the bucket while the rest is typed, on good lines and on bad ones (ux.md A8, A10, A15)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import urllib3
from pytest_django import Settings

from accounts.models import User
from candidates.models import Application, Document
from clouder.demo.positions import make_positions
from clouder.embedded.s3 import BUCKETS
from deploy.s3.make_buckets import document
from files.enums import FileState
from files.models import StoredFile
from files.samples import pdf
from files.services import open_file
from tests.browser.pages import OPEN, Pages, make_files
from tests.parts.browser import PHONE, OpenTab, Tab, faults
from tests.parts.proxy import Mode, Proxy, proxies
from tests.parts.servers import S3, Buckets

__all__ = ["proxies"]

pytestmark = [pytest.mark.browser, pytest.mark.s3, pytest.mark.django_db(transaction=True)]

CONTINUE, SEND = "form[data-sending] .acts .button", "#send"
BOX = "[data-upload=cv]"
STATUS, BAR = f"{BOX} [role=status]", f"{BOX} progress"
CANCEL, RETRY = f"{BOX} [data-act=cancel]", f"{BOX} [data-act=retry]"
SENDING, ARRIVED = "Sending the file…", "The file has arrived. It is checked when you continue"
FAILED = "The file did not get through. Try again, or continue: then it goes with the form"
BIG = 900_000


@dataclass
class Line:
    """The way to the bucket: a proxy that can fail, by a name that the browser may look up."""

    proxy: Proxy

    @property
    def origin(self) -> str:
        return f"http://localhost:{self.proxy.port}"

    def slow(self, tab: Tab, rate: int) -> None:
        """So many bytes a second go out of the tab; 0 for as many as can."""
        session = tab.context.new_cdp_session(tab.page)
        session.send("Network.enable")
        session.send(
            "Network.emulateNetworkConditions",
            {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": rate or -1},
        )


@pytest.fixture
def line(s3_server: S3, s3_buckets: Buckets, proxies: list[Proxy], settings: Settings, live_server: Any) -> Line:
    """The files' bucket behind a proxy, open to browsers on the live server's pages and to no others."""
    cors = document("cors", site=live_server.url)
    s3_server.stores["files"]._client.put_bucket_cors(Bucket=BUCKETS[0], CORSConfiguration=cors)
    proxies.append(Proxy(s3_server.server.port))
    line = Line(proxies[0])
    place = s3_server.settings["files"]
    settings.STORAGES = settings.STORAGES | {
        "files": {**place, "OPTIONS": {**place["OPTIONS"], "endpoint_url": line.origin}}
    }
    return line


@pytest.fixture
def pages(recruiter: User, tmp_path: Path, settings: Settings, line: Line) -> Pages:
    settings.FORM_MIN_FILL_TIME = timedelta()
    at = datetime.now(UTC)
    make_positions((recruiter,), at)
    return Pages("en", {}, make_files(tmp_path), at)


@pytest.fixture
def tab(pages: Pages, line: Line, open_tab: OpenTab) -> Iterator[Tab]:
    """The form, in a tab that may ask the bucket for something, and for nothing more."""
    tab = open_tab()
    pages.at_url("candidates:apply", OPEN)(tab)
    yield tab
    tab.asked_for[:] = [url for url in tab.asked_for if url != f"{line.origin}/{BUCKETS[0]}"]


def says(tab: Tab, text: str, where: str = STATUS) -> None:
    from playwright.sync_api import expect

    expect(tab.page.locator(where)).to_have_text(text)


def fill(tab: Tab) -> None:
    tab.page.fill("#id_name", "Aino Esimerkki")
    tab.page.fill("#id_email", "new@example.org")


def big(folder: Path) -> Path:
    """A sound file that takes a while on a slow line: blanks may follow a PDF's end."""
    path = folder / "big.pdf"
    path.write_bytes(pdf("Curriculum vitae") + b"\n" * BIG)
    return path


def share(tab: Tab) -> float:
    return float(tab.page.evaluate("where => document.querySelector(where).value", BAR))


def posted(tab: Tab) -> tuple[int, str]:
    """Send the form; the status of the answer, and by which way the staged files have come."""
    status = tab.submit(CONTINUE)
    staged = StoredFile.objects.filter(state=FileState.STAGED).count()
    by_bucket = StoredFile.objects.filter(name="").count()  # each stands for a key that a browser was given
    assert by_bucket in {0, staged}
    return status, "bucket" if by_bucket else "form" if staged else "none"


def document_sent(tab: Tab) -> bytes:
    assert tab.submit(SEND) == 200
    with open_file(Document.objects.get().stored_file) as stream:
        return stream.read()


def test_a_chosen_file_is_there_before_the_form_is_sent(tab: Tab, pages: Pages) -> None:
    tab.page.set_input_files("#id_cv", pages.files.good)
    says(tab, ARRIVED)
    assert StoredFile.objects.get().state == FileState.EXPECTED
    assert not tab.page.is_visible(BAR)
    fill(tab)
    assert posted(tab) == (200, "bucket")
    assert document_sent(tab) == pdf("Curriculum vitae")


def test_it_survives_a_validation_error_and_the_back_button(tab: Tab, pages: Pages) -> None:
    tab.page.set_input_files("#id_cv", pages.files.good)
    says(tab, ARRIVED)
    assert posted(tab) == (422, "bucket")
    assert tab.page.locator(".files .file").all_inner_texts() == [pages.files.good.name]
    fill(tab)
    assert posted(tab) == (200, "bucket")
    tab.page.go_back()
    assert tab.page.locator(".files .file").all_inner_texts() == [pages.files.good.name]
    assert posted(tab)[0] == 200
    assert document_sent(tab) == pdf("Curriculum vitae")


def test_a_slow_line_shows_how_far_it_is_and_can_be_cancelled(tab: Tab, line: Line, tmp_path: Path) -> None:
    line.slow(tab, 200_000)
    tab.page.set_input_files("#id_cv", big(tmp_path))
    says(tab, SENDING)
    seen = {share(tab)}
    while max(seen) < 0.3:
        tab.page.wait_for_timeout(50)
        seen.add(share(tab))
    assert max(seen) < 1
    assert len(seen) > 2
    assert (tab.page.is_visible(BAR), tab.page.is_visible(RETRY)) == (True, False)
    tab.page.click(CANCEL)
    says(tab, "Cancelled. No file is chosen")
    assert (tab.page.input_value("#id_cv"), tab.page.is_visible(BAR)) == ("", False)
    assert tab.page.evaluate("document.activeElement.id") == "id_cv"
    fill(tab)
    assert posted(tab) == (422, "none")
    assert tab.page.locator(".files").count() == 0


def test_continue_waits_for_a_file_on_its_way_and_is_sent_once(tab: Tab, line: Line, tmp_path: Path) -> None:
    line.slow(tab, 600_000)
    fill(tab)
    tab.page.set_input_files("#id_cv", big(tmp_path))
    says(tab, SENDING)
    forms: list[Any] = []
    tab.context.on("request", lambda request: forms.append(request) if _is_form(request) else None)
    with tab.page.expect_navigation(url="**/check/") as arrived:
        tab.page.dblclick(CONTINUE)
        says(tab, "Sending…", "form > .acts > [role=status]")
        assert tab.page.is_visible(BAR)
    line.slow(tab, 0)
    assert (arrived.value.status, len(forms), b'name="cv_direct"' in forms[0].post_data_buffer) == (200, 1, True)
    tab.page.dblclick(SEND)
    tab.page.wait_for_selector(".reference")
    assert Application.objects.count() == 1
    with open_file(Document.objects.get().stored_file) as stream:
        assert stream.read() == pdf("Curriculum vitae") + b"\n" * BIG


def _is_form(request: Any) -> bool:
    return bool(request.is_navigation_request() and request.method == "POST")


def test_cancelled_while_continue_waits_the_form_stays(tab: Tab, line: Line, tmp_path: Path) -> None:
    line.slow(tab, 200_000)
    tab.page.set_input_files("#id_cv", big(tmp_path))
    says(tab, SENDING)
    tab.page.click(CONTINUE)
    says(tab, "Sending…", "form > .acts > [role=status]")
    tab.page.click(CANCEL)
    says(tab, "", "form > .acts > [role=status]")
    line.slow(tab, 0)
    fill(tab)
    assert posted(tab) == (422, "none")


def test_leaving_warns_only_while_a_file_is_on_its_way(tab: Tab, line: Line, pages: Pages, tmp_path: Path) -> None:
    asks = """() => {
        const event = new Event("beforeunload", {cancelable: true});
        return !dispatchEvent(event);
    }"""
    assert not tab.page.evaluate(asks)
    line.slow(tab, 200_000)
    tab.page.set_input_files("#id_cv", big(tmp_path))
    says(tab, SENDING)
    assert tab.page.evaluate(asks)
    line.slow(tab, 0)
    tab.page.set_input_files("#id_cv", pages.files.good)
    says(tab, ARRIVED)
    assert not tab.page.evaluate(asks)


def failures(tab: Tab) -> None:
    """The browser says that an upload failed, as it should; nothing else was said."""
    assert tab.said
    assert [
        text for text in tab.said if not text.startswith(("Failed to load resource", "Access to XMLHttpRequest"))
    ] == []
    tab.said.clear()


def test_what_failed_is_tried_again(tab: Tab, line: Line, pages: Pages) -> None:
    line.proxy.mode = Mode.DOWN
    tab.page.set_input_files("#id_cv", pages.files.good)
    says(tab, FAILED)
    assert StoredFile.objects.count() == 1
    line.proxy.mode = Mode.PASS
    tab.page.click(RETRY)
    says(tab, ARRIVED)
    assert StoredFile.objects.count() == 1  # by the same form
    fill(tab)
    assert posted(tab) == (200, "bucket")
    assert document_sent(tab) == pdf("Curriculum vitae")
    failures(tab)


def test_what_failed_twice_goes_with_the_form(tab: Tab, line: Line, pages: Pages) -> None:
    line.proxy.mode = Mode.DOWN
    tab.page.set_input_files("#id_cv", pages.files.good)
    says(tab, FAILED)
    tab.page.click(RETRY)
    says(tab, "The file goes with the form when you continue")
    assert not tab.page.is_visible(RETRY)
    line.proxy.mode = Mode.PASS
    fill(tab)
    assert posted(tab) == (200, "form")
    assert document_sent(tab) == pdf("Curriculum vitae")
    failures(tab)


def test_a_form_that_ran_out_is_asked_for_anew(tab: Tab, line: Line, pages: Pages) -> None:
    """The line fails; when it is back, the bucket says 403 once, as it does when the policy is over."""
    line.proxy.mode = Mode.DOWN
    tab.page.set_input_files("#id_cv", pages.files.good)
    says(tab, FAILED)
    line.proxy.mode = Mode.PASS
    refusals = []

    def refuse(route: Any) -> None:
        if refusals or route.request.method != "POST":
            route.continue_()
            return
        refusals.append(route.request.url)
        route.fulfill(status=403, headers={"Access-Control-Allow-Origin": "*"})

    tab.page.route(f"{line.origin}/**", refuse)
    tab.page.click(RETRY)
    says(tab, ARRIVED)
    tab.page.unroute(f"{line.origin}/**")
    assert (len(refusals), StoredFile.objects.count()) == (1, 2)
    fill(tab)
    assert posted(tab) == (200, "bucket")
    assert document_sent(tab) == pdf("Curriculum vitae")
    failures(tab)


def test_what_cannot_be_taken_is_said_at_once(tab: Tab, pages: Pages, settings: Settings) -> None:
    settings.FILE_MAX_BYTES = 100_000
    tab.page.set_input_files("#id_cv", pages.files.big)
    says(tab, "The file is larger than 10 MB. Make it smaller, for example with fewer pictures")
    assert tab.page.input_value("#id_cv") == ""
    assert StoredFile.objects.count() == 0
    assert [text for text in tab.said if "422" not in text] == []
    tab.said.clear()


def test_three_files_at_once_are_bound_to_one_cookie(tab: Tab, pages: Pages) -> None:
    for name in ("cv", "letter_file", "other_file"):
        tab.page.set_input_files(f"#id_{name}", pages.files.good)
    for name in ("cv", "letter_file", "other_file"):
        says(tab, ARRIVED, f"[data-upload={name}] [role=status]")
    fill(tab)
    assert posted(tab) == (200, "bucket")
    assert StoredFile.objects.filter(state=FileState.STAGED).count() == 3


def test_without_javascript_the_form_brings_the_file(pages: Pages, line: Line, open_tab: OpenTab) -> None:
    tab = open_tab(PHONE, java_script_enabled=False)
    pages.at_url("candidates:apply", OPEN)(tab)
    assert not tab.page.is_visible(BAR)
    tab.page.set_input_files("#id_cv", pages.files.good)
    fill(tab)
    assert posted(tab) == (200, "form")
    assert document_sent(tab) == pdf("Curriculum vitae")


def test_another_site_may_send_nothing(tab: Tab, line: Line) -> None:
    """The bucket's rule names our pages alone."""
    ask = {"Access-Control-Request-Method": "POST"}
    statuses = [
        urllib3.request("OPTIONS", f"{line.origin}/{BUCKETS[0]}", headers={**ask, "Origin": origin}).status
        for origin in (tab.home, "https://elsewhere.example.org")
    ]
    assert statuses == [200, 403]


def test_every_state_is_sound(tab: Tab, line: Line, pages: Pages, tmp_path: Path) -> None:
    line.proxy.mode = Mode.DOWN
    tab.page.set_input_files("#id_letter_file", pages.files.good)
    says(tab, FAILED, "[data-upload=letter_file] [role=status]")
    line.proxy.mode = Mode.PASS
    tab.page.set_input_files("#id_other_file", pages.files.good)
    says(tab, ARRIVED, "[data-upload=other_file] [role=status]")
    line.proxy.mode = Mode.HANG  # the answer never comes
    line.slow(tab, 20_000)
    tab.page.set_input_files("#id_cv", big(tmp_path))
    says(tab, SENDING)
    assert faults(tab) == []
    tab.pictures("upload")
    tab.page.click(CANCEL)
    failures(tab)
