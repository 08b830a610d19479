"""The public site in every state that a visitor can see, and how a browser gets there."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.urls import reverse
from django.utils import translation

from accounts.enums import LinkPurpose
from accounts.models import User
from accounts.services.links import create_link
from candidates.enums import InteractionKind, LinkKind, Stage
from candidates.models import Application
from candidates.services.addresses import create_confirmation_link
from candidates.services.applications import move_application
from candidates.services.erasure import request_erasure
from candidates.services.interactions import record_interaction
from candidates.services.notes import add_note
from clouder.demo.positions import make_positions
from common.actors import candidate as the_candidate
from common.actors import staff
from files.samples import pdf
from tests.factories import documents, people
from tests.parts.browser import Tab

WHOLE, WAITING, ASKED, GOING = "aino@example.org", "eino@example.org", "siiri@example.org", "emma@example.org"
"""Addresses: everything is kept, two wait for a word (one at a time), and the data of the last are to be erased."""

OPEN, CLOSED = "backend-developer", "frontend-developer"
LETTER = "I have written services for six years.\n\nWhat I like best is the day after a release: nothing happens."
LONG_LINK = f"https://example.org/{'a' * 90}"


@dataclass(frozen=True)
class Files:
    """Files on the disk, to be picked in a file input."""

    good: Path
    locked: Path
    big: Path


def make_files(folder: Path) -> Files:
    """Make the files: a CV, one that asks for a password, and one that is larger than the tests' limit."""
    contents = {
        "Aino Esimerkki CV, päivitetty.pdf": pdf("Curriculum vitae"),
        "locked.pdf": documents.encrypted_pdf(),
        "big.pdf": pdf() + bytes(200_000),
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return Files(*(folder / name for name in contents))


def make_site(recruiter: User, at: datetime) -> dict[str, Application]:
    """Positions in every state, and people in every state of "my data"."""
    position = make_positions((recruiter,), at)[OPEN]
    whole = people.application(
        at - timedelta(days=40), position, email=WHOLE, phone="040 123 4567", cover_letter=LETTER,
        skills="Python, Django", interests="Public services", has_longer_storage=True,
        links=[(LinkKind.GITHUB, "https://github.com/aino-esimerkki"), (LinkKind.OTHER, LONG_LINK)],
    )  # fmt: skip
    people.application(at - timedelta(days=2), None, email=WHOLE)
    _let_time_pass(whole, recruiter, at)
    day = at - timedelta(days=1)
    waiting = people.application(day, position, email=WAITING, name="Eino Malli", is_confirmed=False)
    asked = people.application(day, position, email=ASKED, name="Siiri Mukama", is_confirmed=False)
    going = people.application(at - timedelta(days=9), position, email=GOING, name="Emma Mukama")
    request_erasure(
        going.candidate.person_ref, actor=the_candidate(going.candidate.person_ref), at=at - timedelta(hours=3)
    )
    return {WHOLE: whole, WAITING: waiting, ASKED: asked, GOING: going}


def _let_time_pass(application: Application, recruiter: User, at: datetime) -> None:
    person, who = application.candidate_id, staff(recruiter.pk)
    for stage, days in ((Stage.IN_REVIEW, 30), (Stage.INTERVIEW, 20)):
        move_application(application.pk, to_stage=stage, actor=who, at=at - timedelta(days=days))
    add_note(person, text="Knows Django well.\nAsks good questions.", actor=who, at=at - timedelta(days=29))
    for kind, days in ((InteractionKind.CALL, 25), (InteractionKind.INTERVIEW, 20)):
        before = at - timedelta(days=days)
        record_interaction(person, kind=kind, occurred_at=before, text="About the work.", actor=who, at=before)


Go = Callable[[Tab], int]
"""Brings a tab to a page; returns the status of the answer."""


class Pages:
    """The ways to the pages in one language."""

    def __init__(self, language: str, made: dict[str, Application], files: Files, at: datetime) -> None:
        self.language = language
        self.made = made
        self.files = files
        self.at = at

    def url(self, name: str, *args: object) -> str:
        """The path of a page."""
        with translation.override(self.language):
            return reverse(name, args=args)

    def at_url(self, name: str, *args: object) -> Go:
        """The page is there by its address."""
        return lambda tab: tab.open(self.url(name, *args))

    def main(self) -> Iterator[tuple[str, int, Go]]:
        """The way of an applicant: name of the page, status, how to get there. Each may need the one before."""
        yield "list", 200, self.at_url("candidates:positions")
        yield "position", 200, self.at_url("candidates:position", OPEN)
        yield "form", 200, self.at_url("candidates:apply", OPEN)
        yield "form-errors", 422, self.make_mistakes
        yield "check", 200, self.fill_in
        yield "sent", 200, lambda tab: tab.submit("form[data-sending] .button")
        yield "notice", 200, self.at_url("notice")
        yield "cookies", 200, self.at_url("cookies")
        yield "sign-in", 200, self.at_url("my_data:sign_in")
        yield "confirm", 200, self.confirm
        yield "link", 200, self.follow_link
        yield "my-data", 200, lambda tab: tab.submit("main .button")
        yield "erase", 200, self.at_url("my_data:erase")

    def other(self) -> Iterator[tuple[str, int, Go]]:
        """Everything else."""
        yield "closed", 200, self.at_url("candidates:position", CLOSED)
        yield "apply-closed", 410, self.at_url("candidates:apply", CLOSED)
        yield "open-application", 200, self.at_url("candidates:apply_open")
        yield "too-big", 413, self.send_too_much
        yield "sent-over", 410, self.at_url("candidates:apply_sent", "nothing")
        yield "sign-in-error", 422, self.ask_for_link("nobody")
        yield "sign-in-sent", 200, self.ask_for_link(WHOLE)
        yield "link-over", 410, self.at_url("my_data:link", "nothing")
        yield "confirmed", 200, lambda tab: (self.confirm(tab), tab.submit("main .button"))[1]
        yield "confirm-over", 410, self.at_url("my_data:confirm", "nothing")
        yield "my-data-waiting", 200, self.my_data(WAITING)
        yield "my-data-going", 200, self.my_data(GOING)
        yield "my-data-nothing", 200, self.my_data("nobody@example.org")
        yield "signed-out", 200, lambda tab: tab.submit("main .button")
        yield "lost-cookie", 403, self.lose_cookie
        yield "no-such-page", 404, lambda tab: tab.open(f"/{self.language}/nothing/")

    # the ways that are longer

    def make_mistakes(self, tab: Tab) -> int:
        """The form with everything wrong at once."""
        tab.page.fill("#id_email", "aino@")
        tab.page.fill("#id_linkedin", "not a link")
        tab.page.set_input_files("#id_cv", self.files.locked)
        tab.page.set_input_files("#id_letter_file", self.files.good)
        return tab.submit("form[data-sending] .button:not(.small)")

    def fill_in(self, tab: Tab) -> int:
        """The check page, from the form as it stands."""
        tab.page.fill("#id_name", "Aino Esimerkki")
        tab.page.fill("#id_email", "new@example.org")
        tab.page.fill("#id_linkedin", "linkedin.com/in/aino-esimerkki")
        tab.page.fill("#id_cover_letter", LETTER)
        tab.page.set_input_files("#id_cv", self.files.good)
        return tab.submit("form[data-sending] .button:not(.small)")

    def send_too_much(self, tab: Tab) -> int:
        """More at once than the settings allow."""
        tab.open(self.url("candidates:apply", OPEN))
        tab.page.set_input_files("#id_cv", self.files.big)
        return tab.submit("form[data-sending] .button")

    def ask_for_link(self, address: str) -> Go:
        """What follows on asking for a link."""

        def go(tab: Tab) -> int:
            tab.open(self.url("my_data:sign_in"))
            tab.page.fill("#id_email", address)
            return tab.submit("form[data-sending] .button")

        return go

    def confirm(self, tab: Tab) -> int:
        """The page of the link that came with the receipt."""
        person = self.made[ASKED].candidate
        token = create_confirmation_link(person, at=self.at)
        return tab.open(self.url("my_data:confirm", token))

    def follow_link(self, tab: Tab) -> int:
        """The page of the link that lets in whoever reads mail at the first address."""
        lifetime = settings.SIGN_IN_LINK_LIFETIME
        token = create_link(LinkPurpose.SIGN_IN, address=WHOLE, language=self.language, lifetime=lifetime, at=self.at)
        return tab.open(self.url("my_data:link", token))

    def my_data(self, address: str) -> Go:
        """The page of whoever reads mail at the address."""

        def go(tab: Tab) -> int:
            tab.sign_in_as_candidate(address)
            return tab.open(self.url("my_data:page"))

        return go

    def lose_cookie(self, tab: Tab) -> int:
        """A form that was sent without its cookie."""
        tab.open(self.url("my_data:sign_in"))
        tab.context.clear_cookies()
        return tab.submit("form[data-sending] .button")
