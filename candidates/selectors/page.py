"""The candidate's page in the admin: everything about one person in one read."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from accounts.models import User
from candidates.enums import RECORDED_BY_STAFF
from candidates.models import Application, Candidate, Document, Interaction, Note, ProfileLink, StageChange
from candidates.pipeline import CHOSEN_BY_STAFF
from candidates.selectors.clock import Explanation, explain

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
            return self.row.kind in RECORDED_BY_STAFF
        return self.kind == "note" or self.row.to_stage in CHOSEN_BY_STAFF


@dataclass(frozen=True)
class CandidatePage:
    """A person as recruiters see them: all linked records together."""

    candidate: Candidate
    linked: list[Candidate]
    applications: list[Application]
    documents: list[Document]
    links: list[ProfileLink]
    timeline: list[Entry]
    explanation: Explanation


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
    applications = Application.objects.filter(candidate__in=refs).select_related("position")
    documents = Document.objects.filter(candidate__in=refs).select_related("stored_file").order_by("kind", "added_at")
    return CandidatePage(
        candidate=candidate,
        linked=[record for record in records if record.pk != candidate.pk],
        applications=list(applications.order_by("-submitted_at")),
        documents=list(documents),
        links=list(ProfileLink.objects.filter(candidate__in=refs).order_by("kind", "url")),
        timeline=sorted(_timeline(refs), key=lambda entry: entry.at, reverse=True),
        explanation=explain(candidate.person_ref, as_of=as_of),
    )


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
