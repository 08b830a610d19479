"""The steps of the check that an applicant takes."""

import re
import time
from collections.abc import Iterator

from django.conf import settings

from accounts.models import MailedLink
from candidates.models import Application
from clouder.demo.html import Page
from clouder.demo.http import Client, Upload
from clouder.demo.report import ensure
from clouder.demo.run import Applicant, Run, in_language, shown_date

POSITION = "backend-developer"
FIELDS = ("cv", "letter_file", "other_file")
REFERENCE = re.compile(r"\b[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}\b")


def open_form(run: Run) -> str:
    """From the list of positions to the form, by its links."""
    browser = run.first.browser
    list_url = in_language("en", "candidates:positions")
    page_url = in_language("en", "candidates:position", POSITION)
    form_url = in_language("en", "candidates:apply", POSITION)
    positions = browser.get(list_url)
    ensure(page_url in positions.links, "the list has no link to the position")
    position = browser.get(page_url)
    ensure(form_url in position.links, "the position's page has no link to the form")
    form = browser.get(form_url).form_with("name", "email", *FIELDS)
    ensure(form.value("name") == "", "the form is not blank")
    return f"{len(form.controls)} fields, {len(form.file_inputs)} for files"


def fill_in(run: Run) -> str:
    """Send the form with its files; where there are more files than inputs, add them one by one."""
    applicant, browser = run.first, run.first.browser
    url = in_language("en", "candidates:apply", POSITION)
    answers = {
        "name": applicant.name,
        "email": applicant.email,
        "phone": "+358 40 000 0042",
        "skills": "Python, PostgreSQL, patience",
        "interests": "Systems that have to last",
        "github": "code.example.org/paivi",
    }
    for number, files in enumerate(_portions(applicant.uploads)):
        run.form_opened = run.form_opened or time.monotonic()
        page = browser.get(url)
        form = page.form_with("name", "email", *FIELDS)
        answer = browser.submit(page, form, {} if number else answers, files)
    run.check_page = browser.follow(answer)
    kinds = ", ".join(f"{upload.name} ({len(upload.content):,} bytes)" for upload in applicant.uploads)
    return f"taken: {kinds}"


def _portions(uploads: list[Upload]) -> Iterator[dict[str, Upload]]:
    """What each sending of the form carries: CV and letter first, then one other file at a time."""
    yield dict(zip(FIELDS, uploads[:3], strict=False))
    for upload in uploads[3:]:
        yield {FIELDS[2]: upload}


def look_at_answers(run: Run) -> str:
    """The check page shows what was typed and which files are here, and nothing is sent yet."""
    page = run.check_page
    wanted = [run.first.name, run.first.email, "https://code.example.org/paivi"]
    missing = [text for text in [*wanted, *(upload.name for upload in run.first.uploads)] if text not in page.text]
    ensure(not missing, f"the page does not show {missing}")
    ensure(not Application.objects.exists(), "something was sent before anybody pressed the button")
    return f"{len(run.first.uploads)} files and all answers shown, nothing sent yet"


def send(run: Run) -> str:
    """Send once the least time of filling in is over, and a second time as a double click would."""
    wait = settings.FORM_MIN_FILL_TIME.total_seconds() + 0.1 - (time.monotonic() - run.form_opened)
    time.sleep(max(0.0, wait))
    first, second = (_send(run.first, run.check_page) for _ in range(2))
    ensure(first == second, f"the second sending got another reference: {first}, {second}")
    application = Application.objects.select_related("candidate").get()
    ensure(application.reference == first, "the page shows another reference than the database")
    ensure(not application.candidate.is_confirmed, "the address counts as confirmed already")
    run.first.reference, run.first.ref = first, application.candidate_id
    return f"reference {first}; sent twice, one application"


def _send(applicant: Applicant, page: Page) -> str:
    form = page.form_with("token", "email")
    sent = applicant.browser.follow(applicant.browser.submit(page, form))
    found = REFERENCE.search(sent.text)
    ensure(found, "the confirmation shows no reference")
    return str(found and found.group())


def confirm(run: Run, applicant: Applicant) -> str:
    """The receipt's link: looking at it changes nothing, pressing its button confirms."""
    began = time.monotonic()
    text, link = run.mailed_link(applicant, "my_data:confirm")
    waited = time.monotonic() - began
    ensure(applicant.reference in text, "the mail does not hold the reference")
    kept_until = shown_date(applicant.record.keep_until, applicant.language)
    ensure(kept_until in text, f"the mail does not say that the data are kept until {kept_until}")
    browser = Client(run.site.url)
    page = browser.get(link)
    ensure(not applicant.record.is_confirmed, "looking at the link confirmed the address")
    browser.submit(page, page.forms[0], expect=200)
    ensure(applicant.record.is_confirmed, "pressing the button did not confirm the address")
    browser.get(link, expect=410)
    return f"came after {waited:.1f} s with reference and date; GET changed nothing, POST confirmed, once"


def apply_with_link(run: Run) -> str:
    """Another person applies in Finnish, for no position, with a link and no file."""
    applicant = run.second
    browser = applicant.browser
    url = in_language("fi", "candidates:apply_open")
    ensure(url in browser.get(in_language("fi", "candidates:positions")).links, "the list has no open application")
    page = browser.get(url)
    ensure('lang="fi"' in page.content.decode(), "the page is not in Finnish")
    began = time.monotonic()
    answers = {"name": applicant.name, "email": applicant.email, "linkedin": "https://profiles.example.org/in/sami"}
    check = browser.follow(browser.submit(page, page.form_with("name", "linkedin"), answers))
    time.sleep(max(0.0, settings.FORM_MIN_FILL_TIME.total_seconds() + 0.1 - (time.monotonic() - began)))
    applicant.reference = _send(applicant, check)
    applicant.ref = Application.objects.get(reference=applicant.reference).candidate_id
    return f"reference {applicant.reference}; {confirm(run, applicant)}"


def own_data(run: Run) -> str:
    """Sign in to "my data" by a mailed link and read until when everything is kept."""
    page = sign_in(run, run.first)
    kept_until = shown_date(run.first.record.keep_until)
    ensure(f"Kept until {kept_until}" in page.text, f"the page does not say Kept until {kept_until}")
    missing = [text for text in (run.first.reference, run.note) if text not in page.text]
    ensure(not missing, f"the page does not show {missing}")
    return f"link mailed, GET used nothing up, POST signed in; kept until {kept_until}"


def sign_in(run: Run, applicant: Applicant) -> Page:
    """The page of "my data" for whoever reads this applicant's mail."""
    browser = Client(run.site.url)
    page = browser.get(in_language(applicant.language, "my_data:sign_in"))
    browser.submit(page, page.form_with("email"), {"email": applicant.email}, expect=200)
    _text, link = run.mailed_link(applicant, "my_data:link")
    button = browser.get(link)
    unused = MailedLink.objects.filter(address=applicant.email, purpose="SIGN_IN", used_at=None)
    ensure(unused.count() == 1, "looking at the link used it up")
    return browser.follow(browser.submit(button, button.forms[0]))
