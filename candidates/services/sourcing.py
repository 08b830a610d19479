"""People whom we approach before they applied (spec §4, policy §3, Act 759/2004 §4, GDPR Art. 14).

The law wants data collected from the person first of all, so this is off until a legal assessment is recorded, and what
may be kept is little: who they are, how to reach them, what they can do, where we found it and why we thought of them.
The dangers: a person who said no is collected again (so suppressions are asked before anything is saved, and a hit is
refused in words that fit a hidden record too), the same person is kept twice, and somebody is kept who was never told.
The last is the clock's: without a notice within a month the record is hidden and erased the next day.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from audit.enums import Action
from audit.services import record_event
from candidates.enums import LinkKind, Origin, SourceKind
from candidates.models import Candidate, ProfileLink, SourcingAssessment
from candidates.selectors.clock import periods
from candidates.selectors.sourcing import is_in_force, is_sourcing_on, known_records
from candidates.services.applications import e164
from candidates.services.clock import columns
from candidates.services.suppression import is_profile, is_suppressed
from common.actors import Actor
from common.errors import Refused
from policy import retention
from policy.calendar import local_date
from policy.identifiers import canonical_profile, normalise_address

ORIGINS = {
    SourceKind.LINKEDIN: Origin.SOURCED,
    SourceKind.GITHUB: Origin.SOURCED,
    SourceKind.OWN_SITE: Origin.SOURCED,
    SourceKind.EMPLOYEE: Origin.REFERRED,
    SourceKind.AGENCY: Origin.REFERRED,
}
"""The sources that may be used: what a person published for their work, and who named them (spec §4, items 1 and 7)."""

PROFILES = {SourceKind.LINKEDIN: "linkedin.com/", SourceKind.GITHUB: "github.com/", SourceKind.OWN_SITE: ""}
"""Sources that are a page on the web, and how its canonical address begins."""

SAVING = 7_120
"""The advisory lock under which one person at a time is looked for and saved."""


@dataclass(frozen=True)
class Found:
    """A person whom somebody wants to approach: everything that may be kept of them, and nothing more.

    ``source_ref`` says where exactly the data are from: the page's address, or who named the person. ``language`` is
    the one that we will write in.
    """

    name: str
    language: str
    source_kind: SourceKind
    source_ref: str
    reason: str
    email: str = ""
    phone: str = ""
    skills: str = ""
    link: str = ""


class AlreadyKnown(Refused):
    """The person has a record that may be seen; ``candidate_id`` is its key."""

    def __init__(self, candidate_id: UUID) -> None:
        super().__init__("known", _("We know this person already. Write where you found them in a note on their page."))
        self.candidate_id = candidate_id


@transaction.atomic
def record_assessment(*, document_ref: str, valid_until: date, actor: Actor, at: datetime) -> SourcingAssessment:
    """Record that the lawfulness of approaching people was assessed, which switches it on (Act 759/2004 §4).

    Raises Refused without a reference to the document, or for a last day that is over.
    """
    if not document_ref.strip():
        raise Refused("document_ref", _("Say where the assessment is kept."))
    if valid_until < local_date(at):
        raise Refused("valid_until", _("This day is over."))
    made = SourcingAssessment.objects.create(
        document_ref=document_ref.strip(),
        recorded_at=at,
        recorded_by_id=actor.member_of_staff(),
        valid_until=valid_until,
    )
    record_event(Action.SOURCING_ASSESSED, at=at, actor=actor, object_ref=made.pk)
    return made


@transaction.atomic
def end_assessment(assessment_id: UUID, *, actor: Actor, at: datetime) -> SourcingAssessment:
    """End an assessment at once; without another one nobody can be approached any more.

    Who was collected under it stays as their clock says. Raises Refused where it has ended, and
    SourcingAssessment.DoesNotExist where there is none.
    """
    row = SourcingAssessment.objects.select_for_update().get(pk=assessment_id)
    if not is_in_force(row, at):
        raise Refused("ended", _("This assessment has ended already."))
    row.ended_at = at
    row.save(update_fields=["ended_at"])
    record_event(Action.SOURCING_ENDED, at=at, actor=actor, object_ref=row.pk)
    return row


@transaction.atomic
def source_candidate(found: Found, *, actor: Actor, at: datetime, collected_at: datetime | None = None) -> Candidate:
    """Keep a person whom we want to approach. They must be told within a month from ``collected_at``, or are erased.

    ``collected_at`` is when we got the data, now unless it is given. Raises Refused while no legal assessment is in
    force, for missing facts or a source that may not be used, for a moment in the future or so long ago that the notice
    is overdue, and with the code "not_possible", in words that reveal nothing, for a person who is suppressed or whose
    record may not be seen. Raises AlreadyKnown for one whose record may be seen.
    """
    if not is_sourcing_on(at):
        raise Refused("off", _("Nobody can be approached: no legal assessment is in force."))
    collected_at = collected_at or at
    address, phone_e164, links = _check(found, collected_at, at)
    _one_at_a_time()
    # Both are looked for before either is told, so that the time it takes says nothing.
    is_blocked = is_suppressed(address, phone_e164, links)
    known = known_records(address, [canonical_profile(link) for link in links])
    if is_blocked or known:
        _refuse(is_blocked, known, at)
    candidate = Candidate.objects.create(
        pk=uuid4(),
        origin=ORIGINS[found.source_kind],
        name=found.name.strip(),
        email=found.email.strip(),
        address=address,
        phone=found.phone.strip(),
        phone_e164=phone_e164,
        language=found.language,
        skills=found.skills.strip(),
        collected_at=collected_at,
        collected_by_id=actor.member_of_staff(),
        source_kind=found.source_kind,
        source_ref=found.source_ref.strip(),
        source_reason=found.reason.strip(),
        **_clock(collected_at),
    )
    ProfileLink.objects.bulk_create(ProfileLink(candidate=candidate, kind=_link_kind(link), url=link) for link in links)
    record_event(
        Action.CANDIDATE_SOURCED, at=at, actor=actor, subject_ref=candidate.pk, details={"source": found.source_kind}
    )
    return candidate


def _check(found: Found, collected_at: datetime, at: datetime) -> tuple[str, str, list[str]]:
    """The address in its normal form, the number in E.164 and the links. Raises Refused, with the field as its code."""
    for field, value, message in (
        ("name", found.name, _("Write the person's name.")),
        ("source_ref", found.source_ref, _("Say where exactly the data are from.")),
        ("reason", found.reason, _("Say why you thought of this person.")),
    ):
        if not value.strip():
            raise Refused(field, message)
    if found.source_kind not in ORIGINS:
        raise Refused("source_kind", _("This is no source for approaching people."))
    if collected_at > at:
        raise Refused("collected_at", _("This lies in the future."))
    if retention.erase_at(retention.notice_due_on(collected_at)) <= at:
        raise Refused("collected_at", _("The month in which the person had to be told is over."))
    try:
        address = normalise_address(found.email) if found.email.strip() else ""
    except ValueError as error:
        raise Refused("email", _("This is no email address.")) from error
    return address, e164(found.phone), _links(found)


def _links(found: Found) -> list[str]:
    """The person's links: the one that was given, and the source where it is a page. Raises Refused for what is none.

    A source that is a page becomes a link whatever else is given, so that the person is recognised by it later.
    """
    links = [found.link.strip()] if found.link.strip() else []
    start = PROFILES.get(found.source_kind)
    if start is not None:
        source = found.source_ref.strip()
        if not is_profile(source) or not canonical_profile(source).startswith(start):
            raise Refused("source_ref", _("Write the address of the page where you found the person."))
        if source not in links:
            links.append(source)
    if not all(is_profile(link) for link in links):
        raise Refused("link", _("This is no web address."))
    return list({canonical_profile(link): link for link in links}.values())


def _one_at_a_time() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SAVING])


def _refuse(is_blocked: bool, known: list[Candidate], at: datetime) -> None:
    visible = Candidate.objects.visible(at).filter(pk__in=[record.pk for record in known]).order_by("collected_at")
    shown = None if is_blocked else visible.first()
    if shown and visible.count() == len(known):
        raise AlreadyKnown(shown.pk)
    raise Refused("not_possible", _("This person cannot be added. The portal does not say why."))


def _clock(collected_at: datetime) -> dict[str, Any]:
    return columns(retention.clock(collected_at, [], sourced=retention.Sourced(), periods=periods()))


def _link_kind(link: str) -> LinkKind:
    host = canonical_profile(link).partition("/")[0]
    return {"linkedin.com": LinkKind.LINKEDIN, "github.com": LinkKind.GITHUB}.get(host, LinkKind.OTHER)
