"""Reads about one person."""

from datetime import datetime
from uuid import UUID

from candidates.models import Application, Consent
from common.models import NoDeleteQuerySet


def waiting_applications(address: str, *, at: datetime) -> list[Application]:
    """Applications sent with this address (normal form) that nobody has confirmed or disowned."""
    rows = Application.objects.visible(at).filter(
        candidate__address=address, candidate__address_confirmed_at=None, candidate__address_disowned_at=None
    )
    return list(rows.select_related("position", "candidate").order_by("submitted_at"))


def live_consents(person_ref: UUID) -> NoDeleteQuerySet[Consent]:
    """The consents of a person that are in force."""
    return Consent.objects.filter(candidate__person_ref=person_ref, withdrawn_at=None, ended_at=None)
