"""Holds and the vault, which nobody but the privacy officer can open."""

from typing import Any
from uuid import UUID

from celery import current_app
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from audit.enums import Access
from candidates.models import Candidate, HeldItem, Hold
from candidates.services import holds
from common import clock
from common.actors import staff
from common.admin import ReadOnlyAdmin, day, done, due_day, key, not_done, require
from common.errors import Refused
from common.wake import wake
from files.delivery import check_deliverable, deliver, not_handed_out
from files.errors import NotHandedOut
from policy.calendar import local_date
from privacy.admin.base import record_look
from privacy.templatetags.desk_text import held_rows

VIEW, CHANGE = "candidates.view_hold", "candidates.change_hold"


@admin.register(Hold)
class HoldAdmin(ReadOnlyAdmin):
    """The holds in force, by case and without anybody's name."""

    list_display = ("case_ref", "ground", "answers", "since", "ends", "review")
    list_filter = ("ground",)
    list_select_related = ("owner",)
    search_fields = ("case_ref",)
    search_help_text = _("Case reference")
    ordering = ("review_on", "pk")

    def get_queryset(self, request: HttpRequest) -> Any:
        """Those that are not released."""
        return super().get_queryset(request).filter(released_at=None)

    @admin.display(description=_("Who answers for it"), ordering="owner__name")
    def answers(self, row: Hold) -> str:
        """The owner."""
        return str(row.owner.get_full_name())

    @admin.display(description=_("Since"), ordering="opened_at")
    def since(self, row: Hold) -> str:
        """The day on which it began."""
        return day(row.opened_at)

    @admin.display(description=_("Last day"), ordering="ends_on")
    def ends(self, row: Hold) -> str:
        """The day on which it ends by itself."""
        return day(row.ends_on)

    @admin.display(description=_("To be reviewed on"), ordering="review_on")
    def review(self, row: Hold) -> SafeString:
        """The date of the review, with a mark where it is past."""
        return due_day(row.review_on, today=local_date(clock.now()))

    def get_urls(self) -> list[URLPattern]:
        """The acts and the vault, before the admin's own addresses."""
        wrap = self.admin_site.admin_view
        mine = [
            path("<uuid:hold_id>/review/", wrap(self.review_view), name="candidates_hold_review"),
            path("<uuid:hold_id>/release/", wrap(self.release_view), name="candidates_hold_release"),
            path("<uuid:hold_id>/item/<uuid:item_id>/", wrap(self.item_view), name="candidates_hold_item"),
            path("<uuid:hold_id>/item/<uuid:item_id>/file/", wrap(self.file_view), name="candidates_hold_file"),
        ]
        return [*mine, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The hold with what it lists; nothing of the person is shown before an item is opened."""
        require(request, VIEW)
        hold = get_object_or_404(Hold.objects.select_related("owner"), pk=key(object_id), released_at=None)
        context = {
            "title": hold.case_ref,
            "hold": hold,
            "items": list(hold.items.order_by("kind", "pk")),
            "is_here": Candidate.objects.filter(person_ref=hold.person_ref).exists(),
            "can_act": request.user.has_perm(CHANGE),
            "today": local_date(clock.now()),
        }
        return self.page(request, "privacy/hold", context)

    def review_view(self, request: HttpRequest, hold_id: UUID) -> HttpResponse:
        """Keep it for six more months at most."""
        require(request, CHANGE, method="POST")
        try:
            holds.review_hold(hold_id, actor=staff(request.user.pk), at=clock.now())
        except Hold.DoesNotExist as error:
            raise Http404 from error
        except Refused as refused:
            return not_done(request, refused, reverse("admin:candidates_hold_changelist"))
        text = _("The hold stays, and is reviewed in six months.")
        return done(request, text, reverse("admin:candidates_hold_change", args=[hold_id]))

    def release_view(self, request: HttpRequest, hold_id: UUID) -> HttpResponse:
        """Release it: a worker erases at once what it kept."""
        require(request, CHANGE, method="POST")
        to = reverse("admin:candidates_hold_changelist")
        try:
            holds.release_hold(hold_id, actor=staff(request.user.pk), at=clock.now())
        except Hold.DoesNotExist as error:
            raise Http404 from error
        except Refused as refused:
            return not_done(request, refused, to)
        wake(current_app.signature("privacy.tasks.erase_due"))
        return done(request, _("The hold is released. What it kept is erased now."), to)

    def item_view(self, request: HttpRequest, hold_id: UUID, item_id: UUID) -> HttpResponse:
        """Open one item; that it was opened is recorded."""
        item = self._open(request, hold_id, item_id, Access.VIEWED)
        context = {"title": item.get_kind_display(), "hold": item.hold, "item": item, "rows": held_rows(item.content)}
        return self.page(request, "privacy/held_item", context)

    def file_view(self, request: HttpRequest, hold_id: UUID, item_id: UUID) -> HttpResponseBase:
        """Open the file of an item, which is recorded alike."""
        require(request, VIEW)
        kept = HeldItem.objects.filter(hold__released_at=None).select_related("stored_file")
        item = get_object_or_404(kept, pk=item_id, hold=hold_id)
        if item.stored_file is None:
            raise Http404
        try:
            check_deliverable(item.stored_file)
        except NotHandedOut as refused:
            return not_handed_out(request, refused)
        self._open(request, hold_id, item_id, Access.DOWNLOADED)
        return deliver(item.stored_file)

    @staticmethod
    def _open(request: HttpRequest, hold_id: UUID, item_id: UUID, access: Access) -> HeldItem:
        require(request, VIEW)
        get_object_or_404(HeldItem, pk=item_id, hold=hold_id, hold__released_at=None)
        item = holds.open_held_item(item_id, actor=staff(request.user.pk), at=clock.now())
        record_look(request, [item.hold.subject_ref], access=access, object_ref=item.pk)
        return item
