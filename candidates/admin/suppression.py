"""Suppressions in the admin: the privacy officer sees that there are some, and nobody sees whose they are.

They are made by an objection or a request and lifted by whoever proves the address; here they are only reviewed.
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from candidates.admin import columns
from candidates.models import Suppression
from candidates.services.suppression import review_suppression, unreadable
from common import clock
from common.actors import staff
from common.admin import ReadOnlyAdmin, day, done, key, require
from policy.calendar import local_date


class ReviewFilter(admin.SimpleListFilter):
    """By whether the yearly review is due."""

    title = _("review")
    parameter_name = "review"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        """Due or not."""
        return [("due", _("Due"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Those whose day has come."""
        return queryset.filter(review_on__lte=local_date(clock.now())) if self.value() == "due" else queryset


@admin.register(Suppression)
class SuppressionAdmin(ReadOnlyAdmin):
    """Every suppression: what kind of identifier, why, since when. Whose it is cannot be read."""

    list_display = ("kind_shown", "reason", "made", "review")
    list_filter = ("kind", "reason", ReviewFilter)
    ordering = ("review_on", "pk")
    change_list_template = "admin/candidates/suppression_list.html"

    @admin.display(description=_("What is suppressed"), ordering="kind")
    def kind_shown(self, row: Suppression) -> str:
        """The kind of identifier."""
        return row.get_kind_display()

    @admin.display(description=_("Made"), ordering="created_at")
    def made(self, row: Suppression) -> str:
        """The day on which it was made."""
        return day(row.created_at)

    @admin.display(description=_("To be reviewed on"), ordering="review_on")
    def review(self, row: Suppression) -> SafeString:
        """The day of the review, with a mark where it has come."""
        is_due = row.review_on <= local_date(clock.now())
        mark = format_html(' <span class="tag warn">{}</span>', _("due")) if is_due else ""
        text = day(row.review_on)
        return format_html("{}{}", columns.labelled(text, _("To be reviewed on %(date)s") % {"date": text}), mark)

    def get_urls(self) -> list[URLPattern]:
        """The review, before the admin's own addresses."""
        review = path(
            "<uuid:suppression_id>/review/",
            self.admin_site.admin_view(self.review_view),
            name="candidates_suppression_review",
        )
        return [review, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list, and how many rows match nobody any more because their key is gone."""
        return super().changelist_view(request, {"unreadable": unreadable(), **(extra_context or {})})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What a suppression is and does, and the button that reviews it."""
        require(request, "candidates.view_suppression")
        row = get_object_or_404(Suppression, pk=key(object_id))
        context = {"title": _("Suppression"), "row": row, "is_due": row.review_on <= local_date(clock.now())}
        return self.page(request, "candidates/suppression_page", context)

    def review_view(self, request: HttpRequest, suppression_id: UUID) -> HttpResponse:
        """Record that the need was looked at."""
        require(request, "candidates.change_suppression", method="POST")
        try:
            row = review_suppression(suppression_id, actor=staff(request.user.pk), at=clock.now())
        except Suppression.DoesNotExist as error:
            raise Http404 from error
        text = _("Reviewed. The next review is on %(date)s.") % {"date": day(row.review_on)}
        return done(request, text, "admin:candidates_suppression_changelist")
