"""Reads about one person."""

from datetime import date, datetime
from uuid import UUID

from candidates.models import Application, Candidate, Consent
from common.models import NoDeleteQuerySet
from notices.texts import Text, TextId, get
from policy.calendar import local_date
from policy.retention import extension_ends_on


def waiting_applications(address: str, *, at: datetime) -> list[Application]:
    """Applications sent with this address (normal form) that nobody has confirmed or disowned."""
    rows = Application.objects.visible(at).filter(
        candidate__address=address, candidate__address_confirmed_at=None, candidate__address_disowned_at=None
    )
    return list(rows.select_related("position", "candidate").order_by("submitted_at"))


def live_consents(person_ref: UUID, *, as_of: datetime) -> NoDeleteQuerySet[Consent]:
    """The consents of a person that are in force at ``as_of``, the longest first; one holds through its last day."""
    return Consent.objects.filter(
        candidate__person_ref=person_ref, withdrawn_at=None, ended_at=None, ends_on__gte=local_date(as_of)
    ).order_by("-ends_on", "pk")


def longer_until(due_on: date, agreed_until: date | None, *, as_of: datetime) -> date | None:
    """Until when a consent given now would keep somebody; None where the one in force keeps them as long already.

    ``due_on`` is the end of the base period. It moves with each contact while a consent's end stays, so that after a
    contact a new consent can be worth giving: only that renews one (spec §2.5).
    """
    end = extension_ends_on(due_on, local_date(as_of))
    return end if agreed_until is None or end > agreed_until else None


def consent_text(consent: Consent) -> Text:
    """The exact text that was agreed to, in the language it was shown in, whatever was published since.

    Raises LookupError where that text is no longer there or is not the same (its hash was kept with the consent).
    """
    text = get(TextId(consent.text_id), consent.text_version, consent.text_language)
    if text.sha256 != consent.text_sha256:
        raise LookupError(f"{consent.text_id} {consent.text_version} {consent.text_language} was changed")
    return text


def acting_record(candidate_id: UUID, address: str, *, as_of: datetime) -> Candidate | None:
    """The record that a mailed link is about, for whoever controls ``address`` (its normal form).

    None where it is gone, expired or being erased, or no longer has that address. A restricted person is found: what
    is theirs to decide stays theirs (GDPR Art. 18(2)).
    """
    return Candidate.objects.filter(
        pk=candidate_id, address=address, address_disowned_at=None, expires_at__gt=as_of, erasing_ref=None
    ).first()


def reachable_record(person_ref: UUID) -> Candidate | None:
    """The record by whose address a person is written to: the newest that is confirmed; no other stands in for it."""
    records = Candidate.objects.confirmed().filter(person_ref=person_ref, address_disowned_at=None)
    return records.exclude(address="").order_by("-collected_at", "-pk").first()
