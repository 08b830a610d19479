"""The circuit breaker and the retention horizon, for the privacy officer."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from common import clock
from common.actors import staff
from common.admin import ReadOnlyAdmin
from common.errors import Refused
from privacy.forms import ApproveStopForm, HorizonForm
from privacy.models import RunStop
from privacy.selectors.horizon import horizon
from privacy.selectors.plot import bars
from privacy.services.breaker import approve_stop, object_to_stop


@admin.register(RunStop)
class RunStopAdmin(ReadOnlyAdmin):
    """Runs that the circuit breaker stopped; the open ones wait for a privacy officer."""

    list_display = ("what", "state", "since", "due")
    list_per_page = 100
    show_full_result_count = False
    ordering = ("-raised_at", "pk")

    @admin.display(description=_("Reason"))
    def what(self, row: RunStop) -> str:
        """Why it stopped."""
        return row.get_reason_display()

    @admin.display(description=_("State"))
    def state(self, row: RunStop) -> SafeString:
        """Whether it waits, and for whom."""
        if row.closed_at:
            return format_html('<span class="stage over">{}</span>', _("Over"))
        if row.approved_at:
            return format_html('<span class="stage">{}</span>', _("Waits for a confirmation"))
        if row.objected_at:
            return format_html('<span class="tag warn">{}</span>', _("Objected to"))
        return format_html('<span class="stage">{}</span>', _("Waits"))

    @admin.display(description=_("Since"), ordering="raised_at")
    def since(self, row: RunStop) -> str:
        """When the breaker opened."""
        return date_format(localtime(row.raised_at), "SHORT_DATETIME_FORMAT")

    def get_urls(self) -> list[URLPattern]:
        """The acts and the horizon, before the admin's own addresses."""
        view = self.admin_site.admin_view
        return [
            path("horizon/", view(self.horizon_view), name="privacy_horizon"),
            path("<uuid:stop_id>/approve/", view(self.approve_view), name="privacy_runstop_approve"),
            path("<uuid:stop_id>/object/", view(self.object_view), name="privacy_runstop_object"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page of one stop: what is known, and what can be done."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return self._page(request, _uuid(object_id), ApproveStopForm())

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """All that happened is on the page."""
        return self.change_view(request, object_id)

    def approve_view(self, request: HttpRequest, stop_id: UUID) -> HttpResponse:
        """Approve, or confirm somebody's approval; then the worker's next run goes on."""
        self._require_act(request)
        form = ApproveStopForm(request.POST)
        if not form.is_valid():
            return self._page(request, stop_id, form, status=422)
        try:
            is_over = approve_stop(
                stop_id, actor=staff(request.user.pk), reason=form.cleaned_data["reason"], at=clock.now()
            )
        except RunStop.DoesNotExist as error:
            raise Http404 from error
        except Refused as refused:
            messages.error(request, str(refused))
        else:
            if is_over:
                messages.success(request, _("Erasing goes on with the next run, within 15 minutes."))
            else:
                messages.success(
                    request, _("Your approval is recorded. It needs to be confirmed before erasing goes on.")
                )
        return redirect("admin:privacy_runstop_change", stop_id)

    def object_view(self, request: HttpRequest, stop_id: UUID) -> HttpResponse:
        """Object: nothing is erased until it is approved."""
        self._require_act(request)
        try:
            object_to_stop(stop_id, actor=staff(request.user.pk), at=clock.now())
        except RunStop.DoesNotExist as error:
            raise Http404 from error
        except Refused as refused:
            messages.error(request, str(refused))
        else:
            messages.success(request, _("Your objection is recorded. Nobody is erased until the run is approved."))
        return redirect("admin:privacy_runstop_change", stop_id)

    def horizon_view(self, request: HttpRequest) -> HttpResponse:
        """Who falls due when, and what another period would make of it. Nothing is changed here."""
        if not request.user.has_perm("privacy.view_retentionrun"):
            raise PermissionDenied
        if request.method not in {"GET", "HEAD"}:
            raise Http404
        form = HorizonForm(request.GET or None)
        months = form.cleaned_data["months"] if form.is_bound and form.is_valid() else None
        found = horizon(clock.now(), retention_months=months)
        is_finnish = (get_language() or "").startswith("fi")
        positions = [(row.title_fi if is_finnish else row.title_en, row) for row in found.positions]
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Retention horizon"),
            "horizon": found,
            "bars": bars(found),
            "positions": positions,
            "form": form,
        }
        return TemplateResponse(request, "admin/privacy/horizon.html", context)

    def _page(self, request: HttpRequest, stop_id: UUID, form: ApproveStopForm, *, status: int = 200) -> HttpResponse:
        rows = RunStop.objects.select_related("objected_by", "approved_by")
        stop = rows.filter(pk=stop_id).first()
        if stop is None:
            raise Http404
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": stop.get_reason_display(),
            "stop": stop,
            "form": form,
            "can_act": stop.closed_at is None and request.user.has_perm("privacy.change_runstop"),
        }
        return TemplateResponse(request, "admin/privacy/stop.html", context, status=status)

    def _require_act(self, request: HttpRequest) -> None:
        """Raise PermissionDenied for somebody who may not, Http404 for a wrong method."""
        if not request.user.has_perm("privacy.change_runstop"):
            raise PermissionDenied
        if request.method != "POST":
            raise Http404


def _uuid(value: str) -> UUID:
    """A key from an address. Raises Http404 for anything else."""
    try:
        return UUID(value)
    except ValueError as error:
        raise Http404 from error
