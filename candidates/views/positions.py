"""The public list and page of positions."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from candidates.models import Position
from candidates.selectors.positions import open_positions
from common import clock
from policy.calendar import local_date


@require_safe
def position_list(request: HttpRequest) -> HttpResponse:
    """The careers page: every open position."""
    return render(request, "candidates/position_list.html", {"positions": open_positions(local_date(clock.now()))})


@require_safe
def position_page(request: HttpRequest, slug: str) -> HttpResponse:
    """One position; a closed one says so and offers the open ones."""
    today = local_date(clock.now())
    position = get_object_or_404(Position.objects.published().select_related("contact_person"), slug=slug)
    context = {"position": position, "is_open": position.is_open(today)}
    if not context["is_open"]:
        context["others"] = open_positions(today)
    return render(request, "candidates/position_page.html", context)
