"""Why a person's data go on the date that they go: the whole of it, with open requests and holds.

``candidates`` explains the clock; what people asked for is known here alone, and can make erasing wait for an answer.
One function answers the command, the officer's page and the export.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from candidates.models import HeldItem, Hold
from candidates.selectors.clock import Explanation, explain
from policy.expiry import FOREVER, Deferral, OpenRequest, RequestKind, deferral
from privacy.models import SubjectRequest


class Act(TextChoices):
    """What happens to a person's data by itself."""

    ERASE_OLD_PROCESS = "ERASE_OLD_PROCESS", _("The old process is erased: notes, moves and correspondence")
    ERASE = "ERASE", _("Everything is erased, files included")
    WAIT_RESTRICTED = "WAIT_RESTRICTED", _("Hidden and kept until the restriction is lifted")
    WAIT_TO_BE_TOLD = "WAIT_TO_BE_TOLD", _("Hidden until the person has been told, and for 30 days at most")
    WAIT_REQUEST_OPEN = "WAIT_REQUEST_OPEN", _("Hidden until the request is answered, at most until the law's limit")


@dataclass(frozen=True)
class Step:
    """One thing that will happen, and when; None where somebody has to do something first."""

    act: Act
    at: datetime | None


@dataclass(frozen=True)
class PersonExplanation:
    """What ``explain`` of candidates says, with what people asked for and what is kept for a claim."""

    own: Explanation
    requests: list[SubjectRequest]
    held_items: dict[UUID, list[HeldItem]]
    waits: tuple[datetime, Deferral] | None
    steps: list[Step]

    @property
    def holds(self) -> list[tuple[Hold, list[HeldItem]]]:
        """Each hold with what it lists."""
        return [(hold, self.held_items.get(hold.pk, [])) for hold in self.own.holds]

    @property
    def next_step(self) -> Step:
        """What happens next."""
        return self.steps[0]


def open_requests(person_ref: UUID) -> list[SubjectRequest]:
    """The requests of a person that are not answered, the most pressing first."""
    return list(SubjectRequest.objects.filter(person_ref=person_ref, closed_at=None).order_by("due_on", "received_at"))


def explain_person(person_ref: UUID, *, as_of: datetime) -> PersonExplanation:
    """Everything that decides on a person's date, computed anew. Raises Candidate.DoesNotExist for nobody."""
    own = explain(person_ref, as_of=as_of)
    requests = open_requests(person_ref)
    waits = deferral(
        own.clock.expires_at,
        [restriction.for_policy for restriction in own.restrictions],
        [OpenRequest(RequestKind(request.kind), request.limit_on) for request in requests],
        as_of=max(as_of, own.clock.expires_at),
    )
    items: dict[UUID, list[HeldItem]] = {}
    for item in HeldItem.objects.filter(hold__in=own.holds).order_by("kind", "pk"):
        items.setdefault(item.hold_id, []).append(item)
    return PersonExplanation(own, requests, items, waits, list(_steps(own, waits)))


def _steps(own: Explanation, waits: tuple[datetime, Deferral] | None) -> list[Step]:
    """What happens by itself, in order. Asking for an erasure is kept back by nothing."""
    end = own.clock.expires_at
    if own.erase_after and own.erase_after < (waits[0] if waits else end):
        return [Step(Act.ERASE, own.erase_after)]
    steps = []
    if own.trim_at and own.trim_at < end:
        steps.append(Step(Act.ERASE_OLD_PROCESS, own.trim_at))
    if waits and waits[0] > end:
        until = None if waits[0] >= FOREVER else waits[0]
        return [*steps, Step(Act(f"WAIT_{waits[1]}"), end), Step(Act.ERASE, until)]
    return [*steps, Step(Act.ERASE, end)]


def as_document(found: PersonExplanation) -> dict[str, Any]:
    """The explanation as plain data, with ids and enums only."""
    own = found.own
    return {
        "person": str(own.person_ref),
        "records": [str(ref) for ref in own.records],
        "events": [
            {
                "id": event.ref,
                "type": event.kind.value,
                "at": event.at.isoformat(),
                "counts": event.counts,
                "why": event.rule,
                "verdict": event.why.value,
            }
            for event in own.events
        ],
        "last_contact_at": own.clock.last_contact_at.isoformat(),
        "set_by": own.clock.set_by,
        "basis": own.clock.basis.value,
        "due_on": own.clock.due_on.isoformat(),
        "erase_at": own.clock.erase_at.isoformat(),
        "consents": [
            {
                "id": str(consent.pk),
                "granted_at": consent.granted_at.isoformat(),
                "ends_on": consent.ends_on.isoformat(),
                "withdrawn_at": _iso(consent.withdrawn_at),
                "replaced_at": _iso(consent.replaced_at),
            }
            for consent in own.consents
        ],
        "keep_until": own.keep_until.isoformat(),
        "expires_at": own.clock.expires_at.isoformat(),
        "old_process_at": _iso(own.trim_at),
        "holds": [
            {
                "id": str(hold.pk),
                "ground": hold.ground,
                "opened_at": hold.opened_at.isoformat(),
                "review_on": hold.review_on.isoformat(),
                "ends_on": hold.ends_on.isoformat() if hold.ends_on else None,
                "items": [{"kind": item.kind, "id": str(item.object_ref)} for item in items],
            }
            for hold, items in found.holds
        ],
        "restrictions": [
            {
                "id": str(restriction.pk),
                "ground": restriction.ground,
                "opened_at": restriction.opened_at.isoformat(),
                "told_at": _iso(restriction.told_at),
                "review_on": restriction.review_on.isoformat(),
            }
            for restriction in own.restrictions
        ],
        "open_requests": _requests(found),
        "state": own.state,
        "next_action": found.next_step.act.value,
        "next_at": _iso(found.next_step.at),
        "steps": [{"action": step.act.value, "at": _iso(step.at)} for step in found.steps],
    }


def _requests(found: PersonExplanation) -> list[dict[str, str]]:
    asked = found.own.erase_after
    listed = [{"type": "ERASURE", "due_at": asked.isoformat()}] if asked else []
    return listed + [
        {
            "type": request.kind,
            "number": request.number,
            "due_on": request.due_on.isoformat(),
            "limit_on": request.limit_on.isoformat(),
        }
        for request in found.requests
    ]


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
