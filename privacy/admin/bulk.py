"""Erasing several people by hand: one asks, another approves."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _

from audit.enums import Access
from candidates.models import Candidate
from common import clock
from common.actors import staff
from common.admin import ReadOnlyAdmin, day, done, key, not_done, require
from common.errors import Refused
from privacy.admin.base import record_look
from privacy.models import BulkErasure
from privacy.services import bulk_erasure

ERASE = "candidates.delete_candidate"


@admin.register(BulkErasure)
class BulkErasureAdmin(ReadOnlyAdmin):
    """What was asked for, and how it was decided."""

    list_display = ("asked", "people", "asker", "decided")
    list_select_related = ("asked_by",)
    ordering = ("-asked_at", "pk")

    @admin.display(description=_("Asked for"), ordering="asked_at")
    def asked(self, row: BulkErasure) -> str:
        """The day on which it was asked for."""
        return day(row.asked_at)

    @admin.display(description=_("People"))
    def people(self, row: BulkErasure) -> int:
        """How many."""
        return len(row.person_refs)

    @admin.display(description=_("Asked by"))
    def asker(self, row: BulkErasure) -> str:
        """Who asked."""
        return str(row.asked_by.get_full_name())

    @admin.display(description=_("Decision"), ordering="decided_at")
    def decided(self, row: BulkErasure) -> Any:
        """How it was decided."""
        if row.decided_at is None:
            return _("Waits for a second person")
        return _("Approved") if row.is_approved else _("Declined")

    def get_urls(self) -> list[URLPattern]:
        """The acts, before the admin's own addresses."""
        wrap = self.admin_site.admin_view
        mine = [
            path("ask/", wrap(self.ask_view), name="privacy_bulkerasure_ask"),
            path("<uuid:bulk_id>/decide/", wrap(self.decide_view), name="privacy_bulkerasure_decide"),
        ]
        return [*mine, *super().get_urls()]

    def ask_view(self, request: HttpRequest) -> HttpResponse:
        """Ask for the erasure of the people who were chosen on the list; nothing happens to them by it."""
        require(request, ERASE, method="POST")
        refs = [key(value) for value in request.POST.getlist("candidate")]
        try:
            bulk_erasure.ask_bulk_erasure(refs, actor=staff(request.user.pk), at=clock.now())
        except Refused as refused:
            return not_done(request, refused, reverse("admin:candidates_candidate_changelist"))
        text = _("The erasure is asked for. It waits for a second person, who sees it on their start page.")
        return done(request, text, reverse("admin:candidates_candidate_changelist"))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Whom it is about, for whoever decides."""
        require(request, "privacy.view_bulkerasure")
        bulk = get_object_or_404(BulkErasure.objects.select_related("asked_by", "decided_by"), pk=key(object_id))
        people = list(Candidate.objects.filter(person_ref__in=bulk.person_refs).order_by("name", "collected_at"))
        record_look(request, [record.pk for record in people], access=Access.LISTED, object_ref=bulk.pk)
        context = {
            "title": _("Erasure of several people"),
            "bulk": bulk,
            "people": people,
            "can_decide": bulk.decided_at is None and request.user.has_perm(ERASE),
            "is_own": bulk.asked_by_id == request.user.pk,
        }
        return self.page(request, "privacy/bulk", context)

    def decide_view(self, request: HttpRequest, bulk_id: UUID) -> HttpResponse:
        """Approve it, as a second person, or decline it."""
        require(request, ERASE, method="POST")
        to = reverse("admin:privacy_bulkerasure_change", args=[bulk_id])
        actor, at = staff(request.user.pk), clock.now()
        try:
            if "approve" in request.POST:
                bulk_erasure.approve_bulk_erasure(bulk_id, actor=actor, at=at)
                return done(request, _("Approved. Everybody is hidden now and erased after 24 hours."), to)
            bulk_erasure.decline_bulk_erasure(bulk_id, actor=actor, at=at)
        except BulkErasure.DoesNotExist as error:
            raise Http404 from error
        except Refused as refused:
            return not_done(request, refused, to)
        return done(request, _("Declined. Nobody is erased by it."), to)
