"""Queueing and delivering mail.

A mail is queued in the transaction of the act that it tells of, and sent by a worker afterwards: at least once, with a
Message-ID that stays the same, so that a repeated delivery is recognised. A temporary error is retried with growing
pauses for a week; a permanent one, or a week of temporary ones, makes the mail FAILED. What was in it is wiped then.
Only what the server says of this recipient or this text is permanent: a wrong password or a refused sender is ours to
mend, and no mail may be lost by it.
"""

import logging
import smtplib
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from email.utils import parseaddr
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import Q
from django.db.models.fields.json import KT
from django.template.exceptions import TemplateDoesNotExist, TemplateSyntaxError
from django.template.loader import render_to_string
from django.urls import NoReverseMatch
from django.utils import translation

from common.lookups import Refs
from mailing.enums import EmailKind, EmailState
from mailing.models import OutboxEmail

GIVE_UP_AFTER = timedelta(days=7)
LONGEST_PAUSE = timedelta(hours=1)
LEASE = timedelta(minutes=5)

Value = str | int | bool | None
UNMAKEABLE = (TemplateDoesNotExist, TemplateSyntaxError, NoReverseMatch, ValueError, TypeError, LookupError)
"""What rendering a mail and putting it into a message can raise."""

log = logging.getLogger(__name__)


def queue_email(
    kind: EmailKind,
    *,
    to_address: str,
    language: str,
    context: Mapping[str, Value],
    dedupe_key: str,
    at: datetime,
    subject_ref: UUID | None = None,
    is_held: bool = False,
) -> None:
    """Write one mail to the outbox, in the caller's transaction.

    ``context`` is what the templates of the kind need, in plain values; dates are ISO text. A second mail of the same
    kind and ``dedupe_key`` changes nothing. Raises ValueError where the address could smuggle in a header or a second
    recipient (ASVS 1.3.11).
    """
    if not _is_one_address(to_address):
        raise ValueError("not one plain address")
    row = OutboxEmail(
        kind=kind,
        dedupe_key=dedupe_key,
        state=EmailState.HELD if is_held else EmailState.QUEUED,
        to_address=to_address,
        language=language,
        context=dict(context),
        subject_ref=subject_ref,
        queued_at=at,
        next_try_at=at,
    )
    OutboxEmail.objects.bulk_create([row], ignore_conflicts=True)


def _is_one_address(text: str) -> bool:
    """Nothing but one address: no name, no second one, no line break. In a quoted part a backslash may be read away."""
    found = parseaddr(text)[1]
    local, _, domain = found.rpartition("@")
    is_plain = all(ord(character) >= 32 for character in text)
    return bool(is_plain and local and domain and found.replace("\\", "") == text.replace("\\", ""))


def release_emails(kind: EmailKind, dedupe_keys: Iterable[str], *, at: datetime) -> None:
    """Let held mails go, now that what they say is true; the week of trying begins."""
    held = OutboxEmail.objects.filter(kind=kind, dedupe_key__in=list(dedupe_keys), state=EmailState.HELD)
    held.update(state=EmailState.QUEUED, queued_at=at, next_try_at=at)


def drop_emails_about(candidate_refs: Iterable[UUID]) -> int:
    """Take back what waits to tell the staff about these records; returns how many. Mail to them goes with them."""
    waiting = OutboxEmail.objects.alias(about=KT("context__candidate_id")).filter(state=EmailState.QUEUED)
    return waiting.filter(Q(about__in_array=Refs(candidate_refs))).delete()[0]


def drop_unsent(kind: EmailKind, subject_refs: Iterable[UUID]) -> int:
    """Take back mails of a kind to these records that have not gone out; returns how many."""
    waiting = OutboxEmail.objects.filter(state__in=(EmailState.QUEUED, EmailState.HELD))
    return waiting.filter(kind=kind, subject_ref__in=list(subject_refs)).delete()[0]


def deliver_emails(*, at: datetime, limit: int = 200) -> int:
    """Send what is due; returns how many were sent. Several workers may run it at once: each row is leased first."""
    due = _lease(at=at, limit=limit)
    if not due:
        return 0
    sent = 0
    connection = get_connection()
    try:
        for email in due:
            sent += _deliver(email, connection, at=at)
    finally:
        connection.close()
    return sent


@transaction.atomic
def _lease(*, at: datetime, limit: int) -> list[OutboxEmail]:
    """Take due rows for this worker: nobody else sees them as due until the lease is over."""
    rows = list(
        OutboxEmail.objects.select_for_update(skip_locked=True)
        .filter(state=EmailState.QUEUED, next_try_at__lte=at)
        .order_by("next_try_at", "id")[:limit]
    )
    OutboxEmail.objects.filter(pk__in=[row.pk for row in rows]).update(next_try_at=at + LEASE)
    for row in rows:
        row.next_try_at = at + LEASE
    return rows


def _deliver(email: OutboxEmail, connection: BaseEmailBackend, *, at: datetime) -> int:
    # Erasing or disowning may have taken the row away since it was leased, and a slow worker's lease may have passed to
    # another: what counts is the moment of sending.
    leased = OutboxEmail.objects.filter(pk=email.pk, state=EmailState.QUEUED, next_try_at=email.next_try_at)
    if not leased.exists():
        return 0
    try:
        render(email, connection).send()
    except smtplib.SMTPDataError as error:
        _failed(email, is_permanent=error.smtp_code >= 500, at=at)
        return 0
    except smtplib.SMTPRecipientsRefused as error:
        _failed(email, is_permanent=all(code >= 500 for code, _ in error.recipients.values()), at=at)
        return 0
    except OSError:  # no server, or it refuses us; smtplib's other errors are OSErrors too
        _failed(email, is_permanent=False, at=at)
        return 0
    except UNMAKEABLE:  # a mail that cannot even be made must not hold up those behind it
        log.exception("a mail of kind %s cannot be made", email.kind)
        _failed(email, is_permanent=False, at=at)
        return 0
    _wipe(email, EmailState.SENT, sent_at=at)
    return 1


def _failed(email: OutboxEmail, *, is_permanent: bool, at: datetime) -> None:
    """Try again later, or give up."""
    if is_permanent or at - email.queued_at >= GIVE_UP_AFTER:
        _wipe(email, EmailState.FAILED)
        return
    pause = min(timedelta(minutes=2 ** min(email.attempts, 10)), LONGEST_PAUSE)
    OutboxEmail.objects.filter(pk=email.pk).update(attempts=email.attempts + 1, next_try_at=at + pause)


def _wipe(email: OutboxEmail, state: EmailState, *, sent_at: datetime | None = None) -> None:
    """End a mail: its text goes at once, and the address too where no person's record keeps it."""
    values: dict[str, object] = {"state": state, "context": {}, "attempts": email.attempts + 1, "sent_at": sent_at}
    if email.subject_ref is None:
        values["to_address"] = ""
    OutboxEmail.objects.filter(pk=email.pk).update(**values)


def render(email: OutboxEmail, connection: BaseEmailBackend | None = None) -> EmailMultiAlternatives:
    """The message of a row: text and HTML from templates/emails/<kind>/, in the recipient's language."""
    folder = f"emails/{email.kind}"
    with translation.override(email.language):
        context = {
            **email.context,
            "language": email.language,
            "controller": settings.CONTROLLER,
            "site_url": settings.SITE_URL,
        }
        subject = " ".join(render_to_string(f"{folder}/subject.txt", context).split())
        text = render_to_string(f"{folder}/body.txt", context)
        html = render_to_string(f"{folder}/body.html", {**context, "subject": subject})
    message = EmailMultiAlternatives(
        subject,
        text,
        settings.DEFAULT_FROM_EMAIL,
        [email.to_address],
        connection=connection,
        headers={"Message-ID": message_id(email.pk), "Auto-Submitted": "auto-generated"},
    )
    message.attach_alternative(html, "text/html")
    return message


def message_id(email_id: UUID) -> str:
    """The Message-ID that a mail of the outbox has, the same at every delivery; by it a bounce is recognised."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    return f"<{email_id}@{domain}>"
