"""The demonstration: its data, what its browser reads, and where it may run. The check itself is run by .ci/run."""

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.parser import BytesParser
from email.policy import HTTP
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.core.management import call_command
from django.db import transaction
from django.test import override_settings
from pytest_django import DjangoDbBlocker, Settings

from accounts.models import User
from candidates.enums import DocumentKind, InteractionKind, InterviewState, Origin, Stage
from candidates.models import (
    Application,
    Candidate,
    Consent,
    Document,
    Interaction,
    Interview,
    Note,
    Position,
    ProfileLink,
    Restriction,
    Suppression,
)
from candidates.selectors.positions import open_positions
from clouder.demo import check, data, show
from clouder.demo.cast import cast
from clouder.demo.html import Page
from clouder.demo.http import Upload, multipart
from clouder.demo.papers import papers
from clouder.demo.processes import Child, ProcessFault, StopRequested, port_is_free, stop_signals
from clouder.demo.report import Failed, Report, ensure
from files.checker import check_document
from files.models import StoredFile
from mailing.enums import EmailState
from mailing.models import OutboxEmail
from policy.calendar import local_date
from privacy.models import ErasureBatch
from privacy.selectors.desk import desk
from privacy.services import ledger

AT = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
TODAY = local_date(AT)


# --- the data ---------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="class")
def loaded(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """The demo's data, loaded once and taken back at the end."""
    folder = tmp_path_factory.mktemp("demo")
    local = "files.storage_local.LocalObjectStorage"
    stores = {alias: {"BACKEND": local, "OPTIONS": {"location": folder / alias}} for alias in ("files", "ledger")}
    with override_settings(STORAGES=stores), django_db_blocker.unblock(), transaction.atomic():
        assert not data.is_loaded()
        data.load(AT)
        yield
        transaction.set_rollback(True)


@pytest.mark.usefixtures("loaded")
class TestData:
    """What the demo shows."""

    def test_people_and_applications(self) -> None:
        assert (Candidate.objects.count(), Application.objects.count()) == (51, 49)
        assert Candidate.objects.visible(AT).count() == 46
        assert Candidate.objects.values("person_ref").distinct().count() == 50

    def test_every_stage_is_there(self) -> None:
        stages = Counter(Application.objects.values_list("stage", flat=True))
        assert stages == {
            Stage.RECEIVED: 13,
            Stage.IN_REVIEW: 9,
            Stage.INTERVIEW: 4,
            Stage.OFFER: 2,
            Stage.HIRED: 2,
            Stage.REJECTED: 18,
            Stage.WITHDRAWN: 1,
        }
        assert Application.objects.filter(position=None).count() == 4

    def test_every_state_of_a_position_is_there(self) -> None:
        now = open_positions(TODAY)
        assert now.count() == 5
        assert now.filter(open_until=None).count() == 3
        assert Position.objects.published().filter(open_from__gt=TODAY).count() == 1
        assert Position.objects.published().filter(open_until__lt=TODAY).count() == 2
        assert Position.objects.filter(is_published=False).count() == 1

    def test_every_state_of_an_address_is_there(self) -> None:
        unconfirmed = Candidate.objects.filter(address_confirmed_at=None, address_disowned_at=None)
        assert unconfirmed.filter(origin=Origin.APPLIED).count() == 3
        assert Candidate.objects.exclude(undeliverable_at=None).count() == 1
        disowned = Candidate.objects.exclude(address_disowned_at=None)
        assert [(row.email, row.address) for row in disowned] == [("", "")]

    def test_every_state_of_the_clock_is_there(self) -> None:
        visible = Candidate.objects.visible(AT)
        assert visible.filter(expires_at__lte=AT + timedelta(days=7)).count() == 1
        assert visible.filter(expires_at__lte=AT + timedelta(days=30)).count() == 5
        assert Candidate.objects.filter(expires_at__lte=AT, erasing_ref=None).count() == 1
        assert Candidate.objects.filter(erase_after__gt=AT).count() == 1
        assert Candidate.objects.filter(erase_after__lte=AT).count() == 1
        assert ErasureBatch.objects.count() == 1
        assert ledger.verify() == []

    def test_consents_are_given_and_withdrawn(self) -> None:
        assert Consent.objects.filter(withdrawn_at=None, ends_on__gt=TODAY).count() == 2
        assert Consent.objects.exclude(withdrawn_at=None).count() == 1
        assert Candidate.objects.visible(AT).filter(erase_at__lte=AT).count() == 1

    def test_there_are_notes_and_contacts_of_every_kind(self) -> None:
        by_mail_and_import = {"AUTO_REPLY", "BULK_MAIL", "IMPORTED_CONTACT", "IMPORTED_LATER"}
        to_come = {"DOCUMENT_ADDED", "MESSAGE_RECEIVED", "OTHER_ROLE", "THIRD_PARTY"}
        kinds = set(Interaction.objects.values_list("kind", flat=True))
        assert kinds == set(InteractionKind.values) - by_mail_and_import - to_come
        assert Note.objects.count() == 44
        assert not Interaction.objects.filter(recorded_at__gt=AT).exists()

    def test_interviews_are_to_come_and_were_missed(self) -> None:
        states = dict(Interview.objects.values_list("state", "starts_at"))
        assert set(states) == {InterviewState.PLANNED, InterviewState.NO_SHOW}
        assert states[InterviewState.PLANNED] > AT > states[InterviewState.NO_SHOW]

    def test_the_privacy_officer_has_work(self) -> None:
        waits = desk(AT)
        assert [request.kind for request in waits.requests] == ["OBJECTION", "ACCESS"]
        assert (len(waits.holds), len(waits.undeliverable)) == (1, 1)
        grounds = Restriction.objects.filter(lifted_at=None).values_list("ground", flat=True)
        assert sorted(grounds) == ["ACCURACY", "OBJECTION"]
        assert Suppression.objects.count() > 0

    def test_somebody_was_approached_and_somebody_is_to_be_told(self) -> None:
        told = Candidate.objects.filter(origin__in=[Origin.SOURCED, Origin.REFERRED]).values_list(
            "noticed_at", flat=True
        )
        assert sorted(at is None for at in told) == [False, True]

    def test_documents_are_of_every_format_and_kept(self) -> None:
        kinds = set(Document.objects.values_list("kind", "stored_file__kind"))
        assert {kind for _, kind in kinds} == {"PDF", "DOCX", "ODT"}
        assert {kind for kind, _ in kinds} == {DocumentKind.CV, DocumentKind.COVER_LETTER}
        assert StoredFile.objects.count() == Document.objects.count()
        show.check_files()

    def test_only_mails_of_the_last_hours_wait(self) -> None:
        states = Counter(OutboxEmail.objects.values_list("state", flat=True))
        assert set(states) == {EmailState.SENT, EmailState.QUEUED}
        assert states[EmailState.QUEUED] == 3
        waiting = OutboxEmail.objects.filter(state=EmailState.QUEUED)
        assert all(mail.queued_at >= AT - data.RECENT for mail in waiting)

    def test_both_languages_are_spoken(self) -> None:
        assert set(Candidate.objects.values_list("language", flat=True)) == {"en", "fi"}
        assert set(User.objects.values_list("language", flat=True)) == {"en", "fi"}

    def test_every_address_and_link_is_fictional(self) -> None:
        emails = [*Candidate.objects.exclude(email="").values_list("email", flat=True)]
        emails += User.objects.values_list("email", flat=True)
        assert len(emails) == 54
        assert {email.rpartition("@")[2] for email in emails} == {"example.org"}
        hosts = [urlsplit(url).hostname or "" for url in ProfileLink.objects.values_list("url", flat=True)]
        assert len(hosts) == 47
        assert all(host.endswith(".example.org") for host in hosts)

    def test_nobody_of_the_staff_is_a_superuser(self) -> None:
        assert not User.objects.filter(is_superuser=True).exists()
        assert all(user.check_password(data.PASSWORD) for user in User.objects.all())

    def test_loading_again_is_not_wanted(self) -> None:
        assert data.is_loaded()


def test_the_same_people_at_every_call() -> None:
    first, second = cast(TODAY), cast(TODAY)
    assert first == second
    assert [part.name for part in first] == [part.name for part in cast(TODAY + timedelta(days=400))]
    assert len({part.email for part in first}) == len(first) - 1  # one person applies twice


def test_every_file_is_a_real_document() -> None:
    from io import BytesIO
    from random import Random

    files = [file for number, part in enumerate(cast(TODAY)) for file in papers(part, number, Random(1)).files]
    files += [(DocumentKind.CV, upload.name, upload.content) for upload in check.read_files([])]
    assert {name.rpartition(".")[2] for _, name, _ in files} == {"pdf", "docx", "odt"}
    assert all(check_document(BytesIO(content), name).refusal is None for _, name, content in files)


@pytest.mark.django_db
def test_data_of_somebody_else_are_left_alone(recruiter: User) -> None:
    with pytest.raises(data.NotOurs):
        data.is_loaded()
    with pytest.raises(show.Refusal, match="nothing was changed"):
        show.load()
    with pytest.raises(show.Refusal, match="nothing was changed"):
        show.reset()
    assert list(User.objects.all()) == [recruiter]


# --- where it runs ----------------------------------------------------------------------------------------------------
def test_it_refuses_outside_dev(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    settings.DEV = False
    with pytest.raises(SystemExit) as end:
        call_command("demo")
    assert end.value.code == 2
    assert capsys.readouterr().err == "The demonstration runs under dev.py alone: python3 dev.py demo.\n"


@pytest.mark.parametrize("options", [[], ["--check"]])
def test_a_taken_port_is_one_sentence(
    settings: Settings, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert not port_is_free(port)
        with pytest.raises(SystemExit) as end:
            call_command("demo", f"--port={port}", *options)
    assert end.value.code == 2
    error = capsys.readouterr().err
    assert error.startswith(f"Port {port} of this machine is taken: ")
    assert error.count("\n") == 1


def test_a_file_that_cannot_be_read_is_one_sentence(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as end:
        call_command("demo", "--check", f"--cv={tmp_path / 'none.pdf'}")
    assert end.value.code == 2
    assert capsys.readouterr().err == f"{tmp_path / 'none.pdf'} cannot be read: No such file or directory.\n"


def test_files_that_are_named_come_before_those_made_on_the_spot(tmp_path: Path) -> None:
    (tmp_path / "mine.pdf").write_bytes(b"%PDF")
    (tmp_path / "more.odt").write_bytes(b"PK")
    mine, more = tmp_path / "mine.pdf", tmp_path / "more.odt"
    assert [upload.name for upload in check.read_files([])] == ["CV Päivi Näyte.pdf", "Letter.docx"]
    assert [upload.name for upload in check.read_files([mine])] == ["mine.pdf", "Letter.docx"]
    assert [upload.name for upload in check.read_files([mine, more, mine])] == ["mine.pdf", "more.odt", "mine.pdf"]
    with pytest.raises(show.Refusal, match="at most 10 files"):
        check.read_files([mine] * 11)


# --- processes --------------------------------------------------------------------------------------------------------
def test_a_child_that_ends_is_reported_with_its_last_line(tmp_path: Path) -> None:
    child = Child("worker", [sys.executable, "-c", "print('no broker'); raise SystemExit(3)"], tmp_path / "log")
    child.start({})
    assert child.process is not None
    child.process.wait(timeout=30)
    with pytest.raises(ProcessFault, match=r"^The worker has ended by itself \(exit code 3\): no broker$"):
        child.look()
    child.stop()


def test_stopping_takes_the_children_of_a_child_too(tmp_path: Path) -> None:
    script = "import subprocess, sys; p = subprocess.Popen(['sleep', '60']); print(p.pid, flush=True); p.wait()"
    child = Child("web server", [sys.executable, "-c", script], tmp_path / "log")
    child.start({"PATH": "/usr/bin:/bin"})
    for _ in range(300):
        if (tmp_path / "log").read_text():
            break
        time.sleep(0.05)
    grandchild = (tmp_path / "log").read_text().strip()
    child.stop()
    child.stop()
    states = subprocess.run(["ps", "-o", "stat=", "-p", grandchild], capture_output=True, text=True, check=False).stdout
    assert states.strip() in {"", "Z"}


def test_the_first_signal_stops_and_the_next_ones_wait() -> None:
    import os
    import signal

    def ask_twice() -> None:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    before = signal.getsignal(signal.SIGTERM)
    with stop_signals(), pytest.raises(StopRequested) as stop:
        ask_twice()
    assert stop.value.exit_code == 143
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_report_says_each_step_and_why_one_failed(capsys: pytest.CaptureFixture[str]) -> None:
    report = Report()
    assert report.step("First", lambda: "found")
    assert not report.step("Second", lambda: ensure(False, "the page is blank") or "")
    assert not report.step("Third", lambda: {}["key"])
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert lines[1:] == [
        "1 ok 0.00 s First found",
        "2 FAILED 0.00 s Second the page is blank",
        "3 FAILED 0.00 s Third KeyError: 'key'",
    ]
    with pytest.raises(Failed, match="reason"):
        ensure([], "reason")


# --- the browser ------------------------------------------------------------------------------------------------------
PAGE = """<!doctype html><html lang="en"><head><title>T</title><style>p {}</style></head><body>
<a href="/one/">One <b>&amp;</b> only</a><p class="hint error">Too <i>short</i></p><div role="alert">Stop</div>
<form action="/search/"><input name="q" value="x"></form>
<form method="POST" action="/send/" enctype="multipart/form-data">
<input type="hidden" name="token" value="a&quot;b"><input name="name"><input name="off" disabled value="1">
<input type="checkbox" name="unticked"><input type="checkbox" name="ticked" checked>
<input type="radio" name="r" value="1"><input type="radio" name="r" value="2" checked>
<select name="kind"><option value="A">a</option><option value="B" selected>b</option></select>
<select name="first"><option value="F">f</option><option value="G">g</option></select>
<textarea name="text">
 kept &lt;b&gt;
</textarea><input type="file" name="cv"><button>Go</button><button name="remove" value="cv:1">x</button>
</form><script>var hidden = "<a href='/no/'>";</script></body></html>"""


def page(html: str = PAGE) -> Page:
    return Page("http://127.0.0.1/x", 200, {}, html.encode())


def test_a_page_gives_its_links_text_and_errors() -> None:
    read = page()
    assert read.links == ["/one/"]
    assert "One & only" in read.text
    assert "hidden" not in read.text
    assert read.errors == ["Too short", "Stop"]


def test_a_form_sends_what_a_browser_would() -> None:
    form = page().form_with("name", "cv")
    assert (form.action, form.method, form.is_multipart, form.file_inputs) == ("/send/", "post", True, ["cv"])
    assert form.filled({}) == [
        ("token", 'a"b'),
        ("name", ""),
        ("ticked", "on"),
        ("r", "2"),
        ("kind", "B"),
        ("first", "F"),
        ("text", " kept <b>\n"),
    ]
    assert dict(form.filled({"name": "Aino", "unticked": "on"}))["unticked"] == "on"
    assert form.filled({}, button="remove")[-1] == ("remove", "cv:1")
    assert form.value("kind") == "B"


def test_a_form_has_no_more_than_the_page_gave_it() -> None:
    form = page().form_to("/send/")
    for values, button in (({"phone": "1"}, ""), ({"off": "1"}, ""), ({}, "absent")):
        with pytest.raises(LookupError):
            form.filled(values, button=button)
    with pytest.raises(LookupError):
        form.value("absent")
    with pytest.raises(LookupError):
        page().form_with("absent")
    with pytest.raises(LookupError):
        page().form_to("/absent/")


def test_a_file_survives_the_multipart_body() -> None:
    body, content_type = multipart([("name", "Päivi")], {"cv": Upload('a "b"\r\n.pdf', b"\r\n--\x00\xff")})
    message = BytesParser(policy=HTTP).parsebytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body)
    field, file = message.iter_parts()
    assert field.get_payload(decode=True) == "Päivi".encode()
    assert file["Content-Disposition"] == 'form-data; name="cv"; filename="a %22b%22%0D%0A.pdf"'
    assert b"\r\n--\x00\xff\r\n--" in body
