"""Filters of the recruiters' lists."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from candidates.enums import Stage
from candidates.models import Position
from common import clock


class StageFilter(admin.SimpleListFilter):
    """By the stage of the newest application."""

    title = _("stage")
    parameter_name = "stage"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        """Every stage."""
        return [(stage.value, str(stage.label)) for stage in Stage]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Those whose newest application is in the stage."""
        return queryset.filter(newest_stage=self.value()) if self.value() else queryset


class PositionFilter(admin.SimpleListFilter):
    """By position, or open applications."""

    title = _("position")
    parameter_name = "position"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        """Every position, and none."""
        return [("open", _("Open application")), *((str(row.pk), row.title) for row in Position.objects.all())]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Those who applied for it."""
        value = self.value()
        if value == "open":
            return queryset.filter(applications__position=None).distinct()
        known = {key for key, _title in self.lookup_choices}
        return queryset.filter(applications__position=value).distinct() if value in known else queryset


class ConfirmedFilter(admin.SimpleListFilter):
    """By whether the address is confirmed."""

    title = _("address")
    parameter_name = "address"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        """Yes or no."""
        return [("confirmed", _("Confirmed")), ("waiting", _("Not confirmed"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Those whose address is, or is not."""
        if self.value() == "confirmed":
            return queryset.filter(address_confirmed_at__isnull=False)
        if self.value() == "waiting":
            return queryset.filter(address_confirmed_at=None)
        return queryset


class DueFilter(admin.SimpleListFilter):
    """By when the data go."""

    title = _("kept until")
    parameter_name = "due"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        """Soon."""
        return [("30", _("Within 30 days")), ("90", _("Within 90 days"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Those who go within the time."""
        if self.value() in {"30", "90"}:
            return queryset.filter(expires_at__lte=clock.now() + timedelta(days=int(str(self.value()))))
        return queryset
