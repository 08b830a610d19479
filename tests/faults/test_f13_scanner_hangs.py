"""F13: the virus scanner hangs. Documents wait and nobody gets them; when it goes on, all are done."""

from datetime import datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import User
from candidates.models import Document, Position
from files.enums import ScanState
from files.models import StoredFile
from files.scanning import Scanned, count_waiting, scan_files
from tests.factories import people
from tests.parts.scanner import QUICK, Clamd

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def test_a_scanner_that_hangs_delays_everything_and_loses_nothing(
    client: Client, clamd_server: Clamd, settings: Settings, position: Position, recruiter: User, at: datetime
) -> None:
    settings.CLAMD_ADDRESS = clamd_server.tcp
    client.force_login(recruiter)
    with time_machine.travel(at, tick=False):
        with clamd_server.held():
            for number in range(12):
                people.application(at, position, email=f"{number}@example.org")
            for minute in range(3):
                assert scan_files(at=at + minute * MINUTE, patience=QUICK) == Scanned()
            assert set(StoredFile.objects.values_list("scan", "scan_tries", "scan_after")) == {
                (ScanState.WAITING, 0, at)
            }
            addresses = [
                reverse("admin:candidates_candidate_file", args=[document.candidate_id, document.pk])
                for document in Document.objects.all()
            ]
            assert {client.get(address).status_code for address in addresses} == {409}
            page = reverse("admin:candidates_candidate_change", args=[Document.objects.first().candidate_id])  # type: ignore[union-attr]
            assert "waits for the virus scan" in client.get(page).content.decode()
        done = scanned = scan_files(at=at + 3 * MINUTE)
        while scanned.is_more_likely:
            scanned = scan_files(at=at + 3 * MINUTE)
            done += scanned
        assert (done, count_waiting()) == (Scanned(clean=12), 0)
        for address in addresses:
            answer = client.get(address)
            assert (answer.status_code, b"".join(answer.streaming_content)[:5]) == (200, b"%PDF-")  # type: ignore[attr-defined]
