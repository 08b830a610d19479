"""The pages of "my data": what is kept about a person, until when and why, and the acts that are theirs.

There is no account. A mailed link opens a visit that proves control of one address; every view looks up anew what that
address may see. Looking at a link (GET) changes nothing, for mail scanners look at links too; pressing its button does.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Concatenate, ParamSpec, cast
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.enums import LinkPurpose
from accounts.models import PortalSession
from accounts.services import links
from audit.enums import Access, Action, Purpose
from audit.services import record_access, record_event
from candidates.enums import Channel
from candidates.models import Application, Candidate, Document
from candidates.selectors.people import consent_text, longer_until, waiting_applications
from candidates.services.addresses import confirm_address, disown_application
from candidates.services.applications import withdraw_application
from candidates.services.consents import give_consent, withdraw_consent
from candidates.services.erasure import request_erasure, take_back_erasure
from candidates.services.suppression import find_for, lift_suppression
from common import clock
from common.actors import Actor, ActorKind
from common.errors import Refused
from common.network import address_prefix
from common.wake import wake
from files.delivery import check_deliverable, deliver, not_handed_out
from files.errors import NotHandedOut
from mailing.tasks import deliver_emails
from notices.texts import TextId, current
from privacy.forms import SignInForm
from privacy.selectors import own_data as selectors
from privacy.services.sign_in import send_sign_in_link
from privacy.views.mailed_links import wake_erasure_of

FRESH = timedelta(minutes=10)
"""Erasing needs a sign-in not older than this."""

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]
OwnView = Callable[Concatenate[HttpRequest, "Visitor", P], HttpResponseBase]


class Visitor:
    """Whoever controls ``session.address``, at an instant."""

    def __init__(self, session: PortalSession, at: datetime) -> None:
        self.session = session
        self.at = at

    @property
    def records(self) -> list[Candidate]:
        """The records of whoever has the address, asked anew."""
        return selectors.own_records(self.session.address, as_of=self.at)

    def person(self) -> Candidate:
        """One record of the person. Raises Http404 where nothing is kept."""
        records = self.records
        if not records:
            raise Http404
        return records[0]

    def person_refs(self) -> list[UUID]:
        """The person; two, where somebody is restricted and applied again. Raises Http404 where nothing is kept."""
        self.person()
        return list(dict.fromkeys(record.person_ref for record in self.records))

    @property
    def actor(self) -> Actor:
        """The person as the audit log knows them."""
        records = self.records
        return Actor(ActorKind.CANDIDATE, records[0].person_ref if records else None)


def signed_in(view: "OwnView[P]") -> "View[P]":
    """Let in whoever holds a live visit; send everybody else to the way in."""

    @wraps(view)
    def wrapper(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        at = clock.now()
        token = request.COOKIES.get(settings.PORTAL_COOKIE_NAME, "")
        session = links.resume_session(token, at=at) if token else None
        if session is None:
            return redirect("my_data:sign_in")
        return view(request, Visitor(session, at), *args, **kwargs)

    return cast("View[P]", wrapper)


@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Type an address; the answer is the same whatever is known about it."""
    form = SignInForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        status = 422 if request.method == "POST" else 200
        return render(request, "privacy/sign_in.html", {"form": form}, status=status)
    send_sign_in_link(
        form.cleaned_data["email"], language=get_language() or "en", prefix=address_prefix(request), at=clock.now()
    )
    wake(deliver_emails)
    return render(request, "privacy/sign_in_sent.html", {"email": form.cleaned_data["email"]})


@require_http_methods(["GET", "HEAD", "POST"])
def link(request: HttpRequest, token: str) -> HttpResponse:
    """A mailed sign-in link: GET shows a button, POST signs in."""
    at = clock.now()
    if request.method != "POST":
        found = links.find_link(LinkPurpose.SIGN_IN, token, at=at)
        return render(request, "privacy/link.html", {"is_valid": bool(found)}, status=200 if found else 410)
    used = links.use_link(LinkPurpose.SIGN_IN, token, at=at)
    if used is None:
        return render(request, "privacy/link.html", {"is_valid": False}, status=410)
    record_event(Action.SIGNED_IN, at=at, actor=Actor(ActorKind.CANDIDATE))
    response = redirect("my_data:page")
    response.set_cookie(
        settings.PORTAL_COOKIE_NAME,
        links.start_session(used.address, at=at),
        max_age=int(settings.PORTAL_SESSION_ABSOLUTE.total_seconds()),
        secure=settings.COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """A mailed link that confirms an application's address: GET shows the buttons, POST acts.

    The same link can say "I did not send this".
    """
    at = clock.now()
    if request.method != "POST":
        found = links.find_link(LinkPurpose.CONFIRM_ADDRESS, token, at=at)
        context = {"is_valid": bool(found)}
        return render(request, "privacy/confirm.html", context, status=200 if found else 410)
    used = links.use_link(LinkPurpose.CONFIRM_ADDRESS, token, at=at)
    is_done, is_disowned = False, "disown" in request.POST
    if used and used.subject_ref:
        if is_disowned:
            is_done = disown_application(used.subject_ref, address=used.address, at=at)
            wake(deliver_emails)
        else:
            is_done = confirm_address(used.subject_ref, address=used.address, at=at) is not None
    context = {"is_done": is_done, "is_disowned": is_disowned}
    return render(request, "privacy/confirm_done.html", context, status=200 if is_done else 410)


@require_safe
@signed_in
def page(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """What is kept, from where, why and until when, with the acts that belong to each thing."""
    records = visitor.records
    data = selectors.own_data(records, as_of=visitor.at) if records else None
    if data:
        record_access(
            Access.VIEWED,
            at=visitor.at,
            actor=visitor.actor,
            subject_refs=[record.pk for record in records],
            purpose=Purpose.OWN_DATA,
        )
    context = {
        "data": data,
        "suppressed": find_for(visitor.session.address),
        "waiting": waiting_applications(visitor.session.address, at=visitor.at),
        "consent_text": consent_text(data.consent) if data and data.consent else None,
        "offered_text": current(TextId.LONGER_STORAGE, get_language() or "en"),
        "is_base_over": bool(data and data.explanation.clock.erase_at <= visitor.at),
        "longer_until": (
            longer_until(
                data.explanation.clock.due_on, data.consent.ends_on if data.consent else None, as_of=visitor.at
            )
            if data
            else None
        ),
    }
    return render(request, "privacy/my_data.html", context)


@require_POST
@signed_in
def sign_out(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """End the visit."""
    links.end_session(visitor.session, at=visitor.at)
    response = redirect("my_data:signed_out")
    response.delete_cookie(settings.PORTAL_COOKIE_NAME)
    return response


@require_safe
def signed_out(request: HttpRequest) -> HttpResponse:
    """What remains after signing out."""
    return render(request, "privacy/signed_out.html")


@require_POST
@signed_in
def claim(request: HttpRequest, visitor: Visitor, candidate_id: UUID) -> HttpResponse:
    """Confirm an application that waits for it, or say "I did not send this"."""
    if "disown" in request.POST:
        if disown_application(candidate_id, address=visitor.session.address, at=visitor.at):
            messages.success(request, _("Your address was taken off that application, and the recruiter was told."))
        wake(deliver_emails)
    elif confirm_address(candidate_id, address=visitor.session.address, at=visitor.at):
        messages.success(request, _("The application is confirmed and shown below."))
    return redirect("my_data:page")


@require_POST
@signed_in
def longer_storage(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Give the consent to longer storage or take it back."""
    person = visitor.person()
    if "withdraw" in request.POST:
        withdraw_consent(person.person_ref, actor=visitor.actor, at=visitor.at)
        person.refresh_from_db()
        wake_erasure_of(person, at=visitor.at)
        if person.expires_at <= visitor.at:
            messages.success(request, _("You have taken your consent back. No recruiter sees your data any more."))
        else:
            messages.success(request, _("You have taken your consent back. The new date is shown below."))
        return redirect("my_data:page")
    try:
        give_consent(
            person.pk,
            language=get_language() or "en",
            channel=Channel.MY_DATA,
            text_version=request.POST.get("version", ""),
            actor=visitor.actor,
            at=visitor.at,
        )
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        wake(deliver_emails)
        messages.success(request, _("You have agreed to longer storage. The new date is shown below."))
    return redirect("my_data:page")


@require_POST
@signed_in
def may_approach(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Lift the suppression of the address whose mailbox the visit proves (GDPR Art. 21)."""
    if lift_suppression(visitor.session.address, at=visitor.at, actor=visitor.actor):
        messages.success(request, _("Done. The hash of your address is deleted."))
    return redirect("my_data:page")


@require_POST
@signed_in
def withdraw(request: HttpRequest, visitor: Visitor, application_id: UUID) -> HttpResponse:
    """Withdraw one application; everything else stays as it is."""
    application = get_object_or_404(
        Application.objects.select_related("candidate"),
        pk=application_id,
        candidate__person_ref__in=visitor.person_refs(),
    )
    try:
        withdraw_application(
            application.pk, person_ref=application.candidate.person_ref, actor=visitor.actor, at=visitor.at
        )
    except Application.DoesNotExist as error:
        raise Http404 from error
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("The application is withdrawn."))
    return redirect("my_data:page")


@require_safe
@signed_in
def document(request: HttpRequest, visitor: Visitor, document_id: UUID) -> FileResponse | HttpResponse:
    """Download one's own document."""
    found = get_object_or_404(
        Document.objects.select_related("stored_file"), pk=document_id, candidate__person_ref__in=visitor.person_refs()
    )
    try:
        check_deliverable(found.stored_file)
    except NotHandedOut as refused:
        return not_handed_out(request, refused)
    record_access(
        Access.DOWNLOADED,
        at=visitor.at,
        actor=visitor.actor,
        subject_refs=[found.candidate_id],
        object_ref=found.pk,
        purpose=Purpose.OWN_DATA,
    )
    return deliver(found.stored_file)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def erase(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """One page that says what goes, what stays and why, and one button; within 24 hours it can be taken back."""
    person_refs = visitor.person_refs()
    if request.method == "POST" and "take_back" in request.POST:
        if sum(take_back_erasure(ref, actor=visitor.actor, at=visitor.at) for ref in person_refs):
            messages.success(request, _("Your data stay as they were."))
        return redirect("my_data:page")
    if visitor.at - visitor.session.started_at > FRESH:
        messages.info(request, _("To erase your data, sign in again: your last sign-in is older than 10 minutes."))
        return redirect("my_data:sign_in")
    if request.method == "POST":
        for ref in person_refs:
            request_erasure(ref, actor=visitor.actor, at=visitor.at)
        return redirect("my_data:page")
    return render(request, "privacy/erase.html", {"data": selectors.own_data(visitor.records, as_of=visitor.at)})
