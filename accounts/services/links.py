"""Mailed links and the sessions they open (ASVS 6.5, 6.6, 7.3).

A link is 32 random bytes; the database knows their SHA-256 only. Looking at a link changes nothing; using it does,
once. A newer link of the same purpose for the same address and record ends the older ones.

Lasting links are other: every mail about longer storage and every reminder carries some, a person may press the one of
an old mail, and pressing it twice must not look like a failure. They work until a moment, end no older one and are not
used up; so what they do must be an act that changes nothing when it is repeated.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction

from accounts.enums import LinkPurpose
from accounts.models import MailedLink, PortalSession


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


@transaction.atomic
def create_link(
    purpose: LinkPurpose,
    *,
    address: str,
    language: str,
    lifetime: timedelta,
    at: datetime,
    subject_ref: UUID | None = None,
) -> str:
    """Make a link for a normalised address and end the older ones like it. Returns the token, which nothing stores."""
    MailedLink.objects.filter(
        purpose=purpose, address=address, subject_ref=subject_ref, used_at=None, superseded_at=None
    ).update(superseded_at=at)
    token = secrets.token_urlsafe(32)
    MailedLink.objects.create(
        purpose=purpose,
        token_hash=_digest(token),
        address=address,
        subject_ref=subject_ref,
        language=language,
        created_at=at,
        expires_at=at + lifetime,
    )
    return token


@dataclass(frozen=True)
class LastingLink:
    """A lasting link that is to be made: for whom, about which record, and the moment at which it ends."""

    purpose: LinkPurpose
    address: str
    language: str
    subject_ref: UUID
    expires_at: datetime


def create_lasting_links(wanted: Sequence[LastingLink], *, at: datetime) -> list[str]:
    """Make links that ``find_link`` finds until their moment, in one statement. Returns the tokens, in order."""
    tokens = [secrets.token_urlsafe(32) for _ in wanted]
    MailedLink.objects.bulk_create(
        MailedLink(
            purpose=link.purpose,
            token_hash=_digest(token),
            address=link.address,
            subject_ref=link.subject_ref,
            language=link.language,
            created_at=at,
            expires_at=link.expires_at,
        )
        for link, token in zip(wanted, tokens, strict=True)
    )
    return tokens


def link_was_sent(purpose: LinkPurpose, address: str, *, since: datetime) -> bool:
    """Whether a link for this purpose was made for a normalised address after ``since``."""
    return MailedLink.objects.filter(purpose=purpose, address=address, created_at__gt=since).exists()


def find_link(purpose: LinkPurpose, token: str, *, at: datetime) -> MailedLink | None:
    """The link of this token if it may still be used at ``at``; reading it uses nothing up."""
    return MailedLink.objects.filter(
        purpose=purpose, token_hash=_digest(token), used_at=None, superseded_at=None, expires_at__gt=at
    ).first()


@transaction.atomic
def use_link(purpose: LinkPurpose, token: str, *, at: datetime) -> MailedLink | None:
    """Use a link up. Returns None where it is unknown, used, superseded or expired, whoever comes first."""
    used = MailedLink.objects.filter(
        purpose=purpose, token_hash=_digest(token), used_at=None, superseded_at=None, expires_at__gt=at
    ).update(used_at=at)
    return MailedLink.objects.get(token_hash=_digest(token)) if used else None


def start_session(address: str, *, at: datetime) -> str:
    """Open a visit for whoever proved control of a normalised address. Returns the token for the cookie."""
    token = secrets.token_urlsafe(32)
    PortalSession.objects.create(token_hash=_digest(token), address=address, started_at=at, seen_at=at)
    return token


def resume_session(token: str, *, at: datetime) -> PortalSession | None:
    """The visit of this cookie, if it is within its limits of idleness and length; marks it seen."""
    session = PortalSession.objects.filter(
        token_hash=_digest(token),
        ended_at=None,
        seen_at__gt=at - settings.PORTAL_SESSION_IDLE,
        started_at__gt=at - settings.PORTAL_SESSION_ABSOLUTE,
    ).first()
    if session and at - session.seen_at > timedelta(minutes=1):
        session.seen_at = at
        session.save(update_fields=["seen_at"])
    return session


def end_session(session: PortalSession, *, at: datetime) -> None:
    """End a visit: the cookie opens nothing from now on."""
    PortalSession.objects.filter(pk=session.pk, ended_at=None).update(ended_at=at)


def purge_links_and_sessions(*, at: datetime) -> int:
    """Delete links, visits and sign-ins of staff that can no longer be used; returns how many."""
    links, _ = MailedLink.objects.filter(expires_at__lte=at).delete()
    sessions, _ = PortalSession.objects.filter(started_at__lte=at - settings.PORTAL_SESSION_ABSOLUTE).delete()
    staff_sessions, _ = Session.objects.filter(expire_date__lte=at).delete()
    return links + sessions + staff_sessions
