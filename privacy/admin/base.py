"""What every page of the privacy officer's desk shares."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.formats import date_format

from audit.enums import Access, Purpose
from audit.services import record_access
from common import clock
from common.actors import staff
from common.admin import ReadOnlyAdmin
from policy.calendar import local_date


def require(request: HttpRequest, permission: str, *, method: str = "") -> None:
    """Raise PermissionDenied for somebody who may not, Http404 for a wrong method."""
    if not request.user.has_perm(permission):
        raise PermissionDenied
    if method and request.method != method:
        raise Http404


def record_look(
    request: HttpRequest, refs: Iterable[UUID], *, access: Access = Access.VIEWED, object_ref: UUID | None = None
) -> None:
    """Record that an officer was shown these records, to answer for data protection."""
    record_access(
        access,
        at=clock.now(),
        actor=staff(request.user.pk),
        subject_refs=sorted(set(refs)),
        object_ref=object_ref,
        purpose=Purpose.PRIVACY,
    )


def day(value: Any) -> str:
    """The local date of an instant, or a date, as lists show it."""
    if value is None:
        return "-"
    return date_format(local_date(value) if hasattr(value, "tzinfo") else value, "SHORT_DATE_FORMAT")


def key(value: str) -> UUID:
    """A key from an address. Raises Http404 for anything else."""
    try:
        return UUID(value)
    except ValueError as error:
        raise Http404 from error


def done(request: HttpRequest, text: Any, to: str) -> HttpResponse:
    """Say what was done, on the page that follows."""
    messages.success(request, text)
    return redirect(to)


def not_done(request: HttpRequest, text: Any, to: str) -> HttpResponse:
    """Say why it was not done, on the page that follows."""
    messages.error(request, str(text))
    return redirect(to)


class DeskAdmin(ReadOnlyAdmin):
    """Rows of the privacy officer: a list, and a page of their own with what can be done."""

    list_per_page = 100
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER

    def page(self, request: HttpRequest, name: str, context: dict[str, Any], status: int = 200) -> TemplateResponse:
        """One of our templates inside the admin's frame."""
        frame = {**self.admin_site.each_context(request), "opts": self.opts}
        return TemplateResponse(request, f"admin/privacy/{name}.html", {**frame, **context}, status=status)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What happened stands on the page."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", object_id)
