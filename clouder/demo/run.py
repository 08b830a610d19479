"""What the steps of the check share: the site, its clock, its mail, its worker, and the people who act."""

import hashlib
import json
import re
import secrets
import time
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from django.apps import apps
from django.db.models import Q
from django.urls import reverse
from django.utils import formats, translation

from accounts.models import User
from candidates.models import Candidate
from clouder.celery import app
from clouder.demo.data import PASSWORD
from clouder.demo.html import Page
from clouder.demo.http import Client, Upload
from clouder.demo.processes import Site
from clouder.demo.report import Failed, ensure
from privacy import registry

PATIENCE = 60.0
"""Seconds in which a mail must come or a task be done: the promise for a receipt is a minute."""


@dataclass
class Applicant:
    """A made-up person who applies in the check."""

    name: str
    language: str
    browser: Client
    uploads: list[Upload] = field(default_factory=list)
    reference: str = ""
    ref: UUID = field(default_factory=uuid4)  # the record's, once it is there

    def __post_init__(self) -> None:
        self.email = f"{self.language}.{secrets.token_hex(6)}@example.org"

    @property
    def record(self) -> Candidate:
        """The record as it stands."""
        return Candidate.objects.get(pk=self.ref)

    @property
    def digests(self) -> list[str]:
        """The SHA-256 of each file sent, sorted."""
        return sorted(hashlib.sha256(upload.content).hexdigest() for upload in self.uploads)


class Run:
    """One run of the check against a site that is up."""

    def __init__(self, site: Site, clock_file: Path, mail_folder: Path, recruiter: User, uploads: list[Upload]) -> None:
        self.site = site
        self.recruiter = recruiter
        self.first = Applicant("Päivi Näyte-Koenen", "en", Client(site.url), uploads)
        self.second = Applicant("Sami Säilyvä", "fi", Client(site.url))
        self.note = f"A note about {secrets.token_hex(6)}"
        self.check_page = Page("", 0, {}, b"")
        self.form_opened = 0.0
        self.rows: dict[str, int] = {}
        self.objects = 0
        self._clock_file = clock_file
        self._mail_folder = mail_folder
        self._read_mails: set[str] = set()
        self._staff = Client(site.url)

    # --- time --------------------------------------------------------------------------------------------------------
    def jump(self, to: datetime) -> None:
        """Set the clock of every process to an instant; it goes on from there."""
        draft = self._clock_file.with_suffix(".draft")
        draft.write_text(f"{(to - datetime.now(UTC)).total_seconds():.3f}")
        draft.rename(self._clock_file)

    # --- mail --------------------------------------------------------------------------------------------------------
    def mailed_link(self, applicant: Applicant, name: str) -> tuple[str, str]:
        """Wait for a mail to the applicant that holds a link of this URL name; returns its text and the link."""
        with translation.override(applicant.language):
            path = reverse(name, args=["TOKEN"])
        pattern = re.escape(f"{self.site.url}{path}").replace("TOKEN", r"[\w-]{20,}")
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            for text in self._new_mails(applicant.email):
                if found := re.search(pattern, text):
                    return text, found.group()
            self.site.look()
            time.sleep(0.05)
        raise Failed(f"no mail with such a link came within {PATIENCE:.0f} s")

    def _new_mails(self, address: str) -> list[str]:
        texts = []
        for path in sorted(self._mail_folder.glob("*.eml")):
            message = message_from_bytes(path.read_bytes(), policy=policy.default)
            body = message.get_body(("plain",))
            if path.name in self._read_mails or message["To"] != address or body is None:
                continue
            text = str(body.get_content())
            if text:
                self._read_mails.add(path.name)
                texts.append(text)
        return texts

    # --- the worker --------------------------------------------------------------------------------------------------
    def work(self, task: str) -> None:
        """Send a task to the worker process by name, and wait until the worker says that it is done."""
        task_id = app.send_task(task).id
        assert self.site.worker_log is not None
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            log = self.site.worker_log.read_text(errors="replace")
            if f"{task}[{task_id}] succeeded" in log:
                return
            ensure(f"{task}[{task_id}] raised" not in log, f"the worker failed at {task}")
            self.site.look()
            time.sleep(0.05)
        raise Failed(f"the worker did not do {task} within {PATIENCE:.0f} s")

    # --- recruiters --------------------------------------------------------------------------------------------------
    def staff(self, url: str, *, expect: int | tuple[int, ...] = 200) -> Page:
        """A page of the admin as the recruiter, who signs in anew where the session has ended."""
        page = self._staff.get(url, expect=(302, *(expect if isinstance(expect, tuple) else (expect,))))
        if page.status == 302 and page.location.startswith(reverse("admin:login")):
            self.sign_in(page)
            page = self._staff.get(url, expect=expect)
        return page

    def ensure_signed_out(self, url: str) -> None:
        """The session has ended: the page sends the recruiter to the sign-in."""
        page = self._staff.get(url, expect=(200, 302))
        ensure(page.location.startswith(reverse("admin:login")), "the recruiter is still signed in")

    def sign_in(self, page: Page) -> Page:
        """Sign in to the admin, from a page that asks for it."""
        login = self._staff.follow(page)
        form = login.form_with("username", "password")
        return self._staff.submit(login, form, {"username": self.recruiter.email, "password": PASSWORD})

    def press(self, page: Page, action: str, values: dict[str, str]) -> Page:
        """Send a form of an admin page to its address and go where the answer leads."""
        return self._staff.follow(self._staff.submit(page, page.form_to(action), values))

    def page_of(self, applicant: Applicant) -> str:
        """The address of an applicant's page in the admin."""
        return reverse("admin:candidates_candidate_change", args=[applicant.ref])

    # --- what is kept ------------------------------------------------------------------------------------------------
    def count_rows(self, applicant: Applicant) -> dict[str, int]:
        """The rows about an applicant in every table that an erasure deletes from, by model; none left out."""
        counts = {}
        for table in registry.erasable():
            theirs = Q(pk__in=[])
            if table.erased_by:
                theirs |= Q(**{table.erased_by: applicant.ref})
            if table.erased_by_address:
                theirs |= Q(**{table.erased_by_address: applicant.email})
            counts[table.model] = apps.get_model(table.model)._base_manager.filter(theirs).count()
        return counts


def shown_date(day: date, language: str = "en") -> str:
    """A date as pages write it."""
    with translation.override(language):
        return formats.date_format(day, "DATE_FORMAT")


def in_language(language: str, name: str, *args: Any) -> str:
    """An address of the public site in a language."""
    with translation.override(language):
        return reverse(name, args=args)


def entries(contents: list[bytes], ref: UUID) -> list[dict[str, Any]]:
    """The ledger's entries that name a record."""
    read = [json.loads(content) for content in contents]
    return [entry for entry in read if str(ref) in entry["candidates"]]
