"""What became of each application, as acts with their instants: each a call of the service that does it in life."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from uuid import uuid4

from accounts.models import User
from candidates.enums import (
    Channel,
    HeldKind,
    HoldGround,
    InteractionKind,
    MeansOfContact,
    RestrictionGround,
    Stage,
)
from candidates.models import Application, Candidate, Interview, Note
from candidates.services.addresses import confirm_address, disown_application
from candidates.services.applications import move_application, withdraw_application
from candidates.services.consents import give_consent, withdraw_consent
from candidates.services.erasure import request_erasure
from candidates.services.holds import open_hold
from candidates.services.interactions import record_interaction
from candidates.services.interviews import mark_no_show, plan_interview
from candidates.services.mail import mail_bounced
from candidates.services.notes import add_note
from candidates.services.outreach import send_outreach
from candidates.services.restrictions import restrict_candidate
from candidates.services.sourcing import record_assessment, source_candidate
from clouder.demo import cv
from clouder.demo.cast import Part, Story
from common.actors import candidate as the_candidate
from common.actors import staff
from mailing.enums import EmailKind
from mailing.models import OutboxEmail
from mailing.services import message_id
from policy.calendar import add_years, local_date, local_midnight
from privacy.enums import RequestChannel, SubjectRequestKind
from privacy.models import ErasureBatch
from privacy.services.erasure import erase_due
from privacy.services.mailboxes import confirm_mailbox_purge
from privacy.services.objections import object_to_recruiting
from privacy.services.requests import open_request

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
    Story.INVITED: (*CONFIRMED, *REVIEW, (3, "contact", InteractionKind.CALL)),
    Story.NO_SHOW: (*CONFIRMED, *REVIEW, (3, "invite", ""), (7, "miss", "")),
    Story.ASKED_FOR_COPY: REJECTED,
    Story.RESTRICTED: REJECTED,
    Story.OBJECTED: REJECTED,
    Story.HELD: REJECTED,
    Story.UNREACHABLE: (*REJECTED, (10.2, "bounce", "")),
}
SINCE: dict[Story, tuple[timedelta, str]] = {
    Story.ERASURE_REQUESTED: (timedelta(hours=3), "ask for erasure"),
    Story.ERASURE_DUE: (timedelta(hours=25), "ask for erasure"),
    Story.ERASED: (timedelta(days=43), "erase"),
    Story.INVITED: (timedelta(days=1), "invite"),
    Story.ASKED_FOR_COPY: (timedelta(days=12), "ask for copy"),
    Story.RESTRICTED: (timedelta(days=4), "dispute"),
    Story.OBJECTED: (timedelta(days=2), "object"),
    Story.HELD: (timedelta(days=174), "hold"),
}
"""What happened so long before now, whenever the person applied."""
UNTIL_INTERVIEW = timedelta(days=4)


@dataclass(frozen=True)
class Act:
    """Something that was done at an instant."""

    at: datetime
    do: Callable[[datetime], object]


class Player:
    """Plays one part after it has applied: each act looks up what is there at its time."""

    def __init__(self, part: Part, member: User, officer: User, rng: Random) -> None:
        self.part = part
        self.member, self.language, self.officer = staff(member.pk), member.language, officer
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
        if self.part.story in SINCE:
            ago, what = SINCE[self.part.story]
            yield Act(now - ago, lambda at: self.play(what, "", at))

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
        elif what in PLAYED:
            PLAYED[what](self, at)
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
        elif what == "ask for erasure":
            request_erasure(record.person_ref, actor=actor, at=at)
        elif what == "object":
            object_to_recruiting(record.person_ref, wants_suppression=True, actor=actor, at=at)
        else:
            raise LookupError(what)

    def invite(self, at: datetime) -> None:
        """An interview is agreed, for the morning some days on."""
        starts_at = local_midnight(local_date(at + UNTIL_INTERVIEW)) + timedelta(hours=10)
        plan_interview(
            self.candidate.pk, starts_at=starts_at, means=MeansOfContact.VIDEO, actor=self.member, at=at,
            application_id=self.application.pk,
        )  # fmt: skip

    def miss(self, at: datetime) -> None:
        """The candidate does not come to the interview."""
        planned = Interview.objects.get(candidate=self.candidate)
        mark_no_show(planned.pk, candidate_id=self.candidate.pk, actor=self.member, at=max(at, planned.starts_at))

    def bounce(self, at: datetime) -> None:
        """A mail comes back: the address does not exist any more."""
        receipt = OutboxEmail.objects.get(kind=EmailKind.APPLICATION_RECEIVED, subject_ref=self.candidate.pk)
        mail_bounced(message_id(receipt.pk), at=at, is_permanent=True)

    def ask_for_copy(self, at: datetime) -> None:
        """The candidate writes to the company, and the privacy officer notes what is wanted."""
        open_request(
            SubjectRequestKind.ACCESS, channel=RequestChannel.MAIL, received_at=at - timedelta(hours=20),
            actor=staff(self.officer.pk), at=at, language=self.part.language, person_ref=self.candidate.person_ref,
        )  # fmt: skip

    def dispute(self, at: datetime) -> None:
        """The candidate says that something is not right; until it is looked into, nobody works with the data."""
        restrict_candidate(
            self.candidate.person_ref, ground=RestrictionGround.ACCURACY, actor=staff(self.officer.pk), at=at
        )

    def hold(self, at: datetime) -> None:
        """The candidate claims to have been passed over; the application and what was noted are kept for the answer."""
        notes = Note.objects.filter(candidate=self.candidate).values_list("pk", flat=True)
        open_hold(
            self.candidate.person_ref,
            subject_ref=self.candidate.pk,
            case_ref="HR-2026-014",
            ground=HoldGround.DISCRIMINATION,
            owner=self.officer,
            items=[(HeldKind.APPLICATION, self.application.pk), *((HeldKind.NOTE, pk) for pk in notes)],
            actor=staff(self.officer.pk),
            at=at,
        )

    def erase(self, at: datetime) -> None:
        """The worker comes by; a colleague has purged the mailbox that it waits for."""
        erase_due(at=at)
        for batch in ErasureBatch.objects.filter(mailbox_waits_since=at):
            confirm_mailbox_purge(batch.pk, actor=self.member, at=at)
        erase_due(at=at)


PLAYED: dict[str, Callable[[Player, datetime], None]] = {
    "invite": Player.invite,
    "miss": Player.miss,
    "bounce": Player.bounce,
    "ask for copy": Player.ask_for_copy,
    "dispute": Player.dispute,
    "hold": Player.hold,
    "erase": Player.erase,
}
"""What more than one party takes part in."""


def approached(recruiter: User, officer: User, now: datetime) -> Iterator[Act]:
    """People whom the company approaches: one who was written to, and one who was named by a colleague yesterday."""
    assessed_at = now - timedelta(days=70)
    found_at, written_at = now - timedelta(days=9), now - timedelta(days=8)
    valid_until = add_years(local_date(assessed_at), 1)
    yield Act(
        assessed_at,
        lambda at: record_assessment(
            document_ref="LIA-2026-02", valid_until=valid_until, actor=staff(officer.pk), at=at
        ),
    )
    yield Act(found_at, lambda at: source_candidate(cv.FOUND, actor=staff(recruiter.pk), at=at))
    yield Act(written_at, lambda at: _write_to(cv.FOUND.email, recruiter, at))
    yield Act(now - timedelta(days=1), lambda at: source_candidate(cv.NAMED, actor=staff(recruiter.pk), at=at))


def _write_to(email: str, recruiter: User, at: datetime) -> None:
    found = Candidate.objects.get(email=email)
    send_outreach(found.pk, subject=cv.OUTREACH[0], text=cv.OUTREACH[1], actor=staff(recruiter.pk), at=at)
