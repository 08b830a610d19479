"""The Finnish catalogue: whole, sound, compiled, and nothing English left on a page or in a mail (V9, R21, D11).

The catalogues are read here without gettext, which a fresh machine does not have.
"""

import ast
import gettext
import html
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import django
import pytest
import time_machine
from django.contrib.auth.forms import AdminPasswordChangeForm
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.template import Template
from django.test import Client, RequestFactory, override_settings
from django.test.signals import template_rendered
from django.urls import reverse
from django.utils import translation

from accounts.enums import LinkPurpose
from accounts.models import User
from accounts.services.links import LastingLink, create_lasting_links
from candidates.enums import (
    DocumentKind,
    InteractionKind,
    LinkKind,
    RestrictionGround,
    SourceKind,
    Stage,
    SuppressionReason,
)
from candidates.models import (
    Application,
    Candidate,
    Hold,
    Interaction,
    Interview,
    Position,
    Restriction,
    SourcingAssessment,
    Suppression,
)
from candidates.services.added_files import add_file_again
from candidates.services.addresses import create_confirmation_link, disown_application
from candidates.services.applications import move_application
from candidates.services.clock import recompute_clock
from candidates.services.consents import invite_to_longer_storage
from candidates.services.erasure import request_erasure
from candidates.services.holds import seal_items
from candidates.services.interactions import record_interaction
from candidates.services.mail import mail_bounced, record_sent_mail
from candidates.services.notes import add_note
from candidates.services.outreach import send_outreach
from candidates.services.restrictions import (
    restrict_candidate,
    tell_of_ending_restrictions,
    tell_restriction_ends,
)
from candidates.services.sourcing import Found, record_assessment, source_candidate
from candidates.services.suppression import Identifiers, suppress, suppress_person
from candidates.services.tasks_for_staff import open_contact_or_close_tasks
from clouder import settings as real_settings
from common.actors import SYSTEM, staff
from common.actors import candidate as the_candidate
from files.enums import FileState, ScanState
from files.models import StoredFile
from files.samples import pdf
from mailing.enums import EmailKind, EmailState
from mailing.models import OutboxEmail
from mailing.services import deliver_emails
from privacy.enums import AlarmKind, BatchState, CaseReason, CaseState, StopReason, SubjectRequestKind
from privacy.models import Alarm, BulkErasure, ErasureBatch, ErasureCase, LedgerRecord, RunStop, SubjectRequest
from privacy.selectors.person import holdable
from privacy.services.alarms import raise_alarm
from privacy.services.erasure import erase_due
from privacy.services.refused_files import drop_refused_files
from privacy.services.reminders import send_retention_reminders
from privacy.urls import my_data
from tests.conftest import AT
from tests.factories import people
from tests.factories.browser import forms, submit
from tests.factories.files import refused_document
from tests.parts.availability import require
from website import views

ROOT = Path(__file__).parents[2]
FINNISH = ROOT / "locale" / "fi" / "LC_MESSAGES" / "django.po"
FINNISH_SCRIPTS = FINNISH.with_name("djangojs.po")
ENGLISH = ROOT / "locale" / "en" / "LC_MESSAGES" / "django.po"
CATALOGUES = [FINNISH, FINNISH_SCRIPTS, ENGLISH]

SAME_IN_FINNISH = {"GitHub", "LinkedIn", "Markdown", "PDF"}
NOT_SHOWN = {  # what Django lacks in Finnish and no page of ours shows
    "%(model)s instance with %(field)s %(value)r is not a valid choice.",
    "Forgotten your login credentials?",
    "In case you’ve forgotten, you are:",  # noqa: RUF001
}
AGREED = {  # wording that people meet in several places, and that stays as it is
    "Open positions": "Avoimet työpaikat",
    "Apply": "Hae",
    "Send application": "Lähetä hakemus",
    "Check your answers before sending": "Tarkista tiedot ennen lähettämistä",
    "There is a problem": "Lomakkeessa on virhe",
    "Error:": "Virhe:",
    "Not provided": "Ei annettu",
    "My data": "Omat tietoni",
    "Kept until": "Säilytetään asti",
    "Kept until %(date)s": "Säilytetään %(date)s asti",
    "Keep longer": "Säilytä pidempään",
    "Take my consent back": "Peru suostumukseni",
    "Erase my data": "Poista tietoni",
}
DJANGO_SAYS_IN_ENGLISH = str(AdminPasswordChangeForm.usable_password_help_text)  # put together before any language
PLACEHOLDER = re.compile(r"%\(\w+\)[sdr]|%[sd%]|{\w*}")
TAG = re.compile(r"<[^>]+>")


@dataclass(frozen=True)
class Entry:
    """One message of a catalogue: its singular and plural, and what stands for them."""

    context: str
    ids: tuple[str, ...]
    words: tuple[str, ...]
    is_fuzzy: bool


def read(path: Path) -> list[Entry]:
    """The messages of a .po file that are in use, the header (an empty msgid) first."""
    return [entry for block in path.read_text(encoding="utf-8").split("\n\n") if (entry := _entry(block))]


def _entry(block: str) -> Entry | None:
    parts: dict[str, str] = {}
    name = ""
    for line in block.splitlines():
        if line.startswith("#") or not line:
            continue
        keyword, _, text = ("", "", line) if line.startswith('"') else line.partition(" ")
        name = keyword or name
        parts[name] = parts.get(name, "") + ast.literal_eval(text)
    if "msgid" not in parts:
        return None
    ids = tuple(parts[key] for key in ("msgid", "msgid_plural") if key in parts)
    words = tuple(value for key, value in parts.items() if key.startswith("msgstr"))
    return Entry(parts.get("msgctxt", ""), ids, words, re.search(r"^#,.*\bfuzzy\b", block, re.MULTILINE) is not None)


def messages(path: Path) -> list[Entry]:
    """The messages without the header."""
    return [entry for entry in read(path) if entry.ids != ("",)]


# The catalogue as a file


@pytest.mark.parametrize("path", [FINNISH, FINNISH_SCRIPTS], ids=["pages", "scripts"])
def test_nothing_is_untranslated_or_fuzzy(path: Path) -> None:
    entries = messages(path)
    assert [entry.ids for entry in entries if entry.is_fuzzy or not all(entry.words)] == []
    assert [entry.ids for entry in entries if len(entry.words) != len(entry.ids)] == []
    assert "#~" not in path.read_text(encoding="utf-8"), "obsolete messages are taken out"


def test_placeholders_tags_and_spaces_are_those_of_the_message() -> None:
    wrong = []
    for entry in (*messages(FINNISH), *messages(FINNISH_SCRIPTS)):
        for number, word in enumerate(entry.words):
            allowed = [entry.ids[-1]] if number else list(entry.ids)
            for parts in (PLACEHOLDER.findall, TAG.findall, lambda text: re.findall(r"^\s|\s$", text)):
                if not any(Counter(parts(word)) == Counter(parts(text)) for text in allowed):
                    wrong.append((entry.ids[0], word))
    assert wrong == []


def test_finnish_is_not_english() -> None:
    same = {entry.ids[0] for entry in messages(FINNISH) if entry.words[0] == entry.ids[0]}
    assert same == SAME_IN_FINNISH


def test_the_agreed_wording_stays() -> None:
    found = {entry.ids[0]: entry.words[0] for entry in messages(FINNISH)}
    assert {text: found.get(text) for text in AGREED} == AGREED


def test_finnish_ends_as_english_does_and_never_shouts() -> None:
    wrong = []
    for entry in messages(FINNISH):
        for text, word in zip(entry.ids, entry.words, strict=True):
            ends = [piece[-1:] for piece in (text, word)]
            if "!" in word or (ends[0] != ends[1] and set(ends) & set(".:…/")):
                wrong.append((text, word))
    assert wrong == []


def test_english_is_the_source_and_lists_the_same_messages() -> None:
    assert {(entry.context, entry.ids) for entry in messages(ENGLISH)} == {
        (entry.context, entry.ids) for entry in messages(FINNISH)
    }
    assert {word for entry in messages(ENGLISH) for word in entry.words} == {""}


@pytest.mark.parametrize("path", CATALOGUES, ids=["fi", "fi-scripts", "en"])
def test_the_compiled_catalogue_is_what_the_words_give(path: Path) -> None:
    expected: dict[Any, str] = {}
    for entry in read(path):
        if entry.is_fuzzy or not entry.words[0]:
            continue
        key = f"{entry.context}\x04{entry.ids[0]}" if entry.context else entry.ids[0]
        if len(entry.ids) == 1:
            expected[key] = entry.words[0]
        else:
            expected |= {(key, number): word for number, word in enumerate(entry.words)}
    with path.with_suffix(".mo").open("rb") as file:
        compiled = dict(gettext.GNUTranslations(file)._catalog)  # type: ignore[attr-defined]
    for catalogue in (expected, compiled):  # some versions of msgfmt leave this date out
        catalogue[""] = re.sub(r"POT-Creation-Date:.*\n", "", catalogue[""])
    assert compiled == expected, "compile it: msgfmt, or manage.py compilemessages"


def test_every_marked_message_is_in_the_catalogue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any, capsys: Any
) -> None:
    require("gettext")
    source = tmp_path / "source"
    left_out = shutil.ignore_patterns(".*", "__pycache__", "tests", "benchmarks", "docs", "static", "staticfiles")
    shutil.copytree(ROOT, source, ignore=left_out)
    settings.LOCALE_PATHS = [source / "locale"]
    monkeypatch.chdir(source)
    call_command("makemessages", locale=["fi"], no_wrap=True, add_location="file", no_obsolete=True, verbosity=0)
    marked = {(entry.context, entry.ids) for entry in messages(source / "locale" / "fi" / "LC_MESSAGES" / "django.po")}
    ours = {(entry.context, entry.ids) for entry in messages(FINNISH)}
    assert (marked - ours, ours - marked) == (set(), set()), "run makemessages, translate, compile (CONTRIBUTING.md)"


@pytest.mark.parametrize("domain", ["django", "djangojs"])
def test_what_django_lacks_in_finnish_is_ours(domain: str) -> None:
    lacking: set[str] = set()
    for app in ("conf", "contrib/admin", "contrib/auth", "contrib/contenttypes"):
        english = Path(django.__file__).parent / app / "locale" / "en" / "LC_MESSAGES" / f"{domain}.po"
        finnish = english.parents[2] / "fi" / "LC_MESSAGES" / english.name
        if english.exists():
            known = {entry.ids for entry in messages(finnish) if all(entry.words) and not entry.is_fuzzy}
            lacking |= {entry.ids[0] for entry in messages(english) if entry.ids not in known}
    ours = {entry.ids[0] for path in (FINNISH, FINNISH_SCRIPTS) for entry in messages(path)}
    assert lacking - ours == (NOT_SHOWN if domain == "django" else set())


# The catalogue on pages and in mails

ENGLISH_WORDS = re.compile(r"\b(the|and|your|you|with|this|from|has|been|please|will|what|which)\b", re.IGNORECASE)


def patterns() -> Iterator[tuple[str, str, re.Pattern[str]]]:
    """The English messages of three words and more: each with its longest piece and as it would stand on a page."""
    for entry in messages(FINNISH):
        for text in entry.ids:
            bare = TAG.sub(" ", PLACEHOLDER.sub(" ", text))
            if len(re.findall(r"[A-Za-z’']{2,}", bare)) >= 3:  # noqa: RUF001
                pieces = [" ".join(piece.split()) for piece in PLACEHOLDER.split(html.unescape(text)) if piece.strip()]
                yield text, max(pieces, key=len), re.compile(".{0,300}?".join(map(re.escape, pieces)))


class Reader:
    """Reads whatever is shown, and remembers what was English in it."""

    def __init__(self) -> None:
        self.patterns = list(patterns())
        self.english: dict[str, list[str]] = {}
        self.templates: set[str] = set()

    def text(self, name: str, text: str) -> None:
        """Look through a page or a mail."""
        flat = " ".join(html.unescape(text).split()).replace(DJANGO_SAYS_IN_ENGLISH, "")
        found = [message for message, piece, pattern in self.patterns if piece in flat and pattern.search(flat)]
        visible = re.sub(
            r"<(script|style|svg|textarea)\b.*?</\1>|<[^>]*\blang=\"en\"[^>]*>[^<]*|<[^>]+>|\S*@\S*", " ", flat
        )
        found += [f"… {visible[max(m.start() - 25, 0) : m.end() + 25]} …" for m in ENGLISH_WORDS.finditer(visible)]
        if found:
            self.english[name] = found

    def page(self, answer: Any, status: int = 200) -> Any:
        """Look through the answer to a request."""
        name = answer.request["PATH_INFO"]
        assert answer.status_code == status, name
        content = answer.content.decode()
        assert '<html lang="fi"' in content, name
        self.text(name, content)
        return answer


@pytest.fixture
def reader() -> Iterator[Reader]:
    reader = Reader()

    def note(sender: Any, template: Template, **_rest: Any) -> None:
        if template.origin and str(template.origin.name).startswith(str(ROOT / "templates")):
            reader.templates.add(Path(template.origin.name).relative_to(ROOT / "templates").as_posix())

    template_rendered.connect(note)
    yield reader
    template_rendered.disconnect(note)
    assert not reader.english, "\n".join(f"{name}: {found}" for name, found in reader.english.items())


@pytest.fixture
def traveller(at: datetime) -> Iterator[Any]:
    with time_machine.travel(at, tick=False) as traveller:
        yield traveller


@pytest.fixture
def staff_in_finnish(recruiter: User, officer: User, administrator: User) -> dict[str, User]:
    for user in (recruiter, officer, administrator):
        user.language = "fi"
        user.save()
    return {"rea": recruiter, "pia": officer, "ada": administrator}


def url(name: str, *args: Any) -> str:
    with translation.override("fi"):
        return reverse(name, args=args)


def a_pdf(name: str = "cv.pdf", content: bytes | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content or pdf("Ansioluettelo"), content_type="application/pdf")


def sent(at: datetime, position: Position | None, email: str, **answers: Any) -> Application:
    return people.application(at, position, email=email, language="fi", **answers)


def lived_through(at: datetime, position: Position, recruiter: User) -> Application:
    """An application with everything that can happen to one."""
    made = sent(
        at - timedelta(days=60), position, "aino@example.org", has_longer_storage=True, cover_letter="Hei!",
        skills="Python", interests="Pilvi", phone="040 123 4567", links=[(LinkKind.OTHER, "https://example.org/aino")],
    )  # fmt: skip
    sent(at - timedelta(days=50), None, "aino@example.org", name="A. Esimerkki")
    who, person = staff(recruiter.pk), made.candidate_id
    move_application(made.pk, to_stage=Stage.IN_REVIEW, actor=who, at=at - timedelta(days=40))
    add_note(person, text="Osaa Djangoa.", actor=who, at=at - timedelta(days=39))
    for kind in (
        InteractionKind.CALL,
        InteractionKind.INTERVIEW,
        InteractionKind.MAIL_SENT,
        InteractionKind.MAIL_RECEIVED,
    ):
        record_interaction(
            person, kind=kind, occurred_at=at - timedelta(days=20), text="Työstä.", actor=who,
            at=at - timedelta(days=3), application_id=made.pk,
        )  # fmt: skip
    day = at - timedelta(days=2)
    record_sent_mail(
        person, application_id=made.pk, message_id="<1@clouder.example>", sent_at=day, text="Hei.", actor=who, at=day
    )
    return made


def sign_in_to_my_data(client: Client, at: datetime, email: str) -> Any:
    mail.outbox.clear()
    client.post(url("my_data:sign_in"), {"email": email})
    deliver_emails(at=at)
    bodies = " ".join(str(message.body) for message in mail.outbox if message.to == [email])
    path = re.findall(rf"http://testserver({url('my_data:link', 'x')[:-2]}\S+)", bodies)[-1]
    client.get(path)
    return client.post(path, follow=True)


ACTS = {"claim", "document", "longer_storage", "may_approach", "sign_out", "withdraw"}
"""They answer with another page, or with a file."""


@pytest.mark.django_db
def test_every_public_page_is_finnish(
    reader: Reader, client: Client, position: Position, recruiter: User, traveller: Any, at: datetime
) -> None:
    assert {path.name for path in my_data[0]} == ACTS | {
        "add_file", "agree", "confirm", "erase", "erase_now", "link", "page", "sign_in", "signed_out", "take_back",
    }, "a new page of “my data” is to be read here too"  # fmt: skip
    look = reader.page
    people.position(recruiter, slug="closed", title_fi="Suljettu", open_until=at.date() - timedelta(days=1))
    people.position(recruiter, slug="hourly", title_fi="Harjoittelija", salary_period="HOUR", salary_max=4500)
    # the shell
    for name in ("candidates:positions", "notice", "cookies", "candidates:apply_open", "my_data:sign_in"):
        look(client.get(url(name)))
    for slug in (position.slug, "closed", "hourly"):
        look(client.get(url("candidates:position", slug)))
    look(client.get(url("candidates:apply", "closed")), 410)
    look(client.get(url("candidates:apply_sent", "x")), 410)
    look(client.get(url("my_data:link", "x")), 410)
    look(client.get(url("my_data:confirm", "x")), 410)
    look(client.get("/fi/nothing/"), 404)
    look(Client(enforce_csrf_checks=True).post(url("my_data:sign_in"), {"email": "aino@example.org"}), 403)
    look(client.post(url("my_data:sign_in"), {"email": "aino"}), 422)
    # applying, with every mistake and without
    form, check = url("candidates:apply", position.slug), url("candidates:apply_check", position.slug)
    look(submit(client, look(client.get(form)), form), 422)
    wrong = {"name": "x" * 201, "email": "aino@", "linkedin": "x y", "links": "a\n" * 9, "cover_letter": "x" * 10_001}
    look(submit(client, client.get(form), form, **wrong, cv=a_pdf(content=b"x"), other_file=a_pdf()), 422)
    look(client.post(form, {"name": "x"}, CONTENT_LENGTH="26000000"), 413)
    right = {"name": "Aino", "email": "aino@example.org", "linkedin": "", "links": "", "cover_letter": "Hei!"}
    bucket = {**real_settings.STORAGES, "files": real_settings._storage("example-candidates", None)}
    with override_settings(STORAGES=bucket):  # the form that lets browsers send files straight to a bucket
        look(client.get(form))
    filled = submit(client, client.get(form), form, **right, cv=a_pdf(), other_file=a_pdf())
    assert filled.status_code == 303
    look(client.get(form))
    look(submit(client, client.get(check), check), 429)  # faster than a person can be
    traveller.shift(timedelta(seconds=5))
    done = submit(client, look(client.get(check)), check, has_longer_storage="on")
    look(client.get(done["Location"]))
    look(client.get(check, follow=True))
    for view in (views.bad_request, views.forbidden, views.server_error):
        _read_error(reader, view)
    _read_my_data(reader, client, position, recruiter, at + timedelta(seconds=5))
    _read_mailed_links(reader, client, position, traveller, at)
    _read_refused_file(reader, client, position, at)
    missing = {name for name in _own_templates() if not name.startswith(("admin/", "emails/"))} - reader.templates
    assert missing == {"forms/form.html", "errors/quarantine.html"}  # this one speaks both languages at once


def _read_error(reader: Reader, view: Any) -> None:
    request = RequestFactory().get("/fi/")
    with translation.override("fi"):
        answer = view(request) if view is views.server_error else view(request, Exception())
    reader.text(view.__name__, answer.content.decode())


def _read_my_data(reader: Reader, client: Client, position: Position, recruiter: User, at: datetime) -> None:
    look = reader.page
    lived_through(at, position, recruiter)
    waiting = sent(at, None, "aino@example.org", is_confirmed=False)
    other = sent(at, position, "otto@example.org", is_confirmed=False)
    look(client.post(url("my_data:sign_in"), {"email": "uusi@example.org"}))
    look(sign_in_to_my_data(client, at, "aino@example.org"))
    look(client.post(url("my_data:claim", waiting.candidate_id), follow=True))
    for words in ({"withdraw": ""}, {}):
        look(client.post(url("my_data:longer_storage"), words, follow=True))
    look(client.post(url("my_data:withdraw", waiting.pk), follow=True))
    look(client.get(url("my_data:erase")))
    look(client.post(url("my_data:erase"), follow=True))
    look(client.post(url("my_data:erase"), {"take_back": ""}, follow=True))
    look(client.post(url("my_data:sign_out"), follow=True))
    sign_in_to_my_data(client, at, "otto@example.org")
    look(client.post(url("my_data:claim", other.candidate_id), {"disown": ""}, follow=True))
    who = staff(recruiter.pk)
    suppress(Identifiers(["nobody@example.org"]), reason=SuppressionReason.REQUEST, actor=who, at=at)
    look(sign_in_to_my_data(client, at, "nobody@example.org"))
    look(client.post(url("my_data:may_approach"), follow=True))
    for number, words in enumerate(({}, {"disown": ""})):
        person = sent(at, position, f"p{number}@example.org", is_confirmed=False).candidate
        path = url("my_data:confirm", create_confirmation_link(person, at=at))
        look(client.get(path))
        look(client.post(path, words, follow=True))
        look(client.post(path, words), 410)


def _read_refused_file(reader: Reader, client: Client, position: Position, at: datetime) -> None:
    look = reader.page
    person = sent(at, position, "virva@example.org").candidate
    stored = StoredFile.objects.filter(owner_ref=person.pk)
    stored.update(scan=ScanState.WAITING)
    look(sign_in_to_my_data(client, at, "virva@example.org"))
    look(client.get(url("my_data:document", person.documents.get().pk)), 409)
    for scan in (ScanState.FAILED, ScanState.INFECTED):
        stored.update(scan=scan)
        look(client.get(url("my_data:page")))
    stored.update(state=FileState.REFUSED)
    drop_refused_files(at=at)
    path = url("my_data:add_file", OutboxEmail.objects.get(kind=EmailKind.FILE_REFUSED).context["token"])
    form = forms(look(client.get(path)))[-1]["data"]
    look(client.post(path, form), 422)
    look(client.post(path, {**form, "file": a_pdf(content=b"x")}), 422)
    look(client.post(path, {**form, "file": a_pdf()}, follow=True))


def _read_mailed_links(reader: Reader, client: Client, position: Position, traveller: Any, at: datetime) -> None:
    look = reader.page
    person = sent(at, position, "elli@example.org").candidate
    purposes = {
        "agree": LinkPurpose.GIVE_CONSENT, "take_back": LinkPurpose.WITHDRAW_CONSENT, "erase_now": LinkPurpose.ERASE,
    }  # fmt: skip
    until = person.expires_at.replace(year=2031)
    links = [LastingLink(purpose, person.address, "fi", person.pk, until) for purpose in purposes.values()]
    tokens = create_lasting_links(links, at=at)
    approached = send_a_first_message(position.contact_person, at)
    link = LastingLink(LinkPurpose.ERASE, approached.address, "fi", approached.pk, until)
    look(client.get(url("my_data:erase_now", *create_lasting_links([link], at=at))))
    agree, take_back, erase_now = (url(f"my_data:{name}", token) for name, token in zip(purposes, tokens, strict=True))
    for path in (agree, take_back):
        look(client.get(path))
        look(client.post(path))
    look(client.post(agree))
    look(client.get(take_back))
    late = person.expires_at + timedelta(days=1)
    traveller.move_to(late)
    look(client.get(take_back))
    restriction = Restriction.objects.create(
        candidate=person, ground=RestrictionGround.CLAIM, opened_at=at, review_on=late.date()
    )
    recompute_clock(person.person_ref)
    look(client.post(take_back))
    traveller.move_to(at)
    Restriction.objects.filter(pk=restriction.pk).update(lifted_at=at)
    look(client.post(agree))
    traveller.move_to(late)
    look(client.post(take_back))
    traveller.move_to(at)
    look(client.get(erase_now))
    look(client.post(erase_now))
    look(client.get(agree))
    look(client.get(url("my_data:agree", "x")), 410)


def _own_templates() -> set[str]:
    folder = ROOT / "templates"
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.django_db
def test_the_admin_is_finnish(
    reader: Reader, position: Position, staff_in_finnish: dict[str, User], traveller: Any, at: datetime
) -> None:
    look = reader.page
    stranger = Client(headers={"accept-language": "fi"})
    look(stranger.get(reverse("admin:login")))
    for _ in range(4):
        look(stranger.post(reverse("admin:login"), {"username": "rea@example.org", "password": "x"}))
    look(stranger.post(reverse("admin:login"), {"username": "rea@example.org", "password": "x"}), 429)
    clients = {name: Client() for name in staff_in_finnish}
    for name, client in clients.items():
        client.force_login(staff_in_finnish[name])
        look(client.get(reverse("admin:index")))  # nobody is here
    _read_candidates(reader, clients, position, staff_in_finnish["rea"], at)
    _read_watch(reader, clients["pia"], at)
    _read_desk(reader, clients["pia"], position, staff_in_finnish["pia"])
    _read_approach(reader, clients["rea"], clients["pia"], at)
    _read_lists(reader, clients, position, staff_in_finnish["rea"])
    missing = {name for name in _own_templates() if name.startswith("admin/")} - reader.templates
    assert missing == set()


def _read_candidates(
    reader: Reader, clients: dict[str, Client], position: Position, recruiter: User, at: datetime
) -> None:
    look, desk = reader.page, clients["rea"]
    people_list = reverse("admin:candidates_candidate_changelist")
    look(desk.get(people_list))
    whole = lived_through(at, position, recruiter)
    waiting = sent(at, position, "otto@example.org", is_confirmed=False)
    disowned = sent(at, None, "p@example.org", is_confirmed=False)
    disown_application(disowned.candidate_id, address="p@example.org", at=at)
    closed = sent(at - timedelta(days=20), position, "q@example.org")
    move_application(closed.pk, to_stage=Stage.REJECTED, actor=staff(recruiter.pk), at=at)
    for number in range(12):
        sent(at, position, f"n{number}@example.org")
    old = sent(at - timedelta(days=725), None, "old@example.org", has_cv=False)
    OutboxEmail.objects.filter(subject_ref=old.candidate_id).update(state=EmailState.FAILED)
    ErasureBatch.objects.create(candidate_refs=[], claimed_at=at, lease_until=at, blocked_by="objects")
    look(desk.get(reverse("admin:index")))
    for query in ("", "?q=aino", "?q=zzz", "?stage=RECEIVED&position=open&address=waiting&due=30"):
        look(desk.get(people_list + query))
    for scan, person in zip(ScanState, Application.objects.filter(candidate__email__startswith="n"), strict=False):
        StoredFile.objects.filter(owner_ref=person.candidate_id).update(scan=scan)
        look(desk.get(reverse("admin:candidates_candidate_change", args=[person.candidate_id])))
    document = waiting.candidate.documents.get()
    look(desk.get(reverse("admin:candidates_candidate_read", args=[waiting.candidate_id, document.pk])))
    for person in (waiting, disowned, closed):  # asked, not to be asked, and replaced
        refused_document(person, at=at)
    drop_refused_files(at=at)
    stored = people.staged(closed.candidate_id, at)
    add_file_again(closed.pk, kind=DocumentKind.OTHER, stored_id=stored.pk, actor=SYSTEM, at=at)
    for person in (whole, waiting, disowned, closed, old):
        look(desk.get(reverse("admin:candidates_candidate_change", args=[person.candidate_id])))
    page = [whole.candidate_id]
    look(desk.post(reverse("admin:candidates_candidate_note", args=page), {}), 422)
    look(desk.post(reverse("admin:candidates_candidate_note", args=page), {"note-text": "Hyvä."}, follow=True))
    how = {"interaction-means": "PHONE", "interaction-direction": "OUT"}
    late = {**how, "interaction-kind": "CALL", "interaction-occurred_at": "2030-01-01T10:00"}
    look(desk.post(reverse("admin:candidates_candidate_interaction", args=page), late), 422)
    now = {**late, "interaction-occurred_at": "2026-11-24T10:00"}
    look(desk.post(reverse("admin:candidates_candidate_interaction", args=page), now, follow=True))
    _read_contacts(look, desk, whole, at)
    move = reverse("admin:candidates_candidate_move", args=[whole.candidate_id, whole.pk])
    for stage in ("INTERVIEW", "CLOSED_BY_RETENTION", "RECEIVED", ""):
        look(desk.post(move, {f"move-{whole.pk}-to_stage": stage}, follow=True))
    erase = reverse("admin:candidates_candidate_delete", args=page)
    look(clients["pia"].get(erase))
    look(clients["pia"].post(erase, follow=True))


def _read_contacts(look: Any, desk: Client, whole: Application, at: datetime) -> None:
    """Interviews in every state, and a contact that turns out otherwise."""
    page = [whole.candidate_id]

    def press(name: str, *args: Any, status: int = 200, **data: str) -> None:
        path = reverse(f"admin:candidates_candidate_{name}", args=[whole.candidate_id, *args])
        look(desk.post(path, data, follow=True), status)

    plan = reverse("admin:candidates_candidate_interview", args=page)
    for moment in ("", "2026-11-24T10:00", "2033-01-01T10:00"):
        look(desk.post(plan, {"interview-starts_at": moment, "interview-means": "VIDEO"}), 422)
    look(desk.post(plan, {"interview-starts_at": "2026-11-26T10:00", "interview-means": "VIDEO"}, follow=True))
    for act in ("held", "cancel", "cancel"):
        press("interview_act", Interview.objects.get(place="").pk, act)
    begun = Interview.objects.create(candidate=whole.candidate, starts_at=at, planned_at=at, place="Huone 3")
    for act in ("held", "no-show"):
        press("interview_act", begun.pk, act)
    contact = Interaction.objects.filter(kind=InteractionKind.CALL, candidate=whole.candidate).earliest("occurred_at")
    look(desk.get(reverse("admin:candidates_candidate_correct", args=[*page, contact.pk])))
    for moment in ("", "2026-11-25T10:00", "2026-11-22T10:00", "2020-01-01T10:00"):
        press("correct", contact.pk, status=422, **{"moment-occurred_at": moment})
    press("correct", contact.pk, **{"moment-occurred_at": "2026-11-20T10:00"})
    press("revoke", contact.pk, status=422)
    for _ in range(2):
        press("revoke", contact.pk, **{"revoke-reason": "CORRECTED"})
    mail_bounced("<1@clouder.example>", at=at, is_permanent=True)
    look(desk.get(reverse("admin:candidates_candidate_change", args=page)))


def _read_watch(reader: Reader, desk: Client, at: datetime) -> None:
    look = reader.page
    for number, reason in enumerate(StopReason):
        stop = RunStop.objects.create(reason=reason, raised_at=at, due=60 + number, usual=1, goes_on_at=at)
        page = reverse("admin:privacy_runstop_change", args=[stop.pk])
        approve = reverse("admin:privacy_runstop_approve", args=[stop.pk])
        look(desk.get(page))
        look(desk.post(approve, {"reason": ""}), 422)
        look(desk.post(reverse("admin:privacy_runstop_object", args=[stop.pk]), follow=True))
        for _ in range(2):  # the second time it is too early
            look(desk.post(approve, {"reason": "Oikein."}, follow=True))
        look(desk.get(reverse("admin:privacy_runstop_changelist")))
        RunStop.objects.filter(pk=stop.pk).update(closed_at=at)
        look(desk.post(approve, {"reason": "Oikein."}, follow=True))
    look(desk.get(reverse("admin:privacy_runstop_changelist")))
    for months in ("", "18", "36"):
        look(desk.get(reverse("admin:privacy_horizon"), {"months": months}))


def _read_desk(reader: Reader, office: Client, position: Position, officer: User) -> None:
    at, look = AT, reader.page
    whole = lived_through_alone(at, position)
    ref = whole.candidate.person_ref

    def press(name: str, *args: Any, status: int = 200, **data: Any) -> None:
        look(office.post(reverse(f"admin:{name}", args=args), data, follow=True), status)

    page = reverse("admin:privacy_person", args=[ref])
    look(office.get(page))
    press("privacy_restrict", ref, status=422)
    press("privacy_hold", ref, status=422)
    for ground in RestrictionGround:
        press("privacy_restrict", ref, **{"restrict-ground": ground.value})
    for restriction in Restriction.objects.filter(candidate__person_ref=ref, lifted_at=None):
        for act in ("lift", "review", "told", "tell", "lift", "lift"):
            press(f"candidates_restriction_{act}", restriction.pk)
    made = _read_holds(look, office, whole, officer, at)
    _read_requests(look, office, ref, at)
    _read_start_page(look, office, whole, officer, at)
    _read_bulk(look, office, position, officer, at)
    for _ in range(2):
        press("candidates_hold_release", made.pk)
    look(office.get(page))


def _read_holds(look: Any, office: Client, whole: Application, officer: User, at: datetime) -> Hold:
    ref = whole.candidate.person_ref
    form = {
        "hold-ground": "DISCRIMINATION",
        "hold-owner": str(officer.pk),
        "hold-case_ref": "HR 1",
        "hold-items": [item.key for item in holdable(ref)],
    }
    path = reverse("admin:privacy_hold", args=[ref])
    look(office.post(path, {**form, "hold-ends_on": "2020-01-01"}), 422)
    for ends_on in ("", "2027-11-24"):
        look(office.post(path, {**form, "hold-ends_on": ends_on}, follow=True))
    for made in Hold.objects.all():
        look(office.post(reverse("admin:candidates_hold_review", args=[made.pk]), follow=True))
    look(office.get(reverse("admin:candidates_hold_item", args=[made.pk, made.items.earliest("pk").pk])))
    seal_items([whole.candidate_id], at=at)
    look(office.get(reverse("admin:candidates_hold_change", args=[made.pk])))
    for item in made.items.all():
        look(office.get(reverse("admin:candidates_hold_item", args=[made.pk, item.pk])))
    return made


def lived_through_alone(at: datetime, position: Position) -> Application:
    """Somebody of whom no other record is linked."""
    made = sent(at, position, "kaisa@example.org", name="Kaisa")
    who = staff(position.contact_person_id)
    add_note(made.candidate_id, text="Osaa Djangoa.", actor=who, at=at)
    move_application(made.pk, to_stage=Stage.REJECTED, actor=who, at=at, reason="Liian vähän")
    return made


def _read_requests(look: Any, office: Client, ref: Any, at: datetime) -> None:
    add = reverse("admin:privacy_subjectrequest_add")
    look(office.get(add))
    look(office.get(f"{add}?person={ref}"))
    form = {"channel": "MAIL", "received_at": "2026-11-24T10:00", "language": "fi"}
    for wrong in ({}, {"received_at": "2030-01-01T10:00", "address": "x@example.org"}, {"received_at": "x"}):
        look(office.post(add, {"kind": "ACCESS", **form, **wrong}), 422)
    look(office.post(add, {"kind": "ACCESS", **form, "address": "kuka@example.org"}, follow=True))
    for kind in SubjectRequestKind.values:
        look(office.post(f"{add}?person={ref}", {"kind": kind, **form}, follow=True))
    SubjectRequest.objects.filter(kind="PORTABILITY").update(due_on="2026-11-01")
    for request in SubjectRequest.objects.all():
        key = [request.pk]
        look(office.get(reverse("admin:privacy_subjectrequest_change", args=key)))
        for act, data in (
            ("extend", {}),
            ("extend", {"extend-has_told": "on"}),
            ("extend", {"extend-has_told": "on"}),
            ("close", {"close-decision": "REFUSED"}),
            ("close", {"close-decision": "REFUSED", "close-ground": "Liikaa"}),
            ("decide", {}),
            ("decide", {"objection-has_grounds": "yes"}),
            ("identify", {}),
            ("close", {"close-decision": "FULFILLED"}),
        ):
            path = reverse(f"admin:privacy_subjectrequest_{act}", args=key)
            answer = office.post(path, data, follow=True)
            look(answer, answer.status_code)
        look(office.get(reverse("admin:privacy_subjectrequest_change", args=key)))


def _read_start_page(look: Any, office: Client, whole: Application, officer: User, at: datetime) -> None:
    """Everything that can wait for the officer."""
    BulkErasure.objects.create(person_refs=[whole.pk, officer.pk], asked_at=at, asked_by=officer)
    for reason in CaseReason:
        ErasureCase.objects.create(
            candidate_ref=whole.candidate_id, state=CaseState.BLOCKED, reason=reason, opened_at=at
        )
    ErasureCase.objects.create(
        candidate_ref=officer.pk, state=CaseState.DEFERRED, reason=CaseReason.TO_BE_TOLD, opened_at=at, waits_until=at
    )
    ErasureBatch.objects.create(
        candidate_refs=[], claimed_at=at, lease_until=at, has_mailbox=True, mailbox_waits_since=at
    )
    going = sent(at - timedelta(days=720), None, "menossa@example.org").candidate
    Candidate.objects.filter(pk=going.pk).update(undeliverable_at=at)
    open_contact_or_close_tasks(at=at)
    untold = sent(at - timedelta(days=720), None, "rajoitettu@example.org", is_confirmed=False).candidate
    restrict_candidate(untold.person_ref, ground=RestrictionGround.ACCURACY, actor=staff(officer.pk), at=at)
    Hold.objects.update(review_on="2026-11-01")
    Restriction.objects.filter(lifted_at=None).update(review_on="2026-11-01")
    for kind in AlarmKind:
        Alarm.objects.create(kind=kind, raised_at=at)
    for objected in (at, None):
        RunStop.objects.update(closed_at=at)
        RunStop.objects.create(
            reason=StopReason.LARGE, raised_at=at, due=60, usual=1, goes_on_at=at, objected_at=objected
        )
        look(office.get(reverse("admin:index")))
    look(office.get(reverse("admin:privacy_person", args=[untold.person_ref])))
    _read_erasures(look, office, going.pk, at)
    for model in ("candidates_restriction", "candidates_hold", "privacy_subjectrequest", "privacy_bulkerasure"):
        look(office.get(reverse(f"admin:{model}_changelist")))
    RunStop.objects.update(closed_at=at)
    Alarm.objects.update(cleared_at=at)


def _read_erasures(look: Any, office: Client, candidate_id: UUID, at: datetime) -> None:
    """A mailbox that is waited for, and what is found by a case number."""
    batch = ErasureBatch.objects.create(
        candidate_refs=[candidate_id], claimed_at=at, lease_until=at, has_mailbox=True, mailbox_waits_since=at
    )
    purged = reverse("admin:privacy_erasurebatch_purged", args=[batch.pk])
    for path in (reverse("admin:privacy_erasurebatch_change", args=[batch.pk]),
                 reverse("admin:privacy_erasurebatch_changelist")):  # fmt: skip
        look(office.get(path))
    for data in ({}, {"is_done": "1"}):
        look(office.post(purged, data, follow=True))
    ErasureBatch.objects.filter(pk=batch.pk).update(state=BatchState.OBJECTS_GONE)
    look(office.post(purged, {"is_done": "1"}, follow=True))
    for number, closed_at in (("E-1", None), ("E-2", at)):
        case = ErasureCase.objects.create(
            candidate_ref=uuid4(), state="REQUESTED", reason="REQUEST", number=number, batch_ref=batch.pk,
            opened_at=at, closed_at=closed_at,
        )  # fmt: skip
        LedgerRecord.objects.get_or_create(
            number=9_000_001,
            defaults={"kind": "journal", "content": str(batch.pk), "sha256": "0" * 64, "reserved_at": at},
        )
        look(office.get(reverse("admin:privacy_erasurecase_change", args=[case.pk])))
    look(office.get(reverse("admin:privacy_erasurecase_changelist")))
    LedgerRecord.objects.all().delete()


def _read_bulk(look: Any, office: Client, position: Position, officer: User, at: datetime) -> None:
    two = [sent(at, position, f"moni{number}@example.org").candidate_id for number in range(2)]
    people_list = reverse("admin:candidates_candidate_changelist")
    look(office.post(people_list, {"action": "ask_for_erasure", "_selected_action": two}))
    ask = reverse("admin:privacy_bulkerasure_ask")
    for chosen in (two[:1], [officer.pk], two):
        look(office.post(ask, {"candidate": chosen}, follow=True))
    bulk = BulkErasure.objects.latest("asked_at", "pk")
    page, decide = (reverse(f"admin:privacy_bulkerasure_{act}", args=[bulk.pk]) for act in ("change", "decide"))
    look(office.get(page))
    look(office.post(decide, {"approve": "1"}, follow=True))
    BulkErasure.objects.update(asked_by=position.contact_person)
    look(office.get(page))
    for _ in range(2):
        look(office.post(decide, {"approve": "1"}, follow=True))
    BulkErasure.objects.filter(pk=bulk.pk).update(decided_at=None, person_refs=[officer.pk])
    look(office.post(decide, {"decline": "1"}, follow=True))


def _read_approach(reader: Reader, desk: Client, office: Client, at: datetime) -> None:
    look = reader.page
    add, list_ = (reverse(f"admin:candidates_sourcingassessment_{act}") for act in ("add", "changelist"))
    approach = reverse("admin:candidates_candidate_approach")
    look(desk.get(approach))  # while it is off
    look(office.get(approach))
    look(office.get(list_))
    look(office.get(add))
    look(office.post(add, {"valid_until": "x"}), 422)
    look(office.post(add, {"document_ref": "LAKI-1", "valid_until": "2026-11-23"}), 422)
    look(office.post(add, {"document_ref": "LAKI-1", "valid_until": "2027-11-23"}, follow=True))
    row = SourcingAssessment.objects.get()
    look(office.get(reverse("admin:candidates_sourcingassessment_change", args=[row.pk])))
    form = {
        "source_kind": "LINKEDIN", "source_ref": "linkedin.com/in/saana", "found_on": "2026-11-24", "name": "Saana",
        "email": "saana@example.org", "reason": "Osaa jonot.", "language": "fi",
    }  # fmt: skip
    look(desk.get(approach))
    for wrong in ({"source_ref": "x", "name": ""}, {"found_on": "2026-09-01"}, {"found_on": "2030-01-01"}):
        look(desk.post(approach, {**form, **wrong}), 422)
    look(desk.post(approach, form, follow=True))
    look(desk.post(approach, form), 422)  # known
    person = Candidate.objects.get(name="Saana")
    page = reverse("admin:candidates_candidate_change", args=[person.pk])
    outreach = reverse("admin:candidates_candidate_outreach", args=[person.pk])
    notice = reverse("admin:candidates_candidate_notice", args=[person.pk])
    look(desk.get(page))
    look(desk.get(reverse("admin:candidates_candidate_changelist") + "?approached=untold"))
    look(desk.post(outreach, {}), 422)
    look(desk.post(notice, {"notice-means": "MAIL", "notice-given_on": "2026-11-01"}), 422)
    look(desk.post(notice, {"notice-means": "MAIL", "notice-given_on": "2026-11-24"}, follow=True))
    for _ in range(2):
        look(desk.get(outreach))
        look(desk.post(outreach, {"subject": "Työ", "text": "Hei!"}, follow=True))
    look(desk.get(outreach))
    look(desk.get(page))
    Candidate.objects.filter(pk=person.pk).update(undeliverable_at=at)
    look(desk.get(outreach))
    Candidate.objects.filter(pk=person.pk).update(email="", address="")
    look(desk.get(outreach))
    suppress_person(person.person_ref, reason=SuppressionReason.OBJECTION, actor=the_candidate(None), at=at)
    look(desk.post(approach, {**form, "email": ""}), 422)
    blocked = Suppression.objects.get()
    Suppression.objects.update(key_version=99, review_on=at.date())
    look(office.get(reverse("admin:candidates_suppression_changelist")))
    look(office.get(reverse("admin:candidates_suppression_change", args=[blocked.pk])))
    look(office.post(reverse("admin:candidates_suppression_review", args=[blocked.pk]), follow=True))
    for _ in range(2):
        look(office.post(reverse("admin:candidates_sourcingassessment_end", args=[row.pk]), follow=True))


def _read_lists(reader: Reader, clients: dict[str, Client], position: Position, recruiter: User) -> None:
    look, desk = reader.page, clients["ada"]
    look(desk.get(reverse("admin:candidates_candidate_changelist")), 403)
    look(clients["rea"].get(reverse("admin:candidates_application_changelist")))
    for model, pk in (("candidates_position", position.pk), ("accounts_user", recruiter.pk)):
        look(desk.get(reverse(f"admin:{model}_changelist")))
        look(desk.get(reverse(f"admin:{model}_changelist") + "?q=zzz"))
        look(desk.get(reverse(f"admin:{model}_add")))
        look(desk.post(reverse(f"admin:{model}_add"), {"name": ""}))
        look(desk.get(reverse(f"admin:{model}_change", args=[pk])))
        look(desk.post(reverse(f"admin:{model}_change", args=[pk]), {}))
        look(desk.get(reverse(f"admin:{model}_history", args=[pk])))
    look(desk.get(reverse("admin:candidates_position_delete", args=[position.pk])))
    look(desk.get(reverse("admin:app_list", args=["candidates"])))
    look(desk.get(reverse("admin:auth_user_password_change", args=[recruiter.pk])))
    look(desk.get(reverse("admin:password_change")))
    look(desk.post(reverse("admin:password_change"), {"old_password": "x", "new_password1": "x", "new_password2": "x"}))
    scripts = desk.get(reverse("admin:jsi18n")).content.decode()
    assert '"Choose all %s": "Valitse kaikki %s"' in scripts
    User.objects.get(email="ada@example.org").groups.clear()
    look(desk.get(reverse("admin:index")))  # without a role
    look(desk.post(reverse("admin:logout"), follow=True))


def send_a_first_message(colleague: User, at: datetime) -> Candidate:
    who = staff(colleague.pk)
    record_assessment(document_ref="LAKI-1", valid_until=at.date(), actor=who, at=at)
    found = Found(
        name="Saana", language="fi", source_kind=SourceKind.EMPLOYEE, source_ref="Otto", reason="Osaa jonot.",
        email="saana@example.org", phone="040 123 4567", skills="Jonot",
    )  # fmt: skip
    person = source_candidate(found, actor=who, at=at)
    send_outreach(person.pk, subject="Kiinnostaako työ?", text="Hei!", actor=who, at=at)
    person.refresh_from_db()
    return person


def _mails_of_the_desk(position: Position, officer: User, at: datetime) -> None:
    """A restriction that is lifted, one that the erase moment ends, and a task for a colleague."""
    who = staff(officer.pk)
    for number, months in enumerate((1, 23)):
        position.open_from = (at - timedelta(days=900)).date()
        position.save()
        person = sent(at - timedelta(days=31 * months), position, f"raja{number}@example.org").candidate
        made = restrict_candidate(person.person_ref, ground=RestrictionGround.ACCURACY, actor=who, at=at)
        if months == 1:
            tell_restriction_ends(made.pk, actor=who, at=at)
        else:
            tell_of_ending_restrictions(at=person.expires_at - timedelta(days=30))
    sent(at - timedelta(days=700), position, "odottaa@example.org")
    open_contact_or_close_tasks(at=at)


@pytest.mark.django_db
def test_every_mail_is_finnish(
    reader: Reader, client: Client, position: Position, staff_in_finnish: dict[str, User], traveller: Any, at: datetime
) -> None:
    kinds: set[str] = set()
    for number, place in enumerate((position, None)):
        sent(at, place, f"aino{number}@example.org", has_longer_storage=True)
        disown_application(
            sent(at, place, f"otto{number}@example.org", is_confirmed=False).candidate_id,
            address=f"otto{number}@example.org", at=at,
        )  # fmt: skip
    client.post(url("my_data:sign_in"), {"email": "aino0@example.org"})
    refused_document(sent(at, position, "virva@example.org"), at=at)
    drop_refused_files(at=at)
    send_a_first_message(staff_in_finnish["rea"], at)
    invited = sent(at, position, "elli@example.org").candidate
    invite_to_longer_storage(invited.pk, actor=staff(staff_in_finnish["rea"].pk), at=at)
    going = Candidate.objects.get(email="aino1@example.org")
    request_erasure(going.person_ref, actor=the_candidate(going.person_ref), at=at)
    kinds |= set(OutboxEmail.objects.values_list("kind", flat=True))
    deliver_emails(at=at)
    later = at + timedelta(hours=25)
    traveller.move_to(later)
    erase_due(at=later)
    kinds |= set(OutboxEmail.objects.values_list("kind", flat=True))
    deliver_emails(at=later)
    for email in ("elli@example.org", "aino0@example.org"):  # without a consent, and with one
        soon = Candidate.objects.get(email=email).expires_at - timedelta(days=20)
        traveller.move_to(soon)
        send_retention_reminders(at=soon)
        kinds |= set(OutboxEmail.objects.values_list("kind", flat=True))
        deliver_emails(at=soon)
    _mails_of_the_desk(position, staff_in_finnish["pia"], soon)
    for alarm in AlarmKind:
        raise_alarm(alarm, number=3, at=soon)
    kinds |= set(OutboxEmail.objects.values_list("kind", flat=True))
    deliver_emails(at=soon)
    assert kinds == set(EmailKind.values)
    for message in mail.outbox:
        body = str(message.alternatives[0][0])
        assert '<html lang="fi"' in body, message.subject
        for part in (message.subject, str(message.body), body):
            reader.text(message.subject, part)
    assert {name for name in _own_templates() if name.startswith("emails/")} <= reader.templates
