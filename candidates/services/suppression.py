"""Whom we must not approach again (spec §2.10, §3.6): keyed hashes of identifiers, made on an objection or on request.

What is kept is HMAC-SHA-256 of an identifier's suppression form under a key that is not in the database, so that a list
of suppressions names nobody. It is still personal data: it has one purpose, is reviewed every year, is shown to whoever
proves the address and is lifted by nobody else. The dangers: a key that is thrown away makes rows that match nobody any
more (``unreadable`` counts them), and a check that reveals a hit tells a colleague who objected. So whoever asks
refuses in words that fit other reasons too.

It blocks import, sourcing and mail by which we approach somebody, and never an application: who applies is welcome.
"""

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from audit.enums import Action
from audit.services import record_event
from candidates.enums import SuppressedKind, SuppressionReason
from candidates.models import Candidate, ProfileLink, Suppression
from common.actors import Actor
from mailing.enums import EmailKind
from mailing.services import drop_unsent
from policy.calendar import add_months, local_date
from policy.identifiers import canonical_profile, suppression_address
from policy.periods import REVIEW_MONTHS

SCOPE = "recruiting"
"""What is suppressed. It is hashed too: rows of another scope under the same key cannot be joined with these."""


@dataclass(frozen=True)
class Identifiers:
    """What a person is recognised by: addresses, phone numbers in E.164, addresses of profiles."""

    addresses: Iterable[str] = ()
    phones: Iterable[str] = ()
    profiles: Iterable[str] = ()

    def forms(self) -> set[tuple[SuppressedKind, str]]:
        """Each in the form that is hashed. Raises ValueError for what is no address.

        Empty ones are left out, and so are links that are no web address: nobody can be recognised by them.
        """
        return {
            *((SuppressedKind.ADDRESS, suppression_address(address)) for address in self.addresses if address),
            *((SuppressedKind.PHONE, phone) for phone in self.phones if phone),
            *((SuppressedKind.PROFILE, canonical_profile(url)) for url in self.profiles if is_profile(url)),
        }


@transaction.atomic
def suppress(identifiers: Identifiers, *, reason: SuppressionReason, actor: Actor, at: datetime) -> list[Suppression]:
    """Record that the person with these identifiers is not to be approached again; returns the rows that are new.

    One that is suppressed already, under whatever key, stays as it is. The events name the rows and nothing of the
    person. Raises ValueError for what is no address.
    """
    version = _newest()
    made = []
    for kind, form in sorted(identifiers.forms()):
        if _rows(kind, form).exists():
            continue
        row, is_new = Suppression.objects.get_or_create(
            kind=kind,
            digest=_digest(version, kind, form),
            defaults={
                "key_version": version,
                "reason": reason,
                "created_at": at,
                "review_on": add_months(local_date(at), REVIEW_MONTHS),
            },
        )
        if is_new:
            made.append(row)
            details = {"kind": kind, "reason": reason}
            record_event(Action.SUPPRESSED, at=at, actor=actor, object_ref=row.pk, details=details)
    return made


@transaction.atomic
def suppress_person(person_ref: UUID, *, reason: SuppressionReason, actor: Actor, at: datetime) -> list[Suppression]:
    """Suppress every identifier of all records of a person, and take back what was about to be mailed to approach them.

    To be called before their erasure takes the identifiers away. Raises Candidate.DoesNotExist where nobody has this
    reference.
    """
    records = list(Candidate.objects.filter(person_ref=person_ref))
    if not records:
        raise Candidate.DoesNotExist(person_ref)
    refs = [record.pk for record in records]
    links = ProfileLink.objects.filter(candidate_id__in=refs).values_list("url", flat=True)
    identifiers = Identifiers(
        addresses={record.address for record in records},
        phones={record.phone_e164 for record in records},
        profiles=set(links),
    )
    for kind in (EmailKind.OUTREACH, EmailKind.LONGER_STORAGE_INVITATION):
        drop_unsent(kind, refs)
    return suppress(identifiers, reason=reason, actor=actor, at=at)


def is_suppressed(address: str = "", phone_e164: str = "", profiles: Iterable[str] = ()) -> bool:
    """Whether any of these is suppressed, under the key of any version. Empty ones are not looked for.

    Raises ValueError for what is no address.
    """
    forms = Identifiers([address], [phone_e164], profiles).forms()
    found = Q(pk__in=[])
    for kind, form in forms:
        found |= _matching(kind, form)
    return bool(forms) and Suppression.objects.filter(found).exists()


def find_for(address: str) -> list[Suppression]:
    """What is suppressed of an address, for showing it to whoever has proved that it is theirs.

    Raises ValueError for what is no address.
    """
    return list(_rows(SuppressedKind.ADDRESS, suppression_address(address)).order_by("created_at"))


@transaction.atomic
def lift_suppression(address: str, *, at: datetime, actor: Actor) -> int:
    """Lift what is suppressed of an address; returns how many rows went.

    Only for whoever has just proved that the mailbox is theirs; no screen of the staff calls this. Phone numbers and
    profiles stay suppressed, for a mailbox proves nothing about them. Raises ValueError for what is no address.
    """
    rows = find_for(address)
    for row in rows:
        record_event(
            Action.SUPPRESSION_LIFTED, at=at, actor=actor, object_ref=row.pk, details={"kind": SuppressedKind.ADDRESS}
        )
    Suppression.objects.filter(pk__in=[row.pk for row in rows]).delete()
    return len(rows)


@transaction.atomic
def review_suppression(suppression_id: UUID, *, actor: Actor, at: datetime) -> Suppression:
    """Record that the need for a suppression was looked at: it stays, and is looked at again in a year.

    Raises Suppression.DoesNotExist where there is none.
    """
    row = Suppression.objects.select_for_update().get(pk=suppression_id)
    row.review_on = add_months(local_date(at), REVIEW_MONTHS)
    row.save(update_fields=["review_on"])
    record_event(Action.SUPPRESSION_REVIEWED, at=at, actor=actor, object_ref=row.pk)
    return row


def unreadable() -> int:
    """How many rows were made under a key that the settings no longer hold: they match nobody any more."""
    return Suppression.objects.exclude(key_version__in=settings.SUPPRESSION_KEYS).count()


def _newest() -> int:
    """The version of the key that new rows are made with: the first in the settings."""
    version: int = next(iter(settings.SUPPRESSION_KEYS))
    return version


def _rows(kind: SuppressedKind, form: str) -> QuerySet[Suppression]:
    return Suppression.objects.filter(_matching(kind, form))


def _matching(kind: SuppressedKind, form: str) -> Q:
    digests = [_digest(version, kind, form) for version in settings.SUPPRESSION_KEYS]
    return Q(kind=kind, digest__in=digests)


def _digest(version: int, kind: SuppressedKind, form: str) -> bytes:
    key: str = settings.SUPPRESSION_KEYS[version]
    message = f"{SCOPE}\n{kind.value}\n{form}"
    return hmac.new(key.encode(), message.encode(), hashlib.sha256).digest()


def is_profile(url: str) -> bool:
    """Whether somebody can be recognised by this address of a profile."""
    try:
        canonical_profile(url)
    except ValueError:
        return False
    return True
