"""The page of one person for the privacy officer: whoever is restricted or expired has no other."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib.admin import AdminSite
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.text import Truncator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from candidates.models import Application, Candidate, Document, Note, StageChange
from candidates.services.holds import open_hold
from candidates.services.restrictions import restrict_candidate
from common import clock
from common.actors import staff
from common.admin import day, done, require
from common.errors import Refused
from common.forms import add_refusal
from privacy.admin.base import record_look
from privacy.forms import HoldForm, RestrictForm
from privacy.selectors.person import Holdable, PersonPage, holdable, person_page

VIEW = "candidates.view_restriction"


def urls(site: AdminSite) -> list[URLPattern]:
    """The page and its acts, for the admin site."""
    pages = _Pages(site)
    return [
        path("privacy/person/<uuid:person_ref>/", site.admin_view(pages.view), name="privacy_person"),
        path("privacy/person/<uuid:person_ref>/restrict/", site.admin_view(pages.restrict), name="privacy_restrict"),
        path("privacy/person/<uuid:person_ref>/hold/", site.admin_view(pages.hold), name="privacy_hold"),
    ]


class _Pages:
    """The views, which need the admin's frame."""

    def __init__(self, site: AdminSite) -> None:
        self.site = site

    def view(self, request: HttpRequest, person_ref: UUID) -> HttpResponse:
        """Everything about the person; that it was looked at, and why, is recorded."""
        require(request, VIEW)
        return self._page(request, person_ref)

    def _page(self, request: HttpRequest, person_ref: UUID, status: int = 200, **forms: Any) -> HttpResponse:
        at = clock.now()
        try:
            page = person_page(person_ref, as_of=at)
        except Candidate.DoesNotExist as error:
            raise Http404 from error
        record_look(request, [record.pk for record in page.records])
        context = {
            **self.site.each_context(request),
            "title": page.records[0].name,
            "page": page,
            "explanation": page.explanation.own,
            "is_visible": Candidate.objects.visible(at).filter(pk=page.records[0].pk).exists(),
            "restrict_form": RestrictForm(prefix="restrict"),
            "hold_form": self._hold_form(request, page),
            "can_restrict": request.user.has_perm("candidates.add_restriction"),
            "can_hold": request.user.has_perm("candidates.add_hold"),
            "can_record": request.user.has_perm("privacy.add_subjectrequest"),
            **forms,
        }
        return TemplateResponse(request, "admin/privacy/person.html", context, status=status)

    @staticmethod
    def _hold_form(request: HttpRequest, page: PersonPage) -> HoldForm:
        return HoldForm(prefix="hold", choices=_choices(page.holdable), owner_ref=_user(request))

    def restrict(self, request: HttpRequest, person_ref: UUID) -> HttpResponse:
        """Restrict the person."""
        require(request, "candidates.add_restriction", method="POST")
        form = RestrictForm(request.POST, prefix="restrict")
        if form.is_valid():
            try:
                restrict_candidate(person_ref, actor=staff(request.user.pk), at=clock.now(), **form.cleaned_data)
            except Refused as refused:
                add_refusal(form, refused)
            else:
                return done(request, _("The person is restricted from now on."), _url(person_ref))
        return self._page(request, person_ref, 422, restrict_form=form)

    def hold(self, request: HttpRequest, person_ref: UUID) -> HttpResponse:
        """Hold listed items."""
        require(request, "candidates.add_hold", method="POST")
        form = HoldForm(request.POST, prefix="hold", choices=_choices(holdable(person_ref)), owner_ref=_user(request))
        newest = Candidate.objects.filter(person_ref=person_ref).order_by("collected_at").last()
        if newest is None:
            raise Http404
        if form.is_valid():
            try:
                hold = open_hold(
                    person_ref,
                    subject_ref=newest.pk,
                    actor=staff(request.user.pk),
                    at=clock.now(),
                    **form.cleaned_data,
                )
            except Refused as refused:
                add_refusal(form, refused, {"end": "ends_on", "case": "case_ref"})
            else:
                text = _("The hold is open. Nothing else of the person is kept past the date.")
                return done(request, text, reverse("admin:candidates_hold_change", args=[hold.pk]))
        return self._page(request, person_ref, 422, hold_form=form)


def _choices(found: Iterable[Holdable]) -> list[tuple[str, str]]:
    return [(item.key, f"{item.kind.label}: {_what(item)}, {day(item.at)}") for item in found]


def _what(item: Holdable) -> str:
    """What an item is, in a few words."""
    row = item.what
    if isinstance(row, Application):
        return f"{row.position.title if row.position else gettext('Open application')} {row.reference}"
    if isinstance(row, StageChange):
        return f"{row.get_from_stage_display()} → {row.get_to_stage_display()}"
    if isinstance(row, Document):
        return Truncator(row.stored_file.name).chars(60)
    if isinstance(row, Note):
        return Truncator(row.text).chars(60)
    return str(row.get_kind_display())


def _user(request: HttpRequest) -> UUID:
    return UUID(str(request.user.pk))


def _url(person_ref: UUID) -> str:
    return reverse("admin:privacy_person", args=[person_ref])
