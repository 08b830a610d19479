"""An application from the form to the receipt, act by act, in a process that may be killed (parts/forks.py).

What the browser was answered is said after each act: by that a test knows what the person knows, and what is left to
do. A step that joins the life of an application is one more function in ``ACTS``.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Final

import time_machine
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from candidates.services.drafts import purge_drafts
from clouder import quarantine
from files import services
from files.checker import check_document
from files.samples import pdf
from files.services import purge_staged_files
from mailing.services import LEASE, deliver_emails
from tests.factories.browser import form_with

FORM = "/en/positions/backend-developer/apply/"
CHECK = f"{FORM}check/"
FIRST_CV, CV = pdf("The CV that was replaced"), pdf("The CV that was sent")
CV_SHA256: Final = hashlib.sha256(CV).digest()
ANSWER: Final = "answer "

Browser = dict[str, Any]
"""What a browser keeps: "data", the form as it was served and filled in; "shown", that of the check page; "cookies"."""


def fill_in(client: Client, browser: Browser, at: datetime) -> None:
    """The form is sent with a CV, and again with another one in its place."""
    with _moment(at):
        for name, content in (("first.pdf", FIRST_CV), ("cv.pdf", CV)):
            answer = client.post(FORM, {**browser["data"], "cv": SimpleUploadedFile(name, content)})
            assert (answer.status_code, answer["Location"]) == (303, CHECK), answer.content.decode()


def check(client: Client, browser: Browser, at: datetime) -> None:
    """The answers are shown once more, with the form that sends them."""
    with _moment(at):
        browser["shown"] = form_with(client.get(CHECK), "token")["data"]


def send(client: Client, browser: Browser, at: datetime) -> None:
    """What was shown is sent, or sent again."""
    with _moment(at + timedelta(minutes=1)):
        answer = client.post(CHECK, browser["shown"])
        assert answer.status_code == 303, answer.content.decode()


def deliver(client: Client, browser: Browser, at: datetime) -> None:
    """The worker's first delivery of mails after it, and the one after a lease that was left behind."""
    deliver_emails(at=at + timedelta(minutes=2))
    deliver_emails(at=at + timedelta(minutes=2) + LEASE)


def purge(client: Client, browser: Browser, at: datetime) -> None:
    """The worker's purge when a day has passed since the last thing that the person can have done."""
    over = at + settings.STAGED_LIFETIME + timedelta(hours=1)
    purge_staged_files(at=over)
    purge_drafts(at=over)


Act = Callable[[Client, Browser, datetime], None]
PERSONS: Final[dict[str, Act]] = {"fill_in": fill_in, "check": check, "send": send}
WORKERS: Final[dict[str, Act]] = {"deliver": deliver, "purge": purge}
ACTS: Final[dict[str, Act]] = {**PERSONS, **WORKERS}
"""In this order."""


@contextmanager
def _moment(at: datetime) -> Iterator[None]:
    """A process that has served pages for a while, at this instant."""
    with time_machine.travel(at, tick=False):
        quarantine.watch.has_thread = False
        quarantine.watch.remember(quarantine.Answer.SOUND)
        yield


def open_form(at: datetime, email: str) -> Browser:
    """What a browser has that opened the form, and what the person typed into it."""
    with time_machine.travel(at, tick=False):
        data = form_with(Client().get(FORM), "token")["data"]
    typed = {"name": "Aino Esimerkki", "email": email, "github": "github.com/aino"}
    return {"data": {**data, **typed}, "cookies": {}}


def perform(say: Callable[[str], Any], acts: list[str], browser: Browser, at: str) -> None:
    """Do these acts in turn; after each say its name and what the browser knows then."""
    # Another process for the check of a file would take longer than all else, and dies in test_f18 and test_child.
    services.check_in_child = check_document  # type: ignore[attr-defined, assignment]
    client = Client()
    client.cookies.load(browser["cookies"])
    for name in acts:
        ACTS[name](client, browser, datetime.fromisoformat(at))
        cookies = {key: morsel.value for key, morsel in client.cookies.items()}
        say(f"{ANSWER}{name} {json.dumps({**browser, 'cookies': cookies})}")


def answered(lines: list[str], browser: Browser) -> list[str]:
    """The acts that were answered, by what a process said; what it was answered the browser keeps from now on."""
    found = []
    for line in lines:
        if line.startswith(ANSWER):
            name, kept = line.removeprefix(ANSWER).split(" ", 1)
            browser.update(json.loads(kept))
            found.append(name)
    return found
