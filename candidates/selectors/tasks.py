"""What colleagues are asked to do about open applications (spec 2.4)."""

from datetime import datetime
from uuid import UUID

from django.db.models import F, Q

from candidates.models import Application, StaffTask
from common.models import NoDeleteQuerySet


def live_tasks(as_of: datetime) -> NoDeleteQuerySet[StaffTask]:
    """Those still to be done: the application is open, may be seen, and its date has not moved."""
    visible = Application.objects.visible(as_of).open().values("pk")
    return StaffTask.objects.filter(
        done_at=None, application__in=visible, due_on=F("application__candidate__due_on")
    ).select_related("application__candidate", "application__position")


def tasks_for(user_ref: UUID, as_of: datetime) -> list[StaffTask]:
    """The tasks of one colleague, and those that are nobody's, the most pressing first."""
    mine = live_tasks(as_of).filter(Q(assignee_id=user_ref) | Q(assignee=None))
    return list(mine.order_by("due_on", "application__submitted_at"))
