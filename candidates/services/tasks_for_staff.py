"""Tasks for colleagues: an open application that nobody answers is not lost in silence (spec 2.4).

Nothing here keeps data longer. 60 days before the erase moment the owner is asked to write to the applicant or to close
the application; if nobody does, it is closed and erased on its day.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q

from audit.enums import Action
from audit.services import record_events
from candidates.enums import TaskKind
from candidates.models import Application, StaffTask
from common.actors import SYSTEM
from mailing.enums import EmailKind
from mailing.services import queue_email
from policy.calendar import local_date

ASK_BEFORE = timedelta(days=60)


@transaction.atomic
def open_contact_or_close_tasks(*, at: datetime, limit: int = 500) -> int:
    """Open a task, with a mail to its owner, for each open application whose base period ends within 60 days.

    Once for each date; the owner is the position's contact person, and an open application is nobody's: it stands on
    the start page of every recruiter. Restricted and expired people are left out. Tasks whose application is closed or
    whose date moved are done. Returns how many were opened.
    """
    close_tasks(at=at)
    today = local_date(at)
    due = (
        Application.objects.visible(at)
        .open()
        .filter(candidate__due_on__gte=today, candidate__due_on__lte=today + ASK_BEFORE)
        .exclude(
            pk__in=StaffTask.objects.filter(
                kind=TaskKind.CONTACT_OR_CLOSE, due_on=F("application__candidate__due_on")
            ).values("application")
        )
        .select_related("candidate", "position__contact_person")
        .order_by("candidate__due_on", "pk")
    )
    applications = list(due.select_for_update(of=("self",), skip_locked=True)[:limit])
    tasks = StaffTask.objects.bulk_create(_task(application, at) for application in applications)
    record_events(Action.TASK_OPENED, [task.application.candidate_id for task in tasks], at=at, actor=SYSTEM)
    for task in tasks:
        _tell(task, at)
    return len(tasks)


def _task(application: Application, at: datetime) -> StaffTask:
    contact = application.position.contact_person if application.position else None
    return StaffTask(
        application=application,
        kind=TaskKind.CONTACT_OR_CLOSE,
        assignee=contact if contact and contact.is_active else None,
        due_on=application.candidate.due_on,
        created_at=at,
    )


def _tell(task: StaffTask, at: datetime) -> None:
    """A mail to the owner, with nothing about the applicant in it."""
    application, owner = task.application, task.assignee
    if owner is None or application.position is None:
        return
    queue_email(
        EmailKind.STAFF_TASK,
        to_address=owner.email,
        language=owner.language,
        context={
            "reference": application.reference,
            "position": application.position.title_in(owner.language),
            "candidate_id": str(application.candidate_id),
            "due_on": task.due_on.isoformat(),
        },
        dedupe_key=str(task.pk),
        at=at,
    )


def close_tasks(*, at: datetime) -> int:
    """Mark the tasks done whose application is closed, or whose date a contact or a correction moved."""
    over = StaffTask.objects.filter(
        Q(application__closed_at__isnull=False) | ~Q(due_on=F("application__candidate__due_on")), done_at=None
    )
    return StaffTask.objects.filter(pk__in=over.values("pk")).update(done_at=at)
