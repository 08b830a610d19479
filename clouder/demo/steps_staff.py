"""The steps of the check that a recruiter takes."""

import hashlib
from datetime import timedelta

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from audit.enums import Access
from audit.models import AccessEvent
from candidates.enums import InteractionKind
from candidates.models import Interaction, Note
from clouder.demo.html import Page
from clouder.demo.http import Client
from clouder.demo.report import ensure
from clouder.demo.run import Applicant, Run, shown_date
from common import clock
from policy.calendar import add_years, local_date

LATER = timedelta(days=10)


def open_page(run: Run) -> str:
    """Sign in as a recruiter who is no superuser; from the start page to the candidate's page."""
    ensure(not run.recruiter.is_superuser, "the recruiter is a superuser")
    start = run.staff(reverse("admin:index"))
    ensure(run.page_of(run.first) in start.links, "the start page has no link to the new candidate")
    page = run.staff(run.page_of(run.first))
    missing = [text for text in (run.first.name, run.first.email, run.first.reference) if text not in page.text]
    ensure(not missing, f"the candidate's page does not show {missing}")
    ensure_date(run.first, page)
    return f"{run.recruiter.email} sees {run.first.reference}, kept until {shown_date(run.first.record.keep_until)}"


def download(run: Run) -> str:
    """Read every document, and compare it with what was sent."""
    page = run.staff(run.page_of(run.first))
    links = sorted({link for link in page.links if "/file/" in link})
    contents = [_fetch(run, link) for link in links]
    digests = sorted(hashlib.sha256(content).hexdigest() for content in contents)
    ensure(digests == run.first.digests, f"{len(links)} documents came back, and not the bytes that were sent")
    events = AccessEvent.objects.filter(access=Access.DOWNLOADED, subject_refs=[run.first.ref]).count()
    ensure(events == len(links), f"{events} downloads are on record, not {len(links)}")
    way = "by signed links of the bucket" if settings.STORAGES["files"]["OPTIONS"].get("bucket_name") else "streamed"
    return f"{len(links)} documents {way}, SHA-256 as sent ({', '.join(digest[:8] for digest in digests)})"


def _fetch(run: Run, link: str) -> bytes:
    """The bytes behind a link of the page: from the bucket where there is one, else streamed as an attachment."""
    if settings.STORAGES["files"]["OPTIONS"].get("bucket_name"):
        answer = run.staff(link, expect=302)
        bucket = Client(settings.STORAGES["files"]["OPTIONS"]["endpoint_url"])
        page = bucket.get(answer.location)
    else:
        page = run.staff(link)
        ensure(page.headers.get("X-Content-Type-Options") == "nosniff", "a download is not marked nosniff")
    ensure(page.headers.get("Content-Disposition", "").startswith("attachment"), "a download is no attachment")
    return page.content


def add_note(run: Run) -> str:
    """Ten days later: the old session has ended, and a note moves no date."""
    before = run.first.record.keep_until
    run.jump(clock.now() + LATER)
    run.ensure_signed_out(run.page_of(run.first))
    page = run.staff(run.page_of(run.first))
    action = reverse("admin:candidates_candidate_note", args=[run.first.ref])
    page = run.press(page, action, {"note-text": run.note})
    ensure(run.note in page.text, "the page does not show the note")
    ensure(Note.objects.filter(candidate=run.first.ref, author=run.recruiter).count() == 1, "there is no such note")
    ensure(run.first.record.keep_until == before, f"the note moved the date to {run.first.record.keep_until}")
    ensure_date(run.first, page)
    return f"the old session is over; note saved; kept until {shown_date(before)} as before"


def record_call(run: Run, applicant: Applicant) -> str:
    """Record a call that took place this minute: the date moves to two years from it."""
    before = applicant.record.keep_until
    page = run.staff(run.page_of(applicant))
    action = reverse("admin:candidates_candidate_interaction", args=[applicant.ref])
    moment = page.form_to(action).value("interaction-occurred_at")
    today = timezone.localtime(clock.now()).date().isoformat()
    ensure(moment.startswith(today), f"the form suggests {moment}, and today is {today}")
    values = {"interaction-kind": InteractionKind.CALL.value, "interaction-text": "Talked about the next step."}
    page = run.press(page, action, values)
    call = Interaction.objects.get(candidate=applicant.ref, kind=InteractionKind.CALL)
    after = applicant.record.keep_until
    ensure(after > before, f"the date did not move from {before}")
    ensure(after == add_years(local_date(call.occurred_at), 2), f"{after} is not two years after {call.occurred_at}")
    ensure_date(applicant, page)
    return f"kept until {shown_date(before)} before, {shown_date(after)} now"


def ensure_date(applicant: Applicant, page: Page) -> None:
    """The page says until when the person is kept."""
    kept_until = shown_date(applicant.record.keep_until)
    ensure(f"Kept until {kept_until}" in page.text, f"the page does not say Kept until {kept_until}")
