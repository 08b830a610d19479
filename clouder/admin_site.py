"""The admin site: its start page is work, not a list of models."""

from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from audit.enums import Access
from audit.services import record_access
from candidates.selectors.workbench import workbench
from common import clock
from common.actors import staff
from mailing.enums import EmailState
from mailing.models import OutboxEmail
from privacy.enums import BatchState
from privacy.models import ErasureBatch


class ClouderAdminSite(AdminSite):
    """The stock admin with our start page and a language switch."""

    site_title = _("Recruitment")
    site_header = _("Recruitment")
    index_title = _("Today")
    site_url = "/"
    enable_nav_sidebar = False

    def get_urls(self) -> list[URLResolver | URLPattern]:
        """The language switch beside the admin's own addresses."""
        return [
            path("language/", self.admin_view(require_POST(self.language_view)), name="language"),
            *super().get_urls(),
        ]

    def language_view(self, request: HttpRequest) -> HttpResponse:
        """Change the language that the signed-in user reads the admin in, and show the same page again."""
        language = request.POST.get("language")
        if language in {"en", "fi"} and request.user.is_authenticated:
            request.user.language = language
            request.user.save(update_fields=["language"])
        page = request.POST.get("next", "")
        is_ours = url_has_allowed_host_and_scheme(page, {request.get_host()}, require_https=request.is_secure())
        return redirect(page if is_ours else "admin:index")

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """What is to be done now, for those who work with candidates; the models below it."""
        at = clock.now()
        context: dict[str, Any] = {
            "at": at,
            "failed_mails": OutboxEmail.objects.filter(state=EmailState.FAILED).count(),
            "blocked_erasures": ErasureBatch.objects.exclude(state__in=(BatchState.DONE, BatchState.EMPTY))
            .exclude(blocked_by="")
            .count(),
        }
        if request.user.has_perm("candidates.view_candidate"):
            work = workbench(at)
            shown = {row.candidate_id for row in (*work.new_today, *work.waiting)} | {row.pk for row in work.due_soon}
            record_access(Access.LISTED, at=at, actor=staff(request.user.pk), subject_refs=shown)
            context["work"] = work
        return super().index(request, {**context, **(extra_context or {})})
