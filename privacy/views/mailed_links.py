"""The pages behind the links of reminders and of mails about longer storage (spec §2.5, §2.6).

No sign-in and no reason is asked for: whoever holds the link reads the mailbox of the person. Looking (GET) changes
nothing, for mail scanners look at links too; the button (POST) acts, and pressing it again changes nothing more. A link
that has run out, that nobody made, or whose person is expired, shows the same page as any other and creates nothing.
The pages name nobody and tell nothing that is sensitive.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any

from celery import current_app
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods

from accounts.enums import LinkPurpose
from accounts.services.links import find_link
from candidates.enums import Channel
from candidates.models import Candidate
from candidates.selectors.people import acting_record, consent_text, live_consents, longer_until
from candidates.selectors.sourcing import approach
from candidates.services.consents import give_consent, withdraw_consent
from candidates.services.erasure import request_erasure
from candidates.services.outreach import decline_approach
from common import clock
from common.actors import Actor
from common.actors import candidate as the_candidate
from common.errors import Refused
from common.wake import wake
from mailing.tasks import deliver_emails
from notices.texts import TextId, current


@dataclass(frozen=True)
class Holder:
    """Whoever holds a mailed link, at an instant: the record that it is about."""

    record: Candidate
    at: datetime

    @property
    def actor(self) -> Actor:
        """The person as the audit log knows them."""
        return the_candidate(self.record.person_ref)


Page = Callable[[HttpRequest, Holder], HttpResponse]
View = Callable[[HttpRequest, str], HttpResponse]


def mailed(purpose: LinkPurpose) -> Callable[[Page], View]:
    """Let in whoever holds a link of this purpose that works; show everybody else that it does not."""

    def decorate(page: Page) -> View:
        @wraps(page)
        def view(request: HttpRequest, token: str) -> HttpResponse:
            at = clock.now()
            link = find_link(purpose, token, at=at)
            record = None
            if link and link.subject_ref:
                record = acting_record(link.subject_ref, link.address, as_of=at)
            if record is None:
                return render(request, "privacy/mailed_over.html", status=410)
            return page(request, Holder(record, at))

        return require_http_methods(["GET", "HEAD", "POST"])(view)

    return decorate


@mailed(LinkPurpose.GIVE_CONSENT)
def agree(request: HttpRequest, holder: Holder) -> HttpResponse:
    """Agree to longer storage: the exact words and the end, and one button."""
    record, at = holder.record, holder.at
    if request.method == "POST":
        try:
            give_consent(
                record.pk,
                language=get_language() or "en",
                channel=Channel.MAILED_LINK,
                text_version=request.POST.get("version", ""),
                actor=holder.actor,
                at=at,
            )
        except Refused:
            pass  # agreed already or about to be erased; the page says which
        else:
            wake(deliver_emails)
            record.refresh_from_db()
    consent = live_consents(record.person_ref, as_of=at).first()
    longer = longer_until(record.due_on, consent.ends_on if consent else None, as_of=at)
    agreed = consent if longer is None else None  # nothing more to agree to
    context: dict[str, Any] = {
        "record": record,
        "is_agreed": agreed is not None,
        "text": consent_text(agreed) if agreed else current(TextId.LONGER_STORAGE, get_language() or "en"),
        "until": consent.ends_on if consent else record.due_on,
        "longer_until": longer,
    }
    return render(request, "privacy/mailed_agree.html", context)


@mailed(LinkPurpose.WITHDRAW_CONSENT)
def take_back(request: HttpRequest, holder: Holder) -> HttpResponse:
    """Take a consent back. It holds when the answer is there: the person is hidden, or the new date is shown."""
    record, at = holder.record, holder.at
    if request.method == "POST":
        withdraw_consent(record.person_ref, actor=holder.actor, at=at)
        record.refresh_from_db()
        wake_erasure_of(record, at=at)
    context = {
        "record": record,
        "consent": live_consents(record.person_ref, as_of=at).first(),
        "is_base_over": record.erase_at <= at,
        "is_gone": record.expires_at <= at,
        "is_held_back": bool(record.held_back_until and record.held_back_until > at),
    }
    return render(request, "privacy/mailed_take_back.html", context)


@mailed(LinkPurpose.ERASE)
def erase_now(request: HttpRequest, holder: Holder) -> HttpResponse:
    """Erase everything without waiting for the date: what goes and what stays, and one button."""
    record = holder.record
    is_approached = approach(record) is not None
    if request.method == "POST":
        if is_approached:
            wants = "leave_alone" in request.POST
            decline_approach(record.pk, wants_suppression=wants, actor=holder.actor, at=holder.at)
        else:
            request_erasure(record.person_ref, actor=holder.actor, at=holder.at)
        record.refresh_from_db()
    return render(request, "privacy/mailed_erase.html", {"record": record, "is_approached": is_approached})


def wake_erasure_of(record: Candidate, *, at: datetime) -> None:
    """Wake the worker that erases where a person has just become due."""
    if record.expires_at <= at:
        wake(current_app.signature("privacy.tasks.erase_due"))
