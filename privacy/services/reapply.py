"""Applying one act of the privacy journal again, to a database that a restore made forget it.

Each is done by the service that did it first, so that its checks, its clock and its event come with it. People who are
erased meanwhile are passed over.
"""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from audit.enums import Action
from audit.services import record_event
from candidates.enums import RestrictionGround, RevocationReason
from candidates.models import Candidate, Hold, Interaction, Restriction, Suppression
from candidates.services.addresses import disown_application
from candidates.services.consents import withdraw_consent
from candidates.services.corrections import apply_revocation
from candidates.services.erasure import request_erasure, take_back_erasure
from candidates.services.holds import release_hold
from candidates.services.restrictions import lift_restriction, record_told, restrict_candidate
from common.actors import SYSTEM
from common.errors import Refused

Act = dict[str, Any]

BY_HAND = frozenset(
    {
        Action.RECTIFIED.value,
        Action.INTERACTION_CORRECTED.value,
        Action.HOLD_OPENED.value,
        Action.OBJECTED.value,
        Action.OBJECTION_DECIDED.value,
        Action.SOURCING_ENDED.value,
        Action.USER_CHANGED.value,
    }
)
"""What the journal names without the words that would be needed to do it again."""


def for_a_human(act: Act) -> Act:
    """An act that somebody must look at, in references and codes."""
    kept = ("event", "action", "at", "actor_ref", "subject_ref", "object_ref", "details")
    return {name: act[name] for name in kept if name in act}


def apply(act: Act, *, at: datetime) -> bool:
    """Apply one act; whether it changed anything. An act that nothing needs to be done for changes nothing."""
    doing = DOING.get(act["action"])
    if doing is None:
        return False
    try:
        return doing(act, at)
    except Refused:  # the service finds it in force, or nobody there
        return False


def _record(act: Act) -> Candidate | None:
    """The record that the act is about; None where it is gone, or being erased."""
    ref = act.get("subject_ref")
    return Candidate.objects.filter(pk=ref, erasing_ref=None).first() if ref else None


def _withdraw(act: Act, at: datetime) -> bool:
    record = _record(act)
    return bool(record and withdraw_consent(record.person_ref, actor=SYSTEM, at=at))


def _restrict(act: Act, at: datetime) -> bool:
    record = _record(act)
    if record is None:
        return False
    ground = RestrictionGround(act["details"]["ground"])
    return restrict_candidate(record.person_ref, ground=ground, actor=SYSTEM, at=at).opened_at == at


def _lift(act: Act, at: datetime) -> bool:
    """The one that was lifted, or the one that this replay made in its place."""
    record = _record(act)
    if record is None:
        return False
    live = Restriction.objects.filter(candidate__person_ref=record.person_ref, lifted_at=None)
    for restriction in live.filter(ground=act["details"]["ground"]):
        if restriction.told_at is None:
            record_told(restriction.pk, actor=SYSTEM, at=at)
        lift_restriction(restriction.pk, actor=SYSTEM, at=at)
    return True


def _release(act: Act, at: datetime) -> bool:
    hold = Hold.objects.filter(pk=act["object_ref"], released_at=None).first()
    return bool(hold and release_hold(hold.pk, actor=SYSTEM, at=at))


def _suppress(act: Act, at: datetime) -> bool:
    """From its keyed hash; one that was lifted before the journal was written has none and stays lifted."""
    made = act.get("suppression")
    if made is None:
        return False
    row, is_new = Suppression.objects.get_or_create(
        kind=made["kind"],
        digest=bytes.fromhex(made["digest"]),
        defaults={
            "pk": UUID(act["object_ref"]),
            "key_version": made["key_version"],
            "reason": made["reason"],
            "created_at": datetime.fromisoformat(made["created_at"]),
            "review_on": date.fromisoformat(made["review_on"]),
        },
    )
    if is_new:
        record_event(Action.SUPPRESSED, at=at, actor=SYSTEM, object_ref=row.pk)
    return is_new


def _lift_suppression(act: Act, at: datetime) -> bool:
    count, _ = Suppression.objects.filter(pk=act["object_ref"]).delete()
    if count:
        record_event(Action.SUPPRESSION_LIFTED, at=at, actor=SYSTEM, object_ref=UUID(act["object_ref"]))
    return bool(count)


def _request_erasure(act: Act, at: datetime) -> bool:
    record = _record(act)
    return bool(record and not record.erase_after and request_erasure(record.person_ref, actor=SYSTEM, at=at))


def _take_back_erasure(act: Act, at: datetime) -> bool:
    record = _record(act)
    return bool(record and take_back_erasure(record.person_ref, actor=SYSTEM, at=at))


def _disown(act: Act, at: datetime) -> bool:
    record = _record(act)
    return bool(record and record.address and disown_application(record.pk, address=record.address, at=at))


def _revoke(act: Act, at: datetime) -> bool:
    rows = Interaction.objects.select_for_update(of=("self",)).select_related("candidate")
    interaction = rows.filter(pk=act["object_ref"], revoked_at=None).first()
    if interaction is None:
        return False
    apply_revocation(interaction, reason=RevocationReason(act["details"]["reason"]), actor=SYSTEM, at=at)
    return True


DOING: dict[str, Callable[[Act, datetime], bool]] = {
    Action.CONSENT_WITHDRAWN: _withdraw,
    Action.RESTRICTED: _restrict,
    Action.RESTRICTION_LIFTED: _lift,
    Action.HOLD_RELEASED: _release,
    Action.SUPPRESSED: _suppress,
    Action.SUPPRESSION_LIFTED: _lift_suppression,
    Action.ERASURE_REQUESTED: _request_erasure,
    Action.ERASURE_TAKEN_BACK: _take_back_erasure,
    Action.APPLICATION_DISOWNED: _disown,
    Action.INTERACTION_REVOKED: _revoke,
}
