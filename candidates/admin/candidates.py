"""Candidates in the admin: the list, and the page that recruiters work on."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import smart_split, unescape_string_literal
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from audit.enums import Access, Purpose
from audit.services import record_access
from candidates.admin import columns
from candidates.admin.bulk import ask_for_erasure
from candidates.admin.contacts import ContactViews, page_url
from candidates.admin.filters import ConfirmedFilter, DueFilter, PositionFilter, StageFilter
from candidates.admin.invitation import invite_view
from candidates.admin.reading import ReadingViews
from candidates.admin.sourcing import SourcedFilter, approach_urls
from candidates.enums import APPROACHED
from candidates.forms.contacts import InteractionForm, InterviewForm
from candidates.forms.staff import MoveForm, NoteForm
from candidates.models import Application, Candidate, Document
from candidates.selectors.page import candidate_page
from candidates.selectors.sourcing import approach
from candidates.selectors.words import documents_with
from candidates.selectors.workbench import candidate_rows
from candidates.services.applications import move_application
from candidates.services.erasure import request_erasure
from candidates.services.notes import add_note
from common import clock
from common.actors import staff
from common.admin import day, done, key, not_done, require
from common.errors import Refused
from files.delivery import check_deliverable, deliver, not_handed_out
from files.errors import NotHandedOut
from policy.calendar import local_date


@admin.register(Candidate)
class CandidateAdmin(ReadingViews, ContactViews):
    """Everybody who applied and may be seen."""

    list_display = ("name_and_mark", "position_title", "stage", "reference", "known_since", "kept_until")
    list_filter = (StageFilter, PositionFilter, ConfirmedFilter, SourcedFilter, DueFilter)
    search_fields = ("name", "email", "phone", "phone_e164", "skills", "applications__reference")
    search_help_text = _("Name, address, phone, skill, reference, or words of a CV")
    actions = (ask_for_erasure,)
    empty_value_display = ""  # who never applied has no stage and no reference
    ordering = ("-collected_at", "pk")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Candidate]:
        """Those that recruiters may see now, with their newest application."""
        return candidate_rows(clock.now())

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Candidate], search_term: str
    ) -> tuple[QuerySet[Candidate], bool]:
        """Those of ``queryset`` of whom every word is in one of the fields or in the text of a document."""
        at = clock.now()
        words = [
            unescape_string_literal(word) if word[0] == word[-1] in "\"'" else word for word in smart_split(search_term)
        ]
        for word in words:
            in_fields, _may_repeat = super().get_search_results(request, Candidate.objects.all(), word)
            in_texts = documents_with(word, is_beginning=word is words[-1], as_of=at)
            queryset = queryset.filter(Q(pk__in=in_fields.values("pk")) | Q(pk__in=in_texts.values("candidate_id")))
        return queryset, False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who may ask for an erasure."""
        return request.user.has_perm("candidates.delete_candidate")

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Asking for an erasure alone: the stock deletion of rows is not offered, and would be refused."""
        return {name: action for name, action in super().get_actions(request).items() if name == "ask_for_erasure"}

    @admin.display(description=_("Candidate"), ordering="name")
    def name_and_mark(self, row: Any) -> SafeString:
        """The name, and a mark where we approached the person or the address is not confirmed."""
        if row.origin in APPROACHED and not row.newest_reference:
            return format_html("<bdi>{}</bdi> {}", row.name, columns.approach_mark(row))
        if row.address_disowned_at:
            return format_html('<bdi>{}</bdi> <span class="tag warn">{}</span>', row.name, _("address disowned"))
        if not row.is_confirmed:
            return format_html('<bdi>{}</bdi> <span class="tag">{}</span>', row.name, _("address not confirmed"))
        return format_html("<bdi>{}</bdi>", row.name)

    @admin.display(description=_("Position"))
    def position_title(self, row: Any) -> "str | Promise":
        """The title of the newest application's position."""
        title: str | None = row.newest_title_fi if get_language() == "fi" else row.newest_title_en
        return title or (_("Open application") if row.newest_reference else _("no application"))

    @admin.display(description=_("Stage"))
    def stage(self, row: Any) -> SafeString | str:
        """The stage of the newest application."""
        return columns.stage_mark(row.newest_stage) if row.newest_stage else ""

    @admin.display(description=_("Reference"))
    def reference(self, row: Any) -> str:
        """The reference of the newest application."""
        return row.newest_reference or ""

    @admin.display(description=_("Known since"), ordering="collected_at")
    def known_since(self, row: Candidate) -> str:
        """The day on which the person became known to us."""
        return day(row.collected_at)

    @admin.display(description=_("Kept until"), ordering="expires_at")
    def kept_until(self, row: Candidate) -> SafeString:
        """The last day on which anything is kept."""
        return columns.kept_until(row.keep_until, today=local_date(clock.now()))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list; whom it showed is recorded as one event."""
        response = super().changelist_view(request, extra_context)
        shown = getattr(response, "context_data", {}).get("cl")
        if shown:
            record_access(
                Access.SEARCHED if shown.query else Access.LISTED,
                at=clock.now(),
                actor=staff(request.user.pk),
                subject_refs=[row.pk for row in shown.result_list],
                purpose=Purpose.RECRUITMENT,
            )
        return response

    def get_urls(self) -> list[URLPattern]:
        """The acts of the page, before the admin's own addresses."""
        wrap = self.admin_site.admin_view
        acts = [
            path("<uuid:candidate_id>/note/", wrap(self.note_view), name="candidates_candidate_note"),
            path("<uuid:candidate_id>/invite/", wrap(invite_view), name="candidates_candidate_invite"),
            path(
                "<uuid:candidate_id>/move/<uuid:application_id>/",
                wrap(self.move_view),
                name="candidates_candidate_move",
            ),
            path(
                "<uuid:candidate_id>/file/<uuid:document_id>/",
                wrap(self.file_view),
                name="candidates_candidate_file",
            ),
        ]
        return [*acts, *approach_urls(self), *self.contact_urls(), *self.reading_urls(), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The candidate's page; looking at it is recorded."""
        require(request, "candidates.view_candidate")
        return self._page(request, key(object_id))

    def _page(self, request: HttpRequest, candidate_id: UUID, status: int = 200, **forms: Any) -> HttpResponse:
        at = clock.now()
        try:
            page = candidate_page(candidate_id, as_of=at)
        except Candidate.DoesNotExist as error:
            raise Http404 from error
        shown = [page.candidate.pk, *(record.pk for record in page.linked)]
        record_access(Access.VIEWED, at=at, actor=staff(request.user.pk), subject_refs=shown)
        context = {
            "title": page.candidate.name,
            "page": page,
            "approach": approach(page.candidate),
            "note_form": NoteForm(prefix="note"),
            "interaction_form": InteractionForm.blank(at, page.applications),
            "interview_form": InterviewForm(applications=page.applications),
            "move_forms": [
                (application, MoveForm(prefix=f"move-{application.pk}", initial={"to_stage": application.stage}))
                for application in page.applications
            ],
            "can_write": request.user.has_perm("candidates.add_note"),
            "can_correct": request.user.has_perm("candidates.change_interaction"),
            "can_plan": request.user.has_perm("candidates.change_interview"),
            "as_of": at,
            "can_move": request.user.has_perm("candidates.change_application"),
            "can_erase": self.has_delete_permission(request),
            **forms,
        }
        return self.page(request, "candidates/candidate_page", context, status)

    def note_view(self, request: HttpRequest, candidate_id: UUID) -> HttpResponse:
        """Add a note."""
        require(request, "candidates.add_note", method="POST")
        form = NoteForm(request.POST, prefix="note")
        if not form.is_valid():
            return self._page(request, candidate_id, 422, note_form=form)
        try:
            add_note(candidate_id, text=form.cleaned_data["text"], actor=staff(request.user.pk), at=clock.now())
        except Candidate.DoesNotExist as error:
            raise Http404 from error
        return done(request, _("The note is saved."), page_url(candidate_id))

    def move_view(self, request: HttpRequest, candidate_id: UUID, application_id: UUID) -> HttpResponse:
        """Move an application to another stage."""
        require(request, "candidates.change_application", method="POST")
        form = MoveForm(request.POST, prefix=f"move-{application_id}")
        if not form.is_valid():
            return not_done(request, _("Choose a stage from the list."), page_url(candidate_id))
        try:
            move_application(
                application_id,
                candidate_id=candidate_id,
                actor=staff(request.user.pk),
                at=clock.now(),
                **form.cleaned_data,
            )
        except Refused as refused:
            return not_done(request, refused, page_url(candidate_id))
        except Application.DoesNotExist as error:
            raise Http404 from error
        return done(request, _("The application is moved."), page_url(candidate_id))

    def file_view(self, request: HttpRequest, candidate_id: UUID, document_id: UUID) -> HttpResponseBase:
        """Open a document: checked, recorded, then a link of 60 seconds or the file itself."""
        require(request, "candidates.view_document")
        at = clock.now()
        candidate = get_object_or_404(Candidate.objects.visible(at), pk=candidate_id)
        document = get_object_or_404(
            Document.objects.select_related("stored_file"),
            pk=document_id,
            candidate__person_ref=candidate.person_ref,
        )
        try:
            check_deliverable(document.stored_file)
        except NotHandedOut as refused:
            return not_handed_out(request, refused)
        record_access(
            Access.DOWNLOADED,
            at=at,
            actor=staff(request.user.pk),
            subject_refs=[document.candidate_id],
            object_ref=document.pk,
        )
        return deliver(document.stored_file)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Ask for an erasure; nothing is deleted here."""
        require(request, "candidates.delete_candidate")
        at = clock.now()
        candidate = get_object_or_404(Candidate.objects.visible(at), pk=key(object_id))
        if request.method == "POST":
            case = request_erasure(candidate.person_ref, actor=staff(request.user.pk), at=at)
            text = _("The erasure is asked for, case %(case)s.") % {"case": case}
            return done(request, text, "admin:candidates_candidate_changelist")
        context = {"title": _("Erase this candidate"), "candidate": candidate}
        return self.page(request, "candidates/candidate_erase", context)
