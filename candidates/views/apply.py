"""Applying in three screens: form, check answers, confirmation.

What was typed travels in the form and is kept in a draft, so that neither a validation error, nor the Back button, nor
a lost cookie loses it; files are staged and bound to a cookie of their own and to the signed token in the form. There
is no session and nothing that a forged request could do in somebody's name, so Django's CSRF cookie is not asked for:
the token stands in its place (docs/adr/0005).
"""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from csp.decorators import csp_update
from django.conf import settings
from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from candidates.forms.apply import FILE_FIELDS, TEXT_FIELDS, ApplicationForm
from candidates.models import Application, ApplicationDraft, Position
from candidates.services import drafts
from candidates.services.applications import Answers, submit_application
from candidates.views import quotas
from candidates.views.staging import Staging
from common import clock
from common.errors import Refused
from common.network import address_prefix
from common.wake import wake
from files.direct import upload_origin
from files.models import StoredFile
from files.tasks import wake_for_new_files
from files.uploads import drop_uploads, use_capped_uploads
from mailing.tasks import deliver_emails
from notices.texts import TextId, current
from policy import retention
from policy.calendar import local_date

TOKEN_SALT = "candidates.apply"  # noqa: S105 (a name, no secret)
SENT_SALT = "candidates.sent"


class Visit:
    """One request to the apply journey: where it is, what time it is, whose draft it is, which form was shown."""

    def __init__(self, request: HttpRequest, slug: str | None) -> None:
        self.request = request
        self.at = clock.now()
        self.language = get_language() or "en"
        self.position = (
            get_object_or_404(Position.objects.published().select_related("contact_person"), slug=slug)
            if slug
            else None
        )
        self.cookie = request.COOKIES.get(settings.APPLY_COOKIE_NAME, "")
        self.key, self.shown_at = uuid4(), self.at

    def url(self, name: str) -> str:
        """The address of a screen of this journey."""
        if self.position:
            return reverse(f"candidates:{name}", args=[self.position.slug])
        return reverse(f"candidates:{name.replace('apply', 'apply_open', 1)}")

    @property
    def is_closed(self) -> bool:
        """Whether the position takes no applications any more."""
        return self.position is not None and not self.position.is_open(local_date(self.at))

    @property
    def token(self) -> str:
        """What the form carries: its key, and when it was first shown."""
        return signing.dumps({"key": str(self.key), "at": self.shown_at.timestamp()}, salt=TOKEN_SALT)

    def read_token(self) -> bool:
        """Take key and time from the form that was sent. A forged or missing token is a new form, and False."""
        try:
            content = signing.loads(self.request.POST.get("token", ""), salt=TOKEN_SALT)
        except signing.BadSignature:
            return False
        self.key = UUID(content["key"])
        self.shown_at = datetime.fromtimestamp(content["at"], tz=self.at.tzinfo)
        return True

    def latest_draft(self) -> ApplicationDraft | None:
        """The draft of this browser for this position; its key becomes this visit's."""
        draft = drafts.latest_draft(self.cookie, self.position, at=self.at) if self.cookie else None
        if draft:
            self.key, self.shown_at = draft.submission_key, draft.created_at
        return draft

    def draft_of_form(self) -> ApplicationDraft | None:
        """The draft of the form that was sent, if the cookie is the one it was begun with."""
        return drafts.find_draft(self.cookie, self.key, at=self.at) if self.cookie else None

    def open_draft(self) -> ApplicationDraft:
        """The draft of the form that was sent, made if there is none."""
        return drafts.open_draft(self.cookie, self.key, self.position, begun_at=self.shown_at, at=self.at)

    def context(self, **more: Any) -> dict[str, Any]:
        """What every screen of the journey shows."""
        return {
            "position": self.position,
            "token": self.token,
            "notice": current(TextId.SHORT_NOTICE, self.language),
            "consent_text": current(TextId.LONGER_STORAGE, self.language),
            "keep_until": retention.due_on(self.at),
            "longer_until": retention.extension_ends_on(retention.due_on(self.at), local_date(self.at)),
            "form_url": self.url("apply"),
            "check_url": self.url("apply_check"),
            "upload_url": self.url("apply_upload") if upload_origin() else "",
            **more,
        }

    def form_page(
        self, filled: ApplicationForm, staging: Staging, *, status: int = 200, problem: str = ""
    ) -> HttpResponse:
        """The form. It may send files to the bucket's origin, where there is a bucket, and to nowhere else."""
        context = self.context(form=filled, staged=staging.by_field(), waiting=staging.waiting, problem=problem)
        response = render(self.request, "candidates/apply_form.html", context, status=status)
        if origin := upload_origin():
            csp_update({"connect-src": [origin]})(lambda _: response)(self.request)  # it marks this very response
        return response

    def remember(self, response: HttpResponse) -> HttpResponse:
        """Give the browser the cookie that its draft is bound to."""
        response.set_cookie(
            settings.APPLY_COOKIE_NAME,
            self.cookie,
            max_age=int(settings.STAGED_LIFETIME.total_seconds()),
            secure=settings.COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
        return response


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def form(request: HttpRequest, slug: str | None = None) -> HttpResponse:
    """The form. GET shows it with what was typed before; POST stages files, keeps everything and leads to the check."""
    visit = Visit(request, slug)
    if visit.is_closed:
        return render(request, "candidates/apply_closed.html", visit.context(), status=410)
    if request.method == "POST":
        return _take_form(visit)
    draft = visit.latest_draft()
    staging = Staging(visit.at, draft)
    blank = ApplicationForm(initial=draft.answers if draft else None, staged=staging.by_field())
    return visit.form_page(blank, staging)


def _take_form(visit: Visit) -> HttpResponse:
    request = visit.request
    problem = quotas.post_problem(request, at=visit.at)
    (drop_uploads if problem else use_capped_uploads)(request)
    visit.read_token()
    draft = visit.draft_of_form()
    problem = problem or quotas.honeypot_problem(request)
    if not draft:
        problem = problem or quotas.draft_problem(request, at=visit.at)
    if problem:
        return _not_now(visit, draft, problem)
    visit.cookie = visit.cookie or drafts.new_token()
    draft = draft or visit.open_draft()
    staging = Staging(visit.at, draft)
    staging.expect(request.POST)
    staging.remove(request.POST.getlist("remove"))
    staging.take_announced(request.POST)
    staging.take(request.FILES, address_prefix(request), request.POST.get("email", ""))
    staged = staging.by_field()
    filled = ApplicationForm(request.POST, staged=staged)
    is_valid = filled.is_valid() and not staging.errors
    drafts.save_draft(draft, answers=_typed(request), files=staging.ids())
    if "remove" in request.POST:
        response: HttpResponse = redirect(f"{visit.url('apply')}#id_{request.POST['remove'].partition(':')[0]}")
    elif is_valid:
        response = redirect(visit.url("apply_check"))
    else:
        staging.add_errors(filled)
        response = visit.form_page(filled, staging, status=422)
    response.status_code = 303 if response.status_code == 302 else response.status_code
    return visit.remember(response)


def _not_now(visit: Visit, draft: ApplicationDraft | None, problem: str) -> HttpResponse:
    """The form with all that was typed, files that lie in the bucket included, and what is the matter. Nothing is
    stored.
    """
    staging = Staging(visit.at, draft)
    staging.keep_announced(visit.request.POST)
    kept = ApplicationForm(initial=_typed(visit.request), staged=staging.by_field())
    return visit.form_page(kept, staging, status=429, problem=problem)


def _typed(request: HttpRequest) -> dict[str, Any]:
    """What was typed, as it was typed, cut at a length that no valid answer reaches."""
    typed: dict[str, Any] = {
        name: request.POST.get(name, "")[: 2 * settings.TEXT_MAX_CHARACTERS].replace("\x00", "")
        for name in TEXT_FIELDS
        if name != "has_longer_storage"
    }
    typed["has_longer_storage"] = bool(request.POST.get("has_longer_storage"))
    typed["consent_version"] = request.POST.get("consent_version", "")[:20].replace("\x00", "")
    return typed


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest, slug: str | None = None) -> HttpResponse:
    """Check your answers. GET shows them; POST sends what is shown, once."""
    visit = Visit(request, slug)
    if visit.is_closed:
        return render(request, "candidates/apply_closed.html", visit.context(), status=410)
    if request.method == "POST":
        return _send(visit)
    draft = visit.latest_draft()
    if draft is None:
        messages.info(request, _("Nothing is being written here. If you have just sent it, it has arrived."))
        return redirect(visit.url("apply"))
    staged = Staging(visit.at, draft).by_field()
    filled = ApplicationForm(draft.answers, staged=staged)
    if not filled.is_valid():
        return redirect(visit.url("apply"))
    return render(request, "candidates/apply_check.html", visit.context(form=filled, staged=staged))


def _send(visit: Visit) -> HttpResponse:
    request = visit.request
    visit.read_token()
    sent_before = Application.objects.filter(submission_key=visit.key).first()
    if sent_before:
        return _sent(sent_before)
    draft = visit.draft_of_form()
    staging = Staging(visit.at, draft)
    staging.expect(request.POST)
    staged = staging.by_field()
    filled = ApplicationForm(request.POST, staged=staged)
    if not filled.is_valid() or staging.errors:
        return _ask_again(visit, filled, staging, draft)
    email = filled.cleaned_data["email"]
    if problem := quotas.sending_problem(request, email, shown_at=visit.shown_at, at=visit.at):
        context = visit.context(form=filled, staged=staged, problem=problem)
        return render(request, "candidates/apply_check.html", context, status=429)
    try:
        application = submit_application(_answers(visit, filled, draft, staged), position=visit.position, at=visit.at)
    except Refused as refused:
        filled.add_error(None, str(refused))
        return _ask_again(visit, filled, staging, draft)
    wake(deliver_emails)
    wake_for_new_files()
    return _sent(application)


def _ask_again(visit: Visit, filled: ApplicationForm, staging: Staging, draft: ApplicationDraft | None) -> HttpResponse:
    """Something is missing now that was there before: show the form with all that is left."""
    visit.cookie = visit.cookie or drafts.new_token()
    draft = draft or visit.open_draft()
    drafts.save_draft(draft, answers=_typed(visit.request), files=staging.ids())
    staging.add_errors(filled)
    return visit.remember(visit.form_page(filled, staging, status=422))


def _answers(
    visit: Visit, filled: ApplicationForm, draft: ApplicationDraft | None, staged: dict[str, list[StoredFile]]
) -> Answers:
    data = filled.cleaned_data
    texts = ("name", "email", "phone", "cover_letter", "skills", "interests", "has_longer_storage")
    return Answers(
        submission_key=visit.key,
        candidate_ref=draft.candidate_ref if draft else uuid4(),
        language=visit.language,
        links=filled.link_list(),
        files=[(FILE_FIELDS[name], stored.pk) for name, rows in staged.items() for stored in rows],
        notice_version=visit.request.POST.get("notice_version", ""),
        consent_version=visit.request.POST.get("consent_version", ""),
        **{name: data[name] for name in texts},
    )


def _sent(application: Application) -> HttpResponse:
    token = signing.dumps(str(application.pk), salt=SENT_SALT)
    response = redirect("candidates:apply_sent", token=token)
    response.status_code = 303
    return response


@require_safe
def sent(request: HttpRequest, token: str) -> HttpResponse:
    """The confirmation: reference, and what happens next and when. It can be reloaded and kept as a bookmark."""
    at = clock.now()
    try:
        key = signing.loads(token, salt=SENT_SALT)
    except signing.BadSignature:
        key = None
    application = Application.objects.visible(at).filter(pk=key).select_related("position", "candidate").first()
    context = {
        "application": application,
        "answer_by": local_date(application.submitted_at) + settings.ANSWER_TIME if application else None,
    }
    return render(request, "candidates/apply_sent.html", context, status=200 if application else 410)
