"""The admin site: its start page is work, not a list of models."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.admin import AdminSite, autodiscover
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from audit.enums import Access, Purpose
from audit.services import record_access
from candidates.models import StaffTask
from candidates.selectors.tasks import tasks_for
from candidates.selectors.workbench import workbench
from common import clock
from common.actors import staff
from mailing.enums import EmailState
from mailing.models import OutboxEmail
from privacy.models import ErasureBatch
from privacy.selectors.desk import Desk, desk
from privacy.selectors.horizon import Horizon, horizon
from privacy.selectors.plot import bars

HORIZON, HORIZON_SECONDS = "admin:horizon", 600
"""The start page counts everybody by month, numbers only; ten minutes change nothing in it."""


class ClouderAdminSite(AdminSite):
    """The stock admin with our start page and a language switch."""

    site_title = _("Recruitment")
    site_header = _("Recruitment")
    index_title = _("Today")
    site_url = "/"
    enable_nav_sidebar = False

    def get_urls(self) -> list[URLResolver | URLPattern]:
        """The language switch and the privacy officer's page of a person beside the admin's own addresses.

        Whoever asks for addresses needs the admin of every app; nobody else does.
        """
        autodiscover()
        from privacy.admin import person  # noqa: PLC0415 (its package registers with this very site)

        return [
            path("language/", self.admin_view(require_POST(self.language_view)), name="language"),
            *person.urls(self),
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
            "blocked_erasures": ErasureBatch.objects.unfinished().exclude(blocked_by="").count(),
        }
        if request.user.has_perm("candidates.view_candidate"):
            work = workbench(at)
            shown = {row.candidate_id for row in (*work.new_today, *work.waiting)} | {row.pk for row in work.due_soon}
            record_access(Access.LISTED, at=at, actor=staff(request.user.pk), subject_refs=shown)
            context["work"] = work
            context["tasks"] = self._tasks(request, at)
        if request.user.has_perm("privacy.view_subjectrequest"):
            context["desk"] = self._desk(request, at)
            context["horizon"] = self._horizon(at)
            context["bars"] = bars(context["horizon"])
        return super().index(request, {**context, **(extra_context or {})})

    @staticmethod
    def _tasks(request: HttpRequest, at: datetime) -> list[StaffTask]:
        """What the user is asked to do, and what is nobody's; whom it shows is recorded."""
        tasks = tasks_for(UUID(str(request.user.pk)), at)
        shown = {task.application.candidate_id for task in tasks}
        record_access(Access.LISTED, at=at, actor=staff(request.user.pk), subject_refs=shown)
        return tasks

    @staticmethod
    def _horizon(at: datetime) -> Horizon:
        """Who falls due when, numbers only; counting a million people takes a second, so not at every look."""
        found: Horizon | None = cache.get(HORIZON)
        if found is None:
            found = horizon(at, with_positions=False)
            cache.set(HORIZON, found, HORIZON_SECONDS)
        return found

    @staticmethod
    def _desk(request: HttpRequest, at: datetime) -> Desk:
        """What waits for the privacy officer; only the list of those whom no reminder reaches has names on it."""
        found = desk(at)
        record_access(
            Access.LISTED,
            at=at,
            actor=staff(request.user.pk),
            subject_refs=[row.candidate_id for row in found.undeliverable],
            purpose=Purpose.PRIVACY,
        )
        return found
