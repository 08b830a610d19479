"""Reads about people whom we approach: whether it may be done, who is known already, and what they are told."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from string import Template
from urllib.parse import unquote
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, OuterRef, Q
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from candidates.enums import InteractionKind
from candidates.models import Candidate, Interaction, NoticeShown, ProfileLink, SourcingAssessment
from candidates.selectors.clock import contact_events, periods, sourced
from notices.texts import Text, TextId, current
from policy.calendar import local_date
from policy.contact import OUTBOUND, EventKind
from policy.identifiers import canonical_profile
from policy.retention import ANSWERS, notice_due_on

MAX_FOLLOW_UPS = 2
"""Messages to somebody who does not answer, after the first (spec §4, item 4)."""


def current_assessment(at: datetime) -> SourcingAssessment | None:
    """The recorded legal assessment that is in force, the one that holds longest; None where there is none."""
    rows = SourcingAssessment.objects.filter(ended_at=None, recorded_at__lte=at, valid_until__gte=local_date(at))
    return rows.order_by("-valid_until", "-recorded_at").first()


def is_in_force(assessment: SourcingAssessment, at: datetime) -> bool:
    """Whether this assessment lets people be approached at an instant."""
    return assessment.ended_at is None and assessment.recorded_at <= at and assessment.valid_until >= local_date(at)


def is_sourcing_on(at: datetime) -> bool:
    """Whether people may be approached: not without a legal assessment in force (Act 759/2004 §4)."""
    return current_assessment(at) is not None


def known_records(address: str, profiles: Iterable[str]) -> list[Candidate]:
    """The records, hidden ones too, that have this address (normal form) or one of these profiles (canonical)."""
    wanted = set(profiles)
    found = Q(pk__in=[])
    for profile in wanted:
        found |= Q(url__icontains=_piece(profile))
    links = ProfileLink.objects.filter(found).values_list("candidate_id", "url")
    refs = [candidate_id for candidate_id, url in links.iterator() if _canonical(url) in wanted]
    same = Q(pk__in=refs)
    if address:
        same |= Q(address=address)
    return list(Candidate.objects.filter(same).order_by("collected_at", "pk"))


def _piece(profile: str) -> str:
    """A piece that every spelling of a profile's address holds: its last step's longest run of plain letters, or the
    host.
    """
    host, _slash, path = profile.partition("/")
    runs = re.findall(r"[A-Za-z0-9]+", unquote(path.rpartition("/")[2].partition("?")[0]))
    return max(runs, key=len, default=host)


def _canonical(url: str) -> str:
    try:
        return canonical_profile(url)
    except ValueError:
        return ""


@dataclass(frozen=True)
class Approach:
    """Where the approach to a person stands who never applied: what may be done next, and by when they must be told."""

    candidate: Candidate
    notice_due_on: date
    noticed_at: datetime | None
    has_answered: bool
    messages: int
    is_first: bool

    @property
    def follow_ups_left(self) -> int:
        """How many more messages may go to them while they do not answer."""
        return max(MAX_FOLLOW_UPS + 1 - self.messages, 0)

    @property
    def needs_notice(self) -> bool:
        """Whether they are still to be told that we hold their data."""
        return self.noticed_at is None

    @property
    def has_route(self) -> bool:
        """Whether we hold anything by which they can be told."""
        return bool(self.candidate.email or self.candidate.phone or self.candidate.links.exists())


def approach(candidate: Candidate) -> Approach | None:
    """Where the approach stands; None for somebody who applied, on whichever of their records."""
    records = list(Candidate.objects.filter(person_ref=candidate.person_ref).order_by("collected_at", "pk"))
    found = sourced(records)
    if found is None:
        return None
    events = [event for event in contact_events(record.pk for record in records) if event.revocation is None]
    return Approach(
        candidate=candidate,
        notice_due_on=notice_due_on(max(record.collected_at for record in records)),
        noticed_at=found.noticed_at,
        has_answered=any(event.kind in ANSWERS for event in events),
        messages=sum(event.kind in OUTBOUND for event in events),
        is_first=not any(event.kind is EventKind.OUTREACH for event in events),
    )


def standing_notice(candidate_id: UUID) -> datetime | None:
    """When the person was told that we hold their data, by a message that did reach them; None where none did."""
    revoked = Interaction.objects.filter(
        occurred_at=OuterRef("shown_at"),
        candidate_id=candidate_id,
        kind__in=(InteractionKind.OUTREACH, InteractionKind.MAIL_SENT),
        revoked_at__isnull=False,
    )
    shown = NoticeShown.objects.filter(candidate_id=candidate_id, text_id=TextId.SOURCED_NOTICE)
    return shown.exclude(Exists(revoked)).order_by("shown_at").values_list("shown_at", flat=True).first()


@dataclass(frozen=True)
class Notice:
    """The notice of GDPR Art. 14 for one person: the version of the text, and the text with their facts in it."""

    text: Text
    body: str


def notice_for(candidate: Candidate) -> Notice:
    """What a person whom we approach is told, in their language (GDPR Art. 14(1) and (2), the source included)."""
    text = current(TextId.SOURCED_NOTICE, candidate.language)
    months = periods()
    with translation.override(candidate.language):
        source = f"{candidate.get_source_kind_display()}, {candidate.source_ref}"
        facts = {
            "controller": settings.CONTROLLER["name"],
            "address": settings.CONTROLLER["address"],
            "email": settings.CONTROLLER["email"],
            "data": ", ".join(_held(candidate)),
            "collected": date_format(local_date(candidate.collected_at), "DATE_FORMAT"),
            "source": source,
            "unanswered": _months(min(months.unanswered, months.base)),
            "answered": _months(months.base),
        }
    return Notice(text, Template(text.body).substitute(facts))


def _held(candidate: Candidate) -> list[str]:
    """The kinds of data that we hold about the person, in words."""
    kinds = {
        _("name"): candidate.name,
        _("email address"): candidate.email,
        _("phone number"): candidate.phone,
        _("skills"): candidate.skills,
        _("link to a profile"): candidate.links.exists(),
        _("why we thought of you"): candidate.source_reason,
    }
    return [kind for kind, value in kinds.items() if value]


def _months(number: int) -> str:
    return ngettext("%(number)d month", "%(number)d months", number) % {"number": number}
