"""The candidate's page in the admin: everything about one person in one read."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from accounts.models import User
from candidates.enums import (
    RECORDED_BY_STAFF,
    REVOCATIONS,
    Direction,
    DocumentKind,
    InteractionKind,
    InterviewState,
    Stage,
)
from candidates.models import (
    Application,
    Candidate,
    Document,
    Interaction,
    Interview,
    Note,
    ProfileLink,
    StageChange,
)
from candidates.pipeline import CHOSEN_BY_STAFF
from candidates.selectors.clock import Explanation, explain
from candidates.selectors.refused_files import RefusedFile, refused_files
from policy import retention

PROMPTLY = timedelta(hours=1)


@dataclass(frozen=True)
class Entry:
    """One line of the timeline. ``who`` is empty where nobody of the staff did it, or where their account is gone."""

    kind: str
    at: datetime
    row: Any
    who: User | None
    recorded_at: datetime | None = None

    @property
    def is_late(self) -> bool:
        """Whether it was recorded noticeably later than it happened."""
        return self.recorded_at is not None and self.recorded_at - self.at > PROMPTLY

    @property
    def is_staff_work(self) -> bool:
        """Whether it is something that only the staff do, so that an empty ``who`` is a colleague who has left."""
        if self.kind == "interaction":
            is_by_hand = self.row.kind in RECORDED_BY_STAFF and not self.row.message_id
            return is_by_hand or (self.row.direction == Direction.OUT and not self.is_portals)
        return self.kind == "note" or self.row.to_stage in CHOSEN_BY_STAFF

    @property
    def is_portals(self) -> bool:
        """Whether the portal did it by itself."""
        if self.kind == "interaction":
            return bool(self.row.kind == InteractionKind.BULK_MAIL)
        return self.kind == "stage" and self.row.to_stage == Stage.CLOSED_BY_RETENTION

    @property
    def is_correctable(self) -> bool:
        """Whether a colleague can say that it did not take place, or at another time."""
        return self.kind == "interaction" and not self.row.revoked_at and bool(REVOCATIONS[self.row.kind])


@dataclass(frozen=True)
class CandidatePage:
    """A person as recruiters see them: all linked records together.

    ``is_for_future_openings`` says that the base period is over and the person stays by consent: then nothing of the
    old process is here, whether or not a worker has erased it yet (policy §7).
    """

    candidate: Candidate
    linked: list[Candidate]
    applications: list[Application]
    documents: list[Document]
    refused_files: list[RefusedFile]
    links: list[ProfileLink]
    interviews: list[Interview]
    timeline: list[Entry]
    explanation: Explanation
    is_for_future_openings: bool


def candidate_page(candidate_id: UUID, *, as_of: datetime) -> CandidatePage:
    """The page of a candidate who may be seen. Raises Candidate.DoesNotExist otherwise, as for one who does not
    exist.
    """
    person = Candidate.objects.visible(as_of).filter(pk=candidate_id).values("person_ref")
    records = list(Candidate.objects.filter(person_ref__in=person).order_by("-collected_at"))
    candidate = next((record for record in records if record.pk == candidate_id), None)
    if candidate is None:
        raise Candidate.DoesNotExist(candidate_id)
    refs = [record.pk for record in records]
    explanation = explain(candidate.person_ref, as_of=as_of)
    since = retention.trim_before(explanation.clock, as_of)
    applications = list(
        Application.objects.filter(candidate__in=refs).select_related("position").order_by("-submitted_at")
    )
    for application in applications:
        if since and application.submitted_at < since:
            application.cover_letter = ""
    return CandidatePage(
        candidate=candidate,
        linked=[record for record in records if record.pk != candidate.pk],
        applications=applications,
        documents=list(_documents(refs, since).order_by("kind", "added_at")),
        refused_files=[file for file in refused_files(refs, as_of=as_of) if since is None or file.refused_at >= since],
        links=list(ProfileLink.objects.filter(candidate__in=refs).order_by("kind", "url")),
        interviews=list(_interviews(refs, since)),
        timeline=sorted(
            (entry for entry in _timeline(refs) if since is None or entry.at >= since),
            key=lambda entry: entry.at,
            reverse=True,
        ),
        explanation=explanation,
        is_for_future_openings=explanation.clock.erase_at <= as_of,
    )


def readable_documents(candidate: Candidate, *, as_of: datetime) -> QuerySet[Document]:
    """The documents of a person that recruiters may open now; of an old process only the CV."""
    refs = list(Candidate.objects.filter(person_ref=candidate.person_ref).values_list("pk", flat=True))
    return _documents(refs, retention.trim_before(explain(candidate.person_ref, as_of=as_of).clock, as_of))


def _documents(refs: list[UUID], since: datetime | None) -> QuerySet[Document]:
    documents = Document.objects.filter(candidate__in=refs).select_related("stored_file")
    if since is None:
        return documents
    return documents.exclude(~Q(kind=DocumentKind.CV), application__submitted_at__lt=since)


def _interviews(refs: list[UUID], since: datetime | None) -> QuerySet[Interview]:
    """Those to come, and those past that somebody may still have to say something about; newest first."""
    rows = Interview.objects.filter(candidate__in=refs).exclude(state=InterviewState.CANCELLED)
    if since:
        rows = rows.filter(starts_at__gte=since)
    return rows.select_related("application__position", "candidate").order_by("-starts_at", "pk")


def correctable_interaction(candidate_id: UUID, interaction_id: UUID, *, as_of: datetime) -> Interaction | None:
    """A contact that can turn out otherwise, of a person who may be seen; None for one of an old process too."""
    person = Candidate.objects.visible(as_of).filter(pk=candidate_id).values("person_ref")
    rows = Interaction.objects.filter(pk=interaction_id, candidate__person_ref__in=person)
    interaction = rows.select_related("candidate", "application__position").first()
    if interaction is None or not REVOCATIONS[interaction.kind]:
        return None
    since = retention.trim_before(explain(interaction.candidate.person_ref, as_of=as_of).clock, as_of)
    return interaction if since is None or interaction.occurred_at >= since else None


def own_applications(candidate_id: UUID) -> QuerySet[Application]:
    """The applications of all records of a person, newest first."""
    person = Candidate.objects.filter(pk=candidate_id).values("person_ref")
    rows = Application.objects.filter(candidate__person_ref__in=person).select_related("position")
    return rows.order_by("-submitted_at", "pk")


def _timeline(refs: list[UUID]) -> Iterator[Entry]:
    for note in Note.objects.filter(candidate__in=refs).select_related("author", "application__position"):
        yield Entry("note", note.at, note, note.author)
    interactions = Interaction.objects.filter(candidate__in=refs).select_related("recorded_by", "application__position")
    for interaction in interactions:
        yield Entry(
            "interaction", interaction.occurred_at, interaction, interaction.recorded_by, interaction.recorded_at
        )
    changes = StageChange.objects.filter(application__candidate__in=refs).select_related(
        "actor", "application__position"
    )
    for change in changes:
        yield Entry("stage", change.at, change, change.actor)
