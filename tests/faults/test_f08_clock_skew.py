"""F08: the clock of one worker of two is wrong. It does nothing at all, and the other goes on."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings

from accounts.models import User
from candidates.models import Candidate, Position
from common import clock
from tests.factories import people
from tests.parts import duties, sweep
from tests.parts.forks import Forks, StartForks, take
from tests.parts.smtp import SmtpServer

DAY = timedelta(days=1)
AHEAD, BEHIND = 400 * 86_400.0, -86_400.0


@pytest.fixture
def forks(start_forks: StartForks, smtp_server: SmtpServer) -> Forks:
    return start_forks(CLOUDER_EMAIL_URL=smtp_server.url)


def stores() -> list[str]:
    """Every file of both stores, with what is in it."""
    found: Iterator[Path] = (
        path for alias in ("files", "ledger") for path in (Path(settings.TEST_FOLDER) / alias).rglob("*")
    )
    return sorted(f"{path}: {path.read_bytes().hex()}" for path in found if path.is_file())


@pytest.mark.parametrize("shift", [AHEAD, BEHIND, 90.0, -90.0])
def test_a_worker_with_a_wrong_clock_erases_nobody_and_the_other_goes_on(forks: Forks, shift: float) -> None:
    now = clock.now()
    gone = people.application(now - 800 * DAY, email="gone@example.org").candidate
    early = people.application(now - 400 * DAY, email="early@example.org").candidate
    late = now + timedelta(seconds=AHEAD)
    assert sorted(person.pk for person in (gone, early)) == sorted(
        Candidate.objects.expired(late).values_list("pk", flat=True)
    )
    before = (sweep.database(), stores())
    (refused,) = forks.run("privacy.tasks.erase_due", shift=shift)
    assert (refused.status, forks.log.read_text().count("ClockDiffers")) == (1, 1)
    assert (sweep.database(), stores()) == before

    take(forks.run("privacy.tasks.erase_due")[0], forks)
    assert Candidate.objects.get() == early


def test_a_minute_is_forgiven(forks: Forks) -> None:
    people.application(clock.now() - 800 * DAY, email="gone@example.org")
    take(forks.run("privacy.tasks.erase_due", shift=30)[0], forks)
    assert Candidate.objects.count() == 0


@pytest.mark.parametrize("task", duties.TASKS)
def test_a_worker_that_is_far_ahead_does_nothing_at_all(
    position: Position, recruiter: User, officer: User, forks: Forks, smtp_server: SmtpServer, task: str
) -> None:
    now = clock.now()
    duties.make(now, position, recruiter, officer)
    before = (sweep.database(), stores())
    forks.run(task, shift=AHEAD)
    assert (sweep.database(), stores(), smtp_server.received) == (*before, [])
