"""Applications in the admin: a list that leads to the candidates' pages."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from audit.enums import Access
from audit.services import record_access
from candidates.admin import columns
from candidates.models import Application
from common import clock
from common.actors import staff
from common.admin import ReadOnlyAdmin, day, require


@admin.register(Application)
class ApplicationAdmin(ReadOnlyAdmin):
    """Every application that may be seen."""

    list_display = ("candidate_name", "position_title", "stage_mark", "reference", "sent", "since")
    list_filter = ("stage", "position")
    list_select_related = ("candidate", "position")
    search_fields = ("reference", "candidate__name", "candidate__email")
    search_help_text = _("Reference, name or address")
    empty_value_display = _("Open application")  # the filter's word for no position
    ordering = ("-submitted_at", "pk")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Application]:
        """Those that recruiters may see now."""
        return Application.objects.visible(clock.now())

    @admin.display(description=_("Candidate"), ordering="candidate__name")
    def candidate_name(self, row: Application) -> SafeString:
        """Who applied."""
        return format_html("<bdi>{}</bdi>", row.candidate.name)

    @admin.display(description=_("Position"))
    def position_title(self, row: Application) -> "str | Promise":
        """What for."""
        return row.position.title if row.position else _("Open application")

    @admin.display(description=_("Stage"), ordering="stage")
    def stage_mark(self, row: Application) -> SafeString:
        """Where it stands."""
        return columns.stage_mark(row.stage)

    @admin.display(description=_("Sent"), ordering="submitted_at")
    def sent(self, row: Application) -> str:
        """The day on which it was sent."""
        return day(row.submitted_at)

    @admin.display(description=_("In this stage since"), ordering="stage_changed_at")
    def since(self, row: Application) -> str:
        """The day on which it came to the stage."""
        return day(row.stage_changed_at)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list; whom it showed is recorded as one event."""
        response = super().changelist_view(request, extra_context)
        shown = getattr(response, "context_data", {}).get("cl")
        if shown:
            record_access(
                Access.SEARCHED if shown.query else Access.LISTED,
                at=clock.now(),
                actor=staff(request.user.pk),
                subject_refs={row.candidate_id for row in shown.result_list},
            )
        return response

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """An application is read on its candidate's page."""
        require(request, "candidates.view_application")
        application = get_object_or_404(self.get_queryset(request), pk=object_id)
        return redirect(reverse("admin:candidates_candidate_change", args=[application.candidate_id]))

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The timeline is on the candidate's page."""
        return self.change_view(request, object_id)
