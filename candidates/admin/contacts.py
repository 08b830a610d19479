"""The acts of the candidate's page that may move the date: contacts, what turns out otherwise, and interviews."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _

from audit.enums import Access
from audit.services import record_access
from candidates.forms.contacts import InteractionForm, InterviewForm, MomentForm, RevokeForm
from candidates.models import Candidate, Interaction, Interview
from candidates.selectors.page import correctable_interaction, own_applications
from candidates.services.corrections import correct_interaction, may_be_dated, revoke_interaction
from candidates.services.interactions import record_interaction
from candidates.services.interviews import cancel_interview, mark_held, mark_no_show, plan_interview
from common import clock
from common.actors import staff
from common.admin import ReadOnlyAdmin, done, not_done, require
from common.errors import Refused
from common.forms import add_refusal, minute

NOBODY = (Candidate.DoesNotExist, Interaction.DoesNotExist, Interview.DoesNotExist)
ACTS = {
    "held": (mark_held, _("The interview is recorded as held. The retention date follows it.")),
    "no-show": (mark_no_show, _("It is recorded that nobody came.")),
    "cancel": (cancel_interview, _("The interview is cancelled.")),
}


def page_url(candidate_id: UUID) -> str:
    """The address of a candidate's page."""
    return reverse("admin:candidates_candidate_change", args=[candidate_id])


class ContactViews(ReadOnlyAdmin):
    """The part of the candidates' admin that records contacts and interviews. ``_page`` draws the candidate's page."""

    def _page(self, request: HttpRequest, candidate_id: UUID, status: int = 200, **drawn: Any) -> HttpResponse:
        raise NotImplementedError

    def contact_urls(self) -> list[URLPattern]:
        """The addresses of these acts."""
        wrap = self.admin_site.admin_view
        return [
            path(
                "<uuid:candidate_id>/interaction/", wrap(self.interaction_view), name="candidates_candidate_interaction"
            ),
            path(
                "<uuid:candidate_id>/interaction/<uuid:interaction_id>/",
                wrap(self.correct_view),
                name="candidates_candidate_correct",
            ),
            path(
                "<uuid:candidate_id>/interaction/<uuid:interaction_id>/revoke/",
                wrap(self.revoke_view),
                name="candidates_candidate_revoke",
            ),
            path("<uuid:candidate_id>/interview/", wrap(self.interview_view), name="candidates_candidate_interview"),
            path(
                "<uuid:candidate_id>/interview/<uuid:interview_id>/<str:act>/",
                wrap(self.interview_act_view),
                name="candidates_candidate_interview_act",
            ),
        ]

    def interaction_view(self, request: HttpRequest, candidate_id: UUID) -> HttpResponse:
        """Record a call, a mail or an interview that took place."""
        require(request, "candidates.add_interaction", method="POST")
        form = InteractionForm(request.POST, applications=own_applications(candidate_id))
        if form.is_valid():
            try:
                record_interaction(candidate_id, actor=staff(request.user.pk), at=clock.now(), **form.cleaned_data)
            except NOBODY as error:
                raise Http404 from error
            except Refused as refused:
                add_refusal(form, refused, FIELDS)
            else:
                text = _("The contact is recorded. The retention date follows it.")
                return done(request, text, page_url(candidate_id))
        return self._page(request, candidate_id, 422, interaction_form=form)

    def correct_view(self, request: HttpRequest, candidate_id: UUID, interaction_id: UUID) -> HttpResponse:
        """A contact, and what may turn out otherwise; a POST gives it another moment."""
        require(request, "candidates.change_interaction")
        if request.method != "POST":
            return self._correct_page(request, candidate_id, interaction_id)
        form = MomentForm(request.POST)
        if form.is_valid():
            at = clock.now()
            try:
                correct_interaction(
                    interaction_id, candidate_id=candidate_id, actor=staff(request.user.pk), at=at, **form.cleaned_data
                )
            except NOBODY as error:
                raise Http404 from error
            except Refused as refused:
                add_refusal(form, refused, FIELDS)
            else:
                messages.success(request, _("The date of the contact is corrected. The retention date follows it."))
                return _onward(request, candidate_id, at)
        return self._correct_page(request, candidate_id, interaction_id, 422, moment_form=form)

    def revoke_view(self, request: HttpRequest, candidate_id: UUID, interaction_id: UUID) -> HttpResponse:
        """Record that a contact did not take place after all."""
        require(request, "candidates.change_interaction", method="POST")
        at = clock.now()
        interaction = _interaction(candidate_id, interaction_id, at)
        form = RevokeForm(request.POST, interaction=interaction)
        if form.is_valid():
            try:
                revoke_interaction(
                    interaction_id, candidate_id=candidate_id, actor=staff(request.user.pk), at=at, **form.cleaned_data
                )
            except NOBODY as error:
                raise Http404 from error
            except Refused as refused:
                return not_done(request, refused, page_url(candidate_id))
            messages.success(request, _("The contact counts no more. The retention date is computed without it."))
            return _onward(request, candidate_id, at)
        return self._correct_page(request, candidate_id, interaction_id, 422, revoke_form=form)

    def _correct_page(
        self, request: HttpRequest, candidate_id: UUID, interaction_id: UUID, status: int = 200, **drawn: Any
    ) -> HttpResponse:
        at = clock.now()
        interaction = _interaction(candidate_id, interaction_id, at)
        if interaction.revoked_at:
            return redirect(page_url(candidate_id))
        record_access(
            Access.VIEWED,
            at=at,
            actor=staff(request.user.pk),
            subject_refs=[interaction.candidate_id],
            object_ref=interaction.pk,
        )
        context = {
            "title": _("Correct a contact"),
            "candidate": interaction.candidate,
            "back": page_url(candidate_id),
            "candidate_id": candidate_id,
            "interaction": interaction,
            "may_be_dated": may_be_dated(interaction),
            "moment_form": MomentForm(initial={"occurred_at": minute(interaction.occurred_at)}),
            "revoke_form": RevokeForm(interaction=interaction),
            **drawn,
        }
        return self.page(request, "candidates/interaction_correct", context, status)

    def interview_view(self, request: HttpRequest, candidate_id: UUID) -> HttpResponse:
        """Plan an interview."""
        require(request, "candidates.add_interview", method="POST")
        form = InterviewForm(request.POST, applications=own_applications(candidate_id))
        if form.is_valid():
            try:
                plan_interview(candidate_id, actor=staff(request.user.pk), at=clock.now(), **form.cleaned_data)
            except NOBODY as error:
                raise Http404 from error
            except Refused as refused:
                add_refusal(form, refused, FIELDS)
            else:
                text = _("The interview is planned. It counts as contact once it was held.")
                return done(request, text, page_url(candidate_id))
        return self._page(request, candidate_id, 422, interview_form=form)

    def interview_act_view(
        self, request: HttpRequest, candidate_id: UUID, interview_id: UUID, act: str
    ) -> HttpResponse:
        """Mark an interview as held, missed or cancelled."""
        require(request, "candidates.change_interview", method="POST")
        if act not in ACTS:
            raise Http404
        service, text = ACTS[act]
        at = clock.now()
        try:
            service(interview_id, candidate_id=candidate_id, actor=staff(request.user.pk), at=at)
        except NOBODY as error:
            raise Http404 from error
        except Refused as refused:
            return not_done(request, refused, page_url(candidate_id))
        messages.success(request, text)
        return _onward(request, candidate_id, at)


FIELDS = {
    **dict.fromkeys(("future", "before", "later"), "occurred_at"),
    **dict.fromkeys(("past", "expired"), "starts_at"),
    "means": "means",
    "direction": "direction",
    "application": "application_id",
}


def _interaction(candidate_id: UUID, interaction_id: UUID, at: datetime) -> Interaction:
    """A contact that a colleague may see and correct. Raises Http404."""
    interaction = correctable_interaction(candidate_id, interaction_id, as_of=at)
    if interaction is None:
        raise Http404
    return interaction


def _onward(request: HttpRequest, candidate_id: UUID, at: datetime) -> HttpResponse:
    """Back to the page, or to the list where the person's time is over by what was just done."""
    if Candidate.objects.visible(at).filter(pk=candidate_id).exists():
        return redirect(page_url(candidate_id))
    gone = _("By that the person's time is over. Nobody sees them any more, and the portal erases them by itself.")
    messages.warning(request, gone)
    return redirect("admin:candidates_candidate_changelist")
