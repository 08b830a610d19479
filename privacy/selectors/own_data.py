"""Reads for "my data"."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import F

from candidates.models import Application, Candidate, Consent, Document, Interaction, Note
from candidates.selectors.clock import Explanation, explain
from candidates.selectors.people import live_consents


@dataclass(frozen=True)
class OwnData:
    """What is kept about the person who controls an address, as "my data" shows it."""

    records: list[Candidate]
    applications: list[Application]
    documents: list[Document]
    notes: list[Note]
    interactions: list[Interaction]
    consent: Consent | None
    explanation: Explanation


def own_records(address: str, *, as_of: datetime) -> list[Candidate]:
    """The records of whoever has this confirmed address (normal form), linked ones included.

    Expired ones are not among them, and those whose erasure was asked for still are: it can be taken back. Who is
    restricted and applied again is two people until the restriction is lifted; the one who is not restricted comes
    first.
    """
    known = Candidate.objects.confirmed().filter(address=address, expires_at__gt=as_of, erasing_ref=None)
    people = list(
        known.order_by(F("restricted_at").asc(nulls_first=True), "collected_at").values_list("person_ref", flat=True)
    )
    records = Candidate.objects.filter(person_ref__in=people, erasing_ref=None).order_by("collected_at")
    return sorted(records, key=lambda record: people.index(record.person_ref))


def own_data(records: list[Candidate], *, as_of: datetime) -> OwnData:
    """Everything that "my data" shows of these records; the dates are those of the first one's person."""
    person_ref = records[0].person_ref
    refs = [record.pk for record in records]
    applications = Application.objects.filter(candidate__in=refs).select_related("position").order_by("-submitted_at")
    return OwnData(
        records=records,
        applications=list(applications),
        documents=list(Document.objects.filter(candidate__in=refs).select_related("stored_file").order_by("added_at")),
        notes=list(Note.objects.filter(candidate__in=refs).order_by("-at")),
        interactions=list(Interaction.objects.filter(candidate__in=refs).order_by("-occurred_at")),
        consent=live_consents(person_ref, as_of=as_of).first(),
        explanation=explain(person_ref, as_of=as_of),
    )
