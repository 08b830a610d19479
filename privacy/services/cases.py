"""The rows of people whose erasure is not plain expiry: asked for, waiting, let go, blocked; and what they are told.

The statement is written while the address is still there and held back; it goes out in the transaction that says that
everything is gone. Its address stands in the outbox row alone and is wiped when the mail is delivered.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from audit.enums import Action
from audit.services import record_events
from candidates.models import Application, Candidate, Document, HeldItem, Interaction, Note
from candidates.services.holds import live_holds
from common.actors import SYSTEM
from common.lookups import Refs
from mailing.enums import EmailKind
from mailing.models import OutboxEmail
from mailing.services import queue_email
from policy.calendar import local_date
from privacy.enums import CaseReason, CaseState
from privacy.models import ErasureCase

BACKUPS_EXPIRE = timedelta(days=35)


def open_requested(refs: Refs, batch_ref: UUID, *, at: datetime) -> None:
    """Give those of these records whose erasure was asked for a row with their case number."""
    asked = Candidate.objects.filter(pk__in_array=refs).exclude(erasure_case="").values_list("pk", "erasure_case")
    ErasureCase.objects.bulk_create(
        [
            ErasureCase(
                candidate_ref=ref,
                state=CaseState.REQUESTED,
                reason=CaseReason.REQUEST,
                number=number,
                batch_ref=batch_ref,
                opened_at=at,
            )
            for ref, number in asked
        ],
        ignore_conflicts=True,
    )


def abort(refs: list[UUID], *, at: datetime) -> None:
    """Record that these were let go: a contact that came before the date moved it, and nothing was destroyed."""
    if not refs:
        return
    ErasureCase.objects.bulk_create(
        ErasureCase(candidate_ref=ref, state=CaseState.ABORTED, reason=CaseReason.RECONTACT, opened_at=at, closed_at=at)
        for ref in refs
    )
    record_events(Action.ERASURE_ABORTED, refs, at=at, actor=SYSTEM)


def block(refs: list[UUID], batch_ref: UUID, *, at: datetime) -> None:
    """Say of each of these people that a store does not let them go."""
    _wait(refs, batch_ref, CaseReason.STORE, at)


def wait_for_mailbox(refs: list[UUID], batch_ref: UUID, *, at: datetime) -> None:
    """Say of each of these people that a mailbox is to be purged first."""
    _wait(refs, batch_ref, CaseReason.MAILBOX, at)


def _wait(refs: list[UUID], batch_ref: UUID, reason: CaseReason, at: datetime) -> None:
    ErasureCase.objects.bulk_create(
        [
            ErasureCase(candidate_ref=ref, state=CaseState.BLOCKED, reason=reason, batch_ref=batch_ref, opened_at=at)
            for ref in refs
        ],
        ignore_conflicts=True,
    )


def move(refs: list[UUID], batch_ref: UUID) -> None:
    """Say that these people are in another batch now."""
    ErasureCase.objects.filter(candidate_ref__in_array=Refs(refs), closed_at=None).update(batch_ref=batch_ref)


def close(refs: Refs, *, at: datetime) -> None:
    """Everything of these people is gone."""
    live = ErasureCase.objects.filter(candidate_ref__in_array=refs, closed_at=None)
    live.update(state=CaseState.DONE, closed_at=at)


def hold_statements(numbers: list[str], *, at: datetime) -> None:
    """For those who asked, by the numbers of their cases: count what goes, and queue a mail that goes out when it is
    true. Nobody is told at an address that they never confirmed.
    """
    # Linked records may be in two batches; whoever comes first counts for all.
    records = list(Candidate.objects.filter(erasure_case__in=numbers))
    counts = _counts([record.pk for record in records])
    for number in numbers:
        mine = [record for record in records if record.erasure_case == number]
        whole = sum((Counter(counts[record.pk]) for record in mine), Counter())
        ErasureCase.objects.filter(number=number, closed_at=None, counts={}).update(counts=dict(whole))
        told = next((record for record in mine if record.address_confirmed_at), None)
        if told:
            _hold_statement(told, whole, at)


def _hold_statement(record: Candidate, counts: Counter[str], at: datetime) -> None:
    holds = live_holds([record.pk])
    kept = HeldItem.objects.filter(hold__in=holds).count()
    ends = [hold.ends_on for hold in holds if hold.ends_on]
    queue_email(
        EmailKind.ERASURE_STATEMENT,
        to_address=record.email,
        language=record.language,
        context={
            "case": record.erasure_case,
            **{name: counts[name] for name in PLACES},
            "has_mailbox": record.has_mailbox_copy,
            "backups_until": local_date(at + BACKUPS_EXPIRE).isoformat(),
            "held": kept,
            "held_until": max(ends).isoformat() if ends and len(ends) == len(holds) else "",
        },
        dedupe_key=record.erasure_case,
        is_held=True,
        at=at,
    )


PLACES = {
    "applications": (Application, "candidate_id"),
    "files": (Document, "candidate_id"),
    "notes": (Note, "candidate_id"),
    "contacts": (Interaction, "candidate_id"),
    "mails": (OutboxEmail, "subject_ref"),
}
"""What the statement counts, and by which field a row is a record's."""


def _counts(refs: Iterable[UUID]) -> dict[UUID, dict[str, int]]:
    """How much of each place goes with each of these records."""
    wanted = list(refs)
    counts = {ref: dict.fromkeys(PLACES, 0) for ref in wanted}
    for name, (model, path) in PLACES.items():
        for ref in model._base_manager.filter(**{f"{path}__in": wanted}).values_list(path, flat=True):
            counts[ref][name] += 1
    return counts
