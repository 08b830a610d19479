"""Restrictions: a list, and what can be done about one. The page is the person's."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from audit.enums import Access
from candidates.models import Restriction
from candidates.services import restrictions
from common import clock
from common.actors import staff
from common.admin import ReadOnlyAdmin, day, done, due_day, key, not_done, require
from common.errors import Refused
from policy.calendar import local_date
from privacy.admin.base import record_look
from privacy.services import objections

CHANGE = "candidates.change_restriction"


@admin.register(Restriction)
class RestrictionAdmin(ReadOnlyAdmin):
    """The restrictions in force."""

    list_display = ("who", "ground", "since", "told", "review")
    list_filter = ("ground",)
    list_select_related = ("candidate",)
    ordering = ("review_on", "pk")

    def get_queryset(self, request: HttpRequest) -> Any:
        """Those that are not lifted."""
        return super().get_queryset(request).filter(lifted_at=None)

    @admin.display(description=_("Person"))
    def who(self, row: Restriction) -> SafeString:
        """Whom it restricts."""
        return format_html("<bdi>{}</bdi>", row.candidate.name)

    @admin.display(description=_("Since"), ordering="opened_at")
    def since(self, row: Restriction) -> str:
        """The day on which it began."""
        return day(row.opened_at)

    @admin.display(description=_("Person told that it ends"), ordering="told_at")
    def told(self, row: Restriction) -> str:
        """The day on which the person was told that it ends."""
        return day(row.told_at)

    @admin.display(description=_("To be reviewed on"), ordering="review_on")
    def review(self, row: Restriction) -> SafeString:
        """The date of the review, with a mark where it is past."""
        return due_day(row.review_on, today=local_date(clock.now()))

    def get_urls(self) -> list[URLPattern]:
        """The acts, before the admin's own addresses."""
        acts: tuple[tuple[str, Callable[..., Any], Promise], ...] = (
            ("tell", restrictions.tell_restriction_ends, _("The person is told by mail that the restriction ends.")),
            ("told", restrictions.record_told, _("It is recorded that the person was told.")),
            ("lift", objections.lift_restriction, _("The restriction is lifted.")),
            ("review", restrictions.review_restriction, _("The restriction stays, and is reviewed in six months.")),
        )
        mine = [
            path(
                f"<uuid:restriction_id>/{name}/",
                self.admin_site.admin_view(self._act(service, text)),
                name=f"candidates_restriction_{name}",
            )
            for name, service, text in acts
        ]
        return [*mine, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list; whom it showed is recorded."""
        response = super().changelist_view(request, extra_context)
        shown = getattr(response, "context_data", {}).get("cl")
        if shown:
            record_look(request, [row.candidate_id for row in shown.result_list], access=Access.LISTED)
        return response

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A restriction is read on the person's page."""
        require(request, "candidates.view_restriction")
        found = get_object_or_404(Restriction.objects.select_related("candidate"), pk=key(object_id))
        return redirect("admin:privacy_person", found.candidate.person_ref)

    @staticmethod
    def _act(service: Callable[..., Any], text: Promise) -> Callable[..., HttpResponse]:
        def view(request: HttpRequest, restriction_id: UUID) -> HttpResponse:
            require(request, CHANGE, method="POST")
            found = Restriction.objects.select_related("candidate").filter(pk=restriction_id).first()
            if found is None:
                raise Http404
            page = reverse("admin:privacy_person", args=[found.candidate.person_ref])
            try:
                service(restriction_id, actor=staff(request.user.pk), at=clock.now())
            except Refused as refused:
                return not_done(request, refused, page)
            return done(request, text, page)

        return view
