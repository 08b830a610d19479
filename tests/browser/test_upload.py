"""A file goes straight to the bucket while the rest is typed, on good lines and on bad ones (ux.md A8, A10, A15)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
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
from tests.parts.browser import DESKTOP, PHONE, OpenTab, Tab, faults
from tests.parts.proxy import Mode, Proxy, proxies
from tests.parts.servers import S3, Buckets

__all__ = ["proxies"]

pytestmark = [pytest.mark.browser, pytest.mark.s3, pytest.mark.django_db(transaction=True)]

CONTINUE, SEND = "form[data-sending] .acts .button", "#send"
BOX = "[data-upload=cv]"
STATUS, BAR = f"{BOX} [role=status]", f"{BOX} progress"
CANCEL, RETRY = f"{BOX} [data-act=cancel]", f"{BOX} [data-act=retry]"
SENDING, ARRIVED = "Sending the file…", "The file has arrived. It is checked when you continue"
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


def test_a_chosen_file_is_there_before_the_form_is_sent(tab: Tab, pages: Pages) -> None:
    tab.page.set_input_files("#id_cv", pages.files.good)
    says(tab, ARRIVED)
    assert StoredFile.objects.get().state == FileState.EXPECTED
    fill(tab)
    with tab.page.expect_request(lambda request: request.is_navigation_request() and request.method == "POST") as sent:
        assert tab.submit(CONTINUE) == 200
    body = sent.value.post_data_buffer or b""
    assert (b'name="cv_direct"' in body, b'name="cv"' in body, b"%PDF" in body) == (True, False, False)
    assert tab.submit(SEND) == 200
    with open_file(Document.objects.get().stored_file) as stream:
        assert stream.read() == pdf("Curriculum vitae")
