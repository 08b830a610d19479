"""Sending, moving and withdrawing applications."""

import secrets
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID, uuid4

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from audit.enums import Action
from audit.services import record_event, record_events
from candidates import pipeline
from candidates.enums import (
    Channel,
    ConsentPurpose,
    Direction,
    DocumentKind,
    InteractionKind,
    LinkKind,
    MeansOfContact,
    Stage,
)
from candidates.models import (
    Application,
    ApplicationDraft,
    Candidate,
    Consent,
    Document,
    Interaction,
    NoticeShown,
    Position,
    ProfileLink,
    StageChange,
)
from candidates.selectors.clock import periods
from candidates.services.addresses import create_confirmation_link
from candidates.services.clock import columns
from candidates.services.interactions import record_act
from common.actors import Actor, ActorKind
from common.errors import Refused
from common.lookups import Refs
from files.services import attach_files
from mailing.enums import EmailKind
from mailing.services import queue_email
from notices.texts import Text, TextId, current, get
from policy import retention
from policy.calendar import local_date
from policy.contact import Event, EventKind
from policy.identifiers import normalise_address

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # nothing that is read as something else


@dataclass(frozen=True)
class Answers:
    """An application as the person checked it. ``files`` are staged files under ``candidate_ref``."""

    submission_key: UUID
    candidate_ref: UUID
    language: str
    name: str
    email: str
    phone: str = ""
    cover_letter: str = ""
    skills: str = ""
    interests: str = ""
    links: list[tuple[LinkKind, str]] = field(default_factory=list)
    files: list[tuple[DocumentKind, UUID]] = field(default_factory=list)
    has_longer_storage: bool = False
    notice_version: str = ""
    consent_version: str = ""


def submit_application(answers: Answers, *, position: Position | None, at: datetime) -> Application:
    """Take an application: candidate, application, documents, clock, mails and audit events, all or nothing.

    It is a record of its own whatever address it names. Sending the same form again returns what was sent first. Raises
    Refused where the position has closed or a staged file has run out.
    """
    sent = Application.objects.filter(submission_key=answers.submission_key).first()
    if sent:
        return sent
    if position and not position.is_open(local_date(at)):
        raise Refused("closed", _("This position no longer takes applications."))
    try:
        with transaction.atomic():
            return _submit(answers, position, at)
    except IntegrityError:
        # The other click was faster.
        return Application.objects.get(submission_key=answers.submission_key)


def _submit(answers: Answers, position: Position | None, at: datetime) -> Application:
    interaction_id = uuid4()
    candidate = _candidate(answers, interaction_id, at)
    application = Application.objects.create(
        candidate=candidate,
        position=position,
        reference="-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(2)),
        submission_key=answers.submission_key,
        language=answers.language,
        cover_letter=answers.cover_letter,
        submitted_at=at,
        stage_changed_at=at,
    )
    Interaction.objects.create(
        pk=interaction_id,
        candidate=candidate,
        application=application,
        kind=InteractionKind.APPLICATION_SUBMITTED,
        means=MeansOfContact.PORTAL,
        direction=Direction.IN,
        occurred_at=at,
        recorded_at=at,
    )
    _attach(answers, application, at)
    ProfileLink.objects.bulk_create(ProfileLink(candidate=candidate, kind=kind, url=url) for kind, url in answers.links)
    _record_texts(answers, candidate, at)
    ApplicationDraft.objects.filter(submission_key=answers.submission_key).delete()
    record_event(
        Action.APPLICATION_SUBMITTED,
        at=at,
        actor=Actor(ActorKind.CANDIDATE, candidate.pk),
        subject_ref=candidate.pk,
        object_ref=application.pk,
    )
    _queue_mails(application, at)
    return application


def _candidate(answers: Answers, interaction_id: UUID, at: datetime) -> Candidate:
    event = Event(str(interaction_id), EventKind.APPLICATION_SUBMITTED, at)
    ends = [retention.Extension(_extension_end(at))] if answers.has_longer_storage else []
    clock = retention.clock(at, [event], ends, periods=periods())
    return Candidate.objects.create(
        pk=answers.candidate_ref,
        name=answers.name,
        email=answers.email,
        address=normalise_address(answers.email),
        phone=answers.phone,
        phone_e164=e164(answers.phone),
        language=answers.language,
        skills=answers.skills,
        interests=answers.interests,
        collected_at=at,
        **columns(clock),
    )


def e164(phone: str) -> str:
    """The number in E.164 where it parses; what was typed is kept beside it."""
    import phonenumbers  # noqa: PLC0415 (slow to load; the first application is soon enough)

    try:
        number = phonenumbers.parse(phone, "FI")
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_valid_number(number):
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _extension_end(at: datetime) -> date:
    return retention.extension_ends_on(retention.due_on(at, periods()), local_date(at))


def _attach(answers: Answers, application: Application, at: datetime) -> None:
    ids = [stored_id for _, stored_id in answers.files]
    if ids and attach_files(answers.candidate_ref, ids, at=at) != len(ids):
        raise Refused("file_gone", _("A file is no longer here. Choose it again; everything else is kept."))
    Document.objects.bulk_create(
        Document(
            candidate_id=answers.candidate_ref,
            application=application,
            kind=kind,
            stored_file_id=stored_id,
            added_at=at,
        )
        for kind, stored_id in answers.files
    )


def _record_texts(answers: Answers, candidate: Candidate, at: datetime) -> None:
    """Which notice was shown, and the consent with the exact text of the box that was ticked."""
    notice = _shown(TextId.SHORT_NOTICE, answers.notice_version, answers.language)
    NoticeShown.objects.create(candidate=candidate, shown_at=at, **_identity(notice))
    if answers.has_longer_storage:
        consent = Consent.objects.create(
            candidate=candidate,
            purpose=ConsentPurpose.FUTURE_OPPORTUNITIES,
            channel=Channel.APPLICATION_FORM,
            granted_at=at,
            ends_on=_extension_end(at),
            **_identity(_shown(TextId.LONGER_STORAGE, answers.consent_version, answers.language)),
        )
        record_event(
            Action.CONSENT_GIVEN,
            at=at,
            actor=Actor(ActorKind.CANDIDATE, candidate.pk),
            subject_ref=candidate.pk,
            object_ref=consent.pk,
        )


def _shown(text_id: TextId, version: str, language: str) -> Text:
    """The version that the form carried, or the current one if it carried none that exists."""
    try:
        return get(text_id, version, language)
    except LookupError:
        return current(text_id, language)


def _identity(text: Text) -> dict[str, str]:
    return {
        "text_id": text.text_id,
        "text_version": text.version,
        "text_language": text.language,
        "text_sha256": text.sha256,
    }


def _queue_mails(application: Application, at: datetime) -> None:
    candidate, position = application.candidate, application.position
    queue_email(
        EmailKind.APPLICATION_RECEIVED,
        to_address=candidate.email,
        language=candidate.language,
        context={
            "reference": application.reference,
            "position": position.title_in(candidate.language) if position else "",
            "keep_until": candidate.keep_until.isoformat(),
            "token": create_confirmation_link(candidate, at=at),
            "answer_by": _answer_by(at),
        },
        dedupe_key=str(application.pk),
        subject_ref=candidate.pk,
        at=at,
    )
    if position:
        contact = position.contact_person
        queue_email(
            EmailKind.APPLICATION_ARRIVED,
            to_address=contact.email,
            language=contact.language,
            context={
                "reference": application.reference,
                "position": position.title_in(contact.language),
                "candidate_id": str(candidate.pk),
            },
            dedupe_key=str(application.pk),
            at=at,
        )


def _answer_by(at: datetime) -> str:
    return (local_date(at) + settings.ANSWER_TIME).isoformat()


@transaction.atomic
def move_application(
    application_id: UUID,
    *,
    to_stage: Stage,
    actor: Actor,
    at: datetime,
    reason: str = "",
    candidate_id: UUID | None = None,
) -> StageChange:
    """Move an application to another stage, under a lock on its row. It moves no clock (E12).

    Raises Refused for a move that the pipeline does not have or that staff may not choose; Application.DoesNotExist for
    one that may not be seen, or that is not of the person of ``candidate_id`` where that is given.
    """
    applications = Application.objects.visible(at).select_for_update(of=("self",))
    if candidate_id:
        person = Candidate.objects.filter(pk=candidate_id).values("person_ref")
        applications = applications.filter(candidate__person_ref__in=person)
    application = applications.get(pk=application_id)
    if to_stage not in pipeline.CHOSEN_BY_STAFF:
        raise Refused("stage", _("An application is not moved there by hand."))
    return _move(application, to_stage, actor=actor, at=at, reason=reason)


@transaction.atomic
def withdraw_application(application_id: UUID, *, person_ref: UUID, actor: Actor, at: datetime) -> StageChange:
    """The candidate withdraws an open application; that is a contact (E7).

    Raises Refused where it is closed already, Application.DoesNotExist where it is not this person's.
    """
    application = (
        Application.objects.visible(at)
        .select_for_update(of=("self",))
        .get(pk=application_id, candidate__person_ref=person_ref)
    )
    change = _move(application, Stage.WITHDRAWN, actor=actor, at=at, reason="")
    record_act(
        application.candidate, InteractionKind.APPLICATION_WITHDRAWN, actor=actor, at=at, application_id=application.pk
    )
    return change


@transaction.atomic
def close_by_retention(
    record_refs: list[UUID], *, actor: Actor, at: datetime, submitted_before: datetime | None = None
) -> int:
    """Close what is open of people whose time is over, the only move that no person makes (spec 2.4).

    ``submitted_before`` spares those of a later process. Returns how many were closed.
    """
    found = Application.objects.open().filter(candidate_id__in=record_refs)
    if submitted_before:
        found = found.filter(submitted_at__lt=submitted_before)
    applications = list(found.order_by("pk").select_for_update(of=("self",)))
    StageChange.objects.bulk_create(
        StageChange(
            application=application, from_stage=application.stage, to_stage=Stage.CLOSED_BY_RETENTION, actor=None, at=at
        )
        for application in applications
    )
    Application.objects.filter(pk__in=[application.pk for application in applications]).update(
        stage=Stage.CLOSED_BY_RETENTION, stage_changed_at=at, closed_at=at
    )
    closed = [application.candidate_id for application in applications]
    record_events(Action.APPLICATION_MOVED, closed, at=at, actor=actor)
    return len(applications)


def note_closing(record_refs: Refs, *, actor: Actor, at: datetime) -> None:
    """Record that what is still open of these people ends with them (spec 2.4), in the transaction that deletes it."""
    found = Application.objects.open().filter(candidate_id__in_array=record_refs)
    record_events(Action.APPLICATION_MOVED, found.values_list("candidate_id", flat=True), at=at, actor=actor)


def _move(application: Application, to_stage: Stage, *, actor: Actor, at: datetime, reason: str) -> StageChange:
    current_stage = Stage(application.stage)
    if not pipeline.may_follow(current_stage, to_stage, has_reason=bool(reason.strip())):
        if current_stage in pipeline.ENDS and to_stage in pipeline.OPEN_STAGES:
            raise Refused("reason", _("Opening a closed application again needs a reason."))
        raise Refused("stage", _("The application cannot be moved there from where it stands."))
    change = StageChange.objects.create(
        application=application,
        from_stage=current_stage,
        to_stage=to_stage,
        actor_id=actor.staff_ref,
        reason=reason.strip(),
        at=at,
    )
    application.stage = to_stage
    application.stage_changed_at = at
    application.closed_at = at if to_stage in pipeline.ENDS else None
    application.save(update_fields=["stage", "stage_changed_at", "closed_at"])
    record_event(
        Action.APPLICATION_MOVED,
        at=at,
        actor=actor,
        subject_ref=application.candidate_id,
        object_ref=application.pk,
        details={"from": current_stage, "to": to_stage},
    )
    return change
