"""F06: every task of the schedule, delivered twice at once and again and again. What it does is done once."""

import pytest

from accounts.models import User
from candidates.models import Position
from common import clock
from mailing.models import OutboxEmail
from mailing.services import message_id
from tests.parts import duties
from tests.parts.forks import StartForks, take
from tests.parts.smtp import SmtpServer

pytestmark = pytest.mark.timeout(300)


def test_what_is_delivered_twice_is_done_once(
    position: Position, recruiter: User, officer: User, start_forks: StartForks, smtp_server: SmtpServer
) -> None:
    forks = start_forks(CLOUDER_EMAIL_URL=smtp_server.url)
    duties.make(clock.now(), position, recruiter, officer)
    before = duties.effects()
    # There are as many objects as there will be, but other ones.
    assert [name for name, value in before.items() if value == duties.DONE[name]] == ["objects", "ledger"]
    for _ in range(2):  # what a later task leaves to an earlier one is done in the next round
        for task in duties.TASKS:
            for outcome in forks.run(task, 2):
                take(outcome, forks)
    assert duties.effects() == duties.DONE
    days = duties.days_of_the_log()
    assert (len(days) > 0, len(days)) == (True, len(set(days)))

    for task in duties.TASKS:
        take(forks.run(task, times=5)[0], forks)
    assert duties.effects() == duties.DONE
    assert duties.days_of_the_log() == days
    assert len(smtp_server.received) == sum(duties.DONE["mails"].values())
    assert set(smtp_server.message_ids) >= {message_id(pk) for pk in OutboxEmail.objects.values_list("pk", flat=True)}
    assert len(set(smtp_server.message_ids)) == len(smtp_server.received)
