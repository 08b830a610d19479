"""The legal assessments without which nobody is approached: the privacy officer records and ends them."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
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
from common.admin import ReadOnlyAdmin, day, done, key, not_done, require
from common.errors import Refused

LIST = "admin:candidates_sourcingassessment_changelist"


@admin.register(SourcingAssessment)
class SourcingAssessmentAdmin(ReadOnlyAdmin):
    """Every assessment that was recorded, the newest first."""

    list_display = ("document_ref", "recorded", "last_day", "state")
    ordering = ("-recorded_at", "pk")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Who may record one."""
        return request.user.has_perm("candidates.add_sourcingassessment")

    @admin.display(description=_("Recorded"), ordering="recorded_at")
    def recorded(self, row: SourcingAssessment) -> str:
        """The day on which it was recorded."""
        return day(row.recorded_at)

    @admin.display(description=_("Valid until"), ordering="valid_until")
    def last_day(self, row: SourcingAssessment) -> SafeString:
        """The last day on which it holds."""
        text = day(row.valid_until)
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
                text = _("The assessment is recorded. People can be approached from now on.")
                return done(request, text, LIST)
        context = {"title": _("Record an assessment"), "form": form}
        return self.page(request, "candidates/source_assessment_add", context, 422 if form.is_bound else 200)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What was recorded, and the button that ends it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        rows = SourcingAssessment.objects.select_related("recorded_by")
        row = get_object_or_404(rows, pk=key(object_id))
        context = {"title": _("Assessment of sourcing"), "row": row, "is_in_force": is_in_force(row, clock.now())}
        return self.page(request, "candidates/source_assessment", context)

    def end_view(self, request: HttpRequest, assessment_id: UUID) -> HttpResponse:
        """End an assessment at once."""
        require(request, "candidates.change_sourcingassessment", method="POST")
        try:
            end_assessment(assessment_id, actor=staff(request.user.pk), at=clock.now())
        except SourcingAssessment.DoesNotExist as error:
            raise Http404 from error
        except Refused as refused:
            return not_done(request, refused, LIST)
        return done(request, _("The assessment has ended."), LIST)
