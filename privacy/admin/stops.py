"""The circuit breaker and the retention horizon, for the privacy officer."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from common import clock
from common.actors import staff
from common.admin import ReadOnlyAdmin, done, key, not_done, require
from common.errors import Refused
from privacy.forms import ApproveStopForm, HorizonForm
from privacy.models import RunStop
from privacy.selectors.horizon import horizon
from privacy.selectors.plot import bars
from privacy.services.breaker import approve_stop, object_to_stop

CHANGE, PAGE = "privacy.change_runstop", "admin:privacy_runstop_change"


@admin.register(RunStop)
class RunStopAdmin(ReadOnlyAdmin):
    """Runs that the circuit breaker stopped; the open ones wait for a privacy officer."""

    list_display = ("what", "state", "since", "due")
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
        require(request, "privacy.view_runstop")
        return self._page(request, key(object_id), ApproveStopForm())

    def approve_view(self, request: HttpRequest, stop_id: UUID) -> HttpResponse:
        """Approve, or confirm somebody's approval; then the worker's next run goes on."""
        require(request, CHANGE, method="POST")
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
            return not_done(request, refused, PAGE, stop_id)
        if is_over:
            return done(request, _("Erasing goes on with the next run, within 15 minutes."), PAGE, stop_id)
        text = _("Your approval is recorded. It needs to be confirmed before erasing goes on.")
        return done(request, text, PAGE, stop_id)

    def object_view(self, request: HttpRequest, stop_id: UUID) -> HttpResponse:
        """Object: nothing is erased until it is approved."""
        require(request, CHANGE, method="POST")
        try:
            object_to_stop(stop_id, actor=staff(request.user.pk), at=clock.now())
        except RunStop.DoesNotExist as error:
            raise Http404 from error
        except Refused as refused:
            return not_done(request, refused, PAGE, stop_id)
        text = _("Your objection is recorded. Nobody is erased until the run is approved.")
        return done(request, text, PAGE, stop_id)

    def horizon_view(self, request: HttpRequest) -> HttpResponse:
        """Who falls due when, and what another period would make of it. Nothing is changed here."""
        require(request, "privacy.view_retentionrun")
        if request.method not in {"GET", "HEAD"}:
            raise Http404
        form = HorizonForm(request.GET or None)
        months = form.cleaned_data["months"] if form.is_bound and form.is_valid() else None
        found = horizon(clock.now(), retention_months=months)
        is_finnish = (get_language() or "").startswith("fi")
        positions = [(row.title_fi if is_finnish else row.title_en, row) for row in found.positions]
        context = {
            "title": _("Retention horizon"),
            "horizon": found,
            "bars": bars(found),
            "positions": positions,
            "form": form,
        }
        return self.page(request, "privacy/horizon", context)

    def _page(self, request: HttpRequest, stop_id: UUID, form: ApproveStopForm, *, status: int = 200) -> HttpResponse:
        rows = RunStop.objects.select_related("objected_by", "approved_by")
        stop = get_object_or_404(rows, pk=stop_id)
        context = {
            "title": stop.get_reason_display(),
            "stop": stop,
            "form": form,
            "can_act": stop.closed_at is None and request.user.has_perm(CHANGE),
        }
        return self.page(request, "privacy/stop", context, status)
