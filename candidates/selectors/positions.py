"""Reads of positions."""

from datetime import date

from django.db.models import QuerySet

from candidates.models import Position


def open_positions(on: date) -> QuerySet[Position]:
    """The positions that take applications on a date (Europe/Helsinki), newest first."""
    return Position.objects.open(on).order_by("-open_from", "slug")
