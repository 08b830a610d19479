"""One person as the privacy officer sees them: restricted and expired people included."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from candidates.enums import HeldKind
from candidates.models import Application, Candidate, Document, Interaction, Note, StageChange
from policy.identifiers import normalise_address
from privacy.models import SubjectRequest
from privacy.selectors.explanation import PersonExplanation, explain_person


@dataclass(frozen=True)
class Holdable:
    """Something that a hold can list: its kind, its key, what it is about and when."""

    kind: HeldKind
    ref: UUID
    what: Any
    at: datetime

    @property
    def key(self) -> str:
        """How a form names it."""
        return f"{self.kind.value}:{self.ref}"


@dataclass(frozen=True)
class PersonPage:
    """What the officer needs to answer for one person."""

    person_ref: UUID
    records: list[Candidate]
    explanation: PersonExplanation
    requests: list[SubjectRequest]
    holdable: list[Holdable]


def person_of_address(address: str) -> UUID | None:
    """The person whose confirmed address this is, however it is spelled; None for nobody, and for what is no address.

    Expired people are found too: what they ask for concerns what is still stored.
    """
    try:
        normal = normalise_address(address)
    except ValueError:
        return None
    known = Candidate.objects.confirmed().filter(address=normal).order_by("collected_at").first()
    return known.person_ref if known else None


def person_page(person_ref: UUID, *, as_of: datetime) -> PersonPage:
    """The person with all their records. Raises Candidate.DoesNotExist where nobody has this reference."""
    explanation = explain_person(person_ref, as_of=as_of)
    records = list(Candidate.objects.filter(person_ref=person_ref).order_by("-collected_at"))
    return PersonPage(
        person_ref=person_ref,
        records=records,
        explanation=explanation,
        requests=list(SubjectRequest.objects.filter(person_ref=person_ref).order_by("-received_at")),
        holdable=list(holdable(person_ref)),
    )


def holdable(person_ref: UUID) -> Iterator[Holdable]:
    """Everything of a person that a hold can list."""
    mine = Candidate.objects.filter(person_ref=person_ref).values("pk")
    for application in (
        Application.objects.filter(candidate__in=mine).select_related("position").order_by("submitted_at")
    ):
        yield Holdable(HeldKind.APPLICATION, application.pk, application, application.submitted_at)
    for change in (
        StageChange.objects.filter(application__candidate__in=mine).select_related("application").order_by("at")
    ):
        yield Holdable(HeldKind.STAGE_CHANGE, change.pk, change, change.at)
    for document in Document.objects.filter(candidate__in=mine).select_related("stored_file").order_by("added_at"):
        yield Holdable(HeldKind.DOCUMENT, document.pk, document, document.added_at)
    for note in Note.objects.filter(candidate__in=mine).order_by("at"):
        yield Holdable(HeldKind.NOTE, note.pk, note, note.at)
    for interaction in Interaction.objects.filter(candidate__in=mine).order_by("occurred_at"):
        yield Holdable(HeldKind.INTERACTION, interaction.pk, interaction, interaction.occurred_at)
