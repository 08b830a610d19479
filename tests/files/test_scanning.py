"""The virus scan: what is found, what is handed out, and what a scanner that misbehaves does not do."""

import io
import socket
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pikepdf
import pytest
from django.core.files.storage import storages
from django.db import connection
from django.http import Http404
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from clouder.embedded.processes import free_port
from files.clamd import PATIENCE, Patience, ScanFailed, ScannerDown, find_virus
from files.delivery import check_deliverable, deliver, not_handed_out
from files.enums import DOWNLOADABLE, FilePart, FileState, MediaKind, ScanState
from files.errors import NotHandedOut
from files.models import StoredFile
from files.scanning import Scanned, queue_unscanned, scan_files
from files.services import attach_files, copy_stored_file, purge_staged_files, release_files
from tests.factories import people
from tests.factories.documents import docx_parts, odt_parts, packed, pdf
from tests.factories.files import made_up_file
from tests.parts.scanner import EICAR, NAME, QUICK, STREAM_LIMIT, Clamd, odd_scanner, read_stream
from tests.parts.threads import at_once, elsewhere

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@pytest.fixture
def scanner(clamd_server: Clamd, settings: Settings) -> Clamd:
    settings.CLAMD_ADDRESS = clamd_server.tcp
    return clamd_server


def waiting(at: datetime, content: bytes | None = None, kind: MediaKind = MediaKind.PDF) -> StoredFile:
    """A file that was sent and waits for the scan, whatever the structure check would say of it."""
    return made_up_file(content or pdf("A CV"), at=at, kind=kind, scan=ScanState.WAITING, scan_after=at)


def states(*files: StoredFile) -> list[tuple[str, str]]:
    for stored in files:
        stored.refresh_from_db()
    return [(stored.state, stored.scan) for stored in files]


CLEAN = (FileState.ATTACHED, ScanState.CLEAN)
WAITING = (FileState.ATTACHED, ScanState.WAITING)
FAILED = (FileState.ATTACHED, ScanState.FAILED)
INFECTED = (FileState.REFUSED, ScanState.INFECTED)


def pdf_holding(change: Callable[[pikepdf.Pdf], None], **saving: Any) -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf())) as document:
        change(document)
        document.save(out, **saving)
    return out.getvalue()


def attach(document: pikepdf.Pdf) -> None:
    document.attachments["notes.txt"] = pikepdf.AttachedFileSpec(document, EICAR)


def stream(document: pikepdf.Pdf) -> None:
    document.Root.Extra = document.make_stream(EICAR)


FIVE_WAYS = {
    "attached to a PDF": (MediaKind.PDF, lambda: pdf_holding(attach, compress_streams=False)),
    "in a packed stream of a PDF": (MediaKind.PDF, lambda: pdf_holding(stream, compress_streams=True)),
    "behind the end of a PDF": (MediaKind.PDF, lambda: pdf() + b"\n" + EICAR),
    "in an entry of a DOCX": (MediaKind.DOCX, lambda: packed(docx_parts() | {"word/media/image1.png": EICAR})),
    "in an entry of an ODT": (MediaKind.ODT, lambda: packed(odt_parts() | {"Pictures/one.png": EICAR})),
}


# What is found


@pytest.mark.parametrize("way", FIVE_WAYS)
def test_a_virus_is_found_wherever_it_is(scanner: Clamd, at: datetime, way: str) -> None:
    kind, make = FIVE_WAYS[way]
    stored = waiting(at, make(), kind)
    assert scan_files(at=at) == Scanned(infected=1)
    assert states(stored) == [INFECTED]
    assert (stored.scanned_at, stored.scan_after, stored.read_after) == (at, None, None)


def test_an_honest_file_is_clean(scanner: Clamd, at: datetime, settings: Settings) -> None:
    contents = {MediaKind.PDF: pdf("A CV"), MediaKind.DOCX: packed(docx_parts()), MediaKind.ODT: packed(odt_parts())}
    files = [waiting(at, content, kind) for kind, content in contents.items()]
    settings.CLAMD_ADDRESS = scanner.unix
    assert scan_files(at=at) == Scanned(clean=3)
    assert states(*files) == [CLEAN] * 3
    assert {(stored.scanned_at, stored.scan_after) for stored in files} == {(at, None)}
    assert scan_files(at=at + HOUR) == Scanned()


def test_a_file_that_is_sent_is_scanned_and_one_that_is_only_staged_is_not(scanner: Clamd, at: datetime) -> None:
    owner = uuid4()
    sent, staged = people.staged(owner, at), people.staged(owner, at)
    assert attach_files(owner, [sent.pk], at=at) == 1
    assert states(sent) == [WAITING]
    assert scan_files(at=at) == Scanned(clean=1)
    assert states(sent, staged) == [CLEAN, (FileState.STAGED, ScanState.NOT_SCANNED)]


def test_without_a_scanner_nothing_waits_and_the_files_can_be_scanned_later(
    clamd_server: Clamd, at: datetime, settings: Settings
) -> None:
    owner = uuid4()
    old = [people.staged(owner, at) for _ in range(3)]
    attach_files(owner, [stored.pk for stored in old], at=at)
    assert states(*old) == [(FileState.ATTACHED, ScanState.NOT_SCANNED)] * 3
    assert scan_files(at=at) == Scanned()
    settings.CLAMD_ADDRESS = clamd_server.tcp
    assert scan_files(at=at) == Scanned()  # nothing is queued by itself
    assert [queue_unscanned(at=at, limit=2), queue_unscanned(at=at, limit=2)] == [2, 1]
    assert queue_unscanned(at=at, limit=2) == 0
    assert states(*old) == [WAITING] * 3
    assert scan_files(at=at) == Scanned(clean=3)


# What is handed out


def handed_out(stored: StoredFile) -> bool:
    try:
        check_deliverable(stored)
    except NotHandedOut:
        return False
    return True


def test_who_gets_what(at: datetime) -> None:
    by_scan = {scan: made_up_file(pdf("A CV"), at=at, scan=scan) for scan in ScanState}
    assert {scan for scan, stored in by_scan.items() if handed_out(stored)} == set(DOWNLOADABLE)
    assert {ScanState.CLEAN, ScanState.NOT_SCANNED} == DOWNLOADABLE
    by_state = {state: made_up_file(pdf("A CV"), at=at, state=state, expires_at=at) for state in FileState}
    assert {state for state, stored in by_state.items() if handed_out(stored)} == {
        FileState.ATTACHED,
        FileState.STAGED,
    }


def test_what_was_made_of_a_file_follows_its_original(at: datetime) -> None:
    original = made_up_file(pdf("A CV"), at=at)
    page = made_up_file(b"a picture", at=at, kind=MediaKind.PNG, part=FilePart.PAGE, made_of=original.pk, page=1)
    assert handed_out(page)
    for scan in (ScanState.WAITING, ScanState.FAILED, ScanState.INFECTED):
        StoredFile.objects.filter(pk=original.pk).update(scan=scan)
        assert not handed_out(page)
    page.made_of = uuid4()
    assert not handed_out(page)


def test_a_page_says_that_it_is_being_scanned_and_nothing_of_one_that_is_infected(at: datetime) -> None:
    request = RequestFactory().get("/")
    with pytest.raises(NotHandedOut) as waits:
        deliver(waiting(at))
    answer = not_handed_out(request, waits.value)
    assert (answer.status_code, answer["Cache-Control"]) == (409, "no-store, private")
    assert "Try again in a few minutes" in answer.content.decode()
    with pytest.raises(NotHandedOut) as never:
        deliver(made_up_file(pdf("A CV"), at=at, scan=ScanState.INFECTED))
    with pytest.raises(Http404):
        not_handed_out(request, never.value)


def test_a_copy_of_a_file_that_waits_is_scanned_too(scanner: Clamd, at: datetime) -> None:
    original, found = waiting(at), waiting(at, pdf() + EICAR)
    copies = [copy_stored_file(stored, owner_ref=uuid4(), at=at + MINUTE) for stored in (original, found)]
    assert states(*copies) == [WAITING] * 2
    assert scan_files(at=at + MINUTE) == Scanned(clean=2, infected=2)
    assert states(*copies) == [CLEAN, INFECTED]
    found.refresh_from_db()
    again = copy_stored_file(found, owner_ref=uuid4(), at=at)
    assert (again.scan, again.scan_after, handed_out(again)) == (ScanState.INFECTED, None, False)


def test_a_refused_file_goes_with_what_was_made_of_it(scanner: Clamd, at: datetime) -> None:
    stored = waiting(at, pdf() + EICAR)
    made_up_file(b"text", at=at, kind=MediaKind.TEXT, part=FilePart.TEXT, made_of=stored.pk)
    scan_files(at=at)
    assert purge_staged_files(at=at) == 0  # whoever holds it lets it go first
    assert release_files([stored.pk]) == 2
    assert purge_staged_files(at=at) == 2
    assert (StoredFile.objects.count(), storages["files"].list_keys()) == (0, [])  # type: ignore[attr-defined]


# A scanner that does not do as it should


def say(answer: bytes, *, reads: bool = True) -> Callable[[socket.socket], None]:
    def behave(line: socket.socket) -> None:
        if reads:
            read_stream(line)
        line.sendall(answer)

    return behave


def sleep(line: socket.socket) -> None:
    line.recv(1, socket.MSG_WAITALL)
    time.sleep(3)


def trickle(line: socket.socket) -> None:
    """One byte after the other, each in time, and never an end."""
    for _ in range(30):
        line.sendall(b"s")
        time.sleep(0.1)


ODD = {
    "nothing": say(b""),
    "cut": say(b"stream: OK"),
    "cut in the middle": say(b"stream: O"),
    "two answers": say(b"stream: OK\0stream: OK\0"),
    "more behind it": say(b"stream: OK\0 or not"),
    "another word": say(b"stream: Ok\0"),
    "a line break": say(b"stream: OK\n\0"),
    "an error": say(b"stream: lstat() failed. ERROR\0"),
    "its limit": say(b"INSTREAM size limit exceeded. ERROR\0"),
    "a limit as a finding": say(b"stream: Heuristics.Limits.Exceeded.MaxScanTime FOUND\0"),
    "a finding without a name": say(b"stream:  FOUND\0"),
    "something of another file": say(b"other: OK\0"),
    "no end": say(b"x" * 100_000),
    "a greeting": say(b"HTTP/1.1 400 Bad Request\r\n\r\n", reads=False),
    "closed at once": lambda _line: None,
    "slow": sleep,
    "trickling": trickle,
}


@pytest.mark.parametrize("case", ODD)
def test_an_answer_that_is_odd_is_a_failure_and_is_tried_again(
    clamd_server: Clamd, at: datetime, settings: Settings, case: str, caplog: pytest.LogCaptureFixture
) -> None:
    stored = waiting(at)
    with odd_scanner(ODD[case]) as settings.CLAMD_ADDRESS:
        assert scan_files(at=at, patience=QUICK) == Scanned(failed=1)
    assert states(stored) == [FAILED]
    assert (stored.scan_tries, stored.scan_after, handed_out(stored)) == (1, at + MINUTE, False)
    [message] = caplog.messages
    assert message.startswith(f"the virus scan of stored file {stored.pk} failed: ")
    assert (stored.name in message, stored.key in message) == (False, False)
    settings.CLAMD_ADDRESS = clamd_server.tcp
    assert scan_files(at=at + MINUTE - timedelta(seconds=1)) == Scanned()
    assert scan_files(at=at + MINUTE) == Scanned(clean=1)


def test_the_same_scanner_with_a_right_answer_is_believed(at: datetime, settings: Settings) -> None:
    clean, found = waiting(at), waiting(at + MINUTE)
    seen = []

    def behave(line: socket.socket) -> None:
        seen.append(read_stream(line))
        line.sendall(b"stream: OK\0" if len(seen) == 1 else b"stream: Win.Test.EICAR_HDB-1(44d8:68) FOUND\0")

    with odd_scanner(behave) as settings.CLAMD_ADDRESS:
        assert scan_files(at=at + MINUTE) == Scanned(clean=1, infected=1)
    assert (states(clean, found), seen) == ([CLEAN, INFECTED], [pdf("A CV")] * 2)


def test_the_pauses_double_from_a_minute_to_an_hour_and_trying_never_ends(at: datetime, settings: Settings) -> None:
    stored, pauses = waiting(at), []
    with odd_scanner(say(b"stream: no. ERROR\0")) as settings.CLAMD_ADDRESS:
        for _ in range(8):
            assert stored.scan_after is not None
            at = stored.scan_after
            assert scan_files(at=at) == Scanned(failed=1)
            stored.refresh_from_db()
            pauses.append(stored.scan_after - at)
        StoredFile.objects.filter(pk=stored.pk).update(scan_tries=1_000, scan_after=at)
        assert scan_files(at=at) == Scanned(failed=1)
    stored.refresh_from_db()
    assert [pause // MINUTE for pause in pauses] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert (stored.scan_tries, stored.scan_after) == (1_000, at + HOUR)


def test_a_file_beyond_the_scanners_limit_is_not_clean(scanner: Clamd, at: datetime) -> None:
    stored, small = waiting(at, pdf() + b" " * (STREAM_LIMIT + 1)), waiting(at)
    assert scan_files(at=at) == Scanned(clean=1, failed=1)
    assert states(stored, small) == [FAILED, CLEAN]


def test_no_scanner_there_changes_nothing(at: datetime, settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    files = [waiting(at) for _ in range(3)]
    for address in (f"tcp://127.0.0.1:{free_port()}", "unix:/nowhere/clamd.ctl"):
        settings.CLAMD_ADDRESS = address
        assert scan_files(at=at) == Scanned()
    assert states(*files) == [WAITING] * 3
    assert {(stored.scan_tries, stored.scan_after) for stored in files} == {(0, at)}
    assert caplog.messages == [
        f"no file is scanned now: the scanner does not answer ({why})"
        for why in ("ConnectionRefusedError", "FileNotFoundError")
    ]


def test_one_that_stops_answering_gets_no_more_files_in_this_run(
    clamd_server: Clamd, at: datetime, settings: Settings
) -> None:
    files = [waiting(at + number * MINUTE) for number in range(3)]
    with odd_scanner(sleep) as settings.CLAMD_ADDRESS:
        done = scan_files(at=at + HOUR, patience=QUICK)
    assert done == Scanned(failed=1, put_back=2)
    assert not done.is_more_likely
    assert states(*files) == [FAILED, WAITING, WAITING]
    assert [(stored.scan_tries, stored.scan_after) for stored in files] == [
        (1, at + HOUR + MINUTE),
        (0, at + HOUR + MINUTE),
        (0, at + HOUR + MINUTE),
    ]
    settings.CLAMD_ADDRESS = clamd_server.tcp
    assert scan_files(at=at + HOUR + MINUTE) == Scanned(clean=3)


def test_the_time_for_an_answer_is_for_all_of_it(clamd_server: Clamd) -> None:
    def endless() -> Any:
        while True:
            yield b"x"
            time.sleep(0.01)

    with pytest.raises(ScannerDown):
        find_virus(endless(), clamd_server.tcp, Patience(answer=0.2))
    with pytest.raises(ScanFailed, match="ended the connection"):
        find_virus([b"x" * STREAM_LIMIT] * 50, clamd_server.tcp)
    assert find_virus([EICAR], clamd_server.tcp) == NAME
    assert find_virus([b"", b"x", b""], clamd_server.tcp) == ""
    assert (PATIENCE.connect, PATIENCE.sign) == (2, 5)


def test_an_object_that_is_lost_or_another_one_is_not_clean(scanner: Clamd, at: datetime) -> None:
    lost, other = waiting(at), waiting(at)
    storages["files"].purge_keys([lost.key, other.key])  # type: ignore[attr-defined]
    storages["files"].put_new(other.key, io.BytesIO(pdf("Another")))  # type: ignore[attr-defined]
    assert scan_files(at=at) == Scanned(failed=2)
    assert states(lost, other) == [FAILED] * 2


# Several workers


@pytest.mark.django_db(transaction=True)
def test_two_workers_scan_each_file_once(at: datetime, settings: Settings) -> None:
    files = [waiting(at, pdf(f"CV {number}")) for number in range(12)]
    seen = []

    def behave(line: socket.socket) -> None:
        seen.append(read_stream(line))
        time.sleep(0.02)
        line.sendall(b"stream: OK\0")

    with odd_scanner(behave) as settings.CLAMD_ADDRESS:
        done = at_once(lambda: scan_files(at=at, limit=6))
        done += at_once(lambda: scan_files(at=at, limit=6))
    assert sum(run.clean for run in done) == 12
    assert sorted(seen) == sorted(pdf(f"CV {number}") for number in range(12))
    assert states(*files) == [CLEAN] * 12


@pytest.mark.django_db(transaction=True)
def test_what_another_worker_has_taken_is_not_taken_and_what_it_left_is_taken_later(
    at: datetime, settings: Settings
) -> None:
    stored = waiting(at)
    others = []

    def behave(line: socket.socket) -> None:
        read_stream(line)
        if not others:
            others.append(elsewhere(lambda: scan_files(at=at + MINUTE)))
            # Erased while it was scanned: nothing comes back.
            release_files([stored.pk])
            connection.close()
        line.sendall(b"stream: OK\0")

    with odd_scanner(behave) as settings.CLAMD_ADDRESS:
        scan_files(at=at)
    assert others == [Scanned()]
    assert states(stored) == [(FileState.DELETION_PENDING, ScanState.WAITING)]
    dead = waiting(at)
    StoredFile.objects.filter(pk=dead.pk).update(scan_after=at + HOUR)  # leased by a worker that died
    with odd_scanner(say(b"stream: OK\0")) as settings.CLAMD_ADDRESS:
        assert scan_files(at=at + HOUR) == Scanned(clean=1)


def test_the_number_of_queries_does_not_grow(scanner: Clamd, at: datetime) -> None:
    counts = []
    for number in (1, 10):
        for _ in range(number):
            waiting(at)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert scan_files(at=at) == Scanned(clean=number)
        counts.append(len(queries))
    assert counts[0] == counts[1]
