"""The legal assessments without which nobody is approached: the privacy officer records and ends them."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from candidates.admin import columns
from candidates.forms.sourcing import AssessmentForm
from candidates.models import SourcingAssessment
from candidates.selectors.sourcing import is_in_force
from candidates.services.sourcing import end_assessment, record_assessment
from common import clock
from common.actors import staff
from common.admin import ReadOnlyAdmin
from common.errors import Refused


@admin.register(SourcingAssessment)
class SourcingAssessmentAdmin(ReadOnlyAdmin):
    """Every assessment that was recorded, the newest first."""

    list_display = ("document_ref", "recorded", "last_day", "state")
    list_per_page = 100
    show_full_result_count = False
    ordering = ("-recorded_at", "pk")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Who may record one."""
        return request.user.has_perm("candidates.add_sourcingassessment")

    @admin.display(description=_("Recorded"), ordering="recorded_at")
    def recorded(self, row: SourcingAssessment) -> str:
        """The day on which it was recorded."""
        return columns.day(row.recorded_at)

    @admin.display(description=_("Valid until"), ordering="valid_until")
    def last_day(self, row: SourcingAssessment) -> SafeString:
        """The last day on which it holds."""
        text = date_format(row.valid_until, "SHORT_DATE_FORMAT")
        return columns.labelled(text, _("Valid until %(date)s") % {"date": text})

    @admin.display(description=_("State"))
    def state(self, row: SourcingAssessment) -> SafeString:
        """Whether people may be approached because of it."""
        if is_in_force(row, clock.now()):
            return format_html('<span class="stage">{}</span>', _("In force"))
        return format_html('<span class="stage over">{}</span>', _("Ended"))

    def get_urls(self) -> list[URLPattern]:
        """Ending one, before the admin's own addresses."""
        end = path(
            "<uuid:assessment_id>/end/",
            self.admin_site.admin_view(self.end_view),
            name="candidates_sourcingassessment_end",
        )
        return [end, *super().get_urls()]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Record an assessment, which switches approaching on."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = AssessmentForm(request.POST) if request.method == "POST" else AssessmentForm()
        if form.is_bound and form.is_valid():
            try:
                record_assessment(**form.cleaned_data, actor=staff(request.user.pk), at=clock.now())
            except Refused as refused:
                form.add_error(refused.code, str(refused))
            else:
                messages.success(request, _("The assessment is recorded. People can be approached from now on."))
                return redirect("admin:candidates_sourcingassessment_changelist")
        context = {"title": _("Record an assessment"), "form": form}
        return self._page(request, "source_assessment_add.html", 422 if form.is_bound else 200, context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What was recorded, and the button that ends it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        rows = SourcingAssessment.objects.select_related("recorded_by")
        row = get_object_or_404(rows, pk=_uuid(object_id))
        context = {"title": _("Assessment of sourcing"), "row": row, "is_in_force": is_in_force(row, clock.now())}
        return self._page(request, "source_assessment.html", 200, context)

    def end_view(self, request: HttpRequest, assessment_id: UUID) -> HttpResponse:
        """End an assessment at once."""
        if not request.user.has_perm("candidates.change_sourcingassessment"):
            raise PermissionDenied
        if request.method != "POST":
            raise Http404
        try:
            end_assessment(assessment_id, actor=staff(request.user.pk), at=clock.now())
        except SourcingAssessment.DoesNotExist as error:
            raise Http404 from error
        except Refused as refused:
            messages.error(request, str(refused))
        else:
            messages.success(request, _("The assessment has ended."))
        return redirect("admin:candidates_sourcingassessment_changelist")

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """It has no other history than what its page says."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return redirect("admin:candidates_sourcingassessment_change", object_id)

    def _page(self, request: HttpRequest, template: str, status: int, context: dict[str, Any]) -> HttpResponse:
        shared = {**self.admin_site.each_context(request), "opts": self.opts}
        return TemplateResponse(request, f"admin/candidates/{template}", {**shared, **context}, status=status)


def _uuid(value: str) -> UUID:
    try:
        return UUID(value)
    except ValueError as error:
        raise Http404 from error
