"""Erasures in the admin: mailboxes that wait for a human, and statements by their case number."""

from typing import Any
from uuid import UUID

from celery import current_app
from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _

from candidates.models import Candidate
from common import clock
from common.actors import staff
from common.admin import ReadOnlyAdmin, day, done, key, not_done, require
from common.errors import Refused
from common.wake import wake
from privacy.admin.base import record_look
from privacy.models import ErasureBatch, ErasureCase
from privacy.selectors.statements import statement_of
from privacy.services.mailboxes import confirm_mailbox_purge


@admin.register(ErasureBatch)
class ErasureBatchAdmin(ReadOnlyAdmin):
    """Erasures that wait for a mailbox: whose mail to look for, and the word that it is done."""

    list_display = ("waits_since", "people")
    ordering = ("mailbox_waits_since", "pk")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ErasureBatch]:
        """Those that have waited, and wait no more once somebody has purged the mailbox."""
        return ErasureBatch.objects.waiting_for_mailbox()

    @admin.display(description=_("Waits since"), ordering="mailbox_waits_since")
    def waits_since(self, row: ErasureBatch) -> str:
        """Since when."""
        return day(row.mailbox_waits_since)

    @admin.display(description=_("Records"))
    def people(self, row: ErasureBatch) -> int:
        """How many."""
        return len(row.candidate_refs)

    def get_urls(self) -> list[URLPattern]:
        """The act, before the admin's own addresses."""
        view = self.admin_site.admin_view(self.purged_view)
        return [path("<uuid:batch_id>/purged/", view, name="privacy_erasurebatch_purged"), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What to look for in the mailboxes. The look is recorded, and the officer alone has it."""
        require(request, "privacy.view_erasurebatch")
        batch = get_object_or_404(self.get_queryset(request), pk=key(object_id))
        records = list(Candidate.objects.filter(pk__in=batch.candidate_refs).order_by("name", "collected_at"))
        record_look(request, [record.pk for record in records], object_ref=batch.pk)
        context = {"title": _("A mailbox to purge"), "batch": batch, "records": records}
        return self.page(request, "privacy/mailbox", context)

    def purged_view(self, request: HttpRequest, batch_id: UUID) -> HttpResponse:
        """Say that the mails are gone from every mailbox; the erasure goes on."""
        require(request, "privacy.change_erasurebatch", method="POST")
        if "is_done" not in request.POST:
            text = _("Tick the box when every mailbox is done.")
            return not_done(request, text, reverse("admin:privacy_erasurebatch_change", args=[batch_id]))
        try:
            confirm_mailbox_purge(batch_id, actor=staff(request.user.pk), at=clock.now())
        except ErasureBatch.DoesNotExist as error:
            raise Http404 from error
        except Refused as refused:
            return not_done(request, refused, reverse("admin:privacy_erasurebatch_changelist"))
        wake(current_app.signature("privacy.tasks.erase_due"))
        return done(request, _("Recorded. The erasure goes on now."), reverse("admin:privacy_erasurebatch_changelist"))


@admin.register(ErasureCase)
class ErasureCaseAdmin(ReadOnlyAdmin):
    """Cases with a number, by which a statement is found without knowing whose it was."""

    list_display = ("number", "state", "opened", "closed")
    search_fields = ("=number",)
    search_help_text = _("The case number of a statement, such as E-1A2B3C4D")
    ordering = ("-opened_at", "pk")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ErasureCase]:
        """Those that somebody asked for."""
        return super().get_queryset(request).exclude(number="")

    @admin.display(description=_("Begun"), ordering="opened_at")
    def opened(self, row: ErasureCase) -> str:
        """When erasing began."""
        return day(row.opened_at)

    @admin.display(description=_("Erased"), ordering="closed_at")
    def closed(self, row: ErasureCase) -> str:
        """When everything was gone."""
        return day(row.closed_at)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The statement: what an auditor may see."""
        require(request, "privacy.view_erasurecase")
        case = get_object_or_404(self.get_queryset(request), pk=key(object_id))
        context = {"title": case.number, "statement": statement_of(case.number)}
        return self.page(request, "privacy/statement", context)
