"""What became of each application, as acts with their instants: each a call of the service that does it in life."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from uuid import uuid4

from accounts.models import User
from candidates.enums import Channel, InteractionKind, Stage
from candidates.models import Application, Candidate
from candidates.services.addresses import confirm_address, disown_application
from candidates.services.applications import move_application, withdraw_application
from candidates.services.consents import give_consent, withdraw_consent
from candidates.services.erasure import request_erasure
from candidates.services.interactions import record_interaction
from candidates.services.notes import add_note
from clouder.demo import cv
from clouder.demo.cast import Part, Story
from common.actors import candidate as the_candidate
from common.actors import staff
from policy.calendar import local_date, local_midnight
from privacy.models import ErasureBatch
from privacy.services.erasure import erase_due
from privacy.services.mailboxes import confirm_mailbox_purge

Step = tuple[float, str, str]
"""Days after the application, what is done, and with which stage or kind."""

REVIEW: tuple[Step, ...] = ((1, "move", Stage.IN_REVIEW), (1.1, "note", ""))
TALKS: tuple[Step, ...] = (
    *REVIEW, (3, "contact", InteractionKind.CALL), (4, "contact", InteractionKind.MAIL_SENT),
    (5, "contact", InteractionKind.MAIL_RECEIVED), (8, "contact", InteractionKind.INTERVIEW),
    (8.1, "move", Stage.INTERVIEW), (8.2, "note", ""),
)  # fmt: skip
CONFIRMED: tuple[Step, ...] = ((0.1, "confirm", ""),)
REJECTED: tuple[Step, ...] = (
    *CONFIRMED, *REVIEW, (10, "reject", ""), (10.1, "move", Stage.REJECTED),
)  # fmt: skip
STEPS: dict[Story, tuple[Step, ...]] = {
    Story.RECEIVED: CONFIRMED,
    Story.IN_REVIEW: (*CONFIRMED, *REVIEW),
    Story.INTERVIEW: (*CONFIRMED, *TALKS),
    Story.OFFER: (*CONFIRMED, *TALKS, (12, "move", Stage.OFFER)),
    Story.HIRED: (*CONFIRMED, *TALKS, (12, "move", Stage.OFFER), (16, "move", Stage.HIRED)),
    Story.REJECTED: REJECTED,
    Story.ERASED: REJECTED,
    Story.WITHDRAWN: (*CONFIRMED, *REVIEW, (6, "withdraw", "")),
    Story.UNCONFIRMED: (),
    Story.DISOWNED: ((2, "disown", ""),),
    Story.CONSENT_GIVEN: (*REJECTED, (12, "consent", "")),
    Story.CONSENT_WITHDRAWN: (*REJECTED, (40, "withdraw consent", "")),
    Story.ERASURE_REQUESTED: CONFIRMED,
    Story.ERASURE_DUE: CONFIRMED,
}


@dataclass(frozen=True)
class Act:
    """Something that was done at an instant."""

    at: datetime
    do: Callable[[datetime], object]


class Player:
    """Plays one part after it has applied: each act looks up what is there at its time."""

    def __init__(self, part: Part, member: User, rng: Random) -> None:
        self.part = part
        self.member, self.language = staff(member.pk), member.language
        self.rng = rng
        self.application_id = uuid4()  # the application's, once it is there

    @property
    def application(self) -> Application:
        """The application as it stands."""
        return Application.objects.select_related("candidate").get(pk=self.application_id)

    @property
    def candidate(self) -> Candidate:
        """The record as it stands."""
        return self.application.candidate

    def acts(self, applied_at: datetime, now: datetime) -> Iterator[Act]:
        """All acts after the application, each at a working hour of its day."""
        day = local_date(applied_at)
        for after, what, which in STEPS[self.part.story]:
            # The fraction is the place within the day's acts.
            start = local_midnight(day + timedelta(days=int(after))) + timedelta(hours=9 + 10 * (after % 1) * 3)
            at = start + timedelta(minutes=self.rng.randint(0, 50))
            at = max(at, applied_at + timedelta(minutes=3))
            yield Act(at, lambda at, what=what, which=which: self.play(what, which, at))  # type: ignore[misc]
        if self.part.story in {Story.ERASURE_REQUESTED, Story.ERASURE_DUE}:
            ago = timedelta(hours=3 if self.part.story is Story.ERASURE_REQUESTED else 25)
            yield Act(now - ago, self.ask_for_erasure)
        if self.part.story is Story.ERASED:
            yield Act(now - timedelta(days=43), self.erase)

    def play(self, what: str, which: str, at: datetime) -> None:
        """Do one thing."""
        if what == "move":
            reason = self.rng.choice(cv.REJECTIONS[self.language]) if which == Stage.REJECTED else ""
            move_application(self.application.pk, to_stage=Stage(which), actor=self.member, at=at, reason=reason)
        elif what == "note":
            add_note(self.candidate.pk, text=self.rng.choice(cv.NOTES[self.language]), actor=self.member, at=at)
        elif what == "contact":
            self.contact(InteractionKind(which), cv.SAID[which][self.language], at)
        elif what == "reject":
            self.contact(InteractionKind.MAIL_SENT, cv.ANSWER[self.language], at)
        else:
            self.act_as_candidate(what, at)

    def contact(self, kind: InteractionKind, text: str, at: datetime) -> None:
        """A contact, recorded some minutes after it took place."""
        record_interaction(
            self.candidate.pk,
            kind=kind,
            occurred_at=at - timedelta(minutes=self.rng.randint(2, 50)),
            text=text,
            actor=self.member,
            at=at,
            application_id=self.application.pk,
        )

    def act_as_candidate(self, what: str, at: datetime) -> None:
        """What only the candidate does."""
        record = self.candidate
        actor = the_candidate(record.person_ref)
        if what == "confirm":
            confirm_address(record.pk, address=record.address, at=at)
        elif what == "disown":
            disown_application(record.pk, address=record.address, at=at)
        elif what == "withdraw":
            withdraw_application(self.application.pk, person_ref=record.person_ref, actor=actor, at=at)
        elif what == "consent":
            give_consent(record.pk, language=self.part.language, channel=Channel.MY_DATA, actor=actor, at=at)
        elif what == "withdraw consent":
            withdraw_consent(record.person_ref, actor=actor, at=at)
        else:
            raise LookupError(what)

    def erase(self, at: datetime) -> None:
        """The worker comes by; a colleague has purged the mailbox that it waits for."""
        erase_due(at=at)
        for batch in ErasureBatch.objects.filter(mailbox_waits_since=at):
            confirm_mailbox_purge(batch.pk, actor=self.member, at=at)
        erase_due(at=at)

    def ask_for_erasure(self, at: datetime) -> None:
        """The candidate asks to be erased."""
        person_ref = self.candidate.person_ref
        request_erasure(person_ref, actor=the_candidate(person_ref), at=at)
