"""Loading the demonstration's data: staff, positions, and people with a past.

Everything goes through the services, in the order in which it happened and with the instant at which it happened, so
that clocks, events and mails are what they would be. Nothing here is real: people, company and deeds are made up, and
every address is at example.org.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from io import BytesIO
from random import Random
from uuid import uuid4

from django.conf import settings
from django.contrib.auth.models import Group

from accounts.enums import Role
from accounts.models import User
from candidates.models import Candidate, Position
from candidates.services.applications import Answers, submit_application
from clouder.demo.cast import SEED, Part, cast
from clouder.demo.papers import Papers, papers
from clouder.demo.positions import make_positions
from clouder.demo.stories import Act, Player, approached
from files.services import stage_file
from mailing.enums import EmailState
from mailing.models import OutboxEmail
from mailing.services import deliver_emails
from policy.calendar import local_date, local_midnight

PASSWORD = "a-password-for-the-demo"  # noqa: S105 (printed at every start, for a site on this machine alone)
RECENT = timedelta(hours=2)
"""Mails younger than this are left for the worker, to be seen going out."""

STAFF = (
    (Role.RECRUITER, "riikka.rekrytoija@example.org", "Riikka Rekrytoija", "en"),
    (Role.RECRUITER, "oskar.osaaja@example.org", "Oskar Osaaja", "fi"),
    (Role.PRIVACY_OFFICER, "tiina.tietosuoja@example.org", "Tiina Tietosuoja", "en"),
    (Role.ADMINISTRATOR, "yrjo.yllapito@example.org", "Yrjö Ylläpito", "en"),
)
"""Role, address, name and language. The administrator is made last: with that user the data are complete."""


class NotOurs(Exception):
    """The database holds something that is not the whole of the demo's data; the message is a sentence."""


def is_loaded() -> bool:
    """Whether the demo's data are here. Raises NotOurs where other data are, or a part only."""
    if User.objects.filter(email=STAFF[-1][1]).exists():
        return True
    if User.objects.exists() or Candidate.objects.exists() or Position.objects.exists():
        raise NotOurs("This database holds data that are not the demo's, or were loaded in part; nothing was changed.")
    return False


def load(at: datetime) -> None:
    """Load everything as of ``at``."""
    *recruiters, officer = make_staff(STAFF[:-1])
    positions = make_positions(tuple(recruiters), at)
    with _unseen_mail():
        for act in sorted(_script(positions, recruiters, officer, at), key=lambda act: act.at):
            act.do(act.at)
            if act.at < at - RECENT and OutboxEmail.objects.filter(state=EmailState.QUEUED).exists():
                deliver_emails(at=act.at)
    make_staff(STAFF[-1:])


def make_staff(rows: tuple[tuple[Role, str, str, str], ...]) -> tuple[User, ...]:
    """Make members of staff in their roles."""
    made = []
    for role, email, name, language in rows:
        user = User.objects.create_user(email, PASSWORD, name=name, language=language)
        user.groups.add(Group.objects.get(name=role.value))
        made.append(user)
    return tuple(made)


@contextmanager
def _unseen_mail() -> Iterator[None]:
    """Mail of the past counts as sent, and nobody gets it."""
    before = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    try:
        yield
    finally:
        settings.EMAIL_BACKEND = before


def _script(positions: dict[str, Position], recruiters: list[User], officer: User, at: datetime) -> Iterator[Act]:
    rng = Random(SEED)  # noqa: S311 (nothing is secret here)
    for number, part in enumerate(cast(local_date(at))):
        player = Player(part, recruiters[number % len(recruiters)], officer, rng)
        position = positions[part.position] if part.position else None
        applied_at = _applied_at(part, at, rng)
        yield Act(applied_at, partial(_apply, player, position, papers(part, number, rng)))
        yield from player.acts(applied_at, at)
    yield from approached(recruiters[0], officer, at)


def _applied_at(part: Part, at: datetime, rng: Random) -> datetime:
    if part.days < 1:
        return at - timedelta(days=part.days)
    day = local_date(at) - timedelta(days=int(part.days))
    return local_midnight(day) + timedelta(hours=8, minutes=rng.randint(0, 59))


def _apply(player: Player, position: Position | None, sent: Papers, at: datetime) -> None:
    """Stage the files and send the application, as the form does."""
    ref = uuid4()
    files = [
        (kind, stage_file(BytesIO(content), name=name, owner_ref=ref, at=at).pk) for kind, name, content in sent.files
    ]
    answers = Answers(submission_key=uuid4(), candidate_ref=ref, files=files, **sent.answers)
    player.application_id = submit_application(answers, position=position, at=at).pk
