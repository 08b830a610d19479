"""Approaching people in the admin: adding somebody, writing to them, recording that they were told.

The pages of recruiters hang below the candidates' addresses, so ``CandidateAdmin`` mounts ``approach_urls``.
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _

from audit.enums import Access
from audit.services import record_access
from candidates.enums import APPROACHED
from candidates.forms.sourcing import ApproachForm, NoticeForm, OutreachForm, moment_of
from candidates.models import Candidate
from candidates.selectors.sourcing import approach, current_assessment, notice_for
from candidates.services.outreach import give_notice, send_outreach
from candidates.services.sourcing import AlreadyKnown, source_candidate
from common import clock
from common.actors import staff
from common.admin import ReadOnlyAdmin, done, require
from common.errors import Refused
from common.forms import add_refusal
from common.wake import wake
from mailing.tasks import deliver_emails

ADD = "candidates.add_candidate"
FIELDS = {"collected_at": "found_on", "future": "given_on", "before": "given_on"}
"""The field that a refusal of a service is about, where it has another name."""


class SourcedFilter(admin.SimpleListFilter):
    """By whether we approached the person, and whether they were told."""

    title = _("approach")
    parameter_name = "approached"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        """All of them, or those who are still to be told."""
        return [("yes", _("Approached")), ("untold", _("Still to be told"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Those who did not come by themselves."""
        if self.value() == "yes":
            return queryset.filter(origin__in=APPROACHED)
        if self.value() == "untold":
            return queryset.filter(origin__in=APPROACHED, noticed_at=None)
        return queryset


class ApproachPages:
    """The pages of approaching: one to add a person, one to write to them or to record that they were told."""

    def __init__(self, model_admin: ReadOnlyAdmin) -> None:
        self.admin = model_admin

    def source_view(self, request: HttpRequest) -> HttpResponse:
        """Add a person whom the recruiter wants to approach; while that is off, say why."""
        require(request, ADD)
        at = clock.now()
        known: UUID | None = None
        form = ApproachForm(request.POST) if request.method == "POST" else ApproachForm.blank(at)
        if form.is_bound and form.is_valid():
            try:
                made = source_candidate(
                    form.found(),
                    actor=staff(request.user.pk),
                    at=at,
                    collected_at=moment_of(form.cleaned_data["found_on"], at),
                )
            except Refused as refused:
                known = refused.candidate_id if isinstance(refused, AlreadyKnown) else None
                add_refusal(form, refused, FIELDS)
            else:
                text = _("The person is added. Tell them about it within a month.")
                return done(request, text, "admin:candidates_candidate_outreach", made.pk)
        context = {
            "title": _("Approach a person"),
            "form": form,
            "assessment": current_assessment(at),
            "known": known,
        }
        return self.admin.page(request, "candidates/source_person", context, 422 if form.is_bound else 200)

    def outreach_view(self, request: HttpRequest, candidate_id: UUID) -> HttpResponse:
        """Write to the person; by GET, where the approach stands and the notice that they get."""
        form = OutreachForm(request.POST) if request.method == "POST" else OutreachForm()
        at = clock.now()
        candidate = self._candidate(request, candidate_id)
        if form.is_bound and form.is_valid():
            try:
                send_outreach(candidate.pk, actor=staff(request.user.pk), at=at, **form.cleaned_data)
            except Refused as refused:
                add_refusal(form, refused, FIELDS)
            else:
                wake(deliver_emails)
                return done(request, _("The message is on its way."), "admin:candidates_candidate_change", candidate.pk)
        return self._approach_page(request, candidate, outreach_form=form)

    def notice_view(self, request: HttpRequest, candidate_id: UUID) -> HttpResponse:
        """Record that the person was given the notice outside the portal."""
        if request.method != "POST":
            return self.outreach_view(request, candidate_id)
        at = clock.now()
        candidate = self._candidate(request, candidate_id)
        form = NoticeForm(request.POST, prefix="notice")
        if form.is_valid():
            try:
                give_notice(
                    candidate.pk,
                    means=form.cleaned_data["means"],
                    given_at=moment_of(form.cleaned_data["given_on"], at, known_at=candidate.collected_at),
                    actor=staff(request.user.pk),
                    at=at,
                )
            except Refused as refused:
                add_refusal(form, refused, FIELDS)
            else:
                text = _("It is recorded that the person was told.")
                return done(request, text, "admin:candidates_candidate_change", candidate.pk)
        return self._approach_page(request, candidate, notice_form=form)

    def _candidate(self, request: HttpRequest, candidate_id: UUID) -> Candidate:
        """A person whom we approached and who may be seen. Raises Http404 for any other."""
        require(request, ADD)
        found = Candidate.objects.visible(clock.now()).filter(pk=candidate_id, origin__in=APPROACHED).first()
        if found is None or approach(found) is None:
            raise Http404
        return found

    def _approach_page(self, request: HttpRequest, candidate: Candidate, **bound: forms.Form) -> HttpResponse:
        at = clock.now()
        record_access(Access.VIEWED, at=at, actor=staff(request.user.pk), subject_refs=[candidate.pk])
        context = {
            "title": _("Write to the person"),
            "candidate": candidate,
            "approach": approach(candidate),
            "assessment": current_assessment(at),
            "notice": notice_for(candidate),
            "outreach_form": OutreachForm(),
            "notice_form": NoticeForm.blank(at),
            **bound,
        }
        status = 422 if any(form.is_bound for form in bound.values()) else 200
        return self.admin.page(request, "candidates/source_outreach", context, status)


def approach_urls(model_admin: ReadOnlyAdmin) -> list[URLPattern]:
    """The addresses of the pages, below the candidates'."""
    pages, wrap = ApproachPages(model_admin), model_admin.admin_site.admin_view
    return [
        path("approach/", wrap(pages.source_view), name="candidates_candidate_approach"),
        path("<uuid:candidate_id>/outreach/", wrap(pages.outreach_view), name="candidates_candidate_outreach"),
        path("<uuid:candidate_id>/notice/", wrap(pages.notice_view), name="candidates_candidate_notice"),
    ]
