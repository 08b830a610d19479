"""Reads for the recruiters' start page and lists."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import CharField, Count, OuterRef, QuerySet, Subquery

from candidates.enums import Stage
from candidates.models import Application, Candidate, Position
from candidates.selectors.positions import open_positions
from policy.calendar import local_date, local_midnight

SHOWN = 10
DUE_WITHIN = timedelta(days=30)


@dataclass(frozen=True)
class Workbench:
    """What is to be done now: the start page of a recruiter."""

    new_today: list[Application]
    new_today_count: int
    waiting: list[Application]
    waiting_count: int
    due_soon: list[Candidate]
    due_soon_count: int
    positions: list[Position]
    as_of: datetime

    @property
    def promised_before(self) -> datetime:
        """An application that waits since before this has waited longer than applicants are promised."""
        return self.as_of - settings.ANSWER_TIME


def workbench(as_of: datetime) -> Workbench:
    """Applications of today, those that wait longest for an answer, people who go within 30 days, open positions."""
    applications = Application.objects.visible(as_of).select_related("candidate", "position")
    today = applications.filter(submitted_at__gte=local_midnight(local_date(as_of))).order_by("-submitted_at")
    waiting = applications.filter(stage__in=(Stage.RECEIVED, Stage.IN_REVIEW)).order_by("submitted_at")
    soon = Candidate.objects.visible(as_of).filter(expires_at__lte=as_of + DUE_WITHIN).order_by("expires_at")
    return Workbench(
        new_today=list(today[:SHOWN]),
        new_today_count=today.count(),
        waiting=list(waiting[:SHOWN]),
        waiting_count=waiting.count(),
        due_soon=list(soon[:SHOWN]),
        due_soon_count=soon.count(),
        positions=list(_positions(as_of)),
        as_of=as_of,
    )


def _positions(as_of: datetime) -> QuerySet[Position]:
    counts = (
        Application.objects.visible(as_of)
        .open()
        .filter(position=OuterRef("pk"))
        .order_by()
        .values("position")
        .annotate(number=Count("pk"))
        .values("number")
    )
    return open_positions(local_date(as_of)).annotate(open_applications=Subquery(counts))


def candidate_rows(as_of: datetime) -> QuerySet[Candidate]:
    """The candidates that recruiters may see, each with its newest application, for lists."""
    newest = Application.objects.filter(candidate=OuterRef("pk")).order_by("-submitted_at")
    return Candidate.objects.visible(as_of).annotate(
        newest_reference=Subquery(newest.values("reference")[:1]),
        newest_stage=Subquery(newest.values("stage")[:1]),
        newest_title_en=Subquery(newest.values("position__title_en")[:1], output_field=CharField()),
        newest_title_fi=Subquery(newest.values("position__title_fi")[:1], output_field=CharField()),
    )
