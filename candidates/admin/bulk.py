"""Asking for the erasure of people chosen on the list: of one on their page, of several by two colleagues."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from audit.enums import Access, Purpose
from audit.services import record_access
from candidates.models import Candidate
from common import clock
from common.actors import staff
from common.admin import ReadOnlyAdmin

MOST_AT_ONCE = 500


@admin.action(description=_("Ask for erasure"), permissions=["delete"])
def ask_for_erasure(
    model_admin: ReadOnlyAdmin, request: HttpRequest, queryset: QuerySet[Candidate]
) -> HttpResponse | None:
    """Lead to the page on which the erasure is asked for; nothing is done to anybody here."""
    people = list(queryset.order_by("name", "pk")[: MOST_AT_ONCE + 1])
    if len(people) == 1:
        return redirect("admin:candidates_candidate_delete", people[0].pk)
    if len(people) > MOST_AT_ONCE:
        messages.error(request, _("That is too many people at once. Choose fewer."))
        return None
    record_access(
        Access.LISTED,
        at=clock.now(),
        actor=staff(request.user.pk),
        subject_refs=[person.pk for person in people],
        purpose=Purpose.PRIVACY,
    )
    context = {"title": _("Erase several people"), "people": people}
    return model_admin.page(request, "candidates/bulk_erase", context)
