"""Applications in the admin: a list that leads to the candidates' pages."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit.enums import Access
from audit.services import record_access
from candidates.models import Application
from common import clock
from common.actors import staff
from common.admin import ReadOnlyAdmin


@admin.register(Application)
class ApplicationAdmin(ReadOnlyAdmin):
    """Every application that may be seen."""

    list_display = ("reference", "candidate_name", "position_title", "stage", "submitted_at", "stage_changed_at")
    list_filter = ("stage", "position")
    list_select_related = ("candidate", "position")
    search_fields = ("reference", "candidate__name", "candidate__email")
    search_help_text = _("Reference, name or address")
    list_per_page = 100
    show_full_result_count = False
    ordering = ("-submitted_at", "pk")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Application]:
        """Those that recruiters may see now."""
        return Application.objects.visible(clock.now())

    @admin.display(description=_("Candidate"), ordering="candidate__name")
    def candidate_name(self, row: Application) -> str:
        """Who applied."""
        return row.candidate.name

    @admin.display(description=_("Position"))
    def position_title(self, row: Application) -> "str | Promise":
        """What for."""
        return row.position.title if row.position else _("Open application")

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
        application = get_object_or_404(self.get_queryset(request), pk=object_id)
        return redirect(reverse("admin:candidates_candidate_change", args=[application.candidate_id]))
