"""What every admin of personal rows shares."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from policy.calendar import local_date


class ReadOnlyAdmin(admin.ModelAdmin[Any]):
    """Rows that are written by services: the admin shows them and neither adds, changes nor deletes."""

    actions: Any = None
    list_per_page = 100
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Nobody edits columns."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Nobody deletes rows."""
        return False

    def page(self, request: HttpRequest, template: str, context: dict[str, Any], status: int = 200) -> TemplateResponse:
        """One of our templates inside the admin's frame."""
        frame = {**self.admin_site.each_context(request), "opts": self.opts}
        return TemplateResponse(request, f"admin/{template}.html", {**frame, **context}, status=status)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What happened stands on the page itself."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", object_id)


def require(request: HttpRequest, permission: str, *, method: str = "") -> None:
    """Raise PermissionDenied for somebody who may not, Http404 for a wrong method."""
    if not request.user.has_perm(permission):
        raise PermissionDenied
    if method and request.method != method:
        raise Http404


def key(value: str) -> UUID:
    """A key from an address. Raises Http404 for anything else."""
    try:
        return UUID(value)
    except ValueError as error:
        raise Http404 from error


def done(request: HttpRequest, text: Any, to: str, *arguments: Any) -> HttpResponse:
    """Say what was done, on the page that follows: an address, or a name of one with its arguments."""
    messages.success(request, text)
    return redirect(to, *arguments)


def not_done(request: HttpRequest, text: Any, to: str, *arguments: Any) -> HttpResponse:
    """Say why it was not done, on the page that follows."""
    messages.error(request, str(text))
    return redirect(to, *arguments)


def day(value: date | datetime | None) -> str:
    """A date, or the local date of an instant, as lists show it."""
    if value is None:
        return "-"
    return date_format(local_date(value) if isinstance(value, datetime) else value, "SHORT_DATE_FORMAT")


def due_day(value: date, *, today: date) -> SafeString:
    """The date by which something is to be done, with a mark where it is past."""
    mark = format_html(' <span class="tag warn">{}</span>', _("overdue")) if value < today else ""
    return format_html("{}{}", day(value), mark)
