"""F02, G13: whoever takes an application in, mails its receipt or tidies up dies before and after every single call.

For each point a fresh person, who fills the form in and sends it, and a process that dies there. Half of the tests have
the person come back and do again what was not answered, as a browser does that sends its form again; in the other half
nobody comes back. The workers go on in both. Then there is a whole application, with the object that was sent and one
receipt, or nothing at all of it; and where somebody was told that it was sent, it is there. All points are taken with
ALL_CRASH_POINTS=1; otherwise every sixteenth, beginning at one that CRASH_SEED gives.
"""

import hashlib
import os
import random
import signal
from datetime import datetime, timedelta

import pytest

from candidates.models import Application, ApplicationDraft, Document, Position
from files.enums import FileState
from files.models import StoredFile
from files.services import open_file
from mailing.enums import EmailKind, EmailState
from mailing.models import OutboxEmail
from mailing.services import message_id
from tests.parts import applying
from tests.parts.applying import ACTS, CV_SHA256, WORKERS
from tests.parts.faults import AFTER, BEFORE
from tests.parts.forks import Forks, StartForks, take
from tests.parts.servers import Buckets
from tests.parts.site import empty_cache_table
from tests.parts.smtp import SmtpServer

pytestmark = [pytest.mark.s3, pytest.mark.timeout(900), pytest.mark.usefixtures("cache_table")]

EVERY = 1 if os.environ.get("ALL_CRASH_POINTS") == "1" else 16
SEED = int(os.environ.get("CRASH_SEED") or random.randrange(EVERY)) % EVERY
PAUSE = timedelta(days=3)
"""Between two people, so that no limit of a day bears on the next."""
LEAST = 60
"""An application has at least so many calls (G13); fewer would mean that they are not counted."""
AMONG_THEM = {"files PutObject", "database INSERT", "database COMMIT", "mail sendmail", "files DeleteObjects"}


class Applicant:
    """One person with an address and a browser of their own."""

    def __init__(self, number: int, at: datetime) -> None:
        self.at = at + number * PAUSE
        self.email = f"{number}@example.org"
        self.browser = applying.open_form(self.at - timedelta(minutes=1), self.email)
        self.known: list[str] = []

    def go(self, forks: Forks, acts: list[str], moment: str = "", place: int = 0) -> tuple[int, list[str]]:
        """Do these acts, and learn what was answered; how the process ended, and its calls."""
        arguments = {"acts": acts, "browser": self.browser, "at": self.at.isoformat()}
        done = forks.watched("tests.parts.applying", "perform", moment, place, **arguments)
        self.known += applying.answered(done.calls, self.browser)
        if done.status != -signal.SIGKILL:
            take(done, forks)
        return done.status, [line for line in done.calls if not line.startswith(applying.ANSWER)]

    @property
    def left(self) -> list[str]:
        """What was not answered."""
        return [name for name in ACTS if name not in self.known]


@pytest.mark.parametrize("comes_back", [True, False], ids=["comes back", "stays away"])
@pytest.mark.parametrize("moment", [BEFORE, AFTER])
def test_an_application_is_whole_or_not_there_wherever_a_process_dies(
    at: datetime,
    position: Position,
    start_forks: StartForks,
    s3_buckets: Buckets,
    smtp_server: SmtpServer,
    moment: str,
    comes_back: bool,
) -> None:
    print(f"every {EVERY} of the points; the same again: CRASH_SEED={SEED}")
    forks = start_forks(CLOUDER_EMAIL_URL=smtp_server.url, **s3_buckets.environment)
    killed = []
    for number, place in enumerate(range(1 + SEED, 10_000, EVERY)):
        applicant = Applicant(number, at)
        smtp_server.received.clear()
        empty_cache_table()  # a table that fills up is tidied by whoever writes next, with calls of its own
        status, calls = applicant.go(forks, list(ACTS), moment, place)
        where = f"{moment} call {place}, {calls[min(place, len(calls)) - 1]}"
        was_told = "send" in applicant.known
        if status == -signal.SIGKILL:
            killed.append(place)
            applicant.go(forks, [name for name in applicant.left if comes_back or name in WORKERS])
        is_there = Application.objects.filter(candidate__email=applicant.email).exists()
        assert is_there or not (was_told or comes_back), where
        if is_there:
            assert_whole(applicant, smtp_server, where)
        else:
            assert [mail for mail in smtp_server.received if applicant.email in mail.recipients] == [], where
        assert_no_orphan(s3_buckets, where)
        if status == 0:
            break
    assert (status, len(calls) >= LEAST, AMONG_THEM - set(calls)) == (0, True, set())
    assert killed == list(range(1 + SEED, len(calls) + 1, EVERY))


def assert_whole(applicant: Applicant, smtp_server: SmtpServer, where: str) -> None:
    """One application with one CV, whose object is what was sent, and one receipt, if twice then as one mail."""
    application = Application.objects.get(candidate__email=applicant.email)
    stored = Document.objects.select_related("stored_file").get(application=application).stored_file
    with open_file(stored) as stream:
        digests = (bytes(stored.sha256), hashlib.sha256(stream.read()).digest())
    assert digests == (CV_SHA256, CV_SHA256), where
    assert stored.state == FileState.ATTACHED, where
    receipt = OutboxEmail.objects.get(kind=EmailKind.APPLICATION_RECEIVED, to_address=applicant.email)
    assert receipt.state == EmailState.SENT, where
    mails = [str(mail.message["Message-ID"]) for mail in smtp_server.received if applicant.email in mail.recipients]
    assert set(mails) == {message_id(receipt.pk)}, where


def assert_no_orphan(buckets: Buckets, where: str) -> None:
    """Every row has its object and every object its row, each belongs to an application, and no draft is left."""
    held = sorted(Document.objects.values_list("stored_file__key", flat=True))
    assert sorted(StoredFile.objects.values_list("key", flat=True)) == held, where
    assert buckets.contents() == [f"version {key}" for key in held], where
    assert ApplicationDraft.objects.count() == 0, where
