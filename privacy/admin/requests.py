"""The register of what people ask for."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from audit.enums import Access
from candidates.models import Candidate
from common import clock
from common.actors import staff
from common.admin import ReadOnlyAdmin, day, done, due_day, key, not_done, require
from common.errors import Refused
from common.forms import add_refusal
from policy.calendar import local_date
from policy.expiry import request_due_on
from privacy.admin.base import record_look
from privacy.enums import Decision, RequestChannel, SubjectRequestKind
from privacy.forms import CloseForm, ExtendForm, ObjectionForm, RequestForm
from privacy.models import SubjectRequest
from privacy.selectors.person import person_of_address
from privacy.services import objections, requests

CHANGE = "privacy.change_subjectrequest"


class OpenFilter(admin.SimpleListFilter):
    """Open ones by default: the others are the register."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Open or answered."""
        return [("open", _("Open")), ("closed", _("Answered"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Those that are."""
        if self.value() in {"open", "closed"}:
            return queryset.filter(closed_at__isnull=self.value() == "open")
        return queryset


@admin.register(SubjectRequest)
class SubjectRequestAdmin(ReadOnlyAdmin):
    """What people asked for, when it is to be answered, and how it was."""

    list_display = ("number", "kind", "received", "due", "answer")
    list_filter = (OpenFilter, "kind")
    search_fields = ("number",)
    search_help_text = _("Case number")
    ordering = ("closed_at", "due_on", "pk")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Who may record one."""
        return request.user.has_perm("privacy.add_subjectrequest")

    @admin.display(description=_("Received"), ordering="received_at")
    def received(self, row: SubjectRequest) -> str:
        """The day on which it first reached us."""
        return day(row.received_at)

    @admin.display(description=_("To be answered by"), ordering="due_on")
    def due(self, row: SubjectRequest) -> SafeString | str:
        """The date of the answer, with a mark where it is past."""
        return day(row.due_on) if row.closed_at else due_day(row.due_on, today=local_date(clock.now()))

    @admin.display(description=_("Answer"), ordering="closed_at")
    def answer(self, row: SubjectRequest) -> str:
        """How it was decided, and when."""
        return f"{row.get_decision_display()}, {day(row.closed_at)}" if row.closed_at else "-"

    def get_urls(self) -> list[URLPattern]:
        """The acts of the page, before the admin's own addresses."""
        acts = (
            ("identify", self.identify_view),
            ("extend", self.extend_view),
            ("close", self.close_view),
            ("decide", self.decide_view),
        )
        mine = [
            path(
                f"<uuid:request_id>/{name}/",
                self.admin_site.admin_view(view),
                name=f"privacy_subjectrequest_{name}",
            )
            for name, view in acts
        ]
        return [*mine, *super().get_urls()]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Record a request; of a person whose page it was opened from, or of whoever has the address."""
        require(request, "privacy.add_subjectrequest")
        at = clock.now()
        person = key(request.GET["person"]) if request.GET.get("person") else None
        if person and not Candidate.objects.filter(person_ref=person).exists():
            raise Http404
        form = RequestForm.blank(at, is_known=person is not None)
        status = 200
        if request.method == "POST":
            form, status = RequestForm(request.POST, is_known=person is not None), 422
            if form.is_valid():
                try:
                    made = self._record(form.cleaned_data, person, request, at)
                except Refused as refused:
                    add_refusal(form, refused, {"future": "received_at", "who": "address"})
                else:
                    return done(request, _("The request is recorded."), _url("change", made.pk))
        context = {"title": _("Record a request"), "form": form, "person_ref": person}
        return self.page(request, "privacy/request_add", context, status)

    def _record(self, data: dict[str, Any], person: UUID | None, request: HttpRequest, at: datetime) -> SubjectRequest:
        """Each kind by its own service."""
        kind, channel = SubjectRequestKind(data["kind"]), RequestChannel(data["channel"])
        known = person or person_of_address(data.get("address", ""))
        if known and kind is SubjectRequestKind.OBJECTION:
            return objections.object_to_recruiting(
                known,
                wants_suppression=data["wants_suppression"],
                channel=channel,
                received_at=data["received_at"],
                is_identified=data["is_identified"],
                actor=staff(request.user.pk),
                at=at,
            )
        record = Candidate.objects.filter(person_ref=known).order_by("collected_at").last() if known else None
        return requests.open_request(
            kind,
            channel=channel,
            received_at=data["received_at"],
            person_ref=known,
            address=data.get("address", ""),
            language=record.language if record else data.get("language", "fi"),
            is_identified=data["is_identified"],
            actor=staff(request.user.pk),
            at=at,
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The request with what can be done about it."""
        require(request, "privacy.view_subjectrequest")
        return self._page(request, key(object_id))

    def _page(self, request: HttpRequest, request_id: UUID, status: int = 200, **forms: Any) -> HttpResponse:
        at = clock.now()
        found = get_object_or_404(SubjectRequest.objects.select_related("recorded_by", "closed_by"), pk=request_id)
        refs = list(Candidate.objects.filter(person_ref__in=[found.person_ref]).values_list("pk", flat=True))
        if found.person_ref and refs:
            record_look(request, refs, access=Access.LISTED, object_ref=found.pk)
        today = local_date(at)
        context = {
            "title": found.number,
            "found": found,
            "is_here": bool(found.person_ref and refs),
            "is_overdue": found.closed_at is None and found.due_on < today,
            "is_extendable": found.extended_at is None and today <= request_due_on(found.received_at),
            "is_objection": found.kind == SubjectRequestKind.OBJECTION,
            "is_waiting": self._is_waiting(found),
            "extend_form": ExtendForm(prefix="extend"),
            "close_form": CloseForm(prefix="close"),
            "objection_form": ObjectionForm(prefix="objection"),
            "can_act": request.user.has_perm(CHANGE) and found.closed_at is None,
            **forms,
        }
        return self.page(request, "privacy/request", context, status)

    @staticmethod
    def _is_waiting(found: SubjectRequest) -> bool:
        """Whether the law wants something at once that nobody has done, for it was not certain who asks."""
        records = Candidate.objects.filter(person_ref__in=[found.person_ref])
        if found.closed_at or found.person_ref is None:
            return False
        if found.kind == SubjectRequestKind.ERASURE:
            return records.filter(erase_after=None, erasing_ref=None).exists()
        return found.kind == SubjectRequestKind.OBJECTION and records.filter(restricted_at=None).exists()

    def identify_view(self, request: HttpRequest, request_id: UUID) -> HttpResponse:
        """It is certain now who asks."""
        require(request, CHANGE, method="POST")
        try:
            requests.confirm_identity(request_id, actor=staff(request.user.pk), at=clock.now())
        except SubjectRequest.DoesNotExist as error:
            raise Http404 from error
        except Refused as refused:
            return not_done(request, refused, _url("change", request_id))
        return done(request, _("Done: the person is hidden from now on."), _url("change", request_id))

    def extend_view(self, request: HttpRequest, request_id: UUID) -> HttpResponse:
        """Take two further months."""
        require(request, CHANGE, method="POST")
        form = ExtendForm(request.POST, prefix="extend")
        get_object_or_404(SubjectRequest, pk=request_id)
        form.full_clean()
        try:
            requests.extend_request(
                request_id, has_told=form.cleaned_data["has_told"], actor=staff(request.user.pk), at=clock.now()
            )
        except Refused as refused:
            form.add_error("has_told", str(refused))
            return self._page(request, request_id, 422, extend_form=form)
        return done(request, _("The time for the answer is extended."), _url("change", request_id))

    def close_view(self, request: HttpRequest, request_id: UUID) -> HttpResponse:
        """Record the answer."""
        require(request, CHANGE, method="POST")
        form = CloseForm(request.POST, prefix="close")
        get_object_or_404(SubjectRequest, pk=request_id)
        if form.is_valid():
            decision: Decision = form.cleaned_data["decision"]
            try:
                requests.close_request(
                    request_id,
                    decision=decision,
                    ground=form.cleaned_data["ground"],
                    actor=staff(request.user.pk),
                    at=clock.now(),
                )
            except Refused as refused:
                form.add_error("ground" if refused.code == "ground" else "decision", str(refused))
            else:
                return done(request, _("The answer is recorded."), _url("change", request_id))
        return self._page(request, request_id, 422, close_form=form)

    def decide_view(self, request: HttpRequest, request_id: UUID) -> HttpResponse:
        """Decide an objection."""
        require(request, CHANGE, method="POST")
        form = ObjectionForm(request.POST, prefix="objection")
        get_object_or_404(SubjectRequest, pk=request_id)
        if form.is_valid():
            try:
                objections.decide_objection(
                    request_id, actor=staff(request.user.pk), at=clock.now(), **form.cleaned_data
                )
            except Refused as refused:
                form.add_error("ground" if refused.code == "ground" else "has_grounds", str(refused))
            else:
                return done(request, _("The objection is decided."), _url("change", request_id))
        return self._page(request, request_id, 422, objection_form=form)


def _url(act: str, request_id: UUID) -> str:
    return reverse(f"admin:privacy_subjectrequest_{act}", args=[request_id])
